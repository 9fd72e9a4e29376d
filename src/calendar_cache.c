/*-------------------------------------------------------------------------
 *
 * calendar_cache.c
 *	  Compiled calendars, one per name and backend.
 *
 * The hazards that shaped this file:
 *
 * - Another session, a restore or logical apply may change a calendar at any
 *	 time.  Triggers on the tables send a relcache invalidation; our callback
 *	 may run in the middle of anything, so it only counts generations.  A
 *	 calendar is built aside and replaces its predecessor when it is complete;
 *	 one that was overtaken while it was being built is used once and built
 *	 again at the next call.
 * - A backend hears of invalidations when a transaction begins and when it
 *	 locks a table anew.  A later statement of the same transaction may do
 *	 neither, so every look-up listens first.
 * - Nearly every question is about the years around now, but an archive asks
 *	 about 1950: a calendar is laid out for half a century, and again for three
 *	 when a question leaves it.
 * - What an aborted transaction wrote must not stay behind: aborts count as a
 *	 generation too where this session wrote.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "calendar_rows.h"
#include "osm_calendar.h"
#include "osm_workflow.h"

/* Longest name in bytes: the table allows 100 characters. */
#define CALENDAR_KEY_SIZE	404

PG_FUNCTION_INFO_V1(osm_invalidate_definition);
PG_FUNCTION_INFO_V1(osm_calendar_memory);
PG_FUNCTION_INFO_V1(osm_check_calendar);
PG_FUNCTION_INFO_V1(osm_require_tables);

struct OsmCalendar
{
	MemoryContext context;		/* owns all of this */
	char	   *name;
	uint64		generation;
	bool		wide;			/* laid out as far as calendars go */
	MemoryContext layout;		/* owns what follows */
	OsmcCalendar *compiled;
	CalendarRows *rows;			/* kept for the titles of days */
};

typedef struct CacheEntry
{
	char		name[CALENDAR_KEY_SIZE];
	OsmCalendar *calendar;		/* NULL while it was never built */
} CacheEntry;

static const char *const definition_tables[] = {
	"calendar", "calendar_hours", "calendar_day", "calendar_yearly_day"
};

#define DEFINITION_TABLE_COUNT	((int) lengthof(definition_tables))

uint64		osm_calendar_generation = 1;

static MemoryContext cache_context = NULL;
static HTAB *cache = NULL;
static Oid	table_ids[lengthof(definition_tables)];
static bool changed_in_transaction = false;

/* ---------- invalidation ---------- */

/*
 * Runs wherever invalidations are accepted: counts, and looks nothing up.
 * InvalidOid means that any relation may have changed.
 */
static void
relation_changed(Datum arg, Oid relid)
{
	int			i;

	if (!OidIsValid(relid))
	{
		osm_calendar_generation++;
		return;
	}
	for (i = 0; i < DEFINITION_TABLE_COUNT; i++)
		if (table_ids[i] == relid)
			osm_calendar_generation++;
}

/* What an aborted transaction wrote must not be remembered. */
static void
transaction_ended(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT ||
		event == XACT_EVENT_PREPARE)
	{
		if (changed_in_transaction)
			osm_calendar_generation++;
	}
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT ||
		event == XACT_EVENT_PREPARE || event == XACT_EVENT_COMMIT ||
		event == XACT_EVENT_PARALLEL_COMMIT)
		changed_in_transaction = false;
}

static void
subtransaction_ended(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && changed_in_transaction)
		osm_calendar_generation++;
}

/*
 * Sets the cache up, once per backend.  The callbacks cannot be unregistered,
 * so everything that can fail comes before them.
 */
static void
initialize_cache(void)
{
	static bool registered = false;

	if (cache == NULL)
	{
		MemoryContext context;
		HASHCTL		control;

		if (CacheMemoryContext == NULL)
			CreateCacheMemoryContext();
		context = AllocSetContextCreate(CacheMemoryContext, "osm_workflow calendars",
										ALLOCSET_SMALL_SIZES);
		memset(&control, 0, sizeof(control));
		control.keysize = CALENDAR_KEY_SIZE;
		control.entrysize = sizeof(CacheEntry);
		control.hcxt = context;
		cache = hash_create("osm_workflow calendars", 16, &control,
							HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
		cache_context = context;
	}
	if (!registered)
	{
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
		RegisterXactCallback(transaction_ended, NULL);
		RegisterSubXactCallback(subtransaction_ended, NULL);
		registered = true;
	}
}

/*
 * Trigger function osm.invalidate_definition([table]): tells every backend that
 * the rows of the trigger's table changed, and does nothing else.  The argument
 * names the table of schema osm whose readers are to be told, where that is
 * another one than the rows live in (a shard).  39P01 unless it is called by an
 * AFTER trigger.
 */
Datum
osm_invalidate_definition(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Oid			told;
	int			i;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called by an AFTER trigger",
						"osm.invalidate_definition")));

	initialize_cache();
	changed_in_transaction = true;
	told = RelationGetRelid(trigger->tg_relation);
	CacheInvalidateRelcache(trigger->tg_relation);
	for (i = 0; i < trigger->tg_trigger->tgnargs; i++)
	{
		Oid			named = osm_relation(trigger->tg_trigger->tgargs[i], true);

		if (OidIsValid(named) && named != told)
			CacheInvalidateRelcacheByRelid(named);
	}
	PG_RETURN_POINTER(NULL);
}

/* ---------- compiling ---------- */

/*
 * The core asks for the next change of offset.  Instants are microseconds
 * since 2000-01-01, the time zone code counts seconds since 1970.
 */
static int
next_transition(void *zone, int64_t instant, int32_t *before, int64_t *boundary, int32_t *after)
{
	const int64 epoch = (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	pg_time_t	seconds = instant / USECS_PER_SEC;
	pg_time_t	change;
	long int	before_offset;
	long int	after_offset;
	int			before_isdst;
	int			after_isdst;
	int			result;

	if (instant % USECS_PER_SEC < 0)
		seconds--;
	seconds += epoch;
	result = pg_next_dst_boundary(&seconds, &before_offset, &before_isdst, &change,
								  &after_offset, &after_isdst, (pg_tz *) zone);
	if (result < 0)
		return result;
	*before = (int32_t) before_offset;
	if (result > 0)
	{
		*boundary = ((int64_t) change - epoch) * USECS_PER_SEC;
		*after = (int32_t) after_offset;
	}
	return result;
}

static void *
core_alloc(void *context, size_t size)
{
	return MemoryContextAllocHuge((MemoryContext) context, size);
}

static void
core_free(void *context, void *pointer)
{
	pfree(pointer);
}

static bool
core_interrupt(void *context)
{
	CHECK_FOR_INTERRUPTS();
	return false;
}

/* Words why a calendar cannot be compiled: all of it is a matter of its rows, hence 22023. */
static void
report_compile_error(const char *name, OsmcStatus status)
{
	const char *detail = NULL;

	switch (status)
	{
		case OSMC_BAD_SPAN:
			detail = _("A segment must open before it closes, between 00:00 and 24:00.");
			break;
		case OSMC_SPANS_OVERLAP:
			detail = _("Segments of one day overlap.");
			break;
		case OSMC_BAD_ZONE:
			detail = _("The changes of its time zone cannot be read.");
			break;
		case OSMC_LIMIT:
			detail = _("It has more days or segments than a calendar may have.");
			break;
		default:
			detail = _("Its rows contradict each other.");
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("calendar \"%s\" cannot be used", name),
			 errdetail_internal("%s", detail),
			 errhint("Define it again by osm.define_calendar().")));
}

/*
 * Reads and compiles a calendar into a context of its own below the current
 * one; false if there is none of that name.  On error the context goes with
 * its parent; what the calendar held before is then untouched.
 */
static bool
lay_out(OsmCalendar *calendar, bool wide)
{
	MemoryContext layout = AllocSetContextCreate(CurrentMemoryContext, "osm_workflow layout",
												 ALLOCSET_DEFAULT_SIZES);
	OsmcAllocator allocator = {core_alloc, core_free, layout};
	OsmcInterrupt interrupt = {core_interrupt, NULL};
	CalendarRows *rows = MemoryContextAllocZero(layout, sizeof(CalendarRows));
	OsmcCalendar *compiled;
	OsmcSourceError error;
	OsmcStatus	status;

	if (!osm_calendar_read(calendar->name, table_ids[0], wide, layout, rows))
	{
		MemoryContextDelete(layout);
		return false;
	}

	rows->source.next_transition = next_transition;
	/* the table's constraints see to it that a chain states a zone */
	rows->source.zone = pg_tzset(rows->time_zone);
	if (rows->source.zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" of calendar \"%s\" is not recognized",
						rows->time_zone, calendar->name)));
	status = osmc_calendar_compile(&rows->source, &allocator, &interrupt, &compiled, &error);
	if (status == OSMC_NO_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	if (status != OSMC_OK)
		report_compile_error(calendar->name, status);

	MemoryContextSetParent(layout, calendar->context);
	if (calendar->layout != NULL)
		MemoryContextDelete(calendar->layout);
	calendar->layout = layout;
	calendar->rows = rows;
	calendar->compiled = compiled;
	calendar->wide = wide;
	return true;
}

/*
 * Makes a calendar in a context of its own below the current one; NULL if there
 * is none of that name.
 */
static OsmCalendar *
build(const char *name)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "osm_workflow calendar",
												  ALLOCSET_SMALL_SIZES);
	OsmCalendar *calendar = MemoryContextAllocZero(context, sizeof(OsmCalendar));
	int			i;

	for (i = 0; i < DEFINITION_TABLE_COUNT; i++)
		table_ids[i] = osm_relation(definition_tables[i], false);

	calendar->context = context;
	calendar->name = MemoryContextStrdup(context, name);
	MemoryContextSetIdentifier(context, calendar->name);
	calendar->generation = osm_calendar_generation;
	if (!lay_out(calendar, false))
	{
		MemoryContextDelete(context);
		return NULL;
	}
	return calendar;
}

/*
 * Lays a calendar out as far as calendars go; false if it is already.  What
 * osm_calendar_compiled() gave before is gone then.  42704 if the calendar has
 * been dropped meanwhile.
 */
bool
osm_calendar_widen(OsmCalendar *calendar)
{
	if (calendar->wide)
		return false;
	if (!lay_out(calendar, true))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("calendar \"%s\" does not exist", calendar->name)));
	return true;
}

/*
 * Frees every calendar of an earlier generation, whatever its name: one that
 * was dropped or renamed is never asked for again.
 */
static void
forget_stale(void)
{
	HASH_SEQ_STATUS scan;
	CacheEntry *entry;

	hash_seq_init(&scan, cache);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		OsmCalendar *calendar = entry->calendar;

		if (calendar != NULL && calendar->generation == osm_calendar_generation)
			continue;
		hash_search(cache, entry->name, HASH_REMOVE, NULL);
		if (calendar != NULL)
			MemoryContextDelete(calendar->context);
	}
}

/*
 * The calendar of that name, compiled, as of the latest commit heard of: all
 * that was committed before the caller's statement began.  The pointer stays
 * good until the next call, of whatever name.  42704 if there is no such
 * calendar, 55000 if the tables are not installed, 22023 if its rows make no
 * calendar.
 */
OsmCalendar *
osm_calendar_get(const char *name)
{
	CacheEntry *entry = NULL;
	OsmCalendar *calendar;
	bool		found;

	initialize_cache();
	/* inside a transaction a statement that locks no table hears nothing by itself */
	AcceptInvalidationMessages();
	if (strlen(name) < CALENDAR_KEY_SIZE)
		entry = hash_search(cache, name, HASH_FIND, NULL);
	if (entry != NULL && entry->calendar != NULL &&
		entry->calendar->generation == osm_calendar_generation)
		return entry->calendar;

	forget_stale();
	calendar = strlen(name) < CALENDAR_KEY_SIZE ? build(name) : NULL;
	if (calendar == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("calendar \"%s\" does not exist", name),
				 errhint("Calendars are made by osm.define_calendar() or osm.install_preset().")));

	entry = hash_search(cache, name, HASH_ENTER, &found);
	if (found && entry->calendar != NULL)
		MemoryContextDelete(entry->calendar->context);
	entry->calendar = calendar;
	MemoryContextSetParent(calendar->context, cache_context);
	return calendar;
}

const OsmcCalendar *
osm_calendar_compiled(const OsmCalendar *calendar)
{
	return calendar->compiled;
}

const char *
osm_calendar_name(const OsmCalendar *calendar)
{
	return calendar->name;
}

/* The beginning of a date in the calendar's zone. */
TimestampTz
osm_calendar_midnight(const OsmCalendar *calendar, DateADT day)
{
	struct pg_tm tm;

	memset(&tm, 0, sizeof(tm));
	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	return day * USECS_PER_DAY +
		DetermineTimeZoneOffset(&tm, (pg_tz *) calendar->rows->source.zone) * USECS_PER_SEC;
}

/*
 * The title of the rule that made a day what it is; NULL if it has none.
 * *closes: the rule is what closes the day, not its weekday.
 */
const char *
osm_calendar_day_title(const OsmCalendar *calendar, DateADT day, bool *closes)
{
	OsmcDayOrigin origin = osmc_source_origin(&calendar->rows->source, day);

	*closes = false;
	if (origin.layer < 0 || origin.day == NULL)
		return NULL;
	*closes = origin.day->rule.kind == OSMC_DAY_CLOSED ||
		origin.day->rule.kind == OSMC_DAY_DECREE;
	return calendar->rows
		->titles[origin.layer][origin.day - calendar->rows->layers[origin.layer].days];
}

/*
 * osm.calendar_memory(calendar) → bigint: bytes this backend keeps for a
 * compiled calendar, titles and all.
 */
Datum
osm_calendar_memory(PG_FUNCTION_ARGS)
{
	OsmCalendar *calendar = osm_calendar_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_INT64((int64) MemoryContextMemAllocated(calendar->context, true));
}

/* osm.require_tables(): 55000 with a hint until osm.install() has been called. */
Datum
osm_require_tables(PG_FUNCTION_ARGS)
{
	osm_relation(definition_tables[0], false);
	PG_RETURN_VOID();
}

/*
 * osm.check_calendar(name): 22023 if the calendar cannot be compiled or has no
 * open time from today on.
 */
Datum
osm_check_calendar(PG_FUNCTION_ARGS)
{
	OsmCalendar *calendar = osm_calendar_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	/* this lays the calendar out as far as today, should that be far */
	DateADT		today = osm_calendar_local_date(calendar, osm_now());

	if (osmc_calendar_opens_from(calendar->compiled, today) != OSMC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("calendar \"%s\" has no open time ahead", calendar->name),
				 errdetail("No day from today on has open time, so no term could ever end."),
				 errhint("Give it \"hours\", or a parent that has them.")));
	PG_RETURN_VOID();
}
