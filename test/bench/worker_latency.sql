-- Set-up of worker_latency.sh: a small act whose term ends at an instant the message names, and
-- bulk copies of one incident with its clock. :clocks of them run, none is due.
--
-- The copies are written as a replica's would be, without triggers: a million real steps would take
-- longer than everything measured here. What is measured goes through the real triggers.

SELECT osm.install_preset('around-the-clock');
SELECT osm.define_regulation('{"code": "bench", "edition": "1", "title": "Замер", "issuer": "Замер",
    "act_no": "1", "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "around-the-clock",
    "clauses": [{"path": "п. 1", "summary": "Ответ к сроку.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "Исполнитель", "scope": "authority", "clause": "п. 1"}],
    "states": [{"name": "new", "title": "Новое", "kind": "initial"},
               {"name": "done", "title": "Готово", "kind": "final"}],
    "actions": [{"name": "register", "title": "Завести", "effect": "register"},
                {"name": "finish", "title": "Закончить"}],
    "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "п. 1"},
                    {"action": "finish", "from": "new", "to": "done", "role": ["clerk"],
                     "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["register"],
                "stops_on": ["finish"], "due_from": "answer_by", "outer_term": true,
                "responsible": "clerk", "clause": "п. 1"}]}');
SELECT osm.define_authority('{"code": "bench", "title": "Замер",
    "regulations": {"bench": {"clerk": ["office"]}},
    "bodies": [{"code": "office", "title": "Отдел", "kind": "department"}],
    "officials": [{"login": "clerk", "name": "Исполнитель", "appointments":
        [{"body": "office", "role": "clerk", "rank": 3, "act_ref": "1", "from": "2020-01-01"}]}]}');

CREATE FUNCTION public.due_at(instant timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as('clerk');
    RETURN osm.register('bench', jsonb_build_object('channel', 'site', 'text', 'текст',
        'external_id', gen_random_uuid(), 'answer_by', instant));
END $$;

-- copies FROM, TO: of the first incident and its clock, with these ids.
CREATE PROCEDURE public.copies(first bigint, last bigint, due timestamptz, finished boolean)
LANGUAGE plpgsql AS $$
DECLARE
    model osm.incident;
    clock osm.clock;
BEGIN
    SET LOCAL session_replication_role = replica;
    SELECT * INTO model FROM osm.incident ORDER BY id LIMIT 1;
    SELECT * INTO clock FROM osm.clock WHERE incident_id = model.id LIMIT 1;
    clock.due_at := due;
    IF finished THEN
        clock.state := 'met';
        clock.stopped_at := due;
        clock.flagged_at := NULL;
    END IF;
    CREATE TEMPORARY TABLE new_incident ON COMMIT DROP AS
        SELECT (model).* FROM generate_series(first, last);
    CREATE TEMPORARY SEQUENCE number;
    UPDATE new_incident SET id = first - 1 + nextval('number');
    UPDATE new_incident SET external_id = 'copy ' || id;
    INSERT INTO osm.incident SELECT * FROM new_incident;
    CREATE TEMPORARY TABLE new_clock ON COMMIT DROP AS
        SELECT (clock).* FROM generate_series(first, last);
    ALTER SEQUENCE number RESTART;
    UPDATE new_clock SET id = first - 1 + nextval('number');
    UPDATE new_clock SET incident_id = id, due_at = due_at + (id % 86400) * interval '1 s';
    INSERT INTO osm.clock SELECT * FROM new_clock;
    DROP SEQUENCE number;
END $$;

SELECT public.due_at('2100-01-01 12:00+03');
