/*-------------------------------------------------------------------------
 * clock.c
 *	  What a step does to clocks: start, stop, cancel, pause, resume, move.
 *
 * All clocks of the incident are read once, changed in memory and written back
 * where they differ, under the incident's row lock.  A finished clock is never
 * touched.  A verdict compares the instant of the step with the due instant
 * and nothing else, so that it is the same whether or not a worker has flagged
 * the breach in between.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/rangetypes.h"

#include "osm_worker.h"
#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

typedef enum ClockState
{
	CLOCK_RUNNING,
	CLOCK_PAUSED,
	CLOCK_MET,
	CLOCK_MISSED,
	CLOCK_CANCELLED
} ClockState;

static const char *const clock_state_names[] = {"running", "paused", "met", "missed", "cancelled"};

typedef struct Clock
{
	int64		id;				/* 0: to be written */
	ActClockRule *rule;
	int64		assignment_id;	/* 0: none */
	int64		reply_id;		/* 0: none */
	int32		cycle_no;
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
	bool		flagged;
	bool		due_moved;
	bool		dirty;
} Clock;

typedef struct Clocks
{
	Step	   *step;
	int			n;
	int			allocated;
	Clock	   *items;
} Clocks;

static bool
is_open(const Clock *clock)
{
	return clock->state == CLOCK_RUNNING || clock->state == CLOCK_PAUSED;
}

/* note adds what happened to a clock to the event. */
static void
note(Step *step, const Clock *clock, const char *change, const char *verdict,
	 const TimestampTz *old_due)
{
	StringInfo	notes;

	if (step->clock_notes == NULL)
		step->clock_notes = makeStringInfo();
	notes = step->clock_notes;
	appendStringInfoString(notes, notes->len == 0 ? "[{\"clock\":" : ",{\"clock\":");
	appendStringInfo(notes, "%lld,\"rule\":", (long long) clock->id);
	escape_json(notes, clock->rule->name);
	appendStringInfoString(notes, ",\"change\":");
	escape_json(notes, change);
	appendStringInfo(notes, ",\"due_at\":\"%s\"", osm_instant_iso(clock->due_at));
	if (old_due != NULL)
		appendStringInfo(notes, ",\"old_due_at\":\"%s\"", osm_instant_iso(*old_due));
	if (verdict != NULL)
	{
		appendStringInfoString(notes, ",\"verdict\":");
		escape_json(notes, verdict);
	}
	appendStringInfoChar(notes, '}');
}

static Clock *
add_clock(Clocks *clocks)
{
	if (clocks->n == clocks->allocated)
	{
		clocks->allocated = Max(8, clocks->allocated * 2);
		clocks->items = clocks->items == NULL ?
			palloc(sizeof(Clock) * clocks->allocated) :
			repalloc(clocks->items, sizeof(Clock) * clocks->allocated);
	}
	memset(&clocks->items[clocks->n], 0, sizeof(Clock));
	return &clocks->items[clocks->n++];
}

static TimestampTz
row_instant(HeapTuple row, int column, bool *isnull)
{
	return DatumGetTimestampTz(SPI_getbinval(row, SPI_tuptable->tupdesc, column, isnull));
}

/* load_clocks reads all clocks of the incident, finished ones for their cycle numbers. */
static void
load_clocks(Clocks *clocks)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Step	   *step = clocks->step;
	Datum		values[2];
	int			n;

	if (step->from == NULL)
		return;
	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	n = osm_spi_run(
		&plan,
		"SELECT id, rule_id, assignment_id, reply_id, cycle_no::bigint, calendar, term, started_at, "
		"due_at, resumed_at, used, paused_at, state, binding, provisional, body_id, "
		"flagged_at IS NOT NULL FROM osm.clock "
		"WHERE incident_id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2 "
		"ORDER BY id",
		2, types, values, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(step->context);
	for (int i = 0; i < n; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		ActClockRule *rule = osm_act_clock(step->act, osm_spi_int64(row, 2));
		Clock	   *clock;
		char	   *state;
		bool		isnull;
		Datum		value;

		if (rule == NULL)
			continue;
		clock = add_clock(clocks);
		clock->id = osm_spi_int64(row, 1);
		clock->rule = rule;
		clock->assignment_id = osm_spi_int64(row, 3);
		clock->reply_id = osm_spi_int64(row, 4);
		clock->cycle_no = (int32) osm_spi_int64(row, 5);
		clock->calendar = osm_spi_text(row, 6);
		value = SPI_getbinval(row, SPI_tuptable->tupdesc, 7, &isnull);
		clock->has_term = !isnull;
		if (!isnull)
			clock->term = *DatumGetBusinessIntervalP(value);
		clock->started_at = row_instant(row, 8, &isnull);
		clock->due_at = row_instant(row, 9, &isnull);
		clock->resumed_at = row_instant(row, 10, &isnull);
		clock->used =
			*DatumGetBusinessIntervalP(SPI_getbinval(row, SPI_tuptable->tupdesc, 11, &isnull));
		clock->paused_at = row_instant(row, 12, &isnull);
		state = osm_spi_text(row, 13);
		for (int s = 0; s < (int) lengthof(clock_state_names); s++)
		{
			if (strcmp(state, clock_state_names[s]) == 0)
				clock->state = (ClockState) s;
		}
		clock->binding = osm_spi_bool(row, 14);
		clock->provisional = osm_spi_bool(row, 15);
		clock->body_id = osm_spi_int64(row, 16);
		clock->flagged = osm_spi_bool(row, 17);
	}
}

/* use_time adds the business time from the last resumption to an instant. */
static void
use_time(Clock *clock, TimestampTz until)
{
	BusinessInterval stretch;

	osm_calendar_between(osm_calendar_get(clock->calendar), clock->resumed_at,
						 Max(until, clock->resumed_at), &stretch);
	clock->used.time += stretch.time;
}

/* write_segment records a finished stretch of a clock. */
static void
write_segment(Step *step, const Clock *clock, TimestampTz from, TimestampTz until, const char *kind)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {
		INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT8OID
	};
	Datum		values[7];
	char		nulls[8] = "       ";

	if (until <= from || clock->id == 0)
		return;
	values[0] = Int64GetDatum(clock->id);
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = TimestampTzGetDatum(from);
	values[3] = TimestampTzGetDatum(until);
	values[4] = CStringGetTextDatum(kind);
	values[5] = step->before.values[COL_BODY_ID];
	nulls[5] = step->before.nulls[COL_BODY_ID] ? 'n' : ' ';
	values[6] = Int64GetDatum(step->incident_id);
	(void) osm_spi_run(
		&plan,
		"INSERT INTO osm.clock_segment (clock_id, authority_id, seq, span, kind, body_id, incident_id) "
		"SELECT $1, $2, COALESCE((SELECT pg_catalog.max(s.seq) FROM osm.clock_segment AS s "
		"WHERE s.clock_id OPERATOR(pg_catalog.=) $1 AND s.authority_id OPERATOR(pg_catalog.=) $2), 0) "
		"OPERATOR(pg_catalog.+) 1, pg_catalog.tstzrange($3, $4), $5, $6, $7",
		7, types, values, nulls, SPI_OK_INSERT);
	MemoryContextSwitchTo(step->context);
}

/* end_clock stops a clock with a verdict, or cancels it. */
static void
end_clock(Clocks *clocks, Clock *clock, bool cancelled)
{
	Step	   *step = clocks->step;
	TimestampTz t = step->occurred_at;
	bool		paused = clock->state == CLOCK_PAUSED;

	if (paused)
		write_segment(step, clock, clock->paused_at, t, "pause");
	else
	{
		use_time(clock, t);
		write_segment(step, clock, clock->resumed_at, t, "run");
	}
	if (cancelled)
		clock->state = CLOCK_CANCELLED;
	else
		clock->state = (paused ? clock->paused_at : t) <= clock->due_at ? CLOCK_MET : CLOCK_MISSED;
	clock->dirty = true;
	note(step, clock, cancelled ? "cancel" : "stop",
		 cancelled ? NULL : clock_state_names[clock->state], NULL);
	/* a step recorded late may have been in time: the flag was punctual and yet wrong */
	if (!cancelled)
		clock->flagged = clock->state == CLOCK_MISSED;
}

static void
pause_clock(Clocks *clocks, Clock *clock)
{
	Step	   *step = clocks->step;

	use_time(clock, step->occurred_at);
	write_segment(step, clock, clock->resumed_at, step->occurred_at, "run");
	clock->state = CLOCK_PAUSED;
	clock->paused_at = step->occurred_at;
	/* the pass over what is due does not see a paused clock */
	if (clock->rule->armed && step->occurred_at > clock->due_at)
		clock->flagged = true;
	clock->dirty = true;
	note(step, clock, "pause", NULL, NULL);
}

/*
 * resume_clock lets a paused clock run on.  Of a term in hours the unused rest
 * is counted from now; a term in days is put off by the business days of the
 * pause.  A named due instant, and one already past, stand.
 */
static void
resume_clock(Clocks *clocks, Clock *clock)
{
	Step	   *step = clocks->step;
	TimestampTz t = step->occurred_at;
	TimestampTz old_due = clock->due_at;
	OsmCalendar *calendar = osm_calendar_get(clock->calendar);

	write_segment(step, clock, clock->paused_at, t, "pause");
	if (clock->has_term && clock->rule->anchor == NULL && clock->paused_at <= clock->due_at)
	{
		bool		provisional = false;

		if (clock->term.days == 0)
		{
			BusinessInterval rest = {clock->term.time - clock->used.time, 0, 0};

			if (rest.time >= 0)
				clock->due_at = osm_calendar_add(calendar, t, &rest, &provisional);
		}
		else
		{
			BusinessInterval delay = {0, 0, 0};

			delay.days = osm_calendar_days_between(
				calendar, osm_calendar_local_date(calendar, clock->paused_at),
				osm_calendar_local_date(calendar, t));
			if (delay.days > 0)
				clock->due_at = osm_calendar_add(calendar, clock->due_at, &delay, &provisional);
		}
		clock->provisional |= provisional;
	}
	clock->state = CLOCK_RUNNING;
	clock->resumed_at = t;
	clock->due_moved = clock->due_at != old_due;
	clock->dirty = true;
	note(step, clock, "resume", NULL, clock->due_moved ? &old_due : NULL);
}

static Clock *
open_clock(Clocks *clocks, const ActClockRule *rule, int64 assignment_id, int64 reply_id)
{
	for (int i = clocks->n - 1; i >= 0; i--)
	{
		Clock	   *clock = &clocks->items[i];

		if (clock->rule == rule && is_open(clock) && clock->assignment_id == assignment_id &&
			(reply_id == 0 || clock->reply_id == reply_id))
			return clock;
	}
	return NULL;
}

/*
 * anchor_due counts a clock back from its anchor.  A term that would leave no
 * time at all is shown and not counted: nobody can keep it.
 */
static void
anchor_due(Clock *clock, const Clock *anchor)
{
	bool		provisional = false;

	clock->due_at = osm_calendar_subtract(osm_calendar_get(clock->calendar), anchor->due_at,
										  &clock->term, &provisional);
	clock->provisional |= provisional;
	clock->binding = clock->rule->binding;
	if (clock->due_at <= clock->started_at)
	{
		clock->due_at = clock->started_at;
		clock->binding = false;
	}
}

/* calendar_of returns the calendar a new clock counts on: the rule's, the body's, the act's. */
static char *
calendar_of(Step *step, const ActClockRule *rule, int64 body_id)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];
	char	   *calendar = NULL;

	if (rule->calendar != NULL)
		return rule->calendar;
	if (body_id != 0)
	{
		values[0] = Int64GetDatum(body_id);
		values[1] = Int64GetDatum(step->authority_id);
		if (osm_spi_run(&plan,
						"SELECT calendar FROM osm.body WHERE id OPERATOR(pg_catalog.=) $1 "
						"AND authority_id OPERATOR(pg_catalog.=) $2",
						2, types, values, NULL, SPI_OK_SELECT) == 1)
		{
			MemoryContextSwitchTo(step->context);
			calendar = osm_spi_text(SPI_tuptable->vals[0], 1);
		}
		MemoryContextSwitchTo(step->context);
	}
	return calendar ? calendar : step->act->calendar;
}

/* start_instant returns the instant a term counts from. */
static TimestampTz
start_instant(const Step *step, const ActClockRule *rule)
{
	if (rule->counts_from != NULL)
	{
		if (strcmp(rule->counts_from, "published_at") == 0 && !step->after.nulls[COL_PUBLISHED_AT])
			return DatumGetTimestampTz(step->after.values[COL_PUBLISHED_AT]);
		if (strcmp(rule->counts_from, "detected_at") == 0)
			return DatumGetTimestampTz(step->after.values[COL_DETECTED_AT]);
		if (osm_details_has(step->details, rule->counts_from))
			return osm_details_day(step->details, rule->counts_from, step->act->time_zone);
	}
	return step->occurred_at;
}

/*
 * start_clock starts a rule, for an assignment where its scope says so.  A rule
 * counted from an anchor that does not run is not started: the outer term it
 * serves has been met.
 */
static void
start_clock(Clocks *clocks, ActClockRule *rule, int64 assignment_id, int64 assigned_body)
{
	Step	   *step = clocks->step;
	Clock	   *anchor = NULL;
	Clock	   *clock;
	Clock		fresh;
	bool		provisional = false;

	memset(&fresh, 0, sizeof(fresh));
	fresh.rule = rule;
	fresh.assignment_id = assignment_id;
	fresh.reply_id = rule->scope == 'r' ? osm_row_int64(&step->after, COL_REPLY_ID) : 0;
	if (open_clock(clocks, rule, assignment_id, fresh.reply_id) != NULL)
		return;
	fresh.cycle_no = 1;
	for (int i = 0; i < clocks->n; i++)
	{
		if (clocks->items[i].rule == rule && clocks->items[i].assignment_id == assignment_id)
			fresh.cycle_no = Max(fresh.cycle_no, clocks->items[i].cycle_no + 1);
	}
	if (rule->responsible != NULL && rule->responsible->scope != SCOPE_AUTHORITY)
		fresh.body_id =
			assigned_body != 0 ? assigned_body : osm_row_int64(&step->after, COL_BODY_ID);
	fresh.calendar = calendar_of(step, rule, fresh.body_id);
	fresh.started_at = start_instant(step, rule);
	fresh.resumed_at = fresh.started_at;
	fresh.state = CLOCK_RUNNING;
	fresh.binding = rule->binding;
	fresh.has_term = rule->has_term;
	if (rule->has_term)
	{
		fresh.term = rule->term;
		if (step->urgent && rule->has_urgent_term)
			fresh.term = rule->urgent_term;
		else if (step->urgent && rule->urgent_factor > 0)
			fresh.term.time = (int64) (fresh.term.time * rule->urgent_factor + 0.5);
	}

	if (rule->due_from != NULL && osm_details_has(step->details, rule->due_from))
	{
		fresh.due_at = osm_details_instant(step->details, rule->due_from, step->act->time_zone);
		fresh.has_term = false;
	}
	else if (!rule->has_term)
		return;
	else if (rule->anchor != NULL)
	{
		anchor = open_clock(clocks, rule->anchor, 0, 0);
		if (anchor == NULL || anchor->state != CLOCK_RUNNING)
			return;
		anchor_due(&fresh, anchor);
	}
	else
	{
		fresh.due_at = osm_calendar_add(osm_calendar_get(fresh.calendar), fresh.started_at,
										&fresh.term, &provisional);
		fresh.provisional = provisional;
	}
	clock = add_clock(clocks);
	*clock = fresh;
	clock->dirty = true;
}

static StepAssignment *
share_of_actor(Step *step)
{
	for (int i = 0; i < step->nassignments; i++)
	{
		if (step->assignments[i].body_id == step->actor_body_id)
			return &step->assignments[i];
	}
	return NULL;
}

/* concerns tells whether the step is about a clock's assignment, where it has one. */
static bool
concerns(Step *step, const Clock *clock)
{
	StepAssignment *share;

	if (clock->assignment_id == 0 ||
		(step->action->effect != EFFECT_CONTRIBUTE && step->action->effect != EFFECT_RELEASE))
		return true;
	share = share_of_actor(step);
	return share != NULL && share->id == clock->assignment_id;
}

/* was_released tells whether the step took a clock's assignment away without being its return. */
static bool
was_released(Step *step, const Clock *clock)
{
	if (clock->assignment_id == 0 || step->action->effect != EFFECT_ASSIGN)
		return false;
	for (int i = 0; i < step->nassignments; i++)
	{
		if (step->assignments[i].id == clock->assignment_id)
			return !step->assignments[i].keep;
	}
	return false;
}

static void
change_open_clocks(Clocks *clocks)
{
	Step	   *step = clocks->step;
	const char *action = step->action->name;
	const char *kind = step->reply_kind;

	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];
		ActClockRule *rule = clock->rule;

		if (!is_open(clock) || !concerns(step, clock))
			continue;
		if (osm_triggers_match(&rule->stops_on, action, kind))
			end_clock(clocks, clock, false);
		else if (osm_triggers_match(&rule->cancels_on, action, kind) || was_released(step, clock) ||
				 step->to->kind == STATE_FINAL || step->to->kind == STATE_FORBIDDEN)
			end_clock(clocks, clock, true);
		else if (clock->state == CLOCK_RUNNING &&
				 osm_triggers_match(&rule->pauses_on, action, kind))
			pause_clock(clocks, clock);
		else if (clock->state == CLOCK_PAUSED &&
				 osm_triggers_match(&rule->resumes_on, action, kind))
			resume_clock(clocks, clock);
	}

	/* what is counted back from a term stands still with it */
	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];
		Clock	   *anchor;

		if (!is_open(clock) || clock->rule->anchor == NULL || !clock->has_term)
			continue;
		anchor = open_clock(clocks, clock->rule->anchor, 0, 0);
		if (anchor == NULL)
			continue;
		if (clock->state == CLOCK_RUNNING && anchor->state == CLOCK_PAUSED)
			pause_clock(clocks, clock);
		else if (clock->state == CLOCK_PAUSED && anchor->state == CLOCK_RUNNING &&
				 clock->rule->pauses_on.n == 0)
			resume_clock(clocks, clock);
	}
}

static void
start_clocks(Clocks *clocks)
{
	Step	   *step = clocks->step;

	for (int i = 0; i < step->act->nclocks; i++)
	{
		ActClockRule *rule = &step->act->clocks[i];

		if (!osm_triggers_match(&rule->starts_on, step->action->name, step->reply_kind))
			continue;
		if (rule->scope != 'a')
		{
			step->value_assignment_role = 0;
			if (osm_conditions_hold(&rule->when, osm_step_value, step))
				start_clock(clocks, rule, 0, 0);
			continue;
		}
		for (int j = 0; j < step->nassignments; j++)
		{
			StepAssignment *share = &step->assignments[j];

			if (step->action->effect == EFFECT_ASSIGN ? !share->fresh
													  : share->body_id != step->actor_body_id)
				continue;
			step->value_assignment_role = share->role;
			if (osm_conditions_hold(&rule->when, osm_step_value, step))
				start_clock(clocks, rule, share->id, share->body_id);
		}
		step->value_assignment_role = 0;
	}
	MemoryContextSwitchTo(step->context);
}

/* set_term moves the due instant of a running clock to one set by hand. */
static void
set_term(Clocks *clocks)
{
	Step	   *step = clocks->step;
	char	   *name = osm_details_text(step->details, "clock");
	TimestampTz old_due;
	Clock	   *clock = NULL;

	for (int i = 0; name != NULL && i < clocks->n; i++)
	{
		if (is_open(&clocks->items[i]) && strcmp(clocks->items[i].rule->name, name) == 0)
			clock = &clocks->items[i];
	}
	if (clock == NULL || !osm_details_has(step->details, "due_at"))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 clock == NULL ?
				 errmsg("incident %lld has no running clock \"%s\"", (long long) step->incident_id,
						name ? name : "") :
				 errmsg("\"%s\" is missing", "due_at"),
				 errdetail("Incident %lld, step \"%s\", clause %s.", (long long) step->incident_id,
						   step->action->name, step->transition->clause),
				 errhint("Give details.clock (the name of a running rule) and details.due_at.")));
	old_due = clock->due_at;
	clock->due_at = osm_details_instant(step->details, "due_at", step->act->time_zone);
	if (clock->due_at < step->occurred_at)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a term cannot be set to end in the past"),
				 errdetail("Incident %lld, clock \"%s\".", (long long) step->incident_id, name)));
	clock->has_term = false;
	clock->due_moved = true;
	clock->dirty = true;
	note(step, clock, "due", NULL, &old_due);
}

/*
 * raise_urgency gives running clocks the shorter terms of an incident that has
 * become urgent: an urgent term counts from the clock's own start, a factor
 * takes its share of what is unused.  What is past by that very step is due now,
 * and nobody's who had the incident: body_id is taken off.
 */
static void
raise_urgency(Clocks *clocks)
{
	Step	   *step = clocks->step;

	if (step->from == NULL || !step->urgent || osm_step_is_urgent(step->act, &step->before))
		return;
	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];
		ActClockRule *rule = clock->rule;
		TimestampTz old_due = clock->due_at;
		bool		provisional = false;

		if (clock->state != CLOCK_RUNNING || !clock->has_term || rule->anchor != NULL ||
			step->occurred_at > clock->due_at || (!rule->has_urgent_term && rule->urgent_factor <= 0))
			continue;
		if (rule->has_urgent_term)
		{
			BusinessInterval rest = rule->urgent_term;

			rest.time -= clock->used.time;
			clock->term = rule->urgent_term;
			clock->due_at = osm_calendar_add(osm_calendar_get(clock->calendar), clock->resumed_at, &rest,
											 &provisional);
		}
		else
		{
			BusinessInterval rest;
			int64		unused;

			osm_calendar_between(osm_calendar_get(clock->calendar), step->occurred_at, clock->due_at, &rest);
			unused = (int64) (rest.time * rule->urgent_factor + 0.5);
			clock->term.time -= rest.time - unused;
			rest.time = unused;
			clock->due_at = osm_calendar_add(osm_calendar_get(clock->calendar), step->occurred_at, &rest,
											 &provisional);
		}
		clock->provisional |= provisional;
		if (clock->due_at < step->occurred_at)
		{
			clock->due_at = step->occurred_at;
			clock->body_id = 0;
		}
		if (clock->due_at == old_due)
			continue;
		clock->due_moved = true;
		clock->dirty = true;
		note(step, clock, "due", NULL, &old_due);
	}
}

/* follow_anchors moves running clocks whose anchor was moved. */
static void
follow_anchors(Clocks *clocks)
{
	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];
		Clock	   *anchor;
		TimestampTz old_due = clock->due_at;

		if (!is_open(clock) || clock->rule->anchor == NULL || !clock->has_term || clock->id == 0)
			continue;
		anchor = open_clock(clocks, clock->rule->anchor, 0, 0);
		if (anchor == NULL || !anchor->due_moved)
			continue;
		anchor_due(clock, anchor);
		if (clock->due_at == old_due)
			continue;
		clock->due_moved = true;
		clock->dirty = true;
		note(clocks->step, clock, "due", NULL, &old_due);
	}
}

/*
 * follow_holder charges running clocks to the body that has the incident now, as
 * long as they are not past due: a breach is the holder's at the due instant.
 */
static void
follow_holder(Clocks *clocks)
{
	Step	   *step = clocks->step;
	int64		body_id = osm_row_int64(&step->after, COL_BODY_ID);

	if (step->action->effect != EFFECT_ASSIGN && step->action->effect != EFFECT_RELEASE)
		return;
	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];

		if (is_open(clock) && clock->assignment_id == 0 && clock->rule->responsible != NULL &&
			clock->rule->responsible->scope != SCOPE_AUTHORITY && clock->body_id != body_id &&
			step->occurred_at <= clock->due_at)
		{
			clock->body_id = body_id;
			clock->dirty = true;
		}
	}
}

/* next_warning sets the next instant a warning is due; false for none. */
static bool
next_warning(const Clock *clock, TimestampTz now, TimestampTz *warn_at)
{
	bool		found = false;

	if (clock->state != CLOCK_RUNNING)
		return false;
	for (int i = 0; i < clock->rule->nwarnings; i++)
	{
		bool		provisional;
		TimestampTz t = osm_calendar_subtract(osm_calendar_get(clock->calendar), clock->due_at,
											  &clock->rule->warn_before[i], &provisional);

		if (t > now && (!found || t < *warn_at))
		{
			*warn_at = t;
			found = true;
		}
	}
	return found;
}

static void
write_clocks(Clocks *clocks)
{
	static SPIPlanPtr insert_plan = NULL;
	static SPIPlanPtr update_plan = NULL;
	Step	   *step = clocks->step;
	Oid			interval = InvalidOid;

	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];
		bool		ended = !is_open(clock);
		TimestampTz warn_at = 0;
		bool		warns;
		Datum		values[20];
		char		nulls[21] = "                    ";

		if (!clock->dirty)
			continue;
		if (!OidIsValid(interval))
			interval = osm_business_interval_oid();
		warns = next_warning(clock, step->recorded_at, &warn_at);
		if (clock->id == 0)
		{
			const Oid types[] = { INT8OID,  INT8OID, INT8OID,       INT8OID,        INT8OID,
								  INT4OID,  TEXTOID, interval,      TIMESTAMPTZOID, TIMESTAMPTZOID,
								  interval, BOOLOID, BOOLOID,       BOOLOID,        BOOLOID,
								  INT8OID,  INT4OID, TIMESTAMPTZOID };

			values[0] = Int64GetDatum(step->authority_id);
			values[1] = Int64GetDatum(step->incident_id);
			values[2] = Int64GetDatum(clock->rule->id);
			values[3] = Int64GetDatum(clock->assignment_id);
			nulls[3] = clock->assignment_id ? ' ' : 'n';
			values[4] = Int64GetDatum(clock->reply_id);
			nulls[4] = clock->reply_id ? ' ' : 'n';
			values[5] = Int32GetDatum(clock->cycle_no);
			values[6] = CStringGetTextDatum(clock->calendar);
			values[7] = PointerGetDatum(&clock->term);
			nulls[7] = clock->has_term ? ' ' : 'n';
			values[8] = TimestampTzGetDatum(clock->started_at);
			values[9] = TimestampTzGetDatum(clock->due_at);
			values[10] = PointerGetDatum(&clock->used);
			values[11] = BoolGetDatum(clock->rule->armed);
			values[12] = BoolGetDatum(clock->binding);
			values[13] = BoolGetDatum(clock->rule->outer_term);
			values[14] = BoolGetDatum(clock->provisional);
			values[15] = Int64GetDatum(clock->body_id);
			nulls[15] = clock->body_id ? ' ' : 'n';
			values[16] = Int32GetDatum(step->seq);
			values[17] = TimestampTzGetDatum(warn_at);
			nulls[17] = warns ? ' ' : 'n';
			(void) osm_spi_run(
				&insert_plan,
				"INSERT INTO osm.clock (authority_id, incident_id, rule_id, assignment_id, reply_id, "
				"cycle_no, calendar, term, started_at, resumed_at, due_at, used, armed, binding, "
				"outer_term, provisional, body_id, started_seq, warn_at) "
				"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13, $14, $15, $16, "
				"$17, $18) RETURNING id",
				18, types, values, nulls, SPI_OK_INSERT_RETURNING);
			clock->id = osm_spi_int64(SPI_tuptable->vals[0], 1);
			MemoryContextSwitchTo(step->context);
			note(step, clock, "start", NULL, NULL);
		}
		else
		{
			const Oid types[] = { INT8OID,        INT8OID,  interval,       TIMESTAMPTZOID,
								  TIMESTAMPTZOID, interval, TIMESTAMPTZOID, TIMESTAMPTZOID,
								  TEXTOID,        BOOLOID,  BOOLOID,        INT8OID,
								  INT8OID,        INT4OID,  TIMESTAMPTZOID, TIMESTAMPTZOID };

			values[0] = Int64GetDatum(clock->id);
			values[1] = Int64GetDatum(step->authority_id);
			values[2] = PointerGetDatum(&clock->term);
			nulls[2] = clock->has_term ? ' ' : 'n';
			values[3] = TimestampTzGetDatum(clock->due_at);
			values[4] = TimestampTzGetDatum(clock->resumed_at);
			values[5] = PointerGetDatum(&clock->used);
			values[6] = TimestampTzGetDatum(clock->paused_at);
			nulls[6] = clock->state == CLOCK_PAUSED ? ' ' : 'n';
			values[7] = TimestampTzGetDatum(step->occurred_at);
			nulls[7] = ended ? ' ' : 'n';
			values[8] = CStringGetTextDatum(clock_state_names[clock->state]);
			values[9] = BoolGetDatum(clock->binding);
			values[10] = BoolGetDatum(clock->provisional);
			values[11] = Int64GetDatum(clock->body_id);
			nulls[11] = clock->body_id ? ' ' : 'n';
			values[12] = Int64GetDatum(step->actor_id);
			nulls[12] = ended ? ' ' : 'n';
			values[13] = Int32GetDatum(step->seq);
			nulls[13] = ended ? ' ' : 'n';
			/* a breach undone by a later due instant may come again */
			if (clock->state == CLOCK_RUNNING && clock->due_moved && clock->due_at >= step->recorded_at)
				clock->flagged = false;
			values[14] = TimestampTzGetDatum(step->recorded_at);
			nulls[14] = clock->flagged ? ' ' : 'n';
			values[15] = TimestampTzGetDatum(warn_at);
			nulls[15] = warns ? ' ' : 'n';
			(void) osm_spi_run(
				&update_plan,
				"UPDATE osm.clock SET term = $3, due_at = $4, resumed_at = $5, used = $6, "
				"paused_at = $7, stopped_at = $8, state = $9, binding = $10, provisional = $11, "
				"body_id = $12, stopped_by = $13, stopped_seq = $14, "
				"flagged_at = CASE WHEN $15 IS NOT NULL THEN COALESCE(flagged_at, $15) END, "
				"warn_at = $16 "
				"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
				16, types, values, nulls, SPI_OK_UPDATE);
			MemoryContextSwitchTo(step->context);
		}
		if (clock->state == CLOCK_RUNNING && clock->rule->armed && !clock->flagged)
			osm_worker_note_due(warns ? Min(warn_at, clock->due_at) : clock->due_at);
	}
}

/*
 * write_overdue dates the incident's lateness by the earliest outer term that
 * was missed or is flagged; a cancelled one has no verdict.
 */
static void
write_overdue(Clocks *clocks)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, TIMESTAMPTZOID};
	const IncidentRow *row = &clocks->step->after;
	Datum		values[3];
	char		nulls[4] = "   ";
	TimestampTz since = 0;
	bool		overdue = false;

	for (int i = 0; i < clocks->n; i++)
	{
		const Clock *clock = &clocks->items[i];

		if (clock->flagged && clock->state != CLOCK_CANCELLED && clock->rule->outer_term &&
			clock->binding && (!overdue || clock->due_at < since))
		{
			overdue = true;
			since = clock->due_at;
		}
	}
	if (overdue == !row->nulls[COL_OVERDUE_SINCE] &&
		(!overdue || since == DatumGetTimestampTz(row->values[COL_OVERDUE_SINCE])))
		return;
	values[0] = Int64GetDatum(clocks->step->incident_id);
	values[1] = Int64GetDatum(clocks->step->authority_id);
	values[2] = TimestampTzGetDatum(since);
	nulls[2] = overdue ? ' ' : 'n';
	osm_engine_begin();
	(void) osm_spi_run(&plan,
					   "UPDATE osm.incident SET overdue_since = $3 "
					   "WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
					   3, types, values, nulls, SPI_OK_UPDATE);
	osm_engine_end();
	MemoryContextSwitchTo(clocks->step->context);
}

/*
 * osm_step_clocks does to the clocks of an incident what its act says of the
 * step.  SPI is connected, the incident's row is locked.
 */
void
osm_step_clocks(Step *step)
{
	Clocks		clocks;

	memset(&clocks, 0, sizeof(clocks));
	clocks.step = step;
	load_clocks(&clocks);
	change_open_clocks(&clocks);
	if (step->action->effect == EFFECT_SET_TERM)
		set_term(&clocks);
	follow_holder(&clocks);
	raise_urgency(&clocks);
	follow_anchors(&clocks);
	start_clocks(&clocks);
	write_clocks(&clocks);
	write_overdue(&clocks);
}
