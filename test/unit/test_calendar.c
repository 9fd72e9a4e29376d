/*-------------------------------------------------------------------------
 *
 * test_calendar.c
 *	  Calendars by example: rules of days, zones, terms, and one case for each
 *	  well-known bug of other business-time libraries.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ten years around 2020, one layer with 09:00-18:00 on workdays unless told otherwise. */
static Fixture *
office(Zone *zone, const char *workdays, const char *weekend)
{
	Fixture    *fixture = fixture_new(zone, day_of(2014, 1, 1), day_of(2028, 12, 31), 1);

	set_week(fixture, 0, workdays, weekend);
	return fixture;
}

static OsmcCalendar *
compile_and_free(Fixture *fixture)
{
	OsmcCalendar *calendar = compile(fixture);

	free(fixture);
	return calendar;
}

static void
expect_add(const OsmcCalendar *calendar, int64_t instant, int32_t days, int64_t time,
		   int64_t expected)
{
	int64_t		result = -1;

	assert_int_equal(osmc_calendar_add(calendar, instant, time, days, &result, NULL), OSMC_OK);
	assert_int_equal(result, expected);
}

static void
expect_subtract(const OsmcCalendar *calendar, int64_t instant, int32_t days, int64_t time,
				int64_t expected)
{
	int64_t		result = -1;

	assert_int_equal(osmc_calendar_subtract(calendar, instant, time, days, &result, NULL),
					 OSMC_OK);
	assert_int_equal(result, expected);
}

static void
expect_between(const OsmcCalendar *calendar, int64_t from, int64_t to, int64_t expected)
{
	int64_t		result = -1;

	assert_int_equal(osmc_calendar_between(calendar, from, to, &result, NULL), OSMC_OK);
	assert_int_equal(result, expected);
}

/* A day's segments as local hours by the offset given: "9:00-13:00 14:00-18:00". */
static void
expect_day(const OsmcCalendar *calendar, int32_t day, int offset_hours, const char *expected)
{
	char		text[200] = "";
	size_t		length = 0;
	OsmcScan	scan;
	OsmcSegment segment;

	assert_int_equal(osmc_calendar_scan_day(calendar, day, &scan), OSMC_OK);
	while (osmc_scan_next(&scan, &segment))
	{
		int			start = (int) ((segment.start + offset_hours * HOUR - day * DAY) / MINUTE);
		int			end = (int) ((segment.end + offset_hours * HOUR - day * DAY) / MINUTE);

		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s%d:%02d-%d:%02d",
									length > 0 ? " " : "", start / 60, start % 60, end / 60,
									end % 60);
	}
	assert_string_equal(text, expected);
}

/* ---- known bugs of others ---- */

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

/* ---- zones ---- */

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

/* ---- edges, limits, failures ---- */

static void
nothing_is_answered_outside_the_horizon(void **state)
{
	Fixture    *fixture = fixture_new(zone_fixed(3), day_of(2021, 3, 1), day_of(2021, 3, 5), 1);
	int64_t		first;
	int64_t		end;
	OsmcCalendar *calendar;
	OsmcScan	scan;
	OsmcSegment segment;
	int64_t		result;
	int32_t		day;
	bool		flag;

	(void) state;
	set_week(fixture, 0, "0:00-24:00", NULL);
	calendar = compile_and_free(fixture);
	osmc_calendar_bounds(calendar, &first, &end);
	assert_int_equal(first, utc(2021, 2, 28, 21, 0));
	assert_int_equal(end, utc(2021, 3, 5, 21, 0));
	expect_between(calendar, first, end, 120 * HOUR);
	expect_add(calendar, first, 0, 120 * HOUR, end);
	expect_subtract(calendar, end, 0, 120 * HOUR, first);
	assert_int_equal(osmc_calendar_add(calendar, first, 120 * HOUR + 1, 0, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_subtract(calendar, end, 120 * HOUR + 1, 0, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_add(calendar, first, 0, 5, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_add(calendar, first - 1, 0, 0, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_add(calendar, end + 1, -1, 0, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_between(calendar, first - 1, end, &result, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_is_open(calendar, INT64_MIN, &flag), OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_is_open(calendar, INT64_MAX, &flag), OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_is_open(calendar, end, &flag), OSMC_OK);
	assert_false(flag);
	assert_int_equal(osmc_calendar_next(calendar, end, &result, NULL), OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_previous(calendar, first, &result, NULL), OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_previous(calendar, end, &result, NULL), OSMC_OK);
	assert_int_equal(result, end);
	assert_int_equal(osmc_calendar_local_day(calendar, first, &day), OSMC_OK);
	assert_int_equal(day, day_of(2021, 3, 1));
	assert_int_equal(osmc_calendar_local_day(calendar, end, &day), OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_is_business_day(calendar, INT32_MIN, &flag),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_is_business_day(calendar, INT32_MAX, &flag),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_add_days(calendar, day_of(2021, 3, 1), INT32_MAX, &day, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_add_days(calendar, day_of(2021, 3, 1), INT32_MIN, &day, NULL),
					 OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_scan(calendar, first, end + 1, &scan), OSMC_OUT_OF_HORIZON);
	assert_int_equal(osmc_calendar_scan(calendar, end, first, &scan), OSMC_OK);
	assert_false(osmc_scan_next(&scan, &segment));
	assert_int_equal(osmc_calendar_opens_from(calendar, INT32_MIN), OSMC_OK);
	assert_int_equal(osmc_calendar_opens_from(calendar, day_of(2021, 3, 5)), OSMC_OK);
	assert_int_equal(osmc_calendar_opens_from(calendar, day_of(2021, 3, 6)), OSMC_OUT_OF_HORIZON);
	osmc_calendar_free(calendar);
}

static void
spans_are_checked(void **state)
{
	static const OsmcSpan good[] = {{0, 9 * HOUR}, {9 * HOUR, 24 * HOUR}};
	static const OsmcSpan empty[] = {{0, HOUR}, {9 * HOUR, 9 * HOUR}};
	static const OsmcSpan reversed[] = {{18 * HOUR, 9 * HOUR}};
	static const OsmcSpan late[] = {{18 * HOUR, 24 * HOUR + 1}};
	static const OsmcSpan early[] = {{-1, HOUR}};
	static const OsmcSpan overlap[] = {{0, HOUR}, {2 * HOUR, 4 * HOUR}, {3 * HOUR, 5 * HOUR}};
	OsmcSpan	mixed[] = {{14 * HOUR, 18 * HOUR}, {9 * HOUR, 13 * HOUR}};
	int			bad = -1;

	(void) state;
	assert_int_equal(osmc_spans_check(good, 2, &bad), OSMC_OK);
	assert_int_equal(osmc_spans_check(NULL, 0, NULL), OSMC_OK);
	assert_int_equal(osmc_spans_check(empty, 2, &bad), OSMC_BAD_SPAN);
	assert_int_equal(bad, 1);
	assert_int_equal(osmc_spans_check(reversed, 1, &bad), OSMC_BAD_SPAN);
	assert_int_equal(osmc_spans_check(late, 1, &bad), OSMC_BAD_SPAN);
	assert_int_equal(osmc_spans_check(early, 1, &bad), OSMC_BAD_SPAN);
	assert_int_equal(osmc_spans_check(overlap, 3, &bad), OSMC_SPANS_OVERLAP);
	assert_int_equal(bad, 2);
	assert_int_equal(osmc_spans_check(good, OSMC_MAX_SPANS + 1, &bad), OSMC_LIMIT);
	assert_int_equal(osmc_spans_check(mixed, 2, &bad), OSMC_SPANS_OVERLAP);
	osmc_spans_sort(mixed, 2);
	assert_int_equal(osmc_spans_check(mixed, 2, &bad), OSMC_OK);
}

static void
expect_source_error(Fixture *fixture, OsmcStatus expected, int layer, int weekday, int day,
					int yearly)
{
	Heap		heap = {0, 0, 0};
	OsmcAllocator allocator = heap_allocator(&heap);
	OsmcCalendar *calendar = (OsmcCalendar *) &heap;
	OsmcSourceError error = {-2, -2, -2, -2, -2};

	assert_int_equal(osmc_calendar_compile(&fixture->source, &allocator, NULL, &calendar, &error),
					 expected);
	assert_null(calendar);
	assert_int_equal(error.layer, layer);
	assert_int_equal(error.weekday, weekday);
	assert_int_equal(error.day_index, day);
	assert_int_equal(error.yearly_index, yearly);
	assert_int_equal(heap.live, 0);
	free(fixture);
}

static Fixture *
small_source(void)
{
	Fixture    *fixture = fixture_new(zone_utc(), 0, 30, 2);

	set_week(fixture, 1, "9:00-18:00", NULL);
	return fixture;
}

static int
broken_zone(void *zone, int64_t instant, int32_t *before, int64_t *boundary, int32_t *after)
{
	(void) instant;
	*before = *after = 0;
	*boundary = 0;				/* never advances */
	return *(int *) zone;
}

static void
bad_sources_are_refused_where_they_are_bad(void **state)
{
	Fixture    *fixture;
	int			answer;

	(void) state;
	fixture = small_source();
	fixture->layers[1].week[2] = hours_of(fixture, "9:00-18:00 17:00-19:00");
	expect_source_error(fixture, OSMC_SPANS_OVERLAP, 1, 2, -1, -1);
	fixture = small_source();
	fixture->layers[1].week[6] = hours_of(fixture, "18:00-9:00");
	expect_source_error(fixture, OSMC_BAD_SPAN, 1, 6, -1, -1);
	fixture = small_source();
	add_rule(fixture, 0, 5, OSMC_DAY_CLOSED, 0, NULL);
	add_rule(fixture, 0, 4, OSMC_DAY_CLOSED, 0, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 0, -1, 1, -1);
	fixture = small_source();
	add_rule(fixture, 0, 5, OSMC_DAY_CLOSED, 0, NULL);
	add_rule(fixture, 0, 5, OSMC_DAY_SHORT, 0, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 0, -1, 1, -1);
	fixture = small_source();
	add_rule(fixture, 0, 5, OSMC_DAY_CLOSED, 0, NULL);
	add_rule(fixture, 0, 5, OSMC_DAY_DECREE, 0, NULL);
	add_rule(fixture, 0, 5, OSMC_DAY_CLOSED, 0, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 0, -1, 2, -1);
	fixture = small_source();
	add_rule(fixture, 0, 5, OSMC_DAY_DECREE, 0, NULL);
	add_rule(fixture, 0, 5, OSMC_DAY_DECREE, 0, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 0, -1, 1, -1);
	fixture = small_source();
	add_rule(fixture, 0, 5, OSMC_DAY_WORKING, 8, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 0, -1, 0, -1);
	fixture = small_source();
	add_rule(fixture, 0, 5, (OsmcDayKind) 77, 0, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 0, -1, 0, -1);
	fixture = small_source();
	add_rule(fixture, 0, 5, OSMC_DAY_HOURS, 0, "9:00-9:00");
	expect_source_error(fixture, OSMC_BAD_SPAN, 0, -1, 0, -1);
	fixture = small_source();
	add_yearly(fixture, 1, 2, 29, OSMC_DAY_CLOSED, NULL);
	add_yearly(fixture, 1, 2, 30, OSMC_DAY_CLOSED, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 1, -1, -1, 1);
	fixture = small_source();
	add_yearly(fixture, 1, 2, 2, OSMC_DAY_CLOSED, NULL);
	add_yearly(fixture, 1, 2, 2, OSMC_DAY_SHORT, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 1, -1, -1, 1);
	fixture = small_source();
	add_yearly(fixture, 1, 2, 2, OSMC_DAY_DECREE, NULL);
	expect_source_error(fixture, OSMC_BAD_SOURCE, 1, -1, -1, 0);
	fixture = small_source();
	fixture->layers[0].short_day_cut = 25 * HOUR;
	expect_source_error(fixture, OSMC_BAD_SOURCE, 0, -1, -1, -1);
	fixture = small_source();
	fixture->source.last_day = -1;
	expect_source_error(fixture, OSMC_LIMIT, -1, -1, -1, -1);
	fixture = small_source();
	fixture->source.last_day = OSMC_MAX_HORIZON_DAYS;
	expect_source_error(fixture, OSMC_LIMIT, -1, -1, -1, -1);
	fixture = small_source();
	fixture->source.layer_count = OSMC_MAX_LAYERS + 1;
	expect_source_error(fixture, OSMC_LIMIT, -1, -1, -1, -1);
	/* a zone that fails, and one that never gets on */
	for (answer = -1; answer <= 1; answer += 2)
	{
		fixture = small_source();
		fixture->source.next_transition = broken_zone;
		fixture->source.zone = &answer;
		expect_source_error(fixture, OSMC_BAD_ZONE, -1, -1, -1, -1);
	}
}

static bool
stop_at_once(void *ctx)
{
	return --*(int *) ctx < 0;
}

static void
compiling_can_be_interrupted_and_leaves_no_memory(void **state)
{
	Fixture    *fixture = office(zone_new_york(), "9:00-18:00", NULL);
	int			polls;
	OsmcStatus	status = OSMC_INTERRUPTED;

	(void) state;
	for (polls = 0; status == OSMC_INTERRUPTED; polls++)
	{
		Heap		heap = {0, 0, 0};
		OsmcAllocator allocator = heap_allocator(&heap);
		int			left = polls;
		OsmcInterrupt interrupt = {stop_at_once, &left};
		OsmcCalendar *calendar;

		status = osmc_calendar_compile(&fixture->source, &allocator, &interrupt, &calendar, NULL);
		osmc_calendar_free(calendar);
		assert_int_equal(heap.live, 0);
	}
	assert_int_equal(status, OSMC_OK);
	assert_true(polls > 20);
	free(fixture);
}

static void
running_out_of_memory_leaves_none_behind(void **state)
{
	/* a zone and hours that need every list there is */
	Fixture    *fixture = office(zone_over_midnight(), "0:30-4:00 20:00-23:50", NULL);
	int			fail_at;
	OsmcStatus	status = OSMC_NO_MEMORY;

	(void) state;
	add_yearly(fixture, 0, 5, 9, OSMC_DAY_CLOSED, NULL);
	for (fail_at = 1; status == OSMC_NO_MEMORY; fail_at++)
	{
		Heap		heap = {0, 0, fail_at};
		OsmcAllocator allocator = heap_allocator(&heap);
		OsmcCalendar *calendar;

		status = osmc_calendar_compile(&fixture->source, &allocator, NULL, &calendar, NULL);
		if (status != OSMC_OK)
			assert_null(calendar);
		osmc_calendar_free(calendar);
		assert_int_equal(heap.live, 0);
	}
	assert_int_equal(status, OSMC_OK);
	assert_true(fail_at > 10);
	free(fixture);
}

static void
fifty_years_fit_and_ask_the_zone_seldom(void **state)
{
	Zone	   *zone = zone_new_york();
	Fixture    *fixture = fixture_new(zone, day_of(1999, 1, 1), day_of(2050, 12, 31), 3);
	OsmcCalendar *calendar;

	(void) state;
	set_week(fixture, 2, "9:00-13:00 14:00-18:00", NULL);
	calendar = compile(fixture);
	assert_true(osmc_calendar_size(calendar) > 0 && osmc_calendar_size(calendar) <= 1024 * 1024);
	assert_true(zone->asked >= 100 && zone->asked <= 120);
	osmc_calendar_free(calendar);
	/* with lunch on all seven days, too */
	set_week(fixture, 2, "9:00-13:00 14:00-18:00", "9:00-13:00 14:00-18:00");
	calendar = compile_and_free(fixture);
	assert_true(osmc_calendar_size(calendar) > 0 && osmc_calendar_size(calendar) <= 1024 * 1024);
	osmc_calendar_free(calendar);
}

static void
dates_and_days(void **state)
{
	int32_t		day;
	int32_t		back;
	int			year;
	int			month;
	int			mday;

	(void) state;
	assert_int_equal(day_of(2000, 1, 1), 0);
	assert_int_equal(day_of(1999, 12, 31), -1);
	assert_int_equal(day_of(2021, 3, 8), 7737);
	assert_int_equal(osmc_day_of_week(7737), 1);
	assert_int_equal(osmc_day_of_week(-1), 5);
	assert_int_equal(osmc_day_of_week(INT32_MAX), (int) ((INT64_C(2147483647) + 5) % 7) + 1);
	assert_false(osmc_day_from_date(2021, 2, 29, &day));
	assert_false(osmc_day_from_date(1900, 2, 29, &day));
	assert_true(osmc_day_from_date(2000, 2, 29, &day));
	assert_false(osmc_day_from_date(2021, 13, 1, &day));
	assert_false(osmc_day_from_date(2021, 0, 1, &day));
	assert_false(osmc_day_from_date(2021, 4, 31, &day));
	assert_false(osmc_day_from_date(2021, 4, 0, &day));
	for (day = -800000; day < 800000; day += 13)
	{
		osmc_day_to_date(day, &year, &month, &mday);
		assert_true(osmc_day_from_date(year, month, mday, &back));
		assert_int_equal(back, day);
	}
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
		cmocka_unit_test(a_term_in_days_ends_at_close_of_business),
		cmocka_unit_test(kinds_of_days),
		cmocka_unit_test(own_day_beats_parents_day_beats_weekly_hours),
		cmocka_unit_test(decree_days_count_only_where_observed),
		cmocka_unit_test(beyond_known_until_the_yearly_days_apply),
		cmocka_unit_test(spring_forward_shortens_and_drops),
		cmocka_unit_test(fall_back_lengthens),
		cmocka_unit_test(a_jump_over_midnight_overlays_two_days),
		cmocka_unit_test(a_day_that_never_was),
		cmocka_unit_test(a_days_own_segments_do_not_depend_on_its_neighbours),
		cmocka_unit_test(local_times_follow_the_zone),
		cmocka_unit_test(nothing_is_answered_outside_the_horizon),
		cmocka_unit_test(spans_are_checked),
		cmocka_unit_test(bad_sources_are_refused_where_they_are_bad),
		cmocka_unit_test(compiling_can_be_interrupted_and_leaves_no_memory),
		cmocka_unit_test(running_out_of_memory_leaves_none_behind),
		cmocka_unit_test(fifty_years_fit_and_ask_the_zone_seldom),
		cmocka_unit_test(dates_and_days),
	};

	return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
