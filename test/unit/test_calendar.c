/*-------------------------------------------------------------------------
 *
 * test_calendar.c
 *	  Calendars by example: terms in days, kinds of days, layers.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

/* ---- terms in days ---- */

static void
a_term_in_days_ends_at_close_of_business(void **state)
{
	OsmcCalendar *calendar = compile_and_free(office(zone_fixed(3), "9:00-18:00", NULL));
	int64_t		friday = utc(2021, 3, 5, 7, 0); /* 10:00 local */
	int64_t		result;

	(void) state;
	expect_add(calendar, friday, 1, 0, utc(2021, 3, 8, 15, 0));
	expect_add(calendar, friday, 3, 0, utc(2021, 3, 10, 15, 0));
	/* time goes on from the close */
	expect_add(calendar, friday, 1, 90 * MINUTE, utc(2021, 3, 9, 7, 30));
	expect_add(calendar, friday, 1, -90 * MINUTE, utc(2021, 3, 8, 13, 30));
	/* at night, and on a Sunday, the local date decides */
	expect_add(calendar, utc(2021, 3, 5, 20, 59), 1, 0, utc(2021, 3, 8, 15, 0));
	expect_add(calendar, utc(2021, 3, 7, 20, 59), 1, 0, utc(2021, 3, 8, 15, 0));
	expect_add(calendar, utc(2021, 3, 7, 21, 0), 1, 0, utc(2021, 3, 9, 15, 0));
	/* the mirror: back to an opening, and further back */
	expect_add(calendar, friday, -1, 0, utc(2021, 3, 4, 6, 0));
	expect_subtract(calendar, friday, 1, 0, utc(2021, 3, 4, 6, 0));
	expect_subtract(calendar, friday, 5, HOUR, utc(2021, 2, 25, 14, 0));
	/* neighbours of the extremes exist nowhere */
	assert_int_equal(osmc_calendar_subtract(calendar, friday, INT64_MIN, 0, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_subtract(calendar, friday, 0, INT32_MIN, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_add(calendar, friday, INT64_MIN, INT32_MIN, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_add(calendar, friday, INT64_MAX, INT32_MAX, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	osmc_calendar_free(calendar);
}

/* ---- rules of days ---- */

static void
kinds_of_days(void **state)
{
	Fixture    *fixture = office(zone_utc(), "9:00-13:00 14:00-18:00", NULL);
	OsmcLayer  *layer = &fixture->layers[0];
	int32_t		monday = day_of(2021, 3, 1);
	OsmcCalendar *calendar;

	(void) state;
	layer->week[4] = hours_of(fixture, "9:00-13:00 14:00-16:45");
	layer->short_day_cut = HOUR;
	add_rule(fixture, 0, monday, OSMC_DAY_CLOSED, 0, NULL);
	add_rule(fixture, 0, monday + 1, OSMC_DAY_SHORT, 0, NULL);
	add_rule(fixture, 0, monday + 2, OSMC_DAY_HOURS, 0, "10:00-14:00");
	add_rule(fixture, 0, monday + 3, OSMC_DAY_HOURS, 0, "");
	add_rule(fixture, 0, monday + 4, OSMC_DAY_SHORT, 0, NULL);
	add_rule(fixture, 0, monday + 5, OSMC_DAY_WORKING, 0, NULL);
	add_rule(fixture, 0, monday + 6, OSMC_DAY_WORKING, 5, NULL);
	add_rule(fixture, 0, monday + 12, OSMC_DAY_WORKING_SHORT, 0, NULL);
	add_rule(fixture, 0, monday + 13, OSMC_DAY_WORKING_SHORT, 5, NULL);
	add_rule(fixture, 0, monday + 19, OSMC_DAY_SHORT, 0, NULL);
	calendar = compile(fixture);
	expect_day(calendar, monday, 0, "");
	expect_day(calendar, monday + 1, 0, "9:00-13:00 14:00-17:00");
	expect_day(calendar, monday + 2, 0, "10:00-14:00");
	expect_day(calendar, monday + 3, 0, "");
	expect_day(calendar, monday + 4, 0, "9:00-13:00 14:00-15:45");
	expect_day(calendar, monday + 5, 0, "9:00-13:00 14:00-18:00");
	expect_day(calendar, monday + 6, 0, "9:00-13:00 14:00-16:45");
	expect_day(calendar, monday + 7, 0, "9:00-13:00 14:00-18:00");
	expect_day(calendar, monday + 12, 0, "9:00-13:00 14:00-17:00");
	expect_day(calendar, monday + 13, 0, "9:00-13:00 14:00-15:45");
	expect_day(calendar, monday + 19, 0, "");
	osmc_calendar_free(calendar);

	/* a cut goes over several segments, and may take all */
	layer->short_day_cut = 4 * HOUR + 30 * MINUTE;
	calendar = compile(fixture);
	expect_day(calendar, monday + 1, 0, "9:00-12:30");
	osmc_calendar_free(calendar);
	layer->short_day_cut = 4 * HOUR;
	calendar = compile(fixture);
	expect_day(calendar, monday + 1, 0, "9:00-13:00");
	osmc_calendar_free(calendar);
	layer->short_day_cut = 8 * HOUR;
	calendar = compile_and_free(fixture);
	expect_day(calendar, monday + 1, 0, "");
	osmc_calendar_free(calendar);
}

static void
own_day_beats_parents_day_beats_weekly_hours(void **state)
{
	Fixture    *fixture = fixture_new(zone_utc(), day_of(2021, 1, 1), day_of(2021, 12, 31), 3);
	int32_t		monday = day_of(2021, 3, 1);
	OsmcCalendar *calendar;

	(void) state;
	/* body (hours), region (days), federation (hours, days, cut) */
	set_week(fixture, 0, "8:00-12:00", NULL);
	set_week(fixture, 2, "9:00-18:00", NULL);
	fixture->layers[2].short_day_cut = HOUR;
	add_rule(fixture, 2, monday, OSMC_DAY_CLOSED, 0, NULL);
	add_rule(fixture, 2, monday + 1, OSMC_DAY_CLOSED, 0, NULL);
	add_rule(fixture, 2, monday + 2, OSMC_DAY_SHORT, 0, NULL);
	add_rule(fixture, 2, monday + 3, OSMC_DAY_CLOSED, 0, NULL);
	add_rule(fixture, 1, monday + 1, OSMC_DAY_HOURS, 0, "10:00-11:00");
	add_rule(fixture, 1, monday + 3, OSMC_DAY_HOURS, 0, "10:00-11:00");
	add_rule(fixture, 1, monday + 4, OSMC_DAY_CLOSED, 0, NULL);
	add_rule(fixture, 0, monday + 3, OSMC_DAY_WORKING, 0, NULL);
	calendar = compile_and_free(fixture);
	expect_day(calendar, monday, 0, "");
	expect_day(calendar, monday + 1, 0, "10:00-11:00");
	expect_day(calendar, monday + 2, 0, "8:00-11:00");
	expect_day(calendar, monday + 3, 0, "8:00-12:00");
	expect_day(calendar, monday + 4, 0, "");
	expect_day(calendar, monday + 7, 0, "8:00-12:00");
	osmc_calendar_free(calendar);
}

static void
decree_days_count_only_where_observed(void **state)
{
	int32_t		monday = day_of(2021, 11, 1);
	int			observed;

	(void) state;
	for (observed = 0; observed < 2; observed++)
	{
		Fixture    *fixture = fixture_new(zone_utc(), day_of(2021, 1, 1), day_of(2021, 12, 31), 2);
		OsmcCalendar *calendar;

		fixture->source.observes_decree_days = observed;
		set_week(fixture, 1, "9:00-18:00", NULL);
		fixture->layers[1].short_day_cut = HOUR;
		add_rule(fixture, 1, monday, OSMC_DAY_DECREE, 0, NULL);
		/* a decree besides another rule of the same layer, either way round */
		add_rule(fixture, 1, monday + 1, OSMC_DAY_DECREE, 0, NULL);
		add_rule(fixture, 1, monday + 1, OSMC_DAY_SHORT, 0, NULL);
		add_rule(fixture, 1, monday + 2, OSMC_DAY_SHORT, 0, NULL);
		add_rule(fixture, 1, monday + 2, OSMC_DAY_DECREE, 0, NULL);
		/* a decree over a parent's day, and a day over a parent's decree */
		add_rule(fixture, 1, monday + 3, OSMC_DAY_CLOSED, 0, NULL);
		add_rule(fixture, 1, monday + 4, OSMC_DAY_DECREE, 0, NULL);
		add_rule(fixture, 0, monday + 3, OSMC_DAY_DECREE, 0, NULL);
		add_rule(fixture, 0, monday + 4, OSMC_DAY_HOURS, 0, "10:00-11:00");
		calendar = compile_and_free(fixture);
		expect_day(calendar, monday, 0, observed ? "" : "9:00-18:00");
		expect_day(calendar, monday + 1, 0, observed ? "" : "9:00-17:00");
		expect_day(calendar, monday + 2, 0, observed ? "" : "9:00-17:00");
		expect_day(calendar, monday + 3, 0, "");
		expect_day(calendar, monday + 4, 0, "10:00-11:00");
		osmc_calendar_free(calendar);
	}
}

static void
beyond_known_until_the_yearly_days_apply(void **state)
{
	Fixture    *fixture = fixture_new(zone_utc(), day_of(2021, 1, 1), day_of(2028, 12, 31), 2);
	int64_t		end = utc(2023, 1, 1, 0, 0);
	OsmcCalendar *calendar;
	int64_t		result;
	int32_t		day;
	int32_t		count;
	bool		provisional;

	(void) state;
	set_week(fixture, 1, "9:00-18:00", NULL);
	fixture->layers[0].known_until = day_of(2024, 12, 31);
	fixture->layers[1].known_until = day_of(2022, 12, 31);
	add_yearly(fixture, 1, 5, 9, OSMC_DAY_CLOSED, NULL);
	add_yearly(fixture, 1, 2, 29, OSMC_DAY_CLOSED, NULL);
	add_yearly(fixture, 1, 2, 22, OSMC_DAY_CLOSED, NULL);
	add_yearly(fixture, 0, 2, 22, OSMC_DAY_HOURS, "10:00-11:00");
	add_yearly(fixture, 0, 12, 31, OSMC_DAY_HOURS, "10:00-11:00");
	add_yearly(fixture, 1, 1, 2, OSMC_DAY_CLOSED, NULL);
	add_rule(fixture, 1, day_of(2025, 5, 9), OSMC_DAY_HOURS, 0, "10:00-11:00");
	fixture->layers[1].known_until = day_of(2023, 1, 1);
	calendar = compile(fixture);
	expect_day(calendar, day_of(2023, 1, 2), 0, "");	/* the first day not known */
	osmc_calendar_free(calendar);
	fixture->layers[1].known_until = day_of(2023, 1, 2);
	calendar = compile(fixture);
	expect_day(calendar, day_of(2023, 1, 2), 0, "9:00-18:00");
	osmc_calendar_free(calendar);
	fixture->layers[1].known_until = day_of(2022, 12, 31);
	calendar = compile_and_free(fixture);
	expect_day(calendar, day_of(2024, 12, 31), 0, "9:00-18:00");	/* the last day it knows */
	expect_day(calendar, day_of(2025, 12, 31), 0, "10:00-11:00");
	assert_int_equal(osmc_calendar_known_until(calendar), day_of(2022, 12, 31));
	expect_day(calendar, day_of(2022, 5, 9), 0, "9:00-18:00");	/* known: no such day that year */
	expect_day(calendar, day_of(2023, 5, 9), 0, "");
	expect_day(calendar, day_of(2025, 5, 9), 0, "10:00-11:00"); /* a real day beats a yearly one */
	expect_day(calendar, day_of(2024, 2, 29), 0, "");
	expect_day(calendar, day_of(2023, 3, 1), 0, "9:00-18:00");
	/* the layer above knows 2024 and leaves 22 February to its parent, but not 2027 */
	expect_day(calendar, day_of(2024, 2, 22), 0, "");
	expect_day(calendar, day_of(2027, 2, 22), 0, "10:00-11:00");

	assert_int_equal(osmc_calendar_add(calendar, utc(2022, 12, 30, 9, 0), 9 * HOUR, 0, &result,
									   &provisional), OSMC_OK);
	assert_false(provisional);
	assert_int_equal(osmc_calendar_add(calendar, utc(2022, 12, 30, 9, 0), 9 * HOUR + 1, 0,
									   &result, &provisional), OSMC_OK);
	assert_true(provisional);
	assert_int_equal(osmc_calendar_add(calendar, utc(2022, 12, 29, 9, 0), 0, 1, &result,
									   &provisional), OSMC_OK);
	assert_false(provisional);
	/* the way leads past it, though the result does not */
	assert_int_equal(osmc_calendar_add(calendar, utc(2022, 12, 30, 9, 0), -20 * HOUR, 1, &result,
									   &provisional), OSMC_OK);
	assert_true(result < end);
	assert_true(provisional);
	assert_int_equal(osmc_calendar_add_days(calendar, day_of(2022, 12, 30), 1, &day,
											&provisional), OSMC_OK);
	assert_true(provisional);
	assert_int_equal(osmc_calendar_add_days(calendar, day_of(2022, 12, 29), 1, &day,
											&provisional), OSMC_OK);
	assert_false(provisional);
	assert_int_equal(osmc_calendar_days_between(calendar, day_of(2023, 1, 1),
												day_of(2022, 12, 29), &count, &provisional),
					 OSMC_OK);
	assert_true(provisional);
	osmc_calendar_free(calendar);

	/* with nothing stated, every year is like any other and nothing is provisional */
	fixture = office(zone_utc(), "9:00-18:00", NULL);
	add_yearly(fixture, 0, 5, 9, OSMC_DAY_CLOSED, NULL);
	calendar = compile_and_free(fixture);
	assert_int_equal(osmc_calendar_known_until(calendar), OSMC_NO_DAY);
	expect_day(calendar, day_of(2022, 5, 9), 0, "");
	assert_int_equal(osmc_calendar_add(calendar, utc(2028, 1, 3, 9, 0), HOUR, 0, &result,
									   &provisional), OSMC_OK);
	assert_false(provisional);
	osmc_calendar_free(calendar);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_term_in_days_ends_at_close_of_business),
		cmocka_unit_test(kinds_of_days),
		cmocka_unit_test(own_day_beats_parents_day_beats_weekly_hours),
		cmocka_unit_test(decree_days_count_only_where_observed),
		cmocka_unit_test(beyond_known_until_the_yearly_days_apply),
	};

	return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
