-- 120 terms spread evenly over a minute, as somebody else's osm.tick() makes them visible: prints
-- how late each was, in milliseconds. Looks ten times a second, which is enough for a poller.
CREATE TEMPORARY TABLE late (ms numeric);
SET session_replication_role = replica;
UPDATE osm.clock SET due_at = clock_timestamp() + (id - 1000000) * interval '500 ms'
WHERE id BETWEEN 1000001 AND 1000120;
RESET session_replication_role;
DO $$
DECLARE
    waiting bigint[] := array(SELECT generate_series(1000001, 1000120));
    deadline timestamptz := clock_timestamp() + interval '3 min';
BEGIN
    WHILE waiting <> '{}' LOOP
        IF clock_timestamp() > deadline THEN
            RAISE EXCEPTION '% terms were not flagged', cardinality(waiting);
        END IF;
        PERFORM pg_sleep(0.1);
        WITH seen AS (
            SELECT c.id, c.due_at FROM osm.clock AS c
            WHERE c.id = ANY (waiting) AND c.flagged_at IS NOT NULL),
        noted AS (
            INSERT INTO late SELECT extract(epoch FROM clock_timestamp() - due_at) * 1000 FROM seen)
        SELECT array(SELECT unnest(waiting) EXCEPT SELECT id FROM seen) INTO waiting;
    END LOOP;
END $$;
SELECT round(ms, 2) FROM late;
