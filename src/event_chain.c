/*-------------------------------------------------------------------------
 * event_chain.c
 *	  The evidence: one event a step, chained per incident.
 *
 * hash = sha256(prev_hash || canonical bytes).  The canonical bytes must be
 * the same on every machine and major for ever: fields in fixed order, each as
 * a four-byte big-endian length and its bytes, numbers in decimal, instants in
 * microseconds since 2000-01-01 UTC, details as jsonb prints them, absent ones
 * with length ffffffff.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

/* what of an event is hashed */
typedef struct EventFields
{
	int64		incident_id;
	int64		authority_id;
	int32		seq;
	const char *action;
	const char *from_state;		/* NULL: registration */
	const char *to_state;
	int64		actor_id;
	int64		acting_for_id;	/* 0: none */
	TimestampTz occurred_at;
	TimestampTz recorded_at;
	const char *clause;			/* NULL: none */
	const char *details;
} EventFields;

PG_FUNCTION_INFO_V1(osm_verify_chain);

static void
add_field(StringInfo bytes, const char *field)
{
	uint32		length = field == NULL ? 0xffffffff : (uint32) strlen(field);
	uint32		encoded = pg_hton32(length);

	appendBinaryStringInfo(bytes, (const char *) &encoded, sizeof(encoded));
	if (field != NULL)
		appendBinaryStringInfo(bytes, field, length);
}

static void
add_number(StringInfo bytes, int64 number)
{
	char		text[MAXINT8LEN + 1];

	pg_lltoa(number, text);
	add_field(bytes, text);
}

/* canonical_bytes returns what of an event is hashed, as bytea. */
static bytea *
canonical_bytes(const EventFields *event)
{
	StringInfoData bytes;

	initStringInfo(&bytes);
	appendStringInfoSpaces(&bytes, VARHDRSZ);
	add_field(&bytes, "osm_workflow event 1");
	add_number(&bytes, event->authority_id);
	add_number(&bytes, event->incident_id);
	add_number(&bytes, event->seq);
	add_field(&bytes, event->action);
	add_field(&bytes, event->from_state);
	add_field(&bytes, event->to_state);
	add_number(&bytes, event->actor_id);
	add_number(&bytes, event->acting_for_id);
	add_number(&bytes, event->occurred_at);
	add_number(&bytes, event->recorded_at);
	add_field(&bytes, event->clause);
	add_field(&bytes, event->details);
	SET_VARSIZE(bytes.data, bytes.len);
	return (bytea *) bytes.data;
}

/* event_hash returns the hash of an event as bytea; prev_hash is NULL for the first. */
static bytea *
event_hash(const bytea *prev_hash, const EventFields *event)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	bytea	   *bytes = canonical_bytes(event);
	bytea	   *result = (bytea *) palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	if (hash == NULL || pg_cryptohash_init(hash) < 0 ||
		(prev_hash != NULL &&
		 pg_cryptohash_update(hash, (const uint8 *) VARDATA_ANY(prev_hash),
							  VARSIZE_ANY_EXHDR(prev_hash)) < 0) ||
		pg_cryptohash_update(hash, (const uint8 *) VARDATA(bytes),
							 VARSIZE(bytes) - VARHDRSZ) < 0 ||
		pg_cryptohash_final(hash, (uint8 *) VARDATA(result), PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute a SHA-256 digest");
	pg_cryptohash_free(hash);
	pfree(bytes);
	return result;
}

/*
 * osm_event_write appends the step's event.  The caller holds the incident's
 * row lock, which is what keeps the chain from forking.  SPI is connected.
 *
 * The hash of the event before is read and built upon in the statement that
 * writes this one.
 */
void
osm_event_write(Step *step, Jsonb *details)
{
	static SPIPlanPtr first_plan = NULL;
	static SPIPlanPtr next_plan = NULL;
	static const Oid types[] = {
		INT8OID, INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, INT8OID, INT8OID, TIMESTAMPTZOID,
		TIMESTAMPTZOID, TEXTOID, JSONBOID, BYTEAOID
	};
	EventFields event;
	Datum		values[13];
	char		nulls[14] = "             ";
	int			n;

	event.incident_id = step->incident_id;
	event.authority_id = step->authority_id;
	event.seq = step->seq;
	event.action = step->action->name;
	event.from_state = step->from ? step->from->name : NULL;
	event.to_state = step->to->name;
	event.actor_id = step->actor_id;
	event.acting_for_id = step->acting_for_id;
	event.occurred_at = step->occurred_at;
	event.recorded_at = step->recorded_at;
	event.clause = step->transition->clause;
	event.details = JsonbToCString(NULL, &details->root, VARSIZE(details));

	values[0] = Int64GetDatum(event.incident_id);
	values[1] = Int64GetDatum(event.authority_id);
	values[2] = Int32GetDatum(event.seq);
	values[3] = CStringGetTextDatum(event.action);
	values[4] = event.from_state ? CStringGetTextDatum(event.from_state) : (Datum) 0;
	nulls[4] = event.from_state ? ' ' : 'n';
	values[5] = CStringGetTextDatum(event.to_state);
	values[6] = Int64GetDatum(event.actor_id);
	values[7] = Int64GetDatum(event.acting_for_id);
	nulls[7] = event.acting_for_id ? ' ' : 'n';
	values[8] = TimestampTzGetDatum(event.occurred_at);
	values[9] = TimestampTzGetDatum(event.recorded_at);
	values[10] = event.clause ? CStringGetTextDatum(event.clause) : (Datum) 0;
	nulls[10] = event.clause ? ' ' : 'n';
	values[11] = JsonbPGetDatum(details);
	values[12] = PointerGetDatum(canonical_bytes(&event));
#define EVENT_COLUMNS \
	"INSERT INTO osm.event (incident_id, authority_id, seq, action, from_state, to_state, " \
	"actor_id, acting_for_id, occurred_at, recorded_at, clause, details, prev_hash, hash) "
	if (step->seq == 1)
		n = osm_spi_run(&first_plan,
						EVENT_COLUMNS
						"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, "
						"pg_catalog.sha256($13))",
						13, types, values, nulls, SPI_OK_INSERT);
	else
		n = osm_spi_run(&next_plan,
						EVENT_COLUMNS
						"SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, e.hash, "
						"pg_catalog.sha256(e.hash OPERATOR(pg_catalog.||) $13) FROM osm.event AS e "
						"WHERE e.incident_id OPERATOR(pg_catalog.=) $1 "
						"AND e.seq OPERATOR(pg_catalog.=) ($3 OPERATOR(pg_catalog.-) 1) "
						"AND e.authority_id OPERATOR(pg_catalog.=) $2",
						13, types, values, nulls, SPI_OK_INSERT);
#undef EVENT_COLUMNS
	MemoryContextSwitchTo(step->context);
	if (n != 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("event %d of incident %lld is missing", step->seq - 1,
						(long long) step->incident_id),
				 errdetail("The chain of evidence is broken; no step is recorded on top of it."),
				 errhint("Run osm.verify_chain() and restore the events from a backup.")));
}

static bool
same_bytes(const bytea *a, const bytea *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static bytea *
row_bytea(HeapTuple row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? NULL : DatumGetByteaPP(value);
}

static TimestampTz
row_instant(HeapTuple row, int column)
{
	bool		isnull;

	return DatumGetTimestampTz(SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull));
}

/*
 * row_against_chain compares the incident's own row with its whole chain: the
 * state with the last event, the message with the salted digests of the first.
 * It returns the number of the event the row contradicts, 0 for none.  A message
 * whose salt has been erased cannot be compared any more.  SPI is connected.
 */
static int32
row_against_chain(int64 incident_id)
{
	static const char *const sql =
		"SELECT CASE WHEN i.state OPERATOR(pg_catalog.<>) l.to_state THEN l.seq "
		"  WHEN pg_catalog.length(i.salt) OPERATOR(pg_catalog.>) 0 AND EXISTS ("
		"    SELECT FROM (VALUES ('text', i.text), ('author', i.author), ('url', i.url)) AS m (key, value) "
		"    WHERE COALESCE(pg_catalog.encode(pg_catalog.sha256(i.salt OPERATOR(pg_catalog.||) "
		"        pg_catalog.convert_to(m.value, pg_catalog.getdatabaseencoding())), 'hex'), '') "
		"      OPERATOR(pg_catalog.<>) COALESCE(f.details OPERATOR(pg_catalog.->) m.key "
		"        OPERATOR(pg_catalog.->>) 'sha256', '')) "
		"  THEN f.seq ELSE 0 END::bigint "
		"FROM osm.incident AS i "
		"JOIN osm.event AS l ON l.incident_id OPERATOR(pg_catalog.=) i.id "
		"  AND l.authority_id OPERATOR(pg_catalog.=) i.authority_id "
		"  AND l.seq OPERATOR(pg_catalog.=) i.event_seq "
		"JOIN osm.event AS f ON f.incident_id OPERATOR(pg_catalog.=) i.id "
		"  AND f.authority_id OPERATOR(pg_catalog.=) i.authority_id "
		"  AND f.seq OPERATOR(pg_catalog.=) 1 "
		"WHERE i.id OPERATOR(pg_catalog.=) $1";
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(incident_id);

	if (SPI_execute_with_args(sql, 1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed");
	return SPI_processed == 1 ? (int32) osm_spi_int64(SPI_tuptable->vals[0], 1) : 0;
}

/*
 * osm.verify_chain(incident bigint): null where the events of an incident are
 * whole and agree with its row, else the number of the first that is missing,
 * forged, not linked to the one before, or contradicted by the row. Runs with
 * the caller's rights. Errors: 42704 if the caller sees no such incident.
 */
Datum
osm_verify_chain(PG_FUNCTION_ARGS)
{
	Oid			type = INT8OID;
	Datum		value = PG_GETARG_DATUM(0);
	int64		incident_id = PG_GETARG_INT64(0);
	int32		last_seq;
	int32		bad = 0;
	int			n;
	bytea	   *prev_hash = NULL;

	osm_relation("event", false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(
			"SELECT event_seq::bigint FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1", 1,
			&type, &value, NULL, true, 0) != SPI_OK_SELECT ||
		SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("incident %lld does not exist", (long long) incident_id),
				 errhint("It may belong to an authority or body you do not see.")));
	last_seq = (int32) osm_spi_int64(SPI_tuptable->vals[0], 1);
	if (SPI_execute_with_args(
			"SELECT authority_id, seq::bigint, action, from_state, to_state, actor_id, "
			"acting_for_id, occurred_at, recorded_at, clause, details::pg_catalog.text, prev_hash, hash "
			"FROM osm.event WHERE incident_id OPERATOR(pg_catalog.=) $1 ORDER BY seq",
			1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed");
	n = (int) SPI_processed;
	for (int i = 0; i < n && bad == 0; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		EventFields event;
		bytea	   *hash = row_bytea(row, 13);

		CHECK_FOR_INTERRUPTS();
		event.incident_id = incident_id;
		event.authority_id = osm_spi_int64(row, 1);
		event.seq = (int32) osm_spi_int64(row, 2);
		event.action = osm_spi_text(row, 3);
		event.from_state = osm_spi_text(row, 4);
		event.to_state = osm_spi_text(row, 5);
		event.actor_id = osm_spi_int64(row, 6);
		event.acting_for_id = osm_spi_int64(row, 7);
		event.occurred_at = row_instant(row, 8);
		event.recorded_at = row_instant(row, 9);
		event.clause = osm_spi_text(row, 10);
		event.details = osm_spi_text(row, 11);
		if (event.seq != i + 1)
			bad = i + 1;
		else if (!same_bytes(prev_hash, row_bytea(row, 12)) ||
				 !same_bytes(hash, event_hash(prev_hash, &event)))
			bad = event.seq;
		prev_hash = hash;
	}
	if (bad == 0 && n != last_seq)
		bad = Min(n, last_seq) + 1;
	if (bad == 0)
		bad = row_against_chain(incident_id);
	SPI_finish();
	if (bad == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(bad);
}
