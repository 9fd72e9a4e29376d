/*-------------------------------------------------------------------------
 *
 * calendar_rows.c
 *	  Reads a calendar and its parents from their tables.
 *
 * The hazards that shaped this file:
 *
 * - What is remembered must never be older than the latest commit: the tables
 *	 are read like catalogs, under a catalog snapshot, whatever the isolation
 *	 level.  A repeatable read transaction would otherwise leave yesterday's
 *	 calendar behind for the transactions after it.
 * - The reader needs no right on the tables and row security must not hide a
 *	 day: the look-ups run as the tables' owner, as those of referential
 *	 integrity do.  Every name in them is qualified and every value a parameter.
 * - They go through SPI, not through a scan of the heap: where the tables are
 *	 reference tables of a cluster, only the planner knows where the rows are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "calendar_rows.h"

/*
 * Days laid out, from 1 January of the first year to 31 December of the last:
 * half a century with a lunch break stays below 1 MiB; the wide layout is for
 * questions that leave it.  The years of the dated days are always among them.
 * It does not begin with 1995: on its eve some islands of Kiribati skipped a day.
 */
#define FIRST_YEAR		1994
#define LAST_YEAR		2044
#define FIRST_WIDE_YEAR	1900
#define LAST_WIDE_YEAR	2199

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

/* The days of one calendar of the chain as they were read. */
typedef struct LayerDays
{
	TitledDay  *days;
	int			day_count;
	YearlyDay  *yearly;
	int			yearly_count;
} LayerDays;

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
read_days(LayerDays *result, MemoryContext context)
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
	result->days = days;
	result->day_count = n;
}

static void
read_yearly(LayerDays *result, MemoryContext context)
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
	result->yearly = yearly;
	result->yearly_count = (int) count;
}

/*
 * Reads a calendar and what it lies over, the calendar itself first, into
 * calendar; the days go to days for the time being, in the current context.
 * False if there is no calendar of that name.
 */
static bool
read_layers(CalendarRows *calendar, const char *name, LayerDays *days, MemoryContext context)
{
	SPIPlanPtr	plans[QUERY_COUNT] = {NULL, NULL, NULL, NULL};
	OsmcCalendarSource *source = &calendar->source;
	bool		decree_stated = false;
	char	   *link = pstrdup(name);

	calendar->time_zone = NULL;
	while (link != NULL)
	{
		OsmcLayer  *layer = &calendar->layers[source->layer_count];
		LayerDays  *layer_days = &days[source->layer_count];
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
		if (calendar->time_zone == NULL)
			calendar->time_zone = text_column(row, 2, context);
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
			read_week(layer, context);
		}
		run_query(plans, QUERY_DAYS, link);
		read_days(layer_days, context);
		run_query(plans, QUERY_YEARLY, link);
		read_yearly(layer_days, context);

		source->layer_count++;
		link = parent;
	}
	source->layers = calendar->layers;
	return true;
}

static int32
year_end(int year, bool last)
{
	int32		day = 0;

	osmc_day_from_date(year, last ? 12 : 1, last ? 31 : 1, &day);
	return day;
}

/* The days to lay out: the usual or the wide years, and those of every dated day. */
static void
choose_horizon(OsmcCalendarSource *source, const LayerDays *rows, bool wide)
{
	int			layer;

	source->first_day = year_end(wide ? FIRST_WIDE_YEAR : FIRST_YEAR, false);
	source->last_day = year_end(wide ? LAST_WIDE_YEAR : LAST_YEAR, true);
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
has_rule(const LayerDays *rows, int32 day)
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
lay_days(CalendarRows *calendar, int number, const LayerDays *rows, MemoryContext context)
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

	days = MemoryContextAllocZero(context, sizeof(OsmcDay) * Max(count, 1));
	titles = MemoryContextAllocZero(context, sizeof(char *) * Max(count, 1));
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
 * Reads the calendar of that name and all it lies over, for the usual or the
 * wide horizon.  rows must be zeroed; what it points to is allocated in context.
 * False if there is none of that
 * name; 42704 if a parent is missing, 54000 if they form a circle.
 */
bool
osm_calendar_read(const char *name, Oid calendar_table, bool wide, MemoryContext context,
				  CalendarRows *rows)
{
	HeapTuple	class_row = SearchSysCache1(RELOID, ObjectIdGetDatum(calendar_table));
	Oid			owner;
	Oid			user;
	int			security;
	LayerDays  *days;
	bool		found;
	int			i;

	if (!HeapTupleIsValid(class_row))
		elog(ERROR, "cache lookup failed for relation %u", calendar_table);
	owner = ((Form_pg_class) GETSTRUCT(class_row))->relowner;
	ReleaseSysCache(class_row);

	/* in an error the transaction machinery gives the user back */
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner,
						   security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	PushActiveSnapshot(GetCatalogSnapshot(calendar_table));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	days = palloc0(sizeof(LayerDays) * OSMC_MAX_LAYERS);
	found = read_layers(rows, name, days, context);
	if (found)
	{
		choose_horizon(&rows->source, days, wide);
		for (i = 0; i < rows->source.layer_count; i++)
			lay_days(rows, i, &days[i], context);
	}

	SPI_finish();
	PopActiveSnapshot();
	SetUserIdAndSecContext(user, security);
	return found;
}
