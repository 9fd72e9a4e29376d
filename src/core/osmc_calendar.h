/*-------------------------------------------------------------------------
 *
 * osmc_calendar.h
 *	  Working-time calendars: layered source, compiled form, arithmetic.
 *
 * A calendar is a chain of layers (body -> region -> federation).  Compiling
 * it lays all open time between two dates out as sorted UTC segments with
 * running sums, so that every question afterwards is a couple of look-ups,
 * whatever the span, and nothing can search for ever.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OSMC_CALENDAR_H
#define OSMC_CALENDAR_H

#include "osmc.h"

#define OSMC_MAX_LAYERS			32
#define OSMC_MAX_SPANS			1440	/* of one day */
#define OSMC_MAX_HORIZON_DAYS	146097	/* 400 years */
#define OSMC_MAX_DAY			100000000	/* |day| at most; instants cannot overflow */

/* "not stated" for OsmcLayer.known_until and .short_day_cut */
#define OSMC_NO_DAY				INT32_MIN
#define OSMC_NO_CUT				INT64_C(-1)

/* [open, close) in microseconds of the local day; 0 <= open < close <= 24 h */
typedef struct OsmcSpan
{
	int64_t		open;
	int64_t		close;
} OsmcSpan;

typedef struct OsmcHours
{
	const OsmcSpan *spans;		/* in order, not overlapping (they may touch) */
	int			count;
} OsmcHours;

typedef enum OsmcDayKind
{
	OSMC_DAY_CLOSED,
	OSMC_DAY_SHORT,				/* the weekday's hours less the cut from their end */
	OSMC_DAY_WORKING,			/* hours of .weekday, or of the first weekday that has hours */
	OSMC_DAY_WORKING_SHORT,		/* the same less the cut */
	OSMC_DAY_HOURS,				/* .hours */
	OSMC_DAY_DECREE				/* closed where decree days are observed, else no rule at all */
} OsmcDayKind;

/* What a day is, apart from which day it is. */
typedef struct OsmcDayRule
{
	OsmcDayKind kind;
	int			weekday;		/* WORKING, WORKING_SHORT: ISO 1..7; 0: the first with hours */
	OsmcHours	hours;			/* HOURS only; may be empty */
} OsmcDayRule;

typedef struct OsmcDay
{
	int32_t		day;
	OsmcDayRule rule;
} OsmcDay;

/* Comes every year; 29 February in leap years only. */
typedef struct OsmcYearlyDay
{
	int			month;			/* 1..12 */
	int			mday;			/* 1..31 */
	OsmcDayRule rule;
} OsmcYearlyDay;

typedef struct OsmcLayer
{
	bool		has_hours;		/* week is stated here (it is taken as a whole) */
	OsmcHours	week[7];		/* [0] Monday .. [6] Sunday */
	int64_t		short_day_cut;	/* microseconds, or OSMC_NO_CUT */
	int32_t		known_until;	/* last day this layer is complete for, or OSMC_NO_DAY */
	const OsmcDay *days;		/* ascending; per day at most one DECREE and one other rule */
	int			day_count;
	const OsmcYearlyDay *yearly;	/* any order, one per month and mday; no DECREE.  Apply after
									 * known_until only, always if that is OSMC_NO_DAY */
	int			yearly_count;
} OsmcLayer;

/*
 * Finds the first change of offset strictly after an instant: returns 1 and
 * sets all, or 0 if none follows (sets *before, the offset that then holds for
 * ever), or -1 on failure.
 */
typedef int (*OsmcNextTransition) (void *ctx, int64_t instant, int32_t *before,
								   int64_t *boundary, int32_t *after);

typedef struct OsmcCalendarSource
{
	const OsmcLayer *layers;	/* [0] is the calendar itself, the last one its root */
	int			layer_count;
	bool		observes_decree_days;
	OsmcNextTransition next_transition; /* of the calendar's one zone */
	void	   *zone;			/* its ctx */
	int32_t		first_day;		/* horizon, both inclusive */
	int32_t		last_day;
} OsmcCalendarSource;

/* What a failed compilation stumbled over; -1 where it does not apply. */
typedef struct OsmcSourceError
{
	int			layer;
	int			weekday;		/* 0..6 if a week's hours are at fault */
	int			day_index;		/* into layers[layer].days */
	int			yearly_index;	/* into layers[layer].yearly */
	int			span_index;
} OsmcSourceError;

/* Where the hours of a day come from. */
typedef struct OsmcDayOrigin
{
	int			layer;			/* -1: nobody states any hours */
	const OsmcDay *day;			/* the rule for that very day, or NULL */
	const OsmcYearlyDay *yearly;	/* the rule of every year, or NULL; both NULL: weekly hours */
} OsmcDayOrigin;

/* Compiled; immutable; one block of memory. */
typedef struct OsmcCalendar OsmcCalendar;

/* Open time [start, end), start < end */
typedef struct OsmcSegment
{
	int64_t		start;
	int64_t		end;
} OsmcSegment;

/* Position of a scan; filled by osmc_calendar_scan and _scan_day, read by osmc_scan_next. */
typedef struct OsmcScan
{
	const OsmcSegment *own;		/* set: this list instead of the calendar's segments */
	const OsmcCalendar *calendar;
	int32_t		next;
	int32_t		stop;
	int64_t		from;
	int64_t		to;
} OsmcScan;

/* source */
extern void osmc_spans_sort(OsmcSpan *spans, int count);
extern OsmcStatus osmc_spans_check(const OsmcSpan *spans, int count, int *bad);
extern OsmcDayOrigin osmc_source_origin(const OsmcCalendarSource *source, int32_t day);
extern int	osmc_day_of_week(int32_t day);
extern bool osmc_day_from_date(int year, int month, int mday, int32_t *day);
extern void osmc_day_to_date(int32_t day, int *year, int *month, int *mday);

/* compiled calendar */
extern OsmcStatus osmc_calendar_compile(const OsmcCalendarSource *source,
										const OsmcAllocator *allocator,
										const OsmcInterrupt *interrupt,
										OsmcCalendar **calendar, OsmcSourceError *error);
extern void osmc_calendar_free(OsmcCalendar *calendar);
extern size_t osmc_calendar_size(const OsmcCalendar *calendar);
extern int32_t osmc_calendar_first_day(const OsmcCalendar *calendar);
extern int32_t osmc_calendar_last_day(const OsmcCalendar *calendar);
extern int32_t osmc_calendar_known_until(const OsmcCalendar *calendar);
extern void osmc_calendar_bounds(const OsmcCalendar *calendar, int64_t *first, int64_t *end);
extern OsmcStatus osmc_calendar_opens_from(const OsmcCalendar *calendar, int32_t day);

/* instants */
extern OsmcStatus osmc_calendar_add(const OsmcCalendar *calendar, int64_t instant,
									int64_t time, int32_t days,
									int64_t *result, bool *provisional);
extern OsmcStatus osmc_calendar_subtract(const OsmcCalendar *calendar, int64_t instant,
										 int64_t time, int32_t days,
										 int64_t *result, bool *provisional);
extern OsmcStatus osmc_calendar_between(const OsmcCalendar *calendar, int64_t from, int64_t to,
										int64_t *time, bool *provisional);
extern OsmcStatus osmc_calendar_is_open(const OsmcCalendar *calendar, int64_t instant, bool *open);
extern OsmcStatus osmc_calendar_next(const OsmcCalendar *calendar, int64_t instant,
									 int64_t *result, bool *provisional);
extern OsmcStatus osmc_calendar_previous(const OsmcCalendar *calendar, int64_t instant,
										 int64_t *result, bool *provisional);

/* days */
extern OsmcStatus osmc_calendar_local_day(const OsmcCalendar *calendar, int64_t instant,
										  int32_t *day);
extern OsmcStatus osmc_calendar_is_business_day(const OsmcCalendar *calendar, int32_t day,
												bool *business);
extern OsmcStatus osmc_calendar_add_days(const OsmcCalendar *calendar, int32_t day, int32_t count,
										 int32_t *result, bool *provisional);
extern OsmcStatus osmc_calendar_days_between(const OsmcCalendar *calendar, int32_t from,
											 int32_t to, int32_t *count, bool *provisional);
extern OsmcStatus osmc_calendar_opening_of(const OsmcCalendar *calendar, int32_t day,
										   int64_t *instant);
extern OsmcStatus osmc_calendar_close_of(const OsmcCalendar *calendar, int32_t day,
										 int64_t *instant);

/* segments, ascending; open time that runs over midnight comes as one segment a day */
extern OsmcStatus osmc_calendar_scan(const OsmcCalendar *calendar, int64_t from, int64_t to,
									 OsmcScan *scan);
extern OsmcStatus osmc_calendar_scan_day(const OsmcCalendar *calendar, int32_t day, OsmcScan *scan);
extern bool osmc_scan_next(OsmcScan *scan, OsmcSegment *segment);

#endif							/* OSMC_CALENDAR_H */
