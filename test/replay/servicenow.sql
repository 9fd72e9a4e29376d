-- ServiceNow log -> steps.
--
-- Times carry no zone and are read as UTC. A row that only repeats its predecessor's state carries
-- no step. A hand-over may come with any state (the map says so): the draft of the old group is
-- then void and the new group, if the row is Resolved, submits its own.

INSERT INTO replay.source_row
SELECT 'servicenow', row_no, number, incident_state FROM replay.servicenow;

INSERT INTO replay.body (log, name, code, login, title)
SELECT 'servicenow', name, code, 'servicenow.' || code, name
FROM (SELECT assignment_group AS name, 'g' || dense_rank() OVER (ORDER BY assignment_group) AS code
      FROM replay.servicenow WHERE assignment_group <> '?' GROUP BY assignment_group) g;

INSERT INTO replay.machine VALUES
    ('servicenow', '', 'detected', 'detected'),
    ('servicenow', 'detected', 'routed', 'routed'),
    ('servicenow', 'detected', 'drafting', 'detected'),
    ('servicenow', 'detected', 'on_review', 'on_review'),
    ('servicenow', 'routed', 'returned', 'returned'),
    ('servicenow', 'routed', 'drafting', 'routed'),
    ('servicenow', 'routed', 'on_review', 'on_review'),
    ('servicenow', 'returned', 'routed', 'routed'),
    ('servicenow', 'on_review', 'routed', 'routed'),
    ('servicenow', 'on_review', 'returned', 'returned'),
    ('servicenow', 'on_review', 'rework', 'rework'),
    ('servicenow', 'on_review', 'approved', 'approved'),
    ('servicenow', 'rework', 'routed', 'routed'),
    ('servicenow', 'rework', 'returned', 'returned'),
    ('servicenow', 'rework', 'drafting', 'rework'),
    ('servicenow', 'rework', 'on_review', 'on_review'),
    ('servicenow', 'approved', 'posted', 'posted'),
    ('servicenow', 'posted', 'closed', 'closed');

WITH known AS (
    SELECT *, assignment_group <> '?' AS has_group,
        (sys_updated_at)::timestamp AT TIME ZONE 'UTC' AS at,
        (opened_at)::timestamp AT TIME ZONE 'UTC' AS opened,
        count(*) FILTER (WHERE assignment_group <> '?') OVER w AS stretch
    FROM replay.servicenow WINDOW w AS (PARTITION BY number ORDER BY row_no)
), held AS (
    SELECT *, nullif(first_value(assignment_group) OVER (
            PARTITION BY number, stretch ORDER BY row_no), '?') AS holder
    FROM known
), row AS (
    SELECT row_no, number, incident_state AS state, lag(incident_state) OVER w AS before, category,
        opened, max(at) OVER w AS at, row_number() OVER w = 1 AS first, holder,
        lag(holder) OVER w AS previous
    FROM held WINDOW w AS (PARTITION BY number ORDER BY row_no)
), said AS (
    SELECT *, holder IS NOT NULL AND previous IS NULL AS first_group,
        holder <> previous AS handed_over,
        state = 'Active' OR state LIKE 'Awaiting %' AS open,
        coalesce(before IN ('Resolved', 'Closed'), false) AS after_end
    FROM row
)
INSERT INTO replay.mapped (log, incident, row_no, part, at, mapped, action, login, details)
SELECT 'servicenow', s.number, s.row_no, v.part,
    CASE WHEN v.mapped = 'detected' THEN least(s.opened, s.at) ELSE s.at END,
    v.mapped, v.action, coalesce(actor.login, 'servicenow.' || v.login), v.details
FROM said s
LEFT JOIN replay.body new ON new.log = 'servicenow' AND new.name = s.holder
CROSS JOIN LATERAL (VALUES
    (1, s.first, 'detected', 'register', 'desk', NULL, jsonb_build_object('channel', 'helpdesk',
        'text', 'incident ' || s.number, 'external_id', s.number, 'topic', s.category)),
    (2, s.open AND s.after_end, 'rework', 'send_back', 'reviewer', NULL, '{}'),
    (3, s.handed_over, 'returned', 'return', 'desk', s.previous, '{"reason": "not_ours"}'),
    (4, s.first_group OR s.handed_over, 'routed', 'route', 'desk', NULL,
        jsonb_build_object('bodies', jsonb_build_array(new.code))),
    (5, NOT s.after_end
        AND (s.state LIKE 'Awaiting %' OR s.state = 'Active' AND s.holder IS NOT NULL),
        'drafting', 'work', 'desk', s.holder, '{}'),
    (6, s.state = 'Resolved'
        AND (s.before IS DISTINCT FROM 'Resolved' OR s.first_group OR s.handed_over),
        'on_review', 'submit', 'desk', s.holder, '{"text": "resolution"}'),
    (7, s.state = 'Closed' AND s.before = 'Resolved', 'approved', 'approve', 'reviewer', NULL,
        '{}'),
    (8, s.state = 'Closed' AND s.before = 'Resolved', 'posted', 'post', 'desk', s.holder,
        '{"channel": "helpdesk"}'),
    (9, s.state = 'Closed' AND s.before IS DISTINCT FROM 'Closed', 'closed', 'close', 'desk', NULL,
        '{}'),
    (10, s.state = '-100', 'unknown', 'unknown', 'desk', NULL, '{}')
    ) v (part, happens, mapped, action, login, holder, details)
LEFT JOIN replay.body actor ON actor.log = 'servicenow' AND actor.name = v.holder
WHERE v.happens;

CALL replay.judge('servicenow', :every);

SELECT replay.define(:'document'::jsonb,
    replay.authority_document('servicenow', 'worker', '{desk}', '{reviewer}')) \g /dev/null
CALL replay.play('servicenow');
CALL replay.compare('servicenow');

-- The log's own flag knows terms we do not: for comparison only.
INSERT INTO replay.figure (log, part, name, value)
SELECT 'servicenow', 5, 'late by the source''s made_sla (other terms than ours)',
    round(100.0 * count(*) FILTER (WHERE made_sla = 'false') / count(*), 1) || ' %'
FROM (SELECT DISTINCT ON (number) number, made_sla FROM replay.servicenow
      WHERE number IN (SELECT incident FROM replay.source_row WHERE log = 'servicenow')
      ORDER BY number, row_no DESC) l;
INSERT INTO replay.figure (log, part, name, value)
SELECT 'servicenow', 6, 'oddities: ' || what, n::text
FROM (SELECT 'opened after their first event (registered at the event)' AS what, count(*) AS n
      FROM replay.step s JOIN replay.servicenow r USING (row_no)
      WHERE s.log = 'servicenow' AND s.mapped = 'detected'
          AND r.opened_at::timestamp > r.sys_updated_at::timestamp
      UNION ALL
      SELECT 'rows whose sys_mod_count does not grow (row order kept)', count(*)
      FROM (SELECT number, sys_mod_count::integer <= lag(sys_mod_count::integer) OVER (
                PARTITION BY number ORDER BY row_no) AS stuck FROM replay.servicenow) m
      WHERE stuck AND number IN (SELECT incident FROM replay.source_row WHERE log = 'servicenow')
      UNION ALL
      SELECT 'rows timed before their predecessor (taken at its time)', count(*)
      FROM (SELECT sys_updated_at::timestamp < lag(sys_updated_at::timestamp) OVER (
                PARTITION BY number ORDER BY row_no) AS early FROM replay.servicenow) t
      WHERE early
      ) o;
