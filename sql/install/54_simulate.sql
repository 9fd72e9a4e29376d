-- Past incidents under another edition: what would have been late.

CREATE FUNCTION osm.simulate_incident(
    incident bigint, regulation_id bigint,
    OUT rule text, OUT assignment_id bigint, OUT cycle_no integer, OUT armed boolean,
    OUT binding boolean, OUT outer_term boolean, OUT started_at timestamptz,
    OUT due_at timestamptz, OUT stopped_at timestamptz, OUT state text)
    RETURNS SETOF record
    LANGUAGE c STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10
    AS 'MODULE_PATHNAME', 'osm_simulate_incident';
COMMENT ON FUNCTION osm.simulate_incident(bigint, bigint) IS
    'The clocks an edition (osm.edition_id()) would have run over the events of an incident, by '
    'the code that runs them; nothing is written. Calendars and appointments are as they are now. '
    '42704 if the incident is not visible.';

CREATE FUNCTION osm.simulate(
    code text, from_time timestamptz, to_time timestamptz, edition text DEFAULT NULL,
    OUT incident bigint, OUT rule text, OUT body text, OUT cycle_no integer,
    OUT was text, OUT was_due_at timestamptz, OUT was_stopped_at timestamptz,
    OUT would_be text, OUT started_at timestamptz, OUT due_at timestamptz,
    OUT stopped_at timestamptz, OUT binding boolean, OUT outer_term boolean, OUT excuse text)
    RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 1000
    SET search_path = pg_catalog, pg_temp
    SET jit = off
AS $$
    -- A verdict of an open clock is what it is now: overdue once its due instant has passed.
    WITH act AS MATERIALIZED (
        SELECT osm.edition_id(code, edition) AS id
    ), past AS MATERIALIZED (
        SELECT i.id, i.authority_id
        FROM osm.incident AS i
        WHERE i.regulation = code AND i.detected_at >= from_time AND i.detected_at < to_time
          AND (SELECT a.id FROM act AS a) IS NOT NULL
    ), real AS (
        SELECT p.id AS incident, r.name AS rule, c.assignment_id, c.cycle_no, c.started_at,
               c.due_at, c.stopped_at, c.binding, c.outer_term, c.excuse,
               CASE WHEN c.state = 'running' AND c.armed AND c.due_at < osm.now() THEN 'overdue'
                    ELSE c.state END AS state
        FROM past AS p
        JOIN osm.clock AS c ON c.incident_id = p.id AND c.authority_id = p.authority_id
        JOIN osm.clock_rule AS r ON r.id = c.rule_id
    ), other AS (
        SELECT p.id AS incident, s.rule, s.assignment_id, s.cycle_no, s.started_at, s.due_at,
               s.stopped_at, s.binding, s.outer_term,
               CASE WHEN s.state = 'running' AND s.armed AND s.due_at < osm.now() THEN 'overdue'
                    ELSE s.state END AS state
        FROM past AS p, act AS a, LATERAL osm.simulate_incident(p.id, a.id) AS s
    )
    SELECT coalesce(o.incident, r.incident), coalesce(o.rule, r.rule), b.code,
           coalesce(o.cycle_no, r.cycle_no), r.state, r.due_at, r.stopped_at, o.state, o.started_at,
           o.due_at, o.stopped_at, coalesce(o.binding, r.binding),
           coalesce(o.outer_term, r.outer_term), r.excuse
    FROM other AS o
    FULL JOIN real AS r ON r.incident = o.incident AND r.rule = o.rule AND r.cycle_no = o.cycle_no
        AND coalesce(r.assignment_id, 0) = coalesce(o.assignment_id, 0)
    LEFT JOIN osm.assignment AS a ON a.id = coalesce(o.assignment_id, r.assignment_id)
        AND a.incident_id = coalesce(o.incident, r.incident)
    LEFT JOIN osm.body AS b ON b.id = a.body_id AND b.authority_id = a.authority_id
    ORDER BY 1, coalesce(o.started_at, r.started_at), 2, 3, 4
$$;
COMMENT ON FUNCTION osm.simulate(text, timestamptz, timestamptz, text) IS
    'What another edition (default: the one in force) would have judged of the incidents of an act '
    'detected in a period: one row a run of a clock, as it was and as it would be. was, would_be: '
    'met, missed, cancelled, running, overdue (running and past due), paused; null where there is '
    'no such clock; excuse: the reason accepted for a breach that was. Steps are taken as they '
    'were taken, at their times; a step the other edition does not know starts and stops nothing. '
    'Shows what the caller may see and writes nothing. Error 42704: no such edition.';
