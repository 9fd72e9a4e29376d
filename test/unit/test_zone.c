/*-------------------------------------------------------------------------
 *
 * test_zone.c
 *	  Clock changes: hours that vanish, come twice, or move to another date.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

#include <stdlib.h>

static void
spring_forward_shortens_and_drops(void **state)
{
	OsmcCalendar *calendar;
	int32_t		sunday = day_of(2021, 3, 14);	/* 02:00 -> 03:00 in New York */

	(void) state;
	calendar = compile_and_free(office(zone_new_york(), NULL, "0:00-24:00"));
	expect_day(calendar, sunday, -5, "0:00-23:00");
	osmc_calendar_free(calendar);
	/* 02:15-02:45 does not exist and is taken an hour later; with 03:00-03:20 it is one */
	calendar = compile_and_free(office(zone_new_york(), NULL, "2:15-2:45 3:00-3:20"));
	expect_day(calendar, sunday, -4, "3:00-3:45");
	expect_day(calendar, sunday - 1, -5, "2:15-2:45 3:00-3:20");
	osmc_calendar_free(calendar);
	/* 02:30 is 03:30, so the segment ends before it begins */
	calendar = compile_and_free(office(zone_new_york(), NULL, "2:30-3:20"));
	expect_day(calendar, sunday, -4, "");
	osmc_calendar_free(calendar);
}

static void
fall_back_lengthens(void **state)
{
	OsmcCalendar *calendar;
	int32_t		sunday = day_of(2021, 11, 7);	/* 02:00 -> 01:00 */

	(void) state;
	calendar = compile_and_free(office(zone_new_york(), NULL, "0:30-3:00"));
	expect_day(calendar, sunday, -4, "0:30-4:00");
	osmc_calendar_free(calendar);
	/* an ambiguous boundary is the later one */
	calendar = compile_and_free(office(zone_new_york(), NULL, "1:15-1:45"));
	expect_day(calendar, sunday, -5, "1:15-1:45");
	osmc_calendar_free(calendar);
}

static void
a_jump_over_midnight_overlays_two_days(void **state)
{
	/* 2014-06-10 23:30 -> 2014-06-11 00:30, a Tuesday */
	OsmcCalendar *calendar = compile_and_free(office(zone_over_midnight(),
													 "0:30-4:00 20:00-23:50", NULL));
	int32_t		tuesday = day_of(2014, 6, 10);
	OsmcScan	scan;
	OsmcSegment segment;
	int64_t		instant;
	int32_t		count;

	(void) state;
	/* 23:50 by the offset before is 00:50 of the next day, which opens at 00:30 */
	expect_day(calendar, tuesday, 1, "0:30-4:00 20:00-23:50");
	expect_day(calendar, tuesday + 1, 2, "0:30-4:00 20:00-23:50");
	expect_day(calendar, tuesday + 2, 2, "0:30-4:00 20:00-23:50");
	expect_day(calendar, tuesday - 1, 1, "0:30-4:00 20:00-23:50");
	assert_int_equal(osmc_calendar_close_of(calendar, tuesday, &instant), OSMC_OK);
	assert_int_equal(instant, tuesday * DAY + 22 * HOUR + 50 * MINUTE);
	assert_int_equal(osmc_calendar_opening_of(calendar, tuesday + 1, &instant), OSMC_OK);
	assert_int_equal(instant, tuesday * DAY + 22 * HOUR + 30 * MINUTE);
	/* together 19:00 to 02:00 UTC once, not 20 minutes of it twice */
	expect_between(calendar, tuesday * DAY + 19 * HOUR, tuesday * DAY + 26 * HOUR, 7 * HOUR);
	assert_int_equal(osmc_calendar_scan(calendar, tuesday * DAY + 10 * HOUR,
										tuesday * DAY + 30 * HOUR, &scan), OSMC_OK);
	assert_true(osmc_scan_next(&scan, &segment));
	assert_int_equal(segment.start, tuesday * DAY + 19 * HOUR);
	assert_int_equal(segment.end, tuesday * DAY + 26 * HOUR);
	assert_false(osmc_scan_next(&scan, &segment));
	assert_int_equal(osmc_calendar_days_between(calendar, tuesday - 1, tuesday + 1, &count, NULL),
					 OSMC_OK);
	assert_int_equal(count, 2);
	osmc_calendar_free(calendar);
}

static void
a_day_that_never_was(void **state)
{
	/* Samoa had no 2011-12-30, a Friday; PostgreSQL takes its hours as those of the 31st */
	Fixture    *fixture = fixture_new(zone_samoa(), day_of(2011, 1, 1), day_of(2012, 12, 31), 1);
	OsmcCalendar *calendar;

	(void) state;
	set_week(fixture, 0, "9:00-13:00 14:00-18:00", "8:00-20:00");
	calendar = compile_and_free(fixture);
	expect_day(calendar, day_of(2011, 12, 29), -10, "9:00-13:00 14:00-18:00");
	expect_day(calendar, day_of(2011, 12, 30), -10, "9:00-13:00 14:00-18:00");
	expect_day(calendar, day_of(2011, 12, 31), 14, "8:00-20:00");
	expect_between(calendar, utc(2011, 12, 30, 10, 0), utc(2011, 12, 31, 10, 0), 12 * HOUR);
	osmc_calendar_free(calendar);
}

static void
a_days_own_segments_do_not_depend_on_its_neighbours(void **state)
{
	/* no real clock jumps by 35 hours, but three days then fall onto each other */
	static Zone zone = {"wild", -12 * 3600, 1, {{0, 23 * 3600}}, 0};
	int32_t		jump = day_of(2021, 3, 10);
	Fixture    *fixture = fixture_new(&zone, jump - 5, jump + 5, 1);
	OsmcCalendar *calendar;
	int32_t		day;

	(void) state;
	zone.changes[0].at = jump * DAY + 24 * HOUR;
	set_week(fixture, 0, "0:00-5:00 6:00-12:00 15:00-24:00", "1:00-2:00");
	calendar = compile(fixture);
	for (day = jump - 5; day <= jump + 5; day++)
	{
		OsmcCalendar *alone;
		OsmcScan	scan;
		OsmcScan	scan_alone;
		OsmcSegment segment;
		OsmcSegment segment_alone;

		fixture->source.first_day = fixture->source.last_day = day;
		alone = compile(fixture);
		assert_int_equal(osmc_calendar_scan_day(calendar, day, &scan), OSMC_OK);
		assert_int_equal(osmc_calendar_scan_day(alone, day, &scan_alone), OSMC_OK);
		while (osmc_scan_next(&scan_alone, &segment_alone))
		{
			assert_true(osmc_scan_next(&scan, &segment));
			assert_int_equal(segment.start, segment_alone.start);
			assert_int_equal(segment.end, segment_alone.end);
		}
		assert_false(osmc_scan_next(&scan, &segment));
		osmc_calendar_free(alone);
	}
	osmc_calendar_free(calendar);
	free(fixture);
}

static void
local_times_follow_the_zone(void **state)
{
	unsigned	number;
	int64_t		local;

	(void) state;
	for (number = 0; number < 9; number++)
	{
		Zone	   *zone = zone_by_number(number);
		Fixture    *fixture = fixture_new(zone, day_of(2011, 12, 1), day_of(2014, 12, 1), 1);
		OsmcCalendar *calendar;
		int64_t		instant;
		int64_t		expected;

		set_week(fixture, 0, "0:00-24:00", "0:00-24:00");
		calendar = compile_and_free(fixture);
		for (local = day_of(2011, 12, 1); local <= day_of(2014, 12, 1); local++)
		{
			expected = oracle_utc(zone, local * DAY);
			/* a whole day that the clock jumps over has no time of its own */
			if (expected == oracle_utc(zone, (local + 1) * DAY))
			{
				assert_int_equal(osmc_calendar_opening_of(calendar, (int32_t) local, &instant),
								 OSMC_CLOSED_DAY);
				continue;
			}
			assert_int_equal(osmc_calendar_opening_of(calendar, (int32_t) local, &instant),
							 OSMC_OK);
			assert_int_equal(instant, expected);
		}
		osmc_calendar_free(calendar);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spring_forward_shortens_and_drops),
		cmocka_unit_test(fall_back_lengthens),
		cmocka_unit_test(a_jump_over_midnight_overlays_two_days),
		cmocka_unit_test(a_day_that_never_was),
		cmocka_unit_test(a_days_own_segments_do_not_depend_on_its_neighbours),
		cmocka_unit_test(local_times_follow_the_zone),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
