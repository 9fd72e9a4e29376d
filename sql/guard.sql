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
SELECT try.as('robot', $$INSERT INTO osm.incident (regulation, channel, topic, place, state)
                         VALUES ('ru-alt-132-2020', 'vk', 'a', 'b', 'answered')$$);
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
SELECT try.as('roads', $$SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "topic": "a", "place": "b"}')$$);
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

\echo
\echo == OW004, OW005, OW006: content, forbidden messages, channels
SELECT try.incident('review') AS i \gset
SELECT try.step('curator', :i, 'approve', '{"checklist": {"format": true}}');
SELECT try.step('curator', :i, 'refuse', '{"reason": "insult"}');
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
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "topic": "a", "place": "b", "text": "t", "extra": 1}') AS a \gset
INSERT INTO osm.incident (regulation, channel, topic, place, text, details)
VALUES ('ru-alt-132-2020', 'vk', 'a', 'b', 't', '{"extra": 1}') RETURNING id AS b \gset
SELECT osm.act_as('curator') \g /dev/null
SELECT state FROM osm.perform(:a, 'route', '{"bodies": ["roads"]}');
UPDATE osm.incident SET state = 'assigned', details = '{"bodies": ["roads"]}' WHERE id = :b RETURNING state, event_seq;
SELECT osm.act_as('roads') \g /dev/null
SELECT state FROM osm.submit_reply(:a, '{"text": "Засыпали"}', 'interim');
UPDATE osm.incident SET action = 'submit', details = '{"text": "Засыпали", "kind": "interim"}', event_seq = event_seq + 1
WHERE id = :b RETURNING state, event_seq, reply_kind;
COMMIT;
SELECT try.events(:b);
SELECT try.events(:a) EXCEPT SELECT try.events(:b);
SELECT try.clocks(:b);
SELECT try.clocks(:a) EXCEPT SELECT try.clocks(:b);
SELECT count(*) AS same_but_for_ids FROM (
    SELECT to_jsonb(x) - '{id,salt,reply_id}'::text[] FROM osm.incident AS x WHERE id IN (:a, :b) GROUP BY 1) AS one;
SELECT osm.verify_chain(:a), osm.verify_chain(:b);

\echo
\echo == what an UPDATE may and may not ask for
SELECT try.incident('detected') AS i \gset
SELECT try.as('curator', format('UPDATE osm.incident SET state = NULL WHERE id = %s', :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET state = 'assigned', details = NULL WHERE id = %s$$, :i));
SELECT try.as('curator', format('UPDATE osm.incident SET action = NULL, event_seq = event_seq + 1 WHERE id = %s', :i));
SELECT try.as('curator', format('UPDATE osm.incident SET event_seq = NULL WHERE id = %s', :i));
SELECT try.as('curator', format('UPDATE osm.incident SET occurred_at = NULL WHERE id = %s', :i));
SELECT try.as('curator', format('UPDATE osm.incident SET event_seq = event_seq + 2 WHERE id = %s', :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET details = '{"a": 1}' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET action = 'approve' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET topic = 'other' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET state = 'assigned', details = '{"bodies": ["roads"]}',
                                  text = 'other' WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET overdue_since = now() WHERE id = %s$$, :i));
SELECT try.as('curator', format($$UPDATE osm.incident SET id = 0 WHERE id = %s$$, :i));
-- an UPDATE that changes nothing is no step
SELECT try.as('curator', format('UPDATE osm.incident SET state = state, details = details WHERE id = %s', :i));

SELECT try.events(:i);

\echo
\echo == data that would slip past a rule
SELECT try.incident('assigned') AS i \gset
SELECT try.step('roads', :i, 'submit', '{"text": "a", "kind": ["interim"]}');
SELECT try.step('roads', :i, 'submit', '{"text": "a", "clocks": [{"rule": "answer", "verdict": "met"}]}');
SELECT try.step('roads', :i, 'submit', '{"text": "a", "promised_until": "infinity"}');
SELECT try.step('roads', :i, 'submit', '{"text": "a", "promised_until": "soon"}');
SELECT try.step('roads', :i, 'submit', E'{"text": "a\\u0000b"}');
SELECT try.step('curator', :i, 'refuse', '{"reason": {"code": "insult"}}');
SELECT try.step('curator', :i, 'mark_repeat', '{"repeat_of": "abc"}');
SELECT try.step('curator', :i, 'mark_repeat', '{"repeat_of": 1.5}');
SELECT try.step('curator', :i, 'mark_repeat', '{"repeat_of": 99999999999999999999}');
SELECT try.step('curator', :i, 'mark_repeat', jsonb_build_object('repeat_of', :i));
SELECT try.step('roads', :i, 'submit', jsonb_build_object('text', repeat('Ж', 1000000)));
SELECT octet_length(content::text) > 2000000 AS kept FROM osm.reply WHERE incident_id = :i;
SELECT pg_column_size(details) < 1000 AS digested, osm.verify_chain(:i) FROM osm.event WHERE incident_id = :i AND seq = 3;
-- in Rostov the outcome is one of three and a plan names its date
SELECT try.as('r_curator', $$SELECT osm.register('ru-ros-311-2018', '{"channel": "vk"}')$$);
SELECT max(id) AS i FROM osm.incident \gset
SELECT try.step('r_curator', :i, 'route', '{"bodies": ["r_roads"]}');
SELECT try.step('r_roads', :i, 'submit', '{"text": "a", "resolution": "plan"}');
SELECT try.step('r_roads', :i, 'submit', '{"text": "a", "resolution": ["plan"]}');
