/*-------------------------------------------------------------------------
 * recalculate.c
 *	  Terms counted again after a calendar changed.
 *
 * A calendar published late moves terms that still run, never a verdict.  Who
 * changes one must not wait for a million clocks, so the change only leaves a
 * row behind, and osm.tick() works it off a few hundred incidents at a time;
 * each moved term is an event with the old and the new due instant.
 *
 * The hazard that shaped the order of work: a step that counted on the calendar
 * as it was may commit after the change and after the pass, which cannot see it.
 * So a pass that finds others writing comes once more when they are through.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/json.h"
#include "utils/tuplestore.h"

#include "clock.h"
#include "osm_worker.h"
#include "osm_workflow.h"
#include "spi_plan.h"

/* incidents one pass of osm.tick() looks at */
#define RECALCULATE_BATCH 200

PG_FUNCTION_INFO_V1(osm_recalculate);
PG_FUNCTION_INFO_V1(osm_request_recalculation);

/*
 * put_off_by_pauses gives the due instant of a term in days that stood still: each
 * finished pause put it off by its business days, unless it was late by then.  A
 * pause in which the incident changed hands is one, in several stretches; those of
 * one that lasts do not count yet.  SPI is connected.
 */
static TimestampTz
put_off_by_pauses(Step *step, const Clock *clock, OsmCalendar *calendar, TimestampTz due,
				  bool *provisional)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, TIMESTAMPTZOID};
	Datum		values[3];
	int			n;

	values[0] = Int64GetDatum(clock->id);
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = TimestampTzGetDatum(clock->state == CLOCK_PAUSED ? clock->paused_at : DT_NOEND);
	n = osm_spi_run(&plan,
					"SELECT pg_catalog.lower(p.span), pg_catalog.upper(p.span) "
					"FROM (SELECT pg_catalog.unnest(pg_catalog.range_agg(span)) AS span "
					"  FROM osm.clock_segment WHERE clock_id OPERATOR(pg_catalog.=) $1 "
					"  AND authority_id OPERATOR(pg_catalog.=) $2 "
					"  AND kind OPERATOR(pg_catalog.=) 'pause' "
					"  AND pg_catalog.lower(span) OPERATOR(pg_catalog.<) $3) AS p "
					"ORDER BY 1",
					3, types, values, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(step->context);
	for (int i = 0; i < n; i++)
	{
		BusinessInterval delay = {0, 0, 0};
		bool		isnull;
		TimestampTz from = DatumGetTimestampTz(
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		TimestampTz until = DatumGetTimestampTz(
			SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));

		delay.days = osm_calendar_days_between(calendar, osm_calendar_local_date(calendar, from),
											   osm_calendar_local_date(calendar, until));
		if (delay.days > 0 && from <= due)
			due = osm_calendar_add(calendar, due, &delay, provisional);
	}
	return due;
}

/* count_again moves a clock to the due instant its term has on the calendar as it is now. */
static void
count_again(Clocks *clocks, Clock *clock)
{
	OsmCalendar *calendar = osm_calendar_get(clock->calendar);
	TimestampTz old_due = clock->due_at;
	bool		was_provisional = clock->provisional;
	bool		provisional = false;
	bool		later = false;

	if (clock->rule->anchor != NULL)
	{
		Clock	   *anchor = osm_clock_open(clocks, clock->rule->anchor, 0, 0);

		/* late when its anchor was set by hand, it did not follow then */
		if (anchor == NULL ||
			(!anchor->has_term &&
			 (clock->state == CLOCK_PAUSED ? clock->paused_at : osm_now()) > clock->due_at))
			return;
		clock->provisional = false;
		osm_clock_anchor_due(clock, anchor);
		provisional = clock->provisional;
	}
	else if (clock->term.days != 0)
	{
		clock->due_at = osm_calendar_add(calendar, clock->started_at, &clock->term, &provisional);
		clock->due_at = put_off_by_pauses(clocks->step, clock, calendar, clock->due_at, &later);
		provisional |= later;
	}
	else
	{
		BusinessInterval rest = {clock->term.time - clock->used.time, 0, 0};

		/* late when it last stood still: it stands as it did then */
		if (rest.time < 0)
			return;
		/* what was used up before the last pause stays as it was counted then */
		clock->due_at = osm_calendar_add(calendar, clock->state == CLOCK_PAUSED ?
										 clock->paused_at : clock->resumed_at,
										 &rest, &provisional);
	}
	clock->provisional = provisional;
	if (clock->due_at == old_due && provisional == was_provisional)
		return;
	clock->due_moved = clock->due_at != old_due;
	if (clock->due_moved)
		clock->due_cause = DUE_CALENDAR;
	clock->dirty = true;
	osm_clock_note(clocks->step, clock, "recalculate", NULL, &old_due);
}

/*
 * osm_clocks_recalculate counts the open clocks on some calendars again, in
 * memory; false if none changed.  A due instant that was named, not counted,
 * stands; so does one the raising of the importance has made everybody's.
 */
bool
osm_clocks_recalculate(Clocks *clocks, const ActTexts *calendars)
{
	bool		changed = false;

	/* the rules are in an order in which an anchor comes before what hangs on it */
	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];

		if (!clock_is_open(clock) || !clock->has_term || clock->rule->anchor != NULL ||
			(clock->due_cause != NULL && strcmp(clock->due_cause, DUE_RAISED_LATE) == 0) ||
			!osm_texts_contain(calendars, clock->calendar))
			continue;
		count_again(clocks, clock);
		changed |= clock->dirty;
	}
	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];

		if (!clock_is_open(clock) || !clock->has_term || clock->rule->anchor == NULL ||
			!osm_texts_contain(calendars, clock->calendar))
			continue;
		count_again(clocks, clock);
		changed |= clock->dirty;
	}
	return changed;
}

/* family_of reads the names of a calendar and of all that lie over it. */
static ActTexts
family_of(const char *calendar, MemoryContext context)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {TEXTOID};
	Datum		value = CStringGetTextDatum(calendar);
	ActTexts	family;

	family.n = osm_spi_run(&plan,
						   "WITH RECURSIVE family (name) AS ("
						   "SELECT name FROM osm.calendar WHERE name OPERATOR(pg_catalog.=) $1 "
						   "UNION SELECT c.name FROM family AS f JOIN osm.calendar AS c "
						   "ON c.parent OPERATOR(pg_catalog.=) f.name) SELECT name FROM family",
						   1, types, &value, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(context);
	family.items = palloc(sizeof(char *) * Max(family.n, 1));
	for (int i = 0; i < family.n; i++)
		family.items[i] = osm_spi_text(SPI_tuptable->vals[i], 1);
	return family;
}

/* An incident with open clocks on some calendars. */
typedef struct OpenIncident
{
	int64		id;
	int64		authority_id;
	int64		regulation_id;
} OpenIncident;

static int
open_incidents(const ActTexts *calendars, int64 after, int limit, MemoryContext context,
			   OpenIncident **result)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {TEXTARRAYOID, INT8OID, INT8OID};
	Datum		values[3];
	Datum	   *names = palloc(sizeof(Datum) * Max(calendars->n, 1));
	char		nulls[4] = "   ";
	int			n;

	for (int i = 0; i < calendars->n; i++)
		names[i] = CStringGetTextDatum(calendars->items[i]);
	values[0] = PointerGetDatum(construct_array(names, calendars->n, TEXTOID, -1, false,
												TYPALIGN_INT));
	values[1] = Int64GetDatum(after);
	values[2] = Int64GetDatum(limit);
	nulls[2] = limit > 0 ? ' ' : 'n';
	n = osm_spi_run(
		&plan,
		"SELECT i.id, i.authority_id, i.regulation_id FROM ("
		"SELECT DISTINCT c.incident_id, c.authority_id FROM osm.clock AS c "
		"WHERE c.state OPERATOR(pg_catalog.=) ANY ('{running,paused}') "
		"AND c.calendar OPERATOR(pg_catalog.=) ANY ($1) "
		"AND c.incident_id OPERATOR(pg_catalog.>) $2 ORDER BY c.incident_id LIMIT $3) AS o "
		"JOIN osm.incident AS i ON i.id OPERATOR(pg_catalog.=) o.incident_id "
		"AND i.authority_id OPERATOR(pg_catalog.=) o.authority_id ORDER BY i.id",
		3, types, values, nulls, SPI_OK_SELECT);
	MemoryContextSwitchTo(context);
	*result = palloc(sizeof(OpenIncident) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		(*result)[i].id = osm_spi_int64(SPI_tuptable->vals[i], 1);
		(*result)[i].authority_id = osm_spi_int64(SPI_tuptable->vals[i], 2);
		(*result)[i].regulation_id = osm_spi_int64(SPI_tuptable->vals[i], 3);
	}
	return n;
}

/* show_moved returns a row for each clock that was moved. */
static void
show_moved(ReturnSetInfo *result, const Clocks *clocks, const TimestampTz *old_dues)
{
	for (int i = 0; i < clocks->n; i++)
	{
		const Clock *clock = &clocks->items[i];
		Datum		values[7];
		bool		nulls[7] = {false};

		if (!clock->dirty)
			continue;
		values[0] = Int64GetDatum(clocks->step->incident_id);
		values[1] = Int64GetDatum(clock->id);
		values[2] = CStringGetTextDatum(clock->rule->name);
		values[3] = CStringGetTextDatum(osm_clock_state_names[clock->state]);
		values[4] = TimestampTzGetDatum(old_dues[i]);
		values[5] = TimestampTzGetDatum(clock->due_at);
		values[6] = BoolGetDatum(clock->provisional);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * recalculate_incident counts one incident's clocks again and, unless only to
 * look, takes the step that says so.  False if nothing changes.
 */
static bool
recalculate_incident(const OpenIncident *incident, const char *calendar, const ActTexts *family,
					 bool dry_run, ReturnSetInfo *result)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "osm_workflow recalculation",
												  ALLOCSET_SMALL_SIZES);
	Step		step;
	ActState	somewhere;
	Clocks		clocks;
	TimestampTz *old_dues;
	bool		changes;

	/* enough of a step to read the clocks and count them */
	MemoryContextSwitchTo(context);
	memset(&step, 0, sizeof(step));
	memset(&somewhere, 0, sizeof(somewhere));
	step.context = context;
	step.incident_id = incident->id;
	step.authority_id = incident->authority_id;
	step.act = osm_act_get(incident->regulation_id);
	step.from = &somewhere;
	memset(&clocks, 0, sizeof(clocks));
	clocks.step = &step;
	osm_clocks_load(&clocks, false);
	old_dues = palloc(sizeof(TimestampTz) * Max(clocks.n, 1));
	for (int i = 0; i < clocks.n; i++)
		old_dues[i] = clocks.items[i].due_at;
	changes = osm_clocks_recalculate(&clocks, family);
	if (changes && !dry_run)
	{
		OwnStep		own;
		StringInfoData details;

		initStringInfo(&details);
		appendStringInfoString(&details, "{\"calendar\":");
		escape_json(&details, calendar);
		appendStringInfoChar(&details, '}');
		memset(&own, 0, sizeof(own));
		own.incident_id = incident->id;
		own.authority_id = incident->authority_id;
		own.action = "recalculate";
		own.details = details.data;
		own.occurred_at = osm_now();
		own.recalculates = family;
		osm_take_own_step(&own);
	}
	if (changes && result != NULL)
		show_moved(result, &clocks, old_dues);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return changes;
}

/*
 * lock_incident takes the lock of an incident.  If somebody works on it, it waits,
 * or returns false.
 */
static bool
lock_incident(const OpenIncident *incident, bool wait)
{
	static SPIPlanPtr plan = NULL;
	static SPIPlanPtr waiting_plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Datum		values[2];

	values[0] = Int64GetDatum(incident->id);
	values[1] = Int64GetDatum(incident->authority_id);
	return osm_spi_run(wait ? &waiting_plan : &plan,
					   wait ?
					   "SELECT FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1 "
					   "AND authority_id OPERATOR(pg_catalog.=) $2 FOR NO KEY UPDATE" :
					   "SELECT FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1 "
					   "AND authority_id OPERATOR(pg_catalog.=) $2 "
					   "FOR NO KEY UPDATE SKIP LOCKED",
					   2, types, values, NULL, SPI_OK_SELECT) > 0;
}

/*
 * osm.recalculate(calendar, dry_run): counts the open clocks on a calendar, and
 * on those that lie over it, again, and returns a row for each that changes; as
 * a dry run it only looks.  42704 if there is no such calendar.
 */
Datum
osm_recalculate(PG_FUNCTION_ARGS)
{
	char	   *calendar = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool		dry_run = PG_GETARG_BOOL(1);
	MemoryContext context = CurrentMemoryContext;
	OsmOwnerRights rights;
	ActTexts	family;
	OpenIncident *incidents;
	int			n;

	osm_materialize(fcinfo);
	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	(void) osm_calendar_get(calendar);
	family = family_of(calendar, context);
	n = open_incidents(&family, 0, 0, context, &incidents);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		/* or else a pass that moves the same clocks would leave nothing to move */
		if (!dry_run)
			(void) lock_incident(&incidents[i], true);
		(void) recalculate_incident(&incidents[i], calendar, &family, dry_run,
									 (ReturnSetInfo *) fcinfo->resultinfo);
	}
	SPI_finish();
	osm_become_user(&rights);
	return (Datum) 0;
}

/* What is asked for, and how far it has come. */
typedef struct Request
{
	TimestampTz requested_at;
	char	   *calendar;
	int64		after;			/* incidents up to this one are done */
	bool		again;			/* all of it is to be done again, when ... */
	Datum		writers;		/* ... these virtual transactions are over */
} Request;

/*
 * Other transactions that have written, or are about to write, in osm.incident.  One
 * that is over and still about to let its locks go has no number any more; one that
 * is prepared has no process.  (IS DISTINCT FROM would run the "=" of the caller's
 * search_path as the owner.)
 */
#define WRITERS(columns, of_these) \
	"SELECT " columns " FROM pg_catalog.pg_locks AS l " \
	"WHERE l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.granted " \
	"AND l.mode OPERATOR(pg_catalog.=) 'RowExclusiveLock' " \
	"AND l.relation OPERATOR(pg_catalog.=) 'osm.incident'::pg_catalog.regclass " \
	"AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database AS d " \
	"  WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) " \
	"AND COALESCE(l.pid, 0) OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() " \
	"AND l.virtualtransaction OPERATOR(pg_catalog.!~~) '%/0' " of_these

/*
 * next_request takes the oldest request that need not wait, unless somebody else is
 * at it, or the next after one that is in hand; false for none.
 */
static bool
next_request(Request *request, MemoryContext context)
{
	static SPIPlanPtr plan = NULL;
	static SPIPlanPtr writers_plan = NULL;
	static const Oid types[] = {TIMESTAMPTZOID, TEXTOID};
	Datum		values[2];
	TransactionId changer;
	bool		isnull;

	values[0] = TimestampTzGetDatum(request->requested_at);
	values[1] = CStringGetTextDatum(request->calendar);
	if (osm_spi_run(
			&plan,
			"SELECT calendar, after_incident, waits_for, xmin, requested_at FROM osm.recalculation "
			"WHERE ROW(requested_at, calendar) OPERATOR(pg_catalog.>) ROW($1, $2) "
			"AND (after_incident OPERATOR(pg_catalog.>) 0 OR waits_for IS NULL OR NOT EXISTS ("
			WRITERS("", "AND l.virtualtransaction OPERATOR(pg_catalog.=) ANY (waits_for)") ")) "
			"ORDER BY requested_at, calendar LIMIT 1 FOR UPDATE SKIP LOCKED",
			2, types, values, NULL, SPI_OK_SELECT) == 0)
		return false;
	MemoryContextSwitchTo(context);
	request->calendar = osm_spi_text(SPI_tuptable->vals[0], 1);
	request->after = osm_spi_int64(SPI_tuptable->vals[0], 2);
	request->writers = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull);
	request->again = !isnull;
	if (request->again)
		request->writers = datumCopy(request->writers, false, -1);
	changer = DatumGetTransactionId(
		SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull));
	request->requested_at = DatumGetTimestampTz(
		SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5, &isnull));

	/* a commit is seen a moment before the word that the calendar is another is spread */
	if (!TransactionIdIsCurrentTransactionId(changer))
		XactLockTableWait(changer, NULL, NULL, XLTW_None);
	if (request->after > 0)
		return true;
	if (request->again && ARR_NDIM(DatumGetArrayTypeP(request->writers)) > 0)
	{
		/* those waited for are through: this time nobody is left */
		request->again = false;
		return true;
	}
	(void) osm_spi_run(&writers_plan,
					   WRITERS("pg_catalog.array_agg(DISTINCT l.virtualtransaction)", ""),
					   0, NULL, NULL, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(context);
	request->writers = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	request->again = !isnull;
	if (request->again)
		request->writers = datumCopy(request->writers, false, -1);
	return true;
}

/* leave_request writes down how far a request has come; it goes when all is done. */
static void
leave_request(const Request *request, bool done)
{
	static SPIPlanPtr advance_plan = NULL;
	static SPIPlanPtr finish_plan = NULL;
	static const Oid types[] = {TEXTOID, INT8OID, TEXTARRAYOID};
	Datum		values[3];
	char		nulls[4] = "   ";

	values[0] = CStringGetTextDatum(request->calendar);
	if (done && !request->again)
	{
		(void) osm_spi_run(&finish_plan,
						   "DELETE FROM osm.recalculation WHERE calendar OPERATOR(pg_catalog.=) $1",
						   1, types, values, NULL, SPI_OK_DELETE);
		return;
	}
	values[1] = Int64GetDatum(done ? 0 : request->after);
	values[2] = request->writers;
	nulls[2] = request->again ? ' ' : 'n';
	(void) osm_spi_run(&advance_plan,
					   "UPDATE osm.recalculation SET after_incident = $2, waits_for = $3 "
					   "WHERE calendar OPERATOR(pg_catalog.=) $1",
					   3, types, values, nulls, SPI_OK_UPDATE);
}

/*
 * work_off works off one batch of a request and returns how many incidents it looked
 * at, at least one; where an incident is being worked on, which keeps the batch from
 * being left behind but not what follows in it, how many it moved.
 */
static int
work_off(Request *request, MemoryContext context)
{
	int64		busy = 0;
	ActTexts	family = family_of(request->calendar, context);
	OpenIncident *incidents;
	int			n = open_incidents(&family, request->after, RECALCULATE_BATCH, context, &incidents);
	int			moved = 0;

	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (lock_incident(&incidents[i], false))
			moved += recalculate_incident(&incidents[i], request->calendar, &family, false, NULL);
		else if (busy == 0)
			busy = incidents[i].id;
	}
	if (n > 0)
		request->after = busy != 0 ? busy - 1 : incidents[n - 1].id;
	leave_request(request, n < RECALCULATE_BATCH && busy == 0);
	MemoryContextSwitchTo(context);
	return busy != 0 ? moved : Max(n, 1);
}

/*
 * osm_recalculate_some works off one batch of what is requested and returns how
 * many incidents it looked at; 0 if nothing is requested, or all of it has to wait.
 * A request held up by an incident somebody works on does not hold up the next.  SPI
 * is connected, the owner of the tables is the current user.
 */
int
osm_recalculate_some(TimestampTz now)
{
	MemoryContext context = CurrentMemoryContext;
	Request		request = {DT_NOBEGIN, ""};
	int			n = 0;

	while (n == 0 && next_request(&request, context))
		n = work_off(&request, context);
	return n;
}

/*
 * osm.request_recalculation(calendar): leaves word that a calendar changed and
 * wakes the worker at commit.  What is under way goes on and all is done again
 * then: begun anew at every change, it would never come to the latest incidents.
 * 42704 if there is no such calendar.
 */
Datum
osm_request_recalculation(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {TEXTOID, TIMESTAMPTZOID};
	OsmOwnerRights rights;
	Datum		values[2];
	TimestampTz now = osm_now();

	values[0] = PG_GETARG_DATUM(0);
	values[1] = TimestampTzGetDatum(now);
	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (osm_spi_run(&plan,
					"INSERT INTO osm.recalculation AS r (calendar, requested_at) "
					"SELECT name, $2 FROM osm.calendar WHERE name OPERATOR(pg_catalog.=) $1 "
					"ON CONFLICT ON CONSTRAINT recalculation_pkey DO UPDATE "
					"SET requested_at = excluded.requested_at, "
					"waits_for = CASE WHEN r.after_incident OPERATOR(pg_catalog.>) 0 "
					"THEN '{}'::pg_catalog.text[] END",
					2, types, values, NULL, SPI_OK_INSERT) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("calendar \"%s\" does not exist", TextDatumGetCString(values[0])),
				 errhint("Calendars are made by osm.define_calendar() or osm.install_preset().")));
	SPI_finish();
	osm_become_user(&rights);
	/* due at once, also where time stands still */
	osm_worker_note_due(now - 1);
	PG_RETURN_VOID();
}
