/*-------------------------------------------------------------------------
 * own_step.c
 *	  Steps of the engine's own: terms recalculated because a calendar changed,
 *	  the action an act wants taken when a term ends (silence closes a case), and
 *	  the excuse of a breach.
 *
 * They pass the same door as everybody's steps, an UPDATE of osm.incident, so
 * that lock, event and chain are those of any step.  What lets them pass the
 * guard is a pointer only this library can set, for one write each.  But for the
 * excuse their actor is 0: nobody.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

/*
 * Incidents one pass of osm.tick() takes actions on, each in a subtransaction; of
 * more than 64 a snapshot would have to look up the parents on disk.
 */
#define ON_DUE_BATCH "50"

/*
 * osm_take_own_step takes a step.  SPI is connected, the owner of the tables is
 * the current user.  Errors: OW001 where an action of the act is not allowed.
 */
void
osm_take_own_step(const OwnStep *own)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, TEXTOID, JSONBOID};
	Datum		values[4];

	values[0] = Int64GetDatum(own->incident_id);
	values[1] = Int64GetDatum(own->authority_id);
	values[2] = CStringGetTextDatum(own->action);
	values[3] = DirectFunctionCall1(jsonb_in, CStringGetDatum(own->details));
	osm_engine_begin(NULL, own);
	(void) osm_spi_run(
		&plan,
		"UPDATE osm.incident SET action = $3, details = $4, "
		"event_seq = event_seq OPERATOR(pg_catalog.+) 1 "
		"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
		4, types, values, NULL, SPI_OK_UPDATE);
	osm_engine_end();
}

/* transition_of finds the act's transition for an action nobody takes. */
static ActTransition *
transition_of(Step *step, const OwnStep *own)
{
	for (int i = 0; i < step->act->ntransitions; i++)
	{
		ActTransition *transition = &step->act->transitions[i];

		if (transition->from != step->from || strcmp(transition->action->name, own->action) != 0)
			continue;
		step->action = transition->action;
		if (osm_conditions_hold(&transition->when, osm_step_value, step))
			return transition;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
			 errmsg("step \"%s\" is not allowed on incident %lld in state \"%s\"", own->action,
					(long long) step->incident_id, step->from->name),
			 errdetail("A clock of regulation \"%s\" edition \"%s\" wants it taken when it ends.",
					   step->act->code, step->act->edition),
			 errhint("Allowed from \"%s\": %s.", step->from->name,
					 osm_allowed_list(step->act, step->from))));
	return NULL;				/* keep the compiler quiet */
}

/*
 * osm_prepare_own_step settles action, transition and time of a step whose
 * incident and act are known; before it, the guard has made sure that nothing
 * but the columns of a step differ.
 */
void
osm_prepare_own_step(Step *step, const OwnStep *own)
{
	TimestampTz previous = DatumGetTimestampTz(step->before.values[COL_OCCURRED_AT]);

	step->own = own;
	step->recorded_at = Max(osm_now(), previous);
	step->occurred_at = Max(Min(own->occurred_at, step->recorded_at), previous);
	step->reply_kind = osm_row_text(&step->before, COL_REPLY_KIND);
	step->urgent = osm_step_is_urgent(step->act, &step->after);
	step->actor_id = own->actor_id;
	step->acting_for_id = own->acting_for_id;
	if (own->recalculates != NULL || own->excuses != 0)
	{
		step->action = palloc0(sizeof(ActAction));
		step->action->name = step->action->title = pstrdup(own->action);
		step->transition = palloc0(sizeof(ActTransition));
		step->transition->action = step->action;
	}
	else
		step->transition = transition_of(step, own);
}

/* A clock whose end an act wants an action taken at. */
typedef struct EndedClock
{
	int64		id;
	OwnStep		step;
} EndedClock;

/*
 * is_passing tells whether an error says nothing of the step but of the moment:
 * what waits for it, what the machine lacks, who stopped the pass.
 */
static bool
is_passing(int code)
{
	int			category = ERRCODE_TO_CATEGORY(code);

	return category == ERRCODE_TRANSACTION_ROLLBACK ||
		category == ERRCODE_INSUFFICIENT_RESOURCES ||
		category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_SYSTEM_ERROR ||
		code == ERRCODE_LOCK_NOT_AVAILABLE;
}

/*
 * take_or_warn takes the action of a clock that ended.  What cannot be taken is
 * said once and not tried again: the pass must go on.
 */
static void
take_or_warn(EndedClock *clock, MemoryContext context)
{
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		osm_take_own_step(&clock->step);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (is_passing(error->sqlerrcode))
			ReThrowError(error);
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("incident %lld: step \"%s\" could not be taken when its term ended",
						(long long) clock->step.incident_id, clock->step.action),
				 errdetail_internal("%s", error->message)));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
}

/*
 * has_ended tells whether a clock still waits for its action, now that the lock of
 * its incident is held: another pass, a step, or an earlier action of this pass may
 * have ended or moved it since it was found.
 */
static bool
has_ended(const EndedClock *clock)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, TIMESTAMPTZOID};
	Datum		values[3];

	values[0] = Int64GetDatum(clock->id);
	values[1] = Int64GetDatum(clock->step.authority_id);
	values[2] = TimestampTzGetDatum(clock->step.occurred_at);
	return osm_spi_run(&plan,
					   "SELECT FROM osm.clock WHERE id OPERATOR(pg_catalog.=) $1 "
					   "AND authority_id OPERATOR(pg_catalog.=) $2 "
					   "AND state OPERATOR(pg_catalog.=) 'running' AND on_due "
					   "AND due_at OPERATOR(pg_catalog.=) $3",
					   3, types, values, NULL, SPI_OK_SELECT) > 0;
}

/* take_action takes the action of a clock and takes it off the list. */
static void
take_action(EndedClock *clock, MemoryContext context)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];

	if (!has_ended(clock))
		return;
	take_or_warn(clock, context);
	values[0] = Int64GetDatum(clock->id);
	values[1] = Int64GetDatum(clock->step.authority_id);
	(void) osm_spi_run(&plan,
					   "UPDATE osm.clock SET on_due = false WHERE id OPERATOR(pg_catalog.=) $1 "
					   "AND authority_id OPERATOR(pg_catalog.=) $2",
					   2, types, values, NULL, SPI_OK_UPDATE);
}

/*
 * osm_take_due_actions takes the actions whose clocks ended before an instant, a
 * batch of them, and returns how many it found.  The step is dated by the end of
 * the term, not by when somebody looked.  SPI is connected, the owner of the
 * tables is the current user.
 */
int
osm_take_due_actions(TimestampTz now)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {TIMESTAMPTZOID};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "osm_workflow ended terms",
												  ALLOCSET_SMALL_SIZES);
	Datum		value = TimestampTzGetDatum(now);
	EndedClock *clocks;
	int			n;

	n = osm_spi_run(
		&plan,
		"SELECT c.id, c.incident_id, c.authority_id, r.on_due, r.name, c.due_at "
		"FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id OPERATOR(pg_catalog.=) c.rule_id "
		"JOIN osm.incident AS i ON i.id OPERATOR(pg_catalog.=) c.incident_id "
		"AND i.authority_id OPERATOR(pg_catalog.=) c.authority_id "
		"WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.on_due "
		"AND c.due_at OPERATOR(pg_catalog.<) $1 "
		"ORDER BY c.due_at, c.id LIMIT " ON_DUE_BATCH " FOR NO KEY UPDATE OF i SKIP LOCKED",
		1, types, &value, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(context);
	clocks = palloc0(sizeof(EndedClock) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		StringInfoData details;
		bool		isnull;

		initStringInfo(&details);
		appendStringInfoString(&details, "{\"clock\":");
		escape_json(&details, osm_spi_text(row, 5));
		appendStringInfoChar(&details, '}');
		clocks[i].id = osm_spi_int64(row, 1);
		clocks[i].step.incident_id = osm_spi_int64(row, 2);
		clocks[i].step.authority_id = osm_spi_int64(row, 3);
		clocks[i].step.action = osm_spi_text(row, 4);
		clocks[i].step.details = details.data;
		clocks[i].step.occurred_at = DatumGetTimestampTz(
			SPI_getbinval(row, SPI_tuptable->tupdesc, 6, &isnull));
	}
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		take_action(&clocks[i], context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return n;
}
