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
#include "utils/builtins.h"

#include "clock.h"
#include "osm_workflow.h"
#include "people.h"
#include "spi_plan.h"

/* use_time adds the business time from the last resumption to an instant. */
static void
use_time(Clock *clock, TimestampTz until)
{
	BusinessInterval stretch;

	osm_calendar_between(osm_calendar_get(clock->calendar), clock->resumed_at,
						 Max(until, clock->resumed_at), &stretch);
	clock->used.time += stretch.time;
}

/* osm_clock_flag marks a breach no pass has found yet. */
void
osm_clock_flag(Clock *clock)
{
	clock->newly_flagged = !clock->flagged && clock->rule->armed;
	clock->flagged = true;
}

/*
 * ends_otherwise tells whether a clock that a step cancels ends with that very action
 * where it is of another kind: the act has another term for it then.
 */
static bool
ends_otherwise(const Clock *clock, const char *action)
{
	const ActTriggers *stops_on = &clock->rule->stops_on;

	for (int i = 0; i < stops_on->n; i++)
	{
		if (strcmp(stops_on->items[i].action, action) == 0)
			return true;
	}
	return false;
}

/*
 * end_clock stops a clock with a verdict, or cancels it: without one, unless it was
 * late already, for what was breached stays so.  A term whose end takes an action is
 * nobody's to keep: ended too late for that, it has no verdict either.
 */
static void
end_clock(Clocks *clocks, Clock *clock, bool cancelled)
{
	Step	   *step = clocks->step;
	TimestampTz t = step->occurred_at;
	bool		paused = clock->state == CLOCK_PAUSED;
	bool		late = (paused ? clock->paused_at : t) > clock->due_at;

	if (paused)
		osm_clock_write_segment(step, clock, clock->paused_at, t, "pause");
	else
	{
		use_time(clock, t);
		osm_clock_write_segment(step, clock, clock->resumed_at, t, "run");
	}
	if (late && clock->rule->on_due == NULL &&
		(!cancelled || (clock->rule->armed && !ends_otherwise(clock, step->action->name))))
		clock->state = CLOCK_MISSED;
	else
		clock->state = late || cancelled ? CLOCK_CANCELLED : CLOCK_MET;
	clock->dirty = true;
	osm_clock_note(step, clock, cancelled || clock->state == CLOCK_CANCELLED ? "cancel" : "stop",
				   clock->state == CLOCK_CANCELLED ? NULL : osm_clock_state_names[clock->state],
				   NULL);
	/* a step recorded late may have been in time: the flag was punctual and yet wrong */
	if (clock->state == CLOCK_MISSED)
		osm_clock_flag(clock);
	else
		clock->flagged = false;
}

static void
pause_clock(Clocks *clocks, Clock *clock)
{
	Step	   *step = clocks->step;

	use_time(clock, step->occurred_at);
	osm_clock_write_segment(step, clock, clock->resumed_at, step->occurred_at, "run");
	clock->state = CLOCK_PAUSED;
	clock->paused_at = step->occurred_at;
	/* the pass over what is due does not see a paused clock, and may have come too early */
	if (step->occurred_at <= clock->due_at)
		clock->flagged = false;
	else if (clock->rule->armed && clock->rule->on_due == NULL)
		osm_clock_flag(clock);
	clock->dirty = true;
	osm_clock_note(step, clock, "pause", NULL, NULL);
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
	OsmCalendar *calendar;

	osm_clock_write_segment(step, clock, clock->paused_at, t, "pause");
	/* after the write, in which triggers may look calendars up */
	calendar = osm_calendar_get(clock->calendar);
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
	clock->resumed = true;
	clock->resumed_at = t;
	clock->due_moved = clock->due_at != old_due;
	clock->dirty = true;
	osm_clock_note(step, clock, "resume", NULL, clock->due_moved ? &old_due : NULL);
}

/* osm_clock_open finds the open clock of a rule, NULL for none. */
Clock *
osm_clock_open(Clocks *clocks, const ActClockRule *rule, int64 assignment_id, int64 reply_id)
{
	for (int i = clocks->n - 1; i >= 0; i--)
	{
		Clock	   *clock = &clocks->items[i];

		if (clock->rule == rule && clock_is_open(clock) && clock->assignment_id == assignment_id &&
			(reply_id == 0 || clock->reply_id == reply_id))
			return clock;
	}
	return NULL;
}

/*
 * osm_clock_anchor_due counts a clock back from its anchor.  A term that would leave no
 * time at all is shown and not counted: nobody can keep it.
 */
void
osm_clock_anchor_due(Clock *clock, const Clock *anchor)
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
	const char *calendar = NULL;

	if (rule->calendar != NULL)
		return rule->calendar;
	if (body_id != 0)
		calendar = osm_people_calendar(step->authority_id, body_id);
	return calendar != NULL ? pstrdup(calendar) : step->act->calendar;
}

/* start_instant returns the instant a term counts from. */
static TimestampTz
start_instant(Step *step, const ActClockRule *rule)
{
	if (rule->counts_from != NULL)
	{
		if (strcmp(rule->counts_from, "published_at") == 0 && !step->after.nulls[COL_PUBLISHED_AT])
			return DatumGetTimestampTz(step->after.values[COL_PUBLISHED_AT]);
		if (strcmp(rule->counts_from, "detected_at") == 0)
			return DatumGetTimestampTz(step->after.values[COL_DETECTED_AT]);
		if (strcmp(rule->counts_from, "recorded_at") == 0)
			return step->recorded_at;
		if (osm_details_has(osm_step_document(step, rule->counts_from), rule->counts_from))
			return osm_details_day(osm_step_document(step, rule->counts_from), rule->counts_from,
								   step->act->time_zone);
	}
	return step->occurred_at;
}

/*
 * term_of gives the term a rule has for this incident; false if it has none.  The
 * share of another rule's term is that of the term as it applies here.
 */
static bool
term_of(const Step *step, const ActClockRule *rule, BusinessInterval *term)
{
	if (rule->share_of != NULL)
	{
		if (!term_of(step, rule->share_of, term))
			return false;
		term->time = (int64) (term->time * rule->share + 0.5);
		return true;
	}
	if (!rule->has_term)
		return false;
	*term = rule->term;
	if (step->urgent && rule->has_urgent_term)
		*term = rule->urgent_term;
	else if (step->urgent && rule->urgent_factor > 0)
		term->time = (int64) (term->time * rule->urgent_factor + 0.5);
	return true;
}

/*
 * official_of returns who answers for a clock by name: the one person who holds the
 * role on the day of the step, in the clock's body where the role counts there.
 */
static int64
official_of(const Step *step, const Clock *clock)
{
	const ActRole *role = clock->rule->responsible;

	if (role == NULL || (role->scope != SCOPE_AUTHORITY && clock->body_id == 0))
		return 0;
	return osm_people_one_official(step->authority_id, role->name,
								   role->scope == SCOPE_AUTHORITY ? 0 : clock->body_id,
								   osm_step_date(step));
}

/* prepare_clock fills in what a new clock of a rule is judged by, all but its due instant. */
static void
prepare_clock(Step *step, Clock *clock, int64 assigned_body)
{
	const ActClockRule *rule = clock->rule;

	if (rule->responsible != NULL && rule->responsible->scope != SCOPE_AUTHORITY)
		clock->body_id =
			assigned_body != 0 ? assigned_body : osm_row_int64(&step->after, COL_BODY_ID);
	clock->calendar = calendar_of(step, rule, clock->body_id);
	if (rule->outer_term && rule->responsible != NULL &&
		rule->responsible->scope == SCOPE_AUTHORITY)
	{
		/* who answers for it: the body of those who hold the role, if it is one */
		clock->body_id = osm_people_one_body(step->authority_id, rule->responsible->name,
											 osm_step_date(step));
	}
	clock->official_id = official_of(step, clock);
	clock->started_at = start_instant(step, rule);
	clock->resumed_at = clock->started_at;
	clock->state = CLOCK_RUNNING;
	clock->binding = rule->binding;
	clock->has_term = term_of(step, rule, &clock->term);
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
	if (osm_clock_open(clocks, rule, assignment_id, fresh.reply_id) != NULL)
		return;
	prepare_clock(step, &fresh, assigned_body);
	if (rule->due_from != NULL &&
		osm_details_has(osm_step_document(step, rule->due_from), rule->due_from))
	{
		fresh.due_at = osm_details_instant(osm_step_document(step, rule->due_from),
										   rule->due_from, step->act->time_zone);
		fresh.has_term = false;
	}
	else if (!fresh.has_term)
		return;
	else if (rule->anchor != NULL)
	{
		anchor = osm_clock_open(clocks, rule->anchor, 0, 0);
		if (anchor == NULL || anchor->state != CLOCK_RUNNING)
			return;
		osm_clock_anchor_due(&fresh, anchor);
	}
	else
	{
		fresh.due_at = osm_calendar_add(osm_calendar_get(fresh.calendar), fresh.started_at,
										&fresh.term, &provisional);
		fresh.provisional = provisional;
	}
	clock = osm_clock_add(clocks);
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

/*
 * ends_here tells whether a step closes the incident for a clock: it leads to a
 * final state, in which nothing that would stop the clock can happen any more.
 */
static bool
ends_here(const Step *step, const ActClockRule *rule)
{
	if (step->to == step->from ||
		(step->to->kind != STATE_FINAL && step->to->kind != STATE_FORBIDDEN))
		return false;
	for (int i = 0; i < step->act->ntransitions; i++)
	{
		const ActTransition *transition = &step->act->transitions[i];

		for (int j = 0; transition->from == step->to && j < rule->stops_on.n; j++)
		{
			if (strcmp(rule->stops_on.items[j].action, transition->action->name) == 0)
				return false;
		}
	}
	return true;
}

static void
change_open_clocks(Clocks *clocks)
{
	Step	   *step = clocks->step;
	const char *action = step->action->name;
	const char *kind = osm_step_kind(step);

	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];
		ActClockRule *rule = clock->rule;

		if (!clock_is_open(clock) || !concerns(step, clock))
			continue;
		if (osm_triggers_match(&rule->stops_on, action, kind))
			end_clock(clocks, clock, false);
		else if (osm_triggers_match(&rule->cancels_on, action, kind) || was_released(step, clock) ||
				 ends_here(step, rule))
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

		if (!clock_is_open(clock) || clock->rule->anchor == NULL || !clock->has_term)
			continue;
		anchor = osm_clock_open(clocks, clock->rule->anchor, 0, 0);
		if (anchor == NULL)
			continue;
		if (clock->state == CLOCK_RUNNING && anchor->state == CLOCK_PAUSED)
			pause_clock(clocks, clock);
		else if (clock->state == CLOCK_PAUSED && anchor->state == CLOCK_RUNNING &&
				 clock->rule->pauses_on.n == 0)
			resume_clock(clocks, clock);
	}
}

/*
 * start_next_turns starts a rule of the routing for the bodies whose turn comes by
 * this step, where bodies give their parts in order: one ahead of them has given
 * its part, has given the incident back or has been taken off it.
 */
static void
start_next_turns(Clocks *clocks, ActClockRule *rule)
{
	Step	   *step = clocks->step;
	bool		by_routing = false;

	if (rule->scope != 'a')
		return;
	for (int i = 0; i < step->act->nactions; i++)
	{
		ActAction  *action = &step->act->actions[i];

		by_routing |= action->effect == EFFECT_ASSIGN &&
			osm_triggers_match(&rule->starts_on, action->name, "several");
	}
	for (int i = 0; by_routing && i < step->nassignments; i++)
	{
		StepAssignment *share = &step->assignments[i];
		bool		has_run = false;

		if (!share->waited || !osm_share_owes(step, share) ||
			osm_share_before(step, share) != NULL)
			continue;
		for (int j = 0; j < clocks->n; j++)
			has_run |= clocks->items[j].rule == rule &&
				clocks->items[j].assignment_id == share->id;
		step->value_assignment_role = share->role;
		if (!has_run && osm_conditions_hold(&rule->when, osm_step_value, step))
			start_clock(clocks, rule, share->id, share->body_id);
	}
	step->value_assignment_role = 0;
}

static void
start_clocks(Clocks *clocks)
{
	Step	   *step = clocks->step;

	for (int i = 0; i < step->act->nclocks; i++)
	{
		ActClockRule *rule = &step->act->clocks[i];

		start_next_turns(clocks, rule);
		if (!osm_triggers_match(&rule->starts_on, step->action->name, osm_step_kind(step)))
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

			if (step->action->effect == EFFECT_ASSIGN ?
				!share->fresh || osm_share_before(step, share) != NULL :
				share->body_id != step->actor_body_id)
				continue;
			step->value_assignment_role = share->role;
			if (osm_conditions_hold(&rule->when, osm_step_value, step))
				start_clock(clocks, rule, share->id, share->body_id);
		}
		step->value_assignment_role = 0;
	}
	MemoryContextSwitchTo(step->context);
}

/* bad_term raises the error of a term that cannot be set for lack of a key: OW003. */
static void
bad_term(const Step *step, const char *key)
{
	StringInfoData rules;

	initStringInfo(&rules);
	for (int i = 0; i < step->act->nclocks; i++)
		appendStringInfo(&rules, "%s%s", i > 0 ? ", " : "", step->act->clocks[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_OSM_BAD_DATA),
			 osm_details_has(step->details, key) ?
			 errmsg("incident %lld has no clock \"%s\"", (long long) step->incident_id,
					osm_details_text(step->details, key)) :
			 errmsg("\"%s\" is missing", key),
			 errdetail("Incident %lld, step \"%s\", clause %s.", (long long) step->incident_id,
					   step->action->name, step->transition->clause),
			 errhint("Give details.clock (one of: %s) and details.due_at.", rules.data)));
}

/*
 * set_term sets the due instant of a clock by hand, and starts one that does not
 * run: some acts leave a term to be set.  Errors: OW003.  A step of the past was
 * taken under another edition: what that one's term is not here stays unset.
 */
static void
set_term(Clocks *clocks)
{
	Step	   *step = clocks->step;
	char	   *name = osm_details_text(step->details, "clock");
	ActClockRule *rule = NULL;
	TimestampTz due_at;
	TimestampTz old_due;
	Clock	   *clock = NULL;

	if (name == NULL || !osm_details_has(step->details, "due_at"))
	{
		if (step->replayed)
			return;
		bad_term(step, name == NULL ? "clock" : "due_at");
	}
	due_at = osm_details_instant(step->details, "due_at", step->act->time_zone);
	if (step->replayed && due_at < step->occurred_at)
		return;
	for (int i = 0; i < step->act->nclocks && rule == NULL; i++)
	{
		if (strcmp(step->act->clocks[i].name, name) == 0)
			rule = &step->act->clocks[i];
	}
	for (int i = 0; i < clocks->n; i++)
	{
		if (clock_is_open(&clocks->items[i]) && clocks->items[i].rule == rule)
			clock = &clocks->items[i];
	}
	if (clock == NULL && rule != NULL && rule->scope == 'i' &&
		(!rule->outer_term || osm_conditions_hold(&rule->when, osm_step_value, step)))
	{
		/*
		 * a term the act leaves to be set: it starts with it; but no other incident's
		 * term is owed to this author
		 */
		clock = osm_clock_add(clocks);
		clock->rule = rule;
		prepare_clock(step, clock, 0);
		clock->due_at = step->occurred_at;
	}
	if (clock == NULL)
	{
		if (step->replayed)
			return;
		bad_term(step, "clock");
	}
	old_due = clock->due_at;
	clock->due_at = due_at;
	if (clock->due_at < step->occurred_at)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a term cannot be set to end in the past"),
				 errdetail("Incident %lld, clock \"%s\", clause %s.", (long long) step->incident_id,
						   name, step->transition->clause),
				 errhint("It is %s now.", pstrdup(timestamptz_to_str(step->occurred_at)))));
	clock->has_term = false;
	clock->due_cause = DUE_SET_BY_HAND;
	clock->due_moved = true;
	clock->dirty = true;
	if (clock->id != 0)
		osm_clock_note(step, clock, "due", NULL, &old_due);
}

/*
 * raise_urgency gives running clocks the shorter terms of an incident that has
 * become urgent: an urgent term counts from the clock's own start, a factor
 * takes its share of what is unused.  What is past by that very step is due now,
 * and nobody's who had the incident: body and official are taken off.
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
		const ActClockRule *source = rule->share_of != NULL ? rule->share_of : rule;
		TimestampTz old_due = clock->due_at;
		bool		provisional = false;

		if (clock->state != CLOCK_RUNNING || !clock->has_term || rule->anchor != NULL ||
			step->occurred_at > clock->due_at ||
			(!source->has_urgent_term && source->urgent_factor <= 0))
			continue;
		if (source->has_urgent_term)
		{
			BusinessInterval rest;

			(void) term_of(step, rule, &clock->term);
			rest = clock->term;
			rest.time -= clock->used.time;
			clock->due_at = osm_calendar_add(osm_calendar_get(clock->calendar), clock->resumed_at,
											 &rest, &provisional);
		}
		else
		{
			BusinessInterval rest;
			int64		unused;

			osm_calendar_between(osm_calendar_get(clock->calendar), step->occurred_at,
								 clock->due_at, &rest);
			unused = (int64) (rest.time * source->urgent_factor + 0.5);
			clock->term.time -= rest.time - unused;
			rest.time = unused;
			clock->due_at = osm_calendar_add(osm_calendar_get(clock->calendar), step->occurred_at,
											 &rest, &provisional);
		}
		clock->provisional |= provisional;
		if (clock->due_at < step->occurred_at)
		{
			clock->due_at = step->occurred_at;
			clock->due_cause = DUE_RAISED_LATE;
			clock->body_id = clock->official_id = 0;
		}
		if (clock->due_at == old_due)
			continue;
		clock->due_moved = true;
		clock->dirty = true;
		osm_clock_note(step, clock, "due", NULL, &old_due);
	}
}

/* follow_anchors moves running clocks whose anchor was moved, but none that is late already. */
static void
follow_anchors(Clocks *clocks)
{
	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];
		Clock	   *anchor;
		TimestampTz old_due = clock->due_at;

		if (!clock_is_open(clock) || clock->rule->anchor == NULL || !clock->has_term ||
			clock->id == 0)
			continue;
		anchor = osm_clock_open(clocks, clock->rule->anchor, 0, 0);
		if (anchor == NULL || !anchor->due_moved ||
			(clock->resumed ? clock->paused_at : clocks->step->occurred_at) > old_due)
			continue;
		osm_clock_anchor_due(clock, anchor);
		if (!clock->resumed && clock->due_at < clocks->step->occurred_at)
		{
			/* past by this very step: shown, not counted */
			clock->due_at = clocks->step->occurred_at;
			clock->binding = false;
		}
		if (clock->due_at == old_due)
			continue;
		clock->due_moved = true;
		clock->dirty = true;
		osm_clock_note(clocks->step, clock, "due", NULL, &old_due);
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

		if (clock_is_open(clock) && clock->assignment_id == 0 && clock->rule->responsible != NULL &&
			clock->rule->responsible->scope != SCOPE_AUTHORITY && clock->body_id != body_id &&
			step->occurred_at <= clock->due_at)
		{
			clock->body_id = body_id;
			clock->official_id = official_of(step, clock);
			clock->dirty = true;
		}
	}
}

/*
 * split_stretches ends the stretch of every open clock with the body that had the
 * incident, where the step gives it to another; the clock itself goes on.  What the
 * step has ended or begun has nothing left to split.
 */
static void
split_stretches(Clocks *clocks)
{
	Step	   *step = clocks->step;

	if (step->from == NULL ||
		osm_row_int64(&step->before, COL_BODY_ID) == osm_row_int64(&step->after, COL_BODY_ID))
		return;
	for (int i = 0; i < clocks->n; i++)
	{
		const Clock *clock = &clocks->items[i];

		if (clock->state == CLOCK_RUNNING)
			osm_clock_write_segment(step, clock, clock->resumed_at, step->occurred_at, "run");
		else if (clock->state == CLOCK_PAUSED)
			osm_clock_write_segment(step, clock, clock->paused_at, step->occurred_at, "pause");
	}
}

/* osm_clocks_change does to clocks in memory what the act says of the step. */
void
osm_clocks_change(Clocks *clocks)
{
	change_open_clocks(clocks);
	split_stretches(clocks);
	if (clocks->step->action->effect == EFFECT_SET_TERM)
		set_term(clocks);
	follow_holder(clocks);
	raise_urgency(clocks);
	follow_anchors(clocks);
	start_clocks(clocks);
}

/* find_next notes the running binding clock that is due first: the first rule of several. */
static void
find_next(const Clocks *clocks)
{
	Step	   *step = clocks->step;

	for (int i = 0; i < clocks->n; i++)
	{
		const Clock *clock = &clocks->items[i];
		const ActClockRule *rule = clock->rule;

		if (clock->state == CLOCK_RUNNING && clock->binding &&
			rule->armed && rule->on_due == NULL &&
			(step->next_clock == NULL || clock->due_at < step->next_due_at ||
			 (clock->due_at == step->next_due_at && rule < step->next_clock)))
		{
			step->next_clock = rule;
			step->next_due_at = clock->due_at;
		}
	}
}

/*
 * osm_step_clocks does to the clocks of an incident what its act says of the
 * step.  SPI is connected, the incident's row is locked.
 */
void
osm_step_clocks(Step *step)
{
	Clocks		clocks;
	bool		excuses = step->own != NULL && step->own->excuses != 0;

	memset(&clocks, 0, sizeof(clocks));
	clocks.step = step;
	/* how late an incident is that was late already, and whose turn it was, finished ones tell */
	osm_clocks_load(&clocks, excuses || !step->before.nulls[COL_OVERDUE_SINCE] ||
					DatumGetBool(step->before.values[COL_SEVERAL_BODIES]));
	if (step->own != NULL && step->own->recalculates != NULL)
	{
		(void) osm_clocks_recalculate(&clocks, step->own->recalculates);
		osm_clocks_write(&clocks);
		return;
	}
	if (excuses)
	{
		osm_clocks_excuse(&clocks);
		find_next(&clocks);
		return;
	}
	osm_clocks_change(&clocks);
	osm_clocks_write(&clocks);
	find_next(&clocks);
}
