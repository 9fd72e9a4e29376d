-- The Plastunovskaya act at work: for every provision a step that keeps it and one that breaks it.
-- Times are those of Moscow; 2 March 2026 is a Monday, office hours 9:00-13:00, 13:45-18:00.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set regulation ru-kda-plastunovskoe-273-2023
\set zone Europe/Moscow
\set ECHO none
\i test/lib/act.sql
\set ECHO all
SELECT osm.install_preset(:'regulation');
SELECT pg_temp.people('{
    "code": "stanitsa", "title": "Станица",
    "regulations": {"ru-kda-plastunovskoe-273-2023": {"executor": ["roads", "land", "school"],
        "account_manager": ["general", "school"]}},
    "bodies": [{"code": "krai", "title": "Край"}, {"code": "general", "title": "Общий отдел"},
               {"code": "roads", "title": "Дороги"}, {"code": "land", "title": "Земля"},
               {"code": "school", "title": "Школа", "kind": "organisation"},
               {"code": "zoo", "title": "Зоопарк"}],
    "officials": [
        {"login": "robot", "name": "Система", "appointments": [{"body": "krai",
            "role": "monitor"}]},
        {"login": "regional", "name": "Куратор края", "appointments": [{"body": "krai",
            "role": "regional_curator"}]},
        {"login": "municipal", "name": "Куратор", "email": "m@example.org",
         "appointments": [{"body": "general", "role": "municipal_curator",
            "act_ref": "расп. 10-р"}]},
        {"login": "head", "name": "Начальник отдела", "appointments": [{"body": "general",
            "role": "coordinator"}]},
        {"login": "roads", "name": "Исполнитель Д", "email": "r@example.org",
         "appointments": [{"body": "roads", "role": "executor"}]},
        {"login": "roads_head", "name": "Начальник Д", "email": "rh@example.org",
         "appointments": [{"body": "roads", "role": "unit_head"}]},
        {"login": "land", "name": "Исполнитель З",
         "appointments": [{"body": "land", "role": "executor"}]},
        {"login": "school", "name": "Исполнитель Ш",
         "appointments": [{"body": "school", "role": "executor"}]}]}');

\set ticks '{"checklist": {"format": true, "substance": true, "media": true, '
\set ticks :ticks '"greeting": true, "spelling": true}}'
-- An incident brought so far: detected at 10:00, with the municipal curator 10:10, with the unit
-- 10:20, in review 10:40, with the regional curator 10:50, approved 11:00, posted 11:10.
CREATE FUNCTION pg_temp.incident(upto text, message jsonb DEFAULT '{}', reply jsonb DEFAULT '{}',
                                 day text DEFAULT '2026-03-02') RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    path text[] := '{detected,distributed,assigned,review,review_2,approved,posted}';
    n integer := array_position(path, upto);
    id bigint := pg_temp.enter('regional', '{"channel": "vk", "text": "Яма", "topic": "дороги",
        "place": "станица"}'::jsonb || message, day || ' 10:00');
BEGIN
    IF n > 1 THEN
        PERFORM pg_temp.step('regional', id, 'forward', '{}', day || ' 10:10');
    END IF;
    IF n > 2 THEN
        PERFORM pg_temp.step('municipal', id, 'route', '{"bodies": ["roads"]}', day || ' 10:20');
    END IF;
    IF n > 3 THEN
        PERFORM pg_temp.step('roads', id, 'submit',
            '{"text": "Засыпали", "reason": "ждём щебень"}'::jsonb || reply, day || ' 10:40');
    END IF;
    IF n > 4 THEN
        PERFORM pg_temp.step('municipal', id, 'endorse', '{}', day || ' 10:50');
    END IF;
    IF n > 5 THEN
        PERFORM pg_temp.step('regional', id, 'approve', '{"checklist": {"format": true,
            "substance": true, "media": true, "greeting": true, "spelling": true}}',
            day || ' 11:00');
    END IF;
    IF n > 6 THEN
        PERFORM pg_temp.step('municipal', id, 'post', '{"channel": "vk"}', day || ' 11:10');
    END IF;
    RETURN id;
END $$;

\echo
\echo == PLA Пр.2 п.1: what is out of scope is dismissed with a reason
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('regional', :i, 'dismiss');
SELECT pg_temp.step('roads', :i, 'dismiss', '{"reason": "out_of_scope"}');
SELECT pg_temp.step('regional', :i, 'dismiss', '{"reason": "out_of_scope"}');
SELECT pg_temp.term(:i, 'answer'), pg_temp.term(:i, 'forward');

\echo
\echo == PLA Пр.2 п.2, Пр.1 п.1: three networks; incidents, elevated incidents, publications
SELECT pg_temp.enter('regional', '{"channel": "telegram"}') ~ '^\d+$' AS telegram,
       pg_temp.enter('robot', '{"channel": "ok", "importance": "elevated"}') ~ '^\d+$' AS elevated,
       pg_temp.enter('municipal', '{"channel": "vk",
           "kind": "publication"}') ~ '^\d+$' AS publication;
SELECT pg_temp.enter('regional', '{"channel": "instagram"}');
SELECT pg_temp.enter('regional', '{}');
SELECT pg_temp.enter('regional', '{"channel": "vk", "kind": "appeal"}');
SELECT pg_temp.enter('regional', '{"channel": "vk", "importance": "enormous"}');
SELECT pg_temp.enter('municipal', '{"channel": "vk", "kind": "publication",
    "importance": "elevated"}');
-- the region detects incidents, the administration publications
SELECT pg_temp.enter('municipal', '{"channel": "vk"}');
SELECT pg_temp.enter('regional', '{"channel": "vk", "kind": "publication"}');
SELECT pg_temp.enter('roads', '{"channel": "vk"}');

\echo
\echo == PLA Пр.2 п.2 (reading 15): a publication goes a shorter way, by the municipal curator alone
SELECT pg_temp.enter('municipal', '{"channel": "vk", "kind": "publication", "text": "Грязь"}',
    '2026-03-02 10:00') AS p \gset
SELECT pg_temp.step('regional', :p, 'forward', '{"topic": "a", "place": "b"}');
SELECT pg_temp.step('municipal', :p, 'route', '{"bodies": ["roads", "land"], "lead": "roads"}');
SELECT pg_temp.step('municipal', :p, 'route', '{"bodies": ["roads"]}', '2026-03-02 12:00');
SELECT pg_temp.step('roads', :p, 'submit', '{"text": "Ждите", "kind": "interim", "reason": "a"}');
SELECT pg_temp.step('roads', :p, 'submit', '{"text": "Убрали"}', '2026-03-02 16:00');
SELECT pg_temp.step('municipal', :p, 'endorse');
SELECT pg_temp.step('regional', :p, 'approve', :'ticks');
SELECT pg_temp.step('municipal', :p, 'approve', '{"checklist": {"format": true, "media": true}}');
SELECT pg_temp.step('municipal', :p, 'approve',
    '{"checklist": {"format": true, "substance": true, "media": true}}', '2026-03-02 17:00');
SELECT pg_temp.step('municipal', :p, 'post', '{"channel": "instagram"}');
SELECT pg_temp.step('municipal', :p, 'post', '{"channel": "vk"}', '2026-03-03 09:45');
SELECT r.name, c.state FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :p;

\echo
\echo == PLA Пр.2 п.4: the municipal curator, appointed by an order, distributes; nobody else
SELECT pg_temp.people('{"code": "stanitsa", "officials": [
    {"login": "head", "name": "Начальник отдела", "appointments":
        [{"body": "general", "role": "municipal_curator"}]}]}');
SELECT pg_temp.incident('distributed') AS i \gset
SELECT pg_temp.step('regional', :i, 'route', '{"bodies": ["roads"]}');
SELECT pg_temp.step('head', :i, 'route', '{"bodies": ["roads"]}');
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads"]}');

\echo
\echo == PLA Пр.2 п.7: a responsible official of rank 2 at least; a deputy acts for who is absent
SELECT pg_temp.people('{"code": "stanitsa", "officials": [
    {"login": "deputy_head", "name": "Заместитель главы", "appointments":
        [{"body": "general", "role": "responsible_head", "rank": 2, "act_ref": "пост. 1"}]}]}');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [
    {"login": "clerk", "name": "Специалист", "appointments":
        [{"body": "general", "role": "responsible_head", "rank": 3}]}]}');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [
    {"login": "stand_in", "name": "Замена"}], "substitutions": [{"principal": "roads",
        "deputy": "stand_in", "from": "2026-03-10", "to": "2026-03-20", "act_ref": "пр. 5"}]}');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('stand_in', :i, 'submit', '{"text": "Засыпали"}');
SELECT pg_temp.incident('assigned', '{}', '{}', '2026-03-10') AS i \gset
SELECT pg_temp.step('stand_in', :i, 'submit', '{"text": "Засыпали"}', '2026-03-10 11:00');
SELECT o.login, p.login AS acting_for
FROM osm.event AS e JOIN osm.official AS o ON o.id = e.actor_id
JOIN osm.official AS p ON p.id = e.acting_for_id WHERE e.incident_id = :i;
-- who stands in is told beside the principal
SELECT string_agg(o.login, ' ' ORDER BY o.login)
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
JOIN osm.event AS e ON (e.incident_id, e.seq) = (n.incident_id, n.event_seq)
WHERE n.incident_id = :i AND e.action = 'route';
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('land', :i, 'submit', '{"text": "Не наше"}');

\echo
\echo == PLA Пр.2 п.8: 8 working hours from detection to the posted answer
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}', '2026-03-03 09:45');
SELECT pg_temp.term(:i, 'answer');
SELECT overdue_since FROM osm.incident WHERE id = :i;
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}', '2026-03-03 09:46');
SELECT pg_temp.term(:i, 'answer');
SELECT overdue_since FROM osm.incident WHERE id = :i;
-- nobody answers: flagged by its due instant; a holiday of the region is no working day
SELECT pg_temp.incident('assigned', '{}', '{}', '2026-04-20') AS i \gset
SELECT pg_temp.clock_at('2026-04-23 09:00');
SELECT 'ticked' FROM osm.tick();
SELECT pg_temp.term(:i, 'answer');
SELECT o.login, n.subject = 'Ответ автору: ' || :i AS subject
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
JOIN osm.clock AS c ON c.id = n.clock_id JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE n.incident_id = :i AND n.kind = 'breach' AND r.name = 'answer';

\echo
\echo == PLA Пр.2 п.9: topic and place; with the municipal curator in 30 working minutes
SELECT pg_temp.enter('robot', '{"channel": "vk"}', '2026-03-02 10:00') AS i \gset
SELECT pg_temp.step('regional', :i, 'forward');
SELECT pg_temp.step('regional', :i, 'forward', '{"topic": "дороги"}');
SELECT pg_temp.step('municipal', :i, 'forward', '{"topic": "дороги", "place": "станица"}');
SELECT pg_temp.step('regional', :i, 'forward', '{"topic": "дороги", "place": "станица"}',
    '2026-03-02 10:30');
SELECT topic, place FROM osm.incident WHERE id = :i;
SELECT pg_temp.term(:i, 'forward');
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('regional', :i, 'forward', '{}', '2026-03-02 10:31');
SELECT pg_temp.term(:i, 'forward');
-- a message of Friday night costs nothing before Monday morning
SELECT pg_temp.enter('robot', '{"channel": "vk"}', '2026-02-27 23:00') AS i \gset
SELECT pg_temp.term(:i, 'forward'), pg_temp.term(:i, 'answer');

\echo
\echo == PLA Пр.2 п.10: with the unit in 30 working minutes; the executor and the head are told
SELECT pg_temp.incident('distributed') AS i \gset
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["zoo"]}');
SELECT pg_temp.step('municipal', :i, 'route');
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads"]}', '2026-03-02 10:40');
SELECT pg_temp.term(:i, 'route');
SELECT o.login, o.email, n.channel, replace(n.subject, :'i', 'N')
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
WHERE n.incident_id = :i AND n.kind = 'step' ORDER BY n.id;
SELECT pg_temp.incident('distributed') AS i \gset
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads"]}', '2026-03-02 10:41');
SELECT pg_temp.term(:i, 'route');

\echo
\echo == PLA Пр.2 п.11: not ours told in 30 working minutes, sent on in 30; the answer stays due
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'return', '{}', '2026-03-02 10:50');
SELECT pg_temp.term(:i, 'return');
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["land"]}', '2026-03-02 11:20');
SELECT pg_temp.term(:i, 'reroute'), pg_temp.term(:i, 'answer');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'return', '{}', '2026-03-02 10:51');
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["land"]}', '2026-03-02 11:22');
SELECT pg_temp.term(:i, 'return'), pg_temp.term(:i, 'reroute');
-- who keeps it owes nothing
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.clock_at('2026-03-02 12:00');
SELECT 'ticked' FROM osm.tick();
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Засыпали"}');
SELECT pg_temp.term(:i, 'return');

\echo
\echo == PLA Пр.2 п.12: executor, municipal curator, regional curator, in this order
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('municipal', :i, 'endorse');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Засыпали"}');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks');
SELECT pg_temp.step('roads', :i, 'endorse');
SELECT pg_temp.step('regional', :i, 'endorse');
SELECT pg_temp.step('municipal', :i, 'endorse');
SELECT pg_temp.step('municipal', :i, 'approve', :'ticks');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks');
-- both are told of what reaches them
SELECT e.action, o.login, replace(n.subject, :'i', 'N')
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
JOIN osm.event AS e ON (e.incident_id, e.seq) = (n.incident_id, n.event_seq)
WHERE n.incident_id = :i AND e.action IN ('submit', 'endorse') ORDER BY n.id;
-- an interim answer says why the term cannot be kept, and comes once
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ждите", "kind": "interim"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ждите", "kind": "interim",
    "reason": "ждём щебень"}');
SELECT pg_temp.incident('posted', '{}', '{"kind": "interim"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ждите", "kind": "interim", "reason": "a"}');
-- the first level sends back for any reason, but for one
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('municipal', :i, 'send_back');
SELECT pg_temp.step('municipal', :i, 'send_back', '{"reason": "сухо написано"}');

\echo
\echo == PLA Пр.2 п.13: a question to the author within 1 working hour of receipt
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Где?", "kind": "clarification"}',
    '2026-03-02 11:20');
SELECT pg_temp.term(:i, 'clarify');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Где?", "kind": "clarification"}',
    '2026-03-02 11:21');
SELECT pg_temp.term(:i, 'clarify');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Засыпали"}', '2026-03-02 12:00');
SELECT pg_temp.term(:i, 'clarify');
-- asked at 11:10, answered the next day: the rest of the term is counted from then
SELECT pg_temp.incident('posted', '{}', '{"kind": "clarification"}') AS i \gset
SELECT pg_temp.term(:i, 'answer');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А"}');
SELECT pg_temp.step('municipal', :i, 'author_reply');
SELECT pg_temp.step('municipal', :i, 'author_reply', '{"text": "У дома 5"}', '2026-03-03 11:10');
SELECT pg_temp.term(:i, 'answer');

\echo
\echo == PLA Пр.2 п.14: the regional curator decides in 30 working minutes, on five grounds only
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('regional', :i, 'send_back');
SELECT pg_temp.step('regional', :i, 'send_back', '{"reason": "i_do_not_like_it"}');
SELECT pg_temp.step('municipal', :i, 'send_back', '{"reason": "greeting"}');
SELECT pg_temp.step('regional', :i, 'send_back', '{"reason": "greeting"}', '2026-03-02 11:20');
SELECT pg_temp.term(:i, 'review');
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('regional', :i, 'approve', :'ticks', '2026-03-02 11:21');
SELECT pg_temp.term(:i, 'review');
-- the third ground: another body of the region answers
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('regional', :i, 'redirect', '{"reason": "spelling",
    "redirected_to": "Минтранс"}');
SELECT pg_temp.step('regional', :i, 'redirect', '{"reason": "other_body"}');
SELECT pg_temp.step('regional', :i, 'redirect', '{"reason": "other_body",
    "redirected_to": "Минтранс"}', '2026-03-02 11:00');
SELECT pg_temp.term(:i, 'review'), pg_temp.term(:i, 'answer');
SELECT string_agg(concat_ws('/', list, code), ' ' ORDER BY position) AS five
FROM osm.reason WHERE clause = 'Пр.2 п. 14';
-- greeting and spelling are ticked
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('regional', :i, 'approve', '{"checklist": {"format": true, "substance": true,
    "media": true, "spelling": true}}');
SELECT pg_temp.step('regional', :i, 'approve', '{"checklist": {"format": true, "substance": true,
    "media": true, "greeting": true}}');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks');

\echo
\echo == PLA Пр.2 п.15: reworked in 1 working hour, up to the regional curator
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('regional', :i, 'send_back', '{"reason": "content"}', '2026-03-02 11:00');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Лучше"}', '2026-03-02 11:40');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-02 12:00');
SELECT pg_temp.term(:i, 'rework');
SELECT pg_temp.step('regional', :i, 'send_back', '{"reason": "mismatch"}', '2026-03-02 12:10');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ещё лучше"}', '2026-03-02 12:50');
-- a return on the way does not begin the hour anew
SELECT pg_temp.step('municipal', :i, 'send_back', '{"reason": "опечатка"}', '2026-03-02 12:55');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ещё лучше"}', '2026-03-02 12:56');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-02 13:50');
SELECT pg_temp.step('regional', :i, 'send_back', '{"reason": "spelling"}', '2026-03-02 13:55');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ещё лучше"}', '2026-03-02 14:56');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-02 14:57');
SELECT pg_temp.term(:i, 'rework');

\echo
\echo == PLA Пр.2 п.16: the municipal curator posts in the same network in 30 working minutes
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('regional', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('municipal', :i, 'post');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "ok"}');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "ok", "fallback_reason": "закрыто",
    "author_link": "https://vk.example/u"}');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk", "account_kind": "person"}');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:30');
SELECT pg_temp.term(:i, 'post');
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:31');
SELECT pg_temp.term(:i, 'post');
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}');

\echo
\echo == PLA Пр.2 п.17: elevated importance: 4 working hours; the terms of clauses 10-16 halved
SELECT pg_temp.incident('posted', '{"importance": "elevated"}') AS i \gset
SELECT r.name, r.clause, c.term, pg_temp.term(:i, r.name)
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :i ORDER BY r.position;
SELECT pg_temp.incident('distributed', '{"importance": "elevated"}') AS i \gset
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads"]}', '2026-03-02 10:26');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Где?", "kind": "clarification"}',
    '2026-03-02 10:57');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-02 10:58');
SELECT pg_temp.step('regional', :i, 'send_back', '{"reason": "spelling"}', '2026-03-02 11:14');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Где?"}', '2026-03-02 11:20');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-02 11:45');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks', '2026-03-02 11:50');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}', '2026-03-02 14:46');
SELECT pg_temp.term(:i, 'route'), pg_temp.term(:i, 'clarify'), pg_temp.term(:i, 'review'),
       pg_temp.term(:i, 'rework'), pg_temp.term(:i, 'post'), pg_temp.term(:i, 'answer');
-- clauses 9 and 19 keep their terms
SELECT pg_temp.incident('detected', '{"importance": "elevated"}') AS i \gset
SELECT pg_temp.step('regional', :i, 'forward', '{}', '2026-03-02 10:30');
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads", "land"], "lead": "roads"}',
    '2026-03-02 11:00');
SELECT pg_temp.term(:i, 'forward'), pg_temp.term(:i, 'route'), pg_temp.term(:i, 'route_all'),
       pg_temp.term(:i, 'info');
-- raised later: the answer counts from detection, a step keeps half of what is unused
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('roads', :i, 'raise_importance', '{"importance": "elevated"}');
SELECT pg_temp.step('regional', :i, 'raise_importance');
SELECT pg_temp.step('regional', :i, 'raise_importance', '{"importance": "enormous"}');
SELECT pg_temp.step('regional', :i, 'raise_importance', '{"importance": "elevated"}',
    '2026-03-02 11:00');
SELECT pg_temp.term(:i, 'answer'), pg_temp.term(:i, 'review');
-- what is past by that very step is due then, for the late raising and no other reason
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('municipal', :i, 'raise_importance', '{"importance": "elevated"}',
    '2026-03-02 16:00');
SELECT pg_temp.step('municipal', :i, 'raise_importance', '{"importance": "elevated"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Засыпали"}', '2026-03-02 16:10');
SELECT pg_temp.step('municipal', :i, 'endorse');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.term(:i, 'answer'), b.code
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
LEFT JOIN osm.body AS b ON b.id = c.body_id WHERE c.incident_id = :i AND r.name = 'answer';
SELECT pg_temp.incident('distributed') AS i \gset
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads"], "importance": "normal"}');

\echo
\echo == PLA Пр.2 п.18: 7 working days from the interim to the posted answer; steps as set
SELECT pg_temp.incident('posted', '{}', '{"kind": "interim"}') AS i \gset
SELECT pg_temp.term(:i, 'answer'), pg_temp.term(:i, 'final');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Готово"}', '2026-03-11 10:00');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-11 12:00');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks', '2026-03-12 12:00');
SELECT pg_temp.term(:i, 'review') AS only_the_interim, pg_temp.term(:i, 'post') AS likewise;
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}', '2026-03-12 18:00');
SELECT pg_temp.term(:i, 'final');
SELECT pg_temp.incident('posted', '{}', '{"kind": "interim"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Готово"}', '2026-03-11 10:00');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-11 12:00');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks', '2026-03-12 12:00');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}', '2026-03-13 09:00');
SELECT pg_temp.term(:i, 'final');
SELECT overdue_since FROM osm.incident WHERE id = :i;
-- the terms of the steps are the regional curator's to set, the term of the answer is not
SELECT pg_temp.incident('posted', '{}', '{"kind": "interim"}') AS i \gset
SELECT pg_temp.step('municipal', :i, 'set_term', '{"clock": "draft",
    "due_at": "2026-03-10 12:00"}');
SELECT pg_temp.step('regional', :i, 'set_term', '{"clock": "final",
    "due_at": "2026-04-10 12:00"}');
SELECT pg_temp.step('regional', :i, 'set_term', '{"clock": "draft"}');
SELECT pg_temp.step('regional', :i, 'set_term', '{"clock": "draft",
    "due_at": "2026-03-01 12:00"}');
SELECT pg_temp.step('regional', :i, 'set_term', '{"clock": "draft",
    "due_at": "2026-03-09 12:00"}');
SELECT pg_temp.step('regional', :i, 'set_term', '{"clock": "draft",
    "due_at": "2026-03-10 12:00"}');
SELECT pg_temp.step('regional', :i, 'set_term', '{"clock": "review",
    "due_at": "2026-03-10 16:00"}');
SELECT pg_temp.step('regional', :i, 'set_term', '{"clock": "post",
    "due_at": "2026-03-11 12:00"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Готово"}', '2026-03-10 10:00');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-10 12:01');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks', '2026-03-10 16:00');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}', '2026-03-11 12:01');
SELECT pg_temp.term(:i, 'draft'), pg_temp.term(:i, 'review'), pg_temp.term(:i, 'post'),
       pg_temp.term(:i, 'final');
-- before an interim answer the act itself sets them
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('regional', :i, 'set_term', '{"clock": "review",
    "due_at": "2026-03-10 12:00"}');

\echo
\echo == PLA Пр.2 п.19: several units: all at once in 30 minutes, information in 2 hours
SELECT pg_temp.incident('distributed') AS i \gset
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads", "land", "school"]}');
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads", "zoo"], "lead": "roads"}');
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads", "land"], "lead": "school"}');
-- not all of them: none of them
SELECT count(*) AS sent FROM osm.assignment WHERE incident_id = :i;
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads", "land", "school"],
    "lead": "roads"}', '2026-03-02 10:40');
SELECT pg_temp.term(:i, 'route_all'), pg_temp.term(:i, 'route'), pg_temp.term(:i, 'info');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Сам"}');
SELECT pg_temp.step('land', :i, 'contribute');
SELECT pg_temp.step('land', :i, 'contribute', '{"text": "Участок наш"}', '2026-03-02 12:40');
SELECT pg_temp.step('school', :i, 'contribute', '{"text": "Школа открыта"}', '2026-03-02 12:41');
SELECT pg_temp.step('roads', :i, 'contribute', '{"text": "Засыпаем"}');
SELECT pg_temp.term(:i, 'info');
SELECT pg_temp.step('land', :i, 'submit', '{"text": "За всех"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "За всех"}', '2026-03-02 12:50');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-02 12:55');
SELECT pg_temp.term(:i, 'review'), pg_temp.term(:i, 'answer');
-- late to all; one gives it back and another drafter is named
SELECT pg_temp.incident('distributed') AS i \gset
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["roads", "land", "school"],
    "lead": "roads"}', '2026-03-02 10:41');
SELECT pg_temp.term(:i, 'route_all');
SELECT pg_temp.step('roads', :i, 'return', '{}', '2026-03-02 10:50');
SELECT pg_temp.step('municipal', :i, 'route', '{"bodies": ["land", "school"], "lead": "land"}',
    '2026-03-02 11:00');
SELECT pg_temp.step('school', :i, 'contribute', '{"text": "Школа открыта"}', '2026-03-02 11:10');
SELECT pg_temp.step('land', :i, 'contribute', '{"text": "Участок наш"}', '2026-03-02 11:20');
SELECT pg_temp.step('land', :i, 'submit', '{"text": "За двоих"}', '2026-03-02 11:30');

\echo
\echo == PLA Пр.2 п.20: text, at most two citations, manner, substance, media
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "legal_refs": ["1", "2", "3"]}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "legal_refs": ["1", "2"]}');
SELECT pg_temp.step('municipal', :i, 'endorse');
SELECT pg_temp.step('regional', :i, 'approve');
SELECT pg_temp.step('regional', :i, 'approve', '{"checklist": {"format": true, "greeting": true,
    "spelling": true, "media": true}}');
SELECT pg_temp.step('regional', :i, 'approve', '{"checklist": {"format": true, "greeting": true,
    "spelling": true, "substance": true, "media": false}}');
SELECT pg_temp.step('regional', :i, 'approve', :'ticks');
-- a question to the author is judged by manner, greeting and spelling
SELECT pg_temp.incident('review_2', '{}', '{"kind": "clarification"}') AS i \gset
SELECT pg_temp.step('regional', :i, 'approve', '{"checklist": {"format": true, "greeting": true,
    "spelling": true}}');

\echo
\echo == PLA Пр.2 п.21: threats and insults are not answered
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('municipal', :i, 'refuse', '{"reason": "boring"}');
SELECT pg_temp.step('roads', :i, 'refuse', '{"reason": "insult"}');
SELECT pg_temp.step('municipal', :i, 'refuse', '{"reason": "insult"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Всё же"}');
SELECT pg_temp.step('municipal', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('regional', :i, 'raise_importance', '{"importance": "elevated"}');
SELECT pg_temp.term(:i, 'answer');
-- noticed later: refused from wherever it is; no term stays open
SELECT pg_temp.incident('detected') AS a, pg_temp.incident('distributed') AS b,
       pg_temp.incident('review') AS c, pg_temp.incident('review_2') AS d,
       pg_temp.incident('approved') AS e,
       pg_temp.incident('posted', '{}', '{"kind": "interim"}') AS f,
       pg_temp.incident('posted', '{}', '{"kind": "clarification"}') AS g \gset
SELECT n - :a AS nth, pg_temp.step('regional', n, 'refuse', '{"reason": "threat_family"}')
FROM unnest(ARRAY[:a, :b, :c, :d, :e, :f, :g]::bigint[]) AS n;
SELECT count(*) AS open_terms FROM osm.clock
WHERE incident_id BETWEEN :a AND :g AND state NOT IN ('met', 'missed', 'cancelled');

\echo
\echo == PLA Пр.2 п.22: the municipal curator answers for the terms; the segments say who had it
SELECT pg_temp.incident('review_2') AS i \gset
SELECT pg_temp.step('regional', :i, 'send_back', '{"reason": "content"}', '2026-03-02 11:00');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Лучше"}', '2026-03-02 12:40');
SELECT pg_temp.step('municipal', :i, 'endorse', '{}', '2026-03-02 12:45');
SELECT r.name, r.responsible, c.state, b.code
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
LEFT JOIN osm.body AS b ON b.id = c.body_id
WHERE c.incident_id = :i AND r.name IN ('answer', 'rework') ORDER BY r.position;
SELECT s.kind, to_char(lower(s.span), 'HH24:MI'), to_char(upper(s.span), 'HH24:MI'), b.code
FROM osm.clock_segment AS s JOIN osm.clock AS c ON c.id = s.clock_id
JOIN osm.clock_rule AS r ON r.id = c.rule_id LEFT JOIN osm.body AS b ON b.id = s.body_id
WHERE s.incident_id = :i AND r.name IN ('rework', 'route') ORDER BY r.position, s.seq;

\echo
\echo == PLA Пр.2 п.24: an elevated incident is reported at once; the term is advisory
SELECT pg_temp.incident('detected', '{"importance": "elevated"}') AS i \gset
SELECT pg_temp.step('regional', :i, 'report_immediately');
SELECT pg_temp.step('municipal', :i, 'report_immediately', '{}', '2026-03-02 10:30');
SELECT pg_temp.term(:i, 'immediate_report');
SELECT pg_temp.incident('detected', '{"importance": "elevated"}') AS i \gset
SELECT pg_temp.step('municipal', :i, 'report_immediately', '{}', '2026-03-02 10:31');
SELECT pg_temp.term(:i, 'immediate_report');
SELECT overdue_since FROM osm.incident WHERE id = :i;
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.term(:i, 'immediate_report');
SELECT pg_temp.step('municipal', :i, 'raise_importance', '{"importance": "elevated"}',
    '2026-03-02 11:00');
SELECT pg_temp.term(:i, 'immediate_report');

\echo
\echo == PLA пост. п.3.1-3.4, Пр.1 п.3, Пр.2 п.5: the head of the general department is in charge
SELECT pg_temp.clock_at('2026-03-02 12:00');
SELECT pg_temp.gaps('пост. п. 3.1', 'пост. п. 3.2', 'пост. п. 3.3', 'пост. п. 3.4', 'Пр.1 п. 3',
    'Пр.2 п. 5');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [{"login": "head",
    "name": "Начальник отдела", "appointments": [{"body": "general", "role": "coordinator",
        "to": "2026-03-01"}]}]}');
SELECT pg_temp.gaps('пост. п. 3.1', 'пост. п. 3.2', 'пост. п. 3.3', 'пост. п. 3.4', 'Пр.1 п. 3',
    'Пр.2 п. 5');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [{"login": "head",
    "name": "Начальник отдела", "appointments": [{"body": "general", "role": "coordinator",
        "from": "2026-03-02"}]}]}');
SELECT pg_temp.gaps('пост. п. 3.1', 'пост. п. 3.2', 'пост. п. 3.3', 'пост. п. 3.4', 'Пр.1 п. 3',
    'Пр.2 п. 5');

\echo
\echo == PLA пост. п.3.5: the act stands on the site
SELECT pg_temp.gaps('пост. п. 3.5');
SELECT pg_temp.done('roads', 'act_on_site', '{"url": "https://site.example/273"}');
SELECT pg_temp.done('head', 'act_on_site');
SELECT pg_temp.done('head', 'act_on_site', '{"url": "https://site.example/273"}');
SELECT pg_temp.gaps('пост. п. 3.5');

\echo
\echo == PLA пост. п.4: the head of the administration keeps control
SELECT pg_temp.gaps('пост. п. 4');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [{"login": "mayor", "name": "Глава",
    "appointments": [{"body": "stanitsa", "role": "controller", "rank": 2}]}]}');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [{"login": "mayor", "name": "Глава",
    "appointments": [{"body": "stanitsa", "role": "controller", "rank": 1}]}]}');
SELECT pg_temp.gaps('пост. п. 4');

\echo
\echo == PLA Пр.1 п.1, 2: pages in three networks, tied to service phones, access handed over
SELECT pg_temp.gaps('Пр.1 п. 2');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [
    {"login": "pages", "name": "Страницы", "appointments":
        [{"body": "school", "role": "account_manager"}]}]}');
SELECT pg_temp.account('pages', '{"body": "school", "channel": "instagram",
    "url": "https://ig.example/school", "service_phone": "1"}');
SELECT pg_temp.account('pages', '{"body": "school", "channel": "vk",
    "url": "https://vk.example/school"}');
SELECT pg_temp.account('roads', '{"body": "school", "channel": "vk",
    "url": "https://vk.example/school", "service_phone": "1"}');
SELECT pg_temp.account('pages', '{"body": "school", "channel": "vk", "opened_on": "2026-02-01",
    "url": "https://vk.example/school", "service_phone": "1"}');
SELECT pg_temp.account('pages', '{"body": "school", "channel": "ok", "kind": "person",
    "url": "https://ok.example/school", "service_phone": "1"}');
SELECT pg_temp.done('pages', 'access_handover', '{"body": "school"}');
SELECT pg_temp.done('pages', 'access_handover', '{"body": "school", "receipt": "расписка 1"}');
SELECT pg_temp.gaps('Пр.1 п. 2');

\echo
\echo == PLA Пр.1 п.5: two publications a week are advised
SELECT pg_temp.gaps('Пр.1 п. 5');
SELECT pg_temp.publish('pages', '{"account": "https://vk.example/nobody"}');
SELECT pg_temp.publish('pages', '{"account": "https://vk.example/school",
    "published_at": "2026-02-24 10:00+03", "url": "https://vk.example/school/1"}');
SELECT pg_temp.gaps('Пр.1 п. 5');
SELECT pg_temp.publish('pages', '{"account": "https://vk.example/school",
    "published_at": "2026-02-26 10:00+03", "url": "https://vk.example/school/2"}');
SELECT pg_temp.gaps('Пр.1 п. 5');

\echo
\echo == PLA Пр.1 п.6, 7: formats, spoken style, at most two citations are advised
SELECT pg_temp.gaps('Пр.1 п. 6', 'Пр.1 п. 7');
SELECT pg_temp.done('head', 'page_formats', '{"account": "https://vk.example/school",
    "formats": ["text", "photo"]}');
SELECT pg_temp.done('head', 'page_style', '{"account": "https://vk.example/school",
    "spoken_style": false}');
SELECT pg_temp.gaps('Пр.1 п. 6', 'Пр.1 п. 7');
SELECT pg_temp.done('head', 'page_style', '{"account": "https://vk.example/school",
    "spoken_style": true}', '2026-03-02 12:30');
SELECT pg_temp.gaps('Пр.1 п. 6', 'Пр.1 п. 7');
SELECT pg_temp.publish('pages', '{"account": "https://vk.example/school",
    "url": "https://vk.example/school/3", "legal_refs": ["1", "2"]}');
SELECT pg_temp.publish('pages', '{"account": "https://vk.example/school",
    "url": "https://vk.example/school/4", "legal_refs": ["1", "2", "3"]}');
SELECT pg_temp.gaps('Пр.1 п. 7');

\echo
\echo == PLA Пр.1 п.8: pages are open; a comment is deleted on a ground, its author may be barred
SELECT pg_temp.account('pages', '{"body": "school", "channel": "vk",
    "url": "https://vk.example/school", "is_open": false}');
SELECT pg_temp.gaps('Пр.1 п. 8');
SELECT pg_temp.account('pages', '{"body": "school", "channel": "vk",
    "url": "https://vk.example/school", "is_open": true}');
SELECT pg_temp.gaps('Пр.1 п. 8');
SELECT pg_temp.done('pages', 'moderation', '{"url": "https://vk.example/c/1"}');
SELECT pg_temp.done('pages', 'moderation', '{"url": "https://vk.example/c/1",
    "reason": "boring"}');
SELECT pg_temp.done('pages', 'moderation', '{"url": "https://vk.example/c/1", "reason": "spam"}');
SELECT pg_temp.gaps('Пр.1 п. 8');

\echo
\echo == PLA Пр.2 п.4, 6, 7, 10: who is to be appointed, and covered, and reached
SELECT pg_temp.gaps('Пр.2 п. 4', 'Пр.2 п. 6', 'Пр.2 п. 7', 'Пр.2 п. 9', 'Пр.2 п. 10');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [
    {"login": "land", "name": "Исполнитель З", "email": "l@example.org", "appointments":
        [{"body": "land", "role": "executor", "to": "2026-03-01"}]},
    {"login": "land_head", "name": "Начальник З", "appointments":
        [{"body": "land", "role": "unit_head"}]},
    {"login": "school_head", "name": "Директор", "appointments":
        [{"body": "school", "role": "unit_head"}]},
    {"login": "school_2", "name": "Второй исполнитель Ш", "email": "s2@example.org",
     "appointments": [{"body": "school", "role": "executor"}]},
    {"login": "school", "name": "Исполнитель Ш", "email": "s@example.org"},
    {"login": "municipal", "name": "Куратор", "email": "m@example.org", "appointments":
        [{"body": "general", "role": "municipal_curator", "act_ref": "расп. 10-р",
            "to": "2026-03-01"}]}],
    "substitutions": [{"principal": "roads", "deputy": "stand_in", "from": "2026-03-01",
        "to": "2026-03-09", "act_ref": "пр. 4"}]}');
SELECT pg_temp.gaps('Пр.2 п. 4', 'Пр.2 п. 6', 'Пр.2 п. 7', 'Пр.2 п. 9', 'Пр.2 п. 10');
SELECT pg_temp.people('{"code": "stanitsa", "officials": [
    {"login": "municipal", "name": "Куратор", "email": "m@example.org", "appointments":
        [{"body": "general", "role": "municipal_curator", "act_ref": "расп. 11-р",
            "from": "2026-03-02"}]}]}');
SELECT pg_temp.gaps('Пр.2 п. 4');
-- a letter that never arrived, until it does; the clock ran on
SELECT pg_temp.incident('assigned') AS i \gset
UPDATE osm.notification SET state = 'dead' WHERE incident_id = :i;
SELECT g FROM pg_temp.gaps('Пр.2 п. 10') AS g WHERE g LIKE '%notified%';
UPDATE osm.notification SET state = 'sent', sent_at = osm.now() WHERE incident_id = :i;
SELECT g FROM pg_temp.gaps('Пр.2 п. 10') AS g WHERE g LIKE '%notified%';

\echo
\echo == PLA Пр.2 п.23: the summary of a month by the 5th, that is on the 4th
SELECT pg_temp.clock_at('2026-03-04 18:00');
SELECT pg_temp.gaps('Пр.2 п. 23');
SELECT pg_temp.done('roads', 'monthly_summary');
SELECT pg_temp.done('municipal', 'monthly_summary', '{"period": "2026-01-15"}');
SELECT pg_temp.gaps('Пр.2 п. 23');
SELECT pg_temp.clock_at('2026-03-05 09:00');
SELECT pg_temp.gaps('Пр.2 п. 23');
SELECT pg_temp.done('municipal', 'monthly_summary');
SELECT pg_temp.gaps('Пр.2 п. 23');
SELECT period, timezone('Europe/Moscow', due_at), done_at > due_at AS late FROM osm.duty_record
WHERE duty = 'monthly_summary' ORDER BY period;

\echo
\echo == PLA Пр.2 п.24: an elevated incident nobody reports
SELECT count(*) AS before FROM osm.duty_gap WHERE clause = 'Пр.2 п. 24' \gset
SELECT pg_temp.incident('detected', '{"importance": "elevated"}', '{}', '2026-03-05') AS i,
       pg_temp.incident('assigned', '{}', '{}', '2026-03-05') AS j \gset
SELECT pg_temp.step('municipal', :j, 'raise_importance', '{"importance": "elevated"}');
SELECT incident_id - :i AS nth, duty, missing, to_char(since, 'DD.MM HH24:MI'), answer
FROM osm.duty_gap WHERE clause = 'Пр.2 п. 24' AND incident_id >= :i ORDER BY 1;
SELECT pg_temp.step('municipal', :i, 'report_immediately');
SELECT pg_temp.done('municipal', 'immediate_report', jsonb_build_object('incident', :j));
SELECT count(*) - :before AS left FROM osm.duty_gap WHERE clause = 'Пр.2 п. 24';

\echo
\echo == PLA пост. п.5: in force from the day of signing
SELECT pg_temp.enter('regional', '{"channel": "vk", "detected_at": "2023-09-04 00:00+03"}',
    '2023-09-04 10:00') ~ '^\d+$' AS that_day;
SELECT pg_temp.enter('regional', '{"channel": "vk", "detected_at": "2023-09-03 23:59+03"}');

\echo
\echo == PLA Пр.2 п.13, 17, 18: the other readings are sound documents too
SELECT pg_temp.other_reading('{answer,final}', '{}', '{pauses_on,resumes_on}');
SELECT pg_temp.other_reading('{info,route_all}', '{"urgent_factor": 0.5}');
SELECT pg_temp.other_reading('{review,rework,post,return,reroute,clarify}', '{}', '{applies_when}');

\echo
\echo == the rest: a link to an earlier incident, the door, the evidence, what never ran
SELECT pg_temp.incident('posted') AS first \gset
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('regional', :i, 'mark_repeat', jsonb_build_object('repeat_of', :first));
SELECT pg_temp.step('roads', :first, 'submit', '{"text": "Ещё раз"}');
SELECT count(*) AS broken_chains FROM osm.verify_chains();
SELECT 'never ran: ' || r.name FROM osm.clock_rule AS r
WHERE NOT EXISTS (SELECT FROM osm.clock AS c WHERE c.rule_id = r.id);
SELECT DISTINCT 'never taken: ' || t.action FROM osm.transition AS t
WHERE NOT EXISTS (SELECT FROM osm.event AS e WHERE e.action = t.action) ORDER BY 1;
SELECT clause, answer FROM osm.clause_coverage WHERE NOT covered;
