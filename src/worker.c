/*-------------------------------------------------------------------------
 * worker.c
 *	  The worker of one database: runs osm.tick() until nothing is due, waits a
 *	  moment for more, and goes.
 *
 * Hazards that shaped it:
 * - While it is connected, its database cannot be dropped, copied or moved.  So it
 *	 goes soon, and at once when somebody waits for the lock those commands hold; a
 *	 pass takes the weak form of that lock, so they wait for the pass and no more.
 * - The extension or its tables can be missing, half restored, of another version,
 *	 or just being dropped.  So each pass looks first and takes no lock it would
 *	 have to wait for.
 * - It begins as the bootstrap superuser, and triggers on the tables are the
 *	 owner's to define.  So from before osm.tick() until after commit (deferred
 *	 triggers) it acts as that owner and cannot change back, and what it looks at
 *	 before is read from the catalogs without any SQL.
 * - An error ends a background process.  So a pass is wrapped: it is rolled back,
 *	 said once, and tried again later and later.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_subscription_rel.h"
#include "catalog/pg_trigger.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "osm_workflow.h"
#include "osm_worker.h"
#include "worker_shmem.h"

/* what a pass may take, milliseconds; it works in batches far below that */
#define PASS_TIMEOUT 30000

/* a worker that waits looks this often whether its database is wanted, milliseconds */
#define MAKE_WAY_INTERVAL 100

/* how long it keeps away then, microseconds */
#define MAKE_WAY INT64CONST(1000000)

/* first and longest wait for what is due and cannot be had, microseconds */
#define STALL_FIRST INT64CONST(100000)
#define STALL_LONGEST INT64CONST(10000000)

/*
 * While much is due, a worker rests a third of the time its passes take: shortest
 * rest there is, and what it may owe or have in hand at most, microseconds
 */
#define REST_SHARE 3
#define REST_SHORTEST INT64CONST(1000)
#define REST_LONGEST INT64CONST(20000)

/* so many passes in a row may fail for a lock before it is said */
#define LOCK_FAILURES 3

PGDLLEXPORT void osm_worker_main(Datum main_arg);

static Oid	own_database = InvalidOid;
static bool connected = false;
static int64 rest_owed = 0;		/* microseconds */

/* the database's name for messages, once connected */
static char *database_name = NULL;

/* the slot of the worker's database; it cannot go while we are in it */
static OsmWorkerSlot *entered = NULL;

/* own_slot returns that slot; the caller holds the lock. */
static OsmWorkerSlot *
own_slot(void)
{
	return entered;
}

/*
 * leave takes the worker out of its slot, however it ends.  A pass that was cut
 * off is made up for soon; a worker that could not connect counts as a failure, as
 * it would be started again at once otherwise.
 */
static void
leave(int code, Datum arg)
{
	OsmWorkerSlot *slot;
	TimestampTz now = GetCurrentTimestamp();

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot = own_slot();
	if (slot != NULL && slot->worker_pid == MyProcPid)
	{
		slot->worker_pid = 0;
		slot->worker_latch = NULL;
		if (!connected)
			osm_slot_fail(slot, now, ERRCODE_CANNOT_CONNECT_NOW, "worker could not connect");
		else if (slot->in_pass)
		{
			osm_slot_put_back(slot);
			slot->look_at = now;
			slot->not_before = now + OSM_WORKER_SETTLE;
		}
		/* the database may be gone, or its slot to be freed */
		if (!connected || !slot->served)
			osm_worker_shared->rescan = true;
	}
	if (osm_worker_shared->launcher_latch != NULL)
		SetLatch(osm_worker_shared->launcher_latch);
	LWLockRelease(osm_worker_shared->lock);
}

/* enter takes the database's slot; false when another worker has it. */
static bool
enter(void)
{
	OsmWorkerSlot *slot;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot = osm_slot_find(own_database, false);
	if (slot != NULL && slot->worker_pid == 0)
	{
		slot->starting = false;
		slot->worker_pid = MyProcPid;
		slot->worker_latch = MyLatch;
		entered = slot;
	}
	LWLockRelease(osm_worker_shared->lock);
	if (entered != NULL)
		before_shmem_exit(leave, 0);
	return entered != NULL;
}

/*
 * share_database takes the lock a session takes on its database when it connects,
 * if it can be had at once, until the transaction ends.  It cannot when the
 * database is being dropped, copied or moved.
 */
static bool
share_database(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	return LockAcquire(&tag, RowExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* is_wanted_by_others says whether somebody waits for us to leave the database. */
static bool
is_wanted_by_others(void)
{
	bool		wanted;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	wanted = !share_database();
	CommitTransactionCommand();
	return wanted;
}

/*
 * is_own_version says whether the version of the extension in this database is
 * the library's; the catalog row has just been seen.
 */
static bool
is_own_version(Oid extension)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		same = false;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	scan = systable_beginscan(rel, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		version = heap_getattr(tuple, Anum_pg_extension_extversion,
										   RelationGetDescr(rel), &isnull);

		same = !isnull && strcmp(TextDatumGetCString(version), OSM_WORKFLOW_VERSION) == 0;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return same;
}

/* has_trigger says whether a table has a trigger that is not a foreign key's. */
static bool
has_trigger(Oid relid)
{
	Relation	rel = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(rel, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = !((Form_pg_trigger) GETSTRUCT(tuple))->tgisinternal;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/* is_valid_index says whether an index of schema osm is there and complete. */
static bool
is_valid_index(const char *name)
{
	Oid			relid = osm_relation(name, true);
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(relid));
	bool		valid;

	if (!HeapTupleIsValid(tuple))
		return false;
	valid = ((Form_pg_index) GETSTRUCT(tuple))->indisvalid;
	ReleaseSysCache(tuple);
	return valid;
}

/*
 * is_coordinator is false on a node of a Citus cluster that is not the coordinator:
 * the table in which Citus keeps the node's group says a number other than 0.
 */
static bool
is_coordinator(void)
{
	Oid			relid = get_relname_relid("pg_dist_local_group", PG_CATALOG_NAMESPACE);
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;
	bool		coordinator = true;

	if (!OidIsValid(relid))
		return true;
	rel = table_open(relid, AccessShareLock);
	scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	tuple = heap_getnext(scan, ForwardScanDirection);
	if (tuple != NULL)
	{
		bool		isnull;
		Datum		group = heap_getattr(tuple, 1, RelationGetDescr(rel), &isnull);

		coordinator = isnull || DatumGetInt32(group) == 0;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	return coordinator;
}

/*
 * osm_is_subscriber says whether the clocks of this database are written by a
 * subscription.  Then what is late is flagged and told of where they come from, and
 * those rows arrive too: doing it here as well would tell everybody twice, and the
 * first row of ours with a number the publisher gives later would stop the apply.
 * A subscription that is disabled counts, as it goes on one day.
 */
bool
osm_is_subscriber(void)
{
	Oid			clocks = osm_relation("clock", true);
	Relation	rel;
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	if (!OidIsValid(clocks))
		return false;
	rel = table_open(SubscriptionRelRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_subscription_rel_srrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(clocks));
	scan = systable_beginscan(rel, SubscriptionRelSrrelidSrsubidIndexId, true, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/*
 * look says what the database is like, and for OSM_DATABASE_READY gives the owner
 * of the tables; then the extension and its clocks are locked until the transaction
 * ends, so that nobody drops or alters them meanwhile.  Somebody who already does
 * is not waited for.
 */
static OsmDatabaseState
look(Oid *owner)
{
	Oid			extension = get_extension_oid("osm_workflow", true);
	LOCKTAG		tag;
	Oid			clocks;
	Oid			incidents;
	HeapTuple	tuple;

	if (!OidIsValid(extension))
		return OSM_DATABASE_NO_EXTENSION;
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, extension, 0);
	if (LockAcquire(&tag, AccessShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return OSM_DATABASE_BUSY;
	AcceptInvalidationMessages();
	if (get_extension_oid("osm_workflow", true) != extension)
		return OSM_DATABASE_BUSY;
	if (!is_own_version(extension))
		return OSM_DATABASE_OTHER_VERSION;

	clocks = osm_relation("clock", true);
	incidents = osm_relation("incident", true);
	if (!OidIsValid(clocks) || !OidIsValid(incidents))
		return OSM_DATABASE_NO_TABLES;
	if (!ConditionalLockRelationOid(clocks, AccessShareLock) ||
		!ConditionalLockRelationOid(incidents, AccessShareLock))
		return OSM_DATABASE_BUSY;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(clocks));
	if (!HeapTupleIsValid(tuple))
		return OSM_DATABASE_BUSY;
	*owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);

	/* first what keeps us away for good: there an index or a trigger may be missing for good */
	if (!is_coordinator())
		return OSM_DATABASE_NOT_COORDINATOR;
	if (osm_is_subscriber())
		return OSM_DATABASE_SUBSCRIBER;
	if (!is_valid_index("clock_due_idx") || !is_valid_index("clock_warn_idx") ||
		!has_trigger(incidents))
		return OSM_DATABASE_INCOMPLETE;
	return OSM_DATABASE_READY;
}

/* set_local sets a setting until the transaction ends. */
static void
set_local(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
							 false);
}

/*
 * set_limits pins what a pass depends on.  The owner's triggers run in this session
 * too and may have left other values behind; hence in every pass.
 *
 * Plans are kept, and one made while the outbox was still empty would read all of it
 * in every pass of the flood that fills it; hence no sequential scans.
 *
 * Nobody waits for a pass, and a crash loses nothing by its commit being written a
 * moment later: what it flagged, told and did is due again, and done again, once.
 *
 * It waits for locks half as long as others do before they look for a deadlock: if
 * there is one, the pass has gone by then, and it is not them who are ended.
 */
static void
set_limits(void)
{
	set_local("search_path", "pg_catalog, pg_temp");
	set_local("lock_timeout", psprintf("%d", Max(1, Min(DeadlockTimeout, 1000) / 2)));
	set_local("jit", "off");
	set_local("enable_seqscan", "off");
	set_local("synchronous_commit", "off");
	if (work_mem < 65536)
		set_local("work_mem", "64MB");
	enable_timeout_after(STATEMENT_TIMEOUT, PASS_TIMEOUT);
}

/*
 * call_tick calls osm.tick() and takes its result apart.  Not by way of SQL: the
 * tables' owner, who acts now, need not have been granted the function.
 */
static void
call_tick(OsmPass *pass)
{
	oidvector  *none = buildoidvector(NULL, 0);
	Oid			function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
										   CStringGetDatum("tick"), PointerGetDatum(none),
										   ObjectIdGetDatum(get_namespace_oid("osm", false)));
	HeapTupleHeader row;
	bool		isnull;
	Datum		value;

	pgstat_report_activity(STATE_RUNNING, "SELECT osm.tick()");
	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function %s does not exist", "osm.tick()")));
	row = DatumGetHeapTupleHeader(OidFunctionCall0(function));
	value = GetAttributeByNum(row, 1, &isnull);
	pass->breaches = isnull ? 0 : DatumGetInt32(value);
	value = GetAttributeByNum(row, 2, &isnull);
	pass->warnings = isnull ? 0 : DatumGetInt32(value);
	value = GetAttributeByNum(row, 3, &isnull);
	pass->next_due = isnull ? DT_NOEND : DatumGetTimestampTz(value);
	value = GetAttributeByNum(row, 4, &isnull);
	pass->moved = isnull ? 0 : DatumGetInt32(value);
	value = GetAttributeByNum(row, 5, &isnull);
	pass->reports = isnull ? 0 : DatumGetInt32(value);
	osm_tick_instants(&pass->dealt_with, &pass->later);
}

/*
 * in_transaction does a piece of work in a transaction of its own if the database
 * is ready for it.  It may raise anything.
 *
 * The tables' owner is who acts until after commit, as deferred triggers run then;
 * the flag forbids a trigger to become somebody else, the session's superuser above
 * all.  (SECURITY_RESTRICTED_OPERATION would forbid deferred triggers themselves,
 * which may be the owner's constraints.)  An abort gives the former user back, a
 * commit does not.
 */
static void
in_transaction(void (*work) (OsmPass *), OsmPass *pass)
{
	Oid			owner = InvalidOid;
	Oid			save_userid;
	int			save_sec_context;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	set_limits();

	if (!share_database())
		pass->state = OSM_DATABASE_BUSY;
	else
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pass->state = look(&owner);
		PopActiveSnapshot();
	}
	if (pass->state == OSM_DATABASE_READY)
	{
		SetUserIdAndSecContext(owner, save_sec_context | SECURITY_LOCAL_USERID_CHANGE);
		PushActiveSnapshot(GetTransactionSnapshot());
		work(pass);
		PopActiveSnapshot();
	}
	pass->now = osm_now();
	pass->simulated = osm_now_is_simulated();
	CommitTransactionCommand();
	SetUserIdAndSecContext(save_userid, save_sec_context);
	disable_timeout(STATEMENT_TIMEOUT, false);
}

/*
 * report_failure says an error once, until it changes or goes away, with the
 * SQLSTATE it had; the slot keeps it.  That somebody holds a lock is nothing to act
 * upon unless it goes on.
 */
static void
report_failure(const ErrorData *error)
{
	OsmWorkerSlot *slot;
	TimestampTz now = GetCurrentTimestamp();
	bool		passing = error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED;
	bool		news;
	int64		wait;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot = own_slot();
	osm_slot_put_back(slot);
	osm_slot_fail(slot, now, error->sqlerrcode, error->message ? error->message : "");
	wait = slot->not_before - now;
	news = slot->said_code != error->sqlerrcode && (!passing || slot->failures > LOCK_FAILURES);
	if (news)
		slot->said_code = error->sqlerrcode;
	LWLockRelease(osm_worker_shared->lock);

	if (news)
		ereport(
			WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("osm_workflow worker failed in database \"%s\": %s", database_name,
					error->message ? error->message : ""),
			 errdetail(
				 "SQLSTATE is %s. The worker tries again in %ld ms, then less often; the error is not reported again while it stays the same.",
				 unpack_sql_state(error->sqlerrcode), (long) (wait / 1000))));
}

/*
 * begin_pass marks the slot and returns the instant the pass is for.  From here on
 * sessions lower next_due for what this pass may not see.
 */
static TimestampTz
begin_pass(void)
{
	OsmWorkerSlot *slot;
	TimestampTz due;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot = own_slot();
	due = slot->pass_due = osm_slot_next_due(slot);
	osm_slot_set_next_due(slot, DT_NOEND);
	slot->look_at = DT_NOEND;
	slot->in_pass = true;
	LWLockRelease(osm_worker_shared->lock);
	return due;
}

/*
 * count_lag counts how late a pass came that was for the instant due.  What was held
 * is counted from its own instant once, when it is dealt with; anything else from
 * when it could first be dealt with.  The caller holds the lock.
 */
static void
count_lag(OsmWorkerSlot *slot, const OsmPass *pass, TimestampTz due, TimestampTz now)
{
	TimestampTz since = Max(due, pass->dealt_with);

	if (pass->dealt_with == slot->held)
		since = slot->held;
	if (!pass->simulated && since != DT_NOBEGIN && since < now)
		osm_slot_lag(slot, now - since);
}

/* work_done counts what a pass did. */
static int
work_done(const OsmPass *pass)
{
	return pass->breaches + pass->warnings + pass->moved + pass->reports;
}

/*
 * end_pass publishes what a pass came to.  due is the instant it was for.
 *
 * Of what is due and could not be had only the next try is put off, each time
 * further: all else goes on at its instants, as long as somebody may sit on that one
 * incident.
 */
static void
end_pass(const OsmPass *pass, TimestampTz due)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		stalled = pass->next_due < pass->now && work_done(pass) == 0;
	TimestampTz next = stalled ? pass->later : pass->next_due;
	OsmDatabaseState before;
	OsmWorkerSlot *slot;
	bool		works_again;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot = own_slot();
	slot->in_pass = false;
	slot->last_look = now;
	before = slot->state;
	works_again = pass->state == OSM_DATABASE_READY && slot->said_code != 0;
	slot->state = pass->state;
	if (pass->state != OSM_DATABASE_BUSY)
	{
		slot->failures = 0;
		slot->said_code = 0;
	}
	slot->simulated_now = pass->simulated ? pass->now : DT_NOBEGIN;
	switch (pass->state)
	{
		case OSM_DATABASE_READY:
			slot->passes++;
			slot->last_pass = now;
			slot->breaches += pass->breaches;
			slot->warnings += pass->warnings;
			slot->reports += pass->reports;
			count_lag(slot, pass, due, now);
			if (next < osm_slot_next_due(slot))
				osm_slot_set_next_due(slot, next);
			slot->held = stalled ? pass->next_due : DT_NOEND;
			slot->not_before = 0;
			if (stalled)
			{
				int64		wait = Min(STALL_FIRST << Min(slot->stalls, 20), STALL_LONGEST);

				slot->look_at = Min(slot->look_at, now + wait);
				slot->stalls++;
			}
			else
				slot->stalls = 0;
			break;
		case OSM_DATABASE_BUSY:
			/* the instant is not dealt with: come back for it */
			osm_slot_put_back(slot);
			slot->look_at = now;
			slot->not_before = now + MAKE_WAY;
			break;
		default:
			/* nothing to be done until somebody says; terms may still be noted at any rate */
			slot->held = DT_NOEND;
			slot->not_before = now + OSM_WORKER_SETTLE;
			break;
	}
	LWLockRelease(osm_worker_shared->lock);

	if (works_again)
		ereport(LOG, (errmsg("osm_workflow worker works again in database \"%s\"",
							 database_name)));
	if (pass->state == OSM_DATABASE_OTHER_VERSION && before != OSM_DATABASE_OTHER_VERSION)
		ereport(
			WARNING,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("osm_workflow in database \"%s\" is not of version %s, that of the library",
					database_name, OSM_WORKFLOW_VERSION),
			 errhint(
				 "Run ALTER EXTENSION osm_workflow UPDATE there; until then no term is watched.")));
}

/*
 * attempt does a piece of work; NULL when it was done, otherwise the error, palloc'd,
 * with the transaction rolled back.
 */
static ErrorData *
attempt(void (*work) (OsmPass *), OsmPass *pass)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	memset(pass, 0, sizeof(OsmPass));
	pass->next_due = pass->later = pass->dealt_with = DT_NOEND;
	PG_TRY();
	{
		in_transaction(work, pass);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		disable_timeout(STATEMENT_TIMEOUT, false);
		QueryCancelPending = false;
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		AbortCurrentTransaction();
		MemoryContextSwitchTo(context);
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	return error;
}

/* owe_rest adds to the rest owed; what a clock set meanwhile makes of it is bounded. */
static void
owe_rest(int64 micros)
{
	rest_owed = Max(-REST_LONGEST, Min(rest_owed + micros, REST_LONGEST));
}

/* run_pass runs one pass and records the outcome; false when it failed. */
static bool
run_pass(OsmPass *pass)
{
	TimestampTz due = begin_pass();
	TimestampTz began = GetCurrentTimestamp();
	ErrorData  *error = attempt(call_tick, pass);

	if (error != NULL)
	{
		report_failure(error);
		FreeErrorData(error);
		return false;
	}
	pass->was_due = due < began;
	end_pass(pass, due);
	if (work_done(pass) > 0)
		owe_rest((GetCurrentTimestamp() - began) / REST_SHARE);
	return true;
}

/*
 * read_calendars looks from time to time whether the calendars are known far enough,
 * and once they were not, also when terms were counted again: somebody may have
 * loaded one.  What comes of it is news for the administrator, never a failure of
 * the worker, whose terms are watched all the same.
 */
static void
read_calendars(const OsmPass *last)
{
	TimestampTz now = GetCurrentTimestamp();
	OsmWorkerSlot *slot;
	OsmPass		pass;
	ErrorData  *error;
	bool		wanted;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot = own_slot();
	wanted = slot->calendars_read + OSM_WORKER_CALENDARS < now ||
		(slot->calendars_short != 0 && last->moved > 0);
	if (wanted)
		slot->calendars_read = now;
	LWLockRelease(osm_worker_shared->lock);
	if (!wanted)
		return;
	error = attempt(osm_read_calendars, &pass);
	if (error == NULL && pass.state != OSM_DATABASE_READY)
		return;
	osm_report_calendars(own_slot(), database_name, &pass, error);
	if (error != NULL)
		FreeErrorData(error);
}

/* what the slot says while the worker waits */
typedef struct Orders
{
	bool		served;
	bool		crowded;
	TimestampTz due;
	TimestampTz look_at;
	TimestampTz not_before;
} Orders;

static void
read_orders(Orders *orders)
{
	OsmWorkerSlot *slot;

	LWLockAcquire(osm_worker_shared->lock, LW_SHARED);
	slot = own_slot();
	orders->served = slot->served;
	orders->crowded = osm_worker_shared->crowded;
	orders->due = osm_slot_next_due(slot);
	orders->look_at = slot->look_at;
	orders->not_before = slot->not_before;
	LWLockRelease(osm_worker_shared->lock);
}

/* wait_event is the name shown while a worker waits; its own from 17 on. */
static uint32
wait_event(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("OsmWorkerMain");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/*
 * rest leaves the processors and the log to others for a moment.  Passes without a
 * break would take one processor, and a commit that waits for the log waits for
 * theirs too.  A rest that lasted longer, as it does on a busy machine, is made up
 * for by fewer.
 */
static void
rest(void)
{
	TimestampTz began = GetCurrentTimestamp();

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 (long) (rest_owed / 1000), wait_event());
	owe_rest(began - GetCurrentTimestamp());
}

/*
 * wait_for_more waits until another pass is to be run and returns true, or false
 * when the worker is to go: nothing is due soon, nothing has been done since
 * worked_at, or somebody wants the database or our place.
 *
 * A worker that goes misses nothing: what is noted from then on is in the slot
 * before the launcher, woken by our exit, looks at it.
 */
static bool
wait_for_more(const OsmPass *pass, TimestampTz worked_at)
{
	for (;;)
	{
		Orders		orders;
		TimestampTz now;
		TimestampTz until;
		long		timeout;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			return true;
		}

		read_orders(&orders);
		now = GetCurrentTimestamp();
		if (!orders.served || orders.not_before > now)
			return false;
		if (orders.look_at <= now ||
			(pass->simulated ? orders.due < pass->now : orders.due < now))
		{
			if (rest_owed < REST_SHORTEST)
				return true;
			rest();
			continue;
		}
		rest_owed = 0;			/* to wait is to rest */
		if (worked_at > now)
			return false;		/* the clock was set back: not to stay for as long */

		/* the head start, or a term that is due before we would have gone */
		until = orders.crowded ? now : worked_at + (int64) osm_worker_idle * 1000;
		if (!pass->simulated && orders.due != DT_NOEND &&
			orders.due < Max(until, now + 2 * OSM_WORKER_HEAD_START))
			until = orders.due + 1;
		if (until <= now)
			return false;
		timeout = TimestampDifferenceMilliseconds(now, until);
		if (timeout > MAKE_WAY_INTERVAL)
			timeout = MAKE_WAY_INTERVAL;
		if (WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout,
					  wait_event()) & WL_LATCH_SET)
			continue;
		if (timeout == MAKE_WAY_INTERVAL && is_wanted_by_others())
		{
			LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
			own_slot()->not_before = GetCurrentTimestamp() + MAKE_WAY;
			LWLockRelease(osm_worker_shared->lock);
			return false;
		}
	}
}

/*
 * osm_worker_main is the worker of the database whose OID is its argument.
 */
void
osm_worker_main(Datum main_arg)
{
	TimestampTz worked_at = 0;
	OsmPass		pass;

	own_database = DatumGetObjectId(main_arg);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	if (osm_worker_shared == NULL || RecoveryInProgress() || !enter())
		proc_exit(0);

	osm_worker_pin_settings();
	BackgroundWorkerInitializeConnectionByOid(own_database, InvalidOid, 0);
	SetConfigOption("application_name", "osm_workflow worker", PGC_USERSET, PGC_S_SESSION);
	StartTransactionCommand();
	database_name = MemoryContextStrdup(TopMemoryContext, get_database_name(MyDatabaseId));
	CommitTransactionCommand();
	connected = true;

	while (run_pass(&pass) && pass.state == OSM_DATABASE_READY)
	{
		if (pass.was_due)
			worked_at = GetCurrentTimestamp();
		read_calendars(&pass);
		if (!wait_for_more(&pass, worked_at))
			break;
	}
	proc_exit(0);
}
