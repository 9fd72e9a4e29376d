-- One run in a backend of its own: rounds of the statements of bench_query in turn, then what the
-- calendar takes and what a far question costs. :run is its number.
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';
SET osm_workflow.calendar = 'bench-body';
SELECT set_config('bench.run', :'run', false) \g /dev/null

-- Round 0 warms up and is not counted.
DO $$
DECLARE
    query record;
    started timestamptz;
BEGIN
    FOR round IN 0 .. 7 LOOP
        FOR query IN SELECT n, condition FROM bench_query ORDER BY n LOOP
            started := clock_timestamp();
            EXECUTE 'SELECT count(*) FROM bench_row WHERE ' || query.condition;
            INSERT INTO bench_time
            SELECT query.n, current_setting('bench.run')::integer, round,
                extract(epoch FROM clock_timestamp() - started) * 1000
            WHERE round > 0;
        END LOOP;
    END LOOP;
END
$$;

-- Each round gives a ratio of its own, taken within a second: a neighbour that slows down half of
-- the run spoils no median.
INSERT INTO bench_sample
SELECT g.n, a.run, (a.ms - b.ms) / nullif(d.ms - b.ms, 0)
FROM (VALUES (1, 2, 1), (2, 4, 1), (3, 3, 2)) AS g (n, query, against)
JOIN bench_time AS a ON a.n = g.query AND a.run = :run
JOIN bench_time AS d ON d.n = g.against AND (d.run, d.round) = (a.run, a.round)
JOIN bench_time AS b ON b.n = 0 AND (b.run, b.round) = (a.run, a.round);

INSERT INTO bench_sample SELECT 5, :run, osm.calendar_memory('bench-body') / 1024.0;
SELECT clock_timestamp() AS started \gset
SELECT osm.add_business_time('1950-03-02 10:00+07', '9h', 'bench-body') \g /dev/null
INSERT INTO bench_sample
SELECT 9, :run, extract(epoch FROM clock_timestamp() - :'started') * 1000;
INSERT INTO bench_sample SELECT 10, :run, osm.calendar_memory('bench-body') / 1024.0;
