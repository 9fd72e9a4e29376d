-- Passes that flag 50 clocks each, from clock :first on; prints what each took, commit included, in
-- milliseconds. The first ten warm up. Commits as the worker's do.
SET synchronous_commit = off;
CREATE TEMPORARY TABLE pass (n integer, ms numeric);
CREATE PROCEDURE pg_temp.passes(first bigint) LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz;
    flagged integer;
BEGIN
    FOR n IN 1..60 LOOP
        SET LOCAL session_replication_role = replica;
        UPDATE osm.clock SET due_at = clock_timestamp() - interval '1 s'
        WHERE id BETWEEN first + n * 50 AND first + n * 50 + 49;
        COMMIT;
        began := clock_timestamp();
        SELECT breaches INTO flagged FROM osm.tick();
        COMMIT;
        INSERT INTO pass VALUES (n, extract(epoch FROM clock_timestamp() - began) * 1000);
        IF flagged <> 50 THEN
            RAISE EXCEPTION '% clocks were flagged', flagged;
        END IF;
    END LOOP;
END $$;
CALL pg_temp.passes(:first);
SELECT round(ms, 3) FROM pass WHERE n > 10;
