-- What a screen offers is what the guard allows: for each official and state, no more and no less.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set ECHO none
SET client_min_messages = error;
\i test/lib/office.sql
CREATE FUNCTION try.allowed(login text, incident bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as(login);
    RETURN QUERY SELECT concat_ws(' ', a.action, '->', a.to_state, 'as', a.role, 'needs',
        a.requires, a.clause, 'stops ' || a.clock,
        to_char(timezone('Asia/Barnaul', a.due_at), 'DD.MM HH24:MI'))
            FROM osm.allowed_actions(incident) AS a ORDER BY 1;
END $$;
\set ECHO all
SELECT try.incident('detected') AS i \gset
SELECT try.allowed('curator', :i);
SELECT count(*) AS robot FROM try.allowed('robot', :i);
SELECT count(*) AS roads FROM try.allowed('roads', :i);
SELECT count(*) AS other_authority FROM try.allowed('mayor', :i);
SELECT count(*) AS nobody FROM try.allowed('', :i);
SELECT try.incident('assigned') AS i \gset
SELECT try.allowed('roads', :i);
SELECT count(*) AS health FROM try.allowed('health', :i);
SELECT try.incident('approved') AS i \gset
SELECT try.allowed('roads', :i);
-- the answer under review is not an interim one
SELECT to_state FROM osm.transition WHERE action = 'post' ORDER BY position;
SELECT osm.allowed_actions(0);
SELECT count(*) FROM osm.allowed_actions(NULL);
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "a", "place": "b"}') AS i \gset
SELECT state FROM osm.route(:i, '{health,roads,schools}', 'roads');
COMMIT;
-- joint work: members inform, the lead drafts once all have
SELECT try.allowed('health', :i);
SELECT try.allowed('roads', :i);
SELECT try.step('health', :i, 'contribute', '{"text": "a"}'), try.step('schools', :i, 'contribute',
    '{"text": "b"}');
SELECT try.allowed('health', :i);
SELECT try.allowed('roads', :i);
-- what is offered is granted and what is not offered is refused, for every official, state and
-- action of the act
CREATE FUNCTION try.data(action text, to_state text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE action WHEN 'route' THEN CASE to_state WHEN 'collecting' THEN '{"bodies": ["roads",
        "health"], "lead": "roads"}'
                                                         ELSE '{"bodies": ["roads"]}' END
        WHEN 'contribute' THEN '{"text": "a"}' WHEN 'submit' THEN '{"text": "a"}'
        WHEN 'author_reply' THEN '{"text": "a"}'
        WHEN 'approve' THEN '{"checklist": {"format": true, "substance": true, "media": true}}'
        WHEN 'send_back' THEN '{"reason": "format"}' WHEN 'refuse' THEN '{"reason": "insult"}'
        WHEN 'dismiss' THEN '{"reason": "duplicate"}' WHEN 'post' THEN '{"channel": "vk"}'
        WHEN 'mark_repeat' THEN (SELECT jsonb_build_object('repeat_of', min(id))
            FROM osm.incident)::text ELSE '{}' END::jsonb
$$;
CREATE FUNCTION try.taken(login text, incident bigint, action text, details jsonb) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    result osm.step;
BEGIN
    PERFORM osm.act_as(login);
    result := osm.perform(incident, action, details);
    RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = result.state;
EXCEPTION
    WHEN SQLSTATE 'ZZ001' THEN RETURN SQLERRM;
    WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
CREATE FUNCTION try.offered(login text, incident bigint, OUT action text, OUT to_state text)
    RETURNS SETOF record
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as(login);
    RETURN QUERY SELECT a.action, a.to_state FROM osm.allowed_actions(incident) AS a;
END $$;
-- one incident in every state the act has
SELECT try.incident('returned'), try.incident('rework'), try.incident('answered'),
    try.incident('dismissed'),
    try.incident('refused'), try.incident('interim_posted'), try.incident('awaiting_author'),
    try.incident('detected'), try.incident('review'), try.incident('collecting') \g /dev/null
CREATE TABLE try.cases AS
SELECT i.id, i.state, o.login FROM osm.incident AS i,
    unnest('{robot,curator,health,roads,schools,depot,mayor}'::text[]) AS o (login)
        WHERE i.authority_id = 1 AND i.id > 1;
SELECT count(DISTINCT state) AS states, count(*) > 30 AS enough FROM try.cases;
SELECT c.state, c.login, a.action, a.to_state, try.taken(c.login, c.id, a.action, try.data(a.action,
    a.to_state)) AS taken
FROM try.cases AS c, try.offered(c.login, c.id) AS a
WHERE try.taken(c.login, c.id, a.action, try.data(a.action, a.to_state)) <> a.to_state;
SELECT c.state, c.login, a.name, t.to_state, try.taken(c.login, c.id, a.name, try.data(a.name,
    t.to_state)) AS taken
FROM try.cases AS c, osm.action AS a, (VALUES ('assigned'), ('collecting')) AS t (to_state)
WHERE a.effect <> 'register' AND try.taken(c.login, c.id, a.name, try.data(a.name,
    t.to_state)) !~ '^OW'
    AND NOT EXISTS (SELECT FROM try.offered(c.login, c.id) AS o WHERE o.action = a.name);
