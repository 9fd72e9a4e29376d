-- Volvo log (BPI Challenge 2013) -> steps.
--
-- The map is silent in three places, and the steps that follow from it are marked implied:
-- a case that begins in the middle is routed to the group it begins with; a change of group without
-- Queued is a hand-over like one with it; what is answered in the first call was drafted in it.

INSERT INTO replay.source_row
SELECT 'volvo', row_no, case_id, status || '/' || sub_status FROM replay.volvo;

INSERT INTO replay.body (log, name, code, login, title)
SELECT 'volvo', name, code, 'volvo.' || code, name
FROM (SELECT "group" AS name, 'g' || dense_rank() OVER (ORDER BY "group") AS code
      FROM replay.volvo GROUP BY "group") g;

INSERT INTO replay.machine VALUES
    ('volvo', '', 'detected', 'detected'),
    ('volvo', 'detected', 'routed', 'routed'),
    ('volvo', 'routed', 'routed', 'routed'),
    ('volvo', 'routed', 'returned', 'returned'),
    ('volvo', 'routed', 'drafting', 'routed'),
    ('volvo', 'routed', 'on_review', 'on_review'),
    ('volvo', 'routed', 'dropped', 'closed'),
    ('volvo', 'returned', 'routed', 'routed'),
    ('volvo', 'on_review', 'rework', 'rework'),
    ('volvo', 'on_review', 'approved', 'approved'),
    ('volvo', 'rework', 'routed', 'routed'),
    ('volvo', 'rework', 'returned', 'returned'),
    ('volvo', 'rework', 'drafting', 'rework'),
    ('volvo', 'rework', 'on_review', 'on_review'),
    ('volvo', 'approved', 'posted', 'posted'),
    ('volvo', 'posted', 'closed', 'closed');

-- An unknown state is refused, so "directly after" looks past it.
WITH row AS (
    SELECT row_no, case_id, max(timestamp::timestamptz) OVER w AS at,
        status || '/' || sub_status AS state, status, "group", product,
        row_number() OVER w = 1 AS first,
        coalesce(CASE WHEN lag(status) OVER w = 'Unmatched'
            THEN lag(status || '/' || sub_status, 2) OVER w
            ELSE lag(status || '/' || sub_status) OVER w END, '') AS before,
        lag("group") OVER w AS previous
    FROM replay.volvo WINDOW w AS (PARTITION BY case_id ORDER BY row_no)
), said AS (
    SELECT *, status IN ('Accepted', 'Queued') AS open, before LIKE 'Completed/%' AS after_end,
        state LIKE 'Queued/%' OR state = 'Accepted/Assigned' AS to_route,
        coalesce("group" <> previous, false)
            AND (status IN ('Accepted', 'Queued')
                 OR state = 'Completed/Resolved' AND before <> 'Completed/Resolved')
            OR state LIKE 'Queued/%' AND before = 'Completed/Resolved' AS handed_over,
        state = 'Completed/In Call' AND before <> 'Completed/In Call' AS in_call
    FROM row
)
INSERT INTO replay.mapped (log, incident, row_no, part, at, mapped, action, login, details, implied)
SELECT 'volvo', s.case_id, s.row_no, v.part, s.at, v.mapped, v.action,
    coalesce(actor.login, 'volvo.' || v.login), v.details, v.implied
FROM said s
JOIN replay.body new ON new.log = 'volvo' AND new.name = s."group"
CROSS JOIN LATERAL (VALUES
    (1, s.first, 'detected', 'register', 'desk', NULL, jsonb_build_object('channel', 'helpdesk',
        'text', 'incident ' || s.case_id, 'external_id', s.case_id, 'topic', s.product), false),
    (2, s.open AND s.after_end, 'rework', 'send_back', 'reviewer', NULL, '{}', false),
    (3, s.handed_over, 'returned', 'return', 'desk', s.previous, '{"reason": "not_ours"}',
        s.state NOT LIKE 'Queued/%'),
    (4, s.handed_over OR s.first OR s.to_route AND NOT s.after_end, 'routed', 'route', 'desk', NULL,
        jsonb_build_object('bodies', jsonb_build_array(new.code)), NOT s.to_route),
    (5, s.status = 'Accepted' AND NOT s.to_route AND NOT s.after_end, 'drafting', 'work', 'desk',
        s."group", '{}', false),
    (6, s.state = 'Completed/Resolved' AND s.before <> 'Completed/Resolved' OR s.in_call,
        'on_review', 'submit', 'desk', s."group", '{"text": "resolution"}', s.in_call),
    (7, s.state = 'Completed/Closed' AND s.before = 'Completed/Resolved' OR s.in_call,
        'approved', 'approve', 'reviewer', NULL, '{}', false),
    (8, s.state = 'Completed/Closed' AND s.before = 'Completed/Resolved' OR s.in_call,
        'posted', 'post', 'desk', s."group", '{"channel": "helpdesk"}', false),
    (9, s.state = 'Completed/Closed' AND s.before <> 'Completed/Closed' OR s.in_call,
        'closed', 'close', 'desk', NULL, '{}', false),
    (10, s.state = 'Completed/Cancelled', 'dropped', 'dismiss', 'desk', NULL,
        '{"reason": "cancelled"}', false),
    (11, s.status = 'Unmatched', 'unknown', 'unknown', 'desk', NULL, '{}', false)
    ) v (part, happens, mapped, action, login, holder, details, implied)
LEFT JOIN replay.body actor ON actor.log = 'volvo' AND actor.name = v.holder
WHERE v.happens;

CALL replay.judge('volvo', :every);

SELECT replay.define(:'document'::jsonb,
    replay.authority_document('volvo', 'worker', '{desk}', '{reviewer}')) \g /dev/null
CALL replay.play('volvo');
CALL replay.compare('volvo');

INSERT INTO replay.figure (log, part, name, value)
SELECT 'volvo', 6, 'oddities: rows timed before their predecessor (taken at its time)', count(*)
FROM (SELECT timestamp::timestamptz < lag(timestamp::timestamptz) OVER (
          PARTITION BY case_id ORDER BY row_no) AS early FROM replay.volvo) t
WHERE early;
