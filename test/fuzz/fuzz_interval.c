/*-------------------------------------------------------------------------
 *
 * fuzz_interval.c
 *	  Any bytes as an interval: no crash, errors blamed on bytes that exist, and
 *	  whatever is understood comes back from its canonical text.
 *
 *-------------------------------------------------------------------------
 */
#include "osmc_interval.h"

#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OsmcInterval value = {42, 42};
	OsmcInterval back;
	OsmcTextError error = {SIZE_MAX, SIZE_MAX};
	char		text[OSMC_INTERVAL_BUFFER];
	size_t		length;

	if (osmc_interval_parse((const char *) data, size, &value, &error) != OSMC_OK)
	{
		check(error.position <= size && error.length <= size - error.position);
		check(value.time == 42 && value.days == 42);
		/* the bytes as a value instead */
		if (size < sizeof(value.time) + sizeof(value.days))
			return 0;
		memcpy(&value.time, data, sizeof(value.time));
		memcpy(&value.days, data + sizeof(value.time), sizeof(value.days));
	}
	length = osmc_interval_format(&value, text);
	check(length < sizeof(text) && strlen(text) == length);
	check(osmc_interval_parse(text, length, &back, NULL) == OSMC_OK);
	check(back.time == value.time && back.days == value.days);
	return 0;
}
