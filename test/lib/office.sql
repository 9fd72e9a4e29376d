-- What the tests of the engine stand on: two authorities under the Altai act, one under the Rostov
-- act, and a way to try a statement and read the whole of its error. Times are those of Barnaul
-- (+07); 2 March 2026 is a Monday, office hours 9:00-13:00 and 13:45-18:00.
SET osm_workflow.simulated_now = '2026-03-02 10:00+07';
SELECT osm.install_preset('ru-alt-132-2020'), osm.install_preset('ru-ros-311-2018') \g /dev/null
SELECT osm.define_authority('{
    "code": "altai", "title": "Алтайский край",
    "regulations": {"ru-alt-132-2020": {"curator": ["press"], "executor": ["health", "roads",
        "schools", "depot"]}},
    "bodies": [{"code": "press", "title": "Печать"}, {"code": "health", "title": "Здравоохранение"},
               {"code": "roads", "title": "Дороги"}, {"code": "schools", "title": "Школы"},
               {"code": "depot", "title": "Депо", "parent": "roads", "kind": "organisation"},
               {"code": "zoo", "title": "Зоопарк"}],
    "officials": [
        {"login": "robot", "name": "Система", "appointments": [{"body": "press",
            "role": "monitor"}]},
        {"login": "curator", "name": "Куратор", "appointments": [{"body": "press",
            "role": "curator"}]},
        {"login": "health", "name": "Исполнитель З", "appointments": [{"body": "health",
            "role": "executor"}]},
        {"login": "roads", "name": "Исполнитель Д", "appointments": [{"body": "roads",
            "role": "executor"}]},
        {"login": "schools", "name": "Исполнитель Ш", "appointments": [{"body": "schools",
            "role": "executor"}]},
        {"login": "depot", "name": "Исполнитель П", "appointments": [{"body": "depot",
            "role": "executor"}]}]}'),
    osm.define_authority('{
    "code": "barnaul", "title": "Барнаул",
    "regulations": {"ru-alt-132-2020": {"curator": ["hall"], "executor": ["streets"]}},
    "bodies": [{"code": "hall", "title": "Управа"}, {"code": "streets", "title": "Улицы"}],
    "officials": [
        {"login": "mayor", "name": "Куратор Б", "appointments": [{"body": "hall",
            "role": "curator"}]},
        {"login": "streets", "name": "Исполнитель Б", "appointments": [{"body": "streets",
            "role": "executor"}]}]}'),
    osm.define_authority('{
    "code": "rostov", "title": "Ростовская область",
    "regulations": {"ru-ros-311-2018": {"curator": ["appeals"], "executor": ["r_roads",
        "r_water"]}},
    "bodies": [{"code": "appeals", "title": "Обращения"}, {"code": "r_roads", "title": "Дороги"},
               {"code": "r_water", "title": "Вода"}],
    "officials": [
        {"login": "r_curator", "name": "Куратор Р", "appointments": [{"body": "appeals",
            "role": "curator"}]},
        {"login": "r_roads", "name": "Исполнитель ДР", "appointments": [{"body": "r_roads",
            "role": "executor"}]},
        {"login": "r_water", "name": "Исполнитель ВР", "appointments": [{"body": "r_water",
            "role": "executor"}]}]}')
    \g /dev/null

CREATE SCHEMA try;
-- Runs one statement as an official: 'ok', or the error with its detail and hint.
CREATE FUNCTION try.as(login text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    PERFORM osm.act_as(login);
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat(state, ' ', message, E'\n    DETAIL: ' || nullif(detail, ''),
        E'\n    HINT: ' || nullif(hint, ''));
END $$;
-- One step of an official: the new state, or the error with its detail and hint.
CREATE FUNCTION try.step(login text, incident bigint, action text, details jsonb DEFAULT '{}')
    RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    outcome text := try.as(login, format('SELECT osm.perform(%L, %L, %L)', incident, action,
        details));
BEGIN
    IF outcome = 'ok' THEN
        outcome := (SELECT state FROM osm.incident WHERE id = step.incident);
    END IF;
    RETURN outcome;
END $$;
-- A message of Altai brought to a state.
CREATE FUNCTION try.incident(state text, message jsonb DEFAULT '{}') RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
    ticks jsonb := '{"format": true, "substance": true, "media": true}';
    kind text := CASE WHEN state = 'interim_posted' THEN 'interim'
                      WHEN state = 'awaiting_author' THEN 'clarification' ELSE 'answer' END;
BEGIN
    PERFORM osm.act_as('robot');
    id := osm.register('ru-alt-132-2020',
        '{"channel": "vk", "text": "Яма", "importance": "normal", "topic": "дороги",
            "place": "Барнаул"}'::jsonb || message);
    PERFORM osm.act_as('curator');
    IF state = 'dismissed' THEN
        PERFORM osm.dismiss(id, 'duplicate');
    ELSIF state = 'refused' THEN
        PERFORM osm.refuse(id, 'insult');
    ELSIF state = 'collecting' THEN
        PERFORM osm.route(id, '{roads,health,schools}', 'roads');
    ELSIF state <> 'detected' THEN
        PERFORM osm.route(id, '{roads}');
        PERFORM osm.act_as('roads', 'altai');
        IF state = 'returned' THEN
            PERFORM osm.return_incident(id);
        ELSIF state <> 'assigned' THEN
            PERFORM osm.submit_reply(id, '{"text": "Засыпали"}', kind);
            PERFORM osm.act_as('curator');
            IF state = 'rework' THEN
                PERFORM osm.send_back(id, 'format');
            ELSIF state <> 'review' THEN
                PERFORM osm.approve(id, ticks);
                IF state <> 'approved' THEN
                    PERFORM osm.act_as('roads', 'altai');
                    PERFORM osm.post_reply(id, 'vk');
                END IF;
            END IF;
        END IF;
    END IF;
    RETURN id;
END $$;
-- The events of an incident, one line each.
CREATE FUNCTION try.events(incident bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', e.seq, e.action, e.from_state, '->', e.to_state, 'by', o.login,
        'for ' || p.login)
    FROM osm.event AS e JOIN osm.official AS o ON o.id = e.actor_id
    LEFT JOIN osm.official AS p ON p.id = e.acting_for_id
    WHERE e.incident_id = incident ORDER BY e.seq
$$;
-- The clocks of an incident, one line a run.
CREATE FUNCTION try.clocks(incident bigint, rule text DEFAULT NULL) RETURNS SETOF text
    LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.name, c.cycle_no, c.state, 'due', to_char(timezone('Asia/Barnaul',
        c.due_at), 'DD.MM HH24:MI'),
        'stopped ' || to_char(timezone('Asia/Barnaul', c.stopped_at), 'DD.MM HH24:MI'),
        CASE WHEN NOT c.binding THEN 'advisory' END,
            CASE WHEN c.flagged_at IS NOT NULL THEN 'flagged' END)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    WHERE c.incident_id = incident AND r.name = coalesce(rule, r.name) ORDER BY r.position, c.id
$$;
