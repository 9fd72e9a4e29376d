/*-------------------------------------------------------------------------
 *
 * test_bugs.c
 *	  One case for each well-known bug of other business-time libraries.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

static void
overrides_match_the_local_date_far_east(void **state)
{
	static const int offsets[] = {10, 12};	/* Vladivostok, Kamchatka */
	int			i;

	(void) state;
	for (i = 0; i < COUNT(offsets); i++)
	{
		int			offset = offsets[i];
		int32_t		tuesday = day_of(2021, 2, 23);
		Fixture    *fixture = office(zone_fixed(offset), "9:00-18:00", NULL);
		OsmcCalendar *calendar;
		bool		open;

		add_rule(fixture, 0, tuesday, OSMC_DAY_CLOSED, 0, NULL);
		calendar = compile_and_free(fixture);
		/* 09:30 local on the holiday is still the 22nd in UTC */
		assert_int_equal(osmc_calendar_is_open(calendar, tuesday * DAY + (9 - offset) * HOUR
											   + 30 * MINUTE, &open), OSMC_OK);
		assert_false(open);
		/* and the morning after it is the 23rd in UTC */
		assert_int_equal(osmc_calendar_is_open(calendar, (tuesday + 1) * DAY + (9 - offset) * HOUR
											   + 30 * MINUTE, &open), OSMC_OK);
		assert_true(open);
		expect_add(calendar, (tuesday - 1) * DAY + (17 - offset) * HOUR, 0, 2 * HOUR,
				   (tuesday + 1) * DAY + (10 - offset) * HOUR);
		osmc_calendar_free(calendar);
	}
}

static void
moscow_clock_change_of_2014(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_moscow(), "9:00-18:00", NULL));
	OsmcCalendar *clock = compile_and_free(office(zone_moscow(), "0:00-24:00", "0:00-24:00"));
	int32_t		sunday = day_of(2014, 10, 26);
	int64_t		friday_17 = utc(2014, 10, 24, 13, 0);	/* +4 */
	int64_t		monday_10 = utc(2014, 10, 27, 7, 0);	/* +3 */

	(void) state;
	expect_add(calendar, friday_17, 0, 2 * HOUR, monday_10);
	expect_between(calendar, friday_17, monday_10, 2 * HOUR);
	/* the day of the change has 25 hours */
	expect_between(clock, utc(2014, 10, 25, 20, 0), utc(2014, 10, 26, 21, 0), 25 * HOUR);
	expect_day(clock, sunday, 4, "0:00-25:00");
	/* 01:30 came twice: the second one counts */
	osmc_calendar_free(calendar);
	calendar = compile_and_free(office(zone_moscow(), NULL, "1:30-3:00"));
	expect_day(calendar, sunday, 3, "1:30-3:00");
	osmc_calendar_free(calendar);
	osmc_calendar_free(clock);
}

static void
round_the_clock_loses_nothing_at_midnight(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_fixed(3), "0:00-24:00", "0:00-24:00"));
	int64_t		t = utc(2020, 2, 27, 12, 34) + 1;
	bool		open;

	(void) state;
	expect_between(calendar, t, t + 1000 * DAY, 1000 * DAY);
	expect_add(calendar, t, 0, 1000 * DAY, t + 1000 * DAY);
	expect_subtract(calendar, t, 0, 1000 * DAY, t - 1000 * DAY);
	assert_int_equal(osmc_calendar_is_open(calendar, utc(2020, 3, 1, 21, 0), &open), OSMC_OK);
	assert_true(open);
	assert_int_equal(osmc_calendar_is_open(calendar, utc(2020, 3, 1, 21, 0) - 1, &open), OSMC_OK);
	assert_true(open);
	osmc_calendar_free(calendar);
}

static void
end_at_24_00_before_a_closed_day(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_utc(), "0:00-24:00", NULL));
	int64_t		friday_20 = utc(2021, 3, 5, 20, 0);
	int64_t		saturday = utc(2021, 3, 6, 0, 0);
	int64_t		monday = utc(2021, 3, 8, 0, 0);
	int64_t		result;
	bool		open;

	(void) state;
	expect_add(calendar, friday_20, 0, 4 * HOUR, saturday);
	expect_add(calendar, friday_20, 0, 4 * HOUR + 1, monday + 1);
	expect_between(calendar, friday_20, saturday + 12 * HOUR, 4 * HOUR);
	assert_int_equal(osmc_calendar_is_open(calendar, saturday, &open), OSMC_OK);
	assert_false(open);
	assert_int_equal(osmc_calendar_next(calendar, saturday, &result, NULL), OSMC_OK);
	assert_int_equal(result, monday);
	assert_int_equal(osmc_calendar_previous(calendar, monday, &result, NULL), OSMC_OK);
	assert_int_equal(result, saturday);
	assert_int_equal(osmc_calendar_close_of(calendar, day_of(2021, 3, 5), &result), OSMC_OK);
	assert_int_equal(result, saturday);
	/* Saturday 00:00 is Saturday: one business day on is Monday's end */
	expect_add(calendar, saturday, 1, 0, monday + DAY);
	osmc_calendar_free(calendar);
}

static void
lunch_does_not_count(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_utc(), "9:00-13:00 14:00-18:00", NULL));
	int64_t		day = utc(2021, 3, 9, 0, 0);

	(void) state;
	expect_between(calendar, day + 12 * HOUR, day + 15 * HOUR, 2 * HOUR);
	expect_add(calendar, day + 12 * HOUR, 0, 2 * HOUR, day + 15 * HOUR);
	expect_add(calendar, day + 12 * HOUR, 0, HOUR, day + 13 * HOUR);
	expect_add(calendar, day + 13 * HOUR + 30 * MINUTE, 0, HOUR, day + 15 * HOUR);
	expect_subtract(calendar, day + 15 * HOUR, 0, 2 * HOUR, day + 12 * HOUR);
	expect_subtract(calendar, day + 15 * HOUR, 0, HOUR, day + 14 * HOUR);
	osmc_calendar_free(calendar);
}

static void
calendar_of_holidays_only_ends_in_an_answer(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_moscow(), NULL, NULL));
	int64_t		t = utc(2021, 3, 9, 0, 0);
	int64_t		result;
	int32_t		day;
	bool		flag;

	(void) state;
	assert_int_equal(osmc_calendar_add(calendar, t, 1, 0, &result, NULL), OSMC_NEVER_OPEN);
	assert_int_equal(osmc_calendar_add(calendar, t, 0, 1, &result, NULL), OSMC_NEVER_OPEN);
	assert_int_equal(osmc_calendar_subtract(calendar, t, 1, 0, &result, NULL), OSMC_NEVER_OPEN);
	assert_int_equal(osmc_calendar_next(calendar, t, &result, NULL), OSMC_NEVER_OPEN);
	assert_int_equal(osmc_calendar_previous(calendar, t, &result, NULL), OSMC_NEVER_OPEN);
	assert_int_equal(osmc_calendar_add_days(calendar, 7737, -1, &day, NULL), OSMC_NEVER_OPEN);
	assert_int_equal(osmc_calendar_opens_from(calendar, 7737), OSMC_NEVER_OPEN);
	assert_int_equal(osmc_calendar_is_open(calendar, t, &flag), OSMC_OK);
	assert_false(flag);
	expect_between(calendar, t - DAY, t, 0);
	expect_add(calendar, t, 0, 0, t);
	osmc_calendar_free(calendar);
}

static void
reversed_arguments_give_negative_time(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_utc(), "9:00-18:00", NULL));
	int64_t		from = utc(2021, 3, 9, 10, 0);
	int64_t		to = utc(2021, 3, 11, 12, 0);
	int32_t		count;

	(void) state;
	expect_between(calendar, from, to, 20 * HOUR);
	expect_between(calendar, to, from, -20 * HOUR);
	assert_int_equal(osmc_calendar_days_between(calendar, day_of(2021, 3, 12),
												day_of(2021, 3, 5), &count, NULL), OSMC_OK);
	assert_int_equal(count, -5);	/* the 8th to the 12th */
	assert_int_equal(osmc_calendar_days_between(calendar, day_of(2021, 3, 5),
												day_of(2021, 3, 12), &count, NULL), OSMC_OK);
	assert_int_equal(count, 5);
	osmc_calendar_free(calendar);
}

static void
nine_thousand_hours(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_utc(), "9:00-18:00", NULL));
	int64_t		monday = utc(2020, 6, 1, 9, 0);

	(void) state;
	/* a thousand days of nine hours: two hundred weeks, the last one ending on a Friday */
	expect_add(calendar, monday, 0, 9000 * HOUR, monday + 200 * 7 * DAY - 3 * DAY + 9 * HOUR);
	expect_subtract(calendar, monday, 0, 9000 * HOUR, monday - 200 * 7 * DAY);
	osmc_calendar_free(calendar);
}

static void
before_the_deadline_falls_on_an_opening(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_utc(), "9:00-18:00", NULL));

	(void) state;
	/* four hours before Tuesday 13:00 is Tuesday 09:00, not Monday 18:00 */
	expect_subtract(calendar, utc(2021, 3, 9, 13, 0), 0, 4 * HOUR, utc(2021, 3, 9, 9, 0));
	expect_add(calendar, utc(2021, 3, 9, 13, 0), 0, -4 * HOUR, utc(2021, 3, 9, 9, 0));
	/* nine hours after an opening is the close, not the next opening */
	expect_add(calendar, utc(2021, 3, 9, 9, 0), 0, 9 * HOUR, utc(2021, 3, 9, 18, 0));
	osmc_calendar_free(calendar);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overrides_match_the_local_date_far_east),
		cmocka_unit_test(moscow_clock_change_of_2014),
		cmocka_unit_test(round_the_clock_loses_nothing_at_midnight),
		cmocka_unit_test(end_at_24_00_before_a_closed_day),
		cmocka_unit_test(lunch_does_not_count),
		cmocka_unit_test(calendar_of_holidays_only_ends_in_an_answer),
		cmocka_unit_test(reversed_arguments_give_negative_time),
		cmocka_unit_test(nine_thousand_hours),
		cmocka_unit_test(before_the_deadline_falls_on_an_opening),
	};

	return cmocka_run_group_tests_name("bugs", tests, NULL, NULL);
}
