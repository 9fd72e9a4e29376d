-- What an act orders outside single incidents and nobody has done: one row per gap, gone when it is
-- cured. All of it is derived from the rows of the act, of the people and of the log of duties.
--
-- Hazard that shaped this file: a gap is the absence of a row, and a reader who may not see the row
-- that cures it would see a gap that is none. Duties of a body are therefore shown to those only
-- who see all records of that body.

CREATE VIEW osm.duty_owed AS
SELECT
    b.authority_id,
    y.title AS authority,
    g.id AS regulation_id,
    g.code AS regulation,
    g.edition,
    g.calendar,
    g.time_zone,
    t.today,
    d.clause,
    d.name AS duty,
    d.kind,
    d.title,
    d.title_en,
    d.responsible AS role,
    b.owed_by,
    b.body_id,
    e.title AS body,
    CASE b.owed_by WHEN 'authority' THEN b.authority_id ELSE b.body_id END AS also_body_id,
    d.per,
    d.minimum,
    d.due_day,
    d.count_scope,
    d.channels,
    d.requires,
    d.expects,
    d.starts_on,
    d.stops_on,
    d.applies_when,
    CASE WHEN d.binding AND b.binding THEN 'G' ELSE 'W' END AS answer
FROM (SELECT DISTINCT w.authority_id, w.regulation FROM osm.body_role AS w) AS u
    JOIN osm.regulation AS g ON g.code = u.regulation
    CROSS JOIN LATERAL (SELECT pg_catalog.timezone(g.time_zone, osm.now())::date) AS t (today)
    JOIN (
        SELECT r.regulation_id, r.name, r.kind, r.title, r.title_en, r.clause, r.responsible,
            r.per, r.minimum, r.due_day, r.count_scope, r.channels, r.requires, r.expects,
            r.starts_on, r.stops_on, r.applies_when, r.binding, coalesce(
                r.owed_by, CASE WHEN o.scope IN ('assignment', 'lead') THEN 'body'
                                ELSE 'authority' END) AS owed_by
        FROM osm.duty_rule AS r
            LEFT JOIN osm.role AS o
                ON o.regulation_id = r.regulation_id AND o.name = r.responsible
        UNION ALL
        -- a role the act demands is a duty to appoint, whether a duty says so or not; constants
        -- have names, without which a dumped view is not the same text when it is dumped again
        SELECT o.regulation_id, o.name, 'appointment' AS kind, o.title, o.title_en, o.clause,
            o.name AS responsible, NULL AS per, NULL AS minimum, NULL AS due_day,
            'account' AS count_scope, '{}' AS channels, '{}' AS requires, '{}' AS expects,
            '{}' AS starts_on, '{}' AS stops_on, '{}' AS applies_when, true AS binding,
            CASE WHEN o.scope = 'authority' THEN 'authority' ELSE 'body' END AS owed_by
        FROM osm.role AS o
        WHERE o.required
            AND NOT EXISTS (
                SELECT FROM osm.duty_rule AS r
                WHERE r.regulation_id = o.regulation_id
                    AND r.kind = 'appointment'
                    AND r.responsible = o.name
                    AND r.expects = '{}'
                    AND r.owed_by IS DISTINCT FROM 'municipality')
        ) AS d ON d.regulation_id = g.id
    CROSS JOIN LATERAL (
        SELECT u.authority_id, d.owed_by, coalesce(min(w.body_id), u.authority_id),
            true AS binding
        FROM osm.body_role AS w
        WHERE d.owed_by = 'authority'
            AND w.authority_id = u.authority_id
            AND w.regulation = u.regulation
            AND w.role = d.responsible
        HAVING d.owed_by = 'authority'
        UNION ALL
        SELECT w.authority_id, d.owed_by, w.body_id, pg_catalog.bool_or(w.binding)
        FROM osm.body_role AS w
            JOIN osm.role AS o ON o.regulation_id = g.id AND o.name = w.role
        WHERE d.owed_by = 'body'
            AND o.scope <> 'authority'
            AND w.authority_id = u.authority_id
            AND w.regulation = u.regulation
            -- where bodies are listed for the very role, they are the ones that owe it
            AND (w.role = d.responsible OR NOT EXISTS (
                SELECT FROM osm.body_role AS v
                    JOIN osm.role AS p ON p.regulation_id = g.id AND p.name = v.role
                WHERE v.authority_id = u.authority_id
                    AND v.regulation = u.regulation
                    AND v.role = d.responsible
                    AND p.scope <> 'authority'))
        GROUP BY w.authority_id, w.body_id
        UNION ALL
        SELECT m.authority_id, d.owed_by, m.id, true AS binding
        FROM osm.body AS m
        WHERE d.owed_by = 'municipality'
            AND m.authority_id = u.authority_id
            AND m.kind = 'municipality') AS b (authority_id, owed_by, body_id, binding)
    JOIN osm.body AS y ON y.id = b.authority_id AND y.authority_id = b.authority_id
    JOIN osm.body AS e ON e.id = b.body_id AND e.authority_id = b.authority_id
WHERE g.in_force @> t.today
    AND CASE WHEN pg_catalog.row_security_active('osm.duty_record'::pg_catalog.regclass)
             THEN osm.can_see(b.authority_id, ARRAY[b.body_id]) ELSE true END;
COMMENT ON VIEW osm.duty_owed IS
    'Who owes which standing duty today: every duty of every act in force, and every role it '
    'demands, for each authority and body that works under it.';
COMMENT ON COLUMN osm.duty_owed.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.duty_owed.authority IS 'Authority.';
COMMENT ON COLUMN osm.duty_owed.regulation_id IS 'Key of the edition.';
COMMENT ON COLUMN osm.duty_owed.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.duty_owed.edition IS 'Edition in force.';
COMMENT ON COLUMN osm.duty_owed.calendar IS 'Calendar of the act.';
COMMENT ON COLUMN osm.duty_owed.time_zone IS 'Zone of the act.';
COMMENT ON COLUMN osm.duty_owed.today IS 'Today in that zone.';
COMMENT ON COLUMN osm.duty_owed.clause IS 'Clause that sets the duty.';
COMMENT ON COLUMN osm.duty_owed.duty IS 'Name of the duty, or of the role demanded.';
COMMENT ON COLUMN osm.duty_owed.kind IS 'Kind of duty.';
COMMENT ON COLUMN osm.duty_owed.title IS 'What is owed, in Russian.';
COMMENT ON COLUMN osm.duty_owed.title_en IS 'The same in English.';
COMMENT ON COLUMN osm.duty_owed.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.duty_owed.owed_by IS 'authority, body or municipality.';
COMMENT ON COLUMN osm.duty_owed.body_id IS 'Key of the body that owes it.';
COMMENT ON COLUMN osm.duty_owed.body IS 'Body that owes it.';
COMMENT ON COLUMN osm.duty_owed.also_body_id IS
    'Body whose accounts count too: the authority, for its own duties.';
COMMENT ON COLUMN osm.duty_owed.per IS 'Period it recurs in.';
COMMENT ON COLUMN osm.duty_owed.minimum IS 'How many.';
COMMENT ON COLUMN osm.duty_owed.due_day IS 'Day of the next period by which a report is due.';
COMMENT ON COLUMN osm.duty_owed.count_scope IS 'Whether posts count for each account or each body.';
COMMENT ON COLUMN osm.duty_owed.channels IS 'Channels it concerns.';
COMMENT ON COLUMN osm.duty_owed.requires IS 'Keys without which a record is refused.';
COMMENT ON COLUMN osm.duty_owed.expects IS 'Keys without which a record is a gap.';
COMMENT ON COLUMN osm.duty_owed.starts_on IS 'Actions after which it is owed.';
COMMENT ON COLUMN osm.duty_owed.stops_on IS 'Actions that fulfil it.';
COMMENT ON COLUMN osm.duty_owed.applies_when IS 'Condition.';
COMMENT ON COLUMN osm.duty_owed.answer IS 'G, a gap; W, where the act only recommends.';

CREATE VIEW osm.appointment_gap AS
SELECT DISTINCT ON (o.authority_id, o.regulation, o.clause, o.body_id, o.role, x.official_id)
    o.authority_id,
    o.authority,
    o.regulation,
    o.edition,
    o.clause,
    o.duty,
    o.kind,
    o.body_id,
    o.body,
    o.role,
    x.official_id,
    x.official,
    o.title,
    o.title_en,
    x.missing,
    pg_catalog.timezone(o.time_zone, x.since::timestamp) AS since,
    o.answer
FROM osm.duty_owed AS o
    CROSS JOIN LATERAL (
        -- nobody, or too few, hold the role
        SELECT
            NULL::bigint,
            NULL::text,
            o.role,
            max(pg_catalog.upper(a.during)) FILTER (WHERE pg_catalog.upper(a.during) <= o.today)
        FROM osm.appointment AS a
        WHERE a.authority_id = o.authority_id
            AND a.role = o.role
            AND (o.owed_by = 'authority' OR a.body_id = o.body_id)
        HAVING o.expects = '{}'
            AND count(DISTINCT a.official_id) FILTER (WHERE a.during @> o.today)
                < coalesce(o.minimum, 1)
            AND (o.kind = 'appointment' OR NOT EXISTS (
                SELECT FROM osm.body_role AS w
                WHERE w.authority_id = o.authority_id
                    AND w.regulation = o.regulation
                    AND w.role = o.role
                    AND (o.owed_by = 'authority' OR w.body_id = o.body_id)))
        UNION ALL
        -- who holds it lacks something
        SELECT p.id, p.name, pg_catalog.array_to_string(l.missing, ', '),
            pg_catalog.lower(a.during)
        FROM osm.appointment AS a
            JOIN osm.official AS p ON p.id = a.official_id AND p.authority_id = a.authority_id
            CROSS JOIN LATERAL (SELECT osm.duty_lacks(o.expects || o.requires,
                pg_catalog.jsonb_build_object('act_ref', a.act_ref, 'rank', a.rank,
                    'email', p.email, 'db_role', p.db_role))) AS l (missing)
        WHERE a.authority_id = o.authority_id
            AND a.role = o.role
            AND a.during @> o.today
            AND (o.owed_by = 'authority' OR a.body_id = o.body_id)
            AND l.missing IS NOT NULL
        ) AS x (official_id, official, missing, since)
WHERE o.kind IN ('appointment', 'assistance')
ORDER BY o.authority_id, o.regulation, o.clause, o.body_id, o.role, x.official_id, o.kind;
COMMENT ON VIEW osm.appointment_gap IS
    'Roles the act demands that nobody holds today, duties no body is in charge of, and holders '
    'who lack what the act expects of an appointment.';
COMMENT ON COLUMN osm.appointment_gap.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.appointment_gap.authority IS 'Authority.';
COMMENT ON COLUMN osm.appointment_gap.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.appointment_gap.edition IS 'Edition in force.';
COMMENT ON COLUMN osm.appointment_gap.clause IS 'Clause that sets the duty.';
COMMENT ON COLUMN osm.appointment_gap.duty IS 'Name of the duty, or of the role demanded.';
COMMENT ON COLUMN osm.appointment_gap.kind IS 'Kind of duty.';
COMMENT ON COLUMN osm.appointment_gap.body_id IS 'Key of the body that owes it.';
COMMENT ON COLUMN osm.appointment_gap.body IS 'Body that owes it.';
COMMENT ON COLUMN osm.appointment_gap.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.appointment_gap.official_id IS 'Key of the official.';
COMMENT ON COLUMN osm.appointment_gap.official IS 'Official it is about.';
COMMENT ON COLUMN osm.appointment_gap.title IS 'What is owed, in Russian.';
COMMENT ON COLUMN osm.appointment_gap.title_en IS 'The same in English.';
COMMENT ON COLUMN osm.appointment_gap.missing IS 'Role that is vacant, or what its holder lacks.';
COMMENT ON COLUMN osm.appointment_gap.since IS
    'End of the last appointment, or beginning of the one that lacks.';
COMMENT ON COLUMN osm.appointment_gap.answer IS 'G, a gap; W, where the act only recommends.';

CREATE VIEW osm.cover_gap AS
SELECT
    o.authority_id,
    o.authority,
    o.regulation,
    o.edition,
    o.clause,
    o.duty,
    o.kind,
    o.body_id,
    o.body,
    o.role,
    h.official_id,
    p.name AS official,
    o.title,
    o.title_en,
    'deputy'::text AS missing,
    pg_catalog.timezone(o.time_zone, h.since::timestamp) AS since,
    o.answer
FROM osm.duty_owed AS o
    CROSS JOIN LATERAL (
        SELECT min(a.official_id), max(pg_catalog.lower(a.during))
        FROM osm.appointment AS a
        WHERE a.authority_id = o.authority_id
            AND a.role = o.role
            AND a.during @> o.today
            AND (o.owed_by = 'authority' OR a.body_id = o.body_id)
        HAVING count(DISTINCT a.official_id) = 1) AS h (official_id, since)
    JOIN osm.official AS p ON p.id = h.official_id AND p.authority_id = o.authority_id
WHERE o.kind = 'cover'
    AND NOT EXISTS (
        SELECT FROM osm.substitution AS s
        WHERE s.authority_id = o.authority_id
            AND s.principal_id = h.official_id
            AND s.during @> o.today);
COMMENT ON VIEW osm.cover_gap IS
    'The only holder of a role in a body who has no deputy today, where the act demands cover.';
COMMENT ON COLUMN osm.cover_gap.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.cover_gap.authority IS 'Authority.';
COMMENT ON COLUMN osm.cover_gap.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.cover_gap.edition IS 'Edition in force.';
COMMENT ON COLUMN osm.cover_gap.clause IS 'Clause that sets the duty.';
COMMENT ON COLUMN osm.cover_gap.duty IS 'Name of the duty, or of the role demanded.';
COMMENT ON COLUMN osm.cover_gap.kind IS 'Kind of duty.';
COMMENT ON COLUMN osm.cover_gap.body_id IS 'Key of the body that owes it.';
COMMENT ON COLUMN osm.cover_gap.body IS 'Body that owes it.';
COMMENT ON COLUMN osm.cover_gap.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.cover_gap.official_id IS 'Key of the official.';
COMMENT ON COLUMN osm.cover_gap.official IS 'Official it is about.';
COMMENT ON COLUMN osm.cover_gap.title IS 'What is owed, in Russian.';
COMMENT ON COLUMN osm.cover_gap.title_en IS 'The same in English.';
COMMENT ON COLUMN osm.cover_gap.missing IS 'deputy.';
COMMENT ON COLUMN osm.cover_gap.since IS 'Beginning of the appointment.';
COMMENT ON COLUMN osm.cover_gap.answer IS 'G, a gap; W, where the act only recommends.';

CREATE VIEW osm.account_gap AS
SELECT DISTINCT ON (o.authority_id, o.regulation, o.clause, o.body_id, x.channel, x.account_id,
    CASE WHEN x.account_id IS NOT NULL THEN o.duty END)
    o.authority_id,
    o.authority,
    o.regulation,
    o.edition,
    o.clause,
    o.duty,
    o.kind,
    o.body_id,
    o.body,
    o.role,
    x.account_id,
    x.channel,
    x.url,
    o.title,
    o.title_en,
    x.missing,
    x.since,
    o.answer
FROM osm.duty_owed AS o
    CROSS JOIN LATERAL (
        -- no account
        SELECT NULL::bigint AS account_id, c.channel, NULL::text AS url,
            'account'::text AS missing,
            pg_catalog.timezone(o.time_zone, (
                SELECT max(a.closed_on) FROM osm.account AS a
                WHERE a.authority_id = o.authority_id
                    AND a.body_id IN (o.body_id, o.also_body_id)
                    AND a.channel = c.channel
                    AND a.closed_on <= o.today)::timestamp)
        FROM osm.channel_rule AS c
        WHERE o.kind = 'account'
            AND o.expects = '{}'
            AND c.regulation_id = o.regulation_id
            AND CASE WHEN o.channels = '{}' THEN c.account_kind IS NOT NULL
                     ELSE c.channel = ANY (o.channels) END
            AND NOT EXISTS (
                SELECT FROM osm.account AS a
                WHERE a.authority_id = o.authority_id
                    AND a.body_id IN (o.body_id, o.also_body_id)
                    AND a.channel = c.channel
                    AND a.kind = coalesce(c.account_kind, a.kind)
                    AND a.opened_on <= o.today
                    AND coalesce(a.closed_on > o.today, true))
        UNION ALL
        -- an account that lacks something, or that nobody has looked at
        SELECT a.id, a.channel, a.url, CASE
                WHEN o.kind = 'account' THEN pg_catalog.array_to_string(osm.duty_lacks(
                    o.expects || o.requires, osm.account_facts(a.site_link, a.service_phone,
                        a.is_open, a.holder_id, a.details)), ', ')
                WHEN r.done_at IS NULL
                    OR pg_catalog.timezone(o.time_zone, r.done_at)::date <= o.today
                        - (osm.period_end(o.today, o.per) - o.today)
                THEN 'check'
                ELSE pg_catalog.array_to_string(osm.duty_lacks(o.expects, r.evidence), ', ')
            END,
            coalesce(r.done_at, pg_catalog.timezone(o.time_zone, a.opened_on::timestamp))
        FROM osm.account AS a
            LEFT JOIN LATERAL (
                SELECT k.done_at, k.evidence
                FROM osm.duty_record AS k
                WHERE o.kind = 'check'
                    AND k.authority_id = o.authority_id
                    AND k.regulation = o.regulation
                    AND k.duty = o.duty
                    AND k.account_id = a.id
                ORDER BY k.done_at DESC, k.id DESC
                LIMIT 1) AS r ON true
        WHERE (o.kind = 'check' OR o.kind = 'account' AND o.expects || o.requires <> '{}')
            AND a.authority_id = o.authority_id
            AND a.body_id IN (o.body_id, o.also_body_id)
            AND (o.channels = '{}' OR a.channel = ANY (o.channels))
            AND a.opened_on <= o.today
            AND coalesce(a.closed_on > o.today, true)
        ) AS x (account_id, channel, url, missing, since)
WHERE o.kind IN ('account', 'check')
    AND x.missing IS NOT NULL
ORDER BY o.authority_id, o.regulation, o.clause, o.body_id, x.channel, x.account_id,
    CASE WHEN x.account_id IS NOT NULL THEN o.duty END, o.answer;
COMMENT ON VIEW osm.account_gap IS
    'Accounts a body has to keep and does not, accounts that lack what the act expects of them, '
    'and accounts whose check is due or found something missing.';
COMMENT ON COLUMN osm.account_gap.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.account_gap.authority IS 'Authority.';
COMMENT ON COLUMN osm.account_gap.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.account_gap.edition IS 'Edition in force.';
COMMENT ON COLUMN osm.account_gap.clause IS 'Clause that sets the duty.';
COMMENT ON COLUMN osm.account_gap.duty IS 'Name of the duty, or of the role demanded.';
COMMENT ON COLUMN osm.account_gap.kind IS 'Kind of duty.';
COMMENT ON COLUMN osm.account_gap.body_id IS 'Key of the body that owes it.';
COMMENT ON COLUMN osm.account_gap.body IS 'Body that owes it.';
COMMENT ON COLUMN osm.account_gap.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.account_gap.account_id IS 'Account it is about.';
COMMENT ON COLUMN osm.account_gap.channel IS 'Network, site or messenger.';
COMMENT ON COLUMN osm.account_gap.url IS 'Address of the account.';
COMMENT ON COLUMN osm.account_gap.title IS 'What is owed, in Russian.';
COMMENT ON COLUMN osm.account_gap.title_en IS 'The same in English.';
COMMENT ON COLUMN osm.account_gap.missing IS 'account, check, or the keys the account lacks.';
COMMENT ON COLUMN osm.account_gap.since IS
    'When it was last looked at, opened or closed, where that is known.';
COMMENT ON COLUMN osm.account_gap.answer IS 'G, a gap; W, where the act only recommends.';

CREATE VIEW osm.publication_gap AS
SELECT
    o.authority_id,
    o.authority,
    o.regulation,
    o.edition,
    o.clause,
    o.duty,
    o.kind,
    o.body_id,
    o.body,
    o.role,
    a.account_id,
    a.channel,
    a.url,
    o.title,
    o.title_en,
    p.published,
    coalesce(o.minimum, 1)::bigint AS required,
    (coalesce(o.minimum, 1) - p.published)::text AS missing,
    v.first AS period,
    p.last_published_at,
    s.begins AS since,
    s.ends AS due_at,
    o.answer
FROM osm.duty_owed AS o
    -- the last period that is over
    CROSS JOIN LATERAL (
        SELECT osm.period_start(osm.period_start(o.today, o.per) - 1, o.per)) AS v (first)
    CROSS JOIN LATERAL (
        SELECT
            pg_catalog.timezone(o.time_zone, v.first::timestamp),
            pg_catalog.timezone(o.time_zone, osm.period_end(v.first, o.per)::timestamp)
        ) AS s (begins, ends)
    -- accounts kept all through it: the first period that counts is the first full one
    CROSS JOIN LATERAL (
        SELECT
            CASE o.count_scope WHEN 'account' THEN min(k.id) END,
            CASE o.count_scope WHEN 'account' THEN min(k.channel) END,
            CASE o.count_scope WHEN 'account' THEN min(k.url) END,
            pg_catalog.array_agg(k.id)
        FROM osm.account AS k
        WHERE k.authority_id = o.authority_id
            AND k.body_id IN (o.body_id, o.also_body_id)
            AND (o.channels = '{}' OR k.channel = ANY (o.channels))
            AND k.opened_on <= v.first
            AND coalesce(k.closed_on > o.today, true)
        GROUP BY CASE o.count_scope WHEN 'account' THEN k.id END
        ) AS a (account_id, channel, url, accounts)
    CROSS JOIN LATERAL (
        SELECT
            count(*) FILTER (WHERE n.published_at >= s.begins AND n.published_at < s.ends),
            max(n.published_at)
        FROM osm.publication AS n
        WHERE n.authority_id = o.authority_id
            AND n.account_id = ANY (a.accounts)) AS p (published, last_published_at)
WHERE o.kind = 'publication'
    AND p.published < coalesce(o.minimum, 1);
COMMENT ON VIEW osm.publication_gap IS
    'Accounts (or bodies, where the act counts so) with fewer posts than the act demands in the '
    'last complete period.';
COMMENT ON COLUMN osm.publication_gap.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.publication_gap.authority IS 'Authority.';
COMMENT ON COLUMN osm.publication_gap.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.publication_gap.edition IS 'Edition in force.';
COMMENT ON COLUMN osm.publication_gap.clause IS 'Clause that sets the duty.';
COMMENT ON COLUMN osm.publication_gap.duty IS 'Name of the duty, or of the role demanded.';
COMMENT ON COLUMN osm.publication_gap.kind IS 'Kind of duty.';
COMMENT ON COLUMN osm.publication_gap.body_id IS 'Key of the body that owes it.';
COMMENT ON COLUMN osm.publication_gap.body IS 'Body that owes it.';
COMMENT ON COLUMN osm.publication_gap.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.publication_gap.account_id IS 'Account it is about.';
COMMENT ON COLUMN osm.publication_gap.channel IS 'Network, site or messenger.';
COMMENT ON COLUMN osm.publication_gap.url IS 'Address of the account.';
COMMENT ON COLUMN osm.publication_gap.title IS 'What is owed, in Russian.';
COMMENT ON COLUMN osm.publication_gap.title_en IS 'The same in English.';
COMMENT ON COLUMN osm.publication_gap.published IS 'Posts in the period.';
COMMENT ON COLUMN osm.publication_gap.required IS 'Posts demanded.';
COMMENT ON COLUMN osm.publication_gap.missing IS 'How many posts are missing.';
COMMENT ON COLUMN osm.publication_gap.period IS 'First day of the period.';
COMMENT ON COLUMN osm.publication_gap.last_published_at IS 'Last post of the account or body.';
COMMENT ON COLUMN osm.publication_gap.since IS 'Beginning of the period.';
COMMENT ON COLUMN osm.publication_gap.due_at IS 'End of the period.';
COMMENT ON COLUMN osm.publication_gap.answer IS 'G, a gap; W, where the act only recommends.';

CREATE VIEW osm.report_gap AS
SELECT
    o.authority_id,
    o.authority,
    o.regulation,
    o.edition,
    o.clause,
    o.duty,
    o.kind,
    o.body_id,
    o.body,
    o.role,
    o.title,
    o.title_en,
    'report'::text AS missing,
    v.first AS period,
    pg_catalog.timezone(o.time_zone, osm.period_end(v.first, o.per)::timestamp) AS since,
    d.due_at,
    o.answer
FROM osm.duty_owed AS o
    CROSS JOIN LATERAL (
        SELECT min(pg_catalog.lower(e.in_force))
        FROM osm.regulation AS e
            JOIN osm.duty_rule AS r ON r.regulation_id = e.id AND r.name = o.duty
        WHERE e.code = o.regulation) AS f (in_force)
    LEFT JOIN LATERAL (
        SELECT i.detected_at
        FROM osm.incident AS i
        WHERE i.authority_id = o.authority_id
            AND i.regulation = o.regulation
        ORDER BY i.detected_at
        LIMIT 1) AS i ON true
    -- The two last periods, and those since the first incident of the last year.
    CROSS JOIN LATERAL (
        SELECT n.number, osm.period_start(
            (osm.period_start(o.today, o.per)::timestamp - n.number * CASE o.per
                WHEN 'quarter' THEN interval '3 months'
                ELSE ('1 ' || o.per)::interval END)::date, o.per)
        FROM pg_catalog.generate_series(1, CASE o.per
            WHEN 'day' THEN 366 WHEN 'week' THEN 53 WHEN 'month' THEN 12 WHEN 'quarter' THEN 4
            ELSE 2 END) AS n (number)) AS v (number, first)
    CROSS JOIN LATERAL (
        SELECT osm.report_due(v.first, o.per, o.due_day, o.calendar, o.time_zone)) AS d (due_at)
WHERE o.kind = 'report'
    AND v.first >= f.in_force
    AND (v.number <= 2 OR osm.period_end(v.first, o.per)
            > pg_catalog.timezone(o.time_zone, i.detected_at)::date)
    AND d.due_at < osm.now()
    AND NOT EXISTS (
        SELECT FROM osm.duty_record AS k
        WHERE k.authority_id = o.authority_id
            AND k.regulation = o.regulation
            AND k.duty = o.duty
            AND k.period = v.first
            AND (o.owed_by = 'authority' OR k.body_id = o.body_id));
COMMENT ON VIEW osm.report_gap IS
    'Reports the act orders whose due instant has passed and that were not recorded as sent: of '
    'the last two periods, and of those since the first incident within the last year.';
COMMENT ON COLUMN osm.report_gap.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.report_gap.authority IS 'Authority.';
COMMENT ON COLUMN osm.report_gap.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.report_gap.edition IS 'Edition in force.';
COMMENT ON COLUMN osm.report_gap.clause IS 'Clause that sets the duty.';
COMMENT ON COLUMN osm.report_gap.duty IS 'Name of the duty, or of the role demanded.';
COMMENT ON COLUMN osm.report_gap.kind IS 'Kind of duty.';
COMMENT ON COLUMN osm.report_gap.body_id IS 'Key of the body that owes it.';
COMMENT ON COLUMN osm.report_gap.body IS 'Body that owes it.';
COMMENT ON COLUMN osm.report_gap.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.report_gap.title IS 'What is owed, in Russian.';
COMMENT ON COLUMN osm.report_gap.title_en IS 'The same in English.';
COMMENT ON COLUMN osm.report_gap.missing IS 'report.';
COMMENT ON COLUMN osm.report_gap.period IS 'First day of the period.';
COMMENT ON COLUMN osm.report_gap.since IS 'End of the period.';
COMMENT ON COLUMN osm.report_gap.due_at IS 'By when it was due.';
COMMENT ON COLUMN osm.report_gap.answer IS 'G, a gap; W, where the act only recommends.';

CREATE VIEW osm.duty_gap AS
SELECT
    o.authority_id,
    o.authority,
    o.regulation,
    o.edition,
    o.clause,
    o.duty,
    o.kind,
    coalesce(b.id, o.body_id) AS body_id,
    coalesce(b.title, o.body) AS body,
    o.role,
    x.incident_id,
    x.record_id,
    o.title,
    o.title_en,
    x.missing,
    x.period,
    x.since,
    o.answer
FROM osm.duty_owed AS o
    CROSS JOIN LATERAL (
        -- once, or once in the period that runs
        SELECT NULL::bigint AS of_body_id, NULL::bigint AS incident_id,
            NULL::bigint AS record_id, 'record'::text AS missing, p.first,
            pg_catalog.timezone(o.time_zone, p.first::timestamp)
        FROM (SELECT osm.period_start(o.today, o.per)) AS p (first)
        WHERE o.kind = 'one_off'
            AND NOT EXISTS (
                SELECT FROM osm.duty_record AS k
                WHERE k.authority_id = o.authority_id
                    AND k.regulation = o.regulation
                    AND k.duty = o.duty
                    AND (o.owed_by = 'authority' OR k.body_id = o.body_id)
                    AND (o.per IS NULL OR k.period = p.first))
        UNION ALL
        -- the last working day
        SELECT NULL AS of_body_id, NULL AS incident_id, NULL AS record_id,
            'record' AS missing, p.day,
            pg_catalog.timezone(o.time_zone, (p.day + 1)::timestamp)
        FROM (SELECT osm.add_business_days(o.today, -1, o.calendar)) AS p (day)
        WHERE o.kind = 'daily'
            AND NOT EXISTS (
                SELECT FROM osm.duty_record AS k
                WHERE k.authority_id = o.authority_id
                    AND k.regulation = o.regulation
                    AND k.duty = o.duty
                    AND (o.owed_by = 'authority' OR k.body_id = o.body_id)
                    AND k.period = p.day)
        UNION ALL
        -- a step that calls for a report or a notice
        SELECT NULL AS of_body_id, i.id, NULL AS record_id, 'record' AS missing,
            NULL AS period, min(e.occurred_at)
        FROM osm.incident AS i
            JOIN osm.event AS e ON e.incident_id = i.id AND e.authority_id = i.authority_id
            JOIN osm.regulation AS g ON g.id = i.regulation_id
        WHERE o.kind = 'immediate'
            AND i.authority_id = o.authority_id
            AND i.regulation = o.regulation
            AND i.detected_at > osm.now() - interval '1 year'
            AND (o.owed_by = 'authority' OR o.body_id = ANY (i.seen_by))
            -- the condition below says this too; here it keeps most incidents out of the join
            AND coalesce(
                osm.condition_accepts(o.applies_when -> 'importance', i.importance), true)
            AND e.action = ANY (o.starts_on)
            AND osm.duty_applies(o.applies_when, e.details || pg_catalog.jsonb_build_object(
                'kind', i.kind, 'channel', i.channel, 'topic', i.topic, 'place', i.place,
                'importance', i.importance,
                'urgent', CASE WHEN i.importance = ANY (g.urgent_importance) THEN 'yes'
                               ELSE 'no' END,
                'repeat', CASE WHEN i.repeat_of IS NULL THEN 'no' ELSE 'yes' END))
            AND NOT EXISTS (
                SELECT FROM osm.event AS n
                WHERE n.incident_id = i.id
                    AND n.authority_id = i.authority_id
                    AND n.seq > e.seq
                    AND n.action = ANY (o.stops_on))
            AND NOT EXISTS (
                SELECT FROM osm.duty_record AS k
                WHERE k.incident_id = i.id
                    AND k.authority_id = i.authority_id
                    AND k.regulation = o.regulation
                    AND k.duty = o.duty)
        GROUP BY i.id
        UNION ALL
        -- many messages on one topic, in the period that runs or the one before
        SELECT NULL AS of_body_id, NULL AS incident_id, NULL AS record_id,
            i.topic || ': ' || count(*) AS missing, p.first,
            (pg_catalog.array_agg(i.detected_at ORDER BY i.detected_at))[o.minimum]
        FROM osm.incident AS i
            CROSS JOIN LATERAL (SELECT osm.period_start(
                pg_catalog.timezone(o.time_zone, i.detected_at)::date, o.per)) AS p (first)
        WHERE o.kind = 'surge'
            AND i.authority_id = o.authority_id
            AND i.regulation = o.regulation
            AND i.part_of IS NULL
            AND i.topic IS NOT NULL
            AND i.detected_at >= pg_catalog.timezone(o.time_zone, osm.period_start(
                osm.period_start(o.today, o.per) - 1, o.per)::timestamp)
        GROUP BY i.topic, p.first
        HAVING count(*) >= o.minimum
            AND NOT EXISTS (
                SELECT FROM osm.duty_record AS k
                WHERE k.authority_id = o.authority_id
                    AND k.regulation = o.regulation
                    AND k.duty = o.duty
                    AND k.period = p.first
                    AND coalesce(k.evidence ->> 'topic' = i.topic, true))
        UNION ALL
        -- notifications nobody will get
        SELECT NULL AS of_body_id, n.incident_id, NULL AS record_id, p.name,
            NULL AS period, n.created_at
        FROM osm.notification AS n
            JOIN osm.incident AS i ON i.id = n.incident_id AND i.authority_id = n.authority_id
            JOIN osm.official AS p ON p.id = n.recipient_id AND p.authority_id = n.authority_id
        WHERE o.kind = 'delivery'
            AND n.state = 'dead'
            AND n.authority_id = o.authority_id
            AND i.regulation = o.regulation
            AND EXISTS (
                SELECT FROM osm.appointment AS a
                WHERE a.official_id = n.recipient_id
                    AND a.authority_id = n.authority_id
                    AND a.role = o.role
                    AND (o.owed_by = 'authority' OR a.body_id = o.body_id))
        UNION ALL
        -- late steps since the last notice of shortcomings
        SELECT c.body_id, NULL AS incident_id, NULL AS record_id, count(*)::text,
            NULL AS period, min(c.due_at)
        FROM (
                SELECT q.body_id, q.due_at, q.rule_id
                FROM osm.clock AS q
                WHERE o.kind = 'deficiency'
                    AND q.authority_id = o.authority_id
                    AND q.binding AND q.armed AND q.excuse IS NULL
                    AND (q.state = 'missed' OR q.flagged_at IS NOT NULL)
                    AND q.state <> 'cancelled'
                UNION ALL
                SELECT q.body_id, q.due_at, q.rule_id
                FROM osm.clock AS q
                WHERE o.kind = 'deficiency'
                    AND q.authority_id = o.authority_id
                    AND q.binding AND q.armed AND q.excuse IS NULL
                    AND q.state = 'running' AND q.flagged_at IS NULL
                    AND q.due_at < osm.now()) AS c
            JOIN osm.clock_rule AS r ON r.id = c.rule_id
            JOIN osm.regulation AS g ON g.id = r.regulation_id
        WHERE g.code = o.regulation
            AND c.due_at > osm.now() - interval '1 year'
            AND c.due_at > coalesce((
                SELECT max(k.done_at)
                FROM osm.duty_record AS k
                WHERE k.authority_id = o.authority_id
                    AND k.regulation = o.regulation
                    AND k.duty = o.duty
                    AND k.body_id IN (c.body_id, o.body_id, o.authority_id)), '-infinity')
        GROUP BY c.body_id
        HAVING count(*) >= coalesce(o.minimum, 1)
        UNION ALL
        -- moderation that went only half the way
        SELECT m.body_id, NULL AS incident_id, m.id,
            pg_catalog.array_to_string(m.lacks, ', '), NULL AS period, m.done_at
        FROM (
            SELECT DISTINCT ON (k.body_id, coalesce(k.evidence ->> 'url', k.id::text))
                k.id, k.body_id, k.done_at,
                CASE WHEN osm.duty_applies(o.applies_when, k.evidence)
                     THEN osm.duty_lacks(o.expects, k.evidence) END
            FROM osm.duty_record AS k
            WHERE o.kind = 'moderation'
                AND k.authority_id = o.authority_id
                AND k.regulation = o.regulation
                AND k.duty = o.duty
                AND (o.owed_by = 'authority' OR k.body_id = o.body_id)
            ORDER BY k.body_id, coalesce(k.evidence ->> 'url', k.id::text), k.done_at DESC,
                k.id DESC) AS m (id, body_id, done_at, lacks)
        WHERE m.lacks IS NOT NULL
        ) AS x (of_body_id, incident_id, record_id, missing, period, since)
    LEFT JOIN osm.body AS b ON b.id = x.of_body_id AND b.authority_id = o.authority_id
WHERE o.kind IN ('one_off', 'daily', 'immediate', 'surge', 'delivery', 'deficiency',
    'moderation');
COMMENT ON VIEW osm.duty_gap IS
    'One-off and daily duties not recorded, steps and surges of messages whose report or notice '
    'never came, notifications nobody will get, late steps no notice of shortcomings speaks of, '
    'moderation that lacks what the act expects.';
COMMENT ON COLUMN osm.duty_gap.authority_id IS 'Key of the authority.';
COMMENT ON COLUMN osm.duty_gap.authority IS 'Authority.';
COMMENT ON COLUMN osm.duty_gap.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.duty_gap.edition IS 'Edition in force.';
COMMENT ON COLUMN osm.duty_gap.clause IS 'Clause that sets the duty.';
COMMENT ON COLUMN osm.duty_gap.duty IS 'Name of the duty, or of the role demanded.';
COMMENT ON COLUMN osm.duty_gap.kind IS 'Kind of duty.';
COMMENT ON COLUMN osm.duty_gap.body_id IS 'Key of the body that owes it.';
COMMENT ON COLUMN osm.duty_gap.body IS 'Body that owes it.';
COMMENT ON COLUMN osm.duty_gap.role IS 'Role that answers for it.';
COMMENT ON COLUMN osm.duty_gap.incident_id IS 'Incident it is about.';
COMMENT ON COLUMN osm.duty_gap.record_id IS 'Record that falls short.';
COMMENT ON COLUMN osm.duty_gap.title IS 'What is owed, in Russian.';
COMMENT ON COLUMN osm.duty_gap.title_en IS 'The same in English.';
COMMENT ON COLUMN osm.duty_gap.missing IS
    'record, the keys a moderation lacks, topic and number of messages, number of late steps, or '
    'who was not reached.';
COMMENT ON COLUMN osm.duty_gap.period IS 'First day of the period.';
COMMENT ON COLUMN osm.duty_gap.since IS
    'When it came to be owed: step, first late step, end of the day.';
COMMENT ON COLUMN osm.duty_gap.answer IS 'G, a gap; W, where the act only recommends.';
