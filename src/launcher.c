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
 * again, so that nothing rests on a wake-up alone, nor on a clock nobody sets.  It
 * waits on its latch, which also lets it absorb the barriers that dropping a database
 * waits for.
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

/* the same complaint about places is not repeated within an hour, microseconds */
#define SAY_AGAIN INT64CONST(3600000000)

/* a worker that was asked for, until its process has ended */
typedef struct StartedWorker
{
	Oid			database;
	BackgroundWorkerHandle *handle;
} StartedWorker;

static StartedWorker started[OSM_WORKER_DATABASES];
static int	n_started = 0;

/* when the server had no place for a worker: no other is asked for before */
static TimestampTz no_place_until = 0;
static TimestampTz said_no_place_at = 0;

static bool said_full = false;

/* the names of osm_workflow.databases last complained of; malloc'ed, NULL none */
static char *said_unknown = NULL;

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
	for (i = 0; i < osm_worker_shared->slots_used; i++)
		osm_worker_shared->slots[i].starting = false;
	LWLockRelease(osm_worker_shared->lock);
	before_shmem_exit(launcher_exit, 0);
}

/*
 * listed_names returns the names in osm_workflow.databases; NIL for all databases.
 * The list has been checked when it was set; if it cannot be read all the same, no
 * database is served rather than one too many.
 */
static List *
listed_names(void)
{
	List	   *names = NIL;

	if (!SplitIdentifierString(pstrdup(osm_worker_databases ? osm_worker_databases : ""), ',',
							   &names))
		names = list_make1("");
	return names;
}

/*
 * take_name says whether a list of names lets the worker into a database, and marks
 * the name as found by emptying it.
 */
static bool
take_name(List *names, const char *name)
{
	bool		found = names == NIL;
	ListCell   *cell;

	foreach(cell, names)
	{
		char	   *listed = (char *) lfirst(cell);

		if (strcmp(listed, name) == 0)
		{
			listed[0] = '\0';
			found = true;
		}
	}
	return found;
}

static int
compare_oids(const void *a, const void *b)
{
	Oid			left = *(const Oid *) a;
	Oid			right = *(const Oid *) b;

	return left < right ? -1 : left > right;
}

/*
 * read_databases returns the databases a worker may enter, sorted by OID, and their
 * number.  From names it takes what it finds.  Palloc'd in the caller's context.
 */
static Oid *
read_databases(List *names, int *n)
{
	MemoryContext context = CurrentMemoryContext;
	int			room = 64;
	Oid		   *databases = palloc(room * sizeof(Oid));
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	*n = 0;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);

		if (form->datistemplate || !form->datallowconn)
			continue;
#ifdef DATCONNLIMIT_INVALID_DB
		if (form->datconnlimit == DATCONNLIMIT_INVALID_DB)
			continue;
#endif
		if (!take_name(names, NameStr(form->datname)))
			continue;
		if (*n == room)
			databases = repalloc(databases, (room *= 2) * sizeof(Oid));
		databases[(*n)++] = form->oid;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	qsort(databases, *n, sizeof(Oid), compare_oids);
	return databases;
}

/*
 * complain_of_names says which names of osm_workflow.databases stand for no
 * database that could be served, once until they are others.
 */
static void
complain_of_names(List *names)
{
	StringInfoData unknown;
	ListCell   *cell;

	initStringInfo(&unknown);
	foreach(cell, names)
	{
		if (((char *) lfirst(cell))[0] != '\0')
			appendStringInfo(&unknown, "%s\"%s\"", unknown.len > 0 ? ", " : "",
							 (char *) lfirst(cell));
	}
	if (unknown.len > 0 && (said_unknown == NULL || strcmp(said_unknown, unknown.data) != 0))
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_DATABASE),
				 errmsg("\"osm_workflow.databases\" names what cannot be served: %s",
						unknown.data),
				 errdetail("No database of that name is there, or it is a template or closed to "
						   "connections."),
				 errhint("Names with capitals need double quotes.")));
	free(said_unknown);
	said_unknown = unknown.len > 0 ? strdup(unknown.data) : NULL;
}

/*
 * scan_databases brings the slots in line with pg_database: a new database gets
 * one, one that is gone or no longer served loses it.
 *
 * Rows can arrive without anybody noting a due instant.  So databases nobody has
 * looked at for long are looked at again, not all of them at once.  Where there is
 * no extension none can arrive before it is created, which is told.
 */
static void
scan_databases(void)
{
	MemoryContext scratch = AllocSetContextCreate(TopMemoryContext, "osm_workflow databases",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz long_ago = now - LOOK_AGAIN_NAPTIMES * osm_worker_naptime * USECS_PER_SEC;
	List	   *names = listed_names();
	int			looks;
	Oid		   *databases;
	bool	   *has_slot;
	int			n;
	bool		full;
	int			i;

	/* a change from here on asks for another scan */
	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	osm_worker_shared->rescan = false;
	osm_worker_shared->full = false;
	LWLockRelease(osm_worker_shared->lock);

	databases = read_databases(names, &n);
	has_slot = palloc0(n * sizeof(bool));
	looks = n / LOOK_AGAIN_NAPTIMES + 1;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	for (i = 0; i < osm_worker_shared->slots_used; i++)
	{
		OsmWorkerSlot *slot = &osm_worker_shared->slots[i];
		Oid		   *found;

		if (!OidIsValid(slot->database))
			continue;
		found = bsearch(&slot->database, databases, n, sizeof(Oid), compare_oids);
		if (found != NULL)
		{
			slot->served = true;
			has_slot[found - databases] = true;
			if (looks > 0 && slot->worker_pid == 0 &&
				slot->state != OSM_DATABASE_NO_EXTENSION &&
				slot->last_look != 0 && slot->last_look < long_ago)
			{
				slot->look_at = Min(slot->look_at, now);
				looks--;
			}
		}
		else if (slot->worker_pid == 0 && !slot->starting)
			slot->database = InvalidOid;
		else
		{
			slot->served = false;
			if (slot->worker_latch != NULL)
				SetLatch(slot->worker_latch);
		}
	}
	for (i = 0; i < n; i++)
	{
		OsmWorkerSlot *slot = has_slot[i] ? NULL : osm_slot_find(databases[i], true);

		if (slot != NULL)
			slot->served = true;
	}
	full = osm_worker_shared->full;
	LWLockRelease(osm_worker_shared->lock);

	if (full && !said_full)
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("osm_workflow serves no more than %d databases", OSM_WORKER_DATABASES),
				 errdetail("%d databases accept connections.", n),
				 errhint("Name those it is to serve in \"osm_workflow.databases\".")));
	said_full = full;
	complain_of_names(names);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

/*
 * reap forgets workers whose process has ended.  One that reported has cleared its
 * slot itself; one that could not start has not.
 */
static void
reap(void)
{
	TimestampTz now = GetCurrentTimestamp();
	int			i = 0;

	while (i < n_started)
	{
		OsmWorkerSlot *slot;
		pid_t		pid;

		if (GetBackgroundWorkerPid(started[i].handle, &pid) != BGWH_STOPPED)
		{
			i++;
			continue;
		}
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
		started[i] = started[--n_started];
	}
}

/* is_started says whether the process of a database's worker is still there. */
static bool
is_started(Oid database)
{
	int			i;

	for (i = 0; i < n_started; i++)
	{
		if (started[i].database == database)
			return true;
	}
	return false;
}

/*
 * start_worker asks the postmaster for a worker in a database that has none; false
 * when the server has no place for one.
 */
static bool
start_worker(Oid database)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;

	if (n_started == lengthof(started))
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
	started[n_started].database = database;
	started[n_started].handle = handle;
	n_started++;
	return true;
}

/*
 * next_to_start picks the database whose worker is wanted first, if that is now,
 * and marks it as starting; InvalidOid when there is none.  *wakes_at is set to
 * the instant one will be wanted, no later than next_scan.  What is due comes before
 * mere looks.
 *
 * Our workers take at most half of what the server allows, so that parallel
 * queries and others keep their share; the rest wait for a worker to end, and those
 * that linger are told to go.
 */
static Oid
next_to_start(TimestampTz now, TimestampTz next_scan, TimestampTz *wakes_at)
{
	OsmWorkerShared *shared = osm_worker_shared;
	OsmWorkerSlot *first = NULL;
	TimestampTz first_due = DT_NOEND;
	Oid			database = InvalidOid;
	int			running = n_started;
	bool		crowded;
	int			i;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	*wakes_at = next_scan;
	for (i = 0; i < shared->slots_used; i++)
	{
		OsmWorkerSlot *slot = &shared->slots[i];
		TimestampTz at;
		TimestampTz due;

		if (!OidIsValid(slot->database) || is_started(slot->database))
			continue;
		if (slot->worker_pid != 0)
		{
			/* of a launcher before us */
			running++;
			continue;
		}
		if (!slot->served)
			continue;
		at = Max(osm_slot_wanted_at(slot), no_place_until);
		due = osm_slot_due_at(slot);
		if (at > now)
			*wakes_at = Min(*wakes_at, at);
		else if (first == NULL || due < first_due)
		{
			first = slot;
			first_due = due;
		}
	}
	crowded = first != NULL && running >= Max(1, max_worker_processes / 2);
	if (crowded && !shared->crowded)
	{
		for (i = 0; i < shared->slots_used; i++)
		{
			if (shared->slots[i].worker_latch != NULL)
				SetLatch(shared->slots[i].worker_latch);
		}
	}
	shared->crowded = crowded;
	if (first != NULL && !crowded)
	{
		first->starting = true;
		database = first->database;
	}
	shared->launcher_wakes_at = *wakes_at;
	LWLockRelease(shared->lock);
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
		else
		{
			no_place_until = now + NO_PLACE_RETRY;
			if (slot != NULL)
				slot->starting = false;
		}
		LWLockRelease(osm_worker_shared->lock);

		if (!done && (said_no_place_at == 0 || now - said_no_place_at >= SAY_AGAIN))
		{
			said_no_place_at = now;
			ereport(WARNING,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("osm_workflow could not start a worker"),
					 errdetail("All places for background processes are taken; it is tried again "
							   "every second."),
					 errhint("You might need to increase \"max_worker_processes\".")));
		}
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
	no_place_until = 0;
	osm_worker_shared->asked_at = 0;
	for (i = 0; i < osm_worker_shared->slots_used; i++)
	{
		if (OidIsValid(osm_worker_shared->slots[i].database))
		{
			osm_worker_shared->slots[i].look_at = 0;
			osm_worker_shared->slots[i].not_before = 0;
			osm_worker_shared->slots[i].calendars_read = 0;
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
 * osm_worker_pin_settings keeps off, in the launcher and in workers, what a database,
 * a role or the configuration file sets for sessions that somebody waits for: limits
 * that would end a pass or the process, and an isolation in which a pass would fail
 * because of a step at the same time.  To be called before the process connects.
 */
void
osm_worker_pin_settings(void)
{
	SetConfigOption("statement_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("lock_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
#if PG_VERSION_NUM >= 170000
	SetConfigOption("transaction_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
#endif
	SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET,
					PGC_S_OVERRIDE);
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

	osm_worker_pin_settings();
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
		if (next_scan - now > (int64) osm_worker_naptime * USECS_PER_SEC)
		{
			/* the clock was set back; what was put off by it is not put off for as long */
			look_everywhere();
			next_scan = 0;
		}
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
