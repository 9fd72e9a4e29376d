/*-------------------------------------------------------------------------
 * step_write.c
 *	  What a step leaves behind: shares, replies, reviews, clocks, the event,
 *	  notifications.
 *
 * Runs in the AFTER trigger, under the lock of the incident's row, which every
 * writer of the incident's other rows takes first.  Statements are constant
 * texts with parameters; rows of the incident are written under a flag that
 * only this library can set, so that the guard lets them pass.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "osm_calendar.h"
#include "osm_worker.h"
#include "osm_workflow.h"
#include "people.h"
#include "spi_plan.h"
#include "step.h"

/*
 * The engine's own writes to osm.incident, nested at most as deep as one step
 * makes another (the parts of a split).  Each is tied to the subtransaction that
 * began it: an error on the way leaves it behind, and the callback takes it back
 * with that subtransaction, not with one a trigger opened and lost meanwhile.
 * What a write is for goes with it, so that no pointer outlives it.
 */
#define ENGINE_DEPTH_LIMIT 16

typedef struct EngineWrite
{
	SubTransactionId began_in;
	const Step *split;			/* step whose part is registered */
	const OwnStep *own;			/* step that nobody takes, until the guard has seen it */
} EngineWrite;

static EngineWrite engine_writes[ENGINE_DEPTH_LIMIT];
static int	engine_depth = 0;
static bool callbacks_registered = false;

static void
forget_engine(XactEvent event, void *arg)
{
	engine_depth = 0;
}

static void
forget_engine_of_subxact(SubXactEvent event, SubTransactionId my_subid,
						 SubTransactionId parent_subid, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (engine_depth > 0 && engine_writes[engine_depth - 1].began_in == my_subid)
		engine_depth--;
}

/* osm_engine_writes tells whether the engine itself is writing to osm.incident. */
bool
osm_engine_writes(void)
{
	return engine_depth > 0;
}

/* osm_step_being_split returns the step whose parts are being registered, NULL for none. */
const Step *
osm_step_being_split(void)
{
	return engine_depth > 0 ? engine_writes[engine_depth - 1].split : NULL;
}

/*
 * osm_own_step returns the own step being taken on an incident, NULL for none.  It
 * is there once: an update that another trigger makes meanwhile is somebody's.
 */
const OwnStep *
osm_own_step(int64 incident_id, int64 authority_id)
{
	const OwnStep *own = engine_depth > 0 ? engine_writes[engine_depth - 1].own : NULL;

	if (own == NULL || own->incident_id != incident_id || own->authority_id != authority_id)
		return NULL;
	engine_writes[engine_depth - 1].own = NULL;
	return own;
}

/* osm_engine_begin begins a write of the engine: for a part of a split, an own step, or neither. */
void
osm_engine_begin(const Step *split, const OwnStep *own)
{
	if (!callbacks_registered)
	{
		RegisterXactCallback(forget_engine, NULL);
		RegisterSubXactCallback(forget_engine_of_subxact, NULL);
		callbacks_registered = true;
	}
	if (engine_depth == ENGINE_DEPTH_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("steps cause one another too deeply"),
				 errdetail("The limit is %d.", ENGINE_DEPTH_LIMIT),
				 errhint("Triggers on these tables must not take steps in a circle.")));
	engine_writes[engine_depth].began_in = GetCurrentSubTransactionId();
	engine_writes[engine_depth].split = split;
	engine_writes[engine_depth].own = own;
	engine_depth++;
}

void
osm_engine_end(void)
{
	if (engine_depth > 0)
		engine_depth--;
}

/* text_or_null sets a parameter from a text that may be absent. */
static void
text_or_null(Datum *values, char *nulls, int i, const char *text)
{
	values[i] = text ? CStringGetTextDatum(text) : (Datum) 0;
	nulls[i] = text ? ' ' : 'n';
}

static void
write_assignments(Step *step)
{
	static SPIPlanPtr insert_plan = NULL;
	static SPIPlanPtr keep_plan = NULL;
	static SPIPlanPtr release_plan = NULL;
	static const Oid insert_types[] = {
		INT8OID, INT8OID, INT8OID, TEXTOID, INT4OID, INT4OID, TIMESTAMPTZOID, BOOLOID
	};
	static const Oid keep_types[] = {INT8OID, INT8OID, TEXTOID, INT4OID, BOOLOID};
	static const Oid release_types[] = {INT8OID, INT8OID, TIMESTAMPTZOID, TEXTOID};

	for (int i = 0; i < step->nassignments; i++)
	{
		StepAssignment *share = &step->assignments[i];
		const char *role = share->role == 's' ? "sole" : share->role == 'l' ? "lead" : "member";
		Datum		values[8];
		char		nulls[9] = "        ";

		if (share->fresh)
		{
			values[0] = Int64GetDatum(step->authority_id);
			values[1] = Int64GetDatum(step->incident_id);
			values[2] = Int64GetDatum(share->body_id);
			values[3] = CStringGetTextDatum(role);
			values[4] = Int32GetDatum(share->seq_no);
			values[5] = Int32GetDatum(step->seq);
			values[6] = TimestampTzGetDatum(step->occurred_at);
			values[7] = BoolGetDatum(share->in_order);
			(void) osm_spi_run(
				&insert_plan,
				"INSERT INTO osm.assignment (authority_id, incident_id, body_id, role, seq_no, "
				"assigned_seq, assigned_at, in_order) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
				"RETURNING id",
				8, insert_types, values, NULL, SPI_OK_INSERT_RETURNING);
			share->id = osm_spi_int64(SPI_tuptable->vals[0], 1);
		}
		else if (share->keep && step->action->effect == EFFECT_ASSIGN)
		{
			values[0] = Int64GetDatum(share->id);
			values[1] = Int64GetDatum(step->authority_id);
			values[2] = CStringGetTextDatum(role);
			values[3] = Int32GetDatum(share->seq_no);
			values[4] = BoolGetDatum(share->in_order);
			(void) osm_spi_run(
				&keep_plan,
				"UPDATE osm.assignment SET role = $3, seq_no = $4, in_order = $5 "
				"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2 "
				"AND (role OPERATOR(pg_catalog.<>) $3 OR seq_no OPERATOR(pg_catalog.<>) $4 "
				"OR in_order OPERATOR(pg_catalog.<>) $5)",
				5, keep_types, values, NULL, SPI_OK_UPDATE);
		}
		else if (!share->keep)
		{
			values[0] = Int64GetDatum(share->id);
			values[1] = Int64GetDatum(step->authority_id);
			values[2] = TimestampTzGetDatum(step->occurred_at);
			text_or_null(values, nulls, 3, step->action->effect == EFFECT_RELEASE ?
						 osm_details_text(step->details, "reason") : NULL);
			(void) osm_spi_run(
				&release_plan,
				"UPDATE osm.assignment SET released_at = $3, release_reason = $4 "
				"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
				4, release_types, values, nulls, SPI_OK_UPDATE);
		}
		MemoryContextSwitchTo(step->context);
	}
}

static void
write_contribution(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID, TEXTOID};
	Datum		values[5];
	char		nulls[6] = "     ";

	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = Int64GetDatum(step->actor_body_id);
	values[3] = TimestampTzGetDatum(step->occurred_at);
	text_or_null(values, nulls, 4, osm_details_text(step->details, "text"));
	(void) osm_spi_run(
		&plan,
		"UPDATE osm.assignment SET contributed_at = $4, contribution = $5 "
		"WHERE incident_id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2 "
		"AND body_id OPERATOR(pg_catalog.=) $3 AND released_at IS NULL",
		5, types, values, nulls, SPI_OK_UPDATE);
	MemoryContextSwitchTo(step->context);
}

static void
write_reply(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = { INT8OID,  INT8OID,        INT8OID,        TEXTOID, INT8OID,
								 JSONBOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID };
	Datum		values[9];
	char		nulls[10] = "         ";

	values[0] = step->after.values[COL_REPLY_ID];
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = Int64GetDatum(step->incident_id);
	values[3] = CStringGetTextDatum(step->reply_kind);
	values[4] = Int64GetDatum(step->actor_body_id);
	values[5] = JsonbPGetDatum(step->details);
	if (osm_details_has(step->details, "promised_until"))
		values[6] = TimestampTzGetDatum(osm_details_instant(step->details, "promised_until",
															step->act->time_zone));
	else
		nulls[6] = 'n';
	values[7] = TimestampTzGetDatum(step->occurred_at);
	values[8] = Int64GetDatum(step->actor_id);
	(void) osm_spi_run(
		&plan,
		"INSERT INTO osm.reply (id, authority_id, incident_id, version, kind, body_id, content, "
		"promised_until, submitted_at, submitted_by) "
		"SELECT $1, $2, $3, latest.v, $4, $5, $6, $7, $8, $9 "
		"FROM (SELECT COALESCE(pg_catalog.max(r.version), 0) OPERATOR(pg_catalog.+) 1 AS v "
		"FROM osm.reply AS r WHERE r.incident_id OPERATOR(pg_catalog.=) $3 "
		"AND r.authority_id OPERATOR(pg_catalog.=) $2) AS latest",
		9, types, values, nulls, SPI_OK_INSERT);
	MemoryContextSwitchTo(step->context);
}

static void
write_review(Step *step, const char *decision, const char *reply_state)
{
	static SPIPlanPtr insert_plan = NULL;
	static SPIPlanPtr update_plan = NULL;
	static const Oid insert_types[] = {
		INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, INT8OID, TIMESTAMPTZOID
	};
	static const Oid update_types[] = {INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID};
	Datum		values[9];
	char		nulls[10] = "         ";
	JsonbValue *checklist = osm_details_get(step->details, "checklist");

	if (step->before.nulls[COL_REPLY_ID])
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("incident %lld has no draft to decide on", (long long) step->incident_id),
				 errhint("The act must let a draft be submitted first.")));
	values[0] = Int64GetDatum(step->authority_id);
	values[1] = Int64GetDatum(step->incident_id);
	values[2] = step->before.values[COL_REPLY_ID];
	values[3] = CStringGetTextDatum(decision);
	text_or_null(values, nulls, 4, osm_details_text(step->details, "reason"));
	text_or_null(values, nulls, 5, osm_details_text(step->details, "comment"));
	values[6] = checklist ? JsonbPGetDatum(JsonbValueToJsonb(checklist)) : (Datum) 0;
	nulls[6] = checklist ? ' ' : 'n';
	values[7] = Int64GetDatum(step->actor_id);
	values[8] = TimestampTzGetDatum(step->occurred_at);
	(void) osm_spi_run(
		&insert_plan,
		"INSERT INTO osm.review (authority_id, incident_id, reply_id, decision, reason, comment, "
		"checklist, reviewer_id, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		9, insert_types, values, nulls, SPI_OK_INSERT);
	MemoryContextSwitchTo(step->context);
	if (reply_state == NULL)
		return;
	values[0] = step->before.values[COL_REPLY_ID];
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = CStringGetTextDatum(reply_state);
	values[3] = TimestampTzGetDatum(step->occurred_at);
	(void) osm_spi_run(
		&update_plan,
		"UPDATE osm.reply SET state = $3, decided_at = $4 "
		"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
		4, update_types, values, NULL, SPI_OK_UPDATE);
	MemoryContextSwitchTo(step->context);
}

static void
write_posting(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {
		INT8OID, INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
	};
	Datum		values[7];
	char		nulls[8] = "       ";

	if (step->after.nulls[COL_REPLY_ID])
		return;
	values[0] = step->after.values[COL_REPLY_ID];
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = TimestampTzGetDatum(step->occurred_at);
	text_or_null(values, nulls, 3, osm_details_text(step->details, "channel"));
	text_or_null(values, nulls, 4, osm_details_text(step->details, "url"));
	text_or_null(values, nulls, 5, osm_details_text(step->details, "fallback_reason"));
	text_or_null(values, nulls, 6, osm_details_text(step->details, "account"));
	(void) osm_spi_run(
		&plan,
		"UPDATE osm.reply SET state = 'posted', posted_at = $3, posted_channel = $4, "
		"posted_url = $5, fallback_reason = $6, posted_account = $7 "
		"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
		7, types, values, nulls, SPI_OK_UPDATE);
	MemoryContextSwitchTo(step->context);
}

/* release_all ends the shares of an incident that reached a final state. */
static void
release_all(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, TIMESTAMPTZOID};
	Datum		values[3];

	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = TimestampTzGetDatum(step->occurred_at);
	(void) osm_spi_run(
		&plan,
		"UPDATE osm.assignment SET released_at = $3 WHERE incident_id OPERATOR(pg_catalog.=) $1 "
		"AND authority_id OPERATOR(pg_catalog.=) $2 AND released_at IS NULL",
		3, types, values, NULL, SPI_OK_UPDATE);
	MemoryContextSwitchTo(step->context);
}

/*
 * write_parts registers and routes an incident of its own for each further body,
 * where each of several bodies answers on its own.  They pass the same door.
 */
static void
write_parts(Step *step)
{
	static SPIPlanPtr insert_plan = NULL;
	static SPIPlanPtr route_plan = NULL;
	static const Oid insert_types[] = {INT8OID, INT8OID};
	static const Oid route_types[] = {INT8OID, INT8OID, TEXTOID, JSONBOID, TEXTOID};

	for (int i = 0; i < step->nparts; i++)
	{
		Datum		values[5];
		int64		part_id;

		values[0] = Int64GetDatum(step->incident_id);
		values[1] = Int64GetDatum(step->authority_id);
		osm_engine_begin(step, NULL);
		if (osm_spi_run(
				&insert_plan,
				"INSERT INTO osm.incident (regulation, kind, channel, url, external_id, author, text, "
				"published_at, detected_at, topic, place, importance, repeat_of, part_of) "
				"SELECT regulation, kind, channel, url, external_id, author, text, published_at, "
				"detected_at, topic, place, importance, repeat_of, id FROM osm.incident "
				"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2 "
				"RETURNING id",
				2, insert_types, values, NULL, SPI_OK_INSERT_RETURNING) != 1)
			elog(ERROR, "could not register a part of incident %lld",
				 (long long) step->incident_id);
		osm_engine_end();
		part_id = osm_spi_int64(SPI_tuptable->vals[0], 1);
		MemoryContextSwitchTo(step->context);
		values[0] = Int64GetDatum(part_id);
		values[1] = Int64GetDatum(step->authority_id);
		values[2] = CStringGetTextDatum(step->action->name);
		values[3] = JsonbPGetDatum(step->details);
		values[4] = CStringGetTextDatum(step->parts[i]);
		(void) osm_spi_run(
			&route_plan,
			"UPDATE osm.incident SET action = $3, event_seq = event_seq OPERATOR(pg_catalog.+) 1, "
			"details = ($4 OPERATOR(pg_catalog.-) 'lead') OPERATOR(pg_catalog.||) "
			"pg_catalog.jsonb_build_object('bodies', pg_catalog.jsonb_build_array($5)) "
			"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
			5, route_types, values, NULL, SPI_OK_UPDATE);
		MemoryContextSwitchTo(step->context);
	}
}

/* write_notifications tells those the act wants told of the action. */
static void
write_notifications(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {
		INT8OID, INT8OID, INT4OID, INT8OID, TEXTOID, JSONBOID, TIMESTAMPTZOID, TIMESTAMPTZOID
	};
	Datum		values[8];
	int64	   *bodies;
	int64	   *recipients;
	int			nbodies;
	int			n;
	JsonbParseState *data = NULL;

	if (step->action->notifies.n == 0)
		return;
	nbodies = osm_row_int64_array(&step->after, COL_BODIES, &bodies);
	n = osm_people_to_tell(step->authority_id, step->act, &step->action->notifies,
						   osm_step_date(step), nbodies, bodies, step->actor_id, &recipients);
	if (n == 0)
		return;
	pushJsonbValue(&data, WJB_BEGIN_OBJECT, NULL);
	osm_push_text(&data, "action", step->action->name);
	osm_push_text(&data, "state", step->to->name);
	values[0] = Int64GetDatum(step->authority_id);
	values[1] = Int64GetDatum(step->incident_id);
	values[2] = Int32GetDatum(step->seq);
	values[4] = CStringGetTextDatum(psprintf("%s: %lld", step->action->subject ?
											 step->action->subject : step->action->title,
											 (long long) step->incident_id));
	values[5] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&data, WJB_END_OBJECT, NULL)));
	values[6] = TimestampTzGetDatum(step->recorded_at);
	values[7] = values[6];
	if (step->action->deliver_within != NULL)
		values[7] = TimestampTzGetDatum(osm_calendar_next(
			osm_calendar_get(step->action->deliver_within), step->recorded_at));
	for (int i = 0; i < n; i++)
	{
		values[3] = Int64GetDatum(recipients[i]);
		(void) osm_spi_run(
			&plan,
			"INSERT INTO osm.notification (authority_id, incident_id, event_seq, kind, "
			"recipient_id, subject, data, created_at, about_at, deliver_after) "
			"VALUES ($1, $2, $3, 'step', $4, $5, $6, $7, $7, $8)",
			8, types, values, NULL, SPI_OK_INSERT);
	}
	osm_worker_note_messages();
	MemoryContextSwitchTo(step->context);
}

/*
 * osm_step_write writes everything a step leaves behind.  SPI is connected, the
 * owner of the tables is the current user, the incident's row is locked.
 */
void
osm_step_write(Step *step)
{
	switch (step->action->effect)
	{
		case EFFECT_ASSIGN:
		case EFFECT_RELEASE:
			write_assignments(step);
			break;
		case EFFECT_CONTRIBUTE:
			write_contribution(step);
			break;
		case EFFECT_SUBMIT:
			write_reply(step);
			break;
		case EFFECT_ENDORSE:
			write_review(step, "endorsed", NULL);
			break;
		case EFFECT_APPROVE:
			write_review(step, "approved", "approved");
			break;
		case EFFECT_SEND_BACK:
			write_review(step, "sent_back", "sent_back");
			break;
		case EFFECT_PUBLISH:
			write_reply(step);
			write_posting(step);
			break;
		case EFFECT_POST:
			write_posting(step);
			break;
		default:
			break;
	}
	osm_step_clocks(step);
	if (step->to != step->from &&
		(step->to->kind == STATE_FINAL || step->to->kind == STATE_FORBIDDEN))
		release_all(step);
	osm_event_write(step, osm_details_for_event(step));
	write_notifications(step);
	write_parts(step);
}
