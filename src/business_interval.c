/*-------------------------------------------------------------------------
 *
 * business_interval.c
 *	  The SQL type business_interval: business days and business time.
 *
 * The hazard that shaped this file: the bytes stay on disk for ever and are
 * hashed as they lie, so a value has no padding, its reserved word is always
 * zero, and whatever arrives from a client in binary form is checked again.
 * Text is read and written by the core, which knows neither catalogs nor
 * locales; here its verdicts become errors with a SQLSTATE.
 *
 * The order of values is days first, then time: a sort order, not a claim
 * about length, because a business day is a date and not a number of hours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#endif
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "core/osmc_interval.h"
#include "osm_calendar.h"

#ifndef ereturn
/* Before PostgreSQL 16 nobody asks for soft errors. */
#define ereturn(context, dummy_value, ...) \
	do { \
		ereport(ERROR, __VA_ARGS__); \
		return dummy_value; \
	} while (0)
#endif

PG_FUNCTION_INFO_V1(osm_business_interval_in);
PG_FUNCTION_INFO_V1(osm_business_interval_out);
PG_FUNCTION_INFO_V1(osm_business_interval_recv);
PG_FUNCTION_INFO_V1(osm_business_interval_send);
PG_FUNCTION_INFO_V1(osm_make_business_interval);
PG_FUNCTION_INFO_V1(osm_business_days);
PG_FUNCTION_INFO_V1(osm_business_seconds);
PG_FUNCTION_INFO_V1(osm_business_interval_to_interval);
PG_FUNCTION_INFO_V1(osm_interval_to_business_interval);
PG_FUNCTION_INFO_V1(osm_business_interval_eq);
PG_FUNCTION_INFO_V1(osm_business_interval_ne);
PG_FUNCTION_INFO_V1(osm_business_interval_lt);
PG_FUNCTION_INFO_V1(osm_business_interval_le);
PG_FUNCTION_INFO_V1(osm_business_interval_ge);
PG_FUNCTION_INFO_V1(osm_business_interval_gt);
PG_FUNCTION_INFO_V1(osm_business_interval_cmp);
PG_FUNCTION_INFO_V1(osm_business_interval_hash);
PG_FUNCTION_INFO_V1(osm_business_interval_hash_extended);
PG_FUNCTION_INFO_V1(osm_business_interval_smaller);
PG_FUNCTION_INFO_V1(osm_business_interval_larger);
PG_FUNCTION_INFO_V1(osm_business_interval_plus);
PG_FUNCTION_INFO_V1(osm_business_interval_minus);
PG_FUNCTION_INFO_V1(osm_business_interval_uminus);
PG_FUNCTION_INFO_V1(osm_business_interval_uplus);
PG_FUNCTION_INFO_V1(osm_business_interval_times);
PG_FUNCTION_INFO_V1(osm_float8_times_business_interval);
PG_FUNCTION_INFO_V1(osm_business_interval_divide);
PG_FUNCTION_INFO_V1(osm_business_interval_avg_accum);
PG_FUNCTION_INFO_V1(osm_business_interval_avg_remove);
PG_FUNCTION_INFO_V1(osm_business_interval_avg_combine);
PG_FUNCTION_INFO_V1(osm_business_interval_avg_final);

/* State of avg(): an array of these two. */
typedef struct AverageState
{
	int64		count;
	int64		sum;			/* microseconds */
} AverageState;

/*
 * Builds a value in the current memory context.
 * time: microseconds; days: business days.
 */
BusinessInterval *
osm_business_interval_make(int64 time, int32 days)
{
	BusinessInterval *result = palloc0(sizeof(BusinessInterval));

	result->time = time;
	result->days = days;
	return result;
}

static void
out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("business_interval out of range")));
}

/*
 * Says in DETAIL what in the text is at fault.  The core counts bytes; people
 * count characters from 1.
 */
static int
detail_of_text_error(const char *text, const OsmcTextError *error)
{
	int			length = (int) strlen(text);
	int			start = Min((int) error->position, length);
	int			position = pg_mbstrlen_with_len(text, start) + 1;
	int			word = Min((int) error->length, length - start);

	if (word <= 0)
		return errdetail("The text ends where a number or a unit is expected.");
	word = pg_mbcliplen(text + start, length - start, Min(word, 60));
	return errdetail("\"%.*s\" at position %d is not understood.",
					 word, text + start, position);
}

/* The words of the text the error points at, for a message. */
static char *
offending_words(const char *text, const OsmcTextError *error)
{
	int			length = (int) strlen(text);
	int			start = Min((int) error->position, length);
	int			word = Min((int) error->length, length - start);

	return pnstrdup(text + start, pg_mbcliplen(text + start, length - start, Min(word, 60)));
}

/*
 * Text to value.  Errors, soft where the caller asks for it: 22P02 bad text,
 * 22008 out of range.
 */
Datum
osm_business_interval_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
#if PG_VERSION_NUM >= 160000
	Node	   *escontext = fcinfo->context;
#endif
	OsmcInterval value;
	OsmcTextError error = {0, 0};

	switch (osmc_interval_parse(text, strlen(text), &value, &error))
	{
		case OSMC_OK:
			PG_RETURN_BUSINESS_INTERVAL_P(osm_business_interval_make(value.time, value.days));

		case OSMC_OUT_OF_RANGE:
			ereturn(escontext, (Datum) 0,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("value \"%s\" is out of range for type %s",
							text, "business_interval")));

		case OSMC_UNIT_TWICE:
			ereturn(escontext, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%s\"",
							"business_interval", text),
					 errdetail("The unit of \"%s\" is given more than once.",
							   offending_words(text, &error))));

		case OSMC_UNIT_REFUSED:
			ereturn(escontext, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%s\"",
							"business_interval", text),
					 errdetail("\"%s\" has no meaning in business time.",
							   offending_words(text, &error)),
					 errhint("Use business days, hours, minutes and seconds.")));

		case OSMC_FRACTION_OF_DAY:
			ereturn(escontext, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%s\"",
							"business_interval", text),
					 errdetail("Business days are whole."),
					 errhint("Give the rest in hours.")));

		default:
			ereturn(escontext, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%s\"",
							"business_interval", text),
					 detail_of_text_error(text, &error)));
	}
}

/* Value to its canonical text, which osm_business_interval_in() gives back unchanged. */
Datum
osm_business_interval_out(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);
	OsmcInterval core = {value->time, value->days};
	char	   *result = palloc(OSMC_INTERVAL_BUFFER);

	osmc_interval_format(&core, result);
	PG_RETURN_CSTRING(result);
}

/* Wire form to value: time (8 bytes), days (4), reserved (4, zero).  22P03 if it is not. */
Datum
osm_business_interval_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int64		time = pq_getmsgint64(buf);
	int32		days = (int32) pq_getmsgint(buf, 4);
	int32		reserved = (int32) pq_getmsgint(buf, 4);

	if (reserved != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type %s", "business_interval"),
				 errdetail("The reserved word is %d, not 0.", reserved)));
	PG_RETURN_BUSINESS_INTERVAL_P(osm_business_interval_make(time, days));
}

Datum
osm_business_interval_send(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, value->time);
	pq_sendint32(&buf, value->days);
	pq_sendint32(&buf, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* ---------- making and taking apart ---------- */

/* days, hours, minutes: integers; seconds: double.  22023 if not finite, 22008 out of range. */
Datum
osm_make_business_interval(PG_FUNCTION_ARGS)
{
	int32		days = PG_GETARG_INT32(0);
	int32		hours = PG_GETARG_INT32(1);
	int32		minutes = PG_GETARG_INT32(2);
	float8		seconds = PG_GETARG_FLOAT8(3);
	float8		usecs;
	int64		time;

	if (isnan(seconds) || isinf(seconds))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("seconds of a business_interval must be finite")));
	usecs = round(seconds * USECS_PER_SEC);
	if (!FLOAT8_FITS_IN_INT64(usecs))
		out_of_range();
	if (pg_add_s64_overflow((int64) hours * USECS_PER_HOUR + (int64) minutes * USECS_PER_MINUTE,
							(int64) usecs, &time))
		out_of_range();
	PG_RETURN_BUSINESS_INTERVAL_P(osm_business_interval_make(time, days));
}

Datum
osm_business_days(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(PG_GETARG_BUSINESS_INTERVAL_P(0)->days);
}

/* The time part in seconds, exact, with six decimals. */
Datum
osm_business_seconds(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);

	PG_RETURN_NUMERIC(int64_div_fast_to_numeric(value->time, 6));
}

/* Business days become days, business time becomes time; nothing is converted into the other. */
Datum
osm_business_interval_to_interval(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);
	Interval   *result = palloc0(sizeof(Interval));

	result->time = value->time;
	result->day = value->days;
	result->month = 0;
	PG_RETURN_INTERVAL_P(result);
}

/* The way back; 22023 for months and years, which have no meaning in business time. */
Datum
osm_interval_to_business_interval(PG_FUNCTION_ARGS)
{
	Interval   *value = PG_GETARG_INTERVAL_P(0);

#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_NOT_FINITE(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot cast an infinite interval to business_interval")));
#endif
	if (value->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot cast an interval with months to business_interval"),
				 errdetail("Months and years have no meaning in business time."),
				 errhint("Use business days, hours, minutes and seconds.")));
	PG_RETURN_BUSINESS_INTERVAL_P(osm_business_interval_make(value->time, value->day));
}

/* ---------- order ---------- */

static inline int
compare(const BusinessInterval *a, const BusinessInterval *b)
{
	if (a->days != b->days)
		return a->days < b->days ? -1 : 1;
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return 0;
}

#define COMPARE_ARGS \
	compare(PG_GETARG_BUSINESS_INTERVAL_P(0), PG_GETARG_BUSINESS_INTERVAL_P(1))

Datum
osm_business_interval_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(COMPARE_ARGS == 0);
}

Datum
osm_business_interval_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(COMPARE_ARGS != 0);
}

Datum
osm_business_interval_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(COMPARE_ARGS < 0);
}

Datum
osm_business_interval_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(COMPARE_ARGS <= 0);
}

Datum
osm_business_interval_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(COMPARE_ARGS >= 0);
}

Datum
osm_business_interval_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(COMPARE_ARGS > 0);
}

Datum
osm_business_interval_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(COMPARE_ARGS);
}

Datum
osm_business_interval_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(COMPARE_ARGS <= 0 ? PG_GETARG_DATUM(0) : PG_GETARG_DATUM(1));
}

Datum
osm_business_interval_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(COMPARE_ARGS >= 0 ? PG_GETARG_DATUM(0) : PG_GETARG_DATUM(1));
}

Datum
osm_business_interval_hash(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);

	return hash_any((unsigned char *) value, sizeof(BusinessInterval));
}

Datum
osm_business_interval_hash_extended(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);

	return hash_any_extended((unsigned char *) value, sizeof(BusinessInterval),
							 PG_GETARG_INT64(1));
}

/* ---------- arithmetic; 22008 whenever a part overflows ---------- */

Datum
osm_business_interval_plus(PG_FUNCTION_ARGS)
{
	BusinessInterval *a = PG_GETARG_BUSINESS_INTERVAL_P(0);
	BusinessInterval *b = PG_GETARG_BUSINESS_INTERVAL_P(1);
	BusinessInterval *result = osm_business_interval_make(0, 0);

	if (pg_add_s64_overflow(a->time, b->time, &result->time) ||
		pg_add_s32_overflow(a->days, b->days, &result->days))
		out_of_range();
	PG_RETURN_BUSINESS_INTERVAL_P(result);
}

Datum
osm_business_interval_minus(PG_FUNCTION_ARGS)
{
	BusinessInterval *a = PG_GETARG_BUSINESS_INTERVAL_P(0);
	BusinessInterval *b = PG_GETARG_BUSINESS_INTERVAL_P(1);
	BusinessInterval *result = osm_business_interval_make(0, 0);

	if (pg_sub_s64_overflow(a->time, b->time, &result->time) ||
		pg_sub_s32_overflow(a->days, b->days, &result->days))
		out_of_range();
	PG_RETURN_BUSINESS_INTERVAL_P(result);
}

Datum
osm_business_interval_uminus(PG_FUNCTION_ARGS)
{
	BusinessInterval *a = PG_GETARG_BUSINESS_INTERVAL_P(0);

	if (a->time == PG_INT64_MIN || a->days == PG_INT32_MIN)
		out_of_range();
	PG_RETURN_BUSINESS_INTERVAL_P(osm_business_interval_make(-a->time, -a->days));
}

Datum
osm_business_interval_uplus(PG_FUNCTION_ARGS)
{
	BusinessInterval *a = PG_GETARG_BUSINESS_INTERVAL_P(0);

	PG_RETURN_BUSINESS_INTERVAL_P(osm_business_interval_make(a->time, a->days));
}

/*
 * The scaled value, given both parts as exact as double arithmetic makes them.
 * Time is rounded half away from zero to the microsecond; days must come out
 * whole, else 22023.  A hundred days times 0.07 are seven: what lies within
 * the rounding of the two doubles involved is taken for whole.
 */
static BusinessInterval *
scaled(float8 time, float8 days)
{
	float8		whole_days = rint(days);

	time = round(time);
	if (isnan(time) || !FLOAT8_FITS_IN_INT64(time) ||
		isnan(days) || days < (float8) PG_INT32_MIN || days > (float8) PG_INT32_MAX)
		out_of_range();
	if (fabs(days - whole_days) > fabs(whole_days) * 2 * DBL_EPSILON)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("business days do not divide exactly"),
				 errdetail("The result would have %g business days.", days),
				 errhint("A part of a business day has no meaning; use hours instead.")));
	return osm_business_interval_make((int64) time, (int32) whole_days);
}

static void
check_factor(float8 factor)
{
	if (isnan(factor) || isinf(factor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a business_interval can be scaled by finite numbers only")));
}

static BusinessInterval *
times(const BusinessInterval *value, float8 factor)
{
	check_factor(factor);

	/* Whole factors are done in integers: a double has 53 bits only. */
	if (factor == rint(factor) && fabs(factor) <= (float8) PG_INT32_MAX)
	{
		BusinessInterval *result = osm_business_interval_make(0, 0);

		if (pg_mul_s64_overflow(value->time, (int64) factor, &result->time) ||
			pg_mul_s32_overflow(value->days, (int32) factor, &result->days))
			out_of_range();
		return result;
	}
	return scaled((float8) value->time * factor, (float8) value->days * factor);
}

Datum
osm_business_interval_times(PG_FUNCTION_ARGS)
{
	PG_RETURN_BUSINESS_INTERVAL_P(times(PG_GETARG_BUSINESS_INTERVAL_P(0), PG_GETARG_FLOAT8(1)));
}

Datum
osm_float8_times_business_interval(PG_FUNCTION_ARGS)
{
	PG_RETURN_BUSINESS_INTERVAL_P(times(PG_GETARG_BUSINESS_INTERVAL_P(1), PG_GETARG_FLOAT8(0)));
}

/*
 * dividend / divisor, rounded half away from zero; divisor > 0.  The greatest
 * dividends have more digits than a double.
 */
static int64
divide_rounding(int64 dividend, int64 divisor)
{
	int64		quotient = dividend / divisor;
	int64		rest = dividend % divisor;

	if (rest < 0)
		rest = -rest;
	if (rest >= divisor - rest)
		quotient += dividend < 0 ? -1 : 1;
	return quotient;
}

/* value / divisor; 22012 for division by zero, otherwise as for times(). */
Datum
osm_business_interval_divide(PG_FUNCTION_ARGS)
{
	BusinessInterval *value = PG_GETARG_BUSINESS_INTERVAL_P(0);
	float8		divisor = PG_GETARG_FLOAT8(1);

	check_factor(divisor);
	if (divisor == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("division by zero")));

	/* Whole divisors are done in integers, as whole factors are. */
	if (divisor == rint(divisor) && fabs(divisor) <= (float8) PG_INT32_MAX &&
		value->days % (int64) divisor == 0)
	{
		int64		time = divide_rounding(value->time, (int64) fabs(divisor));
		int64		days = value->days / (int64) divisor;

		if (divisor < 0 && pg_sub_s64_overflow(0, time, &time))
			out_of_range();
		if (days > PG_INT32_MAX)
			out_of_range();
		PG_RETURN_BUSINESS_INTERVAL_P(osm_business_interval_make(time, (int32) days));
	}
	PG_RETURN_BUSINESS_INTERVAL_P(scaled((float8) value->time / divisor,
										 (float8) value->days / divisor));
}

/* ---------- avg() ---------- */

/* The state inside its array, which the aggregate owns; copied if somebody else calls us. */
static AverageState *
average_state(FunctionCallInfo fcinfo, int argument, ArrayType **array)
{
	*array = AggCheckCallContext(fcinfo, NULL) && argument == 0
		? PG_GETARG_ARRAYTYPE_P(argument)
		: PG_GETARG_ARRAYTYPE_P_COPY(argument);
	if (ARR_NDIM(*array) != 1 || ARR_DIMS(*array)[0] != 2 || ARR_HASNULL(*array) ||
		ARR_ELEMTYPE(*array) != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of avg(business_interval) must be an array of two bigint")));
	return (AverageState *) ((char *) *array + ARR_OVERHEAD_NONULLS(1));
}

/* Only time has an average: half a business day does not exist.  22023 for days. */
static int64
time_only(const BusinessInterval *value)
{
	if (value->days != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("avg() of business days is not defined"),
				 errhint("Average business_days(x) as numbers instead.")));
	return value->time;
}

Datum
osm_business_interval_avg_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	AverageState *state = average_state(fcinfo, 0, &array);

	if (pg_add_s64_overflow(state->sum, time_only(PG_GETARG_BUSINESS_INTERVAL_P(1)), &state->sum))
		out_of_range();
	state->count++;
	PG_RETURN_ARRAYTYPE_P(array);
}

Datum
osm_business_interval_avg_remove(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	AverageState *state = average_state(fcinfo, 0, &array);

	if (pg_sub_s64_overflow(state->sum, time_only(PG_GETARG_BUSINESS_INTERVAL_P(1)), &state->sum))
		out_of_range();
	state->count--;
	PG_RETURN_ARRAYTYPE_P(array);
}

Datum
osm_business_interval_avg_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	ArrayType  *other_array;
	AverageState *state = average_state(fcinfo, 0, &array);
	AverageState *other = average_state(fcinfo, 1, &other_array);

	if (pg_add_s64_overflow(state->sum, other->sum, &state->sum))
		out_of_range();
	state->count += other->count;
	PG_RETURN_ARRAYTYPE_P(array);
}

/* The mean, rounded half away from zero to the microsecond; NULL over no rows. */
Datum
osm_business_interval_avg_final(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	AverageState *state = average_state(fcinfo, 0, &array);

	if (state->count <= 0)
		PG_RETURN_NULL();
	PG_RETURN_BUSINESS_INTERVAL_P(
		osm_business_interval_make(divide_rounding(state->sum, state->count), 0));
}
