-- Arithmetic of the rating, and the two functions that tell how a term and an incident came about.
--
-- Hazard that shaped this file: a score that lies exactly on a zone's edge must not fall below it
-- because a third was cut off where plain division stops. Shares are carried with sixty digits and
-- the score with thirty, far beyond the least distance two different scores can have.

CREATE FUNCTION osm.rating_share(good numeric, total numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.round(good, 60) / nullif(total, 0);
COMMENT ON FUNCTION osm.rating_share(numeric, numeric) IS
'good / total with sixty digits, as the parts of a rating need it; null where total is 0';

CREATE FUNCTION osm.rating_speed(used_share numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN used_share IS NOT NULL THEN least(greatest(1.5 - used_share, 0), 1) END;
COMMENT ON FUNCTION osm.rating_speed(numeric) IS
'Part "speed" of a rating: 1.5 - used_share, at least 0 and at most 1; used_share is the mean of '
'used time / term. Half the term or less gives 1';

CREATE FUNCTION osm.rating_score(parts numeric[], weights numeric[])
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT pg_catalog.round(
        5 * pg_catalog.sum(u.part * u.weight) / nullif(pg_catalog.sum(u.weight), 0), 30)
    FROM ROWS FROM (pg_catalog.unnest(parts), pg_catalog.unnest(weights)) AS u(part, weight)
    WHERE u.part IS NOT NULL);
COMMENT ON FUNCTION osm.rating_score(numeric[], numeric[]) IS
'Score 0 to 5: five times the weighted mean of the parts (0 to 1, from osm.rating_share()); a null '
'part drops out with its weight, none left gives null. Round it half up to 0.1 before zoning';

CREATE FUNCTION osm.explain_clock(
    clock bigint, language text DEFAULT 'ru',
    OUT line integer, OUT what text, OUT begins timestamptz, OUT ends timestamptz,
    OUT used osm.business_interval, OUT "left" osm.business_interval, OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED ROWS 20
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c record;
    other record;
    russian boolean := language = 'ru';
    walk_from timestamptz;
    walk_amount osm.business_interval;
    spent osm.business_interval;
BEGIN
    IF language NOT IN ('ru', 'en') THEN
        RAISE EXCEPTION 'there is no language "%"', language
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Languages are ru and en.';
    END IF;
    SELECT k.*, r.name AS rule, r.anchor, r.counts_from, r.due_from, r.clause, g.code, g.edition,
        CASE WHEN russian THEN r.title ELSE coalesce(r.title_en, r.title) END AS rule_title,
        l.title AS calendar_title, e.action,
        CASE WHEN russian THEN a.title ELSE coalesce(a.title_en, a.title) END AS action_title
    INTO c
    FROM osm.clock AS k
        JOIN osm.clock_rule AS r ON r.id = k.rule_id
        JOIN osm.regulation AS g ON g.id = r.regulation_id
        LEFT JOIN osm.calendar AS l ON l.name = k.calendar
        LEFT JOIN osm.event AS e ON e.incident_id = k.incident_id
            AND e.authority_id = k.authority_id AND e.seq = k.started_seq
        LEFT JOIN osm.action AS a ON a.regulation_id = g.id AND a.name = e.action
    WHERE k.id = explain_clock.clock;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'clock % does not exist', clock
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Clocks are listed by osm.timeliness, osm.overdue and osm.due_soon.';
    END IF;

    line := 1;
    what := 'rule';
    note := format('%s, %s (%s, %s)', c.rule_title, c.clause, c.code, c.edition);
    RETURN NEXT;
    line := line + 1;
    what := 'calendar';
    note := format('%s (%s)', coalesce(c.calendar_title, c.calendar), c.calendar);
    RETURN NEXT;
    IF c.term IS NOT NULL THEN
        line := line + 1;
        what := 'term';
        used := c.term;
        note := NULL;
        RETURN NEXT;
        used := NULL;
    END IF;
    line := line + 1;
    what := 'start';
    begins := c.started_at;
    note := concat_ws(', ', c.counts_from, coalesce(c.action_title, c.action));
    RETURN NEXT;
    begins := NULL;
    note := NULL;

    -- What stood still. A finished pause is in segments, several where the incident changed hands
    -- meanwhile; a lasting one is in the clock, with what of it is in segments.
    FOR other IN
        SELECT lower(p.span) AS paused, upper(p.span) AS resumed
        FROM (SELECT unnest(range_agg(s.span)) AS span
            FROM osm.clock_segment AS s
            WHERE s.clock_id = c.id
                AND s.authority_id = c.authority_id
                AND s.kind = 'pause'
                AND lower(s.span) < coalesce(c.paused_at, 'infinity')) AS p
        UNION ALL
        SELECT c.paused_at, NULL
        WHERE c.paused_at IS NOT NULL
        ORDER BY 1
    LOOP
        line := line + 1;
        what := 'pause';
        begins := other.paused;
        ends := other.resumed;
        RETURN NEXT;
    END LOOP;
    begins := NULL;
    ends := NULL;

    -- The walk that leads to the due instant: back from the anchor, or onward from the start of
    -- the last stretch with what was left of the term then.
    IF c.anchor IS NOT NULL THEN
        SELECT k.due_at, r.clause,
            CASE WHEN russian THEN r.title ELSE coalesce(r.title_en, r.title) END AS rule_title
        INTO other
        FROM osm.clock AS k
            JOIN osm.clock_rule AS r ON r.id = k.rule_id
        WHERE k.incident_id = c.incident_id
            AND k.authority_id = c.authority_id
            AND r.name = c.anchor
            AND k.started_seq <= c.started_seq
        ORDER BY k.started_seq DESC, k.id DESC
        LIMIT 1;
        IF FOUND THEN
            line := line + 1;
            what := 'anchor';
            begins := other.due_at;
            note := format('%s, %s', other.rule_title, other.clause);
            RETURN NEXT;
            begins := NULL;
            note := NULL;
            walk_from := other.due_at;
            walk_amount := OPERATOR(osm.-) c.term;
        END IF;
    ELSIF c.term IS NOT NULL THEN
        spent := c.used;
        IF coalesce(c.stopped_at, c.paused_at) IS NOT NULL THEN
            spent := spent OPERATOR(osm.-) osm.business_time_between(
                c.resumed_at, coalesce(c.stopped_at, c.paused_at), c.calendar);
        END IF;
        walk_from := c.resumed_at;
        walk_amount := c.term OPERATOR(osm.-) spent;
    END IF;
    IF walk_from IS NOT NULL
        AND osm.add_business_time(walk_from, walk_amount, c.calendar) = c.due_at
    THEN
        FOR other IN
            SELECT lower(d.segment) AS opens, upper(d.segment) AS closes, d.used AS took,
                d."left" AS remains, d.day_title
            FROM osm.explain_deadline(walk_from, walk_amount, c.calendar) AS d
        LOOP
            line := line + 1;
            what := CASE
                WHEN osm.business_days(other.took) <> 0 THEN 'business day'
                WHEN osm.business_seconds(other.took) = 0 THEN 'closed'
                ELSE 'open'
            END;
            begins := other.opens;
            ends := other.closes;
            used := other.took;
            "left" := other.remains;
            note := other.day_title;
            RETURN NEXT;
        END LOOP;
        begins := NULL;
        ends := NULL;
        used := NULL;
        "left" := NULL;
        note := NULL;
    END IF;

    -- What moved it: a term set by hand, a raised importance, a calendar published late.
    FOR other IN
        SELECT e.seq, e.occurred_at, x.change,
            CASE WHEN russian THEN a.title ELSE coalesce(a.title_en, a.title) END AS action_title,
            e.action
        FROM osm.event AS e
            CROSS JOIN LATERAL jsonb_array_elements(
                CASE jsonb_typeof(e.details -> 'clocks')
                    WHEN 'array' THEN e.details -> 'clocks'
                    ELSE '[]'
                END) AS x(change)
            LEFT JOIN osm.clock_rule AS r ON r.id = c.rule_id
            LEFT JOIN osm.action AS a ON a.regulation_id = r.regulation_id AND a.name = e.action
        WHERE e.incident_id = c.incident_id
            AND e.authority_id = c.authority_id
            AND x.change ->> 'change' IN ('due', 'recalculate')
            AND x.change ->> 'old_due_at' <> x.change ->> 'due_at'
            AND (x.change ->> 'clock')::bigint = c.id
        ORDER BY e.seq
    LOOP
        line := line + 1;
        what := 'changed';
        begins := (other.change ->> 'old_due_at')::timestamptz;
        ends := (other.change ->> 'due_at')::timestamptz;
        note := format('%s (%s)', coalesce(other.action_title,
            CASE
                WHEN other.action <> 'recalculate' THEN other.action
                WHEN russian THEN 'календарь изменился'
                ELSE 'the calendar changed'
            END), other.seq);
        RETURN NEXT;
    END LOOP;
    ends := NULL;

    line := line + 1;
    what := 'due';
    begins := c.due_at;
    note := concat_ws(', ', c.due_from,
        CASE
            WHEN c.binding THEN NULL
            WHEN russian THEN 'рекомендательный'
            ELSE 'advisory'
        END,
        CASE
            WHEN NOT c.provisional THEN NULL
            WHEN russian THEN 'предварительно'
            ELSE 'provisional'
        END,
        CASE c.due_cause
            WHEN 'set_term' THEN CASE WHEN russian THEN 'назначен вручную' ELSE 'set by hand' END
            WHEN 'calendar' THEN
                CASE WHEN russian THEN 'пересчитан: изменился календарь'
                    ELSE 'counted again: the calendar changed' END
            WHEN 'raised_late' THEN
                CASE WHEN russian THEN 'истёк с повышением важности, никому не в вину'
                    ELSE 'over as the importance was raised, nobody''s breach' END
        END);
    note := nullif(note, '');
    RETURN NEXT;
    note := NULL;
    IF c.flagged_at IS NOT NULL THEN
        line := line + 1;
        what := 'flagged';
        begins := c.flagged_at;
        RETURN NEXT;
    END IF;
    line := line + 1;
    what := c.state;
    begins := coalesce(c.stopped_at, c.paused_at, osm.now());
    used := CASE
        WHEN c.state = 'cancelled' OR begins <= c.due_at THEN NULL
        ELSE osm.business_time_between(c.due_at, begins, c.calendar)
    END;
    note := CASE WHEN used IS NULL THEN NULL WHEN russian THEN 'опоздание' ELSE 'late' END;
    RETURN NEXT;
    IF c.excuse IS NOT NULL THEN
        line := line + 1;
        what := 'excused';
        used := NULL;
        SELECT e.recorded_at, concat_ws(': ', o.name, c.excuse) INTO begins, note
        FROM osm.event AS e
            LEFT JOIN osm.official AS o ON o.id = e.actor_id AND o.authority_id = e.authority_id
        WHERE e.incident_id = c.incident_id
            AND e.authority_id = c.authority_id
            AND e.seq = c.excused_seq;
        RETURN NEXT;
    END IF;
END
$function$;
COMMENT ON FUNCTION osm.explain_clock(bigint, text) IS
'Why a clock is due when it is, line by line: the rule with its clause, the calendar, the term, '
'the start, pauses, then the open time and named closed days the term was counted over (backward '
'from the anchor where there is one), what changed it, the due instant, what became of it and for '
'what reason a breach was excused. '
'Notes are in Russian (''ru'') or English (''en''). Shows what the caller may see; error 22023 for '
'an unknown clock or language';

-- The clocks of a step are read from its event, where they stand as they were then: a due instant
-- that a later step moved is told by that later step.
CREATE FUNCTION osm.incident_story(
    incident bigint, language text DEFAULT 'ru',
    OUT seq integer, OUT occurred_at timestamptz, OUT who text, OUT acting_for text,
    OUT action text, OUT from_state text, OUT to_state text, OUT clause text, OUT clocks text,
    OUT warnings text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED ROWS 20
SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    russian boolean := language = 'ru';
BEGIN
    IF language NOT IN ('ru', 'en') THEN
        RAISE EXCEPTION 'there is no language "%"', language
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Languages are ru and en.';
    END IF;
    RETURN QUERY
    SELECT
        e.seq::integer,
        e.occurred_at,
        o.name,
        p.name,
        coalesce(CASE WHEN russian THEN a.title ELSE a.title_en END, a.title,
            CASE e.action
                WHEN 'excuse' THEN
                    CASE WHEN russian THEN 'Причина нарушения признана' ELSE 'Breach excused' END
                WHEN 'recalculate' THEN
                    CASE WHEN russian THEN 'Сроки пересчитаны' ELSE 'Terms counted again' END
            END,
            e.action),
        coalesce(CASE WHEN russian THEN s.title ELSE s.title_en END, s.title, e.from_state),
        coalesce(CASE WHEN russian THEN t.title ELSE t.title_en END, t.title, e.to_state),
        e.clause,
        k.clocks,
        w.warnings
    FROM osm.incident AS i
        JOIN osm.regulation AS g ON g.id = i.regulation_id
        JOIN osm.event AS e ON e.incident_id = i.id AND e.authority_id = i.authority_id
        LEFT JOIN osm.official AS o ON o.id = e.actor_id AND o.authority_id = e.authority_id
        LEFT JOIN osm.official AS p ON p.id = e.acting_for_id AND p.authority_id = e.authority_id
        LEFT JOIN osm.action AS a ON a.regulation_id = i.regulation_id AND a.name = e.action
        LEFT JOIN osm.state AS s ON s.regulation_id = i.regulation_id AND s.name = e.from_state
        LEFT JOIN osm.state AS t ON t.regulation_id = i.regulation_id AND t.name = e.to_state
        CROSS JOIN LATERAL (
            SELECT string_agg(concat(
                    CASE x.change ->> 'change'
                        WHEN 'start' THEN '+ '
                        WHEN 'stop' THEN '- '
                        WHEN 'cancel' THEN 'x '
                        WHEN 'pause' THEN '= '
                        WHEN 'excuse' THEN '~ '
                        ELSE '> '
                    END,
                    coalesce(CASE WHEN russian THEN r.title ELSE r.title_en END, r.title,
                        x.change ->> 'rule'),
                    CASE
                        WHEN x.change ->> 'change' = 'excuse' THEN
                            ': ' || (e.details ->> 'reason')
                        WHEN x.change ->> 'change' IN ('start', 'resume', 'due', 'recalculate') THEN
                            ' → ' || to_char((x.change ->> 'due_at')::timestamptz
                                AT TIME ZONE g.time_zone, 'YYYY-MM-DD HH24:MI')
                        WHEN x.change ->> 'verdict' = 'met' THEN
                            CASE WHEN russian THEN ': в срок' ELSE ': in time' END
                        WHEN x.change ->> 'verdict' = 'missed' THEN
                            CASE WHEN russian THEN ': опоздание ' ELSE ': late by ' END
                                || osm.business_time_between(c.due_at, c.stopped_at, c.calendar)
                    END),
                E'\n' ORDER BY x.position) AS clocks
            FROM jsonb_array_elements(
                    CASE jsonb_typeof(e.details -> 'clocks')
                        WHEN 'array' THEN e.details -> 'clocks'
                        ELSE '[]'
                    END) WITH ORDINALITY AS x(change, position)
                LEFT JOIN osm.clock_rule AS r ON r.regulation_id = i.regulation_id
                    AND r.name = x.change ->> 'rule'
                LEFT JOIN osm.clock AS c ON c.id = (x.change ->> 'clock')::bigint
                    AND c.authority_id = i.authority_id) AS k
        CROSS JOIN LATERAL (
            SELECT string_agg(concat_ws(', ',
                    coalesce(CASE WHEN russian THEN r.title ELSE r.title_en END, r.title,
                        x.warning ->> 'rule'),
                    r.clause),
                E'\n' ORDER BY x.position) AS warnings
            FROM jsonb_array_elements(
                    CASE jsonb_typeof(e.details -> 'warnings')
                        WHEN 'array' THEN e.details -> 'warnings'
                        ELSE '[]'
                    END) WITH ORDINALITY AS x(warning, position)
                LEFT JOIN osm.content_rule AS r ON r.regulation_id = i.regulation_id
                    AND r.name = x.warning ->> 'rule') AS w
    WHERE i.id = incident
    ORDER BY e.seq;
END
$function$;
COMMENT ON FUNCTION osm.incident_story(bigint, text) IS
'Every step of an incident: when, who and for whom, what, from which state to which, under which '
'clause; the clocks it started (+), ended (-), cancelled (x), paused (=), resumed or moved (>), '
'excused (~) '
'with due instants in the time zone of the act and verdicts; and what it was warned of. In Russian '
'(''ru'') or English (''en''), 22023 for another. Shows what the caller may see, no rows for an '
'incident they may not';
