/*-------------------------------------------------------------------------
 * perform.c
 *	  osm.perform(): a step in one call, and what it led to.
 *
 * The step itself is an UPDATE of the incident with the caller's own rights,
 * as any program could send it.  What it led to is told by the trigger that
 * wrote it, not read back: a step that no trigger reports was not recorded, be
 * it that the triggers are missing, disabled or silent here.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

/* a step osm.perform() waits for; triggers may take further steps meanwhile */
typedef struct AwaitedStep
{
	const char *action;
	StepOutcome outcome;
	struct AwaitedStep *outer;
} AwaitedStep;

static AwaitedStep *awaited_step = NULL;

PG_FUNCTION_INFO_V1(osm_perform);

/* osm_step_written takes note of a step that has been written whole. */
void
osm_step_written(const Step *step)
{
	AwaitedStep *awaited = awaited_step;
	StepOutcome *outcome = step->own == NULL ? NULL : step->own->outcome;

	while (awaited != NULL && (awaited->outcome.seq != 0 ||
							   awaited->outcome.incident_id != step->incident_id ||
							   strcmp(awaited->action, step->action->name) != 0))
		awaited = awaited->outer;
	if (outcome == NULL && awaited != NULL)
		outcome = &awaited->outcome;
	if (outcome == NULL)
		return;
	outcome->incident_id = step->incident_id;
	outcome->seq = step->seq;
	outcome->state = MemoryContextStrdup(outcome->context, step->to->name);
	outcome->clock = step->next_clock == NULL ? NULL :
		MemoryContextStrdup(outcome->context, step->next_clock->name);
	outcome->due_at = step->next_due_at;
}

/*
 * osm_step_result returns what a step led to, as a row of type osm.step.  Errors:
 * 55000 if nothing recorded it.
 */
Datum
osm_step_result(const StepOutcome *outcome, TupleDesc desc)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	if (desc->natts != lengthof(values))
		elog(ERROR, "type osm.step has %d columns", desc->natts);
	if (outcome->seq == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the step on incident %lld was not recorded",
						(long long) outcome->incident_id),
				 errdetail("The triggers of osm.incident are missing, disabled or silent here."),
				 errhint("Check session_replication_role; osm.upgrade() names what is missing.")));
	values[0] = Int64GetDatum(outcome->incident_id);
	values[1] = Int32GetDatum(outcome->seq);
	values[2] = CStringGetTextDatum(outcome->state);
	nulls[3] = nulls[4] = outcome->clock == NULL;
	values[3] = outcome->clock == NULL ? (Datum) 0 : CStringGetTextDatum(outcome->clock);
	values[4] = TimestampTzGetDatum(outcome->due_at);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* take_step updates the incident; it returns the number of rows. */
static int
take_step(AwaitedStep *awaited, Datum *values)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, TEXTOID, JSONBOID};
	int			n;

	awaited->outer = awaited_step;
	awaited_step = awaited;
	PG_TRY();
	{
		n = osm_spi_run(&plan,
						"UPDATE osm.incident SET action = $2, details = $3, "
						"event_seq = event_seq OPERATOR(pg_catalog.+) 1 "
						"WHERE id OPERATOR(pg_catalog.=) $1",
						3, types, values, NULL, SPI_OK_UPDATE);
	}
	PG_FINALLY();
	{
		awaited_step = awaited->outer;
	}
	PG_END_TRY();
	return n;
}

/*
 * osm.perform(incident bigint, action text, details jsonb) returns osm.step: takes
 * a step as the current actor.  Errors: OW001 to OW007; OW003 without incident or
 * action; 42704 if the caller sees no such incident; 55000 if nothing recorded it.
 */
Datum
osm_perform(PG_FUNCTION_ARGS)
{
	AwaitedStep awaited;
	TupleDesc	desc;
	Datum		values[3];
	int			n;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a step needs an incident and an action"),
				 errhint("osm.allowed_actions() lists what may be done.")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "osm.perform() must return osm.step");
	osm_relation("incident", false);

	memset(&awaited, 0, sizeof(awaited));
	awaited.outcome.incident_id = PG_GETARG_INT64(0);
	awaited.outcome.context = CurrentMemoryContext;
	awaited.action = text_to_cstring(PG_GETARG_TEXT_PP(1));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = PG_ARGISNULL(2) ? DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")) :
		PG_GETARG_DATUM(2);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	n = take_step(&awaited, values);
	SPI_finish();
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("incident %lld does not exist", (long long) awaited.outcome.incident_id),
				 errhint("It may belong to an authority or body you do not see.")));
	PG_RETURN_DATUM(osm_step_result(&awaited.outcome, desc));
}
