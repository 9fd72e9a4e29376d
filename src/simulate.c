/*-------------------------------------------------------------------------
 * simulate.c
 *	  The clocks of a past incident as another edition would have run them.
 *
 * The events of the incident are replayed through the very code that runs
 * clocks (clock.c), on clocks that are in memory only.  The hazard is that a
 * replay reads today's rows where the step read those of its day; so who had
 * the incident, which reply was current and what was posted is worked out
 * anew, event by event, and only what never changes is looked up.
 *
 * Calendars and who works in which body are as they are now.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "clock.h"
#include "osm_workflow.h"
#include "spi_plan.h"

PG_FUNCTION_INFO_V1(osm_simulate_incident);

/* a share of a body in the incident, as it is stored */
typedef struct PastShare
{
	int64		id;
	int64		body_id;
	char	   *body;			/* its code */
	int32		assigned_seq;
	TimestampTz contributed_at; /* 0: never, like the next */
	TimestampTz released_at;
} PastShare;

typedef struct PastReply
{
	int64		id;
	char	   *kind;
} PastReply;

typedef struct PastEvent
{
	int32		seq;
	char	   *action;
	char	   *from_state;
	char	   *to_state;
	TimestampTz occurred_at;
	TimestampTz recorded_at;
	Jsonb	   *details;
	int			nbodies;		/* in which the actor held an appointment that day */
	int64	   *bodies;
} PastEvent;

typedef struct Replay
{
	Step		step;			/* the one being replayed */
	Clocks		clocks;
	TimestampTz *stopped;		/* beside clocks.items; 0: open */
	Act		   *lived;			/* the act the incident was under */
	bool		is_repeat;
	int			nshares;
	PastShare  *shares;
	int			nreplies;
	PastReply  *replies;
	int			next_reply;
	int			nlive;			/* shares at this event */
	StepAssignment *live;
} Replay;

/* instant_column returns an instant of a result row, 0 for null. */
static TimestampTz
instant_column(HeapTuple row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

/* run_query runs one of the queries below for the incident; its rows are in SPI_tuptable. */
static int
run_query(Replay *replay, SPIPlanPtr *plan, const char *sql)
{
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];
	int			n;

	values[0] = Int64GetDatum(replay->step.incident_id);
	values[1] = Int64GetDatum(replay->step.authority_id);
	n = osm_spi_look_up(plan, sql, 2, types, values, NULL);
	MemoryContextSwitchTo(replay->step.context);
	return n;
}

static void
load_shares(Replay *replay)
{
	static SPIPlanPtr plan = NULL;

	replay->nshares = run_query(
		replay, &plan,
		"SELECT a.id, a.body_id, b.code, a.assigned_seq::bigint, a.contributed_at, "
		"a.released_at "
		"FROM osm.assignment AS a JOIN osm.body AS b ON b.id OPERATOR(pg_catalog.=) a.body_id "
		"AND b.authority_id OPERATOR(pg_catalog.=) a.authority_id "
		"WHERE a.incident_id OPERATOR(pg_catalog.=) $1 "
		"AND a.authority_id OPERATOR(pg_catalog.=) $2 ORDER BY a.id");
	replay->shares = palloc0(sizeof(PastShare) * Max(replay->nshares, 1));
	replay->live = palloc0(sizeof(StepAssignment) * Max(replay->nshares, 1));
	for (int i = 0; i < replay->nshares; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];

		replay->shares[i].id = osm_spi_int64(row, 1);
		replay->shares[i].body_id = osm_spi_int64(row, 2);
		replay->shares[i].body = osm_spi_text(row, 3);
		replay->shares[i].assigned_seq = (int32) osm_spi_int64(row, 4);
		replay->shares[i].contributed_at = instant_column(row, 5);
		replay->shares[i].released_at = instant_column(row, 6);
	}
}

static void
load_replies(Replay *replay)
{
	static SPIPlanPtr plan = NULL;

	replay->nreplies = run_query(
		replay, &plan,
		"SELECT id, kind FROM osm.reply WHERE incident_id OPERATOR(pg_catalog.=) $1 "
		"AND authority_id OPERATOR(pg_catalog.=) $2 ORDER BY version");
	replay->replies = palloc0(sizeof(PastReply) * Max(replay->nreplies, 1));
	for (int i = 0; i < replay->nreplies; i++)
	{
		replay->replies[i].id = osm_spi_int64(SPI_tuptable->vals[i], 1);
		replay->replies[i].kind = osm_spi_text(SPI_tuptable->vals[i], 2);
	}
}

static int
load_events(Replay *replay, PastEvent **events)
{
	static SPIPlanPtr plan = NULL;
	int			n;

	n = run_query(
		replay, &plan,
		"SELECT e.seq::bigint, e.action, e.from_state, e.to_state, e.occurred_at, e.details, "
		"  e.recorded_at, ARRAY(SELECT a.body_id FROM osm.appointment AS a "
		"    WHERE a.authority_id OPERATOR(pg_catalog.=) e.authority_id "
		"      AND a.official_id OPERATOR(pg_catalog.=) "
		"          COALESCE(e.acting_for_id, e.actor_id) "
		"      AND a.during OPERATOR(pg_catalog.@>) "
		"          pg_catalog.timezone(g.time_zone, e.occurred_at)::pg_catalog.date "
		"    ORDER BY a.role, a.body_id) "
		"FROM osm.event AS e "
		"JOIN osm.incident AS i ON i.id OPERATOR(pg_catalog.=) e.incident_id "
		"AND i.authority_id OPERATOR(pg_catalog.=) e.authority_id "
		"JOIN osm.regulation AS g ON g.id OPERATOR(pg_catalog.=) i.regulation_id "
		"WHERE e.incident_id OPERATOR(pg_catalog.=) $1 "
		"AND e.authority_id OPERATOR(pg_catalog.=) $2 ORDER BY e.seq");
	*events = palloc0(sizeof(PastEvent) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		PastEvent  *event = &(*events)[i];
		Datum	   *elements;
		bool		isnull;

		event->seq = (int32) osm_spi_int64(row, 1);
		event->action = osm_spi_text(row, 2);
		event->from_state = osm_spi_text(row, 3);
		event->to_state = osm_spi_text(row, 4);
		event->occurred_at = instant_column(row, 5);
		event->details =
			DatumGetJsonbPCopy(SPI_getbinval(row, SPI_tuptable->tupdesc, 6, &isnull));
		event->recorded_at = instant_column(row, 7);
		deconstruct_array(
			DatumGetArrayTypeP(SPI_getbinval(row, SPI_tuptable->tupdesc, 8, &isnull)), INT8OID,
			8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, NULL, &event->nbodies);
		event->bodies = palloc(sizeof(int64) * Max(event->nbodies, 1));
		for (int j = 0; j < event->nbodies; j++)
			event->bodies[j] = DatumGetInt64(elements[j]);
	}
	return n;
}

static const PastShare *
past_share(const Replay *replay, int64 id)
{
	for (int i = 0; i < replay->nshares; i++)
	{
		if (replay->shares[i].id == id)
			return &replay->shares[i];
	}
	return NULL;
}

/*
 * actor_body finds the body for which the actor acted, of those that have the
 * incident then: what its share records of the very instant tells more than
 * where the actor is appointed, for appointments are ended and corrected.
 */
static int64
actor_body(const Replay *replay, const PastEvent *event, ActEffect effect)
{
	int64		found = 0;
	int			best = 0;

	for (int i = 0; i < replay->nlive; i++)
	{
		const StepAssignment *share = &replay->live[i];
		const PastShare *past = past_share(replay, share->id);
		int			score = 0;

		if (effect == EFFECT_CONTRIBUTE && past->contributed_at == event->occurred_at)
			score = 2;
		if (effect == EFFECT_RELEASE && past->released_at == event->occurred_at)
			score = 2;
		for (int j = 0; j < event->nbodies; j++)
		{
			if (event->bodies[j] == share->body_id)
				score |= 1;
		}
		if (score > best)
		{
			best = score;
			found = share->body_id;
		}
	}
	return found;
}

/* replay_assignment works out who has the incident after bodies were named. */
static void
replay_assignment(Replay *replay, const PastEvent *event)
{
	Step	   *step = &replay->step;
	char	   *lead = osm_details_text(event->details, "lead");
	char	   *order = osm_details_text(event->details, "order");
	int64		lead_id = 0;
	int			n;
	char	  **codes = osm_details_list(event->details, "bodies", &n);
	Act		   *other = step->act;

	/* how many answer together was settled by the act of the day */
	step->act = replay->lived;
	if (n > 1 && osm_step_splits(step))
		n = 1;
	step->act = other;
	for (int i = 0; i < replay->nlive; i++)
		replay->live[i].keep = false;
	for (int i = 0; i < n; i++)
	{
		StepAssignment *share = NULL;
		const PastShare *past = NULL;

		for (int j = 0; j < replay->nlive && share == NULL; j++)
		{
			if (strcmp(past_share(replay, replay->live[j].id)->body, codes[i]) == 0)
				share = &replay->live[j];
		}
		for (int j = 0; share == NULL && past == NULL && j < replay->nshares; j++)
		{
			if (replay->shares[j].assigned_seq == event->seq &&
				strcmp(replay->shares[j].body, codes[i]) == 0)
				past = &replay->shares[j];
		}
		if (share == NULL && past == NULL)
			continue;
		if (share == NULL)
		{
			share = &replay->live[replay->nlive++];
			memset(share, 0, sizeof(StepAssignment));
			share->id = past->id;
			share->body_id = past->body_id;
			share->fresh = true;
		}
		share->keep = true;
		share->seq_no = i + 1;
		share->in_order = n > 1 && order != NULL && strcmp(order, "sequence") == 0;
		share->role = n == 1 ? 's' :
			(lead == NULL ? i == 0 : strcmp(lead, codes[i]) == 0) ? 'l' : 'm';
		if (share->role != 'm')
			lead_id = share->body_id;
	}
	osm_row_set(&step->after, COL_BODY_ID, Int64GetDatum(lead_id));
	step->after.nulls[COL_BODY_ID] = lead_id == 0;
	osm_row_set(&step->after, COL_SEVERAL_BODIES, BoolGetDatum(n > 1));
}

/* replay_release takes the incident away from the actor's body. */
static void
replay_release(Replay *replay)
{
	Step	   *step = &replay->step;
	int			left = 0;

	for (int i = 0; i < replay->nlive; i++)
	{
		if (replay->live[i].body_id == step->actor_body_id)
			replay->live[i].keep = false;
		else
			left++;
	}
	if (left == 0)
		osm_row_set(&step->after, COL_SEVERAL_BODIES, BoolGetDatum(false));
	if (osm_row_int64(&step->before, COL_BODY_ID) == step->actor_body_id)
		step->after.nulls[COL_BODY_ID] = true;
}

static void
replay_classification(Step *step, bool registers)
{
	static const IncidentColumn columns[] = {COL_TOPIC, COL_PLACE, COL_IMPORTANCE};

	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		char	   *text = osm_details_text(step->details, osm_incident_column_name(columns[i]));

		if (text != NULL)
			osm_row_set_text(&step->after, columns[i], text);
		else if (registers)
			step->after.nulls[columns[i]] = true;
	}
}

/* finish_event readies shares and clocks for the next event. */
static void
finish_event(Replay *replay)
{
	Step	   *step = &replay->step;
	Clocks	   *clocks = &replay->clocks;
	bool		ends = step->to != step->from &&
		(step->to->kind == STATE_FINAL || step->to->kind == STATE_FORBIDDEN);
	int			n = 0;

	for (int i = 0; i < replay->nlive; i++)
	{
		if (!replay->live[i].keep || ends)
			continue;
		replay->live[n] = replay->live[i];
		replay->live[n++].fresh = false;
	}
	replay->nlive = n;
	if (clocks->n == 0)
		return;
	replay->stopped = replay->stopped == NULL ?
		palloc0(sizeof(TimestampTz) * clocks->allocated) :
		repalloc(replay->stopped, sizeof(TimestampTz) * clocks->allocated);
	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];

		if (clock->id == 0 || (clock->dirty && !clock_is_open(clock)))
			replay->stopped[i] = clock_is_open(clock) ? 0 : step->occurred_at;
		/* no row has such a key: the clock is known, and nowhere stored */
		clock->id = -1 - i;
		clock->dirty = clock->due_moved = clock->resumed = false;
	}
}

/* replay_event does to the clocks what the other edition says of a step. */
static void
replay_event(Replay *replay, const PastEvent *event)
{
	Step	   *step = &replay->step;
	ActAction  *lived = osm_act_action(replay->lived, event->action);
	ActAction  *action = osm_act_action(step->act, event->action);

	/* a step of the engine's own, such as a calendar that changed, is no act's */
	if (lived == NULL && action == NULL)
		return;
	if (lived == NULL)
		lived = action;
	step->seq = event->seq;
	step->before = step->after;
	step->details = event->details;
	step->occurred_at = event->occurred_at;
	step->recorded_at = event->recorded_at;
	step->action = action != NULL ? action : lived;
	step->from = event->from_state ? osm_act_state(replay->lived, event->from_state) : NULL;
	step->to = osm_act_state(replay->lived, event->to_state);
	step->reply_loaded = false;
	step->reply_content = NULL;
	step->clock_notes = NULL;
	if (step->to == NULL)
		return;

	step->reply_kind = osm_row_text(&step->before, COL_REPLY_KIND);
	step->actor_body_id = actor_body(replay, event, lived->effect);
	step->assignments = replay->live;
	step->nassignments = replay->nlive;
	for (int i = 0; i < replay->nlive; i++)
		replay->live[i].waited = osm_share_owes(step, &replay->live[i]) &&
			osm_share_before(step, &replay->live[i]) != NULL;
	switch (lived->effect)
	{
		case EFFECT_REGISTER:
			replay_classification(step, true);
			break;
		case EFFECT_CLASSIFY:
			replay_classification(step, false);
			break;
		case EFFECT_ASSIGN:
			replay_classification(step, false);
			replay_assignment(replay, event);
			break;
		case EFFECT_RELEASE:
			replay_release(replay);
			break;
		case EFFECT_CONTRIBUTE:
			for (int i = 0; i < replay->nlive; i++)
				replay->live[i].contributed |= replay->live[i].body_id == step->actor_body_id;
			break;
		case EFFECT_SUBMIT:
		case EFFECT_PUBLISH:
			if (replay->next_reply < replay->nreplies)
			{
				PastReply  *reply = &replay->replies[replay->next_reply++];

				osm_row_set(&step->after, COL_REPLY_ID, Int64GetDatum(reply->id));
				osm_row_set_text(&step->after, COL_REPLY_KIND, reply->kind);
				step->reply_kind = reply->kind;
			}
			break;
		case EFFECT_LINK_REPEAT:
			/* whose repeat it is makes no difference */
			if (osm_details_has(step->details, "repeat_of"))
				osm_row_set(&step->after, COL_REPEAT_OF, Int64GetDatum(1));
			break;
		default:
			break;
	}
	step->nassignments = replay->nlive;
	step->urgent = osm_step_is_urgent(step->act, &step->after);
	osm_clocks_change(&replay->clocks);
	step->interim_posted |= step->reply_kind != NULL && strcmp(step->reply_kind, "interim") == 0 &&
		(lived->effect == EFFECT_POST || lived->effect == EFFECT_PUBLISH);
	finish_event(replay);
}

/*
 * read_incident reads the incident with the caller's rights, so that row
 * security decides whether it is there at all, and undoes what its steps did to
 * the row.  Errors: 42704.
 */
static void
read_incident(Replay *replay, int64 incident_id)
{
	static const IncidentColumn later[] = {
		COL_BODY_ID, COL_REPLY_ID, COL_REPLY_KIND, COL_REPEAT_OF
	};
	Step	   *step = &replay->step;
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(incident_id);

	if (SPI_execute_with_args("SELECT * FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1", 1,
							  &type, &value, NULL, true, 0) != SPI_OK_SELECT ||
		SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("incident %lld does not exist", (long long) incident_id),
				 errhint("It may belong to an authority or body you do not see.")));
	MemoryContextSwitchTo(step->context);
	osm_incident_deform(heap_copytuple(SPI_tuptable->vals[0]),
						CreateTupleDescCopy(SPI_tuptable->tupdesc), &step->after);
	step->incident_id = incident_id;
	step->authority_id = osm_row_int64(&step->after, COL_AUTHORITY_ID);
	replay->is_repeat = !step->after.nulls[COL_REPEAT_OF];
	for (int i = 0; i < (int) lengthof(later); i++)
		step->after.nulls[later[i]] = true;
	osm_row_set(&step->after, COL_SEVERAL_BODIES, BoolGetDatum(false));
}

/* settle_repeat keeps the link to an earlier incident where it came with the registration. */
static void
settle_repeat(Replay *replay, const PastEvent *events, int n)
{
	for (int i = 0; i < n; i++)
	{
		ActAction  *action = osm_act_action(replay->lived, events[i].action);

		if (action != NULL && action->effect == EFFECT_LINK_REPEAT)
			return;
	}
	replay->step.after.nulls[COL_REPEAT_OF] = !replay->is_repeat;
}

static void
put_clocks(Replay *replay, ReturnSetInfo *result)
{
	for (int i = 0; i < replay->clocks.n; i++)
	{
		const Clock *clock = &replay->clocks.items[i];
		int32		cycle_no = 1;
		Datum		values[10];
		bool		nulls[10] = {false};

		for (int j = 0; j < i; j++)
			cycle_no += replay->clocks.items[j].rule == clock->rule &&
				replay->clocks.items[j].assignment_id == clock->assignment_id;
		values[0] = CStringGetTextDatum(clock->rule->name);
		values[1] = Int64GetDatum(clock->assignment_id);
		nulls[1] = clock->assignment_id == 0;
		values[2] = Int32GetDatum(cycle_no);
		values[3] = BoolGetDatum(clock->rule->armed && clock->rule->on_due == NULL);
		values[4] = BoolGetDatum(clock->binding);
		values[5] = BoolGetDatum(clock->rule->outer_term);
		values[6] = TimestampTzGetDatum(clock->started_at);
		values[7] = TimestampTzGetDatum(clock->due_at);
		values[8] = TimestampTzGetDatum(replay->stopped[i]);
		nulls[8] = clock_is_open(clock);
		values[9] = CStringGetTextDatum(osm_clock_state_names[clock->state]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * osm.simulate_incident(incident bigint, regulation_id bigint): one row a clock
 * that edition would have run over the incident's events.  Nothing is written.
 */
Datum
osm_simulate_incident(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Replay		replay;
	OsmOwnerRights rights;
	PastEvent  *events;
	int			n;

	osm_materialize(fcinfo);
	osm_relation("incident", false);
	memset(&replay, 0, sizeof(replay));
	replay.step.context = AllocSetContextCreate(CurrentMemoryContext, "osm_workflow replay",
												ALLOCSET_DEFAULT_SIZES);
	replay.step.replayed = true;
	replay.step.assignments_loaded = true;
	replay.clocks.step = &replay.step;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	read_incident(&replay, PG_GETARG_INT64(0));

	osm_become_owner(&rights);
	replay.step.act = osm_act_get(PG_GETARG_INT64(1));
	replay.lived = osm_act_get(osm_row_int64(&replay.step.after, COL_REGULATION_ID));
	MemoryContextSwitchTo(replay.step.context);
	load_shares(&replay);
	load_replies(&replay);
	n = load_events(&replay, &events);
	settle_repeat(&replay, events, n);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		replay_event(&replay, &events[i]);
		MemoryContextSwitchTo(replay.step.context);
	}
	osm_become_user(&rights);
	put_clocks(&replay, result);
	SPI_finish();
	MemoryContextDelete(replay.step.context);
	return (Datum) 0;
}
