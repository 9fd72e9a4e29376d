-- Demonstration, part 2: the four weeks before, so that there is something to rate. Each row is one
-- message with the business hours it took until its draft and until its answer.
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset null ''
\set QUIET on
SET client_min_messages = warning;
SET timezone = 'Europe/Moscow';

\echo
\echo '== 2. October 2026: twenty-six ordinary messages =='
\echo

DO $$
DECLARE
    m record;
    t timestamptz;
    n bigint;
BEGIN
    FOR m IN
        SELECT *
        FROM (VALUES
            ('altai', 'zarubina', 'health', 'Врачи', '2026-10-05 09:40+07', '1.5h', NULL, '2.5h'),
            ('altai', 'zarubina', 'health', 'Врачи', '2026-10-07 11:15+07', '2h', NULL, '3h'),
            ('altai', 'zarubina', 'health', 'Врачи', '2026-10-12 10:05+07', '2.5h', NULL, '3.5h'),
            ('altai', 'zarubina', 'health', 'Врачи', '2026-10-15 14:30+07', '1h', NULL, '2h'),
            ('altai', 'zarubina', 'health', 'Врачи', '2026-10-21 09:10+07', '3h', '4h', '5h'),
            ('altai', 'zarubina', 'health', 'Врачи', '2026-10-27 16:20+07', '2h', NULL, '3h'),
            ('altai', 'katunin', 'roads', 'Дороги', '2026-10-06 10:00+07', '4h', '5h', '6h'),
            ('altai', 'katunin', 'roads', 'Дороги', '2026-10-08 15:30+07', '4.5h', NULL, '7h'),
            ('altai', 'katunin', 'roads', 'Дороги', '2026-10-13 09:20+07', '5h', '6h', '8h'),
            ('altai', 'katunin', 'roads', 'Дороги', '2026-10-16 11:00+07', '6h', NULL, '10h'),
            ('altai', 'katunin', 'roads', 'Дороги', '2026-10-22 14:00+07', '3h', NULL, '5h'),
            ('altai', 'katunin', 'roads', 'Дороги', '2026-10-28 09:50+07', '7h', '8h', '9.5h'),
            ('altai', 'chumysh', 'housing', 'ЖКХ', '2026-10-05 12:10+07', '7h', '8.5h', '12h'),
            ('altai', 'chumysh', 'housing', 'ЖКХ', '2026-10-09 10:30+07', '8h', NULL, '11h'),
            ('altai', 'chumysh', 'housing', 'ЖКХ', '2026-10-14 09:00+07', '5h', '7h', '8.5h'),
            ('altai', 'chumysh', 'housing', 'ЖКХ', '2026-10-19 15:45+07', '9h', '11h', '14h'),
            ('altai', 'chumysh', 'housing', 'ЖКХ', '2026-10-23 11:25+07', '6h', '7.5h', '13h'),
            ('altai', 'chumysh', 'housing', 'ЖКХ', '2026-10-26 13:55+07', '4h', NULL, '7h'),
            ('altai', 'lesnaya', 'nature', 'Экология', '2026-10-20 10:40+07', '3h', NULL, '6h'),
            ('rostov', 'makeeva', 'transport', 'Дороги', '2026-10-06 09:30+03', '3h', NULL, '4h'),
            ('rostov', 'makeeva', 'transport', 'Дороги', '2026-10-14 22:10+03', '11h', NULL, '12h'),
            ('rostov', 'makeeva', 'transport', 'Дороги', '2026-10-24 16:45+03', '6h', '7h', '8h'),
            ('rostov', 'talovy', 'housing', 'ЖКХ', '2026-10-08 11:00+03', '20h', '21h', '23h'),
            ('rostov', 'talovy', 'housing', 'ЖКХ', '2026-10-17 19:20+03', '22h', NULL, '26h'),
            ('rostov', 'talovy', 'housing', 'ЖКХ', '2026-10-22 08:15+03', '23h', '25h', '30h'),
            ('rostov', 'talovy', 'housing', 'ЖКХ', '2026-10-29 13:35+03', '19h', NULL, '22h'))
            AS v(authority, login, body, topic, detected, drafted, reworked, answered)
    LOOP
        t := m.detected::timestamptz;
        PERFORM set_config('osm_workflow.simulated_now', t::text, true);
        PERFORM osm.act_as(CASE m.authority WHEN 'altai' THEN 'monitoring' ELSE 'stepnoy' END);
        n := osm.register(
            CASE m.authority WHEN 'altai' THEN 'ru-alt-132-2020' ELSE 'ru-ros-311-2018' END,
            jsonb_build_object('channel', 'vk', 'topic', m.topic, 'place', 'Центр',
                'importance', 'normal', 'text', 'Когда наведут порядок?', 'author', 'житель'));
        PERFORM demo.moment(m.authority, t, '20 min');
        PERFORM osm.act_as(CASE m.authority WHEN 'altai' THEN 'sosnina' ELSE 'stepnoy' END);
        PERFORM osm.route(n, ARRAY[m.body]);
        PERFORM demo.moment(m.authority, t, m.drafted);
        PERFORM osm.act_as(m.login);
        PERFORM osm.submit_reply(n, '{"text": "Меры приняты.", "resolution": "measures"}');
        IF m.reworked IS NOT NULL THEN
            PERFORM demo.moment(m.authority, t, m.drafted, '00:15');
            PERFORM osm.act_as(CASE m.authority WHEN 'altai' THEN 'sosnina' ELSE 'stepnoy' END);
            PERFORM osm.send_back(n, 'substance', 'Нет дат и адресов.');
            PERFORM demo.moment(m.authority, t, m.reworked);
            PERFORM osm.act_as(m.login);
            PERFORM osm.submit_reply(n,
                '{"text": "Работы выполнены по адресам из списка.", "resolution": "measures"}');
        END IF;
        PERFORM demo.moment(m.authority, t, coalesce(m.reworked, m.drafted), '00:20');
        PERFORM osm.act_as(CASE m.authority WHEN 'altai' THEN 'sosnina' ELSE 'stepnoy' END);
        PERFORM osm.approve(n, '{"format": true, "substance": true, "media": true}');
        PERFORM demo.moment(m.authority, t, m.answered);
        PERFORM osm.act_as(m.login);
        PERFORM osm.post_reply(n, 'vk', 'https://vk.example/wall');
    END LOOP;
END
$$;

SELECT a.title AS authority, count(*) AS messages, sum(o.steps) AS steps,
    count(*) FILTER (WHERE o.overdue) AS late
FROM osm.incident_overview o JOIN osm.body a ON a.id = o.authority_id
GROUP BY a.title ORDER BY a.title;
