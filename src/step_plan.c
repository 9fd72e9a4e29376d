/*-------------------------------------------------------------------------
 * step_plan.c
 *	  What an action's effect changes in the incident's row: who has it, the
 *	  classification, the link to an earlier one, the current reply.
 *
 * Only the row is worked out here; the rows of other tables that go with it are
 * written after the incident's own (step_write.c), so that a row refused by
 * another trigger leaves nothing behind.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

/* osm_step_is_urgent tells whether an incident's importance makes it urgent under the act. */
bool
osm_step_is_urgent(const Act *act, const IncidentRow *row)
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

/* takes_steps tells whether a role takes any step of the act: some only keep accounts. */
static bool
takes_steps(const Act *act, const ActRole *role)
{
	for (int i = 0; i < act->ntransitions; i++)
	{
		for (int j = 0; j < act->transitions[i].nroles; j++)
		{
			if (act->transitions[i].roles[j] == role)
				return true;
		}
	}
	return false;
}

/*
 * assigned_role_names makes the text[] of roles a body must be listed under to be
 * given an incident: those held by assignment that take steps.
 */
static Datum
assigned_role_names(const Act *act)
{
	Datum	   *names = palloc(sizeof(Datum) * Max(act->nroles, 1));
	int			n = 0;

	for (int i = 0; i < act->nroles; i++)
	{
		if (act->roles[i].scope != SCOPE_AUTHORITY && takes_steps(act, &act->roles[i]))
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

/* is_in_order tells whether the bodies give their parts one after another.  Errors: OW003. */
static bool
is_in_order(Step *step)
{
	char	   *order = osm_details_text(step->details, "order");

	if (order == NULL || strcmp(order, "parallel") == 0)
		return false;
	if (strcmp(order, "sequence") == 0)
		return true;
	ereport(ERROR,
			(errcode(ERRCODE_OSM_BAD_DATA),
			 errmsg("there is no order \"%s\"", order),
			 errdetail("Incident %lld, step \"%s\", clause %s.", (long long) step->incident_id,
					   step->action->name, step->transition->clause),
			 errhint("Give details.order as \"sequence\" or \"parallel\".")));
	return false;				/* keep the compiler quiet */
}

/*
 * check_turn refuses a part that comes before those of the bodies ahead.  Errors:
 * OW001.  SPI is connected.
 */
static void
check_turn(Step *step, const StepAssignment *share)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	const StepAssignment *ahead = osm_share_before(step, share);
	Datum		values[2];
	char	   *title = NULL;

	if (ahead == NULL)
		return;
	values[0] = Int64GetDatum(ahead->body_id);
	values[1] = Int64GetDatum(step->authority_id);
	if (osm_spi_run(&plan,
					"SELECT title FROM osm.body WHERE id OPERATOR(pg_catalog.=) $1 "
					"AND authority_id OPERATOR(pg_catalog.=) $2",
					2, types, values, NULL, SPI_OK_SELECT) == 1)
		title = osm_spi_text(SPI_tuptable->vals[0], 1);
	ereport(ERROR,
			(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
			 errmsg("step \"%s\" is not allowed on incident %lld before its turn",
					step->action->name, (long long) step->incident_id),
			 errdetail("The bodies give their parts in the order set; it is the turn of \"%s\". "
					   "Regulation \"%s\" edition \"%s\", clause %s.", title ? title : "",
					   step->act->code, step->act->edition, step->transition->clause),
			 errhint("Wait for that part, or have the bodies routed anew.")));
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
	bool		in_order = is_in_order(step);

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("no body is named"),
				 errdetail("Incident %lld, step \"%s\", clause %s.", (long long) step->incident_id,
						   step->action->name, step->transition->clause),
				 errhint("Give the codes of bodies as details.bodies.")));
	if (n != osm_details_length(step->details, "bodies"))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("the list of bodies holds something that is no code"),
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
						 errdetail("Incident %lld, step \"%s\", clause %s.",
								   (long long) step->incident_id, step->action->name,
								   step->transition->clause),
						 errhint("Name each body once in details.bodies.")));
		}
	}
	if (osm_step_splits(step) && n > 1)
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
				 errdetail("Incident %lld, step \"%s\", clause %s.", (long long) step->incident_id,
						   step->action->name, step->transition->clause),
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
		share->in_order = in_order && n > 1;
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
	static const Oid types[] = {INT8OID, INT8OID, TIMESTAMPTZOID};
	Datum		values[3];
	int64		repeat_of = step->from == NULL ? osm_row_int64(&step->after, COL_REPEAT_OF) : 0;

	if (repeat_of == 0)
	{
		char	   *text = osm_details_text(step->details, "repeat_of");

		if (text == NULL)
			return;
		if (text[0] == '\0' || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
			ereport(ERROR,
					(errcode(ERRCODE_OSM_BAD_DATA),
					 errmsg("\"%s\" is not the id of an incident", text),
					 errdetail("Incident %lld, step \"%s\", clause %s.",
							   (long long) step->incident_id, step->action->name,
							   step->transition->clause),
					 errhint("Give the id of an earlier incident as repeat_of.")));
		repeat_of = DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(text)));
	}
	values[0] = Int64GetDatum(repeat_of);
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = step->after.values[COL_DETECTED_AT];
	if (repeat_of == step->incident_id ||
		osm_spi_run(&plan,
					"SELECT 1 FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1 "
					"AND authority_id OPERATOR(pg_catalog.=) $2 "
					"AND detected_at OPERATOR(pg_catalog.<=) $3",
					3, types, values, NULL, SPI_OK_SELECT) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("incident %lld cannot repeat incident %lld", (long long) step->incident_id,
						(long long) repeat_of),
				 errdetail("There is no such earlier incident in this authority. Step \"%s\", "
						   "clause %s.", step->action->name, step->transition->clause),
				 errhint("Give the id of an earlier incident as repeat_of.")));
	MemoryContextSwitchTo(step->context);
	osm_row_set(&step->after, COL_REPEAT_OF, Int64GetDatum(repeat_of));
}

/*
 * osm_step_plan fills the columns the action's effect decides.  Errors: OW003.
 * SPI is connected.
 */
void
osm_step_plan(Step *step)
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
		case EFFECT_PUBLISH:
			osm_row_set(
				&step->after, COL_REPLY_ID,
				Int64GetDatum(nextval_internal(osm_relation("reply_id_seq", false), false)));
			osm_row_set_text(&step->after, COL_REPLY_KIND, step->reply_kind);
			if (step->action->effect == EFFECT_SUBMIT)
				break;
			/* FALLTHROUGH */
		case EFFECT_POST:
			if (step->reply_kind != NULL && strcmp(step->reply_kind, "answer") == 0)
				osm_row_set(&step->after, COL_ANSWERED_AT, TimestampTzGetDatum(step->occurred_at));
			break;
		case EFFECT_CONTRIBUTE:
			osm_step_load_assignments(step);
			for (int i = 0; i < step->nassignments; i++)
			{
				if (step->assignments[i].body_id != step->actor_body_id)
					continue;
				check_turn(step, &step->assignments[i]);
				step->assignments[i].contributed = true;
			}
			break;
		default:
			break;
	}
}
