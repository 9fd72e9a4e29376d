/*-------------------------------------------------------------------------
 *
 * test_limits.c
 *	  Edges of the horizon, refused sources, interrupts, memory, dates.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

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
		cmocka_unit_test(nothing_is_answered_outside_the_horizon),
		cmocka_unit_test(spans_are_checked),
		cmocka_unit_test(bad_sources_are_refused_where_they_are_bad),
		cmocka_unit_test(compiling_can_be_interrupted_and_leaves_no_memory),
		cmocka_unit_test(running_out_of_memory_leaves_none_behind),
		cmocka_unit_test(fifty_years_fit_and_ask_the_zone_seldom),
		cmocka_unit_test(dates_and_days),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
