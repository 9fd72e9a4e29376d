/*-------------------------------------------------------------------------
 *
 * test_laws.c
 *	  The laws of business-time arithmetic, on random calendars.
 *
 * Every round makes up a chain of layers (hours up to 24:00, overlays, short
 * and moved days, decrees, days of every year) in one of thirteen zones, compiles
 * it, and compares the answers with the oracle and with each other.  ROUNDS
 * and SEED in the environment choose how many and which.
 *
 *-------------------------------------------------------------------------
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const hours_choices[] = {
	"9:00-18:00", "9:00-13:00 14:00-18:00", "0:00-24:00", "8:30-12:00 12:45-17:15 18:00-24:00",
	"0:00-6:00 22:00-24:00", "23:00-24:00", "0:00-1:00", "2:15-2:45", "2:30-2:40 3:00-3:20",
	"0:10-0:20 0:50-4:00", "23:40-23:50", "9:00-12:00 12:00-15:00", "", ""
};

typedef struct Round
{
	uint64_t	seed;
	uint64_t	random;
	Fixture    *fixture;
	Oracle	   *oracle;
	OsmcCalendar *calendar;
	int64_t		first;
	int64_t		end;
} Round;

static const char *
any_hours(uint64_t *random)
{
	return hours_choices[random_bits(random) % COUNT(hours_choices)];
}

static void
random_layer(Fixture *fixture, int layer, uint64_t *random)
{
	OsmcLayer  *l = &fixture->layers[layer];
	int32_t		first = fixture->source.first_day;
	int32_t		last = fixture->source.last_day;
	int32_t		day = first - 3;
	int			step = (int) random_between(random, 2, 40);
	int			i;

	if (random_bits(random) % 2 == 0)
	{
		l->has_hours = true;
		for (i = 0; i < 7; i++)
			l->week[i] = hours_of(fixture, any_hours(random));
	}
	if (random_bits(random) % 2 == 0)
		l->short_day_cut = random_between(random, 0, 600) * MINUTE + random_between(random, 0, 1);
	if (random_bits(random) % 2 == 0)
		l->known_until = (int32_t) random_between(random, first - 10, last + 10);
	while ((day += (int32_t) random_between(random, 1, step)) <= last + 3 && l->day_count < 400)
	{
		if (random_bits(random) % 4 == 0)
			add_rule(fixture, layer, day, OSMC_DAY_DECREE, 0, NULL);
		else
		{
			OsmcDayKind kind = (OsmcDayKind) (random_bits(random) % OSMC_DAY_DECREE);

			add_rule(fixture, layer, day, kind, (int) random_between(random, 0, 7),
					 kind == OSMC_DAY_HOURS ? any_hours(random) : NULL);
			if (random_bits(random) % 8 == 0)
				add_rule(fixture, layer, day, OSMC_DAY_DECREE, 0, NULL);
		}
	}
	for (i = 1; i <= 12 && random_bits(random) % 2 == 0; i++)
	{
		int			mday = (int) random_between(random, 1, i == 2 ? 29 : 30);
		OsmcDayKind kind = (OsmcDayKind) (random_bits(random) % OSMC_DAY_DECREE);

		add_yearly(fixture, layer, i, mday, kind,
				   kind == OSMC_DAY_HOURS ? any_hours(random) : NULL);
	}
}

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			fail_msg("seed %llu, zone %s: %s", (unsigned long long) round->seed, \
					 round->oracle->zone->name, #condition); \
	} while (0)

/* From the first midnight to the last, and what a jump of the clock moved beyond them. */
static void
bounds_are_those_of_the_days(const Round *round)
{
	const Oracle *oracle = round->oracle;
	int64_t		first = oracle_utc(oracle->zone, oracle->first_day * DAY);
	int64_t		end = oracle_utc(oracle->zone, (oracle->last_day + 1) * DAY);

	if (oracle->count > 0 && oracle->list[0].start < first)
		first = oracle->list[0].start;
	if (oracle->count > 0 && oracle->list[oracle->count - 1].end > end)
		end = oracle->list[oracle->count - 1].end;
	CHECK(round->first == first && round->end == (end > first ? end : first));
}

static void
round_begin(Round *round, uint64_t seed)
{
	/* where the zones do something */
	static const int starts[][3] = {
		{2014, 5, 20}, {2011, 12, 10}, {2014, 10, 1}, {2011, 3, 1}, {2000, 1, 1}, {2023, 10, 25},
		{2012, 2, 20}, {1999, 10, 1}, {2010, 2, 20}, {2010, 10, 1}, {1985, 11, 1}
	};
	const int  *start;
	int32_t		first;
	int			layers;
	int			i;

	round->seed = seed;
	round->random = seed;
	start = starts[random_bits(&round->random) % COUNT(starts)];
	first = day_of(start[0], start[1], start[2]);
	layers = (int) random_between(&round->random, 1, 4);
	round->fixture = fixture_new(zone_by_number((unsigned) random_bits(&round->random)), first,
								 first + (int32_t) random_between(&round->random, 0, 400),
								 layers);
	round->fixture->source.observes_decree_days = random_bits(&round->random) % 2 == 0;
	for (i = 0; i < layers; i++)
		random_layer(round->fixture, i, &round->random);
	round->oracle = oracle_new(round->fixture);
	round->calendar = compile(round->fixture);
	osmc_calendar_bounds(round->calendar, &round->first, &round->end);
	bounds_are_those_of_the_days(round);
}

static void
round_end(Round *round)
{
	osmc_calendar_free(round->calendar);
	oracle_free(round->oracle);
	free(round->fixture);
}

/* An instant of the horizon, often on a boundary or next to it. */
static int64_t
any_instant(Round *round)
{
	int64_t		instant = random_between(&round->random, round->first, round->end);

	if (round->oracle->count > 0 && random_bits(&round->random) % 2 == 0)
	{
		int64_t		index = random_between(&round->random, 0, round->oracle->count - 1);
		const OsmcSegment *segment = &round->oracle->list[index];

		instant = random_bits(&round->random) % 2 == 0 ? segment->start : segment->end;
		instant += random_between(&round->random, -1, 1);
	}
	if (instant < round->first)
		instant = round->first;
	if (instant > round->end)
		instant = round->end;
	return instant;
}

/* A positive time, often just what lies between two boundaries. */
static int64_t
any_time(Round *round)
{
	int64_t		time = random_between(&round->random, 1, 40 * HOUR);

	switch (random_bits(&round->random) % 4)
	{
		case 0:
			time = oracle_between(round->oracle, any_instant(round), any_instant(round));
			break;
		case 1:
			time = random_between(&round->random, 1, 12) * HOUR;
			break;
		case 2:
			time = random_between(&round->random, 1, 2000 * HOUR);
			break;
	}
	return time == 0 ? 1 : time < 0 ? -time : time;
}

/* Every answer is the oracle's, failures included. */
static void
same_as_oracle(Round *round)
{
	const OsmcCalendar *calendar = round->calendar;
	const Oracle *oracle = round->oracle;
	int64_t		t = any_instant(round);
	int64_t		t2 = any_instant(round);
	int64_t		d = any_time(round);
	int64_t		mine;
	int64_t		theirs;
	int32_t		day;
	bool		flag;

	CHECK(osmc_calendar_between(calendar, t, t2, &mine, NULL) == OSMC_OK);
	CHECK(mine == oracle_between(oracle, t, t2));
	CHECK(osmc_calendar_is_open(calendar, t, &flag) == OSMC_OK);
	CHECK(flag == oracle_is_open(oracle, t));

	CHECK((osmc_calendar_add(calendar, t, d, 0, &mine, NULL) == OSMC_OK)
		  == oracle_add(oracle, t, d, &theirs));
	CHECK(!oracle_add(oracle, t, d, &theirs) || mine == theirs);
	CHECK((osmc_calendar_subtract(calendar, t, d, 0, &mine, NULL) == OSMC_OK)
		  == oracle_add(oracle, t, -d, &theirs));
	CHECK(!oracle_add(oracle, t, -d, &theirs) || mine == theirs);
	CHECK((osmc_calendar_next(calendar, t, &mine, NULL) == OSMC_OK)
		  == oracle_next(oracle, t, &theirs));
	CHECK(!oracle_next(oracle, t, &theirs) || mine == theirs);
	CHECK((osmc_calendar_previous(calendar, t, &mine, NULL) == OSMC_OK)
		  == oracle_previous(oracle, t, &theirs));
	CHECK(!oracle_previous(oracle, t, &theirs) || mine == theirs);

	if (osmc_calendar_local_day(calendar, t, &day) == OSMC_OK)
		CHECK(day == oracle_local_day(oracle, t));
	else
		CHECK(oracle_local_day(oracle, t) < oracle->first_day
			  || oracle_local_day(oracle, t) > oracle->last_day);
}

static void
days_same_as_oracle(Round *round)
{
	const OsmcCalendar *calendar = round->calendar;
	const Oracle *oracle = round->oracle;
	int32_t		day = (int32_t) random_between(&round->random, oracle->first_day,
											   oracle->last_day);
	int32_t		day2 = (int32_t) random_between(&round->random, oracle->first_day,
												oracle->last_day);
	int32_t		n = (int32_t) random_between(&round->random, -30, 30);
	int64_t		t = any_instant(round);
	int64_t		d = any_time(round) * (random_bits(&round->random) % 2 == 0 ? 1 : -1);
	int			index = day - oracle->first_day;
	int			count = oracle->own_count[index];
	const OsmcSegment *own = oracle->own[index];
	OsmcScan	scan;
	OsmcSegment segment;
	int64_t		mine;
	int64_t		theirs;
	int32_t		mine_day;
	int32_t		their_day;
	int32_t		between = 0;
	bool		flag;
	int			i;

	CHECK(osmc_calendar_is_business_day(calendar, day, &flag) == OSMC_OK);
	CHECK(flag == (count > 0));
	CHECK((osmc_calendar_add_days(calendar, day, n, &mine_day, NULL) == OSMC_OK)
		  == oracle_add_days(oracle, day, n, &their_day));
	CHECK(!oracle_add_days(oracle, day, n, &their_day) || mine_day == their_day);
	for (i = (day < day2 ? day : day2) + 1; i <= (day < day2 ? day2 : day); i++)
		between += oracle->own_count[i - oracle->first_day] > 0 ? 1 : 0;
	CHECK(osmc_calendar_days_between(calendar, day, day2, &mine_day, NULL) == OSMC_OK);
	CHECK(mine_day == (day < day2 ? between : -between));

	for (i = index; i <= oracle->last_day - oracle->first_day && oracle->own_count[i] == 0;)
		i++;
	CHECK(osmc_calendar_opens_from(calendar, day)
		  == (i <= oracle->last_day - oracle->first_day ? OSMC_OK : OSMC_NEVER_OPEN));

	CHECK(osmc_calendar_scan_day(calendar, day, &scan) == OSMC_OK);
	for (i = 0; osmc_scan_next(&scan, &segment); i++)
		CHECK(i < count && segment.start == own[i].start && segment.end == own[i].end);
	CHECK(i == count);
	CHECK(osmc_calendar_close_of(calendar, day, &mine) == (count > 0 ? OSMC_OK : OSMC_CLOSED_DAY));
	CHECK(count == 0 || mine == own[count - 1].end);
	CHECK(osmc_calendar_opening_of(calendar, day, &mine)
		  == (count > 0 ? OSMC_OK : OSMC_CLOSED_DAY));
	CHECK(count == 0 || mine == own[0].start);

	/* days, then time */
	if (n != 0 && osmc_calendar_local_day(calendar, t, &day) == OSMC_OK)
	{
		bool		possible = oracle_add_days(oracle, day, n, &their_day);

		if (possible)
		{
			index = their_day - oracle->first_day;
			theirs = n > 0 ? oracle->own[index][oracle->own_count[index] - 1].end
				: oracle->own[index][0].start;
			possible = oracle_add(oracle, theirs, d, &theirs);
		}
		CHECK((osmc_calendar_add(calendar, t, d, n, &mine, NULL) == OSMC_OK) == possible);
		CHECK(!possible || mine == theirs);
		CHECK((osmc_calendar_subtract(calendar, t, -d, -n, &mine, NULL) == OSMC_OK) == possible);
		CHECK(!possible || mine == theirs);
	}
}

static void
scan_same_as_oracle(Round *round)
{
	const Oracle *oracle = round->oracle;
	int64_t		from = any_instant(round);
	int64_t		to = any_instant(round);
	int64_t		sum = 0;
	int64_t		last = INT64_MIN;
	OsmcScan	scan;
	OsmcSegment segment;

	CHECK(osmc_calendar_scan(round->calendar, from, to, &scan) == OSMC_OK);
	while (osmc_scan_next(&scan, &segment))
	{
		CHECK(segment.start < segment.end && segment.start >= last);
		CHECK(segment.start >= from && segment.end <= to);
		CHECK(oracle_between(oracle, segment.start, segment.end) == segment.end - segment.start);
		last = segment.end;
		sum += segment.end - segment.start;
	}
	CHECK(sum == (from < to ? oracle_between(oracle, from, to) : 0));
}

static void
laws_hold(Round *round)
{
	const OsmcCalendar *calendar = round->calendar;
	int64_t		t = any_instant(round);
	int64_t		t2 = any_instant(round);
	int64_t		t3 = any_instant(round);
	int64_t		a = any_time(round);
	int64_t		b = any_time(round);
	int64_t		u;
	int64_t		v;
	int64_t		w;
	bool		open;

	/* between(t, add(t,d)) = d and sub(add(t,d),d) = next(t) */
	if (osmc_calendar_add(calendar, t, a, 0, &u, NULL) == OSMC_OK)
	{
		CHECK(osmc_calendar_between(calendar, t, u, &w, NULL) == OSMC_OK && w == a);
		CHECK(osmc_calendar_between(calendar, u, t, &w, NULL) == OSMC_OK && w == -a);
		CHECK(osmc_calendar_between(calendar, t, u - 1, &w, NULL) == OSMC_OK && w == a - 1);
		CHECK(osmc_calendar_next(calendar, t, &v, NULL) == OSMC_OK);
		CHECK(osmc_calendar_subtract(calendar, u, a, 0, &w, NULL) == OSMC_OK && w == v);
		/* negative amounts swap add and subtract */
		CHECK(osmc_calendar_subtract(calendar, t, -a, 0, &w, NULL) == OSMC_OK && w == u);

		/* add(add(t,a),b) = add(t,a+b) */
		if (osmc_calendar_add(calendar, u, b, 0, &v, NULL) == OSMC_OK)
			CHECK(osmc_calendar_add(calendar, t, a + b, 0, &w, NULL) == OSMC_OK && v == w);
		else
			CHECK(osmc_calendar_add(calendar, t, a + b, 0, &w, NULL) == OSMC_OUT_OF_HORIZON);
		/* t1 <= t2 => add(t1,d) <= add(t2,d) */
		if (t2 >= t && osmc_calendar_add(calendar, t2, a, 0, &v, NULL) == OSMC_OK)
			CHECK(u <= v);
	}
	/* add(sub(t,d),d) = previous(t) */
	if (osmc_calendar_subtract(calendar, t, a, 0, &u, NULL) == OSMC_OK)
	{
		CHECK(osmc_calendar_between(calendar, u, t, &w, NULL) == OSMC_OK && w == a);
		CHECK(osmc_calendar_previous(calendar, t, &v, NULL) == OSMC_OK);
		CHECK(osmc_calendar_add(calendar, u, a, 0, &w, NULL) == OSMC_OK && w == v);
	}
	/* between(a,b) + between(b,c) = between(a,c) */
	CHECK(osmc_calendar_between(calendar, t, t2, &u, NULL) == OSMC_OK);
	CHECK(osmc_calendar_between(calendar, t2, t3, &v, NULL) == OSMC_OK);
	CHECK(osmc_calendar_between(calendar, t, t3, &w, NULL) == OSMC_OK && u + v == w);
	/* is_open(t) <=> next(t) = t */
	CHECK(osmc_calendar_is_open(calendar, t, &open) == OSMC_OK);
	CHECK(open == (osmc_calendar_next(calendar, t, &u, NULL) == OSMC_OK && u == t));
	/* all open time there is, and a microsecond more */
	CHECK(osmc_calendar_between(calendar, round->first, round->end, &u, NULL) == OSMC_OK);
	CHECK(u == 0 || (osmc_calendar_add(calendar, round->first, u, 0, &v, NULL) == OSMC_OK
					 && v == round->oracle->list[round->oracle->count - 1].end));
	CHECK(u == 0 || (osmc_calendar_subtract(calendar, round->end, u, 0, &v, NULL) == OSMC_OK
					 && v == round->oracle->list[0].start));
	CHECK(osmc_calendar_add(calendar, round->first, u + 1, 0, &v, NULL) != OSMC_OK);
	CHECK(osmc_calendar_subtract(calendar, round->end, u + 1, 0, &v, NULL) != OSMC_OK);
	/* add(t,0) = t */
	CHECK(osmc_calendar_add(calendar, t, 0, 0, &u, NULL) == OSMC_OK && u == t);
}

/* What rests on days after known_until, and nothing else, is provisional. */
static void
provisional_says_so(Round *round)
{
	const OsmcCalendar *calendar = round->calendar;
	int32_t		known = osmc_calendar_known_until(calendar);
	int64_t		end = INT64_MAX;
	int64_t		t = any_instant(round);
	int64_t		d = any_time(round);
	int32_t		least = OSMC_NO_DAY;
	int64_t		u;
	bool		provisional;
	int			i;

	for (i = 0; i < round->fixture->source.layer_count; i++)
	{
		int32_t		stated = round->fixture->layers[i].known_until;

		if (stated != OSMC_NO_DAY && (least == OSMC_NO_DAY || stated < least))
			least = stated;
	}
	CHECK(known == least);
	if (known != OSMC_NO_DAY)
		end = oracle_utc(round->oracle->zone, (known + 1) * DAY);
	if (osmc_calendar_add(calendar, t, d, 0, &u, &provisional) == OSMC_OK)
		CHECK(provisional == (u > end || t > end));
	if (osmc_calendar_subtract(calendar, t, d, 0, &u, &provisional) == OSMC_OK)
		CHECK(provisional == (t > end));
	if (osmc_calendar_next(calendar, t, &u, &provisional) == OSMC_OK)
		CHECK(provisional == (u > end));
}

static void
origins_agree(Round *round)
{
	const OsmcCalendarSource *source = &round->fixture->source;
	int32_t		day = (int32_t) random_between(&round->random, source->first_day,
											   source->last_day);
	OsmcDayOrigin origin = osmc_source_origin(source, day);
	const OsmcDayRule *rule = origin.day != NULL ? &origin.day->rule
		: origin.yearly != NULL ? &origin.yearly->rule : NULL;
	int			count = round->oracle->own_count[day - source->first_day];

	CHECK(origin.day == NULL || origin.day->day == day);
	CHECK(origin.day == NULL || origin.yearly == NULL);
	CHECK(origin.yearly == NULL || day > source->layers[origin.layer].known_until);
	CHECK(rule == NULL || origin.layer >= 0);
	if (rule != NULL && (rule->kind == OSMC_DAY_CLOSED || rule->kind == OSMC_DAY_DECREE))
		CHECK(count == 0);
	if (origin.layer < 0)
		CHECK(count == 0);
	if (rule != NULL && rule->kind == OSMC_DAY_DECREE)
		CHECK(source->observes_decree_days);
}

static void
run_rounds(const char *what, void (*check) (Round *round))
{
	const char *rounds_text = getenv("ROUNDS");
	const char *seed_text = getenv("SEED");
	int			rounds = rounds_text != NULL && *rounds_text != '\0' ? atoi(rounds_text) : 1000;
	uint64_t	seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 0;
	int			i;
	int			j;

	assert_true(rounds > 0);
	for (i = 0; i < rounds; i++)
	{
		Round		round;

		round_begin(&round, seed + (uint64_t) i);
		for (j = 0; j < 100; j++)
			check(&round);
		round_end(&round);
	}
	/* a difference would have ended the test */
	print_message("# %s: %d questions to %d calendars, 0 differences\n",
				  what, rounds * 100, rounds);
}

static void
answers_are_the_oracles(void **state)
{
	(void) state;
	run_rounds(__func__, same_as_oracle);
}

static void
day_answers_are_the_oracles(void **state)
{
	(void) state;
	run_rounds(__func__, days_same_as_oracle);
}

static void
scans_cover_just_the_open_time(void **state)
{
	(void) state;
	run_rounds(__func__, scan_same_as_oracle);
}

static void
laws_of_arithmetic(void **state)
{
	(void) state;
	run_rounds(__func__, laws_hold);
}

static void
provisional_results(void **state)
{
	(void) state;
	run_rounds(__func__, provisional_says_so);
}

static void
origins_of_days(void **state)
{
	(void) state;
	run_rounds(__func__, origins_agree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_the_oracles),
		cmocka_unit_test(day_answers_are_the_oracles),
		cmocka_unit_test(scans_cover_just_the_open_time),
		cmocka_unit_test(laws_of_arithmetic),
		cmocka_unit_test(provisional_results),
		cmocka_unit_test(origins_of_days),
	};

	return cmocka_run_group_tests_name("laws", tests, NULL, NULL);
}
