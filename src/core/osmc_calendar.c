/*-------------------------------------------------------------------------
 *
 * osmc_calendar.c
 *	  Compiling a calendar: from layers of rules to sorted UTC segments.
 *
 * A backend compiles on its first question, so this must take a few
 * milliseconds for fifty years: the zone is asked once per change of offset,
 * not once per boundary, and a day far from any change only adds a constant to
 * its weekday's spans.  Days near a change take the exact and slower way,
 * where a jump of the clock may shorten, drop, reorder or overlay spans, even
 * those of the neighbouring day.
 *
 * Memory is the hazard otherwise: everything is built aside in arrays that are
 * freed on every return, and the result is one block.
 *
 *-------------------------------------------------------------------------
 */
#include "osmc_internal.h"

#include <string.h>

#define MAX_TRANSITIONS		65536
#define MAX_SEGMENTS		(1 << 24)
#define POLL_EVERY			512	/* days */
#define YEAR_TABLE			(12 * 31)

/* An array that grows. */
typedef struct Vector
{
	void	   *items;
	int32_t		count;
	int32_t		capacity;
} Vector;

typedef struct Build
{
	const OsmcCalendarSource *source;
	const OsmcAllocator *allocator;
	const OsmcInterrupt *interrupt;

	int			cursors[OSMC_MAX_LAYERS];	/* into each layer's days */
	int16_t    *yearly;			/* layer_count tables of indexes into a layer's yearly, or -1 */
	int32_t		yearly_from;	/* no rule of any year applies before this day */

	OsmcHours	full[7];		/* weekly hours, Monday first */
	OsmcHours	cut[7];			/* the same less the cut */
	int			first_working;	/* index of the first weekday with hours, or -1 */
	OsmcSpan   *cut_spans;

	Vector		transitions;
	ZoneTable	zone;
	int			next_transition;	/* for the walk over the days */

	Vector		segments;		/* OsmcSegment */
	Vector		business_days;	/* int32_t */
	Vector		own_days;		/* OwnDay */
	Vector		own_segments;	/* OsmcSegment */
	DayEntry   *days;
	OsmcSegment *scratch;		/* one day's spans as instants, then the merger of several */
	int32_t		scratch_size;
} Build;

/* Makes room for one more item and returns its place, or NULL. */
static void *
append(Build *build, Vector *vector, size_t item)
{
	if (vector->count == vector->capacity)
	{
		const OsmcAllocator *allocator = build->allocator;
		int32_t		capacity = vector->capacity < 64 ? 64 : vector->capacity * 2;
		void	   *items = allocator->alloc(allocator->ctx, (size_t) capacity * item);

		if (items == NULL)
			return NULL;
		if (vector->items != NULL)
		{
			memcpy(items, vector->items, (size_t) vector->count * item);
			allocator->free(allocator->ctx, vector->items);
		}
		vector->items = items;
		vector->capacity = capacity;
	}
	return (char *) vector->items + (size_t) vector->count++ * item;
}

static void *
allocate(Build *build, size_t size)
{
	return build->allocator->alloc(build->allocator->ctx, size > 0 ? size : 1);
}

static void
release(Build *build, void *pointer)
{
	if (pointer != NULL)
		build->allocator->free(build->allocator->ctx, pointer);
}

static bool
interrupted(Build *build)
{
	return build->interrupt != NULL && build->interrupt->poll(build->interrupt->ctx);
}

/* ---- the zone ---- */

/* Collects the changes of offset from three days before the horizon to three days after it. */
static OsmcStatus
read_zone(Build *build)
{
	int64_t		instant = (build->source->first_day - 3) * OSMC_USECS_PER_DAY;
	int64_t		end = (build->source->last_day + 3) * OSMC_USECS_PER_DAY;

	for (;;)
	{
		Transition	found = {0, 0, 0};
		Transition *place;
		int			result = build->source->next_transition(build->source->zone, instant,
															&found.before, &found.at,
															&found.after);

		if (result < 0 || (result > 0 && found.at <= instant))
			return OSMC_BAD_ZONE;
		if (found.before <= -OSMC_SECONDS_PER_DAY || found.before >= OSMC_SECONDS_PER_DAY
			|| found.after <= -OSMC_SECONDS_PER_DAY || found.after >= OSMC_SECONDS_PER_DAY)
			return OSMC_BAD_ZONE;
		if (build->transitions.count == 0)
			build->zone.offset = found.before;
		if (result == 0 || found.at > end)
			break;
		if (build->transitions.count == MAX_TRANSITIONS)
			return OSMC_LIMIT;
		place = append(build, &build->transitions, sizeof(Transition));
		if (place == NULL)
			return OSMC_NO_MEMORY;
		*place = found;
		instant = found.at;
		if (interrupted(build))
			return OSMC_INTERRUPTED;
	}
	build->zone.transitions = build->transitions.items;
	build->zone.count = build->transitions.count;
	return OSMC_OK;
}

/*
 * Whether no change of offset is near enough to a day to matter for it; if so
 * sets the offset.  Days must come in ascending order.
 */
static bool
is_calm(Build *build, int64_t midnight, int32_t *offset)
{
	const ZoneTable *zone = &build->zone;

	/* local time is within a day of UTC, and the rule looks a day back */
	while (build->next_transition < zone->count
		   && zone->transitions[build->next_transition].at <= midnight - 3 * OSMC_USECS_PER_DAY)
		build->next_transition++;
	if (build->next_transition < zone->count
		&& zone->transitions[build->next_transition].at < midnight + 3 * OSMC_USECS_PER_DAY)
		return false;
	if (build->next_transition > 0)
		*offset = zone->transitions[build->next_transition - 1].after;
	else
		*offset = zone->count > 0 ? zone->transitions[0].before : zone->offset;
	return true;
}

/* ---- which hours a day has ---- */

/* Takes the cut off the end of some hours, over several spans if need be. */
static int
cut_hours(const OsmcHours *hours, int64_t cut, OsmcSpan *spans)
{
	int			count = hours->count;

	if (count > 0)
		memcpy(spans, hours->spans, (size_t) count * sizeof(OsmcSpan));
	while (count > 0 && cut > 0)
	{
		OsmcSpan   *last = &spans[count - 1];

		if (last->close - last->open > cut)
		{
			last->close -= cut;
			break;
		}
		cut -= last->close - last->open;
		count--;
	}
	return count;
}

/* Weekly hours and cut come from the first layer that states them. */
static OsmcStatus
prepare_week(Build *build)
{
	const OsmcCalendarSource *source = build->source;
	int64_t		cut = 0;
	size_t		count = 0;
	size_t		used = 0;
	int			i;

	for (i = 0; i < source->layer_count; i++)
	{
		if (source->layers[i].has_hours)
		{
			memcpy(build->full, source->layers[i].week, sizeof(build->full));
			break;
		}
	}
	for (i = 0; i < source->layer_count; i++)
	{
		if (source->layers[i].short_day_cut != OSMC_NO_CUT)
		{
			cut = source->layers[i].short_day_cut;
			break;
		}
	}

	build->first_working = -1;
	for (i = 6; i >= 0; i--)
	{
		count += (size_t) build->full[i].count;
		if (build->full[i].count > 0)
			build->first_working = i;
	}
	build->cut_spans = allocate(build, count * sizeof(OsmcSpan));
	if (build->cut_spans == NULL)
		return OSMC_NO_MEMORY;
	for (i = 0; i < 7; i++)
	{
		build->cut[i].spans = build->cut_spans + used;
		build->cut[i].count = cut_hours(&build->full[i], cut, build->cut_spans + used);
		used += (size_t) build->full[i].count;
	}
	return OSMC_OK;
}

/* Lays the rules of every year out by month and day. */
static OsmcStatus
prepare_yearly(Build *build)
{
	const OsmcCalendarSource *source = build->source;
	int			i;
	int			j;

	build->yearly_from = INT32_MAX;
	build->yearly = allocate(build,
							 (size_t) source->layer_count * YEAR_TABLE * sizeof(int16_t));
	if (build->yearly == NULL)
		return OSMC_NO_MEMORY;
	for (i = 0; i < source->layer_count * YEAR_TABLE; i++)
		build->yearly[i] = -1;
	for (i = 0; i < source->layer_count; i++)
	{
		const OsmcLayer *layer = &source->layers[i];

		if (layer->yearly_count > 0 && layer->known_until < build->yearly_from - 1)
			build->yearly_from = layer->known_until + 1;
		for (j = 0; j < layer->yearly_count; j++)
			build->yearly[i * YEAR_TABLE + (layer->yearly[j].month - 1) * 31
						  + layer->yearly[j].mday - 1] = (int16_t) j;
	}
	return OSMC_OK;
}

/* The rule that decides a day, or NULL for weekly hours.  Days must come in ascending order. */
static const OsmcDayRule *
find_rule(Build *build, int32_t day)
{
	const OsmcCalendarSource *source = build->source;
	int			year;
	int			month;
	int			mday;
	int			i;

	for (i = 0; i < source->layer_count; i++)
	{
		const OsmcLayer *layer = &source->layers[i];
		const OsmcDayRule *rule;

		while (build->cursors[i] < layer->day_count && layer->days[build->cursors[i]].day < day)
			build->cursors[i]++;
		rule = osmc_layer_rule(layer, build->cursors[i], day, source->observes_decree_days, NULL);
		if (rule != NULL)
			return rule;
	}
	if (day < build->yearly_from)
		return NULL;

	osmc_day_to_date(day, &year, &month, &mday);
	for (i = 0; i < source->layer_count; i++)
	{
		int			found = build->yearly[i * YEAR_TABLE + (month - 1) * 31 + mday - 1];

		if (found >= 0 && day > source->layers[i].known_until)
			return &source->layers[i].yearly[found].rule;
	}
	return NULL;
}

/* The hours of a day by the rule found for it. */
static const OsmcHours *
find_hours(const Build *build, int32_t day, const OsmcDayRule *rule)
{
	static const OsmcHours none = {NULL, 0};
	int			weekday = osmc_day_of_week(day) - 1;
	int			working;

	if (rule == NULL)
		return &build->full[weekday];
	working = rule->weekday > 0 ? rule->weekday - 1 : build->first_working;
	switch (rule->kind)
	{
		case OSMC_DAY_CLOSED:
		case OSMC_DAY_DECREE:
			return &none;
		case OSMC_DAY_SHORT:
			return &build->cut[weekday];
		case OSMC_DAY_WORKING:
			return working < 0 ? &none : &build->full[working];
		case OSMC_DAY_WORKING_SHORT:
			return working < 0 ? &none : &build->cut[working];
		case OSMC_DAY_HOURS:
			return &rule->hours;
	}
	return &none;
}

/* ---- segments ---- */

/* Grows the scratch list to a number of segments, keeping what it holds. */
static OsmcStatus
reserve_scratch(Build *build, int32_t size)
{
	OsmcSegment *scratch;

	if (size <= build->scratch_size)
		return OSMC_OK;
	size += size / 2 + 16;
	scratch = allocate(build, (size_t) size * sizeof(OsmcSegment));
	if (scratch == NULL)
		return OSMC_NO_MEMORY;
	if (build->scratch != NULL)
		memcpy(scratch, build->scratch, (size_t) build->scratch_size * sizeof(OsmcSegment));
	release(build, build->scratch);
	build->scratch = scratch;
	build->scratch_size = size;
	return OSMC_OK;
}

/* Sorts segments, drops empty ones and joins those that overlap or touch; returns how many. */
static int32_t
normalize(OsmcSegment *segments, int32_t count)
{
	int32_t		kept = 0;
	int32_t		i;

	for (i = 1; i < count; i++)
	{
		OsmcSegment segment = segments[i];
		int32_t		j = i;

		while (j > 0 && segments[j - 1].start > segment.start)
		{
			segments[j] = segments[j - 1];
			j--;
		}
		segments[j] = segment;
	}
	for (i = 0; i < count; i++)
	{
		if (segments[i].start >= segments[i].end)
			continue;
		if (kept > 0 && segments[kept - 1].end >= segments[i].start)
		{
			if (segments[kept - 1].end < segments[i].end)
				segments[kept - 1].end = segments[i].end;
		}
		else
			segments[kept++] = segments[i];
	}
	return kept;
}

/* Writes down a day's own segments apart from the calendar's. */
static OsmcStatus
keep_own(Build *build, int32_t day, const OsmcSegment *segments, int32_t count)
{
	OwnDay	   *own = append(build, &build->own_days, sizeof(OwnDay));
	int32_t		i;

	if (own == NULL)
		return OSMC_NO_MEMORY;
	own->day = day;
	own->first = build->own_segments.count;
	own->count = count;
	for (i = 0; i < count; i++)
	{
		OsmcSegment *place = append(build, &build->own_segments, sizeof(OsmcSegment));

		if (place == NULL)
			return OSMC_NO_MEMORY;
		*place = segments[i];
	}
	return OSMC_OK;
}

static bool
has_own(const Build *build, int32_t day)
{
	const OwnDay *own = build->own_days.items;
	int32_t		i;

	for (i = build->own_days.count - 1; i >= 0; i--)
	{
		if (own[i].day == day)
			return true;
	}
	return false;
}

/*
 * Adds a day (its segments are in the scratch list) that begins before the
 * days before it end: a jump of the clock over midnight, or over a whole day.
 * All days involved get lists of their own; the calendar gets the union.
 */
static OsmcStatus
overlay_day(Build *build, int32_t index, int32_t count)
{
	int32_t		first_day = build->source->first_day;
	OsmcSegment *segments = build->segments.items;
	int32_t		keep = build->segments.count;
	OsmcStatus	status;
	int32_t		i;

	while (keep > 0 && segments[keep - 1].end > build->scratch[0].start)
		keep--;
	for (i = index - 1; i >= 0 && build->days[i + 1].segment > keep; i--)
	{
		int32_t		first = build->days[i].segment;

		if (has_own(build, first_day + i))
			continue;
		status = keep_own(build, first_day + i, segments + first,
						  build->days[i + 1].segment - first);
		if (status != OSMC_OK)
			return status;
	}
	status = keep_own(build, first_day + index, build->scratch, count);
	if (status == OSMC_OK)
		status = reserve_scratch(build, count + build->segments.count - keep);
	if (status != OSMC_OK)
		return status;

	memcpy(build->scratch + count, segments + keep,
		   (size_t) (build->segments.count - keep) * sizeof(OsmcSegment));
	count = normalize(build->scratch, count + build->segments.count - keep);
	build->segments.count = keep;
	for (i = 0; i < count; i++)
	{
		OsmcSegment *place = append(build, &build->segments, sizeof(OsmcSegment));

		if (place == NULL)
			return OSMC_NO_MEMORY;
		*place = build->scratch[i];
	}
	return OSMC_OK;
}

/* Adds one day with the hours given. */
static OsmcStatus
add_day(Build *build, int32_t index, const OsmcHours *hours)
{
	int64_t		midnight = (build->source->first_day + index) * OSMC_USECS_PER_DAY;
	OsmcSegment *segments = build->segments.items;
	int32_t		offset = 0;
	int32_t		count = 0;
	OsmcStatus	status;
	int32_t		i;

	build->days[index].segment = build->segments.count;
	build->days[index].business = build->business_days.count;
	if (hours->count == 0)
		return OSMC_OK;
	status = reserve_scratch(build, hours->count);
	if (status != OSMC_OK)
		return status;

	if (is_calm(build, midnight, &offset))
	{
		int64_t		base = midnight - offset * OSMC_USECS_PER_SECOND;

		for (i = 0; i < hours->count; i++)
		{
			const OsmcSpan *span = &hours->spans[i];

			if (count > 0 && build->scratch[count - 1].end == base + span->open)
				build->scratch[count - 1].end = base + span->close;
			else
			{
				build->scratch[count].start = base + span->open;
				build->scratch[count++].end = base + span->close;
			}
		}
	}
	else
	{
		for (i = 0; i < hours->count; i++)
		{
			const OsmcSpan *span = &hours->spans[i];

			build->scratch[i].start = osmc_local_to_utc(&build->zone, midnight + span->open);
			build->scratch[i].end = osmc_local_to_utc(&build->zone, midnight + span->close);
		}
		count = normalize(build->scratch, hours->count);
	}
	if (count == 0)
		return OSMC_OK;
	if (build->segments.count > MAX_SEGMENTS - count)
		return OSMC_LIMIT;

	if (build->segments.count > 0
		&& segments[build->segments.count - 1].end > build->scratch[0].start)
		status = overlay_day(build, index, count);
	else
	{
		for (i = 0; i < count; i++)
		{
			OsmcSegment *place = append(build, &build->segments, sizeof(OsmcSegment));

			if (place == NULL)
				return OSMC_NO_MEMORY;
			*place = build->scratch[i];
		}
	}
	if (status == OSMC_OK)
	{
		int32_t    *place = append(build, &build->business_days, sizeof(int32_t));

		if (place == NULL)
			return OSMC_NO_MEMORY;
		*place = build->source->first_day + index;
	}
	return status;
}

/* Lays out all days of the horizon. */
static OsmcStatus
add_days(Build *build)
{
	int32_t		count = build->source->last_day - build->source->first_day + 1;
	int32_t		i;

	build->days = allocate(build, (size_t) (count + 1) * sizeof(DayEntry));
	if (build->days == NULL)
		return OSMC_NO_MEMORY;
	for (i = 0; i < count; i++)
	{
		int32_t		day = build->source->first_day + i;
		OsmcStatus	status;

		if (i % POLL_EVERY == 0 && interrupted(build))
			return OSMC_INTERRUPTED;
		status = add_day(build, i, find_hours(build, day, find_rule(build, day)));
		if (status != OSMC_OK)
			return status;
	}
	build->days[count].segment = build->segments.count;
	build->days[count].business = build->business_days.count;
	return OSMC_OK;
}

/* ---- the result ---- */

/* Hands out the next part of the block. */
static void *
carve(char **free_space, size_t size)
{
	void	   *part = *free_space;

	*free_space += (size + 7) & ~(size_t) 7;
	return part;
}

/* Copies an array into the next part of the block. */
static void *
copy(char **free_space, const Vector *vector, size_t size)
{
	void	   *part = carve(free_space, size);

	if (size > 0)
		memcpy(part, vector->items, size);
	return part;
}

/* How many buckets take all values up to a limit. */
static int64_t
bucket_count(int64_t limit, int shift)
{
	return (limit >> shift) + 1;
}

static void
sort_own_days(OwnDay *own, int32_t count)
{
	int32_t		i;

	for (i = 1; i < count; i++)
	{
		OwnDay		day = own[i];
		int32_t		j = i;

		while (j > 0 && own[j - 1].day > day.day)
		{
			own[j] = own[j - 1];
			j--;
		}
		own[j] = day;
	}
}

/* Fills both bucket indexes; for each bucket the segment its first value meets. */
static void
index_segments(const OsmcCalendar *calendar, int32_t *by_time, int64_t time_buckets,
			   int32_t *by_sum, int64_t sum_buckets)
{
	const Segment *segments = calendar->segments;
	int32_t		count = calendar->segment_count;
	int32_t		segment = 0;
	int64_t		i;

	for (i = 0; i <= time_buckets; i++)
	{
		int64_t		start = calendar->first_instant + i * (INT64_C(1) << TIME_SHIFT);

		while (segment < count && segments[segment].start + segments[segment + 1].before
			   - segments[segment].before <= start)
			segment++;
		by_time[i] = segment;
	}
	segment = 0;
	for (i = 0; i <= sum_buckets; i++)
	{
		int64_t		sum = i * (INT64_C(1) << calendar->sum_shift);

		while (segment < count && segments[segment + 1].before <= sum)
			segment++;
		by_sum[i] = segment;
	}
}

/* The most segments between one bucket and the next, at most MAX_STEPS. */
static int
most_steps(const int32_t *buckets, int64_t count)
{
	int32_t		most = 0;
	int64_t		i;

	for (i = 0; i < count; i++)
	{
		if (buckets[i + 1] - buckets[i] > most)
			most = buckets[i + 1] - buckets[i];
	}
	return most < MAX_STEPS ? (int) most : MAX_STEPS;
}

/* The effective known_until: the earliest of those stated. */
static void
set_known(OsmcCalendar *calendar, const OsmcCalendarSource *source)
{
	int			i;

	calendar->known_until = OSMC_NO_DAY;
	for (i = 0; i < source->layer_count; i++)
	{
		int32_t		known = source->layers[i].known_until;

		if (known != OSMC_NO_DAY
			&& (calendar->known_until == OSMC_NO_DAY || known < calendar->known_until))
			calendar->known_until = known;
	}
	if (calendar->known_until == OSMC_NO_DAY || calendar->known_until >= source->last_day)
		calendar->known_end = INT64_MAX;
	else if (calendar->known_until < source->first_day - 1)
		calendar->known_end = INT64_MIN;
	else
		calendar->known_end = osmc_local_to_utc(&calendar->zone, (calendar->known_until + 1)
												* OSMC_USECS_PER_DAY);
}

/* Copies what was built into one block. */
static OsmcStatus
assemble(Build *build, OsmcCalendar **result)
{
	const OsmcCalendarSource *source = build->source;
	const OsmcSegment *built = build->segments.items;
	int32_t		day_count = source->last_day - source->first_day + 1;
	int32_t		count = build->segments.count;
	OsmcCalendar head;
	OsmcCalendar *calendar;
	int64_t		total = 0;
	int64_t		time_buckets;
	int64_t		sum_buckets;
	size_t		size;
	char	   *space;
	Segment    *segments;
	int32_t    *by_time;
	int32_t    *by_sum;
	int32_t		i;
	size_t		sizes[9];

	memset(&head, 0, sizeof(head));
	head.allocator = *build->allocator;
	head.first_day = source->first_day;
	head.last_day = source->last_day;
	head.first_instant = osmc_local_to_utc(&build->zone, source->first_day * OSMC_USECS_PER_DAY);
	head.end_instant = osmc_local_to_utc(&build->zone,
										 (source->last_day + 1) * OSMC_USECS_PER_DAY);
	if (count > 0 && built[0].start < head.first_instant)
		head.first_instant = built[0].start;
	if (count > 0 && built[count - 1].end > head.end_instant)
		head.end_instant = built[count - 1].end;
	if (head.end_instant < head.first_instant)
		head.end_instant = head.first_instant;
	head.segment_count = count;
	head.business_count = build->business_days.count;
	head.own_day_count = build->own_days.count;
	head.zone = build->zone;

	for (i = 0; i < count; i++)
		total += built[i].end - built[i].start;
	while (total >> head.sum_shift > count / 2)
		head.sum_shift++;
	time_buckets = bucket_count(head.end_instant - head.first_instant, TIME_SHIFT);
	sum_buckets = bucket_count(total, head.sum_shift);

	sizes[0] = sizeof(OsmcCalendar);
	sizes[1] = (size_t) (count + 1 + MAX_STEPS) * sizeof(Segment);
	sizes[2] = (size_t) (time_buckets + 1) * sizeof(int32_t);
	sizes[3] = (size_t) (sum_buckets + 1) * sizeof(int32_t);
	sizes[4] = (size_t) (day_count + 1) * sizeof(DayEntry);
	sizes[5] = (size_t) build->business_days.count * sizeof(int32_t);
	sizes[6] = (size_t) build->transitions.count * sizeof(Transition);
	sizes[7] = (size_t) build->own_days.count * sizeof(OwnDay);
	sizes[8] = (size_t) build->own_segments.count * sizeof(OsmcSegment);
	size = 0;
	for (i = 0; i < 9; i++)
		size += (sizes[i] + 7) & ~(size_t) 7;
	head.size = size;
	space = allocate(build, size);
	if (space == NULL)
		return OSMC_NO_MEMORY;

	calendar = carve(&space, sizes[0]);
	*calendar = head;
	calendar->segments = segments = carve(&space, sizes[1]);
	calendar->by_time = by_time = carve(&space, sizes[2]);
	calendar->by_sum = by_sum = carve(&space, sizes[3]);
	calendar->days = memcpy(carve(&space, sizes[4]), build->days, sizes[4]);
	calendar->business_days = copy(&space, &build->business_days, sizes[5]);
	calendar->zone.transitions = copy(&space, &build->transitions, sizes[6]);
	sort_own_days(build->own_days.items, build->own_days.count);
	calendar->own_days = copy(&space, &build->own_days, sizes[7]);
	calendar->own_segments = copy(&space, &build->own_segments, sizes[8]);

	total = 0;
	for (i = 0; i < count; i++)
	{
		segments[i].start = built[i].start;
		segments[i].before = total;
		total += built[i].end - built[i].start;
	}
	/* segments that begin after every instant one can ask for */
	for (i = 0; i <= MAX_STEPS; i++)
	{
		segments[count + i].start = head.end_instant + 1 + i;
		segments[count + i].before = total + i;
	}
	index_segments(calendar, by_time, time_buckets, by_sum, sum_buckets);
	calendar->time_steps = most_steps(by_time, time_buckets);
	calendar->sum_steps = most_steps(by_sum, sum_buckets);
	set_known(calendar, source);
	*result = calendar;
	return OSMC_OK;
}

/*
 * osmc_calendar_compile builds a calendar for the days first_day..last_day of
 * the source.  The source is not needed afterwards; the calendar keeps a copy
 * of the allocator, for osmc_calendar_free.
 *
 * A day's open time is that of the local times of its rule as instants; empty
 * segments vanish, overlapping ones are joined.  interrupt and error may be
 * NULL.  Returns a status of the source ("calendar source" in osmc.h) and then
 * sets *error to what is at fault; no memory stays behind.
 */
OsmcStatus
osmc_calendar_compile(const OsmcCalendarSource *source, const OsmcAllocator *allocator,
					  const OsmcInterrupt *interrupt, OsmcCalendar **calendar,
					  OsmcSourceError *error)
{
	Build		build;
	OsmcSourceError ignored;
	OsmcStatus	status;

	*calendar = NULL;
	memset(&build, 0, sizeof(build));
	build.source = source;
	build.allocator = allocator;
	build.interrupt = interrupt;

	status = osmc_source_check(source, error != NULL ? error : &ignored);
	if (status == OSMC_OK)
		status = read_zone(&build);
	if (status == OSMC_OK)
		status = prepare_week(&build);
	if (status == OSMC_OK)
		status = prepare_yearly(&build);
	if (status == OSMC_OK)
		status = add_days(&build);
	if (status == OSMC_OK)
		status = assemble(&build, calendar);

	release(&build, build.yearly);
	release(&build, build.cut_spans);
	release(&build, build.transitions.items);
	release(&build, build.segments.items);
	release(&build, build.business_days.items);
	release(&build, build.own_days.items);
	release(&build, build.own_segments.items);
	release(&build, build.days);
	release(&build, build.scratch);
	return status;
}

/* Frees a calendar; NULL is none. */
void
osmc_calendar_free(OsmcCalendar *calendar)
{
	if (calendar != NULL)
	{
		OsmcAllocator allocator = calendar->allocator;

		allocator.free(allocator.ctx, calendar);
	}
}
