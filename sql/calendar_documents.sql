-- A few thousand random and broken calendar documents. A refusal is an error the author of a
-- document can act on, never a failed constraint or an internal error; what is accepted comes back
-- as a document that is accepted and comes back unchanged.
SET search_path = public, osm;
\pset format unaligned
\pset footer off
SET jit = off;
SELECT define_calendar('below', '{"time_zone": "Asia/Barnaul", "hours": {"1": ["09:00-18:00"]}}');

-- Defines a calendar and says what came of it; nothing of it stays.
CREATE FUNCTION outcome(name text, document jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    shown jsonb;
    result text;
BEGIN
    PERFORM define_calendar(name, document);
    shown := calendar_document(name);
    PERFORM define_calendar(name, shown);
    result := CASE WHEN calendar_document(name) IS DISTINCT FROM shown
        THEN format('accepted, but %s became %s', shown, calendar_document(name))
        ELSE 'accepted' END;
    RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = result;
EXCEPTION
    WHEN SQLSTATE 'ZZ001' THEN RETURN SQLERRM;
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;

-- One document that has everything, in its normal form, and every place in it.
CREATE TABLE base (document jsonb);
INSERT INTO base VALUES ('{"title": "Контора", "note": "n", "parent": "below",
    "short_day_cut": "01:00", "observes_decree_days": true,
    "known_until": "2027-12-31", "confirmed_until": "2026-12-31",
    "hours": {"1": ["09:00-13:00", "14:00-18:00"], "6": ["22:00-24:00"]},
    "every_year": {"01-01": "closed", "02-29": {"is": "short", "title": "t"},
        "05-09": "working:5", "12-31": ["10:00-11:00"]},
    "days": {"2026-01-01": "usual", "2026-01-02": "decree", "2026-01-03": "decree short",
        "2026-01-05": "working:3 short", "2026-01-06": ["00:00-00:00:00.000001", "23:00-24:00"],
        "2026-01-07": {"is": ["09:00-10:30:15.5"], "title": "t", "source": "s", "decree": true},
        "2028-02-29": {"is": "working", "source": "s"}}}');
SELECT define_calendar('office', document) FROM base;
SELECT calendar_document('office') = document AS came_back_as_it_was FROM base;
CREATE TABLE place AS
WITH RECURSIVE place (path, value) AS (
    SELECT '{}'::text[], document FROM base
    UNION ALL
    SELECT p.path || c.key, c.value FROM place AS p, LATERAL (
        SELECT e.key, e.value FROM jsonb_each(CASE jsonb_typeof(p.value) WHEN 'object' THEN p.value
            END) AS e
        UNION ALL
        SELECT (a.n - 1)::text, a.value FROM jsonb_array_elements(CASE jsonb_typeof(p.value)
            WHEN 'array' THEN p.value END) WITH ORDINALITY AS a (value, n)) AS c
)
SELECT row_number() OVER (ORDER BY path) AS n, * FROM place;

CREATE TABLE tried (kind text, name text DEFAULT 'office', document jsonb, outcome text);
-- another value in each place
INSERT INTO tried (kind, document)
SELECT 'a value replaced', CASE WHEN p.path = '{}' THEN v ELSE jsonb_set(document, p.path, v) END
FROM base, place AS p, jsonb_array_elements('[null, true, false, 0, -1, 1e308, 1.5, "", " ", "x",
    "Я", "9", "24:00", "24:00:01", "00:00", "-01:00", "25:00", "09:00-09:00", "18:00-09:00",
    "9-18", "09:00–18:00", "09:00-24:00:00.000001", "0:00-24:00", "09:60-10:00", "closed",
    "CLOSED", "short", "working", "working:0", "working:8", "working short short", "usual",
    "decree", "decree decree", "decree working:1", "decree closed", "2026-02-29", "2026-02-28",
    "1969-12-31", "2100-01-01", "infinity", "now", "12-31", "below", "office", "nobody",
    [], [[]], [null], ["09:00-10:00", "09:30-11:00"], ["10:00-11:00", "09:00-10:00"], [1], {},
    {"is": "closed"}, {"is": null}, {"is": {"is": "closed"}}, {"title": "t"}, {"": ""},
    {"1": []}, {"8": []}, {"2026-01-01": "closed"}, {"01-01": "closed"}]') AS v;
-- each place left out, and each key called otherwise
INSERT INTO tried (kind, document)
SELECT 'a place left out', document #- p.path FROM base, place AS p WHERE p.path <> '{}';
INSERT INTO tried (kind, document)
SELECT 'a key renamed', jsonb_set(document #- p.path,
    p.path[:cardinality(p.path) - 1] || ARRAY[k], p.value)
FROM base, place AS p, unnest('{"", " ", x, 0, 1, 7, 8, -1, 1.5, "1 ", 01-01, 02-29, 02-30, 13-01,
    1-1, 2026-1-1, 2026-12-31, 2026-02-29, 2026-12-32, 20261231, 0001-01-01, 9999-12-31,
    infinity, epoch, is, title, days, hours, "NULL", Я}'::text[]) AS k
WHERE p.path <> '{}'
    AND jsonb_typeof(document #> p.path[:cardinality(p.path) - 1]) = 'object';
-- a character of a text changed, dropped or doubled
INSERT INTO tried (kind, document)
SELECT 'a text misspelt', jsonb_set(document, p.path, to_jsonb(CASE g.n % 3
    WHEN 0 THEN overlay(t.t PLACING substr('09:-. 1a→' || chr(1), 1 + g.n % 10, 1) FROM t.at FOR 1)
    WHEN 1 THEN overlay(t.t PLACING '' FROM t.at FOR 1)
    ELSE overlay(t.t PLACING substr(t.t, t.at, 1) FROM t.at FOR 0) END))
FROM base, place AS p, generate_series(1, 24) AS g (n), LATERAL (
    SELECT p.value #>> '{}', 1 + abs(hashint8extended(g.n, p.n)
        % greatest(char_length(p.value #>> '{}'), 1))::int) AS t (t, at)
WHERE jsonb_typeof(p.value) = 'string';
-- names, and zones, which PostgreSQL knows more of than a calendar may have
INSERT INTO tried (kind, name, document)
SELECT 'a name', n, document FROM base, unnest(ARRAY['', ' ', ' x', 'x ', repeat('я', 100),
    repeat('я', 101), 'a"b''c\d%I', 'below', 'Я', '1', '{}', E'a\tb', E'line\nbreak']) AS n;
INSERT INTO tried (kind, document)
SELECT 'a zone', jsonb_set(document, '{time_zone}', to_jsonb(z)) FROM base,
    unnest('{UTC, Europe/Moscow, europe/moscow, Europe/Moskow, MSK, MSD, UTC+3, +03, <+03>-3, Я,
        ../etc/passwd, America, "", " ", Europe/, /UTC, " UTC", "UTC "}'::text[]) AS z;
INSERT INTO tried (kind, document) SELECT 'a zone', jsonb_set(document, '{time_zone}',
    to_jsonb(repeat('x', n))) FROM base, generate_series(1, 100000, 33333) AS n;
-- too much of something
INSERT INTO tried (kind, document)
SELECT 'very many segments', jsonb_build_object('parent', 'below', 'days', jsonb_build_object(
    '2026-01-01', (SELECT jsonb_agg(format('%s-%s', time '00:00' + n * interval '1 second',
        time '00:00' + n * interval '1 second' + interval '0.5 s'))
        FROM generate_series(0, most) AS n))) FROM unnest('{1439, 1440, 5000}'::int[]) AS most;

UPDATE tried SET outcome = outcome(name, document);
SELECT kind, count(*) AS documents, count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
    count(*) FILTER (WHERE outcome ~ '^(22|42704|54000)') AS refused,
    count(*) FILTER (WHERE outcome !~ '^(22|42704|54000|accepted$)') AS wrong
FROM tried GROUP BY kind ORDER BY kind;
SELECT outcome, count(*) FROM tried GROUP BY outcome ORDER BY outcome;
SELECT kind, name, document - '{title,note}'::text[] AS document, outcome FROM tried
WHERE outcome !~ '^(22|42704|54000|accepted$)' ORDER BY kind, document::text LIMIT 10;
-- what was refused, or undone, left nothing
SELECT calendar_document('office') = document AS untouched FROM base;

-- The random calendars of business_time_laws.sql come back unchanged once they are in normal form,
-- and a parent is still there for those that lie over it.
\set ECHO none
\i test/lib/random_calendars.sql
\set ECHO all
CREATE TABLE shown AS SELECT name, calendar_document(name) AS document FROM layer
    WHERE name <> 'ru' AND roll(name, 4) = 0;
SELECT count(*) > 20 AS enough, count(*) FILTER (WHERE outcome(name, document) <> 'accepted')
    AS not_accepted_back FROM shown;
SELECT count(*) FILTER (WHERE calendar_document(name) <> document) AS changed FROM shown;
