-- The runs of the logs under acts of the presets: tables and functions that act_read.sql fills from
-- an act's document and act_play.sql uses.
--
-- Hazard that shaped it: who asks the engine what it made of the document compares the engine with
-- itself. So machine, terms and open hours are read from the document's text by plain SQL.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET search_path = replay, pg_catalog;

CREATE TABLE act (act text PRIMARY KEY, document jsonb NOT NULL);

-- A step the act allows: where it leads, whose it is, what it needs. from_state is '' for the first.
CREATE TABLE act_machine (
    act text, action text, from_state text, reply_kind text, to_state text, role text,
    details jsonb, PRIMARY KEY (act, action, from_state, reply_kind));

-- A term in seconds, with the actions (or action/kind) that move it.
CREATE TABLE act_term (
    act text, rule text, calendar text, term numeric, starts text[], stops text[], cancels text[],
    pauses text[], resumes text[], PRIMARY KEY (act, rule));

-- Open hours, in seconds of the epoch, with the open time before each.
CREATE TABLE open_hours (
    calendar text, opens numeric, closes numeric, before numeric, PRIMARY KEY (calendar, opens));
CREATE UNIQUE INDEX ON open_hours (calendar, before);

-- listed: the first code of one of the act's lists of reasons.
CREATE FUNCTION listed(document jsonb, list text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT r->>'code' FROM jsonb_array_elements(document->'reasons') WITH ORDINALITY r (r, n)
    WHERE r->>'list' = list ORDER BY n LIMIT 1;
$$;

-- holds: whether a rule with this applies_when is meant: all messages played are ordinary incidents
-- of one body, none answered before, with no interim reply.
CREATE FUNCTION holds(applies_when jsonb, reply_kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(bool_and(CASE jsonb_typeof(c.value)
        WHEN 'array' THEN c.value ELSE jsonb_build_array(c.value) END
        ? coalesce(f.facts->>c.key, '-')), true)
    FROM (SELECT jsonb_build_object('kind', 'incident', 'importance', 'normal', 'urgent', 'no',
            'bodies', 'one', 'assignment_role', 'sole', 'repeat', 'no', 'interim', 'none',
            'reply_kind', reply_kind)) f (facts),
        jsonb_each(applies_when) c;
$$;

-- names: the texts of a list, none where there is no list.
CREATE FUNCTION names(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(n), '{}') FROM jsonb_array_elements_text(list) n;
$$;

-- before, state: around the last step; holder: the body it was routed to; kind: of the reply.
CREATE TYPE act_standing AS (before text, state text, holder text, kind text, legal boolean);

-- advance_act: the state function of an act. A step it does not allow changes nothing.
CREATE FUNCTION advance_act(p act_standing, p_act text, p_action text, p_kind text, p_body text)
RETURNS act_standing LANGUAGE plpgsql STABLE AS $$
DECLARE
    target text;
BEGIN
    SELECT m.to_state INTO target FROM replay.act_machine m
    WHERE m.act = p_act AND m.action = p_action AND m.from_state = coalesce(p.state, '')
        AND m.reply_kind = coalesce(p_kind, p.kind, 'answer');
    IF NOT FOUND THEN
        RETURN ROW (p.state, p.state, p.holder, p.kind, false)::replay.act_standing;
    END IF;
    RETURN ROW (p.state, target, coalesce(p_body, p.holder), coalesce(p_kind, p.kind), true)
        ::replay.act_standing;
END $$;

CREATE AGGREGATE walk_act(text, text, text, text) (
    SFUNC = replay.advance_act, STYPE = replay.act_standing);

-- appointed: an official with one appointment.
CREATE FUNCTION appointed(login text, body text, role text) RETURNS jsonb LANGUAGE sql IMMUTABLE
AS $$
    SELECT jsonb_build_object('login', login, 'name', login, 'appointments',
        jsonb_build_array(jsonb_build_object('body', body, 'role', role, 'act_ref', '1',
            'from', '2000-01-01')));
$$;

-- act_authority: the bodies of a run, an executor in each, and one official for every other role.
CREATE FUNCTION act_authority(p_run text, p_act text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'code', 'replay-' || p_run, 'title', 'Журнал ' || p_run, 'title_en', 'Log ' || p_run,
        'regulations', jsonb_build_object((SELECT document->>'code' FROM replay.act
            WHERE act = p_act), jsonb_build_object('executor', jsonb_agg(code ORDER BY code))),
        'bodies', jsonb_agg(jsonb_build_object('code', code, 'title', title, 'title_en', title,
            'kind', 'department', 'parent', 'replay-' || p_run) ORDER BY code),
        'officials', jsonb_agg(replay.appointed(login, code, 'executor') ORDER BY code)
            || (SELECT jsonb_agg(replay.appointed(role, 'replay-' || p_run, role))
                FROM (SELECT DISTINCT role FROM replay.act_machine
                      WHERE act = p_act AND role <> 'executor') r))
    FROM replay.body WHERE log = p_run;
$$;

-- open_before: open time before an instant, counted from where the hours begin.
CREATE FUNCTION open_before(p_calendar text, instant numeric) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT before + least(instant, closes) - opens FROM replay.open_hours
    WHERE calendar = p_calendar AND opens <= instant ORDER BY opens DESC LIMIT 1;
$$;

-- end_of: the earliest instant with so much open time before it.
CREATE FUNCTION end_of(p_calendar text, open numeric) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT opens + open - before FROM replay.open_hours
    WHERE calendar = p_calendar AND before < open ORDER BY before DESC LIMIT 1;
$$;

-- due_of: the end of a term; what stood still within it is added, what came later is not.
CREATE FUNCTION due_of(calendar text, started numeric, term numeric, pauses numeric[],
                       resumes numeric[]) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
DECLARE
    due numeric := replay.end_of(calendar, replay.open_before(calendar, started) + term);
BEGIN
    FOR i IN 1 .. coalesce(cardinality(resumes), 0) LOOP
        IF pauses[i] <= due THEN
            due := replay.end_of(calendar, replay.open_before(calendar, due)
                + replay.open_before(calendar, resumes[i])
                - replay.open_before(calendar, pauses[i]));
        END IF;
    END LOOP;
    RETURN due;
END $$;
