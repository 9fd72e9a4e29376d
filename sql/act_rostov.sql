-- The Rostov act at work: for every provision a step that keeps it and one that breaks it.
-- Terms are hours by the clock: nights and weekends count. Times are those of Moscow.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set regulation ru-ros-311-2018
\set zone Europe/Moscow
\set ECHO none
\i test/lib/act.sql
\set ECHO all
SELECT osm.install_preset(:'regulation');

SELECT pg_temp.people('{
    "code": "rostov", "title": "Ростовская область",
    "regulations": {"ru-ros-311-2018": {"curator": ["appeals"], "executor": ["roads", "water"]}},
    "bodies": [{"code": "appeals", "title": "Обращения"}, {"code": "roads", "title": "Дороги"},
               {"code": "water", "title": "Вода"}, {"code": "zoo", "title": "Зоопарк"}],
    "officials": [
        {"login": "curator", "name": "Куратор", "appointments": [{"body": "appeals",
            "role": "curator"}]},
        {"login": "roads", "name": "Исполнитель Д", "email": "r@example.org",
         "appointments": [{"body": "roads", "role": "executor"}]},
        {"login": "face", "name": "Представитель",
         "appointments": [{"body": "roads", "role": "representative"}]},
        {"login": "water", "name": "Исполнитель В",
         "appointments": [{"body": "water", "role": "executor"}]}]}');

-- A post brought so far, on a Saturday night: detected at 22:00, assigned 22:10, review 22:30,
-- approved 22:40.
CREATE FUNCTION pg_temp.incident(state text, message jsonb DEFAULT '{}', reply jsonb DEFAULT '{}',
                                 day text DEFAULT '2026-03-07') RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    id bigint := pg_temp.enter('curator', '{"channel": "vk", "text": "Яма"}'::jsonb || message,
        day || ' 22:00');
BEGIN
    IF state <> 'detected' THEN
        PERFORM pg_temp.step('curator', id, 'route', '{"bodies": ["roads"]}', day || ' 22:10');
    END IF;
    IF state IN ('review', 'approved') THEN
        PERFORM pg_temp.step('roads', id, 'submit',
            '{"text": "Засыпали", "resolution": "measures"}'::jsonb || reply, day || ' 22:30');
    END IF;
    IF state = 'approved' THEN
        PERFORM pg_temp.step('curator', id, 'approve',
            '{"checklist": {"format": true, "media": true}}', day || ' 22:40');
    END IF;
    RETURN id;
END $$;
\set ticks '{"checklist": {"format": true, "media": true}}'
\set answer '{"text": "Засыпали", "resolution": "measures"}'

\echo
\echo == ROS п.1: what is out of scope is dismissed with a reason
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'dismiss');
SELECT pg_temp.step('roads', :i, 'dismiss', '{"reason": "out_of_scope"}');
SELECT pg_temp.step('curator', :i, 'dismiss', '{"reason": "out_of_scope"}');
SELECT pg_temp.term(:i, 'answer');

\echo
\echo == ROS п.3: five networks and no other
SELECT pg_temp.enter('curator', '{"channel": "instagram"}') ~ '^\d+$' AS named;
SELECT pg_temp.enter('curator', '{"channel": "telegram"}');
SELECT pg_temp.enter('curator', '{}');

\echo
\echo == ROS п.4: the curator detects, routes, approves; nobody else
SELECT pg_temp.enter('roads', '{"channel": "vk"}');
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('roads', :i, 'route', '{"bodies": ["roads"]}');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}');
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('face', :i, 'approve', :'ticks');
SELECT pg_temp.step('roads', :i, 'send_back');
SELECT pg_temp.step('curator', :i, 'approve', :'ticks');

\echo
\echo == ROS п.5: a responsible head of rank 2 at least; the executor drafts
SELECT pg_temp.people('{"code": "rostov", "title": "Ростовская область", "officials": [
    {"login": "chief", "name": "Заместитель", "appointments":
        [{"body": "roads", "role": "responsible_head", "rank": 2}]}]}');
SELECT pg_temp.people('{"code": "rostov", "title": "Ростовская область", "officials": [
    {"login": "clerk", "name": "Специалист", "appointments":
        [{"body": "roads", "role": "responsible_head", "rank": 3}]}]}');
SELECT pg_temp.people('{"code": "rostov", "title": "Ростовская область", "officials": [
    {"login": "clerk", "name": "Специалист", "appointments":
        [{"body": "roads", "role": "responsible_head"}]}]}');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('face', :i, 'submit', :'answer');
SELECT pg_temp.step('water', :i, 'submit', :'answer');
SELECT pg_temp.step('roads', :i, 'submit', :'answer');

\echo
\echo == ROS п.6: a personal page in some networks, a page of the organisation in the others
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk", "account_kind": "organisation"}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk", "account_kind": "person"}');
SELECT pg_temp.incident('approved', '{"channel": "twitter"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "twitter", "account_kind": "person"}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "twitter", "account_kind": "organisation"}');

\echo
\echo == ROS п.7: routed within 30 minutes by the clock to a competent body
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["zoo"]}');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}', '2026-03-07 22:30');
SELECT pg_temp.term(:i, 'route');
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads"]}', '2026-03-07 22:31');
SELECT pg_temp.term(:i, 'route');
-- not ours: given back without a term, a word why is not demanded; no new term to route again
SELECT pg_temp.step('roads', :i, 'return', '{}', '2026-03-08 03:00');
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["water"]}', '2026-03-08 09:00');
SELECT pg_temp.term(:i, 'route'), pg_temp.term(:i, 'answer');
-- several bodies: each has a part of its own and answers on its own
SELECT pg_temp.incident('detected') AS i \gset
SELECT pg_temp.step('curator', :i, 'route', '{"bodies": ["roads", "water"]}', '2026-03-07 22:10');
SELECT i.id - :i AS nth, i.part_of = :i AS part, b.code, i.state, pg_temp.term(i.id, 'answer')
FROM osm.incident AS i JOIN osm.body AS b ON b.id = i.body_id WHERE :i IN (i.id, i.part_of)
    ORDER BY i.id;
SELECT id AS part FROM osm.incident WHERE part_of = :i \gset
SELECT pg_temp.step('water', :i, 'submit', :'answer');
SELECT pg_temp.step('roads', :part, 'submit', :'answer');
SELECT pg_temp.step('water', :part, 'submit', :'answer');

\echo
\echo == ROS п.8: 24 hours by the clock from detection to the posted answer
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-08 22:00');
SELECT pg_temp.term(:i, 'answer');
SELECT overdue_since FROM osm.incident WHERE id = :i;
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-08 22:00:01');
SELECT pg_temp.term(:i, 'answer');
SELECT overdue_since FROM osm.incident WHERE id = :i;

\echo
\echo == ROS п.9: measures, or a dated plan, or a grounded refusal; manner and media
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', '{"resolution": "measures"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "resolution": "someday"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "resolution": "plan"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "resolution": "impossible"}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "resolution": "impossible",
    "legal_refs": []}');
SELECT pg_temp.step('roads', :i, 'submit', '{"text": "А", "resolution": "plan",
    "promised_until": "2026-04-01"}');
SELECT pg_temp.step('curator', :i, 'approve', '{"checklist": {"format": true}}');
SELECT pg_temp.step('curator', :i, 'approve', '{"checklist": {"media": true}}');
SELECT pg_temp.step('curator', :i, 'approve', :'ticks');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit',
                    '{"text": "А", "resolution": "impossible", "legal_refs": ["257-ФЗ, ст. 13"]}');
-- there is neither an interim answer nor a question to the author
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', :'answer'::jsonb || '{"kind": "interim"}');
SELECT pg_temp.step('roads', :i, 'submit', :'answer'::jsonb || '{"kind": "clarification"}');

\echo
\echo == ROS п.10: the draft 3 hours before the end, decided in 30 minutes, reworked in an hour
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', :'answer', '2026-03-08 19:00');
SELECT pg_temp.term(:i, 'draft');
SELECT pg_temp.step('curator', :i, 'send_back', '{"comment": "короче"}', '2026-03-08 19:30');
SELECT pg_temp.step('roads', :i, 'submit', :'answer', '2026-03-08 20:30');
SELECT pg_temp.step('curator', :i, 'send_back', '{}', '2026-03-08 21:01');
SELECT pg_temp.step('roads', :i, 'submit', :'answer', '2026-03-08 22:02');
SELECT pg_temp.term(:i, 'review');
SELECT pg_temp.term(:i, 'rework');
SELECT pg_temp.incident('assigned') AS i \gset
SELECT pg_temp.step('roads', :i, 'submit', :'answer', '2026-03-08 19:01');
SELECT pg_temp.term(:i, 'draft');
SELECT pg_temp.step('roads', :i, 'approve', :'ticks');

\echo
\echo == ROS п.11: posted by the executor in the same network within 30 minutes
SELECT pg_temp.incident('review') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('curator', :i, 'post', '{"channel": "vk"}');
SELECT pg_temp.step('roads', :i, 'post');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "ok"}');
SELECT pg_temp.step('roads', :i, 'post',
                    '{"channel": "ok", "fallback_reason": "закрыто",
                        "author_link": "https://vk.example/u"}');
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-07 23:10');
SELECT pg_temp.term(:i, 'post');
SELECT pg_temp.incident('approved') AS i \gset
SELECT pg_temp.step('roads', :i, 'post', '{"channel": "vk"}', '2026-03-07 23:11');
SELECT pg_temp.term(:i, 'post');
SELECT pg_temp.step('roads', :i, 'submit', :'answer');

\echo
\echo == ROS п.12: the answer to a repeat tells measures or progress; all terms run
SELECT pg_temp.incident('assigned', jsonb_build_object('repeat_of', :i)) AS r \gset
SELECT pg_temp.term(:r, 'route'), pg_temp.term(:r, 'answer');
SELECT pg_temp.step('roads', :r, 'submit', :'answer');
SELECT pg_temp.step('roads', :r, 'submit', :'answer'::jsonb || '{"measures": "Засыпано"}');
SELECT pg_temp.incident('assigned') AS r \gset
SELECT pg_temp.step('roads', :r, 'mark_repeat', jsonb_build_object('repeat_of', :i));
SELECT pg_temp.step('curator', :r, 'mark_repeat', jsonb_build_object('repeat_of', :i));
SELECT pg_temp.step('roads', :r, 'submit', :'answer');
SELECT pg_temp.step('roads', :r, 'submit', :'answer'::jsonb || '{"progress": "Едет техника"}');
-- noticed later it is marked later: on a draft in review, in rework, approved
SELECT pg_temp.incident('review') AS r \gset
SELECT pg_temp.step('curator', :r, 'mark_repeat', jsonb_build_object('repeat_of', :i));
SELECT pg_temp.step('curator', :r, 'send_back');
SELECT pg_temp.step('curator', :r, 'mark_repeat', jsonb_build_object('repeat_of', :i));
SELECT pg_temp.step('roads', :r, 'submit', :'answer');
SELECT pg_temp.incident('approved') AS r \gset
SELECT pg_temp.step('curator', :r, 'mark_repeat', jsonb_build_object('repeat_of', :i));
-- a repeat is late like any other post
SELECT pg_temp.incident('detected', jsonb_build_object('repeat_of', :i)) AS r \gset
SELECT pg_temp.step('curator', :r, 'route', '{"bodies": ["roads"]}', '2026-03-07 22:31');
SELECT pg_temp.term(:r, 'route');

\echo
\echo == ROS п.14: a significant post is reported at once; the term is advisory
SELECT pg_temp.incident('detected', '{"importance": "significant"}') AS i \gset
SELECT pg_temp.step('roads', :i, 'report_immediately');
SELECT pg_temp.step('curator', :i, 'report_immediately', '{}', '2026-03-07 22:31');
SELECT pg_temp.term(:i, 'immediate_report');

\echo
\echo == ROS расп. п.2, 3, п.2: somebody organises, gives technical support, coordinates
SELECT pg_temp.clock_at('2026-03-09 12:00');
SELECT pg_temp.gaps('расп. п. 2', 'расп. п. 3', 'п. 2');
SELECT pg_temp.people('{"code": "rostov",
    "bodies": [{"code": "it", "title": "Связь"}],
    "regulations": {"ru-ros-311-2018": {"operator": ["it"]}},
    "officials": [{"login": "appeals", "name": "Управление", "appointments":
        [{"body": "appeals", "role": "coordinator"}]}]}');
SELECT pg_temp.gaps('расп. п. 2', 'расп. п. 3', 'п. 2');

\echo
\echo == ROS расп. п.4, 4.1-4.3: municipalities are advised
SELECT pg_temp.people('{"code": "rostov", "bodies": [{"code": "town", "title": "Город",
    "kind": "municipality"}]}');
SELECT pg_temp.gaps('расп. п. 4', 'расп. п. 4.1', 'расп. п. 4.2', 'расп. п. 4.3');
SELECT pg_temp.people('{"code": "rostov", "officials": [
    {"login": "town", "name": "Город", "appointments": [{"body": "town", "role": "executor"},
        {"body": "town", "role": "responsible_head", "rank": 2}]}]}');
SELECT pg_temp.done('roads', 'municipal_advice');
SELECT pg_temp.done('appeals', 'municipal_advice');
SELECT pg_temp.done('appeals', d, '{"body": "town"}')
FROM unnest('{municipal_act,municipal_liaison}'::text[]) AS d;
SELECT pg_temp.gaps('расп. п. 4', 'расп. п. 4.1', 'расп. п. 4.2', 'расп. п. 4.3');

\echo
\echo == ROS расп. п.5: a deputy governor controls
SELECT pg_temp.gaps('расп. п. 5');
SELECT pg_temp.people('{"code": "rostov", "officials": [{"login": "vice", "name": "Заместитель",
    "appointments": [{"body": "rostov", "role": "controller"}]}]}');
SELECT pg_temp.gaps('расп. п. 5');

\echo
\echo == ROS п.4, 5: curator, responsible official, representative, executor appointed
SELECT pg_temp.gaps('п. 4', 'п. 5');
SELECT pg_temp.people('{"code": "rostov", "officials": [
    {"login": "curator", "name": "Куратор", "appointments": [{"body": "appeals",
        "role": "curator", "to": "2026-03-08"}]},
    {"login": "roads", "name": "Исполнитель Д", "appointments":
        [{"body": "roads", "role": "executor", "to": "2026-03-08"}]},
    {"login": "water_chief", "name": "Заместитель В", "appointments":
        [{"body": "water", "role": "responsible_head", "rank": 2}]},
    {"login": "water_face", "name": "Представитель В", "appointments":
        [{"body": "water", "role": "representative"}]}]}');
SELECT pg_temp.gaps('п. 4', 'п. 5');
SELECT pg_temp.people('{"code": "rostov", "officials": [
    {"login": "curator", "name": "Куратор", "appointments": [{"body": "appeals",
        "role": "curator", "from": "2026-03-09"}]},
    {"login": "roads", "name": "Исполнитель Д", "appointments":
        [{"body": "roads", "role": "executor", "from": "2026-03-09"}]}]}');
SELECT pg_temp.gaps('п. 4', 'п. 5');

\echo
\echo == ROS п.6: accounts of the kind named; two posts a week in each
SELECT g FROM pg_temp.gaps('п. 6') AS g WHERE g LIKE '%| roads |%';
SELECT pg_temp.account('face', '{"body": "roads", "channel": "vk", "kind": "organisation",
    "url": "https://vk.example/face"}');
SELECT pg_temp.account('face', '{"body": "roads", "channel": "telegram",
    "url": "https://t.example/face"}');
SELECT pg_temp.account('water', '{"body": "roads", "channel": "vk",
    "url": "https://vk.example/face"}');
SELECT pg_temp.account('face', format('{"body": "roads", "channel": "%s", "kind": "%s",
    "url": "https://%s.example/face", "holder": "face", "opened_on": "2026-02-25"}', c, k,
        c)::jsonb)
FROM unnest('{vk,ok,facebook,twitter,instagram}'::text[],
            '{person,person,person,organisation,organisation}'::text[]) AS x (c, k);
SELECT g FROM pg_temp.gaps('п. 6') AS g WHERE g LIKE '%| roads |%';
SELECT pg_temp.publish('face', format('{"account": "https://%s.example/face", "url": "%s",
    "published_at": "2026-03-0%s 10:00+03"}', c, n, n)::jsonb)
FROM unnest('{vk,ok,facebook,twitter}'::text[]) AS c, unnest('{3,8}'::text[]) AS n;
SELECT pg_temp.publish('water', '{"account": "https://instagram.example/face", "url": "1"}');
SELECT g FROM pg_temp.gaps('п. 6') AS g WHERE g LIKE '%| roads |%';
SELECT pg_temp.publish('face', format('{"account": "https://instagram.example/face", "url": "%s",
    "published_at": "2026-03-02 1%s:00+03"}', n, n)::jsonb)
FROM unnest('{1,2}'::text[]) AS n;
SELECT g FROM pg_temp.gaps('п. 6') AS g WHERE g LIKE '%| roads |%';

\echo
\echo == ROS п.13: shortcomings are told to the deputy governors
SELECT b.code, missing::integer > 0 AS late_steps, answer
FROM osm.duty_gap AS g JOIN osm.body AS b ON b.id = g.body_id WHERE clause = 'п. 13' ORDER BY 1;
SELECT pg_temp.done('roads', 'deficiency', '{"reference": "исх. 1"}');
SELECT pg_temp.done('appeals', 'deficiency');
SELECT pg_temp.done('appeals', 'deficiency', '{"reference": "исх. 1"}');
SELECT pg_temp.gaps('п. 13');

\echo
\echo == ROS п.14: a monthly report by the last working day of the next month; posts at once
SELECT period, timezone('Europe/Moscow', due_at), missing, answer FROM osm.report_gap
WHERE clause = 'п. 14';
SELECT pg_temp.done('roads', 'monthly_report');
SELECT pg_temp.done('vice', 'monthly_report', '{"period": "2026-01-01"}');
SELECT pg_temp.done('vice', 'monthly_report');
SELECT period, timezone('Europe/Moscow', due_at), done_at > due_at AS late FROM osm.duty_record
WHERE duty = 'monthly_report' ORDER BY period;
SELECT count(*) FROM osm.report_gap WHERE clause = 'п. 14';
SELECT pg_temp.incident('detected', '{"importance": "significant"}') AS i \gset
SELECT duty, missing, timezone('Europe/Moscow', since), answer
FROM osm.duty_gap WHERE clause = 'п. 14' AND incident_id = :i;
SELECT pg_temp.step('curator', :i, 'report_immediately');
SELECT count(*) FROM osm.duty_gap WHERE clause = 'п. 14' AND incident_id = :i;
-- a surge: ten posts on one topic in a day; the number is ours, so a warning
SELECT count(pg_temp.incident('detected', '{"topic": "вода"}', '{}', '2026-03-10')) AS posts
FROM generate_series(1, 10);
SELECT g FROM pg_temp.gaps('п. 14') AS g WHERE g LIKE '%surge%';
SELECT pg_temp.done('roads', 'surge_report', '{"topic": "вода"}');
SELECT pg_temp.done('curator', 'surge_report', '{"topic": "вода"}');
SELECT g FROM pg_temp.gaps('п. 14') AS g WHERE g LIKE '%surge%';

\echo
\echo == ROS п.7, 8, 10, 11: the other reading, working time, is a sound document too
SELECT pg_temp.other_reading('{answer,route,draft,review,rework,post,immediate_report}', '{}',
    '{calendar}');

\echo
\echo == nothing of the other act applies here
SELECT pg_temp.step('curator', :i, 'refuse', '{"reason": "insult"}');
SELECT pg_temp.step('curator', :i, 'author_silent');
SELECT count(*) AS broken_chains FROM osm.verify_chains();
SELECT 'never ran: ' || r.name FROM osm.clock_rule AS r
WHERE NOT EXISTS (SELECT FROM osm.clock AS c WHERE c.rule_id = r.id);
SELECT DISTINCT 'never taken: ' || t.action FROM osm.transition AS t
WHERE NOT EXISTS (SELECT FROM osm.event AS e WHERE e.action = t.action) ORDER BY 1;
