-- A portal's own table held to an act: what its statements amount to, and every way around.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
SET client_min_messages = error;
SET osm_workflow.simulated_now = '2026-03-02 10:00+03';
SELECT osm.define_calendar('office', '{"time_zone": "Europe/Moscow", "hours": {"1": ["09:00-18:00"],
    "2": ["09:00-18:00"], "3": ["09:00-18:00"], "4": ["09:00-18:00"], "5": ["09:00-18:00"]}}')
    \g /dev/null
SELECT osm.define_regulation('{
    "code": "portal-act", "edition": "1", "title": "Акт портала", "issuer": "Глава",
    "act_no": "1", "act_date": "2026-01-12", "in_force": {"from": "2026-02-01"},
    "time_zone": "Europe/Moscow", "calendar": "office",
    "clauses": [{"path": "п. 1", "summary": "Порядок.", "answer": "B/L"}],
    "roles": [{"name": "curator", "title": "Куратор", "scope": "authority", "clause": "п. 1"},
              {"name": "executor", "title": "Исполнитель", "scope": "assignment",
               "clause": "п. 1"}],
    "states": [{"name": "detected", "title": "Выявлено", "kind": "initial"},
               {"name": "assigned", "title": "В работе", "kind": "open"},
               {"name": "review", "title": "Согласование", "kind": "open"},
               {"name": "approved", "title": "Согласовано", "kind": "open"},
               {"name": "answered", "title": "Отвечено", "kind": "final"},
               {"name": "refused", "title": "Отказано", "kind": "forbidden"}],
    "actions": [{"name": "register", "title": "Завести", "effect": "register"},
                {"name": "route", "title": "Направить", "effect": "assign"},
                {"name": "submit", "title": "Подать", "effect": "submit"},
                {"name": "approve", "title": "Утвердить", "effect": "approve"},
                {"name": "send_back", "title": "Вернуть", "effect": "send_back"},
                {"name": "post", "title": "Разместить", "effect": "post"},
                {"name": "note", "title": "Пометить"},
                {"name": "refuse", "title": "Отказать"}],
    "transitions": [
        {"action": "register", "to": "detected", "role": ["curator"], "clause": "п. 1"},
        {"action": "route", "from": "detected", "to": "assigned", "role": ["curator"],
         "requires": ["bodies"], "clause": "п. 1"},
        {"action": "submit", "from": "assigned", "to": "review", "role": ["executor"],
         "requires": ["text"], "clause": "п. 1"},
        {"action": "approve", "from": "review", "to": "approved", "role": ["curator"],
         "clause": "п. 1"},
        {"action": "send_back", "from": "review", "to": "assigned", "role": ["curator"],
         "requires": ["reason:why"], "clause": "п. 1"},
        {"action": "post", "from": "approved", "to": "answered", "role": ["executor"],
         "requires": ["channel"], "clause": "п. 1"},
        {"action": "note", "from": "review", "role": ["curator"], "requires": ["comment"],
         "clause": "п. 1"},
        {"action": "refuse", "from": "detected", "to": "refused", "role": ["curator"],
         "requires": ["reason:why"], "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["register"],
                "stops_on": ["post"], "cancels_on": ["refuse"], "term": "9 h",
                "outer_term": true, "responsible": "executor", "clause": "п. 1"}],
    "reasons": [{"list": "why", "code": "empty", "title": "Пусто", "clause": "п. 1"},
                {"list": "why", "code": "insult", "title": "Брань", "clause": "п. 1"}]}'),
    osm.define_authority('{
    "code": "town", "title": "Город",
    "regulations": {"portal-act": {"curator": ["hall"], "executor": ["roads", "schools"]}},
    "bodies": [{"code": "hall", "title": "Управа"}, {"code": "roads", "title": "Дороги"},
               {"code": "schools", "title": "Школы"}],
    "officials": [
        {"login": "anna", "name": "А", "appointments": [{"body": "hall", "role": "curator"}]},
        {"login": "boris", "name": "Б", "appointments": [{"body": "roads",
            "role": "executor"}]}]}') \g /dev/null

CREATE SCHEMA portal;
CREATE TYPE portal.status AS ENUM ('новое', 'в работе', 'ждёт', 'у главы', 'готово', 'отвечено',
    'отказ', 'корзина');
CREATE TABLE portal.network (name text PRIMARY KEY);
INSERT INTO portal.network VALUES ('vk'), ('ok');
CREATE TABLE portal.message (
    number integer PRIMARY KEY,
    status portal.status DEFAULT 'новое',
    network text REFERENCES portal.network ON UPDATE CASCADE,
    words text,
    seen timestamptz,
    units text[],
    draft text,
    cause text,
    remark text,
    step text,
    extra jsonb,
    views integer DEFAULT 0
);
INSERT INTO portal.message (number, status, network, words) VALUES
    (1, 'новое', 'vk', 'Старое'), (2, 'у главы', 'vk', 'Давно в работе'), (3, 'корзина', 'vk', 'Х');
CREATE VIEW portal.act AS
    SELECT r.key, m.status, i.state, i.channel, i.details -> 'attached' AS attached,
        osm.verify_chain(i.id) AS broken
    FROM osm.attached_row AS r JOIN osm.incident AS i ON i.id = r.incident_id
    LEFT JOIN portal.message AS m ON m.number::text = r.key;

\echo
\echo == what cannot be attached
CREATE FUNCTION portal.attach(target regclass, state_column name DEFAULT 'status',
    states jsonb DEFAULT '{"новое": "detected", "в работе": "assigned", "ждёт": "assigned",
        "у главы": "review", "готово": "approved", "отвечено": "answered", "отказ": "refused"}',
    message jsonb DEFAULT '{"channel": "network", "text": "words", "detected_at": "seen",
        "kind": {"value": "incident"}, "extra": "extra"}',
    details jsonb DEFAULT '{"*": {"comment": "remark", "action": "step"},
        "в работе": {"bodies": "units", "reason": "cause"}, "ждёт": {"bodies": "units"},
        "у главы": {"text": "draft"}, "отвечено": {"channel": "network"},
        "отказ": {"reason": "cause"}}',
    key_column name DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.attach_workflow(target, 'portal-act', state_column, states, message, details,
                                key_column);
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE VIEW portal.looking AS SELECT * FROM portal.message;
CREATE TABLE portal.keyless (number integer, status text);
CREATE TABLE portal.pair (a integer, b integer, status text, PRIMARY KEY (a, b));
CREATE TEMPORARY TABLE passing (number integer PRIMARY KEY, status text);
CREATE UNLOGGED TABLE portal.unsafe (number integer PRIMARY KEY, status text);
CREATE TABLE portal.parent (number integer PRIMARY KEY, status text);
CREATE TABLE portal.child () INHERITS (portal.parent);
CREATE TABLE portal.by_state (number integer, status text) PARTITION BY LIST (status);
CREATE TABLE portal.by_kind (number integer, kind text, status text) PARTITION BY LIST (kind);
CREATE TABLE portal.by_kind_a PARTITION OF portal.by_kind FOR VALUES IN ('a')
    PARTITION BY LIST (lower(status));
SELECT t, portal.attach(t::regclass)
FROM unnest('{portal.looking,portal.keyless,portal.pair,passing,portal.unsafe,portal.parent,
    portal.child,osm.incident,pg_catalog.pg_class,portal.by_state,portal.by_kind,
    portal.by_kind_a}'::text[]) AS t;
SELECT portal.attach('portal.keyless', key_column => 'number'),
    portal.attach('portal.by_state', key_column => 'number'),
    portal.attach('portal.by_kind', key_column => 'number'),
    portal.attach('portal.by_kind_a', key_column => 'number') \gx
SELECT portal.attach('portal.message', 'state'),
    portal.attach('portal.message', states => '{"новое": "detected", "x": "nowhere"}'),
    portal.attach('portal.message', states => '{"x": "review"}'),
    portal.attach('portal.message', states => '[]'),
    portal.attach('portal.message', details => '{"*": "x"}'),
    portal.attach('portal.message', states => NULL),
    portal.attach('portal.message', message => '{"channel": "net"}'),
    portal.attach('portal.message', message => '{"detected_at": "words"}'),
    portal.attach('portal.message', details => '{"*": {"text": "absent"}}'),
    portal.attach('portal.message', details => '{"новый": {}}'),
    portal.attach('portal.message', key_column => 'views') \gx
SELECT osm.attach_workflow('portal.message', 'no-act', 'status');
SELECT osm.attach_workflow(NULL, 'portal-act', 'status');
SELECT osm.detach_workflow('portal.message');

\echo
\echo == an INSERT is a registration
SELECT portal.attach('portal.message');
SELECT osm.act_as('anna') \g /dev/null
INSERT INTO portal.message (number, network, words) VALUES (10, 'vk', 'Яма');
BEGIN;
SELECT osm.act_as('anna') \g /dev/null
INSERT INTO portal.message (number, network, words, extra) VALUES (10, 'vk', 'Яма', '{"a": [1]}');
INSERT INTO portal.message (number, network, words, seen)
SELECT n, 'ok', 'Ещё', '2026-03-02 09:30+03' FROM generate_series(11, 12) AS n;
COMMIT;
SELECT * FROM portal.act ORDER BY key;
SELECT i.text, i.detected_at AT TIME ZONE 'Europe/Moscow', c.due_at AT TIME ZONE 'Europe/Moscow'
FROM osm.incident AS i JOIN osm.clock AS c ON c.incident_id = i.id
WHERE i.id = osm.incident_of('portal.message', '11');

-- Runs a statement as an official.
CREATE FUNCTION portal.as(login text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    PERFORM osm.act_as(login);
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN concat(SQLSTATE, ' ', message, E'\n    DETAIL: ' || nullif(detail, ''),
        E'\n    HINT: ' || nullif(hint, ''));
END $$;
SELECT portal.as('anna', $$INSERT INTO portal.message (number, status, network, words)
    VALUES (13, 'у главы', 'vk', 'а')$$);
SELECT portal.as('anna', $$INSERT INTO portal.message (number, status, network, words)
    VALUES (13, NULL, 'vk', 'а')$$);
SELECT portal.as('anna', $$INSERT INTO portal.message (number, words) VALUES (13, 'а')$$);
SELECT portal.as('boris', $$INSERT INTO portal.message (number, network) VALUES (13, 'vk')$$);
SELECT portal.as('anna', $$INSERT INTO portal.message (number, network, seen)
    VALUES (13, 'vk', '2027-01-01')$$);

\echo
\echo == an UPDATE of the state is the step it amounts to
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'готово' WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'в работе' WHERE number = 10$$);
SELECT portal.as('boris', $$UPDATE portal.message SET status = 'в работе', units = '{roads}'
    WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'в работе', units = '{roads}'
    WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'корзина' WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = NULL WHERE number = 10$$);
-- Two names of one state are one state; columns that are no state are the portal's own.
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'ждёт', views = 7
    WHERE number = 10$$);
SELECT portal.as('boris', $$UPDATE portal.message SET status = 'у главы' WHERE number = 10$$);
SELECT portal.as('boris', $$UPDATE portal.message SET draft = 'Засыпали' WHERE number = 10$$);
SELECT portal.as('boris', $$UPDATE portal.message SET status = 'у главы' WHERE number = 10$$);
-- A step that leaves the state as it is, or is one of several to it, is named.
SELECT portal.as('anna', $$UPDATE portal.message SET step = 'note' WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET step = 'note', remark = 'хм'
    WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET step = 'approve' WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET step = NULL, status = 'в работе'
    WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET step = NULL, status = 'в работе',
    cause = 'empty' WHERE number = 10$$);
-- The same data twice are given twice.
SELECT portal.as('boris', $$UPDATE portal.message SET status = 'у главы' WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'готово' WHERE number = 10$$);
SELECT portal.as('boris', $$UPDATE portal.message SET status = 'отвечено' WHERE number = 10$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'новое' WHERE number = 10$$);
SELECT concat_ws(' ', e.seq, e.action, e.from_state, '->', e.to_state, o.login,
    e.details - '{clocks,text,comment}'::text[], CASE WHEN e.details ? 'text' THEN 'text' END,
    CASE WHEN e.details ? 'comment' THEN 'comment' END)
FROM osm.event AS e JOIN osm.official AS o ON o.id = e.actor_id
WHERE e.incident_id = osm.incident_of('portal.message', '10') AND e.seq > 1 ORDER BY e.seq;
SELECT c.state, c.stopped_at = c.started_at FROM osm.clock AS c
WHERE c.incident_id = osm.incident_of('portal.message', '10');
SELECT content FROM osm.reply WHERE incident_id = osm.incident_of('portal.message', '10');
SELECT * FROM portal.act ORDER BY key;

-- An earlier edition begins in a state of another name: such a row is not taken in unseen.
SELECT osm.define_regulation(jsonb_set(replace(d::text, '"detected"', '"found"')::jsonb
    || '{"edition": "0", "in_force": {"from": "2026-01-12", "to": "2026-01-31"}}', '{title}',
    '"Акт портала, первая редакция"')) IS NOT NULL
FROM osm.regulation_document('portal-act') AS d;
SELECT portal.as('anna', $$INSERT INTO portal.message (number, network, seen)
    VALUES (15, 'vk', '2026-01-20')$$);

\echo
\echo == rows are neither deleted nor renamed
SELECT portal.as('anna', 'DELETE FROM portal.message WHERE number = 10');
SELECT portal.as('anna', 'TRUNCATE portal.message');
SELECT portal.as('anna', 'UPDATE portal.message SET number = 99 WHERE number = 10');
SELECT portal.as('anna', 'DELETE FROM portal.message WHERE number = 3');

\echo
\echo == rows that were there before
SELECT portal.as('anna', 'UPDATE portal.message SET views = 1 WHERE number = 2');
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'готово' WHERE number = 2$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'новое' WHERE number = 2$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = status WHERE status = 'новое'$$);
SELECT key, status, state FROM portal.act ORDER BY key;

\echo
\echo == a step taken at the other door: the row follows, or is refused
SELECT portal.as('anna', $$SELECT osm.route(osm.incident_of('portal.message', '11'), '{roads}')$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'отказ', cause = 'insult'
    WHERE number = 11$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'в работе' WHERE number = 11$$);
SELECT portal.as('boris', $$UPDATE portal.message SET status = 'у главы', draft = 'Да'
    WHERE number = 11$$);

\echo
\echo == ways around: other triggers
CREATE FUNCTION portal.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.status := current_setting('portal.meddle');
    RETURN NEW;
END $$;
CREATE TRIGGER zz_last BEFORE INSERT OR UPDATE ON portal.message
    FOR EACH ROW EXECUTE FUNCTION portal.meddle();
SET portal.meddle = 'отвечено';
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'готово' WHERE number = 11$$);
SELECT portal.as('anna', $$UPDATE portal.message SET views = 1 WHERE number = 11$$);
SELECT portal.as('anna', $$INSERT INTO portal.message (number, network) VALUES (14, 'vk')$$);
-- What it writes is what is judged: the step is the one stored.
SET portal.meddle = 'готово';
SELECT portal.as('anna', $$UPDATE portal.message SET views = 1 WHERE number = 11$$);
SELECT key, status, state FROM portal.act WHERE key = '11';
DROP TRIGGER zz_last ON portal.message;
-- A trigger after the row that writes it once more before the act has seen it.
CREATE FUNCTION portal.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE portal.message SET status = 'новое' WHERE number = NEW.number AND status = 'отказ';
    RETURN NULL;
END $$;
CREATE TRIGGER a0_first AFTER UPDATE ON portal.message
    FOR EACH ROW EXECUTE FUNCTION portal.again();
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'отказ', cause = 'insult'
    WHERE number = 12$$);
-- Named to come later, it takes a step of its own, or is refused.
ALTER TRIGGER a0_first ON portal.message RENAME TO b_later;
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'отказ', cause = 'insult'
    WHERE number = 12$$);
-- What it tries and takes back is as if it had not been.
CREATE OR REPLACE FUNCTION portal.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE portal.message SET views = 8 WHERE number = NEW.number AND views < 8;
    RAISE division_by_zero;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
ALTER TRIGGER b_later ON portal.message RENAME TO a0_first;
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'отказ', cause = 'insult'
    WHERE number = 12$$);
DROP TRIGGER a0_first ON portal.message;
SELECT key, status, state FROM portal.act WHERE key = '12';

\echo
\echo == ways around: other statements
SELECT portal.as('anna', $$INSERT INTO portal.message (number, network) VALUES (12, 'vk')
    ON CONFLICT (number) DO NOTHING$$);
SELECT portal.as('anna', $$INSERT INTO portal.message (number, network) VALUES (12, 'vk')
    ON CONFLICT (number) DO UPDATE SET status = 'готово'$$);
SELECT portal.as('anna', $$INSERT INTO portal.message (number, network) VALUES (12, 'vk')
    ON CONFLICT (number) DO UPDATE SET status = 'отказ', cause = 'insult'$$);
SELECT portal.as('anna', $$MERGE INTO portal.message AS m
    USING (VALUES (12, 'новое'), (20, 'новое')) AS v (number, status) ON v.number = m.number
    WHEN MATCHED THEN UPDATE SET status = v.status::portal.status
    WHEN NOT MATCHED THEN INSERT (number, network) VALUES (v.number, 'vk')$$);
SELECT portal.as('anna', $$MERGE INTO portal.message AS m
    USING (VALUES (20)) AS v (number) ON v.number = m.number
    WHEN NOT MATCHED THEN INSERT (number, network) VALUES (v.number, 'vk')$$);
SELECT portal.as('anna', $$MERGE INTO portal.message AS m
    USING (VALUES (20)) AS v (number) ON v.number = m.number WHEN MATCHED THEN DELETE$$);
BEGIN;
SELECT osm.act_as('anna') \g /dev/null
COPY portal.message (number, network, status) FROM stdin;
21	vk	новое
22	ok	новое
\.
COMMIT;
BEGIN;
SELECT osm.act_as('anna') \g /dev/null
COPY portal.message (number, network, status) FROM stdin;
23	vk	отвечено
\.
ROLLBACK;
SELECT portal.as('anna', $$WITH gone AS (DELETE FROM portal.message WHERE number = 21
    RETURNING *) INSERT INTO portal.message SELECT * FROM gone$$);
-- A view of the portal, and a foreign key that carries a change into the table.
SELECT portal.as('anna', $$UPDATE portal.looking SET status = 'готово' WHERE number = 21$$);
SELECT portal.as('anna', $$UPDATE portal.network SET name = 'max' WHERE name = 'ok'$$);
SELECT key, status, state FROM portal.act ORDER BY key;
-- A replica fires no ordinary trigger; then the row and its incident disagree, and that is said.
SET session_replication_role = replica;
UPDATE portal.message SET status = 'готово' WHERE number = 21;
SET session_replication_role = origin;
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'отвечено' WHERE number = 21$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'новое' WHERE number = 21$$);

\echo
\echo == columns that change under it
SELECT portal.as('anna', $$ALTER TABLE portal.message RENAME remark TO notes$$);
SELECT portal.as('anna', $$UPDATE portal.message SET views = 2 WHERE number = 21$$);
SELECT portal.as('anna', $$ALTER TABLE portal.message RENAME notes TO remark$$);
BEGIN;
ALTER TABLE portal.message RENAME status TO condition;
SELECT portal.as('anna', $$UPDATE portal.message SET condition = 'отвечено' WHERE number = 21$$);
SELECT portal.as('anna', $$UPDATE portal.message SET views = 3 WHERE number = 21$$);
SELECT portal.as('anna', $$INSERT INTO portal.message (number, network) VALUES (24, 'vk')$$);
ROLLBACK;
BEGIN;
DROP VIEW portal.looking, portal.act;
ALTER TABLE portal.message DROP COLUMN status;
SELECT portal.as('anna', $$UPDATE portal.message SET views = 3 WHERE number = 21$$);
ROLLBACK;
BEGIN;
DROP VIEW portal.looking, portal.act;
ALTER TABLE portal.message ALTER status DROP DEFAULT, ALTER status TYPE varchar(40);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'отвечено' WHERE number = 21$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'отказ', cause = 'insult'
    WHERE number = 21$$);
ALTER TABLE portal.message RENAME TO messages;
ALTER TABLE portal.messages SET SCHEMA public;
SELECT portal.as('anna', $$UPDATE messages SET status = 'новое' WHERE number = 21$$);
SELECT target, state_column FROM osm.attached;
ROLLBACK;
-- A cast of the portal's own is not called with our rights, nor at all.
CREATE FUNCTION portal.steal(portal.status) RETURNS json LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'called by %', current_user; END $$;
CREATE CAST (portal.status AS json) WITH FUNCTION portal.steal(portal.status);
SELECT portal.as('anna', $$UPDATE portal.message SET views = 3 WHERE number = 21$$);
DROP CAST (portal.status AS json);

\echo
\echo == partitions
CREATE TABLE portal.by_month (number integer NOT NULL, month integer NOT NULL, status text,
    network text) PARTITION BY LIST (month);
CREATE TABLE portal.january PARTITION OF portal.by_month FOR VALUES IN (1);
CREATE TABLE portal.february PARTITION OF portal.by_month FOR VALUES IN (2);
SELECT osm.attach_workflow('portal.by_month', 'portal-act', 'status', NULL,
    '{"channel": "network"}', '{"refused": {"reason": {"value": "insult"}}}', 'number');
SELECT portal.as('anna', $$INSERT INTO portal.by_month VALUES (1, 1, 'detected', 'vk'),
    (2, 2, 'detected', 'vk')$$);
SELECT portal.as('anna', $$INSERT INTO portal.january VALUES (3, 1, 'review', 'vk')$$);
SELECT portal.as('anna', $$UPDATE portal.january SET status = 'answered'$$);
SELECT portal.as('anna', $$UPDATE portal.by_month SET month = 2 WHERE number = 1$$);
SELECT portal.as('anna', $$UPDATE portal.by_month SET month = 2, status = 'answered'
    WHERE number = 1$$);
SELECT portal.as('anna', 'TRUNCATE portal.by_month');
SELECT portal.as('anna', 'TRUNCATE portal.january');
SELECT portal.as('anna', $$UPDATE portal.by_month SET status = 'refused' WHERE number = 1$$);
SELECT portal.as('anna', $$UPDATE portal.january SET status = 'detected' WHERE number = 1$$);
CREATE TABLE portal.march PARTITION OF portal.by_month FOR VALUES IN (3);
SELECT portal.as('anna', $$INSERT INTO portal.march VALUES (4, 3, 'detected', 'vk')$$);
SELECT portal.as('anna', $$UPDATE portal.march SET status = 'answered'$$);
SELECT r.target, r.key, i.state FROM osm.attached_row AS r
JOIN osm.incident AS i ON i.id = r.incident_id WHERE r.target = 'portal.by_month'::regclass
ORDER BY r.key;

\echo
\echo == who may attach, and what the writers of the table need
CREATE ROLE regress_attach_owner LOGIN;
CREATE ROLE regress_attach_writer LOGIN;
CREATE ROLE regress_attach_stranger LOGIN;
SELECT osm.grant_access('regress_attach_owner', 'administrator'),
    osm.grant_access('regress_attach_stranger', 'administrator') \g /dev/null
CREATE SCHEMA own AUTHORIZATION regress_attach_owner;
GRANT USAGE ON SCHEMA own TO regress_attach_writer, regress_attach_stranger;
SET SESSION AUTHORIZATION regress_attach_owner;
CREATE TABLE own.message (number integer PRIMARY KEY, status text, network text);
GRANT SELECT, INSERT, UPDATE ON own.message TO regress_attach_writer;
SET SESSION AUTHORIZATION regress_attach_stranger;
SELECT osm.attach_workflow('own.message', 'portal-act', 'status', NULL, '{"channel": "network"}');
SET SESSION AUTHORIZATION regress_attach_owner;
SELECT osm.attach_workflow('own.message', 'portal-act', 'status', NULL, '{"channel": "network"}');
SET SESSION AUTHORIZATION regress_attach_stranger;
SELECT osm.detach_workflow('own.message');
SET SESSION AUTHORIZATION regress_attach_writer;
INSERT INTO own.message VALUES (1, 'detected', 'vk');
SELECT * FROM osm.attached_row;
RESET SESSION AUTHORIZATION;
UPDATE osm.official SET db_role = 'regress_attach_writer' WHERE login = 'anna';
SET SESSION AUTHORIZATION regress_attach_writer;
INSERT INTO own.message VALUES (1, 'detected', 'vk');
UPDATE own.message SET status = 'answered';
RESET SESSION AUTHORIZATION;
SELECT osm.incident_of('own.message', '1') IS NOT NULL, osm.incident_of('own.message', '2');

\echo
\echo == triggers without an attachment, protocol
CREATE TABLE portal.stray (number integer PRIMARY KEY, status text);
CREATE TRIGGER stray AFTER INSERT ON portal.stray
    FOR EACH ROW EXECUTE FUNCTION osm.guard_attached();
INSERT INTO portal.stray VALUES (1, 'detected');
DROP TRIGGER stray ON portal.stray;
CREATE TRIGGER stray BEFORE INSERT ON portal.stray
    FOR EACH ROW EXECUTE FUNCTION osm.guard_attached();
INSERT INTO portal.stray VALUES (1, 'detected');
SELECT osm.guard_attached();

\echo
\echo == detached, the table is free; attached again, its rows go on where they were
SELECT osm.detach_workflow('portal.message');
SELECT count(*) FROM pg_trigger
WHERE tgname LIKE 'a\_act\_%' AND tgrelid = 'portal.message'::regclass;
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'корзина' WHERE number = 22$$);
SELECT osm.incident_of('portal.message', '22') IS NOT NULL;
SELECT portal.attach('portal.message');
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'готово' WHERE number = 22$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'новое' WHERE number = 22$$);
SELECT portal.as('anna', $$UPDATE portal.message SET status = 'отказ', cause = 'insult'
    WHERE number = 22$$);
SELECT osm.verify_chains();

\set ECHO none
DROP SCHEMA own CASCADE;
DROP OWNED BY regress_attach_owner, regress_attach_stranger, regress_attach_writer;
DROP ROLE regress_attach_owner, regress_attach_stranger, regress_attach_writer;
