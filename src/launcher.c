/*-------------------------------------------------------------------------
 * launcher.c
 *	  The process that knows when something falls due, and starts a worker in
 *	  that database in time.
 *
 * It is connected to no database: a session, even ours, keeps DROP DATABASE,
 * CREATE DATABASE ... TEMPLATE and ALTER DATABASE ... SET TABLESPACE from their
 * work.  So it sees shared catalogs and shared memory only, and whether a database
 * has the extension is found out by a worker that looks and goes.
 *
 * It never polls.  It sleeps until the earliest instant it knows of, is woken by
 * whoever commits an earlier one, and every naptime reads the list of databases
 * again, so that nothing rests on a wake-up alone.  It waits on its latch, which
 * also lets it absorb the barriers that dropping a database waits for.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "osm_workflow.h"
#include "worker_shmem.h"

/* a database nobody has looked at for so many naptimes is looked at again */
#define LOOK_AGAIN_NAPTIMES 10

/* wait after the server had no place for one more worker, microseconds */
#define NO_PLACE_RETRY INT64CONST(1000000)

PGDLLEXPORT void osm_launcher_main(Datum main_arg);

typedef struct DatabaseEntry
{
	Oid			oid;
	char		name[NAMEDATALEN];
} DatabaseEntry;

/* a worker that was asked for, until it is known to run or to have ended */
typedef struct StartedWorker
{
	Oid			database;
	BackgroundWorkerHandle *handle;
} StartedWorker;

static StartedWorker started[OSM_WORKER_DATABASES];
static bool said_no_place = false;
static bool said_full = false;

/* launcher_exit takes the launcher out of shared memory, however it ends. */
static void
launcher_exit(int code, Datum arg)
{
	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	osm_worker_shared->launcher_pid = 0;
	osm_worker_shared->launcher_latch = NULL;
	LWLockRelease(osm_worker_shared->lock);
}

/*
 * launcher_enter puts it in.  Slots outlive a launcher that was ended; a worker
 * the predecessor asked for and that has not reported is not waited for.
 */
static void
launcher_enter(void)
{
	int			i;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	osm_worker_shared->launcher_pid = MyProcPid;
	osm_worker_shared->launcher_latch = MyLatch;
	osm_worker_shared->launcher_started = GetCurrentTimestamp();
	osm_worker_shared->launcher_wakes_at = 0;
	for (i = 0; i < OSM_WORKER_DATABASES; i++)
		osm_worker_shared->slots[i].starting = false;
	LWLockRelease(osm_worker_shared->lock);
	before_shmem_exit(launcher_exit, 0);
}

/*
 * is_listed says whether osm_workflow.databases lets the worker into a database.
 * A list that cannot be read serves none, rather than one too many.
 */
static bool
is_listed(const char *name)
{
	char	   *copy = pstrdup(osm_worker_databases ? osm_worker_databases : "");
	List	   *names = NIL;
	ListCell   *cell;

	if (!SplitIdentifierString(copy, ',', &names))
		return false;
	if (names == NIL)
		return true;
	foreach(cell, names)
	{
		if (strcmp((char *) lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

/*
 * read_databases lists the databases a worker may enter.  The list is palloc'd in
 * the caller's context.
 */
static List *
read_databases(void)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *list = NIL;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		DatabaseEntry *entry;
		MemoryContext old;

		if (form->datistemplate || !form->datallowconn)
			continue;
#ifdef DATCONNLIMIT_INVALID_DB
		if (form->datconnlimit == DATCONNLIMIT_INVALID_DB)
			continue;
#endif
		if (!is_listed(NameStr(form->datname)))
			continue;
		old = MemoryContextSwitchTo(context);
		entry = palloc(sizeof(DatabaseEntry));
		entry->oid = form->oid;
		strlcpy(entry->name, NameStr(form->datname), NAMEDATALEN);
		list = lappend(list, entry);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	return list;
}

/* is_in says whether a database is in the list of read_databases(). */
static bool
is_in(Oid database, List *list)
{
	ListCell   *cell;

	foreach(cell, list)
	{
		if (((DatabaseEntry *) lfirst(cell))->oid == database)
			return true;
	}
	return false;
}

/*
 * scan_databases brings the slots in line with pg_database: a new database gets
 * one, one that is gone or no longer served loses it.  One database at most, the
 * one longest not looked at, is looked at again: rows can arrive without anybody
 * noting a due instant.
 */
static void
scan_databases(void)
{
	MemoryContext scratch = AllocSetContextCreate(TopMemoryContext, "osm_workflow databases",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	TimestampTz now = GetCurrentTimestamp();
	OsmWorkerSlot *oldest = NULL;
	List	   *list;
	ListCell   *cell;
	bool		full;
	int			i;

	/* a change from here on asks for another scan */
	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	osm_worker_shared->rescan = false;
	osm_worker_shared->full = false;
	LWLockRelease(osm_worker_shared->lock);

	list = read_databases();

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	for (i = 0; i < OSM_WORKER_DATABASES; i++)
	{
		OsmWorkerSlot *slot = &osm_worker_shared->slots[i];

		if (!OidIsValid(slot->database) || is_in(slot->database, list))
			continue;
		if (slot->worker_pid == 0 && !slot->starting)
			slot->database = InvalidOid;
		else
		{
			slot->served = false;
			if (slot->worker_latch != NULL)
				SetLatch(slot->worker_latch);
		}
	}
	foreach(cell, list)
	{
		OsmWorkerSlot *slot = osm_slot_find(((DatabaseEntry *) lfirst(cell))->oid, true);

		if (slot == NULL)
			break;
		slot->served = true;
		if (slot->worker_pid == 0 && slot->last_look != 0 &&
			slot->last_look + LOOK_AGAIN_NAPTIMES * osm_worker_naptime * USECS_PER_SEC < now &&
			(oldest == NULL || slot->last_look < oldest->last_look))
			oldest = slot;
	}
	if (oldest != NULL)
		oldest->look_at = Min(oldest->look_at, now);
	full = osm_worker_shared->full;
	LWLockRelease(osm_worker_shared->lock);

	if (full && !said_full)
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("osm_workflow serves no more than %d databases", OSM_WORKER_DATABASES),
				 errhint("Name those it is to serve in \"osm_workflow.databases\".")));
	said_full = full;

	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

/*
 * reap notices workers that could not start: the process ended before it reported.
 * Those that did report have cleared their slot themselves.
 */
static void
reap(void)
{
	TimestampTz now = GetCurrentTimestamp();
	int			i;

	for (i = 0; i < OSM_WORKER_DATABASES; i++)
	{
		OsmWorkerSlot *slot;
		pid_t		pid;

		if (started[i].handle == NULL ||
			GetBackgroundWorkerPid(started[i].handle, &pid) != BGWH_STOPPED)
			continue;
		LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
		slot = osm_slot_find(started[i].database, false);
		if (slot != NULL && slot->starting)
		{
			slot->starting = false;
			osm_slot_fail(slot, now, ERRCODE_CANNOT_CONNECT_NOW, "worker did not start");
			osm_worker_shared->rescan = true;
		}
		LWLockRelease(osm_worker_shared->lock);
		pfree(started[i].handle);
		started[i].handle = NULL;
	}
}

/*
 * start_worker asks the postmaster for a worker in a database; false when the
 * server has no place for one.
 */
static bool
start_worker(Oid database)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;
	int			place = -1;
	int			i;

	for (i = 0; i < OSM_WORKER_DATABASES; i++)
	{
		if (started[i].handle == NULL)
			place = i;
		else if (started[i].database == database)
		{
			/* it has left its slot and is all but gone */
			pfree(started[i].handle);
			started[i].handle = NULL;
			place = i;
			break;
		}
	}
	if (place < 0)
		return false;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
#ifdef BGWORKER_INTERRUPTIBLE
	worker.bgw_flags |= BGWORKER_INTERRUPTIBLE;
#endif
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), "osm_workflow");
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "osm_worker_main");
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "osm_workflow worker for database %u",
			 database);
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "osm_workflow worker");
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	worker.bgw_notify_pid = MyProcPid;

	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return false;
	started[place].database = database;
	started[place].handle = handle;
	return true;
}

/*
 * next_to_start picks the database whose worker is wanted first, if that is now,
 * and marks it as starting; InvalidOid when there is none.  *wakes_at is set to
 * the instant one will be wanted, no later than next_scan.
 *
 * Our workers take at most half of what the server allows, so that parallel
 * queries and others keep their share; the rest wait for a worker to end, and the
 * flag tells workers not to linger.
 */
static Oid
next_to_start(TimestampTz now, TimestampTz next_scan, TimestampTz *wakes_at)
{
	OsmWorkerSlot *first = NULL;
	TimestampTz first_at = DT_NOEND;
	Oid			database = InvalidOid;
	int			running = 0;
	int			i;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	*wakes_at = next_scan;
	for (i = 0; i < OSM_WORKER_DATABASES; i++)
	{
		OsmWorkerSlot *slot = &osm_worker_shared->slots[i];
		TimestampTz at;

		if (!OidIsValid(slot->database))
			continue;
		if (slot->worker_pid != 0 || slot->starting)
		{
			running++;
			continue;
		}
		if (!slot->served)
			continue;
		at = osm_slot_wanted_at(slot);
		if (at > now)
			*wakes_at = Min(*wakes_at, at);
		else if (first == NULL || at < first_at)
		{
			first = slot;
			first_at = at;
		}
	}
	osm_worker_shared->crowded = first != NULL && running >= Max(1, max_worker_processes / 2);
	if (first != NULL && !osm_worker_shared->crowded)
	{
		first->starting = true;
		database = first->database;
	}
	osm_worker_shared->launcher_wakes_at = *wakes_at;
	LWLockRelease(osm_worker_shared->lock);
	return database;
}

/*
 * start_wanted starts the workers that are wanted and returns the instant to wake
 * at, no later than next_scan.
 */
static TimestampTz
start_wanted(TimestampTz next_scan)
{
	TimestampTz wakes_at;
	TimestampTz now = GetCurrentTimestamp();
	Oid			database;

	while (OidIsValid(database = next_to_start(now, next_scan, &wakes_at)))
	{
		bool		done = start_worker(database);
		OsmWorkerSlot *slot;

		LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
		slot = osm_slot_find(database, false);
		if (done)
			osm_worker_shared->workers_started++;
		else if (slot != NULL)
		{
			slot->starting = false;
			slot->not_before = now + NO_PLACE_RETRY;
		}
		LWLockRelease(osm_worker_shared->lock);

		if (!done && !said_no_place)
			ereport(
				WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("osm_workflow could not start a worker"),
				 errdetail(
					 "All places for background processes are taken; it is tried again every second."),
				 errhint("You might need to increase \"max_worker_processes\".")));
		said_no_place = !done;
	}
	return wakes_at;
}

/*
 * look_everywhere has every database looked at again: a setting that workers read,
 * such as simulated time, may have changed.
 */
static void
look_everywhere(void)
{
	int			i;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	for (i = 0; i < OSM_WORKER_DATABASES; i++)
	{
		if (OidIsValid(osm_worker_shared->slots[i].database))
		{
			osm_worker_shared->slots[i].look_at = 0;
			osm_worker_shared->slots[i].not_before = 0;
		}
	}
	LWLockRelease(osm_worker_shared->lock);
}

/* wait_event is the name shown while the launcher sleeps; its own from 17 on. */
static uint32
wait_event(void)
{
#if PG_VERSION_NUM >= 170000
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("OsmLauncherMain");
	return event;
#else
	return PG_WAIT_EXTENSION;
#endif
}

/*
 * osm_launcher_main is the launcher.  It ends by a signal only; the postmaster
 * starts it again after five seconds.
 */
void
osm_launcher_main(Datum main_arg)
{
	TimestampTz next_scan = 0;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	if (osm_worker_shared == NULL || RecoveryInProgress())
		proc_exit(0);

	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	launcher_enter();
	SetConfigOption("application_name", "osm_workflow launcher", PGC_USERSET, PGC_S_SESSION);
	ereport(LOG, (errmsg("osm_workflow launcher started")));

	for (;;)
	{
		TimestampTz now;
		TimestampTz wakes_at;
		long		timeout;

		/* first of all: what is said from now on is not slept over */
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();

		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			look_everywhere();
			next_scan = 0;
		}
		reap();

		now = GetCurrentTimestamp();
		if (now >= next_scan || osm_worker_shared->rescan)
		{
			pgstat_report_activity(STATE_RUNNING, "reading the list of databases");
			scan_databases();
			pgstat_report_stat(true);
			pgstat_report_activity(STATE_IDLE, NULL);
			next_scan = now + (int64) osm_worker_naptime * USECS_PER_SEC;
		}

		wakes_at = start_wanted(next_scan);
		timeout = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), wakes_at);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 timeout, wait_event());
		osm_worker_shared->launcher_wakes++;
	}
}
