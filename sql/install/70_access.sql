-- Rights: who may read, act, act for others, register, administer, audit.

CREATE FUNCTION osm.own_functions() RETURNS integer
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_own_functions';
COMMENT ON FUNCTION osm.own_functions() IS
    'Gives the extension''s functions to the owner of its tables, so that none runs as a '
    'superuser; part of osm.install() and osm.upgrade(). Returns how many changed hands. 42501 '
    'for anyone but that owner.';

CREATE FUNCTION osm.upgrade() RETURNS void
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lost text;
    silenced record;
BEGIN
    IF to_regclass('osm.regulation') IS NULL THEN
        RAISE EXCEPTION 'the tables of osm_workflow are not installed in this database'
            USING ERRCODE = '55000', HINT = 'Run SELECT osm.install().';
    END IF;
    -- DROP EXTENSION ... CASCADE leaves the tables with their rows, but nothing that guards them
    SELECT string_agg(x.what, ', ') INTO lost
    FROM (SELECT format('trigger %s on osm.%s', w.name, w.relation)
          FROM (VALUES ('incident', 'a_guard'), ('incident', 'z_step'),
                       ('incident', 'a_guard_truncate'), ('event', 'a_append_only'),
                       ('event', 'a_append_only_truncate'), ('duty_record', 'a_append_only'),
                       ('duty_record', 'a_append_only_truncate'),
                       ('report_run', 'a_append_only'),
                       ('report_run', 'a_append_only_truncate')) AS w (relation, name)
          WHERE NOT EXISTS (SELECT FROM pg_trigger AS t
                            WHERE t.tgrelid = to_regclass('osm.' || w.relation)
                              AND t.tgname = w.name AND t.tgenabled <> 'D')
          UNION ALL
          SELECT format('column %s of osm.%s', w.name, w.relation)
          FROM (VALUES ('clock', 'term'), ('clock', 'used'),
                       ('clock_rule', 'term')) AS w (relation, name)
          WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                            WHERE a.attrelid = to_regclass('osm.' || w.relation)
                              AND a.attname = w.name AND NOT a.attisdropped)
          UNION ALL
          SELECT 'row security of osm.incident'
          WHERE NOT EXISTS (SELECT FROM pg_policy AS p
                            WHERE p.polrelid = to_regclass('osm.incident'))
         ) AS x (what);
    IF lost IS NOT NULL THEN
        RAISE EXCEPTION 'the tables of osm_workflow are not guarded any more'
            USING ERRCODE = '55000',
                  DETAIL = format('Missing or disabled: %s.', lost),
                  HINT = 'Enable what was disabled. What DROP EXTENSION ... CASCADE took away '
                         'comes back only with a dump made before; the rows left can be read.';
    END IF;
    -- a data-only restore disables all triggers and enables them as ordinary ones, which logical
    -- apply and replica sessions do not fire
    FOR silenced IN
        SELECT c.relname, t.tgname
        FROM pg_trigger AS t
        JOIN pg_class AS c ON c.oid = t.tgrelid AND c.relnamespace = 'osm'::regnamespace
        JOIN pg_proc AS p ON p.oid = t.tgfoid AND p.pronamespace = 'osm'::regnamespace
        WHERE t.tgenabled = 'O'
          AND (p.proname = 'invalidate_definition'
               OR (p.proname = 'refuse_change' AND c.relname <> 'incident'))
        ORDER BY c.relname, t.tgname
    LOOP
        EXECUTE format('ALTER TABLE osm.%I ENABLE ALWAYS TRIGGER %I',
                       silenced.relname, silenced.tgname);
    END LOOP;
    PERFORM osm.own_functions();
END
$$;
COMMENT ON FUNCTION osm.upgrade() IS
    'Brings the tables to the version of the extension and gives its functions to their owner. '
    'Call it after ALTER EXTENSION osm_workflow UPDATE and after restoring a dump. 55000 where the '
    'tables have lost what guards them.';

CREATE FUNCTION osm.can_see_authority(authority_id bigint) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'osm_can_see_authority';
COMMENT ON FUNCTION osm.can_see_authority(bigint) IS
    'Row security: whether the session may read the bodies and officials of an authority.';

-- Its cost tells the planner to reach a table by its incidents, not to ask for every row of it.
CREATE FUNCTION osm.can_see_incident(authority_id bigint, incident_id bigint) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 1000
    AS 'MODULE_PATHNAME', 'osm_can_see_incident';
COMMENT ON FUNCTION osm.can_see_incident(bigint, bigint) IS
    'Row security: osm.can_see() of the incident a row belongs to.';

CREATE FUNCTION osm.access_statements(role regrole, level text, verb text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grantee text := (SELECT quote_ident(r.rolname) FROM pg_roles AS r WHERE r.oid = role);
    word text := CASE verb WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END;
    reads boolean := level <> 'monitor';
    acts boolean := level IN ('operator', 'portal', 'monitor');
BEGIN
    RETURN NEXT format('%s USAGE ON SCHEMA osm %s %s', verb, word, grantee);
    IF reads THEN
        RETURN QUERY SELECT format('%s SELECT ON osm.%I %s %s', verb, c.relname, word, grantee)
            FROM pg_class AS c
            WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind IN ('r', 'p', 'v')
              AND (c.relname <> 'access' OR level IN ('administrator', 'auditor'));
    END IF;
    RETURN QUERY
        SELECT format('%s EXECUTE ON FUNCTION %s %s %s', verb, p.oid::regprocedure, word, grantee)
        FROM pg_proc AS p
        JOIN pg_depend AS d
            ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'osm_workflow'
        WHERE d.refclassid = 'pg_extension'::regclass
          -- who attaches tables puts this trigger on them
          AND (p.prorettype <> 'trigger'::regtype OR p.proname = 'guard_attached')
          AND CASE
                WHEN p.provolatile <> 'v' AND p.proname <> 'access_statements' THEN true
                WHEN p.proname = 'register' THEN acts
                WHEN p.prorettype = 'osm.step'::regtype THEN level IN ('operator', 'portal')
                WHEN p.proname IN ('record_account', 'record_publication', 'record_duty',
                                   'freeze_report') THEN
                    level IN ('operator', 'portal')
                WHEN p.proname = 'act_as' THEN level = 'portal'
                WHEN p.proname IN ('claim_notifications', 'confirm_notification',
                                   'fail_notification') THEN
                    level IN ('portal', 'administrator')
                WHEN p.proname IN ('install', 'upgrade', 'own_functions', 'note_due',
                                   'write_report', 'freeze_due_report') THEN false
                ELSE level = 'administrator'
              END;
    IF acts THEN
        RETURN NEXT format('%s SELECT (id), INSERT (regulation, kind, channel, url, external_id, '
            'author, text, published_at, detected_at, topic, place, importance, repeat_of, '
            'details) ON osm.incident %s %s', verb, word, grantee);
    END IF;
    IF acts AND reads THEN
        RETURN NEXT format('%s UPDATE (state, action, details, occurred_at, event_seq) '
            'ON osm.incident %s %s', verb, word, grantee);
    END IF;
END
$$;
COMMENT ON FUNCTION osm.access_statements(regrole, text, text) IS
    'The GRANT or REVOKE statements a level consists of; what osm.grant_access() runs.';

CREATE FUNCTION osm.grant_access(role regrole, level text, authority text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
    limited_to bigint;
BEGIN
    IF role IS NULL THEN
        RAISE EXCEPTION 'no database role is named'
            USING ERRCODE = '22023', HINT = 'Name the role that gets the level.';
    END IF;
    IF level IS NULL
       OR level NOT IN ('reader', 'operator', 'portal', 'monitor', 'administrator', 'auditor') THEN
        RAISE EXCEPTION 'there is no access level "%"', level
            USING ERRCODE = '22023',
                  HINT = 'Levels are reader, operator, portal, monitor, administrator, auditor.';
    END IF;
    IF authority IS NOT NULL THEN
        IF level = 'administrator' THEN
            RAISE EXCEPTION 'level "administrator" cannot be limited to an authority'
                USING ERRCODE = '22023',
                      HINT = 'Acts and calendars are shared, and so is the right to change them.';
        END IF;
        SELECT b.id INTO limited_to FROM osm.body AS b
        WHERE b.code = authority AND b.parent_id IS NULL;
        IF limited_to IS NULL THEN
            RAISE EXCEPTION 'there is no authority "%"', authority
                USING ERRCODE = '22023', HINT = 'Load it with osm.define_authority().';
        END IF;
    END IF;
    FOR statement IN SELECT osm.access_statements(role, level, 'GRANT') LOOP
        EXECUTE statement;
    END LOOP;
    INSERT INTO osm.access (role, level, authority_id)
    SELECT r.rolname, grant_access.level, limited_to
    FROM pg_roles AS r WHERE r.oid = grant_access.role
    ON CONFLICT ON CONSTRAINT access_pkey DO UPDATE SET authority_id = excluded.authority_id;
END
$$;
COMMENT ON FUNCTION osm.grant_access(regrole, text, text) IS
    'Gives a database role a level: reader (views), operator (act as oneself), portal (act as '
    'others), monitor (register only), administrator (people, calendars, acts), auditor (read '
    'everything); limited to one authority (its code) where given. 22023 for a level or authority '
    'that does not exist.';

CREATE FUNCTION osm.revoke_access(role regrole, level text) RETURNS void
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
    kept text;
BEGIN
    DELETE FROM osm.access AS a USING pg_roles AS r
    WHERE r.oid = revoke_access.role AND a.role = r.rolname AND a.level = revoke_access.level;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'role "%" does not have level "%"', role, level
            USING ERRCODE = '22023', HINT = 'Table osm.access lists what was granted.';
    END IF;
    FOR statement IN SELECT osm.access_statements(role, level, 'REVOKE') LOOP
        EXECUTE statement;
    END LOOP;
    -- levels share rights: give back what the remaining ones consist of
    FOR kept IN SELECT a.level FROM osm.access AS a JOIN pg_roles AS r ON r.rolname = a.role
                WHERE r.oid = revoke_access.role LOOP
        FOR statement IN SELECT osm.access_statements(role, kept, 'GRANT') LOOP
            EXECUTE statement;
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION osm.revoke_access(regrole, text) IS
    'Takes a level away again; rights that another level of the role gives stay. 22023 if the '
    'role does not have it.';
