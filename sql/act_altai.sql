-- The Altai act at work: for every provision a step that keeps it and one that breaks it.
-- Times are those of Barnaul; 2 March 2026 is a Monday, office hours 9:00-13:00, 13:45-18:00.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set regulation ru-alt-132-2020
\set zone Asia/Barnaul
\set ECHO none
\i test/lib/act.sql
\set ECHO all
SELECT osm.install_preset(:'regulation');

SELECT pg_temp.people('{
    "code": "altai", "title": "Алтайский край",
    "regulations": {"ru-alt-132-2020": {"curator": ["press"], "executor": ["health", "roads",
        "schools"]}},
    "bodies": [{"code": "press", "title": "Печать"}, {"code": "health", "title": "Здравоохранение"},
               {"code": "roads", "title": "Дороги"}, {"code": "schools", "title": "Школы"},
               {"code": "zoo", "title": "Зоопарк"}],
    "officials": [
        {"login": "robot", "name": "Система", "appointments": [{"body": "press",
            "role": "monitor"}]},
        {"login": "curator", "name": "Куратор", "email": "c@example.org",
         "appointments": [{"body": "press", "role": "curator"}]},
        {"login": "health", "name": "Исполнитель З", "email": "h@example.org",
         "appointments": [{"body": "health", "role": "executor"}]},
        {"login": "roads", "name": "Исполнитель Д", "email": "r@example.org",
         "appointments": [{"body": "roads", "role": "executor"}]},
        {"login": "schools", "name": "Исполнитель Ш", "email": "s@example.org",
         "appointments": [{"body": "schools", "role": "executor"}]}]}');

-- A message brought so far: detected at 10:00, assigned 10:10, review 10:30, approved 10:40.
CREATE FUNCTION pg_temp.incident(state text, message jsonb DEFAULT '{}', reply jsonb DEFAULT '{}',
                                 day text DEFAULT '2026-03-02') RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    id bigint := pg_temp.enter('robot', '{"channel": "vk", "text": "Яма", "topic": "дороги",
        "place": "Барнаул", "importance": "normal"}'::jsonb || message, day || ' 10:00');
BEGIN
    IF state <> 'detected' THEN
        PERFORM pg_temp.step('curator', id, 'route', '{"bodies": ["roads"]}', day || ' 10:10');
    END IF;
    IF state IN ('review', 'approved') THEN
        PERFORM pg_temp.step('roads', id, 'submit', '{"text": "Засыпали"}'::jsonb || reply,
                             day || ' 10:30');
    END IF;
    IF state = 'approved' THEN
        PERFORM pg_temp.step('curator', id, 'approve',
            '{"checklist": {"format": true, "substance": true, "media": true}}', day || ' 10:40');
    END IF;
    RETURN id;
END $$;
\set ticks '{"checklist": {"format": true, "substance": true, "media": true}}'

\echo
\echo == ALT п.1: what is out of scope is dismissed with a reason
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'dismiss');
SELECT pg_temp.step('curator', :i, 'dismiss', '{"reason": "out_of_scope"}');
SELECT pg_temp.term(:i, 'answer'), pg_temp.term(:i, 'route');

\echo
\echo == ALT п.2: the five networks and any other site or messenger
SELECT pg_temp.enter('robot', '{"channel": "vk", "topic": "a", "place": "b",
    "importance": "normal"}') ~ '^\d+$' AS vk,
       pg_temp.enter('robot', '{"channel": "altai-forum.example", "topic": "a",
           "place": "b", "importance": "normal"}') ~ '^\d+$' AS forum;
SELECT pg_temp.enter('robot', '{"topic": "a", "place": "b", "importance": "normal"}');

\echo
\echo == ALT п.4: the curator detects, routes, approves; nobody else
SELECT pg_temp.enter('curator', '{"channel": "vk", "topic": "a",
    "place": "b", "importance": "normal"}') ~ '^\d+$' AS curator_detects;
SELECT pg_temp.enter('roads', '{"channel": "vk", "topic": "a", "place": "b",
    "importance": "normal"}');
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('roads', :i, 'route', '{"bodies": ["roads"]}');
SELECT pg_temp.step('robot', :i, 'route', '{"bodies": ["roads"]}');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}');
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('roads', :i, 'approve', :'ticks');
SELECT pg_temp.step('roads', :i, 'send_back', '{"reason": "format"}');
SELECT pg_temp.step('curator', :i, 'approve', :'ticks');

\echo
\echo == ALT п.5: a responsible head of rank 2 at least; executors act for their own body
SELECT pg_temp.people('{"code": "altai", "title": "Алтайский край", "officials": [
    {"login": "chief", "name": "Заместитель", "appointments":
        [{"body": "roads", "role": "responsible_head", "rank": 2}]}]}');
SELECT pg_temp.people('{"code": "altai", "title": "Алтайский край", "officials": [
    {"login": "clerk", "name": "Специалист", "appointments":
        [{"body": "health", "role": "responsible_head", "rank": 3}]}]}');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('health', :i, 'submit', '{"text": "Не наше"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Наше"}');

\echo
\echo == ALT п.6: topic, place; routed within 30 minutes to a competent body; the executor is told
SELECT pg_temp.enter('robot', '{"channel": "vk", "place": "b", "importance": "normal"}');
SELECT pg_temp.enter('robot', '{"channel": "vk", "topic": "a", "importance": "normal"}');
SELECT pg_temp.enter('robot', '{"channel": "vk", "topic": "a", "place": "b"}');
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["zoo"]}');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["moon"]}');
SELECT pg_temp.step('curator', :i, 'route');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}', '2026-03-02 10:30');
SELECT pg_temp.term(:i, 'route');
SELECT n.kind, n.channel, n.subject = 'Направить: ' || :i AS subject, o.login, o.email
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id WHERE n.incident_id = :i;
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}', '2026-03-02 10:30:00.000001');
SELECT pg_temp.term(:i, 'route');
-- a message of Friday night costs nothing before Monday morning
SELECT pg_temp.enter('robot', '{"channel": "vk", "topic": "a", "place": "b",
    "importance": "normal"}', '2026-02-27 23:00') AS i \gset
SELECT pg_temp.term(:i, 'route'), pg_temp.term(:i, 'answer');

\echo
\echo == ALT п.7: returned within 30 minutes; the answer stays due; who keeps it owes nothing
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.term(:i, 'answer');
SELECT pg_temp.step('roads', :i, 'return', '{}', '2026-03-02 10:40');
SELECT pg_temp.term(:i, 'return');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["health"]}', '2026-03-02 11:10');
SELECT pg_temp.term(:i, 'route'), pg_temp.term(:i, 'answer');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'return', '{}', '2026-03-02 10:41');
SELECT pg_temp.term(:i, 'return');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.clock_at('2026-03-02 12:00');
SELECT 'ticked' FROM osm.tick();
SELECT pg_temp.term(:i, 'return');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Засыпали"}');
SELECT pg_temp.term(:i, 'return');

\echo
\echo == ALT п.8: 9 working hours from detection to the posted answer
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk", "url": "https://vk.example/1"}',
    '2026-03-03 10:45');
SELECT pg_temp.term(:i, 'answer');
SELECT overdue_since FROM osm.incident WHERE id = :i;
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk", "url": "https://vk.example/1"}',
    '2026-03-03 10:46');
SELECT pg_temp.term(:i, 'answer');
SELECT timezone('Asia/Barnaul', overdue_since) FROM osm.incident WHERE id = :i;
-- nobody answers: flagged by its due instant, whenever somebody looks
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.clock_at('2026-03-05 09:00');
SELECT 'ticked' FROM osm.tick();
SELECT pg_temp.term(:i, 'answer');
SELECT timezone('Asia/Barnaul', overdue_since) FROM osm.incident WHERE id = :i;
-- the executor sees the time there is
SELECT pg_temp.incident('assigned') AS j \gset
BEGIN;
SELECT osm.act_as('roads');
SELECT body, timezone('Asia/Barnaul', answer_due_at), answer_remaining_hours, overdue
FROM osm.inbox WHERE incident_id = :j;
COMMIT;
SELECT pg_temp.clock_at('2026-03-05 09:00');
BEGIN;
SELECT osm.act_as('roads');
SELECT action, clock, timezone('Asia/Barnaul', due_at) FROM osm.allowed_actions(:i) ORDER BY action;
COMMIT;
-- a shortened day before a holiday makes it later
SELECT pg_temp.enter('robot', '{"channel": "vk", "topic": "a", "place": "b",
    "importance": "normal"}', '2026-04-30 10:00') AS i \gset
SELECT pg_temp.term(:i, 'answer');

\echo
\echo == ALT п.9: a draft of any kind 4 hours before the answer is due; the author may be asked
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "kind": "interim"}', '2026-03-02 15:45');
SELECT pg_temp.term(:i, 'draft');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "kind": "clarification"}',
    '2026-03-02 15:46');
SELECT pg_temp.term(:i, 'draft');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "kind": "apology"}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
-- asked at 11:00, answered a day later: the rest of the term is counted from then
SELECT pg_temp.incident('approved', '{}', '{"kind": "clarification"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00');
SELECT pg_temp.term(:i, 'answer');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А"}');
SELECT pg_temp.step('robot', :i, 'author_reply', '{"text": "У дома 5"}', '2026-03-03 11:00');
SELECT pg_temp.term(:i, 'answer'), pg_temp.term(:i, 'draft');
-- the act gives silence no number of days: nobody closes, at once or later; the term stands still
SELECT pg_temp.incident('approved', '{}', '{"kind": "clarification"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00');
SELECT pg_temp.step('curator', :i, 'author_silent', '{}', '2026-03-02 11:00:01');
SELECT pg_temp.step('curator', :i, 'dismiss', '{"reason": "not_critical"}');
SELECT pg_temp.clock_at('2026-03-20 11:00');
SELECT 'ticked' FROM osm.tick();
SELECT state, overdue_since FROM osm.incident WHERE id = :i;
SELECT c.state FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :i AND r.name = 'answer';
SELECT pg_temp.step('robot', :i, 'author_reply', '{"text": "У дома 5"}');
SELECT pg_temp.term(:i, 'answer');

\echo
\echo == ALT п.10: decided within 30 minutes; sent back for failing clause 16 only
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('curator', :i, 'send_back', '{"reason": "i_do_not_like_it"}');
SELECT pg_temp.step('curator', :i, 'send_back');
SELECT pg_temp.step('curator', :i, 'send_back', '{"reason": "substance"}', '2026-03-02 11:00');
SELECT pg_temp.term(:i, 'review');
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('curator', :i, 'approve', :'ticks', '2026-03-02 11:01');
SELECT pg_temp.term(:i, 'review');

\echo
\echo == ALT п.11: reworked within an hour, every time anew
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('curator', :i, 'send_back', '{"reason": "format"}', '2026-03-02 10:45');
SELECT pg_temp.step('curator', :i, 'approve', :'ticks');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Лучше"}', '2026-03-02 11:45');
SELECT pg_temp.step('curator', :i, 'send_back', '{"reason": "media"}', '2026-03-02 11:50');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ещё лучше"}', '2026-03-02 12:51');
SELECT pg_temp.term(:i, 'rework');
SELECT pg_temp.term(:i, 'review');

\echo
\echo == ALT п.12: posted within 30 minutes where the message was, or elsewhere with reason and link
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('curator', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('roads', :i, 'post');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "ok"}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "ok",
    "fallback_reason": "страница закрыта"}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "ok",
    "author_link": "https://vk.example/u"}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "ok", "account_kind": "person",
    "fallback_reason": "страница закрыта", "author_link": "https://vk.example/u"}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "ok", "fallback_reason": "страница закрыта",
                                           "author_link": "https://vk.example/u"}',
                                               '2026-03-02 11:10');
SELECT pg_temp.term(:i, 'post');
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:11');
SELECT pg_temp.term(:i, 'post');
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');

\echo
\echo == ALT п.13: the final draft within 7 working days of the interim answer
SELECT pg_temp.incident('approved', '{}', '{"kind": "interim"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00');
SELECT pg_temp.term(:i, 'answer'), pg_temp.term(:i, 'final');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ещё подождите", "kind": "interim"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Готово"}', '2026-03-12 18:00');
SELECT pg_temp.term(:i, 'final');
SELECT pg_temp.incident('approved', '{}', '{"kind": "interim"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Готово"}', '2026-03-13 09:00');
SELECT pg_temp.term(:i, 'final');
SELECT timezone('Asia/Barnaul', overdue_since) FROM osm.incident WHERE id = :i;
-- a first interim may be reworked; once one is posted no other follows, by whatever way round
SELECT pg_temp.incident('review', '{}', '{"kind": "interim"}') AS i \gset
SELECT pg_temp.step('curator', :i, 'send_back', '{"reason": "format"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Подождите", "kind": "interim"}');
SELECT pg_temp.step('curator', :i, 'approve', :'ticks');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Готово"}', '2026-03-03 10:00');
SELECT pg_temp.step('curator', :i, 'send_back', '{"reason": "substance"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ещё подождите", "kind": "interim"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "У какого дома?", "kind": "clarification"}');
SELECT pg_temp.step('curator', :i, 'approve', :'ticks');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('robot', :i, 'author_reply', '{"text": "У дома 5"}', '2026-03-04 10:00');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ещё подождите", "kind": "interim"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Готово"}');
SELECT pg_temp.term(:i, 'final');

\echo
\echo == ALT п.14: several bodies: a lead, information within 2 hours, the common answer by the lead
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads", "health", "schools"]}');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads", "health"], "lead": "schools"}');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "roads", "schools"],
    "lead": "roads"}',
                    '2026-03-02 10:10');
SELECT string_agg(concat_ws(' ', a.seq_no, b.code, a.role), '; ' ORDER BY a.seq_no)
FROM osm.assignment AS a JOIN osm.body AS b ON b.id = a.body_id WHERE a.incident_id = :i;
SELECT pg_temp.term(:i, 'info');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Сам"}');
SELECT pg_temp.step('roads', :i, 'contribute', '{"text": "Сам"}');
SELECT pg_temp.step('health', :i, 'contribute');
SELECT pg_temp.step('health', :i, 'contribute', '{"text": "Вода чистая"}', '2026-03-02 12:10');
SELECT pg_temp.step('schools', :i, 'contribute', '{"text": "Школа открыта"}', '2026-03-02 12:11');
SELECT pg_temp.term(:i, 'info');
SELECT pg_temp.step('health', :i, 'submit', '{"text": "За всех"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "За всех"}', '2026-03-02 12:30');
SELECT pg_temp.term(:i, 'draft');
-- in an order: each in its turn, with two hours from then
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "schools", "roads"],
    "lead": "roads", "order": "alphabet"}');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "schools", "roads"],
    "lead": "roads", "order": "sequence"}', '2026-03-02 10:10');
SELECT pg_temp.term(:i, 'info');
SELECT pg_temp.step('schools', :i, 'contribute', '{"text": "Школа открыта"}');
SELECT pg_temp.step('health', :i, 'contribute', '{"text": "Вода чистая"}', '2026-03-02 12:00');
SELECT pg_temp.term(:i, 'info');
SELECT pg_temp.step('schools', :i, 'contribute', '{"text": "Школа открыта"}', '2026-03-02 14:46');
SELECT pg_temp.term(:i, 'info');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "За всех"}');
-- one of several gives it back: the curator names the bodies again, who has informed keeps the
-- share
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "roads", "schools"],
    "lead": "roads"}');
SELECT pg_temp.step('health', :i, 'contribute', '{"text": "Вода чистая"}');
SELECT pg_temp.step('schools', :i, 'return');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "roads"], "lead": "roads"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "За двоих"}');

\echo
\echo == ALT п.15: the answer to a repeat tells measures or progress; all terms run
SELECT pg_temp.incident('approved') AS first \gset
SELECT pg_temp.step('roads', :first, 'post', '{"channel": "vk"}', '2026-03-02 11:00');
SELECT pg_temp.incident('assigned', jsonb_build_object('repeat_of', :first)) AS i \gset
SELECT pg_temp.term(:i, 'route'), pg_temp.term(:i, 'answer');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан", "progress": "Едет техника"}');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('curator', :i, 'mark_repeat');
SELECT pg_temp.step('curator', :i, 'mark_repeat', '{"repeat_of": 100000}');
SELECT pg_temp.step('curator', :i, 'mark_repeat', jsonb_build_object('repeat_of', :first));
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан", "measures": "Засыпано"}');
SELECT pg_temp.step('roads', :first, 'submit', '{"text": "Ещё раз"}');
-- noticed later it is marked later: on a draft in review, in rework, approved
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('curator', :i, 'mark_repeat', jsonb_build_object('repeat_of', :first));
SELECT repeat_of = :first AS linked FROM osm.incident WHERE id = :i;
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('curator', :i, 'send_back', '{"reason": "format"}');
SELECT pg_temp.step('curator', :i, 'mark_repeat', jsonb_build_object('repeat_of', :first));
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан", "measures": "Засыпано"}');
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('curator', :i, 'mark_repeat', jsonb_build_object('repeat_of', :first));
SELECT pg_temp.incident('approved', '{}', '{"kind": "clarification"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('curator', :i, 'mark_repeat', jsonb_build_object('repeat_of', :first));
-- a repeat is late like any other message
SELECT pg_temp.incident('detected', jsonb_build_object('repeat_of', :first)) AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}', '2026-03-02 10:31');
SELECT pg_temp.term(:i, 'route');

\echo
\echo == ALT п.16: text, manner, substance, media
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Засыпали"}');
SELECT pg_temp.step('curator', :i, 'approve');
SELECT pg_temp.step('curator', :i, 'approve', '{"checklist": {"format": true, "media": true}}');
SELECT pg_temp.step('curator', :i, 'approve', '{"checklist": {"format": true, "substance": true,
    "media": false}}');
SELECT pg_temp.step('curator', :i, 'approve', :'ticks');
-- a question to the author is judged by its manner alone
SELECT pg_temp.incident('review', '{}', '{"kind": "clarification"}') AS i \gset
SELECT pg_temp.step('curator', :i, 'approve', '{"checklist": {"format": true}}');

\echo
\echo == ALT п.17: threats and insults are neither processed nor answered
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('curator', :i, 'refuse', '{"reason": "boring"}');
SELECT pg_temp.step('roads', :i, 'refuse', '{"reason": "insult"}');
SELECT pg_temp.step('curator', :i, 'refuse', '{"reason": "insult"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "Всё же"}');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.term(:i, 'answer'), pg_temp.term(:i, 'draft');
-- noticed later, or come in the author's own reply: refused from wherever it is; no term stays open
SELECT pg_temp.incident('review') AS in_review, pg_temp.incident('review') AS in_rework,
       pg_temp.incident('approved') AS approved,
       pg_temp.incident('approved', '{}', '{"kind": "interim"}') AS interim,
       pg_temp.incident('approved', '{}', '{"kind": "clarification"}') AS asked \gset
SELECT pg_temp.step('curator', :in_rework, 'send_back', '{"reason": "format"}');
SELECT pg_temp.step('roads', :interim, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('roads', :asked, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('roads', :in_review, 'refuse', '{"reason": "threat_family"}');
SELECT pg_temp.step('curator', :in_review, 'refuse', '{"reason": "threat_family"}');
SELECT pg_temp.step('curator', :in_rework, 'refuse', '{"reason": "harm"}');
SELECT pg_temp.step('curator', :approved, 'refuse', '{"reason": "obscenity"}');
SELECT pg_temp.step('curator', :interim, 'refuse', '{"reason": "threat_official"}');
SELECT pg_temp.step('curator', :asked, 'refuse', '{"reason": "insult"}');
SELECT c.incident_id - :in_review AS incident, r.name, c.state
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id IN (:in_review, :in_rework, :approved, :interim, :asked)
  AND c.state NOT IN ('met', 'missed', 'cancelled') ORDER BY 1, r.position;

\echo
\echo == ALT п.18: the body answers for a late draft, the curator for a late decision
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А"}', '2026-03-02 17:00');
SELECT pg_temp.step('curator', :i, 'approve', :'ticks', '2026-03-02 17:45');
SELECT r.name, r.responsible, b.code
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
LEFT JOIN osm.body AS b ON b.id = c.body_id
WHERE c.incident_id = :i AND c.state = 'missed' ORDER BY r.position;

\echo
\echo == ALT пост. п.2, 3: somebody organises, liaises, advises; the bodies assist
SELECT pg_temp.clock_at('2026-05-05 12:00');
SELECT pg_temp.gaps('пост. п. 2', 'пост. п. 3');
SELECT pg_temp.people('{"code": "altai", "regulations": {"ru-alt-132-2020": {
        "coordinator": ["press"]}},
    "officials": [
    {"login": "health_chief", "name": "Заместитель З", "appointments":
        [{"body": "health", "role": "responsible_head", "rank": 1}]},
    {"login": "schools_chief", "name": "Заместитель Ш", "appointments":
        [{"body": "schools", "role": "responsible_head", "rank": 2}]}]}');
SELECT pg_temp.gaps('пост. п. 2', 'пост. п. 3');

\echo
\echo == ALT пост. п.4: municipalities are advised
SELECT pg_temp.gaps('пост. п. 4');
SELECT pg_temp.people('{"code": "altai", "bodies": [{"code": "town", "title": "Город",
        "kind": "municipality"}],
    "officials": [{"login": "press", "name": "Печать", "appointments":
        [{"body": "press", "role": "coordinator"}]}]}');
SELECT pg_temp.gaps('пост. п. 4');
SELECT pg_temp.people('{"code": "altai", "officials": [
    {"login": "town", "name": "Город", "appointments": [{"body": "town", "role": "executor"},
        {"body": "town", "role": "responsible_head", "rank": 2}]}]}');
SELECT pg_temp.done('roads', 'municipal_act', '{"body": "town"}');
SELECT pg_temp.done('press', 'municipal_act', '{"body": "town"}');
SELECT pg_temp.done('press', 'municipal_liaison', '{"body": "town"}');
SELECT pg_temp.gaps('пост. п. 4');

\echo
\echo == ALT п.3: accounts in the five networks, linked from the official site
SELECT g FROM pg_temp.gaps('п. 3') AS g WHERE g LIKE '%| roads |%';
SELECT pg_temp.account('health', '{"body": "roads", "channel": "vk",
    "url": "https://vk.example/roads"}');
SELECT pg_temp.account('roads', '{"body": "roads", "channel": "vk", "kind": "person",
    "url": "https://vk.example/roads"}');
SELECT pg_temp.account('roads', format('{"body": "roads", "channel": "%s",
    "url": "https://%s.example/roads"}', c, c)::jsonb)
FROM unnest('{vk,ok,facebook,twitter}'::text[]) AS c;
SELECT g FROM pg_temp.gaps('п. 3') AS g WHERE g LIKE '%| roads |%';
SELECT pg_temp.account('roads', format('{"body": "roads", "channel": "%s",
    "url": "https://%s.example/roads", "site_link": "https://site.example/a"}', c, c)::jsonb)
FROM unnest('{vk,ok,facebook,twitter,instagram}'::text[]) AS c;
SELECT g FROM pg_temp.gaps('п. 3') AS g WHERE g LIKE '%| roads |%';

\echo
\echo == ALT п.4, 5, 6: curator, responsible official, executor appointed; the executor is reached
SELECT pg_temp.gaps('п. 4', 'п. 5', 'п. 6');
SELECT pg_temp.people('{"code": "altai", "officials": [
    {"login": "curator", "name": "Куратор", "appointments": [{"body": "press", "role": "curator",
        "to": "2026-05-04"}]},
    {"login": "health", "name": "Исполнитель З", "email": null},
    {"login": "schools", "name": "Исполнитель Ш", "email": "s@example.org", "appointments":
        [{"body": "schools", "role": "executor", "to": "2026-05-04"}]},
    {"login": "schools_chief", "name": "Заместитель Ш", "appointments":
        [{"body": "schools", "role": "responsible_head", "rank": 2, "to": "2026-05-04"}]}]}');
SELECT pg_temp.gaps('п. 4', 'п. 5', 'п. 6');
SELECT pg_temp.people('{"code": "altai", "officials": [
    {"login": "curator", "name": "Куратор", "email": "c@example.org", "appointments":
        [{"body": "press", "role": "curator", "from": "2026-05-05"}]},
    {"login": "health", "name": "Исполнитель З", "email": "h@example.org"},
    {"login": "schools_chief", "name": "Заместитель Ш", "email": "sc@example.org", "appointments":
        [{"body": "schools", "role": "responsible_head", "rank": 2, "from": "2026-05-05"},
         {"body": "schools", "role": "executor", "from": "2026-05-05"}]}]}');
SELECT pg_temp.gaps('п. 4', 'п. 5', 'п. 6');
-- a letter that never arrived, until it does; the clock ran on
SELECT pg_temp.incident('assigned', '{}', '{}', '2026-05-05') AS i \gset
UPDATE osm.notification SET state = 'dead' WHERE incident_id = :i;
SELECT pg_temp.gaps('п. 6');
SELECT pg_temp.term(:i, 'answer');
UPDATE osm.notification SET state = 'sent', sent_at = osm.now() WHERE incident_id = :i;
SELECT pg_temp.gaps('п. 6');
SELECT pg_temp.clock_at('2026-05-05 12:00');

\echo
\echo == ALT п.19: shortcomings are told to the deputy chairs
SELECT b.code, missing::integer > 0 AS late_steps, answer
FROM osm.duty_gap AS g JOIN osm.body AS b ON b.id = g.body_id WHERE clause = 'п. 19' ORDER BY 1;
SELECT pg_temp.done('roads', 'deficiency', '{"reference": "исх. 1"}');
SELECT pg_temp.done('curator', 'deficiency');
SELECT pg_temp.done('curator', 'deficiency', '{"reference": "исх. 1"}');
SELECT pg_temp.gaps('п. 19');

\echo
\echo == ALT п.20: a summary every month, by the last working day of the next
SELECT pg_temp.gaps('п. 20');
SELECT pg_temp.done('health', 'monthly_summary');
SELECT pg_temp.done('curator', 'monthly_summary', format('{"period": "2026-%s-01"}', m)::jsonb)
FROM unnest('{01,02,03}'::text[]) AS m;
SELECT pg_temp.gaps('п. 20');
SELECT pg_temp.clock_at('2026-05-29 18:00');
SELECT pg_temp.gaps('п. 20');
SELECT pg_temp.done('curator', 'monthly_summary');
SELECT period, timezone('Asia/Barnaul', due_at), done_at > due_at AS late FROM osm.duty_record
WHERE duty = 'monthly_summary' ORDER BY period;
SELECT pg_temp.clock_at('2026-06-01 09:00');
SELECT pg_temp.gaps('п. 20');

\echo
\echo == ALT п.21: a significant message is reported at once; the term is advisory
SELECT pg_temp.incident('detected', '{"importance": "significant"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'report_immediately');
SELECT pg_temp.step('curator', :i, 'report_immediately', '{}', '2026-03-02 10:20');
SELECT pg_temp.term(:i, 'immediate_report');
SELECT pg_temp.incident('detected', '{"importance": "significant"}') AS i \gset
SELECT pg_temp.step('curator', :i, 'report_immediately', '{}', '2026-03-02 10:31');
SELECT pg_temp.term(:i, 'immediate_report');
SELECT overdue_since FROM osm.incident WHERE id = :i;
-- what was never reported stays a gap until it is
SELECT pg_temp.incident('detected', '{"importance": "significant"}') AS i \gset
SELECT duty, missing, timezone('Asia/Barnaul', since), answer
FROM osm.duty_gap WHERE clause = 'п. 21' AND incident_id = :i;
SELECT pg_temp.done('roads', 'immediate_report', jsonb_build_object('incident', :i));
SELECT pg_temp.done('curator', 'immediate_report', jsonb_build_object('incident', :i));
SELECT count(*) FROM osm.duty_gap WHERE clause = 'п. 21' AND incident_id = :i;
-- a surge: ten messages on one topic in a day; the number is ours, so a warning
SELECT count(pg_temp.incident('detected', '{"topic": "вода"}', '{}', '2026-06-10')) AS messages
FROM generate_series(1, 9);
SELECT pg_temp.gaps('п. 21');
SELECT pg_temp.incident('detected', '{"topic": "вода"}', '{}', '2026-06-10') > 0 AS tenth;
SELECT pg_temp.gaps('п. 21');
SELECT pg_temp.done('roads', 'surge_report', '{"topic": "вода"}');
SELECT pg_temp.done('curator', 'surge_report', '{"topic": "вода"}');
SELECT pg_temp.gaps('п. 21');
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.term(:i, 'immediate_report');

\echo
\echo == ALT п.6, 7, 9-14: the other readings are sound documents too
SELECT pg_temp.other_reading('{route,return,info,draft,review,rework,post}',
    '{"calendar": "around-the-clock"}');
SELECT pg_temp.other_reading('{answer,final}', '{}', '{pauses_on,resumes_on}');
SELECT pg_temp.other_reading('{final}', '{"stops_on": ["post/answer"]}');

\echo
\echo == the door: a plain UPDATE is held to the act like any call
BEGIN;
SELECT osm.act_as('roads');
\set VERBOSITY default
UPDATE osm.incident SET state = 'answered' WHERE id = :i;
ROLLBACK;
SELECT count(*) AS broken_chains FROM osm.verify_chains();
-- every rule of the act was at work here
SELECT 'never ran: ' || r.name FROM osm.clock_rule AS r
WHERE NOT EXISTS (SELECT FROM osm.clock AS c WHERE c.rule_id = r.id);
SELECT DISTINCT 'never taken: ' || t.action FROM osm.transition AS t
WHERE NOT EXISTS (SELECT FROM osm.event AS e WHERE e.action = t.action) ORDER BY 1;
-- an edition in use is not rewritten; it can end
\set VERBOSITY terse
SELECT osm.define_regulation(jsonb_set(osm.preset('ru-alt-132-2020'), '{clocks,0,term}',
    '"24 hours"'));
SELECT osm.define_regulation(jsonb_set(osm.preset('ru-alt-132-2020'), '{in_force,to}',
    '"2026-03-01"'));
SELECT osm.define_regulation(jsonb_set(osm.preset('ru-alt-132-2020'), '{in_force,to}',
    '"2026-12-31"')) IS NOT NULL AS ended;
SELECT osm.install_preset('ru-alt-132-2020');
SELECT osm.regulation_document('ru-alt-132-2020') = osm.preset('ru-alt-132-2020') AS open_again;
