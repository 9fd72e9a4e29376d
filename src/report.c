/*-------------------------------------------------------------------------
 * report.c
 *	  Periodic reports in a pass: when the next one is to be frozen, and freezing it.
 *
 * What there is to do is a view, osm.report_schedule; doing it is SQL.  The hazard
 * is time: computing a report takes as long as there is data, and terms end
 * meanwhile.  So a worker freezes one at a time, in a pass that found nothing else
 * to do and when nothing is due for some seconds, and what has been flagged is
 * committed before.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "postmaster/bgworker.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

/* while a worker is busy it looks no more often, microseconds */
#define LOOK_INTERVAL INT64CONST(1000000)
/* for how long nothing else may be due when a worker begins a report; how long it waits for that */
#define LULL INT64CONST(5000000)
#define PATIENCE INT64CONST(600000000)

/* without parameters, so that it is planned once a process: planning takes far longer */
static const char *const look_sql =
	"SELECT s.freeze_at FROM osm.report_schedule AS s ORDER BY 1";

/* is_worker tells whether this process is a worker of ours, not a session. */
static bool
is_worker(void)
{
	return MyBgworkerEntry != NULL &&
		strcmp(MyBgworkerEntry->bgw_function_name, "osm_worker_main") == 0;
}

/* when a report is to be frozen next, and next after then; DT_NOEND for never */
static TimestampTz next_report = DT_NOEND;
static TimestampTz later_report = DT_NOEND;
static TimestampTz looked_at = 0;

/* look finds out. */
static void
look(TimestampTz now)
{
	static SPIPlanPtr plan = NULL;
	int			n = osm_spi_run(&plan, look_sql, 0, NULL, NULL, NULL, SPI_OK_SELECT);

	next_report = later_report = DT_NOEND;
	for (int i = 0; i < n && later_report == DT_NOEND; i++)
	{
		bool		isnull;
		TimestampTz freeze_at = DatumGetTimestampTz(
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));

		next_report = Min(next_report, freeze_at);
		if (freeze_at > now)
			later_report = freeze_at;
	}
	looked_at = GetCurrentTimestamp();
}

/*
 * needs_look tells whether to look again.  A burst of terms is a pass every few
 * milliseconds; what a second of it does not see is a new act or authority.
 */
static bool
needs_look(TimestampTz now, bool busy)
{
	int64		since = GetCurrentTimestamp() - looked_at;

	return next_report <= now || !busy || !is_worker() || since < 0 || since > LOOK_INTERVAL;
}

/*
 * osm_freeze_due_report freezes one report whose period has ended, and returns how
 * many it has frozen; a worker that has been busy in this pass leaves it to the next,
 * and one for which a term ends soon waits for that.  next is when a report is to be
 * frozen next, before now where one waits; later the same without what waits.  SPI is
 * connected, the owner of the tables is the current user.
 */
int
osm_freeze_due_report(TimestampTz now, bool busy, TimestampTz soon, TimestampTz *next,
					  TimestampTz *later)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {BOOLOID};
	int			frozen = 0;

	if (needs_look(now, busy))
		look(now);
	*later = later_report;
	if (is_worker() && !busy && next_report <= now && now - next_report < PATIENCE &&
		soon > now && soon < now + LULL)
	{
		*next = soon;
		return 0;
	}
	if (next_report <= now && !(busy && is_worker()))
	{
		Datum		value = BoolGetDatum(is_worker());
		bool		isnull;

		(void) osm_spi_run(&plan, "SELECT osm.freeze_due_report($1)", 1, types, &value, NULL,
						   SPI_OK_SELECT);
		frozen = DatumGetInt32(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		/* somebody may read it at once, and it is never computed again */
		if (frozen > 0)
			ForceSyncCommit();
		look(now);
	}
	/* due at once, also where time stands still */
	*next = next_report <= now ? Min(next_report, now - 1) : next_report;
	*later = later_report;
	return frozen;
}
