/*-------------------------------------------------------------------------
 * worker_calendars.c
 *	  Whether the calendars in use are known far enough, looked at by the worker.
 *
 * The official calendar of a year appears in the autumn before.  Who forgets to load
 * it sees nothing: terms go on, counted on guessed days, and move when the year is
 * loaded at last.  So the worker says it, while there is time: once in the log until
 * the finding is another, and as a number in osm.worker_status.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "pgstat.h"
#include "utils/builtins.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "worker_shmem.h"

static const char *const shortage_sql =
	"SELECT pg_catalog.format('\"%s\" (%s)', s.limited_by, s.known_until) "
	"FROM osm.calendar_shortage AS s GROUP BY s.limited_by, s.known_until "
	"ORDER BY s.known_until, s.limited_by";

/*
 * osm_read_calendars finds the calendars to be loaded.  It runs as the owner of the
 * tables, in a transaction of the worker.
 */
void
osm_read_calendars(OsmPass *pass)
{
	static SPIPlanPtr plan = NULL;
	int			used = 0;
	uint64		i;

	pgstat_report_activity(STATE_RUNNING, "looking at osm.calendar_shortage");
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	(void) osm_spi_run(&plan, shortage_sql, 0, NULL, NULL, NULL, SPI_OK_SELECT);
	pass->calendars_short = (int) SPI_processed;
	for (i = 0; i < SPI_processed; i++)
	{
		char	   *one = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		int			room = (int) sizeof(pass->calendars) - used;

		if ((int) strlen(one) + 8 > room)
		{
			strlcpy(pass->calendars + used, ", ...", room);
			break;
		}
		used += snprintf(pass->calendars + used, room, "%s%s", i > 0 ? ", " : "", one);
	}
	SPI_finish();
}

/*
 * osm_report_calendars records what was found, or the error that kept it from being
 * found, and says it if it is not what was said last.
 */
void
osm_report_calendars(OsmWorkerSlot *slot, const char *database, const OsmPass *pass,
					 const ErrorData *error)
{
	uint32		said = 0;
	bool		news;

	if (error != NULL)
		said = (uint32) error->sqlerrcode;
	else if (pass->calendars_short > 0)
		said = hash_bytes((const unsigned char *) pass->calendars,
						  (int) strlen(pass->calendars)) | 1;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot->calendars_short = error != NULL ? -1 : pass->calendars_short;
	news = slot->calendars_said != said;
	slot->calendars_said = said;
	LWLockRelease(osm_worker_shared->lock);

	if (error != NULL && news)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("osm_workflow worker could not look at the calendars of database \"%s\": %s",
						database, error->message ? error->message : ""),
				 errdetail("SQLSTATE is %s. Terms are watched all the same.",
						   unpack_sql_state(error->sqlerrcode)),
				 errhint("View osm.calendar_shortage in that database gives the same error to "
						 "whoever asks it.")));
	if (error == NULL && said != 0 && news)
		ereport(WARNING,
				(errcode(ERRCODE_OSM_UNKNOWN_CALENDAR),
				 errmsg("calendars in database \"%s\" are not known far enough: %s", database,
						pass->calendars),
				 errdetail("Terms that reach beyond these dates are counted on guessed days and "
						   "move when the days are known."),
				 errhint("Load the next year with osm.load_production_calendar(); view "
						 "osm.calendar_shortage says how many terms run on guesses.")));
}
