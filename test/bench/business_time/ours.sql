-- One run of what the peers do, in SQL. :run is its number.
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SELECT set_config('bench.run', :'run', false) \g /dev/null

DO $$
DECLARE
    query record;
    started timestamptz;
    bare double precision[];
    taken double precision[];
BEGIN
    FOR query IN SELECT * FROM bench_operation ORDER BY hours, operation LOOP
        bare := '{}';
        taken := '{}';
        FOR round IN 1 .. 5 LOOP
            started := clock_timestamp();
            EXECUTE $q$SELECT count(*) FROM bench_input_row WHERE ts > '1990-01-01'$q$;
            bare := bare || extract(epoch FROM clock_timestamp() - started)::double precision;
            started := clock_timestamp();
            EXECUTE 'SELECT count(*) FROM bench_input_row WHERE ' || query.condition;
            taken := taken || extract(epoch FROM clock_timestamp() - started)::double precision;
        END LOOP;
        INSERT INTO bench_ours
        SELECT current_setting('bench.run')::integer, query.hours, query.operation,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY t - b) * 1e9 / 500000
        FROM unnest(taken, bare) AS u (t, b);
    END LOOP;
END
$$;
