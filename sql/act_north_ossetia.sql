-- The North Ossetian act at work: for every provision a step that keeps it and one that breaks it.
-- Times are those of Moscow; 2 March 2026 is a Monday, office hours 9:00-13:00, 13:45-18:00.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set regulation ru-se-40-2023
\set zone Europe/Moscow
\set ECHO none
\i test/lib/act.sql
\set ECHO all
SELECT osm.install_preset(:'regulation');

SELECT pg_temp.people('{
    "code": "alania", "title": "Северная Осетия — Алания",
    "regulations": {"ru-se-40-2023": {"curator": ["centre"], "analyst": ["centre"],
        "registrar": ["office"], "account_manager": ["roads"],
        "executor": ["roads", "health", "schools", "hospital"]}},
    "bodies": [{"code": "centre", "title": "ЦУР"}, {"code": "office", "title": "Администрация"},
               {"code": "roads", "title": "Дороги"}, {"code": "health", "title": "Здравоохранение"},
               {"code": "schools", "title": "Школы"}, {"code": "zoo", "title": "Зоопарк"},
               {"code": "hospital", "title": "Больница", "kind": "organisation",
                "parent": "health"},
               {"code": "beslan", "title": "Беслан", "kind": "municipality"}],
    "officials": [
        {"login": "curator", "name": "Куратор", "appointments": [
            {"body": "centre", "role": "curator"}]},
        {"login": "analyst", "name": "Аналитик", "appointments": [
            {"body": "centre", "role": "analyst"}]},
        {"login": "robot", "name": "Автоматическая публикация", "appointments": [
            {"body": "centre", "role": "publisher"}]},
        {"login": "office", "name": "Администрация", "appointments": [
            {"body": "office", "role": "registrar"}]},
        {"login": "smm", "name": "Аккаунты Д", "appointments": [
            {"body": "roads", "role": "account_manager"}]},
        {"login": "roads", "name": "Исполнитель Д", "email": "r@example.org", "appointments": [
            {"body": "roads", "role": "executor"}]},
        {"login": "health", "name": "Исполнитель З", "email": "h@example.org", "appointments": [
            {"body": "health", "role": "executor"}]},
        {"login": "schools", "name": "Исполнитель Ш", "email": "s@example.org", "appointments": [
            {"body": "schools", "role": "executor"}]}]}');

-- A message brought so far: detected at 10:00, assigned 10:10, review 10:30, approved 10:40.
CREATE FUNCTION pg_temp.incident(state text, message jsonb DEFAULT '{}', reply jsonb DEFAULT '{}',
                                 day text DEFAULT '2026-03-02') RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    id bigint := pg_temp.enter('curator', '{"channel": "vk", "text": "Яма", "topic": "дороги",
        "place": "Владикавказ", "importance": "normal"}'::jsonb || message, day || ' 10:00');
BEGIN
    IF state IN ('collecting', 'compiling') THEN
        PERFORM pg_temp.step('curator', id, 'route', '{"bodies": ["roads", "health", "schools"],
            "lead": "roads"}', day || ' 10:10');
        IF state = 'compiling' THEN
            PERFORM pg_temp.step('health', id, 'contribute', '{"text": "З"}', day || ' 10:20');
            PERFORM pg_temp.step('roads', id, 'contribute', '{"text": "Д"}', day || ' 10:22');
            PERFORM pg_temp.step('schools', id, 'contribute', '{"text": "Ш"}', day || ' 10:25');
        END IF;
        RETURN id;
    END IF;
    IF state <> 'detected' THEN
        PERFORM pg_temp.step('curator', id, 'route', '{"bodies": ["roads"]}', day || ' 10:10');
    END IF;
    IF state IN ('review', 'approved') THEN
        PERFORM pg_temp.step('roads', id, 'submit',
            '{"text": "Засыпали", "resolution": "Яма засыпана"}'::jsonb || reply, day || ' 10:30');
    END IF;
    IF state = 'approved' THEN
        PERFORM pg_temp.step('curator', id, 'approve', '{"checklist": {"full": true,
            "lively": true, "concise": true, "format": true, "substance": true, "media": true}}',
            day || ' 10:40');
    END IF;
    RETURN id;
END $$;
-- As term(), with the body that answers.
CREATE FUNCTION pg_temp.owed(incident bigint, rule text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', b.code, c.state,
                  'due', to_char(timezone('Europe/Moscow', c.due_at), 'DD.MM HH24:MI'),
                  CASE WHEN NOT c.binding THEN 'advisory' END,
                  CASE WHEN c.flagged_at IS NOT NULL THEN 'flagged' END), '; ' ORDER BY c.id)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    LEFT JOIN osm.body AS b ON b.id = c.body_id
    WHERE c.incident_id = incident AND r.name = rule
$$;
CREATE FUNCTION pg_temp.overdue(incident bigint) RETURNS timestamp LANGUAGE sql AS $$
    SELECT timezone('Europe/Moscow', i.overdue_since) FROM osm.incident AS i WHERE i.id = incident
$$;
\set ticks '{"checklist": {"full": true, "lively": true, "concise": true, "format": true, "substance": true, "media": true}}'

\echo
\echo == SE act 1, 6a, 7: in force from the publication; a case of an earlier day is not one of this act
SELECT 'keeps', pg_temp.enter('curator', '{"channel": "vk", "topic": "a", "place": "b",
    "importance": "normal", "detected_at": "2023-02-17 09:00+03"}', '2026-03-02 10:00') ~ '^\d+$';
SELECT 'breaks', pg_temp.enter('curator', '{"channel": "vk", "topic": "a", "place": "b",
    "importance": "normal", "detected_at": "2023-02-16 23:59+03"}');
SELECT in_force, published_on FROM osm.regulation WHERE code = 'ru-se-40-2023';

\echo
\echo == SE Пол. п.1–3: scope; what is outside it is dismissed with a reason
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'dismiss');
SELECT 'keeps', pg_temp.step('curator', :i, 'dismiss', '{"reason": "out_of_scope"}');
SELECT pg_temp.owed(:i, 'answer'), pg_temp.owed(:i, 'route');

\echo
\echo == SE Пол. п.4–5: VK, OK and other platforms as needed
SELECT 'keeps', pg_temp.enter('curator', jsonb_build_object('channel', c, 'topic', 'a',
    'place', 'b', 'importance', 'normal')) ~ '^\d+$' FROM unnest('{vk,ok,telegram}'::text[]) AS c;
SELECT 'breaks', pg_temp.enter('curator', '{"topic": "a", "place": "b", "importance": "normal"}');

\echo
\echo == SE Пол. п.6: a responsible official of rank 2 at least; executors act for their own body
SELECT 'keeps', pg_temp.people('{"code": "alania",
    "officials": [{"login": "chief", "name": "Заместитель", "appointments":
        [{"body": "roads", "role": "responsible_head", "rank": 2}]}]}');
SELECT 'breaks', pg_temp.people('{"code": "alania",
    "officials": [{"login": "clerk", "name": "Специалист", "appointments":
        [{"body": "health", "role": "responsible_head", "rank": 3}]}]}');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('health', :i, 'submit', '{"text": "Не наше", "resolution": "-"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'submit', '{"text": "Наше", "resolution": "-"}');

\echo
\echo == SE Пол. п.7 абз.1: topic, place, importance; routed within 2 working hours to a competent body
SELECT 'breaks', pg_temp.enter('curator', '{"channel": "vk", "place": "b",
    "importance": "normal"}');
SELECT 'breaks', pg_temp.enter('curator', '{"channel": "vk", "topic": "a",
    "importance": "normal"}');
SELECT 'breaks', pg_temp.enter('curator', '{"channel": "vk", "topic": "a", "place": "b"}');
SELECT 'breaks', pg_temp.enter('roads', '{"channel": "vk", "topic": "a", "place": "b",
    "importance": "normal"}');
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'route', '{"bodies": ["roads"]}');
SELECT 'breaks', pg_temp.step('curator', :i, 'route', '{"bodies": ["zoo"]}');
SELECT 'breaks', pg_temp.step('curator', :i, 'route');
SELECT 'keeps', pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}', '2026-03-02 12:00'),
    pg_temp.owed(:i, 'route');
SELECT n.kind, n.channel, n.subject = 'Направить: ' || :i, o.login
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id WHERE n.incident_id = :i;
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}', '2026-03-02 12:01'),
    pg_temp.owed(:i, 'route');
-- a subordinate organisation is sent to like a body
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'keeps', pg_temp.step('curator', :i, 'route', '{"bodies": ["hospital"]}');
-- detected on Friday evening, due on Monday
SELECT 'keeps', pg_temp.owed(pg_temp.enter('curator', '{"channel": "vk", "topic": "a",
    "place": "b", "importance": "normal"}', '2026-02-27 16:15')::bigint, 'route');

\echo
\echo == SE Пол. п.7 абз.2–3: the curator checks the answer; it tells the solution or its date
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "Разберёмся"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'submit', '{"text": "Засыплем",
    "promised_until": "2026-03-20"}');
SELECT 'breaks', pg_temp.step('roads', :i, 'approve', :'ticks');
SELECT 'breaks', pg_temp.step('curator', :i, 'approve', (:'ticks'::jsonb) #- '{checklist,full}');
SELECT 'breaks', pg_temp.step('curator', :i, 'approve', (:'ticks'::jsonb) #- '{checklist,lively}');
SELECT 'breaks', pg_temp.step('curator', :i, 'approve', (:'ticks'::jsonb) #- '{checklist,concise}');
SELECT 'keeps', pg_temp.step('curator', :i, 'approve', :'ticks');

\echo
\echo == SE Пол. п.7 абз.4: a question to the author is agreed with the curator; the terms stand still
SELECT pg_temp.incident('review', '{}', '{"kind": "clarification"}') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT 'keeps', pg_temp.step('curator', :i, 'approve'),
    pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00'),
    pg_temp.owed(:i, 'answer');
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "А", "resolution": "-"}');
SELECT 'breaks', pg_temp.step('health', :i, 'author_reply', '{"text": "У дома 5"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'author_reply', '{"text": "У дома 5"}',
    '2026-03-03 11:00'), pg_temp.owed(:i, 'answer'), pg_temp.owed(:i, 'interim_draft');
-- silence finishes nothing
SELECT pg_temp.incident('approved', '{}', '{"kind": "clarification"}') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00'),
    pg_temp.step('curator', :i, 'dismiss', '{"reason": "not_critical"}', '2026-04-20 11:00');

\echo
\echo == SE Пол. п.8: not competent: back within 30 minutes with grounds; sent on within 2 hours
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'return', '{}', '2026-03-02 10:40');
SELECT 'keeps', pg_temp.step('roads', :i, 'return', '{"reason": "Дорога ведомственная"}'),
    pg_temp.owed(:i, 'return');
SELECT release_reason FROM osm.assignment WHERE incident_id = :i;
SELECT 'keeps', pg_temp.step('curator', :i, 'route', '{"bodies": ["health"]}', '2026-03-02 12:40'),
    pg_temp.owed(:i, 'route'), pg_temp.owed(:i, 'answer');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'return', '{"reason": "Не наше"}', '2026-03-02 10:41'),
    pg_temp.owed(:i, 'return');
SELECT 'breaks', pg_temp.step('curator', :i, 'route', '{"bodies": ["health"]}', '2026-03-02 12:42'),
    pg_temp.owed(:i, 'route');
-- who keeps it owes no return
SELECT pg_temp.incident('assigned') AS i, pg_temp.clock_at('2026-03-02 12:00') \gset
SELECT 'ticked' FROM osm.tick();
SELECT 'keeps', pg_temp.owed(:i, 'return');

\echo
\echo == SE Пол. п.9 абз.1: 9 working hours from detection to the posted answer
SELECT pg_temp.incident('approved') AS i \gset
SELECT 'keeps', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-03 10:45'),
    pg_temp.owed(:i, 'answer'), pg_temp.overdue(:i);
SELECT pg_temp.incident('approved') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-03 10:46'),
    pg_temp.owed(:i, 'answer'), pg_temp.overdue(:i);
-- nobody answers: flagged by its due instant, whenever somebody looks
SELECT pg_temp.incident('assigned') AS i, pg_temp.clock_at('2026-03-05 09:00') \gset
SELECT 'ticked' FROM osm.tick();
SELECT 'breaks', pg_temp.owed(:i, 'answer'), pg_temp.overdue(:i);
SELECT DISTINCT n.kind FROM osm.notification AS n WHERE n.incident_id = :i ORDER BY 1;
-- Monday, 23 November 2026 is a holiday of the republic only
SELECT 'keeps', pg_temp.owed(pg_temp.enter('curator', '{"channel": "vk", "topic": "a",
    "place": "b", "importance": "normal"}', '2026-11-20 15:45')::bigint, 'answer');

\echo
\echo == SE Пол. п.9 абз.2: interim and question 4 hours before the end; for the final draft an advice
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'keeps', pg_temp.step('roads', :i, 'submit', '{"text": "А", "kind": "interim"}',
    '2026-03-02 15:45'), pg_temp.owed(:i, 'interim_draft'), pg_temp.owed(:i, 'draft');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "А", "kind": "interim"}',
    '2026-03-02 15:46'), pg_temp.owed(:i, 'interim_draft');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "А", "kind": "clarification"}',
    '2026-03-02 15:46'), pg_temp.owed(:i, 'interim_draft');
SELECT pg_temp.incident('assigned') AS i, pg_temp.clock_at('2026-03-02 15:46') \gset
SELECT 'ticked' FROM osm.tick();
SELECT 'advised', pg_temp.step('roads', :i, 'submit', '{"text": "А", "resolution": "-"}'),
    pg_temp.owed(:i, 'interim_draft'), pg_temp.owed(:i, 'draft'), pg_temp.overdue(:i);
-- given to a body when no time is left for it: nobody can keep it, so it is an advice too
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'advised', pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}', '2026-03-03 09:00'),
    pg_temp.step('roads', :i, 'submit', '{"text": "А", "kind": "interim"}'),
    pg_temp.owed(:i, 'interim_draft');

\echo
\echo == SE Пол. п.9 абз.3–4: decided within 2 working hours; reworked within 1
SELECT pg_temp.incident('review') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'send_back');
SELECT 'keeps', pg_temp.step('curator', :i, 'send_back', '{"reason": "officialese"}',
    '2026-03-02 12:30'), pg_temp.owed(:i, 'review');
SELECT 'breaks', pg_temp.step('curator', :i, 'approve', :'ticks');
SELECT 'keeps', pg_temp.step('roads', :i, 'submit', '{"text": "Лучше", "resolution": "-"}',
    '2026-03-02 14:15'), pg_temp.owed(:i, 'rework');
SELECT 'keeps', pg_temp.step('curator', :i, 'send_back', '{"reason": "цифры не те"}',
    '2026-03-02 14:30');
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "Ещё", "resolution": "-"}',
    '2026-03-02 15:31'), pg_temp.owed(:i, 'rework');
SELECT pg_temp.incident('review') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'approve', :'ticks', '2026-03-02 12:31'),
    pg_temp.owed(:i, 'review');

\echo
\echo == SE Пол. п.9 абз.5: posted within 30 minutes in the network of the message, or automatically
SELECT pg_temp.incident('review') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.incident('approved') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post');
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "ok"}');
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk", "account_kind": "person"}');
SELECT 'breaks', pg_temp.step('curator', :i, 'post', '{"channel": "vk"}');
SELECT 'breaks', pg_temp.step('health', :i, 'post', '{"channel": "vk"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:10'),
    pg_temp.owed(:i, 'post');
SELECT pg_temp.incident('approved') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:11'),
    pg_temp.owed(:i, 'post');
SELECT pg_temp.incident('approved') AS i \gset
SELECT 'keeps', pg_temp.step('robot', :i, 'post', '{"channel": "vk"}');
SELECT c.stopped_at - c.started_at, c.state
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :i AND r.name = 'post';

\echo
\echo == SE Пол. п.10: the final draft within 2 working days of the interim, or by the date it names
SELECT pg_temp.incident('approved', '{}', '{"kind": "interim"}') AS i \gset
SELECT 'keeps', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00'),
    pg_temp.owed(:i, 'answer'), pg_temp.owed(:i, 'final');
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "Ещё подождите",
    "kind": "interim"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'submit', '{"text": "Готово", "resolution": "-"}',
    '2026-03-04 18:00'), pg_temp.owed(:i, 'final'), pg_temp.overdue(:i);
SELECT pg_temp.incident('approved', '{}', '{"kind": "interim"}') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00'),
    pg_temp.step('roads', :i, 'submit', '{"text": "Готово", "resolution": "-"}',
    '2026-03-05 09:00'), pg_temp.owed(:i, 'final'), pg_temp.overdue(:i);
-- the date the approved interim names counts, not one named at the posting
SELECT pg_temp.incident('approved', '{}', '{"kind": "interim",
    "promised_until": "2026-03-20"}') AS i \gset
SELECT 'keeps', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00'),
    pg_temp.owed(:i, 'final'),
    pg_temp.step('roads', :i, 'submit', '{"text": "Готово", "resolution": "-"}',
    '2026-03-20 17:00'), pg_temp.owed(:i, 'final');
SELECT pg_temp.incident('approved', '{}', '{"kind": "interim",
    "promised_until": "2026-03-20"}') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 11:00'),
    pg_temp.step('roads', :i, 'submit', '{"text": "Готово", "resolution": "-"}',
    '2026-03-23 09:00'), pg_temp.owed(:i, 'final'), pg_temp.overdue(:i);

\echo
\echo == SE Пол. п.11: several: each informs in 2 hours; the curator drafts; an executor posts
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "roads"]}');
SELECT 'keeps', pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "roads", "schools"],
    "lead": "roads"}', '2026-03-02 10:10'), pg_temp.owed(:i, 'info');
SELECT string_agg(concat_ws(' ', a.seq_no, b.code, a.role), '; ' ORDER BY a.seq_no)
FROM osm.assignment AS a JOIN osm.body AS b ON b.id = a.body_id WHERE a.incident_id = :i;
SELECT 'breaks', pg_temp.step('curator', :i, 'compose', '{"text": "За всех", "resolution": "-"}');
SELECT 'breaks', pg_temp.step('curator', :i, 'contribute', '{"text": "За вас"}');
SELECT 'breaks', pg_temp.step('health', :i, 'contribute');
SELECT 'keeps', pg_temp.step('health', :i, 'contribute', '{"text": "Вода чистая"}',
    '2026-03-02 12:10');
SELECT 'keeps', pg_temp.step('roads', :i, 'contribute', '{"text": "Яма засыпана"}');
SELECT 'breaks', pg_temp.step('schools', :i, 'contribute', '{"text": "Школа открыта"}',
    '2026-03-02 12:11');
SELECT pg_temp.owed(:i, 'info');
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "За всех", "resolution": "-"}');
SELECT 'breaks', pg_temp.step('roads', :i, 'compose', '{"text": "За всех", "resolution": "-"}');
SELECT 'breaks', pg_temp.step('curator', :i, 'compose', '{"text": "За всех"}');
SELECT 'keeps', pg_temp.step('curator', :i, 'compose', '{"text": "За всех",
    "resolution": "-"}'::jsonb || :'ticks', '2026-03-02 12:30'), pg_temp.owed(:i, 'post');
SELECT 'breaks', pg_temp.step('health', :i, 'post', '{"channel": "vk"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-02 12:45'),
    pg_temp.owed(:i, 'answer');
-- the curator chooses another account
SELECT pg_temp.incident('compiling') AS i \gset
SELECT 'keeps', pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "roads", "schools"],
    "lead": "health"}'), pg_temp.step('curator', :i, 'compose', '{"text": "За всех",
    "resolution": "-"}'::jsonb || :'ticks'), pg_temp.step('health', :i, 'post',
    '{"channel": "vk"}');
-- an interim before all have informed, then the common answer
SELECT pg_temp.incident('collecting') AS i \gset
SELECT 'keeps', pg_temp.step('health', :i, 'contribute', '{"text": "Вода чистая"}'),
    pg_temp.step('curator', :i, 'compose', '{"text": "Подождите", "kind": "interim"}'::jsonb
        || :'ticks', '2026-03-02 12:00'),
    pg_temp.step('roads', :i, 'post', '{"channel": "vk"}'), pg_temp.owed(:i, 'final');
SELECT 'breaks', pg_temp.step('curator', :i, 'compose', '{"text": "За всех",
    "resolution": "-"}'::jsonb || :'ticks');
SELECT 'keeps', pg_temp.step('roads', :i, 'contribute', '{"text": "Яма засыпана"}'),
    pg_temp.step('schools', :i, 'contribute', '{"text": "Школа открыта"}'),
    pg_temp.step('curator', :i, 'compose', '{"text": "За всех", "resolution": "-"}'::jsonb
        || :'ticks'),
    pg_temp.step('roads', :i, 'post', '{"channel": "vk"}'), pg_temp.owed(:i, 'final');
-- a question to the author on the way, and back where it was
SELECT pg_temp.incident('collecting') AS i \gset
SELECT 'keeps', pg_temp.step('curator', :i, 'compose', '{"text": "Где?",
    "kind": "clarification"}'), pg_temp.step('roads', :i, 'post', '{"channel": "vk"}'),
    pg_temp.step('curator', :i, 'author_reply', '{"text": "У дома 5"}');
SELECT pg_temp.incident('compiling') AS i \gset
SELECT 'keeps', pg_temp.step('curator', :i, 'compose', '{"text": "Где?",
    "kind": "clarification"}'), pg_temp.step('roads', :i, 'post', '{"channel": "vk"}'),
    pg_temp.step('curator', :i, 'author_reply', '{"text": "У дома 5"}');
-- in the order the curator sets: each has 2 hours from its own turn
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'keeps', pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "roads", "schools"],
    "lead": "roads", "order": "sequence"}', '2026-03-02 10:10'), pg_temp.owed(:i, 'info');
SELECT 'breaks', pg_temp.step('schools', :i, 'contribute', '{"text": "Школа открыта"}');
SELECT 'breaks', pg_temp.step('roads', :i, 'contribute', '{"text": "Яма засыпана"}');
SELECT 'keeps', pg_temp.step('health', :i, 'contribute', '{"text": "Вода чистая"}',
    '2026-03-02 11:00');
SELECT 'keeps', pg_temp.step('roads', :i, 'contribute', '{"text": "Яма засыпана"}',
    '2026-03-02 13:00'), pg_temp.owed(:i, 'info');
SELECT 'breaks', pg_temp.step('schools', :i, 'contribute', '{"text": "Школа открыта"}',
    '2026-03-02 15:46'), pg_temp.owed(:i, 'info');
-- or each answers its part from its own account
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'keeps', pg_temp.step('curator', :i, 'route', '{"bodies": ["health", "roads"],
    "answers": "separate"}', '2026-03-02 10:10');
SELECT i.state, b.code, i.part_of = :i AS part, i.detected_at
FROM osm.incident AS i JOIN osm.body AS b ON b.id = i.body_id
WHERE :i IN (i.id, i.part_of) ORDER BY i.id;
SELECT max(id) AS part FROM osm.incident WHERE part_of = :i \gset
SELECT 'breaks', pg_temp.step('health', :part, 'submit', '{"text": "А", "resolution": "-"}');
SELECT 'keeps', pg_temp.step('roads', :part, 'submit', '{"text": "А", "resolution": "-"}'),
    pg_temp.owed(:part, 'answer');
-- one of several gives it back
SELECT pg_temp.incident('collecting') AS i \gset
SELECT 'keeps', pg_temp.step('schools', :i, 'return', '{"reason": "Не школа"}'),
    pg_temp.step('health', :i, 'contribute', '{"text": "Вода чистая"}'),
    pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}');

\echo
\echo == SE Пол. п.12–13: a repeat tells measures or progress; manner, substance, media; all terms run
SELECT pg_temp.incident('approved') AS first \gset
SELECT pg_temp.step('roads', :first, 'post', '{"channel": "vk"}', '2026-03-02 11:00');
SELECT pg_temp.incident('assigned', jsonb_build_object('repeat_of', :first)) AS i \gset
SELECT pg_temp.owed(:i, 'route'), pg_temp.owed(:i, 'answer');
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан", "resolution": "-"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан", "resolution": "-",
    "progress": "Едет техника"}');
SELECT 'breaks', pg_temp.step('curator', :i, 'approve', (:'ticks'::jsonb) #- '{checklist,format}');
SELECT 'breaks', pg_temp.step('curator', :i, 'approve',
    (:'ticks'::jsonb) #- '{checklist,substance}');
SELECT 'breaks', pg_temp.step('curator', :i, 'approve', (:'ticks'::jsonb) #- '{checklist,media}');
SELECT 'keeps', pg_temp.step('curator', :i, 'approve', :'ticks');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'mark_repeat');
SELECT 'breaks', pg_temp.step('roads', :i, 'mark_repeat', jsonb_build_object('repeat_of', :first));
SELECT 'keeps', pg_temp.step('curator', :i, 'mark_repeat', jsonb_build_object('repeat_of', :first));
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"resolution": "-", "measures": "-"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'submit', '{"text": "Ответ дан", "resolution": "-",
    "measures": "Засыпано"}');
SELECT 'breaks', pg_temp.step('roads', :first, 'submit', '{"text": "Ещё раз", "resolution": "-"}');
-- late like any other: №24
SELECT pg_temp.incident('approved', jsonb_build_object('repeat_of', :first),
    '{"measures": "Засыпано"}') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-03 10:46'),
    pg_temp.owed(:i, 'answer'), pg_temp.owed(:i, 'post');

\echo
\echo == SE Пол. п.14: threats, obscenity, insults: not processed, not answered; law enforcement is told
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'refuse');
SELECT 'breaks', pg_temp.step('curator', :i, 'refuse', '{"reason": "boring"}');
SELECT 'breaks', pg_temp.step('roads', :i, 'refuse', '{"reason": "insult"}');
SELECT 'keeps', pg_temp.step('curator', :i, 'refuse', '{"reason": "insult"}');
SELECT 'breaks', pg_temp.step('roads', :i, 'submit', '{"text": "Всё же", "resolution": "-"}');
SELECT 'breaks', pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}');
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.owed(:i, 'answer'), pg_temp.owed(:i, 'draft');
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'notify_law', '{"attachments": ["снимок.png"]}');
SELECT 'breaks', pg_temp.step('curator', :i, 'notify_law', '{"written_ref": "исх. 15"}');
SELECT 'breaks', pg_temp.step('roads', :i, 'notify_law', '{"written_ref": "исх. 15",
    "attachments": ["снимок.png"]}');
SELECT 'keeps', pg_temp.step('curator', :i, 'notify_law', '{"written_ref": "исх. 15",
    "attachments": ["снимок.png"]}');
-- unlawful content refused: the notice is due at once, and may still follow
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'keeps', pg_temp.step('curator', :i, 'refuse', '{"reason": "threat_official"}'),
    pg_temp.owed(:i, 'law_notice'),
    pg_temp.step('curator', :i, 'notify_law', '{"written_ref": "исх. 15",
    "attachments": ["снимок.png"]}', '2026-03-02 10:30'), pg_temp.owed(:i, 'law_notice');
SELECT finished_at FROM osm.incident WHERE id = :i;
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'advised', pg_temp.step('curator', :i, 'refuse', '{"reason": "unlawful"}'),
    pg_temp.step('curator', :i, 'notify_law', '{"written_ref": "исх. 15",
    "attachments": ["снимок.png"]}', '2026-03-02 10:31'), pg_temp.owed(:i, 'law_notice'),
    pg_temp.overdue(:i);
-- refused from wherever it is; no other term stays open
SELECT pg_temp.incident('detected') AS detected, pg_temp.incident('collecting') AS collecting,
       pg_temp.incident('compiling') AS compiling, pg_temp.incident('review') AS in_review,
       pg_temp.incident('review') AS in_rework, pg_temp.incident('approved') AS approved,
       pg_temp.incident('approved', '{}', '{"kind": "interim"}') AS interim,
       pg_temp.incident('approved', '{}', '{"kind": "clarification"}') AS asked,
       pg_temp.incident('assigned') AS returned \gset
SELECT pg_temp.step('curator', :in_rework, 'send_back', '{"reason": "format"}'),
       pg_temp.step('roads', :interim, 'post', '{"channel": "vk"}'),
       pg_temp.step('roads', :asked, 'post', '{"channel": "vk"}'),
       pg_temp.step('roads', :returned, 'return', '{"reason": "Не наше"}');
SELECT state, 'keeps', pg_temp.step('curator', id, 'refuse', '{"reason": "threat_family"}')
FROM osm.incident WHERE id IN (:detected, :collecting, :compiling, :in_review, :in_rework,
    :approved, :interim, :asked, :returned) ORDER BY id;
SELECT c.incident_id, r.name, c.state
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id IN (:detected, :collecting, :compiling, :in_review, :in_rework, :approved,
    :interim, :asked, :returned) AND c.state NOT IN ('met', 'missed', 'cancelled')
    AND r.name <> 'law_notice'
ORDER BY 1, r.position;

\echo
\echo == SE Пол. п.15: the body answers for a late draft and its responsible head ensures the terms
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('curator', :i, 'send_back', '{"reason": "format"}', '2026-03-02 11:00'),
    pg_temp.step('roads', :i, 'submit', '{"text": "А", "resolution": "-"}', '2026-03-02 12:01'),
    pg_temp.step('curator', :i, 'approve', :'ticks', '2026-03-02 15:00');
SELECT r.name, r.responsible, b.code, h.login
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
LEFT JOIN osm.body AS b ON b.id = c.body_id
LEFT JOIN osm.appointment AS a ON a.body_id = c.body_id AND a.role = 'responsible_head'
LEFT JOIN osm.official AS h ON h.id = a.official_id
WHERE c.incident_id = :i AND c.state = 'missed' ORDER BY r.position;

\echo
\echo == SE Пол. п.17: significant messages are reported at once; the term is advisory
SELECT pg_temp.incident('detected', '{"importance": "significant"}') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'report_immediately');
SELECT 'keeps', pg_temp.step('curator', :i, 'report_immediately', '{}', '2026-03-02 10:30'),
    pg_temp.owed(:i, 'immediate_report');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'advised', pg_temp.step('curator', :i, 'raise_importance', '{"importance": "significant"}'),
    pg_temp.step('curator', :i, 'report_immediately', '{}', '2026-03-02 10:41'),
    pg_temp.owed(:i, 'immediate_report'), pg_temp.overdue(:i);

\echo
\echo == SE act 2, 3(1–3), 6b: the Administration keeps the accounts of the Government, coordinates, helps, controls
SELECT pg_temp.clock_at('2026-03-16 10:00') \g /dev/null
SELECT 'breaks', pg_temp.gaps('указ п. 2', 'указ п. 3(1)', 'указ п. 3(2)', 'указ п. 3(3)',
    'указ п. 6b');
SELECT pg_temp.people('{"code": "alania",
    "regulations": {"ru-se-40-2023": {"coordinator": ["office"], "controller": ["office"],
        "account_owner": ["office"]}},
    "officials": [{"login": "office", "name": "Администрация", "appointments": [
        {"body": "office", "role": "account_owner"}, {"body": "office", "role": "coordinator"},
        {"body": "office", "role": "controller"}]}]}');
SELECT 'breaks', pg_temp.gaps('указ п. 2', 'указ п. 3(1)', 'указ п. 3(2)', 'указ п. 3(3)',
    'указ п. 6b');
SELECT 'keeps', pg_temp.account('office', format('{"body": "office", "channel": "%s",
    "url": "https://%s.example/gov"}', c, c)::jsonb)
FROM unnest('{vk,ok}'::text[]) AS c;
SELECT pg_temp.gaps('указ п. 3(1)');

\echo
\echo == SE act 4(1–2), 5: bodies and organisations keep accounts and do the work; municipalities are advised
SELECT 'breaks', g FROM pg_temp.gaps('указ п. 4(1)') AS g WHERE g LIKE '%| roads |%';
SELECT 'breaks', pg_temp.gaps('указ п. 4(2)');
SELECT 'advised', pg_temp.gaps('указ п. 5');
SELECT 'keeps', pg_temp.account('smm', format('{"body": "roads", "channel": "%s",
    "url": "https://%s.example/roads",
      "opened_on": "2026-03-01"}', c, c)::jsonb) FROM unnest('{vk,ok}'::text[]) AS c;
SELECT pg_temp.people('{"code": "alania", "officials": [{"login": "hospital", "name": "Врач",
    "appointments": [{"body": "hospital", "role": "executor"}]}]}');
SELECT 'keeps', pg_temp.done('office', 'municipal_act', '{"body": "beslan",
    "reference": "пост. 7"}');
SELECT g FROM pg_temp.gaps('указ п. 4(1)') AS g WHERE g LIKE '%| roads |%';
SELECT pg_temp.gaps('указ п. 4(2)');
SELECT pg_temp.gaps('указ п. 5');

\echo
\echo == SE Пор. п.1–2: the register is written by the account manager of the owner and by its keeper
SELECT 'breaks', pg_temp.account('smm', '{"body": "health", "channel": "vk",
    "url": "https://vk.example/health"}');
SELECT 'breaks', pg_temp.account('health', '{"body": "health", "channel": "vk",
    "url": "https://vk.example/health"}');
SELECT 'keeps', pg_temp.account('office', '{"body": "health", "channel": "vk",
    "url": "https://vk.example/health"}');
SELECT pg_temp.incident('approved') AS i \gset
SELECT 'breaks', pg_temp.step('roads', :i, 'post', '{"channel": "vk",
    "account": "https://vk.example/nobody"}');
SELECT 'keeps', pg_temp.step('roads', :i, 'post', '{"channel": "vk",
    "account": "https://vk.example/roads"}');

\echo
\echo == SE Пор. п.3–4: accounts are run by a publication schedule
SELECT pg_temp.clock_at('2026-03-16 10:00') \g /dev/null
SELECT 'breaks', pg_temp.gaps('Пор. п. 3');
SELECT 'breaks', g FROM pg_temp.gaps('Пор. п. 4') AS g WHERE g LIKE '%| roads |%';
SELECT 'breaks', pg_temp.done('smm', 'plan');
SELECT 'keeps', pg_temp.done('office', 'government_plan', '{"reference": "график на 2026 год"}');
SELECT 'keeps', pg_temp.done('smm', 'plan', '{"body": "roads", "reference": "график на март"}');
SELECT pg_temp.gaps('Пор. п. 3');
SELECT g FROM pg_temp.gaps('Пор. п. 4') AS g WHERE g LIKE '%| roads |%';

\echo
\echo == SE Пор. п.5, 10: the accounts are coordinated, those of subordinates by their bodies
SELECT 'keeps', count(*) FROM pg_temp.gaps('Пор. п. 5');
SELECT 'breaks', pg_temp.gaps('Пор. п. 10');
SELECT pg_temp.people('{"code": "alania", "regulations": {"ru-se-40-2023":
    {"responsible_head": ["health", "schools", "hospital"]}}}');
SELECT 'keeps', pg_temp.gaps('Пор. п. 10');

\echo
\echo == SE Пор. п.6: an official for publishing and for contact with the centre
SELECT 'breaks', pg_temp.gaps('Пор. п. 6');
SELECT pg_temp.people('{"code": "alania", "officials": [{"login": "smm", "name": "Аккаунты",
    "appointments": [{"body": "health", "role": "account_manager"},
        {"body": "schools", "role": "account_manager"},
        {"body": "hospital", "role": "account_manager"}]}]}');
SELECT 'keeps', pg_temp.gaps('Пор. п. 6');

\echo
\echo == SE Пор. п.7: the centre supplies information and checks every account
SELECT 'breaks', g FROM pg_temp.gaps('Пор. п. 7') AS g WHERE g LIKE '%| roads |%';
SELECT 'breaks', pg_temp.done('smm', 'account_check', '{"account": "https://vk.example/roads",
    "complete": true}');
SELECT 'breaks', pg_temp.done('analyst', 'account_check', '{"account": "https://vk.example/roads",
    "complete": true,
    "timely": false, "conforming": true}');
SELECT g FROM pg_temp.gaps('Пор. п. 7') AS g WHERE g LIKE '%| roads |%';
SELECT 'keeps', pg_temp.done('analyst', 'account_check',
    format('{"account": "https://%s.example/roads", "complete": true, "timely": true,
    "conforming": true}', c)::jsonb) FROM unnest('{vk,ok}'::text[]) AS c;
SELECT g FROM pg_temp.gaps('Пор. п. 7') AS g WHERE g LIKE '%| roads |%';

\echo
\echo == SE Пор. п.8 абз.1–2: listed on the sites; three posts a week in every account
SELECT 'breaks', g FROM pg_temp.gaps('Пор. п. 8 абз. 1', 'Пор. п. 8 абз. 2') AS g
WHERE g LIKE '%| roads |%';
SELECT 'keeps', pg_temp.account('office', format('{"body": "roads", "channel": "%s",
    "url": "https://%s.example/roads",
      "site_link": "https://roads.example/social"}', c, c)::jsonb)
FROM unnest('{vk,ok}'::text[]) AS c;
SELECT 'keeps', pg_temp.publish('smm', format('{"account": "https://%s.example/roads",
    "url": "https://%s.example/roads/%s",
      "published_at": "2026-03-1%s 12:00+03"}', c, c, d, d)::jsonb)
FROM unnest('{vk,ok}'::text[]) AS c, unnest('{0,2,4}'::text[]) AS d
WHERE c = 'vk' OR d <> '4';
SELECT 'breaks', g FROM pg_temp.gaps('Пор. п. 8 абз. 1', 'Пор. п. 8 абз. 2') AS g
WHERE g LIKE '%| roads |%';
SELECT 'breaks', pg_temp.publish('smm', '{"account": "https://vk.example/nobody"}');

\echo
\echo == SE Пор. п.8 абз.3–4: formats, description, design and style: a check, advisory
SELECT 'advised', g FROM pg_temp.gaps('Пор. п. 8 абз. 3', 'Пор. п. 8 абз. 4') AS g
WHERE g LIKE '%| roads |%';
SELECT 'keeps', pg_temp.done('analyst', d, format('{"account": "https://%s.example/roads",
    "formats": true, "description": true,
      "design": true, "style": true}', c)::jsonb)
FROM unnest('{vk,ok}'::text[]) AS c, unnest('{formats,design}'::text[]) AS d;
SELECT g FROM pg_temp.gaps('Пор. п. 8 абз. 3', 'Пор. п. 8 абз. 4') AS g
WHERE g LIKE '%| roads |%';

\echo
\echo == SE Пор. п.9: a comment is deleted on a ground; spam, insults, obscenity: the user is restricted
SELECT 'breaks', pg_temp.done('smm', 'moderation', '{"body": "roads",
    "url": "https://vk.example/roads/c1"}');
SELECT 'breaks', pg_temp.done('smm', 'moderation', '{"body": "roads",
    "url": "https://vk.example/roads/c1", "reason": "criticism"}');
SELECT 'breaks', pg_temp.done('smm', 'moderation', '{"body": "roads",
    "url": "https://vk.example/roads/c1", "reason": "spam"}');
SELECT 'keeps', pg_temp.done('smm', 'moderation', '{"body": "roads",
    "url": "https://vk.example/roads/c2", "reason": "unlawful"}');
SELECT pg_temp.gaps('Пор. п. 9');
SELECT 'keeps', pg_temp.done('smm', 'moderation', '{"body": "roads",
    "url": "https://vk.example/roads/c1", "reason": "spam",
      "restricted": true}');
SELECT pg_temp.gaps('Пор. п. 9');

\echo
\echo == SE Пор. п.11–13: a rating every quarter; its results are told
SELECT pg_temp.clock_at('2026-07-01 10:00') \g /dev/null
SELECT 'breaks', g FROM pg_temp.gaps('Пор. п. 11') AS g ORDER BY g DESC LIMIT 1;
SELECT 'advised', g FROM pg_temp.gaps('Пор. п. 13') AS g ORDER BY g DESC LIMIT 1;
SELECT 'keeps', pg_temp.done('analyst', d, '{"period": "2026-01-01"}')
    FROM unnest('{rating,rating_told}'::text[]) AS d;
SELECT g FROM pg_temp.gaps('Пор. п. 11', 'Пор. п. 13') AS g WHERE g LIKE '%2026-01-01 %';
SELECT 'keeps', count(*) FROM pg_temp.gaps('Пор. п. 12');
SELECT 'breaks', pg_temp.attempt(NULL, $$SELECT osm.define_regulation(jsonb_set(
    osm.preset('ru-se-40-2023'), '{rating,zones,0,lowest}', '5.5')) > 0$$);
SELECT zone, lowest FROM osm.rating_zone ORDER BY lowest DESC;

\echo
\echo == SE Пол. п.4–6: resources linked from the site; officials; the form of interaction
SELECT 'breaks', g FROM pg_temp.gaps('Пол. п. 5') AS g WHERE g LIKE '%| health |%';
SELECT 'keeps', count(*) FROM pg_temp.gaps('Пол. п. 5') AS g WHERE g LIKE '%| roads |%';
SELECT 'breaks', g FROM pg_temp.gaps('Пол. п. 6') AS g WHERE g LIKE '%| schools |%';
SELECT pg_temp.people('{"code": "alania", "officials": [{"login": "director", "name": "Директор",
    "appointments": [{"body": "schools", "role": "responsible_head", "rank": 1}]}]}');
SELECT 'keeps', pg_temp.done('director', 'interaction_form', '{"body": "schools",
    "form": "приказ 12: ежедневная сверка"}');
SELECT g FROM pg_temp.gaps('Пол. п. 6') AS g WHERE g LIKE '%| schools |%';

\echo
\echo == SE Пол. п.14: a threat and no notice to law enforcement
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('curator', :i, 'refuse', '{"reason": "threat_official"}');
SELECT clause, duty, missing, answer FROM osm.duty_gap WHERE incident_id = :i;
SELECT 'keeps', pg_temp.done('curator', 'law_notice', format('{"incident": %s,
    "written_ref": "исх. 15", "attachments": ["снимок.png"]}', :i)::jsonb);
SELECT clause, duty, missing, answer FROM osm.duty_gap WHERE incident_id = :i;

\echo
\echo == SE Пол. п.16: a note every week
SELECT pg_temp.clock_at('2026-03-24 10:00') \g /dev/null
SELECT 'breaks', g FROM pg_temp.gaps('Пол. п. 16') AS g ORDER BY g DESC LIMIT 2;
SELECT 'breaks', pg_temp.done('curator', 'weekly_note', '{"reference": "записка 12"}');
SELECT 'breaks', pg_temp.done('analyst', 'weekly_note', '{"reference": "записка 12"}');
SELECT period, due_at, done_at > due_at AS late FROM osm.duty_record WHERE duty = 'weekly_note';
SELECT g FROM pg_temp.gaps('Пол. п. 16') AS g ORDER BY g DESC LIMIT 1;
SELECT 'keeps', pg_temp.done('analyst', 'weekly_note', '{"reference": "записка 13"}',
    '2026-03-30 17:00');
SELECT period, due_at, done_at > due_at AS late FROM osm.duty_record WHERE duty = 'weekly_note'
ORDER BY id;

\echo
\echo == SE Пол. п.17: a significant message and no report
SELECT pg_temp.incident('detected', '{"importance": "significant"}') AS i \gset
SELECT 'breaks', clause, duty, missing, answer FROM osm.duty_gap WHERE incident_id = :i;
SELECT 'keeps', pg_temp.step('curator', :i, 'report_immediately');
SELECT clause, duty, missing, answer FROM osm.duty_gap WHERE incident_id = :i;
-- raised activity: ten messages on one topic in a day
SELECT 'advised', count(*) FROM generate_series(1, 10) AS n, pg_temp.enter('curator',
    jsonb_build_object('channel', 'vk', 'topic', 'вода', 'place', 'дом ' || n,
        'importance', 'normal'), '2026-04-01 1' || n % 7 || ':00') AS e WHERE e ~ '^\d+$';
SELECT g FROM pg_temp.gaps('Пол. п. 17') AS g WHERE g LIKE '%surge%';
SELECT 'keeps', pg_temp.done('curator', 'surge_report', '{"topic": "вода"}', '2026-04-01 17:00');
SELECT g FROM pg_temp.gaps('Пол. п. 17') AS g WHERE g LIKE '%surge%';

\echo
\echo == SE Пор. п.12: a year in the green zone makes a candidate, a worse quarter ends the run
SELECT pg_temp.step('roads', pg_temp.incident('approved', day => d), 'post', '{"channel": "vk"}',
    d || ' 11:00')
FROM unnest('{2027-02-01,2027-02-02,2027-06-01,2027-06-02,2027-09-01,2027-09-02}'::text[]) AS d
\g /dev/null
SELECT 'breaks', count(*) FROM osm.rating_zone_streak
WHERE zone = 'green' AND since >= '2027-01-01' AND quarters >= 4;
SELECT pg_temp.step('roads', pg_temp.incident('approved', day => d), 'post', '{"channel": "vk"}',
    d || ' 11:00')
FROM unnest('{2027-12-01,2027-12-02}'::text[]) AS d
\g /dev/null
SELECT 'keeps', body, zone, since, until, quarters FROM osm.rating_zone_streak
WHERE zone = 'green' AND since >= '2027-01-01' AND quarters >= 4;

\echo
\echo == a body that only keeps accounts is not given an incident
SELECT osm.define_authority('{"code": "alania", "title": "Северная Осетия — Алания",
    "regulations": {"ru-se-40-2023": {"account_manager": ["zoo"]}}}') > 0;
SELECT pg_temp.step('curator', pg_temp.incident('detected'), 'route', '{"bodies": ["zoo"]}');
SELECT pg_temp.step('curator', pg_temp.incident('detected'), 'route', '{"bodies": ["roads"]}');

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
