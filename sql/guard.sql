-- The one door: whatever statement touches osm.incident is a step of the act, or it is refused.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
\pset null '-'
\set ECHO none
\i test/lib/office.sql
\set ECHO all

\echo
\echo == OW001: the step is not in the act, not from here, not under these conditions
SELECT try.incident('detected') AS i \gset
SELECT try.step('curator', :i, 'fly');
SELECT try.step('curator', :i, 'approve');
SELECT try.step('roads', :i, 'submit', '{"text": "a"}');
SELECT try.as('curator', format($$UPDATE osm.incident SET state = 'answered' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET state = 'nowhere' WHERE id = %s$$, :i));
SELECT try.as('robot', $$INSERT INTO osm.incident
    (regulation, importance, channel, topic, place, state)
                         VALUES ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 'answered')$$);
SELECT try.incident('assigned') AS i \gset
SELECT try.step('curator', :i, 'dismiss', '{"reason": "duplicate"}');
SELECT try.incident('detected') AS i \gset
SELECT try.step('curator', :i, 'dismiss', '{"reason": "duplicate"}');
SELECT try.step('curator', :i, 'route', '{"bodies": ["roads"]}');

\echo
\echo == OW002: nobody, the wrong role, the wrong body, the wrong authority
SELECT try.incident('assigned') AS i \gset
SELECT try.as('', format($$SELECT osm.perform(%s, 'submit', '{"text": "a"}')$$, :i));
SELECT try.step('robot', :i, 'submit', '{"text": "a"}');
SELECT try.step('health', :i, 'submit', '{"text": "a"}');
SELECT try.step('mayor', :i, 'refuse', '{"reason": "insult"}');
SELECT try.as('roads', $$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal",
    "topic": "a",
    "place": "b"}')$$);
SELECT try.as('nobody', 'SELECT 1');

\echo
\echo == OW003: data missing or bad
SELECT try.incident('detected') AS i \gset
SELECT try.step('curator', :i, 'route');
SELECT try.step('curator', :i, 'route', '{"bodies": []}');
SELECT try.step('curator', :i, 'route', '{"bodies": [["roads"], "health"], "lead": "health"}');
SELECT try.step('curator', :i, 'route', '{"bodies": [null, "health"], "lead": "health"}');
SELECT try.step('curator', :i, 'route', '{"bodies": ["moon"]}');
SELECT try.step('curator', :i, 'route', '{"bodies": ["zoo"]}');
SELECT try.step('curator', :i, 'route', '{"bodies": ["streets"]}');
SELECT try.step('curator', :i, 'route', '{"bodies": ["roads", "roads"], "lead": "roads"}');
SELECT try.step('curator', :i, 'route', '{"bodies": ["roads", "health"], "lead": "schools"}');
SELECT try.step('curator', :i, 'dismiss');
SELECT try.step('curator', :i, 'refuse', '{"reason": "boredom"}');
SELECT try.step('curator', :i, 'route', '["bodies"]');
SELECT try.step('curator', :i, 'route', '"roads"');
SELECT try.as('robot', $$SELECT osm.register('ru-alt-132-2020', '{"topic": "a", "place": "b"}')$$);
SELECT try.as('robot', $$SELECT osm.register('ru-alt-132-2020', '[]')$$);
SELECT try.as('robot', $$SELECT osm.register('no-such-act', '{"channel": "vk"}')$$);
SELECT try.as('robot', $$INSERT INTO osm.incident (channel) VALUES ('vk')$$);
-- a message is made of texts; blank is absent; its times are instants that have come
SELECT m AS message, try.as('robot', format($$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal", "topic": "a", "place": "b"}'::jsonb || %L)$$, m))
FROM unnest(ARRAY['{"channel": ["vk"]}', '{"topic": {"a": 1}}', '{"importance": 3}',
    '{"text": ["s"]}', '{"author": true}', '{"channel": " "}', '{"topic": ""}',
    '{"repeat_of": "abc"}', '{"repeat_of": 1.5}', '{"repeat_of": [1]}',
    '{"published_at": "soon"}', '{"published_at": "2026-13-01"}',
    '{"detected_at": "2026-03-02 10:00 Mars/Olympus"}', '{"detected_at": 20260302}',
    '{"external_id": ["m"]}',
    '{"published_at": "2026-03-02 10:01+07"}', '{"published_at": "-infinity"}',
    '{"detected_at": "2026-03-02 10:01+07"}']) AS m;
BEGIN;
SELECT osm.act_as('robot') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "topic": "a", "place": "b", "url": "  ",
    "author": "", "importance": "normal", "published_at": "2026-03-02 09:59+07", "repeat_of": null,
    "extra": [1]}') AS i \gset
SELECT url, author, importance, repeat_of, published_at, details
FROM osm.incident WHERE id = :i;
SELECT osm.register('ru-alt-132-2020', format('{"channel": "vk", "importance": "normal",
    "topic": "a", "place": "b",
    "repeat_of": "%s"}', :i)::jsonb) AS r \gset
SELECT repeat_of = :i AS repeats FROM osm.incident WHERE id = :r;
ROLLBACK;

\echo
\echo == OW004, OW005, OW006: content, forbidden messages, channels
SELECT try.incident('review') AS i \gset
SELECT try.step('curator', :i, 'approve', '{"checklist": {"format": true}}');
SELECT try.step('curator', :i, 'dismiss', '{"reason": "out_of_scope"}');
SELECT try.incident('assigned') AS i \gset
SELECT try.step('curator', :i, 'refuse', '{"reason": "insult"}');
SELECT try.step('roads', :i, 'submit', '{"text": "a"}');
SELECT try.incident('approved') AS i \gset
SELECT try.step('roads', :i, 'post', '{"channel": "ok"}');
SELECT try.step('roads', :i, 'post', '{"channel": ["ok"]}');
SELECT try.step('roads', :i, 'post', '{"channel": "ok", "author_link": "https://vk.example/u"}');
SELECT try.step('roads', :i, 'post', '{"channel": "vk", "account_kind": "person"}');

\echo
\echo == OW008: neither incidents nor events go away
SELECT try.as('curator', 'DELETE FROM osm.incident');
SELECT try.as('curator', 'TRUNCATE osm.incident CASCADE');
SELECT try.as('curator', 'UPDATE osm.event SET details = details');
SELECT try.as('curator', 'DELETE FROM osm.event');
SELECT try.as('curator', 'TRUNCATE osm.event');

\echo
\echo == a plain INSERT and a plain UPDATE leave what register and perform leave
BEGIN;
SELECT osm.act_as('robot') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "a", "place": "b", "text": "t",
    "extra": 1}') AS a \gset
INSERT INTO osm.incident (regulation, importance, channel, topic, place, text, details)
VALUES ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 't', '{"extra": 1}') RETURNING id AS b \gset
SELECT osm.act_as('curator') \g /dev/null
SELECT state FROM osm.perform(:a, 'route', '{"bodies": ["roads"]}');
UPDATE osm.incident SET state = 'assigned', details = '{"bodies": ["roads"]}'
    WHERE id = :b RETURNING state, event_seq;
SELECT osm.act_as('roads') \g /dev/null
SELECT state FROM osm.submit_reply(:a, '{"text": "Засыпали"}', 'interim');
UPDATE osm.incident SET action = 'submit', details = '{"text": "Засыпали", "kind": "interim"}',
    event_seq = event_seq + 1
WHERE id = :b RETURNING state, event_seq, reply_kind;
COMMIT;
SELECT try.events(:b);
SELECT try.events(:a) EXCEPT SELECT try.events(:b);
SELECT try.clocks(:b);
SELECT try.clocks(:a) EXCEPT SELECT try.clocks(:b);
SELECT count(*) AS same_but_for_ids FROM (
    SELECT to_jsonb(x) - '{id,salt,reply_id}'::text[] FROM osm.incident AS x WHERE id IN (:a, :b)
        GROUP BY 1) AS one;
SELECT osm.verify_chain(:a), osm.verify_chain(:b);

\echo
\echo == what an UPDATE may and may not ask for
SELECT try.incident('detected') AS i \gset
SELECT try.as('curator', format('UPDATE osm.incident SET state = NULL WHERE id = %s', :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET state = 'assigned', details = NULL
    WHERE id = %s$$, :i));
SELECT try.as('curator', format('UPDATE osm.incident SET action = NULL, event_seq = event_seq + 1
    WHERE id = %s', :i));
SELECT try.as('curator', format('UPDATE osm.incident SET event_seq = NULL WHERE id = %s', :i));
SELECT try.as('curator', format('UPDATE osm.incident SET occurred_at = NULL WHERE id = %s', :i));
SELECT try.as('curator', format('UPDATE osm.incident SET event_seq = event_seq + 2 WHERE id = %s',
    :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET state = 'dismissed', event_seq = 0,
    details = '{"reason": "duplicate"}' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET details = '{"a": 1}' WHERE id = %s$$,
    :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET action = 'approve' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET topic = 'other' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET state = 'assigned',
    details = '{"bodies": ["roads"]}',
                                  text = 'other' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET overdue_since = now() WHERE id = %s$$,
    :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET id = 0 WHERE id = %s$$, :i));
-- an UPDATE that changes nothing is no step
SELECT try.as('curator', format('UPDATE osm.incident SET state = state, details = details
    WHERE id = %s', :i));

SELECT try.events(:i);

\echo
\echo == data that would slip past a rule
SELECT try.incident('assigned') AS i \gset
SELECT try.step('roads', :i, 'submit', '{"text": "a", "kind": ["interim"]}');
SELECT try.step('roads', :i, 'submit', '{"text": "a", "clocks": [{"rule": "answer",
    "verdict": "met"}]}');
SELECT try.step('roads', :i, 'submit', '{"text": "a", "promised_until": "infinity"}');
SELECT try.step('roads', :i, 'submit', '{"text": "a", "promised_until": "soon"}');
-- the context names the key
DO $$
DECLARE
    context text;
BEGIN
    PERFORM osm.act_as('roads');
    PERFORM osm.submit_reply(max(id), '{"text": "a", "promised_until": "soon"}')
        FROM osm.incident WHERE state = 'assigned';
EXCEPTION WHEN invalid_datetime_format THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RAISE INFO '%', split_part(context, E'\n', 1);
END $$;
SELECT try.step('roads', :i, 'submit', E'{"text": "a\\u0000b"}');
SELECT try.step('curator', :i, 'refuse', '{"reason": {"code": "insult"}}');
SELECT try.step('curator', :i, 'mark_repeat', '{"repeat_of": "abc"}');
SELECT try.step('curator', :i, 'mark_repeat', '{"repeat_of": 1.5}');
SELECT try.step('curator', :i, 'mark_repeat', '{"repeat_of": 99999999999999999999}');
SELECT try.step('curator', :i, 'mark_repeat', jsonb_build_object('repeat_of', :i));
SELECT try.step('roads', :i, 'submit', jsonb_build_object('text', repeat('Ж', 1000000)));
SELECT octet_length(content::text) > 2000000 AS kept FROM osm.reply WHERE incident_id = :i;
SELECT pg_column_size(details) < 1000 AS digested, osm.verify_chain(:i) FROM osm.event
    WHERE incident_id = :i AND seq = 3;
-- in Rostov the outcome is one of three and a plan names its date
SELECT try.as('r_curator', $$SELECT osm.register('ru-ros-311-2018', '{"channel": "vk"}')$$);
SELECT max(id) AS i FROM osm.incident \gset
SELECT try.step('r_curator', :i, 'route', '{"bodies": ["r_roads"]}');
SELECT try.step('r_roads', :i, 'submit', '{"text": "a", "resolution": "plan"}');
SELECT try.step('r_roads', :i, 'submit', '{"text": "a", "resolution": ["plan"]}');

\echo
\echo == every statement that can write a row
BEGIN;
SELECT osm.act_as('robot') \g /dev/null
INSERT INTO osm.incident (regulation, importance, channel, topic, place, external_id)
VALUES ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 'x-1'),
    ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 'x-2')
RETURNING state, event_seq;
INSERT INTO osm.incident (regulation, importance, channel, topic, place, external_id)
VALUES ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 'x-1'),
    ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 'x-3')
ON CONFLICT (external_id, channel, authority_id) WHERE external_id IS NOT NULL
    AND part_of IS NULL DO NOTHING
RETURNING external_id;
INSERT INTO osm.incident (regulation, importance, channel, topic, place, external_id)
VALUES ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 'x-1');
ROLLBACK;
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
INSERT INTO osm.incident (regulation, importance, channel, topic, place, external_id)
VALUES ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 'x-1');
INSERT INTO osm.incident AS i (regulation, importance, channel, topic, place, external_id)
VALUES ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', 'x-1')
ON CONFLICT (external_id, channel, authority_id) WHERE external_id IS NOT NULL AND part_of IS NULL
DO UPDATE SET state = 'dismissed', details = '{"reason": "duplicate"}' RETURNING state, event_seq;
COPY osm.incident (regulation, importance, channel, topic, place, external_id) FROM stdin;
ru-alt-132-2020	normal	vk	a	b	c-1
ru-alt-132-2020	normal	ok	a	b	c-2
\.
SELECT i.external_id, e.action, count(c.id) AS clocks FROM osm.incident AS i
JOIN osm.event AS e ON e.incident_id = i.id JOIN osm.clock AS c ON c.incident_id = i.id
WHERE i.external_id LIKE 'c-%' GROUP BY 1, 2 ORDER BY 1;
SAVEPOINT s;
COPY osm.incident (regulation, channel, topic, external_id) FROM stdin;
ru-alt-132-2020	normal	vk	a	c-3
\.
ROLLBACK TO SAVEPOINT s;
MERGE INTO osm.incident AS i USING (VALUES ('c-1', 'not_critical'), ('c-9', NULL)) AS s (key,
    reason)
ON i.external_id = s.key
WHEN MATCHED THEN UPDATE SET state = 'dismissed', details = jsonb_build_object('reason', s.reason)
WHEN NOT MATCHED THEN INSERT (regulation, importance, channel, topic, place, external_id)
    VALUES ('ru-alt-132-2020', 'normal', 'vk', 'a', 'b', s.key);
SELECT external_id, state, event_seq FROM osm.incident WHERE external_id LIKE 'c-%' ORDER BY 1;
SAVEPOINT s;
MERGE
    INTO osm.incident AS i USING (VALUES ('c-2')) AS s (key) ON i.external_id = s.key
    WHEN MATCHED THEN DELETE;
ROLLBACK TO SAVEPOINT s;
-- several rows in one statement: all or none
UPDATE osm.incident SET state = 'assigned', details = '{"bodies": ["roads"]}'
WHERE external_id IN ('c-2', 'c-9') RETURNING external_id, state, event_seq;
SAVEPOINT s;
UPDATE osm.incident SET state = 'assigned', details = '{"bodies": ["roads"]}'
    WHERE external_id LIKE 'c-%';
ROLLBACK TO SAVEPOINT s;
SELECT external_id, state, event_seq FROM osm.incident WHERE external_id LIKE 'c-%' ORDER BY 1;
-- a step rolled back leaves nothing, and can be taken again
SELECT id AS i FROM osm.incident WHERE external_id = 'c-9' \gset
SELECT osm.act_as('roads') \g /dev/null
SAVEPOINT s;
SELECT state, event FROM osm.submit_reply(:i, '{"text": "a"}');
ROLLBACK TO SAVEPOINT s;
SELECT count(*) AS replies FROM osm.reply WHERE incident_id = :i;
SELECT state, event FROM osm.submit_reply(:i, '{"text": "a"}');
DO $$
BEGIN
    BEGIN
        PERFORM osm.act_as('curator');
        PERFORM osm.approve(id) FROM osm.incident WHERE external_id = 'c-9';
    EXCEPTION WHEN SQLSTATE 'OW004' THEN
        RAISE INFO 'refused';
    END;
    PERFORM osm.act_as('curator');
    PERFORM osm.send_back(id, 'format') FROM osm.incident WHERE external_id = 'c-9';
END $$;
SELECT try.events(:i);
SELECT osm.verify_chain(:i), (SELECT count(*) FROM osm.review WHERE incident_id = :i) AS reviews;
COMMIT;

\echo
\echo == another trigger
CREATE FUNCTION try.change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_ARGV[0] = 'skip' THEN
        RETURN NULL;
    ELSIF TG_ARGV[0] = 'state' THEN
        NEW.state := 'answered';
    ELSIF TG_ARGV[0] = 'text' THEN
        NEW.text := 'rewritten';
    ELSIF TG_ARGV[0] = 'id' THEN
        NEW.id := NEW.id + 1000000;
    END IF;
    RETURN NEW;
END $$;
SELECT try.incident('detected') AS i \gset
CREATE TRIGGER m BEFORE INSERT OR UPDATE ON osm.incident FOR EACH ROW
    EXECUTE FUNCTION try.change('state');
SELECT try.step('curator', :i, 'route', '{"bodies": ["roads"]}');
SELECT try.as('curator', format('UPDATE osm.incident SET state = state WHERE id = %s', :i));
SELECT try.as('robot', $$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal",
    "topic": "a",
    "place": "b"}')$$);
CREATE OR REPLACE TRIGGER m BEFORE INSERT OR UPDATE ON osm.incident FOR EACH ROW
    EXECUTE FUNCTION try.change('text');
SELECT try.step('curator', :i, 'route', '{"bodies": ["roads"]}');
CREATE OR REPLACE TRIGGER m BEFORE INSERT OR UPDATE ON osm.incident FOR EACH ROW
    EXECUTE FUNCTION try.change('id');
SELECT regexp_replace(try.as('robot', $$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal", "topic": "a", "place": "b"}')$$), '\d{6,}', 'N');
-- a row left out is no step, now or later
CREATE OR REPLACE TRIGGER m BEFORE INSERT OR UPDATE ON osm.incident FOR EACH ROW
    EXECUTE FUNCTION try.change('skip');
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
UPDATE osm.incident SET state = 'assigned', details = '{"bodies": ["roads"]}' WHERE id = :i;
SELECT count(*) AS leftover FROM pg_backend_memory_contexts WHERE name = 'osm_workflow step';
DROP TRIGGER m ON osm.incident;
ALTER TABLE osm.incident DISABLE TRIGGER a_guard;
UPDATE osm.incident SET state = 'assigned', event_seq = event_seq + 1 WHERE id = :i;
ROLLBACK;
DROP TRIGGER m ON osm.incident;
-- a guard switched off is noticed
ALTER TABLE osm.incident DISABLE TRIGGER a_guard;
SELECT try.as('curator', format($$UPDATE osm.incident SET state = 'answered' WHERE id = %s$$, :i));
SELECT try.as('robot', $$INSERT INTO osm.incident (id, authority_id, regulation, regulation_id,
    state, channel, detected_at,
    action, occurred_at, actor_id, salt) SELECT 0, authority_id, regulation, regulation_id,
        'answered', channel, detected_at,
    action, occurred_at, actor_id, salt FROM osm.incident LIMIT 1$$);
ALTER TABLE osm.incident ENABLE TRIGGER a_guard;
-- a trigger may take a further step, on the evidence and in the pass over what is due alike
CREATE FUNCTION try.escalate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'breach' THEN
        PERFORM osm.act_as('curator');
        PERFORM osm.refuse(NEW.incident_id, 'insult');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER escalate AFTER INSERT ON osm.notification FOR EACH ROW
    EXECUTE FUNCTION try.escalate();
SELECT try.incident('detected', '{"topic": "escalated"}') AS i \gset
BEGIN;
SET LOCAL osm_workflow.simulated_now = '2026-03-02 10:31+07';
UPDATE osm.clock SET flagged_at = now() WHERE incident_id <> :i AND state = 'running';
SELECT breaches FROM osm.tick();
SELECT try.events(:i);
SELECT osm.verify_chain(:i);
ROLLBACK;
DROP TRIGGER escalate ON osm.notification;
SELECT osm.guard_incident();
CREATE TABLE try.other (id bigint);
CREATE TRIGGER g BEFORE INSERT ON try.other FOR EACH STATEMENT
    EXECUTE FUNCTION osm.guard_incident();
INSERT INTO try.other VALUES (1);
CREATE OR REPLACE TRIGGER g BEFORE INSERT ON try.other FOR EACH ROW
    EXECUTE FUNCTION osm.guard_incident();
INSERT INTO try.other VALUES (1);
CREATE OR REPLACE TRIGGER g BEFORE INSERT ON try.other FOR EACH ROW
    EXECUTE FUNCTION osm.write_step();
INSERT INTO try.other VALUES (1);

\echo
\echo == the replica role: rules are silent there, the evidence still cannot be rewritten
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE osm.incident SET state = 'answered' WHERE id = :i RETURNING state, event_seq;
SELECT count(*) AS events FROM osm.event WHERE incident_id = :i;
UPDATE osm.event SET to_state = 'answered' WHERE incident_id = :i;
ROLLBACK;

\echo
\echo == time: backdating, the future, the order of events
SELECT try.incident('detected') AS i \gset
SET osm_workflow.simulated_now = '2026-03-02 11:00+07';
SELECT try.step('curator', :i, 'route', '{"bodies": ["roads"],
    "occurred_at": "2026-03-02 10:20+07"}');
SELECT try.step('robot', :i, 'route', '{"bodies": ["roads"],
    "occurred_at": "2026-03-02 12:00+07"}');
SELECT try.step('robot', :i, 'route', '{"bodies": ["roads"],
    "occurred_at": "2026-03-02 09:59+07"}');
SELECT try.step('robot', :i, 'route', '{"bodies": ["roads"], "occurred_at": "infinity"}');
SELECT try.step('robot', :i, 'route', '{"bodies": ["roads"], "occurred_at": "yesterday-ish"}');
SELECT try.as('robot', $$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal",
    "topic": "a",
    "place": "b",
    "detected_at": "2026-03-02 11:00:01+07"}')$$);
SELECT try.as('robot', $$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal",
    "topic": "a",
    "place": "b",
    "detected_at": "-infinity"}')$$);
SELECT try.as('robot', $$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal",
    "topic": "a",
    "place": "b",
    "occurred_at": "2026-03-02 10:30+07"}')$$);
SELECT try.as('robot', $$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal",
    "topic": "a",
    "place": "b",
    "detected_at": "2019-12-31 10:00+07"}')$$);
BEGIN;
SELECT osm.act_as('robot') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "a", "place": "b",
                                          "detected_at": "2026-03-02 09:30+07"}') AS i \gset
SELECT timezone('Asia/Barnaul', occurred_at) AS occurred, timezone('Asia/Barnaul',
    recorded_at) AS recorded
FROM osm.event WHERE incident_id = :i;
SELECT try.clocks(:i, 'answer');
COMMIT;
-- the monitor may backdate in Altai, with a reason; here it tells that the author replied
SET osm_workflow.simulated_now = '2026-03-02 10:00+07';
BEGIN;
SELECT try.incident('assigned') AS i \gset
SELECT osm.act_as('roads') \g /dev/null
SELECT state FROM osm.submit_reply(:i, '{"text": "Где?"}', 'clarification');
SELECT osm.act_as('curator') \g /dev/null
SELECT state FROM osm.approve(:i, '{"format": true}');
SELECT osm.act_as('roads') \g /dev/null
SELECT state FROM osm.post_reply(:i, 'vk');
COMMIT;
SET osm_workflow.simulated_now = '2026-03-02 11:00+07';
SELECT try.step('robot', :i, 'author_reply', '{"text": "Тут",
    "occurred_at": "2026-03-02 10:30+07"}');
SELECT try.step('robot', :i, 'author_reply', '{"text": "Тут", "occurred_at": "2026-03-02 10:30+07",
                                               "backdate_reason": "сбой связи"}');
SELECT try.clocks(:i, 'answer');
SELECT timezone('Asia/Barnaul', occurred_at) AS occurred, timezone('Asia/Barnaul',
    recorded_at) AS recorded
FROM osm.event WHERE incident_id = :i AND seq = 6;

\echo
\echo == several bodies, each on its own: parts, through the same door
BEGIN;
SELECT osm.act_as('r_curator') \g /dev/null
SELECT osm.register('ru-ros-311-2018', '{"channel": "vk", "text": "t",
    "external_id": "r-1"}') AS i \gset
SELECT state FROM osm.route(:i, '{r_roads,r_water}');
SELECT i.part_of = :i AS part, i.state, b.code, osm.verify_chain(i.id), count(e.seq)
FROM osm.incident AS i JOIN osm.body AS b ON b.id = i.body_id
    JOIN osm.event AS e ON e.incident_id = i.id
WHERE i.external_id = 'r-1' GROUP BY i.id, i.part_of, i.state, b.code ORDER BY i.id;
ROLLBACK;
BEGIN;
SELECT osm.act_as('r_curator') \g /dev/null
SELECT osm.register('ru-ros-311-2018', '{"channel": "vk", "text": "t",
    "external_id": "r-1"}') AS i \gset
SAVEPOINT s;
SELECT state FROM osm.route(:i, '{r_roads,moon}');
ROLLBACK TO SAVEPOINT s;
SELECT state, (SELECT count(*) FROM osm.incident WHERE external_id = 'r-1') AS incidents
    FROM osm.incident WHERE id = :i;
COMMIT;
SELECT count(*) AS leftover FROM pg_backend_memory_contexts WHERE name = 'osm_workflow step';
SELECT count(*) AS broken_chains FROM osm.verify_chains();

\echo
\echo == nothing named is no silent nothing
SELECT try.incident('assigned') AS i \gset
SELECT try.as('roads', 'SELECT osm.register(NULL, NULL)');
SELECT try.as('roads', format('SELECT osm.perform(%s, NULL)', :i));
SELECT try.as('roads', 'SELECT osm.perform(NULL, $$submit$$)');
SELECT try.as('roads', format('SELECT osm.submit_reply(%s, NULL)', :i));
SELECT try.as('curator', format('SELECT osm.perform(%s, $$report_immediately$$, NULL)', :i));
SELECT try.events(:i);

\echo
\echo == editions: an incident stays under the one in force when the message was detected
SET osm_workflow.simulated_now = '2026-03-10 10:00+07';
SELECT osm.define_regulation(jsonb_set(osm.preset('ru-alt-132-2020'), '{in_force,to}',
    '"2026-03-05"')) > 0 AS ended;
SELECT osm.define_regulation(jsonb_set(jsonb_set(osm.preset('ru-alt-132-2020'), '{in_force}',
    '{"from": "2026-03-06", "to": "2026-03-31"}'), '{edition}', '"next"')
    || jsonb_build_object('clocks', jsonb_set(osm.preset('ru-alt-132-2020') -> 'clocks', '{0,term}',
    '"2 hours"'))) > 0 AS next;
SELECT id AS old FROM osm.incident WHERE state = 'detected' AND authority_id = 1
ORDER BY id LIMIT 1 \gset
BEGIN;
SELECT osm.act_as('robot') \g /dev/null
-- the last day of the old edition ends at midnight in Barnaul
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "a", "place": "b",
    "detected_at": "2026-03-05 23:59+07"}') AS before \gset
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "a", "place": "b",
    "detected_at": "2026-03-06 00:00+07"}') AS after \gset
COMMIT;
SELECT r.edition FROM osm.incident AS i JOIN osm.regulation AS r ON r.id = i.regulation_id
WHERE i.id IN (:old, :before, :after) ORDER BY i.id;
-- on Fridays offices close at 16:45: 9 hours are 7 of Friday and 2 of Tuesday (Monday is a day off)
SELECT try.clocks(:before, 'answer'), try.clocks(:after, 'answer');
SELECT try.step('curator', :before, 'route', '{"bodies": ["roads"]}');
SET osm_workflow.simulated_now = '2026-04-01 10:00+07';
SELECT try.as('robot', $$SELECT osm.register('ru-alt-132-2020',
    '{"channel": "vk", "importance": "normal",
    "topic": "a",
    "place": "b"}')$$);

\echo
\echo == an act changed in mid-session is another act from the next statement on,
    and back on rollback
BEGIN;
DELETE FROM osm.transition WHERE action = 'report_immediately';
SELECT substr(try.step('curator', :before, 'report_immediately'), 1, 70);
SAVEPOINT s;
UPDATE osm.role SET may_backdate = true WHERE name = 'curator';
SELECT try.step('curator', :before, 'mark_repeat', jsonb_build_object('repeat_of', :old,
    'occurred_at', '2026-03-31 10:00+07', 'backdate_reason', 'r'));
ROLLBACK TO SAVEPOINT s;
SELECT substr(try.step('curator', :before, 'mark_repeat', jsonb_build_object('repeat_of', :old,
    'occurred_at', '2026-03-31 10:00+07', 'backdate_reason', 'r')), 1, 70);
ROLLBACK;
SELECT try.step('curator', :before, 'report_immediately');
-- a definition changed by a trigger between the guard and the writing of the step
CREATE FUNCTION try.redefine() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE osm.transition SET position = position;
    UPDATE osm.clock_rule SET title = title;
    UPDATE osm.official SET name = name;
    UPDATE osm.calendar SET title = title;
    PERFORM count(*) FROM osm.allowed_actions(NEW.id);
    RETURN NEW;
END $$;
CREATE TRIGGER m BEFORE UPDATE ON osm.incident FOR EACH ROW EXECUTE FUNCTION try.redefine();
SELECT try.step('roads', :before, 'submit', '{"text": "a"}');
SELECT try.step('curator', :before, 'approve', '{"checklist": {"format": true, "substance": true,
    "media": true}}');
DROP TRIGGER m ON osm.incident;
SELECT osm.verify_chain(:before);

\echo
\echo == who may route may split, also where only the monitoring system registers
SELECT osm.define_regulation(jsonb_set(osm.preset('ru-ros-311-2018'), '{transitions,0,role}',
    '["operator"]') || '{"code": "split"}') > 0 AS defined,
    osm.define_authority('{"code": "rostov", "title": "Ростовская область",
        "regulations": {"split": {"executor": ["r_roads", "r_water"]}},
        "officials": [{"login": "r_robot", "name": "Система",
            "appointments": [{"body": "appeals", "role": "operator"}]}]}') > 0 AS listed;
SELECT substr(try.as('r_curator', $$SELECT osm.register('split', '{"channel": "vk"}')$$), 1, 55);
BEGIN;
SELECT osm.act_as('r_robot') \g /dev/null
SELECT osm.register('split', '{"channel": "vk", "text": "t"}') AS i \gset
SELECT osm.act_as('r_curator') \g /dev/null
SELECT state FROM osm.route(:i, '{r_roads,r_water}');
COMMIT;
SELECT count(*) AS parts, bool_and(osm.verify_chain(id) IS NULL) AS whole
FROM osm.incident WHERE part_of = :i;
-- a part registers nothing else on the way
SELECT substr(try.as('r_curator', format($$INSERT INTO osm.incident (regulation, channel, part_of)
    VALUES ('split', 'vk', %s)$$, :i)), 1, 55);
