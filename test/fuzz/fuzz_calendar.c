/*-------------------------------------------------------------------------
 *
 * fuzz_calendar.c
 *	  Bytes as a source of a calendar, a zone included, and as questions to it.
 *
 * Sources are mostly nearly right, so that they compile; zones may jump as far
 * and as often as they like, which no real one does.  The laws that do not
 * depend on how a local time is resolved must hold even then.
 *
 *-------------------------------------------------------------------------
 */
#include "osmc_calendar.h"

#include <stdlib.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_ITEMS 24

typedef struct Input
{
	const uint8_t *data;
	size_t		size;
} Input;

typedef struct FuzzZone
{
	int			count;
	int64_t		at[MAX_ITEMS];
	int32_t		offset[MAX_ITEMS + 1];
} FuzzZone;

static int	allocated;

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static uint32_t
take(Input *input, int bytes)
{
	uint32_t	value = 0;

	while (bytes-- > 0 && input->size > 0)
	{
		value = value << 8 | *input->data++;
		input->size--;
	}
	return value;
}

static void *
fuzz_alloc(void *ctx, size_t size)
{
	int		   *left = ctx;

	if (*left > 0 && --*left == 0)
		return NULL;
	allocated++;
	return malloc(size);
}

static void
fuzz_free(void *ctx, void *pointer)
{
	(void) ctx;
	allocated--;
	free(pointer);
}

static int
fuzz_next(void *ctx, int64_t instant, int32_t *before, int64_t *boundary, int32_t *after)
{
	const FuzzZone *zone = ctx;
	int			i;

	for (i = 0; i < zone->count; i++)
	{
		if (zone->at[i] > instant)
		{
			*before = zone->offset[i];
			*boundary = zone->at[i];
			*after = zone->offset[i + 1];
			return 1;
		}
	}
	*before = zone->offset[zone->count];
	return 0;
}

static OsmcHours
take_hours(Input *input, OsmcSpan *spans)
{
	OsmcHours	hours = {spans, (int) (take(input, 1) % 4)};
	int64_t		at = 0;
	int			i;

	for (i = 0; i < hours.count; i++)
	{
		spans[i].open = at + take(input, 1) % 64 * 15 * OSMC_USECS_PER_MINUTE;
		spans[i].close = spans[i].open + take(input, 1) % 64 * 15 * OSMC_USECS_PER_MINUTE;
		at = spans[i].close;
	}
	return hours;
}

static OsmcDayRule
take_rule(Input *input, OsmcSpan *spans)
{
	OsmcDayRule rule;

	rule.kind = (OsmcDayKind) (take(input, 1) % 7);
	rule.weekday = (int) (take(input, 1) % 9);
	rule.hours = take_hours(input, spans);
	return rule;
}

/* The laws that tie several answers together. */
static void
ask_laws(const OsmcCalendar *calendar, int64_t t, int64_t t2, int64_t d, int64_t first,
		 int64_t end)
{
	int64_t		middle = first + (end - first) / 2;
	int64_t		b = d / 3 + 1;
	int64_t		u;
	int64_t		v;
	int64_t		w;

	/* add(add(t, d), b) = add(t, d + b), and both or neither lie inside the horizon */
	if (osmc_calendar_add(calendar, t, d, 0, &u, NULL) == OSMC_OK)
	{
		if (osmc_calendar_add(calendar, u, b, 0, &v, NULL) == OSMC_OK)
			check(osmc_calendar_add(calendar, t, d + b, 0, &w, NULL) == OSMC_OK && v == w);
		else
			check(osmc_calendar_add(calendar, t, d + b, 0, &w, NULL) != OSMC_OK);
		/* t <= t2 implies add(t, d) <= add(t2, d) */
		if (t <= t2 && osmc_calendar_add(calendar, t2, d, 0, &v, NULL) == OSMC_OK)
			check(u <= v);
	}
	/* between adds up over a third instant */
	check(osmc_calendar_between(calendar, t, middle, &u, NULL) == OSMC_OK);
	check(osmc_calendar_between(calendar, middle, t2, &v, NULL) == OSMC_OK);
	check(osmc_calendar_between(calendar, t, t2, &w, NULL) == OSMC_OK && u + v == w);
}

static void
ask(const OsmcCalendar *calendar, Input *input)
{
	int64_t		first;
	int64_t		end;
	int64_t		t;
	int64_t		t2;
	int64_t		d;
	int64_t		u;
	int64_t		v;
	int64_t		w;
	int64_t		sum = 0;
	int32_t		day;
	int32_t		n = (int8_t) take(input, 1);
	bool		open;
	bool		provisional;
	OsmcScan	scan;
	OsmcSegment segment;

	osmc_calendar_bounds(calendar, &first, &end);
	t = first + take(input, 4) % 5000 * (end - first) / 4999 + (int8_t) take(input, 1);
	t2 = first + take(input, 4) % 5000 * (end - first) / 4999;
	d = (int64_t) take(input, 4) * (1 + take(input, 1) * 1000);

	if (t < first || t > end)
	{
		check(osmc_calendar_add(calendar, t, d, n, &u, NULL) == OSMC_OUT_OF_HORIZON);
		return;
	}
	check(osmc_calendar_is_open(calendar, t, &open) == OSMC_OK);
	if (osmc_calendar_next(calendar, t, &u, &provisional) == OSMC_OK)
		check(u >= t && open == (u == t));
	else
		check(!open);
	if (osmc_calendar_add(calendar, t, d, 0, &u, NULL) == OSMC_OK)
	{
		check(u >= t);
		check(osmc_calendar_between(calendar, t, u, &w, NULL) == OSMC_OK && w == d);
		if (d > 0)
		{
			check(osmc_calendar_next(calendar, t, &v, NULL) == OSMC_OK);
			check(osmc_calendar_subtract(calendar, u, d, 0, &w, NULL) == OSMC_OK && w == v);
		}
	}
	if (d > 0 && osmc_calendar_subtract(calendar, t, d, 0, &u, NULL) == OSMC_OK)
	{
		check(osmc_calendar_previous(calendar, t, &v, NULL) == OSMC_OK);
		check(osmc_calendar_add(calendar, u, d, 0, &w, NULL) == OSMC_OK && w == v);
	}
	check(osmc_calendar_scan(calendar, t, t2, &scan) == OSMC_OK);
	while (osmc_scan_next(&scan, &segment))
	{
		check(t <= segment.start && segment.start < segment.end && segment.end <= t2);
		sum += segment.end - segment.start;
	}
	check(osmc_calendar_between(calendar, t, t2, &w, NULL) == OSMC_OK && (w < 0 || w == sum));
	ask_laws(calendar, t, t2, d, first, end);

	if (osmc_calendar_local_day(calendar, t, &day) != OSMC_OK)
		return;
	if (osmc_calendar_add_days(calendar, day, n, &day, NULL) == OSMC_OK && n != 0)
	{
		check(osmc_calendar_is_business_day(calendar, day, &open) == OSMC_OK && open);
		check(osmc_calendar_close_of(calendar, day, &u) == OSMC_OK);
		check(osmc_calendar_opening_of(calendar, day, &v) == OSMC_OK && v < u);
		check(osmc_calendar_add(calendar, t, 0, n, &w, NULL) == OSMC_OK);
		check(w == (n > 0 ? u : v));
		check(osmc_calendar_scan_day(calendar, day, &scan) == OSMC_OK);
		while (osmc_scan_next(&scan, &segment))
		{
			check(segment.start == v || segment.start > w || n > 0);
			check(segment.end <= u);
		}
		check(segment.end == u);
	}
	osmc_calendar_add(calendar, t, d, n, &u, &provisional);
	osmc_calendar_subtract(calendar, t, -d, n, &u, &provisional);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static OsmcSpan spans[3 * 7 + 3 * 2 * MAX_ITEMS * 3][3];
	static OsmcDay days[3][MAX_ITEMS];
	static OsmcYearlyDay yearly[3][MAX_ITEMS];
	Input		input = {data, size};
	OsmcLayer	layers[3] = {0};
	OsmcCalendarSource source = {0};
	FuzzZone	zone;
	int			fail = 0;
	OsmcAllocator allocator = {fuzz_alloc, fuzz_free, &fail};
	OsmcCalendar *calendar;
	OsmcSourceError error;
	int32_t		day;
	int64_t		at;
	int			used = 0;
	int			i;
	int			j;

	source.layers = layers;
	source.layer_count = 1 + (int) (take(&input, 1) % 3);
	source.observes_decree_days = take(&input, 1) % 2;
	source.next_transition = fuzz_next;
	source.zone = &zone;
	source.first_day = (int16_t) take(&input, 2);
	source.last_day = source.first_day + (int32_t) (take(&input, 1) % 200);
	if (take(&input, 1) == 255)
		fail = 1 + (int) (take(&input, 1) % 20);

	zone.count = (int) (take(&input, 1) % MAX_ITEMS);
	at = (source.first_day - 4) * OSMC_USECS_PER_DAY;
	for (i = 0; i < zone.count; i++)
	{
		at += (1 + take(&input, 3) % 2000000) * OSMC_USECS_PER_SECOND;
		zone.at[i] = at;
	}
	for (i = 0; i <= zone.count; i++)
		zone.offset[i] = ((int32_t) (take(&input, 1) % 191) - 95) * 900;

	for (i = 0; i < source.layer_count; i++)
	{
		OsmcLayer  *layer = &layers[i];

		layer->has_hours = take(&input, 1) % 2;
		for (j = 0; layer->has_hours && j < 7; j++)
			layer->week[j] = take_hours(&input, spans[used++]);
		layer->short_day_cut = (int8_t) take(&input, 1) * 15 * OSMC_USECS_PER_MINUTE;
		if (layer->short_day_cut < 0)
			layer->short_day_cut = OSMC_NO_CUT;
		layer->known_until = take(&input, 1) % 2 ? OSMC_NO_DAY
			: source.first_day - 2 + (int32_t) take(&input, 1);
		layer->days = days[i];
		layer->day_count = (int) (take(&input, 1) % MAX_ITEMS);
		day = source.first_day - 2;
		for (j = 0; j < layer->day_count; j++)
		{
			day += (int32_t) (take(&input, 1) % 32);
			days[i][j].day = day;
			days[i][j].rule = take_rule(&input, spans[used++]);
		}
		layer->yearly = yearly[i];
		layer->yearly_count = (int) (take(&input, 1) % MAX_ITEMS);
		for (j = 0; j < layer->yearly_count; j++)
		{
			yearly[i][j].month = (int) (take(&input, 1) % 13);
			yearly[i][j].mday = (int) (take(&input, 1) % 32);
			yearly[i][j].rule = take_rule(&input, spans[used++]);
		}
	}

	allocated = 0;
	if (osmc_calendar_compile(&source, &allocator, NULL, &calendar, &error) == OSMC_OK)
	{
		check(allocated == 1);
		for (i = 0; i < 8; i++)
			ask(calendar, &input);
		osmc_calendar_free(calendar);
	}
	else
		check(calendar == NULL);
	check(allocated == 0);
	return 0;
}
