-- Past incidents under another edition. The law it stands on: under its own edition a past incident
-- gets exactly the clocks it had.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
SET client_min_messages = error;
\set ECHO none
\i test/lib/office.sql
\set ECHO all
-- Clocks of a period that differ between what was and what one's own edition would have run.
CREATE VIEW try.broken_law AS
    WITH other AS (
        SELECT i.id AS incident, s.*
        FROM osm.incident AS i, LATERAL osm.simulate_incident(i.id, i.regulation_id) AS s
    ), real AS (
        SELECT c.incident_id, r.name, c.assignment_id, c.cycle_no, c.armed, c.binding,
            c.outer_term, c.started_at, c.due_at, c.stopped_at, c.state
        FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id)
    (SELECT 'was', * FROM real EXCEPT SELECT 'was', * FROM other)
    UNION ALL (SELECT 'would be', * FROM other EXCEPT SELECT 'would be', * FROM real);
CREATE FUNCTION try.at(local text) RETURNS text LANGUAGE sql AS
    $$ SELECT set_config('osm_workflow.simulated_now', '2026-03-' || local || '+07', false) $$;

\echo
\echo == a day in which much happens
-- One of every state; all steps at one instant.
SELECT count(try.incident(s)) FROM unnest('{detected,assigned,collecting,returned,review,rework,
    approved,interim_posted,awaiting_author,answered,refused,dismissed}'::text[]) AS s;
-- A joint reply: returned by one, given by two in the same minute, routed anew, sent back, posted.
SELECT try.incident('collecting') AS i \gset
SELECT try.at('02 10:20'), try.step('schools', :i, 'return');
SELECT try.at('02 10:50'), try.step('curator', :i, 'route', '{"bodies": ["roads", "health",
    "depot"], "lead": "roads"}');
SELECT try.at('02 12:00'), try.step('health', :i, 'contribute', '{"text": "а"}'),
    try.step('depot', :i, 'contribute', '{"text": "б"}');
SELECT try.at('02 12:10'), try.step('roads', :i, 'submit', '{"text": "в"}');
SELECT try.at('02 15:00'), try.step('curator', :i, 'send_back', '{"reason": "format"}');
SELECT try.at('02 17:00'), try.step('roads', :i, 'submit', '{"text": "г"}');
SELECT try.at('03 10:00'), try.step('curator', :i, 'approve',
    '{"checklist": {"format": true, "substance": true, "media": true}}');
SELECT try.at('03 11:30'), try.step('roads', :i, 'post', '{"channel": "vk"}');
-- Parts given one after another: one body makes way by giving its part, one by returning it.
SELECT try.at('03 11:40'), try.incident('detected') AS i \gset
SELECT try.step('curator', :i, 'route', '{"bodies": ["health", "schools", "depot", "roads"],
    "lead": "roads", "order": "sequence"}');
SELECT try.at('03 11:50'), try.step('health', :i, 'contribute', '{"text": "а"}');
SELECT try.at('03 11:55'), try.step('schools', :i, 'return');
SELECT try.at('03 11:58'), try.step('curator', :i, 'route', '{"bodies": ["depot", "schools",
    "roads"], "lead": "roads", "order": "sequence"}');
SELECT try.at('03 11:59'), try.step('depot', :i, 'contribute', '{"text": "б"}');
SELECT count(*) FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :i AND r.name = 'info';
-- A question to the author, an interim reply, the final one.
SELECT try.at('03 12:00'), try.incident('awaiting_author') AS i \gset
SELECT try.at('05 12:00'), try.step('robot', :i, 'author_reply', '{"text": "да"}');
SELECT try.at('05 12:10'), try.step('roads', :i, 'submit', '{"text": "д", "kind": "interim"}');
SELECT try.step('curator', :i, 'approve',
    '{"checklist": {"format": true, "substance": true, "media": true}}');
SELECT try.at('05 12:20'), try.step('roads', :i, 'post', '{"channel": "vk"}');
SELECT try.at('10 09:00'), try.step('roads', :i, 'submit', '{"text": "е"}');
SELECT try.at('10 09:30'), try.step('curator', :i, 'mark_repeat',
    format('{"repeat_of": %s}', :i - 1)::jsonb);
SELECT count(*) > 80, count(DISTINCT state) FROM osm.clock;
-- An appointment that is corrected afterwards does not change who gave what.
UPDATE osm.appointment SET during = '(,2026-03-02)' FROM osm.official AS o
WHERE o.id = official_id AND o.login = 'health';

SELECT * FROM try.broken_law;

\echo
\echo == another edition: other terms, a step it does not know, a rule of its own
SELECT osm.define_regulation(d || '{"in_force": {"from": "2020-03-27", "to": "2026-05-31"}}')
FROM osm.regulation_document('ru-alt-132-2020') AS d \g /dev/null
SELECT osm.define_regulation(d || jsonb_build_object('edition', 'strict',
    'in_force', '{"from": "2026-06-01"}'::jsonb,
    'actions', (SELECT jsonb_agg(a) FROM jsonb_array_elements(d -> 'actions') AS a
                WHERE a ->> 'name' <> 'author_reply'),
    'transitions', (SELECT jsonb_agg(CASE t ->> 'action' WHEN 'author_reply' THEN
                               t || '{"action": "approve", "requires": []}' ELSE t END)
                    FROM jsonb_array_elements(d -> 'transitions') AS t),
    'clocks', (SELECT jsonb_agg(CASE c ->> 'name'
                   WHEN 'answer' THEN (c || '{"term": "8 h"}')
                                           - '{pauses_on,resumes_on}'::text[]
                   WHEN 'final' THEN c - '{pauses_on,resumes_on}'::text[]
                   WHEN 'review' THEN c || '{"name": "reading", "term": "4 h"}'
                   WHEN 'draft' THEN c || '{"starts_on": ["route"]}'
                   ELSE c END)
               FROM jsonb_array_elements(d -> 'clocks') AS c)))
    IS NOT NULL
FROM osm.regulation_document('ru-alt-132-2020') AS d;
CREATE TABLE try.before AS SELECT (SELECT count(*) FROM osm.clock) AS clocks,
    (SELECT count(*) FROM osm.clock_segment) AS segments,
    (SELECT count(*) FROM osm.event) AS events,
    (SELECT md5(string_agg(c::text, '' ORDER BY c.id)) FROM osm.clock AS c) AS content;
SELECT s.rule, s.body, s.cycle_no, s.was, s.was_due_at AT TIME ZONE 'Asia/Barnaul' AS was_due,
    s.would_be, s.due_at AT TIME ZONE 'Asia/Barnaul' AS due,
    s.stopped_at AT TIME ZONE 'Asia/Barnaul' AS stopped
FROM osm.simulate('ru-alt-132-2020', '-infinity', 'infinity', 'strict') AS s
WHERE s.incident = :i OR s.incident = :i - 2;
SELECT s.rule, s.was, s.would_be, count(*)
FROM osm.simulate('ru-alt-132-2020', '2026-03-02', '2026-03-03', 'strict') AS s
WHERE s.was IS DISTINCT FROM s.would_be GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- The default is the edition in force: today still the first, under which all is as it was.
SELECT count(*) FROM osm.simulate('ru-alt-132-2020', '-infinity', 'infinity') AS s
WHERE (s.was, s.was_due_at, s.was_stopped_at) IS DISTINCT FROM
      (s.would_be, s.due_at, s.stopped_at);
SELECT (SELECT count(*) FROM osm.clock) = b.clocks, (SELECT count(*) FROM osm.clock_segment)
    = b.segments, (SELECT count(*) FROM osm.event) = b.events,
    (SELECT md5(string_agg(c::text, '' ORDER BY c.id)) FROM osm.clock AS c) = b.content
FROM try.before AS b;
BEGIN READ ONLY;
SELECT count(*) > 0 FROM osm.simulate('ru-alt-132-2020', '-infinity', 'infinity', 'strict');
COMMIT;

\echo
\echo == urgency that another edition does not know, and one it does
SELECT try.at('11 10:00'), try.incident('assigned', '{"importance": "significant"}') AS i \gset
SELECT try.at('11 11:00'), try.step('roads', :i, 'submit', '{"text": "ж"}');
SELECT osm.define_regulation(d || jsonb_build_object('edition', 'urgent',
    'in_force', '{"from": "2019-01-01", "to": "2020-03-26"}'::jsonb,
    'urgent_importance', '["significant"]'::jsonb,
    'clocks', (SELECT jsonb_agg(CASE c ->> 'name'
                   WHEN 'answer' THEN c || '{"urgent_term": "5 h"}' ELSE c END)
               FROM jsonb_array_elements(d -> 'clocks') AS c))) IS NOT NULL
FROM osm.regulation_document('ru-alt-132-2020', '2020-03-27') AS d;
SELECT s.rule, s.was, s.was_due_at AT TIME ZONE 'Asia/Barnaul', s.would_be,
    s.due_at AT TIME ZONE 'Asia/Barnaul', s.binding
FROM osm.simulate('ru-alt-132-2020', '2026-03-11', 'infinity', 'urgent') AS s
WHERE s.incident = :i;
SELECT * FROM try.broken_law;

\echo
\echo == a term set by hand that is none in the other edition, and a repeat that names no incident
SELECT osm.define_regulation(jsonb_build_object('edition', e.name, 'in_force', e.force) || '{
    "code": "by-hand", "title": "O", "issuer": "I", "act_no": "1", "act_date": "2025-12-01",
    "time_zone": "Europe/Moscow", "calendar": "ru",
    "clauses": [{"path": "1", "summary": "S", "answer": "B/L"}],
    "roles": [{"name": "hand", "title": "C", "scope": "authority", "clause": "1"}],
    "states": [{"name": "new", "title": "N", "kind": "initial"},
               {"name": "done", "title": "D", "kind": "final"}],
    "actions": [{"name": "register", "title": "R", "effect": "register"},
                {"name": "fix", "title": "T", "effect": "set_term"},
                {"name": "again", "title": "A", "effect": "link_repeat"},
                {"name": "finish", "title": "F"}],
    "transitions": [{"action": "register", "to": "new", "role": ["hand"], "clause": "1"},
        {"action": "fix", "from": "new", "role": ["hand"], "requires": ["clock", "due_at"],
         "clause": "1"},
        {"action": "again", "from": "new", "role": ["hand"], "clause": "1"},
        {"action": "finish", "from": "new", "to": "done", "role": ["hand"], "clause": "1"}]}'
    || jsonb_build_object('clocks', jsonb_build_array(e.condition || '{"name": "answer",
        "title": "A", "starts_on": ["register"], "stops_on": ["finish"], "term": "9 hours",
        "outer_term": true, "responsible": "hand", "clause": "1"}',
        '{"name": "first", "title": "B", "starts_on": ["again"], "stops_on": ["finish"],
        "applies_when": {"repeat": ["no"]}, "term": "1 hour", "responsible": "hand",
        "clause": "1"}'::jsonb)))
FROM (VALUES ('1', '{"from": "2026-01-01", "to": "2026-06-30"}'::jsonb, '{}'::jsonb),
             ('2', '{"from": "2026-07-01"}', '{"applies_when": {"topic": ["roads"]}}'))
    AS e (name, force, condition) \g /dev/null
SELECT osm.define_authority('{"code": "by-hand", "title": "A",
    "regulations": {"by-hand": {"hand": ["desk"]}}, "bodies": [{"code": "desk", "title": "D"}],
    "officials": [{"login": "by-hand", "name": "C",
        "appointments": [{"body": "desk", "role": "hand"}]}]}') \g /dev/null
SET osm_workflow.simulated_now = '2026-03-02 09:00+03';
BEGIN;
SELECT osm.act_as('by-hand') \g /dev/null
SELECT osm.register('by-hand', '{"channel": "vk"}') AS h \gset
SELECT (osm.perform(:h, 'fix', '{"clock": "answer", "due_at": "2026-03-05 10:00+03"}')).state;
SELECT (osm.perform(:h, 'again')).state;
COMMIT;
SELECT s.rule, s.was, s.would_be, s.due_at = s.was_due_at AS same_due
FROM osm.simulate('by-hand', '2026-01-01', 'infinity', '1') AS s;
SELECT s.rule, s.was, s.would_be FROM osm.simulate('by-hand', '2026-01-01', 'infinity', '2') AS s;

\echo
\echo == what is not there, and what is not to be seen
SELECT osm.simulate('ru-alt-132-2020', '-infinity', 'infinity', 'none');
SELECT osm.simulate('no-act', '-infinity', 'infinity');
SELECT osm.simulate_incident(999, (SELECT min(id) FROM osm.regulation));
SELECT osm.simulate_incident(:i, 999);
SELECT count(*) FROM osm.simulate('ru-alt-132-2020', '2027-01-01', 'infinity');
CREATE ROLE regress_simulate_reader LOGIN;
SELECT osm.grant_access('regress_simulate_reader', 'reader', 'barnaul') \g /dev/null
SET SESSION AUTHORIZATION regress_simulate_reader;
SELECT count(*) FROM osm.simulate('ru-alt-132-2020', '-infinity', 'infinity');
SELECT osm.simulate_incident(1, 1);
RESET SESSION AUTHORIZATION;
SELECT osm.revoke_access('regress_simulate_reader', 'reader'),
    osm.grant_access('regress_simulate_reader', 'reader', 'altai') \g /dev/null
SET SESSION AUTHORIZATION regress_simulate_reader;
SELECT count(*) > 80 FROM osm.simulate('ru-alt-132-2020', '-infinity', 'infinity');
RESET SESSION AUTHORIZATION;
DROP OWNED BY regress_simulate_reader;
DROP ROLE regress_simulate_reader;
