-- osm.perform(): what it answers is what was written, and it never answers what was not.
SET client_min_messages = warning;
SELECT osm.install_preset('around-the-clock') \g /dev/null
SELECT osm.define_regulation('{"code": "made-up", "edition": "1", "title": "M", "issuer": "M",
    "act_no": "1", "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "around-the-clock",
    "clauses": [{"path": "1", "summary": "s", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "C", "scope": "authority", "clause": "1"}],
    "states": [{"name": "here", "title": "H", "kind": "initial"},
               {"name": "there", "title": "T", "kind": "open"},
               {"name": "done", "title": "D", "kind": "final"}],
    "actions": [{"name": "register", "title": "R", "effect": "register"},
                {"name": "go", "title": "G"}, {"name": "back", "title": "B"},
                {"name": "finish", "title": "F"}],
    "transitions": [{"action": "register", "to": "here", "role": ["clerk"], "clause": "1"},
        {"action": "go", "from": "here", "to": "there", "role": ["clerk"], "clause": "1"},
        {"action": "back", "from": "there", "to": "here", "role": ["clerk"], "clause": "1"},
        {"action": "finish", "from": "here", "to": "done", "role": ["clerk"], "clause": "1"}],
    "clocks": [
        {"name": "advice", "title": "A", "starts_on": ["go"], "stops_on": ["back"],
         "term": "1 hour", "binding": false, "responsible": "clerk", "clause": "1"},
        {"name": "on_use", "title": "U", "starts_on": ["go"], "stops_on": ["back"],
         "armed": "on_use", "term": "2 hours", "responsible": "clerk", "clause": "1"},
        {"name": "second", "title": "S", "starts_on": ["go"], "stops_on": ["back"],
         "term": "4 hours", "responsible": "clerk", "clause": "1"},
        {"name": "first", "title": "F", "starts_on": ["go"], "stops_on": ["back"],
         "term": "3 hours", "outer_term": true, "responsible": "clerk", "clause": "1"}]}') > 0,
    osm.define_authority('{"code": "a", "title": "A", "regulations": {"made-up": {"clerk": ["b"]}},
    "bodies": [{"code": "b", "title": "B"}], "officials": [{"login": "clerk", "name": "C",
        "appointments": [{"body": "b", "role": "clerk"}]}]}') > 0 \g /dev/null
SET osm_workflow.simulated_now = '2026-03-02 10:00+03';
SET timezone = 'Europe/Moscow';
\pset format unaligned
BEGIN;
SELECT osm.act_as('clerk') \g /dev/null
SELECT osm.register('made-up', '{"channel": "vk"}') AS id \gset
-- The running binding clock that is due first; none once it has stopped.
SELECT event, state, clock, due_at FROM osm.perform(:id, 'go');
SELECT event, state, clock, due_at FROM osm.perform(:id, 'back', NULL);
-- As it stands in the tables.
SELECT * FROM osm.perform(:id, 'go') \gset told_
SELECT i.id = :told_incident AS same, i.event_seq = :told_event AS event,
    i.state = :'told_state' AS state,
    (SELECT min(c.due_at) FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
     WHERE c.incident_id = i.id AND c.state = 'running' AND r.name = :'told_clock')
        = :'told_due_at' AS due
FROM osm.incident AS i WHERE i.id = :id;
COMMIT;
-- A trigger that takes a further step on the same incident: each call tells of its own.
CREATE FUNCTION public.go_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.action = 'back' THEN
        RAISE INFO 'inner: %', osm.perform(NEW.id, 'go');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER zz_go_on AFTER UPDATE ON osm.incident FOR EACH ROW EXECUTE FUNCTION public.go_on();
BEGIN;
SELECT osm.act_as('clerk') \g /dev/null
SELECT event, state, clock, due_at FROM osm.perform(:id, 'back');
COMMIT;
DROP TRIGGER zz_go_on ON osm.incident;
-- Refused: nothing named, no such incident, a step within an error that was caught.
SELECT osm.perform(NULL, 'go');
SELECT osm.perform(:id, NULL);
SELECT osm.perform(-1, 'go');
BEGIN;
SELECT osm.act_as('clerk') \g /dev/null
SAVEPOINT s;
SELECT osm.perform(:id, 'go');
ROLLBACK TO s;
SELECT event, state, clock FROM osm.perform(:id, 'back');
COMMIT;
-- Triggers silenced, or not there: a step nobody recorded is an error, not an answer.
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT osm.perform(:id, 'go');
ROLLBACK;
BEGIN;
ALTER TABLE osm.incident DISABLE TRIGGER z_step;
SELECT osm.act_as('clerk') \g /dev/null
SELECT osm.perform(:id, 'go');
ROLLBACK;
SELECT state, event_seq, osm.verify_chain(id) AS broken_at FROM osm.incident WHERE id = :id;
-- A step is dated by when it is taken, however long ago the transaction began; who states its
-- beginning means now.
RESET osm_workflow.simulated_now;
BEGIN;
SELECT osm.act_as('clerk') \g /dev/null
SELECT osm.register('made-up', '{"channel": "vk"}') AS id \gset
SELECT state FROM osm.perform(:id, 'go');
SELECT state FROM osm.perform(:id, 'back', jsonb_build_object('occurred_at', osm.now()));
SELECT action, occurred_at > now() AS later, occurred_at = recorded_at AS as_recorded,
    occurred_at > lag(occurred_at) OVER (ORDER BY seq) AS in_turn
FROM osm.event WHERE incident_id = :id ORDER BY seq;
ROLLBACK;
