-- The one door: the guard of osm.incident and the functions that knock at it.

CREATE FUNCTION osm.guard_incident() RETURNS trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_guard_incident';
COMMENT ON FUNCTION osm.guard_incident() IS
    'Trigger before a row of osm.incident is written: lets pass what the act allows, OW001 to '
    'OW008 otherwise.';

CREATE FUNCTION osm.write_step() RETURNS trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_write_step';
COMMENT ON FUNCTION osm.write_step() IS
    'Trigger after a row of osm.incident is written: checks that it is the row the guard let '
    'pass, writes event, clocks, replies, notifications.';

CREATE FUNCTION osm.refuse_change() RETURNS trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_refuse_change';
COMMENT ON FUNCTION osm.refuse_change() IS 'Trigger of append-only tables: OW008 for everyone.';

CREATE TYPE osm.step AS (
    incident bigint,
    event integer,
    state text,
    clock text,
    due_at timestamptz
);
COMMENT ON TYPE osm.step IS
    'What a step led to: incident, number of the event, state, and the running binding clock due '
    'first.';
COMMENT ON COLUMN osm.step.incident IS 'The incident.';
COMMENT ON COLUMN osm.step.event IS
    'Number of the event the step wrote, counted within the incident.';
COMMENT ON COLUMN osm.step.state IS 'State the incident is in now.';
COMMENT ON COLUMN osm.step.clock IS
    'Rule of the running binding clock that is due first; null if none runs.';
COMMENT ON COLUMN osm.step.due_at IS 'When that clock is due.';

CREATE FUNCTION osm.register(regulation text, message jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    incident_id bigint;
    field text;
BEGIN
    IF jsonb_typeof(message) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'a message must be a JSON object'
            USING ERRCODE = 'OW003', HINT = 'Give {"channel": …, "text": …, "topic": …}.';
    END IF;
    FOREACH field IN ARRAY ARRAY['kind', 'channel', 'url', 'external_id', 'author', 'text', 'topic',
                                 'place', 'importance', 'published_at', 'detected_at', 'repeat_of']
    LOOP
        IF message ->> field IS NULL OR message ->> field !~ '\S' THEN
            message := message - field;
        ELSIF field = 'repeat_of' AND message ->> field !~ '^\d{1,18}$' THEN
            RAISE EXCEPTION '"repeat_of" of a message must be the number of an incident'
                USING ERRCODE = 'OW003', DETAIL = format('Given: %s.', message -> field),
                      HINT = 'Give the id of an earlier incident.';
        ELSIF jsonb_typeof(message -> field) <> 'string'
              AND NOT (field IN ('repeat_of', 'external_id')
                       AND jsonb_typeof(message -> field) = 'number') THEN
            RAISE EXCEPTION '"%" of a message must be a string', field
                USING ERRCODE = 'OW003',
                      DETAIL = format('Given: %s.', jsonb_typeof(message -> field)),
                      HINT = 'Give one text in quotes, or leave the key out.';
        END IF;
    END LOOP;
    BEGIN
        FOREACH field IN ARRAY ARRAY['detected_at', 'published_at'] LOOP
            IF field = 'published_at' AND (message ->> field)::timestamptz > osm.now()
               OR NOT isfinite((message ->> field)::timestamptz) THEN
                RAISE EXCEPTION '"%" must be an instant that has come', field
                    USING ERRCODE = 'OW003', DETAIL = format('Given: %s.', message ->> field),
                          HINT = 'Give when it was, e.g. "2026-11-20 18:00+07".';
            END IF;
        END LOOP;
    EXCEPTION WHEN SQLSTATE '22007' OR SQLSTATE '22008' OR SQLSTATE '22009' OR SQLSTATE '22023' THEN
        RAISE EXCEPTION '"%" must be a timestamp', field
            USING ERRCODE = 'OW003', DETAIL = format('Given: %s.', message ->> field),
                  HINT = 'Give it as text, e.g. "2026-11-20 18:00+07".';
    END;
    INSERT INTO osm.incident AS i
        (regulation, kind, channel, url, external_id, author, text, published_at, detected_at,
         topic, place, importance, repeat_of, details)
    VALUES (regulation, coalesce(message ->> 'kind', 'incident'), message ->> 'channel',
            message ->> 'url', message ->> 'external_id', message ->> 'author', message ->> 'text',
            (message ->> 'published_at')::timestamptz, (message ->> 'detected_at')::timestamptz,
            message ->> 'topic', message ->> 'place', message ->> 'importance',
            (message ->> 'repeat_of')::bigint,
            message - ARRAY['kind', 'channel', 'url', 'external_id', 'author', 'text',
                            'published_at', 'detected_at', 'topic', 'place', 'importance',
                            'repeat_of'])
    RETURNING i.id INTO incident_id;
    RETURN incident_id;
END
$$;
COMMENT ON FUNCTION osm.register(text, jsonb) IS
    'Opens an incident for a message: channel, text, url, external_id, author, published_at, '
    'detected_at (default now), topic, place, importance, kind, repeat_of; other keys stay with '
    'the registration. Returns its id. Errors: 42704, OW002, OW003, OW004, OW006.';

CREATE FUNCTION osm.perform(incident bigint, action text, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_perform';
COMMENT ON FUNCTION osm.perform(bigint, text, jsonb) IS
    'Takes a step on an incident as the current actor. Details: what the act requires (see '
    'osm.allowed_actions()), and occurred_at with backdate_reason where the role may backdate. '
    'Errors: OW001 to OW007, 42704, 55000.';

CREATE FUNCTION osm.allowed_actions(
    incident bigint, OUT action text, OUT title text, OUT title_en text, OUT to_state text,
    OUT role text, OUT requires text[], OUT clause text, OUT clock text, OUT due_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_allowed_actions';
COMMENT ON FUNCTION osm.allowed_actions(bigint) IS
    'What the current actor may do to an incident now: step, target state, role, data required, '
    'clause, and the running clock the step would stop. 42704 if the incident is not visible.';

CREATE FUNCTION osm.verify_chain(incident bigint) RETURNS integer
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'osm_verify_chain';
COMMENT ON FUNCTION osm.verify_chain(bigint) IS
    'Null where the events of an incident are whole and unforged, else the number of the first '
    'bad one. 42704 if the incident is not visible.';

CREATE FUNCTION osm.verify_chains(
    from_time timestamptz DEFAULT '-infinity', to_time timestamptz DEFAULT 'infinity',
    OUT incident bigint, OUT bad_event integer)
    RETURNS SETOF record
    LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
AS $$
    SELECT i.id, v.bad
    FROM osm.incident AS i, LATERAL (SELECT osm.verify_chain(i.id)) AS v (bad)
    WHERE i.occurred_at OPERATOR(pg_catalog.>=) from_time
      AND i.detected_at OPERATOR(pg_catalog.<) to_time
      AND v.bad IS NOT NULL
    ORDER BY i.id
$$;
COMMENT ON FUNCTION osm.verify_chains(timestamptz, timestamptz) IS
    'Incidents worked on in a period whose evidence is not whole, with the first bad event; no '
    'rows where all is well.';

-- Named steps, so that a portal reads like the act. Each is osm.perform() with its action.

CREATE FUNCTION osm.route(
    incident bigint, bodies text[], lead text DEFAULT NULL, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'route',
        details OPERATOR(pg_catalog.||) pg_catalog.jsonb_strip_nulls(
            pg_catalog.jsonb_build_object('bodies', bodies, 'lead', lead)))
$$;
COMMENT ON FUNCTION osm.route(bigint, text[], text, jsonb) IS
    'Sends an incident to the bodies (codes) that are to answer; lead names who writes a joint '
    'reply.';

CREATE FUNCTION osm.forward(incident bigint, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT osm.perform(incident, 'forward', details) $$;
COMMENT ON FUNCTION osm.forward(bigint, jsonb) IS
    'Passes an incident on to the next level, in acts that have two.';

CREATE FUNCTION osm.return_incident(
    incident bigint, reason text DEFAULT NULL, comment text DEFAULT NULL)
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'return', pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object('reason', reason, 'comment', comment)))
$$;
COMMENT ON FUNCTION osm.return_incident(bigint, text, text) IS
    'Gives an incident back as not within the body''s powers.';

CREATE FUNCTION osm.contribute(incident bigint, information text)
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'contribute', pg_catalog.jsonb_build_object('text', information))
$$;
COMMENT ON FUNCTION osm.contribute(bigint, text) IS
    'Sends a body''s information for a joint reply.';

CREATE FUNCTION osm.submit_reply(incident bigint, content jsonb, kind text DEFAULT 'answer')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'submit',
        content OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('kind', kind))
$$;
COMMENT ON FUNCTION osm.submit_reply(bigint, jsonb, text) IS
    'Sends a draft to review: its text and the parts the act asks for; kind is answer, interim or '
    'clarification.';

CREATE FUNCTION osm.endorse(incident bigint, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT osm.perform(incident, 'endorse', details) $$;
COMMENT ON FUNCTION osm.endorse(bigint, jsonb) IS
    'First of two approvals, in acts that have two levels.';

CREATE FUNCTION osm.approve(incident bigint, checklist jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'approve', pg_catalog.jsonb_build_object('checklist', checklist))
$$;
COMMENT ON FUNCTION osm.approve(bigint, jsonb) IS
    'Approves a draft; checklist is {"point": true, …} for the points the act wants ticked.';

CREATE FUNCTION osm.send_back(incident bigint, reason text, comment text DEFAULT NULL)
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'send_back', pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object('reason', reason, 'comment', comment)))
$$;
COMMENT ON FUNCTION osm.send_back(bigint, text, text) IS
    'Sends a draft back for rework, for a reason the act knows.';

CREATE FUNCTION osm.redirect(incident bigint, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT osm.perform(incident, 'redirect', details) $$;
COMMENT ON FUNCTION osm.redirect(bigint, jsonb) IS
    'Takes an incident from one body to another at review, in acts that know this.';

CREATE FUNCTION osm.post_reply(
    incident bigint, channel text, url text DEFAULT NULL, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'post',
        details OPERATOR(pg_catalog.||) pg_catalog.jsonb_strip_nulls(
            pg_catalog.jsonb_build_object('channel', channel, 'url', url)))
$$;
COMMENT ON FUNCTION osm.post_reply(bigint, text, text, jsonb) IS
    'Records that the approved reply was posted: where, and with fallback_reason and author_link '
    'where it could not be posted in the message''s own place.';

CREATE FUNCTION osm.author_replied(incident bigint, answer text)
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'author_reply', pg_catalog.jsonb_build_object('text', answer))
$$;
COMMENT ON FUNCTION osm.author_replied(bigint, text) IS
    'Records the author''s answer to a clarification.';

CREATE FUNCTION osm.refuse(incident bigint, reason text, comment text DEFAULT NULL)
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'refuse', pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object('reason', reason, 'comment', comment)))
$$;
COMMENT ON FUNCTION osm.refuse(bigint, text, text) IS
    'Leaves a message unprocessed on a ground the act names; it is never answered.';

CREATE FUNCTION osm.dismiss(incident bigint, reason text, comment text DEFAULT NULL)
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'dismiss', pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object('reason', reason, 'comment', comment)))
$$;
COMMENT ON FUNCTION osm.dismiss(bigint, text, text) IS 'Closes an incident that needs no reaction.';

CREATE FUNCTION osm.raise_importance(incident bigint, importance text, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'raise_importance',
        details OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('importance', importance))
$$;
COMMENT ON FUNCTION osm.raise_importance(bigint, text, jsonb) IS
    'Gives an incident another importance, in acts that tell importance apart later.';

CREATE FUNCTION osm.set_term(
    incident bigint, clock text, due_at timestamptz, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'set_term',
        details OPERATOR(pg_catalog.||)
            pg_catalog.jsonb_build_object('clock', clock, 'due_at', due_at))
$$;
COMMENT ON FUNCTION osm.set_term(bigint, text, timestamptz, jsonb) IS
    'Sets the due instant of a running clock by hand, in acts that allow it.';

CREATE FUNCTION osm.mark_repeat(incident bigint, repeat_of bigint)
    RETURNS osm.step LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
    SELECT osm.perform(incident, 'mark_repeat',
        pg_catalog.jsonb_build_object('repeat_of', repeat_of))
$$;
COMMENT ON FUNCTION osm.mark_repeat(bigint, bigint) IS
    'Links an incident to the earlier one on the same question.';
