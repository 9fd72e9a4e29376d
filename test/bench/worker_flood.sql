-- Waits until everything due by :due is flagged; prints how many seconds after it that was, and the
-- age of the oldest transaction of the worker seen meanwhile. Looks rarely: it is in the way.
CREATE TEMPORARY TABLE result (took numeric, longest numeric);
SELECT set_config('bench.due', :'due', false) \g /dev/null
DO $$
DECLARE
    due timestamptz := current_setting('bench.due');
    longest numeric := 0;
BEGIN
    WHILE (SELECT min(due_at) <= due FROM osm.clock
           WHERE state = 'running' AND flagged_at IS NULL AND armed) LOOP
        PERFORM pg_sleep(0.05), pg_stat_clear_snapshot();
        longest := greatest(longest, (SELECT max(extract(epoch FROM clock_timestamp() - xact_start))
            FROM pg_stat_activity WHERE backend_type = 'osm_workflow worker'));
    END LOOP;
    INSERT INTO result VALUES (extract(epoch FROM clock_timestamp() - due), longest);
END $$;
SELECT round(took, 2), round(longest, 3) FROM result;
