-- The Akhtubinsk act at work: for every provision a step that keeps it and one that breaks it.
-- Times are those of Astrakhan; 2 March 2026 is a Monday, office hours 8:00-12:00, 13:00-17:00.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set regulation ru-ast-akhtubinsk-399-2020
\set zone Europe/Astrakhan
\set ECHO none
\i test/lib/act.sql
\set ECHO all
SELECT osm.install_preset(:'regulation');

-- The fifteen units of the annex, and one that is not in it.
SELECT pg_temp.people('{
    "code": "akhtubinsk", "title": "Администрация Ахтубинского района",
    "regulations": {"ru-ast-akhtubinsk-399-2020": {"coordinator": ["head"], "head": ["head"],
        "site_keeper": ["supply"], "general_office": ["general"],
        "executor": ["education", "economy", "farming", "property", "housing", "building",
            "emergency", "penalties", "law", "general", "finance", "culture", "press", "minors",
            "supply"]}},
    "bodies": [{"code": "head", "title": "Глава и помощник"},
        {"code": "education", "title": "Образование"}, {"code": "economy", "title": "Экономика"},
        {"code": "farming", "title": "Сельское хозяйство"},
        {"code": "property", "title": "Имущество и земля"},
        {"code": "housing", "title": "Жилищно-коммунальное хозяйство"},
        {"code": "building", "title": "Архитектура и строительство"},
        {"code": "emergency", "title": "ГО и ЧС"},
        {"code": "penalties", "title": "Административная комиссия"},
        {"code": "law", "title": "Правовые и кадровые вопросы"},
        {"code": "general", "title": "Общий отдел"}, {"code": "finance", "title": "Финансы"},
        {"code": "culture", "title": "Культура и кино"}, {"code": "press", "title": "СМИ"},
        {"code": "minors", "title": "Комиссия по делам несовершеннолетних"},
        {"code": "supply", "title": "Хозяйственное обеспечение", "kind": "organisation"},
        {"code": "archive", "title": "Архив"}],
    "officials": [
        {"login": "coordinator", "name": "Координатор", "email": "c@example.org", "appointments": [
            {"body": "head", "role": "coordinator", "act_ref": "постановление № 399, п. 2"}]},
        {"login": "housing1", "name": "Инженер", "email": "h1@example.org", "appointments": [
            {"body": "housing", "role": "executor"}]},
        {"login": "housing2", "name": "Диспетчер", "email": "h2@example.org", "appointments": [
            {"body": "housing", "role": "executor"}]},
        {"login": "building", "name": "Архитектор", "appointments": [
            {"body": "building", "role": "executor"}]},
        {"login": "finance", "name": "Бухгалтер", "appointments": [
            {"body": "finance", "role": "executor"}]},
        {"login": "archive", "name": "Архивист"}]}');

-- A message brought so far: detected at 9:00, assigned 9:10, review 9:30, approved 9:40.
CREATE FUNCTION pg_temp.incident(state text, message jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    id bigint := pg_temp.enter('coordinator', '{"channel": "vk", "text": "Яма"}'::jsonb || message,
                               '2026-03-02 09:00');
    known text;
BEGIN
    IF state IN ('collecting', 'compiling') THEN
        known := pg_temp.step('coordinator', id, 'route', '{"lead": "housing",
            "bodies": ["housing", "building", "finance"]}', '2026-03-02 09:10');
    ELSIF state <> 'detected' THEN
        known := pg_temp.step('coordinator', id, 'route', '{"bodies": ["housing"]}',
                              '2026-03-02 09:10');
    END IF;
    IF state = 'compiling' THEN
        PERFORM pg_temp.step('building', id, 'contribute', '{"text": "А"}', '2026-03-02 09:20');
        PERFORM pg_temp.step('housing2', id, 'contribute', '{"text": "Ж"}', '2026-03-02 09:22');
        known := pg_temp.step('finance', id, 'contribute', '{"text": "Ф"}', '2026-03-02 09:25');
    ELSIF state IN ('review', 'rework', 'approved') THEN
        known := pg_temp.step('housing1', id, 'submit', '{"text": "Засыпали"}', '2026-03-02 09:30');
        IF state = 'approved' THEN
            known := pg_temp.step('coordinator', id, 'approve', '{}', '2026-03-02 09:40');
        ELSIF state = 'rework' THEN
            known := pg_temp.step('coordinator', id, 'send_back', '{}', '2026-03-02 09:40');
        END IF;
    END IF;
    IF known <> state THEN
        RAISE 'the message is not where the test wants it: %', known;
    END IF;
    RETURN id;
END $$;
-- As term(), with the body that answers.
CREATE FUNCTION pg_temp.owed(incident bigint, rule text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', b.code, c.state,
                  'due', to_char(timezone('Europe/Astrakhan', c.due_at), 'DD.MM HH24:MI'),
                  CASE WHEN c.flagged_at IS NOT NULL THEN 'flagged' END), '; ' ORDER BY c.id)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    LEFT JOIN osm.body AS b ON b.id = c.body_id
    WHERE c.incident_id = incident AND r.name = rule
$$;


\echo
\echo == AKH act 1–2; 1.2, 1.4–1.5: through the coordinator and the listed units only; a unit executes
SELECT 'breaks', pg_temp.enter('housing1', '{"channel": "vk", "text": "Яма"}', '2026-03-02 09:00');
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["archive"]}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["head"]}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'route', '{"bodies": ["housing"]}');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing"]}');
SELECT n.kind, n.channel, o.login
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
WHERE n.incident_id = :i ORDER BY o.login;
-- whoever is appointed in the unit acts for it, and nobody of another one
SELECT 'breaks', pg_temp.step('building', :i, 'submit', '{"text": "Засыпали"}');
SELECT 'breaks', pg_temp.step('archive', :i, 'submit', '{"text": "Засыпали"}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'submit', '{"text": "Засыпали"}');
SELECT 'keeps', pg_temp.step('housing1', :i, 'submit', '{"text": "Засыпали"}'),
    pg_temp.step('coordinator', :i, 'approve');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'post', '{"channel": "vk"}');
SELECT 'keeps', pg_temp.step('housing2', :i, 'post', '{"channel": "vk"}');
-- every unit of the annex may be sent to
SELECT 'keeps', count(*) FROM osm.body_role AS r JOIN osm.body AS b ON b.id = r.body_id
WHERE r.role = 'executor'
    AND pg_temp.step('coordinator', pg_temp.incident('detected'), 'route',
        jsonb_build_object('bodies', jsonb_build_array(b.code))) = 'assigned';
-- not the unit's powers: back to the coordinator, who sends it on; no term
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'keeps', pg_temp.step('housing2', :i, 'return', '{}', '2026-03-04 10:00'),
    pg_temp.step('coordinator', :i, 'route', '{"bodies": ["building"]}', '2026-03-05 10:00');

\echo
\echo == AKH 1.1, 1.3: the four networks; what is outside the scope is dismissed
SELECT 'keeps', c, pg_temp.enter('coordinator', jsonb_build_object('channel', c)) ~ '^\d+$'
FROM unnest('{vk,facebook,ok,instagram}'::text[]) AS c;
SELECT 'breaks', pg_temp.enter('coordinator', '{"channel": "telegram"}');
SELECT pg_temp.incident('approved') AS i \gset
SELECT 'breaks', pg_temp.step('housing1', :i, 'post', '{"channel": "telegram"}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'post', '{"channel": "ok",
    "account_kind": "person"}');
SELECT 'keeps', pg_temp.step('housing1', :i, 'post', '{"channel": "ok"}');
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('coordinator', :i, 'dismiss');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'dismiss', '{"reason": "out_of_scope"}');

\echo
\echo == AKH 3.1, 3.3–3.4: sent, drafted, approved or sent back, reworked; no terms, so nothing is late
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('housing1', :i, 'post', '{"channel": "vk"}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'submit');
SELECT 'breaks', pg_temp.step('housing1', :i, 'submit', '{"text": "Ждите", "kind": "interim"}');
SELECT 'keeps', pg_temp.step('housing1', :i, 'submit', '{"text": "Засыпали"}', '2026-03-16 10:00');
SELECT 'breaks', pg_temp.step('housing1', :i, 'approve');
SELECT 'breaks', pg_temp.step('housing1', :i, 'send_back');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'send_back', '{"comment": "Где именно?"}',
    '2026-03-30 10:00');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'approve');
SELECT 'keeps', pg_temp.step('housing2', :i, 'submit', '{"text": "У дома 5"}', '2026-04-13 10:00'),
    pg_temp.step('coordinator', :i, 'approve', '{}', '2026-04-27 10:00'),
    pg_temp.step('housing2', :i, 'post', '{"channel": "vk"}', '2026-05-14 10:00');
SELECT 'ticked' FROM osm.tick();
SELECT count(*) AS clocks FROM osm.clock WHERE incident_id = :i;
SELECT overdue_since, state FROM osm.incident WHERE id = :i;

\echo
\echo == AKH 3.2.1–3.2.2: each unit informs within 2 working hours; the coordinator drafts
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing", "building"]}');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'route', '{"lead": "housing",
    "bodies": ["housing", "building", "finance"]}', '2026-03-02 11:00'), pg_temp.owed(:i, 'info');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'contribute', '{"text": "За вас"}');
SELECT 'breaks', pg_temp.step('archive', :i, 'contribute', '{"text": "Из архива"}');
SELECT 'breaks', pg_temp.step('building', :i, 'contribute');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'compose', '{"text": "За всех"}');
SELECT 'keeps', pg_temp.step('building', :i, 'contribute', '{"text": "По плану"}',
    '2026-03-02 14:00');
SELECT 'keeps', pg_temp.step('housing2', :i, 'contribute', '{"text": "Кладём"}');
SELECT 'breaks', pg_temp.step('finance', :i, 'contribute', '{"text": "Оплачено"}',
    '2026-03-02 14:01');
SELECT pg_temp.owed(:i, 'info');
SELECT 'breaks', pg_temp.step('housing1', :i, 'compose', '{"text": "За всех"}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'submit', '{"text": "За всех"}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'compose');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'compose', '{"text": "За всех"}');
SELECT 'breaks', pg_temp.step('building', :i, 'post', '{"channel": "vk"}');
SELECT 'keeps', pg_temp.step('housing1', :i, 'post', '{"channel": "vk"}');
-- nobody informs: flagged by its due instant
SELECT pg_temp.incident('collecting') AS i, pg_temp.clock_at('2026-03-03 08:00') \gset
SELECT 'ticked' FROM osm.tick();
SELECT 'breaks', pg_temp.owed(:i, 'info');
-- one of several gives it back; the coordinator goes on with the others
SELECT 'keeps', pg_temp.step('finance', :i, 'return'),
    pg_temp.step('building', :i, 'contribute', '{"text": "По плану"}'),
    pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing"]}');
-- and left to one of them, no information is owed any more
SELECT pg_temp.incident('collecting') AS i \gset
SELECT 'keeps', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing"]}'),
    pg_temp.owed(:i, 'info');
SELECT pg_temp.incident('compiling') AS i \gset
SELECT 'keeps', pg_temp.step('coordinator', :i, 'route', '{"lead": "building",
    "bodies": ["housing", "building"]}'), pg_temp.step('coordinator', :i, 'compose',
    '{"text": "За двоих"}'), pg_temp.step('building', :i, 'post', '{"channel": "vk"}');

\echo
\echo == AKH 3.5: the author is asked by the coordinator, without review
SELECT pg_temp.incident('assigned') AS i \gset
SELECT 'breaks', pg_temp.step('housing1', :i, 'ask_author', '{"text": "Где?", "channel": "vk",
    "kind": "clarification"}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'submit', '{"text": "Где?",
    "kind": "clarification"}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'ask_author', '{"channel": "vk",
    "kind": "clarification"}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'ask_author', '{"text": "Где?",
    "kind": "clarification"}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'ask_author', '{"text": "Где?",
    "channel": "telegram", "kind": "clarification"}');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'ask_author', '{"text": "Где?", "channel": "vk",
    "kind": "clarification"}');
SELECT kind, state, posted_channel, posted_at = submitted_at, content ->> 'text'
FROM osm.reply WHERE incident_id = :i;
SELECT 'breaks', pg_temp.step('housing1', :i, 'submit', '{"text": "Засыпали"}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'author_reply', '{"text": "У дома 5"}');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'author_reply', '{"text": "У дома 5"}'),
    pg_temp.step('housing1', :i, 'submit', '{"text": "Засыпали"}');
SELECT s AS from, 'keeps', pg_temp.step('coordinator', i, 'ask_author', '{"text": "Где?",
    "channel": "vk", "kind": "clarification"}'),
    pg_temp.step('coordinator', i, 'author_reply', '{"text": "У дома 5"}')
FROM unnest('{detected,collecting,compiling,review,rework}'::text[]) AS s,
     LATERAL (SELECT pg_temp.incident(s)) AS p (i);

\echo
\echo == AKH 3.6: whether a repeat is sent again is decided by the coordinator, with the reason
SELECT pg_temp.incident('approved') AS first \gset
SELECT pg_temp.step('housing1', :first, 'post', '{"channel": "vk"}');
SELECT pg_temp.incident('detected', jsonb_build_object('repeat_of', :first)) AS i \gset
SELECT 'breaks', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing"]}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing", "building"],
    "lead": "housing"}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'close_repeat', '{"reason": "Уже отвечали"}');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing"],
    "repeat_reason": "Снова провалилась"}');
SELECT details ->> 'repeat_reason' FROM osm.event WHERE incident_id = :i AND action = 'route';
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('coordinator', :i, 'close_repeat', '{"reason": "Уже отвечали"}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'mark_repeat');
SELECT 'breaks', pg_temp.step('housing1', :i, 'mark_repeat',
    jsonb_build_object('repeat_of', :first));
SELECT 'keeps', pg_temp.step('coordinator', :i, 'mark_repeat',
    jsonb_build_object('repeat_of', :first));
SELECT 'breaks', pg_temp.step('coordinator', :i, 'close_repeat');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'close_repeat', '{"reason": "Уже отвечали"}');
SELECT state, repeat_of = :first, finished_at IS NOT NULL FROM osm.incident WHERE id = :i;
SELECT 'breaks', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing"],
    "repeat_reason": "Передумали"}');

\echo
\echo == AKH 3.7: threats, obscenity, insults are neither processed nor answered
SELECT pg_temp.incident('detected') AS i \gset
SELECT 'breaks', pg_temp.step('coordinator', :i, 'refuse');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'refuse', '{"reason": "boring"}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'refuse', '{"reason": "insult"}');
SELECT 'keeps', pg_temp.step('coordinator', :i, 'refuse', '{"reason": "insult"}');
SELECT 'breaks', pg_temp.step('coordinator', :i, 'route', '{"bodies": ["housing"]}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'submit', '{"text": "Всё же"}');
SELECT 'breaks', pg_temp.step('housing1', :i, 'post', '{"channel": "vk"}');
-- noticed later: from wherever it is
SELECT s AS from, 'keeps', pg_temp.step('coordinator', i, 'refuse', '{"reason": "threat_family"}'),
    pg_temp.owed(i, 'info')
FROM unnest('{assigned,collecting,compiling,review,rework,approved}'::text[]) AS s,
     LATERAL (SELECT pg_temp.incident(s)) AS p (i);

\echo
\echo == AKH 3.8–3.9: the unit answers for its late information
SELECT r.name, r.responsible, b.code, c.state, count(*)
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
LEFT JOIN osm.body AS b ON b.id = c.body_id
WHERE c.flagged_at IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 3;

\echo
\echo == AKH act 2: a coordinator by name of the act
SELECT pg_temp.people('{"code": "second", "title": "Второй район",
    "regulations": {"ru-ast-akhtubinsk-399-2020": {"executor": ["works"]}},
    "bodies": [{"code": "top", "title": "Глава"}, {"code": "works", "title": "Работы"}],
    "officials": [{"login": "works", "name": "Мастер", "appointments": [
        {"body": "works", "role": "executor"}]}]}');
SELECT 'breaks', pg_temp.gaps('пост. п. 2');
SELECT 'breaks', pg_temp.people('{"code": "second", "officials": [
    {"login": "second", "name": "Помощник", "appointments": [
        {"body": "top", "role": "coordinator"}]}]}');
SELECT 'breaks', pg_temp.gaps('пост. п. 2');
SELECT 'keeps', pg_temp.people('{"code": "second", "officials": [
    {"login": "second", "name": "Помощник", "appointments": [
        {"body": "top", "role": "coordinator", "act_ref": "постановление № 400, п. 2"}]}]}');
SELECT pg_temp.gaps('пост. п. 2');

\echo
\echo == AKH act 3; 2.1: accounts in the four networks
SELECT pg_temp.clock_at('2026-03-16 10:00') \g /dev/null
SELECT 'breaks', g FROM pg_temp.gaps('пост. п. 3', 'п. 2.1') AS g
WHERE g LIKE '%| head |%';
SELECT 'breaks', pg_temp.account('housing1', '{"channel": "vk", "url": "https://vk.example/akh"}');
SELECT 'breaks', pg_temp.account('coordinator', '{"channel": "telegram",
    "url": "https://t.example/akh"}');
SELECT 'keeps', pg_temp.account('coordinator', format('{"channel": "%s",
    "url": "https://%s.example/akh",
    "opened_on": "2026-01-15"}', c, c)::jsonb)
FROM unnest('{vk,facebook,ok,instagram}'::text[]) AS c;
SELECT g FROM pg_temp.gaps('пост. п. 3', 'п. 2.1') AS g
WHERE g LIKE '%| head |%';

\echo
\echo == AKH act 4–5: the act on the site, the newspaper told
SELECT 'breaks', g FROM pg_temp.gaps('пост. п. 4', 'пост. п. 5') AS g
WHERE g LIKE '%| supply |%';
SELECT 'breaks', g FROM pg_temp.gaps('пост. п. 5') AS g WHERE g LIKE '%| general |%';
SELECT 'breaks', pg_temp.done('coordinator', 'act_on_site');
SELECT 'keeps', pg_temp.done('coordinator', 'act_on_site',
    '{"url": "https://akh.example/docs/399"}');
SELECT 'keeps', pg_temp.done('coordinator', 'newspaper_note', '{"reference": "письмо 40"}');
SELECT g FROM pg_temp.gaps('пост. п. 4') AS g WHERE g LIKE '%| supply |%';
SELECT g FROM pg_temp.gaps('пост. п. 5') AS g WHERE g LIKE '%| general |%';

\echo
\echo == AKH annex: every listed unit has somebody who acts for it
SELECT 'breaks', g FROM pg_temp.gaps('прил.') AS g WHERE g LIKE '%| culture |%';
SELECT pg_temp.people('{"code": "akhtubinsk", "officials": [{"login": "culture",
    "name": "Методист", "appointments": [{"body": "culture", "role": "executor"}]}]}');
SELECT 'keeps', count(*) FROM pg_temp.gaps('прил.') AS g WHERE g LIKE '%| culture |%';

\echo
\echo == AKH 2.2–2.4: current information, formats, the specifics of the network: advisory
SELECT 'advised', g FROM pg_temp.gaps('п. 2.2', 'п. 2.3', 'п. 2.4') AS g
WHERE g LIKE '%| head |%';
SELECT 'keeps', pg_temp.publish('coordinator', format('{"account": "https://%s.example/akh",
    "published_at": "2026-02-10 12:00+04", "url": "https://%s.example/akh/1"}', c, c)::jsonb)
FROM unnest('{vk,facebook,ok,instagram}'::text[]) AS c;
SELECT 'keeps', pg_temp.done('coordinator', d, format('{"account": "https://%s.example/akh",
    "formats": true,
    "specifics": true}', c)::jsonb)
FROM unnest('{vk,facebook,ok,instagram}'::text[]) AS c,
     unnest('{formats,specifics}'::text[]) AS d;
SELECT g FROM pg_temp.gaps('п. 2.2', 'п. 2.3', 'п. 2.4') AS g
WHERE g LIKE '%| head |%';

\echo
\echo == AKH 2.5: the profile photo shows the official name
SELECT 'breaks', g FROM pg_temp.gaps('п. 2.5') AS g WHERE g LIKE '%| head |%';
SELECT 'keeps', pg_temp.account('coordinator', format('{"channel": "%s",
    "url": "https://%s.example/akh",
    "photo_name": true}', c, c)::jsonb) FROM unnest('{vk,facebook,ok,instagram}'::text[]) AS c;
SELECT g FROM pg_temp.gaps('п. 2.5') AS g WHERE g LIKE '%| head |%';

\echo
\echo == AKH 2.6: every working day the coordinator analyses, moderates, reacts, monitors
SELECT 'breaks', g FROM pg_temp.gaps('п. 2.6') AS g WHERE g LIKE '%| head |%';
SELECT 'breaks', pg_temp.done('housing1', 'daily_work', '{"period": "2026-03-13"}');
SELECT 'keeps', pg_temp.done('coordinator', 'daily_work', '{"period": "2026-03-13"}');
SELECT g FROM pg_temp.gaps('п. 2.6') AS g WHERE g LIKE '%| head |%';

\echo
\echo == AKH 3.9: shortcomings are reported to the head
SELECT 'breaks', pg_temp.gaps('п. 3.9');
SELECT 'breaks', pg_temp.done('coordinator', 'deficiency', '{"body": "finance"}');
SELECT 'keeps', pg_temp.done('coordinator', 'deficiency', format('{"body": "%s",
    "reference": "записка 3"}', b)::jsonb) FROM unnest('{housing,building,finance}'::text[]) AS b;
SELECT pg_temp.gaps('п. 3.9');

\echo
\echo == the door: a plain UPDATE is held to the act like any call
SELECT pg_temp.incident('assigned') AS i \gset
BEGIN;
SELECT osm.act_as('housing1');
\set VERBOSITY default
UPDATE osm.incident SET state = 'answered' WHERE id = :i;
ROLLBACK;
SELECT count(*) AS broken_chains FROM osm.verify_chains();
-- every rule of the act was at work here
SELECT 'never ran: ' || r.name FROM osm.clock_rule AS r
WHERE NOT EXISTS (SELECT FROM osm.clock AS c WHERE c.rule_id = r.id);
SELECT DISTINCT 'never taken: ' || t.action FROM osm.transition AS t
WHERE NOT EXISTS (SELECT FROM osm.event AS e WHERE e.action = t.action) ORDER BY 1;
