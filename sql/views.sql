-- The views, on a week small enough to be counted by hand. All instants are those of Barnaul, where
-- offices are open 09:00-13:00 and 13:45-18:00 (8 h 15 min), on Fridays until 16:45 (7 h). Monday
-- 9 March 2026 is a day off. The act gives 9 hours for the answer; the draft is due 4 before that.
SET timezone = 'Asia/Barnaul';
SELECT osm.install_preset('ru-alt-132-2020') \g /dev/null
SELECT osm.define_authority($${
    "code": "altai", "title": "Край", "title_en": "Krai",
    "regulations": {"ru-alt-132-2020": {"monitor": ["press"], "curator": ["press"],
        "executor": ["health", "roads", "housing"]}},
    "bodies": [
        {"code": "press", "title": "Печать", "kind": "department", "parent": "altai"},
        {"code": "health", "title": "Здоровье", "kind": "department", "parent": "altai"},
        {"code": "roads", "title": "Дороги", "kind": "department", "parent": "altai"},
        {"code": "housing", "title": "Жильё", "kind": "department", "parent": "altai"}],
    "officials": [
        {"login": "monitor", "name": "Monitor",
         "appointments": [{"body": "press", "role": "monitor", "from": "2020-01-01"}]},
        {"login": "curator", "name": "Curator", "email": "c@altai.example",
         "appointments": [{"body": "press", "role": "curator", "from": "2020-01-01"}]},
        {"login": "health", "name": "Health", "email": "h@altai.example",
         "appointments": [{"body": "health", "role": "executor", "from": "2020-01-01"}]},
        {"login": "roads", "name": "Roads", "email": "r@altai.example",
         "appointments": [{"body": "roads", "role": "executor", "from": "2020-01-01"}]},
        {"login": "housing", "name": "Housing", "email": "k@altai.example",
         "appointments": [{"body": "housing", "role": "executor", "from": "2020-01-01"}]}]
}$$) > 0 AS defined;

-- One step of one incident; times without a zone are those of Barnaul. n counts incidents from 1.
CREATE TEMPORARY TABLE made (n integer PRIMARY KEY, id bigint);
CREATE FUNCTION pg_temp.play(n integer, moment text, login text, action text,
    details jsonb DEFAULT '{}')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted integer := n;
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', '2026-03-' || moment || '+07', false);
    PERFORM osm.act_as(login);
    IF action = 'register' THEN
        INSERT INTO made VALUES (n, osm.register('ru-alt-132-2020', '{"channel": "vk", "topic": "t",
            "place": "p", "importance": "normal", "text": "?", "author": "a"}'));
    ELSE
        PERFORM osm.perform((SELECT m.id FROM made m WHERE m.n = wanted), action, details);
    END IF;
END
$$;

DO $do$
DECLARE
    checked constant jsonb := '{"checklist": {"format": true, "substance": true, "media": true}}';
    answer constant jsonb := '{"kind": "answer", "text": "."}';
    post constant jsonb := '{"channel": "vk"}';
BEGIN
    -- 1, health: 09:00 to 11:30 = 2 h 30 min, due Tuesday 09:45
    PERFORM pg_temp.play(1, '02 09:00', 'monitor', 'register');
    PERFORM pg_temp.play(1, '02 09:10', 'curator', 'route', '{"bodies": ["health"]}');
    PERFORM pg_temp.play(1, '02 11:00', 'health', 'submit', answer);
    PERFORM pg_temp.play(1, '02 11:20', 'curator', 'approve', checked);
    PERFORM pg_temp.play(1, '02 11:30', 'health', 'post', post);
    -- 2, health, one rework: 10:00 to 14:00 = 3 h 15 min, due Tuesday 10:45
    PERFORM pg_temp.play(2, '02 10:00', 'monitor', 'register');
    PERFORM pg_temp.play(2, '02 10:20', 'curator', 'route', '{"bodies": ["health"]}');
    PERFORM pg_temp.play(2, '02 12:00', 'health', 'submit', answer);
    PERFORM pg_temp.play(2, '02 12:20', 'curator', 'send_back', '{"reason": "substance"}');
    PERFORM pg_temp.play(2, '02 12:50', 'health', 'submit', answer);
    PERFORM pg_temp.play(2, '02 12:55', 'curator', 'approve', checked);
    PERFORM pg_temp.play(2, '02 14:00', 'health', 'post', post);
    -- 3, roads, late: due 2 h + 4 h 15 min on Monday + 2 h 45 min on Tuesday = Tuesday 11:45;
    -- posted 14:45, late by 1 h 15 min + 1 h = 2.25 h (3 h on the wall), 11.25 h used;
    -- the draft was due 4 h before, 2 h 45 min + 1 h 15 min back: Monday 16:45; sent Tuesday 12:00,
    -- late by 1 h 15 min + 3 h = 4.25 h (19.25 h on the wall)
    PERFORM pg_temp.play(3, '02 11:00', 'monitor', 'register');
    PERFORM pg_temp.play(3, '02 11:10', 'curator', 'route', '{"bodies": ["roads"]}');
    PERFORM pg_temp.play(3, '03 12:00', 'roads', 'submit', answer);
    PERFORM pg_temp.play(3, '03 12:10', 'curator', 'approve', checked);
    PERFORM pg_temp.play(3, '03 14:45', 'roads', 'post', post);
    -- 4, returned by housing, answered by roads: 09:00 to 11:30 = 2 h 30 min
    PERFORM pg_temp.play(4, '03 09:00', 'monitor', 'register');
    PERFORM pg_temp.play(4, '03 09:10', 'curator', 'route', '{"bodies": ["housing"]}');
    PERFORM pg_temp.play(4, '03 09:30', 'housing', 'return');
    PERFORM pg_temp.play(4, '03 09:40', 'curator', 'route', '{"bodies": ["roads"]}');
    PERFORM pg_temp.play(4, '03 11:00', 'roads', 'submit', answer);
    PERFORM pg_temp.play(4, '03 11:10', 'curator', 'approve', checked);
    PERFORM pg_temp.play(4, '03 11:30', 'roads', 'post', post);
    -- 5, housing, never answered: due Thursday 09:45, draft 45 min + 3 h 15 min back: Wed 14:45
    PERFORM pg_temp.play(5, '04 09:00', 'monitor', 'register');
    PERFORM pg_temp.play(5, '04 09:20', 'curator', 'route', '{"bodies": ["housing"]}');
    -- 6, housing, refused: counts for nobody
    PERFORM pg_temp.play(6, '04 10:00', 'monitor', 'register');
    PERFORM pg_temp.play(6, '04 10:10', 'curator', 'route', '{"bodies": ["housing"]}');
    PERFORM pg_temp.play(6, '04 10:30', 'curator', 'refuse', '{"reason": "insult"}');
    -- 7, roads, interim after 14:00 to 15:20 = 1 h 20 min; the final draft is due at the close of
    -- the seventh working day, 5, 6, 10, 11, 12, 13, 16 March 18:00, and sent on the 6th
    PERFORM pg_temp.play(7, '04 14:00', 'monitor', 'register');
    PERFORM pg_temp.play(7, '04 14:10', 'curator', 'route', '{"bodies": ["roads"]}');
    PERFORM pg_temp.play(7, '04 15:00', 'roads', 'submit', '{"kind": "interim", "text": "."}');
    PERFORM pg_temp.play(7, '04 15:10', 'curator', 'approve', checked);
    PERFORM pg_temp.play(7, '04 15:20', 'roads', 'post', post);
    PERFORM pg_temp.play(7, '06 10:00', 'roads', 'submit', answer);
    PERFORM pg_temp.play(7, '06 10:10', 'curator', 'approve', checked);
    PERFORM pg_temp.play(7, '06 10:20', 'roads', 'post', post);
    -- 8, roads, not answered yet: due Friday 09:45, draft Thursday 14:45
    PERFORM pg_temp.play(8, '05 09:00', 'monitor', 'register');
    PERFORM pg_temp.play(8, '05 09:10', 'curator', 'route', '{"bodies": ["roads"]}');
    -- 9, health and roads jointly, not due yet: 10:30 + 2 h 30 min + 3 h, then 3 h 30 min on
    -- Tuesday the 10th: 12:30; the draft 4 h before, half an hour back from Friday's close: 16:15;
    -- the information of roads is due 2 h after 10:40: 12:40
    PERFORM pg_temp.play(9, '06 10:30', 'monitor', 'register');
    PERFORM pg_temp.play(9, '06 10:40', 'curator', 'route',
        '{"bodies": ["health", "roads"], "lead": "health"}');
    -- 10, the question of 1 again, with health: due 2 h + 3 h, then 4 h: Tuesday the 10th 13:00;
    -- the draft 4 h before: Tuesday 09:00
    PERFORM pg_temp.play(10, '06 11:00', 'monitor', 'register');
    PERFORM pg_temp.play(10, '06 11:05', 'curator', 'mark_repeat',
        jsonb_build_object('repeat_of', (SELECT id FROM made WHERE n = 1)));
    PERFORM pg_temp.play(10, '06 11:10', 'curator', 'route', '{"bodies": ["health"]}');
    -- 11, not routed yet
    PERFORM pg_temp.play(11, '06 11:40', 'monitor', 'register');
END
$do$;

-- Friday 12:00, nothing flagged yet: the views do not need the worker.
SET osm_workflow.simulated_now = '2026-03-06 12:00+07';

SELECT m.n, o.state, o.body, o.open, o.due_at, o.remaining_hours, o.overdue, o.overdue_since,
    o.step_rule, o.step_due_at
FROM osm.incident_overview o JOIN made m ON m.id = o.incident_id ORDER BY m.n;

-- Milestones in business hours: 3 was drafted after 2 h + 4 h 15 min + 3 h = 9.25.
SELECT m.n, o.routed_hours, o.submitted_hours, o.approved_hours, o.posted_hours, o.answered_hours,
    o.steps, o.returns, o.reworks, o.repeat_of IS NOT NULL AS repeat
FROM osm.incident_overview o JOIN made m ON m.id = o.incident_id ORDER BY m.n;

-- Terms owed to the author, and whatever else ran out.
SELECT m.n, t.rule, t.body, t.counts_as, t.month, t.verdict, t.late_hours, t.late_wall_hours,
    t.used_hours
FROM osm.timeliness t JOIN made m ON m.id = t.incident_id
WHERE t.outer_term OR NOT t.in_time ORDER BY m.n, t.due_at, t.rule;

-- 5: answer Thu 09:45 to Fri 12:00 = 3.25 + 4.25 + 3 = 10.5 h, draft 3.25 more and 0.75: 14.5 h;
-- 8: answer 2.25 h, draft Thu 14:45 to 18:00 and 3 h = 6.25 h.
SELECT m.n, o.rule, o.clause, o.body, o.role, o.clock_state, o.due_at, o.flagged_at, o.late_seconds,
    o.late_hours, o.late_wall_hours
FROM osm.overdue o JOIN made m ON m.id = o.incident_id ORDER BY m.n, o.due_at;

SELECT m.n, d.rule, d.due_at, d.remaining_seconds, d.remaining_hours
FROM osm.due_soon d JOIN made m ON m.id = d.incident_id ORDER BY d.due_at, m.n;

-- A pass flags what the views already tell.
SELECT breaches FROM osm.tick();
SELECT m.n, o.rule, o.flagged_at, o.late_hours
FROM osm.overdue o JOIN made m ON m.id = o.incident_id ORDER BY m.n, o.due_at;

-- Inboxes: the curator routes 11; health drafts 9 and 10; roads drafts 8 and informs for 9. The
-- term of that information is in the inbox of roads alone.
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
SELECT m.n, i.state, i.actions, i.roles, i.rule, i.step_due_at, i.step_remaining_hours,
    i.answer_due_at, i.answer_remaining_hours, i.overdue
FROM osm.inbox i JOIN made m ON m.id = i.incident_id;
SELECT osm.act_as('health') \g /dev/null
SELECT m.n, i.state, i.actions, i.roles, i.rule, i.step_due_at, i.step_remaining_hours, i.overdue
FROM osm.inbox i JOIN made m ON m.id = i.incident_id;
SELECT osm.act_as('roads') \g /dev/null
SELECT m.n, i.state, i.actions, i.roles, i.rule, i.step_due_at, i.step_remaining_hours, i.overdue
FROM osm.inbox i JOIN made m ON m.id = i.incident_id;
SELECT osm.act_as('monitor') \g /dev/null
SELECT count(*) AS nothing FROM osm.inbox;
COMMIT;
SELECT count(*) AS without_an_actor FROM osm.inbox;

SELECT m.n, f.fact, b.code AS body, f.day, f.good, f.answered,
    round(f.used_seconds / 3600, 4) AS used, round(f.term_seconds / 3600, 4) AS term
FROM osm.scorecard_fact f
    JOIN made m ON m.id = f.incident_id
    JOIN osm.body b ON b.id = f.body_id
ORDER BY f.fact, m.n, f.clock_id, f.reply_id;

-- health: 1 and 2 kept, 9 and 10 open; mean (2.5 + 3.25) / 2 = 2.875, p90 2.5 + 0.9 · 0.75 = 3.175
-- roads: 4 and 7 kept, 3 and 8 late; of 2.5, 1.3333, 11.25 the mean is 5.0278, p90 9.5
SELECT body, month, incidents, answered, open, in_time, late, due, in_time_percent, mean_hours,
    median_hours, p90_hours
FROM osm.body_scorecard ORDER BY body, month;
SELECT body, drafts, drafts_first_time, rework, repeats, interims, interims_kept, returns
FROM osm.body_scorecard ORDER BY body, month;

-- health: T 2/2, u (2.5 + 3.25)/18 = 0.3194 so S 1, Q 1/2, N 1 - 1/2, no interim:
--   5 (0.4 + 0.2 + 0.1 + 0.05) / 0.9 = 4.1667, green
-- roads: T 2/4, u (11.25 + 2.5 + 1.3333 + 11.25)/36 = 0.7315 so S 0.7685, Q 4/4, N 1, I 1/1:
--   5 (0.2 + 0.1537 + 0.2 + 0.1 + 0.1) = 3.7685, yellow
-- housing: one answer due, not rated
SELECT body, quarter, answers_due, answers_in_time, timeliness, used_share, speed, quality,
    no_repeats, interims_kept
FROM osm.rating ORDER BY body;
SELECT body, rated, score_exact, score, zone, zone_title, zone_title_en, colour
FROM osm.rating ORDER BY body;

-- Weights, zones and the minimum sample are rows of the act.
BEGIN;
UPDATE osm.rating_rule SET weight = CASE part WHEN 'timeliness' THEN 1 ELSE 0 END;
UPDATE osm.regulation SET minimum_sample = 1;
UPDATE osm.rating_zone SET lowest = 2.5 WHERE zone = 'yellow';
SELECT body, rated, score_exact, score, zone FROM osm.rating ORDER BY body;
ROLLBACK;

-- Every column of every labelled view has a title, no title is without a column.
SELECT coalesce(l.view_name, c.relname) AS view, coalesce(l.column_name, a.attname) AS "column",
    l.title IS NULL AS no_title
FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    FULL JOIN osm.column_label l ON l.view_name = c.relname AND l.column_name = a.attname
WHERE (c.oid IS NULL OR c.relnamespace = 'osm'::regnamespace AND c.relkind = 'v')
    AND (c.oid IS NULL OR l.title IS NULL)
    AND coalesce(c.relname, '') IN ('', 'incident_overview', 'inbox', 'overdue', 'due_soon',
        'timeliness', 'scorecard_fact', 'body_scorecard', 'rating');

-- Only types a BI tool knows, and a comment on each view and column.
SELECT c.relname, a.attname, a.atttypid::regtype
FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind = 'v'
    AND (a.atttypid >= 16384 OR col_description(c.oid, a.attnum) IS NULL
        OR obj_description(c.oid, 'pg_class') IS NULL);

-- Why an answer is due when it is, and a draft before it: the open time they were counted over.
SELECT r.name, e.line, e.what, e.begins, e.ends, e.used, e."left", e.note
FROM osm.clock c
    JOIN made m ON m.id = c.incident_id AND m.n = 9
    JOIN osm.clock_rule r ON r.id = c.rule_id AND r.name IN ('answer', 'draft'),
    osm.explain_clock(c.id, 'en') e
ORDER BY r.name, e.line;
-- Business days, kept; and a late one in Russian.
SELECT m.n, r.name, e.line, e.what, e.begins, e.ends, e.used, e."left", e.note
FROM osm.clock c
    JOIN made m ON m.id = c.incident_id
    JOIN osm.clock_rule r ON r.id = c.rule_id,
    osm.explain_clock(c.id) e
WHERE m.n = 7 AND r.name = 'final' OR m.n = 3 AND r.name = 'answer'
ORDER BY m.n, e.line;
\set VERBOSITY terse
SELECT osm.explain_clock(0);
SELECT osm.explain_clock(0, 'fr');
SELECT osm.incident_story(0, 'fr');
\set VERBOSITY default

-- The story of 4, which changed hands, and of 7 with its interim reply.
SELECT s.seq, s.occurred_at, s.who, s.action, s.from_state, s.to_state, s.clause, s.clocks
FROM made m, osm.incident_story(m.id, 'en') s WHERE m.n = 4 ORDER BY s.seq;
SELECT s.seq, s.action, s.to_state, s.clocks
FROM made m, osm.incident_story(m.id) s WHERE m.n = 7 ORDER BY s.seq;
SELECT count(*) AS no_such_incident FROM osm.incident_story(0);
