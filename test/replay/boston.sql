-- Boston 311 -> steps; the city's targets and its overdue flag against two clocks per request.
--
-- Hazard that shaped it: local times without an offset are labels, and the targets keep the time of
-- day over the change of clocks on 2011-11-06. In a zone with a change of clocks a term of days
-- counted in hours would slip by one; so the labels are read in a zone that has none, Etc/GMT+5.

INSERT INTO replay.source_row
SELECT 'boston', row_no, case_enquiry_id, case_status FROM replay.boston;

INSERT INTO replay.body (log, name, code, login, parent, title)
SELECT 'boston', name, code, 'boston.' || code, parent, name
FROM (SELECT department AS name, 'd' || dense_rank() OVER (ORDER BY department) AS code,
          NULL AS parent FROM replay.boston GROUP BY department
      UNION ALL
      SELECT 'queue ' || queue, 'q' || dense_rank() OVER (ORDER BY queue),
          'd' || dense_rank() OVER (ORDER BY department)
      FROM replay.boston GROUP BY queue, department) b;

-- The act gets one clock rule per type of request: N working days are N times 24 hours on a
-- calendar of whole working days, which keeps the time of day. "No days" names the due time itself.
SELECT jsonb_set(:'document', '{regulation,clocks}', :'document'::jsonb#>'{regulation,clocks}'
    || jsonb_agg(jsonb_build_object(
        'name', 'type_' || row_no, 'title', type, 'clause', '3', 'responsible', 'queue',
        'starts_on', '["register"]'::jsonb, 'stops_on', '["post", "return", "dismiss"]'::jsonb,
        'applies_when', jsonb_build_object('topic', jsonb_build_array(type)),
        'calendar', CASE kind WHEN 'business_days' THEN 'replay-boston' ELSE 'around-the-clock' END)
        || CASE WHEN days::numeric = 0 THEN '{"due_from": "counts_from"}'
           ELSE jsonb_build_object('term', days::numeric * 24 || ' business hours')
               || CASE kind WHEN 'business_days' THEN '{"counts_from": "counts_from"}'::jsonb
                  ELSE '{}' END
           END ORDER BY row_no)) AS document
FROM replay.boston_rule \gset

INSERT INTO replay.machine VALUES
    ('boston', '', 'detected', 'detected'),
    ('boston', 'detected', 'routed', 'routed'),
    ('boston', 'routed', 'returned', 'returned'),
    ('boston', 'routed', 'repeat', 'closed'),
    ('boston', 'routed', 'on_review', 'on_review'),
    ('boston', 'on_review', 'approved', 'approved'),
    ('boston', 'approved', 'posted', 'posted'),
    ('boston', 'posted', 'closed', 'closed');

SELECT replay.define(:'document'::jsonb,
    replay.authority_document('boston', 'queue', '{desk}', '{reviewer}')) \g /dev/null

CREATE UNLOGGED TABLE replay.boston_case AS
SELECT row_no, case_enquiry_id, type, queue, case_title, neighborhood, ontime,
    opened AT TIME ZONE 'Etc/GMT+5' AS opened,
    target_dt::timestamp AT TIME ZONE 'Etc/GMT+5' AS target,
    closed_dt::timestamp AT TIME ZONE 'Etc/GMT+5' AS closed,
    CASE WHEN closure_reason LIKE '%Case Referred to External Agency%' THEN 'returned'
        WHEN closure_reason LIKE '%Duplicate of Existing Case%' THEN 'repeat'
        ELSE 'closed' END AS ending,
    -- From 17:00 on the term counts from 08:30 of the next working day.
    (CASE WHEN weekday::time >= '17:00'
        THEN osm.add_business_days(weekday::date, 1, 'replay-boston') + time '08:30'
        ELSE weekday END) AT TIME ZONE 'Etc/GMT+5' AS counts_from
FROM (SELECT *, open_dt::timestamp AS opened FROM replay.boston) b
-- A weekend's request counts as if opened on Monday at the same time.
CROSS JOIN LATERAL (SELECT CASE WHEN osm.is_business_day(opened::date, 'replay-boston') THEN opened
    ELSE osm.add_business_days(opened::date, 1, 'replay-boston') + opened::time END AS weekday) w;

INSERT INTO replay.mapped (log, incident, row_no, part, at, mapped, action, login, details, implied)
SELECT 'boston', c.case_enquiry_id, c.row_no, v.part, v.at, v.mapped, v.action,
    CASE WHEN v.login IS NULL THEN q.login ELSE 'boston.' || v.login END,
    jsonb_strip_nulls(v.details), v.mapped = 'on_review'
FROM replay.boston_case c
JOIN replay.body q ON q.log = 'boston' AND q.name = 'queue ' || c.queue
CROSS JOIN LATERAL (VALUES
    (1, true, c.opened, 'detected', 'register', 'desk', jsonb_build_object('channel', '311',
        'text', c.case_title, 'external_id', c.case_enquiry_id, 'topic', c.type,
        'place', c.neighborhood, 'counts_from', c.counts_from, 'target', c.target)),
    (2, true, c.opened, 'routed', 'route', 'desk', jsonb_build_object(
        'bodies', jsonb_build_array(q.code))),
    (3, c.ending = 'returned', c.closed, 'returned', 'return', NULL, '{"reason": "not_ours"}'),
    (4, c.ending = 'repeat', c.closed, 'repeat', 'dismiss', 'desk', '{"reason": "duplicate"}'),
    (5, c.ending = 'closed', c.closed, 'on_review', 'submit', NULL, '{"text": "answer"}'),
    (6, c.ending = 'closed', c.closed, 'approved', 'approve', 'reviewer', '{}'),
    (7, c.ending = 'closed', c.closed, 'posted', 'post', NULL, '{"channel": "311"}'),
    (8, c.ending = 'closed', c.closed, 'closed', 'close', 'desk', '{}')
    ) v (part, happens, at, mapped, action, login, details)
WHERE v.happens AND v.at IS NOT NULL;

CALL replay.judge('boston', :every);
CALL replay.play('boston');

-- The export's own instant is unknown; the last closing is the last thing it knows.
BEGIN;
SELECT set_config('osm_workflow.simulated_now', max(closed)::text, true)
FROM replay.boston_case \g /dev/null
DO $$
DECLARE
    pass record;
BEGIN
    FOR i IN 1..1000 LOOP
        SELECT * INTO pass FROM osm.tick();
        EXIT WHEN pass.breaches = 0 AND pass.warnings = 0;
    END LOOP;
END $$;
COMMIT;

CREATE VIEW replay.boston_verdict AS
SELECT c.*, own.due_at, abs(extract(epoch FROM own.due_at - c.target)) AS off,
    city.state AS verdict, city.flagged_at
FROM replay.boston_case c
JOIN replay.incident i ON i.log = 'boston' AND i.incident = c.case_enquiry_id
LEFT JOIN osm.clock city ON city.incident_id = i.id AND city.outer_term
LEFT JOIN osm.clock own ON own.incident_id = i.id AND NOT own.outer_term;

DO $$
DECLARE
    f record;
BEGIN
    SELECT count(*) AS cases, count(*) FILTER (WHERE off <= 120) AS close INTO f
    FROM replay.boston_verdict WHERE target IS NOT NULL;
    PERFORM replay.state('boston', 'at least 99 % of the targets within 120 s by the derived rules',
        f.close >= 0.99 * f.cases AND f.cases > 0,
        format('%s of %s = %s %%', f.close, f.cases,
            round(100.0 * f.close / nullif(f.cases, 0), 2)));
    SELECT count(*) AS cases, count(*) FILTER (WHERE ontime = 'OVERDUE') AS overdue,
        count(*) FILTER (WHERE (verdict = 'missed') IS DISTINCT FROM (ontime = 'OVERDUE')) AS wrong
    INTO f FROM replay.boston_verdict
    WHERE target IS NOT NULL AND closed IS NOT NULL AND ontime <> '';
    PERFORM replay.state('boston', 'late or in time as the city says, every closed request',
        f.wrong = 0 AND f.cases > 0,
        format('%s requests, %s of them late; %s verdicts differ', f.cases, f.overdue, f.wrong));
    SELECT count(*) AS cases, count(*) FILTER (WHERE (flagged_at IS NOT NULL)
        IS DISTINCT FROM (ontime = 'OVERDUE')) AS wrong INTO f FROM replay.boston_verdict
    WHERE target IS NOT NULL AND closed IS NULL AND ontime <> '';
    PERFORM replay.state('boston', 'flagged as overdue as the city says, every open request',
        f.wrong = 0, format('%s requests; %s flags differ', f.cases, f.wrong));
    SELECT count(*) AS cases, count(*) FILTER (WHERE verdict IS NOT NULL) AS wrong
    INTO f FROM replay.boston_verdict WHERE target IS NULL;
    PERFORM replay.state('boston', 'no term where the city names none', f.wrong = 0,
        format('%s requests; %s with a clock', f.cases, f.wrong));
END $$;
CALL replay.compare('boston');

INSERT INTO replay.figure (log, part, name, value)
SELECT 'boston', 5, 'late by the city''s flag, all requests with a target',
    round(100.0 * count(*) FILTER (WHERE ontime = 'OVERDUE') / count(*), 1) || ' %'
FROM replay.boston_verdict WHERE target IS NOT NULL AND ontime <> '';

\echo
\echo 'boston: types whose derived rule misses targets by more than 120 s'
SELECT left(type, 50) AS type, count(*) AS targets, count(*) FILTER (WHERE off > 120) AS missed
FROM replay.boston_verdict WHERE target IS NOT NULL
GROUP BY type HAVING count(*) FILTER (WHERE off > 120) > 0 ORDER BY 3 DESC, 1 LIMIT 8;
