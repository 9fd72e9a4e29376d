/*-------------------------------------------------------------------------
 *
 * support.h
 *	  What the core's tests share: zones, a counting allocator, random numbers,
 *	  and a slow oracle.
 *
 * The oracle answers every question by walking lists.  It shares no code with
 * the core beyond the conversion of dates, and decides local times by another
 * definition (which offsets make sense), so that both being wrong alike is
 * unlikely.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "osmc_calendar.h"
#include "osmc_interval.h"

#define HOUR	OSMC_USECS_PER_HOUR
#define MINUTE	OSMC_USECS_PER_MINUTE
#define DAY		OSMC_USECS_PER_DAY

#define COUNT(array) ((int) (sizeof(array) / sizeof((array)[0])))

/* ---- zones ---- */

typedef struct Change
{
	int64_t		at;
	int32_t		offset;			/* from then on, seconds */
} Change;

typedef struct Zone
{
	const char *name;
	int32_t		offset;			/* at first */
	int			count;
	Change		changes[128];
	int			asked;			/* calls of the callback */
} Zone;

extern Zone *zone_utc(void);
extern Zone *zone_moscow(void); /* summer time to 2010, +4 (2011-03-27), +3 (2014-10-26) */
extern Zone *zone_samara(void); /* the same, and another zone from 2010-03-28 on */
extern Zone *zone_vladivostok(void);
extern Zone *zone_kamchatka(void);
extern Zone *zone_kathmandu(void);	/* +5:30, +5:45 from 1986 on */
extern Zone *zone_fixed(int32_t hours);
extern Zone *zone_new_york(void);	/* -5 / -4, changes at 02:00, every year */
extern Zone *zone_midnight(void);	/* -3 / -2, changes at 00:00, as in Brazil */
extern Zone *zone_over_midnight(void);	/* one jump 23:30 -> 00:30, one fall 00:15 -> 23:15 */
extern Zone *zone_lord_howe(void);	/* +10:30 / +11, half an hour */
extern Zone *zone_samoa(void);	/* -10 -> +14: 2011-12-30 does not exist */
extern Zone *zone_by_number(unsigned number);
extern int	zone_next(void *zone, int64_t instant, int32_t *before, int64_t *boundary,
					  int32_t *after);

/* ---- allocator ---- */

typedef struct Heap
{
	int			live;			/* allocated and not freed */
	int			calls;
	int			fail_at;		/* this call returns NULL; 0: none */
} Heap;

extern OsmcAllocator heap_allocator(Heap *heap);
extern OsmcAllocator plain_allocator(void);

/* ---- dates and random numbers ---- */

extern int32_t day_of(int year, int month, int mday);
extern int64_t utc(int year, int month, int mday, int hour, int minute);

extern uint64_t random_bits(uint64_t *state);
extern int64_t random_between(uint64_t *state, int64_t low, int64_t high);

/* ---- a source to fill in ---- */

#define PLENTY 512

typedef struct Fixture
{
	OsmcCalendarSource source;
	OsmcLayer	layers[4];
	OsmcDay		days[4][PLENTY];
	OsmcYearlyDay yearly[4][PLENTY];
	OsmcSpan	spans[4 * PLENTY * 4];
	int			span_count;
} Fixture;

extern Fixture *fixture_new(Zone *zone, int32_t first_day, int32_t last_day, int layers);
extern OsmcHours hours_of(Fixture *fixture, const char *text);	/* "9:00-13:00 14:00-18:00" */
extern void set_week(Fixture *fixture, int layer, const char *workdays, const char *weekend);
extern void add_rule(Fixture *fixture, int layer, int32_t day, OsmcDayKind kind, int weekday,
					 const char *hours);
extern void add_yearly(Fixture *fixture, int layer, int month, int mday, OsmcDayKind kind,
					   const char *hours);
extern OsmcCalendar *compile(const Fixture *fixture);

/* ---- calendars by example ---- */

extern Fixture *office(Zone *zone, const char *workdays, const char *weekend);
extern OsmcCalendar *compile_and_free(Fixture *fixture);
extern void expect_add(const OsmcCalendar *calendar, int64_t instant, int32_t days, int64_t time,
					   int64_t expected);
extern void expect_subtract(const OsmcCalendar *calendar, int64_t instant, int32_t days,
							int64_t time, int64_t expected);
extern void expect_between(const OsmcCalendar *calendar, int64_t from, int64_t to,
						   int64_t expected);
extern void expect_day(const OsmcCalendar *calendar, int32_t day, int offset_hours,
					   const char *expected);

/* ---- oracle ---- */

typedef struct Oracle
{
	int32_t		first_day;
	int32_t		last_day;
	Zone	   *zone;
	OsmcSegment *list;			/* all open time, joined */
	int			count;
	OsmcSegment (*own)[8];		/* by day */
	int		   *own_count;
} Oracle;

extern Oracle *oracle_new(const Fixture *fixture);
extern void oracle_free(Oracle *oracle);
extern int64_t oracle_utc(const Zone *zone, int64_t local);
extern int32_t oracle_local_day(const Oracle *oracle, int64_t instant);
extern int64_t oracle_between(const Oracle *oracle, int64_t from, int64_t to);
extern bool oracle_add(const Oracle *oracle, int64_t instant, int64_t time, int64_t *result);
extern bool oracle_next(const Oracle *oracle, int64_t instant, int64_t *result);
extern bool oracle_previous(const Oracle *oracle, int64_t instant, int64_t *result);
extern bool oracle_is_open(const Oracle *oracle, int64_t instant);
extern bool oracle_add_days(const Oracle *oracle, int32_t day, int32_t count, int32_t *result);

#endif							/* SUPPORT_H */
