/*-------------------------------------------------------------------------
 * tick.c
 *	  One pass over what has fallen due: flag breaches, write warnings, freeze reports.
 *
 * The pass only makes flags punctual; every verdict is right without it.  It
 * takes the incident's row lock before it touches a clock, as steps do, and
 * skips incidents that are being worked on: the step that holds the lock
 * settles its clocks itself, or the next pass finds them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"

#include "osm_workflow.h"
#include "osm_worker.h"
#include "spi_plan.h"
#include "step.h"

/*
 * Rows one pass writes at most; the caller passes again while something is due.  A
 * step waits for the pass that holds its incident: hence few.
 */
#define TICK_BATCH 100

/* what mailers LISTEN to */
#define CHANNEL "osm_workflow"

PG_FUNCTION_INFO_V1(osm_tick);

/*
 * The people told of a breach or a warning: holders of the responsible role, in
 * the body that answers for the clock where the role counts by assignment, and
 * their deputies.
 * $1 is now; the clocks come from the statement around it.
 */
#define NOTIFY_RESPONSIBLE(clocks, kind, about_at) \
	"INSERT INTO osm.notification (authority_id, incident_id, clock_id, event_seq, kind, " \
	"  recipient_id, subject, data, created_at, about_at, deliver_after) " \
	"SELECT DISTINCT c.authority_id, c.incident_id, c.id, c.event_seq, '" kind \
	"', p.official_id, " \
	"  pg_catalog.concat(r.title, ': ', c.incident_id), " \
	"  pg_catalog.jsonb_build_object('rule', r.name, 'due_at', c.due_at), $1, " about_at ", " \
	"  CASE WHEN r.deliver_within IS NULL THEN $1 " \
	"  ELSE osm.next_business_time($1, r.deliver_within) END " \
	"FROM " clocks " AS c " \
	"JOIN osm.clock_rule AS r ON r.id OPERATOR(pg_catalog.=) c.rule_id " \
	"JOIN osm.regulation AS g ON g.id OPERATOR(pg_catalog.=) r.regulation_id " \
	"JOIN osm.role AS o ON o.regulation_id OPERATOR(pg_catalog.=) r.regulation_id " \
	"  AND o.name OPERATOR(pg_catalog.=) r.responsible " \
	"JOIN osm.appointment AS a ON a.authority_id OPERATOR(pg_catalog.=) c.authority_id " \
	"  AND a.role OPERATOR(pg_catalog.=) r.responsible " \
	"  AND (o.scope OPERATOR(pg_catalog.=) 'authority' " \
	"    OR a.body_id OPERATOR(pg_catalog.=) c.body_id) " \
	"  AND a.during OPERATOR(pg_catalog.@>) " \
	"    (pg_catalog.timezone(g.time_zone, $1))::pg_catalog.date, " \
	"LATERAL (SELECT a.official_id UNION ALL SELECT s.deputy_id FROM osm.substitution AS s " \
	"  WHERE s.principal_id OPERATOR(pg_catalog.=) a.official_id " \
	"    AND s.authority_id OPERATOR(pg_catalog.=) a.authority_id " \
	"    AND s.during OPERATOR(pg_catalog.@>) " \
	"      (pg_catalog.timezone(g.time_zone, $1))::pg_catalog.date) AS p (official_id) " \
	"ON CONFLICT DO NOTHING"

static const char *const flag_sql =
	"WITH due AS ("
	"  SELECT c.id, c.authority_id, c.due_at, i.event_seq FROM osm.clock AS c "
	"  JOIN osm.incident AS i ON i.id OPERATOR(pg_catalog.=) c.incident_id "
	"    AND i.authority_id OPERATOR(pg_catalog.=) c.authority_id "
	"  WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.armed AND c.flagged_at IS NULL "
	"    AND c.due_at OPERATOR(pg_catalog.<) $1 "
	"    AND ROW(c.due_at, c.id) OPERATOR(pg_catalog.>) ROW($2, $3) "
	"  ORDER BY c.due_at, c.id LIMIT " CppAsString2(TICK_BATCH)
	"  FOR NO KEY UPDATE OF i SKIP LOCKED), "
	"flagged AS ("
	"  UPDATE osm.clock AS c SET flagged_at = $1, warn_at = NULL FROM due AS d "
	"  WHERE c.id OPERATOR(pg_catalog.=) d.id AND c.authority_id OPERATOR(pg_catalog.=) d.authority_id "
	"    AND c.state OPERATOR(pg_catalog.=) 'running' AND c.flagged_at IS NULL "
	"    AND c.due_at OPERATOR(pg_catalog.<) $1 "
	"  RETURNING c.id, c.authority_id, c.incident_id, c.rule_id, c.body_id, c.due_at, c.outer_term, c.binding, d.event_seq), "
	"overdue AS ("
	"  UPDATE osm.incident AS i SET overdue_since = f.since "
	"  FROM (SELECT incident_id, authority_id, pg_catalog.min(due_at) AS since FROM flagged "
	"        WHERE outer_term AND binding GROUP BY incident_id, authority_id) AS f "
	"  WHERE i.id OPERATOR(pg_catalog.=) f.incident_id AND i.authority_id OPERATOR(pg_catalog.=) f.authority_id "
	"    AND (i.overdue_since IS NULL OR i.overdue_since OPERATOR(pg_catalog.>) f.since)), "
	"told AS (" NOTIFY_RESPONSIBLE("flagged", "breach",
								   "c.due_at") ") "
										 "SELECT f.n, f.since, l.due_at, l.id "
										 "FROM (SELECT pg_catalog.count(*) AS n, "
										 "  pg_catalog.min(due_at) AS since FROM flagged) AS f "
										 "LEFT JOIN (SELECT due_at, id FROM due "
										 "  ORDER BY due_at DESC, id DESC LIMIT 1) AS l ON true";

/* the message of a breach that a step found before any pass did; $2 and $3 are the clock's key */
static const char *const tell_sql =
	"WITH flagged AS ("
	"  SELECT c.id, c.authority_id, c.incident_id, c.rule_id, c.body_id, c.due_at, i.event_seq "
	"  FROM osm.clock AS c "
	"  JOIN osm.incident AS i ON i.id OPERATOR(pg_catalog.=) c.incident_id "
	"    AND i.authority_id OPERATOR(pg_catalog.=) c.authority_id "
	"  WHERE c.id OPERATOR(pg_catalog.=) $2 AND c.authority_id OPERATOR(pg_catalog.=) $3) "
	NOTIFY_RESPONSIBLE("flagged", "breach", "c.due_at");

/* after a long time down nobody is warned of an end that is past: the breach says it */
static const char *const warn_sql =
	"WITH due AS ("
	"  SELECT c.id, c.authority_id, c.warn_at, i.event_seq FROM osm.clock AS c "
	"  JOIN osm.incident AS i ON i.id OPERATOR(pg_catalog.=) c.incident_id "
	"    AND i.authority_id OPERATOR(pg_catalog.=) c.authority_id "
	"  WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.warn_at OPERATOR(pg_catalog.<=) $1 "
	"  ORDER BY c.warn_at LIMIT " CppAsString2(TICK_BATCH) " FOR NO KEY UPDATE OF i SKIP LOCKED), "
	"warned AS ("
	"  UPDATE osm.clock AS c SET warn_at = ("
	"    SELECT pg_catalog.min(w.t) FROM osm.clock_rule AS r, "
	"      LATERAL (SELECT osm.subtract_business_time(c.due_at, b, c.calendar) AS t "
	"               FROM pg_catalog.unnest(r.warn_before) AS b) AS w "
	"    WHERE r.id OPERATOR(pg_catalog.=) c.rule_id AND w.t OPERATOR(pg_catalog.>) $1) "
	"  FROM due AS d "
	"  WHERE c.id OPERATOR(pg_catalog.=) d.id AND c.authority_id OPERATOR(pg_catalog.=) d.authority_id "
	"    AND c.state OPERATOR(pg_catalog.=) 'running' AND c.warn_at OPERATOR(pg_catalog.=) d.warn_at "
	"  RETURNING c.id, c.authority_id, c.incident_id, c.rule_id, c.body_id, c.due_at, d.warn_at AS warned_for, "
	"    d.event_seq), "
	"told AS (" NOTIFY_RESPONSIBLE("(SELECT * FROM warned WHERE due_at OPERATOR(pg_catalog.>=) $1)",
								   "warning", "c.warned_for") ") "
	"SELECT pg_catalog.count(*), pg_catalog.min(warned_for) FROM warned";

static const char *const next_sql =
	"SELECT "
	"  (SELECT pg_catalog.min(c.due_at) FROM osm.clock AS c "
	"   WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.armed AND c.flagged_at IS NULL "
	"     AND $1), "
	"  (SELECT pg_catalog.min(c.warn_at) FROM osm.clock AS c "
	"   WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.warn_at IS NOT NULL), "
	"  (SELECT pg_catalog.min(r.requested_at) FROM osm.recalculation AS r), "
	"  (SELECT pg_catalog.min(c.due_at) FROM osm.clock AS c "
	"   WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.on_due), "
	"  (SELECT pg_catalog.min(n.deliver_after) FROM osm.notification AS n "
	"   WHERE n.state OPERATOR(pg_catalog.=) ANY ('{waiting,leased}') "
	"     AND n.deliver_after OPERATOR(pg_catalog.>) $2), "
	"  (SELECT pg_catalog.min(n.deliver_after) FROM osm.notification AS n "
	"   WHERE n.state OPERATOR(pg_catalog.=) ANY ('{waiting,leased}')) "
	"     OPERATOR(pg_catalog.<=) $2";

/* what falls due from now on, whatever may be due and cannot be had */
static const char *const later_sql =
	"SELECT LEAST("
	"  (SELECT pg_catalog.min(c.due_at) FROM osm.clock AS c "
	"   WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.armed AND c.flagged_at IS NULL "
	"     AND c.due_at OPERATOR(pg_catalog.>=) $1), "
	"  (SELECT pg_catalog.min(c.warn_at) FROM osm.clock AS c "
	"   WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.warn_at OPERATOR(pg_catalog.>) $1), "
	"  (SELECT pg_catalog.min(c.due_at) FROM osm.clock AS c "
	"   WHERE c.state OPERATOR(pg_catalog.=) 'running' AND c.on_due "
	"     AND c.due_at OPERATOR(pg_catalog.>=) $1))";

/* for the worker: earliest instant the last pass dealt with, next one after now */
static TimestampTz dealt_with = DT_NOEND;
static TimestampTz later = DT_NOEND;

/*
 * osm_tick_instants gives the earliest instant of what the last pass of this process
 * flagged or warned of, and the next due instant without what was due already and
 * which a pass that did nothing had to leave; DT_NOEND for none.
 */
void
osm_tick_instants(TimestampTz *dealt_with_out, TimestampTz *later_out)
{
	*dealt_with_out = dealt_with;
	*later_out = later;
}

/* result_instant returns an instant of the first row SPI found; DT_NOEND for null. */
static TimestampTz
result_instant(int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column,
									  &isnull);

	return isnull ? DT_NOEND : DatumGetTimestampTz(value);
}

/*
 * write_batch runs one of the two writing statements and returns how many clocks
 * it found; the earliest instant of theirs is its second column.  Its plan is
 * generic: planning takes several times as long as flagging one clock, and the
 * batch, a constant, tells the planner enough.
 */
static int32
write_batch(SPIPlanPtr *slot, const char *sql, int nargs, const Oid *types, Datum *values)
{
	/* as osm_spi_plan() does, but for the kind of plan */
	if (*slot != NULL && !SPI_plan_is_valid(*slot))
	{
		SPI_freeplan(*slot);
		*slot = NULL;
	}
	if (*slot == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(sql, nargs, (Oid *) types, CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		*slot = plan;
	}
	osm_engine_begin(NULL, NULL);
	(void) osm_spi_run(slot, sql, nargs, types, values, NULL, SPI_OK_SELECT);
	osm_engine_end();
	dealt_with = Min(dealt_with, result_instant(2));
	return (int32) osm_spi_int64(SPI_tuptable->vals[0], 1);
}

/*
 * The last clock of a full batch of this session: the next pass begins behind it.
 * Beginning at the earliest would read the index entries of all batches before,
 * which stay for as long as anybody's snapshot is older.  What is passed over, as
 * its incident was locked or it came late, is found when the burst is over: the
 * pass after the last full batch looks at everything.
 */
typedef struct Burst
{
	TimestampTz due;			/* DT_NOBEGIN: none */
	int64		id;
} Burst;

static Burst burst = {DT_NOBEGIN, 0};

/* flag_batch flags clocks past due, a batch of them, and returns how many. */
static int32
flag_batch(SPIPlanPtr *slot, TimestampTz now)
{
	static const Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID};
	Datum		values[3];
	int32		flagged;

	values[0] = TimestampTzGetDatum(now);
	values[1] = TimestampTzGetDatum(burst.due);
	values[2] = Int64GetDatum(burst.id);
	burst.due = DT_NOBEGIN;		/* if it fails too */
	flagged = write_batch(slot, flag_sql, lengthof(values), types, values);
	if (flagged == TICK_BATCH)
	{
		burst.due = result_instant(3);
		burst.id = osm_spi_int64(SPI_tuptable->vals[0], 4);
	}
	return flagged;
}

static int32
warn_batch(SPIPlanPtr *slot, TimestampTz now)
{
	static const Oid types[] = {TIMESTAMPTZOID};
	Datum		value = TimestampTzGetDatum(now);

	return write_batch(slot, warn_sql, 1, types, &value);
}

/*
 * osm_tell_of_breach writes what a pass would have written of a breach, for a step
 * that flags it itself.  SPI is connected, the owner of the tables is the current user.
 */
void
osm_tell_of_breach(int64 clock_id, int64 authority_id, TimestampTz now)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {TIMESTAMPTZOID, INT8OID, INT8OID};
	MemoryContext context = CurrentMemoryContext;
	Datum		values[3];

	values[0] = TimestampTzGetDatum(now);
	values[1] = Int64GetDatum(clock_id);
	values[2] = Int64GetDatum(authority_id);
	if (osm_spi_run(&plan, tell_sql, lengthof(values), types, values, NULL, SPI_OK_INSERT) > 0)
		osm_worker_note_messages();
	MemoryContextSwitchTo(context);
}

/* What waits, by kind; DT_NOEND for none. */
typedef struct Instants
{
	TimestampTz due;			/* earliest breach */
	TimestampTz warning;
	TimestampTz recalculation;	/* since when one is requested */
	TimestampTz action;			/* earliest end of a term that takes an action */
	TimestampTz message;		/* earliest message or end of a lease to come */
	bool		messages;		/* some wait for a mailer now */
} Instants;

/* next_instants finds them; in a burst it takes the earliest breach as known. */
static void
next_instants(SPIPlanPtr *slot, TimestampTz now, Instants *next)
{
	static const Oid types[] = {BOOLOID, TIMESTAMPTZOID};
	Datum		values[2];
	TimestampTz *const kinds[] = {
		&next->due, &next->warning, &next->recalculation, &next->action, &next->message
	};

	values[0] = BoolGetDatum(burst.due == DT_NOBEGIN);
	values[1] = TimestampTzGetDatum(now);
	(void) osm_spi_run(slot, next_sql, 2, types, values, NULL, SPI_OK_SELECT);
	for (int i = 0; i < (int) lengthof(kinds); i++)
		*kinds[i] = result_instant(i + 1);
	if (burst.due != DT_NOBEGIN)
		next->due = burst.due;
	next->messages = osm_spi_bool(SPI_tuptable->vals[0], lengthof(kinds) + 1);
}

/* later_instant finds the next breach, warning or action that is not due yet. */
static TimestampTz
later_instant(SPIPlanPtr *slot, TimestampTz now)
{
	static const Oid types[] = {TIMESTAMPTZOID};
	Datum		value = TimestampTzGetDatum(now);

	(void) osm_spi_run(slot, later_sql, 1, types, &value, NULL, SPI_OK_SELECT);
	return result_instant(1);
}

/*
 * osm.tick(): one bounded pass; breaches flagged, warnings written, incidents
 * whose terms were counted again, reports frozen, and the next instant anything
 * falls due (null for none; not after now where the batch was full or incidents
 * were locked).
 *
 * Nothing due costs two index probes, except in the first pass of a session: it
 * runs everything, so that a worker that starts ahead of an instant has its plans
 * and caches when it comes.
 */
Datum
osm_tick(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr flag_plan = NULL;
	static SPIPlanPtr warn_plan = NULL;
	static SPIPlanPtr next_plan = NULL;
	static SPIPlanPtr later_plan = NULL;
	TimestampTz now = osm_now();
	Instants	next;
	TimestampTz next_due;
	int32		breaches = 0;
	int32		warnings = 0;
	int32		recalculated = 0;
	int32		actions = 0;
	int32		reports;
	TimestampTz report;
	TimestampTz later_report;
	bool		in_burst;
	Datum		values[5];
	bool		nulls[5] = {false, false, false, false, false};
	TupleDesc	desc;
	OsmOwnerRights rights;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	/*
	 * Whoever drops the extension waits here, or is waited for, with nothing else
	 * locked by us: in the middle of a pass it would be a deadlock.
	 */
	LockDatabaseObject(ExtensionRelationId, get_extension_oid("osm_workflow", false), 0,
					   AccessShareLock);
	(void) get_extension_oid("osm_workflow", false);
	if (osm_is_subscriber())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("terms that are replicated from another database are not watched here"),
				 errdetail("Table \"%s\" belongs to a subscription; the publisher flags what is "
						   "late, and that arrives here.", "osm.clock"),
				 errhint("To take over from the publisher, drop the subscription.")));

	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (burst.due >= now)
		burst.due = DT_NOBEGIN; /* time was set back */
	in_burst = burst.due != DT_NOBEGIN;
	dealt_with = DT_NOEND;
	next_instants(&next_plan, now, &next);
	if (next.recalculation != DT_NOEND)
		recalculated = osm_recalculate_some(now);
	if (next.action < now)
		actions = osm_take_due_actions(now);
	if (recalculated + actions > 0)
		next_instants(&next_plan, now, &next);
	if (next.due < now || flag_plan == NULL)
		breaches = flag_batch(&flag_plan, now);
	if (next.warning <= now || warn_plan == NULL)
		warnings = warn_batch(&warn_plan, now);
	if (in_burst || breaches + warnings > 0)
		next_instants(&next_plan, now, &next);
	reports = osm_freeze_due_report(now, breaches + warnings + recalculated + actions > 0,
									Min(Min(next.due, next.warning), next.action), &report,
									&later_report);
	/* a request is due at once, also where time stands still */
	if (next.recalculation != DT_NOEND)
		next.recalculation = Min(next.recalculation, now - 1);
	next_due = Min(Min(Min(next.due, next.warning), Min(next.recalculation, next.action)),
				   Min(next.message, report));
	later = next_due;
	if (next_due < now && breaches + warnings + recalculated + actions + reports == 0)
		later = Min(later_instant(&later_plan, now), Min(next.message, later_report));
	SPI_finish();
	osm_become_user(&rights);

	/* not by a trigger: whoever notifies waits at commit for everybody who does */
	if (next.messages || breaches + warnings > 0)
		Async_Notify(CHANNEL, psprintf("%d breaches, %d warnings", breaches, warnings));

	values[0] = Int32GetDatum(breaches);
	values[1] = Int32GetDatum(warnings);
	values[2] = TimestampTzGetDatum(next_due);
	nulls[2] = next_due == DT_NOEND;
	values[3] = Int32GetDatum(recalculated + actions);
	values[4] = Int32GetDatum(reports);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
