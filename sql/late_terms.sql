-- Terms that are late already: what stood still when it was late keeps its due instant when the
-- calendar changes, and nobody is warned of an end that is past.
\pset format unaligned
\pset footer off
SET timezone = 'Europe/Moscow';
SELECT osm.install_preset('ru') \g /dev/null
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C"}') \g /dev/null
SELECT osm.define_regulation('{"code": "late", "edition": "1", "title": "O", "issuer": "I",
    "act_no": "1", "act_date": "2025-12-01", "in_force": {"from": "2026-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "counted",
    "clauses": [{"path": "1", "summary": "Two hours.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "C", "scope": "authority", "clause": "1"},
              {"name": "judge", "title": "J", "scope": "authority", "clause": "1"}],
    "states": [{"name": "new", "title": "N", "kind": "initial"},
               {"name": "done", "title": "D", "kind": "final"}],
    "actions": [{"name": "register", "title": "R", "effect": "register"},
                {"name": "ask", "title": "A"}, {"name": "hear", "title": "H"},
                {"name": "plan", "title": "P"}, {"name": "fix", "title": "X", "effect": "set_term"},
                {"name": "finish", "title": "F"}],
    "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "1"},
        {"action": "ask", "from": "new", "role": ["clerk"], "clause": "1"},
        {"action": "hear", "from": "new", "role": ["clerk"], "clause": "1"},
        {"action": "plan", "from": "new", "role": ["clerk"], "clause": "1"},
        {"action": "fix", "from": "new", "role": ["clerk"], "requires": ["clock", "due_at"],
         "clause": "1"},
        {"action": "finish", "from": "new", "to": "done", "role": ["clerk"], "clause": "1"}],
    "clocks": [{"name": "hours", "title": "A", "starts_on": ["register"], "stops_on": ["finish"],
        "pauses_on": ["ask"], "resumes_on": ["hear"], "term": "2 hours", "outer_term": true,
        "warn_before": ["1 hour"], "responsible": "clerk", "clause": "1"},
       {"name": "days", "title": "A", "starts_on": ["register"], "stops_on": ["finish"],
        "pauses_on": ["ask"], "resumes_on": ["hear"], "term": "1 business day",
        "responsible": "clerk", "clause": "1"},
       {"name": "far", "title": "A", "starts_on": ["plan"], "stops_on": ["finish"],
        "term": "4 hours", "responsible": "clerk", "clause": "1"},
       {"name": "near", "title": "A", "starts_on": ["plan"], "stops_on": ["finish"],
        "anchor": "far", "term": "2 hours", "responsible": "clerk", "clause": "1"}]}') \g /dev/null
SELECT osm.define_authority('{"code": "late", "title": "A",
    "regulations": {"late": {"clerk": ["desk"], "judge": ["desk"]}},
    "bodies": [{"code": "desk", "title": "D"}],
    "officials": [{"login": "late1", "name": "C", "appointments": [{"body": "desk",
            "role": "clerk"}]},
        {"login": "judge", "name": "J", "appointments": [{"body": "desk", "role": "judge"}]}]}')
    \g /dev/null
CREATE FUNCTION pg_temp.at(local text) RETURNS void LANGUAGE sql AS
    $$ SELECT set_config('osm_workflow.simulated_now', local || '+03', false) $$;
CREATE FUNCTION pg_temp.excuse(incident bigint, rule text, reason text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as('judge');
    PERFORM osm.excuse(c.id, reason) FROM osm.clock AS c JOIN osm.clock_rule AS r
        ON r.id = c.rule_id WHERE c.incident_id = incident AND r.name = rule;
END $$;
CREATE FUNCTION pg_temp.excused(incident bigint, rule text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(c.excuse || ', event ' || c.excused_seq, 'not excused')
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    WHERE c.incident_id = incident AND r.name = rule $$;
CREATE FUNCTION pg_temp.terms() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.name, c.state, 'due', to_char(c.due_at, 'DD.MM HH24:MI'), c.due_cause,
        CASE WHEN c.flagged_at IS NOT NULL THEN 'flagged' END)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id ORDER BY c.id $$;

-- paused on Wednesday, late since Monday and Tuesday; the calendar changes once while it is paused
-- and once when it runs again
SELECT pg_temp.at('2026-03-02 10:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT osm.register('late', '{"channel": "vk"}') AS i \gset
COMMIT;
SELECT * FROM pg_temp.terms();
SELECT pg_temp.at('2026-03-04 11:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT osm.perform(:i, 'ask') \g /dev/null
COMMIT;
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C", "days": {
    "2026-03-04": {"is": ["11:00-18:00"]}}}') \g /dev/null
SELECT moved FROM osm.tick();
SELECT * FROM pg_temp.terms();
SELECT pg_temp.at('2026-03-05 12:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT osm.perform(:i, 'hear') \g /dev/null
COMMIT;
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C", "days": {
    "2026-03-04": {"is": ["10:30-18:00"]}, "2026-03-05": {"is": ["10:30-18:00"]}}}') \g /dev/null
SELECT moved FROM osm.tick();
SELECT * FROM pg_temp.terms();

-- flagged on Monday evening, moved to Tuesday by a calendar that changes on Wednesday: a breach of
-- another instant, of which those who answer for it are told as well, and which is not excused
SELECT pg_temp.at('2026-04-06 15:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT osm.register('late', '{"channel": "vk"}') AS moved \gset
COMMIT;
SELECT pg_temp.at('2026-04-06 17:30') \g /dev/null
SELECT breaches FROM osm.tick();
SELECT pg_temp.excuse(:moved, 'hours', 'outage') \g /dev/null
SELECT pg_temp.excused(:moved, 'hours');
SELECT pg_temp.at('2026-04-08 12:00') \g /dev/null
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C", "days": {
    "2026-04-06": {"is": ["09:00-15:30"]}, "2026-04-07": {"is": ["10:00-18:00"]}}}') \g /dev/null
SELECT moved FROM osm.tick();
SELECT r.name, c.due_at, c.flagged_at, i.overdue_since,
    ARRAY(SELECT n.about_at FROM osm.notification AS n
          WHERE n.clock_id = c.id AND n.kind = 'breach' ORDER BY n.id) AS told_of
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
JOIN osm.incident AS i ON i.id = c.incident_id WHERE c.incident_id = :moved AND r.name = 'hours';
SELECT pg_temp.excused(:moved, 'hours');
-- excused in its turn, it stays so where the flag stands: the same breach, by another hour
SELECT pg_temp.excuse(:moved, 'hours', 'flood') \g /dev/null
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C", "days": {
    "2026-04-06": {"is": ["09:00-15:30"]}, "2026-04-07": {"is": ["11:00-18:00"]}}}') \g /dev/null
SELECT moved FROM osm.tick();
SELECT c.due_at, c.flagged_at, pg_temp.excused(:moved, 'hours')
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :moved AND r.name = 'hours';

-- the same with a term that stands still, late by either instant
SELECT pg_temp.at('2026-04-20 10:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT osm.register('late', '{"channel": "vk"}') AS moved \gset
COMMIT;
SELECT pg_temp.at('2026-04-21 19:00') \g /dev/null
SELECT breaches FROM osm.tick();
SELECT pg_temp.at('2026-04-23 11:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT osm.perform(:moved, 'ask') \g /dev/null
COMMIT;
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C", "days": {
    "2026-04-21": "closed"}}') \g /dev/null
SELECT moved FROM osm.tick();
SELECT r.name, c.state, c.due_at, c.flagged_at,
    ARRAY(SELECT n.about_at FROM osm.notification AS n
          WHERE n.clock_id = c.id AND n.kind = 'breach' ORDER BY n.id) AS told_of
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :moved AND r.name = 'days';
-- and moved once more, to after it stood still: not late at all
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C", "days": {
    "2026-04-21": "closed", "2026-04-22": "closed"}}') \g /dev/null
SELECT moved FROM osm.tick();
SELECT r.name, c.state, c.due_at, c.flagged_at
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :moved AND r.name = 'days';

-- what was late before its anchor was set by hand did not follow it, and does not later
SELECT pg_temp.at('2026-04-27 10:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT osm.register('late', '{"channel": "vk"}') AS hung \gset
SELECT osm.perform(:hung, 'plan') \g /dev/null
COMMIT;
SELECT pg_temp.at('2026-04-27 12:40') \g /dev/null
SELECT breaches FROM osm.tick();
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT osm.perform(:hung, 'fix', '{"clock": "far", "due_at": "2026-04-27 17:00+03"}') \g /dev/null
COMMIT;
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C", "days": {
    "2026-04-28": "closed"}}') \g /dev/null
SELECT moved FROM osm.tick();
SELECT r.name, c.state, c.due_at, c.flagged_at
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :hung AND r.name IN ('far', 'near') ORDER BY r.position;

-- more late terms than a pass takes: none of those it leaves is warned of meanwhile
SELECT pg_temp.at('2026-05-18 10:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT count(osm.register('late', '{"channel": "vk"}')) FROM generate_series(1, 150);
COMMIT;
SELECT pg_temp.at('2026-05-18 12:30') \g /dev/null
SELECT breaches, next_due <= osm.now() AS more FROM osm.tick();
SELECT breaches, next_due <= osm.now() AS more FROM osm.tick();
SELECT kind, count(*) FROM osm.notification WHERE incident_id > :hung GROUP BY kind ORDER BY kind;
-- and in time all are
SELECT pg_temp.at('2026-05-19 10:00') \g /dev/null
BEGIN;
SELECT osm.act_as('late1') \g /dev/null
SELECT count(osm.register('late', '{"channel": "vk"}')) FROM generate_series(1, 150);
COMMIT;
SELECT pg_temp.at('2026-05-19 11:30') \g /dev/null
SELECT warnings, next_due <= osm.now() AS more FROM osm.tick();
SELECT warnings, next_due <= osm.now() AS more FROM osm.tick();
SELECT kind, count(*) FROM osm.notification WHERE incident_id > :hung GROUP BY kind ORDER BY kind;
