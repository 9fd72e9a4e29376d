/*-------------------------------------------------------------------------
 *
 * osmc_zone.c
 *	  Local time and UTC, by a table of changes of offset.
 *
 * A local time may not exist (the clock jumps over it) or exist twice.  The
 * answer must be the one PostgreSQL gives for "timestamp AT TIME ZONE zone",
 * or a deadline computed here would differ from the one a user computes by
 * hand; so this follows its DetermineTimeZoneOffset to the letter, the search
 * for the boundary (the first one later than a day before) included.
 *
 *-------------------------------------------------------------------------
 */
#include "osmc_internal.h"

/* Index of the first transition strictly after an instant, or count. */
int32_t
osmc_first_transition_after(const ZoneTable *zone, int64_t instant)
{
	int32_t		low = 0;
	int32_t		high = zone->count;

	while (low < high)
	{
		int32_t		middle = low + (high - low) / 2;

		if (zone->transitions[middle].at > instant)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The offset in force at an instant, in seconds. */
int32_t
osmc_offset_at(const ZoneTable *zone, int64_t instant)
{
	int32_t		next = osmc_first_transition_after(zone, instant);

	if (next > 0)
		return zone->transitions[next - 1].after;
	return zone->count > 0 ? zone->transitions[0].before : zone->offset;
}

/*
 * The instant of a local time (microseconds since 2000-01-01 00:00 local).
 *
 * In a gap the offset before it counts, so the result lies after the gap by as
 * much as the local time lies inside; of two possible instants the later one
 * counts.
 */
int64_t
osmc_local_to_utc(const ZoneTable *zone, int64_t local)
{
	int64_t		whole = osmc_floor_div(local, OSMC_USECS_PER_SECOND) * OSMC_USECS_PER_SECOND;
	int32_t		next = osmc_first_transition_after(zone, whole - OSMC_USECS_PER_DAY);
	int64_t		boundary;
	int64_t		before;
	int64_t		after;

	if (next == zone->count)
		return local - OSMC_USECS_PER_SECOND * (zone->count > 0 ?
												zone->transitions[zone->count - 1].after :
												zone->offset);

	boundary = zone->transitions[next].at;
	before = whole - zone->transitions[next].before * OSMC_USECS_PER_SECOND;
	after = whole - zone->transitions[next].after * OSMC_USECS_PER_SECOND;
	if (before < boundary && after < boundary)
		return before + (local - whole);
	if (before > boundary && after >= boundary)
		return after + (local - whole);
	return (before > after ? before : after) + (local - whole);
}
