/*-------------------------------------------------------------------------
 *
 * osmc_internal.h
 *	  The compiled calendar, shared by the compiler and the arithmetic.
 *
 * One block of memory, laid out so that a calendar of fifty years with a lunch
 * break stays well below 1 MiB: a segment is its start and the open time before
 * it (its end follows from the next one's sum), and segments are not merged
 * over midnight, so that each of them belongs to the one day that stated it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OSMC_INTERNAL_H
#define OSMC_INTERNAL_H

#include "osmc_calendar.h"

/* Buckets of instants are 2^36 microseconds (19 hours) wide: about one day's segments each. */
#define TIME_SHIFT 36

/*
 * Inside a bucket a loop of fixed length counts the segments passed, without a
 * branch that the processor could guess wrong and without one load waiting for
 * another: half the price of a search.  Only a bucket that leaves more to choose
 * from than this is searched first.
 */
#define MAX_STEPS 4

typedef struct Segment
{
	int64_t		start;
	int64_t		before;			/* open time before it; [count].before is the total */
} Segment;

typedef struct DayEntry
{
	int32_t		segment;		/* first segment of this day or a later one (see OwnDay) */
	int32_t		business;		/* business days before this day */
} DayEntry;

typedef struct Transition
{
	int64_t		at;				/* the new offset holds from this instant on */
	int32_t		before;			/* offsets in seconds east of UTC */
	int32_t		after;
} Transition;

/* All changes of offset from some days before the horizon until after it. */
typedef struct ZoneTable
{
	const Transition *transitions;
	int32_t		count;
	int32_t		offset;			/* if count is 0 */
} ZoneTable;

/*
 * A day whose own segments are not those found through DayEntry.segment,
 * because a jump of the clock moved them over a neighbour's.
 */
typedef struct OwnDay
{
	int32_t		day;
	int32_t		first;			/* into own_segments */
	int32_t		count;
} OwnDay;

struct OsmcCalendar
{
	OsmcAllocator allocator;
	size_t		size;

	int32_t		first_day;
	int32_t		last_day;
	int32_t		known_until;
	int64_t		first_instant;	/* all segments lie between these two */
	int64_t		end_instant;
	int64_t		known_end;		/* what passes this instant is provisional */

	const Segment *segments;	/* segment_count + 1 + MAX_STEPS: the loops look past the end */
	int32_t		segment_count;
	int			sum_shift;
	int			time_steps;		/* most segments a bucket leaves to choose from, */
	int			sum_steps;		/* or MAX_STEPS if that is more */

	const int32_t *by_time;		/* first segment that ends after the bucket's start; one more
								 * bucket than there are */
	const int32_t *by_sum;		/* segment that holds the bucket's first microsecond; likewise */

	const DayEntry *days;		/* last_day - first_day + 2 */
	const int32_t *business_days;	/* the dates, ascending */
	int32_t		business_count;

	ZoneTable	zone;
	const OwnDay *own_days;		/* ascending, nearly always none */
	const OsmcSegment *own_segments;
	int32_t		own_day_count;
};

/* osmc_source.c */
extern OsmcStatus osmc_source_check(const OsmcCalendarSource *source, OsmcSourceError *error);
extern const OsmcDayRule *osmc_layer_rule(const OsmcLayer *layer, int index, int32_t day,
										  bool observes_decree_days, const OsmcDay **found);

/* osmc_zone.c */
extern int64_t osmc_local_to_utc(const ZoneTable *zone, int64_t local);
extern int32_t osmc_offset_at(const ZoneTable *zone, int64_t instant);
extern int32_t osmc_first_transition_after(const ZoneTable *zone, int64_t instant);

/* Rounds towards minus infinity. */
static inline int64_t
osmc_floor_div(int64_t dividend, int64_t divisor)
{
	return dividend / divisor - (dividend % divisor < 0 ? 1 : 0);
}

#endif							/* OSMC_INTERNAL_H */
