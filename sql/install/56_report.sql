-- Periodic reports: computing one, and keeping it as it was. The act's side is osm.duty_rule, what
-- is kept stands in osm.report_run.
--
-- Hazard that shaped this file: a report that counts for itself contradicts the dashboard beside
-- it. So every figure of a body is an aggregate over osm.scorecard_fact, as in osm.body_scorecard,
-- and ratings and lateness are rows of the views.

CREATE FUNCTION osm.report_subject(kind text, code text, day date, authority text,
    OUT authority_id bigint, OUT regulation_id bigint, OUT period daterange, OUT ended boolean)
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    today date;
    others text;
BEGIN
    IF day IS NULL OR NOT isfinite(day) THEN
        RAISE EXCEPTION 'a report is about a period'
            USING ERRCODE = '22023', HINT = 'Give any day of it.';
    END IF;
    SELECT g.id, timezone(g.time_zone, osm.now())::date, daterange(p.first, p.next)
    INTO regulation_id, today, period
    FROM osm.regulation AS g
        JOIN osm.duty_rule AS r
            ON r.regulation_id = g.id AND r.name = report_subject.kind AND r.kind = 'report'
        CROSS JOIN LATERAL (SELECT osm.period_start(day, r.per)) AS f (first)
        CROSS JOIN LATERAL (SELECT f.first, osm.period_end(f.first, r.per)) AS p (first, next)
    WHERE g.code = report_subject.code
      AND g.in_force @> least(p.next - 1, timezone(g.time_zone, osm.now())::date)
    ORDER BY g.in_force DESC LIMIT 1;
    IF NOT FOUND THEN
        IF NOT EXISTS (SELECT FROM osm.regulation AS g WHERE g.code = report_subject.code) THEN
            RAISE EXCEPTION 'regulation "%" does not exist', code
                USING ERRCODE = '42704',
                      HINT = 'Load it with osm.install_preset() or osm.define_regulation().';
        END IF;
        SELECT coalesce(string_agg(DISTINCT r.name, ', '), '-') INTO others
        FROM osm.regulation AS g JOIN osm.duty_rule AS r ON r.regulation_id = g.id
        WHERE g.code = report_subject.code AND r.kind = 'report';
        IF NOT EXISTS (
            SELECT FROM osm.regulation AS g JOIN osm.duty_rule AS r ON r.regulation_id = g.id
            WHERE g.code = report_subject.code AND r.name = report_subject.kind) THEN
            RAISE EXCEPTION 'regulation "%" has no duty "%"', code, kind
                USING ERRCODE = '42704', HINT = format('Periodic reports are: %s.', others);
        ELSIF NOT EXISTS (
            SELECT FROM osm.regulation AS g JOIN osm.duty_rule AS r ON r.regulation_id = g.id
            WHERE g.code = report_subject.code AND r.name = report_subject.kind
              AND r.kind = 'report') THEN
            RAISE EXCEPTION 'duty "%" of regulation "%" is no periodic report', kind, code
                USING ERRCODE = '22023', HINT = format('Periodic reports are: %s.', others);
        END IF;
        RAISE EXCEPTION 'no edition of regulation "%" that orders report "%" is in force then',
            code, kind
            USING ERRCODE = '22023', DETAIL = format('Given: %s.', day),
                  HINT = 'Load the edition in force on the last day of the period.';
    END IF;
    IF lower(period) > today THEN
        RAISE EXCEPTION 'the period has not begun'
            USING ERRCODE = '22023', DETAIL = format('It begins on %s.', lower(period)),
                  HINT = 'Give a day of the period that runs, or of one before.';
    END IF;
    ended := upper(period) <= today;

    SELECT min(w.id), string_agg(w.code, ', ' ORDER BY w.code) INTO authority_id, others
    FROM (SELECT b.id, b.code FROM osm.body AS b
          WHERE b.parent_id IS NULL
            AND b.code = coalesce(report_subject.authority, b.code)
            AND EXISTS (SELECT FROM osm.body_role AS u
                        WHERE u.authority_id = b.id AND u.regulation = report_subject.code)) AS w;
    IF others LIKE '%, %' THEN
        RAISE EXCEPTION 'several authorities owe report "%" of regulation "%"', kind, code
            USING ERRCODE = '22023', HINT = format('Name one of them: %s.', others);
    ELSIF others IS NULL AND authority IS NULL THEN
        RAISE EXCEPTION 'no authority that you see owes report "%" of regulation "%"', kind, code
            USING ERRCODE = '22023',
                  HINT = 'List its bodies under "regulations" with osm.define_authority().';
    ELSIF others IS NULL THEN
        RAISE EXCEPTION 'authority "%" does not owe report "%" of regulation "%"',
            authority, kind, code
            USING ERRCODE = '22023',
                  HINT = 'Give the code of an authority that you see and that works under the act.';
    END IF;
END
$$;
COMMENT ON FUNCTION osm.report_subject(text, text, date, text) IS
    'What a report is about: authority, edition (in force on the last day of the period, or today '
    'while it runs), period, and whether that has ended. 42704 for an unknown act or duty; 22023 '
    'for a duty that is no periodic report, a period that has not begun or in which no edition '
    'orders it, and where the authority is not owed it or not the only one the caller sees.';

-- Instants in the content are in UTC, whatever the session's zone: the digest is the same then.
CREATE FUNCTION osm.report(kind text, code text, period date, authority text DEFAULT NULL)
    RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
AS $$
DECLARE
    about record;
    act record;
    rule record;
    begins timestamptz;
    ends timestamptz;
    result jsonb;
BEGIN
    SELECT * INTO about FROM osm.report_subject(kind, code, period, authority);
    SELECT * INTO act FROM osm.regulation AS g WHERE g.id = about.regulation_id;
    SELECT * INTO rule FROM osm.duty_rule AS r
    WHERE r.regulation_id = act.id AND r.name = report.kind;
    begins := timezone(act.time_zone, lower(about.period)::timestamp);
    ends := timezone(act.time_zone, upper(about.period)::timestamp);

    result := jsonb_build_object(
        'report', jsonb_build_object('kind', rule.name, 'title', rule.title,
            'title_en', rule.title_en, 'regulation', act.code, 'act', act.title,
            'edition', act.edition, 'clause', rule.clause),
        'authority', (
            SELECT jsonb_build_object('code', b.code, 'title', b.title, 'title_en', b.title_en)
            FROM osm.body AS b
            WHERE b.id = about.authority_id AND b.authority_id = about.authority_id),
        'period', jsonb_build_object('per', rule.per, 'from', lower(about.period),
            'to', upper(about.period) - 1, 'ended', about.ended, 'time_zone', act.time_zone),
        'complete', NOT row_security_active('osm.incident'::regclass)
            OR osm.can_see(about.authority_id, '{}'::bigint[]));

    -- what arrived and what was answered
    WITH counted AS MATERIALIZED (
        SELECT i.topic,
            CASE WHEN i.detected_at >= begins AND i.detected_at < ends
                 THEN timezone(act.time_zone, i.detected_at)::date END AS arrived,
            CASE WHEN i.answered_at >= begins AND i.answered_at < ends
                 THEN timezone(act.time_zone, i.answered_at)::date END AS answered
        FROM osm.incident AS i
        WHERE i.authority_id = about.authority_id
          AND i.regulation = act.code
          AND i.detected_at < ends
          AND (i.detected_at >= begins OR i.answered_at >= begins)
    ), daily AS (
        SELECT d.day::date AS day,
            (SELECT count(*) FROM counted AS c WHERE c.arrived = d.day::date) AS arrivals,
            (SELECT count(*) FROM counted AS c WHERE c.answered = d.day::date) AS answers
        FROM generate_series(lower(about.period)::timestamp,
            least(upper(about.period) - 1, timezone(act.time_zone, osm.now())::date)::timestamp,
            interval '1 day') AS d (day)
    ), topic AS (
        SELECT c.topic, count(c.arrived) AS arrivals, count(c.answered) AS answers
        FROM counted AS c
        GROUP BY c.topic
        HAVING count(c.arrived) + count(c.answered) > 0
    )
    SELECT result || jsonb_build_object(
        'arrivals', (SELECT count(c.arrived) FROM counted AS c),
        'answers', (SELECT count(c.answered) FROM counted AS c),
        'days', (
            SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.day), '[]') FROM daily AS d),
        'topics', (
            SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.arrivals DESC, t.answers DESC,
                t.topic COLLATE "C"), '[]')
            FROM topic AS t))
    INTO result;

    -- the figures of each body and of all, as osm.body_scorecard has them for a month
    WITH figure AS (
        SELECT f.body_id,
            grouping(f.body_id) = 1 AS all_bodies,
            jsonb_build_object(
                'incidents', count(DISTINCT f.incident_id) FILTER (WHERE f.fact = 'answer'),
                'answered', count(DISTINCT f.incident_id)
                    FILTER (WHERE f.fact = 'answer' AND f.answered),
                'open', count(DISTINCT f.incident_id)
                    FILTER (WHERE f.fact = 'answer' AND NOT f.answered),
                'in_time', count(*) FILTER (WHERE f.fact = 'answer' AND f.good),
                'late', count(*) FILTER (WHERE f.fact = 'answer' AND NOT f.good),
                'late_excused', count(*)
                    FILTER (WHERE f.fact = 'answer' AND NOT f.good AND f.excused),
                'mean_hours', round(avg(f.used_seconds)
                    FILTER (WHERE f.fact = 'answer' AND f.finished) / 3600, 2),
                'drafts', count(*) FILTER (WHERE f.fact = 'draft'),
                'drafts_first_time', count(*) FILTER (WHERE f.fact = 'draft' AND f.good),
                'rework', count(*) FILTER (WHERE f.fact = 'rework'),
                'repeats', count(*) FILTER (WHERE f.fact = 'repeat'),
                'interims', count(*) FILTER (WHERE f.fact = 'interim'),
                'interims_kept', count(*) FILTER (WHERE f.fact = 'interim' AND f.good),
                'returns', count(*) FILTER (WHERE f.fact = 'return')) AS figures
        FROM osm.scorecard_fact AS f
        WHERE f.authority_id = about.authority_id
          AND f.regulation = act.code
          AND about.period @> f.day
          AND f.body_id IS NOT NULL
        GROUP BY GROUPING SETS ((), (f.body_id))
    )
    SELECT result || jsonb_build_object(
        'total', (SELECT f.figures FROM figure AS f WHERE f.all_bodies),
        'bodies', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('body', b.code, 'title', b.title,
                'title_en', b.title_en) || f.figures ORDER BY b.code COLLATE "C"), '[]')
            FROM figure AS f
                JOIN osm.body AS b ON b.id = f.body_id AND b.authority_id = about.authority_id
            WHERE NOT f.all_bodies))
    INTO result;

    -- the worst lateness of what fell due
    SELECT result || jsonb_build_object('worst', coalesce(jsonb_agg(
        jsonb_build_object('incident', w.incident_id, 'body', w.code, 'body_title', w.body,
            'topic', w.topic, 'rule', w.rule, 'rule_title', w.rule_title,
            'rule_title_en', w.rule_title_en, 'clause', w.clause, 'due_at', w.due_at,
            'verdict', w.verdict, 'late_hours', w.late_hours, 'excused', w.excused)
        ORDER BY w.late_seconds DESC, w.clock_id), '[]'))
    INTO result
    FROM (SELECT t.*, b.code
          FROM osm.timeliness AS t
              LEFT JOIN osm.body AS b ON b.id = t.body_id AND b.authority_id = t.authority_id
          WHERE t.authority_id = about.authority_id
            AND t.regulation = act.code
            AND t.binding
            AND NOT t.in_time
            AND t.due_at >= begins
            AND t.due_at < ends
          ORDER BY t.late_seconds DESC, t.clock_id
          LIMIT 10) AS w;

    IF rule.per = 'quarter' THEN
        result := result || jsonb_build_object(
            'rating', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('body', b.code, 'title', b.title,
                    'title_en', b.title_en) || (to_jsonb(r)
                    - '{authority_id,authority,regulation,body_id,body,quarter}'::text[])
                    ORDER BY b.code COLLATE "C"), '[]')
                FROM osm.rating AS r
                    JOIN osm.body AS b ON b.id = r.body_id AND b.authority_id = r.authority_id
                WHERE r.authority_id = about.authority_id
                  AND r.regulation = act.code
                  AND r.quarter = lower(about.period)),
            'rating_inputs', jsonb_build_object(
                'minimum_sample', act.minimum_sample,
                'weights', (
                    SELECT coalesce(jsonb_object_agg(w.part, w.weight), '{}')
                    FROM osm.rating_rule AS w WHERE w.regulation_id = act.id),
                'zones', (
                    SELECT coalesce(jsonb_object_agg(z.zone, z.lowest), '{}')
                    FROM osm.rating_zone AS z WHERE z.regulation_id = act.id)));
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION osm.report(text, text, date, text) IS
    'A periodic report as figures: kind is a report duty of the act, period any day of the period, '
    'authority its code (the only one the caller sees where not given). Counts what the caller may '
    'see; "complete" says whether that is everything. 42704 for an unknown act or duty; 22023 for '
    'a duty that is no periodic report, a period not begun, an authority that is none or several.';

CREATE FUNCTION osm.write_report(
    authority_id bigint, regulation_id bigint, duty text, period daterange)
    RETURNS bigint LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    act record;
    figures jsonb;
    result bigint;
BEGIN
    IF EXISTS (SELECT FROM pg_subscription_rel AS s WHERE s.srrelid = 'osm.clock'::regclass) THEN
        RAISE EXCEPTION 'reports on what is replicated from another database are not frozen here'
            USING ERRCODE = '55000',
                  DETAIL = 'Table "osm.clock" belongs to a subscription; what the publisher '
                           'freezes arrives here.',
                  HINT = 'To take over from the publisher, drop the subscription.';
    END IF;
    SELECT g.code, g.edition INTO act
    FROM osm.regulation AS g WHERE g.id = write_report.regulation_id;
    -- two that freeze the same at the same time make one row
    PERFORM pg_advisory_xact_lock('osm.report_run'::regclass::oid::integer, hashtext(
        format('%s %s %s', write_report.authority_id, act.code, write_report.duty)));
    SELECT k.id INTO result FROM osm.report_run AS k
    WHERE k.authority_id = write_report.authority_id AND k.regulation = act.code
      AND k.duty = write_report.duty AND k.period = write_report.period;
    IF result IS NOT NULL THEN
        RETURN result;
    END IF;
    figures := osm.report(write_report.duty, act.code, lower(write_report.period), (
        SELECT b.code FROM osm.body AS b
        WHERE b.id = write_report.authority_id AND b.authority_id = write_report.authority_id));
    INSERT INTO osm.report_run AS k (
        authority_id, regulation, edition, duty, clause, period, content, digest, frozen_at)
    VALUES (write_report.authority_id, act.code, act.edition, write_report.duty,
            figures #>> '{report,clause}', write_report.period, figures,
            sha256(convert_to(figures::text, 'UTF8')), osm.now())
    RETURNING k.id INTO result;
    DELETE FROM osm.report_delay AS d
    WHERE d.authority_id = write_report.authority_id AND d.regulation = act.code
      AND d.duty = write_report.duty;
    RETURN result;
END
$$;
COMMENT ON FUNCTION osm.write_report(bigint, bigint, text, daterange) IS
    'Computes a report and keeps it, unless it is kept already; returns its id. Part of '
    'osm.freeze_report() and osm.tick(), which have checked that it may. 55000 on a subscriber.';

CREATE FUNCTION osm.freeze_report(
    kind text, code text, period date, authority text DEFAULT NULL)
    RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    about record;
    own record;
    rule record;
    roles text[];
BEGIN
    SELECT o.authority_id, o.login, b.code INTO own
    FROM osm.official AS o
        JOIN osm.body AS b ON b.id = o.authority_id AND b.authority_id = o.authority_id
    WHERE o.id = osm.actor();
    IF NOT FOUND AND NOT pg_has_role(session_user, current_user, 'USAGE') THEN
        RAISE EXCEPTION 'nobody acts: role "%" is not an official and no official is named',
            session_user
            USING ERRCODE = 'OW002',
                  HINT = 'Enter the role as official.db_role with osm.define_authority(), or name '
                         'the official with osm.act_as() in this transaction.';
    END IF;
    SELECT * INTO about
    FROM osm.report_subject(kind, code, period, coalesce(authority, own.code));
    IF own.authority_id IS NOT NULL THEN
        IF own.authority_id <> about.authority_id THEN
            RAISE EXCEPTION 'official "%" may not freeze reports of authority "%"',
                own.login, authority
                USING ERRCODE = 'OW002',
                      HINT = 'An official acts for the own authority.';
        END IF;
        SELECT r.clause, r.recorded_by || r.responsible AS roles INTO rule
        FROM osm.duty_rule AS r
        WHERE r.regulation_id = about.regulation_id AND r.name = freeze_report.kind;
        roles := array_remove(rule.roles, NULL);
        PERFORM osm.duty_writer(about.regulation_id, roles, coalesce(
            (SELECT h.body_id FROM osm.actor_roles() AS h WHERE h.role = ANY (roles)
             ORDER BY h.acting_for_id IS NOT NULL, h.body_id LIMIT 1), about.authority_id),
            format('report "%s"', kind), rule.clause);
    END IF;
    IF NOT about.ended THEN
        RAISE EXCEPTION 'the period has not ended'
            USING ERRCODE = '55000',
                  DETAIL = format('Its last day is %s.', upper(about.period) - 1),
                  HINT = 'osm.report() shows the figures so far.';
    END IF;
    RETURN osm.write_report(about.authority_id, about.regulation_id, kind, about.period);
END
$$;
COMMENT ON FUNCTION osm.freeze_report(text, text, date, text) IS
    'Keeps a periodic report as it is now, in osm.report_run, with all the authority''s figures; '
    'returns its id. Frozen already, it stays as it is. For officials in a role that may record '
    'the duty, and for the owner of the tables. Errors as of osm.report(); OW002 for the wrong '
    'person, 55000 for a period that has not ended.';

CREATE FUNCTION osm.freeze_due_report(by_worker boolean) RETURNS integer
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    due record;
    act record;
    put_off timestamptz;
    why text;
BEGIN
    FOR due IN
        SELECT s.* FROM osm.report_schedule AS s WHERE s.freeze_at <= osm.now()
        ORDER BY s.freeze_at, s.authority_id, s.regulation, s.duty
    LOOP
        -- somebody else is at it
        CONTINUE WHEN NOT pg_try_advisory_xact_lock('osm.report_run'::regclass::oid::integer,
            hashtext(format('%s %s %s', due.authority_id, due.regulation, due.duty)));
        SELECT g.id, g.time_zone, r.per INTO act
        FROM osm.regulation AS g
            JOIN osm.duty_rule AS r ON r.regulation_id = g.id AND r.name = due.duty
        WHERE g.code = due.regulation AND g.edition = due.edition;
        CONTINUE WHEN EXISTS (
            SELECT FROM osm.report_run AS k
            WHERE k.authority_id = due.authority_id AND k.regulation = due.regulation
              AND k.duty = due.duty
              AND k.period = daterange(due.period, osm.period_end(due.period, act.per)));
        why := NULL;
        IF due.last_period IS NULL AND NOT EXISTS (
            SELECT FROM osm.incident AS i
            WHERE i.authority_id = due.authority_id AND i.regulation = due.regulation
              AND i.detected_at < due.ends_at) THEN
            put_off := timezone(act.time_zone, osm.period_end(osm.period_start(
                timezone(act.time_zone, osm.now())::date, act.per), act.per)::timestamp);
        ELSE
            BEGIN
                PERFORM osm.write_report(due.authority_id, act.id, due.duty,
                    daterange(due.period, osm.period_end(due.period, act.per)));
                RETURN 1;
            EXCEPTION WHEN OTHERS OR query_canceled THEN
                IF SQLSTATE LIKE '40%' OR SQLSTATE = '55P03'
                   OR SQLSTATE LIKE '57%' AND NOT by_worker THEN
                    RAISE;
                END IF;
                why := SQLERRM;
                IF due.last_error IS DISTINCT FROM why THEN
                    RAISE WARNING 'report "%" of regulation "%" on the period from % of "%" could '
                        'not be frozen', due.duty, due.regulation, due.period, due.authority
                        USING ERRCODE = SQLSTATE, DETAIL = why,
                              HINT = 'It is tried again every ten minutes, and not reported again '
                                     'while the cause is the same; osm.report_schedule shows it.';
                END IF;
                put_off := osm.now() + interval '10 minutes';
            END;
        END IF;
        INSERT INTO osm.report_delay AS d (authority_id, regulation, duty, try_after, error)
        VALUES (due.authority_id, due.regulation, due.duty, put_off, why)
        ON CONFLICT ON CONSTRAINT report_delay_pkey DO UPDATE
            SET try_after = excluded.try_after, error = excluded.error;
        -- it may have taken all the time a pass has
        EXIT WHEN why IS NOT NULL AND by_worker;
    END LOOP;
    RETURN 0;
END
$$;
COMMENT ON FUNCTION osm.freeze_due_report(boolean) IS
    'Part of osm.tick(): freezes the first report whose period has ended, or puts it off where it '
    'cannot be computed or there is no incident yet. Returns how many it has frozen, 1 or 0.';
