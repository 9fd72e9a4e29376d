/*-------------------------------------------------------------------------
 *
 * business_time.c
 *	  Deadline arithmetic in SQL: the functions over compiled calendars.
 *
 * The hazard that shaped this file: these functions run once per row of large
 * tables.  The calendar is remembered in fn_extra together with its name and
 * the generation and statement it was looked up in, so that a row costs three
 * comparisons and two look-ups; nothing is allocated but the result.
 *
 * Infinite instants and dates end here: the core knows finite ones only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/multirangetypes.h"
#include "utils/numeric.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#include "osm_calendar.h"
#include "osm_workflow.h"

PG_FUNCTION_INFO_V1(osm_session_calendar);
PG_FUNCTION_INFO_V1(osm_add_business_time);
PG_FUNCTION_INFO_V1(osm_subtract_business_time);
PG_FUNCTION_INFO_V1(osm_business_time_between);
PG_FUNCTION_INFO_V1(osm_business_seconds_between);
PG_FUNCTION_INFO_V1(osm_is_business_time);
PG_FUNCTION_INFO_V1(osm_next_business_time);
PG_FUNCTION_INFO_V1(osm_previous_business_time);
PG_FUNCTION_INFO_V1(osm_is_business_day);
PG_FUNCTION_INFO_V1(osm_add_business_days);
PG_FUNCTION_INFO_V1(osm_business_days_between);
PG_FUNCTION_INFO_V1(osm_business_hours);
PG_FUNCTION_INFO_V1(osm_business_hours_of);
PG_FUNCTION_INFO_V1(osm_explain_deadline);
PG_FUNCTION_INFO_V1(osm_timestamptz_plus_business_interval);
PG_FUNCTION_INFO_V1(osm_timestamptz_minus_business_interval);

/* What fn_extra keeps. */
typedef struct CallCache
{
	OsmCalendar *calendar;
	uint64		generation;
	TimestampTz statement;		/* start of the client's statement it was looked up in */
	bool		constant;		/* the name is a literal of the query: no need to compare */
	int			length;			/* of name */
	char		name[FLEXIBLE_ARRAY_MEMBER];	/* not terminated */
} CallCache;

/* ---------- the calendar of a call ---------- */

/* Whether an argument is a literal, the same at every call through this FmgrInfo. */
static bool
argument_is_literal(FmgrInfo *flinfo, int number)
{
	Node	   *expr = flinfo->fn_expr;
	List	   *arguments = NIL;

	if (expr != NULL && IsA(expr, FuncExpr))
		arguments = ((FuncExpr *) expr)->args;
	return number < list_length(arguments) && IsA(list_nth(arguments, number), Const);
}

static pg_noinline OsmCalendar *
look_up(FunctionCallInfo fcinfo, const char *name, int length, int number)
{
	char	   *terminated = pnstrdup(name, length);
	uint64		generation = osm_calendar_generation;
	OsmCalendar *calendar = osm_calendar_get(terminated);
	CallCache  *old = (CallCache *) fcinfo->flinfo->fn_extra;
	CallCache  *call = old;

	if (old == NULL || old->length < length)
		call = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, offsetof(CallCache, name) + length);
	call->calendar = calendar;

	/*
	 * If the calendar was overtaken while it was looked up, the generation of
	 * before makes the next row look it up again.
	 */
	call->generation = generation;
	call->statement = GetCurrentStatementStartTimestamp();
	call->constant = number >= 0 && argument_is_literal(fcinfo->flinfo, number);
	call->length = length;
	memcpy(call->name, name, length);
	fcinfo->flinfo->fn_extra = call;
	if (old != NULL && old != call)
		pfree(old);
	pfree(terminated);
	return calendar;
}

/*
 * Whether what fn_extra keeps may be used without a look-up.  A later statement
 * looks up again, and so hears of changes: an expression of PL/pgSQL lives as
 * long as its transaction, a cursor longer.
 */
static inline bool
still_good(const CallCache *call)
{
	return call != NULL && call->generation == osm_calendar_generation &&
		call->statement == GetCurrentStatementStartTimestamp();
}

/* The calendar of that name; number is that of the argument it came as, -1 if it did not. */
static inline OsmCalendar *
calendar_named(FunctionCallInfo fcinfo, const char *name, int length, int number)
{
	CallCache  *call = (CallCache *) fcinfo->flinfo->fn_extra;

	if (likely(still_good(call) && call->length == length &&
			   memcmp(call->name, name, length) == 0))
		return call->calendar;
	return look_up(fcinfo, name, length, number);
}

/* The calendar an argument names. */
static inline OsmCalendar *
calendar_argument(FunctionCallInfo fcinfo, int number)
{
	CallCache  *call = (CallCache *) fcinfo->flinfo->fn_extra;
	text	   *name;

	if (likely(still_good(call) && call->constant))
		return call->calendar;
	name = PG_GETARG_TEXT_PP(number);
	return calendar_named(fcinfo, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), number);
}

/* The session's calendar. */
static inline OsmCalendar *
session_calendar(FunctionCallInfo fcinfo)
{
	return calendar_named(fcinfo, osm_default_calendar, strlen(osm_default_calendar), -1);
}

/* ---------- errors ---------- */

static char *
date_text(int32 day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

/*
 * Words what the core refused.  22008 if the question leaves the days laid out,
 * 22023 if the calendar has no open time there.
 */
static pg_noinline void
report_status(const OsmCalendar *calendar, OsmcStatus status)
{
	const OsmcCalendar *compiled = osm_calendar_compiled(calendar);

	switch (status)
	{
		case OSMC_OK:
			return;
		case OSMC_NEVER_OPEN:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("calendar \"%s\" has no open time there", osm_calendar_name(calendar)),
					 errhint("Look at its hours with osm.calendar_document().")));
			break;
		case OSMC_CLOSED_DAY:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the day has no open time in calendar \"%s\"",
							osm_calendar_name(calendar))));
			break;
		case OSMC_OUT_OF_HORIZON:
		case OSMC_OUT_OF_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("business time out of range in calendar \"%s\"",
							osm_calendar_name(calendar)),
					 errdetail("The calendar is laid out from %s to %s.",
							   date_text(osmc_calendar_first_day(compiled)),
							   date_text(osmc_calendar_last_day(compiled)))));
			break;
		default:
			elog(ERROR, "unexpected status %d of calendar \"%s\"",
				 (int) status, osm_calendar_name(calendar));
	}
}

/* Lays a calendar out further if that is what a question needs, else words the error. */
static pg_noinline void
widen_or_report(OsmCalendar *calendar, OsmcStatus status)
{
	if (status != OSMC_OUT_OF_HORIZON || !osm_calendar_widen(calendar))
		report_status(calendar, status);
}

/* The call is made again on the wider layout: it must ask for the compiled calendar itself. */
#define CHECK_STATUS(calendar, call) \
	do { \
		OsmcStatus	status_; \
		while (unlikely((status_ = (call)) != OSMC_OK)) \
			widen_or_report((calendar), status_); \
	} while (0)

static pg_noinline void
report_provisional(const OsmCalendar *calendar)
{
	const OsmcCalendar *compiled = osm_calendar_compiled(calendar);

	ereport(ERROR,
			(errcode(ERRCODE_OSM_UNKNOWN_CALENDAR),
			 errmsg("days of calendar \"%s\" are not known beyond %s",
					osm_calendar_name(calendar),
					date_text(osmc_calendar_known_until(compiled))),
			 errdetail("Setting %s refuses results that depend on later days.",
					   "osm_workflow.strict_calendar"),
			 errhint("Load the next year with osm.load_production_calendar().")));
}

/* OW009 in strict mode.  The setting first: a processor guesses it, but not what rows hold. */
static inline void
check_provisional(const OsmCalendar *calendar, bool provisional)
{
	if (unlikely(osm_strict_calendar) && provisional)
		report_provisional(calendar);
}

static void
report_infinite(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("business time between infinite instants is not defined")));
}

/* ---------- arithmetic, for C callers too ---------- */

/* No time at all leads nowhere, however far from the days laid out one stands. */
static inline bool
is_zero(const BusinessInterval *amount)
{
	return (amount->time | amount->days) == 0;
}

/*
 * The instant when amount has been used up from t on; its mirror for negative
 * parts.  *provisional (may be NULL): the answer depends on days not known yet.
 * Errors: see report_status(); OW009 in strict mode.
 */
TimestampTz
osm_calendar_add(OsmCalendar *calendar, TimestampTz t, const BusinessInterval *amount,
				 bool *provisional)
{
	int64_t		result;
	bool		guessed = false;

	if (provisional != NULL)
		*provisional = false;
	if (TIMESTAMP_NOT_FINITE(t) || is_zero(amount))
		return t;
	CHECK_STATUS(calendar, osmc_calendar_add(osm_calendar_compiled(calendar), t, amount->time,
											 amount->days, &result, &guessed));
	check_provisional(calendar, guessed);
	if (provisional != NULL)
		*provisional = guessed;
	return result;
}

/* The greatest instant from which amount is used up at t. */
TimestampTz
osm_calendar_subtract(OsmCalendar *calendar, TimestampTz t, const BusinessInterval *amount,
					  bool *provisional)
{
	int64_t		result;
	bool		guessed = false;

	if (provisional != NULL)
		*provisional = false;
	if (TIMESTAMP_NOT_FINITE(t) || is_zero(amount))
		return t;
	CHECK_STATUS(calendar, osmc_calendar_subtract(osm_calendar_compiled(calendar), t, amount->time,
												  amount->days, &result, &guessed));
	check_provisional(calendar, guessed);
	if (provisional != NULL)
		*provisional = guessed;
	return result;
}

/* Open time from one instant to another, negative if they are reversed; 22008 for infinite ones. */
void
osm_calendar_between(OsmCalendar *calendar, TimestampTz from, TimestampTz to,
					 BusinessInterval *result)
{
	int64_t		time;
	bool		guessed = false;

	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		report_infinite();
	CHECK_STATUS(calendar, osmc_calendar_between(osm_calendar_compiled(calendar), from, to,
												 &time, &guessed));
	check_provisional(calendar, guessed);
	result->time = time;
	result->days = 0;
	result->reserved = 0;
}

/* The date an instant falls on in the calendar's zone. */
DateADT
osm_calendar_local_date(OsmCalendar *calendar, TimestampTz t)
{
	int32_t		day;

	if (TIMESTAMP_IS_NOBEGIN(t))
		return DATEVAL_NOBEGIN;
	if (TIMESTAMP_IS_NOEND(t))
		return DATEVAL_NOEND;
	CHECK_STATUS(calendar, osmc_calendar_local_day(osm_calendar_compiled(calendar), t, &day));
	return day;
}

/* The earliest instant of business time that is not before t. */
TimestampTz
osm_calendar_next(OsmCalendar *calendar, TimestampTz t)
{
	int64_t		result;
	bool		guessed = false;

	if (TIMESTAMP_NOT_FINITE(t))
		return t;
	CHECK_STATUS(calendar, osmc_calendar_next(osm_calendar_compiled(calendar), t, &result,
											  &guessed));
	check_provisional(calendar, guessed);
	return result;
}

/* The count-th business day strictly after (before, if negative) a date; 0 gives the date. */
DateADT
osm_calendar_add_days(OsmCalendar *calendar, DateADT day, int32 count)
{
	int32_t		result;
	bool		guessed = false;

	if (DATE_NOT_FINITE(day) || count == 0)
		return day;
	CHECK_STATUS(calendar, osmc_calendar_add_days(osm_calendar_compiled(calendar), day, count,
												  &result, &guessed));
	check_provisional(calendar, guessed);
	return result;
}

/* Business days in (from, to], negative if reversed; 22008 for infinite dates. */
int32
osm_calendar_days_between(OsmCalendar *calendar, DateADT from, DateADT to)
{
	int32_t		count;
	bool		guessed = false;

	if (DATE_NOT_FINITE(from) || DATE_NOT_FINITE(to))
		report_infinite();
	CHECK_STATUS(calendar, osmc_calendar_days_between(osm_calendar_compiled(calendar), from, to,
													  &count, &guessed));
	check_provisional(calendar, guessed);
	return count;
}

/* In strict mode, whether a date is known; OW009 if not. */
static void
check_day_known(OsmCalendar *calendar, int32 day)
{
	int32_t		known = osmc_calendar_known_until(osm_calendar_compiled(calendar));

	if (osm_strict_calendar && known != OSMC_NO_DAY && day > known)
		report_provisional(calendar);
}

/* ---------- SQL functions, one instant or date ---------- */

/* The default of calendar arguments; current_setting() would cost more than the arithmetic. */
Datum
osm_session_calendar(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(osm_default_calendar));
}

Datum
osm_add_business_time(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(osm_calendar_add(calendar_argument(fcinfo, 2),
										   PG_GETARG_TIMESTAMPTZ(0),
										   PG_GETARG_BUSINESS_INTERVAL_P(1), NULL));
}

Datum
osm_subtract_business_time(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(osm_calendar_subtract(calendar_argument(fcinfo, 2),
												PG_GETARG_TIMESTAMPTZ(0),
												PG_GETARG_BUSINESS_INTERVAL_P(1), NULL));
}

Datum
osm_timestamptz_plus_business_interval(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(osm_calendar_add(session_calendar(fcinfo),
										   PG_GETARG_TIMESTAMPTZ(0),
										   PG_GETARG_BUSINESS_INTERVAL_P(1), NULL));
}

Datum
osm_timestamptz_minus_business_interval(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(osm_calendar_subtract(session_calendar(fcinfo),
												PG_GETARG_TIMESTAMPTZ(0),
												PG_GETARG_BUSINESS_INTERVAL_P(1), NULL));
}

Datum
osm_business_time_between(PG_FUNCTION_ARGS)
{
	BusinessInterval *result = palloc(sizeof(BusinessInterval));

	osm_calendar_between(calendar_argument(fcinfo, 2), PG_GETARG_TIMESTAMPTZ(0),
						 PG_GETARG_TIMESTAMPTZ(1), result);
	PG_RETURN_BUSINESS_INTERVAL_P(result);
}

/*
 * Open time between two instants in seconds, for views over many rows: where a
 * calendar is not laid out that far the answer is null, not an error, so that
 * one date far off does not hide all the others.
 */
Datum
osm_business_seconds_between(PG_FUNCTION_ARGS)
{
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(1);
	OsmCalendar *calendar = calendar_argument(fcinfo, 2);
	int64		time;
	OsmcStatus	status;

	if (TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		PG_RETURN_NULL();
	do
		status = osmc_calendar_between(osm_calendar_compiled(calendar), from, to, &time, NULL);
	while (status == OSMC_OUT_OF_HORIZON && osm_calendar_widen(calendar));
	if (status == OSMC_OUT_OF_HORIZON)
		PG_RETURN_NULL();
	CHECK_STATUS(calendar, status);
	PG_RETURN_NUMERIC(int64_div_fast_to_numeric(time, 6));
}

/* Whether an instant lies in a half-open segment; false for infinite ones. */
Datum
osm_is_business_time(PG_FUNCTION_ARGS)
{
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(0);
	OsmCalendar *calendar = calendar_argument(fcinfo, 1);
	bool		open;

	if (TIMESTAMP_NOT_FINITE(t))
		PG_RETURN_BOOL(false);
	CHECK_STATUS(calendar, osmc_calendar_is_open(osm_calendar_compiled(calendar), t, &open));
	if (unlikely(osm_strict_calendar))
		check_day_known(calendar, osm_calendar_local_date(calendar, t));
	PG_RETURN_BOOL(open);
}

Datum
osm_next_business_time(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(osm_calendar_next(calendar_argument(fcinfo, 1),
											PG_GETARG_TIMESTAMPTZ(0)));
}

Datum
osm_previous_business_time(PG_FUNCTION_ARGS)
{
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(0);
	OsmCalendar *calendar = calendar_argument(fcinfo, 1);
	int64_t		result;
	bool		guessed = false;

	if (TIMESTAMP_NOT_FINITE(t))
		PG_RETURN_TIMESTAMPTZ(t);
	CHECK_STATUS(calendar, osmc_calendar_previous(osm_calendar_compiled(calendar), t, &result,
												  &guessed));
	check_provisional(calendar, guessed);
	PG_RETURN_TIMESTAMPTZ(result);
}

/* Whether a date has open time; false for infinite ones. */
Datum
osm_is_business_day(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);
	OsmCalendar *calendar = calendar_argument(fcinfo, 1);
	bool		business;

	if (DATE_NOT_FINITE(day))
		PG_RETURN_BOOL(false);
	CHECK_STATUS(calendar, osmc_calendar_is_business_day(osm_calendar_compiled(calendar), day,
														 &business));
	check_day_known(calendar, day);
	PG_RETURN_BOOL(business);
}

Datum
osm_add_business_days(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(osm_calendar_add_days(calendar_argument(fcinfo, 2), PG_GETARG_DATEADT(0),
											PG_GETARG_INT32(1)));
}

Datum
osm_business_days_between(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(osm_calendar_days_between(calendar_argument(fcinfo, 2), PG_GETARG_DATEADT(0),
											  PG_GETARG_DATEADT(1)));
}

/* ---------- segments ---------- */

/* [start, end) as a range. */
static RangeType *
segment_range(TypeCacheEntry *type, int64 start, int64 end)
{
	RangeBound	lower = {TimestampTzGetDatum(start), false, true, true};
	RangeBound	upper = {TimestampTzGetDatum(end), false, false, false};

#if PG_VERSION_NUM >= 160000
	return make_range(type, &lower, &upper, false, NULL);
#else
	return make_range(type, &lower, &upper, false);
#endif
}

static TypeCacheEntry *
instant_range_type(void)
{
	return lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
}

/*
 * The open segments inside a range, as a multirange.  A bound of the range that
 * lies in open time keeps its kind.  22008 for a range without bounds.
 */
Datum
osm_business_hours(PG_FUNCTION_ARGS)
{
	RangeType  *within = PG_GETARG_RANGE_P(0);
	OsmCalendar *calendar = calendar_argument(fcinfo, 1);
	TypeCacheEntry *type = instant_range_type();
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;
	RangeType **ranges = NULL;
	int			count = 0;
	int			room = 0;
	OsmcScan	scan;
	OsmcSegment segment;
	TimestampTz from;
	TimestampTz to;
	TimestampTz stop;

	range_deserialize(type, within, &lower, &upper, &empty);
	if (empty)
		PG_RETURN_MULTIRANGE_P(make_multirange(TSTZMULTIRANGEOID, type, 0, NULL));
	from = DatumGetTimestampTz(lower.val);
	to = DatumGetTimestampTz(upper.val);
	if (lower.infinite || upper.infinite || TIMESTAMP_NOT_FINITE(from) || TIMESTAMP_NOT_FINITE(to))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("business hours of a range without bounds are not defined"),
				 errhint("Give both ends of the range.")));

	/* one microsecond more for an inclusive end; midnight after a day is no part of the next */
	stop = upper.inclusive ? to + 1 : to;
	if (osm_strict_calendar)
		check_day_known(calendar, osm_calendar_local_date(calendar, stop - 1));
	CHECK_STATUS(calendar, osmc_calendar_scan(osm_calendar_compiled(calendar), from, stop, &scan));
	while (osmc_scan_next(&scan, &segment))
	{
		RangeType  *range = segment_range(type, segment.start, segment.end);

		CHECK_FOR_INTERRUPTS();
		if (segment.start <= from || segment.end >= to)
			range = range_intersect_internal(type, range, within);
		if (RangeIsEmpty(range))
			continue;
		if (count == room)
		{
			room = room == 0 ? 64 : room * 2;
			ranges = ranges == NULL ? palloc(sizeof(RangeType *) * room)
				: repalloc(ranges, sizeof(RangeType *) * room);
		}
		ranges[count++] = range;
	}
	PG_RETURN_MULTIRANGE_P(make_multirange(TSTZMULTIRANGEOID, type, count, ranges));
}

/* The rows of a set-returning function, made at its first call. */
typedef struct Rows
{
	int			count;
	int			room;
	Datum	   *rows;
} Rows;

static void
push_row(Rows *rows, Datum row)
{
	if (rows->count == rows->room)
	{
		rows->room = rows->room == 0 ? 64 : rows->room * 2;
		rows->rows = rows->rows == NULL ? palloc(sizeof(Datum) * rows->room)
			: repalloc(rows->rows, sizeof(Datum) * rows->room);
	}
	rows->rows[rows->count++] = row;
}

/* Hands the rows out one by one. */
static Datum
return_rows(FunctionCallInfo fcinfo, FuncCallContext *funcctx)
{
	Rows	   *rows = (Rows *) funcctx->user_fctx;

	if (funcctx->call_cntr < (uint64) rows->count)
	{
		/* the macro counts before it evaluates its argument */
		Datum		row = rows->rows[funcctx->call_cntr];

		SRF_RETURN_NEXT(funcctx, row);
	}
	SRF_RETURN_DONE(funcctx);
}

/* A set-returning function needs fn_extra for itself: the calendar is looked up once per set. */
static OsmCalendar *
calendar_of_set(FunctionCallInfo fcinfo, int number)
{
	return osm_calendar_get(text_to_cstring(PG_GETARG_TEXT_PP(number)));
}

/* One day's segments, a row each; none for a closed or infinite date. */
Datum
osm_business_hours_of(PG_FUNCTION_ARGS)
{
	if (SRF_IS_FIRSTCALL())
	{
		FuncCallContext *funcctx = SRF_FIRSTCALL_INIT();
		MemoryContext old = MemoryContextSwitchTo(funcctx->multi_call_memory_ctx);
		DateADT		day = PG_GETARG_DATEADT(0);
		OsmCalendar *calendar = calendar_of_set(fcinfo, 1);
		Rows	   *rows = palloc0(sizeof(Rows));
		OsmcScan	scan;
		OsmcSegment segment;

		if (!DATE_NOT_FINITE(day))
		{
			check_day_known(calendar, day);
			CHECK_STATUS(calendar, osmc_calendar_scan_day(osm_calendar_compiled(calendar), day,
														  &scan));
			while (osmc_scan_next(&scan, &segment))
				push_row(rows, RangeTypePGetDatum(segment_range(instant_range_type(),
																segment.start, segment.end)));
		}
		funcctx->user_fctx = rows;
		MemoryContextSwitchTo(old);
	}
	return return_rows(fcinfo, SRF_PERCALL_SETUP());
}

/* ---------- explain_deadline ---------- */

/* What the rows of one explanation share. */
typedef struct Explanation
{
	OsmCalendar *calendar;
	TupleDesc	desc;
	TypeCacheEntry *range_type;
	Rows	   *rows;
	BusinessInterval left;		/* what is still to be used */
} Explanation;

/* Adds a row: a segment, what it used of the amount, and the title of its day. */
static void
explain_row(Explanation *e, int64 start, int64 end, int64 used_time, int32 used_days, DateADT day)
{
	bool		closes;
	const char *title = osm_calendar_day_title(e->calendar, day, &closes);
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};

	CHECK_FOR_INTERRUPTS();
	e->left.time -= used_time;
	e->left.days -= used_days;
	values[0] = RangeTypePGetDatum(segment_range(e->range_type, start, end));
	values[1] = PointerGetDatum(osm_business_interval_make(used_time, used_days));
	values[2] = PointerGetDatum(osm_business_interval_make(e->left.time, e->left.days));
	nulls[3] = title == NULL;
	if (title != NULL)
		values[3] = CStringGetTextDatum(title);
	push_row(e->rows, HeapTupleGetDatum(heap_form_tuple(e->desc, values, nulls)));
}

/*
 * Named closed days strictly between two dates, in the order of the walk: rows
 * that use nothing, each as wide as the day.
 */
static void
explain_skipped(Explanation *e, DateADT after, DateADT before, int direction)
{
	DateADT		day;

	for (day = after + direction; direction > 0 ? day < before : day > before; day += direction)
	{
		bool		closes;

		CHECK_FOR_INTERRUPTS();
		if (osm_calendar_day_title(e->calendar, day, &closes) != NULL && closes)
			explain_row(e, osm_calendar_midnight(e->calendar, day),
						osm_calendar_midnight(e->calendar, day + 1), 0, 0, day);
	}
}

/*
 * The business days of the amount, a row each: from opening to close.  day is
 * the date they are counted from, direction 1 or -1.
 */
static void
explain_days(Explanation *e, DateADT day, int direction)
{
	while (e->left.days != 0)
	{
		int64_t		start;
		int64_t		end;
		DateADT		previous = day;

		day = osm_calendar_add_days(e->calendar, day, direction);
		explain_skipped(e, previous, day, direction);
		CHECK_STATUS(e->calendar, osmc_calendar_opening_of(osm_calendar_compiled(e->calendar),
														   day, &start));
		CHECK_STATUS(e->calendar, osmc_calendar_close_of(osm_calendar_compiled(e->calendar),
														 day, &end));
		explain_row(e, start, end, 0, direction, day);
	}
}

/* The segments of open time between two instants, a row each, in the order they are used up. */
static void
explain_time(Explanation *e, int64 from, int64 to, int direction)
{
	/* the day of the start too, if it is a closed one */
	DateADT		previous = osm_calendar_local_date(e->calendar, from) - direction;
	OsmcScan	scan;
	OsmcSegment segment;
	OsmcSegment *segments = NULL;
	int			count = 0;
	int			room = 0;
	int			i;

	CHECK_STATUS(e->calendar, osmc_calendar_scan(osm_calendar_compiled(e->calendar),
												 Min(from, to), Max(from, to), &scan));
	while (osmc_scan_next(&scan, &segment))
	{
		if (count == room)
		{
			room = room == 0 ? 64 : room * 2;
			segments = segments == NULL ? palloc(sizeof(OsmcSegment) * room)
				: repalloc(segments, sizeof(OsmcSegment) * room);
		}
		segments[count++] = segment;
	}
	for (i = 0; i < count; i++)
	{
		OsmcSegment *s = &segments[direction > 0 ? i : count - 1 - i];
		/* of a segment that touches midnight, the day it belongs to is that of its start */
		DateADT		day = osm_calendar_local_date(e->calendar, s->start);

		explain_skipped(e, previous, day, direction);
		explain_row(e, s->start, s->end, direction * (s->end - s->start), 0, day);
		previous = day;
	}
}

/*
 * How a deadline came about: the business days counted, then the open segments
 * used up, in the order of the walk (backward for negative parts).
 */
Datum
osm_explain_deadline(PG_FUNCTION_ARGS)
{
	if (SRF_IS_FIRSTCALL())
	{
		FuncCallContext *funcctx = SRF_FIRSTCALL_INIT();
		MemoryContext old = MemoryContextSwitchTo(funcctx->multi_call_memory_ctx);
		TimestampTz t = PG_GETARG_TIMESTAMPTZ(0);
		BusinessInterval *amount = PG_GETARG_BUSINESS_INTERVAL_P(1);
		Explanation e;

		if (get_call_result_type(fcinfo, NULL, &e.desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		e.desc = BlessTupleDesc(e.desc);
		e.calendar = calendar_of_set(fcinfo, 2);
		e.range_type = instant_range_type();
		e.rows = palloc0(sizeof(Rows));
		e.left = *amount;

		if (!TIMESTAMP_NOT_FINITE(t))
		{
			BusinessInterval days = {0, amount->days, 0};
			TimestampTz due = osm_calendar_add(e.calendar, t, amount, NULL);

			if (amount->days != 0)
			{
				explain_days(&e, osm_calendar_local_date(e.calendar, t),
							 amount->days > 0 ? 1 : -1);
				t = osm_calendar_add(e.calendar, t, &days, NULL);
			}
			if (amount->time != 0)
				explain_time(&e, t, due, amount->time > 0 ? 1 : -1);
		}
		funcctx->user_fctx = e.rows;
		MemoryContextSwitchTo(old);
	}
	return return_rows(fcinfo, SRF_PERCALL_SETUP());
}
