-- Demonstration, part 4: what a database administrator wants to see after such a week.
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset null ''
\set QUIET on
SET client_min_messages = warning;
SET timezone = 'Asia/Barnaul';
SET datestyle = 'ISO, DMY';
SET osm_workflow.simulated_now = '2026-11-06 14:30+03';

\echo
\echo '== 8. What the executor has to do now: SELECT * FROM osm.inbox =='
\echo
BEGIN;
SELECT osm.act_as('katunin') \g /dev/null
SELECT incident_id AS id, place, state_title AS state, action_titles AS "to do",
    rule_title AS step, step_remaining_hours AS "step, h", answer_remaining_hours AS "answer, h"
FROM osm.inbox;
COMMIT;

\echo
\echo '== 9. Refused: each of these steps breaks the act =='
\set VERBOSITY verbose
\set SHOW_CONTEXT never
\echo
\echo '-- the answer to a repeat must tell what was done'
BEGIN;
SELECT osm.act_as('katunin') \g /dev/null
\set ON_ERROR_STOP off
SELECT osm.submit_reply(demo.id('road again'), '{"text": "Ответ дан ранее."}');
\set got :SQLSTATE
ROLLBACK;
\set ON_ERROR_STOP on
\t on
SELECT demo.expect('OW004', :'got');
\echo
\echo '-- an executor posts what no curator has approved'
BEGIN;
SELECT osm.act_as('katunin') \g /dev/null
\set ON_ERROR_STOP off
SELECT osm.post_reply(demo.id('road again'), 'vk', 'https://vk.example/road/9');
\set got :SQLSTATE
ROLLBACK;
\set ON_ERROR_STOP on
SELECT demo.expect('OW001', :'got');
\echo
\echo '-- an executor sends a proper draft and approves it himself'
BEGIN;
SELECT osm.act_as('katunin') \g /dev/null
SELECT osm.submit_reply(demo.id('road again'),
    '{"text": "Яма заделана заново.", "measures": "Асфальт уложен 6 ноября."}') \g /dev/null
\set ON_ERROR_STOP off
SELECT osm.approve(demo.id('road again'), '{"format": true, "substance": true, "media": true}');
\set got :SQLSTATE
ROLLBACK;
\set ON_ERROR_STOP on
SELECT demo.expect('OW002', :'got');
\echo
\echo '-- a threat is answered after all'
BEGIN;
SELECT osm.act_as('sosnina') \g /dev/null
\set ON_ERROR_STOP off
UPDATE osm.incident SET state = 'assigned' WHERE id = demo.id('threat');
\set got :SQLSTATE
ROLLBACK;
\set ON_ERROR_STOP on
SELECT demo.expect('OW005', :'got');
\echo
\echo '-- the superuser himself edits the evidence'
\set ON_ERROR_STOP off
UPDATE osm.event SET details = '{}' WHERE incident_id = demo.id('heat') AND seq = 3;
\set got :SQLSTATE
\set ON_ERROR_STOP on
SELECT demo.expect('OW008', :'got');
\t off
\set VERBOSITY default

\echo
\echo '== 10. One incident step by step: SELECT * FROM osm.incident_story(…) =='
\echo
\echo 'The pothole, which went to the wrong ministry first:'
SELECT seq, to_char(occurred_at, 'DD.MM HH24:MI') AS at, who, action, to_state AS state,
    clause, clocks
FROM osm.incident_story(demo.id('road'));
\echo 'The cold radiators, answered late:'
SELECT seq, to_char(occurred_at, 'DD.MM HH24:MI') AS at, who, action, to_state AS state,
    clause, clocks
FROM osm.incident_story(demo.id('heat'));

\echo
\echo '== 11. Why was it due then? SELECT * FROM osm.explain_clock(…) =='
\echo
\echo 'Registered on a short Tuesday at 15:05, nine working hours, a holiday in between:'
SELECT e.what, to_char(e.begins, 'Dy DD.MM HH24:MI') AS from,
    to_char(e.ends, 'Dy DD.MM HH24:MI') AS to, e.used, e."left", e.note
FROM osm.clock c JOIN osm.clock_rule r ON r.id = c.rule_id,
    osm.explain_clock(c.id) e
WHERE c.incident_id = demo.id('clinic') AND r.name = 'answer'
ORDER BY e.line;
\echo 'The draft is counted back from there:'
SELECT e.what, to_char(e.begins, 'Dy DD.MM HH24:MI') AS from,
    to_char(e.ends, 'Dy DD.MM HH24:MI') AS to, e.used, e."left", e.note
FROM osm.clock c JOIN osm.clock_rule r ON r.id = c.rule_id,
    osm.explain_clock(c.id, 'en') e
WHERE c.incident_id = demo.id('clinic') AND r.name = 'draft'
ORDER BY e.line;
\echo 'The pond: the author was asked, the term stood still overnight:'
SELECT e.what, to_char(e.begins, 'Dy DD.MM HH24:MI') AS from,
    to_char(e.ends, 'Dy DD.MM HH24:MI') AS to, e.used, e."left", e.note
FROM osm.clock c JOIN osm.clock_rule r ON r.id = c.rule_id,
    osm.explain_clock(c.id) e
WHERE c.incident_id = demo.id('pond') AND r.name = 'answer'
ORDER BY e.line;

\echo
\echo '== 12. Overdue now, as the worker flagged it: SELECT * FROM osm.overdue =='
\echo
SELECT regulation AS act, body, place, rule_title AS term, clause,
    to_char(due_at, 'DD.MM HH24:MI') AS due, to_char(flagged_at, 'DD.MM HH24:MI') AS flagged,
    late_hours AS "late, h"
FROM osm.overdue ORDER BY due_at;

\echo
\echo '== 13. How the bodies do: SELECT * FROM osm.body_scorecard, osm.rating =='
\echo
SELECT regulation AS act, body, to_char(month, 'MM.YYYY') AS month, due, in_time AS "in time", late,
    open, mean_hours AS "mean, h", p90_hours AS "p90, h", drafts, rework, repeats AS rep,
    returns AS ret
FROM osm.body_scorecard ORDER BY act, body, body_scorecard.month;
SELECT regulation AS act, body, answers_due AS due, timeliness AS "T", speed AS "S", quality AS "Q",
    no_repeats AS "N", interims_kept AS "I", score, zone_title AS zone
FROM osm.rating ORDER BY act, score DESC NULLS LAST, body;

\echo
\echo '== 14. The evidence holds, the worker is well =='
\echo
SELECT count(*) AS incidents, sum(event_seq) AS events,
    count(*) FILTER (WHERE osm.verify_chain(id) IS NOT NULL) AS "broken chains"
FROM osm.incident;
SELECT state, passes, breaches, next_due, last_error
FROM osm.worker_status() WHERE database = current_database();

\echo
\echo 'The clock of this server stands at Friday, 14:30 in Moscow. Let it go on to Monday:'
\echo '    ALTER SYSTEM SET osm_workflow.simulated_now = ''2026-11-09 11:30+07'';'
\echo '    SELECT pg_reload_conf();'
\echo '    SELECT body, place, rule_title, due_at, flagged_at, late_hours FROM osm.overdue;'
\echo 'Play an official yourself:'
\echo '    BEGIN; SELECT osm.act_as(''katunin''); SELECT * FROM osm.inbox;'
\echo '    SELECT * FROM osm.allowed_actions(39); ROLLBACK;'
