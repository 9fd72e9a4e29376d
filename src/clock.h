/*-------------------------------------------------------------------------
 * clock.h
 *	  The clocks of one incident while a step is judged: rows in memory, read
 *	  and written by clock_rows.c, changed by clock.c.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_CLOCK_H
#define OSM_CLOCK_H

#include "step.h"

typedef enum ClockState
{
	CLOCK_RUNNING,
	CLOCK_PAUSED,
	CLOCK_MET,
	CLOCK_MISSED,
	CLOCK_CANCELLED
} ClockState;

typedef struct Clock
{
	int64		id;				/* 0: to be written */
	ActClockRule *rule;
	int64		assignment_id;	/* 0: none */
	int64		reply_id;		/* 0: none */
	char	   *calendar;
	bool		has_term;
	BusinessInterval term;
	TimestampTz started_at;
	TimestampTz due_at;
	TimestampTz resumed_at;
	BusinessInterval used;
	TimestampTz paused_at;		/* meaningful while paused */
	ClockState	state;
	bool		binding;
	bool		provisional;
	int64		body_id;		/* 0: none */
	int64		official_id;	/* 0: not known by name */
	bool		flagged;
	TimestampTz flagged_at;		/* before the step; DT_NOBEGIN: not then */
	bool		newly_flagged;	/* by this step: who answers for it is to be told */
	const char *due_cause;		/* why the due instant is not the rule's own; NULL: it is */
	bool		due_moved;
	bool		resumed;		/* by this step */
	bool		dirty;
} Clock;

typedef struct Clocks
{
	Step	   *step;
	int			n;
	int			allocated;
	Clock	   *items;
} Clocks;

/* names of ClockState as stored */
extern const char *const osm_clock_state_names[];

static inline bool
clock_is_open(const Clock *clock)
{
	return clock->state == CLOCK_RUNNING || clock->state == CLOCK_PAUSED;
}

/* values of Clock.due_cause */
#define DUE_SET_BY_HAND		"set_term"
#define DUE_RAISED_LATE		"raised_late"
#define DUE_CALENDAR		"calendar"

extern Clock *osm_clock_add(Clocks *clocks);
extern void osm_clock_note(Step *step, const Clock *clock, const char *change, const char *verdict,
						   const TimestampTz *old_due);
extern void osm_clock_flag(Clock *clock);
extern void osm_clocks_excuse(Clocks *clocks);
extern Clock *osm_clock_open(Clocks *clocks, const ActClockRule *rule, int64 assignment_id,
							 int64 reply_id);
extern void osm_clock_anchor_due(Clock *clock, const Clock *anchor);
extern void osm_clocks_change(Clocks *clocks);
extern bool osm_clocks_recalculate(Clocks *clocks, const ActTexts *calendars);
extern void osm_clocks_load(Clocks *clocks, bool all);
extern void osm_clocks_write(Clocks *clocks);
extern void osm_clock_write_segment(Step *step, const Clock *clock, TimestampTz from,
									TimestampTz until, const char *kind);

#endif							/* OSM_CLOCK_H */
