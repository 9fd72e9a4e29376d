/*-------------------------------------------------------------------------
 * incident_trigger.c
 *	  The one door: every INSERT and UPDATE of osm.incident is a registration
 *	  or a step of the act, or it is refused.
 *
 * The hazard is another trigger: a later BEFORE trigger may rewrite the row the
 * guard has let through.  So the guard remembers the row, and the AFTER trigger
 * refuses one that differs.
 *
 * Nothing is written before the row is: all effects are in the AFTER trigger.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "osm_workflow.h"
#include "step.h"

/*
 * Steps between their BEFORE and AFTER trigger, of this transaction.  A row may
 * never be written (a conflict, another trigger, an error), so a step lives no
 * longer than the statement, and its context takes it out of the table.
 */
static HTAB *pending_steps = NULL;
static bool callback_registered = false;

PG_FUNCTION_INFO_V1(osm_guard_incident);
PG_FUNCTION_INFO_V1(osm_write_step);
PG_FUNCTION_INFO_V1(osm_refuse_change);

static void
forget_pending_steps(XactEvent event, void *arg)
{
	/* the table goes with TopTransactionContext */
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		pending_steps = NULL;
}

#define STEP_KEY_SIZE (offsetof(Step, seq) + sizeof(int32))

static void
remember_step(const Step *step)
{
	HASHCTL		control;
	Step	   *entry;
	bool		found;

	if (!callback_registered)
	{
		RegisterXactCallback(forget_pending_steps, NULL);
		callback_registered = true;
	}
	if (pending_steps == NULL)
	{
		memset(&control, 0, sizeof(control));
		control.keysize = STEP_KEY_SIZE;
		control.entrysize = sizeof(Step);
		control.hcxt = TopTransactionContext;
		pending_steps = hash_create("osm_workflow steps", 16, &control,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(pending_steps, step, HASH_FIND, NULL);
	if (entry != NULL)
		MemoryContextDelete(entry->context);
	entry = hash_search(pending_steps, step, HASH_ENTER, &found);
	*entry = *step;
}

/* forget_step runs when a step's context goes away, whatever the reason. */
static void
forget_step(void *arg)
{
	const Step *step = (const Step *) arg;
	Step	   *entry;

	if (pending_steps == NULL)
		return;
	entry = hash_search(pending_steps, step, HASH_FIND, NULL);
	if (entry != NULL && entry->context == step->context)
		hash_search(pending_steps, step, HASH_REMOVE, NULL);
}

/*
 * only_overdue_differs tells whether an UPDATE is one the engine makes itself:
 * it dates the lateness and touches nothing else.
 */
static bool
only_overdue_differs(const TriggerData *trigger, TupleDesc desc)
{
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
		osm_incident_difference_but(trigger->tg_trigtuple, trigger->tg_newtuple, desc,
									COL_OVERDUE_SINCE) == NULL;
}

static void
check_called_as_trigger(FunctionCallInfo fcinfo, const char *name, bool before)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", name)));
	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		(before ? !TRIGGER_FIRED_BEFORE(trigger->tg_event)
				: !TRIGGER_FIRED_AFTER(trigger->tg_event)))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("function \"%s\" must be fired %s each row", name,
							   before ? "before" : "after")));
}

/*
 * begin_step sets up a step and the context it lives in.  A BEFORE trigger runs
 * in the executor's context of one tuple; the one above it is the statement's,
 * which outlives the AFTER triggers.
 */
static void
begin_step(Step *step)
{
	memset(step, 0, sizeof(Step));
	step->context = AllocSetContextCreate(MemoryContextGetParent(CurrentMemoryContext),
										  "osm_workflow step", ALLOCSET_SMALL_SIZES);
}

/* osm.guard_incident(): BEFORE INSERT OR UPDATE OR DELETE FOR EACH ROW on osm.incident. */
Datum
osm_guard_incident(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	HeapTuple	new_tuple;
	HeapTuple	result;
	MemoryContext caller = CurrentMemoryContext;
	OsmOwnerRights rights;
	Step		step;
	bool		is_step = true;
	MemoryContextCallback *forget;

	check_called_as_trigger(fcinfo, "osm.guard_incident", true);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_APPEND_ONLY),
				 errmsg("incidents are never deleted"),
				 errhint("End it by a step of the act; the case itself stays.")));
	new_tuple =
		TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	desc = RelationGetDescr(trigger->tg_relation);
	if (osm_engine_writes() && only_overdue_differs(trigger, desc))
		return PointerGetDatum(new_tuple);

	begin_step(&step);
	MemoryContextSwitchTo(step.context);
	osm_incident_deform(new_tuple, desc, &step.after);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		osm_incident_deform(trigger->tg_trigtuple, desc, &step.before);

	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	MemoryContextSwitchTo(step.context);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		is_step = osm_prepare_step(&step, trigger->tg_trigtuple, new_tuple, desc);
	else
		osm_prepare_registration(&step);
	SPI_finish();
	osm_become_user(&rights);

	if (!is_step)
	{
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(step.context);
		return PointerGetDatum(new_tuple);
	}
	MemoryContextSwitchTo(step.context);
	step.guarded = osm_incident_form(new_tuple, desc, &step.after);
	/* from here on, values of both rows live in the step's context */
	osm_incident_deform(step.guarded, desc, &step.after);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		osm_incident_deform(heap_copytuple(trigger->tg_trigtuple), desc, &step.before);
	step.actor = NULL;
	forget = palloc0(sizeof(MemoryContextCallback));
	forget->func = forget_step;
	forget->arg = palloc(sizeof(Step));
	memcpy(forget->arg, &step, sizeof(Step));
	remember_step(&step);
	MemoryContextRegisterResetCallback(step.context, forget);
	MemoryContextSwitchTo(caller);
	result = heap_copytuple(step.guarded);
	return PointerGetDatum(result);
}

/* osm.write_step(): AFTER INSERT OR UPDATE FOR EACH ROW on osm.incident. */
Datum
osm_write_step(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	desc;
	HeapTuple	tuple;
	IncidentRow row;
	Step		key;
	Step	   *found = NULL;
	Step		step;
	const char *difference;
	MemoryContext caller = CurrentMemoryContext;
	OsmOwnerRights rights;

	check_called_as_trigger(fcinfo, "osm.write_step", false);
	desc = RelationGetDescr(trigger->tg_relation);
	tuple =
		TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	if (osm_engine_writes() && pending_steps == NULL && only_overdue_differs(trigger, desc))
		return PointerGetDatum(NULL);
	osm_incident_deform(tuple, desc, &row);
	memset(&key, 0, sizeof(key));
	key.incident_id = osm_row_int64(&row, COL_ID);
	key.authority_id = osm_row_int64(&row, COL_AUTHORITY_ID);
	key.seq = DatumGetInt32(row.values[COL_EVENT_SEQ]);
	if (pending_steps != NULL)
		found = hash_search(pending_steps, &key, HASH_FIND, NULL);
	if (found == NULL)
	{
		/* an update that changed nothing has no step; anything else passed by the guard */
		difference = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
			osm_incident_difference(trigger->tg_trigtuple, tuple, desc) : "id";
		if (difference == NULL || (osm_engine_writes() && only_overdue_differs(trigger, desc)))
			return PointerGetDatum(NULL);
		ereport(
			ERROR,
			(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
			 errmsg("incident %lld was changed past the guard", (long long) key.incident_id),
			 errdetail("Column \"%s\" differs from what the act allows.", difference),
			 errhint(
				 "Another trigger on osm.incident changes the row, or trigger a_guard is disabled.")));
	}
	step = *found;
	hash_search(pending_steps, &key, HASH_REMOVE, NULL);
	difference = osm_incident_difference(step.guarded, tuple, desc);
	if (difference != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("another trigger changed column \"%s\" of incident %lld after the guard",
						difference, (long long) step.incident_id),
				 errdetail("Regulation \"%s\" edition \"%s\" allowed the step as it was before.",
						   step.act->code, step.act->edition),
				 errhint("Triggers on osm.incident must not change its rows.")));

	/*
	 * Until the foreign key was checked, just before, nothing kept anybody from loading an
	 * edition without incidents again, with other rules than the guard knew.
	 */
	if (step.from == NULL && osm_act_get(step.act->id)->written_by != step.act->written_by)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("regulation \"%s\" edition \"%s\" was changed meanwhile", step.act->code,
						step.act->edition),
				 errhint("Register the message again.")));

	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	MemoryContextSwitchTo(step.context);
	osm_step_write(&step);
	SPI_finish();
	osm_become_user(&rights);
	osm_step_written(&step);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(step.context);
	return PointerGetDatum(NULL);
}

/* osm.refuse_change(): BEFORE UPDATE, DELETE or TRUNCATE on what is append-only. */
Datum
osm_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", "osm.refuse_change")));
	ereport(ERROR,
			(errcode(ERRCODE_OSM_APPEND_ONLY),
			 errmsg("table \"%s\" is append-only: %s is refused",
					RelationGetRelationName(trigger->tg_relation),
					TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? "UPDATE" :
					TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ? "DELETE" : "TRUNCATE"),
			 errdetail("Evidence is added to, never changed, by its owner as little as by others."),
			 errhint("Correct a mistake by a further step.")));
	return PointerGetDatum(NULL);	/* keep the compiler quiet */
}
