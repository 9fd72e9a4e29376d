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
    FOR round IN 0 .. 11 LOOP
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

\echo Medians of 11 rounds, 500,000 rows, one process
SELECT what AS "expression", round(ms::numeric, 1) AS "ms", round(ns::numeric, 1) AS "ns per row over bare scan"
FROM bench_median ORDER BY n;

\echo Ratios
SELECT x.what, round(x.ratio::numeric, 3) AS ratio, x.goal AS "at most",
    CASE WHEN x.ratio <= x.goal THEN 'ok' ELSE 'MISSED' END AS verdict
FROM (
    SELECT 1, '+9h against native + 1 day, over bare scan', a.ns / d.ns, 0.5
    FROM bench_median AS a, bench_median AS d WHERE a.n = 2 AND d.n = 1
    UNION ALL
    SELECT 2, 'between over 30 days against native + 1 day', a.ns / d.ns, 0.6
    FROM bench_median AS a, bench_median AS d WHERE a.n = 4 AND d.n = 1
    UNION ALL
    SELECT 3, '+9000h against +9h, over bare scan', a.ns / d.ns, 1.25
    FROM bench_median AS a, bench_median AS d WHERE a.n = 3 AND d.n = 2
) AS x (n, what, ratio, goal)
ORDER BY x.n;

\echo Memory of one compiled calendar (three overlays, 22 years of days)
SELECT osm.calendar_memory('bench-body') AS bytes, 1024 * 1024 AS "at most",
    CASE WHEN osm.calendar_memory('bench-body') <= 1024 * 1024 THEN 'ok' ELSE 'MISSED' END AS verdict;
