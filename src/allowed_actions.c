/*-------------------------------------------------------------------------
 * allowed_actions.c
 *	  What the current actor may do to an incident now, from the same
 *	  compiled act and by the same rules as the guard.
 *
 * A screen is built from this, so it must not promise what the guard refuses
 * nor hide what it allows: conditions on what is known now are evaluated,
 * conditions on data still to be given are left to the step.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

PG_FUNCTION_INFO_V1(osm_allowed_actions);

/* an open clock of the incident */
typedef struct OpenClock
{
	ActClockRule *rule;
	TimestampTz due_at;
} OpenClock;

/* conditions_can_hold evaluates what of applies_when is known before the step. */
static bool
conditions_can_hold(Step *step, const ActTransition *transition)
{
	static const char *const known[] = {
		"topic", "place", "importance", "channel", "kind", "urgent", "repeat", "contributions",
		"assignment_role"
	};

	for (int i = 0; i < transition->when.n; i++)
	{
		ActConditions one = {1, &transition->when.items[i]};
		const char *key = one.items[0].key;
		bool is_known =
			strcmp(key, "reply_kind") == 0 && transition->action->effect != EFFECT_SUBMIT;

		is_known |= strcmp(key, "bodies") == 0 && transition->action->effect != EFFECT_ASSIGN;
		for (int j = 0; j < (int) lengthof(known) && !is_known; j++)
			is_known = strcmp(known[j], key) == 0;
		if (is_known && !osm_conditions_hold(&one, osm_step_value, step))
			return false;
	}
	return true;
}

static Datum
texts_datum(const ActTexts *texts)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(texts->n, 1));

	for (int i = 0; i < texts->n; i++)
		elements[i] = CStringGetTextDatum(texts->items[i]);
	return PointerGetDatum(construct_array(elements, texts->n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * read_incident reads the incident with the caller's rights, so that row
 * security decides whether it is there at all.  Errors: 42704.
 */
static void
read_incident(Step *step, int64 incident_id)
{
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
	osm_incident_deform(heap_copytuple(SPI_tuptable->vals[0]), SPI_tuptable->tupdesc,
						&step->before);
	step->after = step->before;
	step->incident_id = incident_id;
	step->authority_id = osm_row_int64(&step->before, COL_AUTHORITY_ID);
}

static int
read_open_clocks(Step *step, OpenClock **clocks)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];
	int			n;
	int			kept = 0;

	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	n = osm_spi_run(
		&plan,
		"SELECT rule_id, due_at FROM osm.clock WHERE incident_id OPERATOR(pg_catalog.=) $1 "
		"AND authority_id OPERATOR(pg_catalog.=) $2 AND state OPERATOR(pg_catalog.=) 'running' "
		"ORDER BY due_at, id",
		2, types, values, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(step->context);
	*clocks = palloc(sizeof(OpenClock) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		bool		isnull;

		(*clocks)[kept].rule = osm_act_clock(step->act, osm_spi_int64(SPI_tuptable->vals[i], 1));
		(*clocks)[kept].due_at = DatumGetTimestampTz(
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
		if ((*clocks)[kept].rule != NULL)
			kept++;
	}
	return kept;
}

/*
 * osm.allowed_actions(incident bigint): one row a transition the current actor
 * may take now, with the data it needs, its clause, and the clock it would stop
 * that is due first.  Nobody acting: no rows.
 */
Datum
osm_allowed_actions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;
	OsmOwnerRights rights;
	Step		step;
	OpenClock  *clocks;
	int			nclocks;

	osm_materialize(fcinfo);
	caller = CurrentMemoryContext;
	osm_relation("incident", false);
	memset(&step, 0, sizeof(step));
	step.context =
		AllocSetContextCreate(caller, "osm_workflow allowed actions", ALLOCSET_SMALL_SIZES);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	read_incident(&step, PG_GETARG_INT64(0));

	osm_become_owner(&rights);
	step.act = osm_act_get(osm_row_int64(&step.before, COL_REGULATION_ID));
	step.from = osm_act_state(step.act, osm_row_text(&step.before, COL_STATE));
	step.details = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	step.reply_kind = osm_row_text(&step.before, COL_REPLY_KIND);
	step.occurred_at = osm_now();
	step.actor = osm_actor_current();
	if (step.actor != NULL && step.actor->authority_id != step.authority_id)
		step.actor = NULL;
	nclocks = read_open_clocks(&step, &clocks);
	for (int i = 0; step.actor != NULL && i < step.act->ntransitions; i++)
	{
		ActTransition *transition = &step.act->transitions[i];
		const ActRole *role = NULL;
		OpenClock  *stopped = NULL;
		Datum		values[9];
		bool		nulls[9] = {false};

		if (transition->from != step.from)
			continue;
		step.action = transition->action;
		step.transition = transition;
		if (osm_step_holds(&step, transition, &role) == NULL ||
			!conditions_can_hold(&step, transition))
			continue;
		for (int j = 0; j < nclocks && stopped == NULL; j++)
		{
			if (osm_triggers_match(&clocks[j].rule->stops_on, transition->action->name,
								   step.reply_kind))
				stopped = &clocks[j];
		}
		values[0] = CStringGetTextDatum(transition->action->name);
		values[1] = CStringGetTextDatum(transition->action->title);
		nulls[2] = transition->action->title_en == NULL;
		values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(transition->action->title_en);
		values[3] = CStringGetTextDatum(transition->to ? transition->to->name : step.from->name);
		values[4] = CStringGetTextDatum(role->name);
		values[5] = texts_datum(&transition->required);
		values[6] = CStringGetTextDatum(transition->clause);
		nulls[7] = nulls[8] = stopped == NULL;
		values[7] = stopped ? CStringGetTextDatum(stopped->rule->name) : (Datum) 0;
		values[8] = stopped ? TimestampTzGetDatum(stopped->due_at) : (Datum) 0;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	osm_become_user(&rights);
	SPI_finish();
	MemoryContextDelete(step.context);
	return (Datum) 0;
}
