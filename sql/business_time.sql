-- Deadline arithmetic: the semantics one by one, and what other libraries got wrong.
SET search_path = public, osm;
SET timezone = 'Asia/Barnaul';
\pset format unaligned
\pset footer off
\set SHOW_CONTEXT never
SELECT install_preset('ru');
SELECT install_preset('around-the-clock');
-- 09:00-18:00 with an hour of lunch, and one hour less on short days
SELECT define_calendar('barnaul', '{"parent": "ru", "time_zone": "Asia/Barnaul"}');
SET osm_workflow.calendar = 'barnaul';

-- Nine working hours from Monday 10:00 end on Tuesday 11:00: lunch does not count
SELECT add_business_time('2026-03-02 10:00', '9 business hours') AS due;
SELECT * FROM explain_deadline('2026-03-02 10:00', '9 business hours');
-- and four hours before that it is Monday 16:00
SELECT subtract_business_time('2026-03-03 11:00', '4 business hours') AS warning;
SELECT * FROM explain_deadline('2026-03-03 11:00', '-4 business hours');

-- The same across 31 December, a day shorter by an hour, and the holidays after it
SELECT add_business_time('2020-12-31 10:00', '9 business hours') AS due;
SELECT * FROM explain_deadline('2020-12-31 10:00', '9 business hours');
SELECT subtract_business_time('2021-01-11 12:00', '4 business hours') AS warning;
SELECT * FROM explain_deadline('2021-01-11 12:00', '-4 business hours');

-- add gives the least instant: the close, not the next opening; subtract the greatest: the opening
SELECT add_business_time('2026-03-02 09:00', '8h') AS close,
    subtract_business_time('2026-03-03 09:00', '8h') AS opening,
    add_business_time('2026-03-02 18:00', '0h') AS unmoved,
    add_business_time('2026-03-02 09:00', '4h') AS before_lunch,
    subtract_business_time('2026-03-02 18:00', '4h') AS after_lunch;
-- "four hours before the deadline" that fall on an opening
SELECT subtract_business_time('2026-03-03 13:00', '4h') AS at_nine,
    subtract_business_time('2026-03-03 14:00', '4h') AS at_nine_too;
-- Negative amounts swap the two
SELECT add_business_time(t, '-4h') = subtract_business_time(t, '4h') AS a,
    subtract_business_time(t, '-4h') = add_business_time(t, '4h') AS b
FROM (VALUES (timestamptz '2026-03-03 11:00')) AS v (t);

-- Business days: the start does not count, the term ends with the last day, and time goes on from
-- there
SELECT add_business_time('2026-03-02 10:00', '1 business day') AS one,
    add_business_time('2026-03-02 23:00', '2 business days') AS two,
    add_business_time('2026-03-06 10:00', '1 bd 01:00') AS over_holiday,
    add_business_time('2026-03-07 10:00', '1 business day') AS from_saturday;
SELECT subtract_business_time('2026-03-10 10:00', '1 business day') AS one,
    subtract_business_time('2026-03-10 10:00', '1 bd 01:00') AS and_an_hour,
    add_business_time('2026-03-10 10:00', '1 bd -01:00') AS mixed;
SELECT * FROM explain_deadline('2026-03-06 10:00', '1 bd 01:00');
SELECT add_business_days('2026-03-06', 1) AS next, add_business_days('2026-03-10', -1) AS previous,
    add_business_days('2026-03-07', 0) AS itself,
        add_business_days('2026-01-01', 247) AS last_of_2026,
    business_days_between('2026-03-05', '2026-03-10') AS two,
        business_days_between('2026-03-10', '2026-03-05') AS minus_two,
    business_days_between('2025-12-31', '2026-12-31') AS year_2026;
SELECT d::date AS day, is_business_day(d::date), is_business_day(d::date, 'around-the-clock')
FROM generate_series(timestamp '2026-03-06', '2026-03-10', '1 day') AS d;

-- Open, next, previous
SELECT t, is_business_time(t) AS open, next_business_time(t) AS next, previous_business_time(t)
    AS previous
FROM unnest('{2026-03-02 08:59:59.999999, 2026-03-02 09:00, 2026-03-02 12:59:59.999999,
    2026-03-02 13:00,
    2026-03-02 14:00, 2026-03-02 18:00, 2026-03-07 12:00}'::timestamptz[]) AS t;

-- Elapsed time between two instants, signed; reversed arguments
SELECT business_time_between('2026-03-02 10:00', '2026-03-03 11:00') AS forward,
    business_time_between('2026-03-03 11:00', '2026-03-02 10:00') AS backward,
    business_time_between('2026-03-02 12:30', '2026-03-02 14:30') AS over_lunch,
    business_time_between('2026-03-07 00:00', '2026-03-10 00:00') AS holidays;

-- Segments
SELECT business_hours('[2026-03-02 12:00, 2026-03-03 10:00)') AS half_open,
    business_hours('(2026-03-02 12:00, 2026-03-02 12:30]') AS other_bounds,
    business_hours('empty') AS nothing,
        business_hours('[2026-03-02 13:00, 2026-03-02 13:00]') AS at_close,
    business_hours('[2026-03-02 10:00, 2026-03-02 10:00]') AS instant;
SELECT business_hours('[2026-03-02 12:00,)');
SELECT business_hours('[2026-03-02 12:00,infinity)');
SELECT business_hours_of('2026-03-06');
SELECT business_hours_of('2026-03-09');
SELECT business_hours_of('2020-12-31');

-- Infinity, NULL, and the ends of what is laid out
SELECT add_business_time('infinity', '9h'), subtract_business_time('-infinity', '9h'),
    next_business_time('infinity'), is_business_time('infinity'), add_business_days('infinity', 3),
    is_business_day('-infinity');
SELECT business_time_between('2026-03-02', 'infinity');
SELECT business_days_between('2026-03-02', 'infinity');
SELECT add_business_time(NULL, '9h') IS NULL AND add_business_time('2026-03-02', NULL) IS NULL
    AND add_business_time('2026-03-02', '9h', NULL) IS NULL
        AND business_time_between(NULL, '2026-03-02') IS NULL AS null_in_null_out;
SELECT count(*) FROM explain_deadline(NULL, '9h');
SELECT count(*) FROM explain_deadline('infinity', '9h');
SELECT count(*) FROM explain_deadline('2026-03-02', '0h');
-- no time leads nowhere, however far
SELECT add_business_time('1600-03-02 10:00', '0h') AS unmoved,
    subtract_business_time('0044-03-15 BC', '0 bd') AS unmoved_too,
    add_business_days('3000-01-01', 0) AS same_day;
SELECT add_business_time('2026-03-02 10:00', '9000h') AS long_term,
    business_time_between('2026-03-02 10:00', '2030-09-05 18:00') AS and_back;
-- What leaves the usual half century lays the calendar out once more, for three, and only then
SELECT calendar_memory() < 1024 * 1024 AS small;
SELECT add_business_time('1950-03-06 10:00', '9h') AS long_ago,
    business_days_between('1950-01-01', '2150-01-01') AS two_centuries,
    is_business_day('2199-12-31'),
    (SELECT sum(upper(h) - lower(h)) FROM business_hours_of('1961-04-12') AS h) AS hours,
    (SELECT count(*) FROM explain_deadline('1950-03-06 10:00', '2 bd 9h')) AS explained;
SELECT calendar_memory() < 8 * 1024 * 1024 AS wide,
    add_business_time('2026-03-02 10:00', '9h') AS still_the_same;
SELECT add_business_time('2026-03-02 10:00', '1000000h');
\set VERBOSITY sqlstate
SELECT add_business_time('2026-03-02 10:00', '1000000h');
SELECT business_time_between('2026-03-02', 'infinity');
SELECT business_hours('(,)');
SELECT add_business_time('1600-03-02 10:00', '1h');
SELECT is_business_day('3000-01-01');
SELECT add_business_time('2026-03-02', '9h', 'no such calendar');
\set VERBOSITY default

-- The session's calendar, the operators, and the default argument
SELECT timestamptz '2026-03-02 10:00' + business_interval '9h' AS plus,
    timestamptz '2026-03-03 11:00' - business_interval '4h' AS minus;
SET osm_workflow.calendar = 'around-the-clock';
SELECT timestamptz '2026-03-02 10:00' + business_interval '24h' AS wall_clock,
    add_business_time('2026-03-02 10:00', '24h') AS the_same,
    add_business_time('2026-03-02 10:00', '9h', 'barnaul') AS named;
SET osm_workflow.calendar = 'barnaul';

-- Known bugs of others.
-- 1. Exceptions matched by the date in UTC: the night in Kamchatka still belongs to the day before
-- in UTC
SELECT define_calendar('vladivostok', '{"time_zone": "Asia/Vladivostok",
    "hours": {"1": ["08:00-20:00"], "2": ["08:00-20:00"]},
    "days": {"2026-03-09": "closed"}}');
SELECT define_calendar('kamchatka', '{"time_zone": "Asia/Kamchatka",
    "hours": {"1": ["00:00-24:00"], "2": ["00:00-24:00"]},
    "days": {"2026-03-09": "closed"}}');
SELECT c, is_business_time('2026-03-09 08:30 Asia/Vladivostok', c) AS closed,
    is_business_time('2026-03-10 08:30 Asia/Vladivostok', c) AS open,
    next_business_time('2026-03-09 08:30 Asia/Vladivostok', c) AT TIME ZONE 'Asia/Vladivostok'
        AS next
FROM unnest('{vladivostok,kamchatka}'::text[]) AS c;
-- 2. Moscow's clock change of 26 October 2014: at 02:00 the clock went back to 01:00
SELECT define_calendar('night-watch', '{"time_zone": "Europe/Moscow",
    "hours": {"6": ["20:00-24:00"], "7": ["00:00-08:00"]}}');
SELECT business_time_between('2014-10-25 20:00 Europe/Moscow', '2014-10-26 08:00 Europe/Moscow',
    'night-watch') AS thirteen,
    business_time_between('2014-11-01 20:00 Europe/Moscow', '2014-11-02 08:00 Europe/Moscow',
        'night-watch') AS twelve,
    add_business_time('2014-10-25 20:00 Europe/Moscow', '12h',
        'night-watch') AT TIME ZONE 'Europe/Moscow' AS seven;
-- 3. Around the clock, midnight loses nothing
SELECT business_time_between('2026-03-02 23:59', '2026-03-04 00:01', 'around-the-clock') AS a,
    add_business_time('2026-03-02 23:59', '00:02', 'around-the-clock') AS b,
    add_business_time('2026-03-02 00:00', '8760h', 'around-the-clock') AS c;
-- 4. An end at 24:00 before a closed day
SELECT define_calendar('till-midnight', '{"time_zone": "Asia/Barnaul",
    "hours": {"5": ["20:00-24:00"], "1": ["09:00-10:00"]}}');
SELECT add_business_time('2026-03-06 20:00', '4h', 'till-midnight') AS midnight,
    is_business_time('2026-03-07 00:00', 'till-midnight') AS open,
    previous_business_time('2026-03-08 12:00', 'till-midnight') AS previous,
        add_business_time('2026-03-06 22:00', '3h', 'till-midnight') AS monday,
    add_business_time('2026-03-05 22:00', '1 bd', 'till-midnight') AS one_day;
-- 5. A calendar of holidays only is refused, and an empty year is passed over in one step
SELECT define_calendar('never', '{"time_zone": "UTC", "hours": {}}');
SELECT define_calendar('never', '{"time_zone": "UTC", "hours": {"1": []},
    "days": {"2026-03-02": "closed"}}');
SELECT define_calendar('once', '{"time_zone": "UTC", "hours": {},
    "days": {"2040-01-02": ["09:00-10:00"]}}');
SELECT add_business_time('2026-03-02 10:00', '1h', 'once') AT TIME ZONE 'UTC' AS due,
    next_business_time('2026-03-02', 'once') AT TIME ZONE 'UTC' AS next;
SELECT previous_business_time('2026-03-02', 'once');
SELECT add_business_time('2026-03-02 10:00', '2h', 'once');
SELECT add_business_days('2026-03-02', 2, 'once');
-- 6. A day of 25 hours has 25, one of 23 has 23
SELECT define_calendar('berlin', '{"time_zone": "Europe/Berlin", "hours": {"7": ["00:00-24:00"]}}');
SELECT business_time_between('2026-10-25 00:00 Europe/Berlin', '2026-10-26 00:00 Europe/Berlin',
    'berlin') AS autumn,
    business_time_between('2026-03-29 00:00 Europe/Berlin', '2026-03-30 00:00 Europe/Berlin',
        'berlin') AS spring,
    add_business_time('2026-10-25 00:00 Europe/Berlin', '25h',
        'berlin') AT TIME ZONE 'Europe/Berlin' AS to_its_end;
-- 7. Hours inside the gap of a clock change vanish that day
SELECT define_calendar('gap', '{"time_zone": "Europe/Berlin", "hours": {"7": ["02:00-03:00"]}}');
SELECT is_business_day('2026-03-29', 'gap') AS gap, is_business_day('2026-03-22', 'gap') AS usual,
    add_business_days('2026-03-22', 1, 'gap') AS passed_over;

-- Laws, for pure time: 300 instants of two years on three calendars
CREATE VIEW sample AS
SELECT c, timestamptz '2025-01-01' + make_interval(secs => abs(hashint4extended(n,
    1) % 63072000)) AS t,
    timestamptz '2025-01-01' + make_interval(secs => abs(hashint4extended(n, 2) % 63072000)) AS t2,
    timestamptz '2025-01-01' + make_interval(secs => abs(hashint4extended(n, 3) % 63072000)) AS t3,
    make_business_interval(secs => 1 + abs(hashint4extended(n, 4) % 360000)) AS a,
    make_business_interval(secs => 1 + abs(hashint4extended(n, 5) % 3600)) AS b
FROM generate_series(1, 300) AS n, unnest('{barnaul,night-watch,around-the-clock}'::text[]) AS c;
SELECT count(*) AS tried,
    count(*) FILTER (WHERE business_time_between(t, add_business_time(t, a, c), c)
        <> a) AS add_then_between,
    count(*) FILTER (WHERE add_business_time(add_business_time(t, a, c), b, c)
        <> add_business_time(t, a + b, c)) AS add_twice,
    count(*) FILTER (WHERE business_time_between(t, t2, c) + business_time_between(t2, t3, c)
        <> business_time_between(t, t3, c)) AS between_adds_up,
    count(*) FILTER (WHERE subtract_business_time(add_business_time(t, a, c), a, c)
        <> next_business_time(t, c)) AS back_is_next,
    count(*) FILTER (WHERE add_business_time(subtract_business_time(t, a, c), a, c)
        <> previous_business_time(t, c)) AS forth_is_previous,
    count(*) FILTER (WHERE add_business_time(least(t, t2), a, c)
        > add_business_time(greatest(t, t2), a, c)) AS monotonous,
    count(*) FILTER (WHERE is_business_time(t, c)
        <> (next_business_time(t, c) = t)) AS open_is_next,
    count(*) FILTER (WHERE (SELECT max(upper(segment)) FROM explain_deadline(t, a, c))
        <> add_business_time(t, a, c)
        OR (SELECT sum(used) FROM explain_deadline(t, a, c)) <> a) AS explained,
    count(*) FILTER (WHERE (SELECT coalesce(sum(make_business_interval(secs => extract(epoch
        FROM upper(r) - lower(r)))), '0h')
        FROM unnest(business_hours(tstzrange(least(t, t2), greatest(t, t2)), c)) AS r)
        <> business_time_between(least(t, t2), greatest(t, t2), c)) AS segments_add_up
FROM sample;

-- A query that changes the calendar from row to row, and one that runs in parallel workers
SELECT c, add_business_time('2026-03-06 17:00', '2h', c) AS due
FROM unnest('{barnaul,around-the-clock,barnaul,night-watch,around-the-clock}'::text[])
    WITH ORDINALITY AS u (c, n) ORDER BY n;
CREATE TABLE big AS SELECT timestamptz '2025-01-01' + make_interval(mins => n) AS t
    FROM generate_series(1, 20000) AS n;
ANALYZE big;
SET max_parallel_workers_per_gather = 0;
SELECT count(DISTINCT add_business_time(t, '9h')) FROM big WHERE is_business_time(t);
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM big WHERE is_business_time(t);
SELECT count(DISTINCT due) FROM (SELECT add_business_time(t, '9h') AS due FROM big
    WHERE is_business_time(t) OFFSET 0) AS x;
