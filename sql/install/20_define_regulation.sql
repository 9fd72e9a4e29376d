-- Loading an act, and writing it out again.
--
-- The hazard that shaped it: incidents are judged by these rows for years. A document is loaded
-- whole or not at all, loading it again changes nothing, and an edition that incidents stand under
-- is never rewritten; it can only end.

CREATE FUNCTION osm.define_regulation(document jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $osm_function$
DECLARE
    complete jsonb;
    normal jsonb;
    known jsonb;
    known_id bigint;
    new_id bigint;
    force daterange;
    finding record;
    other text;
BEGIN
    PERFORM osm.refuse_faulty_regulation(document);
    complete := osm.complete_regulation(document);
    normal := osm.normal_regulation(complete);
    force := daterange((normal #>> '{in_force,from}')::date, (normal #>> '{in_force,to}')::date,
                       '[]');

    -- One loader at a time; readers and registrations go on.
    LOCK TABLE osm.regulation IN SHARE ROW EXCLUSIVE MODE;

    FOR finding IN
        SELECT DISTINCT c.name
        FROM (SELECT normal ->> 'calendar'
              UNION ALL
              SELECT i.item ->> 'calendar'
              FROM osm.regulation_items(normal, 'clocks') AS i
              UNION ALL
              SELECT i.item ->> 'deliver_within'
              FROM unnest('{actions,clocks}'::text[]) AS s,
                   osm.regulation_items(normal, s) AS i) AS c (name)
        WHERE c.name IS NOT NULL
          AND NOT EXISTS (SELECT FROM osm.calendar AS k WHERE k.name = c.name)
        ORDER BY 1 LIMIT 1
    LOOP
        RAISE EXCEPTION 'calendar "%" does not exist', finding.name
            USING ERRCODE = 'undefined_object',
                  HINT = 'Define it first with osm.define_calendar(), or install it as a preset.';
    END LOOP;

    SELECT r.id INTO known_id
    FROM osm.regulation AS r
    WHERE r.code = normal ->> 'code' AND r.edition = normal ->> 'edition';
    IF FOUND THEN
        known := osm.regulation_document(normal ->> 'code', normal ->> 'edition');
        IF known = normal THEN
            RETURN known_id;
        END IF;
    END IF;

    SELECT r.edition INTO other
    FROM osm.regulation AS r
    WHERE r.code = normal ->> 'code' AND r.id IS DISTINCT FROM known_id AND r.in_force && force
    ORDER BY r.in_force LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'edition "%" of regulation "%" overlaps edition "%"',
                normal ->> 'edition', normal ->> 'code', other
            USING ERRCODE = 'exclusion_violation',
                  DETAIL = 'Editions of one act never overlap in time.',
                  HINT = 'First load the earlier edition again, its in_force.to set to the day '
                         'before the new one begins.';
    END IF;

    -- Registrations under this edition that are not committed yet hold its row: wait and see them.
    PERFORM FROM osm.regulation AS r WHERE r.id = known_id FOR UPDATE;
    IF known_id IS NOT NULL
        AND EXISTS (SELECT FROM osm.incident AS i WHERE i.regulation_id = known_id) THEN
        IF (known #- '{in_force,to}') = (normal #- '{in_force,to}') THEN
            PERFORM osm.end_edition(known_id, force);
            RETURN known_id;
        END IF;
        RAISE EXCEPTION 'edition "%" of regulation "%" is in use and cannot be changed',
                normal ->> 'edition', normal ->> 'code'
            USING ERRCODE = 'object_in_use',
                  DETAIL = format('It differs in: %s.', (
                      SELECT string_agg(k.key, ', ' ORDER BY k.key)
                      FROM (SELECT jsonb_object_keys(known || normal)) AS k (key)
                      WHERE known -> k.key IS DISTINCT FROM normal -> k.key)),
                  HINT = 'Incidents stay under the edition they were registered by. Load a new '
                         'edition and end this one by setting in_force.to.';
    END IF;

    -- The id stays: nothing refers to it yet, but whoever wrote it down is not led astray.
    DELETE FROM osm.regulation AS r WHERE r.id = known_id;
    INSERT INTO osm.regulation
    SELECT r.*
    FROM jsonb_populate_record(NULL::osm.regulation, complete || jsonb_build_object(
        'id', coalesce(known_id, nextval(pg_get_serial_sequence('osm.regulation', 'id'))),
        'in_force', force)) AS r
    RETURNING id INTO new_id;

    INSERT INTO osm.clause SELECT r.* FROM jsonb_populate_recordset(NULL::osm.clause,
        osm.regulation_rows(complete, 'clauses', new_id)) AS r;
    INSERT INTO osm.role SELECT r.* FROM jsonb_populate_recordset(NULL::osm.role,
        osm.regulation_rows(complete, 'roles', new_id)) AS r;
    INSERT INTO osm.state SELECT r.* FROM jsonb_populate_recordset(NULL::osm.state,
        osm.regulation_rows(complete, 'states', new_id)) AS r;
    INSERT INTO osm.action SELECT r.* FROM jsonb_populate_recordset(NULL::osm.action,
        osm.regulation_rows(complete, 'actions', new_id)) AS r;
    INSERT INTO osm.transition SELECT r.* FROM jsonb_populate_recordset(NULL::osm.transition,
        osm.regulation_rows(complete, 'transitions', new_id)) AS r;
    INSERT INTO osm.clock_rule SELECT r.* FROM jsonb_populate_recordset(NULL::osm.clock_rule,
        osm.regulation_rows(complete, 'clocks', new_id)) AS r;
    INSERT INTO osm.content_rule SELECT r.* FROM jsonb_populate_recordset(NULL::osm.content_rule,
        osm.regulation_rows(complete, 'contents', new_id)) AS r;
    INSERT INTO osm.reason SELECT r.* FROM jsonb_populate_recordset(NULL::osm.reason,
        osm.regulation_rows(complete, 'reasons', new_id)) AS r;
    INSERT INTO osm.channel_rule SELECT r.* FROM jsonb_populate_recordset(NULL::osm.channel_rule,
        osm.regulation_rows(complete, 'channels', new_id)) AS r;
    INSERT INTO osm.duty_rule SELECT r.* FROM jsonb_populate_recordset(NULL::osm.duty_rule,
        osm.regulation_rows(complete, 'duties', new_id)) AS r;
    INSERT INTO osm.rating_rule SELECT r.* FROM jsonb_populate_recordset(NULL::osm.rating_rule,
        osm.regulation_rows(complete, 'rating.parts', new_id)) AS r;
    INSERT INTO osm.rating_zone SELECT r.* FROM jsonb_populate_recordset(NULL::osm.rating_zone,
        osm.regulation_rows(complete, 'rating.zones', new_id)) AS r;
    RETURN new_id;
END
$osm_function$;
COMMENT ON FUNCTION osm.define_regulation(jsonb) IS
'Loads one edition of an act, all or nothing, and returns its id; an identical document changes '
'nothing. Errors: 22023 a document osm.check_regulation() objects to, 42704 an unknown calendar, '
'23P01 an overlapping edition, 55006 an edition that incidents use.';

CREATE FUNCTION osm.refuse_faulty_regulation(document jsonb)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    finding record;
    faults text[] := '{}'::text[];
    first_hint text;
BEGIN
    FOR finding IN SELECT * FROM osm.check_regulation(document) LOOP
        IF finding.severity = 'error' THEN
            faults := faults || concat_ws(': ', finding.clause, finding.finding);
            first_hint := coalesce(first_hint, finding.hint);
        ELSE
            RAISE WARNING '%', concat_ws(': ', finding.clause, finding.finding)
                USING HINT = coalesce(finding.hint, '');
        END IF;
    END LOOP;
    IF faults <> '{}' THEN
        RAISE EXCEPTION 'regulation document "%" is not valid', coalesce(document ->> 'code', '')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = array_to_string(faults[:20], E'\n')
                      || CASE WHEN cardinality(faults) > 20
                              THEN format(E'\nand %s more', cardinality(faults) - 20) ELSE '' END,
                  HINT = CASE WHEN cardinality(faults) = 1 AND first_hint IS NOT NULL
                              THEN first_hint
                              ELSE 'osm.check_regulation() lists all findings and what to do.' END;
    END IF;
END
$osm_function$;
COMMENT ON FUNCTION osm.refuse_faulty_regulation(jsonb) IS
'Error 22023 with the findings when osm.check_regulation() finds an error; warnings as WARNING.';

CREATE FUNCTION osm.end_edition(regulation_id bigint, force daterange)
RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    latest date;
BEGIN
    SELECT max(timezone(r.time_zone, i.detected_at))::date INTO latest
    FROM osm.incident AS i
    JOIN osm.regulation AS r ON r.id = i.regulation_id
    WHERE i.regulation_id = end_edition.regulation_id;
    IF NOT force @> latest THEN
        RAISE EXCEPTION 'the edition cannot end before the incidents registered by it'
            USING ERRCODE = 'object_in_use',
                  DETAIL = format('The latest was detected on %s.', to_char(latest, 'YYYY-MM-DD')),
                  HINT = 'Set in_force.to to a later day.';
    END IF;
    UPDATE osm.regulation AS r SET in_force = force WHERE r.id = end_edition.regulation_id;
END
$osm_function$;
COMMENT ON FUNCTION osm.end_edition(bigint, daterange) IS
'Changes the end of an edition that incidents use; error 55006 when one would fall outside.';

CREATE FUNCTION osm.regulation_rows(complete jsonb, section text, regulation_id bigint)
RETURNS jsonb
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    -- Volatile for the identity of clock rules, the one section whose rows other tables refer to.
    SELECT coalesce(jsonb_agg(
        i.item
        || jsonb_build_object('regulation_id', regulation_id)
        || CASE section
               WHEN 'transitions' THEN
                   jsonb_build_object('from_state', i.item -> 'from', 'to_state', i.item -> 'to')
               WHEN 'clocks' THEN
                   jsonb_build_object('id', nextval(pg_get_serial_sequence('osm.clock_rule', 'id')))
               ELSE '{}' END ORDER BY i.number), '[]')
    FROM osm.regulation_items(complete, section) AS i
$osm_function$;
COMMENT ON FUNCTION osm.regulation_rows(jsonb, text, bigint) IS
'The objects of one section of a complete regulation document as rows of its table.';

CREATE FUNCTION osm.regulation_document(code text, edition text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $osm_function$
DECLARE
    act record;
    document jsonb;
BEGIN
    SELECT r.* INTO act
    FROM osm.regulation AS r
    WHERE r.code = regulation_document.code
      AND (regulation_document.edition IS NULL OR r.edition = regulation_document.edition)
    ORDER BY r.in_force DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'regulation "%" does not exist', concat_ws('", edition "', code, edition)
            USING ERRCODE = 'undefined_object',
                  HINT = 'Table osm.regulation lists codes and editions, osm.presets() the acts '
                         'to install.';
    END IF;

    SELECT to_jsonb(act) || jsonb_build_object(
        'in_force', jsonb_strip_nulls(jsonb_build_object(
            'from', lower(act.in_force), 'to', upper(act.in_force) - 1)),
        'clauses', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                    FROM osm.clause AS x WHERE x.regulation_id = act.id),
        'roles', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                  FROM osm.role AS x WHERE x.regulation_id = act.id),
        'states', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                   FROM osm.state AS x WHERE x.regulation_id = act.id),
        'actions', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                    FROM osm.action AS x WHERE x.regulation_id = act.id),
        'transitions', (SELECT jsonb_agg(to_jsonb(x) || jsonb_build_object(
                                   'from', x.from_state, 'to', x.to_state) ORDER BY x.position)
                        FROM osm.transition AS x WHERE x.regulation_id = act.id),
        'clocks', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                   FROM osm.clock_rule AS x WHERE x.regulation_id = act.id),
        'contents', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                     FROM osm.content_rule AS x WHERE x.regulation_id = act.id),
        'reasons', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                    FROM osm.reason AS x WHERE x.regulation_id = act.id),
        'channels', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                     FROM osm.channel_rule AS x WHERE x.regulation_id = act.id),
        'duties', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                   FROM osm.duty_rule AS x WHERE x.regulation_id = act.id),
        'rating', jsonb_build_object(
            'parts', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                      FROM osm.rating_rule AS x WHERE x.regulation_id = act.id),
            'zones', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position)
                      FROM osm.rating_zone AS x WHERE x.regulation_id = act.id)))
    INTO document;
    RETURN osm.normal_regulation(document);
END
$osm_function$;
COMMENT ON FUNCTION osm.regulation_document(text, text) IS
'An edition of an act (default: the latest) as the document osm.define_regulation() takes back '
'unchanged, in normal form: what says the default is left out. Error 42704 when there is none.';
