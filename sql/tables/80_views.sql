-- Views for business intelligence tools. Columns are of built-in types only: business time stands
-- as hours (numeric, two digits) and as seconds (numeric, three digits), states and kinds as text.
--
-- Hazard that shaped this file: a late step is late by the calendar of its own clock, so every
-- difference of instants is taken on clock.calendar and never on a session's.

CREATE VIEW osm.incident_overview AS
SELECT
    i.id AS incident_id,
    i.authority_id,
    y.title AS authority,
    i.regulation,
    g.edition,
    i.body_id,
    b.title AS body,
    i.several_bodies,
    i.channel,
    i.kind,
    i.topic,
    i.place,
    i.importance,
    i.importance = ANY (g.urgent_importance) AS urgent,
    i.repeat_of,
    i.part_of,
    i.state,
    s.title AS state_title,
    s.title_en AS state_title_en,
    s.kind AS state_kind,
    i.finished_at IS NULL AS open,
    i.published_at,
    i.detected_at,
    o.state::text AS term_state,
    o.due_at,
    pg_catalog.round(osm.business_seconds_between(
        coalesce(o.paused_at, osm.now()), o.due_at, o.calendar), 3) AS remaining_seconds,
    pg_catalog.round(osm.business_seconds_between(
        coalesce(o.paused_at, osm.now()), o.due_at, o.calendar) / 3600, 2) AS remaining_hours,
    i.overdue_since IS NOT NULL
        OR coalesce(o.state = 'running' AND o.due_at < osm.now(), false) AS overdue,
    coalesce(
        i.overdue_since,
        CASE WHEN o.state = 'running' AND o.due_at < osm.now() THEN o.due_at END) AS overdue_since,
    n.rule AS step_rule,
    n.title AS step_title,
    n.title_en AS step_title_en,
    n.due_at AS step_due_at,
    m.routed_at,
    m.submitted_at,
    m.approved_at,
    m.posted_at,
    i.answered_at,
    i.finished_at,
    pg_catalog.round(osm.business_seconds_between(
        i.detected_at, m.routed_at, g.calendar) / 3600, 2) AS routed_hours,
    pg_catalog.round(osm.business_seconds_between(
        i.detected_at, m.submitted_at, g.calendar) / 3600, 2) AS submitted_hours,
    pg_catalog.round(osm.business_seconds_between(
        i.detected_at, m.approved_at, g.calendar) / 3600, 2) AS approved_hours,
    pg_catalog.round(osm.business_seconds_between(
        i.detected_at, m.posted_at, g.calendar) / 3600, 2) AS posted_hours,
    pg_catalog.round(osm.business_seconds_between(
        i.detected_at, i.answered_at, g.calendar) / 3600, 2) AS answered_hours,
    i.event_seq::bigint AS steps,
    m.returns,
    m.reworks
FROM osm.incident AS i
    JOIN osm.regulation AS g ON g.id = i.regulation_id
    JOIN osm.state AS s ON s.regulation_id = i.regulation_id AND s.name = i.state
    LEFT JOIN osm.body AS y ON y.id = i.authority_id AND y.authority_id = i.authority_id
    LEFT JOIN osm.body AS b ON b.id = i.body_id AND b.authority_id = i.authority_id
    LEFT JOIN LATERAL (
        SELECT c.state, c.due_at, c.paused_at, c.calendar
        FROM osm.clock AS c
        WHERE c.incident_id = i.id
            AND c.authority_id = i.authority_id
            AND c.outer_term
            AND c.state IN ('running', 'paused')
        ORDER BY c.due_at
        LIMIT 1) AS o ON true
    LEFT JOIN LATERAL (
        SELECT r.name AS rule, r.title, r.title_en, c.due_at
        FROM osm.clock AS c
            JOIN osm.clock_rule AS r ON r.id = c.rule_id
        WHERE c.incident_id = i.id
            AND c.authority_id = i.authority_id
            AND NOT c.outer_term
            AND c.armed
            AND c.state = 'running'
        ORDER BY c.due_at
        LIMIT 1) AS n ON true
    LEFT JOIN LATERAL (
        SELECT
            min(e.occurred_at) FILTER (WHERE a.effect = 'assign') AS routed_at,
            min(e.occurred_at) FILTER (WHERE a.effect = 'submit') AS submitted_at,
            min(e.occurred_at) FILTER (WHERE a.effect = 'approve') AS approved_at,
            min(e.occurred_at) FILTER (WHERE a.effect IN ('post', 'publish')) AS posted_at,
            count(*) FILTER (WHERE a.effect = 'release') AS returns,
            count(*) FILTER (WHERE a.effect = 'send_back') AS reworks
        FROM osm.event AS e
            JOIN osm.action AS a ON a.regulation_id = i.regulation_id AND a.name = e.action
        WHERE e.incident_id = i.id
            AND e.authority_id = i.authority_id) AS m ON true;
COMMENT ON VIEW osm.incident_overview IS
    'One wide row per incident: what it is about, where it stands, its term and its '
    'milestones. No personal data.';
COMMENT ON COLUMN osm.incident_overview.incident_id IS 'Incident.';
COMMENT ON COLUMN osm.incident_overview.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.incident_overview.authority IS 'Authority.';
COMMENT ON COLUMN osm.incident_overview.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.incident_overview.edition IS 'Edition the incident is judged by.';
COMMENT ON COLUMN osm.incident_overview.body_id IS
    'Key of the body that has it; null while with the curator.';
COMMENT ON COLUMN osm.incident_overview.body IS 'Body that has it, the leading one of several.';
COMMENT ON COLUMN osm.incident_overview.several_bodies IS
    'Whether several bodies work on a joint reply.';
COMMENT ON COLUMN osm.incident_overview.channel IS 'Network, site or messenger of the message.';
COMMENT ON COLUMN osm.incident_overview.kind IS 'Kind of message.';
COMMENT ON COLUMN osm.incident_overview.topic IS 'Topic.';
COMMENT ON COLUMN osm.incident_overview.place IS 'Place.';
COMMENT ON COLUMN osm.incident_overview.importance IS 'Category of importance.';
COMMENT ON COLUMN osm.incident_overview.urgent IS 'Whether the act calls that importance urgent.';
COMMENT ON COLUMN osm.incident_overview.repeat_of IS 'Earlier incident on the same question.';
COMMENT ON COLUMN osm.incident_overview.part_of IS 'Incident this one was split from.';
COMMENT ON COLUMN osm.incident_overview.state IS 'State, by name.';
COMMENT ON COLUMN osm.incident_overview.state_title IS 'State in Russian.';
COMMENT ON COLUMN osm.incident_overview.state_title_en IS 'State in English.';
COMMENT ON COLUMN osm.incident_overview.state_kind IS 'initial, open, final or forbidden.';
COMMENT ON COLUMN osm.incident_overview.open IS 'Whether no final state was reached yet.';
COMMENT ON COLUMN osm.incident_overview.published_at IS 'When the citizen posted it.';
COMMENT ON COLUMN osm.incident_overview.detected_at IS 'When it was detected.';
COMMENT ON COLUMN osm.incident_overview.term_state IS
    'Whether the term owed to the author is running or paused; null when none is open.';
COMMENT ON COLUMN osm.incident_overview.due_at IS
    'Earliest due instant of the open terms owed to the author.';
COMMENT ON COLUMN osm.incident_overview.remaining_seconds IS
    'Business time left of that term, seconds on its own calendar; negative when overdue.';
COMMENT ON COLUMN osm.incident_overview.remaining_hours IS 'The same in hours.';
COMMENT ON COLUMN osm.incident_overview.overdue IS
    'Whether a term owed to the author was breached, flagged by the worker or not.';
COMMENT ON COLUMN osm.incident_overview.overdue_since IS
    'Due instant of the earliest breached term.';
COMMENT ON COLUMN osm.incident_overview.step_rule IS 'Rule of the next step term that is running.';
COMMENT ON COLUMN osm.incident_overview.step_title IS 'Its title in Russian.';
COMMENT ON COLUMN osm.incident_overview.step_title_en IS 'Its title in English.';
COMMENT ON COLUMN osm.incident_overview.step_due_at IS 'Its due instant.';
COMMENT ON COLUMN osm.incident_overview.routed_at IS 'When it was first sent to a body.';
COMMENT ON COLUMN osm.incident_overview.submitted_at IS 'When a draft was first submitted.';
COMMENT ON COLUMN osm.incident_overview.approved_at IS 'When a draft was first approved.';
COMMENT ON COLUMN osm.incident_overview.posted_at IS 'When a reply of any kind was first posted.';
COMMENT ON COLUMN osm.incident_overview.answered_at IS 'When the final answer was posted.';
COMMENT ON COLUMN osm.incident_overview.finished_at IS 'When a final state was reached.';
COMMENT ON COLUMN osm.incident_overview.routed_hours IS
    'Business hours from detection until routed_at, on the calendar of the act.';
COMMENT ON COLUMN osm.incident_overview.submitted_hours IS 'The same until submitted_at.';
COMMENT ON COLUMN osm.incident_overview.approved_hours IS 'The same until approved_at.';
COMMENT ON COLUMN osm.incident_overview.posted_hours IS 'The same until posted_at.';
COMMENT ON COLUMN osm.incident_overview.answered_hours IS 'The same until answered_at.';
COMMENT ON COLUMN osm.incident_overview.steps IS 'Number of steps so far.';
COMMENT ON COLUMN osm.incident_overview.returns IS 'How often a body returned it as not its own.';
COMMENT ON COLUMN osm.incident_overview.reworks IS 'How often a draft was sent back.';

-- A step that only ends the incident (refuse, dismiss, close) is open to a curator in nearly every
-- state; it does not put the incident into the inbox, or everything would be there.
CREATE VIEW osm.inbox AS
SELECT
    i.id AS incident_id,
    i.authority_id,
    i.regulation,
    i.body_id,
    b.title AS body,
    i.channel,
    i.topic,
    i.place,
    i.importance,
    i.state,
    s.title AS state_title,
    s.title_en AS state_title_en,
    w.actions,
    w.action_titles,
    w.action_titles_en,
    w.roles,
    w.acting_for_id,
    k.rule,
    k.title AS rule_title,
    k.title_en AS rule_title_en,
    k.clause,
    k.due_at AS step_due_at,
    pg_catalog.round(osm.business_seconds_between(
        osm.now(), k.due_at, k.calendar) / 3600, 2) AS step_remaining_hours,
    o.due_at AS answer_due_at,
    pg_catalog.round(osm.business_seconds_between(
        osm.now(), o.due_at, o.calendar) / 3600, 2) AS answer_remaining_hours,
    coalesce(least(k.due_at, o.due_at) < osm.now(), false) AS overdue
FROM (
        SELECT
            u.incident_id,
            u.authority_id,
            pg_catalog.string_agg(DISTINCT u.action, ', ' ORDER BY u.action) AS actions,
            pg_catalog.string_agg(DISTINCT u.title, ', ' ORDER BY u.title) AS action_titles,
            pg_catalog.string_agg(DISTINCT u.title_en, ', ' ORDER BY u.title_en)
                AS action_titles_en,
            pg_catalog.string_agg(DISTINCT u.role, ', ' ORDER BY u.role) AS roles,
            pg_catalog.array_agg(DISTINCT u.role) AS role_names,
            pg_catalog.array_agg(DISTINCT u.actor_body_id) AS actor_bodies,
            min(u.acting_for_id) AS acting_for_id
        FROM (
                SELECT j.id AS incident_id, j.authority_id, t.action, a.title, a.title_en, p.role,
                    p.body_id AS actor_body_id, p.acting_for_id,
                    -- nobody waits for a return, nor for another body where one is at work
                    a.effect <> 'release' AND NOT (a.effect = 'assign' AND l.scope = 'authority'
                        AND pg_catalog.cardinality(j.bodies) > 0) AS awaited
                FROM osm.actor_roles() AS p
                    JOIN osm.incident AS j ON j.authority_id = p.authority_id
                        AND j.finished_at IS NULL
                    JOIN osm.regulation AS g ON g.id = j.regulation_id
                        AND (osm.now() AT TIME ZONE g.time_zone)::date >= p.valid_from
                        AND (osm.now() AT TIME ZONE g.time_zone)::date < p.valid_until
                    JOIN osm.role AS l ON l.regulation_id = j.regulation_id
                        AND l.name = p.role
                        AND CASE l.scope
                                WHEN 'assignment' THEN p.body_id = ANY (j.bodies)
                                WHEN 'lead' THEN p.body_id = j.body_id
                                ELSE true
                            END
                    JOIN osm.transition AS t ON t.regulation_id = j.regulation_id
                        AND t.from_state = j.state
                        AND p.role = ANY (t.role)
                    JOIN osm.action AS a ON a.regulation_id = t.regulation_id
                        AND a.name = t.action
                    LEFT JOIN osm.state AS z ON z.regulation_id = t.regulation_id
                        AND z.name = t.to_state
                WHERE CASE
                        WHEN a.effect = 'contribute' THEN EXISTS (
                            SELECT
                            FROM osm.assignment AS x
                            WHERE x.incident_id = j.id
                                AND x.authority_id = j.authority_id
                                AND x.body_id = p.body_id
                                AND (x.role = 'member' OR x.role = 'lead' AND g.lead_contributes)
                                AND x.released_at IS NULL
                                AND x.contributed_at IS NULL
                                -- in a set order, whose turn it is
                                AND NOT (x.in_order AND EXISTS (
                                    SELECT
                                    FROM osm.assignment AS v
                                    WHERE v.incident_id = x.incident_id
                                        AND v.authority_id = x.authority_id
                                        AND v.seq_no < x.seq_no
                                        AND (v.role = 'member'
                                            OR v.role = 'lead' AND g.lead_contributes)
                                        AND v.released_at IS NULL
                                        AND v.contributed_at IS NULL)))
                        -- the joint reply is the leading body's
                        WHEN a.effect IN ('submit', 'post') AND l.scope = 'assignment'
                            THEN p.body_id = j.body_id
                        WHEN a.effect = 'publish' AND l.scope = 'assignment'
                            AND p.body_id <> j.body_id THEN false
                        WHEN a.effect = 'post' THEN true
                        ELSE z.kind IN ('initial', 'open') AND z.name <> j.state
                    END) AS u
        GROUP BY u.incident_id, u.authority_id
        HAVING bool_or(u.awaited)) AS w
    JOIN osm.incident AS i ON i.id = w.incident_id AND i.authority_id = w.authority_id
    JOIN osm.state AS s ON s.regulation_id = i.regulation_id AND s.name = i.state
    LEFT JOIN osm.body AS b ON b.id = i.body_id AND b.authority_id = i.authority_id
    LEFT JOIN LATERAL (
        SELECT r.name AS rule, r.title, r.title_en, r.clause, c.due_at, c.calendar
        FROM osm.clock AS c
            JOIN osm.clock_rule AS r ON r.id = c.rule_id
        WHERE c.incident_id = i.id
            AND c.authority_id = i.authority_id
            AND c.state = 'running'
            AND c.armed
            AND NOT c.outer_term
            AND r.responsible = ANY (w.role_names)
            AND (c.assignment_id IS NULL OR c.body_id = ANY (w.actor_bodies))
        ORDER BY c.due_at
        LIMIT 1) AS k ON true
    LEFT JOIN LATERAL (
        SELECT c.due_at, c.calendar
        FROM osm.clock AS c
        WHERE c.incident_id = i.id
            AND c.authority_id = i.authority_id
            AND c.state = 'running'
            AND c.outer_term
        ORDER BY c.due_at
        LIMIT 1) AS o ON true
ORDER BY k.due_at NULLS LAST, o.due_at NULLS LAST, i.id;
COMMENT ON VIEW osm.inbox IS
    'What the current actor has to do now, the step whose term ends first on top; empty '
    'without an actor.';
COMMENT ON COLUMN osm.inbox.incident_id IS 'Incident.';
COMMENT ON COLUMN osm.inbox.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.inbox.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.inbox.body_id IS 'Key of the body that has it; null while with the curator.';
COMMENT ON COLUMN osm.inbox.body IS 'Body that has it.';
COMMENT ON COLUMN osm.inbox.channel IS 'Network, site or messenger of the message.';
COMMENT ON COLUMN osm.inbox.topic IS 'Topic.';
COMMENT ON COLUMN osm.inbox.place IS 'Place.';
COMMENT ON COLUMN osm.inbox.importance IS 'Category of importance.';
COMMENT ON COLUMN osm.inbox.state IS 'State, by name.';
COMMENT ON COLUMN osm.inbox.state_title IS 'State in Russian.';
COMMENT ON COLUMN osm.inbox.state_title_en IS 'State in English.';
COMMENT ON COLUMN osm.inbox.actions IS
    'Actions that carry the incident on and that the actor may take.';
COMMENT ON COLUMN osm.inbox.action_titles IS 'Their titles in Russian.';
COMMENT ON COLUMN osm.inbox.action_titles_en IS 'Their titles in English.';
COMMENT ON COLUMN osm.inbox.roles IS 'Roles in which the actor may take them.';
COMMENT ON COLUMN osm.inbox.acting_for_id IS
    'Official the actor stands in for in one of these roles; null when all are the actor''s own.';
COMMENT ON COLUMN osm.inbox.rule IS 'Rule of the running step term the actor''s role answers for.';
COMMENT ON COLUMN osm.inbox.rule_title IS 'Its title in Russian.';
COMMENT ON COLUMN osm.inbox.rule_title_en IS 'Its title in English.';
COMMENT ON COLUMN osm.inbox.clause IS 'Clause that sets it.';
COMMENT ON COLUMN osm.inbox.step_due_at IS 'Its due instant.';
COMMENT ON COLUMN osm.inbox.step_remaining_hours IS
    'Business hours left of it; negative when past.';
COMMENT ON COLUMN osm.inbox.answer_due_at IS 'Due instant of the running term owed to the author.';
COMMENT ON COLUMN osm.inbox.answer_remaining_hours IS
    'Business hours left of it; negative when past.';
COMMENT ON COLUMN osm.inbox.overdue IS 'Whether one of the two terms has passed.';

CREATE VIEW osm.overdue AS
SELECT
    c.id AS clock_id,
    c.incident_id,
    c.authority_id,
    y.title AS authority,
    i.regulation,
    c.body_id,
    b.title AS body,
    i.topic,
    i.place,
    i.importance,
    i.state,
    s.title AS state_title,
    s.title_en AS state_title_en,
    r.name AS rule,
    r.title AS rule_title,
    r.title_en AS rule_title_en,
    r.clause,
    c.outer_term,
    r.responsible AS role,
    f.name AS official,
    c.state::text AS clock_state,
    c.started_at,
    c.due_at,
    c.stopped_at,
    c.flagged_at,
    pg_catalog.round(osm.business_seconds_between(
        c.due_at, coalesce(c.stopped_at, c.paused_at, osm.now()), c.calendar), 3) AS late_seconds,
    pg_catalog.round(osm.business_seconds_between(
        c.due_at, coalesce(c.stopped_at, c.paused_at, osm.now()), c.calendar) / 3600,
        2) AS late_hours,
    pg_catalog.round(extract(epoch FROM
        coalesce(c.stopped_at, c.paused_at, osm.now()) - c.due_at) / 3600, 2) AS late_wall_hours,
    c.excuse IS NOT NULL AS excused
FROM osm.incident AS i
    JOIN osm.clock AS c ON c.incident_id = i.id AND c.authority_id = i.authority_id
    JOIN osm.clock_rule AS r ON r.id = c.rule_id
    JOIN osm.state AS s ON s.regulation_id = i.regulation_id AND s.name = i.state
    LEFT JOIN osm.body AS y ON y.id = c.authority_id AND y.authority_id = c.authority_id
    LEFT JOIN osm.body AS b ON b.id = c.body_id AND b.authority_id = c.authority_id
    LEFT JOIN osm.official AS f ON f.id = c.official_id AND f.authority_id = c.authority_id
WHERE i.finished_at IS NULL
    AND c.binding
    AND (c.state = 'running' AND c.armed AND c.due_at < osm.now()
        OR c.state = 'paused' AND c.armed AND c.due_at < c.paused_at
        OR c.state = 'missed' AND c.outer_term);
COMMENT ON VIEW osm.overdue IS
    'Open incidents with a breach: one row per binding term that has run out and is not kept '
    'yet, and per term owed to the author that was kept too late.';
COMMENT ON COLUMN osm.overdue.clock_id IS
    'Clock; osm.explain_clock() tells how its due instant came about.';
COMMENT ON COLUMN osm.overdue.incident_id IS 'Incident.';
COMMENT ON COLUMN osm.overdue.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.overdue.authority IS 'Authority.';
COMMENT ON COLUMN osm.overdue.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.overdue.body_id IS
    'Key of the body that answers for the term; null for the curator.';
COMMENT ON COLUMN osm.overdue.body IS 'Body that answers for the term.';
COMMENT ON COLUMN osm.overdue.topic IS 'Topic.';
COMMENT ON COLUMN osm.overdue.place IS 'Place.';
COMMENT ON COLUMN osm.overdue.importance IS 'Category of importance.';
COMMENT ON COLUMN osm.overdue.state IS 'State of the incident, by name.';
COMMENT ON COLUMN osm.overdue.state_title IS 'State in Russian.';
COMMENT ON COLUMN osm.overdue.state_title_en IS 'State in English.';
COMMENT ON COLUMN osm.overdue.rule IS 'Rule, by name.';
COMMENT ON COLUMN osm.overdue.rule_title IS 'Rule in Russian.';
COMMENT ON COLUMN osm.overdue.rule_title_en IS 'Rule in English.';
COMMENT ON COLUMN osm.overdue.clause IS 'Clause that sets the term.';
COMMENT ON COLUMN osm.overdue.outer_term IS 'Whether the term is owed to the author.';
COMMENT ON COLUMN osm.overdue.role IS 'Role that answers for the breach.';
COMMENT ON COLUMN osm.overdue.official IS 'Official that answers for it, where known by name.';
COMMENT ON COLUMN osm.overdue.clock_state IS
    'running: not kept yet; paused: too late, and stands still; missed: kept too late.';
COMMENT ON COLUMN osm.overdue.started_at IS 'Instant the term counts from.';
COMMENT ON COLUMN osm.overdue.due_at IS 'Last instant that was in time: the breach is dated by it.';
COMMENT ON COLUMN osm.overdue.stopped_at IS 'When it was kept at last.';
COMMENT ON COLUMN osm.overdue.flagged_at IS
    'When the worker flagged the breach; null if it has not yet, which changes nothing else.';
COMMENT ON COLUMN osm.overdue.late_seconds IS
    'Business time since the due instant (until it was kept or stood still, else until now), '
    'seconds on the term''s calendar.';
COMMENT ON COLUMN osm.overdue.late_hours IS 'The same in hours.';
COMMENT ON COLUMN osm.overdue.late_wall_hours IS
    'Hours by the clock on the wall since the due instant.';
COMMENT ON COLUMN osm.overdue.excused IS 'Whether a reason was accepted; the breach stays.';

CREATE VIEW osm.due_soon AS
SELECT
    c.id AS clock_id,
    c.incident_id,
    c.authority_id,
    i.regulation,
    c.body_id,
    b.title AS body,
    i.topic,
    i.state,
    r.name AS rule,
    r.title AS rule_title,
    r.title_en AS rule_title_en,
    r.clause,
    c.outer_term,
    r.responsible AS role,
    c.due_at,
    pg_catalog.round(osm.business_seconds_between(osm.now(), c.due_at, c.calendar),
        3) AS remaining_seconds,
    pg_catalog.round(osm.business_seconds_between(osm.now(), c.due_at, c.calendar) / 3600,
        2) AS remaining_hours
FROM osm.clock AS c
    JOIN osm.clock_rule AS r ON r.id = c.rule_id
    JOIN osm.incident AS i ON i.id = c.incident_id AND i.authority_id = c.authority_id
    LEFT JOIN osm.body AS b ON b.id = c.body_id AND b.authority_id = c.authority_id
WHERE c.state = 'running'
    AND c.armed
    AND c.binding
    AND c.flagged_at IS NULL
    AND c.due_at >= osm.now()
    AND c.due_at < osm.now() + interval '24 hours';
COMMENT ON VIEW osm.due_soon IS
    'Binding terms that run out within the next 24 hours by the clock on the wall.';
COMMENT ON COLUMN osm.due_soon.clock_id IS
    'Clock; osm.explain_clock() tells how its due instant came about.';
COMMENT ON COLUMN osm.due_soon.incident_id IS 'Incident.';
COMMENT ON COLUMN osm.due_soon.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.due_soon.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.due_soon.body_id IS
    'Key of the body that answers for the term; null for the curator.';
COMMENT ON COLUMN osm.due_soon.body IS 'Body that answers for the term.';
COMMENT ON COLUMN osm.due_soon.topic IS 'Topic.';
COMMENT ON COLUMN osm.due_soon.state IS 'State of the incident, by name.';
COMMENT ON COLUMN osm.due_soon.rule IS 'Rule, by name.';
COMMENT ON COLUMN osm.due_soon.rule_title IS 'Rule in Russian.';
COMMENT ON COLUMN osm.due_soon.rule_title_en IS 'Rule in English.';
COMMENT ON COLUMN osm.due_soon.clause IS 'Clause that sets the term.';
COMMENT ON COLUMN osm.due_soon.outer_term IS 'Whether the term is owed to the author.';
COMMENT ON COLUMN osm.due_soon.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.due_soon.due_at IS 'Last instant that is in time.';
COMMENT ON COLUMN osm.due_soon.remaining_seconds IS
    'Business time left, seconds on the term''s calendar.';
COMMENT ON COLUMN osm.due_soon.remaining_hours IS 'The same in hours.';

-- A rule counts as the interim rule by what starts it ("…/interim"), not by its name: names are
-- the act's.
CREATE VIEW osm.timeliness AS
SELECT
    c.id AS clock_id,
    c.incident_id,
    c.authority_id,
    y.title AS authority,
    i.regulation,
    g.edition,
    c.body_id,
    b.title AS body,
    i.topic,
    i.place,
    i.importance,
    r.name AS rule,
    r.title AS rule_title,
    r.title_en AS rule_title_en,
    r.clause,
    r.responsible AS role,
    f.name AS official,
    c.cycle_no::bigint AS cycle,
    c.outer_term,
    c.binding,
    CASE
        WHEN EXISTS (
            SELECT
            FROM pg_catalog.unnest(r.starts_on) AS x(entry)
            WHERE x.entry LIKE '%/interim') THEN 'interim'
        WHEN c.outer_term THEN 'answer'
        ELSE 'step'
    END AS counts_as,
    pg_catalog.date_trunc('month', c.due_at AT TIME ZONE g.time_zone)::date AS month,
    c.started_at,
    c.due_at,
    c.stopped_at,
    c.flagged_at,
    CASE c.state
        WHEN 'met' THEN 'in time'
        WHEN 'missed' THEN 'late'
        ELSE 'open late'
    END AS verdict,
    c.state = 'met' AS in_time,
    CASE WHEN c.state = 'met' THEN 0.000 ELSE
        pg_catalog.round(osm.business_seconds_between(
            c.due_at, coalesce(c.stopped_at, c.paused_at, osm.now()), c.calendar), 3)
    END AS late_seconds,
    CASE WHEN c.state = 'met' THEN 0.00 ELSE
        pg_catalog.round(osm.business_seconds_between(
            c.due_at, coalesce(c.stopped_at, c.paused_at, osm.now()), c.calendar) / 3600, 2)
    END AS late_hours,
    CASE WHEN c.state = 'met' THEN 0.00 ELSE
        pg_catalog.round(extract(epoch FROM
            coalesce(c.stopped_at, c.paused_at, osm.now()) - c.due_at) / 3600, 2)
    END AS late_wall_hours,
    pg_catalog.round(CASE WHEN c.state <> 'running' THEN osm.business_seconds(c.used)
        ELSE osm.business_seconds(c.used)
            + osm.business_seconds_between(c.resumed_at, osm.now(), c.calendar)
    END / 3600, 2) AS used_hours,
    c.provisional,
    c.excuse IS NOT NULL AS excused,
    c.excuse
FROM osm.clock AS c
    JOIN osm.clock_rule AS r ON r.id = c.rule_id
    JOIN osm.regulation AS g ON g.id = r.regulation_id
    JOIN osm.incident AS i ON i.id = c.incident_id AND i.authority_id = c.authority_id
    LEFT JOIN osm.body AS y ON y.id = c.authority_id AND y.authority_id = c.authority_id
    LEFT JOIN osm.body AS b ON b.id = c.body_id AND b.authority_id = c.authority_id
    LEFT JOIN osm.official AS f ON f.id = c.official_id AND f.authority_id = c.authority_id
WHERE r.on_due IS NULL
    AND (c.state IN ('met', 'missed')
        OR c.state = 'running' AND c.armed AND c.due_at < osm.now()
        OR c.state = 'paused' AND c.armed AND c.due_at < c.paused_at);
COMMENT ON VIEW osm.timeliness IS
    'One row per term that was kept, kept too late, or has run out: in time or by how much late. '
    'Not those at whose end the act has a step taken: nobody keeps them.';
COMMENT ON COLUMN osm.timeliness.clock_id IS
    'Clock; osm.explain_clock() tells how its due instant came about.';
COMMENT ON COLUMN osm.timeliness.incident_id IS 'Incident.';
COMMENT ON COLUMN osm.timeliness.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.timeliness.authority IS 'Authority.';
COMMENT ON COLUMN osm.timeliness.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.timeliness.edition IS 'Edition the term is judged by.';
COMMENT ON COLUMN osm.timeliness.body_id IS
    'Key of the body that answers for the term; null for the curator.';
COMMENT ON COLUMN osm.timeliness.body IS 'Body that answers for the term.';
COMMENT ON COLUMN osm.timeliness.topic IS 'Topic.';
COMMENT ON COLUMN osm.timeliness.place IS 'Place.';
COMMENT ON COLUMN osm.timeliness.importance IS 'Category of importance.';
COMMENT ON COLUMN osm.timeliness.rule IS 'Rule, by name.';
COMMENT ON COLUMN osm.timeliness.rule_title IS 'Rule in Russian.';
COMMENT ON COLUMN osm.timeliness.rule_title_en IS 'Rule in English.';
COMMENT ON COLUMN osm.timeliness.clause IS 'Clause that sets the term.';
COMMENT ON COLUMN osm.timeliness.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.timeliness.official IS 'Official that answers for it, where known by name.';
COMMENT ON COLUMN osm.timeliness.cycle IS 'Which run of the rule on this incident.';
COMMENT ON COLUMN osm.timeliness.outer_term IS 'Whether the term is owed to the author.';
COMMENT ON COLUMN osm.timeliness.binding IS
    'False for an advisory term, whose breach is shown and not counted.';
COMMENT ON COLUMN osm.timeliness.counts_as IS
    'answer: the term of the answer; interim: the term of the final answer after an interim '
    'one; step: an inner term.';
COMMENT ON COLUMN osm.timeliness.month IS
    'First day of the month of the due instant, in the time zone of the act.';
COMMENT ON COLUMN osm.timeliness.started_at IS 'Instant the term counts from.';
COMMENT ON COLUMN osm.timeliness.due_at IS 'Last instant that is in time.';
COMMENT ON COLUMN osm.timeliness.stopped_at IS 'When it was kept, or ended late without that.';
COMMENT ON COLUMN osm.timeliness.flagged_at IS 'When the breach was flagged.';
COMMENT ON COLUMN osm.timeliness.verdict IS
    'in time, late (kept too late, or ended after it had run out) or open late (run out and not '
    'kept yet).';
COMMENT ON COLUMN osm.timeliness.in_time IS 'Whether it was kept in time.';
COMMENT ON COLUMN osm.timeliness.late_seconds IS
    'Business time between due instant and end (or now), seconds on the term''s calendar; '
    '0 when in time.';
COMMENT ON COLUMN osm.timeliness.late_hours IS 'The same in hours.';
COMMENT ON COLUMN osm.timeliness.late_wall_hours IS 'The same by the clock on the wall, hours.';
COMMENT ON COLUMN osm.timeliness.used_hours IS 'Business hours the clock ran, pauses left out.';
COMMENT ON COLUMN osm.timeliness.provisional IS
    'Whether the calendar was not known as far as the due instant.';
COMMENT ON COLUMN osm.timeliness.excused IS 'Whether a reason was accepted; the breach stays.';
COMMENT ON COLUMN osm.timeliness.excuse IS 'The reason.';
