-- The scorecard and the rating of bodies, for business intelligence tools: built-in types only.
--
-- Hazard that shaped this file: two reports that count the same thing in two places drift apart.
-- So there is one view of facts, and every figure is an aggregate over it, traceable row by row.

-- What the scorecard and the rating count, one row per fact, so that each of their numbers can be
-- traced. Refused, dismissed and otherwise unanswered finished incidents are left out here, once.
CREATE VIEW osm.scorecard_fact AS
SELECT
    c.authority_id,
    i.regulation,
    c.body_id,
    (c.due_at AT TIME ZONE g.time_zone)::date AS day,
    CASE WHEN k.interim THEN 'interim' ELSE 'answer' END AS fact,
    c.incident_id,
    c.id AS clock_id,
    NULL::bigint AS reply_id,
    CASE
        WHEN c.state = 'met' THEN true
        WHEN c.state = 'missed' OR c.state = 'running' AND c.armed AND c.due_at < osm.now()
                OR c.state = 'paused' AND c.armed AND c.due_at < c.paused_at
            THEN false
    END AS good,
    c.excuse IS NOT NULL AS excused,
    i.answered_at IS NOT NULL AS answered,
    c.stopped_at IS NOT NULL AS finished,
    CASE WHEN c.state = 'running' THEN
        osm.business_seconds(c.used)
            + osm.business_seconds_between(c.resumed_at, osm.now(), c.calendar)
        ELSE osm.business_seconds(c.used)
    END AS used_seconds,
    CASE WHEN osm.business_days(c.term) = 0 THEN osm.business_seconds(c.term)
        ELSE osm.business_seconds_between(c.started_at, c.due_at, c.calendar)
    END AS term_seconds
FROM osm.clock AS c
    JOIN osm.clock_rule AS r ON r.id = c.rule_id
    JOIN osm.regulation AS g ON g.id = r.regulation_id
    JOIN osm.incident AS i ON i.id = c.incident_id AND i.authority_id = c.authority_id
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT
            FROM pg_catalog.unnest(r.starts_on) AS x(entry)
            WHERE x.entry LIKE '%/interim') AS interim) AS k
WHERE c.state <> 'cancelled'
    AND c.binding
    AND c.body_id IS NOT NULL
    AND (i.finished_at IS NULL OR i.answered_at IS NOT NULL)
    AND (c.outer_term OR k.interim)
UNION ALL
SELECT
    p.authority_id,
    i.regulation,
    p.body_id,
    (p.submitted_at AT TIME ZONE g.time_zone)::date,
    'draft',
    p.incident_id,
    NULL,
    p.id,
    CASE WHEN p.state IN ('approved', 'posted') THEN true WHEN p.state = 'sent_back' THEN false END,
    false,
    i.answered_at IS NOT NULL,
    p.state <> 'submitted',
    NULL,
    NULL
FROM osm.reply AS p
    JOIN osm.incident AS i ON i.id = p.incident_id AND i.authority_id = p.authority_id
    JOIN osm.regulation AS g ON g.id = i.regulation_id
WHERE p.body_id IS NOT NULL
    AND (i.finished_at IS NULL OR i.answered_at IS NOT NULL)
    AND NOT EXISTS (
        SELECT
        FROM osm.reply AS q
        WHERE q.incident_id = p.incident_id
            AND q.authority_id = p.authority_id
            AND q.version = p.version - 1
            AND q.state = 'sent_back')
UNION ALL
SELECT
    p.authority_id,
    i.regulation,
    p.body_id,
    (p.decided_at AT TIME ZONE g.time_zone)::date,
    'rework',
    p.incident_id,
    NULL,
    p.id,
    false,
    false,
    i.answered_at IS NOT NULL,
    true,
    NULL,
    NULL
FROM osm.reply AS p
    JOIN osm.incident AS i ON i.id = p.incident_id AND i.authority_id = p.authority_id
    JOIN osm.regulation AS g ON g.id = i.regulation_id
WHERE p.state = 'sent_back'
    AND p.body_id IS NOT NULL
    AND (i.finished_at IS NULL OR i.answered_at IS NOT NULL)
UNION ALL
SELECT
    n.authority_id,
    n.regulation,
    c.body_id,
    (n.detected_at AT TIME ZONE g.time_zone)::date,
    'repeat',
    n.id,
    c.clock_id,
    NULL,
    false,
    false,
    n.answered_at IS NOT NULL,
    true,
    NULL,
    NULL
FROM osm.incident AS n
    JOIN osm.regulation AS g ON g.id = n.regulation_id
    JOIN osm.incident AS o ON o.id = n.repeat_of AND o.authority_id = n.authority_id
    CROSS JOIN LATERAL (
        SELECT d.id AS clock_id, d.body_id
        FROM osm.clock AS d
            JOIN osm.clock_rule AS r ON r.id = d.rule_id
        WHERE d.incident_id = o.id
            AND d.authority_id = o.authority_id
            AND d.outer_term
            AND d.state IN ('met', 'missed')
            AND d.body_id IS NOT NULL
        ORDER BY d.stopped_at DESC, d.id DESC
        LIMIT 1) AS c
WHERE n.repeat_of IS NOT NULL
    AND o.answered_at IS NOT NULL
    AND (n.finished_at IS NULL OR n.answered_at IS NOT NULL)
UNION ALL
SELECT
    x.authority_id,
    i.regulation,
    x.body_id,
    (x.released_at AT TIME ZONE g.time_zone)::date,
    'return',
    x.incident_id,
    NULL,
    NULL,
    NULL,
    false,
    i.answered_at IS NOT NULL,
    true,
    NULL,
    NULL
FROM osm.assignment AS x
    JOIN osm.incident AS i ON i.id = x.incident_id AND i.authority_id = x.authority_id
    JOIN osm.regulation AS g ON g.id = i.regulation_id
WHERE x.released_at IS NOT NULL
    AND EXISTS (
        SELECT
        FROM osm.event AS e
            JOIN osm.action AS a ON a.regulation_id = i.regulation_id AND a.name = e.action
        WHERE e.incident_id = x.incident_id
            AND e.authority_id = x.authority_id
            AND e.occurred_at = x.released_at
            AND e.seq > x.assigned_seq
            AND a.effect = 'release');
COMMENT ON VIEW osm.scorecard_fact IS
    'What osm.body_scorecard and osm.rating count, one row per fact. Refused, dismissed and '
    'otherwise finished but unanswered incidents are left out (returns excepted).';
COMMENT ON COLUMN osm.scorecard_fact.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.scorecard_fact.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.scorecard_fact.body_id IS
    'Body the fact counts for: for terms the one that held the incident when they fell due.';
COMMENT ON COLUMN osm.scorecard_fact.day IS
    'Date the fact counts on, in the time zone of the act: due (answer, interim), submitted '
    '(draft), sent back (rework), detected (repeat), returned (return).';
COMMENT ON COLUMN osm.scorecard_fact.fact IS
    'answer: a term of an answer; interim: a term of the final answer after an interim one; '
    'draft: a first submission; '
    'rework: a draft sent back; repeat: a new incident on a question the body had answered; '
    'return: sent back as not its own.';
COMMENT ON COLUMN osm.scorecard_fact.incident_id IS 'Incident (of a repeat: the new one).';
COMMENT ON COLUMN osm.scorecard_fact.clock_id IS 'Clock behind the fact.';
COMMENT ON COLUMN osm.scorecard_fact.reply_id IS 'Draft behind the fact.';
COMMENT ON COLUMN osm.scorecard_fact.good IS
    'Kept in time, or approved at first submission; null while that is undecided.';
COMMENT ON COLUMN osm.scorecard_fact.excused IS 'Whether a reason was accepted for a breach.';
COMMENT ON COLUMN osm.scorecard_fact.answered IS 'Whether the incident has its final answer.';
COMMENT ON COLUMN osm.scorecard_fact.finished IS
    'Whether the term has ended, or the draft is decided.';
COMMENT ON COLUMN osm.scorecard_fact.used_seconds IS
    'Business time used so far, pauses left out, seconds on the term''s calendar.';
COMMENT ON COLUMN osm.scorecard_fact.term_seconds IS 'Business time of the whole term in seconds.';

CREATE VIEW osm.body_scorecard AS
SELECT
    x.authority_id,
    y.title AS authority,
    x.regulation,
    x.body_id,
    b.title AS body,
    x.month,
    x.incidents,
    x.answered,
    x.incidents - x.answered AS open,
    x.in_time,
    x.late,
    x.late_excused,
    x.in_time + x.late AS due,
    pg_catalog.round(100.0 * x.in_time / nullif(x.in_time + x.late, 0), 1) AS in_time_percent,
    pg_catalog.round(100.0 * x.in_time / nullif(x.in_time + x.late - x.late_excused, 0), 1)
        AS in_time_percent_excused,
    pg_catalog.round(x.mean_seconds / 3600, 2) AS mean_hours,
    pg_catalog.round(x.median_seconds::numeric / 3600, 2) AS median_hours,
    pg_catalog.round(x.p90_seconds::numeric / 3600, 2) AS p90_hours,
    x.drafts,
    x.drafts_first_time,
    x.rework,
    x.repeats,
    x.interims,
    x.interims_kept,
    x.returns
FROM (
        SELECT
            f.authority_id,
            f.regulation,
            f.body_id,
            pg_catalog.date_trunc('month', f.day)::date AS month,
            count(DISTINCT f.incident_id) FILTER (WHERE f.fact = 'answer') AS incidents,
            count(DISTINCT f.incident_id) FILTER (WHERE f.fact = 'answer' AND f.answered)
                AS answered,
            count(*) FILTER (WHERE f.fact = 'answer' AND f.good) AS in_time,
            count(*) FILTER (WHERE f.fact = 'answer' AND NOT f.good) AS late,
            count(*) FILTER (WHERE f.fact = 'answer' AND NOT f.good AND f.excused) AS late_excused,
            avg(f.used_seconds) FILTER (WHERE f.fact = 'answer' AND f.finished) AS mean_seconds,
            pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY f.used_seconds)
                FILTER (WHERE f.fact = 'answer' AND f.finished) AS median_seconds,
            pg_catalog.percentile_cont(0.9) WITHIN GROUP (ORDER BY f.used_seconds)
                FILTER (WHERE f.fact = 'answer' AND f.finished) AS p90_seconds,
            count(*) FILTER (WHERE f.fact = 'draft') AS drafts,
            count(*) FILTER (WHERE f.fact = 'draft' AND f.good) AS drafts_first_time,
            count(*) FILTER (WHERE f.fact = 'rework') AS rework,
            count(*) FILTER (WHERE f.fact = 'repeat') AS repeats,
            count(*) FILTER (WHERE f.fact = 'interim') AS interims,
            count(*) FILTER (WHERE f.fact = 'interim' AND f.good) AS interims_kept,
            count(*) FILTER (WHERE f.fact = 'return') AS returns
        FROM osm.scorecard_fact AS f
        GROUP BY 1, 2, 3, 4) AS x
    JOIN osm.body AS b ON b.id = x.body_id AND b.authority_id = x.authority_id
    LEFT JOIN osm.body AS y ON y.id = x.authority_id AND y.authority_id = x.authority_id;
COMMENT ON VIEW osm.body_scorecard IS
    'Per body and month: what fell due, what was answered and how fast, rework, repeats, '
    'interims, returns. Traced by osm.scorecard_fact.';
COMMENT ON COLUMN osm.body_scorecard.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.body_scorecard.authority IS 'Authority.';
COMMENT ON COLUMN osm.body_scorecard.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.body_scorecard.body_id IS 'Key of the body.';
COMMENT ON COLUMN osm.body_scorecard.body IS 'Body.';
COMMENT ON COLUMN osm.body_scorecard.month IS
    'First day of the month, in the time zone of the act.';
COMMENT ON COLUMN osm.body_scorecard.incidents IS 'Incidents whose answer falls due in the month.';
COMMENT ON COLUMN osm.body_scorecard.answered IS 'Of these: with a final answer.';
COMMENT ON COLUMN osm.body_scorecard.open IS 'Of these: without a final answer.';
COMMENT ON COLUMN osm.body_scorecard.in_time IS
    'Answer terms kept in time (by an interim reply, where the act allows one).';
COMMENT ON COLUMN osm.body_scorecard.late IS
    'Answer terms kept too late, or run out and not kept.';
COMMENT ON COLUMN osm.body_scorecard.late_excused IS
    'Of these: breaches for which a reason was accepted.';
COMMENT ON COLUMN osm.body_scorecard.due IS 'Answer terms with a verdict: in_time + late.';
COMMENT ON COLUMN osm.body_scorecard.in_time_percent IS
    'in_time of due, percent: the raw rate, whatever was excused.';
COMMENT ON COLUMN osm.body_scorecard.in_time_percent_excused IS
    'The same with excused breaches left out: in_time of due - late_excused, percent.';
COMMENT ON COLUMN osm.body_scorecard.mean_hours IS
    'Mean business hours of the kept answer terms, pauses left out.';
COMMENT ON COLUMN osm.body_scorecard.median_hours IS 'Median of the same.';
COMMENT ON COLUMN osm.body_scorecard.p90_hours IS 'Ninetieth percentile of the same, interpolated.';
COMMENT ON COLUMN osm.body_scorecard.drafts IS 'Drafts submitted for the first time in the month.';
COMMENT ON COLUMN osm.body_scorecard.drafts_first_time IS 'Of these: approved as they were.';
COMMENT ON COLUMN osm.body_scorecard.rework IS 'Drafts sent back in the month.';
COMMENT ON COLUMN osm.body_scorecard.repeats IS
    'New incidents of the month on questions the body had answered.';
COMMENT ON COLUMN osm.body_scorecard.interims IS
    'Interim replies whose final answer falls due in the month.';
COMMENT ON COLUMN osm.body_scorecard.interims_kept IS
    'Of these: the final answer came by its date.';
COMMENT ON COLUMN osm.body_scorecard.returns IS
    'Incidents the body returned in the month as not its own.';

CREATE VIEW osm.rating AS
SELECT
    x.authority_id,
    y.title AS authority,
    x.regulation,
    x.body_id,
    b.title AS body,
    x.quarter,
    x.answers_due,
    x.answers_in_time,
    x.answers_excused,
    pg_catalog.round(p.timeliness, 4) AS timeliness,
    pg_catalog.round(osm.rating_share(x.answers_in_time, x.answers_due - x.answers_excused), 4)
        AS timeliness_excused,
    pg_catalog.round(x.used_share, 4) AS used_share,
    pg_catalog.round(p.speed, 4) AS speed,
    x.drafts_decided,
    x.drafts_first_time,
    pg_catalog.round(p.quality, 4) AS quality,
    x.repeats,
    pg_catalog.round(p.no_repeats, 4) AS no_repeats,
    x.interims_due,
    x.interims_kept AS interims_in_time,
    pg_catalog.round(p.interims_kept, 4) AS interims_kept,
    x.answers_due >= g.minimum_sample AS rated,
    pg_catalog.round(v.score, 4) AS score_exact,
    pg_catalog.round(v.score, 1) AS score,
    z.zone,
    z.title AS zone_title,
    z.title_en AS zone_title_en,
    z.colour
FROM (
        SELECT
            f.authority_id,
            f.regulation,
            f.body_id,
            pg_catalog.date_trunc('quarter', f.day)::date AS quarter,
            count(*) FILTER (WHERE f.fact = 'answer' AND f.good IS NOT NULL) AS answers_due,
            count(*) FILTER (WHERE f.fact = 'answer' AND f.good) AS answers_in_time,
            count(*) FILTER (WHERE f.fact = 'answer' AND NOT f.good AND f.excused)
                AS answers_excused,
            osm.rating_share(
                sum(osm.rating_share(f.used_seconds, f.term_seconds))
                    FILTER (WHERE f.fact = 'answer' AND f.good IS NOT NULL),
                count(osm.rating_share(f.used_seconds, f.term_seconds))
                    FILTER (WHERE f.fact = 'answer' AND f.good IS NOT NULL)) AS used_share,
            count(*) FILTER (WHERE f.fact = 'draft' AND f.good IS NOT NULL) AS drafts_decided,
            count(*) FILTER (WHERE f.fact = 'draft' AND f.good) AS drafts_first_time,
            count(*) FILTER (WHERE f.fact = 'repeat') AS repeats,
            count(*) FILTER (WHERE f.fact = 'interim' AND f.good IS NOT NULL) AS interims_due,
            count(*) FILTER (WHERE f.fact = 'interim' AND f.good) AS interims_kept
        FROM osm.scorecard_fact AS f
        WHERE f.fact IN ('answer', 'draft', 'repeat', 'interim')
        GROUP BY 1, 2, 3, 4) AS x
    JOIN osm.body AS b ON b.id = x.body_id AND b.authority_id = x.authority_id
    LEFT JOIN osm.body AS y ON y.id = x.authority_id AND y.authority_id = x.authority_id
    -- Weights and zones of the edition in force when the quarter ends.
    CROSS JOIN LATERAL (
        SELECT e.id, e.minimum_sample
        FROM osm.regulation AS e
        WHERE e.code = x.regulation
            AND coalesce(pg_catalog.lower(e.in_force), '-infinity')
                < x.quarter + interval '3 months'
        ORDER BY coalesce(pg_catalog.lower(e.in_force), '-infinity') DESC
        LIMIT 1) AS g
    CROSS JOIN LATERAL (
        SELECT
            osm.rating_share(x.answers_in_time, x.answers_due) AS timeliness,
            osm.rating_speed(x.used_share) AS speed,
            osm.rating_share(x.drafts_first_time, x.drafts_decided) AS quality,
            osm.rating_share(greatest(x.answers_due - x.repeats, 0), x.answers_due) AS no_repeats,
            osm.rating_share(x.interims_kept, x.interims_due) AS interims_kept) AS p
    LEFT JOIN LATERAL (
        SELECT
            osm.rating_score(
                pg_catalog.array_agg(CASE w.part
                    WHEN 'timeliness' THEN p.timeliness
                    WHEN 'speed' THEN p.speed
                    WHEN 'quality' THEN p.quality
                    WHEN 'no_repeats' THEN p.no_repeats
                    WHEN 'interims_kept' THEN p.interims_kept
                END ORDER BY w.position),
                pg_catalog.array_agg(w.weight ORDER BY w.position)) AS score
        FROM osm.rating_rule AS w
        WHERE w.regulation_id = g.id
            AND x.answers_due >= g.minimum_sample) AS v ON true
    LEFT JOIN LATERAL (
        SELECT k.zone, k.title, k.title_en, k.colour
        FROM osm.rating_zone AS k
        WHERE k.regulation_id = g.id
            AND k.lowest <= pg_catalog.round(v.score, 1)
        ORDER BY k.lowest DESC
        LIMIT 1) AS z ON true;
COMMENT ON VIEW osm.rating IS
    'Per body and quarter: score 0 to 5 and its zone, with every part it is made of. Weights, '
    'zones and the minimum sample are rows of the act.';
COMMENT ON COLUMN osm.rating.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.rating.authority IS 'Authority.';
COMMENT ON COLUMN osm.rating.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.rating.body_id IS 'Key of the body.';
COMMENT ON COLUMN osm.rating.body IS 'Body.';
COMMENT ON COLUMN osm.rating.quarter IS 'First day of the quarter, in the time zone of the act.';
COMMENT ON COLUMN osm.rating.answers_due IS
    'Answers due in the quarter, an open overdue one included.';
COMMENT ON COLUMN osm.rating.answers_in_time IS 'Of these: in time.';
COMMENT ON COLUMN osm.rating.answers_excused IS
    'Of those not in time: breaches for which a reason was accepted.';
COMMENT ON COLUMN osm.rating.timeliness IS
    'Part: answers_in_time / answers_due, whatever was excused.';
COMMENT ON COLUMN osm.rating.timeliness_excused IS
    'The same with excused breaches left out, answers_in_time / (answers_due - answers_excused); '
    'shown beside it, no part of the score.';
COMMENT ON COLUMN osm.rating.used_share IS
    'Mean of used business time / term over the answers due.';
COMMENT ON COLUMN osm.rating.speed IS 'Part: 1.5 - used_share, at least 0 and at most 1.';
COMMENT ON COLUMN osm.rating.drafts_decided IS
    'Drafts first submitted in the quarter and decided since.';
COMMENT ON COLUMN osm.rating.drafts_first_time IS 'Of these: approved as they were.';
COMMENT ON COLUMN osm.rating.quality IS 'Part: drafts_first_time / drafts_decided.';
COMMENT ON COLUMN osm.rating.repeats IS
    'New incidents of the quarter on questions the body had answered.';
COMMENT ON COLUMN osm.rating.no_repeats IS 'Part: 1 - repeats / answers_due, at least 0.';
COMMENT ON COLUMN osm.rating.interims_due IS
    'Interim replies whose final answer fell due in the quarter.';
COMMENT ON COLUMN osm.rating.interims_in_time IS 'Of these: the final answer came by its date.';
COMMENT ON COLUMN osm.rating.interims_kept IS 'Part: interims_in_time / interims_due.';
COMMENT ON COLUMN osm.rating.rated IS
    'Whether there were as many answers due as the act''s minimum sample.';
COMMENT ON COLUMN osm.rating.score_exact IS 'Score with four digits; null when not rated.';
COMMENT ON COLUMN osm.rating.score IS 'Score rounded half up to 0.1: the zone goes by it.';
COMMENT ON COLUMN osm.rating.zone IS 'Zone, by name; null when not rated.';
COMMENT ON COLUMN osm.rating.zone_title IS 'Zone in Russian.';
COMMENT ON COLUMN osm.rating.zone_title_en IS 'Zone in English.';
COMMENT ON COLUMN osm.rating.colour IS 'Colour of the zone, #rrggbb.';

-- Runs of quarters in one zone: an act may reward a body that stays in the best one.
CREATE VIEW osm.rating_zone_streak AS
SELECT
    s.authority_id,
    s.authority,
    s.regulation,
    s.body_id,
    s.body,
    s.zone,
    s.zone_title,
    s.zone_title_en,
    min(s.quarter) AS since,
    max(s.quarter) AS until,
    count(*) AS quarters
FROM (
        SELECT r.*, r.quarter - 3 * interval '1 month' * pg_catalog.row_number() OVER (
            PARTITION BY r.authority_id, r.regulation, r.body_id, r.zone ORDER BY r.quarter) AS run
        FROM osm.rating AS r
        WHERE r.zone IS NOT NULL) AS s
GROUP BY s.authority_id, s.authority, s.regulation, s.body_id, s.body, s.zone, s.zone_title,
    s.zone_title_en, s.run;
COMMENT ON VIEW osm.rating_zone_streak IS
    'Runs of quarters in which a body stayed in one zone of the rating; four in the best one make '
    'a year.';
COMMENT ON COLUMN osm.rating_zone_streak.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.rating_zone_streak.authority IS 'Authority.';
COMMENT ON COLUMN osm.rating_zone_streak.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.rating_zone_streak.body_id IS 'Key of the body.';
COMMENT ON COLUMN osm.rating_zone_streak.body IS 'Body rated.';
COMMENT ON COLUMN osm.rating_zone_streak.zone IS 'Zone of the rating.';
COMMENT ON COLUMN osm.rating_zone_streak.zone_title IS 'Title of the zone in Russian.';
COMMENT ON COLUMN osm.rating_zone_streak.zone_title_en IS 'Title of the zone in English.';
COMMENT ON COLUMN osm.rating_zone_streak.since IS 'First day of the first quarter of the run.';
COMMENT ON COLUMN osm.rating_zone_streak.until IS 'First day of its last quarter so far.';
COMMENT ON COLUMN osm.rating_zone_streak.quarters IS 'Number of quarters in a row.';
