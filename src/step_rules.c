/*-------------------------------------------------------------------------
 * step_rules.c
 *	  What an act demands of a step: the person, the data, the reason; and what
 *	  the keys of its conditions mean.  Contents are in step_content.c.
 *
 * Everything here is driven by the rows of the act; the code knows keys and
 * checks, never an act.  Look-ups run with the rights of the tables' owner and
 * are made only where a rule asks for them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/json.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

/* osm_step_date returns the date of the step in the act's time zone. */
DateADT
osm_step_date(const Step *step)
{
	Datum		local = DirectFunctionCall2(timestamptz_zone,
											CStringGetTextDatum(step->act->time_zone),
											TimestampTzGetDatum(step->occurred_at));

	return DatumGetDateADT(DirectFunctionCall1(timestamp_date, local));
}

/*
 * osm_step_load_assignments reads the live shares of the incident, once a step.
 * SPI is connected.
 */
void
osm_step_load_assignments(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];
	int			n;

	if (step->assignments_loaded)
		return;
	step->assignments_loaded = true;
	if (step->from == NULL)
		return;
	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	n = osm_spi_run(
		&plan,
		"SELECT id, body_id, role, contributed_at IS NOT NULL, seq_no::bigint, in_order "
		"FROM osm.assignment "
		"WHERE incident_id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2 "
		"  AND released_at IS NULL ORDER BY seq_no, id",
		2, types, values, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(step->context);
	step->assignments = palloc0(sizeof(StepAssignment) * Max(n, 1));
	step->nassignments = n;
	for (int i = 0; i < n; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];

		step->assignments[i].id = osm_spi_int64(row, 1);
		step->assignments[i].body_id = osm_spi_int64(row, 2);
		step->assignments[i].role = osm_spi_text(row, 3)[0];
		step->assignments[i].contributed = osm_spi_bool(row, 4);
		step->assignments[i].seq_no = (int) osm_spi_int64(row, 5);
		step->assignments[i].in_order = osm_spi_bool(row, 6);
		step->assignments[i].keep = true;
	}
	for (int i = 0; i < n; i++)
		step->assignments[i].waited = osm_share_owes(step, &step->assignments[i]) &&
			osm_share_before(step, &step->assignments[i]) != NULL;
}

/* load_reply reads the content of the current reply, once a step. */
static void
load_reply(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];

	if (step->reply_loaded)
		return;
	step->reply_loaded = true;
	if (step->from == NULL || step->before.nulls[COL_REPLY_ID])
		return;
	values[0] = step->before.values[COL_REPLY_ID];
	values[1] = Int64GetDatum(step->authority_id);
	if (osm_spi_run(&plan,
					"SELECT content FROM osm.reply WHERE id OPERATOR(pg_catalog.=) $1 "
					"AND authority_id OPERATOR(pg_catalog.=) $2",
					2, types, values, NULL, SPI_OK_SELECT) == 1)
	{
		bool		isnull;
		Datum content = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		MemoryContextSwitchTo(step->context);
		step->reply_content = DatumGetJsonbPCopy(content);
	}
	MemoryContextSwitchTo(step->context);
}

/*
 * interim_value tells whether an interim reply of the incident was posted before
 * this step: "none", "posted", or "again" where this step's reply is one more.
 * SPI is connected.
 */
static const char *
interim_value(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, INT8OID};
	Datum		values[3];
	bool		posted;

	if (step->from == NULL)
		return "none";
	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	/* the reply this very step posts may be written already */
	values[2] = Int64GetDatum(step->action->effect == EFFECT_POST ||
							  step->action->effect == EFFECT_PUBLISH ?
							  osm_row_int64(&step->after, COL_REPLY_ID) : 0);
	posted = step->replayed ? step->interim_posted :
		osm_spi_run(&plan,
						 "SELECT FROM osm.reply WHERE incident_id OPERATOR(pg_catalog.=) $1 "
						 "AND authority_id OPERATOR(pg_catalog.=) $2 "
						 "AND id OPERATOR(pg_catalog.<>) $3 "
						 "AND kind OPERATOR(pg_catalog.=) 'interim' "
						 "AND state OPERATOR(pg_catalog.=) 'posted' LIMIT 1",
						 3, types, values, NULL, SPI_OK_SELECT) > 0;
	MemoryContextSwitchTo(step->context);
	if (!posted)
		return "none";
	if (step->reply_kind != NULL && strcmp(step->reply_kind, "interim") == 0)
		return "again";
	return "posted";
}

/* osm_step_splits tells whether each of several bodies gets an incident of its own. */
bool
osm_step_splits(Step *step)
{
	char	   *answers;

	if (step->act->separate_bodies)
		return true;
	answers = step->act->bodies_by_choice ? osm_details_text(step->details, "answers") : NULL;
	return answers != NULL && strcmp(answers, "separate") == 0;
}

/*
 * osm_step_kind gives what may follow the action in "action/kind": one or several
 * where bodies get the work, else the kind of reply the step is about.
 */
const char *
osm_step_kind(Step *step)
{
	if (step->action->effect != EFFECT_ASSIGN)
		return step->reply_kind;
	return osm_details_length(step->details, "bodies") > 1 && !osm_step_splits(step) ?
		"several" : "one";
}

/* osm_share_owes tells whether a body has still to give its part of a joint reply. */
bool
osm_share_owes(const Step *step, const StepAssignment *share)
{
	return share->keep && !share->contributed &&
		(share->role == 'm' || (share->role == 'l' && step->act->lead_contributes));
}

/* osm_share_before returns the body whose part must come before a share's, NULL for none. */
const StepAssignment *
osm_share_before(const Step *step, const StepAssignment *share)
{
	for (int i = 0; share->in_order && i < step->nassignments; i++)
	{
		const StepAssignment *other = &step->assignments[i];

		if (other->seq_no < share->seq_no && osm_share_owes(step, other))
			return other;
	}
	return NULL;
}

static bool
judges_reply(const Step *step)
{
	return step->action->effect == EFFECT_APPROVE || step->action->effect == EFFECT_ENDORSE ||
		step->action->effect == EFFECT_SEND_BACK || step->action->effect == EFFECT_POST;
}

/*
 * osm_step_document returns the object in which a key is looked for: the details,
 * or where a reply is judged or posted and they lack it, that reply's content.
 */
Jsonb *
osm_step_document(Step *step, const char *key)
{
	if (!judges_reply(step) || osm_details_get(step->details, key) != NULL)
		return step->details;
	load_reply(step);
	return step->reply_content;
}

/* osm_step_reply returns the object that holds the reply a step posts: NULL for none. */
Jsonb *
osm_step_reply(Step *step)
{
	if (step->action->effect != EFFECT_POST)
		return step->details;
	load_reply(step);
	return step->reply_content;
}

/*
 * contributing_share returns the share whose part an actor who holds one of some
 * roles gives, NULL for none: the first still owed, else one given already, whose
 * part is then given anew.  *held is the appointment.
 */
static const StepAssignment *
contributing_share(Step *step, const ActRole *role, const ActorRole **held)
{
	const StepAssignment *given = NULL;

	osm_step_load_assignments(step);
	for (int i = 0; i < step->nassignments; i++)
	{
		const StepAssignment *share = &step->assignments[i];
		const ActorRole *found;

		if ((share->role != 'm' && (share->role != 'l' || !step->act->lead_contributes)) ||
			(given != NULL && share->contributed))
			continue;
		found = osm_actor_role(step->actor, role->name, osm_step_date(step), 1, &share->body_id);
		if (found == NULL)
			continue;
		*held = found;
		if (!share->contributed)
			return share;
		given = share;
	}
	return given;
}

/*
 * contributions_after tells whether any member of a joint reply still owes its
 * information once the actor's body has given its own.
 */
static const char *
contributions_after(Step *step)
{
	const StepAssignment *mine = NULL;

	osm_step_load_assignments(step);
	for (int i = 0; i < step->act->ntransitions && mine == NULL; i++)
	{
		const ActTransition *transition = &step->act->transitions[i];
		const ActorRole *held;

		if (step->action->effect != EFFECT_CONTRIBUTE || step->actor == NULL ||
			transition->action != step->action || transition->from != step->from)
			continue;
		for (int j = 0; j < transition->nroles && mine == NULL; j++)
			mine = contributing_share(step, transition->roles[j], &held);
	}
	for (int i = 0; i < step->nassignments; i++)
	{
		if (&step->assignments[i] != mine && osm_share_owes(step, &step->assignments[i]))
			return "open";
	}
	return "complete";
}

/*
 * acting_share_role returns how the body the actor acts for has the incident: 's'
 * sole, 'l' leading, 'm' member; 0 where no role of the step counts by body, or the
 * actor holds none of them in a body that has it.
 */
static char
acting_share_role(Step *step)
{
	if (step->actor == NULL || step->from == NULL)
		return 0;
	osm_step_load_assignments(step);
	for (int i = 0; i < step->nassignments; i++)
	{
		const StepAssignment *share = &step->assignments[i];

		if (share->fresh)
			continue;
		for (int j = 0; j < step->act->ntransitions; j++)
		{
			const ActTransition *transition = &step->act->transitions[j];

			if (transition->action != step->action || transition->from != step->from)
				continue;
			for (int k = 0; k < transition->nroles; k++)
			{
				if (transition->roles[k]->scope != SCOPE_AUTHORITY &&
					osm_actor_role(step->actor, transition->roles[k]->name, osm_step_date(step), 1,
								   &share->body_id) != NULL)
					return share->role;
			}
		}
	}
	return 0;
}

/*
 * osm_step_value gives the value of a key of applies_when; arg is the Step.
 * Reserved keys first, then the details, then the reply under review.
 */
const char *
osm_step_value(void *arg, const char *key)
{
	Step	   *step = (Step *) arg;

	if (strcmp(key, "reply_kind") == 0)
		return step->reply_kind;
	if (strcmp(key, "bodies") == 0)
	{
		if (step->action->effect == EFFECT_ASSIGN)
			return osm_step_kind(step);
		return DatumGetBool(step->after.values[COL_SEVERAL_BODIES]) ? "several" : "one";
	}
	if (strcmp(key, "contributions") == 0)
		return contributions_after(step);
	if (strcmp(key, "interim") == 0)
		return interim_value(step);
	if (strcmp(key, "assignment_role") == 0)
	{
		char		role = step->value_assignment_role;

		if (role == 0)
			role = acting_share_role(step);
		return role == 's' ? "sole" : role == 'l' ? "lead" : role == 'm' ? "member" : NULL;
	}
	if (strcmp(key, "topic") == 0)
		return osm_row_text(&step->after, COL_TOPIC);
	if (strcmp(key, "place") == 0)
		return osm_row_text(&step->after, COL_PLACE);
	if (strcmp(key, "importance") == 0)
		return osm_row_text(&step->after, COL_IMPORTANCE);
	if (strcmp(key, "channel") == 0)
		return osm_row_text(&step->after, COL_CHANNEL);
	if (strcmp(key, "kind") == 0)
		return osm_row_text(&step->after, COL_KIND);
	if (strcmp(key, "urgent") == 0)
		return step->urgent ? "yes" : "no";
	if (strcmp(key, "repeat") == 0)
		return step->after.nulls[COL_REPEAT_OF] ? "no" : "yes";
	return osm_details_text(osm_step_document(step, key), key);
}

/* osm_role_list names the roles of a transition for a message. */
char *
osm_role_list(const ActTransition *transition)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < transition->nroles; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", transition->roles[i]->name);
	return list.data;
}

/* osm_allowed_list names what the act allows from a state, for a hint. */
char *
osm_allowed_list(const Act *act, const ActState *from)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < act->ntransitions; i++)
	{
		const ActTransition *transition = &act->transitions[i];

		if (transition->from != from)
			continue;
		appendStringInfo(&list, "%s%s -> %s (%s, %s)", list.len > 0 ? "; " : "",
						 transition->action->name,
						 transition->to ? transition->to->name : from->name,
						 osm_role_list(transition), transition->clause);
	}
	return list.data;
}

/*
 * osm_step_holds returns the appointment under which the actor may take a
 * transition, NULL if there is none, and the role it satisfies.  A role that
 * counts by assignment must be held in a body that has the incident; to draft
 * and to post it must be the leading body, to contribute a member.
 */
const ActorRole *
osm_step_holds(Step *step, const ActTransition *transition, const ActRole **role)
{
	DateADT		date = osm_step_date(step);

	for (int i = 0; i < transition->nroles; i++)
	{
		const ActRole *wanted = transition->roles[i];
		const ActorRole *held = NULL;

		if (wanted->scope == SCOPE_AUTHORITY)
			held = osm_actor_role(step->actor, wanted->name, date, 0, NULL);
		else if (transition->action->effect == EFFECT_CONTRIBUTE)
			(void) contributing_share(step, wanted, &held);
		else if (wanted->scope == SCOPE_LEAD || transition->action->effect == EFFECT_SUBMIT ||
				 transition->action->effect == EFFECT_POST ||
				 transition->action->effect == EFFECT_PUBLISH)
		{
			int64		lead = step->from == NULL ? 0 : osm_row_int64(&step->before, COL_BODY_ID);

			if (lead != 0)
				held = osm_actor_role(step->actor, wanted->name, date, 1, &lead);
		}
		else
		{
			int64	   *bodies;
			int			n = step->from == NULL ? 0 :
				osm_row_int64_array(&step->before, COL_BODIES, &bodies);

			if (n > 0)
				held = osm_actor_role(step->actor, wanted->name, date, n, bodies);
		}
		if (held != NULL)
		{
			if (role != NULL)
				*role = wanted;
			return held;
		}
	}
	return NULL;
}

static void
bad_data(const Step *step, const char *message, const char *key, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OSM_BAD_DATA),
			 errmsg(message, key),
			 errdetail("Incident %lld, step \"%s\", regulation \"%s\" edition \"%s\", clause %s.",
					   (long long) step->incident_id, step->action->name, step->act->code,
					   step->act->edition, step->transition->clause),
			 errhint("%s", hint)));
}

/* osm_find_reason finds a reason of a list, NULL for none. */
const ActReason *
osm_find_reason(const Act *act, const char *list, const char *code)
{
	for (int i = 0; i < act->nreasons; i++)
	{
		if (strcmp(act->reasons[i].list, list) == 0 && strcmp(act->reasons[i].code, code) == 0)
			return &act->reasons[i];
	}
	return NULL;
}

/* osm_reason_codes names the reasons of a list, for a hint. */
char *
osm_reason_codes(const Act *act, const char *list)
{
	StringInfoData codes;

	initStringInfo(&codes);
	for (int i = 0; i < act->nreasons; i++)
	{
		if (strcmp(act->reasons[i].list, list) == 0)
			appendStringInfo(&codes, "%s%s", codes.len > 0 ? ", " : "", act->reasons[i].code);
	}
	return codes.data;
}

static bool
list_is_closed(const Act *act, const char *list)
{
	for (int i = 0; i < act->nreasons; i++)
	{
		if (strcmp(act->reasons[i].list, list) == 0)
			return act->reasons[i].closed_list;
	}
	return false;
}

/* has_required tells whether a required key is there: in the details or in the message's column. */
static bool
has_required(Step *step, const char *key)
{
	if (osm_details_has(step->details, key))
		return true;
	for (int c = 0; c < INCIDENT_COLUMNS; c++)
	{
		if (strcmp(osm_incident_column_name(c), key) == 0)
		{
			if (c == COL_CHANNEL && step->action->effect != EFFECT_REGISTER)
				return false;
			if (c == COL_BODIES || c == COL_DETAILS || c == COL_REPEAT_OF)
				return false;
			if (c == COL_TEXT && step->action->effect != EFFECT_REGISTER)
				return false;
			return !step->after.nulls[c];
		}
	}
	return false;
}

static void
check_required(Step *step)
{
	for (int i = 0; i < step->transition->required.n; i++)
	{
		const char *key = step->transition->required.items[i];

		if (strncmp(key, "reason:", 7) == 0)
		{
			const char *list = key + 7;
			char	   *code = osm_details_text(step->details, "reason");

			if (code == NULL || code[0] == '\0')
				bad_data(step, "a reason is missing", NULL,
						 psprintf("Give details.reason; list \"%s\" has: %s.", list,
								  osm_reason_codes(step->act, list)));
			if (osm_find_reason(step->act, list, code) == NULL && list_is_closed(step->act, list))
				bad_data(step, "the act does not know reason \"%s\"", code,
						 psprintf("List \"%s\" is closed and has: %s.", list,
								  osm_reason_codes(step->act, list)));
		}
		else if (!has_required(step, key))
			bad_data(step, "\"%s\" is missing", key,
					 psprintf("Give \"%s\" in the details of the step.", key));
	}
}

/*
 * check_details refuses lists and objects where one value is meant, which would
 * slip past every rule about that value, and keys the evidence reserves.
 */
static void
check_details(const Step *step)
{
	static const char *const single[] = { "kind",
										  "lead",
										  "reason",
										  "channel",
										  "account",
										  "answers",
										  "order",
										  "account_kind",
										  "fallback_reason",
										  "topic",
										  "place",
										  "importance",
										  "clock",
										  "repeat_of",
										  "occurred_at",
										  "backdate_reason",
										  "due_at",
										  "promised_until" };
	static const char *const reserved[] = {"clocks", "warnings"};

	for (int i = 0; i < (int) lengthof(single); i++)
	{
		JsonbValue *value = osm_details_get(step->details, single[i]);

		if (value != NULL && value->type == jbvBinary)
			bad_data(step, "\"%s\" must be a single value", single[i], "Give it as text.");
	}
	for (int i = 0; i < (int) lengthof(reserved); i++)
	{
		if (osm_details_get(step->details, reserved[i]) != NULL)
			bad_data(step, "\"%s\" is for the event to add", reserved[i],
					 "Give the key another name.");
	}
}

/*
 * osm_step_check holds a step, whose transition and person are settled, to the
 * act's demands on data and content.  Errors: OW003, OW004, OW006.  SPI is
 * connected.
 */
void
osm_step_check(Step *step)
{
	check_details(step);
	check_required(step);
	if ((step->action->effect == EFFECT_SUBMIT || step->action->effect == EFFECT_PUBLISH) &&
		strcmp(step->reply_kind, "answer") != 0 && strcmp(step->reply_kind, "interim") != 0 &&
		strcmp(step->reply_kind, "clarification") != 0)
		bad_data(step, "there is no kind of reply \"%s\"", step->reply_kind,
				 "A reply is an answer, an interim or a clarification.");
	osm_step_check_contents(step);
	MemoryContextSwitchTo(step->context);
}
