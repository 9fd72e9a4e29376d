/*-------------------------------------------------------------------------
 * osm_workflow.c
 *	  Module entry: settings, the one clock, and owner's rights.
 *
 * The library is loaded in three situations: preloaded by the postmaster
 * (the worker is registered), on demand by a session (everything but the
 * worker), and in binary upgrade (nothing may be registered).  Settings are
 * defined in all of them, so that a session without preload behaves the same.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "osm_workflow.h"
#include "osm_worker.h"

PG_MODULE_MAGIC;

/* a setting's extra data was malloc'ed before 16 */
#if PG_VERSION_NUM < 160000
#define guc_malloc(elevel, size) malloc(size)
#define guc_free(pointer) free(pointer)
#endif

char	   *osm_default_calendar = NULL;
bool		osm_strict_calendar = false;
char	   *osm_simulated_now = NULL;
int			osm_worker_naptime = 60;
char	   *osm_worker_databases = NULL;
int			osm_worker_idle = 1000;

/* what osm_simulated_now means, set by its assign hook */
static bool simulated = false;
static TimestampTz simulated_instant = 0;

PGDLLEXPORT void _PG_init(void);

/*
 * check_simulated_now accepts '' or a timestamptz literal and hands the parsed
 * instant to the assign hook.  A literal is read in the session's time zone;
 * name an offset in configuration files.  Special words such as "now" would
 * freeze at the instant of SET, which is what they say.
 */
static bool
check_simulated_now(char **newval, void **extra, GucSource source)
{
	TimestampTz *instant;
	MemoryContext context = CurrentMemoryContext;
	volatile bool ok = true;

	if (*newval == NULL || (*newval)[0] == '\0')
		return true;

	instant = (TimestampTz *) guc_malloc(LOG, sizeof(TimestampTz));
	if (instant == NULL)
		return false;

	/*
	 * timestamptz_in() reports bad text by an error; at SET that would name
	 * no setting, and in a configuration file it must not end the postmaster.
	 */
	PG_TRY();
	{
		*instant = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
														   CStringGetDatum(*newval),
														   ObjectIdGetDatum(InvalidOid),
														   Int32GetDatum(-1)));
	}
	PG_CATCH();
	{
		if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		ok = false;
	}
	PG_END_TRY();

	if (!ok || TIMESTAMP_NOT_FINITE(*instant))
	{
		guc_free(instant);
		GUC_check_errdetail("The value must be empty or a finite timestamp with time zone.");
		return false;
	}
	*extra = instant;
	return true;
}

static void
assign_simulated_now(const char *newval, void *extra)
{
	simulated = (extra != NULL);
	if (simulated)
		simulated_instant = *(TimestampTz *) extra;
}

/*
 * check_databases accepts a list of names as SQL spells them.  Whether databases of
 * these names are there is not known here: the launcher says it.
 */
static bool
check_databases(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval ? *newval : "");
	List	   *names = NIL;
	bool		ok = SplitIdentifierString(copy, ',', &names);

	if (!ok)
		GUC_check_errdetail("The value must be names of databases, separated by commas.");
	list_free(names);
	pfree(copy);
	return ok;
}

/*
 * _PG_init defines the settings and, in the postmaster, registers the worker.
 */
void
_PG_init(void)
{
	DefineCustomStringVariable("osm_workflow.calendar",
							   "Calendar of business time functions that are given none.",
							   NULL, &osm_default_calendar, "ru",
							   PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"osm_workflow.databases",
		"Comma-separated list of databases the worker serves; empty for all that have the extension.",
		NULL, &osm_worker_databases, "", PGC_SIGHUP, GUC_LIST_INPUT, check_databases, NULL, NULL);
	DefineCustomIntVariable("osm_workflow.naptime",
							"Time between the launcher's safety passes.",
							NULL, &osm_worker_naptime, 60, 1, 86400,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"osm_workflow.simulated_now",
		"Instant that osm.now() returns instead of the time of day, for tests and training.", NULL,
		&osm_simulated_now, "", PGC_SUSET, 0, check_simulated_now, assign_simulated_now, NULL);
	DefineCustomBoolVariable("osm_workflow.strict_calendar",
							 "Refuses deadlines beyond the last year a calendar is known for.",
							 NULL, &osm_strict_calendar, false,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("osm_workflow.worker_idle",
							"How long a database's worker waits for more work before it ends.",
							NULL, &osm_worker_idle, 1000, 0, 60000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
#if PG_VERSION_NUM >= 150000
	MarkGUCPrefixReserved("osm_workflow");
#else
	EmitWarningsOnPlaceholders("osm_workflow");
#endif

	osm_actor_init();
	osm_worker_init();
}

/*
 * osm_now returns the one clock of the product: the simulated instant, or the
 * start of the current transaction, so that all that a transaction reads agrees.
 * (Steps are dated by when they are taken: see settle_time() in step_prepare.c.)
 */
TimestampTz
osm_now(void)
{
	return simulated ? simulated_instant : GetCurrentTransactionStartTimestamp();
}

bool
osm_now_is_simulated(void)
{
	return simulated;
}

/*
 * osm_instant_iso prints an instant in UTC with microseconds, the same in every
 * session: "2026-11-23T03:00:00.000000Z".  Palloc'd.
 */
char *
osm_instant_iso(TimestampTz instant)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_IS_NOBEGIN(instant))
		return pstrdup("-infinity");
	if (TIMESTAMP_IS_NOEND(instant))
		return pstrdup("infinity");
	if (timestamp2tm(instant, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year, tm.tm_mon, tm.tm_mday,
					tm.tm_hour, tm.tm_min, tm.tm_sec, (int) fsec);
}

PG_FUNCTION_INFO_V1(osm_sql_now);

/* osm.now() */
Datum
osm_sql_now(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(osm_now());
}

/*
 * osm_relation looks up a table of schema osm by name.  It raises 55000 when the
 * tables have not been created, unless missing_ok.
 */
Oid
osm_relation(const char *name, bool missing_ok)
{
	Oid			namespace_id = get_namespace_oid("osm", true);
	Oid relid = OidIsValid(namespace_id) ? get_relname_relid(name, namespace_id) : InvalidOid;

	if (!OidIsValid(relid) && !missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the tables of osm_workflow are not installed in this database"),
				 errdetail("Table \"osm.%s\" does not exist.", name),
				 errhint("Run SELECT osm.install().")));
	return relid;
}

/*
 * osm_become_owner switches to the owner of the tables for the look-ups and
 * writes a step consists of, as referential integrity triggers do: the user who
 * takes a step needs no right on the tables the step is recorded in, and row
 * security does not hide what a rule has to see.  An error restores the user by
 * way of the transaction machinery; otherwise call osm_become_user().
 */
void
osm_become_owner(OsmOwnerRights *saved)
{
	Oid			relid = osm_relation("incident", false);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);

	GetUserIdAndSecContext(&saved->save_userid, &saved->save_sec_context);
	SetUserIdAndSecContext(owner,
						   saved->save_sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
}

void
osm_become_user(const OsmOwnerRights *saved)
{
	SetUserIdAndSecContext(saved->save_userid, saved->save_sec_context);
}

/*
 * osm_materialize prepares a set-returning function to fill a tuplestore
 * (InitMaterializedSRF is 15+).
 */
void
osm_materialize(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;
	TupleDesc	desc;

	if (result == NULL || !IsA(result, ReturnSetInfo) ||
		(result->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	caller = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result->returnMode = SFRM_Materialize;
	result->setDesc = desc;
	result->setResult = tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0,
											  false, work_mem);
	MemoryContextSwitchTo(caller);
}
