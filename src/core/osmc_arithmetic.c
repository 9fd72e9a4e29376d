/*-------------------------------------------------------------------------
 *
 * osmc_arithmetic.c
 *	  Questions to a compiled calendar.
 *
 * Let S(t) be the open time between the beginning of the horizon and t.  Then
 * the time between two instants is a difference of S, and adding time is S
 * followed by its inverse.  S is constant while closed, so the inverse is not
 * unique: adding takes the least instant (nine hours from the opening of a
 * nine-hour day end at its close, not at the next opening), subtracting the
 * greatest.  Both look-ups go through a bucket, so their cost does not depend
 * on the span; nothing searches, and what the compiled days do not hold is
 * OSMC_OUT_OF_HORIZON (OSMC_NEVER_OPEN if they hold nothing at all).
 *
 * "provisional" may be NULL everywhere.  It says that the answer rests on days
 * after known_until: that an instant passed on the way lies beyond the end of
 * that day.
 *
 *-------------------------------------------------------------------------
 */
#include "osmc_internal.h"

/* Where an instant stands among the segments. */
typedef struct Place
{
	int32_t		segment;		/* first one that ends after it, or segment_count */
	int64_t		sum;			/* S of it */
} Place;

static inline int64_t
segment_end(const OsmcCalendar *calendar, int32_t segment)
{
	const Segment *s = &calendar->segments[segment];

	return s[0].start + (s[1].before - s[0].before);
}

static inline bool
in_horizon(const OsmcCalendar *calendar, int64_t instant)
{
	return instant >= calendar->first_instant && instant <= calendar->end_instant;
}

static inline bool
day_in_horizon(const OsmcCalendar *calendar, int32_t day)
{
	return day >= calendar->first_day && day <= calendar->last_day;
}

static inline int64_t
total_time(const OsmcCalendar *calendar)
{
	return calendar->segments[calendar->segment_count].before;
}

/* Finds the place of an instant inside the horizon. */
static inline Place
find_place(const OsmcCalendar *calendar, int64_t instant)
{
	const int32_t *bucket = &calendar->by_time[(instant - calendar->first_instant) >> TIME_SHIFT];
	int32_t		low = bucket[0];
	int32_t		high = bucket[1];
	Place		place;
	int32_t		first;
	int64_t		inside;
	int			i;

	while (high - low > MAX_STEPS)
	{
		int32_t		middle = low + (high - low) / 2;

		if (segment_end(calendar, middle) > instant)
			high = middle;
		else
			low = middle + 1;
	}
	first = low;
	for (i = 0; i < calendar->time_steps; i++)
		low += segment_end(calendar, first + i) <= instant;
	place.segment = low;
	place.sum = calendar->segments[low].before;
	inside = instant - calendar->segments[low].start;
	place.sum += inside > 0 ? inside : 0;
	return place;
}

/* The segment that holds the microsecond after a sum of open time, 0 <= sum < total. */
static inline int32_t
find_sum(const OsmcCalendar *calendar, int64_t sum)
{
	const int32_t *bucket = &calendar->by_sum[sum >> calendar->sum_shift];
	int32_t		low = bucket[0];
	int32_t		high = bucket[1];
	int32_t		first;
	int			i;

	while (high - low > MAX_STEPS)
	{
		int32_t		middle = low + (high - low) / 2;

		if (calendar->segments[middle + 1].before > sum)
			high = middle;
		else
			low = middle + 1;
	}
	first = low;
	for (i = 0; i < calendar->sum_steps; i++)
		low += calendar->segments[first + 1 + i].before <= sum;
	return low;
}

static inline void
set_provisional(const OsmcCalendar *calendar, int64_t latest, bool *provisional)
{
	if (provisional != NULL)
		*provisional = latest > calendar->known_end;
}

static OsmcStatus
beyond(const OsmcCalendar *calendar)
{
	return calendar->segment_count == 0 ? OSMC_NEVER_OPEN : OSMC_OUT_OF_HORIZON;
}

/* Adds a signed time to an instant inside the horizon. */
static inline OsmcStatus
add_time(const OsmcCalendar *calendar, int64_t instant, int64_t time, int64_t *result)
{
	int64_t		sum = find_place(calendar, instant).sum;
	int32_t		segment;

	if (time > 0)
	{
		if (time > total_time(calendar) - sum)
			return beyond(calendar);
		/* the least instant is the end of the last microsecond added */
		sum += time;
		segment = find_sum(calendar, sum - 1);
	}
	else
	{
		/* the greatest one is the beginning of the first microsecond taken */
		if (time < -sum)
			return beyond(calendar);
		sum += time;
		segment = find_sum(calendar, sum);
	}
	*result = calendar->segments[segment].start + (sum - calendar->segments[segment].before);
	return OSMC_OK;
}

/* The list of a day's own segments where the clock jumped over them, or NULL. */
static const OwnDay *
find_own(const OsmcCalendar *calendar, int32_t day)
{
	int32_t		low = 0;
	int32_t		high = calendar->own_day_count;

	while (low < high)
	{
		int32_t		middle = low + (high - low) / 2;

		if (calendar->own_days[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < calendar->own_day_count && calendar->own_days[low].day == day)
		return &calendar->own_days[low];
	return NULL;
}

/* First and last instant of a business day's open time. */
static OsmcSegment
business_day_extent(const OsmcCalendar *calendar, int32_t day)
{
	const OwnDay *own = calendar->own_day_count > 0 ? find_own(calendar, day) : NULL;
	OsmcSegment extent;

	if (own != NULL)
	{
		extent.start = calendar->own_segments[own->first].start;
		extent.end = calendar->own_segments[own->first + own->count - 1].end;
	}
	else
	{
		const DayEntry *entry = &calendar->days[day - calendar->first_day];

		extent.start = calendar->segments[entry[0].segment].start;
		extent.end = segment_end(calendar, entry[1].segment - 1);
	}
	return extent;
}

/* The count-th business day strictly after a day of the horizon, or before it; count <> 0. */
static OsmcStatus
move_days(const OsmcCalendar *calendar, int32_t day, int32_t count, int32_t *result)
{
	const DayEntry *entry = &calendar->days[day - calendar->first_day];
	int64_t		index;

	if (count > 0)
		index = (int64_t) entry[1].business + count - 1;
	else
		index = (int64_t) entry[0].business + count;
	if (index < 0 || index >= calendar->business_count)
		return beyond(calendar);
	*result = calendar->business_days[index];
	return OSMC_OK;
}

/* The days part of add, then its time part; days <> 0. */
static OsmcStatus
add_days_and_time(const OsmcCalendar *calendar, int64_t instant, int64_t time, int32_t days,
				  int64_t *result, bool *provisional)
{
	int64_t		latest = instant;
	OsmcSegment extent;
	OsmcStatus	status;
	int32_t		day;

	status = osmc_calendar_local_day(calendar, instant, &day);
	if (status == OSMC_OK)
		status = move_days(calendar, day, days, &day);
	if (status != OSMC_OK)
		return status;
	extent = business_day_extent(calendar, day);
	*result = days > 0 ? extent.end : extent.start;
	if (*result > latest)
		latest = *result;
	if (time != 0)
	{
		status = add_time(calendar, *result, time, result);
		if (status != OSMC_OK)
			return status;
		if (*result > latest)
			latest = *result;
	}
	set_provisional(calendar, latest, provisional);
	return OSMC_OK;
}

/*
 * osmc_calendar_add gives the instant a business interval after another one.
 *
 * Time alone: the least u with that much open time between instant and u; for
 * negative time the greatest u with that much between u and instant; zero
 * gives the instant itself, open or not.
 *
 * Days come first.  Day 0 is the local date of the instant and is not counted;
 * n > 0 leads to the close of business of the nth business day (a term ends
 * when the day's work does: Civil Code of Russia, art. 194), n < 0 to the
 * opening of the nth business day back.  Time, of either sign, then goes on
 * from there.
 *
 * OSMC_OUT_OF_HORIZON or OSMC_NEVER_OPEN if there is no such instant.
 */
OsmcStatus
osmc_calendar_add(const OsmcCalendar *calendar, int64_t instant, int64_t time, int32_t days,
				  int64_t *result, bool *provisional)
{
	OsmcStatus	status;

	if (!in_horizon(calendar, instant))
		return OSMC_OUT_OF_HORIZON;
	if (days != 0)
		return add_days_and_time(calendar, instant, time, days, result, provisional);
	if (time == 0)
	{
		*result = instant;
		set_provisional(calendar, INT64_MIN, provisional);
		return OSMC_OK;
	}
	status = add_time(calendar, instant, time, result);
	if (status == OSMC_OK)
		set_provisional(calendar, *result > instant ? *result : instant, provisional);
	return status;
}

/*
 * osmc_calendar_subtract is osmc_calendar_add of the negated interval: positive
 * days lead back to the opening of a business day, positive time goes on back
 * from there.
 */
OsmcStatus
osmc_calendar_subtract(const OsmcCalendar *calendar, int64_t instant, int64_t time, int32_t days,
					   int64_t *result, bool *provisional)
{
	/* the extremes have no negation, and no horizon holds them or their neighbours */
	if (time == INT64_MIN)
		time++;
	if (days == INT32_MIN)
		days++;
	return osmc_calendar_add(calendar, instant, -time, -days, result, provisional);
}

/* Open time between two instants, negative if to lies before from. */
OsmcStatus
osmc_calendar_between(const OsmcCalendar *calendar, int64_t from, int64_t to, int64_t *time,
					  bool *provisional)
{
	if (!in_horizon(calendar, from) || !in_horizon(calendar, to))
		return OSMC_OUT_OF_HORIZON;
	*time = find_place(calendar, to).sum - find_place(calendar, from).sum;
	set_provisional(calendar, from > to ? from : to, provisional);
	return OSMC_OK;
}

/* Whether an instant lies in a segment; its end does not. */
OsmcStatus
osmc_calendar_is_open(const OsmcCalendar *calendar, int64_t instant, bool *open)
{
	if (!in_horizon(calendar, instant))
		return OSMC_OUT_OF_HORIZON;
	*open = calendar->segments[find_place(calendar, instant).segment].start <= instant;
	return OSMC_OK;
}

/* The instant itself if open, else the next opening. */
OsmcStatus
osmc_calendar_next(const OsmcCalendar *calendar, int64_t instant, int64_t *result,
				   bool *provisional)
{
	int32_t		segment;

	if (!in_horizon(calendar, instant))
		return OSMC_OUT_OF_HORIZON;
	segment = find_place(calendar, instant).segment;
	if (segment == calendar->segment_count)
		return beyond(calendar);
	*result = calendar->segments[segment].start;
	if (*result < instant)
		*result = instant;
	set_provisional(calendar, *result, provisional);
	return OSMC_OK;
}

/* The greatest instant not after this one with open time just before it. */
OsmcStatus
osmc_calendar_previous(const OsmcCalendar *calendar, int64_t instant, int64_t *result,
					   bool *provisional)
{
	int32_t		segment;

	if (!in_horizon(calendar, instant))
		return OSMC_OUT_OF_HORIZON;
	segment = find_place(calendar, instant).segment;
	if (segment < calendar->segment_count && calendar->segments[segment].start < instant)
		*result = instant;
	else if (segment > 0)
		*result = segment_end(calendar, segment - 1);
	else
		return beyond(calendar);
	set_provisional(calendar, instant, provisional);
	return OSMC_OK;
}

/* The local date of an instant. */
OsmcStatus
osmc_calendar_local_day(const OsmcCalendar *calendar, int64_t instant, int32_t *day)
{
	int64_t		local;

	if (!in_horizon(calendar, instant))
		return OSMC_OUT_OF_HORIZON;
	local = instant + osmc_offset_at(&calendar->zone, instant) * OSMC_USECS_PER_SECOND;
	*day = (int32_t) osmc_floor_div(local, OSMC_USECS_PER_DAY);
	return day_in_horizon(calendar, *day) ? OSMC_OK : OSMC_OUT_OF_HORIZON;
}

/* Whether a day has open time. */
OsmcStatus
osmc_calendar_is_business_day(const OsmcCalendar *calendar, int32_t day, bool *business)
{
	const DayEntry *entry;

	if (!day_in_horizon(calendar, day))
		return OSMC_OUT_OF_HORIZON;
	entry = &calendar->days[day - calendar->first_day];
	*business = entry[1].business > entry[0].business;
	return OSMC_OK;
}

static inline void
set_provisional_days(const OsmcCalendar *calendar, int32_t latest, bool *provisional)
{
	if (provisional != NULL)
		*provisional = calendar->known_until != OSMC_NO_DAY && latest > calendar->known_until;
}

/* The count-th business day strictly after a day (before it if negative); 0 gives the day. */
OsmcStatus
osmc_calendar_add_days(const OsmcCalendar *calendar, int32_t day, int32_t count, int32_t *result,
					   bool *provisional)
{
	OsmcStatus	status = OSMC_OK;

	if (!day_in_horizon(calendar, day))
		return OSMC_OUT_OF_HORIZON;
	*result = day;
	if (count != 0)
		status = move_days(calendar, day, count, result);
	if (status == OSMC_OK)
		set_provisional_days(calendar, count == 0 ? OSMC_NO_DAY : *result > day ? *result : day,
							 provisional);
	return status;
}

/* Business days in (from, to]; less than zero, those in (to, from], if to lies before from. */
OsmcStatus
osmc_calendar_days_between(const OsmcCalendar *calendar, int32_t from, int32_t to, int32_t *count,
						   bool *provisional)
{
	if (!day_in_horizon(calendar, from) || !day_in_horizon(calendar, to))
		return OSMC_OUT_OF_HORIZON;
	*count = calendar->days[to - calendar->first_day + 1].business
		- calendar->days[from - calendar->first_day + 1].business;
	set_provisional_days(calendar, from > to ? from : to, provisional);
	return OSMC_OK;
}

static OsmcStatus
day_extent(const OsmcCalendar *calendar, int32_t day, OsmcSegment *extent)
{
	bool		business;
	OsmcStatus	status = osmc_calendar_is_business_day(calendar, day, &business);

	if (status == OSMC_OK && !business)
		status = OSMC_CLOSED_DAY;
	if (status == OSMC_OK)
		*extent = business_day_extent(calendar, day);
	return status;
}

/* Opening of business of a day; OSMC_CLOSED_DAY if it has none. */
OsmcStatus
osmc_calendar_opening_of(const OsmcCalendar *calendar, int32_t day, int64_t *instant)
{
	OsmcSegment extent;
	OsmcStatus	status = day_extent(calendar, day, &extent);

	if (status == OSMC_OK)
		*instant = extent.start;
	return status;
}

/* Close of business of a day; OSMC_CLOSED_DAY if it has none. */
OsmcStatus
osmc_calendar_close_of(const OsmcCalendar *calendar, int32_t day, int64_t *instant)
{
	OsmcSegment extent;
	OsmcStatus	status = day_extent(calendar, day, &extent);

	if (status == OSMC_OK)
		*instant = extent.end;
	return status;
}

/* OSMC_OK if any day from this one on has open time, else OSMC_NEVER_OPEN. */
OsmcStatus
osmc_calendar_opens_from(const OsmcCalendar *calendar, int32_t day)
{
	if (day > calendar->last_day)
		return OSMC_OUT_OF_HORIZON;
	if (day < calendar->first_day)
		day = calendar->first_day;
	return calendar->days[day - calendar->first_day].business < calendar->business_count
		? OSMC_OK : OSMC_NEVER_OPEN;
}

/* Begins a scan of the open time inside [from, to), segments clipped to it. */
OsmcStatus
osmc_calendar_scan(const OsmcCalendar *calendar, int64_t from, int64_t to, OsmcScan *scan)
{
	if (!in_horizon(calendar, from) || !in_horizon(calendar, to))
		return OSMC_OUT_OF_HORIZON;
	scan->own = NULL;
	scan->calendar = calendar;
	scan->next = find_place(calendar, from).segment;
	scan->stop = from < to ? calendar->segment_count : scan->next;
	scan->from = from;
	scan->to = to;
	return OSMC_OK;
}

/* Begins a scan of one day's own segments. */
OsmcStatus
osmc_calendar_scan_day(const OsmcCalendar *calendar, int32_t day, OsmcScan *scan)
{
	const OwnDay *own;

	if (!day_in_horizon(calendar, day))
		return OSMC_OUT_OF_HORIZON;
	own = find_own(calendar, day);
	scan->own = own != NULL ? calendar->own_segments : NULL;
	scan->calendar = calendar;
	if (own != NULL)
	{
		scan->next = own->first;
		scan->stop = own->first + own->count;
	}
	else
	{
		const DayEntry *entry = &calendar->days[day - calendar->first_day];

		scan->next = entry[0].segment;
		scan->stop = entry[1].segment;
	}
	scan->from = INT64_MIN;
	scan->to = INT64_MAX;
	return OSMC_OK;
}

/* Gives the next segment of a scan; false at its end. */
bool
osmc_scan_next(OsmcScan *scan, OsmcSegment *segment)
{
	if (scan->next >= scan->stop)
		return false;
	if (scan->own != NULL)
		*segment = scan->own[scan->next];
	else
	{
		segment->start = scan->calendar->segments[scan->next].start;
		segment->end = segment_end(scan->calendar, scan->next);
	}
	if (segment->start >= scan->to)
		return false;
	if (segment->start < scan->from)
		segment->start = scan->from;
	if (segment->end > scan->to)
		segment->end = scan->to;
	scan->next++;
	return true;
}

/* Bytes a calendar takes. */
size_t
osmc_calendar_size(const OsmcCalendar *calendar)
{
	return calendar->size;
}

int32_t
osmc_calendar_first_day(const OsmcCalendar *calendar)
{
	return calendar->first_day;
}

int32_t
osmc_calendar_last_day(const OsmcCalendar *calendar)
{
	return calendar->last_day;
}

/* The earliest known_until of the layers that state one, or OSMC_NO_DAY. */
int32_t
osmc_calendar_known_until(const OsmcCalendar *calendar)
{
	return calendar->known_until;
}

/* First and last instant the calendar can be asked about, both inclusive. */
void
osmc_calendar_bounds(const OsmcCalendar *calendar, int64_t *first, int64_t *end)
{
	*first = calendar->first_instant;
	*end = calendar->end_instant;
}
