/*-------------------------------------------------------------------------
 *
 * test_interval.c
 *	  Business intervals as text.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define SECOND OSMC_USECS_PER_SECOND

static OsmcStatus
parse(const char *text, OsmcInterval *value, OsmcTextError *error)
{
	/* a copy of just the length, so that a sanitizer sees any step beyond */
	size_t		length = strlen(text);
	char	   *copy = malloc(length > 0 ? length : 1);
	OsmcStatus	status;

	memcpy(copy, text, length);
	status = osmc_interval_parse(copy, length, value, error);
	free(copy);
	return status;
}

static void
expect(const char *text, int32_t days, int64_t time)
{
	OsmcInterval value = {-1, -1};
	OsmcStatus	status = parse(text, &value, NULL);

	if (status != OSMC_OK || value.days != days || value.time != time)
		fail_msg("\"%s\": status %d, %d days, time %lld (expected %d, %lld)", text, status,
				 value.days, (long long) value.time, days, (long long) time);
}

static void
expect_error(const char *text, OsmcStatus expected, const char *offender)
{
	OsmcInterval value = {42, 42};
	OsmcTextError error = {999, 999};
	OsmcStatus	status = parse(text, &value, &error);

	if (status != expected)
		fail_msg("\"%s\": status %d, expected %d", text, status, expected);
	if (error.position + error.length > strlen(text) || error.length != strlen(offender)
		|| memcmp(text + error.position, offender, error.length) != 0)
		fail_msg("\"%s\": blamed bytes %zu+%zu, not \"%s\"", text, error.position, error.length,
				 offender);
	/* a failed parse leaves the value alone */
	assert_true(value.time == 42 && value.days == 42);
}

static void
english_units_long_and_short(void **state)
{
	(void) state;
	expect("9 business hours", 0, 9 * HOUR);
	expect("9 hours", 0, 9 * HOUR);
	expect("9h", 0, 9 * HOUR);
	expect("1 working hour", 0, HOUR);
	expect("30 min", 0, 30 * MINUTE);
	expect("90 seconds", 0, 90 * SECOND);
	expect("90s", 0, 90 * SECOND);
	expect("1 hour 30 minutes", 0, HOUR + 30 * MINUTE);
	expect("30 minutes 1 hour", 0, HOUR + 30 * MINUTE);
	expect("1h30m", 0, HOUR + 30 * MINUTE);
	expect("2 business days", 2, 0);
	expect("1 business day", 1, 0);
	expect("2 days", 2, 0);
	expect("2d 3h", 2, 3 * HOUR);
	expect("2 bd 04:30", 2, 4 * HOUR + 30 * MINUTE);
	expect("04:30 2 bd", 2, 4 * HOUR + 30 * MINUTE);
	expect("30 minutes business time", 0, 30 * MINUTE);
	expect("5 mins. 3 hrs.", 0, 3 * HOUR + 5 * MINUTE);
	expect(" \t 9 \n HOURS \r\n", 0, 9 * HOUR);
	expect("2.0 days", 2, 0);
}

static void
russian_words_in_any_case(void **state)
{
	(void) state;
	expect("9 рабочих часов", 0, 9 * HOUR);
	expect("30 минут рабочего времени", 0, 30 * MINUTE);
	expect("2 рабочих дня", 2, 0);
	expect("1 рабочий час", 0, HOUR);
	expect("1 рабочий день", 1, 0);
	expect("15 РАБОЧИХ ДНЕЙ", 15, 0);
	expect("9 Рабочих Часов", 0, 9 * HOUR);
	expect("1 ч. 30 мин. 5 сек.", 0, HOUR + 30 * MINUTE + 5 * SECOND);
	expect("1ч30м", 0, HOUR + 30 * MINUTE);
	expect("3 р.д.", 3, 0);
	expect("3 раб. дн.", 3, 0);
	expect("1,5 часа", 0, HOUR + 30 * MINUTE);
	expect("1 час 1 минута 1 секунда рабочего времени", 0, HOUR + MINUTE + SECOND);
	expect("-2 рабочих дня 04:30", -2, 4 * HOUR + 30 * MINUTE);
}

static void
clock_form(void **state)
{
	(void) state;
	expect("04:30:15.5", 0, 4 * HOUR + 30 * MINUTE + 15 * SECOND + 500000);
	expect("04:30", 0, 4 * HOUR + 30 * MINUTE);
	expect("-00:30:00", 0, -30 * MINUTE);
	expect("+00:30", 0, 30 * MINUTE);
	expect("9000:00", 0, 9000 * HOUR);
	/* a sign ends a clock as a blank does */
	expect("04:30+2 bd", 2, 4 * HOUR + 30 * MINUTE);
	expect("04:30:15-2bd", -2, 4 * HOUR + 30 * MINUTE + 15 * SECOND);
	expect("0:00:00,000001", 0, 1);
	expect_error("04:60", OSMC_OUT_OF_RANGE, "60");
	expect_error("2 bd 9223372036854775807:00 ", OSMC_OUT_OF_RANGE, "9223372036854775807:00");
	expect_error("04:30:75", OSMC_OUT_OF_RANGE, "75");
	expect_error("04:5", OSMC_BAD_TEXT, ":5");
	expect_error("04:300", OSMC_BAD_TEXT, ":300");
	expect_error("04:30:00:00", OSMC_BAD_TEXT, ":00");
	expect_error("04:30h", OSMC_BAD_TEXT, "h");
	expect_error("04:30.5", OSMC_BAD_TEXT, ".5");
	expect_error("4.5:30", OSMC_BAD_TEXT, "4.5");
	expect_error("04:30 1 hour", OSMC_UNIT_TWICE, "hour");
	expect_error("5 sec 04:30", OSMC_UNIT_TWICE, "04:30");
}

static void
iso_8601(void **state)
{
	(void) state;
	expect("PT9H", 0, 9 * HOUR);
	expect("P2DT4H30M", 2, 4 * HOUR + 30 * MINUTE);
	expect("p2dt4h30m1,5s", 2, 4 * HOUR + 30 * MINUTE + 1500000);
	expect("P0D", 0, 0);
	expect("PT-4H", 0, -4 * HOUR);
	expect("-PT4H", 0, -4 * HOUR);
	expect("-P2DT-4H", -2, 4 * HOUR);
	expect("+P1D", 1, 0);
	expect(" PT1.5H ", 0, HOUR + 30 * MINUTE);
	expect_error("P", OSMC_BAD_TEXT, "");
	expect_error("PT", OSMC_BAD_TEXT, "");
	expect_error("P1DT", OSMC_BAD_TEXT, "");
	expect_error("P1", OSMC_BAD_TEXT, "");
	expect_error("PT1D", OSMC_BAD_TEXT, "D");
	expect_error("P1H", OSMC_BAD_TEXT, "H");
	expect_error("P1D 2h", OSMC_BAD_TEXT, "2h");
	expect_error("PT1HT2M", OSMC_BAD_TEXT, "T2M");
	expect_error("PT1H2H", OSMC_UNIT_TWICE, "H");
	expect_error("P1W", OSMC_UNIT_REFUSED, "W");
	expect_error("P1Y2M", OSMC_UNIT_REFUSED, "Y");
	expect_error("P2M", OSMC_UNIT_REFUSED, "M");
	expect_error("P1.5D", OSMC_FRACTION_OF_DAY, "1.5");
}

static void
every_amount_has_its_own_sign(void **state)
{
	(void) state;
	expect("-4h", 0, -4 * HOUR);
	expect("+4h -30 min", 0, 4 * HOUR - 30 * MINUTE);
	expect("-1 hour 30 minutes", 0, -30 * MINUTE);
	expect("-2 business days +04:30", -2, 4 * HOUR + 30 * MINUTE);
	expect("2 business days -04:30", 2, -4 * HOUR - 30 * MINUTE);
	expect("-0h", 0, 0);
	expect_error("- 4h", OSMC_BAD_TEXT, "-");
	expect_error("--4h", OSMC_BAD_TEXT, "--4h");
}

static void
fractions_are_exact_and_round_half_away(void **state)
{
	(void) state;
	expect("1.5 hours", 0, HOUR + 30 * MINUTE);
	expect(".5 hours", 0, 30 * MINUTE);
	expect("0.1 sec", 0, 100000);
	expect("0.0000005 sec", 0, 1);
	expect("-0.0000005 sec", 0, -1);
	expect("0.00000049999999999999999999999999 sec", 0, 0);
	expect("0.00000050000000000000000000000001 sec", 0, 1);
	expect("0.9999995 sec", 0, SECOND);
	expect("00:00:59.9999999", 0, MINUTE);
	/* a third of an hour, cut after 12 digits: 1199999999.9988 us */
	expect("0.333333333333 h", 0, 20 * MINUTE);
	expect("0.3333333333 h", 0, 20 * MINUTE);
	expect("0.333333333 h", 0, 1199999999);	/* 1199999998.8 */
	/* beyond the precision of a double */
	expect("9007199254.740993 s", 0, INT64_C(9007199254740993));
	expect("2562047788.015215501944 h", 0, INT64_MAX);	/* ...806.9984 */
}

static void
meaningless_units_are_refused_apart(void **state)
{
	(void) state;
	expect_error("1 week", OSMC_UNIT_REFUSED, "week");
	expect_error("2 business weeks", OSMC_UNIT_REFUSED, "weeks");
	expect_error("3 months", OSMC_UNIT_REFUSED, "months");
	expect_error("1 Year", OSMC_UNIT_REFUSED, "Year");
	expect_error("1 неделя", OSMC_UNIT_REFUSED, "неделя");
	expect_error("5 Лет", OSMC_UNIT_REFUSED, "Лет");
	expect_error("3 МЕСЯЦА", OSMC_UNIT_REFUSED, "МЕСЯЦА");
	expect_error("10 календарных дней", OSMC_UNIT_REFUSED, "календарных");
	expect_error("2 calendar days", OSMC_UNIT_REFUSED, "calendar");
	expect_error("2 суток", OSMC_UNIT_REFUSED, "суток");
	expect_error("1 hour 2 мес.", OSMC_UNIT_REFUSED, "мес");
}

static void
nonsense_is_refused_where_it_stands(void **state)
{
	(void) state;
	expect_error("", OSMC_BAD_TEXT, "");
	expect_error("   ", OSMC_BAD_TEXT, "");
	expect_error("9", OSMC_BAD_TEXT, "9");
	expect_error("hours", OSMC_BAD_TEXT, "hours");
	expect_error("9 apples", OSMC_BAD_TEXT, "apples");
	expect_error("9 hours and a half", OSMC_BAD_TEXT, "and");
	expect_error("9 часиков", OSMC_BAD_TEXT, "часиков");
	expect_error("9 business", OSMC_BAD_TEXT, "business");
	expect_error("9 business business hours", OSMC_BAD_TEXT, "business");
	expect_error("9 hours business", OSMC_BAD_TEXT, "");
	expect_error("9 time", OSMC_BAD_TEXT, "time");
	expect_error("1 hour 2 hours", OSMC_UNIT_TWICE, "hours");
	expect_error("1 день 2 days", OSMC_UNIT_TWICE, "days");
	expect_error("1.5 days", OSMC_FRACTION_OF_DAY, "1.5");
	expect_error("0x10 h", OSMC_BAD_TEXT, "x");
	expect_error("1e3 h", OSMC_BAD_TEXT, "e");
	expect_error("5. h", OSMC_BAD_TEXT, "5");
	expect_error("infinity", OSMC_BAD_TEXT, "infinity");
	expect_error("9 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", OSMC_BAD_TEXT,
				 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static void
broken_multibyte_is_just_bytes(void **state)
{
	OsmcInterval value;

	(void) state;
	expect_error("9 \xD0", OSMC_BAD_TEXT, "\xD0");
	expect_error("9 \xD1\x87\xD0", OSMC_BAD_TEXT, "\xD1\x87\xD0");
	expect_error("9 \xF0\x9F", OSMC_BAD_TEXT, "\xF0\x9F");
	expect_error("9 \xC3h", OSMC_BAD_TEXT, "\xC3h");
	/* the half of a letter at the end of the buffer */
	assert_int_equal(osmc_interval_parse("9 \xD0\x90", 3, &value, NULL), OSMC_BAD_TEXT);
	/* a NUL in the middle is no end */
	assert_int_equal(osmc_interval_parse("9 h\0 1 min", 10, &value, NULL), OSMC_BAD_TEXT);
}

static void
limits_of_the_type(void **state)
{
	(void) state;
	expect("2147483647 days", INT32_MAX, 0);
	expect("-2147483648 days", INT32_MIN, 0);
	expect_error("2147483648 days", OSMC_OUT_OF_RANGE, "2147483648");
	expect_error("-2147483649 days", OSMC_OUT_OF_RANGE, "-2147483649");
	expect("2562047788:00:54.775807", 0, INT64_MAX);
	expect("-2562047788:00:54.775808", 0, INT64_MIN);
	expect_error("2562047788:00:54.775808", OSMC_OUT_OF_RANGE, "2562047788:00:54.775808");
	expect_error("-2562047788:00:54.775809", OSMC_OUT_OF_RANGE, "-2562047788:00:54.775809");
	expect("9223372036854.775807 s", 0, INT64_MAX);
	expect("9223372036854.7758074 s", 0, INT64_MAX);
	expect("-9223372036854.7758084 s", 0, INT64_MIN);
	expect_error("9223372036854.7758075 s", OSMC_OUT_OF_RANGE, "9223372036854.7758075 s");
	expect_error("9999999999999999999999999 h", OSMC_OUT_OF_RANGE, "9999999999999999999999999");
	expect_error("99999999999999999999:00", OSMC_OUT_OF_RANGE, "99999999999999999999:00");
	/* each fits, the sum does not; and the other way round */
	expect_error("2562047788 h 60 min", OSMC_OUT_OF_RANGE, "2562047788 h 60 min");
	expect("9223372036854 s 1 h -60 min", 0, INT64_C(9223372036854000000));
	expect_error("9223372036854 s 2562047788 h 153722867280 min", OSMC_OUT_OF_RANGE,
				 "9223372036854 s 2562047788 h 153722867280 min");
}

static void
expect_text(int32_t days, int64_t time, const char *expected)
{
	OsmcInterval value = {time, days};
	char		text[OSMC_INTERVAL_BUFFER];
	size_t		length = osmc_interval_format(&value, text);

	assert_string_equal(text, expected);
	assert_int_equal(length, strlen(expected));
}

static void
canonical_text(void **state)
{
	(void) state;
	expect_text(2, 4 * HOUR + 30 * MINUTE, "2 business days 04:30:00");
	expect_text(0, 9 * HOUR, "09:00:00");
	expect_text(0, -30 * MINUTE, "-00:30:00");
	expect_text(1, 0, "1 business day");
	expect_text(-1, 0, "-1 business day");
	expect_text(0, 0, "00:00:00");
	expect_text(0, 1, "00:00:00.000001");
	expect_text(0, 1500000, "00:00:01.5");
	expect_text(0, 9000 * HOUR, "9000:00:00");
	expect_text(-2, 4 * HOUR, "-2 business days +04:00:00");
	expect_text(2, -4 * HOUR, "2 business days -04:00:00");
	expect_text(-2, -4 * HOUR, "-2 business days -04:00:00");
	expect_text(INT32_MIN, INT64_MIN, "-2147483648 business days -2562047788:00:54.775808");
	expect_text(INT32_MAX, INT64_MAX, "2147483647 business days 2562047788:00:54.775807");
}

static void
text_comes_back_as_the_same_value(void **state)
{
	static const int64_t times[] = {
		0, 1, -1, 999999, -999999, 1000000, -1000000, INT64_MAX, INT64_MIN, INT64_MAX - 1,
		INT64_MIN + 1, INT64_C(59999999), INT64_C(3599999999), INT64_C(-3600000000)
	};
	static const int32_t days[] = {0, 1, -1, 2, -2, INT32_MAX, INT32_MIN};
	uint64_t	seed = 1;
	int			i;

	(void) state;
	for (i = 0; i < 200000; i++)
	{
		OsmcInterval value;
		OsmcInterval back = {0, 0};
		char		text[OSMC_INTERVAL_BUFFER];
		OsmcStatus	status;

		if (i < COUNT(times) * COUNT(days))
		{
			value.time = times[i % COUNT(times)];
			value.days = days[i / COUNT(times)];
		}
		else
		{
			/* all magnitudes alike */
			value.time = (int64_t) random_bits(&seed) >> (random_bits(&seed) % 64);
			value.days = (int32_t) random_bits(&seed) >> (random_bits(&seed) % 32);
		}
		osmc_interval_format(&value, text);
		status = parse(text, &back, NULL);
		if (status != OSMC_OK || back.time != value.time || back.days != value.days)
			fail_msg("\"%s\" came back as %d days, %lld (status %d)", text, back.days,
					 (long long) back.time, status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(english_units_long_and_short),
		cmocka_unit_test(russian_words_in_any_case),
		cmocka_unit_test(clock_form),
		cmocka_unit_test(iso_8601),
		cmocka_unit_test(every_amount_has_its_own_sign),
		cmocka_unit_test(fractions_are_exact_and_round_half_away),
		cmocka_unit_test(meaningless_units_are_refused_apart),
		cmocka_unit_test(nonsense_is_refused_where_it_stands),
		cmocka_unit_test(broken_multibyte_is_just_bytes),
		cmocka_unit_test(limits_of_the_type),
		cmocka_unit_test(canonical_text),
		cmocka_unit_test(text_comes_back_as_the_same_value),
	};

	return cmocka_run_group_tests_name("interval", tests, NULL, NULL);
}
