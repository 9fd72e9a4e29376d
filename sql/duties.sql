-- Standing duties: each kind of gap comes up, is cured and goes; who may record what; weeks at the
-- end of a year and days at the edge of a zone. Two acts that come with the extension show that
-- each of their provisions answered by a gap has one; a small act of its own has every other kind.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
SELECT osm.install_preset('ru-alt-132-2020'), osm.install_preset('ru-ros-311-2018') \g /dev/null
SET osm_workflow.simulated_now = '2026-03-02 10:00+07';

-- Runs one statement as an official: 'ok', or the error with its detail and hint.
CREATE FUNCTION pg_temp.as(login text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    PERFORM osm.act_as(login);
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat(SQLSTATE, ' ', SQLERRM, E'\n    DETAIL: ' || nullif(detail, ''),
        E'\n    HINT: ' || nullif(hint, ''));
END $$;
-- Records something as an official.
CREATE FUNCTION pg_temp.account(login text, regulation text, account jsonb) RETURNS text
    LANGUAGE sql AS $$
    SELECT pg_temp.as(login, format('SELECT osm.record_account(%L, %L)', regulation, account)) $$;
CREATE FUNCTION pg_temp.post(login text, regulation text, publication jsonb) RETURNS text
    LANGUAGE sql AS $$
    SELECT pg_temp.as(login, format('SELECT osm.record_publication(%L, %L)', regulation,
        publication)) $$;
CREATE FUNCTION pg_temp.done(login text, regulation text, duty text, details jsonb DEFAULT '{}')
    RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.as(login, format('SELECT osm.record_duty(%L, %L, %L)', regulation, duty,
        details)) $$;
-- The gaps of one view, one line each.
CREATE FUNCTION pg_temp.gaps(view text, duty text DEFAULT NULL, body text DEFAULT NULL)
    RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT concat_ws(%L, g.answer, g.clause, g.duty, g.body, j ->> %L, j ->> %L, j ->> %L, '
        'g.missing, (j ->> %L)::date) FROM osm.%I AS g, to_jsonb(g) AS j '
        'WHERE g.duty = coalesce(%L, g.duty) AND g.body = coalesce(%L, g.body) '
        'ORDER BY g.authority_id, g.clause, g.duty, g.body_id, j ->> %L, j ->> %L, j ->> %L',
        ' | ', 'official', 'channel', 'url', 'period', view, duty, body, 'channel', 'url',
        'official');
END $$;
\echo

\echo == the Altai act: nothing is done yet
SELECT osm.define_authority('{
    "code": "altai", "title": "Алтайский край",
    "regulations": {"ru-alt-132-2020": {"executor": ["health", "roads"]}},
    "bodies": [{"code": "press", "title": "Печать"}, {"code": "health", "title": "Здравоохранение"},
               {"code": "roads", "title": "Дороги"}, {"code": "town", "title": "Город",
                "kind": "municipality"}],
    "officials": [{"login": "robot", "name": "Система",
                   "appointments": [{"body": "press", "role": "monitor"}]},
                  {"login": "clerk", "name": "Исполнитель Д", "email": "d@example.org",
                   "appointments": [{"body": "roads", "role": "executor"}]}]}') > 0;
SELECT pg_temp.gaps('appointment_gap');
SELECT pg_temp.gaps('account_gap');
SELECT pg_temp.gaps('publication_gap');
SELECT pg_temp.gaps('report_gap');
SELECT pg_temp.gaps('duty_gap');
SELECT pg_temp.gaps('cover_gap');
\echo

\echo == the Altai act: every provision answered by a gap or a warning has a gap of its own
SELECT c.path, c.answer, count(d.name) AS duties
FROM osm.clause AS c JOIN osm.regulation AS r ON r.id = c.regulation_id
LEFT JOIN osm.duty_rule AS d ON d.regulation_id = r.id AND d.clause = c.path
WHERE r.code = 'ru-alt-132-2020' AND c.answer ~ '[GW]'
GROUP BY c.path, c.answer, c.position ORDER BY c.position;
\echo

\echo == п. 2-5: named departments, curator, heads and executors cure it
SELECT osm.define_authority('{
    "code": "altai", "regulations": {"ru-alt-132-2020": {"coordinator": ["press"],
        "curator": ["press"]}},
    "officials": [{"login": "curator", "name": "Куратор", "appointments": [{"body": "press",
                   "role": "curator"}, {"body": "press", "role": "coordinator"}]},
                  {"login": "boss", "name": "Руководитель Д", "appointments": [{"body": "roads",
                   "role": "responsible_head", "rank": 2}]},
                  {"login": "doctor", "name": "Исполнитель З", "appointments": [
                    {"body": "health", "role": "executor", "to": "2026-03-10"},
                    {"body": "health", "role": "responsible_head", "rank": 1}]}]}') > 0;
SELECT pg_temp.gaps('appointment_gap');
SET osm_workflow.simulated_now = '2026-03-10 23:59+07';
SELECT pg_temp.gaps('appointment_gap', 'executor');
-- on the 11th by the clocks of Barnaul nobody is left
SET osm_workflow.simulated_now = '2026-03-11 00:00+07';
SELECT pg_temp.gaps('appointment_gap', 'executor');
SELECT timezone('Asia/Barnaul', since) FROM osm.appointment_gap WHERE duty = 'executor';
\echo

\echo == п. 3: accounts and their links
SET osm_workflow.simulated_now = '2026-03-02 10:00+07';
SELECT pg_temp.account('boss', 'ru-alt-132-2020', '{"channel": "vk",
    "url": "https://vk.example/d"}');
SELECT pg_temp.gaps('account_gap', NULL, 'Дороги');
SELECT pg_temp.account('boss', 'ru-alt-132-2020', jsonb_build_object('channel', c, 'url',
    'https://' || c || '.example/d', 'site_link', 'https://altai.example/links'))
FROM unnest('{vk,ok,facebook,twitter,instagram}'::text[]) AS c;
SELECT pg_temp.gaps('account_gap', NULL, 'Дороги');
-- closed, it is missing again
SELECT pg_temp.account('boss', 'ru-alt-132-2020',
    '{"channel": "ok", "url": "https://ok.example/d", "closed_on": "2026-03-02"}');
SELECT pg_temp.gaps('account_gap', NULL, 'Дороги');
SELECT pg_temp.account('boss', 'ru-alt-132-2020',
    '{"channel": "ok", "url": "https://ok.example/d", "closed_on": null}');
SELECT pg_temp.gaps('account_gap', NULL, 'Дороги');
-- what is not given stays
SELECT kind, site_link IS NOT NULL, is_open, opened_on, closed_on FROM osm.account
WHERE channel = 'ok';
-- the wrong person, the wrong kind, nonsense
SELECT pg_temp.account('doctor', 'ru-alt-132-2020', '{"body": "roads", "channel": "vk",
    "url": "https://vk.example/d"}');
SELECT pg_temp.account('robot', 'ru-alt-132-2020', '{"body": "press", "channel": "vk",
    "url": "https://vk.example/p"}');
SELECT pg_temp.account('', 'ru-alt-132-2020', '{"channel": "vk", "url": "https://vk.example/d"}');
SELECT pg_temp.account('boss', 'ru-ros-311-2018', '{"channel": "vk",
    "url": "https://vk.example/d"}');
SELECT pg_temp.account('boss', 'atlantis', '{"channel": "vk", "url": "https://vk.example/d"}');
SELECT pg_temp.account('boss', 'ru-alt-132-2020', '{"channel": "vk", "kind": "person",
    "url": "https://vk.example/e"}');
SELECT pg_temp.account('boss', 'ru-alt-132-2020', a) FROM (VALUES
    ('[]'::jsonb), ('{"channel": "vk"}'), ('{"channel": "vk", "url": " "}'),
    ('{"channel": "vk", "url": ["x"]}'), ('{"channel": "vk", "url": "x", "kind": "robot"}'),
    ('{"channel": "vk", "url": "x", "body": "moon"}'),
    ('{"channel": "vk", "url": "x", "holder": "nobody"}'),
    ('{"channel": "vk", "url": "x", "is_open": "yes"}'),
    ('{"channel": "vk", "url": "x", "opened_on": "soon"}'),
    ('{"channel": "vk", "url": "x", "opened_on": "2026-02-30"}'),
    ('{"channel": "vk", "url": "x", "opened_on": "2026-03-03"}'),
    ('{"channel": "vk", "url": "x", "opened_on": "2026-03-02", "closed_on": "2026-03-01"}'))
    AS t (a);
SELECT pg_temp.account('boss', NULL, '{}'), pg_temp.account('boss', 'ru-alt-132-2020', NULL);
SELECT pg_temp.done('boss', 'ru-alt-132-2020', NULL), pg_temp.post('boss', 'ru-alt-132-2020', NULL);
SELECT pg_temp.account('boss', 'ru-alt-132-2020', '{"channel": "vk", "is_open": null, "body": null,
    "url": "https://vk.example/d"}');
-- the department may for every body
SELECT pg_temp.account('curator', 'ru-alt-132-2020', '{"body": "health", "channel": "vk",
    "url": "https://vk.example/z"}');
\echo

\echo == п. 20: the monthly summary, due on the last working day of the next month
SELECT pg_temp.gaps('report_gap');
-- January's was due by the end of Friday, 27 February
SELECT period, timezone('Asia/Barnaul', due_at) FROM osm.report_gap;
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'monthly_summary', '{"period": "2026-01-15"}');
SELECT pg_temp.gaps('report_gap');
-- February's is due by the end of Tuesday, 31 March, in Barnaul
SET osm_workflow.simulated_now = '2026-04-01 00:00+07';
SELECT pg_temp.gaps('report_gap');
SET osm_workflow.simulated_now = '2026-04-01 00:00:01+07';
SELECT pg_temp.gaps('report_gap');
SELECT pg_temp.done('clerk', 'ru-alt-132-2020', 'monthly_summary');
-- without a period it is the last one that is over
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'monthly_summary', '{"period": "2026-02-01"}');
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'monthly_summary');
SELECT pg_temp.gaps('report_gap');
SELECT period, timezone('Asia/Barnaul', due_at) AS due, done_at > due_at AS late
FROM osm.duty_record WHERE duty = 'monthly_summary' ORDER BY id;
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'monthly_summary', d) FROM (VALUES
    ('{"period": "2026-05-01"}'::jsonb), ('{"period": "May"}'), ('{"done_at": "2026-04-02"}'),
    ('{"done_at": "yes"}'), ('{"body": "moon"}'), ('{"incident": 1}'), ('"x"')) AS t (d);
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'accounts');
\echo

\echo == п. 21: a significant message calls for a report at once
SELECT osm.act_as('robot') \g /dev/null
BEGIN;
SELECT osm.act_as('robot');
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "text": "Пожар", "topic": "т",
    "place": "м", "importance": "significant"}') AS fire \gset
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "text": "Потоп", "topic": "т",
    "place": "м", "importance": "significant"}') AS flood \gset
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "text": "Яма", "topic": "т",
    "place": "м", "importance": "normal"}') AS pit \gset
COMMIT;
SELECT incident_id = :fire AS fire, incident_id = :flood AS flood, duty, answer FROM osm.duty_gap
WHERE kind = 'immediate' ORDER BY incident_id;
-- one is cured by the step, the other by a record
SELECT pg_temp.as('curator', format('SELECT osm.perform(%s, %L)', :fire, 'report_immediately'));
SELECT pg_temp.done('robot', 'ru-alt-132-2020', 'immediate_report',
    jsonb_build_object('incident', :flood));
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'immediate_report',
    jsonb_build_object('incident', :flood));
SELECT pg_temp.gaps('duty_gap', 'immediate_report');
\echo

\echo == п. 19: late steps call for a notice of shortcomings
SELECT pg_temp.gaps('duty_gap', 'deficiency');
SELECT pg_temp.as('curator', format('SELECT osm.route(%s, %L)', :pit, '{roads}'));
SET osm_workflow.simulated_now = '2026-04-03 12:00+07';
SELECT pg_temp.gaps('duty_gap', 'deficiency');
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'deficiency', '{"body": "roads"}');
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'deficiency', '{"body": "roads",
    "reference": "01-02/3"}');
SELECT pg_temp.gaps('duty_gap', 'deficiency');
-- one notice may speak of all
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'deficiency', '{"reference": "01-02/4"}');
SELECT pg_temp.gaps('duty_gap', 'deficiency');
-- the worker's flag makes no second one
SELECT breaches > 0 FROM osm.tick();
SELECT pg_temp.gaps('duty_gap', 'deficiency');
SET osm_workflow.simulated_now = '2026-04-03 18:00+07';
SELECT pg_temp.gaps('duty_gap', 'deficiency');
\echo

\echo == п. 4 of the decree: what is only recommended is a warning
SELECT pg_temp.gaps('duty_gap', 'municipal_act');
SELECT pg_temp.done('curator', 'ru-alt-132-2020', 'municipal_act', '{"body": "town"}');
SELECT pg_temp.gaps('duty_gap', 'municipal_act');
\echo

\echo == evidence is only added to
UPDATE osm.duty_record SET done_at = '2026-01-01';
DELETE FROM osm.duty_record;
TRUNCATE osm.duty_record;
\echo

\echo == the Rostov act: two posts a week in each account
SET osm_workflow.simulated_now = '2025-12-10 12:00+03';
SELECT osm.define_authority('{
    "code": "rostov", "title": "Ростовская область",
    "regulations": {"ru-ros-311-2018": {"executor": ["r_roads"], "coordinator": ["appeals"],
        "operator": ["it"]}},
    "bodies": [{"code": "appeals", "title": "Обращения"}, {"code": "it", "title": "Связь"},
               {"code": "r_roads", "title": "Дороги Р"}, {"code": "depot", "title": "Депо",
                "parent": "r_roads"}],
    "officials": [{"login": "r_curator", "name": "Куратор Р", "appointments": [
                    {"body": "appeals", "role": "curator"},
                    {"body": "appeals", "role": "coordinator"}]},
                  {"login": "r_voice", "name": "Представитель", "appointments": [
                    {"body": "r_roads", "role": "representative"}]},
                  {"login": "r_depot", "name": "Исполнитель Депо", "appointments": [
                    {"body": "depot", "role": "executor"}]}]}') > 0;
SELECT pg_temp.gaps('appointment_gap', NULL, 'Дороги Р');
SELECT pg_temp.gaps('appointment_gap', 'controller');
SELECT pg_temp.gaps('account_gap', NULL, 'Дороги Р');
SELECT pg_temp.account('r_voice', 'ru-ros-311-2018', '{"channel": "vk", "kind": "organisation",
    "url": "https://vk.example/r"}');
SELECT pg_temp.account('r_voice', 'ru-ros-311-2018', '{"channel": "telegram",
    "url": "https://t.example/r"}');
-- opened on Tuesday, 16 December: the first week that counts begins on the 22nd
SET osm_workflow.simulated_now = '2025-12-16 12:00+03';
SELECT pg_temp.account('r_voice', 'ru-ros-311-2018', '{"channel": "vk", "holder": "r_voice",
    "url": "https://vk.example/r"}');
SELECT pg_temp.gaps('account_gap', NULL, 'Дороги Р');
SET osm_workflow.simulated_now = '2025-12-22 00:00+03';
SELECT pg_temp.gaps('publication_gap');
SET osm_workflow.simulated_now = '2025-12-28 23:59:59+03';
SELECT pg_temp.gaps('publication_gap');
SET osm_workflow.simulated_now = '2025-12-29 00:00+03';
SELECT pg_temp.gaps('publication_gap');
SELECT published, required, last_published_at, timezone('Europe/Moscow', since),
    timezone('Europe/Moscow', due_at) FROM osm.publication_gap;
SELECT pg_temp.post('r_voice', 'ru-ros-311-2018', '{"account": "https://vk.example/r",
    "url": "https://vk.example/r/1", "published_at": "2025-12-22 00:00+03"}');
SELECT pg_temp.gaps('publication_gap');
-- the same post again is no second one; one at the very end of the week is
SELECT pg_temp.post('r_voice', 'ru-ros-311-2018', '{"account": "https://vk.example/r",
    "url": "https://vk.example/r/1", "published_at": "2025-12-22 00:00+03"}');
SELECT pg_temp.gaps('publication_gap');
SELECT pg_temp.post('r_voice', 'ru-ros-311-2018', '{"account": "https://vk.example/r",
    "url": "https://vk.example/r/2", "published_at": "2025-12-28 23:59:59+03"}');
SELECT pg_temp.gaps('publication_gap');
-- the first week of 2026 begins on Monday, 29 December, and has posts of both years
SET osm_workflow.simulated_now = '2026-01-05 00:00+03';
SELECT pg_temp.gaps('publication_gap');
SELECT pg_temp.post('r_voice', 'ru-ros-311-2018', jsonb_build_object('account',
    'https://vk.example/r', 'published_at', p))
FROM unnest('{2025-12-31 23:00+03,2026-01-01 01:00+03}'::text[]) AS p;
SELECT pg_temp.gaps('publication_gap');
-- a post on Sunday evening in UTC is Monday in Moscow
SET osm_workflow.simulated_now = '2026-01-12 12:00+03';
SELECT pg_temp.post('r_voice', 'ru-ros-311-2018', jsonb_build_object('account',
    'https://vk.example/r', 'published_at', p))
FROM unnest('{2026-01-11 20:00+00,2026-01-11 21:00+00}'::text[]) AS p;
SELECT pg_temp.gaps('publication_gap');
SELECT pg_temp.post('r_depot', 'ru-ros-311-2018', '{"account": "https://vk.example/r"}');
SELECT pg_temp.post('r_voice', 'ru-ros-311-2018', p) FROM (VALUES
    ('{"account": "https://vk.example/nowhere"}'::jsonb), ('{}'), ('[]'),
    ('{"account": "https://vk.example/r", "published_at": "2026-01-13"}'),
    ('{"account": "https://vk.example/r", "published_at": "2025-12-15 12:00+03"}'),
    ('{"account": "https://vk.example/r", "published_at": {}}')) AS t (p);
\echo

\echo == the Rostov act: every provision answered by a gap or a warning has a duty
SELECT c.path, c.answer, count(d.name) AS duties
FROM osm.clause AS c JOIN osm.regulation AS r ON r.id = c.regulation_id
LEFT JOIN osm.duty_rule AS d ON d.regulation_id = r.id AND d.clause = c.path
WHERE r.code = 'ru-ros-311-2018' AND c.answer ~ '[GW]'
GROUP BY c.path, c.answer, c.position ORDER BY c.position;
\echo

\echo == a small act with every other kind of duty
SELECT osm.define_regulation('{
    "code": "try-duties", "edition": "1", "title": "Проба", "issuer": "Район", "act_no": "1",
    "act_date": "2025-01-01", "in_force": {"from": "2025-01-01"}, "time_zone": "Europe/Moscow",
    "calendar": "ru", "urgent_importance": ["elevated"],
    "clauses": [{"path": "п. 1", "summary": "Всё.", "answer": "B/L/G/W"}],
    "roles": [
        {"name": "curator", "title": "Куратор", "scope": "authority", "clause": "п. 1"},
        {"name": "clerk", "title": "Исполнитель", "scope": "assignment", "clause": "п. 1"},
        {"name": "head", "title": "Руководитель", "scope": "assignment", "required": true,
         "clause": "п. 1"}],
    "states": [{"name": "new", "title": "Новое", "kind": "initial"},
        {"name": "refused", "title": "Оставлено", "kind": "forbidden"},
        {"name": "done", "title": "Готово", "kind": "final"}],
    "actions": [{"name": "register", "title": "Завести", "effect": "register",
         "notifies": ["curator"]},
        {"name": "raise_importance", "title": "Повысить", "effect": "classify"},
        {"name": "refuse", "title": "Оставить"}, {"name": "finish", "title": "Закончить"}],
    "transitions": [{"action": "register", "to": "new", "role": ["curator"], "clause": "п. 1"},
        {"action": "raise_importance", "from": "new", "role": ["curator"],
         "requires": ["importance"], "clause": "п. 1"},
        {"action": "refuse", "from": "new", "to": "refused", "role": ["curator"],
         "requires": ["reason:forbidden"], "clause": "п. 1"},
        {"action": "finish", "from": "new", "to": "done", "role": ["curator"], "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["register"],
        "stops_on": ["finish"], "cancels_on": ["refuse"], "term": "8 h", "outer_term": true,
        "responsible": "curator", "clause": "п. 1"}],
    "reasons": [
        {"list": "forbidden", "code": "unlawful", "title": "Противоправное", "clause": "п. 1"},
        {"list": "forbidden", "code": "insult", "title": "Оскорбление", "clause": "п. 1"},
        {"list": "moderation", "code": "spam", "title": "Спам", "clause": "п. 1"},
        {"list": "moderation", "code": "unlawful", "title": "Противоправное", "clause": "п. 1"}],
    "channels": [{"channel": "vk", "title": "ВК", "clause": "п. 1"},
        {"channel": "telegram", "title": "Телеграм", "clause": "п. 1"}],
    "duties": [
        {"name": "accounts", "title": "Страницы", "kind": "account", "channels": ["vk"],
         "requires": ["service_phone"], "expects": [], "responsible": "clerk", "clause": "п. 1"},
        {"name": "open_pages", "title": "Открытые страницы", "kind": "account",
         "expects": ["is_open"], "responsible": "clerk", "clause": "п. 1"},
        {"name": "photo", "title": "Имя на фото", "kind": "check", "expects": ["photo_name"],
         "owed_by": "body", "responsible": "curator", "clause": "п. 1"},
        {"name": "look", "title": "Проверка", "kind": "check", "per": "month", "owed_by": "body",
         "binding": false, "responsible": "curator", "clause": "п. 1"},
        {"name": "posts", "title": "Посты", "kind": "publication", "per": "month",
         "count_scope": "body", "minimum": 3, "binding": false, "requires": ["legal_refs<=2"],
         "responsible": "clerk", "clause": "п. 1"},
        {"name": "weekly", "title": "Справка", "kind": "report", "per": "week", "due_day": 1,
         "responsible": "curator", "clause": "п. 1"},
        {"name": "fourth", "title": "Сводка", "kind": "report", "per": "month", "due_day": 4,
         "owed_by": "body", "responsible": "clerk", "clause": "п. 1"},
        {"name": "notice", "title": "Сообщение в полицию", "kind": "immediate",
         "starts_on": ["refuse"], "applies_when": {"reason": ["unlawful"]},
         "requires": ["reference", "attachments"], "responsible": "curator", "clause": "п. 1"},
        {"name": "elevated", "title": "Доклад", "kind": "immediate",
         "starts_on": ["register", "raise_importance"], "applies_when": {"urgent": "yes"},
         "responsible": "curator", "clause": "п. 1"},
        {"name": "moderation", "title": "Модерация", "kind": "moderation", "owed_by": "body",
         "requires": ["url", "reason:moderation"], "expects": ["restricted"],
         "applies_when": {"reason": ["spam"]}, "responsible": "clerk", "clause": "п. 1"},
        {"name": "site", "title": "Акт на сайте", "kind": "one_off", "requires": ["url"],
         "responsible": "curator", "clause": "п. 1"},
        {"name": "plan", "title": "План публикаций", "kind": "one_off", "per": "quarter",
         "owed_by": "body", "responsible": "clerk", "clause": "п. 1"},
        {"name": "watch", "title": "Ежедневный просмотр", "kind": "daily", "owed_by": "body",
         "responsible": "clerk", "clause": "п. 1"},
        {"name": "surge", "title": "Всплеск", "kind": "surge", "per": "day", "minimum": 3,
         "binding": false, "requires": ["reference"], "responsible": "curator", "clause": "п. 1"},
        {"name": "mail", "title": "Почта доходит", "kind": "delivery", "responsible": "curator",
         "clause": "п. 1"},
        {"name": "order", "title": "Назначен приказом", "kind": "appointment",
         "expects": ["act_ref"], "responsible": "curator", "clause": "п. 1"},
        {"name": "head_order", "title": "Руководитель назначен приказом", "kind": "appointment",
         "requires": ["act_ref"], "responsible": "head", "clause": "п. 1"},
        {"name": "two", "title": "Двое исполнителей", "kind": "appointment", "minimum": 2,
         "binding": false, "responsible": "clerk", "clause": "п. 1"},
        {"name": "cover", "title": "Замена исполнителя", "kind": "cover", "responsible": "clerk",
         "clause": "п. 1"}]}') > 0;
SET osm_workflow.simulated_now = '2026-05-04 12:00+03';
SELECT osm.define_authority('{
    "code": "rayon", "title": "Район",
    "regulations": {"try-duties": {"clerk": ["unit"]}},
    "bodies": [{"code": "unit", "title": "Отдел"}, {"code": "other", "title": "Другой"}],
    "officials": [{"login": "t_curator", "name": "Куратор Т", "appointments": [{"body": "other",
                   "role": "curator"}]},
                  {"login": "t_clerk", "name": "Исполнитель Т", "appointments": [{"body": "unit",
                   "role": "clerk"}]},
                  {"login": "t_deputy", "name": "Заместитель Т"}]}') > 0;
\echo

\echo == appointments, orders, cover
SELECT pg_temp.gaps('appointment_gap', NULL, b) FROM unnest('{Район,Отдел}'::text[]) AS b;
SELECT pg_temp.gaps('cover_gap');
SELECT osm.define_authority('{"code": "rayon",
    "officials": [{"login": "t_curator", "name": "Куратор Т", "appointments": [{"body": "other",
        "role": "curator", "act_ref": "приказ 1"}]},
        {"login": "t_second", "name": "Второй", "appointments": [{"body": "other",
        "role": "curator", "act_ref": "приказ 1"}]}],
    "substitutions": [{"principal": "t_clerk", "deputy": "t_deputy", "from": "2026-05-01",
        "to": "2026-05-31"}]}') > 0;
SELECT pg_temp.gaps('appointment_gap', 'order');
SELECT osm.define_authority('{"code": "rayon", "officials": [{"login": "t_head", "name": "Глава",
    "appointments": [{"body": "unit", "role": "head"}]}]}');
SELECT osm.define_authority('{"code": "rayon", "officials": [{"login": "t_head", "name": "Глава",
    "appointments": [{"body": "unit", "role": "head", "act_ref": "приказ 2"}]}]}') > 0;
SELECT pg_temp.gaps('appointment_gap', NULL, 'Отдел');
SELECT pg_temp.gaps('cover_gap');
SET osm_workflow.simulated_now = '2026-06-01 00:00+03';
SELECT pg_temp.gaps('cover_gap');
SET osm_workflow.simulated_now = '2026-05-04 12:00+03';
\echo

\echo == accounts: what is required, what is expected, what a look finds
SELECT pg_temp.gaps('account_gap', NULL, 'Отдел');
SELECT pg_temp.account('t_clerk', 'try-duties', '{"channel": "vk", "url": "https://vk.example/t"}');
SELECT pg_temp.account('t_clerk', 'try-duties', '{"channel": "tv", "url": "https://tv.example/t"}');
SELECT pg_temp.account('t_clerk', 'try-duties', '{"channel": "vk", "url": "https://vk.example/t",
    "service_phone": "+7 000", "is_open": false, "opened_on": "2026-03-01"}');
SELECT pg_temp.gaps('account_gap', NULL, 'Отдел');
SELECT pg_temp.account('t_clerk', 'try-duties', '{"channel": "vk", "url": "https://vk.example/t",
    "is_open": true}');
SELECT pg_temp.done('t_curator', 'try-duties', 'photo');
SELECT pg_temp.done('t_curator', 'try-duties', 'photo', '{"account": "https://vk.example/x"}');
SELECT pg_temp.done('t_curator', 'try-duties', 'photo', '{"account": "https://vk.example/t",
    "photo_name": false}');
SELECT pg_temp.gaps('account_gap', NULL, 'Отдел');
SELECT pg_temp.done('t_curator', 'try-duties', 'photo', '{"account": "https://vk.example/t",
    "photo_name": true}');
SELECT pg_temp.done('t_curator', 'try-duties', 'look', '{"account": "https://vk.example/t"}');
SELECT pg_temp.gaps('account_gap', NULL, 'Отдел');
-- a month later it is to be looked at again, the photo is not
SET osm_workflow.simulated_now = '2026-06-04 12:00+03';
SELECT pg_temp.gaps('account_gap', NULL, 'Отдел');
SET osm_workflow.simulated_now = '2026-05-04 12:00+03';
\echo

\echo == posts of all accounts of a body; a recommendation only warns
SELECT pg_temp.gaps('publication_gap', 'posts');
SELECT pg_temp.post('t_clerk', 'try-duties', jsonb_build_object('account', 'https://vk.example/t',
    'published_at', '2026-04-30 23:00+03', 'url', n::text)) FROM generate_series(1, 2) AS n;
SELECT pg_temp.gaps('publication_gap', 'posts');
SELECT pg_temp.account('t_clerk', 'try-duties', '{"channel": "telegram",
    "url": "https://t.example/t", "service_phone": "+7 000", "opened_on": "2026-03-01"}');
SELECT pg_temp.post('t_clerk', 'try-duties', '{"account": "https://t.example/t",
    "published_at": "2026-04-01 00:00+03", "legal_refs": ["ст. 1", "ст. 2", "ст. 3"]}');
SELECT pg_temp.gaps('publication_gap', 'posts');
\echo

\echo == reports by a day of the next period, by body
SELECT pg_temp.gaps('report_gap');
-- 1 May 2026 is a holiday, 4 May a Monday: both reports are due by the end of that day
SELECT period, timezone('Europe/Moscow', osm.report_due(
    period, per, due_day, 'ru', 'Europe/Moscow'))
FROM (VALUES ('2026-04-27'::date, 'week', 1), ('2026-04-20', 'week', 1), ('2026-04-01', 'month', 4),
    ('2026-05-01', 'month', 4), ('2026-09-01', 'month', 4), ('2026-11-01', 'month', NULL),
    ('2026-01-01', 'quarter', NULL), ('2025-01-01', 'year', NULL)) AS t (period, per, due_day);
SET osm_workflow.simulated_now = '2026-05-05 00:00:01+03';
SELECT pg_temp.gaps('report_gap');
SELECT pg_temp.done('t_clerk', 'try-duties', 'fourth');
SELECT pg_temp.done('t_clerk', 'try-duties', 'weekly', '{"period": "2026-05-03"}');
SELECT pg_temp.done('t_curator', 'try-duties', 'weekly', '{"period": "2026-05-03"}');
SELECT pg_temp.gaps('report_gap');
-- once there are incidents, older ones are asked for as well
BEGIN;
SELECT osm.act_as('t_curator');
SELECT osm.register('try-duties', '{"channel": "vk", "text": "а"}') AS a \gset
SELECT osm.register('try-duties', '{"channel": "vk", "text": "б"}') AS b \gset
SELECT osm.register('try-duties', '{"channel": "vk", "text": "в",
    "importance": "elevated"}') AS c \gset
SELECT osm.register('try-duties', '{"channel": "vk", "text": "г"}') AS d \gset
COMMIT;
SET osm_workflow.simulated_now = '2026-05-26 12:00+03';
SELECT pg_temp.gaps('report_gap', 'weekly');
SET osm_workflow.simulated_now = '2026-05-05 10:00+03';
\echo

\echo == notices and reports at once
SELECT incident_id = :c AS elevated, duty FROM osm.duty_gap WHERE kind = 'immediate';
SELECT pg_temp.as('t_curator', format('SELECT osm.refuse(%s, %L)', :a, 'unlawful'));
SELECT pg_temp.as('t_curator', format('SELECT osm.refuse(%s, %L)', :b, 'insult'));
SELECT pg_temp.as('t_curator', format('SELECT osm.raise_importance(%s, %L)', :d, 'elevated'));
SELECT incident_id IN (:a, :c, :d) AS mine, duty, answer, clause FROM osm.duty_gap
WHERE kind = 'immediate' ORDER BY incident_id;
SELECT pg_temp.done('t_curator', 'try-duties', 'notice', jsonb_build_object('incident', :a));
SELECT pg_temp.done('t_curator', 'try-duties', 'notice', jsonb_build_object('incident', :a,
    'reference', '17', 'attachments', '[]'::jsonb));
SELECT pg_temp.done('t_clerk', 'try-duties', 'notice', jsonb_build_object('incident', :a,
    'reference', '17', 'attachments', '["screenshot.png"]'::jsonb));
SELECT pg_temp.done('t_curator', 'try-duties', 'notice', jsonb_build_object('incident', :a,
    'reference', '17', 'attachments', '["screenshot.png"]'::jsonb));
SELECT pg_temp.done('t_curator', 'try-duties', 'elevated', jsonb_build_object('incident', i))
FROM unnest(ARRAY[:c, :d]) AS i;
SELECT count(*) FROM osm.duty_gap WHERE kind = 'immediate';
\echo

\echo == many messages on one topic; the day is that of the zone
SET osm_workflow.simulated_now = '2026-05-05 23:30+03';
SELECT pg_temp.as('t_curator', 'SELECT osm.register(''try-duties'',
    ''{"channel": "vk", "text": "а", "topic": "вода"}'')') FROM generate_series(1, 2);
SET osm_workflow.simulated_now = '2026-05-06 00:30+03';
SELECT pg_temp.as('t_curator', 'SELECT osm.register(''try-duties'',
    ''{"channel": "vk", "text": "а", "topic": "вода"}'')') FROM generate_series(1, 2);
SELECT pg_temp.gaps('duty_gap', 'surge');
SET osm_workflow.simulated_now = '2026-05-06 11:00+03';
SELECT pg_temp.as('t_curator', 'SELECT osm.register(''try-duties'',
    ''{"channel": "vk", "text": "а", "topic": "вода"}'')');
SELECT pg_temp.gaps('duty_gap', 'surge');
SELECT timezone('Europe/Moscow', since) FROM osm.duty_gap WHERE duty = 'surge';
SELECT pg_temp.done('t_curator', 'try-duties', 'surge', '{"topic": "свет", "reference": "1"}');
SELECT pg_temp.gaps('duty_gap', 'surge');
SELECT pg_temp.done('t_curator', 'try-duties', 'surge', '{"topic": "вода", "reference": "2"}');
SELECT pg_temp.gaps('duty_gap', 'surge');
\echo

\echo == notifications that were given up
SELECT pg_temp.gaps('duty_gap', 'mail');
UPDATE osm.notification AS n SET state = 'dead' WHERE n.incident_id = :d;
SELECT duty, incident_id = :d AS d, missing FROM osm.duty_gap WHERE duty = 'mail';
UPDATE osm.notification AS n SET state = 'sent', sent_at = osm.now() WHERE n.incident_id = :d;
SELECT pg_temp.gaps('duty_gap', 'mail');
SET osm_workflow.simulated_now = '2026-05-05 10:00+03';
\echo

\echo == moderation
SELECT pg_temp.done('t_clerk', 'try-duties', 'moderation', m) FROM (VALUES
    ('{"url": "https://vk.example/t/1"}'::jsonb),
    ('{"url": "https://vk.example/t/1", "reason": "boredom"}'),
    ('{"url": "https://vk.example/t/1", "reason": "spam", "deleted": true}'),
    ('{"url": "https://vk.example/t/2", "reason": "unlawful", "deleted": true}')) AS t (m);
SELECT pg_temp.gaps('duty_gap', 'moderation');
SELECT pg_temp.done('t_clerk', 'try-duties', 'moderation',
    '{"url": "https://vk.example/t/1", "reason": "spam", "restricted": "a month"}');
SELECT pg_temp.gaps('duty_gap', 'moderation');
\echo

\echo == once, once a quarter, every working day
SELECT pg_temp.gaps('duty_gap', d) FROM unnest('{site,plan,watch}'::text[]) AS d;
SELECT pg_temp.done('t_curator', 'try-duties', 'site');
SELECT pg_temp.done('t_curator', 'try-duties', 'site', '{"url": "https://rayon.example/act"}');
SELECT pg_temp.done('t_clerk', 'try-duties', 'plan');
SELECT pg_temp.done('t_deputy', 'try-duties', 'watch', '{"period": "2026-05-04"}');
SELECT pg_temp.gaps('duty_gap', d) FROM unnest('{site,plan,watch}'::text[]) AS d;
SELECT r.period, o.login AS recorded_by, p.login AS acting_for
FROM osm.duty_record AS r JOIN osm.official AS o ON o.id = r.recorded_by
LEFT JOIN osm.official AS p ON p.id = r.acting_for_id WHERE r.duty = 'watch';
-- on Tuesday, 12 May the last working day is Friday, the 8th
SET osm_workflow.simulated_now = '2026-05-12 12:00+03';
SELECT pg_temp.gaps('duty_gap', 'watch');
SET osm_workflow.simulated_now = '2026-07-01 00:00+03';
SELECT pg_temp.gaps('duty_gap', d) FROM unnest('{site,plan}'::text[]) AS d;
SET osm_workflow.simulated_now = '2026-05-05 10:00+03';
\echo

\echo == a new edition asks for what the one before asked for
SELECT osm.define_regulation(d || '{"in_force": {"from": "2025-01-01", "to": "2026-05-06"}}') > 0,
    osm.define_regulation(d || '{"edition": "2", "in_force": {"from": "2026-05-07"}}') > 0
FROM osm.regulation_document('try-duties') AS d;
SET osm_workflow.simulated_now = '2026-05-12 12:00+03';
SELECT pg_temp.gaps('report_gap', 'fourth'), edition FROM osm.report_gap WHERE duty = 'fourth';
SELECT pg_temp.done('t_clerk', 'try-duties', 'fourth', '{"period": "2026-03-31"}');
SELECT pg_temp.gaps('report_gap', 'fourth');
SELECT edition, period FROM osm.duty_record WHERE duty = 'fourth' ORDER BY id;
-- out of force, nothing is owed and nothing recorded
SELECT osm.define_regulation(osm.regulation_document('try-duties')
    || '{"in_force": {"from": "2026-05-07", "to": "2026-05-11"}}') > 0;
SELECT count(*) FROM osm.duty_owed WHERE regulation = 'try-duties';
SELECT pg_temp.done('t_clerk', 'try-duties', 'fourth');
SET osm_workflow.simulated_now = '2026-05-05 10:00+03';
\echo

\echo == who sees what
SELECT DISTINCT body, duty, owed_by FROM osm.duty_owed WHERE regulation = 'try-duties'
ORDER BY 1, 2;
CREATE ROLE regress_duties_portal LOGIN;
SELECT osm.grant_access('regress_duties_portal', 'portal');
SET ROLE regress_duties_portal;
BEGIN;
SELECT osm.act_as('t_clerk');
SELECT string_agg(DISTINCT body, ', ') FROM osm.duty_owed;
SELECT duty, body FROM osm.report_gap;
SELECT count(*), count(*) FILTER (WHERE duty = 'notice') FROM osm.duty_record;
SELECT string_agg(DISTINCT b.code, ', ') FROM osm.account AS a
JOIN osm.body AS b ON b.id = a.body_id;
ROLLBACK;
BEGIN;
SELECT osm.act_as('t_curator');
SELECT string_agg(DISTINCT body, ', ' ORDER BY body) FROM osm.duty_owed;
SELECT count(*) > 0 FROM osm.duty_record WHERE duty = 'notice';
INSERT INTO osm.duty_record (authority_id) VALUES (1);
ROLLBACK;
SELECT count(*) FROM osm.duty_owed;
RESET ROLE;
DROP OWNED BY regress_duties_portal;
DROP ROLE regress_duties_portal;
