-- One log under one act of the presets: the words of the map become steps of the act, the act's
-- document judges them, the engine plays them, terms and verdicts are worked out again.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET search_path = replay, pg_catalog;

-- Of a sample some 60 incidents are played, evenly spread over those of the log's own run.
INSERT INTO source_row
SELECT :'log', row_no, incident, original
FROM source_row JOIN (
    SELECT incident, row_number() OVER (ORDER BY min(row_no)) AS ordinal, count(*) OVER () AS n
    FROM source_row WHERE log = :'source' GROUP BY incident) i USING (incident)
WHERE log = :'source' AND (:every = 1 OR ordinal % greatest(n / 60, 1) = 0);
ANALYZE source_row;

-- A wait for the user is a question to the author, the next row without it the author's reply.
-- What is closed without an approved answer is dismissed; a WABO case handled before anybody is
-- named (T06) is with the office that received it.
CREATE TEMP TABLE said AS
WITH word AS (
    SELECT m.incident, m.row_no, m.part, m.at, m.details, m.implied, s.original,
        m.details->'bodies'->>0 AS body, CASE WHEN m.mapped = 'closed' AND m.log <> 'wabo'
            AND NOT bool_or(m.mapped = 'approved') OVER (PARTITION BY m.row_no)
            THEN 'dropped' ELSE m.mapped END AS word, m.log = 'wabo' AND m.mapped = 'detected'
            AND bool_or(m.mapped = 'on_review') OVER i
            AND (min(m.row_no) FILTER (WHERE m.mapped = 'routed') OVER i
                < min(m.row_no) FILTER (WHERE m.mapped = 'on_review') OVER i) IS NOT TRUE
            AS at_once
    FROM mapped m JOIN source_row s ON s.row_no = m.row_no AND s.log = :'log'
    WHERE m.log = :'source' WINDOW i AS (PARTITION BY m.incident)
), row AS (
    SELECT row_no, incident, max(at) AS at, original ~ 'Awaiting User|Wait - (User|Customer)' AS waits
    FROM word GROUP BY row_no, incident, original
), wait AS (
    SELECT *, coalesce(lag(waits) OVER (PARTITION BY incident ORDER BY row_no), false) AS waited
    FROM row
), told AS (
    SELECT incident, row_no, part, at, word, body, implied, details FROM word
    UNION ALL
    SELECT incident, row_no, CASE WHEN waits THEN 5 ELSE 0 END, at,
        CASE WHEN waits THEN 'asked' ELSE 'told' END, NULL, false, '{}'
    FROM wait WHERE waits <> waited
    UNION ALL
    SELECT incident, row_no, 2, at, 'routed', 'desk', true, '{}' FROM word WHERE at_once
), step AS (
    SELECT t.*, 10 * t.part + v.sub AS step, v.action, v.kind, v.action IN ('forward', 'endorse')
        AND t.word <> 'asked' AS between,
        t.word = 'routed' AND row_number() OVER (PARTITION BY t.incident, v.action
            ORDER BY t.row_no, t.part) > 1 AS again
    FROM told t JOIN (VALUES
        ('detected', 1, 'register', NULL), ('routed', 1, 'forward', NULL),
        ('routed', 2, 'route', NULL), ('returned', 1, 'return', NULL),
        ('on_review', 1, 'submit', 'answer'), ('on_review', 2, 'endorse', NULL),
        ('rework', 1, 'send_back', NULL), ('approved', 1, 'approve', NULL),
        ('posted', 1, 'post', NULL), ('dropped', 1, 'dismiss', NULL),
        ('unknown', 1, 'unknown', NULL), ('asked', 1, 'submit', 'clarification'),
        ('asked', 2, 'endorse', NULL), ('asked', 3, 'approve', NULL), ('asked', 4, 'post', NULL),
        ('told', 1, 'author_reply', NULL)) v (word, sub, action, kind) USING (word)
)
SELECT *, walk_act(:'act', action, kind, CASE action WHEN 'route' THEN body END) OVER (
    PARTITION BY incident ORDER BY row_no, step) AS verdict
FROM step
WHERE NOT (action = 'forward' AND again) AND (action NOT IN ('forward', 'endorse')
    OR action IN (SELECT a.action FROM act_machine a WHERE a.act = :'act'));

-- Who steps and with what is what the act says of the step; of a step it does not allow, what it
-- says of the same action elsewhere. Times are moved by a constant: whole weeks, into the years of
-- the act, and from the office hours of the log to those of the act.
INSERT INTO replay.step (log, incident, row_no, part, at, mapped, action, login, details, implied,
    state, legal, why)
SELECT :'log', s.incident, s.row_no, s.step, s.at + z.shift, s.word, s.action,
    CASE WHEN coalesce(m.role, 'executor') <> 'executor' THEN m.role
        ELSE coalesce((s.verdict).holder, 'desk') END,
    coalesce(m.details, '{}') || CASE s.action
        WHEN 'register' THEN jsonb_strip_nulls(jsonb_build_object('text', s.details->>'text',
            'external_id', s.incident, 'topic', nullif(s.details->>'topic', '')))
        WHEN 'route' THEN jsonb_build_object('bodies', jsonb_build_array(s.body))
        WHEN 'submit' THEN jsonb_build_object('kind', s.kind)
        ELSE '{}' END,
    s.implied OR s.between, (s.verdict).state, (s.verdict).legal,
    CASE WHEN NOT (s.verdict).legal THEN s.action || ' while ' || (s.verdict).state END
FROM said s
CROSS JOIN (SELECT :'shift'::interval - (timezone(document->>'time_zone', '2024-01-01Z'::timestamptz)
        - '2024-01-01') FROM act WHERE act = :'act') z (shift)
LEFT JOIN LATERAL (SELECT * FROM act_machine m
    WHERE m.act = :'act' AND m.action = s.action
    ORDER BY m.from_state = coalesce((s.verdict).before, '') AND (s.verdict).legal DESC,
        m.reply_kind = coalesce((s.verdict).kind, 'answer') DESC LIMIT 1) m ON true
ORDER BY s.at, s.row_no, s.step;
ANALYZE replay.step;

INSERT INTO body (log, name, code, login, title)
SELECT :'log', name, code, code, title FROM body
WHERE log = :'source' AND code IN (SELECT body FROM said)
UNION ALL VALUES (:'log', 'desk', 'desk', 'desk', 'desk');
SELECT osm.define_authority(act_authority(:'log', :'act')) \g /dev/null
ANALYZE osm.body, osm.official, osm.appointment, osm.body_role;
CALL play(:'log', :'code');
CALL compare(:'log', 'act');

-- The terms once more: from the steps the act allows, on its own hours.
CREATE TEMP TABLE owed AS
WITH mark AS (
    SELECT s.incident, t.rule, t.calendar, t.term, w.id, extract(epoch FROM w.at) AS at,
        n.names && t.starts AS starts, n.names && t.stops AS stops, n.names && t.cancels AS cancels,
        n.names && t.pauses AS pauses, n.names && t.resumes AS resumes,
        EXISTS (SELECT FROM unnest(t.stops) o WHERE split_part(o, '/', 1) = s.action) AS otherwise
    FROM said s JOIN replay.step w ON w.log = :'log' AND w.row_no = s.row_no AND w.part = s.step
    CROSS JOIN LATERAL (SELECT ARRAY[s.action, s.action || '/' || CASE s.action
        WHEN 'route' THEN 'one' ELSE coalesce((s.verdict).kind, '') END]) n (names)
    JOIN act_term t ON t.act = :'act'
        AND n.names && (t.starts || t.stops || t.cancels || t.pauses || t.resumes)
    WHERE (s.verdict).legal
), cycle AS (
    SELECT *, sum(starts::int) OVER (PARTITION BY incident, rule ORDER BY id) AS cycle FROM mark
), run AS (
    SELECT *, sum((stops OR cancels)::int) OVER (PARTITION BY incident, rule, cycle ORDER BY id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS over
    FROM cycle WHERE cycle > 0
), term AS (
    SELECT incident, rule, cycle, max(at) FILTER (WHERE stops OR cancels) AS ended,
        bool_or(cancels AND NOT stops) AS cancelled,
        bool_or(cancels AND NOT stops AND otherwise) AS otherwise,
        array_agg(at ORDER BY id) FILTER (WHERE pauses) AS pauses,
        array_agg(at ORDER BY id) FILTER (WHERE resumes) AS resumes,
        calendar, term, min(at) FILTER (WHERE starts) AS started
    FROM run WHERE coalesce(over, 0) = 0 GROUP BY incident, rule, cycle, calendar, term
)
SELECT incident, rule, cycle, pauses, due, CASE
    WHEN ended IS NULL AND cardinality(pauses) > coalesce(cardinality(resumes), 0) THEN 'paused'
    WHEN ended IS NULL THEN 'running'
    WHEN cancelled AND (otherwise OR ended <= due) THEN 'cancelled'
    WHEN ended <= due THEN 'met' ELSE 'missed' END AS state
FROM term, due_of(calendar, started, term, pauses, resumes) due;

CREATE TEMP TABLE held AS
SELECT i.incident, r.name AS rule, k.cycle_no AS cycle, extract(epoch FROM k.due_at) AS due, k.state
FROM incident i JOIN osm.clock k ON k.incident_id = i.id JOIN osm.clock_rule r ON r.id = k.rule_id
JOIN act_term t ON t.act = :'act' AND t.rule = r.name
WHERE i.log = :'log';

SELECT state(:'log', 'terms and verdicts of the engine are those of the document',
    count(*) FILTER (WHERE differ) = 0 AND count(*) FILTER (WHERE rule = 'answer') > 0,
    format('%s terms of %s rules, %s of them for the answer (%s stood still for a question); '
        '%s differ', count(*), count(DISTINCT rule), count(*) FILTER (WHERE rule = 'answer'),
        count(pauses) FILTER (WHERE rule = 'answer'), count(*) FILTER (WHERE differ)))
FROM (SELECT *, o.due IS DISTINCT FROM h.due OR o.state IS DISTINCT FROM h.state AS differ
      FROM owed o FULL JOIN held h USING (incident, rule, cycle)) t \g /dev/null

INSERT INTO figure (log, part, name, value)
SELECT :'log', 5, 'late by the document: ' || rule, format('%s of %s = %s %%',
    count(*) FILTER (WHERE state = 'missed'), count(*),
    round(100.0 * count(*) FILTER (WHERE state = 'missed') / count(*), 1))
FROM owed WHERE state IN ('met', 'missed') GROUP BY rule;

SELECT count(*) > 0 AS differ FROM owed o FULL JOIN held h USING (incident, rule, cycle)
WHERE o.due IS DISTINCT FROM h.due OR o.state IS DISTINCT FROM h.state \gset
\if :differ
SELECT incident, rule, cycle, to_timestamp(o.due::float8) AS due_by_document, o.state,
    to_timestamp(h.due::float8) AS due_by_engine, h.state AS state_by_engine
FROM owed o FULL JOIN held h USING (incident, rule, cycle)
WHERE o.due IS DISTINCT FROM h.due OR o.state IS DISTINCT FROM h.state
ORDER BY 1, 2, 3 LIMIT 20;
\endif
