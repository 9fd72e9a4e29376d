-- Terms counted again after a calendar changed: what runs moves, what is decided stands, and every
-- move is an event with both due instants.
\set ON_ERROR_STOP on
\set ECHO none
\i test/lib/office.sql
\set ECHO all
\pset format unaligned
\pset footer off
SET timezone = 'Asia/Barnaul';
CREATE VIEW clocks AS
SELECT c.incident_id - (SELECT min(id) FROM osm.incident) + 1 AS n, r.name AS rule, c.state,
    c.due_at, c.due_cause, c.provisional, c.flagged_at IS NOT NULL AS flagged
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id ORDER BY c.incident_id, c.id;

-- One incident at work, one that asked its author, one answered
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "t", "place": "p"}') AS runs \gset
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "t", "place": "p"}') AS waits \gset
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "t", "place": "p"}') AS done \gset
SELECT osm.route(:runs, '{roads}'), osm.route(:waits, '{roads}'), osm.route(:done, '{roads}')
    \g /dev/null
SELECT osm.act_as('roads') \g /dev/null
SELECT osm.submit_reply(:waits, '{"text": "?"}', 'clarification'),
    osm.submit_reply(:done, '{"text": "!"}') \g /dev/null
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.approve(:waits, '{"format": true, "substance": true, "media": true}'),
    osm.approve(:done, '{"format": true, "substance": true, "media": true}') \g /dev/null
SET osm_workflow.simulated_now = '2026-03-02 12:00+07';
SELECT osm.act_as('roads') \g /dev/null
SELECT osm.post_reply(:waits, 'vk', 'https://vk.example/1'),
    osm.post_reply(:done, 'vk', 'https://vk.example/2') \g /dev/null
COMMIT;
SELECT * FROM clocks WHERE state IN ('running', 'paused') OR rule = 'answer';

-- The third of March is declared a day off
SELECT osm.define_calendar('ru-alt-barnaul', jsonb_set(osm.calendar_document('ru-alt-barnaul'),
    '{days}', '{"2026-03-03": {"is": "closed", "title": "День края"}}')) \g /dev/null
SELECT calendar, after_incident FROM osm.recalculation;
-- looking changes nothing
SELECT incident = :runs AS runs, rule, state, old_due_at, new_due_at, provisional
FROM osm.recalculate('ru-alt-barnaul');
SELECT count(*) AS moved FROM osm.clock WHERE due_cause IS NOT NULL;
-- the pass moves what is open and leaves no request behind
SELECT moved, next_due FROM osm.tick();
SELECT * FROM clocks WHERE state IN ('running', 'paused') OR rule = 'answer';
SELECT count(*) AS requests FROM osm.recalculation;
SELECT e.seq, e.action, e.from_state = e.to_state AS stays, e.actor_id, e.clause,
    c ->> 'rule' AS rule,
    c ->> 'change' AS change, c ->> 'old_due_at' AS old_due_at, c ->> 'due_at' AS due_at,
    e.details ->> 'calendar' AS calendar
FROM osm.event AS e, jsonb_array_elements(e.details -> 'clocks') AS c
WHERE e.incident_id = :runs AND e.action = 'recalculate' ORDER BY c ->> 'rule';
SELECT osm.verify_chain(id) FROM osm.incident ORDER BY id;
-- once more: nothing to do, no event
SELECT count(*) FROM osm.recalculate('ru-alt-barnaul', false);
SELECT count(*) AS events FROM osm.event WHERE action = 'recalculate';

-- A change of the federal calendar reaches those that lie over it; a paused term goes on from the
-- author's reply on the calendar of that day
SELECT osm.load_production_calendar('ru', E'date,kind\n2026-03-04,holiday') \g /dev/null
SELECT rule, new_due_at FROM osm.recalculate('ru', false) WHERE incident = :runs;
SET osm_workflow.simulated_now = '2026-03-02 13:45+07';
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.author_replied(:waits, 'here') \g /dev/null
COMMIT;
SELECT rule, state, due_at FROM clocks WHERE n = 2 AND state = 'running';

-- A day turned into a working one can move a due instant into the past: late, and it says why
SET osm_workflow.simulated_now = '2026-03-04 12:00+07';
SELECT osm.define_calendar('ru-alt-barnaul', osm.calendar_document('ru-alt-barnaul') - 'days')
    \g /dev/null
SELECT moved, breaches FROM osm.tick();
SELECT breaches FROM osm.tick();
SELECT rule, due_at, due_cause, flagged FROM clocks WHERE n = 1 AND state = 'running';
SELECT overdue_since FROM osm.incident WHERE id = :runs;
-- and a later change that puts it off again redeems it
SELECT osm.define_calendar('ru-alt-barnaul', jsonb_set(osm.calendar_document('ru-alt-barnaul'),
    '{days}', '{"2026-03-03": "closed", "2026-03-04": "closed"}')) \g /dev/null
SELECT moved FROM osm.tick();
SELECT rule, due_at, flagged FROM clocks WHERE n = 1 AND state = 'running';
SELECT overdue_since FROM osm.incident WHERE id = :runs;

-- why it is due then, and what moved it
SELECT what, begins, ends, note FROM osm.clock AS c
JOIN osm.clock_rule AS r ON r.id = c.rule_id AND r.name = 'answer', osm.explain_clock(c.id)
WHERE c.incident_id = :runs AND what IN ('changed', 'due');
SELECT action, clocks ~ '^> .* → 2026-03-05 10:45$' AS says FROM osm.incident_story(:runs)
WHERE action ~ 'пересчитаны' ORDER BY seq DESC LIMIT 1;

-- Provisional terms are confirmed when the year is loaded
SET osm_workflow.simulated_now = '2027-12-30 16:00+07';
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "t", "place": "p"}') AS late \gset
COMMIT;
SET osm_workflow.simulated_now = '2027-12-31 16:30+07';
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.route(:late, '{roads}') \g /dev/null
COMMIT;
SELECT rule, due_at, provisional FROM clocks WHERE n > 3 AND state = 'running';
SELECT osm.load_production_calendar('ru', E'date,kind\n2028-01-01,holiday\n2028-01-10,holiday')
    \g /dev/null
SELECT rule, old_due_at, new_due_at, provisional FROM osm.recalculate('ru', false)
WHERE incident = :late;

\set ON_ERROR_STOP off
SELECT * FROM osm.recalculate('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT osm.request_recalculation('nowhere');
\echo :LAST_ERROR_SQLSTATE

-- what the search_path of the caller offers instead of what is built in is not run as the owner
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.same(integer, integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'run as %', current_user;
END $$;
CREATE OPERATOR hostile.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = hostile.same);
BEGIN;
LOCK TABLE osm.incident IN ROW EXCLUSIVE MODE;
SET LOCAL search_path = hostile, pg_catalog;
SELECT osm.request_recalculation('ru');
SELECT moved FROM osm.tick();
ROLLBACK;
