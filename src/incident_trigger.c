/*-------------------------------------------------------------------------
 * incident_trigger.c
 *	  The one door: every INSERT and UPDATE of osm.incident is a registration
 *	  or a step of the act, or it is refused.
 *
 * Two hazards shaped it.  A later BEFORE trigger may rewrite the row the guard
 * has let through, so the guard remembers the row and the AFTER trigger refuses
 * one that differs.  And a step that waited for another one acts on a state its
 * author never saw: a row newer than the statement's snapshot makes a step that
 * moves the state OW007, so that of two actors exactly one wins.
 *
 * Nothing is written before the row is: all effects are in the AFTER trigger.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

#define SALT_LENGTH 16

/* steps between their BEFORE and AFTER trigger, of this transaction */
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

static Step *
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
	entry = hash_search(pending_steps, step, HASH_ENTER, &found);
	if (found)
		MemoryContextDelete(entry->context);
	*entry = *step;
	return entry;
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
		(before ? !TRIGGER_FIRED_BEFORE(trigger->tg_event) : !TRIGGER_FIRED_AFTER(trigger->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired %s each row", name, before ? "before" : "after")));
}

/* begin_step sets up a step and the context it lives in. */
static void
begin_step(Step *step)
{
	memset(step, 0, sizeof(Step));
	step->context = AllocSetContextCreate(TopTransactionContext, "osm_workflow step",
										  ALLOCSET_SMALL_SIZES);
}

/* settle_details checks that the details are an object and copies them. */
static void
settle_details(Step *step, const IncidentRow *row, bool given)
{
	if (!given || row->nulls[COL_DETAILS])
		step->details = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	else
		step->details = DatumGetJsonbPCopy(row->values[COL_DETAILS]);
	if (!JB_ROOT_IS_OBJECT(step->details))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("the details of a step must be a JSON object"),
				 errhint("Give {\"key\": value, …}, or {} for none.")));
	osm_row_set(&step->after, COL_DETAILS, JsonbPGetDatum(step->details));
}

/* settle_actor finds out who acts.  Errors: OW002. */
static void
settle_actor(Step *step)
{
	step->actor = osm_actor_current();
	if (step->actor == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_WRONG_PERSON),
				 errmsg("nobody acts: role \"%s\" is not an official and no official is named",
						GetUserNameFromId(GetSessionUserId(), false)),
				 errhint("Enter the role as official.db_role with osm.define_authority(), or name the official with osm.act_as() in this transaction.")));
	if (step->authority_id != 0 && step->actor->authority_id != step->authority_id)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_WRONG_PERSON),
				 errmsg("official \"%s\" belongs to another authority", step->actor->login),
				 errhint("An incident is worked on by the officials of its own authority.")));
	step->actor_id = step->actor->official_id;
}

/*
 * settle_time decides when the step happened: now, unless it is backdated.  Now
 * is never before the previous event, even if this transaction began before it.
 */
static void
settle_time(Step *step, bool given, TimestampTz previous)
{
	TimestampTz now = osm_now();
	TimestampTz stated;
	bool		is_stated = false;

	step->recorded_at = Max(now, previous);
	step->occurred_at = step->recorded_at;
	if (osm_details_has(step->details, "occurred_at"))
	{
		stated = osm_details_instant(step->details, "occurred_at", step->act->time_zone);
		is_stated = true;
	}
	else if (given)
	{
		stated = DatumGetTimestampTz(step->after.values[step->from == NULL ? COL_DETECTED_AT : COL_OCCURRED_AT]);
		is_stated = true;
	}
	if (!is_stated || stated == step->occurred_at)
		return;
	if (TIMESTAMP_NOT_FINITE(stated) || stated > now)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a step cannot happen in the future"),
				 errdetail("It is said to happen at %s; it is %s.", timestamptz_to_str(stated),
						   pstrdup(timestamptz_to_str(now)))));
	if (stated < previous)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a step cannot happen before the previous one"),
				 errdetail("It is said to happen at %s; the last event of incident %lld happened at %s.",
						   pstrdup(timestamptz_to_str(stated)), (long long) step->incident_id,
						   timestamptz_to_str(previous))));
	step->occurred_at = stated;
}

/*
 * check_backdating lets only a role that may backdate state an earlier time,
 * and only with a reason.  A registration states when the message was detected;
 * that is its own data and needs neither.
 */
static void
check_backdating(const Step *step, const ActRole *role)
{
	if (step->from == NULL || step->occurred_at >= step->recorded_at)
		return;
	if (!role->may_backdate)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_WRONG_PERSON),
				 errmsg("role \"%s\" may not record a step as done earlier", role->name),
				 errdetail("Regulation \"%s\" edition \"%s\".", step->act->code, step->act->edition),
				 errhint("Record the step as of now, or have a role with may_backdate record it.")));
	if (!osm_details_has(step->details, "backdate_reason"))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a step recorded as done earlier needs a reason"),
				 errhint("Give details.backdate_reason.")));
}

/* settle_kind finds out which kind of reply the step is about. */
static void
settle_kind(Step *step)
{
	if (step->action->effect == EFFECT_SUBMIT)
	{
		step->reply_kind = osm_details_text(step->details, "kind");
		if (step->reply_kind == NULL)
			step->reply_kind = "answer";
	}
	else if (step->from != NULL)
		step->reply_kind = osm_row_text(&step->before, COL_REPLY_KIND);
}

/*
 * find_transition returns the first transition of an action that fits.  Where
 * some fit but the actor holds the role of none, the first of those is returned
 * and *held is NULL.
 */
static ActTransition *
find_transition(Step *step, const char *action, const ActState *target,
				const ActorRole **held, const ActRole **role)
{
	ActTransition *fitting = NULL;

	*held = NULL;
	for (int i = 0; i < step->act->ntransitions; i++)
	{
		ActTransition *transition = &step->act->transitions[i];
		const ActorRole *appointment;

		if (transition->from != step->from ||
			(action != NULL && strcmp(transition->action->name, action) != 0) ||
			(target != NULL && transition->to != target))
			continue;
		step->action = transition->action;
		settle_kind(step);
		if (!osm_conditions_hold(&transition->when, osm_step_value, step))
			continue;
		appointment = osm_step_holds(step, transition, role);
		if (appointment != NULL)
		{
			*held = appointment;
			return transition;
		}
		if (fitting == NULL)
			fitting = transition;
	}
	return fitting;
}

/* clauses_of names the clauses under which an action is taken, and from where. */
static char *
clauses_of(const Act *act, const char *action)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < act->ntransitions; i++)
	{
		const ActTransition *transition = &act->transitions[i];

		bool		told = false;

		if (strcmp(transition->action->name, action) != 0 || transition->from == NULL)
			continue;
		for (int j = 0; j < i && !told; j++)
			told = act->transitions[j].action == transition->action &&
				act->transitions[j].from == transition->from &&
				strcmp(act->transitions[j].clause, transition->clause) == 0;
		if (!told)
			appendStringInfo(&list, "%sfrom \"%s\" (%s)", list.len > 0 ? ", " : "",
							 transition->from->name, transition->clause);
	}
	return list.data;
}

/* refuse_step raises the error of a step the act does not allow: OW001, OW005 or OW007. */
static void
refuse_step(Step *step, const char *action, const char *target, bool seen)
{
	char	   *allowed = osm_allowed_list(step->act, step->from);

	if (!seen)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_CHANGED_MEANWHILE),
				 errmsg("incident %lld was changed meanwhile", (long long) step->incident_id),
				 errdetail("It is in state \"%s\" now, after step \"%s\".", step->from->name,
						   osm_row_text(&step->before, COL_ACTION)),
				 errhint("Look at the incident again. Allowed from \"%s\": %s.", step->from->name,
						 allowed)));
	if (step->from->kind == STATE_FORBIDDEN)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_FORBIDDEN_MESSAGE),
				 errmsg("incident %lld is in state \"%s\": its message must not be processed or answered",
						(long long) step->incident_id, step->from->name),
				 errdetail("Regulation \"%s\" edition \"%s\" forbids it.", step->act->code,
						   step->act->edition),
				 errhint("Register a new message as an incident of its own.")));
	if (action != NULL && osm_act_action(step->act, action) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("regulation \"%s\" has no step \"%s\"", step->act->code, action),
				 errdetail("Incident %lld is in state \"%s\" of edition \"%s\".",
						   (long long) step->incident_id, step->from->name, step->act->edition),
				 errhint("Allowed from \"%s\": %s.", step->from->name, allowed)));
	if (action != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("step \"%s\" is not allowed on incident %lld in state \"%s\"", action,
						(long long) step->incident_id, step->from->name),
				 errdetail("In regulation \"%s\" edition \"%s\" this step is taken %s, and only under its conditions.",
						   step->act->code, step->act->edition, clauses_of(step->act, action)),
				 step->from->kind == STATE_FINAL ?
				 errhint("State \"%s\" is final. A repeated message is a new incident with repeat_of.",
						 step->from->name) :
				 errhint("Allowed from \"%s\": %s.", step->from->name, allowed)));
	ereport(ERROR,
			(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
			 errmsg("incident %lld cannot go from state \"%s\" to state \"%s\"",
					(long long) step->incident_id, step->from->name, target),
			 errdetail("Regulation \"%s\" edition \"%s\" has no such step.", step->act->code,
					   step->act->edition),
			 step->from->kind == STATE_FINAL ?
			 errhint("State \"%s\" is final. A repeated message is a new incident with repeat_of.",
					 step->from->name) :
			 errhint("Allowed from \"%s\": %s.", step->from->name, allowed)));
}

static void
refuse_person(const Step *step, const ActTransition *transition)
{
	ereport(ERROR,
			(errcode(ERRCODE_OSM_WRONG_PERSON),
			 errmsg("official \"%s\" may not take step \"%s\" on incident %lld", step->actor->login,
					transition->action->name, (long long) step->incident_id),
			 errdetail("Regulation \"%s\" edition \"%s\", clause %s, gives this step to: %s.",
					   step->act->code, step->act->edition, transition->clause,
					   osm_role_list(transition)),
			 errhint("The role must be held on the day of the step; where it counts by assignment, in a body that has the incident (to draft and post: the leading one, to contribute: another).")));
}

static bool
is_urgent(const Act *act, const IncidentRow *row)
{
	char	   *importance = osm_row_text(row, COL_IMPORTANCE);

	return importance != NULL && osm_texts_contain(&act->urgent_importance, importance);
}

/* classify takes over topic, place and importance where the details give them. */
static void
classify(Step *step)
{
	static const IncidentColumn columns[] = {COL_TOPIC, COL_PLACE, COL_IMPORTANCE};

	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		char	   *text = osm_details_text(step->details, osm_incident_column_name(columns[i]));

		if (text != NULL)
			osm_row_set_text(&step->after, columns[i], text);
	}
}

/* body_role_names makes the text[] of roles held by assignment: those an executing body is listed with. */
static Datum
assigned_role_names(const Act *act)
{
	Datum	   *names = palloc(sizeof(Datum) * Max(act->nroles, 1));
	int			n = 0;

	for (int i = 0; i < act->nroles; i++)
	{
		if (act->roles[i].scope != SCOPE_AUTHORITY)
			names[n++] = CStringGetTextDatum(act->roles[i].name);
	}
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* find_body returns the id of a body that may be given the incident.  Errors: OW003. */
static int64
find_body(Step *step, const char *code)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, TEXTOID, TEXTOID, TEXTARRAYOID};
	Datum		values[4];
	int64		body_id = 0;
	bool		listed = false;

	values[0] = Int64GetDatum(step->authority_id);
	values[1] = CStringGetTextDatum(code);
	values[2] = CStringGetTextDatum(step->act->code);
	values[3] = assigned_role_names(step->act);
	if (osm_spi_run(&plan,
					"SELECT b.id, EXISTS (SELECT FROM osm.body_role AS r "
					"  WHERE r.body_id OPERATOR(pg_catalog.=) b.id "
					"    AND r.authority_id OPERATOR(pg_catalog.=) b.authority_id "
					"    AND r.regulation OPERATOR(pg_catalog.=) $3 "
					"    AND r.role OPERATOR(pg_catalog.=) ANY ($4)) "
					"FROM osm.body AS b WHERE b.authority_id OPERATOR(pg_catalog.=) $1 "
					"  AND b.code OPERATOR(pg_catalog.=) $2",
					4, types, values, NULL, SPI_OK_SELECT) == 1)
	{
		body_id = osm_spi_int64(SPI_tuptable->vals[0], 1);
		listed = osm_spi_bool(SPI_tuptable->vals[0], 2);
	}
	MemoryContextSwitchTo(step->context);
	if (body_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("there is no body \"%s\" in this authority", code),
				 errdetail("Incident %lld, step \"%s\".", (long long) step->incident_id,
						   step->action->name),
				 errhint("Give the codes of bodies as details.bodies.")));
	if (!listed)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("body \"%s\" does not work under regulation \"%s\"", code, step->act->code),
				 errdetail("Incident %lld, step \"%s\", clause %s.", (long long) step->incident_id,
						   step->action->name, step->transition->clause),
				 errhint("List the body under the regulation with osm.define_authority().")));
	return body_id;
}

/*
 * plan_assignment works out which bodies have the incident after the step:
 * exactly those named; ones that have it already keep their share.
 */
static void
plan_assignment(Step *step)
{
	int			n;
	char	  **codes = osm_details_list(step->details, "bodies", &n);
	char	   *lead_code = osm_details_text(step->details, "lead");
	int64	   *bodies;
	int64		lead = 0;
	StepAssignment *shares;
	int			nshares = 0;
	int64	   *seen;
	int			nseen;

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("no body is named"),
				 errdetail("Incident %lld, step \"%s\", clause %s.", (long long) step->incident_id,
						   step->action->name, step->transition->clause),
				 errhint("Give the codes of bodies as details.bodies.")));
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < i; j++)
		{
			if (strcmp(codes[i], codes[j]) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_OSM_BAD_DATA),
						 errmsg("body \"%s\" is named twice", codes[i]),
						 errhint("Name each body once in details.bodies.")));
		}
	}
	if (step->act->separate_bodies && n > 1)
	{
		/* the first body goes on with this incident, the others get parts of their own */
		step->nparts = n - 1;
		step->parts = codes + 1;
		for (int i = 0; i < step->nparts; i++)
			(void) find_body(step, step->parts[i]);
		n = 1;
	}
	bodies = palloc(sizeof(int64) * n);
	for (int i = 0; i < n; i++)
	{
		bodies[i] = find_body(step, codes[i]);
		if (lead_code != NULL && strcmp(lead_code, codes[i]) == 0)
			lead = bodies[i];
	}
	if (lead_code != NULL && lead == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("leading body \"%s\" is not among the bodies named", lead_code),
				 errhint("Name it in details.bodies too.")));
	if (lead == 0)
		lead = bodies[0];

	osm_step_load_assignments(step);
	shares = palloc0(sizeof(StepAssignment) * (step->nassignments + n));
	for (int i = 0; i < step->nassignments; i++)
	{
		shares[nshares] = step->assignments[i];
		shares[nshares++].keep = false;
	}
	for (int i = 0; i < n; i++)
	{
		char		role = n == 1 ? 's' : bodies[i] == lead ? 'l' : 'm';
		StepAssignment *share = NULL;

		for (int j = 0; j < step->nassignments; j++)
		{
			if (shares[j].body_id == bodies[i])
				share = &shares[j];
		}
		if (share == NULL)
		{
			share = &shares[nshares++];
			share->body_id = bodies[i];
			share->fresh = true;
		}
		share->keep = true;
		share->role = role;
		share->seq_no = i + 1;
	}
	step->assignments = shares;
	step->nassignments = nshares;

	osm_row_set(&step->after, COL_BODY_ID, Int64GetDatum(lead));
	osm_row_set(&step->after, COL_BODIES, osm_int64_array(n, bodies));
	osm_row_set(&step->after, COL_SEVERAL_BODIES, BoolGetDatum(n > 1));
	nseen = osm_row_int64_array(&step->before, COL_SEEN_BY, &seen);
	seen = seen ? repalloc(seen, sizeof(int64) * (nseen + n)) : palloc(sizeof(int64) * n);
	for (int i = 0; i < n; i++)
	{
		bool		known = false;

		for (int j = 0; j < nseen; j++)
			known |= seen[j] == bodies[i];
		if (!known)
			seen[nseen++] = bodies[i];
	}
	osm_row_set(&step->after, COL_SEEN_BY, osm_int64_array(nseen, seen));
}

/* plan_release works out who has the incident after the actor's body gave it back. */
static void
plan_release(Step *step)
{
	int64	   *left;
	int			nleft = 0;
	int64		lead = osm_row_int64(&step->before, COL_BODY_ID);

	osm_step_load_assignments(step);
	left = palloc(sizeof(int64) * Max(step->nassignments, 1));
	for (int i = 0; i < step->nassignments; i++)
	{
		if (step->assignments[i].body_id == step->actor_body_id)
			step->assignments[i].keep = false;
		else
			left[nleft++] = step->assignments[i].body_id;
	}
	osm_row_set(&step->after, COL_BODIES, osm_int64_array(nleft, left));
	if (nleft == 0)
		osm_row_set(&step->after, COL_SEVERAL_BODIES, BoolGetDatum(false));
	if (lead == step->actor_body_id)
	{
		step->after.nulls[COL_BODY_ID] = true;
		step->after.values[COL_BODY_ID] = (Datum) 0;
	}
}

static void
plan_repeat(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];
	int64		repeat_of = step->from == NULL ? osm_row_int64(&step->after, COL_REPEAT_OF) : 0;

	if (repeat_of == 0)
	{
		char	   *text = osm_details_text(step->details, "repeat_of");

		if (text == NULL)
			return;
		repeat_of = DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(text)));
	}
	values[0] = Int64GetDatum(repeat_of);
	values[1] = Int64GetDatum(step->authority_id);
	if (repeat_of == step->incident_id ||
		osm_spi_run(&plan,
					"SELECT 1 FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1 "
					"AND authority_id OPERATOR(pg_catalog.=) $2",
					2, types, values, NULL, SPI_OK_SELECT) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("incident %lld cannot repeat incident %lld", (long long) step->incident_id,
						(long long) repeat_of),
				 errdetail("There is no such earlier incident in this authority."),
				 errhint("Give the id of an earlier incident as repeat_of.")));
	MemoryContextSwitchTo(step->context);
	osm_row_set(&step->after, COL_REPEAT_OF, Int64GetDatum(repeat_of));
}

/* plan_effects fills the columns the action's effect decides. */
static void
plan_effects(Step *step)
{
	switch (step->action->effect)
	{
		case EFFECT_ASSIGN:
			classify(step);
			plan_assignment(step);
			break;
		case EFFECT_RELEASE:
			plan_release(step);
			break;
		case EFFECT_REGISTER:
			classify(step);
			plan_repeat(step);
			break;
		case EFFECT_CLASSIFY:
			classify(step);
			break;
		case EFFECT_LINK_REPEAT:
			plan_repeat(step);
			break;
		case EFFECT_SUBMIT:
			osm_row_set(&step->after, COL_REPLY_ID,
						Int64GetDatum(nextval_internal(osm_relation("reply_id_seq", false), false)));
			osm_row_set_text(&step->after, COL_REPLY_KIND, step->reply_kind);
			break;
		case EFFECT_POST:
			if (step->reply_kind != NULL && strcmp(step->reply_kind, "answer") == 0)
				osm_row_set(&step->after, COL_ANSWERED_AT, TimestampTzGetDatum(step->occurred_at));
			break;
		case EFFECT_CONTRIBUTE:
			osm_step_load_assignments(step);
			for (int i = 0; i < step->nassignments; i++)
			{
				if (step->assignments[i].body_id == step->actor_body_id)
					step->assignments[i].contributed = true;
			}
			break;
		default:
			break;
	}
}

/* finish_row fills the columns every step sets. */
static void
finish_row(Step *step)
{
	step->to = step->transition->to != NULL ? step->transition->to : step->from;
	osm_row_set_text(&step->after, COL_STATE, step->to->name);
	osm_row_set_text(&step->after, COL_ACTION, step->action->name);
	osm_row_set(&step->after, COL_OCCURRED_AT, TimestampTzGetDatum(step->occurred_at));
	osm_row_set(&step->after, COL_ACTOR_ID, Int64GetDatum(step->actor_id));
	step->after.nulls[COL_ACTING_FOR_ID] = step->acting_for_id == 0;
	step->after.values[COL_ACTING_FOR_ID] = Int64GetDatum(step->acting_for_id);
	osm_row_set(&step->after, COL_EVENT_SEQ, Int32GetDatum(step->seq));
	if (step->to->kind == STATE_FINAL || step->to->kind == STATE_FORBIDDEN)
		osm_row_set(&step->after, COL_FINISHED_AT, TimestampTzGetDatum(step->occurred_at));
}

/* settle_transition takes over a transition found and the appointment it is taken under. */
static void
settle_transition(Step *step, ActTransition *transition, const ActorRole *held, const ActRole *role)
{
	step->transition = transition;
	step->action = transition->action;
	settle_kind(step);
	step->actor_body_id = held->body_id;
	step->acting_for_id = held->acting_for_id;
	check_backdating(step, role);
}

/* prepare_registration decides on an INSERT. */
static void
prepare_registration(Step *step)
{
	IncidentRow *row = &step->after;
	char	   *code = osm_row_text(row, COL_REGULATION);
	char	   *state = osm_row_text(row, COL_STATE);
	ActTransition *transition;
	const ActorRole *held;
	const ActRole *role = NULL;
	TimestampTz detected_at;

	if (code == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("no regulation is named"),
				 errhint("Give the code of the act as incident.regulation.")));
	settle_details(step, row, true);
	step->authority_id = osm_row_int64(row, COL_AUTHORITY_ID);
	settle_actor(step);
	step->authority_id = step->actor->authority_id;
	step->incident_id = osm_row_int64(row, COL_ID);
	step->seq = 1;

	detected_at = row->nulls[COL_DETECTED_AT] ? osm_now() :
		DatumGetTimestampTz(row->values[COL_DETECTED_AT]);
	step->act = osm_act_get(osm_act_edition(code, TIMESTAMP_NOT_FINITE(detected_at) ? osm_now() :
											detected_at));
	settle_time(step, !row->nulls[COL_DETECTED_AT], PG_INT64_MIN);
	osm_row_set(row, COL_AUTHORITY_ID, Int64GetDatum(step->authority_id));
	osm_row_set(row, COL_REGULATION_ID, Int64GetDatum(step->act->id));
	osm_row_set(row, COL_DETECTED_AT, TimestampTzGetDatum(step->occurred_at));
	step->urgent = is_urgent(step->act, row);

	transition = find_transition(step, NULL, NULL, &held, &role);
	if (transition == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("regulation \"%s\" edition \"%s\" does not register such a message",
						step->act->code, step->act->edition)));
	if (held == NULL)
		refuse_person(step, transition);
	if (state != NULL && strcmp(state, transition->to->name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("an incident cannot be registered in state \"%s\"", state),
				 errdetail("Regulation \"%s\" edition \"%s\", clause %s.", step->act->code,
						   step->act->edition, transition->clause),
				 errhint("Registration leads to state \"%s\"; leave the state out.",
						 transition->to->name)));
	settle_transition(step, transition, held, role);
	if (row->nulls[COL_CHANNEL])
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("\"%s\" is missing", "channel"),
				 errdetail("Regulation \"%s\" edition \"%s\", clause %s.", step->act->code,
						   step->act->edition, transition->clause),
				 errhint("Say in which network, site or messenger the message was posted.")));
	plan_effects(step);
	step->urgent = is_urgent(step->act, row);
	osm_step_check(step);

	/* what only later steps may set */
	row->nulls[COL_BODY_ID] = row->nulls[COL_REPLY_ID] = row->nulls[COL_REPLY_KIND] = true;
	row->nulls[COL_OVERDUE_SINCE] = row->nulls[COL_ANSWERED_AT] = row->nulls[COL_FINISHED_AT] = true;
	osm_row_set(row, COL_BODIES, osm_int64_array(0, NULL));
	osm_row_set(row, COL_SEEN_BY, osm_int64_array(0, NULL));
	osm_row_set(row, COL_SEVERAL_BODIES, BoolGetDatum(false));
	{
		bytea	   *salt = (bytea *) palloc(VARHDRSZ + SALT_LENGTH);

		SET_VARSIZE(salt, VARHDRSZ + SALT_LENGTH);
		if (!pg_strong_random(VARDATA(salt), SALT_LENGTH))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate a random salt")));
		osm_row_set(row, COL_SALT, PointerGetDatum(salt));
	}
	finish_row(step);
}

/*
 * last_event_was_seen tells whether the statement's snapshot shows the incident
 * at the event the step would follow.  A newer row version alone does not
 * settle it: flagging a breach writes the row too.
 */
static bool
last_event_was_seen(const Step *step, HeapTuple old_tuple)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, INT4OID};
	TransactionId xmin = HeapTupleHeaderGetXmin(old_tuple->t_data);
	Datum		values[3];

	if (TransactionIdIsCurrentTransactionId(xmin) || HeapTupleHeaderXminFrozen(old_tuple->t_data) ||
		!ActiveSnapshotSet() || !XidInMVCCSnapshot(xmin, GetActiveSnapshot()))
		return true;

	/* read-only execution keeps the statement's own snapshot */
	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = Int32GetDatum(step->seq - 1);
	if (SPI_execute_plan(osm_spi_plan(&plan,
									  "SELECT 1 FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1 "
									  "AND authority_id OPERATOR(pg_catalog.=) $2 "
									  "AND event_seq OPERATOR(pg_catalog.=) $3", 3, types),
						 values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed");
	MemoryContextSwitchTo(step->context);
	return SPI_processed == 1;
}

/*
 * prepare_step decides on an UPDATE.  The caller asks for an action by raising
 * event_seq by one, or for a state by setting it.  Returns false for an update
 * that changes nothing.
 */
static bool
prepare_step(Step *step, HeapTuple old_tuple, HeapTuple new_tuple, TupleDesc desc)
{
	static const IncidentColumn step_columns[] = {
		COL_STATE, COL_ACTION, COL_DETAILS, COL_OCCURRED_AT, COL_EVENT_SEQ
	};
	IncidentRow *before = &step->before;
	IncidentRow *after = &step->after;
	IncidentRow asked = *after;
	int32		old_seq = DatumGetInt32(before->values[COL_EVENT_SEQ]);
	int32		new_seq = DatumGetInt32(asked.values[COL_EVENT_SEQ]);
	bool		explicit_action = new_seq == old_seq + 1;
	char	   *old_state = osm_row_text(before, COL_STATE);
	char	   *new_state = osm_row_text(&asked, COL_STATE);
	char	   *action_name = NULL;
	ActState   *target = NULL;
	ActTransition *transition;
	const ActorRole *held;
	const ActRole *role = NULL;
	const char *difference;
	HeapTuple	rest;
	bool		seen;

	step->incident_id = osm_row_int64(before, COL_ID);
	step->authority_id = osm_row_int64(before, COL_AUTHORITY_ID);
	step->seq = old_seq + 1;
	step->act = osm_act_get(osm_row_int64(before, COL_REGULATION_ID));
	step->from = osm_act_state(step->act, old_state);
	if (step->from == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("regulation \"%s\" edition \"%s\" has no state \"%s\"", step->act->code,
						step->act->edition, old_state)));

	/* whatever else was asked for is not a step's to change */
	for (int i = 0; i < (int) lengthof(step_columns); i++)
	{
		after->values[step_columns[i]] = before->values[step_columns[i]];
		after->nulls[step_columns[i]] = before->nulls[step_columns[i]];
	}
	rest = osm_incident_form(new_tuple, desc, after);
	difference = osm_incident_difference(old_tuple, rest, desc);
	if (difference != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("column \"%s\" of incident %lld changes by steps only", difference,
						(long long) step->incident_id),
				 errdetail("Regulation \"%s\" edition \"%s\".", step->act->code, step->act->edition),
				 errhint("Take a step with osm.perform(), or set the state alone.")));
	*after = *before;

	if (new_seq != old_seq && !explicit_action)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_CHANGED_MEANWHILE),
				 errmsg("incident %lld was changed meanwhile", (long long) step->incident_id),
				 errdetail("Its last event is number %d, the step was meant to be number %d.", old_seq,
						   new_seq),
				 errhint("Look at the incident again.")));
	if (!explicit_action && strcmp(old_state, new_state) == 0)
	{
		bool		same = true;

		for (int i = 0; i < (int) lengthof(step_columns); i++)
			same &= asked.nulls[step_columns[i]] == before->nulls[step_columns[i]] &&
				(asked.nulls[step_columns[i]] ||
				 datum_image_eq(asked.values[step_columns[i]], before->values[step_columns[i]],
								step_columns[i] == COL_OCCURRED_AT || step_columns[i] == COL_EVENT_SEQ,
								step_columns[i] == COL_OCCURRED_AT ? 8 :
								step_columns[i] == COL_EVENT_SEQ ? 4 : -1));
		if (same)
			return false;
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("the update of incident %lld names no step", (long long) step->incident_id),
				 errhint("Call osm.perform(), set a new state, or raise event_seq by one together with action.")));
	}

	if (explicit_action)
		action_name = osm_row_text(&asked, COL_ACTION);
	if (strcmp(old_state, new_state) != 0)
	{
		target = osm_act_state(step->act, new_state);
		if (target == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
					 errmsg("regulation \"%s\" edition \"%s\" has no state \"%s\"", step->act->code,
							step->act->edition, new_state),
					 errdetail("Incident %lld is in state \"%s\".", (long long) step->incident_id,
							   old_state),
					 errhint("Allowed from \"%s\": %s.", old_state,
							 osm_allowed_list(step->act, step->from))));
	}

	settle_details(step, &asked,
				   explicit_action ||
				   !datum_image_eq(asked.values[COL_DETAILS], before->values[COL_DETAILS], false, -1));
	settle_actor(step);
	osm_row_set(&asked, COL_DETECTED_AT, before->values[COL_DETECTED_AT]);
	after->values[COL_OCCURRED_AT] = asked.values[COL_OCCURRED_AT];
	settle_time(step,
				!asked.nulls[COL_OCCURRED_AT] &&
				DatumGetTimestampTz(asked.values[COL_OCCURRED_AT]) !=
				DatumGetTimestampTz(before->values[COL_OCCURRED_AT]),
				DatumGetTimestampTz(before->values[COL_OCCURRED_AT]));
	step->urgent = is_urgent(step->act, after);

	seen = last_event_was_seen(step, old_tuple);

	transition = find_transition(step, action_name, target, &held, &role);
	if (transition == NULL || (!seen && transition->to != NULL && transition->to != step->from))
		refuse_step(step, action_name, new_state, seen);
	if (held == NULL)
		refuse_person(step, transition);
	settle_transition(step, transition, held, role);
	plan_effects(step);
	step->urgent = is_urgent(step->act, after);
	osm_step_check(step);
	finish_row(step);
	return true;
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

	check_called_as_trigger(fcinfo, "osm.guard_incident", true);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_APPEND_ONLY),
				 errmsg("incidents are never deleted"),
				 errhint("Erase personal data with osm.anonymise(); the case itself stays.")));
	new_tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	if (osm_engine_writes())
		return PointerGetDatum(new_tuple);

	desc = RelationGetDescr(trigger->tg_relation);
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
		is_step = prepare_step(&step, trigger->tg_trigtuple, new_tuple, desc);
	else
		prepare_registration(&step);
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
	(void) remember_step(&step);
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
	if (osm_engine_writes())
		return PointerGetDatum(NULL);
	desc = RelationGetDescr(trigger->tg_relation);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
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
		if (difference == NULL)
			return PointerGetDatum(NULL);
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("incident %lld was changed past the guard", (long long) key.incident_id),
				 errdetail("Column \"%s\" differs from what the act allows.", difference),
				 errhint("Another trigger on osm.incident changes the row, or trigger a_guard is disabled.")));
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

	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	MemoryContextSwitchTo(step.context);
	osm_step_write(&step);
	SPI_finish();
	osm_become_user(&rights);
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
