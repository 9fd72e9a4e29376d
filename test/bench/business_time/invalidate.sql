-- Another session closes and opens a day two calendars up the chain and commits; this one, which
-- has the calendar compiled, is asked at once. :run is the number of the run.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dblink;

CREATE OR REPLACE PROCEDURE bench_invalidate(run integer)
LANGUAGE plpgsql AS $$
DECLARE
    expected timestamptz;
    due timestamptz;
    committed timestamptz;
    asked timestamptz;
    answered timestamptz;
BEGIN
    PERFORM dblink_connect('other', format('host=%s port=%s dbname=%s user=%s',
        split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'),
        current_database(), current_user));
    FOR i IN 1 .. 10 LOOP
        due := osm.add_business_time('2026-03-02 10:00+07', '9h', 'bench-body');
        COMMIT;
        PERFORM * FROM dblink('other', format($q$SELECT osm.define_calendar('bench-city',
            '{"parent": "bench-region", "days": {"2026-03-03": "%s"}}')$q$,
            (ARRAY['closed', 'usual'])[1 + i % 2])) AS t (done text);
        committed := clock_timestamp();
        expected := timestamptz '2026-03-03 10:45+07' + (1 - i % 2) * interval '1 day';
        -- as the next statement of a client would, a new transaction takes note of what happened
        COMMIT;
        asked := clock_timestamp();
        due := osm.add_business_time('2026-03-02 10:00+07', '9h', 'bench-body');
        answered := clock_timestamp();
        INSERT INTO bench_sample
        SELECT n, run, value
        FROM (VALUES (6, extract(epoch FROM answered - asked) * 1000),
            (7, extract(epoch FROM answered - committed) * 1000),
            (8, (due IS DISTINCT FROM expected)::integer)) AS s (n, value);
    END LOOP;
    PERFORM dblink_disconnect('other');
END
$$;
CALL bench_invalidate(:run);
