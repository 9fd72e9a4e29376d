-- The price of business time: medians of interleaved rounds, printed as ratios inside this one run.
-- The instants are those of a work table: three years, in no order.
-- Run by test/bench/business_time.sh in a database of its own that has the extension and its tables.
\set QUIET 1
\pset footer off
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET timezone = 'Europe/Moscow';
SET work_mem = '64MB';

CREATE UNLOGGED TABLE bench_row AS
SELECT timestamptz '2023-01-01' + random() * interval '3 years' AS ts, NULL::timestamptz AS later
FROM generate_series(1, 500000);
UPDATE bench_row SET later = ts + interval '30 days';
VACUUM (FULL, ANALYZE) bench_row;

CREATE TABLE bench_query (n integer PRIMARY KEY, what text, condition text);
INSERT INTO bench_query VALUES
    (0, 'bare scan', $$ts > '1990-01-01'$$),
    (1, 'native ts + interval ''1 day''', $$ts + interval '1 day' > '1990-01-01'$$),
    (2, 'add_business_time +9h', $$osm.add_business_time(ts, '9h', 'bench-body') > '1990-01-01'$$),
    (3, 'add_business_time +9000h', $$osm.add_business_time(ts, '9000h', 'bench-body') > '1990-01-01'$$),
    (4, 'business_time_between, 30 days',
     $$osm.business_time_between(ts, later, 'bench-body') IS NOT NULL$$),
    (5, 'add_business_time +9h, session''s calendar', $$osm.add_business_time(ts, '9h') > '1990-01-01'$$),
    (6, 'add_business_time +2 business days',
     $$osm.add_business_time(ts, '2 bd', 'bench-body') > '1990-01-01'$$);

CREATE TABLE bench_time (n integer, round integer, ms double precision);

-- Round 0 warms up and is not counted.
DO $$
DECLARE
    query record;
    started timestamptz;
BEGIN
    PERFORM set_config('osm_workflow.calendar', 'bench-body', false);
    FOR round IN 0 .. 21 LOOP
        FOR query IN SELECT n, condition FROM bench_query ORDER BY n LOOP
            started := clock_timestamp();
            EXECUTE 'SELECT count(*) FROM bench_row WHERE ' || query.condition;
            INSERT INTO bench_time
            SELECT query.n, round, extract(epoch FROM clock_timestamp() - started) * 1000
            WHERE round > 0;
        END LOOP;
    END LOOP;
END
$$;

CREATE VIEW bench_median AS
SELECT q.n, q.what, t.ms, (t.ms - b.ms) * 1e6 / 500000 AS ns
FROM bench_query AS q
JOIN (SELECT n, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FROM bench_time GROUP BY n)
    AS t (n, ms) USING (n)
CROSS JOIN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FROM bench_time WHERE n = 0) AS b (ms);

\echo Medians of 21 rounds, 500,000 rows, one process
SELECT what AS "expression", round(ms::numeric, 1) AS "ms", round(ns::numeric, 1) AS "ns per row over bare scan"
FROM bench_median ORDER BY n;

-- Each round gives a ratio of its own, taken within a second: a neighbour that slows down half of
-- the run spoils no median.
CREATE VIEW bench_ratio AS
SELECT g.n, g.what, g.goal,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY (a.ms - b.ms) / nullif(d.ms - b.ms, 0)) AS ratio
FROM (VALUES (1, '+9h against native + 1 day', 2, 1, 0.5),
        (2, 'between over 30 days against native + 1 day', 4, 1, 0.6),
        (3, '+9000h against +9h', 3, 2, 1.25)) AS g (n, what, query, against, goal)
JOIN bench_time AS a ON a.n = g.query
JOIN bench_time AS d ON d.n = g.against AND d.round = a.round
JOIN bench_time AS b ON b.n = 0 AND b.round = a.round
GROUP BY g.n, g.what, g.goal;

\echo Ratios, over bare scan, medians of the rounds
SELECT what, round(ratio::numeric, 3) AS ratio, goal AS "at most",
    CASE WHEN ratio <= goal THEN 'ok' ELSE 'MISSED' END AS verdict
FROM bench_ratio ORDER BY n;

\echo Memory of one compiled calendar (three overlays, 22 years of days)
SELECT osm.calendar_memory('bench-body') AS bytes, 1024 * 1024 AS "at most",
    CASE WHEN osm.calendar_memory('bench-body') <= 1024 * 1024 THEN 'ok' ELSE 'MISSED' END AS verdict;
