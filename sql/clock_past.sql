-- What the past of a clock decides: whose turn has been does not get the term again, be the
-- incident late or not; and a term that ended before the year 2000 is flagged when it is seen, too.
\pset format unaligned
\pset footer off
SET timezone = 'Europe/Moscow';
SELECT osm.install_preset('ru') \g /dev/null
SELECT osm.define_regulation('{"code": "past", "edition": "1", "title": "O", "issuer": "I",
    "act_no": "1", "act_date": "2025-12-01", "in_force": {"from": "1990-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "ru", "several_bodies": "joint",
    "lead_contributes": true,
    "clauses": [{"path": "1", "summary": "S", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "C", "scope": "authority", "clause": "1"},
              {"name": "hand", "title": "E", "scope": "assignment", "clause": "1"}],
    "states": [{"name": "new", "title": "N", "kind": "initial"},
               {"name": "work", "title": "W", "kind": "open"},
               {"name": "done", "title": "D", "kind": "final"}],
    "actions": [{"name": "register", "title": "R", "effect": "register"},
                {"name": "route", "title": "T", "effect": "assign"},
                {"name": "give", "title": "B", "effect": "contribute"},
                {"name": "waive", "title": "A"}, {"name": "finish", "title": "F"}],
    "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "1"},
        {"action": "route", "from": "new", "to": "work", "role": ["clerk"], "requires": ["bodies"],
         "clause": "1"},
        {"action": "route", "from": "work", "role": ["clerk"], "requires": ["bodies"],
         "clause": "1"},
        {"action": "give", "from": "work", "role": ["hand"], "requires": ["text"], "clause": "1"},
        {"action": "waive", "from": "work", "role": ["clerk"], "clause": "1"},
        {"action": "finish", "from": "work", "to": "done", "role": ["clerk"], "clause": "1"},
        {"action": "finish", "from": "new", "to": "done", "role": ["clerk"], "clause": "1"}],
    "clocks": [{"name": "answer", "title": "A", "starts_on": ["register"], "stops_on": ["finish"],
        "term": "36 hours", "outer_term": true, "counts_from": "published_at",
        "responsible": "clerk", "clause": "1"},
       {"name": "part", "title": "P", "starts_on": ["route/several"], "stops_on": ["give"],
        "cancels_on": ["waive"], "scope": "assignment", "term": "18 hours",
        "responsible": "hand", "clause": "1"}]}') \g /dev/null
SELECT osm.define_authority('{"code": "past", "title": "A",
    "regulations": {"past": {"clerk": ["desk"], "hand": ["a", "b", "x"]}},
    "bodies": [{"code": "desk", "title": "D"}, {"code": "a", "title": "A"},
               {"code": "b", "title": "B"}, {"code": "x", "title": "X"}],
    "officials": [
        {"login": "clerk", "name": "C", "appointments": [{"body": "desk", "role": "clerk"}]},
        {"login": "ha", "name": "A", "appointments": [{"body": "a", "role": "hand"}]},
        {"login": "hb", "name": "B", "appointments": [{"body": "b", "role": "hand"}]},
        {"login": "hx", "name": "X", "appointments": [{"body": "x", "role": "hand"}]}]}')
    \g /dev/null
CREATE FUNCTION pg_temp.take(at text, login text, incident bigint, action text,
    details jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', '2026-03-' || at || '+03', false);
    PERFORM osm.act_as(login);
    RETURN (osm.perform(incident, action, details)).state;
END $$;
CREATE FUNCTION pg_temp.new(published text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', '2026-03-02 09:00+03', false);
    PERFORM osm.act_as('clerk');
    RETURN osm.register('past', jsonb_build_object('channel', 'vk', 'published_at', published));
END $$;
CREATE FUNCTION pg_temp.parts(incident bigint) RETURNS TABLE (body text, cycle_no integer,
    state text, started_at timestamptz) LANGUAGE sql AS $$
    SELECT b.code, c.cycle_no, c.state, c.started_at FROM osm.clock AS c
    JOIN osm.assignment AS a ON a.id = c.assignment_id JOIN osm.body AS b ON b.id = a.body_id
    WHERE c.incident_id = incident ORDER BY c.id $$;

-- A gives, B's turn comes and its term is waived; routed anew behind X, B is not given it again
SELECT pg_temp.new('2026-03-02 09:00+03') AS i \gset
SELECT pg_temp.take('02 10:00', 'clerk', :i, 'route',
    '{"bodies": ["a", "b"], "order": "sequence"}');
SELECT pg_temp.take('02 11:00', 'ha', :i, 'give', '{"text": "t"}');
SELECT pg_temp.take('02 12:00', 'clerk', :i, 'waive');
SELECT pg_temp.take('02 14:00', 'clerk', :i, 'route',
    '{"bodies": ["x", "b", "a"], "order": "sequence"}');
SELECT pg_temp.take('02 15:00', 'hx', :i, 'give', '{"text": "t"}');
SELECT * FROM pg_temp.parts(:i);

-- nor where the incident is late by then
SELECT pg_temp.new('2026-03-02 09:00+03') AS i \gset
SELECT pg_temp.take('02 10:00', 'clerk', :i, 'route',
    '{"bodies": ["a", "b"], "order": "sequence"}');
SELECT pg_temp.take('02 11:00', 'ha', :i, 'give', '{"text": "t"}');
SELECT pg_temp.take('02 12:00', 'clerk', :i, 'waive');
SELECT pg_temp.take('02 14:00', 'clerk', :i, 'route',
    '{"bodies": ["x", "b", "a"], "order": "sequence"}');
SET osm_workflow.simulated_now = '2026-03-07 10:00+03';
SELECT breaches > 0 AS some FROM osm.tick();
SELECT overdue_since FROM osm.incident WHERE id = :i;
SELECT pg_temp.take('07 15:00', 'hx', :i, 'give', '{"text": "t"}');
SELECT * FROM pg_temp.parts(:i);
-- and another edition would say the same
SELECT incident, rule, body, cycle_no, was, would_be FROM osm.simulate('past', '2026-01-01',
    '2027-01-01') WHERE was IS DISTINCT FROM would_be;

-- a message of the last century
SELECT pg_temp.new('1999-12-20 10:00+03') AS i \gset
SELECT pg_temp.take('02 10:00', 'clerk', :i, 'finish');
SELECT state, due_at, flagged_at FROM osm.clock WHERE incident_id = :i;
