-- What a lawyer asks of an act that is loaded: what the machine looks like, whether its terms leave
-- time for mending a draft, what an amendment changed, what another edition would have judged late.
--
-- The hazard that shaped it: a picture or a table about an act that is kept by hand is wrong after
-- the next amendment. Everything here is read from the rows the trigger itself compiles.

CREATE FUNCTION osm.edition_id(code text, edition text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    result bigint;
BEGIN
    SELECT r.id INTO result
    FROM osm.regulation AS r
    WHERE r.code = edition_id.code
      AND (edition_id.edition IS NULL OR r.edition = edition_id.edition)
    ORDER BY r.in_force @> timezone(r.time_zone, osm.now())::date DESC, r.in_force DESC
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'regulation "%" does not exist', concat_ws('", edition "', code, edition)
            USING ERRCODE = 'undefined_object',
                  HINT = 'Table osm.regulation lists codes and editions, osm.presets() the acts '
                         'to install.';
    END IF;
    RETURN result;
END
$osm_function$;
COMMENT ON FUNCTION osm.edition_id(text, text) IS
'Key of an edition of an act; without a name the one in force now, else the latest. Error 42704 '
'when there is none.';

CREATE FUNCTION osm.term_text(term osm.business_interval, calendar text, language text DEFAULT 'ru')
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    SELECT string_agg(concat(trim_scale(p.amount), ' ', p.prefix, p.unit), ' ' ORDER BY p.n)
    FROM (
        SELECT u.n, u.amount,
               CASE WHEN calendar = 'around-the-clock' OR row_number() OVER (ORDER BY u.n) > 1
                    THEN '' WHEN language = 'ru' THEN 'раб. ' ELSE 'business ' END AS prefix,
               CASE WHEN language = 'ru' THEN u.unit
                    ELSE u.unit_en || CASE WHEN u.amount = 1 THEN '' ELSE 's' END END AS unit
        FROM (SELECT abs(osm.business_days(term))::numeric, abs(osm.business_seconds(term)))
                 AS t (days, seconds),
             LATERAL (VALUES (1, t.days, 'дн.', 'day'),
                             (2, div(t.seconds, 3600), 'ч', 'hour'),
                             (3, mod(t.seconds, 3600) / 60, 'мин', 'minute'))
                 AS u (n, amount, unit, unit_en)
        WHERE u.amount <> 0) AS p
$osm_function$;
COMMENT ON FUNCTION osm.term_text(osm.business_interval, text, text) IS
'A term in words: "9 раб. ч", on the calendar "around-the-clock" "9 ч"; language ru or en.';

CREATE FUNCTION osm.condition_values(value jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE pg_catalog.jsonb_typeof(value)
    WHEN 'array' THEN
        ARRAY(SELECT e.x FROM pg_catalog.jsonb_array_elements_text(value) AS e (x))
    ELSE ARRAY[value OPERATOR(pg_catalog.#>>) '{}'] END;
COMMENT ON FUNCTION osm.condition_values(jsonb) IS
'The values a key of applies_when accepts, whether it was written as a list or as one text.';

CREATE FUNCTION osm.condition_text(condition jsonb, language text DEFAULT 'ru')
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    WITH word (key, value, ru, en) AS (VALUES
        ('reply_kind', 'answer', 'ответ', 'answer'),
        ('reply_kind', 'interim', 'промежуточный ответ', 'interim reply'),
        ('reply_kind', 'clarification', 'вопрос автору', 'question to the author'),
        ('bodies', 'one', 'один орган', 'one body'),
        ('bodies', 'several', 'несколько органов', 'several bodies'),
        ('contributions', 'open', 'ещё не вся информация', 'information still missing'),
        ('contributions', 'complete', 'вся информация получена', 'all information given'),
        ('assignment_role', 'sole', 'единственный исполнитель', 'sole body'),
        ('assignment_role', 'lead', 'головной исполнитель', 'leading body'),
        ('assignment_role', 'member', 'соисполнитель', 'contributing body'),
        ('interim', 'none', 'до промежуточного ответа', 'before an interim reply'),
        ('interim', 'posted', 'после промежуточного ответа', 'after an interim reply'),
        ('interim', 'again', 'ещё один промежуточный ответ', 'one more interim reply'),
        ('urgent', 'yes', 'срочно', 'urgent'),
        ('urgent', 'no', 'не срочно', 'not urgent'),
        ('repeat', 'yes', 'повтор', 'repeat'),
        ('repeat', 'no', 'не повтор', 'no repeat')
    ), part AS (
        SELECT e.n, e.key, osm.condition_values(e.value) AS accepted,
               (SELECT array_agg(w.value) FROM word AS w WHERE w.key = e.key) AS possible
        FROM jsonb_each(condition) WITH ORDINALITY AS e (key, value, n)
    )
    -- of three values two are said by the one that is left out
    SELECT string_agg(CASE
        WHEN p.accepted <@ p.possible AND cardinality(p.accepted) > 1 THEN
            CASE language WHEN 'ru' THEN 'кроме: ' ELSE 'except: ' END
            || (SELECT string_agg(CASE language WHEN 'ru' THEN w.ru ELSE w.en END, ', ')
                FROM word AS w WHERE w.key = p.key AND w.value <> ALL (p.accepted))
        ELSE coalesce(
            (SELECT CASE language WHEN 'ru' THEN w.ru ELSE w.en END
             FROM word AS w WHERE w.key = p.key AND p.accepted = ARRAY[w.value]),
            format('%s: %s', coalesce(k.title, p.key),
                   (SELECT string_agg(CASE
                        WHEN a.value = '-' THEN
                            CASE language WHEN 'ru' THEN 'не указано' ELSE 'not given' END
                        WHEN a.value = '*' THEN
                            CASE language WHEN 'ru' THEN 'указано' ELSE 'given' END
                        WHEN a.value LIKE '!%' THEN
                            CASE language WHEN 'ru' THEN 'кроме ' ELSE 'except ' END
                            || coalesce((SELECT CASE language WHEN 'ru' THEN w.ru ELSE w.en END
                                         FROM word AS w WHERE w.key = p.key
                                           AND w.value = substr(a.value, 2)), substr(a.value, 2))
                        ELSE a.value END,
                        CASE language WHEN 'ru' THEN ' или ' ELSE ' or ' END ORDER BY a.n)
                    FROM unnest(p.accepted) WITH ORDINALITY AS a (value, n)))) END,
        '; ' ORDER BY p.n)
    FROM part AS p
    LEFT JOIN (VALUES ('kind', 'вид'), ('importance', 'важность'), ('channel', 'канал'),
                      ('topic', 'тема'), ('place', 'место')) AS k (key, title)
        ON k.key = p.key AND language = 'ru'
$osm_function$;
COMMENT ON FUNCTION osm.condition_text(jsonb, text) IS
'A condition (applies_when) in words; keys the engine does not know by itself stand as written. '
'Language ru or en; null for no condition.';

CREATE FUNCTION osm.diagram_arrows(regulation_id bigint, language text DEFAULT 'ru')
RETURNS TABLE (number bigint, from_states text[], to_state text, label text[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $osm_function$
    WITH RECURSIVE step AS (
        -- "action/kind": the kind of reply, or one or several where bodies get the work
        SELECT t.*, coalesce(t.to_state, t.from_state) AS lands, k.key AS kind_of,
               osm.plain_condition(t.applies_when) AS plain_when,
               CASE WHEN t.applies_when ? k.key THEN ARRAY(
                   SELECT v
                   FROM unnest(CASE a.effect WHEN 'assign' THEN '{one,several}'::text[]
                                   ELSE '{answer,interim,clarification}' END) AS v
                   WHERE osm.condition_accepts(
                       osm.plain_condition(t.applies_when) -> k.key, v)) END AS kinds
        FROM osm.transition AS t
        JOIN osm.action AS a ON a.regulation_id = t.regulation_id AND a.name = t.action
        CROSS JOIN LATERAL (SELECT CASE a.effect WHEN 'assign' THEN 'bodies'
                                   ELSE 'reply_kind' END) AS k (key)
        WHERE t.regulation_id = diagram_arrows.regulation_id
    ), rule AS (
        SELECT r.*, coalesce(r.calendar, g.calendar) AS counts_on, g.urgent_importance,
               CASE language WHEN 'ru' THEN r.title
                             ELSE coalesce(r.title_en, r.title) END AS name_of
        FROM osm.clock_rule AS r JOIN osm.regulation AS g ON g.id = r.regulation_id
        WHERE r.regulation_id = diagram_arrows.regulation_id
    ), hit AS (
        -- what a transition does to a rule; "some" where only for one kind of reply of several
        SELECT s.position AS step, r.name AS rule, w.what, w.kind,
               w.kind <> '' AND cardinality(s.kinds) IS DISTINCT FROM 1 AS some
        FROM step AS s
        CROSS JOIN rule AS r
        CROSS JOIN LATERAL (
            SELECT x.what, split_part(x.trigger, '/', 2) AS kind
            FROM (SELECT 'start', unnest(r.starts_on) UNION ALL
                  SELECT 'stop', unnest(r.stops_on) UNION ALL
                  SELECT 'cancel', unnest(r.cancels_on) UNION ALL
                  SELECT 'pause', unnest(r.pauses_on) UNION ALL
                  SELECT 'resume', unnest(r.resumes_on)) AS x (what, trigger)
            WHERE split_part(x.trigger, '/', 1) = s.action) AS w
        WHERE (w.kind = '' OR s.kinds IS NULL OR w.kind = ANY (s.kinds))
          AND (w.what <> 'start'
               OR osm.conditions_overlap(s.plain_when, osm.plain_condition(r.applies_when))
               -- a member or a lead is one of several
               AND (s.plain_when -> 'bodies' IS DISTINCT FROM '["one"]'
                    OR NOT r.applies_when ? 'assignment_role'
                    OR osm.plain_condition(r.applies_when) -> 'assignment_role' ?| '{sole,*}'))
    ), runs AS (
        -- the states in which a rule can be running
        SELECT h.rule, s.lands AS state FROM hit AS h JOIN step AS s ON s.position = h.step
        WHERE h.what = 'start'
        UNION
        SELECT a.rule, s.lands
        FROM runs AS a
        JOIN step AS s ON s.from_state = a.state
        WHERE NOT EXISTS (SELECT FROM hit AS h
                          WHERE h.step = s.position AND h.rule = a.rule AND NOT h.some
                            AND h.what IN ('stop', 'cancel'))
    ), term AS (
        SELECT r.name, concat_ws(', ',
            CASE WHEN r.anchor IS NULL THEN l.length
                 ELSE format(CASE language WHEN 'ru' THEN 'за %s до конца срока «%s»'
                                  ELSE '%s before the end of "%s"' END, l.length, o.name_of) END,
            CASE WHEN r.counts_from IS NULL THEN NULL WHEN language = 'ru' THEN 'от '
                     || CASE r.counts_from WHEN 'published_at' THEN 'публикации'
                            WHEN 'detected_at' THEN 'выявления' WHEN 'recorded_at' THEN 'записи'
                            ELSE 'даты, названной в шаге' END
                 ELSE 'from ' || CASE r.counts_from WHEN 'published_at' THEN 'publication'
                            WHEN 'detected_at' THEN 'detection' WHEN 'recorded_at' THEN 'the record'
                            ELSE 'a date named in the step' END END,
            CASE WHEN r.due_from IS NULL THEN NULL WHEN language = 'ru' THEN
                     CASE WHEN l.length IS NULL THEN '' ELSE 'или ' END || 'до названной даты'
                 ELSE CASE WHEN l.length IS NULL THEN '' ELSE 'or ' END || 'until the date named'
                 END,
            CASE WHEN cardinality(r.urgent_importance) = 0
                      OR coalesce(r.urgent_term::text, r.urgent_factor::text) IS NULL THEN NULL
                 ELSE CASE language WHEN 'ru' THEN 'срочно ' ELSE 'urgent ' END
                     || coalesce(osm.term_text(r.urgent_term, r.counts_on, language),
                                 '×' || trim_scale(r.urgent_factor)) END,
            CASE WHEN r.binding THEN NULL WHEN language = 'ru' THEN 'рекомендательно'
                 ELSE 'advisory' END,
            CASE WHEN r.armed = 'always' OR r.on_due IS NOT NULL THEN NULL
                 WHEN language = 'ru' THEN 'если применяется' ELSE 'if used' END,
            (SELECT CASE language WHEN 'ru' THEN 'по окончании: ' || a.title
                                  ELSE 'when it ends: ' || coalesce(a.title_en, a.title) END
             FROM osm.action AS a
             WHERE a.regulation_id = r.regulation_id AND a.name = r.on_due)) AS words
        FROM rule AS r
        LEFT JOIN rule AS o ON o.name = r.anchor
        LEFT JOIN rule AS w ON w.name = r.share_of
        CROSS JOIN LATERAL (SELECT CASE WHEN r.share_of IS NULL
            THEN osm.term_text(r.term, r.counts_on, language)
            ELSE format(CASE language WHEN 'ru' THEN '%s%% срока «%s»'
                                      ELSE '%s%% of the term "%s"' END,
                        trim_scale(r.share * 100), w.name_of) END) AS l (length)
    ), arrow AS (
        SELECT s.position, s.from_state, s.to_state,
            ARRAY[CASE language WHEN 'ru' THEN a.title ELSE coalesce(a.title_en, a.title) END,
                  format('(%s, %s)', (
                      SELECT string_agg(CASE language WHEN 'ru' THEN r.title
                                        ELSE coalesce(r.title_en, r.title) END, ', '
                                        ORDER BY r.position)
                      FROM osm.role AS r
                      WHERE r.regulation_id = s.regulation_id AND r.name = ANY (s.role)),
                      s.clause)]
            || CASE WHEN s.applies_when = '{}' THEN '{}'::text[]
                    ELSE ARRAY[format('[%s]', osm.condition_text(s.applies_when, language))] END
            || ARRAY(
                SELECT concat(CASE h.what WHEN 'start' THEN '▶ ' WHEN 'stop' THEN '■ '
                                          WHEN 'pause' THEN '‖ ' ELSE '▷ ' END,
                              r.name_of, CASE h.what WHEN 'start' THEN ': ' || t.words END,
                              CASE h.what WHEN 'start' THEN ', ' || (
                                  SELECT osm.condition_text(jsonb_object_agg(c.key, c.value),
                                                            language)
                                  FROM jsonb_each(r.applies_when) AS c
                                  WHERE s.applies_when -> c.key IS DISTINCT FROM c.value) END,
                              CASE WHEN h.some THEN format(' [%s]', osm.condition_text(
                                  jsonb_build_object(s.kind_of, h.kind), language)) END)
                FROM hit AS h JOIN rule AS r ON r.name = h.rule JOIN term AS t ON t.name = h.rule
                WHERE h.step = s.position AND h.what <> 'cancel'
                  AND (h.what = 'start' OR EXISTS (
                      SELECT FROM runs AS a WHERE a.rule = h.rule AND a.state = s.from_state))
                ORDER BY array_position('{stop,pause,resume,start}', h.what), r.position, h.kind)
            AS label
        FROM step AS s
        JOIN osm.action AS a ON a.regulation_id = s.regulation_id AND a.name = s.action
    ), bundle AS (
        -- the same step from many states is drawn once
        SELECT min(a.position) AS position, array_agg(a.from_state ORDER BY f.position) AS origins,
               a.to_state, a.label
        FROM arrow AS a
        LEFT JOIN osm.state AS f
            ON f.regulation_id = diagram_arrows.regulation_id AND f.name = a.from_state
        GROUP BY a.to_state, a.label
    ), drawn AS (
        SELECT b.position, x.origins, x.target AS to_state, b.label
        FROM bundle AS b,
             LATERAL (SELECT b.origins, b.to_state
                      WHERE cardinality(b.origins) > 3
                         OR b.to_state IS NULL AND cardinality(b.origins) > 1
                      UNION ALL
                      SELECT ARRAY[o.state], coalesce(b.to_state, o.state)
                      FROM unnest(b.origins) AS o (state)
                      WHERE cardinality(b.origins) <= 3
                        AND (b.to_state IS NOT NULL OR cardinality(b.origins) = 1))
                 AS x (origins, target)
    ), line AS (
        SELECT d.origins, d.to_state, d.position, l.n, l.line
        FROM drawn AS d, unnest(d.label) WITH ORDINALITY AS l (line, n)
        UNION ALL
        SELECT d.origins, d.to_state, d.position, 0, ''
        FROM drawn AS d
        WHERE EXISTS (SELECT FROM drawn AS o WHERE o.origins = d.origins
                        AND o.to_state IS NOT DISTINCT FROM d.to_state
                        AND o.position < d.position)
    )
    SELECT row_number() OVER (ORDER BY min(l.position)), l.origins, l.to_state,
           array_agg(l.line ORDER BY l.position, l.n)
    FROM line AS l
    GROUP BY l.origins, l.to_state
$osm_function$;
COMMENT ON FUNCTION osm.diagram_arrows(bigint, text) IS
'The arrows of osm.state_diagram(): transitions between the same states in one, a step that many '
'states allow once with all of them; label is action, roles and clause, condition, and the terms '
'it ends (■), pauses (‖), resumes (▷) and starts (▶). to_state is null where the state stays.';

CREATE FUNCTION osm.state_diagram(code text, format text DEFAULT 'mermaid',
                                  edition text DEFAULT NULL, language text DEFAULT 'ru')
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $osm_function$
#variable_conflict use_column
DECLARE
    act record;
    lines text[];
    dot boolean := format = 'dot';
    russian boolean := language = 'ru';
    part record;
    origin text;
    target text;
BEGIN
    IF format NOT IN ('dot', 'mermaid') OR format IS NULL THEN
        RAISE EXCEPTION 'there is no diagram format "%"', format
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Formats are dot and mermaid.';
    ELSIF language NOT IN ('ru', 'en') OR language IS NULL THEN
        RAISE EXCEPTION 'there is no language "%"', language
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Languages are ru and en.';
    END IF;
    SELECT r.id, concat(CASE WHEN russian THEN r.title ELSE coalesce(r.title_en, r.title) END,
                        ' (', r.code, ', ', r.edition, ')') AS title
    INTO act
    FROM osm.regulation AS r WHERE r.id = osm.edition_id(state_diagram.code, state_diagram.edition);

    lines := CASE WHEN dot THEN ARRAY[
        'digraph act {',
        concat('    graph [label=', osm.diagram_label(ARRAY[act.title,
            CASE WHEN russian THEN 'Срок: ▶ начинается, ■ заканчивается, ‖ стоит, ▷ идёт дальше'
                 ELSE 'Term: ▶ starts, ■ ends, ‖ stands still, ▷ runs on' END], 'centre'),
            ', labelloc=t, fontname="DejaVu Sans", fontsize=15, nodesep=0.3, ranksep=0.35];'),
        '    node [shape=box, style=filled, fontname="DejaVu Sans", fontsize=10, '
            'margin="0.08,0.04", fillcolor="#f5f5f5", color="#b0bec5"];',
        '    edge [color="#455a64"];',
        '    start [shape=circle, label="", width=0.2, fillcolor="#000000"];']
    ELSE ARRAY[
        '---', 'title: ' || to_json(act.title)::text, '---', 'flowchart TB',
        '    classDef initial fill:#e3f2fd,stroke:#1565c0',
        '    classDef open fill:#ffffff,stroke:#455a64',
        '    classDef final fill:#e8f5e9,stroke:#2e7d32,stroke-width:3px',
        '    classDef forbidden fill:#ffebee,stroke:#c62828,stroke-width:3px',
        '    classDef many fill:#fffde7,stroke:#9e9e9e,stroke-dasharray:4',
        '    start((( )))'] END;
    FOR part IN
        SELECT s.name, s.kind, osm.diagram_label(ARRAY[
                   CASE WHEN russian THEN s.title ELSE coalesce(s.title_en, s.title) END],
                   CASE WHEN dot THEN 'centre' ELSE 'mermaid' END) AS label
        FROM osm.state AS s WHERE s.regulation_id = act.id ORDER BY s.position
    LOOP
        lines := lines || CASE WHEN dot THEN
            concat('    s_', part.name, ' [label=', part.label, ', style="rounded,filled", '
                'fontsize=13, margin="0.2,0.1", color="#455a64", fillcolor=',
                CASE part.kind WHEN 'initial' THEN '"#e3f2fd"'
                               WHEN 'final' THEN '"#e8f5e9", peripheries=2'
                               WHEN 'forbidden' THEN '"#ffebee", peripheries=2'
                               ELSE '"#ffffff"' END, '];')
        ELSE concat('    s_', part.name, '[', part.label, ']:::', part.kind) END;
    END LOOP;
    FOR part IN
        SELECT a.*, CASE WHEN a.origins = (SELECT count(*) FROM osm.state AS s
                WHERE s.regulation_id = act.id AND s.kind IN ('initial', 'open')) THEN
                ARRAY[CASE WHEN russian THEN 'В любом незавершённом состоянии'
                      ELSE 'In any state that is not final' END]
            ELSE CASE WHEN russian THEN '{В состояниях:}'::text[] ELSE '{In states:}' END
                || (SELECT array_agg('· ' || CASE WHEN russian THEN s.title
                                             ELSE coalesce(s.title_en, s.title) END
                                     ORDER BY s.position)
                    FROM osm.state AS s
                    WHERE s.regulation_id = act.id AND s.name = ANY (a.from_states)) END AS states
        FROM (SELECT d.*, cardinality(d.from_states) AS origins
              FROM osm.diagram_arrows(act.id, language) AS d) AS a
        ORDER BY a.number
    LOOP
        origin := CASE WHEN part.origins > 1 THEN 'many_' || part.number
                       ELSE coalesce('s_' || part.from_states[1], 'start') END;
        target := 's_' || part.to_state;
        IF part.origins > 1 THEN
            part.states := CASE WHEN target IS NULL THEN part.label || part.states
                                ELSE part.states END;
            lines := lines || CASE WHEN dot THEN
                concat('    ', origin, ' [shape=note, fillcolor="#fffde7", label=',
                       osm.diagram_label(part.states, 'left'), '];')
            ELSE concat('    ', origin, '[', osm.diagram_label(part.states, 'mermaid'),
                        ']:::many') END;
        END IF;
        -- In dot a step is a node of its own: no line crosses its words.
        lines := lines || CASE WHEN target IS NULL THEN '{}'::text[] WHEN dot THEN ARRAY[
            concat('    step_', part.number, ' [label=', osm.diagram_label(part.label, 'left'),
                   '];'),
            concat('    ', origin, ' -> step_', part.number, ' [arrowhead=none];'),
            concat('    step_', part.number, ' -> ', target, ';')]
        ELSE ARRAY[concat('    ', origin, ' -->|', osm.diagram_label(part.label, 'mermaid'), '| ',
                          target)] END;
    END LOOP;
    RETURN array_to_string(lines || CASE WHEN dot THEN '{"}"}'::text[] ELSE '{}' END, E'\n');
END
$osm_function$;
COMMENT ON FUNCTION osm.state_diagram(text, text, text, text) IS
'The machine the database enforces for an act, as text for Mermaid or Graphviz (format ''mermaid'' '
'or ''dot''): states, steps with roles and clauses, the terms they start and end. edition: default '
'the one in force; language ru or en. Errors: 42704 no such act, 22023 no such format or language.';

CREATE FUNCTION osm.diagram_label(lines text[], form text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    SELECT CASE form
        WHEN 'mermaid' THEN '"' || string_agg(replace(replace(replace(replace(replace(l.line,
            '#', '#35;'), '"', '#quot;'), '<', '#lt;'), '>', '#gt;'), '`', '#96;'),
            '<br/>' ORDER BY l.n) || '"'
        ELSE '<' || string_agg(
            -- a step begins the label, or follows another after an empty line
            CASE WHEN form = 'left' AND l.line <> '' AND l.before = '' THEN '<b>' || l.xml || '</b>'
                 ELSE l.xml END
            || CASE form WHEN 'left' THEN '<br align="left"/>'
                         ELSE CASE WHEN l.last THEN '' ELSE '<br/>' END END,
            '' ORDER BY l.n) || '>' END
    FROM (SELECT u.n, w.line, replace(replace(replace(replace(w.line, '&', '&amp;'),
                     '<', '&lt;'), '>', '&gt;'), '"', '&quot;') AS xml,
                 lag(w.line, 1, '') OVER (ORDER BY u.n) AS before,
                 u.n = cardinality(lines) AS last
          FROM unnest(lines) WITH ORDINALITY AS u (line, n),
               LATERAL (SELECT regexp_replace(u.line, '\s+', ' ', 'g')) AS w (line)) AS l
$osm_function$;
COMMENT ON FUNCTION osm.diagram_label(text[], text) IS
'Lines of text as a quoted label: form mermaid, or left and centre for Graphviz.';

CREATE FUNCTION osm.rule_term(rule bigint, urgent boolean)
RETURNS osm.business_interval
LANGUAGE sql STABLE PARALLEL SAFE
AS $osm_function$
    -- Of a share, as of an urgent factor, only the time is multiplied: so the clocks do.
    SELECT CASE
        WHEN r.share_of IS NULL THEN
            CASE WHEN urgent AND r.urgent_term IS NOT NULL THEN r.urgent_term ELSE
                osm.make_business_interval(days => osm.business_days(r.term), secs => (
                    osm.business_seconds(r.term) OPERATOR(pg_catalog.*)
                    CASE WHEN urgent THEN COALESCE(r.urgent_factor, 1) ELSE 1 END)
                    ::pg_catalog.float8) END
        ELSE osm.make_business_interval(
            days => osm.business_days(osm.rule_term(w.id, urgent)),
            secs => (osm.business_seconds(osm.rule_term(w.id, urgent)) OPERATOR(pg_catalog.*)
                     r.share)::pg_catalog.float8) END
    FROM osm.clock_rule AS r
    LEFT JOIN osm.clock_rule AS w ON w.regulation_id OPERATOR(pg_catalog.=) r.regulation_id
        AND w.name OPERATOR(pg_catalog.=) r.share_of
    WHERE r.id OPERATOR(pg_catalog.=) rule
$osm_function$;
COMMENT ON FUNCTION osm.rule_term(bigint, boolean) IS
'The term of a clock rule for an ordinary or an urgent incident; null where none is set.';

CREATE FUNCTION osm.feasibility(
    code text, edition text DEFAULT NULL,
    OUT outer_term text, OUT title text, OUT title_en text, OUT draft text, OUT urgent boolean,
    OUT term osm.business_interval, OUT reserve osm.business_interval,
    OUT review osm.business_interval, OUT rework osm.business_interval,
    OUT post osm.business_interval, OUT reworks integer, OUT "left" osm.business_interval,
    OUT basis text, OUT verdict text, OUT verdict_en text, OUT clauses text[])
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 4
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $osm_function$
#variable_conflict use_column
DECLARE
    act bigint := osm.edition_id(code, edition);
    piece record;
    passes record;
    run record;
    monday date;
    calendars text[];
    days boolean;
    seconds numeric;
    round_trip numeric;
BEGIN
    FOR piece IN
        SELECT o.name, o.title, o.title_en, d.name AS draft, u.urgent,
               osm.rule_term(o.id, u.urgent) AS term, osm.rule_term(d.id, u.urgent) AS reserve,
               coalesce(o.calendar, g.calendar) AS counts_on,
               coalesce(d.calendar, g.calendar) AS draft_on, g.calendar, g.time_zone,
               ARRAY[o.clause, d.clause] AS clauses,
               NOT EXISTS (SELECT FROM unnest(o.stops_on) AS x
                           JOIN osm.action AS a ON a.regulation_id = act
                             AND a.name = split_part(x, '/', 1)
                             AND a.effect IN ('post', 'publish')) AS by_draft
        FROM osm.clock_rule AS o
        JOIN osm.regulation AS g ON g.id = o.regulation_id
        CROSS JOIN (VALUES (false), (true)) AS u (urgent)
        LEFT JOIN osm.clock_rule AS d ON d.regulation_id = act AND d.anchor = o.name
            AND EXISTS (SELECT FROM unnest(d.stops_on) AS x
                        JOIN osm.action AS a ON a.regulation_id = act
                          AND a.name = split_part(x, '/', 1) AND a.effect = 'submit')
        WHERE o.regulation_id = act AND o.outer_term AND o.anchor IS NULL
          AND osm.rule_term(o.id, false) IS NOT NULL
          AND (NOT u.urgent OR g.urgent_importance <> '{}'
               AND (o.urgent_term IS NOT NULL OR o.urgent_factor IS NOT NULL))
        ORDER BY o.position, u.urgent, d.position
    LOOP
        -- The steps between a draft and its posting, by what their actions do; of two rules from
        -- the same step the longer counts, and a chain of reviews is summed.
        SELECT
            osm.sum(t.term) FILTER (WHERE t.part = 'review') AS review,
            osm.max(t.term) FILTER (WHERE t.part = 'rework') AS rework,
            osm.max(t.term) FILTER (WHERE t.part = 'post') AS post,
            array_agg(t.clause ORDER BY t.position) AS clauses,
            array_agg(t.calendar) AS calendars,
            coalesce(max(t.calendar) FILTER (WHERE t.part = 'review'), piece.calendar) AS review_on,
            coalesce(max(t.calendar) FILTER (WHERE t.part = 'rework'), piece.calendar) AS rework_on,
            coalesce(max(t.calendar) FILTER (WHERE t.part = 'post'), piece.calendar) AS post_on
        INTO passes
        FROM (
            SELECT DISTINCT ON (p.part, p.begins) p.part, r.clause, r.position,
                   a.term, coalesce(r.calendar, piece.calendar) AS calendar
            FROM osm.clock_rule AS r
            CROSS JOIN LATERAL (SELECT osm.rule_term(r.id, piece.urgent)) AS a (term)
            CROSS JOIN LATERAL unnest(r.starts_on) AS s (x)
            JOIN osm.action AS f ON f.regulation_id = act AND f.name = split_part(s.x, '/', 1)
            CROSS JOIN LATERAL unnest(r.stops_on) AS e (x)
            JOIN osm.action AS l ON l.regulation_id = act AND l.name = split_part(e.x, '/', 1)
            JOIN (VALUES ('review', 'submit', 'approve'), ('review', 'submit', 'endorse'),
                         ('review', 'endorse', 'approve'), ('rework', 'send_back', 'submit'),
                         ('rework', 'send_back', 'endorse'), ('post', 'approve', 'post'))
                AS p (part, begins, ends)
                ON p.begins = f.effect AND p.ends = l.effect
            WHERE r.regulation_id = act AND r.anchor IS NULL AND a.term IS NOT NULL
              AND NOT r.outer_term
            ORDER BY p.part, p.begins, a.term USING OPERATOR(osm.>)
        ) AS t;
        outer_term := piece.name;
        title := piece.title;
        title_en := piece.title_en;
        draft := piece.draft;
        urgent := piece.urgent;
        term := piece.term;
        reserve := piece.reserve;
        review := passes.review;
        rework := passes.rework;
        post := passes.post;
        reworks := NULL;
        "left" := NULL;
        basis := NULL;
        clauses := ARRAY(SELECT x FROM unnest(piece.clauses || passes.clauses)
                             WITH ORDINALITY AS u (x, n)
                         WHERE x IS NOT NULL GROUP BY x ORDER BY min(n));
        IF piece.by_draft THEN
            verdict := 'Срок кончается направлением проекта: согласование идёт за его пределами';
            verdict_en := 'The term ends with the draft: its review lies beyond';
            RETURN NEXT;
            CONTINUE;
        ELSIF piece.draft IS NULL THEN
            verdict := 'Акт не говорит, за сколько до конца срока направляется проект';
            verdict_en := 'The act does not say how long before the end the draft is due';
            RETURN NEXT;
            CONTINUE;
        ELSIF review IS NULL OR rework IS NULL OR post IS NULL THEN
            verdict := 'Акт не даёт срока согласованию, доработке или размещению';
            verdict_en := 'The act gives review, rework or posting no term';
            RETURN NEXT;
            CONTINUE;
        END IF;

        calendars := ARRAY(SELECT DISTINCT x
                           FROM unnest(passes.calendars || piece.counts_on || piece.draft_on) AS x);
        days := 0 <> ANY (ARRAY[osm.business_days(reserve), osm.business_days(review),
                                osm.business_days(rework), osm.business_days(post)]);
        IF cardinality(calendars) = 1 AND NOT days THEN
            -- one scale: seconds are added
            basis := 'sum';
            round_trip := osm.business_seconds(rework) + osm.business_seconds(review);
            seconds := osm.business_seconds(reserve) - osm.business_seconds(review)
                - osm.business_seconds(post);
            reworks := CASE WHEN seconds < 0 THEN -1 ELSE floor(seconds / round_trip) END;
            "left" := osm.make_business_interval(
                secs => (seconds - greatest(reworks, 0) * round_trip)::double precision);
        ELSE
            -- several scales: the worst of all half hours of the next week without a holiday
            SELECT w.monday INTO monday
            FROM (SELECT date_trunc('week', timezone(piece.time_zone, osm.now()))::date + 7 * n
                  FROM generate_series(1, 26) AS n) AS w (monday)
            ORDER BY osm.business_days_between(w.monday - 1, w.monday + 11, piece.calendar) = 10
                     DESC, w.monday
            LIMIT 1;
            basis := format('%s/%s', monday, monday + 6);
            FOR run IN
                SELECT d.due, greatest(m.begin, osm.subtract_business_time(d.due, reserve,
                                                                           piece.draft_on)) AS t
                FROM generate_series(0, 335) AS n,
                     LATERAL (SELECT timezone(piece.time_zone, monday::timestamp)
                                  + n * interval '30 minutes') AS m (begin),
                     LATERAL (SELECT osm.add_business_time(m.begin, piece.term,
                                                           piece.counts_on)) AS d (due)
            LOOP
                FOR n IN -1 .. 20 LOOP
                    IF n >= 0 THEN
                        run.t := osm.add_business_time(run.t, rework, passes.rework_on);
                    END IF;
                    run.t := osm.add_business_time(run.t, review, passes.review_on);
                    -- n is what fitted so far; the attempt just walked would be one more
                    IF osm.add_business_time(run.t, post, passes.post_on) > run.due OR n = 20 THEN
                        reworks := least(reworks, n);
                        EXIT;
                    END IF;
                END LOOP;
            END LOOP;
        END IF;
        verdict := CASE WHEN reworks < 0 THEN
                'Проекту, направленному в последний момент, не хватает времени и на согласование'
            ELSE format('После проекта, направленного в последний момент, доработок помещается: %s',
                        reworks) END;
        verdict_en := CASE WHEN reworks < 0 THEN
                'A draft sent at the last moment has no time even for its review'
            ELSE format('Reworks that fit after a draft sent at the last moment: %s',
                        reworks) END;
        RETURN NEXT;
    END LOOP;
END
$osm_function$;
COMMENT ON FUNCTION osm.feasibility(text, text) IS
'Whether an act leaves time to mend a draft: for each term owed to the author (urgent apart), how '
'many times a draft sent at the last moment its reserve permits can be sent back, reworked, '
'reviewed and still be posted in time, and what of the term is left then. reworks -1: not even one '
'review fits; null: the act lacks a term, the verdict says which. basis ''sum'': all terms are '
'hours of one calendar; else the week whose worst half hour was taken. Error 42704: no such act.';

CREATE FUNCTION osm.compare_editions(
    code text, a text, b text,
    OUT kind text, OUT name text, OUT what text, OUT was text, OUT now text)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $osm_function$
    WITH document AS (
        SELECT osm.regulation_document(code, a) AS old, osm.regulation_document(code, b) AS new
    ), section AS (
        SELECT f.section, min(f.ordinality) AS position,
               array_agg(f.key ORDER BY f.ordinality) AS keys
        FROM osm.regulation_format() WITH ORDINALITY AS f
        WHERE NOT (f.section = '' AND f.type IN ('rows', 'object')) GROUP BY f.section
    ), part AS (
        SELECT s.section, s.position, v.is_new, i.number, i.item,
               CASE s.section
                   WHEN 'clauses' THEN i.item ->> 'path'
                   WHEN 'transitions' THEN concat(i.item ->> 'action', ': ',
                       coalesce(i.item ->> 'from', '*'), ' -> ',
                       coalesce(i.item ->> 'to', i.item ->> 'from'))
                   WHEN 'reasons' THEN concat(i.item ->> 'list', ': ', i.item ->> 'code')
                   WHEN 'channels' THEN i.item ->> 'channel'
                   WHEN 'rating.parts' THEN i.item ->> 'part'
                   WHEN 'rating.zones' THEN i.item ->> 'zone'
                   ELSE coalesce(i.item ->> 'name', '') END AS name
        FROM document AS d
        CROSS JOIN section AS s
        CROSS JOIN LATERAL (VALUES (false, d.old), (true, d.new)) AS v (is_new, document)
        CROSS JOIN LATERAL osm.regulation_items(v.document, s.section) AS i
        WHERE s.section <> 'rating'
    ), item AS (
        -- steps between the same states are told apart by their condition, then by their order
        SELECT p.*, row_number() OVER (PARTITION BY p.section, p.is_new, p.name,
                        p.item -> 'applies_when' ORDER BY p.number) AS twin,
               CASE p.section WHEN 'transitions' THEN p.item -> 'applies_when' END AS condition
        FROM part AS p
    ), pair AS (
        SELECT coalesce(n.section, o.section) AS section,
               coalesce(n.position, o.position) AS position, coalesce(n.name, o.name) AS name,
               o.item AS old, n.item AS new,
               o.number AS old_number, n.number AS new_number
        FROM (SELECT * FROM item WHERE NOT is_new) AS o
        FULL JOIN (SELECT * FROM item WHERE is_new) AS n
            ON n.section = o.section AND n.name = o.name AND n.twin = o.twin
           AND coalesce(n.condition, '{}') = coalesce(o.condition, '{}')
    ), difference AS (
        SELECT p.*, x.what, x.was, x.now, x.n
        FROM pair AS p
        CROSS JOIN LATERAL (
            SELECT 'added', NULL, p.new::text, 0 WHERE p.old IS NULL
            UNION ALL
            SELECT 'removed', p.old::text, NULL, 0 WHERE p.new IS NULL
            UNION ALL
            SELECT k.key, p.old ->> k.key, p.new ->> k.key, k.n
            FROM (SELECT keys FROM section WHERE section = p.section) AS s,
                 unnest(s.keys) WITH ORDINALITY AS k (key, n)
            WHERE p.old IS NOT NULL AND p.new IS NOT NULL
              AND p.old -> k.key IS DISTINCT FROM p.new -> k.key
            UNION ALL
            -- of several steps that fit the first counts, and a clock follows its anchor
            SELECT 'order', o.rank::text, o.new_rank::text, 999
            FROM (SELECT count(*) FILTER (WHERE q.old_number <= p.old_number) AS rank,
                         count(*) FILTER (WHERE q.new_number <= p.new_number) AS new_rank
                  FROM pair AS q
                  WHERE q.section = p.section AND q.old_number IS NOT NULL
                    AND q.new_number IS NOT NULL) AS o
            WHERE p.section IN ('transitions', 'clocks') AND o.rank <> o.new_rank
              AND p.old IS NOT NULL AND p.new IS NOT NULL) AS x (what, was, now, n)
    )
    SELECT coalesce(nullif(d.section, ''), 'regulation'), coalesce(nullif(d.name, ''), code),
           d.what, d.was, d.now
    FROM difference AS d
    ORDER BY d.section <> '', d.position, coalesce(d.new_number, d.old_number), d.name, d.n
$osm_function$;
COMMENT ON FUNCTION osm.compare_editions(text, text, text) IS
'What differs between two editions of an act, part by part: kind is the section of the document, '
'what the key that changed, "added", "removed", or "order" for steps and terms whose place among '
'the others changed. An absent value means its default. Error 42704: no such edition.';
