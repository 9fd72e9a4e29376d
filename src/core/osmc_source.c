/*-------------------------------------------------------------------------
 *
 * osmc_source.c
 *	  The source of a calendar: dates, spans, and which rule decides a day.
 *
 * Order of the rules: the rule for that very day of the calendar itself, then
 * that of its parents in turn; the rule of every year, in the same order, of
 * those layers that are not complete for that day; weekly hours.  A decree day
 * that is not observed is as good as not written, and what lies beneath it
 * counts: the same date may well be a holiday besides.
 *
 *-------------------------------------------------------------------------
 */
#include "osmc_internal.h"

/* ISO day of the week, 1 Monday .. 7 Sunday. */
int
osmc_day_of_week(int32_t day)
{
	/* 2000-01-01 was a Saturday */
	int			from_monday = (int) (((int64_t) day + 5) % 7);

	return (from_monday < 0 ? from_monday + 7 : from_monday) + 1;
}

static bool
is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

/* The day of a date of the proleptic Gregorian calendar; false if there is none. */
bool
osmc_day_from_date(int year, int month, int mday, int32_t *day)
{
	int64_t		shifted;		/* year that begins in March, so that leap days come last */
	int64_t		era;
	int64_t		year_of_era;
	int64_t		day_of_year;

	if (month < 1 || month > 12 || year < -270000 || year > 270000)
		return false;
	if (mday < 1 || mday > days_in_month(year, month))
		return false;

	shifted = year - (month <= 2 ? 1 : 0);
	era = osmc_floor_div(shifted, 400);
	year_of_era = shifted - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + mday - 1;
	*day = (int32_t) (era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100
					  + day_of_year - 730425);	/* 0000-03-01 to 2000-01-01 */
	return true;
}

/* The date of a day. */
void
osmc_day_to_date(int32_t day, int *year, int *month, int *mday)
{
	int64_t		shifted = (int64_t) day + 730425;
	int64_t		era = osmc_floor_div(shifted, 146097);
	int64_t		day_of_era = shifted - era * 146097;
	int64_t		year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524
							   - day_of_era / 146096) / 365;
	int64_t		day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4
											- year_of_era / 100);
	int64_t		from_march = (5 * day_of_year + 2) / 153;

	*mday = (int) (day_of_year - (153 * from_march + 2) / 5 + 1);
	*month = (int) (from_march < 10 ? from_march + 3 : from_march - 9);
	*year = (int) (year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

/* Sorts spans by opening.  There are few, and they mostly are in order. */
void
osmc_spans_sort(OsmcSpan *spans, int count)
{
	int			i;

	for (i = 1; i < count; i++)
	{
		OsmcSpan	span = spans[i];
		int			j = i;

		while (j > 0 && spans[j - 1].open > span.open)
		{
			spans[j] = spans[j - 1];
			j--;
		}
		spans[j] = span;
	}
}

/*
 * osmc_spans_check checks one day's spans: inside 00:00..24:00 and of some
 * length (else OSMC_BAD_SPAN), in order and not overlapping (else
 * OSMC_SPANS_OVERLAP), not too many (else OSMC_LIMIT).  *bad (may be NULL)
 * becomes the index of the offending span.
 */
OsmcStatus
osmc_spans_check(const OsmcSpan *spans, int count, int *bad)
{
	int			i;

	if (count < 0 || count > OSMC_MAX_SPANS)
		return OSMC_LIMIT;
	for (i = 0; i < count; i++)
	{
		if (bad != NULL)
			*bad = i;
		if (spans[i].open < 0 || spans[i].close > OSMC_USECS_PER_DAY
			|| spans[i].open >= spans[i].close)
			return OSMC_BAD_SPAN;
		if (i > 0 && spans[i].open < spans[i - 1].close)
			return OSMC_SPANS_OVERLAP;
	}
	return OSMC_OK;
}

static OsmcStatus
check_rule(const OsmcDayRule *rule, OsmcSourceError *error)
{
	switch (rule->kind)
	{
		case OSMC_DAY_CLOSED:
		case OSMC_DAY_SHORT:
		case OSMC_DAY_DECREE:
			return OSMC_OK;
		case OSMC_DAY_WORKING:
		case OSMC_DAY_WORKING_SHORT:
			return rule->weekday >= 0 && rule->weekday <= 7 ? OSMC_OK : OSMC_BAD_SOURCE;
		case OSMC_DAY_HOURS:
			return osmc_spans_check(rule->hours.spans, rule->hours.count, &error->span_index);
	}
	return OSMC_BAD_SOURCE;
}

static OsmcStatus
check_days(const OsmcLayer *layer, OsmcSourceError *error)
{
	int			i;

	for (i = 0; i < layer->day_count; i++)
	{
		const OsmcDay *day = &layer->days[i];
		OsmcStatus	status;

		error->day_index = i;
		if (i > 0 && day[-1].day > day->day)
			return OSMC_BAD_SOURCE;
		if (i > 0 && day[-1].day == day->day)
		{
			/* two only, and one of them a decree */
			if ((day[-1].rule.kind == OSMC_DAY_DECREE) == (day->rule.kind == OSMC_DAY_DECREE))
				return OSMC_BAD_SOURCE;
			if (i > 1 && day[-2].day == day->day)
				return OSMC_BAD_SOURCE;
		}
		status = check_rule(&day->rule, error);
		if (status != OSMC_OK)
			return status;
	}
	error->day_index = -1;
	return OSMC_OK;
}

static OsmcStatus
check_yearly(const OsmcLayer *layer, OsmcSourceError *error)
{
	bool		seen[12][31] = {{false}};
	int			i;

	for (i = 0; i < layer->yearly_count; i++)
	{
		const OsmcYearlyDay *day = &layer->yearly[i];
		OsmcStatus	status;

		error->yearly_index = i;
		if (day->month < 1 || day->month > 12 || day->mday < 1
			|| day->mday > days_in_month(2000, day->month)
			|| day->rule.kind == OSMC_DAY_DECREE || seen[day->month - 1][day->mday - 1])
			return OSMC_BAD_SOURCE;
		seen[day->month - 1][day->mday - 1] = true;
		status = check_rule(&day->rule, error);
		if (status != OSMC_OK)
			return status;
	}
	error->yearly_index = -1;
	return OSMC_OK;
}

static OsmcStatus
check_layer(const OsmcLayer *layer, OsmcSourceError *error)
{
	OsmcStatus	status;
	int			i;

	if (layer->short_day_cut != OSMC_NO_CUT
		&& (layer->short_day_cut < 0 || layer->short_day_cut > OSMC_USECS_PER_DAY))
		return OSMC_BAD_SOURCE;
	if (layer->day_count < 0 || layer->yearly_count < 0)
		return OSMC_BAD_SOURCE;
	for (i = 0; layer->has_hours && i < 7; i++)
	{
		error->weekday = i;
		status = osmc_spans_check(layer->week[i].spans, layer->week[i].count, &error->span_index);
		if (status != OSMC_OK)
			return status;
		error->span_index = -1;
	}
	error->weekday = -1;
	status = check_days(layer, error);
	if (status == OSMC_OK)
		status = check_yearly(layer, error);
	return status;
}

/* Checks a whole source; *error says what is at fault. */
OsmcStatus
osmc_source_check(const OsmcCalendarSource *source, OsmcSourceError *error)
{
	OsmcSourceError ok = {-1, -1, -1, -1, -1};
	int			i;

	*error = ok;
	if (source->layer_count < 1 || source->layer_count > OSMC_MAX_LAYERS)
		return OSMC_LIMIT;
	if (source->first_day < -OSMC_MAX_DAY || source->last_day > OSMC_MAX_DAY
		|| source->last_day < source->first_day
		|| source->last_day - source->first_day >= OSMC_MAX_HORIZON_DAYS)
		return OSMC_LIMIT;
	for (i = 0; i < source->layer_count; i++)
	{
		OsmcStatus	status;

		error->layer = i;
		status = check_layer(&source->layers[i], error);
		if (status != OSMC_OK)
			return status;
	}
	*error = ok;
	return OSMC_OK;
}

/*
 * The rule of one layer for a day, or NULL; index is that of the layer's first
 * entry not before the day.  Sets *found (unless NULL is given) to the entry.
 */
const OsmcDayRule *
osmc_layer_rule(const OsmcLayer *layer, int index, int32_t day, bool observes_decree_days,
				const OsmcDay **found)
{
	const OsmcDay *chosen = NULL;

	for (; index < layer->day_count && layer->days[index].day == day; index++)
	{
		const OsmcDay *entry = &layer->days[index];

		if (entry->rule.kind == OSMC_DAY_DECREE ? observes_decree_days : chosen == NULL)
			chosen = entry;
	}
	if (found != NULL)
		*found = chosen;
	return chosen != NULL ? &chosen->rule : NULL;
}

/* Index of a layer's first entry not before a day. */
static int
first_entry(const OsmcLayer *layer, int32_t day)
{
	int			low = 0;
	int			high = layer->day_count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (layer->days[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * osmc_source_origin says which rule decides a day: to explain it to a user,
 * title and all.  The source must be one that compiles.
 */
OsmcDayOrigin
osmc_source_origin(const OsmcCalendarSource *source, int32_t day)
{
	OsmcDayOrigin origin = {-1, NULL, NULL};
	int			year;
	int			month;
	int			mday;
	int			i;
	int			j;

	for (i = 0; i < source->layer_count; i++)
	{
		const OsmcLayer *layer = &source->layers[i];

		if (osmc_layer_rule(layer, first_entry(layer, day), day, source->observes_decree_days,
							&origin.day) != NULL)
		{
			origin.layer = i;
			return origin;
		}
	}

	osmc_day_to_date(day, &year, &month, &mday);
	for (i = 0; i < source->layer_count; i++)
	{
		const OsmcLayer *layer = &source->layers[i];

		for (j = 0; day > layer->known_until && j < layer->yearly_count; j++)
		{
			if (layer->yearly[j].month == month && layer->yearly[j].mday == mday)
			{
				origin.layer = i;
				origin.yearly = &layer->yearly[j];
				return origin;
			}
		}
	}

	for (i = 0; i < source->layer_count; i++)
	{
		if (source->layers[i].has_hours)
		{
			origin.layer = i;
			break;
		}
	}
	return origin;
}
