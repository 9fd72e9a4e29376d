/*-------------------------------------------------------------------------
 * step_prepare.c
 *	  Deciding on a step before its row is written: who, when, which
 *	  transition, and the row that results.
 *
 * The author of a step may have waited for another one and so act on a state
 * never seen; a step that moves the state is then OW007, so that of two actors
 * exactly one wins.  Nothing is written here.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

#define SALT_LENGTH 16

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
		ereport(
			ERROR,
			(errcode(ERRCODE_OSM_WRONG_PERSON),
			 errmsg("nobody acts: role \"%s\" is not an official and no official is named",
					GetUserNameFromId(GetSessionUserId(), false)),
			 errhint(
				 "Enter the role as official.db_role with osm.define_authority(), or name the official with osm.act_as() in this transaction.")));
	if (step->authority_id != 0 && step->actor->authority_id != step->authority_id)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_WRONG_PERSON),
				 errmsg("official \"%s\" belongs to another authority", step->actor->login),
				 errhint("An incident is worked on by the officials of its own authority.")));
	step->actor_id = step->actor->official_id;
}

/*
 * settle_time decides when the step happened: now, unless it is backdated.  Now is
 * the moment the step is taken, not osm.now(), the start of the transaction: one held
 * open would keep every term.  Who states osm.now() means now.  And it is never
 * before the previous event, even if the machine's clock has been set back.
 */
static void
settle_time(Step *step, bool given, TimestampTz previous)
{
	TimestampTz now = osm_now_is_simulated() ? osm_now() : GetCurrentTimestamp();
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
		stated = DatumGetTimestampTz(
			step->after.values[step->from == NULL ? COL_DETECTED_AT : COL_OCCURRED_AT]);
		is_stated = true;
	}
	if (!is_stated || stated == step->occurred_at || (step->from != NULL && stated == osm_now()))
		return;
	if (TIMESTAMP_NOT_FINITE(stated) || stated > now)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a step cannot happen in the future"),
				 errdetail("It is said to happen at %s; it is %s.",
						   pstrdup(timestamptz_to_str(stated)), pstrdup(timestamptz_to_str(now)))));
	if (stated < previous)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a step cannot happen before the previous one"),
				 errdetail(
					 "It is said to happen at %s; the last event of incident %lld happened at %s.",
					 pstrdup(timestamptz_to_str(stated)), (long long) step->incident_id,
					 pstrdup(timestamptz_to_str(previous)))));
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
		ereport(
			ERROR,
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

/* only_kind returns the one kind of reply a transition is for, NULL where there are several. */
static const char *
only_kind(const ActTransition *transition)
{
	for (int i = 0; i < transition->when.n; i++)
	{
		const ActCondition *condition = &transition->when.items[i];

		if (strcmp(condition->key, "reply_kind") == 0 && condition->values.n == 1 &&
			strchr("*-!", condition->values.items[0][0]) == NULL)
			return condition->values.items[0];
	}
	return NULL;
}

/*
 * settle_kind finds out which kind of reply the step is about: the one stated, or
 * where a published reply states none and its transition is for one kind, that.
 */
static void
settle_kind(Step *step, const ActTransition *transition)
{
	if (step->action->effect == EFFECT_SUBMIT || step->action->effect == EFFECT_PUBLISH)
	{
		step->reply_kind = osm_details_text(step->details, "kind");
		if (step->reply_kind == NULL && step->action->effect == EFFECT_PUBLISH)
			step->reply_kind = only_kind(transition);
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
		settle_kind(step, transition);
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

		if (strcmp(transition->action->name, action) != 0)
			continue;
		for (int j = 0; j < i && !told; j++)
			told = act->transitions[j].action == transition->action &&
				act->transitions[j].from == transition->from &&
				strcmp(act->transitions[j].clause, transition->clause) == 0;
		if (!told && transition->from == NULL)
			appendStringInfo(&list, "%sto open an incident (%s)", list.len > 0 ? ", " : "",
							 transition->clause);
		else if (!told)
			appendStringInfo(&list, "%sfrom \"%s\" (%s)", list.len > 0 ? ", " : "",
							 transition->from->name, transition->clause);
	}
	return list.data;
}

/* clauses_into names the clauses under which a state is entered. */
static char *
clauses_into(const Act *act, const ActState *state)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < act->ntransitions; i++)
	{
		bool		told = false;

		if (act->transitions[i].to != state)
			continue;
		for (int j = 0; j < i && !told; j++)
			told = act->transitions[j].to == state &&
				strcmp(act->transitions[j].clause, act->transitions[i].clause) == 0;
		if (!told)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", act->transitions[i].clause);
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
		ereport(
			ERROR,
			(errcode(ERRCODE_OSM_FORBIDDEN_MESSAGE),
			 errmsg(
				 "incident %lld is in state \"%s\": its message must not be processed or answered",
				 (long long) step->incident_id, step->from->name),
			 errdetail("Regulation \"%s\" edition \"%s\", clause %s, forbids it.", step->act->code,
					   step->act->edition, clauses_into(step->act, step->from)),
			 errhint("Register a new message as an incident of its own.")));
	if (action != NULL && osm_act_action(step->act, action) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("regulation \"%s\" has no step \"%s\"", step->act->code, action),
				 errdetail("Incident %lld is in state \"%s\" of edition \"%s\".",
						   (long long) step->incident_id, step->from->name, step->act->edition),
				 errhint("Allowed from \"%s\": %s.", step->from->name, allowed)));
	if (action != NULL)
		ereport(
			ERROR,
			(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
			 errmsg("step \"%s\" is not allowed on incident %lld in state \"%s\"", action,
					(long long) step->incident_id, step->from->name),
			 errdetail(
				 "In regulation \"%s\" edition \"%s\" this step is taken %s, and only under its conditions.",
				 step->act->code, step->act->edition, clauses_of(step->act, action)),
			 step->from->kind == STATE_FINAL
				 ? errhint(
					   "State \"%s\" is final. A repeated message is a new incident with repeat_of.",
					   step->from->name)
				 : errhint("Allowed from \"%s\": %s.", step->from->name, allowed)));
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
	ereport(
		ERROR,
		(errcode(ERRCODE_OSM_WRONG_PERSON),
		 errmsg("official \"%s\" may not take step \"%s\" on incident %lld", step->actor->login,
				transition->action->name, (long long) step->incident_id),
		 errdetail("Regulation \"%s\" edition \"%s\", clause %s, gives this step to: %s.",
				   step->act->code, step->act->edition, transition->clause,
				   osm_role_list(transition)),
		 errhint(
			 "The role must be held on the day of the step; where it counts by assignment, in a body that has the incident (to draft and post: the leading one, to contribute: another).")));
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
	if (step->to != step->from &&
		(step->to->kind == STATE_FINAL || step->to->kind == STATE_FORBIDDEN))
		osm_row_set(&step->after, COL_FINISHED_AT, TimestampTzGetDatum(step->occurred_at));
}

/* settle_transition takes over a transition found and the appointment it is taken under. */
static void
settle_transition(Step *step, ActTransition *transition, const ActorRole *held, const ActRole *role)
{
	step->transition = transition;
	step->action = transition->action;
	settle_kind(step, transition);
	step->actor_body_id = held->body_id;
	step->acting_for_id = held->acting_for_id;
	check_backdating(step, role);
}

/* refuse_message raises the error of a message the act does not register: OW003. */
static void
refuse_message(const Step *step)
{
	StringInfoData accepted;
	const char *action = "";

	initStringInfo(&accepted);
	for (int i = 0; i < step->act->ntransitions; i++)
	{
		const ActTransition *transition = &step->act->transitions[i];

		if (transition->from != NULL)
			continue;
		action = transition->action->name;
		for (int j = 0; j < transition->when.n; j++)
		{
			const ActCondition *condition = &transition->when.items[j];

			appendStringInfo(&accepted, "%s%s: ", j > 0 ? ", " : accepted.len > 0 ? "; or " : "",
							 condition->key);
			for (int k = 0; k < condition->values.n; k++)
				appendStringInfo(&accepted, "%s%s", k > 0 ? "|" : "", condition->values.items[k]);
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_OSM_BAD_DATA),
			 errmsg("regulation \"%s\" edition \"%s\" does not register such a message",
					step->act->code, step->act->edition),
			 errdetail("The act lets one %s.", clauses_of(step->act, action)),
			 errhint("Messages it registers have %s.", accepted.data)));
}

/* osm_prepare_registration decides on an INSERT.  SPI is connected. */
void
osm_prepare_registration(Step *step)
{
	IncidentRow *row = &step->after;
	char	   *code = osm_row_text(row, COL_REGULATION);
	char	   *state = osm_row_text(row, COL_STATE);
	ActTransition *transition;
	const ActorRole *held;
	const ActRole *role = NULL;
	const Step *parent = osm_step_being_split();
	ActorRole	inherited;
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
	if (osm_details_has(step->details, "occurred_at"))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("a registration states its time as detected_at"),
				 errhint("Give detected_at instead of occurred_at.")));
	settle_time(step, !row->nulls[COL_DETECTED_AT], PG_INT64_MIN);
	osm_row_set(row, COL_AUTHORITY_ID, Int64GetDatum(step->authority_id));
	osm_row_set(row, COL_REGULATION_ID, Int64GetDatum(step->act->id));
	osm_row_set(row, COL_DETECTED_AT, TimestampTzGetDatum(step->occurred_at));
	step->urgent = osm_step_is_urgent(step->act, row);

	transition = find_transition(step, NULL, NULL, &held, &role);
	if (transition == NULL)
		refuse_message(step);
	if (held == NULL && parent != NULL && !row->nulls[COL_PART_OF] &&
		parent->incident_id == osm_row_int64(row, COL_PART_OF))
	{
		/* who may route a message to several bodies may split it */
		memset(&inherited, 0, sizeof(inherited));
		inherited.body_id = parent->actor_body_id;
		inherited.acting_for_id = parent->acting_for_id;
		held = &inherited;
	}
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
	osm_step_plan(step);
	step->urgent = osm_step_is_urgent(step->act, row);
	osm_step_check(step);

	/* what only later steps may set */
	row->nulls[COL_BODY_ID] = row->nulls[COL_REPLY_ID] = row->nulls[COL_REPLY_KIND] = true;
	row->nulls[COL_OVERDUE_SINCE] = row->nulls[COL_ANSWERED_AT] = row->nulls[COL_FINISHED_AT] =
		true;
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
 * settle it: flagging a breach writes the row too.  Nor does a newer event that is
 * no step of the act (it has no clause): nobody is refused as a calendar moved terms
 * or a breach was excused.
 */
static bool
last_event_was_seen(const Step *step, HeapTuple old_tuple)
{
	static SPIPlanPtr plan = NULL;
	static SPIPlanPtr later_plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, INT4OID};
	TransactionId xmin = HeapTupleHeaderGetXmin(old_tuple->t_data);
	Datum		values[3];
	bool		isnull;

	if (TransactionIdIsCurrentTransactionId(xmin) || HeapTupleHeaderXminFrozen(old_tuple->t_data) ||
		!ActiveSnapshotSet() || !XidInMVCCSnapshot(xmin, GetActiveSnapshot()))
		return true;

	/* read-only execution keeps the statement's own snapshot */
	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	if (SPI_execute_plan(
			osm_spi_plan(&plan,
						 "SELECT event_seq FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1 "
						 "AND authority_id OPERATOR(pg_catalog.=) $2",
						 2, types),
			values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed");
	MemoryContextSwitchTo(step->context);
	if (SPI_processed != 1)
		return false;
	values[2] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (DatumGetInt32(values[2]) == step->seq - 1)
		return true;
	(void) osm_spi_run(
		&later_plan,
		"SELECT FROM osm.event WHERE incident_id OPERATOR(pg_catalog.=) $1 "
		"AND authority_id OPERATOR(pg_catalog.=) $2 AND seq OPERATOR(pg_catalog.>) $3 "
		"AND clause IS NOT NULL LIMIT 1",
		3, types, values, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(step->context);
	return SPI_processed == 0;
}

/*
 * osm_prepare_step decides on an UPDATE.  The caller asks for an action by raising
 * event_seq by one, or for a state by setting it.  Returns false for an update
 * that changes nothing.
 */
bool
osm_prepare_step(Step *step, HeapTuple old_tuple, HeapTuple new_tuple, TupleDesc desc)
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
	const OwnStep *own;
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
		ereport(ERROR, (errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
						errmsg("column \"%s\" of incident %lld changes by steps only", difference,
							   (long long) step->incident_id),
						errdetail("Regulation \"%s\" edition \"%s\".", step->act->code,
								  step->act->edition),
						errhint("Take a step with osm.perform(), or set the state alone.")));
	*after = *before;
	for (int i = 0; i < (int) lengthof(step_columns); i++)
	{
		if (asked.nulls[step_columns[i]])
			ereport(ERROR, (errcode(ERRCODE_OSM_BAD_DATA),
							errmsg("column \"%s\" of incident %lld cannot become null",
								   osm_incident_column_name(step_columns[i]),
								   (long long) step->incident_id),
							errhint("Leave out what the step does not set.")));
	}

	own = osm_own_step(step->incident_id, step->authority_id);
	if (own != NULL)
	{
		settle_details(step, &asked, true);
		osm_prepare_own_step(step, own);
		finish_row(step);
		return true;
	}

	seen = last_event_was_seen(step, old_tuple);
	if (new_seq != old_seq && !explicit_action)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_CHANGED_MEANWHILE),
				 errmsg("incident %lld was changed meanwhile", (long long) step->incident_id),
				 errdetail("Its last event is number %d, the step was meant to be number %d.",
						   old_seq, new_seq),
				 errhint("Look at the incident again.")));
	if (!explicit_action && strcmp(old_state, new_state) == 0)
	{
		bool		same = true;

		if (!seen)
			refuse_step(step, NULL, new_state, seen);
		for (int i = 0; i < (int) lengthof(step_columns); i++)
			same &= asked.nulls[step_columns[i]] == before->nulls[step_columns[i]] &&
					(asked.nulls[step_columns[i]] ||
					 datum_image_eq(asked.values[step_columns[i]], before->values[step_columns[i]],
									step_columns[i] == COL_OCCURRED_AT ||
										step_columns[i] == COL_EVENT_SEQ,
									step_columns[i] == COL_OCCURRED_AT ? 8
									: step_columns[i] == COL_EVENT_SEQ ? 4
																	   : -1));
		if (same)
			return false;
		ereport(
			ERROR,
			(errcode(ERRCODE_OSM_BAD_DATA),
			 errmsg("the update of incident %lld names no step", (long long) step->incident_id),
			 errhint(
				 "Call osm.perform(), set a new state, or raise event_seq by one together with action.")));
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
				   explicit_action || !datum_image_eq(asked.values[COL_DETAILS],
													  before->values[COL_DETAILS], false, -1));
	settle_actor(step);
	osm_row_set(&asked, COL_DETECTED_AT, before->values[COL_DETECTED_AT]);
	after->values[COL_OCCURRED_AT] = asked.values[COL_OCCURRED_AT];
	settle_time(step,
				!asked.nulls[COL_OCCURRED_AT] &&
				DatumGetTimestampTz(asked.values[COL_OCCURRED_AT]) !=
				DatumGetTimestampTz(before->values[COL_OCCURRED_AT]),
				DatumGetTimestampTz(before->values[COL_OCCURRED_AT]));
	step->urgent = osm_step_is_urgent(step->act, after);

	transition = find_transition(step, action_name, target, &held, &role);
	if (transition == NULL ||
		(!seen && transition->to != NULL && transition->to != step->from &&
		 transition->action->effect != EFFECT_CONTRIBUTE))
		refuse_step(step, action_name, new_state, seen);
	if (held == NULL)
		refuse_person(step, transition);
	settle_transition(step, transition, held, role);
	osm_step_plan(step);
	step->urgent = osm_step_is_urgent(step->act, after);
	osm_step_check(step);
	finish_row(step);
	return true;
}
