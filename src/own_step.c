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

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

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
