-- Calendars as documents: what is accepted, what is refused and why, and that every session
-- notices.
SET search_path = public, osm;
SET timezone = 'Europe/Moscow';
SET osm_workflow.simulated_now = '2026-03-02 10:00+03';
\pset format unaligned
\pset footer off
\set SHOW_CONTEXT never
SELECT install_preset('ru');

-- The document of the design: own hours, days, short day, decree days
SELECT define_calendar('altai', '{"title": "Правительство края", "time_zone": "Asia/Barnaul",
    "parent": "ru",
    "hours": {"1": ["09:00-13:00", "13:45-18:00"], "5": ["13:45-16:45", "9:00 - 13:00"], "2": []},
    "short_day_cut": "01:00", "observes_decree_days": false, "known_until": "2027-12-31",
    "days": {"2026-11-23": "closed", "2026-12-31": "short", "2027-02-20": "working",
        "2027-05-04": ["10:00-14:00"]}}');
SELECT jsonb_pretty(calendar_document('altai'));
SELECT d, array(SELECT business_hours_of(d, 'altai')) AS hours
FROM unnest('{2026-11-23, 2026-11-30, 2026-12-31, 2027-02-20, 2027-05-04,
    2026-03-03}'::date[]) AS d;

-- Every kind of day, and its normal form
SELECT define_calendar('kinds', '{"time_zone": "UTC", "short_day_cut": "02:30",
    "hours": {"2": ["09:00-12:00", "13:00-15:00"], "5": ["10:00-12:00"]},
    "every_year": {"02-29": "closed", "03-20": {"is": "short", "title": "Канун"},
        "03-24": ["08:00-08:30"]},
    "days": {"2026-03-03": "closed", "2026-03-10": "short", "2026-03-14": "working",
        "2026-03-15": "working:5",
        "2026-03-16": "working short", "2026-03-18": "working:2 short", "2026-03-17": "decree",
        "2026-03-31": "decree short", "2026-04-07": [], "2026-04-08": ["00:00-24:00"],
            "2026-04-09": ["10:00:30.5-11:00"],
        "2026-04-14": {"is": ["09:00-10:00"], "decree": true, "title": "т", "source": "s"},
            "2026-04-21": "usual",
        "2026-04-22": "decree closed", "2026-04-23": {"is": "closed"}}}');
SELECT jsonb_pretty(calendar_document('kinds'));
SET timezone = 'UTC';
SELECT d.day, (SELECT string_agg(to_char(lower(r), 'HH24:MI:SS') || '-'
    || to_char(upper(r), 'HH24:MI:SS'), ' ')
    FROM business_hours_of(d.day, 'kinds') AS r) AS open
FROM (SELECT day FROM calendar_day WHERE calendar = 'kinds' UNION SELECT '2026-03-20'
    UNION SELECT '2026-03-24' UNION SELECT '2027-03-24') AS d ORDER BY 1;
SET timezone = 'Europe/Moscow';
-- what is observed is closed
SELECT define_calendar('observing', '{"parent": "kinds", "observes_decree_days": true}');
SELECT d AS day, is_business_day(d, 'kinds') AS usual, is_business_day(d, 'observing') AS observing
FROM unnest('{2026-03-10, 2026-03-17, 2026-03-31, 2026-04-14}'::date[]) AS d;
-- Documents go round unchanged
SELECT name, define_calendar(name, calendar_document(name)), calendar_document(name) = before
    AS unchanged
FROM (SELECT name, calendar_document(name) AS before FROM calendar ORDER BY name OFFSET 0) AS c;
-- name and type of a preset are no part of it; null is as good as left out
SELECT define_calendar('copy', '{"name": "other", "type": "calendar", "time_zone": "UTC",
    "parent": null, "days": null, "hours": {"1": ["09:00-10:00"]}}');
SELECT calendar_document('copy');

-- Overlays: own day beats the parent's, own day of every year beats the parent's dated one
SELECT define_calendar('federal', '{"time_zone": "Europe/Moscow",
    "hours": {"1": ["09:00-18:00"], "2": ["09:00-18:00"], "3": ["09:00-18:00"],
    "4": ["09:00-18:00"], "5": ["09:00-18:00"]}, "short_day_cut": "01:00",
        "known_until": "2027-12-31",
    "days": {"2026-08-28": "short", "2026-08-31": "closed", "2026-10-09": "short",
        "2026-10-10": "working"}, "every_year": {"05-09": "closed"}}');
SELECT define_calendar('region', '{"parent": "federal", "time_zone": "Asia/Yekaterinburg",
    "every_year": {"10-09": {"is": "closed", "title": "День республики"}},
    "days": {"2026-08-31": "usual"}}');
SELECT define_calendar('body', '{"parent": "region",
    "hours": {"1": ["08:00-17:00"], "5": ["08:00-16:00"]}, "short_day_cut": "02:00",
    "days": {"2026-10-09": "usual"}}');
SELECT c, d, (SELECT string_agg(to_char(lower(r) AT TIME ZONE z, 'HH24:MI') || '-'
    || to_char(upper(r) AT TIME ZONE z, 'HH24:MI'), ' ')
    FROM business_hours_of(d, c) AS r) AS open
FROM (VALUES ('federal', 'Europe/Moscow'), ('region', 'Asia/Yekaterinburg'),
    ('body', 'Asia/Yekaterinburg')) AS v (c, z),
    unnest('{2026-08-28, 2026-08-31, 2026-10-09, 2027-10-09, 2028-10-09, 2026-10-10,
        2028-05-09}'::date[]) AS d ORDER BY d, c;

-- Refused, all or nothing: 22023 for what is not allowed, 22P02 for what is not understood
CREATE TABLE wrong (n serial, definition jsonb);
INSERT INTO wrong (definition) VALUES
    ('[]'), ('{}'), ('{"time_zone": "Mars/Olympus"}'), ('{"time_zone": "XYZ3"}'),
        ('{"time_zone": 3}'),
    ('{"time_zone": "UTC", "hour": {}}'), ('{"time_zone": "UTC", "type": "regulation"}'),
        ('{"parent": "nobody"}'), ('{"parent": "wrong"}'),
    ('{"time_zone": "UTC", "hours": {"8": ["09:00-10:00"]}}'),
        ('{"time_zone": "UTC", "hours": {"1": "09:00-10:00"}}'),
    ('{"time_zone": "UTC", "hours": {"1": ["09:00-08:00"]}}'),
        ('{"time_zone": "UTC", "hours": {"1": ["09:00-09:00"]}}'),
    ('{"time_zone": "UTC", "hours": {"1": ["24:00-24:00"]}}'),
        ('{"time_zone": "UTC", "hours": {"1": ["09:00-24:01"]}}'),
    ('{"time_zone": "UTC", "hours": {"1": ["09:00-12:00", "11:00-13:00"]}}'),
        ('{"time_zone": "UTC", "hours": {"1": ["nine to five"]}}'),
    ('{"time_zone": "UTC", "hours": {"1": ["09:00"]}}'),
        ('{"time_zone": "UTC", "hours": {"1": [9]}}'),
    ('{"time_zone": "UTC", "short_day_cut": "1 hour"}'),
        ('{"time_zone": "UTC", "known_until": "soon"}'),
        ('{"time_zone": "UTC", "known_until": "2026-02-30"}'),
    ('{"time_zone": "UTC", "days": {"2026-2-3": "closed"}}'),
        ('{"time_zone": "UTC", "days": {"2026-02-30": "closed"}}'),
    ('{"time_zone": "UTC", "days": {"1812-09-07": "closed"}}'),
        ('{"time_zone": "UTC", "days": {"2026-03-03": "open"}}'),
    ('{"time_zone": "UTC", "days": {"2026-03-03": "working:8"}}'),
        ('{"time_zone": "UTC", "days": {"2026-03-03": "closed short"}}'),
    ('{"time_zone": "UTC", "days": {"2026-03-03": " closed"}}'),
        ('{"time_zone": "UTC", "days": {"2026-03-03": "decree "}}'),
    ('{"time_zone": "UTC", "days": {"2026-03-03": ["10:00-12:00", "11:00-12:00"]}}'),
        ('{"time_zone": "UTC", "days": {"2026-03-03": 1}}'),
    ('{"time_zone": "UTC", "days": {"2026-03-03": {"title": "x"}}}'),
        ('{"time_zone": "UTC", "days": {"2026-03-03": {"is": "closed", "name": "x"}}}'),
    ('{"time_zone": "UTC", "days": {"2026-03-03": {"is": "closed", "title": 1}}}'),
        ('{"time_zone": "UTC", "every_year": {"02-30": "closed"}}'),
    ('{"time_zone": "UTC", "every_year": {"2026-01-01": "closed"}}'),
        ('{"time_zone": "UTC", "every_year": {"01-01": "decree"}}'),
    ('{"time_zone": "UTC"}'), ('{"parent": "ru", "hours": {}}'),
        ('{"time_zone": "UTC", "days": {"2025-03-03": ["10:00-12:00"]}}');
CREATE FUNCTION verdict(definition jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    PERFORM define_calendar('wrong', definition);
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n    ', state || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END
$$;
SELECT definition, verdict(definition) FROM wrong ORDER BY n;
SELECT count(*) FROM calendar WHERE name = 'wrong';
SELECT define_calendar(' name', '{"time_zone": "UTC"}');
SELECT define_calendar('', '{"time_zone": "UTC"}');
-- a calendar that exists is untouched by a definition that is refused
SELECT verdict('{"time_zone": "UTC", "hours": {"1": ["09:00-18:00"]}}');
SELECT verdict('{"time_zone": "UTC", "hours": {"1": ["10:00-11:00"]},
    "days": {"2026-03-09": "closed", "2026-03-10": "opened"}}');
SELECT calendar_document('wrong');
SELECT drop_calendar('wrong');

-- Neither a circle nor a change that closes a calendar over it
SELECT define_calendar('federal', '{"parent": "body"}');
SELECT define_calendar('federal', '{"time_zone": "UTC", "hours": {"1": ["09:00-18:00"]},
    "days": {}}');
SELECT define_calendar('over-federal', '{"parent": "federal", "days": {"2030-01-01": "closed"}}');
SELECT define_calendar('federal', '{"time_zone": "UTC", "hours": {},
    "days": {"2030-01-01": ["09:00-18:00"]}}');
SELECT define_calendar('federal', '{"time_zone": "UTC", "hours": {},
    "days": {"2025-01-01": ["09:00-18:00"]}}');

-- This session notices at once, also when it takes the change back
SELECT define_calendar('volatile', '{"time_zone": "UTC", "hours": {"1": ["09:00-18:00"]}}');
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
BEGIN;
SELECT define_calendar('volatile', '{"time_zone": "UTC", "hours": {"1": ["11:00-18:00"]}}');
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
SAVEPOINT s;
SELECT define_calendar('volatile', '{"time_zone": "UTC", "hours": {"1": ["09:30-18:00"]}}');
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
ROLLBACK TO s;
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
ROLLBACK;
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
-- plain DML on the tables is noticed as well, in replica mode too, and TRUNCATE
UPDATE calendar_hours SET opens = '12:00' WHERE calendar = 'volatile';
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
SET session_replication_role = replica;
UPDATE calendar_hours SET opens = '08:00' WHERE calendar = 'volatile';
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
INSERT INTO calendar_day (calendar, day, kind) VALUES ('volatile', '2026-03-02', 'closed');
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
RESET session_replication_role;
BEGIN;
TRUNCATE calendar_day;
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
ROLLBACK;
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
DELETE FROM calendar_day WHERE calendar = 'volatile';
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
INSERT INTO calendar_yearly_day (calendar, month, day_of_month, kind)
    VALUES ('volatile', 3, 2, 'closed');
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
DELETE FROM calendar_yearly_day WHERE calendar = 'volatile';
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
-- rows written past define_calendar may make no calendar: said, not crashed
INSERT INTO calendar_hours VALUES ('volatile', 1, '09:00', '10:00');
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
DELETE FROM calendar_hours WHERE calendar = 'volatile' AND opens = '09:00';
UPDATE calendar SET time_zone = 'Mars/Olympus' WHERE name = 'volatile';
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
UPDATE calendar SET time_zone = 'UTC' WHERE name = 'volatile';
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
UPDATE calendar SET parent = name WHERE name = 'volatile';
ALTER TABLE calendar DISABLE TRIGGER ALL;
UPDATE calendar SET parent = 'over-federal' WHERE name = 'federal';
ALTER TABLE calendar ENABLE TRIGGER ALL;
SELECT is_business_time('2026-03-02 10:00 UTC', 'over-federal');
UPDATE calendar SET parent = NULL WHERE name = 'federal';
-- one that is dropped is gone from the cache
SELECT drop_calendar('volatile');
SELECT is_business_time('2026-03-02 10:00 UTC', 'volatile');
SELECT calendar_document('volatile');
SELECT drop_calendar('volatile');

-- The trigger function is for triggers after the fact only
SELECT invalidate_definition();
CREATE TABLE elsewhere (a int);
CREATE TRIGGER t BEFORE INSERT ON elsewhere FOR EACH ROW EXECUTE FUNCTION invalidate_definition();
INSERT INTO elsewhere VALUES (1);
DROP TRIGGER t ON elsewhere;
CREATE TRIGGER t AFTER INSERT ON elsewhere FOR EACH ROW
    EXECUTE FUNCTION invalidate_definition('calendar', 'nothing');
INSERT INTO elsewhere VALUES (1);

-- In use: not dropped
SELECT drop_calendar('federal');
INSERT INTO body (id, authority_id, code, title, kind, calendar)
    VALUES (1, 1, 'a', 'Администрация', 'authority', 'body');
SELECT drop_calendar('body');

-- How far calendars are known
SELECT define_calendar('ends-soon', '{"time_zone": "UTC", "hours": {"1": ["09:00-18:00"]},
    "known_until": "2026-04-30"}');
SELECT define_calendar('ends-later', '{"parent": "ends-soon", "known_until": "2026-12-31"}');
SELECT define_calendar('always', '{"time_zone": "UTC", "hours": {"1": ["09:00-18:00"]}}');
SELECT calendar, known_until, limited_by, days_left, state, needs_attention, confirmed_until
    FROM calendar_coverage
WHERE calendar IN ('ru', 'altai', 'ends-soon', 'ends-later', 'always') ORDER BY calendar;
SET osm_workflow.simulated_now = '2028-03-02 10:00+03';
SELECT calendar, days_left, state, needs_attention FROM calendar_coverage WHERE calendar = 'ru';
SET osm_workflow.simulated_now = '2026-03-02 10:00+03';

-- Beyond it: an answer all the same, by the days every year repeats, or OW009 in strict mode
SELECT add_business_time('2027-12-30 17:00', '8h', 'ru') AS beyond,
    is_business_day('2030-05-09', 'ru') AS victory_day,
    is_business_day('2031-01-08', 'ru') AS new_year;
SET osm_workflow.strict_calendar = on;
SELECT add_business_time('2027-12-30 10:00', '7h', 'ru') AS known;
SELECT add_business_time('2027-12-30 17:00', '8h', 'ru');
\set VERBOSITY sqlstate
SELECT subtract_business_time('2028-12-30 17:00', '8h', 'ru');
SELECT business_time_between('2027-12-30', '2028-12-30', 'ru');
SELECT next_business_time('2028-01-01', 'ru');
SELECT previous_business_time('2028-01-31', 'ru');
SELECT is_business_time('2028-01-31', 'ru');
SELECT is_business_day('2028-01-31', 'ru');
SELECT add_business_days('2027-12-30', 1, 'ru');
SELECT business_days_between('2027-12-30', '2028-02-01', 'ru');
SELECT business_hours('[2027-12-30,2028-02-01)', 'ru');
SELECT business_hours('[2027-12-30,2028-01-01]', 'ru');
-- midnight after the last known day is no part of the next
SELECT business_hours('[2027-12-30 15:00,2028-01-01)', 'ru') AS known;
SELECT business_hours_of('2028-02-01', 'ru');
SELECT count(*) FROM explain_deadline('2027-12-30 17:00', '8h', 'ru');
SELECT timestamptz '2027-12-30 17:00' + business_interval '8h';
SELECT add_business_time('2026-04-29', '8h', 'ends-later');
SELECT is_business_day('2027-12-31', 'ru') AS last_known,
    is_business_day('2040-01-02', 'always') AS always,
    is_business_time('2040-01-02 10:00 UTC', 'always') AS open;
RESET osm_workflow.strict_calendar;
\set VERBOSITY default

-- Whoever may call the functions needs no right on the tables, and row security hides nothing
CREATE ROLE regress_calendar_clerk;
GRANT USAGE ON SCHEMA osm TO regress_calendar_clerk;
GRANT EXECUTE ON FUNCTION osm.is_business_time(timestamptz, text),
    osm.add_business_time(timestamptz, osm.business_interval, text),
    osm.session_calendar() TO regress_calendar_clerk;
ALTER TABLE calendar_day ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_day FORCE ROW LEVEL SECURITY;
\c -
SET search_path = public, osm;
SET ROLE regress_calendar_clerk;
SELECT is_business_time('2026-03-09 10:00+03', 'ru') AS closed,
    is_business_time('2026-03-10 10:00+03', 'ru') AS open;
SELECT count(*) FROM osm.calendar;
SELECT osm.define_calendar('mine', '{"time_zone": "UTC"}');
SELECT current_user;
RESET ROLE;
-- a hostile search_path changes nothing
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / 0 = 1';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.eq);
CREATE TABLE hostile.calendar (name text);
\c -
SET search_path = hostile, pg_catalog;
SELECT osm.is_business_time('2026-03-10 10:00+03', 'ru') AS open;
RESET search_path;
ALTER TABLE osm.calendar_day NO FORCE ROW LEVEL SECURITY;
DROP OWNED BY regress_calendar_clerk;
DROP ROLE regress_calendar_clerk;
