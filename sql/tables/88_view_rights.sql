-- Views answer with the rights of the one who asks, not of the one who installed them.
--
-- Hazard that shaped this file: the option exists from PostgreSQL 15 on, and a static statement
-- that names it would stop osm.install() on 14. There only those who may see everything should be
-- given a view.

IF pg_catalog.current_setting('server_version_num')::integer >= 150000 THEN
    DECLARE
        installed name;
    BEGIN
        FOR installed IN
            SELECT c.relname
            FROM pg_catalog.pg_class AS c
            WHERE c.relnamespace = 'osm'::pg_catalog.regnamespace
                AND c.relkind = 'v'
        LOOP
            EXECUTE pg_catalog.format(
                'ALTER VIEW osm.%I SET (security_invoker = true)', installed);
        END LOOP;
    END;
END IF;
