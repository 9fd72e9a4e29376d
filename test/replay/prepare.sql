-- Schema replay: what all five logs share. A log is turned into rows of replay.step by its own
-- file; here are the judge (what the mapping allows, computed without the engine), the driver (one
-- loop that plays the steps through the public functions) and the book-keeping of criteria.
--
-- Hazard that shaped it: a judge that reads the act it judges proves nothing. replay.machine is
-- written in the words of state_map.csv and never looks at a table of schema osm.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

CREATE EXTENSION IF NOT EXISTS osm_workflow;
SELECT osm.install() \g /dev/null
SELECT osm.install_preset('around-the-clock') \g /dev/null

CREATE SCHEMA replay;
SET search_path = replay, pg_catalog;

-- Bodies of a log: one per group, queue or service; code and login are made from the rank.
CREATE TABLE body (
    log text, name text, code text, login text, parent text, title text,
    PRIMARY KEY (log, name));

-- Every row of a source, with what it was before it was mapped.
CREATE UNLOGGED TABLE source_row (
    log text, row_no bigint, incident text, original text,
    PRIMARY KEY (log, row_no));

-- The mapped steps. mapped: the word of the map; implied: the map is silent and the step follows
-- from it (README.md).
CREATE UNLOGGED TABLE mapped (
    log text NOT NULL, incident text NOT NULL, row_no bigint NOT NULL, part integer NOT NULL,
    at timestamptz NOT NULL, mapped text NOT NULL, action text NOT NULL, login text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}', implied boolean NOT NULL DEFAULT false);

-- Those that are played, in their order, with the judge's verdict: state, legal, why.
CREATE UNLOGGED TABLE step (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log text NOT NULL, incident text NOT NULL, row_no bigint NOT NULL, part integer NOT NULL,
    at timestamptz NOT NULL, mapped text NOT NULL, action text NOT NULL, login text NOT NULL,
    details jsonb NOT NULL, implied boolean NOT NULL,
    state text, legal boolean, why text,
    UNIQUE (log, row_no, part));

-- What the engine did. code is null for an accepted step.
CREATE UNLOGGED TABLE outcome (
    id bigint PRIMARY KEY, code text, state text, due_at timestamptz, message text);

CREATE UNLOGGED TABLE incident (
    log text, incident text, id bigint NOT NULL,
    PRIMARY KEY (log, incident));

CREATE TABLE run (
    log text PRIMARY KEY, regulation text, authority text, steps bigint, seconds numeric);

CREATE TABLE criterion (
    number integer GENERATED ALWAYS AS IDENTITY, log text, what text, passed boolean, figures text);

-- Lines of a log's table besides the ones every log has.
CREATE TABLE figure (log text, part integer, name text, value text);

-- The mapping's own machine, see servicenow.sql and its brothers.
CREATE TABLE machine (
    log text, from_state text, mapped text, to_state text,
    PRIMARY KEY (log, from_state, mapped));

CREATE TYPE standing AS (state text, legal boolean, why text);

-- advance: the judge's state function. An illegal step leaves the state as it was.
CREATE FUNCTION advance(p standing, p_log text, p_mapped text) RETURNS standing
LANGUAGE plpgsql STABLE AS $$
DECLARE
    target text;
BEGIN
    SELECT m.to_state INTO target FROM replay.machine m
    WHERE m.log = p_log AND m.from_state = coalesce(p.state, '') AND m.mapped = p_mapped;
    IF FOUND THEN
        RETURN ROW (target, true, NULL)::replay.standing;
    END IF;
    RETURN ROW (p.state, false, CASE
        WHEN p_mapped = 'unknown' THEN 'unknown state'
        WHEN p.state = 'closed' AND p_mapped = 'rework' THEN 'reopening after close'
        WHEN p.state = 'closed' THEN 'step on a closed incident'
        WHEN p_mapped = 'closed' THEN 'closed without an approved answer'
        ELSE p_mapped || ' while ' || p.state END)::replay.standing;
END $$;

CREATE AGGREGATE walk(text, text) (SFUNC = replay.advance, STYPE = replay.standing);

-- judge: gives every mapped step the judge's verdict and takes over into replay.step those of every
-- nth incident and of every incident in which the map calls a step illegal.
CREATE PROCEDURE judge(p_log text, nth integer) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE judged ON COMMIT DROP AS
        SELECT *, replay.walk(log, mapped) OVER (
            PARTITION BY incident ORDER BY row_no, part) AS verdict
        FROM replay.mapped WHERE log = p_log;
    CREATE TEMP TABLE kept ON COMMIT DROP AS
        SELECT incident FROM (
            SELECT incident, row_number() OVER (ORDER BY min(row_no)) AS ordinal
            FROM replay.source_row WHERE log = p_log GROUP BY incident) i
        WHERE ordinal % nth = 1 % nth
        UNION SELECT incident FROM judged WHERE NOT (verdict).legal;
    INSERT INTO replay.step (log, incident, row_no, part, at, mapped, action, login, details,
        implied, state, legal, why)
    SELECT log, incident, row_no, part, at, mapped, action, login, details, implied,
        (verdict).state, (verdict).legal, (verdict).why
    FROM judged JOIN kept USING (incident) ORDER BY at, row_no, part;
    DELETE FROM replay.source_row
    WHERE log = p_log AND incident NOT IN (SELECT incident FROM kept);
    ANALYZE replay.mapped;
    ANALYZE replay.step;
    ANALYZE replay.source_row;
END $$;

-- authority_document: the log's bodies with one official each, a desk and a reviewer.
CREATE FUNCTION authority_document(p_log text, executing text, desk text[], reviewer text[])
RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'code', 'replay-' || p_log, 'title', 'Журнал ' || p_log, 'title_en', 'Log ' || p_log,
        'regulations', jsonb_build_object('replay-' || p_log,
            jsonb_build_object(executing, jsonb_agg(code ORDER BY code))),
        'bodies', jsonb_agg(jsonb_build_object('code', code, 'title', title, 'title_en', title,
            'kind', 'department', 'parent', coalesce(parent, 'replay-' || p_log))
            ORDER BY parent NULLS FIRST, code),
        'officials', jsonb_agg(jsonb_build_object('login', login, 'name', title,
            'appointments', jsonb_build_array(jsonb_build_object(
                'body', code, 'role', executing, 'from', '2000-01-01'))) ORDER BY code)
            || (SELECT jsonb_agg(jsonb_build_object(
                    'login', p_log || '.' || w.login, 'name', w.login,
                    'appointments', (SELECT jsonb_agg(jsonb_build_object(
                        'body', 'replay-' || p_log, 'role', r, 'from', '2000-01-01'))
                        FROM unnest(w.roles) r)))
                FROM (VALUES ('desk', desk), ('reviewer', reviewer)) w (login, roles)))
    FROM replay.body WHERE log = p_log;
$$;

-- define: what a replay needs, all of it documents.
CREATE FUNCTION define(document jsonb, authority jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT osm.define_calendar(c->>'name', c - 'name')
    FROM jsonb_array_elements(document->'calendars') c;
    SELECT osm.define_regulation(document->'regulation');
    SELECT osm.define_authority(authority);
$$;

-- learn: what autovacuum would do, did it hear of the rows before the CALL ends. Without it a
-- session keeps the plans it made while the tables were empty.
CREATE PROCEDURE learn() LANGUAGE plpgsql AS $$
BEGIN
    ANALYZE osm.incident;
    ANALYZE osm.event;
    ANALYZE osm.assignment;
    ANALYZE osm.reply;
    ANALYZE osm.review;
    ANALYZE osm.clock;
    ANALYZE osm.clock_segment;
    ANALYZE osm.body;
    ANALYZE osm.official;
    ANALYZE osm.appointment;
END $$;

-- play: every step of a log in global time order, each in a subtransaction of its own, committed
-- in batches; one's time is what osm.now() says while it is taken.
CREATE PROCEDURE play(p_log text, regulation text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
    s record;
    took osm.step;
    target bigint;
    authority text := 'replay-' || p_log;
    code text;
    message text;
    n bigint := 0;
    began timestamptz := clock_timestamp();
BEGIN
    regulation := coalesce(regulation, authority);
    FOR s IN SELECT * FROM replay.step WHERE log = p_log ORDER BY id LOOP
        PERFORM set_config('osm_workflow.simulated_now', s.at::text, true);
        PERFORM osm.act_as(s.login, authority);
        took := NULL;
        code := NULL;
        message := NULL;
        BEGIN
            IF s.action = 'register' THEN
                target := osm.register(regulation, s.details);
                INSERT INTO replay.incident VALUES (p_log, s.incident, target);
                SELECT i.state INTO took.state FROM osm.incident i WHERE i.id = target;
            ELSE
                SELECT i.id INTO STRICT target FROM replay.incident i
                WHERE i.log = p_log AND i.incident = s.incident;
                took := osm.perform(target, s.action, s.details);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        END;
        INSERT INTO replay.outcome VALUES (s.id, code, took.state, took.due_at, message);
        n := n + 1;
        IF n = 500 OR n % 5000 = 0 THEN
            CALL replay.learn();
        END IF;
        IF n % 500 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
    COMMIT;
    INSERT INTO replay.run VALUES (p_log, regulation, authority, n,
        extract(epoch FROM clock_timestamp() - began));
END $$;

-- state: writes down a criterion; one that cannot be decided has failed.
CREATE FUNCTION state(p_log text, what text, passed boolean, figures text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO replay.criterion (log, what, passed, figures)
    VALUES (p_log, what, coalesce(passed, false), figures);
$$;

-- compare: the criteria every log has to meet, whatever else it proves.
CREATE PROCEDURE compare(p_log text, judge text DEFAULT 'map') LANGUAGE plpgsql AS $$
DECLARE
    f record;
BEGIN
    SELECT count(*) FILTER (WHERE o.code IS NULL) AS accepted,
        count(*) FILTER (WHERE o.code = 'OW001') AS refused,
        count(*) FILTER (WHERE s.legal AND o.code IS NOT NULL
            OR NOT s.legal AND o.code IS DISTINCT FROM 'OW001') AS wrong,
        count(*) FILTER (WHERE s.legal AND o.code IS NULL AND s.state <> o.state) AS elsewhere,
        count(*) AS steps
    INTO f FROM replay.step s LEFT JOIN replay.outcome o USING (id) WHERE s.log = p_log;
    PERFORM replay.state(p_log, 'every step gets the verdict of the ' || judge,
        f.wrong = 0 AND f.steps > 0,
        format('%s accepted, %s refused with OW001, %s otherwise', f.accepted, f.refused, f.wrong));
    PERFORM replay.state(p_log, 'every accepted step leads to the state of the ' || judge,
        f.elsewhere = 0, format('%s of %s elsewhere', f.elsewhere, f.accepted));

    SELECT count(*) AS rows, count(*) FILTER (WHERE v.refused > 0) AS refused,
        count(*) FILTER (WHERE v.refused = 0 AND v.played = v.steps) AS accepted,
        count(*) FILTER (WHERE v.row_no IS NULL) AS none,
        (SELECT count(*) FROM replay.incident i WHERE i.log = p_log) AS incidents,
        (SELECT count(*) FROM replay.incident i
            LEFT JOIN (SELECT incident_id, count(*) AS n, max(seq) AS last
                FROM osm.event GROUP BY 1) e ON e.incident_id = i.id
            LEFT JOIN (SELECT s.incident, count(*) AS n
                FROM replay.step s JOIN replay.outcome o USING (id)
                WHERE s.log = p_log AND o.code IS NULL GROUP BY 1) s ON s.incident = i.incident
            WHERE i.log = p_log
                AND (e.n IS DISTINCT FROM s.n OR e.last IS DISTINCT FROM s.n)) AS differ
    INTO f FROM replay.source_row r
    LEFT JOIN (SELECT s.row_no, count(*) AS steps, count(o.id) AS played, count(o.code) AS refused
               FROM replay.step s LEFT JOIN replay.outcome o USING (id)
               WHERE s.log = p_log GROUP BY s.row_no) v ON v.row_no = r.row_no
    WHERE r.log = p_log;
    PERFORM replay.state(p_log, 'no source row is lost',
        f.accepted + f.refused + f.none = f.rows AND f.differ = 0 AND f.incidents =
            (SELECT count(DISTINCT incident) FROM replay.source_row WHERE log = p_log),
        format('%s rows = %s accepted + %s refused + %s without a step; '
            '%s incidents, %s with other events',
            f.rows, f.accepted, f.refused, f.none, f.incidents, f.differ));

    SELECT count(*) AS broken INTO f FROM replay.incident
    WHERE log = p_log AND osm.verify_chain(id) IS NOT NULL;
    PERFORM replay.state(p_log, 'every chain of evidence verifies', f.broken = 0,
        format('%s broken', f.broken));
END $$;

-- ratings: the quarters with most answers due, the best rated first.
CREATE FUNCTION ratings(p_log text) RETURNS TABLE (n bigint, name text, value text)
LANGUAGE sql STABLE AS $$
    SELECT row_number() OVER (ORDER BY score_exact DESC, answers_due DESC),
        format('rating of %s, %s', left(body, 34), to_char(quarter, 'YYYY "Q"Q')),
        format('%s %s: %s of %s in time, %s of %s drafts accepted at once', score, zone,
            answers_in_time, answers_due, drafts_first_time, drafts_decided)
    FROM (SELECT r.* FROM replay.run u JOIN osm.body a ON a.code = u.authority
          JOIN osm.rating r ON r.authority_id = a.id AND r.regulation = u.regulation
          WHERE u.log = p_log AND r.score IS NOT NULL
          ORDER BY r.answers_due DESC, r.body, r.quarter LIMIT 10) r;
$$;
