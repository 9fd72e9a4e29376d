-- Demonstration, part 1: two authorities, each under its own act. All names of people are invented.
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset null ''
\set QUIET on
SET client_min_messages = warning;
SET timezone = 'Europe/Moscow';

\echo
\echo '== 1. Install, load two acts, say who works where =='
\echo

-- The week is played on a clock of its own: this session's by SET, the worker's by ALTER SYSTEM.
ALTER SYSTEM SET osm_workflow.simulated_now = '2026-10-30 12:00+03';
SELECT pg_reload_conf() \g /dev/null
SET osm_workflow.simulated_now = '2026-10-30 12:00+03';

SELECT osm.install() \g /dev/null
SELECT osm.install_preset('ru-alt-132-2020') \g /dev/null
SELECT osm.install_preset('ru-ros-311-2018') \g /dev/null

SELECT r.code AS act, r.calendar,
    (SELECT count(*) FROM osm.clause c WHERE c.regulation_id = r.id) AS clauses,
    (SELECT count(*) FROM osm.transition t WHERE t.regulation_id = r.id) AS transitions,
    (SELECT count(*) FROM osm.clock_rule k WHERE k.regulation_id = r.id) AS terms
FROM osm.regulation r ORDER BY r.code;

SELECT osm.define_authority($document${
    "code": "altai", "title": "Правительство Алтайского края", "title_en": "Altai krai government",
    "regulations": {"ru-alt-132-2020": {
        "monitor": ["press"], "curator": ["press"],
        "executor": ["health", "roads", "housing", "nature"],
        "responsible_head": ["health", "roads", "housing", "nature"]}},
    "bodies": [
        {"code": "press", "title": "Управление печати", "title_en": "Press department",
         "kind": "department", "parent": "altai"},
        {"code": "health", "title": "Минздрав края", "title_en": "Ministry of health",
         "kind": "department", "parent": "altai"},
        {"code": "roads", "title": "Минтранс края", "title_en": "Ministry of transport",
         "kind": "department", "parent": "altai"},
        {"code": "housing", "title": "Минстрой и ЖКХ края", "title_en": "Ministry of housing",
         "kind": "department", "parent": "altai"},
        {"code": "nature", "title": "Минприроды края", "title_en": "Ministry of nature",
         "kind": "department", "parent": "altai"}],
    "officials": [
        {"login": "monitoring", "name": "Система мониторинга", "appointments": [
            {"body": "press", "role": "monitor", "from": "2020-04-01"}]},
        {"login": "sosnina", "name": "Соснина В. П.", "email": "sosnina@altai.example",
         "appointments": [{"body": "press", "role": "curator", "from": "2024-02-01"}]},
        {"login": "belkin", "name": "Белкин Р. О.", "email": "belkin@altai.example"},
        {"login": "zarubina", "name": "Зарубина Т. К.", "email": "zarubina@altai.example",
         "appointments": [{"body": "health", "role": "executor", "from": "2023-01-09"}]},
        {"login": "katunin", "name": "Катунин М. Д.", "email": "katunin@altai.example",
         "appointments": [{"body": "roads", "role": "executor", "from": "2022-06-01"}]},
        {"login": "chumysh", "name": "Чумышев И. Г.", "email": "chumysh@altai.example",
         "appointments": [{"body": "housing", "role": "executor", "from": "2025-03-17"}]},
        {"login": "lesnaya", "name": "Лесная Е. Ю.", "email": "lesnaya@altai.example",
         "appointments": [{"body": "nature", "role": "executor", "from": "2021-09-01"}]},
        {"login": "vershinin", "name": "Вершинин П. А.", "appointments": [
            {"body": "roads", "role": "responsible_head", "rank": 2, "from": "2022-06-01"}]}],
    "substitutions": [
        {"principal": "sosnina", "deputy": "belkin", "from": "2026-11-05", "to": "2026-11-06",
         "act_ref": "приказ о замещении № 17"}]
}$document$) \g /dev/null

SELECT osm.define_authority($document${
    "code": "rostov", "title": "Правительство Ростовской области",
    "title_en": "Rostov oblast government",
    "regulations": {"ru-ros-311-2018": {
        "curator": ["appeals"], "executor": ["transport", "housing", "health"],
        "representative": ["transport", "housing", "health"]}},
    "bodies": [
        {"code": "appeals", "title": "Управление по обращениям", "title_en": "Appeals department",
         "kind": "department", "parent": "rostov"},
        {"code": "transport", "title": "Минтранс области", "title_en": "Ministry of transport",
         "kind": "department", "parent": "rostov"},
        {"code": "housing", "title": "Министерство ЖКХ области", "title_en": "Ministry of housing",
         "kind": "department", "parent": "rostov"},
        {"code": "health", "title": "Минздрав области", "title_en": "Ministry of health",
         "kind": "department", "parent": "rostov"}],
    "officials": [
        {"login": "stepnoy", "name": "Степной А. Н.", "email": "stepnoy@rostov.example",
         "appointments": [{"body": "appeals", "role": "curator", "from": "2021-05-11"}]},
        {"login": "makeeva", "name": "Макеева О. С.", "email": "makeeva@rostov.example",
         "appointments": [{"body": "transport", "role": "executor", "from": "2024-10-01"}]},
        {"login": "talovy", "name": "Таловый С. В.", "email": "talovy@rostov.example",
         "appointments": [{"body": "housing", "role": "executor", "from": "2020-02-03"}]}]
}$document$) \g /dev/null

SELECT a.title AS authority, b.title AS body,
    coalesce(string_agg(o.name || ' (' || p.role || ')', ', ' ORDER BY o.name), '') AS people
FROM osm.body b
    JOIN osm.body a ON a.id = b.authority_id
    LEFT JOIN osm.appointment p ON p.body_id = b.id
    LEFT JOIN osm.official o ON o.id = p.official_id
WHERE b.parent_id IS NOT NULL
GROUP BY a.title, b.title, b.id ORDER BY a.title, b.id;

-- Helpers of the demonstration. Everything they do goes through osm.register() and osm.perform().
CREATE SCHEMA demo;
CREATE TABLE demo.incident (label text PRIMARY KEY, id bigint NOT NULL);

CREATE FUNCTION demo.id(label text) RETURNS bigint LANGUAGE sql STABLE
RETURN (SELECT i.id FROM demo.incident i WHERE i.label = id.label);

CREATE FUNCTION demo.local(moment timestamptz, authority bigint) RETURNS text LANGUAGE sql STABLE
RETURN to_char(moment AT TIME ZONE CASE (SELECT code FROM osm.body WHERE id = authority)
    WHEN 'altai' THEN 'Asia/Barnaul' ELSE 'Europe/Moscow' END, 'Dy DD Mon HH24:MI');

-- One step: the clock is set, the official acts, one line tells what came of it.
CREATE FUNCTION demo.play(moment timestamptz, login text, label text, action text,
    details jsonb DEFAULT '{}')
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    i record;
    line text;
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', moment::text, false);
    PERFORM osm.act_as(login);
    IF action = 'register' THEN
        INSERT INTO demo.incident
        VALUES (label, osm.register(details ->> 'act', details - 'act'));
    ELSE
        PERFORM osm.perform(demo.id(label), action, details);
    END IF;
    SELECT n.authority_id, coalesce(p.name || ' за: ', '') || o.name AS who,
        a.title AS action, s.title AS state, k.title AS rule, k.due_at
    INTO i
    FROM osm.incident n
        JOIN osm.official o ON o.id = coalesce(n.acting_for_id, n.actor_id)
        LEFT JOIN osm.official p ON p.id = n.actor_id AND n.acting_for_id IS NOT NULL
        JOIN osm.action a ON a.regulation_id = n.regulation_id AND a.name = n.action
        JOIN osm.state s ON s.regulation_id = n.regulation_id AND s.name = n.state
        LEFT JOIN LATERAL (
            SELECT r.title, c.due_at
            FROM osm.clock c JOIN osm.clock_rule r ON r.id = c.rule_id
            WHERE c.incident_id = n.id AND c.state = 'running' AND c.binding AND c.armed
            ORDER BY c.due_at LIMIT 1) k ON true
    WHERE n.id = demo.id(label);
    RETURN format('%s  %s %s → %s%s', demo.local(moment, i.authority_id), rpad(i.who, 31),
        i.action, i.state,
        E'\n' || repeat(' ', 19) || 'next due ' || demo.local(i.due_at, i.authority_id)
            || ': ' || i.rule);
END
$$;

-- Moves the clock to where an amount of the act's own time has passed, plus a few minutes.
CREATE FUNCTION demo.moment(authority text, since timestamptz, amount text, more text DEFAULT '0 s')
RETURNS timestamptz LANGUAGE sql VOLATILE
RETURN set_config('osm_workflow.simulated_now', osm.add_business_time(since,
    amount::osm.business_interval OPERATOR(osm.+) more::osm.business_interval,
    CASE authority WHEN 'altai' THEN 'ru-alt-barnaul' ELSE 'around-the-clock' END)::text,
    true)::timestamptz;

-- A refusal must be the one the script expects.
CREATE FUNCTION demo.expect(wanted text, got text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF got IS DISTINCT FROM wanted THEN
        RAISE EXCEPTION 'expected SQLSTATE %, got %', wanted, got;
    END IF;
    RETURN 'refused as expected: SQLSTATE ' || got;
END
$$;

-- Waits until the worker, whose clock the script has just moved, has flagged what is due; gives up
-- with an error. Each look is a statement of its own and so sees what others have committed.
CREATE FUNCTION demo.await_worker(label text, rule text)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    asked timestamptz := clock_timestamp();
    c record;
BEGIN
    LOOP
        SELECT k.flagged_at, k.due_at, k.authority_id, r.title INTO c
        FROM osm.clock k JOIN osm.clock_rule r ON r.id = k.rule_id
        WHERE k.incident_id = demo.id(label) AND r.name = rule
        ORDER BY k.id DESC LIMIT 1;
        EXIT WHEN c.flagged_at IS NOT NULL;
        IF clock_timestamp() > asked + interval '20 seconds' THEN
            RAISE EXCEPTION 'the worker has not flagged "%" of %', rule, label;
        END IF;
        PERFORM pg_sleep(0.02);
    END LOOP;
    RETURN format('%s  %s flagged: %s, due %s', demo.local(c.flagged_at, c.authority_id),
        rpad('the background worker', 31), c.title, demo.local(c.due_at, c.authority_id));
END
$$;
