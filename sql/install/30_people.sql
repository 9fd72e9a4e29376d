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
    IF jsonb_typeof(document) <> 'object' OR coalesce(document ->> 'code', '') = ''
       OR coalesce(document ->> 'title', '') = '' THEN
        RAISE EXCEPTION 'the document of an authority needs a code and a title'
            USING ERRCODE = '22023',
                  HINT = 'Give {"code": …, "title": …, "bodies": […], "officials": […]}.';
    END IF;
    SELECT string_agg(k, ', ' ORDER BY k) INTO unknown FROM jsonb_object_keys(document) AS k
    WHERE k NOT IN ('code', 'title', 'title_en', 'calendar', 'regulations', 'bodies', 'officials',
                    'substitutions');
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'the document of authority "%" has unknown keys', document ->> 'code'
            USING ERRCODE = '22023', DETAIL = format('Unknown: %s.', unknown);
    END IF;

    FOR unknown IN
        SELECT format('%s: %s', part.name, k)
        FROM (VALUES ('bodies', '{code,title,title_en,kind,parent,calendar}'::text[]),
                     ('officials', '{login,name,email,db_role,appointments}'),
                     ('substitutions', '{principal,deputy,act_ref,from,to}')) AS part (name, keys),
            jsonb_array_elements(coalesce(document -> part.name, '[]')) AS i (item),
            jsonb_object_keys(i.item) AS k
        WHERE k <> ALL (part.keys)
        UNION ALL
        SELECT format('appointments: %s', k)
        FROM jsonb_array_elements(coalesce(document -> 'officials', '[]')) AS o (item),
            jsonb_array_elements(coalesce(o.item -> 'appointments', '[]')) AS a (item),
            jsonb_object_keys(a.item) AS k
        WHERE k <> ALL ('{body,role,rank,act_ref,from,to}'::text[])
        ORDER BY 1
    LOOP
        RAISE EXCEPTION 'the document of authority "%" has unknown keys', document ->> 'code'
            USING ERRCODE = '22023', DETAIL = format('Unknown in %s.', unknown);
    END LOOP;

    -- One loader at a time: the code of an authority is looked up, then entered.
    LOCK TABLE osm.body IN SHARE ROW EXCLUSIVE MODE;
    SELECT b.id INTO authority FROM osm.body AS b
    WHERE b.code = document ->> 'code' AND b.parent_id IS NULL;
    IF authority IS NULL THEN
        authority := nextval('osm.body_id_seq');
        INSERT INTO osm.body (id, authority_id, code, title, title_en, kind, calendar)
        VALUES (authority, authority, document ->> 'code', document ->> 'title',
                document ->> 'title_en', 'authority', document ->> 'calendar');
    ELSE
        UPDATE osm.body SET title = document ->> 'title', title_en = document ->> 'title_en',
                            calendar = document ->> 'calendar'
        WHERE id = authority AND authority_id = authority;
    END IF;

    FOR item IN SELECT * FROM jsonb_array_elements(coalesce(document -> 'bodies', '[]')) LOOP
        SELECT b.id INTO parent FROM osm.body AS b
        WHERE b.authority_id = authority
          AND b.code = coalesce(item ->> 'parent', document ->> 'code');
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
            USING ERRCODE = '22023', DETAIL = format('Bodies: %s.', unknown);
    END IF;

    FOR regulation_code, item IN
        SELECT * FROM jsonb_each(coalesce(document -> 'regulations', '{}'))
    LOOP
        FOR role_name, entry IN SELECT * FROM jsonb_each(item) LOOP
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
                    USING ERRCODE = '22023', DETAIL = format('Unknown: %s.', unknown);
            END IF;
        END LOOP;
    END LOOP;

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
    'document, OW003 where a rank is too low for a role.';
