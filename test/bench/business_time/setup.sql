-- The calendars, rows and result tables of the benchmark. Needs the extension and its tables.
SELECT osm.define_calendar('ru', osm.preset('ru'));

-- The calendar of the goals: three overlays on ru, lunch every day, a shorter Friday.
SELECT osm.define_calendar('bench-region', '{"parent": "ru", "time_zone": "Asia/Barnaul",
    "every_year": {"04-21": "closed"}}');
SELECT osm.define_calendar('bench-city', '{"parent": "bench-region",
    "days": {"2026-09-12": "working", "2026-09-14": "closed"}}');
SELECT osm.define_calendar('bench-body', '{"parent": "bench-city", "hours": {
    "1": ["09:00-13:00", "13:45-18:00"], "2": ["09:00-13:00", "13:45-18:00"],
    "3": ["09:00-13:00", "13:45-18:00"], "4": ["09:00-13:00", "13:45-18:00"],
    "5": ["09:00-13:00", "13:45-16:45"]}}');

-- What every peer can express: weekly hours, with and without a break, and closed dates, in a zone
-- whose clock does not change in these years. No short days, no working Saturdays.
SELECT osm.define_calendar('bench-plain', jsonb_build_object('time_zone', 'Europe/Moscow',
    'hours', '{"1": ["09:00-18:00"], "2": ["09:00-18:00"], "3": ["09:00-18:00"],
        "4": ["09:00-18:00"], "5": ["09:00-16:45"]}'::jsonb,
    'days', (SELECT jsonb_object_agg(day::date, 'closed')
             FROM generate_series(timestamp '2023-01-01', '2025-12-31', '1 day') AS day
             WHERE extract(isodow FROM day) < 6 AND NOT osm.is_business_day(day::date, 'ru'))));
SELECT osm.define_calendar('bench-lunch', '{"parent": "bench-plain", "hours": {
    "1": ["09:00-13:00", "14:00-18:00"], "2": ["09:00-13:00", "14:00-18:00"],
    "3": ["09:00-13:00", "14:00-18:00"], "4": ["09:00-13:00", "14:00-18:00"],
    "5": ["09:00-13:00", "14:00-16:45"]}}');

-- Instants of a work table: three years, in no order; the same in every run.
SELECT setseed(0.5);
CREATE UNLOGGED TABLE bench_row AS
SELECT ts, ts + interval '30 days' AS later
FROM (SELECT timestamptz '2023-01-01' + random() * interval '3 years' AS ts
      FROM generate_series(1, 500000)) AS r;

-- The peers' inputs, in whole seconds; ours are measured on the same ones, a thousand times over.
CREATE TABLE bench_input AS
SELECT id, ts, ts + interval '30 days' AS later
FROM (SELECT id, date_trunc('second', timestamptz '2023-01-01' + random() * interval '1060 days')
      FROM generate_series(1, 500) AS id) AS r (id, ts);
CREATE UNLOGGED TABLE bench_input_row AS
SELECT ts, later FROM bench_input, generate_series(1, 1000) ORDER BY random();
VACUUM ANALYZE;

-- Statements that are timed: each a condition on the rows of a table, 0 the bare scan of it.
CREATE TABLE bench_query (n integer PRIMARY KEY, what text, condition text);
INSERT INTO bench_query VALUES
    (0, 'bare scan', $$ts > '1990-01-01'$$),
    (1, 'native ts + interval ''1 day''', $$ts + interval '1 day' > '1990-01-01'$$),
    (2, 'add_business_time +9h', $$osm.add_business_time(ts, '9h', 'bench-body') > '1990-01-01'$$),
    (3, 'add_business_time +9000h',
     $$osm.add_business_time(ts, '9000h', 'bench-body') > '1990-01-01'$$),
    (4, 'business_time_between, 30 days',
     $$osm.business_time_between(ts, later, 'bench-body') IS NOT NULL$$),
    (5, 'add_business_time +9h, session''s calendar',
     $$osm.add_business_time(ts, '9h') > '1990-01-01'$$),
    (6, 'add_business_time +2 business days',
     $$osm.add_business_time(ts, '2 bd', 'bench-body') > '1990-01-01'$$);
CREATE TABLE bench_time (n integer, run integer, round integer, ms double precision);

CREATE TABLE bench_goal (n integer PRIMARY KEY, what text, unit text, at_most numeric);
INSERT INTO bench_goal VALUES
    (1, '+9h against native + 1 day, over bare scan', 'x', 0.5),
    (2, 'between over 30 days against native + 1 day', 'x', 0.6),
    (3, '+9000h against +9h', 'x', 1.25),
    (4, 'first call in a fresh backend, ru and three overlays', 'ms', 5),
    (5, 'memory of one compiled calendar', 'KiB', 1024),
    (6, 'first call after another session changed it', 'ms', 5),
    (7, 'from that commit to the first correct answer', 'ms', 5),
    (8, 'wrong answers after that commit', '', 0),
    (9, 'first question outside 1994-2044', 'ms', NULL),
    (10, 'memory of the calendar afterwards', 'KiB', NULL);
CREATE TABLE bench_sample (n integer, run integer, value double precision);

-- The peers, and their answers as seconds: since 1970 for add, of open time for between.
CREATE TABLE bench_operation (hours text, operation text, condition text,
    PRIMARY KEY (hours, operation));
INSERT INTO bench_operation
SELECT hours, operation, format(condition, 'bench-' || hours)
FROM (VALUES ('plain'), ('lunch')) AS h (hours)
CROSS JOIN (VALUES ('add', $$osm.add_business_time(ts, '9h', %L) > '1990-01-01'$$),
    ('between', $$osm.business_time_between(ts, later, %L) IS NOT NULL$$)) AS o (operation, condition);
CREATE TABLE bench_ours (run integer, hours text, operation text, ns double precision);
CREATE TABLE bench_theirs (run integer, peer text, hours text, operation text, ns double precision);
CREATE TABLE bench_answer (peer text, hours text, operation text, input integer, answer numeric);
