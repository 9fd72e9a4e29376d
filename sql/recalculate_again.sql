-- A calendar that changes again and again while its terms are counted: what is under way goes on,
-- so that it comes to the latest incidents too, and then all is done once more.
\pset format unaligned
\pset footer off
SET timezone = 'Europe/Moscow';
SELECT osm.install_preset('ru') \g /dev/null
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C"}') \g /dev/null
SELECT osm.define_regulation('{"code": "again", "edition": "1", "title": "O", "issuer": "I",
    "act_no": "1", "act_date": "2025-12-01", "in_force": {"from": "2026-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "counted",
    "clauses": [{"path": "1", "summary": "Nine hours.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "C", "scope": "authority", "clause": "1"}],
    "states": [{"name": "new", "title": "N", "kind": "initial"},
               {"name": "done", "title": "D", "kind": "final"}],
    "actions": [{"name": "register", "title": "R", "effect": "register"},
                {"name": "finish", "title": "F"}],
    "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "1"},
        {"action": "finish", "from": "new", "to": "done", "role": ["clerk"], "clause": "1"}],
    "clocks": [{"name": "hours", "title": "A", "starts_on": ["register"], "stops_on": ["finish"],
        "term": "9 hours", "outer_term": true, "responsible": "clerk", "clause": "1"}]}')
    \g /dev/null
SELECT osm.define_authority('{"code": "again", "title": "A",
    "regulations": {"again": {"clerk": ["desk"]}}, "bodies": [{"code": "desk", "title": "D"}],
    "officials": [{"login": "again1", "name": "C", "appointments": [{"body": "desk",
        "role": "clerk"}]}]}') \g /dev/null
CREATE FUNCTION pg_temp.closed(day text) RETURNS void LANGUAGE sql AS $$
    SELECT osm.define_calendar('counted', jsonb_build_object('parent', 'ru', 'title', 'C', 'days',
        jsonb_build_object(day, 'closed'))) $$;
CREATE VIEW pg_temp.terms AS SELECT due_at, count(*), max(incident_id) AS last
    FROM osm.clock GROUP BY due_at ORDER BY due_at;

SET osm_workflow.simulated_now = '2026-03-02 10:00+03';
BEGIN;
SELECT osm.act_as('again1') \g /dev/null
SELECT count(osm.register('again', '{"channel": "vk"}')) FROM generate_series(1, 250);
COMMIT;
SELECT * FROM pg_temp.terms;
SELECT pg_temp.closed('2026-03-03') \g /dev/null
SELECT moved FROM osm.tick();
SELECT * FROM pg_temp.terms;
-- it changes in the middle: the rest comes first, and then all of it
SELECT pg_temp.closed('2026-03-02') \g /dev/null
SELECT moved FROM osm.tick();
SELECT * FROM pg_temp.terms;
SELECT calendar, after_incident, waits_for FROM osm.recalculation;
SELECT moved FROM osm.tick();
SELECT moved FROM osm.tick();
SELECT moved FROM osm.tick();
SELECT * FROM pg_temp.terms;
SELECT count(*) AS requests FROM osm.recalculation;
