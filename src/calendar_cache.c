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
 * - What is remembered must never be older than the latest commit: the tables
 *	 are read like catalogs, under a catalog snapshot, whatever the isolation
 *	 level.  A repeatable read transaction would otherwise leave yesterday's
 *	 calendar behind for the transactions after it.
 * - The reader needs no right on the tables and row security must not hide a
 *	 day: the look-ups run as the tables' owner, as those of referential
 *	 integrity do.  Every name in them is qualified and every value a parameter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "osm_calendar.h"
#include "osm_workflow.h"

/* Longest name in bytes: the table allows 100 characters. */
#define CALENDAR_KEY_SIZE	404

/*
 * Days laid out, from 1 January of the first year to 31 December of the last:
 * half a century with a lunch break stays below 1 MiB.  The years of the dated
 * days are always among them.
 */
#define FIRST_YEAR	1995
#define LAST_YEAR	2044

PG_FUNCTION_INFO_V1(osm_invalidate_definition);
PG_FUNCTION_INFO_V1(osm_calendar_memory);
PG_FUNCTION_INFO_V1(osm_check_calendar);
PG_FUNCTION_INFO_V1(osm_require_tables);

/* A dated day and what the core does not need to know of it. */
typedef struct TitledDay
{
	OsmcDay		day;
	const char *title;			/* NULL: none */
} TitledDay;

/* A day every year repeats. */
typedef struct YearlyDay
{
	int			month;
	int			mday;
	OsmcDayRule rule;
	const char *title;
} YearlyDay;

/* One calendar of the chain as it was read. */
typedef struct LayerRows
{
	TitledDay  *days;
	int			day_count;
	YearlyDay  *yearly;
	int			yearly_count;
} LayerRows;

struct OsmCalendar
{
	MemoryContext context;		/* owns all of this */
	char	   *name;
	uint64		generation;
	OsmcCalendar *compiled;
	OsmcCalendarSource source;	/* kept for the titles of days */
	OsmcLayer	layers[OSMC_MAX_LAYERS];
	const char **titles[OSMC_MAX_LAYERS];	/* by index into the layer's days */
};

typedef struct CacheEntry
{
	char		name[CALENDAR_KEY_SIZE];
	OsmCalendar *calendar;		/* NULL while it was never built */
} CacheEntry;

/* The queries of a layer, in the order they are run. */
typedef enum LayerQuery
{
	QUERY_CALENDAR,
	QUERY_HOURS,
	QUERY_DAYS,
	QUERY_YEARLY,
	QUERY_COUNT
} LayerQuery;

static const char *const layer_queries[QUERY_COUNT] = {
	"SELECT parent, time_zone, own_hours, short_day_cut, observes_decree_days, known_until"
	" FROM osm.calendar WHERE name OPERATOR(pg_catalog.=) $1",
	"SELECT isodow, opens, closes"
	" FROM osm.calendar_hours WHERE calendar OPERATOR(pg_catalog.=) $1"
	" ORDER BY isodow, opens",
	"SELECT day, kind, like_isodow, decree, opens, closes, title"
	" FROM osm.calendar_day WHERE calendar OPERATOR(pg_catalog.=) $1"
	" ORDER BY day",
	"SELECT month, day_of_month, kind, like_isodow, opens, closes, title"
	" FROM osm.calendar_yearly_day WHERE calendar OPERATOR(pg_catalog.=) $1"
};

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

/* ---------- reading the tables ---------- */

/* One column of the row at hand, copied into the calendar's context where it is by reference. */
static Datum
column(HeapTuple row, int number, bool *isnull)
{
	return SPI_getbinval(row, SPI_tuptable->tupdesc, number, isnull);
}

/* A text column as a C string in the calendar's context; NULL if it is null. */
static char *
text_column(HeapTuple row, int number, MemoryContext context)
{
	bool		isnull;
	Datum		value = column(row, number, &isnull);
	MemoryContext old;
	char	   *result;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(context);
	result = TextDatumGetCString(value);
	MemoryContextSwitchTo(old);
	return result;
}

/* Two columns of type time[] as the spans of one day, sorted. */
static void
spans_columns(HeapTuple row, int opens_number, int closes_number, MemoryContext context,
			  OsmcHours *hours)
{
	bool		opens_null;
	bool		closes_null;
	Datum		opens = column(row, opens_number, &opens_null);
	Datum		closes = column(row, closes_number, &closes_null);
	Datum	   *open_values;
	Datum	   *close_values;
	int			open_count;
	int			close_count;
	OsmcSpan   *spans;
	int			i;

	hours->spans = NULL;
	hours->count = 0;
	if (opens_null || closes_null)
		return;
	deconstruct_array(DatumGetArrayTypeP(opens), TIMEOID, sizeof(TimeADT), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &open_values, NULL, &open_count);
	deconstruct_array(DatumGetArrayTypeP(closes), TIMEOID, sizeof(TimeADT), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &close_values, NULL, &close_count);
	spans = MemoryContextAllocZero(context,
								   sizeof(OsmcSpan) * Max(1, Min(open_count, close_count)));
	for (i = 0; i < open_count && i < close_count; i++)
	{
		spans[i].open = DatumGetTimeADT(open_values[i]);
		spans[i].close = DatumGetTimeADT(close_values[i]);
	}
	osmc_spans_sort(spans, i);
	hours->spans = spans;
	hours->count = i;
}

/*
 * The rule a row describes.  isodow is the weekday of the date, 0 for a day
 * that comes every year.
 */
static void
rule_columns(HeapTuple row, int kind_number, int opens_number, int isodow, MemoryContext context,
			 OsmcDayRule *rule)
{
	bool		isnull;
	char	   *kind = text_column(row, kind_number, CurrentMemoryContext);
	Datum		weekday = column(row, kind_number + 1, &isnull);

	memset(rule, 0, sizeof(*rule));
	rule->weekday = isnull ? 0 : DatumGetInt16(weekday);
	if (kind == NULL || strcmp(kind, "closed") == 0)
		rule->kind = OSMC_DAY_CLOSED;
	else if (strcmp(kind, "short") == 0)
		rule->kind = OSMC_DAY_SHORT;
	else if (strcmp(kind, "working") == 0)
		rule->kind = OSMC_DAY_WORKING;
	else if (strcmp(kind, "working short") == 0)
		rule->kind = OSMC_DAY_WORKING_SHORT;
	else if (strcmp(kind, "hours") == 0)
	{
		rule->kind = OSMC_DAY_HOURS;
		spans_columns(row, opens_number, opens_number + 1, context, &rule->hours);
	}
	else						/* usual: the hours of that very weekday */
	{
		rule->kind = OSMC_DAY_WORKING;
		rule->weekday = isodow;
	}
}

/* Runs one of the queries for one name; rows are in SPI_tuptable then. */
static uint64
run_query(SPIPlanPtr *plans, LayerQuery query, const char *name)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(name)};

	if (plans[query] == NULL)
	{
		plans[query] = SPI_prepare(layer_queries[query], 1, types);
		if (plans[query] == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	}
	if (SPI_execute_plan(plans[query], values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(SPI_result));
	return SPI_processed;
}

static void
read_week(OsmcLayer *layer, MemoryContext context)
{
	uint64		count = SPI_processed;
	OsmcSpan   *spans = MemoryContextAllocZero(context, sizeof(OsmcSpan) * Max(count, 1));
	uint64		i;

	for (i = 0; i < count; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		bool		isnull;
		int			isodow = DatumGetInt16(column(row, 1, &isnull));
		OsmcHours  *hours = &layer->week[isodow - 1];

		spans[i].open = DatumGetTimeADT(column(row, 2, &isnull));
		spans[i].close = DatumGetTimeADT(column(row, 3, &isnull));
		if (hours->count == 0)
			hours->spans = &spans[i];
		hours->count++;
	}
}

/* A row declared non-working by decree becomes two rules: the decree, and what else the day is. */
static void
read_days(LayerRows *rows, MemoryContext context)
{
	uint64		count = SPI_processed;
	TitledDay  *days = palloc0(sizeof(TitledDay) * Max(count * 2, 1));
	uint64		i;
	int			n = 0;

	for (i = 0; i < count; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		bool		isnull;
		int32		day = DatumGetDateADT(column(row, 1, &isnull));
		bool		decree = DatumGetBool(column(row, 4, &isnull));
		char	   *kind = text_column(row, 2, CurrentMemoryContext);
		char	   *title = text_column(row, 7, context);

		if (decree)
		{
			days[n].day.day = day;
			days[n].day.rule.kind = OSMC_DAY_DECREE;
			days[n++].title = title;
		}
		if (!decree || kind == NULL || strcmp(kind, "usual") != 0)
		{
			days[n].day.day = day;
			rule_columns(row, 2, 5, osmc_day_of_week(day), context, &days[n].day.rule);
			days[n++].title = title;
		}
	}
	rows->days = days;
	rows->day_count = n;
}

static void
read_yearly(LayerRows *rows, MemoryContext context)
{
	uint64		count = SPI_processed;
	YearlyDay  *yearly = palloc0(sizeof(YearlyDay) * Max(count, 1));
	uint64		i;

	for (i = 0; i < count; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		bool		isnull;

		yearly[i].month = DatumGetInt16(column(row, 1, &isnull));
		yearly[i].mday = DatumGetInt16(column(row, 2, &isnull));
		rule_columns(row, 3, 5, 0, context, &yearly[i].rule);
		yearly[i].title = text_column(row, 7, context);
	}
	rows->yearly = yearly;
	rows->yearly_count = (int) count;
}

/*
 * Reads a calendar and what it lies over, the calendar itself first, into
 * calendar->source and rows (the days, in the current context); time_zone gets
 * the nearest stated zone.  False if there is no calendar of that name.
 */
static bool
read_layers(OsmCalendar *calendar, const char *name, LayerRows *rows, char **time_zone)
{
	SPIPlanPtr	plans[QUERY_COUNT] = {NULL, NULL, NULL, NULL};
	OsmcCalendarSource *source = &calendar->source;
	bool		decree_stated = false;
	char	   *link = pstrdup(name);

	*time_zone = NULL;
	while (link != NULL)
	{
		OsmcLayer  *layer = &calendar->layers[source->layer_count];
		LayerRows  *layer_rows = &rows[source->layer_count];
		HeapTuple	row;
		Datum		value;
		bool		isnull;
		char	   *parent;

		if (source->layer_count == OSMC_MAX_LAYERS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("calendar \"%s\" lies over more than %d others",
							name, OSMC_MAX_LAYERS - 1),
					 errhint("A calendar must not lie over itself.")));
		if (run_query(plans, QUERY_CALENDAR, link) == 0)
		{
			if (source->layer_count == 0)
				return false;
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("calendar \"%s\" does not exist", link),
					 errdetail("Calendar \"%s\" lies over it.", name)));
		}
		row = SPI_tuptable->vals[0];
		parent = text_column(row, 1, CurrentMemoryContext);
		if (*time_zone == NULL)
			*time_zone = text_column(row, 2, calendar->context);
		layer->has_hours = DatumGetBool(column(row, 3, &isnull));
		value = column(row, 4, &isnull);
		layer->short_day_cut = isnull ? OSMC_NO_CUT : DatumGetTimeADT(value);
		value = column(row, 5, &isnull);
		if (!isnull && !decree_stated)
		{
			source->observes_decree_days = DatumGetBool(value);
			decree_stated = true;
		}
		value = column(row, 6, &isnull);
		layer->known_until = isnull ? OSMC_NO_DAY : DatumGetDateADT(value);

		if (layer->has_hours)
		{
			run_query(plans, QUERY_HOURS, link);
			read_week(layer, calendar->context);
		}
		run_query(plans, QUERY_DAYS, link);
		read_days(layer_rows, calendar->context);
		run_query(plans, QUERY_YEARLY, link);
		read_yearly(layer_rows, calendar->context);

		source->layer_count++;
		link = parent;
	}
	source->layers = calendar->layers;
	return true;
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

static int32
year_end(int year, bool last)
{
	int32		day = 0;

	osmc_day_from_date(year, last ? 12 : 1, last ? 31 : 1, &day);
	return day;
}

/* The days to lay out: FIRST_YEAR to LAST_YEAR, and the years of every dated day. */
static void
choose_horizon(OsmcCalendarSource *source, const LayerRows *rows)
{
	int			layer;

	source->first_day = year_end(FIRST_YEAR, false);
	source->last_day = year_end(LAST_YEAR, true);
	for (layer = 0; layer < source->layer_count; layer++)
	{
		int			year;
		int			month;
		int			mday;

		if (rows[layer].day_count == 0)
			continue;
		osmc_day_to_date(rows[layer].days[0].day.day, &year, &month, &mday);
		source->first_day = Min(source->first_day, year_end(year, false));
		osmc_day_to_date(rows[layer].days[rows[layer].day_count - 1].day.day, &year, &month, &mday);
		source->last_day = Max(source->last_day, year_end(year, true));
	}
}

static int
compare_days(const void *a, const void *b)
{
	int32		day_a = ((const TitledDay *) a)->day.day;
	int32		day_b = ((const TitledDay *) b)->day.day;

	return day_a < day_b ? -1 : (day_a > day_b ? 1 : 0);
}

/* Whether a sorted list has a rule for a day other than a decree. */
static bool
has_rule(const LayerRows *rows, int32 day)
{
	int			low = 0;
	int			high = rows->day_count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (rows->days[middle].day.day < day)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < rows->day_count && rows->days[low].day.day == day; low++)
		if (rows->days[low].day.rule.kind != OSMC_DAY_DECREE)
			return true;
	return false;
}

/*
 * Makes the days of one layer: the dated ones, and in every year of the horizon
 * those every year repeats, unless the layer says otherwise for that date.  As
 * days of the layer they beat the dated days of its parents: a republic's own
 * holiday stays closed where the federal calendar has a short day.
 */
static void
lay_days(OsmCalendar *calendar, int number, const LayerRows *rows)
{
	OsmcLayer  *layer = &calendar->layers[number];
	int			first_year;
	int			last_year;
	int			month;
	int			mday;
	int			year;
	int			count = rows->day_count;
	int			i;
	TitledDay  *all;
	OsmcDay    *days;
	const char **titles;

	osmc_day_to_date(calendar->source.first_day, &first_year, &month, &mday);
	osmc_day_to_date(calendar->source.last_day, &last_year, &month, &mday);
	all = palloc(sizeof(TitledDay) *
				 Max(1, count + (Size) rows->yearly_count * (last_year - first_year + 1)));
	memcpy(all, rows->days, sizeof(TitledDay) * count);
	for (year = first_year; rows->yearly_count > 0 && year <= last_year; year++)
	{
		for (i = 0; i < rows->yearly_count; i++)
		{
			const YearlyDay *yearly = &rows->yearly[i];
			int32		day;

			/* 29 February comes in leap years only */
			if (!osmc_day_from_date(year, yearly->month, yearly->mday, &day) ||
				has_rule(rows, day))
				continue;
			all[count].day.day = day;
			all[count].day.rule = yearly->rule;
			all[count++].title = yearly->title;
		}
		CHECK_FOR_INTERRUPTS();
	}
	if (rows->yearly_count > 0)
		qsort(all, count, sizeof(TitledDay), compare_days);

	days = MemoryContextAllocZero(calendar->context, sizeof(OsmcDay) * Max(count, 1));
	titles = MemoryContextAllocZero(calendar->context, sizeof(char *) * Max(count, 1));
	for (i = 0; i < count; i++)
	{
		days[i] = all[i].day;
		titles[i] = all[i].title;
	}
	pfree(all);
	layer->days = days;
	layer->day_count = count;
	calendar->titles[number] = titles;
}

/*
 * Reads and compiles a calendar in a context of its own below the current one;
 * NULL if there is none of that name.  On error the context goes with its
 * parent.
 */
static OsmCalendar *
build(const char *name)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "osm_workflow calendar",
												  ALLOCSET_DEFAULT_SIZES);
	OsmCalendar *calendar = MemoryContextAllocZero(context, sizeof(OsmCalendar));
	OsmcAllocator allocator = {core_alloc, core_free, context};
	OsmcInterrupt interrupt = {core_interrupt, NULL};
	OsmcSourceError error;
	OsmcStatus	status;
	HeapTuple	class_row;
	Oid			owner;
	Oid			user;
	int			security;
	LayerRows  *rows = palloc0(sizeof(LayerRows) * OSMC_MAX_LAYERS);
	char	   *time_zone;
	bool		found;
	int			i;

	for (i = 0; i < DEFINITION_TABLE_COUNT; i++)
		table_ids[i] = osm_relation(definition_tables[i], false);

	calendar->context = context;
	calendar->name = MemoryContextStrdup(context, name);
	calendar->generation = osm_calendar_generation;

	class_row = SearchSysCache1(RELOID, ObjectIdGetDatum(table_ids[0]));
	if (!HeapTupleIsValid(class_row))
		elog(ERROR, "cache lookup failed for relation %u", table_ids[0]);
	owner = ((Form_pg_class) GETSTRUCT(class_row))->relowner;
	ReleaseSysCache(class_row);

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner,
						   security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	PushActiveSnapshot(GetCatalogSnapshot(table_ids[0]));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	found = read_layers(calendar, name, rows, &time_zone);
	if (found)
	{
		choose_horizon(&calendar->source, rows);
		for (i = 0; i < calendar->source.layer_count; i++)
			lay_days(calendar, i, &rows[i]);
	}
	SPI_finish();
	PopActiveSnapshot();
	SetUserIdAndSecContext(user, security);
	pfree(rows);

	if (!found)
	{
		MemoryContextDelete(context);
		return NULL;
	}

	calendar->source.next_transition = next_transition;
	calendar->source.zone = time_zone == NULL ? NULL : pg_tzset(time_zone);
	if (calendar->source.zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" of calendar \"%s\" is not recognized",
						time_zone == NULL ? "" : time_zone, name)));
	status = osmc_calendar_compile(&calendar->source, &allocator, &interrupt,
								   &calendar->compiled, &error);
	if (status == OSMC_NO_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	if (status != OSMC_OK)
		report_compile_error(name, status);
	return calendar;
}

/*
 * The calendar of that name, compiled.  The pointer stays good until the next
 * call with the same name.  42704 if there is no such calendar, 55000 if the
 * tables are not installed, 22023 if its rows make no calendar.
 */
OsmCalendar *
osm_calendar_get(const char *name)
{
	CacheEntry *entry = NULL;
	OsmCalendar *calendar;
	bool		found;

	initialize_cache();
	if (strlen(name) < CALENDAR_KEY_SIZE)
		entry = hash_search(cache, name, HASH_FIND, NULL);
	if (entry != NULL && entry->calendar != NULL &&
		entry->calendar->generation == osm_calendar_generation)
		return entry->calendar;

	/* An error while building leaves the old one in place, still marked stale. */
	calendar = strlen(name) < CALENDAR_KEY_SIZE ? build(name) : NULL;
	if (calendar == NULL)
	{
		entry = hash_search(cache, name, HASH_FIND, NULL);
		if (entry != NULL)
		{
			OsmCalendar *gone = entry->calendar;

			entry->calendar = NULL;
			hash_search(cache, name, HASH_REMOVE, NULL);
			if (gone != NULL)
				MemoryContextDelete(gone->context);
		}
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("calendar \"%s\" does not exist", name),
				 errhint("Calendars are made by osm.define_calendar() or osm.install_preset().")));
	}

	entry = hash_search(cache, name, HASH_ENTER, &found);
	if (!found)
		entry->calendar = NULL;
	if (entry->calendar != NULL)
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
		DetermineTimeZoneOffset(&tm, (pg_tz *) calendar->source.zone) * USECS_PER_SEC;
}

/*
 * The title of the rule that made a day what it is; NULL if it has none.
 * *closes: the rule is what closes the day, not its weekday.
 */
const char *
osm_calendar_day_title(const OsmCalendar *calendar, DateADT day, bool *closes)
{
	OsmcDayOrigin origin = osmc_source_origin(&calendar->source, day);

	*closes = false;
	if (origin.layer < 0 || origin.day == NULL)
		return NULL;
	*closes = origin.day->rule.kind == OSMC_DAY_CLOSED ||
		origin.day->rule.kind == OSMC_DAY_DECREE;
	return calendar->titles[origin.layer][origin.day - calendar->layers[origin.layer].days];
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
	DateADT		today = osm_calendar_local_date(calendar, osm_now());

	if (osmc_calendar_opens_from(calendar->compiled, today) != OSMC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("calendar \"%s\" has no open time ahead", calendar->name),
				 errdetail("No day from today on has open time, so no term could ever end."),
				 errhint("Give it \"hours\", or a parent that has them.")));
	PG_RETURN_VOID();
}
