/*-------------------------------------------------------------------------
 * worker_shmem.c
 *	  Shared memory of the background worker, its registration, and
 *	  osm.worker_status().
 *
 * A fixed array of slots keyed by database OID: the launcher is connected to no
 * database, so it can look nothing up and must be told.  The array has a fixed
 * size because shared memory has, enough for hundreds of databases; one too many is
 * said once and is not served, it never pushes another one out.
 *
 * The library is loaded in three ways and only one may register anything:
 * preloaded by an ordinary postmaster.  In binary upgrade a worker would count as
 * a session that keeps pg_upgrade from its databases, and on demand it is too late
 * for shared memory; then osm_worker_shared stays NULL and everything here that
 * sessions call does nothing.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "osm_workflow.h"
#include "osm_worker.h"
#include "worker_shmem.h"

#define TRANCHE "osm_workflow"

/* a failing database is tried again after a second, twice that, … up to naptime */
#define FIRST_RETRY INT64CONST(1000000)

OsmWorkerShared *osm_worker_shared = NULL;

static shmem_startup_hook_type previous_shmem_startup = NULL;
#if PG_VERSION_NUM >= 150000
static shmem_request_hook_type previous_shmem_request = NULL;
#endif

static void
request_memory(void)
{
#if PG_VERSION_NUM >= 150000
	if (previous_shmem_request)
		previous_shmem_request();
#endif
	RequestAddinShmemSpace(MAXALIGN(sizeof(OsmWorkerShared)));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

/*
 * startup_memory creates the shared memory, or finds it in a child that was not
 * forked.  It is run again after a crash: then every slot begins as unknown, and
 * the launcher looks into every database.
 */
static void
startup_memory(void)
{
	bool		found;

	if (previous_shmem_startup)
		previous_shmem_startup();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	osm_worker_shared = ShmemInitStruct("osm_workflow", sizeof(OsmWorkerShared), &found);
	if (!found)
	{
		int			i;

		memset(osm_worker_shared, 0, sizeof(OsmWorkerShared));
		osm_worker_shared->lock = &(GetNamedLWLockTranche(TRANCHE))->lock;
		for (i = 0; i < OSM_WORKER_DATABASES; i++)
			pg_atomic_init_u64(&osm_worker_shared->slots[i].next_due, (uint64) DT_NOEND);
	}
	LWLockRelease(AddinShmemInitLock);
}

/*
 * osm_worker_init registers the launcher, its shared memory and the hooks of the
 * sessions, in a postmaster that preloads the library; otherwise nothing.
 */
void
osm_worker_init(void)
{
	BackgroundWorker worker;

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;

#if PG_VERSION_NUM >= 150000
	previous_shmem_request = shmem_request_hook;
	shmem_request_hook = request_memory;
#else
	request_memory();
#endif
	previous_shmem_startup = shmem_startup_hook;
	shmem_startup_hook = startup_memory;

	osm_worker_signal_init();

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), "osm_workflow");
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "osm_launcher_main");
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "osm_workflow launcher");
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "osm_workflow launcher");
	RegisterBackgroundWorker(&worker);
}

/*
 * osm_slot_find returns a database's slot, or NULL when there is none; with create
 * a free one is taken, and NULL means that all are in use.  The caller holds the
 * lock, exclusively to create.
 */
OsmWorkerSlot *
osm_slot_find(Oid database, bool create)
{
	OsmWorkerSlot *unused = NULL;
	int			i;

	for (i = 0; i < osm_worker_shared->slots_used; i++)
	{
		OsmWorkerSlot *slot = &osm_worker_shared->slots[i];

		if (slot->database == database)
			return slot;
		if (unused == NULL && !OidIsValid(slot->database))
			unused = slot;
	}
	if (!create)
		return NULL;
	if (unused == NULL)
	{
		if (osm_worker_shared->slots_used == OSM_WORKER_DATABASES)
		{
			osm_worker_shared->full = true;
			return NULL;
		}
		unused = &osm_worker_shared->slots[osm_worker_shared->slots_used++];
	}
	memset(unused, 0, sizeof(OsmWorkerSlot));
	pg_atomic_init_u64(&unused->next_due, (uint64) DT_NOEND);
	unused->held = DT_NOEND;
	unused->simulated_now = DT_NOBEGIN;
	unused->calendars_short = -1;
	unused->database = database;
	return unused;
}

TimestampTz
osm_slot_next_due(const OsmWorkerSlot *slot)
{
	return (TimestampTz) pg_atomic_read_u64((pg_atomic_uint64 *) &slot->next_due);
}

void
osm_slot_set_next_due(OsmWorkerSlot *slot, TimestampTz due)
{
	pg_atomic_write_u64(&slot->next_due, (uint64) due);
}

/*
 * osm_slot_due_at says when a worker is to be started for what is due, by the real
 * clock; DT_NOEND for never.  A term is in time until its due instant inclusive, so
 * it is late one microsecond after.  Simulated time does not pass: there something
 * is due now or not until somebody says so.
 */
TimestampTz
osm_slot_due_at(const OsmWorkerSlot *slot)
{
	TimestampTz due = osm_slot_next_due(slot);

	if (slot->simulated_now != DT_NOBEGIN)
		return due < slot->simulated_now ? 0 : DT_NOEND;
	if (due == DT_NOBEGIN)
		return 0;
	return due == DT_NOEND ? DT_NOEND : due + 1 - OSM_WORKER_HEAD_START;
}

/*
 * osm_slot_wanted_at says when a worker is to be started, for what is due or for a
 * look, by the real clock; DT_NOEND when none is wanted.
 */
TimestampTz
osm_slot_wanted_at(const OsmWorkerSlot *slot)
{
	return Max(Min(slot->look_at, osm_slot_due_at(slot)), slot->not_before);
}

/*
 * osm_slot_put_back ends a pass that did not deal with what was due: that is due
 * still.  The caller holds the lock and sets when to come back.
 */
void
osm_slot_put_back(OsmWorkerSlot *slot)
{
	slot->in_pass = false;
	if (slot->pass_due < osm_slot_next_due(slot))
		osm_slot_set_next_due(slot, slot->pass_due);
}

/*
 * osm_slot_fail records an error (packed SQLSTATE and message) and puts the next
 * attempt off, longer each time up to naptime.  The caller holds the lock.
 */
void
osm_slot_fail(OsmWorkerSlot *slot, TimestampTz now, int code, const char *message)
{
	int64		wait = FIRST_RETRY << Min(slot->failures, 20);

	slot->failures++;
	slot->state = OSM_DATABASE_FAILED;
	slot->error_code = code;
	slot->error_at = now;
	strlcpy(slot->error, message, sizeof(slot->error));
	slot->look_at = now;
	slot->not_before = now + Min(wait, (int64) osm_worker_naptime * USECS_PER_SEC);
}

static int
lag_bucket(int64 lag)
{
	int			octave = 4;
	int			bucket;

	if (lag < OSM_LAG_EXACT)
		return (int) Max(lag, 0);
	while (octave < 62 && (lag >> (octave + 1)) != 0)
		octave++;
	bucket = OSM_LAG_EXACT + (octave - 4) * 8 + (int) ((lag >> (octave - 3)) & 7);
	return Min(bucket, OSM_LAG_BUCKETS - 1);
}

/*
 * osm_slot_lag adds a lag in microseconds to the histogram.  The caller holds the
 * lock.
 */
void
osm_slot_lag(OsmWorkerSlot *slot, int64 lag)
{
	slot->lag[lag_bucket(lag)]++;
	slot->lag_max = Max(slot->lag_max, lag);
}

/*
 * osm_slot_lag_percentile returns the upper end of the bucket that holds the given
 * fraction, in microseconds, no more than the greatest lag; -1 without any.
 */
int64
osm_slot_lag_percentile(const OsmWorkerSlot *slot, double fraction)
{
	uint64		total = 0;
	uint64		seen = 0;
	int			i;

	for (i = 0; i < OSM_LAG_BUCKETS; i++)
		total += slot->lag[i];
	if (total == 0)
		return -1;
	for (i = 0; i < OSM_LAG_BUCKETS; i++)
	{
		seen += slot->lag[i];
		if ((double) seen >= fraction * (double) total)
			break;
	}
	if (i < OSM_LAG_EXACT)
		return i;
	if (i >= OSM_LAG_BUCKETS - 1)
		return slot->lag_max;
	i -= OSM_LAG_EXACT;
	return Min(slot->lag_max, ((INT64CONST(9) + i % 8) << (i / 8 + 1)) - 1);
}

/* osm_database_state_name returns the word osm.worker_status shows. */
const char *
osm_database_state_name(OsmDatabaseState state)
{
	switch (state)
	{
		case OSM_DATABASE_UNKNOWN:
			return "unknown";
		case OSM_DATABASE_NO_EXTENSION:
			return "no extension";
		case OSM_DATABASE_NO_TABLES:
			return "no tables";
		case OSM_DATABASE_INCOMPLETE:
			return "incomplete";
		case OSM_DATABASE_OTHER_VERSION:
			return "other version";
		case OSM_DATABASE_NOT_COORDINATOR:
			return "not coordinator";
		case OSM_DATABASE_SUBSCRIBER:
			return "subscriber";
		case OSM_DATABASE_BUSY:
			return "busy";
		case OSM_DATABASE_FAILED:
			return "failed";
		case OSM_DATABASE_READY:
			return "ready";
	}
	return "unknown";
}

/* begin_rows prepares a function's materialised result; errors: 0A000 elsewhere. */
static Tuplestorestate *
begin_rows(FunctionCallInfo fcinfo, TupleDesc *tupdesc)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old;
	Tuplestorestate *store;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		!(rsinfo->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	*tupdesc = BlessTupleDesc(*tupdesc);
	store = tuplestore_begin_heap(true, false, work_mem);
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setResult = store;
	rsinfo->setDesc = *tupdesc;
	MemoryContextSwitchTo(old);
	return store;
}

/* store an instant, NULL where it says none or never */
static void
put_instant(Datum *value, bool *isnull, TimestampTz instant)
{
	*isnull = instant == 0 || instant == DT_NOEND;
	*value = TimestampTzGetDatum(instant);
}

/* store microseconds as milliseconds, NULL where negative */
static void
put_lag(Datum *value, bool *isnull, int64 lag)
{
	*isnull = lag < 0;
	*value = Float8GetDatum((double) lag / 1000.0);
}

#define STATUS_COLUMNS 16

PG_FUNCTION_INFO_V1(osm_worker_status);

/*
 * osm.worker_status() returns a row per database the launcher knows of; the rows of
 * other databases only to members of pg_read_all_stats.  No row without preload.
 */
Datum
osm_worker_status(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	Tuplestorestate *store = begin_rows(fcinfo, &tupdesc);
	bool		all = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	OsmWorkerSlot *copy;
	int			used;
	int			i;

	if (osm_worker_shared == NULL)
		return (Datum) 0;

	copy = palloc(sizeof(osm_worker_shared->slots));
	LWLockAcquire(osm_worker_shared->lock, LW_SHARED);
	used = osm_worker_shared->slots_used;
	memcpy(copy, osm_worker_shared->slots, used * sizeof(OsmWorkerSlot));
	LWLockRelease(osm_worker_shared->lock);

	for (i = 0; i < used; i++)
	{
		OsmWorkerSlot *slot = &copy[i];
		Datum		values[STATUS_COLUMNS];
		bool		nulls[STATUS_COLUMNS] = { false };
		char	   *name;

		if (!OidIsValid(slot->database) || !(all || slot->database == MyDatabaseId))
			continue;
		name = get_database_name(slot->database);
		if (name == NULL)
			continue;
		values[0] = CStringGetTextDatum(name);
		values[1] = CStringGetTextDatum(slot->served ? osm_database_state_name(slot->state)
										: "not served");
		values[2] = BoolGetDatum(slot->worker_pid != 0);
		put_instant(&values[3], &nulls[3], slot->last_pass);
		if (slot->in_pass)
			osm_slot_put_back(slot);
		put_instant(&values[4], &nulls[4], Min(slot->held, osm_slot_next_due(slot)));
		values[5] = Int64GetDatum(slot->passes);
		values[6] = Int64GetDatum(slot->breaches);
		values[7] = Int64GetDatum(slot->warnings);
		values[8] = Int64GetDatum(slot->reports);
		put_lag(&values[9], &nulls[9], osm_slot_lag_percentile(slot, 0.50));
		put_lag(&values[10], &nulls[10], osm_slot_lag_percentile(slot, 0.99));
		put_lag(&values[11], &nulls[11], nulls[9] ? -1 : slot->lag_max);
		put_instant(&values[14], &nulls[14], slot->error_at);
		nulls[12] = nulls[13] = nulls[14];
		if (!nulls[14])
		{
			values[12] = CStringGetTextDatum(slot->error);
			values[13] = CStringGetTextDatum(unpack_sql_state(slot->error_code));
		}
		values[15] = Int32GetDatum(slot->calendars_short);
		nulls[15] = slot->calendars_short < 0;
		tuplestore_putvalues(store, tupdesc, values, nulls);
	}
	return (Datum) 0;
}

#define LAUNCHER_COLUMNS 5

PG_FUNCTION_INFO_V1(osm_worker_launcher);

/* osm.worker_launcher() returns the one row about the launcher; none without preload. */
Datum
osm_worker_launcher(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	Tuplestorestate *store = begin_rows(fcinfo, &tupdesc);
	Datum		values[LAUNCHER_COLUMNS];
	bool		nulls[LAUNCHER_COLUMNS] = { false };

	if (osm_worker_shared == NULL)
		return (Datum) 0;

	LWLockAcquire(osm_worker_shared->lock, LW_SHARED);
	values[0] = Int32GetDatum((int32) osm_worker_shared->launcher_pid);
	nulls[0] = osm_worker_shared->launcher_pid == 0;
	put_instant(&values[1], &nulls[1], osm_worker_shared->launcher_started);
	put_instant(&values[2], &nulls[2], osm_worker_shared->launcher_wakes_at);
	values[3] = Int64GetDatum(osm_worker_shared->launcher_wakes);
	values[4] = Int64GetDatum(osm_worker_shared->workers_started);
	LWLockRelease(osm_worker_shared->lock);
	tuplestore_putvalues(store, tupdesc, values, nulls);
	return (Datum) 0;
}
