-- What is wrong with a regulation document, before any row of it is written.
--
-- The hazard that shaped it: a machine with a state nobody can leave, or a term nothing can stop,
-- is found out months later by the citizen who waits. Everything that can be proved from the
-- document alone is proved when it is loaded: shape, names, then machine, terms and clauses.

CREATE FUNCTION osm.check_regulation(document jsonb)
RETURNS TABLE (severity text, clause text, finding text, hint text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $osm_function$
DECLARE
    complete jsonb;
BEGIN
    -- Without jit: compiling these statements would take a hundred times longer than running them.
    RETURN QUERY
    SELECT 'error', NULL::text, s.finding, s.hint FROM osm.check_regulation_shape(document) AS s;
    IF FOUND THEN
        RETURN;
    END IF;
    complete := osm.complete_regulation(document);
    RETURN QUERY
    SELECT 'error', n.clause, n.finding, n.hint FROM osm.check_regulation_names(complete) AS n;
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT * FROM osm.check_regulation_machine(complete)
    UNION ALL
    SELECT * FROM osm.check_regulation_steps(complete)
    UNION ALL
    SELECT * FROM osm.check_regulation_sense(complete)
    UNION ALL
    SELECT * FROM osm.check_regulation_clocks(complete)
    UNION ALL
    SELECT * FROM osm.check_regulation_runs(complete)
    UNION ALL
    SELECT * FROM osm.check_regulation_duties(complete)
    UNION ALL
    SELECT * FROM osm.check_regulation_clauses(complete);
END
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation(jsonb) IS
'What is wrong with a regulation document: errors, which osm.define_regulation() refuses, and '
'warnings, each with the clause it concerns and what to do. No row: the document is sound.';

CREATE FUNCTION osm.check_regulation_shape(document jsonb)
RETURNS TABLE (finding text, hint text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    part record;
BEGIN
    IF document IS NULL OR jsonb_typeof(document) <> 'object' THEN
        finding := 'the document must be an object';
        hint := 'It begins with {"code": …, "edition": …, "title": …}.';
        RETURN NEXT;
        RETURN;
    END IF;
    FOR part IN
        SELECT f.section, string_agg(f.key, ', ') AS keys, array_agg(f.key) AS key_list
        FROM osm.regulation_format() AS f GROUP BY f.section
        ORDER BY min(f.section) <> '', f.section
    LOOP
        -- The inner objects of the document are typed keys: those say it themselves.
        RETURN QUERY
        SELECT format('%s must be an object', i.path), format('Its keys are: %s.', part.keys)
        FROM osm.regulation_items(document, part.section) AS i
        WHERE jsonb_typeof(i.item) <> 'object' AND i.number > 0;
        RETURN QUERY
        SELECT format('%s is not a key of the format', concat_ws('.', nullif(i.path, ''), k)),
               format('The keys here are: %s.', part.keys)
        FROM osm.regulation_items(document, part.section) AS i,
             jsonb_object_keys(CASE jsonb_typeof(i.item) WHEN 'object' THEN i.item END) AS k
        WHERE k <> ALL (part.key_list) ORDER BY i.number, k;
        RETURN QUERY
        SELECT format('%s %s', concat_ws('.', nullif(v.path, ''), v.key), v.fault),
               CASE v.fault WHEN 'is missing' THEN 'This key has no default.' END
        FROM (SELECT i.number, i.path, f.key, CASE
                         WHEN coalesce(jsonb_typeof(i.item -> f.key), 'null') <> 'null' THEN
                             osm.regulation_value_fault(f.type, f.accepted, i.item -> f.key)
                         WHEN f.required THEN 'is missing' END AS fault
              FROM osm.regulation_items(document, part.section) AS i,
                   osm.regulation_format() AS f
              WHERE f.section = part.section AND jsonb_typeof(i.item) = 'object') AS v
        WHERE v.fault IS NOT NULL
        ORDER BY v.number, v.key;
    END LOOP;
END
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_shape(jsonb) IS
'Unknown, missing and mistyped keys of a regulation document, each by its path.';

CREATE FUNCTION osm.check_regulation_names(complete jsonb)
RETURNS TABLE (clause text, finding text, hint text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    -- Every name that is defined, and every place that refers to one.
    WITH defined (section, name, path) AS (
        SELECT d.section, i.item ->> d.key, i.path
        FROM (VALUES ('clauses', 'path'), ('roles', 'name'), ('states', 'name'),
                     ('actions', 'name'), ('clocks', 'name'), ('contents', 'name'),
                     ('channels', 'channel'), ('duties', 'name'), ('rating.parts', 'part'),
                     ('rating.zones', 'zone')) AS d (section, key),
             osm.regulation_items(complete, d.section) AS i
        UNION ALL
        SELECT 'reasons', concat_ws('/', i.item ->> 'list', i.item ->> 'code'), i.path
        FROM osm.regulation_items(complete, 'reasons') AS i
        UNION ALL
        SELECT DISTINCT 'lists of reasons', i.item ->> 'list', 'reasons'
        FROM osm.regulation_items(complete, 'reasons') AS i
        UNION ALL
        SELECT 'rating.zones (lowest)', i.item ->> 'lowest', i.path
        FROM osm.regulation_items(complete, 'rating.zones') AS i
    ), referred (clause, path, section, name) AS (
        SELECT i.item ->> 'clause', i.path || '.clause', 'clauses', i.item ->> 'clause'
        FROM unnest('{roles,transitions,clocks,contents,reasons,channels,duties,rating.parts}'
                    ::text[]) AS s,
             osm.regulation_items(complete, s) AS i
        UNION ALL
        SELECT i.item ->> 'clause', i.path || '.' || d.key, d.section, i.item ->> d.key
        FROM (VALUES ('transitions', 'action', 'actions'), ('transitions', 'from', 'states'),
                     ('transitions', 'to', 'states'), ('clocks', 'anchor', 'clocks'),
                     ('clocks', 'share_of', 'clocks'), ('clocks', 'on_due', 'actions'),
                     ('clocks', 'responsible', 'roles'), ('duties', 'responsible', 'roles'))
                 AS d (home, key, section),
             osm.regulation_items(complete, d.home) AS i
        UNION ALL
        SELECT i.item ->> 'clause', i.path || '.' || d.key, d.section, split_part(v, '/', 1)
        FROM (VALUES ('transitions', 'role', 'roles'), ('actions', 'notifies', 'roles'),
                     ('clocks', 'starts_on', 'actions'), ('clocks', 'stops_on', 'actions'),
                     ('clocks', 'cancels_on', 'actions'), ('clocks', 'pauses_on', 'actions'),
                     ('clocks', 'resumes_on', 'actions'), ('contents', 'applies_to', 'actions'),
                     ('duties', 'starts_on', 'actions'), ('duties', 'stops_on', 'actions'),
                     ('duties', 'recorded_by', 'roles'), ('duties', 'channels', 'channels'))
                 AS d (home, key, section),
             osm.regulation_items(complete, d.home) AS i,
             jsonb_array_elements_text(i.item -> d.key) AS v
        UNION ALL
        SELECT i.item ->> 'clause', i.path || '.' || d.key, 'lists of reasons', substr(v, 8)
        FROM (VALUES ('transitions', 'requires'), ('duties', 'requires'), ('duties', 'expects'))
                 AS d (home, key),
             osm.regulation_items(complete, d.home) AS i,
             jsonb_array_elements_text(i.item -> d.key) AS v
        WHERE v LIKE 'reason:%'
    )
    SELECT NULL, format('%s: "%s" is there twice', min(d.path), d.name),
           format('Names in %s are unique.', d.section)
    FROM defined AS d GROUP BY d.section, d.name HAVING count(*) > 1
    UNION ALL
    SELECT r.clause, format('%s: "%s" is not in %s', r.path, r.name, r.section),
           CASE r.section
               WHEN 'lists of reasons' THEN 'A list that a step demands has at least one reason.'
               ELSE format('Add it to %s or correct the name.', r.section) END
    FROM referred AS r LEFT JOIN defined AS d ON d.section = r.section AND d.name = r.name
    WHERE r.name IS NOT NULL AND d.name IS NULL
    UNION ALL
    SELECT i.item ->> 'clause', format('%s.%s: "%s" names no kind of step', i.path, k, v),
           'Kinds of reply are answer, interim and clarification; where bodies get the work, it is '
           'one or several.'
    FROM (VALUES ('clocks', '{starts_on,stops_on,cancels_on,pauses_on,resumes_on}'::text[]),
                 ('contents', '{applies_to}')) AS d (home, keys),
         osm.regulation_items(complete, d.home) AS i, unnest(d.keys) AS k,
         jsonb_array_elements_text(i.item -> k) AS v
    WHERE v LIKE '%/%'
      AND split_part(v, '/', 2) <> ALL (
          CASE WHEN EXISTS (
                   SELECT FROM osm.regulation_items(complete, 'actions') AS a
                   WHERE a.item ->> 'name' = split_part(v, '/', 1)
                     AND a.item ->> 'effect' = 'assign')
               THEN '{one,several}'::text[] ELSE '{answer,interim,clarification}' END)
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_names(jsonb) IS
'Names of a complete regulation document that are there twice, references to names that are not.';

CREATE FUNCTION osm.regulation_steps(complete jsonb)
RETURNS TABLE (number bigint, path text, action text, effect text, from_state text, to_state text,
               roles text[], requires text[], applies_when jsonb, clause text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 40
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    SELECT i.number, i.path, i.item ->> 'action', a.item ->> 'effect', i.item ->> 'from',
           i.item ->> 'to',
           ARRAY(SELECT v FROM jsonb_array_elements_text(i.item -> 'role') AS v ORDER BY 1),
           ARRAY(SELECT v FROM jsonb_array_elements_text(i.item -> 'requires') AS v ORDER BY 1),
           i.item -> 'applies_when', i.item ->> 'clause'
    FROM osm.regulation_items(complete, 'transitions') AS i
    JOIN osm.regulation_items(complete, 'actions') AS a ON a.item ->> 'name' = i.item ->> 'action'
$osm_function$;
COMMENT ON FUNCTION osm.regulation_steps(jsonb) IS
'The transitions of a complete regulation document with their effects; roles and data sorted.';

CREATE FUNCTION osm.condition_accepts(accepted jsonb, value text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN accepted OPERATOR(pg_catalog.?) coalesce(value, '-')
    OR (value IS NOT NULL AND accepted OPERATOR(pg_catalog.?) '*')
    OR (NOT accepted OPERATOR(pg_catalog.?) pg_catalog.concat('!', coalesce(value, '-'))
        AND EXISTS (SELECT FROM pg_catalog.jsonb_array_elements_text(accepted) AS v
                    WHERE pg_catalog.starts_with(v, '!')));
COMMENT ON FUNCTION osm.condition_accepts(jsonb, text) IS
'Whether a list of applies_when accepts a value, null for none: "*" is any value, "-" none, "!x" '
'whatever is not x.';

CREATE FUNCTION osm.conditions_overlap(one jsonb, other jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    -- Besides the values named on either side there is none at all, and one that nobody names.
    SELECT NOT EXISTS (
        SELECT FROM jsonb_object_keys(one) AS k
        WHERE other ? k
          AND NOT EXISTS (
              SELECT
              FROM (SELECT nullif(ltrim(x, '!'), '-')
                    FROM jsonb_array_elements_text((one -> k) || (other -> k)) AS x
                    UNION ALL VALUES (NULL), ('!')) AS v (value)
              WHERE osm.condition_accepts(one -> k, v.value)
                AND osm.condition_accepts(other -> k, v.value)))
$osm_function$;
COMMENT ON FUNCTION osm.conditions_overlap(jsonb, jsonb) IS
'Whether one incident and step can meet both conditions.';

CREATE FUNCTION osm.step_matches(entry text, action text, applies_when jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    SELECT split_part(entry, '/', 1) = action
        AND (entry NOT LIKE '%/%'
             OR osm.conditions_overlap(
                    jsonb_build_object(
                        CASE WHEN split_part(entry, '/', 2) IN ('one', 'several')
                             THEN 'bodies' ELSE 'reply_kind' END,
                        jsonb_build_array(split_part(entry, '/', 2))),
                    applies_when))
$osm_function$;
COMMENT ON FUNCTION osm.step_matches(text, text, jsonb) IS
'Whether an entry such as "post/interim" can mean a transition of that action and condition.';

CREATE FUNCTION osm.check_regulation_machine(complete jsonb)
RETURNS TABLE (severity text, clause text, finding text, hint text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    WITH RECURSIVE state (name, kind) AS (
        SELECT i.item ->> 'name', i.item ->> 'kind'
        FROM osm.regulation_items(complete, 'states') AS i
    ), step AS (
        SELECT * FROM osm.regulation_steps(complete)
    ), reached (name) AS (
        SELECT s.name FROM state AS s WHERE s.kind = 'initial'
        UNION
        SELECT t.to_state FROM reached AS r JOIN step AS t ON t.from_state = r.name
        WHERE t.to_state IS NOT NULL
    ), ending (name) AS (
        SELECT s.name FROM state AS s WHERE s.kind IN ('final', 'forbidden')
        UNION
        SELECT t.from_state FROM ending AS e JOIN step AS t ON t.to_state = e.name
        WHERE t.from_state IS NOT NULL
    )
    SELECT 'error', NULL::text, format('there are %s initial states', count(*)),
           'Exactly one state is of kind initial: a registered incident starts there.'
    FROM state AS s WHERE s.kind = 'initial' HAVING count(*) <> 1
    UNION ALL
    SELECT 'error', NULL, format('%s actions have the effect register', count(*)),
           'Exactly one action registers: from no state to the initial one.'
    FROM osm.regulation_items(complete, 'actions') AS i
    WHERE i.item ->> 'effect' = 'register' HAVING count(*) <> 1
    UNION ALL
    SELECT 'error', i.item ->> 'clause', format('action "%s" has no transition', i.item ->> 'name'),
           'Add a transition or remove the action: nobody could ever take it.'
    FROM osm.regulation_items(complete, 'actions') AS i
    WHERE NOT EXISTS (SELECT FROM step AS t WHERE t.action = i.item ->> 'name')
    UNION ALL
    SELECT 'error', NULL, format('action "%s" has the name of an event that is no step',
                                 i.item ->> 'name'),
           'Choose another: recalculate and excuse are events of the engine.'
    FROM osm.regulation_items(complete, 'actions') AS i
    WHERE i.item ->> 'name' IN ('recalculate', 'excuse')
    UNION ALL
    SELECT 'error', t.clause,
           format('%s: a registration has no state before and leads to the initial state', t.path),
           'Leave out "from" and set "to" to the initial state.'
    FROM step AS t LEFT JOIN state AS s ON s.name = t.to_state
    WHERE t.effect = 'register' AND (t.from_state IS NOT NULL OR s.kind IS DISTINCT FROM 'initial')
    UNION ALL
    SELECT 'error', t.clause, format('%s: "from" is missing', t.path),
           'Only a registration has no state before.'
    FROM step AS t WHERE t.effect <> 'register' AND t.from_state IS NULL
    UNION ALL
    SELECT 'error', t.clause, format('%s: state "%s" is final and has a way out', t.path, s.name),
           'A repeat is a new incident; what may follow is a step without "to" and effect.'
    FROM step AS t JOIN state AS s ON s.name = t.from_state
    WHERE s.kind IN ('final', 'forbidden') AND NOT (t.to_state IS NULL AND t.effect = 'none')
    UNION ALL
    SELECT 'error', NULL, format('state "%s" cannot be reached', s.name),
           'Add a transition that leads there or remove the state.'
    FROM state AS s
    WHERE s.name NOT IN (SELECT r.name FROM reached AS r)
      AND EXISTS (SELECT FROM state AS k WHERE k.kind = 'initial')
    UNION ALL
    SELECT 'error', NULL, format('no final state can be reached from state "%s"', s.name),
           'Add a transition that leads on: an incident would stay there for ever.'
    FROM state AS s WHERE s.name NOT IN (SELECT e.name FROM ending AS e)
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_machine(jsonb) IS
'Findings about states: one beginning, every state reachable, an end reachable from each.';

CREATE FUNCTION osm.check_regulation_steps(complete jsonb)
RETURNS TABLE (severity text, clause text, finding text, hint text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    WITH step AS (
        SELECT * FROM osm.regulation_steps(complete)
    ), list (name) AS (
        SELECT DISTINCT i.item ->> 'list' FROM osm.regulation_items(complete, 'reasons') AS i
    )
    SELECT 'error', b.clause,
           format('%s and %s are ambiguous: action "%s" from state "%s" by the same role',
                  a.path, b.path, b.action, b.from_state),
           'Make their conditions (applies_when) or their roles exclude each other.'
    FROM step AS a JOIN step AS b
        ON a.number < b.number AND a.action = b.action
       AND a.from_state IS NOT DISTINCT FROM b.from_state
    WHERE a.roles && b.roles AND osm.conditions_overlap(a.applies_when, b.applies_when)
    UNION ALL
    SELECT 'error', b.clause,
           format('%s and %s: actions "%s" and "%s" lead from "%s" to "%s" alike',
                  a.path, b.path, a.action, b.action, b.from_state, b.to_state),
           'Two actions between the same two states differ in role or in required data.'
    FROM step AS a JOIN step AS b
        ON a.number < b.number AND a.action <> b.action AND a.from_state = b.from_state
       AND a.to_state = b.to_state
    WHERE a.roles && b.roles AND a.requires = b.requires
      AND osm.conditions_overlap(a.applies_when, b.applies_when)
    UNION ALL
    SELECT 'error', i.item ->> 'clause', format('%s: no transition is a step "%s"', i.path, v),
           'The kind of reply contradicts the conditions of the action''s transitions.'
    FROM osm.regulation_items(complete, 'contents') AS i,
         jsonb_array_elements_text(i.item -> 'applies_to') AS v
    WHERE NOT EXISTS (SELECT FROM step AS t WHERE osm.step_matches(v, t.action, t.applies_when))
    UNION ALL
    SELECT 'error', i.item ->> 'clause',
           format('%s: a rule "%s" %s', i.path, i.item ->> 'check', f.fault), f.hint
    FROM osm.regulation_items(complete, 'contents') AS i,
         LATERAL (VALUES
             ('needs a key', 'Name the part of the reply in "key".',
              i.item ->> 'check' NOT IN ('same_channel', 'known_channel', 'known_account', 'rate')
              AND NOT i.item ? 'key'),
             ('needs a limit', 'Give the number in "limit".',
              i.item ->> 'check' IN ('max_items', 'min_items', 'max_length', 'min_length', 'rate')
              AND NOT i.item ? 'limit'),
             ('has no limit', 'Remove "limit".',
              i.item ->> 'check' NOT IN
                  ('max_items', 'min_items', 'max_length', 'min_length', 'rate')
              AND i.item ? 'limit'),
             ('needs phrases', 'List in "phrases" what the text must not hold.',
              i.item ->> 'check' = 'without_phrases' AND i.item -> 'phrases' = '[]'),
             ('has no phrases', 'Remove "phrases".',
              i.item ->> 'check' <> 'without_phrases' AND i.item -> 'phrases' <> '[]'),
             ('needs "per" and "same"', 'Say within how long, and what the replies share.',
              i.item ->> 'check' = 'rate'
              AND (NOT i.item ? 'per' OR i.item -> 'same' = '[]')),
             ('has no "per" or "same"', 'Remove them.',
              i.item ->> 'check' <> 'rate' AND (i.item ? 'per' OR i.item -> 'same' <> '[]')),
             ('needs a list of reasons named like its key', 'Add the values to reasons.',
              i.item ->> 'check' = 'listed'
              AND NOT EXISTS (SELECT FROM list AS l WHERE l.name = i.item ->> 'key')),
             ('needs channels', 'List the channels of the act.',
              i.item ->> 'check' = 'known_channel' AND complete -> 'channels' = '[]'))
             AS f (fault, hint, holds)
    WHERE f.holds
    UNION ALL
    SELECT 'error', NULL, 'an open and a closed reason share list "' || (i.item ->> 'list') || '"',
           'closed_list is the same for all reasons of a list.'
    FROM osm.regulation_items(complete, 'reasons') AS i
    GROUP BY i.item ->> 'list' HAVING count(DISTINCT i.item -> 'closed_list') > 1
    UNION ALL
    SELECT 'warning', NULL, format('nothing demands a reason of list "%s"', l.name),
           'Name the list in "requires" of a transition: "reason:LIST".'
    FROM list AS l
    WHERE NOT EXISTS (SELECT FROM step AS t WHERE 'reason:' || l.name = ANY (t.requires))
      AND NOT EXISTS (
          SELECT FROM osm.regulation_items(complete, 'contents') AS i
          WHERE i.item ->> 'check' = 'listed' AND i.item ->> 'key' = l.name)
      AND NOT EXISTS (
          SELECT FROM osm.regulation_items(complete, 'duties') AS i
          WHERE (i.item -> 'requires') || (i.item -> 'expects') ? ('reason:' || l.name))
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_steps(jsonb) IS
'Findings about steps: ambiguous transitions, contents never checked, reasons never asked for.';

CREATE FUNCTION osm.regulation_states_after(complete jsonb, effects text[])
RETURNS SETOF text
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    WITH RECURSIVE step AS (
        SELECT * FROM osm.regulation_steps(complete)
    ), after (name) AS (
        SELECT coalesce(t.to_state, t.from_state) FROM step AS t WHERE t.effect = ANY (effects)
        UNION
        SELECT t.to_state FROM after AS a JOIN step AS t ON t.from_state = a.name
        WHERE t.to_state IS NOT NULL
    )
    SELECT a.name FROM after AS a
$osm_function$;
COMMENT ON FUNCTION osm.regulation_states_after(jsonb, text[]) IS
'The states of a complete regulation document in which a step of one of some effects can have been '
'taken.';

CREATE FUNCTION osm.check_regulation_sense(complete jsonb)
RETURNS TABLE (severity text, clause text, finding text, hint text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    WITH step AS (
        SELECT * FROM osm.regulation_steps(complete)
    ), role (name, scope) AS (
        SELECT i.item ->> 'name', i.item ->> 'scope'
        FROM osm.regulation_items(complete, 'roles') AS i
    ), routed (name) AS (
        SELECT osm.regulation_states_after(complete, '{assign}')
    ), drafted (name) AS (
        SELECT osm.regulation_states_after(complete, '{submit,publish}')
    ), demand AS (
        SELECT t.*, v.key
        FROM step AS t JOIN (VALUES ('assign', 'bodies'), ('set_term', 'clock'),
                                    ('set_term', 'due_at'), ('link_repeat', 'repeat_of'))
                 AS v (effect, key) ON v.effect = t.effect
    )
    SELECT 'warning', t.clause,
           format('%s: nobody could take "%s"%s', t.path, t.action,
                  ' from "' || t.from_state || '"'),
           'Before a step assigns bodies, only roles of scope authority can act.'
    FROM step AS t
    WHERE (t.from_state IS NULL OR t.from_state NOT IN (SELECT r.name FROM routed AS r))
      AND NOT EXISTS (SELECT FROM role AS r
                      WHERE r.name = ANY (t.roles) AND r.scope = 'authority')
    UNION ALL
    SELECT 'warning', t.clause,
           format('%s: no body can have been assigned for "%s" to release', t.path, t.action),
           'Let the step start from a state that follows an assignment.'
    FROM step AS t
    WHERE t.effect IN ('release', 'contribute')
      AND t.from_state NOT IN (SELECT r.name FROM routed AS r)
    UNION ALL
    SELECT 'warning', t.clause,
           format('%s: there is no draft for "%s" to %s', t.path, t.action, t.effect),
           'Let an action with the effect submit lead there, or use the effect publish.'
    FROM step AS t
    WHERE t.effect IN ('endorse', 'approve', 'send_back', 'post')
      AND t.from_state NOT IN (SELECT d.name FROM drafted AS d)
    UNION ALL
    SELECT 'warning', t.clause,
           format('%s.applies_when: no reply can be under way at "%s"', t.path, t.action),
           'Leave out the condition on reply_kind.'
    FROM step AS t
    WHERE t.applies_when ? 'reply_kind' AND t.effect NOT IN ('submit', 'publish')
      AND (t.from_state IS NULL OR t.from_state NOT IN (SELECT d.name FROM drafted AS d))
    UNION ALL
    SELECT 'warning', t.clause,
           format('%s leads to "%s", whose message must not be answered', t.path, t.to_state),
           'Let an answer lead to a state of kind final.'
    FROM step AS t
    JOIN osm.regulation_items(complete, 'states') AS s ON s.item ->> 'name' = t.to_state
    WHERE s.item ->> 'kind' = 'forbidden' AND t.effect IN ('post', 'publish')
    UNION ALL
    SELECT 'warning', t.clause, format('%s.requires: "%s" is no key', t.path, k),
           'Write a key of the details, such as "bodies", or "reason:LIST".'
    FROM step AS t, unnest(t.requires) AS k
    WHERE k ~ '[\s<>=]' AND k NOT LIKE 'reason:%'
    UNION ALL
    SELECT 'warning', t.clause, format('%s.requires: a step gives one reason, not several', t.path),
           'Join the lists, or demand the other value by a content rule "listed".'
    FROM step AS t
    WHERE (SELECT count(*) FROM unnest(t.requires) AS k WHERE k LIKE 'reason:%') > 1
    UNION ALL
    SELECT 'warning', min(d.clause),
           format('%s: "%s" always needs %s', min(d.path), d.action,
                  string_agg(DISTINCT d.key, ', ')),
           'Say so in requires, so that osm.allowed_actions() does.'
    FROM demand AS d WHERE d.key <> ALL (d.requires) GROUP BY d.action
    UNION ALL
    SELECT 'warning', t.clause,
           format('%s.applies_when: nothing makes the step give "%s"', t.path, e.key),
           'Add it to requires, so that osm.allowed_actions() says so, or accept "-", none.'
    FROM step AS t, jsonb_each(t.applies_when) AS e
    WHERE e.key <> ALL ('{reply_kind,bodies,contributions,assignment_role,interim,urgent,repeat,'
                        'topic,place,importance,channel,kind}'::text[] || t.requires)
      AND NOT osm.condition_accepts(e.value, NULL)
    UNION ALL
    SELECT 'warning', c.clause, 'channels: nothing holds messages to the channels of the act',
           'Add a content rule "known_channel", or set others_allowed.'
    FROM (SELECT min(i.item ->> 'clause') AS clause,
                 bool_or((i.item -> 'others_allowed')::boolean) AS open
          FROM osm.regulation_items(complete, 'channels') AS i HAVING count(*) > 0) AS c
    WHERE NOT c.open
      AND NOT EXISTS (SELECT FROM osm.regulation_items(complete, 'contents') AS i
                      WHERE i.item ->> 'check' = 'known_channel')
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_sense(jsonb) IS
'Findings about what can never happen: steps nobody can take, reviews without a draft, conditions '
'that say nothing; and what a reader of the document would expect and it does not say.';

CREATE FUNCTION osm.check_regulation_clocks(complete jsonb)
RETURNS TABLE (severity text, clause text, finding text, hint text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    WITH RECURSIVE step AS (
        SELECT * FROM osm.regulation_steps(complete)
    ), clock AS (
        SELECT i.number, i.path, i.item ->> 'name' AS name, i.item ->> 'anchor' AS anchor,
               i.item ->> 'clause' AS clause, i.item
        FROM osm.regulation_items(complete, 'clocks') AS i
    ), entry AS (
        SELECT c.name, c.path, c.clause, k AS key, v AS entry
        FROM clock AS c,
             unnest('{starts_on,stops_on,cancels_on,pauses_on,resumes_on}'::text[]) AS k,
             jsonb_array_elements_text(c.item -> k) AS v
    ), way (from_state, to_state) AS (
        SELECT s.item ->> 'name', s.item ->> 'name'
        FROM osm.regulation_items(complete, 'states') AS s
        UNION
        SELECT w.from_state, t.to_state
        FROM way AS w JOIN step AS t ON t.from_state = w.to_state WHERE t.to_state IS NOT NULL
    ), chain (name, anchor, length) AS (
        SELECT c.name, c.anchor, 1 FROM clock AS c WHERE c.anchor IS NOT NULL
        UNION
        SELECT h.name, c.anchor, h.length + 1
        FROM chain AS h JOIN clock AS c ON c.name = h.anchor
        WHERE c.anchor IS NOT NULL AND h.length <= (SELECT count(*) FROM clock)
    )
    SELECT 'error', c.clause, format('%s: the anchors of "%s" run in a circle', c.path, c.name),
           'A term counts back from one that does not depend on it.'
    FROM clock AS c
    WHERE EXISTS (SELECT FROM chain AS h WHERE h.name = c.name AND h.anchor = c.name)
    UNION ALL
    SELECT 'error', c.clause,
           format('%s: "%s" comes before its anchor "%s"', c.path, c.name, c.anchor),
           'Put the anchor first.'
    FROM clock AS c JOIN clock AS a ON a.name = c.anchor AND a.number > c.number
    WHERE NOT EXISTS (SELECT FROM chain AS h WHERE h.name = c.name AND h.anchor = c.name)
    UNION ALL
    SELECT 'error', c.clause, format('%s: "%s" has no term', c.path, c.name),
           'Give "term", "share_of" and "share", or "due_from" where a named date is the end.'
    FROM clock AS c
    WHERE NOT c.item ? 'term' AND NOT c.item ? 'share_of'
      AND (c.anchor IS NOT NULL OR NOT c.item ? 'due_from')
    UNION ALL
    SELECT 'error', c.clause, format('%s: the share of "%s" %s', c.path, c.name, f.fault), f.hint
    FROM clock AS c
    LEFT JOIN clock AS o ON o.name = c.item ->> 'share_of',
         LATERAL (VALUES
             ('is a term of its own besides', 'Leave out "term" and the urgent terms.',
              c.item ? 'share_of'
              AND (c.item ? 'term' OR c.item ? 'urgent_term' OR c.item ? 'urgent_factor')),
             ('needs both "share_of" and "share"', NULL,
              (c.item ? 'share_of') <> (c.item ? 'share')),
             ('has more than four decimals', 'Round it.',
              scale(trim_scale((c.item ->> 'share')::numeric)) > 4),
             ('is one of days', 'Business days cannot be shared; give a term in hours.',
              osm.business_days((o.item ->> 'term')::osm.business_interval) <> 0),
             ('is of a rule without a term of its own', 'Name a rule that has "term".',
              o.name IS NOT NULL AND NOT o.item ? 'term')) AS f (fault, hint, holds)
    WHERE f.holds
    UNION ALL
    SELECT 'error', c.clause,
           format('%s.on_due: nobody can be made to take "%s"', c.path, c.item ->> 'on_due'),
           'The action has no effect and demands nothing.'
    FROM clock AS c JOIN step AS t ON t.action = c.item ->> 'on_due'
    WHERE t.effect <> 'none' OR t.requires <> '{}'
    UNION ALL
    SELECT 'error', e.clause, format('%s.%s: no transition is a step "%s"', e.path, e.key, e.entry),
           'The kind of reply contradicts the conditions of the action''s transitions.'
    FROM entry AS e
    WHERE NOT EXISTS (
        SELECT FROM step AS t WHERE osm.step_matches(e.entry, t.action, t.applies_when))
    UNION ALL
    SELECT 'error', s.clause,
           format('%s: "%s" cannot stop once "%s" has started it in %s', s.path, s.name, s.entry,
                  string_agg(t.path, ', ' ORDER BY t.number)),
           'Name an action in stops_on that can still happen afterwards.'
    FROM entry AS s JOIN step AS t ON osm.step_matches(s.entry, t.action, t.applies_when)
    WHERE s.key = 'starts_on'
      AND NOT EXISTS (
          SELECT FROM entry AS p
          JOIN step AS u ON osm.step_matches(p.entry, u.action, u.applies_when)
          JOIN way AS w ON w.from_state = coalesce(t.to_state, t.from_state)
                       AND w.to_state = u.from_state
          WHERE p.name = s.name AND p.key = 'stops_on')
    GROUP BY s.clause, s.path, s.name, s.entry
    UNION ALL
    SELECT 'error', c.clause, format('%s: "%s" can stand still and never run on', c.path, c.name),
           'Name in resumes_on what ends the pause.'
    FROM clock AS c
    WHERE c.item -> 'pauses_on' <> '[]' AND c.item -> 'resumes_on' = '[]'
    UNION ALL
    SELECT 'error', c.clause,
           format('%s.urgent_factor has more than four decimals', c.path), 'Round it.'
    FROM clock AS c
    WHERE scale(trim_scale((c.item ->> 'urgent_factor')::numeric)) > 4
    UNION ALL
    SELECT 'warning', c.clause, format('%s: no importance makes "%s" urgent', c.path, c.name),
           'List the urgent values in urgent_importance.'
    FROM clock AS c
    WHERE (c.item ? 'urgent_term' OR c.item ? 'urgent_factor')
      AND complete -> 'urgent_importance' = '[]'
    UNION ALL
    SELECT 'warning', NULL, 'no term is owed to the author',
           'Mark the answer''s term with outer_term: it decides overdue, timeliness and rating.'
    WHERE NOT EXISTS (SELECT FROM clock AS c WHERE (c.item -> 'outer_term')::boolean)
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_clocks(jsonb) IS
'Findings about terms: anchors, positive terms, and that every clock can stop whatever started it.';

CREATE FUNCTION osm.check_regulation_runs(complete jsonb)
RETURNS TABLE (severity text, clause text, finding text, hint text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    WITH RECURSIVE step AS (
        SELECT * FROM osm.regulation_steps(complete)
    ), clock AS (
        SELECT i.path, i.item ->> 'name' AS name, i.item ->> 'clause' AS clause, i.item
        FROM osm.regulation_items(complete, 'clocks') AS i
    ), start AS (
        SELECT c.name, t.number, t.effect, t.from_state, t.requires,
               coalesce(t.to_state, t.from_state) AS state
        FROM clock AS c, jsonb_array_elements_text(c.item -> 'starts_on') AS v, step AS t
        WHERE osm.step_matches(v, t.action, t.applies_when)
    ), way (from_state, to_state) AS (
        SELECT s.item ->> 'name', s.item ->> 'name'
        FROM osm.regulation_items(complete, 'states') AS s
        UNION
        SELECT w.from_state, t.to_state
        FROM way AS w JOIN step AS t ON t.from_state = w.to_state WHERE t.to_state IS NOT NULL
    )
    SELECT 'warning', c.clause, format('%s: "%s" %s', c.path, c.name, f.fault), f.hint
    FROM clock AS c,
         LATERAL (VALUES
             ('resumes and never pauses', 'Name in pauses_on what it stands still after.',
              c.item -> 'resumes_on' <> '[]' AND c.item -> 'pauses_on' = '[]'),
             ('ends in a step and is owed to the author', 'Remove outer_term: such a term is no '
                 'breach. The answer''s own term is another clock.',
              c.item ? 'on_due' AND (c.item -> 'outer_term')::boolean),
             ('has both urgent_term and urgent_factor', 'Leave one.',
              c.item ? 'urgent_term' AND c.item ? 'urgent_factor'),
             ('counts back from its anchor, not from a date', 'Remove "counts_from" or "anchor".',
              c.item ? 'anchor' AND c.item ? 'counts_from'),
             ('is one of bodies, and starts before any has the incident',
              'Start it with the assignment or later, or leave out its scope.',
              c.item ->> 'scope' = 'assignment'
              AND NOT EXISTS (
                  SELECT FROM start AS s
                  WHERE s.name = c.name AND (s.effect = 'assign' OR s.from_state IN (
                      SELECT osm.regulation_states_after(complete, '{assign}'))))),
             ('is one of replies, and starts before there is any',
              'Start it with the submission or later, or leave out its scope.',
              c.item ->> 'scope' = 'reply'
              AND NOT EXISTS (
                  SELECT FROM start AS s
                  WHERE s.name = c.name AND (s.effect IN ('submit', 'publish') OR s.from_state IN (
                      SELECT osm.regulation_states_after(complete, '{submit,publish}'))))),
             (format('counts from "%s", which nothing makes the step give',
                     c.item ->> 'counts_from'),
              'Add it to requires; where it is not given, the term counts from the step.',
              c.item ->> 'counts_from' NOT IN ('published_at', 'detected_at', 'recorded_at')
              AND NOT c.item -> 'applies_when' ? (c.item ->> 'counts_from')
              AND NOT EXISTS (SELECT FROM osm.regulation_items(complete, 'contents') AS i
                              WHERE i.item ->> 'check' = 'present'
                                AND i.item ->> 'key' = c.item ->> 'counts_from')
              AND EXISTS (SELECT FROM start AS s
                          WHERE s.name = c.name AND c.item ->> 'counts_from' <> ALL (s.requires))),
             (format('starts before its anchor "%s" can run', c.item ->> 'anchor'),
              'Let it start with or after what starts the anchor.',
              c.item ? 'anchor'
              AND NOT EXISTS (
                  SELECT FROM start AS s JOIN start AS a ON a.name = c.item ->> 'anchor'
                  LEFT JOIN way AS w ON w.from_state = a.state AND w.to_state = s.from_state
                  WHERE s.name = c.name AND (s.number = a.number OR w.to_state IS NOT NULL))),
             (format('ends in "%s", which cannot be taken once it runs', c.item ->> 'on_due'),
              'Add a transition of that action from where the term can end.',
              c.item ? 'on_due'
              AND NOT EXISTS (
                  SELECT FROM start AS s
                  JOIN way AS w ON w.from_state = s.state
                  JOIN step AS t ON t.from_state = w.to_state AND t.action = c.item ->> 'on_due'
                  WHERE s.name = c.name))) AS f (fault, hint, holds)
    WHERE f.holds
    UNION ALL
    SELECT 'warning', c.clause,
           format('%s.warn_before: %s is no less than the term of "%s"', c.path, v, c.name),
           'The warning would come as soon as the term starts.'
    FROM clock AS c, jsonb_array_elements_text(c.item -> 'warn_before') AS v
    WHERE osm.business_days(v::osm.business_interval)
        = osm.business_days((c.item ->> 'term')::osm.business_interval)
      AND osm.business_seconds(v::osm.business_interval)
        >= osm.business_seconds((c.item ->> 'term')::osm.business_interval)
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_runs(jsonb) IS
'Findings about terms that cannot run as they are written: where they start, what they stand on, '
'and what ends them.';

CREATE FUNCTION osm.check_regulation_duties(complete jsonb)
RETURNS TABLE (severity text, clause text, finding text, hint text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    -- Which key says something for which kinds, and for which it must be there.
    WITH meaning (key, kinds, needed_by) AS (VALUES
        ('per', '{publication,report,surge,one_off,check}'::text[],
            '{report,surge}'::text[]),
        ('minimum', '{publication,surge,appointment,deficiency}', '{surge}'),
        ('due_day', '{report}', '{}'),
        ('count_scope', '{publication}', '{}'),
        ('channels', '{account,publication,check}', '{}'),
        ('requires', '{account,publication,check,report,immediate,surge,deficiency,moderation,'
            'one_off,daily,appointment}', '{}'),
        ('expects', '{account,check,moderation,appointment}', '{}'),
        ('starts_on', '{immediate}', '{immediate}'),
        ('stops_on', '{immediate}', '{}'),
        ('applies_when', '{immediate,moderation}', '{}'),
        ('responsible', NULL, '{delivery,appointment,assistance,cover}'),
        ('recorded_by', '{account,publication,check,report,immediate,surge,deficiency,moderation,'
            'one_off,daily}', '{}'))
    SELECT 'error', i.item ->> 'clause',
           format('%s.%s means nothing for a duty of kind %s', i.path, m.key, i.item ->> 'kind'),
           format('It belongs to %s.', array_to_string(m.kinds, ', '))
    FROM osm.regulation_items(complete, 'duties') AS i JOIN meaning AS m
        ON i.item ->> 'kind' <> ALL (m.kinds)
    WHERE coalesce(i.item -> m.key, 'null') NOT IN ('null', '[]', '{}', '"account"')
    UNION ALL
    SELECT 'error', i.item ->> 'clause',
           format('%s: a duty of kind %s needs "%s"', i.path, i.item ->> 'kind', m.key), NULL
    FROM osm.regulation_items(complete, 'duties') AS i JOIN meaning AS m
        ON i.item ->> 'kind' = ANY (m.needed_by)
    WHERE coalesce(i.item -> m.key, 'null') IN ('null', '[]')
    UNION ALL
    SELECT 'error', i.item ->> 'clause', format('%s.%s: "%s" is no key', i.path, k, v),
           'Write a key, "reason:LIST" or "key<=2".'
    FROM osm.regulation_items(complete, 'duties') AS i, unnest('{requires,expects}'::text[]) AS k,
         jsonb_array_elements_text(i.item -> k) AS v
    WHERE v !~ '^[a-z][a-z0-9_]*(<=[0-9]{1,6})?$' AND v NOT LIKE 'reason:%'
    UNION ALL
    SELECT 'warning', i.item ->> 'clause',
           format('%s.due_day: a %s has %s days at most', i.path, d.per, d.days),
           'It is a day of the next period.'
    FROM osm.regulation_items(complete, 'duties') AS i
    JOIN (VALUES ('day', 1), ('week', 7), ('month', 31), ('quarter', 92), ('year', 366))
        AS d (per, days) ON d.per = i.item ->> 'per'
    WHERE (i.item ->> 'due_day')::numeric > d.days
    UNION ALL
    SELECT 'warning', i.item ->> 'clause',
           format('%s.minimum is a number of every period', i.path), 'Give the period in "per".'
    FROM osm.regulation_items(complete, 'duties') AS i
    WHERE i.item ->> 'kind' = 'publication' AND i.item ? 'minimum' AND NOT i.item ? 'per'
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_duties(jsonb) IS
'Findings about duties: keys that mean nothing for their kind, and keys it needs.';

CREATE FUNCTION osm.check_regulation_clauses(complete jsonb)
RETURNS TABLE (severity text, clause text, finding text, hint text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    SELECT CASE WHEN c.item ->> 'answer' ~ '[BL]' THEN 'error' ELSE 'warning' END,
           c.item ->> 'path',
           format('%s: no rule names clause "%s"', c.path, c.item ->> 'path'),
           'Add the rule that expresses it, or answer D where it is text only.'
    FROM osm.regulation_items(complete, 'clauses') AS c
    WHERE c.item ->> 'answer' ~ '[BLGW]'
      AND NOT EXISTS (
          SELECT
          FROM unnest('{roles,transitions,clocks,contents,reasons,channels,duties,rating.parts}'
                      ::text[]) AS s,
               osm.regulation_items(complete, s) AS i
          WHERE i.item ->> 'clause' = c.item ->> 'path')
    UNION ALL
    SELECT 'error', NULL, 'in_force.to is before in_force.from',
           'in_force.to is the last day in force.'
    WHERE (complete #>> '{in_force,to}')::date < (complete #>> '{in_force,from}')::date
    UNION ALL
    SELECT 'error', NULL,
           format('%s.weight has more than four decimals', i.path), 'Round it.'
    FROM osm.regulation_items(complete, 'rating.parts') AS i
    WHERE scale(trim_scale((i.item ->> 'weight')::numeric)) > 4
    UNION ALL
    SELECT 'error', NULL, 'the weights of the rating are all zero', NULL
    FROM osm.regulation_items(complete, 'rating.parts') AS i
    HAVING max((i.item ->> 'weight')::numeric) = 0
    UNION ALL
    SELECT 'error', NULL,
           format('%s.lowest has more than one decimal', i.path),
           'Scores are given to one decimal.'
    FROM osm.regulation_items(complete, 'rating.zones') AS i
    WHERE scale(trim_scale((i.item ->> 'lowest')::numeric)) > 1
    UNION ALL
    SELECT 'warning', NULL, 'scores below the lowest zone of the rating have no zone',
           'Let the lowest zone begin at 0.'
    FROM osm.regulation_items(complete, 'rating.zones') AS i
    HAVING min((i.item ->> 'lowest')::numeric) > 0
$osm_function$;
COMMENT ON FUNCTION osm.check_regulation_clauses(jsonb) IS
'Findings about clauses no rule names, dates in force and rating.';
