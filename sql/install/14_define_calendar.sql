-- Calendars as documents: define, show, load a production calendar, drop.
--
-- The hazard that shaped it: deadlines that are running are counted on these rows. A document is
-- taken whole or not at all, says itself what is wrong with it, and is compiled, together with
-- every calendar that lies over it, before the change is accepted.

CREATE FUNCTION osm.check_calendar(name text) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'osm_check_calendar';
COMMENT ON FUNCTION osm.check_calendar(text) IS
'Compiles a calendar; error 22023 if its rows make none or it has no open time from now on';

CREATE FUNCTION osm.require_tables() RETURNS void
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_require_tables';
COMMENT ON FUNCTION osm.require_tables() IS 'Error 55000 until osm.install() has been called';

-- One segment list: ["09:00-13:00", "14:00-18:00"] becomes two arrays, in order.
CREATE FUNCTION osm.parse_calendar_segments(
    value jsonb, place text, OUT opens time[], OUT closes time[])
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    item jsonb;
    part text[];
    latest time;
    segment record;
BEGIN
    IF jsonb_typeof(value) <> 'array' THEN
        RAISE EXCEPTION 'invalid hours in calendar definition: %', value
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('"%s" must be an array of segments.', place),
                  HINT = 'Write it like ["09:00-13:00", "14:00-18:00"].';
    END IF;
    opens := '{}';
    closes := '{}';
    FOR item IN SELECT jsonb_array_elements(value) LOOP
        part := regexp_match(item #>> '{}',
            '^\s*((?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)\s*[-–]'
            '\s*((?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)\s*$');
        IF jsonb_typeof(item) <> 'string' OR part IS NULL
            OR part[1] ~ '^24:.*[1-9]' OR part[2] ~ '^24:.*[1-9]' THEN
            RAISE EXCEPTION 'invalid segment in calendar definition: %', item
                USING ERRCODE = 'invalid_text_representation',
                      DETAIL = format('"%s" must hold segments of local time.', place),
                      HINT = 'Write a segment like "09:00-13:00"; "24:00" is the end of the day.';
        END IF;
        IF part[1]::time >= part[2]::time THEN
            RAISE EXCEPTION 'segment "%" in calendar definition does not open before it closes',
                    item #>> '{}'
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('It stands in "%s".', place),
                      HINT = 'Write a shift over midnight as two segments, the first up to "24:00" '
                             'and the second from "00:00" of the next day.';
        END IF;
        opens := opens || part[1]::time;
        closes := closes || part[2]::time;
    END LOOP;

    -- in order, and none into another
    latest := NULL;
    FOR segment IN
        SELECT u.o, u.c FROM unnest(opens, closes) AS u (o, c) ORDER BY u.o, u.c
    LOOP
        IF segment.o < latest THEN
            RAISE EXCEPTION 'segments overlap in calendar definition: %', value
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('In "%s" a segment opens at %s, before another closes at %s.',
                                      place, segment.o, latest),
                      HINT = 'Let each segment begin when the one before it has ended, or write '
                             'one in place of both.';
        END IF;
        latest := segment.c;
    END LOOP;
    SELECT coalesce(array_agg(u.o ORDER BY u.o), '{}'), coalesce(array_agg(u.c ORDER BY u.o), '{}')
    INTO opens, closes
    FROM unnest(opens, closes) AS u (o, c);
END
$osm_function$;
COMMENT ON FUNCTION osm.parse_calendar_segments(jsonb, text) IS
'Segments of a calendar document as openings and closes; errors 22P02 and 22023 name the place';

CREATE FUNCTION osm.calendar_time_text(value time) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $osm_function$
    SELECT CASE WHEN right(t.t, 3) = ':00' THEN left(t.t, -3) ELSE t.t END
    FROM (SELECT value::text) AS t (t)
$osm_function$;
COMMENT ON FUNCTION osm.calendar_time_text(time) IS 'A time of day as calendar documents write it';

CREATE FUNCTION osm.calendar_segments(opens time[], closes time[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $osm_function$
    SELECT coalesce(jsonb_agg(osm.calendar_time_text(u.o) || '-' || osm.calendar_time_text(u.c)
                              ORDER BY u.o), '[]')
    FROM unnest(opens, closes) AS u (o, c)
$osm_function$;
COMMENT ON FUNCTION osm.calendar_segments(time[], time[]) IS
'Segments as calendar documents write them';

CREATE TYPE osm.calendar_day_rule AS (
    kind text,
    like_isodow smallint,
    decree boolean,
    opens time[],
    closes time[],
    title text,
    source text
);
COMMENT ON TYPE osm.calendar_day_rule IS
'What a calendar document says of one day; the columns of osm.calendar_day';
COMMENT ON COLUMN osm.calendar_day_rule.kind IS 'As osm.calendar_day.kind';
COMMENT ON COLUMN osm.calendar_day_rule.like_isodow IS 'Weekday whose hours a working day has';
COMMENT ON COLUMN osm.calendar_day_rule.decree IS 'Closed where decree days are observed';
COMMENT ON COLUMN osm.calendar_day_rule.opens IS 'Openings of kind hours';
COMMENT ON COLUMN osm.calendar_day_rule.closes IS 'Closes of kind hours';
COMMENT ON COLUMN osm.calendar_day_rule.title IS 'Name of the day';
COMMENT ON COLUMN osm.calendar_day_rule.source IS 'Where it is taken from';

-- One day: a word, a segment list, or an object with "is", "title", "source", "decree".
CREATE FUNCTION osm.parse_calendar_day(value jsonb, place text) RETURNS osm.calendar_day_rule
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    rule osm.calendar_day_rule;
    what jsonb := value;
    part text[];
    odd text;
BEGIN
    rule.decree := false;
    IF jsonb_typeof(value) = 'object' THEN
        SELECT k INTO odd FROM jsonb_object_keys(value) AS k
        WHERE k <> ALL ('{is,title,source,decree}') ORDER BY k LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'unknown key "%" in calendar definition', odd
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('It stands in "%s".', place),
                      HINT = 'Keys of a day are is, title, source and decree.';
        END IF;
        IF jsonb_typeof(value -> 'title') <> 'string' OR jsonb_typeof(value -> 'source') <> 'string'
            OR jsonb_typeof(value -> 'decree') <> 'boolean' THEN
            RAISE EXCEPTION 'invalid day in calendar definition: %', value
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('In "%s", title and source must be text and decree true or '
                                      'false.', place),
                      HINT = 'Write like {"is": "closed", "title": "…", "decree": true}.';
        END IF;
        what := value -> 'is';
        rule.title := nullif(value ->> 'title', '');
        rule.source := nullif(value ->> 'source', '');
        rule.decree := coalesce((value ->> 'decree')::boolean, false);
    END IF;

    IF jsonb_typeof(what) = 'array' THEN
        SELECT p.opens, p.closes INTO rule.opens, rule.closes
        FROM osm.parse_calendar_segments(what, place) AS p;
        rule.kind := 'hours';
        IF rule.opens = '{}' THEN
            rule.kind := 'closed';
            rule.opens := NULL;
            rule.closes := NULL;
        END IF;
    ELSE
        part := regexp_match(what #>> '{}',
            '^(?:(decree)(?:$|\s+(?=\S)))?'
            '(?:(usual|closed|short|working)(?::([1-7]))?(?:\s+(short))?)?$');
        IF jsonb_typeof(what) IS DISTINCT FROM 'string' OR part IS NULL
            OR (part[1] IS NULL AND part[2] IS NULL)
            OR ((part[3] IS NOT NULL OR part[4] IS NOT NULL) AND part[2] <> 'working') THEN
            RAISE EXCEPTION 'invalid day in calendar definition: %', value
                USING ERRCODE = 'invalid_text_representation',
                      DETAIL = format('"%s" does not say what the day is.', place),
                      HINT = 'Write "closed", "short", "working", "working:5", "working short", '
                             '"usual", "decree", "decree short", or segments like ["10:00-14:00"].';
        END IF;
        rule.decree := rule.decree OR part[1] IS NOT NULL;
        rule.kind := coalesce(part[2], 'usual') || coalesce(' ' || part[4], '');
        rule.like_isodow := part[3]::smallint;
    END IF;
    IF rule.kind = 'closed' THEN
        rule.decree := false;
    END IF;
    RETURN rule;
END
$osm_function$;
COMMENT ON FUNCTION osm.parse_calendar_day(jsonb, text) IS
'A day of a calendar document; errors 22P02 and 22023 name the place';

CREATE FUNCTION osm.calendar_day_document(rule osm.calendar_day_rule) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $osm_function$
    SELECT CASE WHEN x.extra = '{}' THEN x.what ELSE jsonb_build_object('is', x.what) || x.extra END
    FROM (SELECT
            CASE WHEN rule.kind = 'hours' THEN osm.calendar_segments(rule.opens, rule.closes)
                 WHEN rule.decree AND rule.kind = 'usual' THEN '"decree"'
                 ELSE to_jsonb(CASE WHEN rule.decree THEN 'decree ' ELSE '' END
                     || CASE WHEN rule.like_isodow IS NULL THEN rule.kind
                             ELSE replace(rule.kind, 'working', 'working:' || rule.like_isodow) END)
            END,
            jsonb_strip_nulls(jsonb_build_object(
                'title', rule.title, 'source', rule.source,
                'decree', CASE WHEN rule.decree AND rule.kind = 'hours' THEN true END)))
        AS x (what, extra)
$osm_function$;
COMMENT ON FUNCTION osm.calendar_day_document(osm.calendar_day_rule) IS
'A day as calendar documents write it, in its normal form';

CREATE FUNCTION osm.parse_calendar_date(value text, place text) RETURNS date
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    part text[] := regexp_match(value, '^(\d{4})-(\d\d)-(\d\d)$');
BEGIN
    IF part IS NOT NULL AND part[1]::integer BETWEEN 1900 AND 2199 THEN
        RETURN make_date(part[1]::integer, part[2]::integer, part[3]::integer);
    END IF;
    RAISE EXCEPTION 'invalid date in calendar definition: "%"', value
        USING ERRCODE = 'invalid_text_representation',
              DETAIL = format('It stands in "%s".', place),
              HINT = 'Write dates like 2027-12-31, from 1900 to 2199.';
EXCEPTION
    WHEN datetime_field_overflow THEN
        RAISE EXCEPTION 'there is no date "%"', value
            USING ERRCODE = 'invalid_text_representation',
                  DETAIL = format('It stands in "%s".', place),
                  HINT = 'Check the month and the number of its days.';
END
$osm_function$;
COMMENT ON FUNCTION osm.parse_calendar_date(text, text) IS
'A date of a calendar document; error 22P02 names the place';

-- Which keys there are and of what type; nothing is written.
CREATE FUNCTION osm.check_calendar_document(definition jsonb) RETURNS void
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    known CONSTANT jsonb := '{"name": "string", "type": "string", "title": "string",
        "note": "string", "parent": "string", "time_zone": "string", "hours": "object",
        "short_day_cut": "string", "observes_decree_days": "boolean", "known_until": "string",
        "confirmed_until": "string", "every_year": "object", "days": "object"}'::jsonb;
    entry record;
BEGIN
    IF jsonb_typeof(definition) <> 'object' THEN
        RAISE EXCEPTION 'a calendar definition must be a JSON object'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is: %s.', jsonb_typeof(definition)),
                  HINT = 'Give {"title": …, "parent": …, "days": {"2027-01-04": "closed"}}; '
                         'osm.calendar_document() writes out one that is loaded.';
    END IF;
    FOR entry IN SELECT e.key, e.value FROM jsonb_each(definition) AS e ORDER BY e.key LOOP
        IF NOT known ? entry.key THEN
            RAISE EXCEPTION 'unknown key "%" in calendar definition', entry.key
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Keys are %s.', (
                          SELECT string_agg(k, ', ' ORDER BY k)
                          FROM jsonb_object_keys(known) AS k));
        END IF;
        IF jsonb_typeof(entry.value) <> ALL (ARRAY[known ->> entry.key, 'null']) THEN
            RAISE EXCEPTION 'key "%" of a calendar definition is of the wrong type', entry.key
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('It is: %s. It must be: %s.',
                                      jsonb_typeof(entry.value), known ->> entry.key),
                      HINT = format('Write %s, or leave the key out.',
                          CASE known ->> entry.key
                              WHEN 'object' THEN 'keys and values: {…}'
                              WHEN 'boolean' THEN 'true or false'
                              ELSE 'a text in quotes: "…"'
                          END);
        END IF;
    END LOOP;
    IF definition ->> 'type' <> 'calendar' THEN
        RAISE EXCEPTION 'the document is not a calendar'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Its type is "%s".', definition ->> 'type'),
                  HINT = 'Regulations are loaded by osm.define_regulation().';
    END IF;
    IF definition ->> 'time_zone' IS NULL AND definition ->> 'parent' IS NULL THEN
        RAISE EXCEPTION 'a calendar needs a time zone'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Set "time_zone", or "parent" to inherit its zone.';
    END IF;
    -- The list of zones takes some 30 ms to read: only where there is a zone to look up.
    IF definition ->> 'time_zone' IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_timezone_names AS z WHERE z.name = definition ->> 'time_zone') THEN
        RAISE EXCEPTION 'time zone "%" is not known', definition ->> 'time_zone'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Use a name listed in pg_timezone_names, such as Asia/Barnaul.';
    END IF;
    FOR entry IN
        SELECT k AS key
        FROM jsonb_object_keys(coalesce(nullif(definition -> 'hours', 'null'), '{}')) AS k
        WHERE k !~ '^[1-7]$'
    LOOP
        RAISE EXCEPTION 'invalid weekday "%" in calendar definition', entry.key
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Keys of "hours" are 1 for Monday to 7 for Sunday.';
    END LOOP;
END
$osm_function$;
COMMENT ON FUNCTION osm.check_calendar_document(jsonb) IS
'Error 22023 if a calendar document has unknown keys, wrong types, no zone or an unknown one';

CREATE FUNCTION osm.define_calendar(name text, definition jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    wanted CONSTANT text := name;
    above text;
    cut text;
    day record;
    rule osm.calendar_day_rule;
    hours record;
    child text;
    is_new boolean;
BEGIN
    IF wanted = '' OR wanted <> btrim(wanted) OR char_length(wanted) > 100 THEN
        RAISE EXCEPTION 'invalid calendar name "%"', wanted
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'A name has 1 to 100 characters and no space at either end.',
                  HINT = 'Choose a short one, such as "ru-moscow"; what people read is its title.';
    END IF;
    PERFORM osm.check_calendar_document(definition);
    definition := jsonb_strip_nulls(definition - 'days' - 'every_year')
        || jsonb_build_object(
            'days', coalesce(nullif(definition -> 'days', 'null'), '{}'),
            'every_year', coalesce(nullif(definition -> 'every_year', 'null'), '{}'));

    -- One writer at a time: two could make a circle, each unaware of the other. Readers go on.
    PERFORM osm.require_tables();
    LOCK TABLE osm.calendar IN SHARE ROW EXCLUSIVE MODE;

    above := definition ->> 'parent';
    IF above IS NOT NULL AND NOT EXISTS (SELECT FROM osm.calendar AS c WHERE c.name = above) THEN
        RAISE EXCEPTION 'parent calendar "%" does not exist', above
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Define it first, or install it by osm.install_preset().';
    END IF;
    IF above = wanted OR EXISTS (
        WITH RECURSIVE chain (link) AS (
            SELECT above
            UNION
            SELECT c.parent FROM chain AS h JOIN osm.calendar AS c ON c.name = h.link
            WHERE c.parent IS NOT NULL)
        SELECT FROM chain AS h WHERE h.link = wanted) THEN
        RAISE EXCEPTION 'calendar "%" would lie over itself', wanted
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Calendar "%s" inherits from it.', above),
                  HINT = 'Name a parent that does not lie over this one, or leave "parent" out.';
    END IF;
    cut := definition ->> 'short_day_cut';
    IF cut !~ '^(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?$' AND cut <> '24:00' THEN
        RAISE EXCEPTION 'invalid "short_day_cut" in calendar definition: "%"', cut
            USING ERRCODE = 'invalid_text_representation',
                  HINT = 'Write hours and minutes, like "01:00".';
    END IF;

    is_new := NOT EXISTS (SELECT FROM osm.calendar AS c WHERE c.name = wanted);
    INSERT INTO osm.calendar AS c (name, title, note, parent, time_zone, own_hours, short_day_cut,
        observes_decree_days, known_until, confirmed_until)
    VALUES (wanted, definition ->> 'title', definition ->> 'note', above,
        definition ->> 'time_zone', definition ? 'hours', cut::time,
        (definition ->> 'observes_decree_days')::boolean,
        osm.parse_calendar_date(definition ->> 'known_until', 'known_until'),
        osm.parse_calendar_date(definition ->> 'confirmed_until', 'confirmed_until'))
    ON CONFLICT ON CONSTRAINT calendar_pkey DO UPDATE SET
        title = excluded.title, note = excluded.note, parent = excluded.parent,
        time_zone = excluded.time_zone, own_hours = excluded.own_hours,
        short_day_cut = excluded.short_day_cut,
        observes_decree_days = excluded.observes_decree_days,
        known_until = excluded.known_until, confirmed_until = excluded.confirmed_until;

    DELETE FROM osm.calendar_hours AS h WHERE h.calendar = wanted;
    FOR hours IN
        SELECT e.key, e.value FROM jsonb_each(definition -> 'hours') AS e ORDER BY e.key
    LOOP
        INSERT INTO osm.calendar_hours (calendar, isodow, opens, closes)
        SELECT wanted, hours.key::smallint, u.o, u.c
        FROM osm.parse_calendar_segments(hours.value, 'hours ' || hours.key) AS p,
             unnest(p.opens, p.closes) AS u (o, c);
    END LOOP;

    DELETE FROM osm.calendar_day AS d WHERE d.calendar = wanted;
    FOR day IN
        SELECT e.key, e.value FROM jsonb_each(definition -> 'days') AS e ORDER BY e.key
    LOOP
        rule := osm.parse_calendar_day(day.value, 'days ' || day.key);
        INSERT INTO osm.calendar_day (calendar, day, kind, like_isodow, decree, opens, closes,
            title, source)
        VALUES (wanted, osm.parse_calendar_date(day.key, 'days'), rule.kind,
            rule.like_isodow, rule.decree, rule.opens, rule.closes, rule.title, rule.source);
    END LOOP;

    DELETE FROM osm.calendar_yearly_day AS d WHERE d.calendar = wanted;
    FOR day IN
        SELECT e.key, e.value FROM jsonb_each(definition -> 'every_year') AS e ORDER BY e.key
    LOOP
        PERFORM osm.parse_calendar_date('2000-' || day.key, 'every_year');
        rule := osm.parse_calendar_day(day.value, 'every_year ' || day.key);
        IF rule.decree OR rule.kind = 'usual' OR rule.source IS NOT NULL THEN
            RAISE EXCEPTION 'invalid day in calendar definition: %', day.value
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('"every_year %s" cannot be a decree or usual, nor have a '
                                      'source.', day.key),
                      HINT = 'Say that of one date, in "days".';
        END IF;
        INSERT INTO osm.calendar_yearly_day (calendar, month, day_of_month, kind, like_isodow,
            opens, closes, title)
        VALUES (wanted, left(day.key, 2)::smallint, right(day.key, 2)::smallint,
            rule.kind, rule.like_isodow, rule.opens, rule.closes, rule.title);
    END LOOP;

    -- this calendar, and every one that lies over it
    FOR child IN
        WITH RECURSIVE over (link) AS (
            SELECT wanted
            UNION
            SELECT c.name FROM over AS o JOIN osm.calendar AS c ON c.parent = o.link)
        SELECT o.link FROM over AS o ORDER BY o.link <> wanted, o.link
    LOOP
        PERFORM osm.check_calendar(child);
    END LOOP;
    IF NOT is_new THEN
        PERFORM osm.request_recalculation(wanted);
    END IF;
END
$osm_function$;
COMMENT ON FUNCTION osm.define_calendar(text, jsonb) IS
'Creates or replaces a calendar from its document, all or nothing. Errors 22P02 and 22023 say what '
'is wrong and where; a calendar without open time ahead is refused';

CREATE FUNCTION osm.calendar_document(name text) RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    document jsonb;
BEGIN
    PERFORM osm.require_tables();
    SELECT jsonb_strip_nulls(jsonb_build_object(
            'title', c.title, 'note', c.note, 'parent', c.parent, 'time_zone', c.time_zone,
            'short_day_cut', osm.calendar_time_text(c.short_day_cut),
            'observes_decree_days', c.observes_decree_days,
            'known_until', to_char(c.known_until, 'YYYY-MM-DD'),
            'confirmed_until', to_char(c.confirmed_until, 'YYYY-MM-DD')))
        || CASE WHEN c.own_hours THEN jsonb_build_object('hours', (
                SELECT coalesce(jsonb_object_agg(w.isodow::text, w.segments), '{}')
                FROM (SELECT h.isodow, osm.calendar_segments(array_agg(h.opens ORDER BY h.opens),
                                                             array_agg(h.closes ORDER BY h.opens))
                      FROM osm.calendar_hours AS h WHERE h.calendar = c.name
                      GROUP BY h.isodow) AS w (isodow, segments)))
                ELSE '{}' END
        || coalesce((
            SELECT jsonb_build_object('every_year', jsonb_object_agg(
                to_char(d.month, 'FM00') || '-' || to_char(d.day_of_month, 'FM00'),
                osm.calendar_day_document(ROW(d.kind, d.like_isodow, false, d.opens, d.closes,
                                              d.title, NULL)::osm.calendar_day_rule)))
            FROM osm.calendar_yearly_day AS d WHERE d.calendar = c.name HAVING count(*) > 0), '{}')
        || coalesce((
            SELECT jsonb_build_object('days', jsonb_object_agg(
                to_char(d.day, 'YYYY-MM-DD'),
                osm.calendar_day_document(ROW(d.kind, d.like_isodow, d.decree, d.opens, d.closes,
                                              d.title, d.source)::osm.calendar_day_rule)))
            FROM osm.calendar_day AS d WHERE d.calendar = c.name HAVING count(*) > 0), '{}')
    INTO document
    FROM osm.calendar AS c WHERE c.name = calendar_document.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'calendar "%" does not exist', calendar_document.name
            USING ERRCODE = 'undefined_object', HINT = 'Table osm.calendar lists what there is.';
    END IF;
    RETURN document;
END
$osm_function$;
COMMENT ON FUNCTION osm.calendar_document(text) IS
'The document of a calendar in its normal form; osm.define_calendar() accepts it back unchanged';

-- One line of comma-separated values; quotes are doubled inside quotes.
CREATE FUNCTION osm.parse_csv_line(line text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $osm_function$
    SELECT CASE WHEN string_agg(m.f[1], '' ORDER BY m.n) = line || ',' THEN
        array_agg(CASE WHEN m.f[2] IS NULL THEN m.f[3] ELSE replace(m.f[2], '""', '"') END
                  ORDER BY m.n) END
    FROM regexp_matches(line || ',', '((?:"((?:[^"]|"")*)"|([^",]*)),)', 'g')
         WITH ORDINALITY AS m (f, n)
$osm_function$;
COMMENT ON FUNCTION osm.parse_csv_line(text) IS
'The fields of a line of comma-separated values, NULL if it is none';

CREATE FUNCTION osm.load_production_calendar(name text, csv text) RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    wanted CONSTANT text := name;
    columns text[];
    field text[];
    line record;
    day date;
    known date;
    day_kinds CONSTANT text[] :=
        '{holiday,transferred_day_off,short_day,working_weekend,nonworking_decree}'::text[];
    child text;
    result integer := 0;
    loaded jsonb := '{}'::jsonb;
    entry record;
BEGIN
    PERFORM osm.require_tables();
    LOCK TABLE osm.calendar IN SHARE ROW EXCLUSIVE MODE;
    SELECT c.known_until INTO known FROM osm.calendar AS c WHERE c.name = wanted;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'calendar "%" does not exist', wanted
            USING ERRCODE = 'undefined_object',
                  HINT = 'Define it first by osm.define_calendar() or osm.install_preset().';
    END IF;

    FOR line IN
        SELECT l.text, l.number
        FROM regexp_split_to_table(ltrim(csv, chr(65279)), '\r?\n')
            WITH ORDINALITY AS l (text, number)
        WHERE l.text <> ''
        ORDER BY l.number
    LOOP
        field := osm.parse_csv_line(line.text);
        IF columns IS NULL THEN
            columns := field;
            IF columns IS NULL OR columns[1:2] IS DISTINCT FROM '{date,kind}'
                OR columns <> ('{date,kind,title,source}'::text[])[1:cardinality(columns)] THEN
                RAISE EXCEPTION 'the first line of a production calendar must name its columns'
                    USING ERRCODE = 'invalid_parameter_value',
                          DETAIL = format('It is: %s', left(line.text, 100)),
                          HINT = 'They are date,kind,title,source; the last two may be left out.';
            END IF;
            CONTINUE;
        END IF;
        IF field IS NULL OR cardinality(field) <> cardinality(columns) THEN
            RAISE EXCEPTION 'line % of the production calendar is malformed', line.number
                USING ERRCODE = 'invalid_text_representation',
                      DETAIL = format('It is: %s', left(line.text, 100)),
                      HINT = 'A field with a comma in it must stand in double quotes.';
        END IF;
        IF field[2] <> ALL (day_kinds) THEN
            RAISE EXCEPTION 'unknown kind of day "%" in line % of the production calendar',
                    field[2], line.number
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Kinds are %s.', array_to_string(day_kinds, ', '));
        END IF;
        day := osm.parse_calendar_date(field[1], 'line ' || line.number);
        loaded := jsonb_set(loaded, ARRAY[day::text],
            coalesce(loaded -> day::text, '[]') || jsonb_build_array(to_jsonb(field)), true);
        result := result + 1;
    END LOOP;

    -- Several lines of one date make one day: a working Saturday may well be a short one too.
    FOR entry IN
        SELECT e.key::date AS day,
            bool_or(r.value ->> 1 IN ('holiday', 'transferred_day_off')) AS off,
            bool_or(r.value ->> 1 = 'working_weekend') AS working,
            bool_or(r.value ->> 1 = 'short_day') AS short,
            bool_or(r.value ->> 1 = 'nonworking_decree') AS decree,
            string_agg(DISTINCT r.value ->> 1, ', ') AS kinds,
            nullif(string_agg(nullif(r.value ->> 2, ''), '; ' ORDER BY r.ordinality), '') AS title,
            nullif((SELECT string_agg(DISTINCT s, ';' ORDER BY s)
                    FROM jsonb_array_elements(e.value) AS v,
                         regexp_split_to_table(v ->> 3, ';') AS s WHERE s <> ''), '') AS source
        FROM jsonb_each(loaded) AS e, jsonb_array_elements(e.value) WITH ORDINALITY AS r
        GROUP BY e.key, e.value
        ORDER BY e.key
    LOOP
        IF entry.off AND (entry.working OR entry.short) THEN
            RAISE EXCEPTION 'the production calendar contradicts itself on %', entry.day
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('The day is: %s.', entry.kinds),
                      HINT = 'A day off is neither a working day nor a short one: strike the wrong '
                             'line.';
        END IF;
        INSERT INTO osm.calendar_day AS d (calendar, day, kind, decree, title, source)
        VALUES (wanted, entry.day,
            CASE WHEN entry.off THEN 'closed'
                 WHEN entry.working AND entry.short THEN 'working short'
                 WHEN entry.working THEN 'working'
                 WHEN entry.short THEN 'short'
                 ELSE 'usual' END,
            entry.decree AND NOT entry.off, entry.title, entry.source)
        ON CONFLICT ON CONSTRAINT calendar_day_pkey DO UPDATE SET
            kind = excluded.kind, decree = excluded.decree, title = excluded.title,
            source = excluded.source, like_isodow = NULL, opens = NULL, closes = NULL;
    END LOOP;

    -- A year is known once its 1 January is: no production calendar is without it.
    WHILE loaded ? to_char(known + 1, 'YYYY-01-01') LOOP
        known := make_date(extract(year FROM known + 1)::integer, 12, 31);
    END LOOP;
    UPDATE osm.calendar AS c SET known_until = known
    WHERE c.name = wanted AND c.known_until IS DISTINCT FROM known;
    IF known < (SELECT max(k)::date FROM jsonb_object_keys(loaded) AS k) THEN
        RAISE NOTICE 'calendar "%" stays known until %', wanted, known
            USING DETAIL = 'A later year counts as known when the file has its 1 January and every '
                           'year before it is known.';
    END IF;

    FOR child IN
        WITH RECURSIVE over (link) AS (
            SELECT wanted
            UNION
            SELECT c.name FROM over AS o JOIN osm.calendar AS c ON c.parent = o.link)
        SELECT o.link FROM over AS o ORDER BY o.link <> wanted, o.link
    LOOP
        PERFORM osm.check_calendar(child);
    END LOOP;
    PERFORM osm.request_recalculation(wanted);
    RETURN result;
END
$osm_function$;
COMMENT ON FUNCTION osm.load_production_calendar(text, text) IS
'Takes the days of a production calendar, CSV with columns date,kind,title,source, into a '
'calendar, day by day, and moves known_until to the end of the years loaded; returns the number of '
'lines taken';

CREATE FUNCTION osm.drop_calendar(name text) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    wanted CONSTANT text := name;
    users text;
BEGIN
    PERFORM osm.require_tables();
    LOCK TABLE osm.calendar IN SHARE ROW EXCLUSIVE MODE;
    IF NOT EXISTS (SELECT FROM osm.calendar AS c WHERE c.name = wanted) THEN
        RAISE EXCEPTION 'calendar "%" does not exist', wanted
            USING ERRCODE = 'undefined_object', HINT = 'Table osm.calendar lists what there is.';
    END IF;
    SELECT string_agg(format('%s %s', u.count, u.what), ', ' ORDER BY u.n) INTO users
    FROM (
        SELECT 1, 'calendars over it', count(*) FROM osm.calendar AS c WHERE c.parent = wanted
        UNION ALL
        SELECT 2, 'regulations', count(*) FROM osm.regulation AS r
        WHERE r.calendar = wanted
        UNION ALL
        SELECT 3, 'clock rules', count(*) FROM osm.clock_rule AS r
        WHERE r.calendar = wanted
        UNION ALL
        SELECT 4, 'bodies', count(*) FROM osm.body AS b WHERE b.calendar = wanted
        UNION ALL
        SELECT 5, 'clocks', count(*) FROM osm.clock AS k WHERE k.calendar = wanted
    ) AS u (n, what, count)
    WHERE u.count > 0;
    IF users IS NOT NULL THEN
        RAISE EXCEPTION 'calendar "%" is in use', wanted
            USING ERRCODE = 'dependent_objects_still_exist',
                  DETAIL = format('Used by: %s.', users),
                  HINT = 'Give calendars, acts and bodies another one first; one that clocks were '
                         'judged by stays.';
    END IF;
    DELETE FROM osm.calendar AS c WHERE c.name = wanted;
END
$osm_function$;
COMMENT ON FUNCTION osm.drop_calendar(text) IS
'Removes a calendar; error 2BP01 while calendars, regulations, clock rules, bodies or clocks use '
'it';
