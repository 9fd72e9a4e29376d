/*-------------------------------------------------------------------------
 * own_step.c
 *	  Steps nobody takes: terms recalculated because a calendar changed, and
 *	  the action an act wants taken when a term ends (silence closes a case).
 *
 * They pass the same door as everybody's steps, an UPDATE of osm.incident, so
 * that lock, event and chain are those of any step.  What lets them pass the
 * guard is a pointer only this library can set, and only while it writes.
 * Their actor is 0: nobody.
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

/* incidents one pass of osm.tick() takes actions on */
#define ON_DUE_BATCH "100"

static const OwnStep *step_being_taken = NULL;	/* meaningful while the engine writes */

/* osm_own_step returns the own step being taken on an incident, NULL for none. */
const OwnStep *
osm_own_step(int64 incident_id, int64 authority_id)
{
	const OwnStep *own = osm_engine_writes() ? step_being_taken : NULL;

	return own != NULL && own->incident_id == incident_id && own->authority_id == authority_id ?
		own : NULL;
}

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
	step_being_taken = own;
	osm_engine_begin();
	(void) osm_spi_run(
		&plan,
		"UPDATE osm.incident SET action = $3, details = $4, "
		"event_seq = event_seq OPERATOR(pg_catalog.+) 1 "
		"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
		4, types, values, NULL, SPI_OK_UPDATE);
	osm_engine_end();
	step_being_taken = NULL;
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
	if (own->recalculates != NULL)
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
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
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
 * osm_take_due_actions takes the actions whose clocks ended before an instant, a
 * batch of them, and returns how many it tried.  The step is dated by the end of
 * the term, not by when somebody looked.  SPI is connected, the owner of the
 * tables is the current user.
 */
int
osm_take_due_actions(TimestampTz now)
{
	static SPIPlanPtr find_plan = NULL;
	static SPIPlanPtr done_plan = NULL;
	static const Oid find_types[] = {TIMESTAMPTZOID};
	static const Oid done_types[] = {INT8OID, INT8OID};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "osm_workflow ended terms",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	Datum		values[2];
	EndedClock *clocks;
	int			n;

	values[0] = TimestampTzGetDatum(now);
	n = osm_spi_run(
		&find_plan,
		"SELECT c.id, c.incident_id, c.authority_id, r.on_due, r.name, c.due_at "
		"FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id OPERATOR(pg_catalog.=) c.rule_id "
		"JOIN osm.incident AS i ON i.id OPERATOR(pg_catalog.=) c.incident_id "
		"AND i.authority_id OPERATOR(pg_catalog.=) c.authority_id "
		"WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.on_due "
		"AND c.due_at OPERATOR(pg_catalog.<) $1 "
		"ORDER BY c.due_at LIMIT " ON_DUE_BATCH " FOR NO KEY UPDATE OF i SKIP LOCKED",
		1, find_types, values, NULL, SPI_OK_SELECT);
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
		take_or_warn(&clocks[i], context);
		values[0] = Int64GetDatum(clocks[i].id);
		values[1] = Int64GetDatum(clocks[i].step.authority_id);
		(void) osm_spi_run(&done_plan,
						   "UPDATE osm.clock SET on_due = false "
						   "WHERE id OPERATOR(pg_catalog.=) $1 "
						   "AND authority_id OPERATOR(pg_catalog.=) $2",
						   2, done_types, values, NULL, SPI_OK_UPDATE);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return n;
}
