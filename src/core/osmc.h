/*-------------------------------------------------------------------------
 *
 * osmc.h
 *	  What every part of the calendar core shares: status codes, allocator,
 *	  interrupt callback, units.
 *
 * The core is plain C11 and knows no database server: it is tested by unit
 * tests, sanitizers and a fuzzer on its own.  Therefore it never reports an
 * error itself (it returns an OsmcStatus and the caller words the message),
 * never allocates except through the allocator it is given, and never loops
 * over anything that is not bounded by its input.
 *
 * Units, everywhere in the core:
 *	  instant	int64_t, microseconds since 2000-01-01 00:00:00 UTC
 *	  day		int32_t, days since 2000-01-01, a local calendar date
 *	  time		int64_t, microseconds (of elapsed time, or of the local day)
 *	  offset	int32_t, seconds east of UTC
 * Infinite instants and dates do not exist here; the caller deals with them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OSMC_H
#define OSMC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OSMC_USECS_PER_SECOND	INT64_C(1000000)
#define OSMC_USECS_PER_MINUTE	INT64_C(60000000)
#define OSMC_USECS_PER_HOUR		INT64_C(3600000000)
#define OSMC_USECS_PER_DAY		INT64_C(86400000000)
#define OSMC_SECONDS_PER_DAY	INT64_C(86400)

typedef enum OsmcStatus
{
	OSMC_OK = 0,

	/* interval text */
	OSMC_BAD_TEXT,				/* not understood (22P02) */
	OSMC_UNIT_TWICE,			/* a unit is given more than once (22P02) */
	OSMC_UNIT_REFUSED,			/* week, month, year, calendar day... have no meaning in business
								 * time (22P02) */
	OSMC_FRACTION_OF_DAY,		/* business days are whole (22P02) */
	OSMC_OUT_OF_RANGE,			/* does not fit the type (22008) */

	/* calendar source */
	OSMC_BAD_SPAN,				/* open >= close, or outside 00:00..24:00 */
	OSMC_SPANS_OVERLAP,			/* spans of one day overlap or are not in order */
	OSMC_BAD_SOURCE,			/* rules out of order, two rules for a day, no such month, ... */
	OSMC_LIMIT,					/* more days, spans or transitions than a calendar may have */
	OSMC_BAD_ZONE,				/* the zone callback failed */
	OSMC_INTERRUPTED,			/* the interrupt callback said stop */
	OSMC_NO_MEMORY,				/* the allocator returned NULL */

	/* arithmetic */
	OSMC_OUT_OF_HORIZON,		/* an argument or the result lies outside the compiled days */
	OSMC_NEVER_OPEN,			/* the calendar has no open time (from that day on) */
	OSMC_CLOSED_DAY				/* that day has no open time */
} OsmcStatus;

/*
 * Where memory comes from.  alloc may return NULL, or leave by a jump if the
 * caller then throws the whole memory away; free takes what alloc gave.
 */
typedef struct OsmcAllocator
{
	void	   *(*alloc) (void *ctx, size_t size);
	void		(*free) (void *ctx, void *pointer);
	void	   *ctx;
} OsmcAllocator;

/*
 * Polled now and then during long work; true means stop.  It may also leave by
 * a jump under the same condition as OsmcAllocator.alloc.
 */
typedef struct OsmcInterrupt
{
	bool		(*poll) (void *ctx);
	void	   *ctx;
} OsmcInterrupt;

#endif							/* OSMC_H */
