/*-------------------------------------------------------------------------
 *
 * calendar_rows.h
 *	  A calendar as it stands in its tables, ready to be compiled.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CALENDAR_ROWS_H
#define CALENDAR_ROWS_H

#include "core/osmc_calendar.h"

/* The chain of a calendar and its parents; everything lives in the context it was read into. */
typedef struct CalendarRows
{
	OsmcCalendarSource source;	/* complete but for the zone and its callback */
	OsmcLayer	layers[OSMC_MAX_LAYERS];
	const char **titles[OSMC_MAX_LAYERS];	/* by index into the layer's days; NULL: none */
	char	   *time_zone;		/* the nearest stated one */
} CalendarRows;

extern bool osm_calendar_read(const char *name, Oid calendar_table, bool wide,
							  MemoryContext context, CalendarRows *rows);

#endif							/* CALENDAR_ROWS_H */
