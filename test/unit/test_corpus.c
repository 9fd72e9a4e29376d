/*-------------------------------------------------------------------------
 *
 * test_corpus.c
 *	  The fuzz targets over their kept corpus, without a fuzzer.
 *
 * Whatever libFuzzer once found worth keeping (test/fuzz/corpus, an input a
 * line, in hexadecimal) goes through the same functions in every run of the
 * unit tests, under the sanitizers too.  The targets abort() when a law is
 * broken.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 2048			/* bytes of an input: -max_len of test/fuzz/Makefile */

/* LLVMFuzzerTestOneInput of each target, renamed by the Makefile */
extern int	fuzz_interval(const uint8_t *data, size_t size);
extern int	fuzz_calendar(const uint8_t *data, size_t size);

static int
digit(int c)
{
	assert_true(isxdigit(c));
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Feeds every line of a file to a target. */
static void
replay(const char *path, int (*target) (const uint8_t *data, size_t size))
{
	static char line[2 * LONGEST + 2];
	static uint8_t input[LONGEST];
	FILE	   *file = fopen(path, "r");
	int			count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
	{
		size_t		length = strcspn(line, "\n");
		size_t		i;

		assert_true(line[length] == '\n' && length % 2 == 0);
		for (i = 0; i < length / 2; i++)
			input[i] = (uint8_t) (digit((unsigned char) line[2 * i]) << 4
								  | digit((unsigned char) line[2 * i + 1]));
		assert_int_equal(target(input, length / 2), 0);
		count++;
	}
	fclose(file);
	print_message("# %s: %d inputs\n", path, count);
	assert_true(count > 100);
}

static void
interval_corpus(void **state)
{
	(void) state;
	replay(CORPUS "/interval.hex", fuzz_interval);
}

static void
calendar_corpus(void **state)
{
	(void) state;
	replay(CORPUS "/calendar.hex", fuzz_calendar);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval_corpus),
		cmocka_unit_test(calendar_corpus),
	};

	return cmocka_run_group_tests_name("corpus", tests, NULL, NULL);
}
