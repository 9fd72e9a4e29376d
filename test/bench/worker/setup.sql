-- Set-up of worker.sh: a small act, incidents for the foreground, and bulk copies of one incident
-- with its clock.
--
-- The copies are written as a replica's would be, without triggers: a million real steps would take
-- longer than everything measured here. What is measured goes through the real triggers.

SELECT osm.install_preset('around-the-clock');
SELECT osm.define_regulation('{"code": "bench", "edition": "1", "title": "Замер", "issuer": "Замер",
    "act_no": "1", "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "around-the-clock",
    "clauses": [{"path": "п. 1", "summary": "Ответ к сроку.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "Исполнитель", "scope": "authority", "clause": "п. 1"},
              {"name": "head", "title": "Начальник", "scope": "authority", "clause": "п. 1"}],
    "states": [{"name": "here", "title": "Здесь", "kind": "initial"},
               {"name": "there", "title": "Там", "kind": "open"},
               {"name": "done", "title": "Готово", "kind": "final"}],
    "actions": [{"name": "register", "title": "Завести", "effect": "register"},
                {"name": "go", "title": "Туда", "notifies": ["head"]},
                {"name": "return", "title": "Обратно", "notifies": ["head"]},
                {"name": "finish", "title": "Закончить"}],
    "transitions": [{"action": "register", "to": "here", "role": ["clerk"], "clause": "п. 1"},
                    {"action": "go", "from": "here", "to": "there", "role": ["clerk"],
                     "clause": "п. 1"},
                    {"action": "return", "from": "there", "to": "here", "role": ["clerk"],
                     "clause": "п. 1"},
                    {"action": "finish", "from": "here", "to": "done", "role": ["clerk"],
                     "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["register"],
                "stops_on": ["finish"], "due_from": "answer_by", "outer_term": true,
                "responsible": "clerk", "clause": "п. 1"},
               {"name": "visit", "title": "Выезд", "starts_on": ["go"], "stops_on": ["return"],
                "term": "24 hours", "responsible": "clerk", "clause": "п. 1"}]}');
SELECT osm.define_authority('{"code": "bench", "title": "Замер",
    "regulations": {"bench": {"clerk": ["office"], "head": ["office"]}},
    "bodies": [{"code": "office", "title": "Отдел", "kind": "department"}],
    "officials": [{"login": "clerk", "name": "Исполнитель", "appointments":
        [{"body": "office", "role": "clerk", "rank": 3, "act_ref": "1", "from": "2020-01-01"}]},
                  {"login": "head", "name": "Начальник", "appointments":
        [{"body": "office", "role": "head", "rank": 3, "act_ref": "1", "from": "2020-01-01"}]}]}');

CREATE FUNCTION public.due_at(instant timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as('clerk');
    RETURN osm.register('bench', jsonb_build_object('channel', 'site', 'text', 'текст',
        'external_id', gen_random_uuid(), 'answer_by', instant));
END $$;

-- What the foreground does: a step that starts or stops a clock and tells somebody.
CREATE FUNCTION public.foreground(incident bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as('clerk');
    PERFORM osm.perform(incident, CASE i.state WHEN 'here' THEN 'go' ELSE 'return' END)
    FROM osm.incident AS i WHERE i.id = incident;
END $$;

-- Incidents FIRST to LAST, each with its clock of the same number: copies of the first one.
CREATE PROCEDURE public.running(first bigint, last bigint) LANGUAGE sql
SET session_replication_role = replica AS $$
    INSERT INTO osm.incident SELECT copy.*
    FROM (SELECT i FROM osm.incident AS i ORDER BY id LIMIT 1) AS model,
        generate_series(first, last) AS n,
        LATERAL jsonb_populate_record(model.i, jsonb_build_object('id', n,
            'external_id', concat('copy ', n))) AS copy;
    INSERT INTO osm.clock SELECT copy.*
    FROM (SELECT c FROM osm.clock AS c ORDER BY incident_id, id LIMIT 1) AS model,
        generate_series(first, last) AS n,
        LATERAL jsonb_populate_record(model.c, jsonb_build_object('id', n, 'incident_id', n,
            'due_at', '2100-01-01'::timestamptz + (n % 86400) * interval '1 s')) AS copy;
$$;

-- Finished clocks FIRST to LAST: earlier turns of the clocks of SPREAD running incidents.
CREATE PROCEDURE public.finished(first bigint, last bigint, spread bigint) LANGUAGE sql
SET session_replication_role = replica AS $$
    INSERT INTO osm.clock (id, authority_id, incident_id, rule_id, cycle_no, calendar, used, armed,
        binding, outer_term, body_id, started_seq, state, started_at, resumed_at, due_at,
        stopped_at)
    SELECT 10000000 + n, c.authority_id, 1000000 + n % spread, c.rule_id, 2 + n / spread,
        c.calendar, c.used, c.armed, c.binding, c.outer_term, c.body_id, c.started_seq, 'met',
        due - interval '1 day', due - interval '1 day', due, due
    FROM (SELECT * FROM osm.clock ORDER BY incident_id, id LIMIT 1) AS c,
        generate_series(first, last) AS n,
        LATERAL (SELECT '2020-01-01'::timestamptz + n * interval '1 s') AS at (due);
$$;

SELECT public.due_at('2100-01-01 12:00+03') FROM generate_series(1, 1000);
