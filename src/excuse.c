/*-------------------------------------------------------------------------
 * excuse.c
 *	  osm.excuse(): the reason for which a breach is accepted, beside the fact.
 *
 * The breach, its flag and its verdict stay as they are; a reason is added and is
 * an event of the incident like any step.  The hazard is whoever would excuse
 * themselves: it takes a role of the whole authority, and another official than
 * those who answer for the term or did on the day it ended.
 *
 * The incident's row lock is taken first, so that what is checked still holds when
 * it is written; what a pass has not flagged yet is flagged here.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "clock.h"
#include "osm_workflow.h"
#include "spi_plan.h"

PG_FUNCTION_INFO_V1(osm_excuse);

/* An excuse asked for, with what it is about. */
typedef struct Excuse
{
	int64		clock_id;
	const char *reason;
	Step		step;			/* enough of one to read the clocks and judge the actor */
	Clocks		clocks;
	Clock	   *clock;			/* of the above */
	int64		acting_for_id;
} Excuse;

/* find_incident finds the incident of the clock with the caller's rights.  Errors: 42704. */
static void
find_incident(Excuse *excuse)
{
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(excuse->clock_id);

	if (SPI_execute_with_args(
			"SELECT incident_id, authority_id FROM osm.clock WHERE id OPERATOR(pg_catalog.=) $1", 1,
			&type, &value, NULL, true, 0) != SPI_OK_SELECT ||
		SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("clock %lld does not exist", (long long) excuse->clock_id),
				 errdetail("It may belong to an authority or body you do not see."),
				 errhint("Clocks are listed by osm.timeliness and osm.overdue.")));
	excuse->step.incident_id = osm_spi_int64(SPI_tuptable->vals[0], 1);
	excuse->step.authority_id = osm_spi_int64(SPI_tuptable->vals[0], 2);
}

/* lock_and_load takes the incident's lock and reads its act and clocks. */
static void
lock_and_load(Excuse *excuse)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Step	   *step = &excuse->step;
	Datum		values[2];

	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	if (osm_spi_run(&plan,
					"SELECT regulation_id, state FROM osm.incident "
					"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2 "
					"FOR NO KEY UPDATE",
					2, types, values, NULL, SPI_OK_SELECT) != 1)
		elog(ERROR, "incident %lld is missing", (long long) step->incident_id);
	step->act = osm_act_get(osm_spi_int64(SPI_tuptable->vals[0], 1));
	step->from = osm_act_state(step->act, osm_spi_text(SPI_tuptable->vals[0], 2));
	step->occurred_at = osm_now();
	excuse->clocks.step = step;
	osm_clocks_load(&excuse->clocks, true);
	for (int i = 0; i < excuse->clocks.n; i++)
	{
		if (excuse->clocks.items[i].id == excuse->clock_id)
			excuse->clock = &excuse->clocks.items[i];
	}
	if (excuse->clock == NULL)
		elog(ERROR, "clock %lld has no rule", (long long) excuse->clock_id);
}

/* wrong_person raises the error of an actor who may not excuse this breach: OW002. */
static void
wrong_person(const Excuse *excuse, const char *detail)
{
	const Actor *actor = excuse->step.actor;

	ereport(ERROR,
			(errcode(ERRCODE_OSM_WRONG_PERSON),
			 actor == NULL ?
			 errmsg("nobody acts: role \"%s\" is not an official and no official is named",
					GetUserNameFromId(GetSessionUserId(), false)) :
			 errmsg("official \"%s\" may not excuse the breach of clock %lld", actor->login,
					(long long) excuse->clock_id),
			 errdetail_internal("%s", detail),
			 errhint("It takes another official of the authority than those who answer for the "
					 "term, in a role that counts in the whole authority; a portal names the "
					 "official with osm.act_as().")));
}

/* holds_own tells whether the actor holds, on a day, the role that answers for the term. */
static bool
holds_own(const Excuse *excuse, DateADT day)
{
	const ActRole *own = excuse->clock->rule->responsible;

	if (own == NULL)
		return false;
	if (own->scope == SCOPE_AUTHORITY)
		return osm_actor_role(excuse->step.actor, own->name, day, 0, NULL) != NULL;
	return osm_actor_role(excuse->step.actor, own->name, day, 1, &excuse->clock->body_id) != NULL;
}

/*
 * settle_right finds out who acts and whether that official may excuse this breach.
 * Errors: OW002.
 */
static void
settle_right(Excuse *excuse)
{
	Step	   *step = &excuse->step;
	const ActClockRule *rule = excuse->clock->rule;
	const ActRole *own = rule->responsible;
	const ActorRole *held = NULL;
	Step		end = *step;
	char	   *term = psprintf("It is a term of incident %lld, rule \"%s\" (%s).",
								(long long) step->incident_id, rule->name, rule->clause);

	step->actor = osm_actor_current();
	if (step->actor == NULL)
		wrong_person(excuse, term);
	if (step->actor->authority_id != step->authority_id)
		wrong_person(excuse, "The incident is another authority's.");
	if (holds_own(excuse, osm_step_date(step)))
		wrong_person(excuse, psprintf("Rule \"%s\" (%s): role \"%s\" answers for the term, and the "
									  "official holds it.",
									  rule->name, rule->clause, own->name));
	end.occurred_at = excuse->clock->due_at;
	if (holds_own(excuse, osm_step_date(&end)))
		wrong_person(excuse, psprintf("Rule \"%s\" (%s): role \"%s\" answers for the term, and the "
									  "official held it when the term ended.",
									  rule->name, rule->clause, own->name));
	for (int i = 0; held == NULL && i < step->act->nroles; i++)
	{
		if (step->act->roles[i].scope == SCOPE_AUTHORITY)
			held = osm_actor_role(step->actor, step->act->roles[i].name, osm_step_date(step), 0,
								  NULL);
	}
	if (held == NULL)
		wrong_person(excuse, term);
	step->actor_id = step->actor->official_id;
	excuse->acting_for_id = held->acting_for_id;
}

/* is_breached tells whether a clock is late, whoever looked or did not. */
static bool
is_breached(const Clock *clock, TimestampTz now)
{
	if (!clock_is_open(clock))
		return clock->state == CLOCK_MISSED;
	return clock->rule->armed && clock->rule->on_due == NULL &&
		clock->due_at < (clock->state == CLOCK_PAUSED ? clock->paused_at : now);
}

/* check_breach refuses what is no breach, and what is excused already.  Errors: OW001. */
static void
check_breach(const Excuse *excuse)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	const Clock *clock = excuse->clock;
	Datum		values[2];

	if (!is_breached(clock, excuse->step.occurred_at))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("clock %lld was not breached", (long long) clock->id),
				 errdetail("Incident %lld, rule \"%s\" (%s): %s, due at %s.",
						   (long long) excuse->step.incident_id, clock->rule->name,
						   clock->rule->clause, osm_clock_state_names[clock->state],
						   timestamptz_to_str(clock->due_at)),
				 errhint("A term can be excused that was missed, or has run out and is not kept "
						 "yet.")));
	values[0] = Int64GetDatum(clock->id);
	values[1] = Int64GetDatum(excuse->step.authority_id);
	if (osm_spi_run(&plan,
					"SELECT excused_seq::bigint, excuse FROM osm.clock "
					"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2 "
					"AND excuse IS NOT NULL",
					2, types, values, NULL, SPI_OK_SELECT) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("the breach of clock %lld is excused already", (long long) clock->id),
				 errdetail("Event %lld of incident %lld: %s.",
						   (long long) osm_spi_int64(SPI_tuptable->vals[0], 1),
						   (long long) excuse->step.incident_id,
						   osm_spi_text(SPI_tuptable->vals[0], 2)),
				 errhint("An excuse is evidence and is not replaced; osm.incident_story() shows "
						 "who gave it and when.")));
}

/* take_step records the excuse as a step of the incident. */
static void
take_step(const Excuse *excuse, StepOutcome *outcome)
{
	const ActClockRule *rule = excuse->clock->rule;
	StringInfoData details;
	OwnStep		own;

	initStringInfo(&details);
	appendStringInfo(&details, "{\"clock\":%lld,\"rule\":", (long long) excuse->clock_id);
	escape_json(&details, rule->name);
	appendStringInfoString(&details, ",\"reason\":");
	escape_json(&details, excuse->reason);
	appendStringInfoChar(&details, '}');
	memset(&own, 0, sizeof(own));
	own.incident_id = excuse->step.incident_id;
	own.authority_id = excuse->step.authority_id;
	own.action = "excuse";
	own.details = details.data;
	own.occurred_at = excuse->step.occurred_at;
	own.excuses = excuse->clock_id;
	own.actor_id = excuse->step.actor_id;
	own.acting_for_id = excuse->acting_for_id;
	own.outcome = outcome;
	osm_take_own_step(&own);
}

/*
 * osm_clocks_excuse does to the clocks of an incident what an excuse says: a breach
 * nobody has flagged yet is flagged, and the reason is written beside it.
 */
void
osm_clocks_excuse(Clocks *clocks)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, TEXTOID, INT4OID};
	Step	   *step = clocks->step;
	Datum		values[4];

	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];

		if (clock->id != step->own->excuses)
			continue;
		if (!clock->flagged)
		{
			osm_clock_flag(clock);
			clock->dirty = true;
		}
		osm_clock_note(step, clock, "excuse", NULL, NULL);
	}
	osm_clocks_write(clocks);
	values[0] = Int64GetDatum(step->own->excuses);
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = CStringGetTextDatum(osm_details_text(step->details, "reason"));
	values[3] = Int32GetDatum(step->seq);
	(void) osm_spi_run(&plan,
					   "UPDATE osm.clock SET excuse = $3, excused_seq = $4 "
					   "WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
					   4, types, values, NULL, SPI_OK_UPDATE);
	MemoryContextSwitchTo(step->context);
}

/*
 * osm.excuse(clock bigint, reason text): accepts a reason for a breach.  Errors:
 * 42704, OW001, OW002, OW003.
 */
Datum
osm_excuse(PG_FUNCTION_ARGS)
{
	Excuse		excuse;
	OsmOwnerRights rights;
	TupleDesc	desc;
	StepOutcome outcome;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	osm_relation("clock", false);
	memset(&excuse, 0, sizeof(excuse));
	excuse.reason = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (PG_ARGISNULL(0) || strspn(excuse.reason, " \t\r\n\f\v") == strlen(excuse.reason))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("an excuse needs a clock and a reason"),
				 errdetail("%s is missing.", PG_ARGISNULL(0) ? "The clock" : "The reason"),
				 errhint("Say in words why the breach is accepted, without personal data.")));
	excuse.clock_id = PG_GETARG_INT64(0);
	excuse.step.context = CurrentMemoryContext;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	find_incident(&excuse);
	osm_become_owner(&rights);
	lock_and_load(&excuse);
	settle_right(&excuse);
	check_breach(&excuse);
	memset(&outcome, 0, sizeof(outcome));
	outcome.incident_id = excuse.step.incident_id;
	outcome.context = excuse.step.context;
	take_step(&excuse, &outcome);
	osm_become_user(&rights);
	SPI_finish();
	PG_RETURN_DATUM(osm_step_result(&outcome, desc));
}
