/*-------------------------------------------------------------------------
 *
 * osm_calendar.h
 *	  The type business_interval and compiled calendars, as the rest of the
 *	  extension uses them.
 *
 * The hazard that shaped it: a compiled calendar may be replaced whenever
 * invalidations are accepted, that is, at almost any call into the server.  A
 * pointer stays good until the next osm_calendar_get() of whatever name, and so
 * not over anything that may run SQL; who keeps one longer compares
 * osm_calendar_generation first.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OSM_CALENDAR_H
#define OSM_CALENDAR_H

#include "fmgr.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "core/osmc_calendar.h"

/* On disk and on the wire: 16 bytes, passed by reference, no padding. */
typedef struct BusinessInterval
{
	int64		time;			/* microseconds of business time */
	int32		days;			/* business days */
	int32		reserved;		/* always 0 */
} BusinessInterval;

#define DatumGetBusinessIntervalP(X)	((BusinessInterval *) DatumGetPointer(X))
#define PG_GETARG_BUSINESS_INTERVAL_P(n) DatumGetBusinessIntervalP(PG_GETARG_DATUM(n))
#define PG_RETURN_BUSINESS_INTERVAL_P(x) PG_RETURN_POINTER(x)

extern BusinessInterval *osm_business_interval_make(int64 time, int32 days);

/* One calendar compiled for this backend. */
typedef struct OsmCalendar OsmCalendar;

/* Changes whenever a definition table of the calendars may have changed. */
extern uint64 osm_calendar_generation;

extern OsmCalendar *osm_calendar_get(const char *name);
extern const OsmcCalendar *osm_calendar_compiled(const OsmCalendar *calendar);
extern bool osm_calendar_widen(OsmCalendar *calendar);
extern const char *osm_calendar_name(const OsmCalendar *calendar);
extern TimestampTz osm_calendar_midnight(const OsmCalendar *calendar, DateADT day);
extern const char *osm_calendar_day_title(const OsmCalendar *calendar, DateADT day,
										  bool *closes);

extern TimestampTz osm_calendar_add(OsmCalendar *calendar, TimestampTz t,
									const BusinessInterval *amount, bool *provisional);
extern TimestampTz osm_calendar_subtract(OsmCalendar *calendar, TimestampTz t,
										 const BusinessInterval *amount, bool *provisional);
extern void osm_calendar_between(OsmCalendar *calendar, TimestampTz from, TimestampTz to,
								 BusinessInterval *result);
extern TimestampTz osm_calendar_next(OsmCalendar *calendar, TimestampTz t);
extern DateADT osm_calendar_local_date(OsmCalendar *calendar, TimestampTz t);
extern DateADT osm_calendar_add_days(OsmCalendar *calendar, DateADT day, int32 count);
extern int32 osm_calendar_days_between(OsmCalendar *calendar, DateADT from, DateADT to);

#endif							/* OSM_CALENDAR_H */
