-- What comes with the extension: documents of calendars and acts, installed by name.

CREATE FUNCTION osm.install_preset(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    document jsonb := osm.preset(name);
    needed text;
BEGIN
    IF to_regclass('osm.regulation') IS NULL THEN
        PERFORM osm.install();
    END IF;
    -- What it stands on first; a calendar that is there already is the user's own.
    FOR needed IN
        SELECT DISTINCT c.calendar
        FROM (SELECT document ->> 'calendar'
              UNION ALL
              SELECT document ->> 'parent'
              UNION ALL
              SELECT i.item ->> 'calendar' FROM osm.regulation_items(document, 'clocks') AS i)
            AS c (calendar)
        WHERE c.calendar IS NOT NULL
          AND NOT EXISTS (SELECT FROM osm.calendar AS k WHERE k.name = c.calendar)
          AND EXISTS (SELECT FROM osm.presets() AS p WHERE p.name = c.calendar)
        ORDER BY 1
    LOOP
        PERFORM osm.install_preset(needed);
    END LOOP;
    IF document ->> 'type' = 'regulation' THEN
        PERFORM osm.define_regulation(document);
    ELSE
        PERFORM osm.define_calendar(document ->> 'name', document - '{type,name,title_en}'::text[]);
    END IF;
END
$osm_function$;
COMMENT ON FUNCTION osm.install_preset(text) IS
'Installs a preset by the name osm.presets() shows, with the calendars it needs; creates the '
'tables where osm.install() has not been called. Installing it again changes nothing. Error '
'22023 for an unknown name, 55006 for an act whose edition was changed and is in use.';
