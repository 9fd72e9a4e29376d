-- WABO log (permit office) -> steps.
--
-- The office works several documents of one case side by side; the act of this replay knows one
-- chain, one document after another. What runs beside a draft that is on review or approved is
-- therefore out of order, by the map and by the engine.

INSERT INTO replay.source_row
SELECT 'wabo', row_no, "case:concept:name", "concept:name" FROM replay.wabo;

INSERT INTO replay.body (log, name, code, login, title)
SELECT 'wabo', name, code, 'wabo.' || code, name
FROM (SELECT name, 'g' || dense_rank() OVER (ORDER BY name) AS code
      FROM (SELECT "org:group" AS name FROM replay.wabo UNION SELECT 'outside body') g) g;

INSERT INTO replay.machine VALUES
    ('wabo', '', 'detected', 'detected'),
    ('wabo', 'detected', 'routed', 'routed'),
    ('wabo', 'detected', 'drafting', 'detected'),
    ('wabo', 'detected', 'on_review', 'on_review'),
    ('wabo', 'routed', 'routed', 'routed'),
    ('wabo', 'routed', 'drafting', 'routed'),
    ('wabo', 'routed', 'on_review', 'on_review'),
    ('wabo', 'on_review', 'rework', 'rework'),
    ('wabo', 'on_review', 'approved', 'approved'),
    ('wabo', 'rework', 'drafting', 'rework'),
    ('wabo', 'rework', 'on_review', 'on_review'),
    ('wabo', 'approved', 'posted', 'posted'),
    ('wabo', 'posted', 'routed', 'advice'),
    ('wabo', 'posted', 'drafting', 'advice'),
    ('wabo', 'posted', 'on_review', 'on_review'),
    ('wabo', 'posted', 'closed', 'closed'),
    ('wabo', 'advice', 'routed', 'advice'),
    ('wabo', 'advice', 'drafting', 'advice'),
    ('wabo', 'advice', 'on_review', 'on_review'),
    ('wabo', 'advice', 'closed', 'closed');

WITH row AS (
    SELECT row_no, "case:concept:name" AS case_name,
        max("time:timestamp"::timestamptz) OVER w AS at, "case:deadline" AS deadline,
        "case:channel" AS channel, "org:group" AS org_group,
        split_part("concept:name", ' ', 1) AS task, lead(row_no) OVER w IS NULL AS last
    FROM replay.wabo WINDOW w AS (PARTITION BY "case:concept:name" ORDER BY row_no)
), said AS (
    SELECT *, CASE
        WHEN task = 'Confirmation' THEN 'detected'
        WHEN task IN ('T06', 'T08') THEN 'routed'
        WHEN task ~ '^(T07|T09|T11|T16)' THEN 'drafting'
        WHEN task IN ('T02', 'T12', 'T17') THEN 'on_review'
        WHEN task IN ('T03', 'T13', 'T18') THEN 'rework'
        WHEN task IN ('T04', 'T14', 'T19') THEN 'approved'
        WHEN task IN ('T05', 'T15', 'T20') THEN 'posted'
        WHEN task = 'T10' AND last THEN 'closed'
        WHEN task <> 'T10' THEN 'unknown' END AS mapped
    FROM row
)
INSERT INTO replay.mapped (log, incident, row_no, part, at, mapped, action, login, details)
SELECT 'wabo', s.case_name, s.row_no, 1, s.at, s.mapped, v.action,
    CASE WHEN s.mapped IN ('rework', 'approved') THEN 'wabo.reviewer' ELSE 'wabo.desk' END,
    v.details
FROM said s
JOIN replay.body target ON target.log = 'wabo'
    AND target.name = CASE s.task WHEN 'T08' THEN 'outside body' ELSE s.org_group END
JOIN LATERAL (VALUES
    ('detected', 'register', jsonb_build_object('channel', lower(s.channel), 'text', s.case_name,
        'external_id', s.case_name, 'deadline', s.deadline)),
    ('routed', 'route', jsonb_build_object('bodies', jsonb_build_array(target.code))),
    ('drafting', 'work', '{}'),
    ('on_review', 'submit', '{"text": "document"}'),
    ('rework', 'send_back', '{}'),
    ('approved', 'approve', '{}'),
    ('posted', 'post', '{"channel": "letter"}'),
    ('closed', 'close', '{}'),
    ('unknown', 'unknown', '{}')
    ) v (mapped, action, details) USING (mapped);

CALL replay.judge('wabo', 1);

SELECT replay.define(:'document'::jsonb,
    replay.authority_document('wabo', 'adviser', '{officer}', '{determiner}')) \g /dev/null
CALL replay.play('wabo');
CALL replay.compare('wabo');

INSERT INTO replay.figure (log, part, name, value)
SELECT 'wabo', 5, 'late by the source''s enddate (of a later phase, not in the log)',
    round(100.0 * count(*) FILTER (WHERE enddate::timestamptz > deadline::timestamptz)
        / count(enddate), 1) || ' %'
FROM (SELECT DISTINCT "case:concept:name", "case:deadline" AS deadline,
          nullif("case:enddate", '') AS enddate FROM replay.wabo) c;
