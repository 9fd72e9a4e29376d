-- What a document says in vain: it loads, with a warning that names the place. And a joint answer
-- whose second author reads it first: a condition on how the actor's body has the incident.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\set regulation two-desks
\set zone Europe/Moscow
SET timezone = 'Europe/Moscow';
\set ECHO none
\i test/lib/act.sql
\set ECHO all
SELECT osm.install_preset('ru') \g /dev/null
CREATE TEMPORARY TABLE act AS SELECT '{
    "code": "two-desks", "edition": "1", "title": "Два стола", "issuer": "Министр",
    "act_no": "7", "act_date": "2026-01-15", "in_force": {"from": "2026-02-01"},
    "time_zone": "Europe/Moscow", "calendar": "ru",
    "clauses": [{"path": "1", "summary": "Порядок.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "Приём", "scope": "authority", "clause": "1"},
              {"name": "author", "title": "Автор", "scope": "lead", "clause": "1"},
              {"name": "peer", "title": "Читатель", "scope": "assignment", "clause": "1"}],
    "states": [{"name": "arrived", "title": "П", "kind": "initial"},
               {"name": "drafting", "title": "Г", "kind": "open"},
               {"name": "reading", "title": "Ч", "kind": "open"},
               {"name": "read", "title": "С", "kind": "open"},
               {"name": "out", "title": "В", "kind": "final"},
               {"name": "spam", "title": "М", "kind": "forbidden"}],
    "actions": [{"name": "log", "title": "Завести", "effect": "register"},
                {"name": "deal", "title": "Раздать", "effect": "assign"},
                {"name": "write", "title": "Написать", "effect": "submit"},
                {"name": "agree", "title": "Согласиться", "effect": "approve"},
                {"name": "object", "title": "Возразить", "effect": "send_back"},
                {"name": "say", "title": "Ответить", "effect": "post"},
                {"name": "drop", "title": "Снять"},
                {"name": "extend", "title": "Продлить", "effect": "set_term"}],
    "transitions": [
        {"action": "log", "to": "arrived", "role": ["clerk"], "clause": "1"},
        {"action": "drop", "from": "arrived", "to": "spam", "role": ["clerk"], "clause": "1"},
        {"action": "deal", "from": "arrived", "to": "drafting", "role": ["clerk"],
         "requires": ["bodies"], "applies_when": {"bodies": "several"}, "clause": "1"},
        {"action": "write", "from": "drafting", "to": "reading", "role": ["author"],
         "clause": "1"},
        {"action": "agree", "from": "reading", "to": "read", "role": ["peer"],
         "applies_when": {"assignment_role": "member"}, "clause": "1"},
        {"action": "object", "from": "reading", "to": "drafting", "role": ["peer"],
         "applies_when": {"assignment_role": "member"}, "clause": "1"},
        {"action": "say", "from": "read", "to": "out", "role": ["author"], "clause": "1"},
        {"action": "extend", "from": "drafting", "role": ["clerk"],
         "requires": ["clock", "due_at"], "clause": "1"}],
    "clocks": [{"name": "whole", "title": "Ответ", "starts_on": ["log"], "stops_on": ["say"],
                "term": "9 рабочих часов", "outer_term": true, "responsible": "author",
                "clause": "1"},
               {"name": "roads", "title": "Ответ о дорогах", "starts_on": ["log"],
                "stops_on": ["say"], "term": "3 рабочих дня", "outer_term": true,
                "applies_when": {"topic": "roads"}, "responsible": "author", "clause": "1"},
               {"name": "reading", "title": "Чтение", "starts_on": ["write"],
                "stops_on": ["agree", "object"], "term": "90 минут", "responsible": "peer",
                "clause": "1"}],
    "reasons": [{"list": "why", "code": "spam", "title": "Спам", "closed_list": false,
                 "clause": "1"},
                {"list": "how", "code": "mail", "title": "Почтой", "clause": "1"}]
}'::jsonb AS document;
SELECT severity, finding FROM act, osm.check_regulation(document);

-- One change each: what is found besides.
CREATE FUNCTION pg_temp.put(path text, value jsonb) RETURNS jsonb LANGUAGE sql
    AS $$ SELECT jsonb_set(document, path::text[], value) FROM act $$;
CREATE TEMPORARY TABLE vain (number serial, document jsonb);
INSERT INTO vain (document) VALUES
    (pg_temp.put('{transitions,0,role}', '["peer"]')),
    (pg_temp.put('{transitions,1,role}', '["author", "peer"]')),
    (pg_temp.put('{actions,6,effect}', '"release"')),
    (pg_temp.put('{actions,2,effect}', '"none"')),
    (pg_temp.put('{transitions,1,applies_when}', '{"reply_kind": ["answer"]}')),
    (pg_temp.put('{states,4,kind}', '"forbidden"')),
    (pg_temp.put('{transitions,1,requires}', '["two words", "основание", "files<=2"]')),
    (pg_temp.put('{transitions,1,requires}', '["reason:why", "reason:how"]')),
    (pg_temp.put('{transitions,2,requires}', '[]')),
    (pg_temp.put('{actions,6,effect}', '"link_repeat"')),
    (pg_temp.put('{channels}', '[{"channel": "vk", "title": "ВК", "clause": "1"}]')),
    (pg_temp.put('{channels}',
        '[{"channel": "vk", "title": "ВК", "others_allowed": true, "clause": "1"}]')),
    (pg_temp.put('{clocks,0,resumes_on}', '["write"]')),
    (pg_temp.put('{clocks,0,on_due}', '"drop"')),
    (pg_temp.put('{clocks,2,on_due}', '"drop"')),
    (pg_temp.put('{clocks,0,scope}', '"assignment"')),
    (pg_temp.put('{clocks,0,scope}', '"reply"')),
    (pg_temp.put('{clocks,2,warn_before}', '["90 минут", "1 час"]')),
    (pg_temp.put('{clocks,3}', '{"name": "early", "title": "Рано", "starts_on": ["log"],
        "stops_on": ["say"], "anchor": "reading", "term": "1 час", "counts_from": "day",
        "responsible": "peer", "clause": "1"}')),
    (pg_temp.put('{transitions,1,applies_when}', '{"round": ["1"], "stage": ["1", "-"]}')),
    (pg_temp.put('{duties}', '[{"name": "d", "title": "Д", "kind": "report", "per": "week",
        "due_day": 8, "clause": "1"}, {"name": "p", "title": "П", "kind": "publication",
        "minimum": 2, "clause": "1"}]'));
SELECT v.number, c.severity, c.finding
FROM vain AS v, osm.check_regulation(v.document) AS c
WHERE (c.severity, c.finding) NOT IN
    (SELECT o.severity, o.finding FROM act, osm.check_regulation(act.document) AS o)
ORDER BY 1, 3;

-- The second of two desks reads what the first wrote, and nobody else does.
SELECT osm.define_regulation(document) > 0 FROM act;
SELECT pg_temp.people('{"code": "land", "title": "Край",
    "regulations": {"two-desks": {"author": ["one", "two"], "peer": ["one", "two"]}},
    "bodies": [{"code": "hall", "title": "Приём"}, {"code": "one", "title": "Первый"},
               {"code": "two", "title": "Второй"}],
    "officials": [
        {"login": "c", "name": "Приём", "appointments": [{"body": "hall", "role": "clerk"}]},
        {"login": "a", "name": "Первый", "appointments": [{"body": "one", "role": "author"},
            {"body": "one", "role": "peer"}]},
        {"login": "b", "name": "Второй", "appointments": [{"body": "two", "role": "author"},
            {"body": "two", "role": "peer"}]}]}');
SELECT pg_temp.enter('c', '{"channel": "vk", "text": "Яма"}', '2026-03-02 10:00') AS id \gset
SELECT pg_temp.step('c', :id, 'deal', '{"bodies": ["one", "two"], "lead": "one"}');
-- A term is moved, but none that is owed to other incidents is set for this one.
SELECT pg_temp.step('c', :id, 'extend', '{"clock": "roads", "due_at": "2026-03-04 10:00"}');
SELECT pg_temp.step('c', :id, 'extend', '{"clock": "whole", "due_at": "2026-03-04 10:00"}');
SELECT pg_temp.step('a', :id, 'write', '{"text": "Засыплем"}', '2026-03-02 11:00');
CREATE FUNCTION pg_temp.may(login text, incident bigint) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.attempt(login, format('SELECT string_agg(action, '', '')
        FROM osm.allowed_actions(%L)', incident)) $$;
SELECT pg_temp.may('a', :id), pg_temp.may('b', :id);
SELECT pg_temp.step('a', :id, 'agree', '{}', '2026-03-02 11:10');
SELECT pg_temp.step('b', :id, 'object', '{}', '2026-03-02 11:20');
SELECT pg_temp.step('a', :id, 'write', '{"text": "Засыплем в мае"}', '2026-03-02 11:30');
SELECT pg_temp.step('b', :id, 'agree', '{}', '2026-03-02 14:00');
SELECT pg_temp.step('a', :id, 'say', '{"channel": "vk"}', '2026-03-02 14:10');
SELECT pg_temp.term(:id, 'reading'), pg_temp.term(:id, 'whole');
SELECT osm.verify_chain(:id) IS NULL AS whole;
