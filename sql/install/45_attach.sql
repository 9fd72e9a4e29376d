-- A portal's own table held to an act: its INSERT is a registration, a change of its state a step.
--
-- The hazard that shaped it: whoever writes the portal's table must not get past the act by the way
-- the row is written. So the trigger judges the row as it was stored, after every other trigger, at
-- every INSERT and UPDATE, and takes the step at the one door of all steps, osm.incident.

CREATE FUNCTION osm.guard_attached() RETURNS trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_guard_attached';
COMMENT ON FUNCTION osm.guard_attached() IS
    'Trigger of attached tables: hands the row to osm.judge_attached() with the rights of the '
    'owner of the tables of osm_workflow. Refuses TRUNCATE: OW008.';

CREATE FUNCTION osm.attached_values(mapping jsonb, stored jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
    result jsonb := '{}';
BEGIN
    FOR item IN SELECT e.key, e.value, e.value #>> '{}' AS name FROM jsonb_each(mapping) AS e LOOP
        IF jsonb_typeof(item.value) = 'object' THEN
            item.value := item.value -> 'value';
        ELSIF NOT stored ? item.name THEN
            RAISE EXCEPTION 'the attached table has no column "%" any more', item.name
                USING ERRCODE = 'undefined_column',
                      HINT = 'Call osm.attach_workflow() again with the columns there are now.';
        ELSE
            item.value := stored -> item.name;
        END IF;
        IF item.value IS NOT NULL AND item.value <> 'null' THEN
            result := result || jsonb_build_object(item.key, item.value);
        END IF;
    END LOOP;
    RETURN result;
END
$$;
COMMENT ON FUNCTION osm.attached_values(jsonb, jsonb) IS
    'What a mapping of osm.attached makes of a row; nulls are left out. 42703 for a column that is '
    'gone.';

CREATE FUNCTION osm.judge_attached(target regclass, before jsonb, after jsonb) RETURNS void
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attached record;
    link record;
    data jsonb;
    row_key text;
    asked text;
    named_action text;
    new_id bigint;
    initial text;
    wanted text;
    reached text;
    names text;
BEGIN
    SELECT a.* INTO attached FROM osm.attached AS a WHERE a.target = judge_attached.target;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % is not attached to an act', target
            USING ERRCODE = '55000',
                  HINT = 'Attach it with osm.attach_workflow(), or drop its triggers a_act_....';
    END IF;
    data := osm.attached_values(jsonb_build_object('key', attached.key_column,
                                'state', attached.state_column), coalesce(after, before));
    row_key := coalesce(before, after) ->> attached.key_column;
    asked := data ->> 'state';
    SELECT r.incident_id, r.authority_id, i.state INTO link
    FROM osm.attached_row AS r
    JOIN osm.incident AS i ON i.id = r.incident_id AND i.authority_id = r.authority_id
    WHERE r.target = judge_attached.target AND r.key = row_key;

    IF after IS NULL OR (before IS NOT NULL AND data ->> 'key' IS DISTINCT FROM row_key) THEN
        IF link IS NOT NULL THEN
            RAISE EXCEPTION 'row % of table % is incident % and cannot be %',
                    quote_literal(row_key), target, link.incident_id,
                    CASE WHEN after IS NULL THEN 'deleted' ELSE 'given another key' END
                USING ERRCODE = 'OW008',
                      HINT = CASE WHEN EXISTS (SELECT FROM pg_partitioned_table AS p
                                               WHERE p.partrelid = target)
                          THEN 'It can neither be moved to another partition. ' ELSE '' END
                          || 'End it by a step of the act; the row itself stays.';
        ELSIF after IS NULL THEN
            RETURN;
        END IF;
        row_key := data ->> 'key';
    END IF;
    IF row_key IS NULL THEN
        RAISE EXCEPTION 'a row of table % has no key', target
            USING ERRCODE = 'OW003',
                  HINT = format('Fill column "%s".', attached.key_column);
    END IF;

    wanted := attached.states ->> asked;
    SELECT string_agg(format('"%s"', e.key), ', ' ORDER BY e.key) INTO names
    FROM jsonb_each_text(attached.states) AS e;
    IF link IS NULL THEN
        -- not known yet: a new row, or one that was there before the table was attached
        SELECT s.name INTO initial FROM osm.state AS s
        WHERE s.regulation_id = osm.edition_id(attached.regulation) AND s.kind = 'initial';
        IF wanted IS DISTINCT FROM initial THEN
            IF before IS NOT NULL AND before ->> attached.state_column IS NOT DISTINCT FROM asked
            THEN
                RETURN;
            END IF;
            SELECT string_agg(format('"%s"', e.key), ', ' ORDER BY e.key) INTO names
            FROM jsonb_each_text(attached.states) AS e WHERE e.value = initial;
            RAISE EXCEPTION 'row % of table % cannot begin in state %', quote_literal(row_key),
                    target, coalesce(quote_literal(asked), 'null')
                USING ERRCODE = 'OW001',
                      DETAIL = format('Regulation "%s" does not know the message yet.',
                                      attached.regulation),
                      HINT = format('It begins in state %s.', names);
        END IF;
        data := osm.attached_values(attached.message, after);
        data := data || coalesce((
            SELECT jsonb_object_agg(e.key, e.value #>> '{}') FROM jsonb_each(data) AS e
            WHERE jsonb_typeof(e.value) IN ('number', 'boolean')), '{}');
        new_id := osm.register(attached.regulation, data || jsonb_build_object('attached',
            jsonb_build_object('table', target::text, 'row', row_key, 'state', asked)));
        INSERT INTO osm.attached_row (target, key, incident_id, authority_id)
        SELECT judge_attached.target, row_key, i.id, i.authority_id
        FROM osm.incident AS i WHERE i.id = new_id AND i.state = wanted;
        IF NOT FOUND THEN
            -- the edition of the day it was detected begins elsewhere than the one in force
            RAISE EXCEPTION 'row % of table % cannot begin in state %', quote_literal(row_key),
                    target, quote_literal(asked)
                USING ERRCODE = 'OW001',
                      DETAIL = format('In the edition of regulation "%s" for its day of '
                                      'detection the state is another.', attached.regulation),
                      HINT = 'Attach the table again with names for the states of that edition.';
        END IF;
        RETURN;
    END IF;

    IF wanted IS NULL THEN
        RAISE EXCEPTION 'row % of table % cannot have state %', quote_literal(row_key), target,
                coalesce(quote_literal(asked), 'null')
            USING ERRCODE = 'OW001',
                  DETAIL = format('No state of regulation "%s" has this name here.',
                                  attached.regulation),
                  HINT = format('Names are %s.', names);
    END IF;
    data := coalesce(attached.details -> '*', '{}') || coalesce(attached.details -> asked, '{}');
    named_action := osm.attached_values(data, after) ->> 'action';
    IF wanted = link.state
       AND (named_action IS NULL OR named_action IS NOT DISTINCT FROM
                                    osm.attached_values(data, before) ->> 'action') THEN
        RETURN;
    ELSIF attached.states ->> (before ->> attached.state_column) IS DISTINCT FROM link.state THEN
        RAISE EXCEPTION 'row % of table % and incident % disagree', quote_literal(row_key), target,
                link.incident_id
            USING ERRCODE = 'OW007',
                  DETAIL = format('The row was in state %s, the incident is in state "%s".',
                      coalesce(quote_literal(before ->> attached.state_column), 'null'),
                      link.state),
                  HINT = format('First bring the row to %s.', (
                      SELECT string_agg(format('"%s"', e.key), ' or ' ORDER BY e.key)
                      FROM jsonb_each_text(attached.states) AS e WHERE e.value = link.state));
    END IF;
    data := osm.attached_values(data, after) - 'action' || jsonb_build_object(
        'attached', jsonb_build_object('table', target::text, 'row', row_key, 'state', asked));
    UPDATE osm.incident AS i
    SET state = wanted, details = data,
        action = coalesce(named_action, i.action),
        event_seq = i.event_seq + CASE WHEN named_action IS NULL THEN 0 ELSE 1 END
    WHERE i.id = link.incident_id AND i.authority_id = link.authority_id
    RETURNING i.state INTO reached;
    IF reached IS DISTINCT FROM wanted THEN
        RAISE EXCEPTION 'step "%" brings incident % to state "%"', named_action, link.incident_id,
                reached
            USING ERRCODE = 'OW001',
                  DETAIL = format('The row says %s, which is "%s".', quote_literal(asked), wanted),
                  HINT = format('Set the state to %s in the same statement.', (
                      SELECT string_agg(format('"%s"', e.key), ' or ' ORDER BY e.key)
                      FROM jsonb_each_text(attached.states) AS e WHERE e.value = reached));
    END IF;
END
$$;
COMMENT ON FUNCTION osm.judge_attached(regclass, jsonb, jsonb) IS
    'What osm.guard_attached() does with a row of an attached table as it was and as it is stored: '
    'registers it, takes the step its new state amounts to, or refuses. Errors: OW001 to OW008, '
    '55000 for a table that is not attached, 42703 for a column that is gone.';

CREATE FUNCTION osm.incident_of(target regclass, key text) RETURNS bigint
    LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
AS $$
    SELECT r.incident_id FROM osm.attached_row AS r
    WHERE r.target OPERATOR(pg_catalog.=) incident_of.target
      AND r.key OPERATOR(pg_catalog.=) incident_of.key
$$;
COMMENT ON FUNCTION osm.incident_of(regclass, text) IS
    'The incident a row of an attached table is, by the key of the row; null for a row the act '
    'does not know or the caller may not see.';

CREATE FUNCTION osm.write_attachment(target regclass, mapping jsonb) RETURNS void
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM osm.attached AS a WHERE a.target = write_attachment.target;
    IF mapping IS NOT NULL THEN
        INSERT INTO osm.attached (target, regulation, key_column, state_column, states, message,
                                  details)
        VALUES (target, mapping ->> 'regulation', mapping ->> 'key_column',
                mapping ->> 'state_column', mapping -> 'states', mapping -> 'message',
                mapping -> 'details');
    END IF;
END
$$;
COMMENT ON FUNCTION osm.write_attachment(regclass, jsonb) IS
    'Part of osm.attach_workflow() and osm.detach_workflow(): the row of osm.attached, none for a '
    'null mapping. Without the triggers on the table it means nothing.';

CREATE FUNCTION osm.check_attachment(target regclass, state_column name, key_column name)
    RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind record;
    fault text;
BEGIN
    SELECT c.relkind, c.relpersistence, c.relispartition, c.relowner, n.nspname,
           EXISTS (SELECT FROM pg_inherits AS h
                   WHERE c.oid IN (h.inhrelid, h.inhparent)) AS inherits
    INTO kind
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = target;
    fault := CASE
        WHEN kind.relkind NOT IN ('r', 'p') THEN 'is not a table'
        WHEN kind.nspname IN ('osm', 'pg_catalog', 'information_schema') THEN
            'is not a portal''s own table'
        WHEN kind.relpersistence <> 'p' THEN 'does not outlive a crash or a session'
        WHEN kind.relispartition THEN 'is a partition: attach the partitioned table'
        WHEN kind.inherits AND kind.relkind = 'r' THEN 'inherits or is inherited'
        WHEN EXISTS (
            SELECT
            FROM pg_partition_tree(target) AS t
            JOIN pg_partitioned_table AS p ON p.partrelid = t.relid
            WHERE pg_get_partkeydef(t.relid) ~ ('\m' || regexp_replace(state_column::text,
                                                '([^[:alnum:]])', '\\\1', 'g') || '\M'))
            THEN 'is partitioned by its state, which a step would move it by'
        END;
    IF fault IS NULL AND key_column IS NOT NULL AND kind.relkind = 'r' AND NOT EXISTS (
        SELECT FROM pg_index AS x
        JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
        WHERE x.indrelid = target AND x.indisunique AND x.indnkeyatts = 1 AND x.indpred IS NULL
          AND x.indimmediate AND x.indisvalid AND a.attname = check_attachment.key_column) THEN
        fault := format('has no unique column "%s" to tell its rows apart', key_column);
    END IF;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'table % cannot be attached: it %', target, fault
            USING ERRCODE = '42809',
                  HINT = 'An attached table is an ordinary or partitioned table with a key.';
    END IF;
END
$$;
COMMENT ON FUNCTION osm.check_attachment(regclass, name, name) IS
    'Error 42809 for a table osm.attach_workflow() cannot hold to an act.';

CREATE FUNCTION osm.attach_triggers(target regclass, attach boolean) RETURNS void
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part regclass;
BEGIN
    IF NOT (SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class AS c WHERE c.oid = target) THEN
        RAISE EXCEPTION 'must be owner of table %', target
            USING ERRCODE = '42501', HINT = 'Its owner attaches it and detaches it.';
    END IF;
    -- TRUNCATE of a partition fires its own triggers only, those of rows follow the parent's
    FOR part IN
        SELECT target UNION SELECT t.relid FROM pg_partition_tree(target) AS t ORDER BY 1
    LOOP
        IF part = target THEN
            EXECUTE format('DROP TRIGGER IF EXISTS a_act_row ON %s', part);
            EXECUTE format('DROP TRIGGER IF EXISTS a_act_delete ON %s', part);
        END IF;
        EXECUTE format('DROP TRIGGER IF EXISTS a_act_truncate ON %s', part);
        IF attach THEN
            IF part = target THEN
                EXECUTE format('CREATE TRIGGER a_act_row AFTER INSERT OR UPDATE ON %s '
                    'FOR EACH ROW EXECUTE FUNCTION osm.guard_attached()', part);
                EXECUTE format('CREATE TRIGGER a_act_delete BEFORE DELETE ON %s '
                    'FOR EACH ROW EXECUTE FUNCTION osm.guard_attached()', part);
            END IF;
            EXECUTE format('CREATE TRIGGER a_act_truncate BEFORE TRUNCATE ON %s '
                'FOR EACH STATEMENT EXECUTE FUNCTION osm.guard_attached()', part);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION osm.attach_triggers(regclass, boolean) IS
    'Puts the triggers of osm.attach_workflow() on a table, or takes them off. 42501 for anyone '
    'but the owner of the table.';

CREATE FUNCTION osm.attach_workflow(
    target regclass, regulation text, state_column name, states jsonb DEFAULT NULL,
    message jsonb DEFAULT '{}', details jsonb DEFAULT '{}', key_column name DEFAULT NULL)
    RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    act bigint := osm.edition_id(regulation);
    finding text;
BEGIN
    IF target IS NULL OR state_column IS NULL THEN
        RAISE EXCEPTION 'a table and its state column must be named'
            USING ERRCODE = '22023', HINT = 'See the page for those who write a portal.';
    ELSIF 'object' <> ANY (ARRAY[coalesce(jsonb_typeof(states), 'object'),
                                 coalesce(jsonb_typeof(message), 'object'),
                                 coalesce(jsonb_typeof(details), 'object')])
          OR EXISTS (SELECT FROM jsonb_each(CASE jsonb_typeof(details)
                                            WHEN 'object' THEN details END) AS e
                     WHERE jsonb_typeof(e.value) <> 'object') THEN
        RAISE EXCEPTION 'states, message and details must be JSON objects, of objects for details'
            USING ERRCODE = '22023',
                  HINT = 'E.g. {"new": "detected"}, {"text": "column"}, '
                         '{"*": {"comment": "column"}}.';
    END IF;
    SELECT a.attname INTO key_column
    FROM pg_index AS x JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
    WHERE attach_workflow.key_column IS NULL
      AND x.indrelid = target AND x.indisprimary AND x.indnkeyatts = 1
    UNION ALL SELECT attach_workflow.key_column WHERE attach_workflow.key_column IS NOT NULL;
    IF key_column IS NULL THEN
        RAISE EXCEPTION 'table % has no primary key of one column', target
            USING ERRCODE = '42809', HINT = 'Name the column that tells its rows apart.';
    END IF;
    PERFORM osm.check_attachment(target, state_column, key_column);
    states := coalesce(states, (SELECT jsonb_object_agg(s.name, s.name)
                                FROM osm.state AS s WHERE s.regulation_id = act));
    message := coalesce(message, '{}');
    details := coalesce(details, '{}');

    SELECT x.finding INTO finding FROM (
        SELECT format('"%s" is not a state of regulation "%s"', e.value, regulation)
        FROM jsonb_each_text(states) AS e
        WHERE NOT EXISTS (SELECT FROM osm.state AS s
                          WHERE s.regulation_id = act AND s.name = e.value)
        UNION ALL
        SELECT format('no name stands for the state "%s", in which a message begins', s.name)
        FROM osm.state AS s
        WHERE s.regulation_id = act AND s.kind = 'initial'
          AND NOT EXISTS (SELECT FROM jsonb_each_text(states) AS e WHERE e.value = s.name)
        UNION ALL
        SELECT format('the details speak of "%s", which stands for no state', k)
        FROM jsonb_object_keys(details) AS k WHERE k <> '*' AND NOT states ? k
        UNION ALL
        SELECT format('table %s has no column "%s"', target, c.name)
        FROM (SELECT state_column::text UNION ALL SELECT key_column::text
              UNION ALL SELECT e.value #>> '{}' FROM jsonb_each(message) AS e
              WHERE jsonb_typeof(e.value) <> 'object'
              UNION ALL SELECT f.value #>> '{}'
              FROM jsonb_each(details) AS e, jsonb_each(e.value) AS f
              WHERE jsonb_typeof(f.value) <> 'object') AS c (name)
        WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                          WHERE a.attrelid = target AND a.attname = c.name AND a.attnum > 0
                            AND NOT a.attisdropped)
        UNION ALL
        SELECT format('column "%s" must be of type timestamp with time zone', e.value #>> '{}')
        FROM jsonb_each(message) AS e
        JOIN pg_attribute AS a ON a.attrelid = target AND a.attname = e.value #>> '{}'
        WHERE e.key IN ('detected_at', 'published_at')
          AND a.atttypid <> 'timestamptz'::regtype) AS x (finding) LIMIT 1;
    IF finding IS NOT NULL THEN
        RAISE EXCEPTION 'table % cannot be attached: %', target, finding
            USING ERRCODE = '22023', HINT = 'See the page for those who write a portal.';
    END IF;
    PERFORM osm.attach_triggers(target, true);
    PERFORM osm.write_attachment(target, jsonb_build_object('regulation', regulation,
        'key_column', key_column, 'state_column', state_column, 'states', states,
        'message', message, 'details', details));
END
$$;
COMMENT ON FUNCTION osm.attach_workflow(regclass, text, name, jsonb, jsonb, jsonb, name) IS
    'Holds a portal''s own table to an act: INSERT registers an incident, a change of the state '
    'column is the step it amounts to, or OW001; rows are not deleted. states: the portal''s names '
    '-> states of the act (default: the act''s own names); message: keys of osm.register() -> '
    'columns; details: {"state the row comes to, or *": {"key of the step": "column"}}; a column '
    'may be {"value": constant}; key_column: default the primary key. Rows there already are '
    'registered when they are updated in the initial state. Errors: 42501 not the owner, 42809 '
    'such a table cannot be attached, 22023 a mapping that does not fit, 42704 no such act.';

CREATE FUNCTION osm.detach_workflow(target regclass) RETURNS void
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM osm.attached AS a WHERE a.target = detach_workflow.target) THEN
        RAISE EXCEPTION 'table % is not attached to an act', target
            USING ERRCODE = '22023', HINT = 'Table osm.attached lists what is.';
    END IF;
    PERFORM osm.attach_triggers(target, false);
    PERFORM osm.write_attachment(target, NULL);
END
$$;
COMMENT ON FUNCTION osm.detach_workflow(regclass) IS
    'Ends osm.attach_workflow(): the table is the portal''s own again. Its incidents and their '
    'evidence stay, and rows attached again go on where they were. Errors: 42501, 22023.';
