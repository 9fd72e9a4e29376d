-- What a session remembers of calendars: compiled once and then only looked up, freed when it is no
-- longer so, and never other than the rows say, whatever the session does around it.
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET search_path = public, osm;
SELECT define_calendar('top', '{"time_zone": "UTC", "short_day_cut": "01:00",
    "hours": {"1": ["09:00-18:00"], "2": ["09:00-18:00"]}}');
SELECT define_calendar('middle', '{"parent": "top"}');
SELECT define_calendar('low', '{"parent": "middle"}');

-- A compilation reads the days of every year once for each calendar of the chain; asking reads
-- nothing. What a transaction has read so far is in its statistics.
CREATE FUNCTION reads() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables
    WHERE relid = 'osm.calendar_yearly_day'::regclass $$;
-- What is in memory: calendars by name
CREATE VIEW remembered AS
    SELECT coalesce(string_agg(ident, ' ' ORDER BY ident), 'nothing') AS calendars
    FROM pg_backend_memory_contexts WHERE name = 'osm_workflow calendar';
CREATE FUNCTION bytes() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT sum(total_bytes) FROM pg_backend_memory_contexts $$;
-- Monday and Tuesday of one week
CREATE FUNCTION open(calendar text DEFAULT 'low') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT string_agg(to_char(lower(h), 'Dy HH24:MI-') || to_char(upper(h), 'HH24:MI'),
                              ', ' ORDER BY h)
            FROM unnest(osm.business_hours('[2026-03-02,2026-03-04)', calendar)) AS h);
END $$;
CREATE FUNCTION opening() RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    RETURN osm.next_business_time('2026-03-02', 'low');
END $$;

\echo one compilation of a chain of three, however it is asked
\c -
SET timezone = 'UTC';
SET search_path = public, osm;
PREPARE ask(timestamptz) AS SELECT add_business_time($1, '9h', 'low');
SELECT * FROM remembered;
BEGIN;
SELECT count(add_business_time('2026-03-02'::timestamptz + g * interval '1 h', '9h', 'low'))
    FROM generate_series(1, 3000) AS g;
SELECT count(business_time_between('2026-03-02', '2026-03-02'::timestamptz + g * interval '1 h',
                                   'low'))
    FROM generate_series(1, 3000) AS g;
EXECUTE ask('2026-03-02');
SELECT opening(), open();
DO $$ BEGIN FOR i IN 1..1000 LOOP PERFORM opening(); END LOOP; END $$;
SELECT count(*) FROM generate_series(1, 10), explain_deadline('2026-03-02', '3 bd', 'low');
SET LOCAL osm_workflow.calendar = 'low';
SELECT '2026-03-02'::timestamptz + '9h'::business_interval;
SELECT reads();
COMMIT;
SELECT * FROM remembered;
-- the names may take turns, row by row
BEGIN;
SELECT reads() AS before \gset
SELECT count(next_business_time('2026-03-02', (ARRAY['top', 'middle', 'low'])[1 + g % 3]))
    FROM generate_series(1, 3000) AS g;
SELECT reads() - :before;
COMMIT;
SELECT * FROM remembered;

\echo what is outdated goes at the next compilation, the dropped with it
UPDATE calendar SET title = 'Верх' WHERE name = 'top';
SELECT open('top');
SELECT * FROM remembered;
DO $$
DECLARE before bigint;
BEGIN
    FOR i IN 0..1000 LOOP
        INSERT INTO osm.calendar (name, parent, own_hours) VALUES ('passing ' || i, 'low', false);
        PERFORM osm.next_business_time('2026-03-02', 'passing ' || i);
        DELETE FROM osm.calendar WHERE name = 'passing ' || i;
        PERFORM osm.next_business_time('2026-03-02', 'low');
        COMMIT;
        IF i = 20 THEN before := public.bytes(); END IF;
    END LOOP;
    RAISE NOTICE '980 calendars made, used and dropped: %',
        CASE WHEN public.bytes() - before < 100000 THEN 'no growth' ELSE 'growth' END;
    FOR i IN 1..60 LOOP
        PERFORM osm.define_calendar('low',
            jsonb_build_object('parent', 'middle', 'title', i::text));
        COMMIT;
        IF i = 20 THEN before := public.bytes(); END IF;
    END LOOP;
    RAISE NOTICE '40 definitions of one calendar: %',
        CASE WHEN public.bytes() - before < 100000 THEN 'no growth' ELSE 'growth' END;
END $$;
SELECT * FROM remembered;

\echo a change anywhere in the chain
INSERT INTO calendar_day (calendar, day, kind) VALUES ('middle', '2026-03-02', 'short');
SELECT open();
UPDATE calendar SET short_day_cut = '02:00' WHERE name = 'top';
SELECT open();
COPY calendar_day (calendar, day, kind) FROM stdin;
low	2026-03-02	closed
\.
SELECT open();
INSERT INTO calendar_day (calendar, day, kind) VALUES ('low', '2026-03-02', 'usual')
    ON CONFLICT (calendar, day) DO UPDATE SET kind = excluded.kind;
SELECT open();
UPDATE calendar SET parent = 'top' WHERE name = 'low';
DELETE FROM calendar WHERE name = 'middle';
SELECT open(), open('middle');
INSERT INTO calendar_day (calendar, day, kind) VALUES ('top', '2026-03-03', 'closed');
SELECT open();
TRUNCATE calendar_day;
SELECT open();
UPDATE calendar SET name = 'lowest' WHERE name = 'low';
SELECT open('lowest');
SELECT open('low');
UPDATE calendar SET name = 'low' WHERE name = 'lowest';
-- a parent's name is in its children
UPDATE calendar SET name = 'summit' WHERE name = 'top';

\echo what is taken back is forgotten, however deep
BEGIN;
UPDATE calendar_hours SET opens = '10:00' WHERE isodow = 1;
SELECT open();
SAVEPOINT a;
UPDATE calendar_hours SET opens = '11:00' WHERE isodow = 1;
SAVEPOINT b;
UPDATE calendar_hours SET opens = '12:00' WHERE isodow = 1;
SELECT open();
RELEASE b;
SELECT open();
DO $$
BEGIN
    BEGIN
        UPDATE osm.calendar_hours SET opens = '13:00' WHERE isodow = 1;
        RAISE NOTICE '%', public.open();
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        RAISE NOTICE '%', public.open();
    END;
END $$;
ROLLBACK TO a;
SELECT open();
ROLLBACK;
SELECT open();
-- also where the calendar was first made by what is taken back
BEGIN;
SELECT define_calendar('brief', '{"parent": "low"}');
SELECT open('brief');
ROLLBACK;
SELECT open('brief');
SELECT * FROM remembered;

\echo in the middle of a statement, of a cursor, of a set
CREATE FUNCTION open_at(opening time) RETURNS time LANGUAGE plpgsql AS $$
BEGIN
    UPDATE osm.calendar_hours SET opens = opening WHERE calendar = 'top' AND isodow = 1;
    RETURN opening;
END $$;
SELECT next_business_time('2026-03-02', 'low')::time, open_at(make_time(g, 0, 0)),
    next_business_time('2026-03-02', 'low')::time
    FROM generate_series(10, 12) AS g;
BEGIN;
DECLARE rows CURSOR FOR SELECT g, next_business_time('2026-03-02', 'low')::time
    FROM generate_series(1, 9) AS g;
DECLARE set CURSOR FOR SELECT explain_deadline('2026-03-02', '20h', 'low');
FETCH rows;
FETCH set;
SELECT open_at('09:00');
FETCH rows;
SELECT drop_calendar('low');
-- the set was made when it was begun; a row is computed when it is fetched
FETCH ALL set;
SAVEPOINT a;
FETCH rows;
ROLLBACK TO a;
ROLLBACK;
SELECT open();

\echo parallel workers compile for themselves, and see what the transaction has not committed
SELECT set_config(name, 'on', false) FROM pg_settings
    WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT next_business_time('2026-03-02', 'low')::time;
BEGIN;
SELECT open_at('15:00');
SELECT next_business_time('2026-03-02', 'low')::time;
SELECT count(DISTINCT next_business_time('2026-03-02', 'low'))::int FROM generate_series(1, 100);
ROLLBACK;
SELECT next_business_time('2026-03-02', 'low')::time;
SELECT set_config(name, reset_val, false) FROM pg_settings
    WHERE name IN ('force_parallel_mode', 'debug_parallel_query');

\echo a clock that resumes, while a trigger on its rows changes the calendar and asks it
SET client_min_messages = error;
SELECT define_regulation('{"code": "act", "edition": "1", "title": "А", "issuer": "И",
    "act_no": "1", "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"},
    "time_zone": "UTC", "calendar": "low",
    "clauses": [{"path": "1", "summary": "Всё", "answer": "L"}],
    "roles": [{"name": "clerk", "title": "Д", "scope": "authority", "clause": "1"}],
    "states": [{"name": "new", "title": "Н", "kind": "initial"},
               {"name": "done", "title": "Г", "kind": "final"}],
    "actions": [{"name": "register", "title": "р", "effect": "register"},
                {"name": "ask", "title": "в"}, {"name": "told", "title": "о"},
                {"name": "finish", "title": "з"}],
    "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "1"},
                    {"action": "ask", "from": "new", "role": ["clerk"], "clause": "1"},
                    {"action": "told", "from": "new", "role": ["clerk"], "clause": "1"},
                    {"action": "finish", "from": "new", "to": "done", "role": ["clerk"],
                     "clause": "1"}],
    "clocks": [{"name": "answer", "title": "О", "starts_on": ["register"],
                "stops_on": ["finish"], "pauses_on": ["ask"], "resumes_on": ["told"],
                "term": "5 hours", "outer_term": true, "responsible": "clerk",
                "clause": "1"}]}') \g /dev/null
SELECT define_authority('{"code": "town", "title": "Г",
    "regulations": {"act": {"clerk": ["hall"]}}, "bodies": [{"code": "hall", "title": "У"}],
    "officials": [{"login": "clerk", "name": "Д",
                   "appointments": [{"body": "hall", "role": "clerk"}]}]}') \g /dev/null
CREATE FUNCTION step(t text, action text) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', t, true), osm.act_as('clerk');
    IF action = 'register' THEN
        PERFORM osm.register('act', '{"channel": "site", "text": "т", "external_id": "1"}');
    ELSE
        PERFORM osm.perform((SELECT id FROM osm.incident), action);
    END IF;
    RETURN (SELECT due_at FROM osm.clock);
END $$;
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE osm.calendar SET title = coalesce(title, '') || '.' WHERE name = 'low';
    PERFORM osm.next_business_time('2026-03-02', 'low');
    RETURN NULL;
END $$;
CREATE TRIGGER meddle AFTER INSERT ON clock_segment FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT open();
SELECT step('2026-03-02 12:00', 'register'), step('2026-03-02 13:00', 'ask'),
    step('2026-03-02 15:00', 'told');
