-- The audit after the torture: what must be there is worked out again from events, rules, people
-- and calendars, and every row that differs is named. View audit.finding is empty if all is well.
--
-- Hazard that shaped it: an audit that derives what it expects from the rows it judges finds
-- nothing. Messages are expected from events and clocks, never from the outbox; due instants from
-- the calendar and the start; clocks from the notes in the chained events. It is to be asked when
-- nothing is due any more.
CREATE SCHEMA audit;

-- What the events say of clocks.
CREATE VIEW audit.note AS
SELECT e.incident_id, e.seq, e.recorded_at, n.number, (n.item ->> 'clock')::bigint AS clock_id,
    n.item ->> 'change' AS change, n.item ->> 'verdict' AS verdict,
    (n.item ->> 'due_at')::timestamptz AS due_at
FROM osm.event AS e,
    jsonb_array_elements(e.details -> 'clocks') WITH ORDINALITY AS n (item, number);

-- Officials by role and body, deputies included.
CREATE VIEW audit.holder AS
SELECT a.role, a.body_id, a.official_id, b.code AS body
FROM osm.appointment AS a JOIN osm.body AS b ON b.id = a.body_id
UNION
SELECT a.role, a.body_id, s.deputy_id, b.code
FROM osm.appointment AS a JOIN osm.body AS b ON b.id = a.body_id
JOIN osm.substitution AS s ON s.principal_id = a.official_id;

-- Who answers for a clock.
CREATE VIEW audit.responsible AS
SELECT DISTINCT c.id AS clock_id, h.official_id
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
JOIN osm.role AS o ON o.regulation_id = r.regulation_id AND o.name = r.responsible
JOIN audit.holder AS h ON h.role = o.name AND (o.scope = 'authority' OR h.body_id = c.body_id);

-- Who has to be told of a step: the bodies are those of the last routing less those that gave the
-- incident back since.
CREATE VIEW audit.step_message AS
SELECT DISTINCT e.incident_id, e.seq, h.official_id, e.recorded_at, a.deliver_within
FROM osm.event AS e
JOIN osm.incident AS i ON i.id = e.incident_id
JOIN osm.action AS a ON a.regulation_id = i.regulation_id AND a.name = e.action
CROSS JOIN LATERAL unnest(a.notifies) AS n (role)
JOIN osm.role AS o ON o.regulation_id = a.regulation_id AND o.name = n.role
LEFT JOIN LATERAL (
    SELECT r.seq, r.details -> 'bodies' AS bodies FROM osm.event AS r
    WHERE r.incident_id = e.incident_id AND r.action = 'route' AND r.seq <= e.seq
    ORDER BY r.seq DESC LIMIT 1) AS routed ON true
JOIN audit.holder AS h ON h.role = n.role AND h.official_id <> e.actor_id
    AND (o.scope = 'authority' OR routed.bodies ? h.body AND NOT EXISTS (
        SELECT FROM osm.event AS g JOIN audit.holder AS w ON w.official_id = g.actor_id
        WHERE g.incident_id = e.incident_id AND g.action = 'back'
          AND g.seq > routed.seq AND g.seq <= e.seq AND w.body = h.body));

-- Who had the incident from when: the lead of a routing, until it gives the incident back.
CREATE VIEW audit.held AS
SELECT e.incident_id, e.seq, e.occurred_at, b.id AS body_id
FROM osm.event AS e JOIN osm.body AS b ON b.code = e.details -> 'bodies' ->> 0
WHERE e.action = 'route'
UNION ALL
SELECT e.incident_id, e.seq, e.occurred_at, NULL
FROM osm.event AS e CROSS JOIN LATERAL (
    SELECT r.details -> 'bodies' ->> 0 AS lead FROM osm.event AS r
    WHERE r.incident_id = e.incident_id AND r.action = 'route' AND r.seq < e.seq
    ORDER BY r.seq DESC LIMIT 1) AS routed
JOIN audit.holder AS h ON h.official_id = e.actor_id AND h.role = 'hand' AND h.body = routed.lead
WHERE e.action = 'back';
CREATE VIEW audit.handed AS
SELECT * FROM (SELECT h.*, lag(h.body_id) OVER (PARTITION BY h.incident_id ORDER BY h.seq) AS before
    FROM audit.held AS h) AS h
WHERE h.body_id IS DISTINCT FROM h.before;

-- The instant a finished or paused clock is judged by: when it stood still, or when it was stopped.
CREATE VIEW audit.judged AS
SELECT c.*, r.name AS rule, r.warn_before, coalesce(c.paused_at, (
        SELECT lower(p.span) FROM (SELECT unnest(range_agg(s.span)) AS span
            FROM osm.clock_segment AS s WHERE s.clock_id = c.id AND s.kind = 'pause') AS p
        WHERE upper(p.span) = c.stopped_at),
    c.stopped_at) AS judged_at
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id;

CREATE FUNCTION audit.sum_of(what regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s AS t', what)
    INTO result;
    RETURN coalesce(result, 'empty');
END $$;

-- Tables nothing but an administrator writes, and clocks that have ended, as they were.
CREATE VIEW audit.definition AS
SELECT c.oid::regclass::text AS name, audit.sum_of(c.oid) AS sum FROM pg_class AS c
WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind = 'r'
  AND c.relname <> ALL ('{incident,event,assignment,reply,review,clock,clock_segment,notification,
    recalculation,calendar_day}');
CREATE VIEW audit.ended AS
SELECT c.id, md5((to_jsonb(c) - '{excuse,excused_seq}'::text[])::text) AS sum
FROM osm.clock AS c WHERE c.stopped_at IS NOT NULL;
CREATE TABLE audit.definition_then AS TABLE audit.definition;
CREATE TABLE audit.ended_then (id bigint PRIMARY KEY, sum text);

-- What clients were told is done.
CREATE TABLE audit.told (what text, id bigint, seq integer, detail text);

CREATE VIEW audit.finding AS
SELECT 'flag' AS kind, format('clock %s of incident %s is %s', c.id, c.incident_id, f.wrong) AS what
FROM audit.judged AS c, LATERAL (SELECT CASE
    WHEN c.state = 'running' AND c.armed AND c.due_at < now() AND c.flagged_at IS NULL
        THEN 'late and not flagged'
    WHEN c.state = 'running' AND c.on_due AND c.due_at < now() THEN 'over without its action'
    WHEN c.flagged_at <= c.due_at THEN 'flagged before its end'
    WHEN c.state IN ('met', 'cancelled') AND c.flagged_at IS NOT NULL THEN 'kept and yet flagged'
    WHEN c.state = 'missed' AND c.armed AND c.flagged_at IS NULL THEN 'missed and not flagged'
    WHEN c.state = 'paused' AND c.armed AND (c.flagged_at IS NULL) <> (c.paused_at <= c.due_at)
        THEN 'paused and flagged by something else than its pause' END) AS f (wrong)
WHERE f.wrong IS NOT NULL
UNION ALL
SELECT 'verdict', format('clock %s of incident %s is %s: due %s, judged by %s', c.id, c.incident_id,
    c.state, c.due_at, c.judged_at)
FROM audit.judged AS c
WHERE CASE c.state WHEN 'met' THEN c.judged_at > c.due_at
                   WHEN 'missed' THEN c.judged_at <= c.due_at
                   WHEN 'cancelled' THEN c.armed AND c.judged_at > c.due_at END
UNION ALL
SELECT 'overdue', format('incident %s is overdue since %s, not %s', i.id, i.overdue_since, c.since)
FROM osm.incident AS i LEFT JOIN (
    SELECT c.incident_id, min(c.due_at) AS since FROM osm.clock AS c
    WHERE c.outer_term AND c.binding AND c.flagged_at IS NOT NULL GROUP BY c.incident_id) AS c
    ON c.incident_id = i.id
WHERE i.overdue_since IS DISTINCT FROM c.since
UNION ALL
SELECT 'step message', format('step %s of incident %s, official %s: told %s times, expected %s',
    coalesce(m.seq, n.event_seq), coalesce(m.incident_id, n.incident_id),
    coalesce(m.official_id, n.recipient_id), coalesce(n.times, 0), (m.seq IS NOT NULL)::integer)
FROM audit.step_message AS m FULL JOIN (
    SELECT n.incident_id, n.event_seq, n.recipient_id, min(n.created_at) AS created_at,
        min(n.about_at) AS about_at, count(*) AS times,
        min(n.deliver_after) FILTER (WHERE n.attempts = 0) AS deliver_after
    FROM osm.notification AS n WHERE n.kind = 'step' GROUP BY 1, 2, 3) AS n
    ON n.incident_id = m.incident_id AND n.event_seq = m.seq AND n.recipient_id = m.official_id
WHERE n.times IS DISTINCT FROM 1 OR m.seq IS NULL
   OR n.created_at <> m.recorded_at OR n.about_at <> m.recorded_at
   OR n.deliver_after <> CASE WHEN m.deliver_within IS NULL THEN m.recorded_at
                              ELSE osm.next_business_time(m.recorded_at, m.deliver_within) END
UNION ALL
SELECT 'breach message', format('official %s was not told that clock %s of incident %s is late',
    r.official_id, c.id, c.incident_id)
FROM osm.clock AS c JOIN audit.responsible AS r ON r.clock_id = c.id
WHERE c.flagged_at IS NOT NULL AND NOT EXISTS (SELECT FROM osm.notification AS n
    WHERE n.clock_id = c.id AND n.kind = 'breach' AND n.recipient_id = r.official_id
      -- of this end, maybe before it was put off and came back; or when an earlier one was flagged
      AND (n.about_at = c.due_at OR n.created_at = c.flagged_at AND n.about_at < c.flagged_at))
UNION ALL
SELECT kind || CASE kind WHEN 'breach' THEN ' message' ELSE '' END,
    format('official %s was told %s times that clock %s ended %s', recipient_id, count(*), clock_id,
        about_at)
FROM osm.notification WHERE clock_id IS NOT NULL
GROUP BY kind, recipient_id, clock_id, about_at HAVING count(*) > 1
UNION ALL
SELECT 'breach message', format('message %s, of clock %s of incident %s, %s', n.id, n.clock_id,
    n.incident_id, f.wrong)
FROM osm.notification AS n LEFT JOIN osm.clock AS c ON c.id = n.clock_id
LEFT JOIN osm.clock_rule AS r ON r.id = c.rule_id,
LATERAL (SELECT CASE
    WHEN c.id IS NULL OR NOT c.armed OR n.incident_id <> c.incident_id THEN 'is of no such clock'
    WHEN NOT EXISTS (SELECT FROM audit.responsible AS r
            WHERE r.clock_id = c.id AND r.official_id = n.recipient_id) THEN 'tells a stranger'
    WHEN n.created_at <= n.about_at THEN 'came before the end'
    WHEN NOT EXISTS (SELECT FROM audit.note AS t
            WHERE t.incident_id = n.incident_id AND t.clock_id = c.id AND t.due_at = n.about_at)
        THEN 'is about an instant the term never ended at'
    -- a flag is lifted by a step that turns out to have been in time, or by a later due instant
    WHEN n.created_at IS DISTINCT FROM c.flagged_at AND NOT EXISTS (SELECT FROM audit.note AS t
            WHERE t.incident_id = n.incident_id AND t.clock_id = c.id AND t.seq > n.event_seq
              AND (t.verdict = 'met' OR t.change IN ('pause', 'cancel') OR t.due_at > n.about_at))
        THEN 'is of a flag that is gone'
    WHEN n.attempts = 0 AND n.deliver_after <> CASE WHEN r.deliver_within IS NULL THEN n.created_at
            ELSE osm.next_business_time(n.created_at, r.deliver_within) END
        THEN 'is to be delivered at another time' END) AS f (wrong)
WHERE n.kind = 'breach' AND f.wrong IS NOT NULL
UNION ALL
-- Of a term that still runs every warning must have been given by now.
SELECT 'warning', format('official %s was warned %s times of clock %s of incident %s',
    p.official_id, n.times, c.id, c.incident_id)
FROM audit.judged AS c
JOIN osm.event AS e ON e.incident_id = c.incident_id AND e.seq = c.started_seq
CROSS JOIN LATERAL unnest(c.warn_before) AS b (warn_before)
CROSS JOIN LATERAL osm.subtract_business_time(c.due_at, b.warn_before, c.calendar) AS w (warn_at)
JOIN audit.responsible AS p ON p.clock_id = c.id
CROSS JOIN LATERAL (SELECT count(*) FROM osm.notification AS n
    WHERE n.clock_id = c.id AND n.kind = 'warning' AND n.recipient_id = p.official_id
      AND n.about_at = w.warn_at) AS n (times)
WHERE c.state = 'running' AND c.flagged_at IS NULL AND c.due_cause IS NULL
  AND w.warn_at > e.recorded_at AND w.warn_at < now() AND n.times <> 1
UNION ALL
SELECT 'warning', format('message %s, of clock %s of incident %s, %s', n.id, n.clock_id,
    n.incident_id, f.wrong)
FROM osm.notification AS n LEFT JOIN audit.judged AS c ON c.id = n.clock_id,
LATERAL (SELECT CASE
    WHEN c.id IS NULL OR n.incident_id <> c.incident_id THEN 'is of no such clock'
    WHEN NOT EXISTS (SELECT FROM audit.responsible AS r
            WHERE r.clock_id = c.id AND r.official_id = n.recipient_id) THEN 'tells a stranger'
    WHEN n.created_at < n.about_at THEN 'came too early'
    -- on a calendar that has changed since, no later than by the clock
    WHEN NOT EXISTS (SELECT FROM audit.note AS t, unnest(c.warn_before) AS b
            WHERE t.incident_id = n.incident_id AND t.clock_id = c.id AND CASE c.calendar
                WHEN 'torn' THEN n.about_at <= t.due_at
                    - osm.business_seconds(b) * interval '1 second' AND n.created_at <= t.due_at
                ELSE n.about_at = osm.subtract_business_time(t.due_at, b, c.calendar) END)
        THEN 'is about an instant nobody is to be warned at'
    WHEN c.stopped_seq <= n.event_seq THEN 'is of a term that had ended' END) AS f (wrong)
WHERE n.kind = 'warning' AND f.wrong IS NOT NULL
UNION ALL
SELECT 'chain', format('incident %s: %s', v.incident, v::text) FROM osm.verify_chains() AS v
UNION ALL
SELECT 'chain', format('incident %s in state "%s" after event %s has %s events, the last to "%s"',
    i.id, i.state, i.event_seq, e.events, e.to_state)
FROM osm.incident AS i LEFT JOIN LATERAL (
    SELECT count(*) AS events, max(e.seq) AS last, bool_or(e.torn) AS torn,
        (array_agg(e.to_state ORDER BY e.seq DESC))[1] AS to_state FROM (
        SELECT e.seq, e.to_state, e.from_state IS DISTINCT FROM
            lag(e.to_state) OVER (ORDER BY e.seq) AS torn
        FROM osm.event AS e WHERE e.incident_id = i.id) AS e) AS e ON true
WHERE e.events <> i.event_seq OR e.last IS DISTINCT FROM i.event_seq
   OR e.to_state IS DISTINCT FROM i.state OR e.torn
UNION ALL
SELECT 'whole', format('clock %s of incident %s is not what the events say: %s, due %s; they say '
    '%s, due %s', coalesce(c.id, n.clock_id), coalesce(c.incident_id, n.incident_id),
    coalesce(c.state, 'missing'), c.due_at, coalesce(n.state, 'nothing'), n.due_at)
FROM osm.clock AS c FULL JOIN (
    SELECT n.incident_id, n.clock_id, min(n.seq) FILTER (WHERE n.change = 'start') AS started_seq,
        count(*) FILTER (WHERE n.change = 'start') AS starts,
        max(n.seq) FILTER (WHERE n.change IN ('stop', 'cancel')) AS stopped_seq,
        count(*) FILTER (WHERE n.change IN ('stop', 'cancel')) AS stops,
        (array_agg(n.due_at ORDER BY n.seq DESC, n.number DESC))[1] AS due_at,
        (array_agg(coalesce(n.verdict, CASE n.change WHEN 'pause' THEN 'paused'
                WHEN 'cancel' THEN 'cancelled' ELSE 'running' END)
            ORDER BY n.seq DESC, n.number DESC)
            FILTER (WHERE n.change IN ('start', 'stop', 'cancel', 'pause', 'resume')))[1] AS state
    FROM audit.note AS n GROUP BY 1, 2) AS n
    ON n.clock_id = c.id AND n.incident_id = c.incident_id
WHERE c.id IS NULL OR n.clock_id IS NULL OR n.starts <> 1 OR n.started_seq <> c.started_seq
   OR n.stops > 1 OR n.stopped_seq IS DISTINCT FROM c.stopped_seq OR n.due_at <> c.due_at
   OR n.state <> c.state
UNION ALL
SELECT 'whole', format('incident %s has %s, its events say %s', i.id, h, e) FROM osm.incident AS i,
LATERAL (SELECT format('%s replies, %s reviews',
        (SELECT count(*) FROM osm.reply AS r WHERE r.incident_id = i.id),
        (SELECT count(*) FROM osm.review AS r WHERE r.incident_id = i.id))) AS has (h),
LATERAL (SELECT format('%s replies, %s reviews',
        count(*) FILTER (WHERE e.action = 'write'),
        count(*) FILTER (WHERE e.action IN ('approve', 'send_back')))
    FROM osm.event AS e WHERE e.incident_id = i.id) AS said (e)
WHERE h <> e
UNION ALL
SELECT 'whole', format('clock %s of incident %s is excused by no event', c.id, c.incident_id)
FROM osm.clock AS c WHERE c.excuse IS NOT NULL AND NOT EXISTS (SELECT FROM osm.event AS e
    WHERE e.incident_id = c.incident_id AND e.seq = c.excused_seq AND e.action = 'excuse')
UNION ALL
-- Columns that contradict one another.
SELECT 'odd', format('clock %s of incident %s, %s, stopped at %s, paused at %s, flagged at %s, '
    'excused by event %s', c.id, c.incident_id, c.state, c.stopped_at, c.paused_at, c.flagged_at,
    c.excused_seq)
FROM osm.clock AS c
WHERE (c.state IN ('running', 'paused')) <> (c.stopped_at IS NULL)
   OR (c.state = 'paused') <> (c.paused_at IS NOT NULL)
   OR (c.excuse IS NULL) <> (c.excused_seq IS NULL)
   OR (c.excuse IS NOT NULL AND c.flagged_at IS NULL)
UNION ALL
SELECT 'odd', format('message %s, %s, sent at %s', n.id, n.state, n.sent_at)
FROM osm.notification AS n WHERE (n.state = 'sent') <> (n.sent_at IS NOT NULL)
UNION ALL
SELECT 'odd', format('clock %s of incident %s has no rule', c.id, c.incident_id)
FROM osm.clock AS c WHERE NOT EXISTS (SELECT FROM osm.clock_rule AS r WHERE r.id = c.rule_id)
UNION ALL
SELECT 'odd', format('a stretch of clock %s, which is gone', s.clock_id)
FROM osm.clock_segment AS s WHERE NOT EXISTS (SELECT FROM osm.clock AS c WHERE c.id = s.clock_id)
UNION ALL
SELECT 'whole', format('incident %s is with bodies %s, its assignments say %s', i.id, i.bodies,
    a.bodies)
FROM osm.incident AS i, LATERAL (
    SELECT coalesce(array_agg(a.body_id ORDER BY a.body_id), '{}') AS bodies
    FROM osm.assignment AS a JOIN osm.event AS e ON e.incident_id = a.incident_id
        AND e.seq = a.assigned_seq AND e.action = 'route'
    WHERE a.incident_id = i.id AND a.released_at IS NULL) AS a
WHERE i.finished_at IS NULL
  AND (SELECT coalesce(array_agg(b ORDER BY b), '{}') FROM unnest(i.bodies) AS b) <> a.bodies
UNION ALL
-- Stretches follow one another from the start to the end, or to the last change of the clock or of
-- who has the incident, without a gap, and each is its holder's.
SELECT 'segment', format('clock %s of incident %s ran %s to %s, its stretches are %s', c.id,
    c.incident_id, c.started_at, c.until, s.spans)
FROM (SELECT c.*, coalesce(c.stopped_at, greatest(c.paused_at, c.resumed_at, (
          SELECT max(h.occurred_at) FROM audit.handed AS h
          WHERE h.incident_id = c.incident_id AND h.seq > c.started_seq))) AS until
      FROM osm.clock AS c) AS c
LEFT JOIN LATERAL (SELECT min(lower(s.span)) AS first, max(upper(s.span)) AS last,
        sum(upper(s.span) - lower(s.span)) AS length, string_agg(concat(s.kind, s.span), ', '
            ORDER BY s.span) AS spans,
        bool_or(s.kind = s.kind_before AND s.body_id IS NOT DISTINCT FROM s.body_before) AS twice
    FROM (SELECT s.*, lag(s.kind) OVER w AS kind_before, lag(s.body_id) OVER w AS body_before
          FROM osm.clock_segment AS s WHERE s.clock_id = c.id WINDOW w AS (ORDER BY s.span)) AS s
    ) AS s ON true
WHERE CASE WHEN c.until <= c.started_at THEN s.first IS NOT NULL
    ELSE s.first IS DISTINCT FROM c.started_at OR s.last <> c.until
        OR s.length <> c.until - c.started_at OR s.twice END
UNION ALL
SELECT 'segment', format('clock %s of incident %s: body %s had it %s, the events say otherwise',
    s.clock_id, s.incident_id, s.body_id, s.span)
FROM osm.clock_segment AS s
WHERE s.body_id IS DISTINCT FROM (SELECT h.body_id FROM audit.held AS h
        WHERE h.incident_id = s.incident_id AND h.seq < s.seq ORDER BY h.seq DESC LIMIT 1)
   OR EXISTS (SELECT FROM audit.handed AS h WHERE h.incident_id = s.incident_id
        AND h.occurred_at > lower(s.span) AND h.occurred_at < upper(s.span))
UNION ALL
-- A due instant that was counted, not named, is what its calendar gives now.
SELECT 'recount', format('clock %s of incident %s is due %s, its calendar says %s', c.id,
    c.incident_id, c.due_at, k.due_at)
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
LEFT JOIN osm.clock AS a ON r.anchor IS NOT NULL AND a.incident_id = c.incident_id
    AND a.state IN ('running', 'paused')
    AND a.rule_id = (SELECT q.id FROM osm.clock_rule AS q
                     WHERE q.regulation_id = r.regulation_id AND q.name = r.anchor)
CROSS JOIN LATERAL (SELECT osm.business_seconds(c.term) - osm.business_seconds(c.used)) AS l (rest)
CROSS JOIN LATERAL (SELECT CASE
    WHEN r.anchor IS NULL AND l.rest >= 0 THEN osm.add_business_time(
        coalesce(c.paused_at, c.resumed_at), (l.rest || ' seconds')::osm.business_interval,
        c.calendar)
    -- what is late is not moved with its anchor when that is set by hand
    WHEN a.id IS NOT NULL AND a.term IS NOT NULL AND c.paused_at IS NULL
        AND NOT EXISTS (SELECT FROM osm.clock_segment AS s
            WHERE s.clock_id = c.id AND s.kind = 'pause')
        THEN greatest(c.started_at, osm.subtract_business_time(a.due_at, c.term, c.calendar))
    END) AS k (due_at)
WHERE c.state IN ('running', 'paused') AND c.term IS NOT NULL AND c.due_at <> k.due_at
UNION ALL
SELECT 'journal', format('%s %s %s %s was acknowledged %s times and is there %s times', t.what,
    t.id, t.seq, t.detail, t.times, f.found)
FROM (SELECT what, id, seq, detail, count(*) AS times FROM audit.told GROUP BY 1, 2, 3, 4) AS t,
LATERAL (SELECT CASE t.what
    WHEN 'step' THEN (SELECT count(*) FROM osm.event AS e
        WHERE e.incident_id = t.id AND e.seq = t.seq AND e.action = t.detail)
    WHEN 'mailed' THEN (SELECT count(*) FROM osm.notification AS n
        WHERE n.id = t.id AND n.state = 'sent')
    WHEN 'change' THEN (SELECT count(*) FROM load.change AS c WHERE c.id = t.id) END) AS f (found)
WHERE t.times <> 1 OR f.found <> 1
UNION ALL
SELECT 'definition', format('table %s is not what it was', coalesce(d.name, t.name))
FROM audit.definition AS d FULL JOIN audit.definition_then AS t USING (name)
WHERE d.sum IS DISTINCT FROM t.sum
UNION ALL
SELECT 'ended', format('clock %s was changed after its end', t.id)
FROM audit.ended_then AS t LEFT JOIN audit.ended AS c USING (id) WHERE c.sum IS DISTINCT FROM t.sum;
