/*-------------------------------------------------------------------------
 *
 * support.c
 *	  Zones, allocator, random numbers, fixtures and the slow oracle.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- zones ---- */

static void
add_change(Zone *zone, int64_t at, int32_t offset)
{
	assert_true(zone->count < COUNT(zone->changes));
	zone->changes[zone->count].at = at;
	zone->changes[zone->count++].offset = offset;
}

Zone *
zone_fixed(int32_t hours)
{
	static Zone zones[8];
	static unsigned next = 0;
	Zone	   *zone = &zones[next++ % 8];

	memset(zone, 0, sizeof(*zone));
	zone->name = "fixed";
	zone->offset = hours * 3600;
	return zone;
}

Zone *
zone_utc(void)
{
	return zone_fixed(0);
}

Zone *
zone_moscow(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "Moscow";
	zone.offset = 3 * 3600;
	add_change(&zone, utc(2010, 3, 27, 23, 0), 4 * 3600);
	add_change(&zone, utc(2010, 10, 30, 23, 0), 3 * 3600);
	add_change(&zone, utc(2011, 3, 26, 23, 0), 4 * 3600);
	add_change(&zone, utc(2014, 10, 25, 22, 0), 3 * 3600);
	return &zone;
}

Zone *
zone_samara(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "Samara";
	zone.offset = 4 * 3600;
	add_change(&zone, utc(2009, 3, 28, 22, 0), 5 * 3600);
	add_change(&zone, utc(2009, 10, 24, 22, 0), 4 * 3600);
	add_change(&zone, utc(2010, 3, 27, 22, 0), 4 * 3600);
	add_change(&zone, utc(2010, 10, 30, 23, 0), 3 * 3600);
	add_change(&zone, utc(2011, 3, 26, 23, 0), 4 * 3600);
	return &zone;
}

Zone *
zone_vladivostok(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "Vladivostok";
	zone.offset = 10 * 3600;
	add_change(&zone, utc(2010, 3, 27, 16, 0), 11 * 3600);
	add_change(&zone, utc(2010, 10, 30, 16, 0), 10 * 3600);
	add_change(&zone, utc(2011, 3, 26, 16, 0), 11 * 3600);
	add_change(&zone, utc(2014, 10, 25, 15, 0), 10 * 3600);
	return &zone;
}

Zone *
zone_kamchatka(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "Kamchatka";
	zone.offset = 12 * 3600;
	add_change(&zone, utc(2009, 3, 28, 14, 0), 13 * 3600);
	add_change(&zone, utc(2009, 10, 24, 14, 0), 12 * 3600);
	add_change(&zone, utc(2010, 3, 27, 14, 0), 12 * 3600);
	add_change(&zone, utc(2010, 10, 30, 15, 0), 11 * 3600);
	add_change(&zone, utc(2011, 3, 26, 15, 0), 12 * 3600);
	return &zone;
}

Zone *
zone_kathmandu(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "Kathmandu";
	zone.offset = 5 * 3600 + 1800;
	add_change(&zone, utc(1985, 12, 31, 18, 30), 5 * 3600 + 2700);
	return &zone;
}

/* The nth Sunday of a month, 1 the first. */
static int32_t
nth_sunday(int year, int month, int n)
{
	int32_t		day = day_of(year, month, 1);

	while (osmc_day_of_week(day) != 7)
		day++;
	return day + 7 * (n - 1);
}

/* Changes every spring and autumn at a local hour. */
static void
every_year(Zone *zone, int32_t standard, int32_t summer, int hour, bool south)
{
	int			year;

	zone->offset = south ? summer : standard;
	for (year = 1998; year <= 2052; year++)
	{
		int64_t		spring = nth_sunday(year, 3, 2) * DAY + hour * HOUR;
		int64_t		autumn = nth_sunday(year, 11, 1) * DAY + hour * HOUR;

		if (south)
		{
			add_change(zone, spring - summer * OSMC_USECS_PER_SECOND, standard);
			add_change(zone, autumn - standard * OSMC_USECS_PER_SECOND, summer);
		}
		else
		{
			add_change(zone, spring - standard * OSMC_USECS_PER_SECOND, summer);
			add_change(zone, autumn - summer * OSMC_USECS_PER_SECOND, standard);
		}
	}
}

Zone *
zone_new_york(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "New York";
	every_year(&zone, -5 * 3600, -4 * 3600, 2, false);
	return &zone;
}

Zone *
zone_midnight(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "changes at midnight";
	every_year(&zone, -3 * 3600, -2 * 3600, 0, true);
	return &zone;
}

Zone *
zone_over_midnight(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "changes over midnight";
	zone.offset = 3600;
	add_change(&zone, utc(2014, 6, 10, 22, 30), 2 * 3600);
	add_change(&zone, utc(2014, 10, 20, 22, 15), 3600);
	return &zone;
}

Zone *
zone_lord_howe(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "Lord Howe";
	every_year(&zone, 10 * 3600 + 1800, 11 * 3600, 2, true);
	return &zone;
}

Zone *
zone_samoa(void)
{
	static Zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.name = "Samoa";
	zone.offset = -11 * 3600;
	add_change(&zone, utc(2011, 9, 24, 14, 0), -10 * 3600);
	add_change(&zone, utc(2011, 12, 30, 10, 0), 14 * 3600);
	add_change(&zone, utc(2012, 3, 31, 14, 0), 13 * 3600);
	return &zone;
}

Zone *
zone_by_number(unsigned number)
{
	switch (number % 13)
	{
		case 0:
			return zone_utc();
		case 1:
			return zone_moscow();
		case 2:
			return zone_new_york();
		case 3:
			return zone_midnight();
		case 4:
			return zone_over_midnight();
		case 5:
			return zone_lord_howe();
		case 6:
			return zone_samoa();
		case 7:
			return zone_fixed(12);
		case 8:
			return zone_samara();
		case 9:
			return zone_vladivostok();
		case 10:
			return zone_kamchatka();
		case 11:
			return zone_kathmandu();
		default:
			return zone_fixed(-11);
	}
}

int
zone_next(void *ctx, int64_t instant, int32_t *before, int64_t *boundary, int32_t *after)
{
	Zone	   *zone = ctx;
	int			i;

	zone->asked++;
	*before = zone->offset;
	for (i = 0; i < zone->count; i++)
	{
		if (zone->changes[i].at > instant)
		{
			*boundary = zone->changes[i].at;
			*after = zone->changes[i].offset;
			return 1;
		}
		*before = zone->changes[i].offset;
	}
	return 0;
}

/* ---- allocator ---- */

static void *
heap_alloc(void *ctx, size_t size)
{
	Heap	   *heap = ctx;

	if (++heap->calls == heap->fail_at)
		return NULL;
	heap->live++;
	return malloc(size);
}

static void
heap_free(void *ctx, void *pointer)
{
	Heap	   *heap = ctx;

	heap->live--;
	free(pointer);
}

OsmcAllocator
heap_allocator(Heap *heap)
{
	OsmcAllocator allocator = {heap_alloc, heap_free, heap};

	return allocator;
}

OsmcAllocator
plain_allocator(void)
{
	static Heap heap;

	return heap_allocator(&heap);
}

/* ---- dates and random numbers ---- */

int32_t
day_of(int year, int month, int mday)
{
	int32_t		day = 0;

	assert_true(osmc_day_from_date(year, month, mday, &day));
	return day;
}

int64_t
utc(int year, int month, int mday, int hour, int minute)
{
	return day_of(year, month, mday) * DAY + hour * HOUR + minute * MINUTE;
}

/* splitmix64 */
uint64_t
random_bits(uint64_t *state)
{
	uint64_t	z = (*state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

int64_t
random_between(uint64_t *state, int64_t low, int64_t high)
{
	return low + (int64_t) (random_bits(state) % (uint64_t) (high - low + 1));
}

/* ---- fixtures ---- */

Fixture *
fixture_new(Zone *zone, int32_t first_day, int32_t last_day, int layers)
{
	Fixture    *fixture = calloc(1, sizeof(Fixture));
	int			i;

	assert_non_null(fixture);
	fixture->source.layers = fixture->layers;
	fixture->source.layer_count = layers;
	fixture->source.next_transition = zone_next;
	fixture->source.zone = zone;
	fixture->source.first_day = first_day;
	fixture->source.last_day = last_day;
	for (i = 0; i < 4; i++)
	{
		fixture->layers[i].short_day_cut = OSMC_NO_CUT;
		fixture->layers[i].known_until = OSMC_NO_DAY;
		fixture->layers[i].days = fixture->days[i];
		fixture->layers[i].yearly = fixture->yearly[i];
	}
	return fixture;
}

OsmcHours
hours_of(Fixture *fixture, const char *text)
{
	OsmcHours	hours = {&fixture->spans[fixture->span_count], 0};
	int			h1;
	int			m1;
	int			h2;
	int			m2;
	int			used;

	while (text != NULL && sscanf(text, " %d:%d-%d:%d%n", &h1, &m1, &h2, &m2, &used) == 4)
	{
		assert_true(fixture->span_count < COUNT(fixture->spans));
		fixture->spans[fixture->span_count].open = h1 * HOUR + m1 * MINUTE;
		fixture->spans[fixture->span_count++].close = h2 * HOUR + m2 * MINUTE;
		hours.count++;
		text += used;
	}
	return hours;
}

void
set_week(Fixture *fixture, int layer, const char *workdays, const char *weekend)
{
	int			i;

	fixture->layers[layer].has_hours = true;
	for (i = 0; i < 7; i++)
		fixture->layers[layer].week[i] = hours_of(fixture, i < 5 ? workdays : weekend);
}

void
add_rule(Fixture *fixture, int layer, int32_t day, OsmcDayKind kind, int weekday,
		 const char *hours)
{
	OsmcLayer  *l = &fixture->layers[layer];
	OsmcDay    *entry;

	assert_true(l->day_count < PLENTY);
	entry = &fixture->days[layer][l->day_count++];
	entry->day = day;
	entry->rule.kind = kind;
	entry->rule.weekday = weekday;
	entry->rule.hours = hours_of(fixture, hours);
}

void
add_yearly(Fixture *fixture, int layer, int month, int mday, OsmcDayKind kind, const char *hours)
{
	OsmcLayer  *l = &fixture->layers[layer];
	OsmcYearlyDay *entry;

	assert_true(l->yearly_count < PLENTY);
	entry = &fixture->yearly[layer][l->yearly_count++];
	entry->month = month;
	entry->mday = mday;
	entry->rule.kind = kind;
	entry->rule.weekday = 0;
	entry->rule.hours = hours_of(fixture, hours);
}

OsmcCalendar *
compile(const Fixture *fixture)
{
	OsmcAllocator allocator = plain_allocator();
	OsmcCalendar *calendar = NULL;

	assert_int_equal(osmc_calendar_compile(&fixture->source, &allocator, NULL, &calendar, NULL),
					 OSMC_OK);
	assert_non_null(calendar);
	return calendar;
}

/* ---- calendars by example ---- */

/* Ten years around 2020, one layer with 09:00-18:00 on workdays unless told otherwise. */
Fixture *
office(Zone *zone, const char *workdays, const char *weekend)
{
	Fixture    *fixture = fixture_new(zone, day_of(2014, 1, 1), day_of(2028, 12, 31), 1);

	set_week(fixture, 0, workdays, weekend);
	return fixture;
}

OsmcCalendar *
compile_and_free(Fixture *fixture)
{
	OsmcCalendar *calendar = compile(fixture);

	free(fixture);
	return calendar;
}

void
expect_add(const OsmcCalendar *calendar, int64_t instant, int32_t days, int64_t time,
		   int64_t expected)
{
	int64_t		result = -1;

	assert_int_equal(osmc_calendar_add(calendar, instant, time, days, &result, NULL), OSMC_OK);
	assert_int_equal(result, expected);
}

void
expect_subtract(const OsmcCalendar *calendar, int64_t instant, int32_t days, int64_t time,
				int64_t expected)
{
	int64_t		result = -1;

	assert_int_equal(osmc_calendar_subtract(calendar, instant, time, days, &result, NULL),
					 OSMC_OK);
	assert_int_equal(result, expected);
}

void
expect_between(const OsmcCalendar *calendar, int64_t from, int64_t to, int64_t expected)
{
	int64_t		result = -1;

	assert_int_equal(osmc_calendar_between(calendar, from, to, &result, NULL), OSMC_OK);
	assert_int_equal(result, expected);
}

/* A day's segments as local hours by the offset given: "9:00-13:00 14:00-18:00". */
void
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

/* ---- oracle ---- */

static int32_t
offset_at(const Zone *zone, int64_t instant)
{
	int32_t		offset = zone->offset;
	int			i;

	for (i = 0; i < zone->count && zone->changes[i].at <= instant; i++)
		offset = zone->changes[i].offset;
	return offset;
}

/*
 * The instant of a local time: the latest one that shows that local time, or,
 * if none does, the one by the offset before the jump that leaves it out.
 */
int64_t
oracle_utc(const Zone *zone, int64_t local)
{
	int64_t		best = INT64_MIN;
	int32_t		before = zone->offset;
	int64_t		candidate = local - before * OSMC_USECS_PER_SECOND;
	int			i;

	if (offset_at(zone, candidate) == before)
		best = candidate;
	for (i = 0; i < zone->count; i++)
	{
		candidate = local - zone->changes[i].offset * OSMC_USECS_PER_SECOND;
		if (offset_at(zone, candidate) == zone->changes[i].offset && candidate > best)
			best = candidate;
	}
	for (i = 0; best == INT64_MIN && i < zone->count; i++)
	{
		candidate = local - before * OSMC_USECS_PER_SECOND;
		if (candidate >= zone->changes[i].at
			&& local - zone->changes[i].offset * OSMC_USECS_PER_SECOND < zone->changes[i].at)
			best = candidate;
		before = zone->changes[i].offset;
	}
	assert_true(best != INT64_MIN);
	return best;
}

int32_t
oracle_local_day(const Oracle *oracle, int64_t instant)
{
	int64_t		local = instant + offset_at(oracle->zone, instant) * OSMC_USECS_PER_SECOND;
	int32_t		day = (int32_t) (local / DAY) - 2;

	while ((day + 1) * DAY <= local)
		day++;
	return day;
}

/* The spans of a day, by the rules as documented. */
static int
oracle_spans(const OsmcCalendarSource *source, int32_t day, OsmcSpan *spans)
{
	const OsmcDayRule *rule = NULL;
	const OsmcHours *week = NULL;
	OsmcHours	hours = {NULL, 0};
	int64_t		cut = OSMC_NO_CUT;
	bool		shortened = false;
	int			weekday = osmc_day_of_week(day);
	int			count;
	int			i;
	int			j;

	for (i = source->layer_count - 1; i >= 0; i--)
	{
		if (source->layers[i].has_hours)
			week = source->layers[i].week;
		if (source->layers[i].short_day_cut != OSMC_NO_CUT)
			cut = source->layers[i].short_day_cut;
	}

	/* from the weakest to the strongest: each found overrides */
	for (i = source->layer_count - 1; i >= 0; i--)
	{
		int			year;
		int			month;
		int			mday;

		osmc_day_to_date(day, &year, &month, &mday);
		for (j = 0; j < source->layers[i].yearly_count; j++)
		{
			const OsmcYearlyDay *entry = &source->layers[i].yearly[j];

			if (entry->month == month && entry->mday == mday
				&& (source->layers[i].known_until == OSMC_NO_DAY
					|| day > source->layers[i].known_until))
				rule = &entry->rule;
		}
	}
	for (i = source->layer_count - 1; i >= 0; i--)
	{
		bool		decree = false;

		for (j = 0; j < source->layers[i].day_count; j++)
		{
			const OsmcDay *entry = &source->layers[i].days[j];

			if (entry->day != day)
				continue;
			if (entry->rule.kind == OSMC_DAY_DECREE)
			{
				if (source->observes_decree_days)
				{
					rule = &entry->rule;
					decree = true;
				}
			}
			else if (!decree)
				rule = &entry->rule;
		}
	}

	if (rule == NULL || rule->kind == OSMC_DAY_SHORT)
	{
		if (week != NULL)
			hours = week[weekday - 1];
		shortened = rule != NULL;
	}
	else if (rule->kind == OSMC_DAY_WORKING || rule->kind == OSMC_DAY_WORKING_SHORT)
	{
		for (i = 6; week != NULL && i >= 0; i--)
		{
			if (rule->weekday == i + 1 || (rule->weekday == 0 && week[i].count > 0))
				hours = week[i];
		}
		shortened = rule->kind == OSMC_DAY_WORKING_SHORT;
	}
	else if (rule->kind == OSMC_DAY_HOURS)
		hours = rule->hours;

	count = hours.count;
	for (i = 0; i < count; i++)
		spans[i] = hours.spans[i];
	if (shortened && cut != OSMC_NO_CUT)
	{
		for (i = count - 1; i >= 0; i--)
		{
			int64_t		length = spans[i].close - spans[i].open;
			int64_t		less = length < cut ? length : cut;

			spans[i].close -= less;
			cut -= less;
		}
	}
	return count;
}

static int
compare_segments(const void *a, const void *b)
{
	const OsmcSegment *x = a;
	const OsmcSegment *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Sorts, drops empty ones, joins; the slow and plain way. */
static int
tidy(OsmcSegment *list, int count)
{
	int			kept = 0;
	int			i;

	for (i = 0; i < count; i++)
	{
		if (list[i].start < list[i].end)
			list[kept++] = list[i];
	}
	count = kept;
	qsort(list, (size_t) count, sizeof(OsmcSegment), compare_segments);
	kept = 0;
	for (i = 0; i < count; i++)
	{
		if (kept > 0 && list[i].start <= list[kept - 1].end)
		{
			if (list[i].end > list[kept - 1].end)
				list[kept - 1].end = list[i].end;
		}
		else
			list[kept++] = list[i];
	}
	return kept;
}

Oracle *
oracle_new(const Fixture *fixture)
{
	const OsmcCalendarSource *source = &fixture->source;
	size_t		days = (size_t) (source->last_day - source->first_day + 1);
	Oracle	   *oracle = calloc(1, sizeof(Oracle));
	size_t		i;
	int			j;

	oracle->first_day = source->first_day;
	oracle->last_day = source->last_day;
	oracle->zone = source->zone;
	oracle->list = calloc(days * 8, sizeof(OsmcSegment));
	oracle->own = calloc(days, sizeof(*oracle->own));
	oracle->own_count = calloc(days, sizeof(int));
	for (i = 0; i < days; i++)
	{
		int32_t		day = source->first_day + (int32_t) i;
		OsmcSpan	spans[8];
		int			count = oracle_spans(source, day, spans);

		for (j = 0; j < count; j++)
		{
			OsmcSegment *segment = &oracle->own[i][j];

			segment->start = oracle_utc(oracle->zone, day * DAY + spans[j].open);
			segment->end = oracle_utc(oracle->zone, day * DAY + spans[j].close);
			oracle->list[oracle->count++] = *segment;
		}
		oracle->own_count[i] = tidy(oracle->own[i], count);
	}
	oracle->count = tidy(oracle->list, oracle->count);
	return oracle;
}

void
oracle_free(Oracle *oracle)
{
	free(oracle->list);
	free(oracle->own);
	free(oracle->own_count);
	free(oracle);
}

int64_t
oracle_between(const Oracle *oracle, int64_t from, int64_t to)
{
	int64_t		sum = 0;
	int			i;

	if (from > to)
		return -oracle_between(oracle, to, from);
	for (i = 0; i < oracle->count; i++)
	{
		int64_t		start = oracle->list[i].start > from ? oracle->list[i].start : from;
		int64_t		end = oracle->list[i].end < to ? oracle->list[i].end : to;

		if (start < end)
			sum += end - start;
	}
	return sum;
}

bool
oracle_add(const Oracle *oracle, int64_t instant, int64_t time, int64_t *result)
{
	int			i;

	*result = instant;
	if (time == 0)
		return true;
	for (i = 0; time > 0 && i < oracle->count; i++)
	{
		int64_t		start = oracle->list[i].start > instant ? oracle->list[i].start : instant;

		if (oracle->list[i].end <= start)
			continue;
		*result = start + time;
		if (*result <= oracle->list[i].end)
			return true;
		time -= oracle->list[i].end - start;
	}
	if (time > 0)
		return false;
	time = -time;
	for (i = oracle->count - 1; i >= 0; i--)
	{
		int64_t		end = oracle->list[i].end < instant ? oracle->list[i].end : instant;

		if (oracle->list[i].start >= end)
			continue;
		*result = end - time;
		if (*result >= oracle->list[i].start)
			return true;
		time -= end - oracle->list[i].start;
	}
	return false;
}

bool
oracle_next(const Oracle *oracle, int64_t instant, int64_t *result)
{
	int			i;

	for (i = 0; i < oracle->count; i++)
	{
		if (oracle->list[i].end > instant)
		{
			*result = oracle->list[i].start > instant ? oracle->list[i].start : instant;
			return true;
		}
	}
	return false;
}

bool
oracle_previous(const Oracle *oracle, int64_t instant, int64_t *result)
{
	int			i;

	for (i = oracle->count - 1; i >= 0; i--)
	{
		if (oracle->list[i].start < instant)
		{
			*result = oracle->list[i].end < instant ? oracle->list[i].end : instant;
			return true;
		}
	}
	return false;
}

bool
oracle_is_open(const Oracle *oracle, int64_t instant)
{
	int			i;

	for (i = 0; i < oracle->count; i++)
	{
		if (oracle->list[i].start <= instant && instant < oracle->list[i].end)
			return true;
	}
	return false;
}

bool
oracle_add_days(const Oracle *oracle, int32_t day, int32_t count, int32_t *result)
{
	int			step = count < 0 ? -1 : 1;

	*result = day;
	while (count != 0)
	{
		*result += step;
		if (*result < oracle->first_day || *result > oracle->last_day)
			return false;
		if (oracle->own_count[*result - oracle->first_day] > 0)
			count -= step;
	}
	return true;
}
