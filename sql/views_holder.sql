-- A term counts for the body that held the incident when it fell due, or when it was kept if that
-- came first. Offices in Barnaul: 09:00-13:00, 13:45-18:00; nine hours from Monday 09:00 end on
-- Tuesday 09:45.
SET timezone = 'Asia/Barnaul';
SELECT osm.install_preset('ru-alt-132-2020') \g /dev/null
SELECT osm.install_preset('ru-ros-311-2018') \g /dev/null
SELECT osm.define_authority($$ {"code": "krai", "title": "Krai",
    "regulations": {
        "ru-alt-132-2020": {"monitor": ["press"], "curator": ["press"],
            "executor": ["roads", "health"]},
        "ru-ros-311-2018": {"curator": ["press"], "executor": ["roads", "health"]}},
    "bodies": [
        {"code": "press", "title": "Press", "kind": "department", "parent": "krai"},
        {"code": "roads", "title": "Roads", "kind": "department", "parent": "krai"},
        {"code": "health", "title": "Health", "kind": "department", "parent": "krai"}],
    "officials": [
        {"login": "curator", "name": "C", "email": "c@krai.example", "appointments": [
            {"body": "press", "role": "curator", "from": "2018-01-01"},
            {"body": "press", "role": "monitor", "from": "2018-01-01"}]},
        {"login": "roads", "name": "R", "email": "r@krai.example", "appointments": [
            {"body": "roads", "role": "executor", "from": "2018-01-01"}]},
        {"login": "health", "name": "H", "email": "h@krai.example", "appointments": [
            {"body": "health", "role": "executor", "from": "2018-01-01"}]}]} $$) > 0 AS defined;

CREATE TEMPORARY TABLE made (what text PRIMARY KEY, id bigint);
CREATE FUNCTION pg_temp.play(what text, moment text, login text, action text,
    details jsonb DEFAULT '{}')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted text := what;
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', '2026-03-' || moment || '+07', false);
    PERFORM osm.act_as(login);
    IF action = 'register' THEN
        INSERT INTO made VALUES (what, osm.register(coalesce(details ->> 'act', 'ru-alt-132-2020'),
            '{"channel": "vk", "topic": "t", "place": "p", "importance": "normal", "text": "?"}'));
    ELSE
        PERFORM osm.perform((SELECT m.id FROM made m WHERE m.what = wanted), action, details);
    END IF;
END
$$;

DO $do$
DECLARE
    checked constant jsonb := '{"checklist": {"format": true, "substance": true, "media": true}}';
    answer constant jsonb := '{"kind": "answer", "text": ".", "resolution": "measures"}';
    post constant jsonb := '{"channel": "vk"}';
BEGIN
    -- roads lets the term run out and then returns it; health answers at once
    PERFORM pg_temp.play('returned too late', '02 09:00', 'curator', 'register');
    PERFORM pg_temp.play('returned too late', '02 09:10', 'curator', 'route',
        '{"bodies": ["roads"]}');
    PERFORM pg_temp.play('returned too late', '03 10:30', 'roads', 'return');
    PERFORM pg_temp.play('returned too late', '03 10:40', 'curator', 'route',
        '{"bodies": ["health"]}');
    PERFORM pg_temp.play('returned too late', '03 11:00', 'health', 'submit', answer);
    PERFORM pg_temp.play('returned too late', '03 11:10', 'curator', 'approve', checked);
    PERFORM pg_temp.play('returned too late', '03 11:20', 'health', 'post', post);
    -- roads returns it at once; the curator lets the term run out
    PERFORM pg_temp.play('left with the curator', '02 09:00', 'curator', 'register');
    PERFORM pg_temp.play('left with the curator', '02 09:10', 'curator', 'route',
        '{"bodies": ["roads"]}');
    PERFORM pg_temp.play('left with the curator', '02 09:20', 'roads', 'return');
    PERFORM pg_temp.play('left with the curator', '03 10:00', 'curator', 'route',
        '{"bodies": ["health"]}');
    PERFORM pg_temp.play('left with the curator', '03 10:10', 'health', 'submit', answer);
    PERFORM pg_temp.play('left with the curator', '03 10:20', 'curator', 'approve', checked);
    PERFORM pg_temp.play('left with the curator', '03 10:30', 'health', 'post', post);
    -- roads informs, health leads
    PERFORM pg_temp.play('joint', '02 09:00', 'curator', 'register');
    PERFORM pg_temp.play('joint', '02 09:10', 'curator', 'route',
        '{"bodies": ["roads", "health"], "lead": "health"}');
    PERFORM pg_temp.play('joint', '02 10:00', 'roads', 'contribute', '{"text": "."}');
    PERFORM pg_temp.play('joint', '02 11:00', 'health', 'submit', answer);
    PERFORM pg_temp.play('joint', '02 11:10', 'curator', 'approve', checked);
    PERFORM pg_temp.play('joint', '02 11:20', 'health', 'post', post);
    -- never routed at all
    PERFORM pg_temp.play('never routed', '02 09:00', 'curator', 'register');
    -- under the other act each of two bodies answers its own part; roads does
    PERFORM pg_temp.play('separate', '02 09:00', 'curator', 'register',
        '{"act": "ru-ros-311-2018"}');
    PERFORM pg_temp.play('separate', '02 09:10', 'curator', 'route',
        '{"bodies": ["roads", "health"]}');
    INSERT INTO made SELECT 'separate, part', i.id FROM osm.incident i WHERE i.part_of IS NOT NULL;
    PERFORM pg_temp.play('separate', '02 10:00', 'roads', 'submit', answer);
    PERFORM pg_temp.play('separate', '02 10:10', 'curator', 'approve', checked);
    PERFORM pg_temp.play('separate', '02 10:20', 'roads', 'post', post);
END
$do$;
SET osm_workflow.simulated_now = '2026-03-04 09:00+07';

SELECT m.what, o.body AS has_it_now, t.body AS counts_for, t.verdict, t.late_hours
FROM made m
    JOIN osm.incident_overview o ON o.incident_id = m.id
    JOIN osm.timeliness t ON t.incident_id = m.id AND t.counts_as = 'answer'
ORDER BY m.what;

-- What fell due at the curator's counts for no body; a return counts for the one who returned.
SELECT regulation, body, incidents, in_time, late, drafts, returns
FROM osm.body_scorecard ORDER BY regulation, body;

-- An excuse changes no verdict, it is shown beside it.
BEGIN;
SELECT osm.act_as('curator');
SELECT s.state FROM osm.timeliness t JOIN made m ON m.id = t.incident_id,
    LATERAL osm.excuse(t.clock_id, 'outage of the network') AS s
WHERE m.what = 'returned too late' AND t.counts_as = 'answer';
COMMIT;
SELECT body, late, late_excused FROM osm.body_scorecard WHERE late > 0 ORDER BY regulation, body;
SELECT verdict, excused, excuse FROM osm.timeliness WHERE excused;
