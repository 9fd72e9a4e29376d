-- Who acts, and loading an authority with its people.

CREATE FUNCTION osm.act_as(login text, authority text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_act_as';
COMMENT ON FUNCTION osm.act_as(text, text) IS
    'The named official acts until the end of this transaction; '''' names nobody. For portals '
    'that share a connection: level "portal" only (42501). OW002 if the official is unknown or '
    'ambiguous.';

CREATE FUNCTION osm.actor() RETURNS bigint
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'osm_actor';
COMMENT ON FUNCTION osm.actor() IS
    'Official who acts: named by osm.act_as() in this transaction, else the one whose db_role is '
    'the login role; null for nobody.';

CREATE FUNCTION osm.actor_roles(
    OUT official_id bigint, OUT authority_id bigint, OUT body_id bigint, OUT role text,
    OUT acting_for_id bigint, OUT valid_from date, OUT valid_until date)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'osm_actor_roles';
COMMENT ON FUNCTION osm.actor_roles() IS
    'Roles of the current actor, own and as a deputy (acting_for_id), with the first day and the '
    'first day after.';

CREATE FUNCTION osm.can_see(authority_id bigint, bodies bigint[]) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'osm_can_see';
COMMENT ON FUNCTION osm.can_see(bigint, bigint[]) IS
    'Row security: whether the session may read an incident of that authority which these bodies '
    'have had.';

CREATE FUNCTION osm.define_authority(document jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
    path text;
    wanted text;
    authority bigint;
    item jsonb;
    entry jsonb;
    regulation_code text;
    role_name text;
    strict_edition bigint;
    parent bigint;
    person bigint;
    deputy bigint;
    place bigint;
BEGIN
    IF jsonb_typeof(document) <> 'object' OR coalesce(document ->> 'code', '') !~ '\S' THEN
        RAISE EXCEPTION 'the document of an authority needs a code'
            USING ERRCODE = '22023',
                  HINT = 'Give {"code": …, "title": …, "bodies": […], "officials": […]}.';
    END IF;
    SELECT string_agg(k, ', ' ORDER BY k) INTO unknown FROM jsonb_object_keys(document) AS k
    WHERE k NOT IN ('code', 'title', 'title_en', 'calendar', 'regulations', 'bodies', 'officials',
                    'substitutions');
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'the document of authority "%" has unknown keys', document ->> 'code'
            USING ERRCODE = '22023', DETAIL = format('Unknown: %s.', unknown),
                  HINT = 'Keys are code, title, title_en, calendar, regulations, bodies, officials '
                         'and substitutions.';
    END IF;

    -- Shapes, from the outside in: what is no list is not looked into.
    WITH list (part, path, items) AS (
        SELECT l.part, l.part, document -> l.part
        FROM unnest('{bodies,officials,substitutions}'::text[]) AS l (part)
        UNION ALL
        SELECT 'appointments', format('officials[%s].appointments', o.n - 1),
            o.item -> 'appointments'
        FROM jsonb_path_query(document, '$.officials[*]') WITH ORDINALITY AS o (item, n)
    ), entry (part, path, item) AS (
        SELECT l.part, format('%s[%s]', l.path, i.n - 1), i.item
        FROM list AS l, jsonb_array_elements(
            CASE jsonb_typeof(l.items) WHEN 'array' THEN l.items ELSE '[]' END)
            WITH ORDINALITY AS i (item, n)
    ), act (path, roles) AS (
        SELECT 'regulations.' || r.key, r.value FROM jsonb_each(
            CASE jsonb_typeof(document -> 'regulations')
                WHEN 'object' THEN document -> 'regulations' ELSE '{}' END) AS r
    ), seat (path, bodies) AS (
        SELECT format('%s.%s', a.path, r.key), r.value FROM act AS a, jsonb_each(
            CASE jsonb_typeof(a.roles) WHEN 'object' THEN a.roles ELSE '{}' END) AS r
    ), value (depth, path, kind, required, given) AS (
        SELECT 1, k.name, k.kind, false, document -> k.name
        FROM (VALUES ('code', 'string'), ('title', 'string'), ('title_en', 'string'),
                     ('calendar', 'string'), ('regulations', 'object'), ('bodies', 'array'),
                     ('officials', 'array'), ('substitutions', 'array')) AS k (name, kind)
        UNION ALL
        SELECT 2, e.path, 'object', true, e.item FROM entry AS e
        UNION ALL
        SELECT 2, a.path, 'object', true, a.roles FROM act AS a
        UNION ALL
        SELECT 3, t.path, 'array', true, t.bodies FROM seat AS t
        UNION ALL
        SELECT 4, format('%s[%s]', t.path, b.n - 1), 'string', true, b.code
        FROM seat AS t, jsonb_path_query(t.bodies, '$[*]') WITH ORDINALITY AS b (code, n)
        UNION ALL
        SELECT 3, format('%s.%s', e.path, k.name), k.kind, k.required, e.item -> k.name
        FROM entry AS e JOIN (VALUES
            ('bodies', 'string', true, '{code,title}'::text[]),
            ('bodies', 'string', false, '{title_en,kind,parent,calendar}'),
            ('officials', 'string', true, '{login,name}'),
            ('officials', 'string', false, '{email,db_role}'),
            ('officials', 'array', false, '{appointments}'),
            ('appointments', 'string', true, '{body,role}'),
            ('appointments', 'string', false, '{act_ref,from,to}'),
            ('appointments', 'number', false, '{rank}'),
            ('substitutions', 'string', true, '{principal,deputy}'),
            ('substitutions', 'string', false, '{act_ref,from,to}'))
                AS r (part, kind, required, names) ON r.part = e.part
            CROSS JOIN LATERAL (SELECT n.name, r.kind, r.required
                                FROM unnest(r.names) AS n (name)) AS k
    )
    SELECT v.path, v.kind INTO path, wanted FROM value AS v
    WHERE CASE coalesce(jsonb_typeof(v.given), 'absent')
            WHEN 'absent' THEN v.required
            WHEN 'null' THEN v.required OR v.kind IN ('array', 'object')
            WHEN v.kind THEN v.required AND v.kind = 'string' AND v.given #>> '{}' !~ '\S'
            ELSE true
          END
    ORDER BY v.depth, v.path LIMIT 1;
    IF path IS NOT NULL THEN
        RAISE EXCEPTION 'the document of authority "%" has no good "%"', document ->> 'code', path
            USING ERRCODE = '22023', DETAIL = format('It must be a JSON %s.', wanted),
                  HINT = CASE wanted WHEN 'array' THEN 'Write a list: […].'
                                     WHEN 'object' THEN 'Write keys and values: {…}.'
                                     WHEN 'number' THEN 'Write digits without quotes.'
                                     ELSE 'Write a text that is not blank: "…".' END;
    END IF;

    FOR unknown, wanted IN
        SELECT format('%s: %s', part.name, k), array_to_string(part.keys, ', ')
        FROM (VALUES ('bodies', '{code,title,title_en,kind,parent,calendar}'::text[]),
                     ('officials', '{login,name,email,db_role,appointments}'),
                     ('substitutions', '{principal,deputy,act_ref,from,to}')) AS part (name, keys),
            jsonb_array_elements(coalesce(document -> part.name, '[]')) AS i (item),
            jsonb_object_keys(i.item) AS k
        WHERE k <> ALL (part.keys)
        UNION ALL
        SELECT format('appointments: %s', k), 'body, role, rank, act_ref, from, to'
        FROM jsonb_array_elements(coalesce(document -> 'officials', '[]')) AS o (item),
            jsonb_array_elements(coalesce(o.item -> 'appointments', '[]')) AS a (item),
            jsonb_object_keys(a.item) AS k
        WHERE k <> ALL ('{body,role,rank,act_ref,from,to}'::text[])
        ORDER BY 1
    LOOP
        RAISE EXCEPTION 'the document of authority "%" has unknown keys', document ->> 'code'
            USING ERRCODE = '22023', DETAIL = format('Unknown in %s.', unknown),
                  HINT = format('Keys there are %s.', wanted);
    END LOOP;

    -- One loader at a time: the code of an authority is looked up, then entered.
    LOCK TABLE osm.body IN SHARE ROW EXCLUSIVE MODE;
    SELECT b.id INTO authority FROM osm.body AS b
    WHERE b.code = document ->> 'code' AND b.parent_id IS NULL;
    IF authority IS NULL AND coalesce(document ->> 'title', '') !~ '\S' THEN
        RAISE EXCEPTION 'the new authority "%" needs a title', document ->> 'code'
            USING ERRCODE = '22023',
                  HINT = 'Only the document of an authority already loaded may leave it out.';
    ELSIF authority IS NULL THEN
        authority := nextval('osm.body_id_seq');
        INSERT INTO osm.body (id, authority_id, code, title, title_en, kind, calendar)
        VALUES (authority, authority, document ->> 'code', document ->> 'title',
                document ->> 'title_en', 'authority', document ->> 'calendar');
    ELSE
        UPDATE osm.body AS b
        SET title = CASE WHEN document ->> 'title' ~ '\S' THEN document ->> 'title'
                         ELSE b.title END,
            title_en = CASE WHEN document ? 'title_en' THEN document ->> 'title_en'
                            ELSE b.title_en END,
            calendar = CASE WHEN document ? 'calendar' THEN document ->> 'calendar'
                            ELSE b.calendar END
        WHERE b.id = authority AND b.authority_id = authority;
    END IF;

    FOR item IN SELECT * FROM jsonb_array_elements(coalesce(document -> 'bodies', '[]')) LOOP
        SELECT b.id INTO parent FROM osm.body AS b
        WHERE b.authority_id = authority
          AND b.code = coalesce(item ->> 'parent', document ->> 'code');
        IF item ->> 'kind' NOT IN ('authority', 'department', 'organisation', 'municipality') THEN
            RAISE EXCEPTION 'body "%" is of unknown kind "%"', item ->> 'code', item ->> 'kind'
                USING ERRCODE = '22023',
                      HINT = 'Kinds are department, organisation, municipality, authority.';
        END IF;
        IF parent IS NULL THEN
            RAISE EXCEPTION 'body "%" names an unknown parent "%"',
                item ->> 'code', item ->> 'parent'
                USING ERRCODE = '22023', HINT = 'List a parent before the bodies below it.';
        END IF;
        INSERT INTO osm.body AS b (authority_id, parent_id, code, title, title_en, kind, calendar)
        VALUES (authority, parent, item ->> 'code', item ->> 'title', item ->> 'title_en',
                coalesce(item ->> 'kind', 'department'), item ->> 'calendar')
        ON CONFLICT (authority_id, code) DO UPDATE
            SET parent_id = excluded.parent_id, title = excluded.title,
                title_en = excluded.title_en, kind = excluded.kind, calendar = excluded.calendar
            WHERE b.parent_id IS NOT NULL;
    END LOOP;
    WITH RECURSIVE tree (id) AS (
        SELECT authority
        UNION
        SELECT b.id FROM tree AS t JOIN osm.body AS b
            ON b.parent_id = t.id AND b.authority_id = authority)
    SELECT string_agg(b.code, ', ' ORDER BY b.code) INTO unknown
    FROM osm.body AS b WHERE b.authority_id = authority AND b.id NOT IN (SELECT t.id
        FROM tree AS t);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'bodies of authority "%" stand above each other in a circle',
            document ->> 'code'
            USING ERRCODE = '22023', DETAIL = format('Bodies: %s.', unknown),
                  HINT = 'Give one of them a "parent" outside the circle; without one it stands '
                         'right under the authority.';
    END IF;

    FOR regulation_code, item IN
        SELECT * FROM jsonb_each(coalesce(document -> 'regulations', '{}'))
    LOOP
        SELECT string_agg(DISTINCT o.name, ', ') INTO wanted
        FROM osm.regulation AS r JOIN osm.role AS o ON o.regulation_id = r.id
        WHERE r.code = regulation_code;
        IF wanted IS NULL THEN
            RAISE WARNING 'regulation "%" is not loaded, its roles are not checked', regulation_code
                USING HINT = 'Load it with osm.define_regulation() or osm.install_preset().';
        END IF;
        FOR role_name, entry IN SELECT * FROM jsonb_each(item) LOOP
            IF role_name <> ALL (string_to_array(wanted, ', ')) THEN
                RAISE EXCEPTION 'regulation "%" knows no role "%"', regulation_code, role_name
                    USING ERRCODE = '22023', HINT = format('Known roles: %s.', wanted);
            END IF;
            INSERT INTO osm.body_role (authority_id, body_id, regulation, role)
            SELECT authority, b.id, regulation_code, role_name
            FROM jsonb_array_elements_text(entry) AS code
            JOIN osm.body AS b ON b.authority_id = authority AND b.code = code.value
            ON CONFLICT DO NOTHING;
            SELECT string_agg(code.value, ', ') INTO unknown
            FROM jsonb_array_elements_text(entry) AS code
            WHERE NOT EXISTS (SELECT FROM osm.body AS b
                              WHERE b.authority_id = authority AND b.code = code.value);
            IF unknown IS NOT NULL THEN
                RAISE EXCEPTION 'regulation "%" lists unknown bodies for role "%"',
                    regulation_code, role_name
                    USING ERRCODE = '22023', DETAIL = format('Unknown: %s.', unknown),
                          HINT = 'Add them to "bodies", or correct their codes.';
            END IF;
        END LOOP;
    END LOOP;

    SELECT string_agg(DISTINCT o.name, ', ') INTO wanted
    FROM osm.regulation AS r JOIN osm.role AS o ON o.regulation_id = r.id
    WHERE document -> 'regulations' ? r.code
       OR EXISTS (SELECT FROM osm.body_role AS w
                  WHERE w.authority_id = authority AND w.regulation = r.code);
    FOR item IN SELECT * FROM jsonb_array_elements(coalesce(document -> 'officials', '[]')) LOOP
        INSERT INTO osm.official (authority_id, login, name, email, db_role)
        VALUES (authority, item ->> 'login', item ->> 'name', item ->> 'email', item ->> 'db_role')
        ON CONFLICT (authority_id, login) DO UPDATE
            SET name = excluded.name, email = excluded.email, db_role = excluded.db_role
        RETURNING id INTO person;
        FOR entry IN SELECT * FROM jsonb_array_elements(coalesce(item -> 'appointments', '[]')) LOOP
            SELECT b.id INTO place FROM osm.body AS b
            WHERE b.authority_id = authority AND b.code = entry ->> 'body';
            IF place IS NULL THEN
                RAISE EXCEPTION 'official "%" is appointed to an unknown body "%"',
                    item ->> 'login', entry ->> 'body'
                    USING ERRCODE = '22023', HINT = 'List the body under "bodies".';
            END IF;
            IF entry ->> 'role' <> ALL (string_to_array(wanted, ', ')) THEN
                RAISE EXCEPTION 'official "%" is appointed to an unknown role "%"',
                    item ->> 'login', entry ->> 'role'
                    USING ERRCODE = '22023',
                          DETAIL = 'No regulation the authority works under knows it.',
                          HINT = format('Known roles: %s.', wanted);
            END IF;
            SELECT r.id INTO strict_edition
            FROM osm.role AS o JOIN osm.regulation AS r ON r.id = o.regulation_id
            JOIN osm.body_role AS w ON w.regulation = r.code AND w.authority_id = authority
            WHERE o.name = entry ->> 'role' AND o.lowest_rank IS NOT NULL
              AND coalesce((entry ->> 'rank')::integer, 2147483647) > o.lowest_rank
            LIMIT 1;
            IF strict_edition IS NOT NULL THEN
                RAISE EXCEPTION 'official "%" does not have the rank that role "%" demands',
                    item ->> 'login', entry ->> 'role'
                    USING ERRCODE = 'OW003',
                          DETAIL = (SELECT format('Regulation "%s", clause %s: lowest rank is %s '
                                              '(1 head, 2 deputy head).',
                                              r.code, o.clause, o.lowest_rank)
                                    FROM osm.role AS o
                                    JOIN osm.regulation AS r ON r.id = o.regulation_id
                                    WHERE o.regulation_id = strict_edition
                                        AND o.name = entry ->> 'role'),
                          HINT = 'Give the rank of the post held as "rank".';
            END IF;
            FOR path, unknown IN
                SELECT array_to_string(l.missing, ', '), format(
                    'Regulation "%s" edition "%s", clause %s.', r.code, r.edition, d.clause)
                FROM osm.duty_rule AS d
                    JOIN osm.regulation AS r ON r.id = d.regulation_id
                        AND r.in_force @> timezone(r.time_zone, osm.now())::date
                    CROSS JOIN LATERAL (SELECT osm.duty_lacks(d.requires,
                        entry || jsonb_build_object('email', item -> 'email'))) AS l (missing)
                WHERE d.kind = 'appointment' AND d.binding AND d.responsible = entry ->> 'role'
                  AND l.missing IS NOT NULL
                  AND EXISTS (SELECT FROM osm.body_role AS w
                              WHERE w.authority_id = authority AND w.regulation = r.code)
            LOOP
                RAISE EXCEPTION 'official "%" is not appointed to role "%" without: %',
                    item ->> 'login', entry ->> 'role', path
                    USING ERRCODE = 'OW003', DETAIL = unknown,
                          HINT = 'Give these keys with the appointment.';
            END LOOP;
            -- the same appointment with another end is ended, not made twice
            UPDATE osm.appointment AS a
            SET during = daterange((entry ->> 'from')::date, (entry ->> 'to')::date, '[]')
            WHERE a.authority_id = authority AND a.official_id = person AND a.body_id = place
              AND a.role = entry ->> 'role'
              AND lower(a.during) IS NOT DISTINCT FROM (entry ->> 'from')::date;
            INSERT INTO osm.appointment
                (authority_id, official_id, body_id, role, rank, act_ref, during)
            VALUES (authority, person, place, entry ->> 'role', (entry ->> 'rank')::integer,
                    entry ->> 'act_ref',
                    daterange((entry ->> 'from')::date, (entry ->> 'to')::date, '[]'))
            ON CONFLICT (authority_id, official_id, body_id, role, during) DO UPDATE
                SET rank = excluded.rank, act_ref = excluded.act_ref;
        END LOOP;
    END LOOP;

    SELECT o.db_role, string_agg(format('"%s" of "%s"', o.login, b.code), ', ' ORDER BY o.id)
    INTO wanted, unknown
    FROM osm.official AS o JOIN osm.body AS b ON b.id = o.authority_id
    WHERE o.db_role IN (SELECT (i.item ->> 'db_role')::name
        FROM jsonb_array_elements(coalesce(document -> 'officials', '[]')) AS i (item))
    GROUP BY o.db_role HAVING count(*) > 1
    ORDER BY o.db_role LIMIT 1;
    IF wanted IS NOT NULL THEN
        RAISE EXCEPTION 'database role "%" would belong to several officials', wanted
            USING ERRCODE = '22023', DETAIL = format('Officials: %s.', unknown),
                  HINT = 'Give each official a db_role of their own, or none.';
    END IF;

    FOR item IN SELECT * FROM jsonb_array_elements(coalesce(document -> 'substitutions', '[]')) LOOP
        SELECT o.id INTO person FROM osm.official AS o
        WHERE o.authority_id = authority AND o.login = item ->> 'principal';
        SELECT o.id INTO deputy FROM osm.official AS o
        WHERE o.authority_id = authority AND o.login = item ->> 'deputy';
        IF person IS NULL OR deputy IS NULL THEN
            RAISE EXCEPTION 'a substitution names an unknown official'
                USING ERRCODE = '22023', DETAIL = item::text, HINT = 'List both under "officials".';
        END IF;
        UPDATE osm.substitution AS s
        SET act_ref = item ->> 'act_ref',
            during = daterange((item ->> 'from')::date, (item ->> 'to')::date, '[]')
        WHERE s.authority_id = authority AND s.principal_id = person AND s.deputy_id = deputy
          AND lower(s.during) IS NOT DISTINCT FROM (item ->> 'from')::date;
        IF NOT FOUND THEN
            INSERT INTO osm.substitution (authority_id, principal_id, deputy_id, act_ref, during)
            VALUES (authority, person, deputy, item ->> 'act_ref',
                    daterange((item ->> 'from')::date, (item ->> 'to')::date, '[]'));
        END IF;
    END LOOP;
    RETURN authority;
END
$$;
COMMENT ON FUNCTION osm.define_authority(jsonb) IS
    'Loads an authority: its bodies, the acts they work under, officials with appointments, '
    'substitutions. Known codes are updated, nothing is removed. Returns its id. 22023 for a bad '
    'document, for a role its acts do not know, for a db_role given twice; OW003 '
    'where a rank is too low for a role or an appointment lacks what the act requires.';
