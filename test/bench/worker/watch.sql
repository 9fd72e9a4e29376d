-- Watches the terms of the next minute become visible; prints how late each was, in milliseconds.
CREATE TEMPORARY TABLE late (ms numeric);
DO $$
DECLARE
    instant timestamptz;
    watched bigint;
BEGIN
    LOOP
        SELECT due_at, id INTO instant, watched FROM osm.clock
        WHERE state = 'running' AND flagged_at IS NULL AND armed AND due_at > clock_timestamp()
        ORDER BY due_at LIMIT 1;
        EXIT WHEN instant > clock_timestamp() + interval '1 min';
        PERFORM pg_sleep(greatest(0, extract(epoch FROM instant - clock_timestamp()) - 0.005));
        WHILE EXISTS (SELECT FROM osm.clock WHERE id = watched AND flagged_at IS NULL) LOOP
            IF clock_timestamp() > instant + interval '10 s' THEN
                RAISE EXCEPTION 'the term was not flagged';
            END IF;
        END LOOP;
        INSERT INTO late VALUES (extract(epoch FROM clock_timestamp() - instant) * 1000);
    END LOOP;
END $$;
SELECT round(ms, 2) FROM late;
