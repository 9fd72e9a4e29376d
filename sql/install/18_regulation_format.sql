-- The format of a regulation document: one list of keys from which everything else follows, that
-- is what is unknown, missing or mistyped, what absence means, what the normal form leaves out.
--
-- The hazard that shaped it: a misspelt key in a legal document must never be read as "absent, so
-- the default". Nothing is ignored, and the defaults are those of the tables (a test compares).

CREATE FUNCTION osm.regulation_format()
RETURNS TABLE (section text, key text, type text, required boolean, fallback jsonb, accepted text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 130
AS $osm_function$
    VALUES
        ('', 'type', 'text', false, '"regulation"'::pg_catalog.jsonb,
            '{regulation}'::pg_catalog.text[]),
        ('', 'code', 'code', true, NULL, NULL),
        ('', 'edition', 'text', true, NULL, NULL),
        ('', 'title', 'text', true, NULL, NULL),
        ('', 'title_en', 'text', false, NULL, NULL),
        ('', 'issuer', 'text', true, NULL, NULL),
        ('', 'act_no', 'text', true, NULL, NULL),
        ('', 'act_date', 'date', true, NULL, NULL),
        ('', 'published_on', 'date', false, NULL, NULL),
        ('', 'in_force', 'object', true, NULL, NULL),
        ('', 'time_zone', 'zone', true, NULL, NULL),
        ('', 'calendar', 'text', true, NULL, NULL),
        ('', 'several_bodies', 'text', false, '"joint"', '{joint,separate,choice}'),
        ('', 'lead_contributes', 'boolean', false, 'false', NULL),
        ('', 'urgent_importance', 'texts', false, '[]', NULL),
        ('', 'minimum_sample', 'positive', false, '2', NULL),
        ('', 'clauses', 'rows', true, NULL, NULL),
        ('', 'roles', 'rows', true, NULL, NULL),
        ('', 'states', 'rows', true, NULL, NULL),
        ('', 'actions', 'rows', true, NULL, NULL),
        ('', 'transitions', 'rows', true, NULL, NULL),
        ('', 'clocks', 'rows', false, '[]', NULL),
        ('', 'contents', 'rows', false, '[]', NULL),
        ('', 'reasons', 'rows', false, '[]', NULL),
        ('', 'channels', 'rows', false, '[]', NULL),
        ('', 'duties', 'rows', false, '[]', NULL),
        ('', 'rating', 'object', false, '{}', NULL),
        ('in_force', 'from', 'date', true, NULL, NULL),
        ('in_force', 'to', 'date', false, NULL, NULL),
        ('rating', 'parts', 'rows', false, '[]', NULL),
        ('rating', 'zones', 'rows', false, '[]', NULL),
        ('clauses', 'path', 'text', true, NULL, NULL),
        ('clauses', 'summary', 'text', true, NULL, NULL),
        ('clauses', 'summary_en', 'text', false, NULL, NULL),
        ('clauses', 'answer', 'answer', true, NULL, NULL),
        ('clauses', 'reading', 'text', false, NULL, NULL),
        ('clauses', 'alternative', 'text', false, NULL, NULL),
        ('clauses', 'reason', 'text', false, NULL, NULL),
        ('clauses', 'confidence', 'text', false, NULL, '{high,medium,low}'),
        ('roles', 'name', 'name', true, NULL, NULL),
        ('roles', 'title', 'text', true, NULL, NULL),
        ('roles', 'title_en', 'text', false, NULL, NULL),
        ('roles', 'scope', 'text', true, NULL, '{authority,assignment,lead}'),
        ('roles', 'lowest_rank', 'positive', false, NULL, NULL),
        ('roles', 'required', 'boolean', false, 'false', NULL),
        ('roles', 'may_backdate', 'boolean', false, 'false', NULL),
        ('roles', 'clause', 'text', true, NULL, NULL),
        ('states', 'name', 'name', true, NULL, NULL),
        ('states', 'title', 'text', true, NULL, NULL),
        ('states', 'title_en', 'text', false, NULL, NULL),
        ('states', 'kind', 'text', true, NULL, '{initial,open,final,forbidden}'),
        ('actions', 'name', 'name', true, NULL, NULL),
        ('actions', 'title', 'text', true, NULL, NULL),
        ('actions', 'title_en', 'text', false, NULL, NULL),
        ('actions', 'effect', 'text', false, '"none"', '{none,register,assign,release,contribute,'
            'submit,endorse,approve,send_back,post,classify,set_term,link_repeat,publish}'),
        ('actions', 'subject', 'text', false, NULL, NULL),
        ('actions', 'notifies', 'texts', false, '[]', NULL),
        ('actions', 'deliver_within', 'text', false, NULL, NULL),
        ('transitions', 'action', 'text', true, NULL, NULL),
        ('transitions', 'from', 'text', false, NULL, NULL),
        ('transitions', 'to', 'text', false, NULL, NULL),
        ('transitions', 'role', 'some texts', true, NULL, NULL),
        ('transitions', 'requires', 'texts', false, '[]', NULL),
        ('transitions', 'applies_when', 'condition', false, '{}', NULL),
        ('transitions', 'clause', 'text', true, NULL, NULL),
        ('clocks', 'name', 'name', true, NULL, NULL),
        ('clocks', 'title', 'text', true, NULL, NULL),
        ('clocks', 'title_en', 'text', false, NULL, NULL),
        ('clocks', 'starts_on', 'some texts', true, NULL, NULL),
        ('clocks', 'stops_on', 'some texts', true, NULL, NULL),
        ('clocks', 'cancels_on', 'texts', false, '[]', NULL),
        ('clocks', 'pauses_on', 'texts', false, '[]', NULL),
        ('clocks', 'resumes_on', 'texts', false, '[]', NULL),
        ('clocks', 'armed', 'text', false, '"always"', '{always,on_use}'),
        ('clocks', 'anchor', 'text', false, NULL, NULL),
        ('clocks', 'term', 'interval', false, NULL, NULL),
        ('clocks', 'share_of', 'text', false, NULL, NULL),
        ('clocks', 'share', 'share', false, NULL, NULL),
        ('clocks', 'counts_from', 'text', false, NULL, NULL),
        ('clocks', 'due_from', 'text', false, NULL, NULL),
        ('clocks', 'on_due', 'text', false, NULL, NULL),
        ('clocks', 'calendar', 'text', false, NULL, NULL),
        ('clocks', 'urgent_term', 'interval', false, NULL, NULL),
        ('clocks', 'urgent_factor', 'share', false, NULL, NULL),
        ('clocks', 'scope', 'text', false, '"incident"', '{incident,assignment,reply}'),
        ('clocks', 'outer_term', 'boolean', false, 'false', NULL),
        ('clocks', 'responsible', 'text', true, NULL, NULL),
        ('clocks', 'binding', 'boolean', false, 'true', NULL),
        ('clocks', 'warn_before', 'intervals', false, '[]', NULL),
        ('clocks', 'deliver_within', 'text', false, NULL, NULL),
        ('clocks', 'applies_when', 'condition', false, '{}', NULL),
        ('clocks', 'clause', 'text', true, NULL, NULL),
        ('contents', 'name', 'name', true, NULL, NULL),
        ('contents', 'title', 'text', true, NULL, NULL),
        ('contents', 'title_en', 'text', false, NULL, NULL),
        ('contents', 'applies_to', 'some texts', true, NULL, NULL),
        ('contents', 'applies_when', 'condition', false, '{}', NULL),
        ('contents', 'check', 'text', true, NULL,
            '{present,absent,max_items,min_items,listed,ticked,same_channel,known_channel,'
            'known_account,max_length,min_length,without_phrases,rate}'),
        ('contents', 'key', 'text', false, NULL, NULL),
        ('contents', 'unless', 'texts', false, '[]', NULL),
        ('contents', 'limit', 'count', false, NULL, NULL),
        ('contents', 'phrases', 'texts', false, '[]', NULL),
        ('contents', 'per', 'interval', false, NULL, NULL),
        ('contents', 'same', 'texts', false, '[]', '{text,account,channel}'),
        ('contents', 'mode', 'text', false, '"block"', '{block,checklist,warn}'),
        ('contents', 'clause', 'text', true, NULL, NULL),
        ('reasons', 'list', 'name', true, NULL, NULL),
        ('reasons', 'code', 'name', true, NULL, NULL),
        ('reasons', 'title', 'text', true, NULL, NULL),
        ('reasons', 'title_en', 'text', false, NULL, NULL),
        ('reasons', 'closed_list', 'boolean', false, 'true', NULL),
        ('reasons', 'clause', 'text', true, NULL, NULL),
        ('channels', 'channel', 'text', true, NULL, NULL),
        ('channels', 'title', 'text', true, NULL, NULL),
        ('channels', 'title_en', 'text', false, NULL, NULL),
        ('channels', 'account_kind', 'text', false, NULL, '{organisation,person}'),
        ('channels', 'others_allowed', 'boolean', false, 'false', NULL),
        ('channels', 'clause', 'text', true, NULL, NULL),
        ('duties', 'name', 'name', true, NULL, NULL),
        ('duties', 'title', 'text', true, NULL, NULL),
        ('duties', 'title_en', 'text', false, NULL, NULL),
        ('duties', 'kind', 'text', true, NULL, '{account,publication,check,report,immediate,'
            'surge,deficiency,moderation,one_off,daily,delivery,appointment,assistance,cover}'),
        ('duties', 'owed_by', 'text', false, NULL, '{authority,body,municipality}'),
        ('duties', 'per', 'text', false, NULL, '{day,week,month,quarter,year}'),
        ('duties', 'minimum', 'positive', false, NULL, NULL),
        ('duties', 'due_day', 'positive', false, NULL, NULL),
        ('duties', 'count_scope', 'text', false, '"account"', '{account,body}'),
        ('duties', 'channels', 'texts', false, '[]', NULL),
        ('duties', 'requires', 'texts', false, '[]', NULL),
        ('duties', 'expects', 'texts', false, '[]', NULL),
        ('duties', 'starts_on', 'texts', false, '[]', NULL),
        ('duties', 'stops_on', 'texts', false, '[]', NULL),
        ('duties', 'applies_when', 'condition', false, '{}', NULL),
        ('duties', 'responsible', 'text', false, NULL, NULL),
        ('duties', 'recorded_by', 'texts', false, '[]', NULL),
        ('duties', 'binding', 'boolean', false, 'true', NULL),
        ('duties', 'clause', 'text', true, NULL, NULL),
        ('rating.parts', 'part', 'text', true, NULL,
            '{timeliness,speed,quality,no_repeats,interims_kept}'),
        ('rating.parts', 'weight', 'weight', true, NULL, NULL),
        ('rating.parts', 'clause', 'text', false, NULL, NULL),
        ('rating.zones', 'zone', 'name', true, NULL, NULL),
        ('rating.zones', 'title', 'text', true, NULL, NULL),
        ('rating.zones', 'title_en', 'text', false, NULL, NULL),
        ('rating.zones', 'lowest', 'score', true, NULL, NULL),
        ('rating.zones', 'colour', 'colour', true, NULL, NULL)
$osm_function$;
COMMENT ON FUNCTION osm.regulation_format() IS
'Every key a regulation document may hold: the section ("" is the document itself), the type, '
'whether it is required, what its absence means, and the values accepted where the list is closed.';

CREATE FUNCTION osm.regulation_items(document jsonb, section text)
RETURNS TABLE (number bigint, path text, item jsonb)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    SELECT 0, '', document WHERE section = ''
    UNION ALL
    SELECT 0, section, document -> section
    WHERE section IN ('in_force', 'rating') AND document ? section
    UNION ALL
    SELECT e.n, format('%s[%s]', section, e.n - 1), e.v
    FROM (SELECT document #> string_to_array(section, '.')) AS a (list),
         jsonb_array_elements(
             CASE jsonb_typeof(a.list) WHEN 'array' THEN a.list END) WITH ORDINALITY AS e (v, n)
    WHERE section NOT IN ('', 'in_force', 'rating')
$osm_function$;
COMMENT ON FUNCTION osm.regulation_items(jsonb, text) IS
'The objects of one section of a regulation document, in order, each with its path for messages.';

CREATE FUNCTION osm.regulation_value_fault(type text, accepted text[], value jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    json_type text := jsonb_typeof(value);
    plain text := CASE WHEN json_type = 'string' THEN value #>> '{}' END;
    amount osm.business_interval;
    part jsonb;
BEGIN
    IF type IN ('texts', 'some texts', 'intervals') THEN
        IF json_type <> 'array' THEN
            RETURN 'must be a list';
        ELSIF type = 'some texts' AND value = '[]' THEN
            RETURN 'must not be an empty list';
        END IF;
        FOR part IN SELECT * FROM jsonb_array_elements(value) LOOP
            IF jsonb_typeof(part) <> 'string' OR btrim(part #>> '{}', E' \t\n\r') = '' THEN
                RETURN 'must be a list of texts';
            ELSIF accepted IS NOT NULL AND part #>> '{}' <> ALL (accepted) THEN
                RETURN format('must be a list of %s', array_to_string(accepted, ', '));
            ELSIF type = 'intervals'
                AND osm.regulation_value_fault('interval', NULL, part) IS NOT NULL THEN
                RETURN osm.regulation_value_fault('interval', NULL, part);
            END IF;
        END LOOP;
        RETURN NULL;
    ELSIF type = 'boolean' THEN
        RETURN CASE WHEN json_type <> 'boolean' THEN 'must be true or false' END;
    ELSIF type IN ('positive', 'count', 'share', 'weight', 'score') THEN
        IF json_type <> 'number' THEN
            RETURN 'must be a number';
        ELSIF type = 'share' THEN
            RETURN CASE WHEN value::numeric <= 0 OR value::numeric >= 100
                        THEN 'must be positive and less than 100' END;
        ELSIF type IN ('weight', 'score') THEN
            RETURN CASE WHEN value::numeric NOT BETWEEN 0 AND CASE type WHEN 'weight' THEN 9
                                                              ELSE 5 END
                        THEN format('must lie between 0 and %s',
                                    CASE type WHEN 'weight' THEN 9 ELSE 5 END) END;
        ELSIF (value::numeric NOT BETWEEN CASE type WHEN 'positive' THEN 1 ELSE 0 END AND 1000000
               OR value::numeric <> trunc(value::numeric)) THEN
            RETURN CASE type WHEN 'positive' THEN 'must be a whole number from 1'
                             ELSE 'must be a whole number from 0' END;
        END IF;
        RETURN NULL;
    ELSIF type = 'rows' THEN
        RETURN CASE WHEN json_type <> 'array' THEN 'must be a list of objects' END;
    ELSIF type = 'object' THEN
        RETURN CASE WHEN json_type <> 'object' THEN 'must be an object' END;
    ELSIF type = 'condition' THEN
        IF json_type <> 'object' THEN
            RETURN 'must be an object: key to list of accepted values';
        END IF;
        RETURN (SELECT osm.condition_fault(e.key, e.value) FROM jsonb_each(value) AS e
                WHERE osm.condition_fault(e.key, e.value) IS NOT NULL ORDER BY e.key LIMIT 1);
    ELSIF plain IS NULL THEN
        RETURN 'must be a text';
    ELSIF btrim(plain, E' \t\n\r') = '' THEN
        RETURN 'must not be empty';
    ELSIF type = 'name' AND plain !~ '^[a-z][a-z0-9_]*$' THEN
        RETURN 'must be a name of small letters, digits and underscores';
    ELSIF type = 'code' AND plain !~ '^[a-z0-9][a-z0-9-]*$' THEN
        RETURN 'must be a code of small letters, digits and hyphens';
    ELSIF type = 'answer' AND plain !~ '^[BLGWD](/[BLGWD])*$' THEN
        RETURN 'must be letters of B, L, G, W, D joined by slashes';
    ELSIF type = 'colour' AND plain !~ '^#[0-9a-f]{6}$' THEN
        RETURN 'must be a colour such as "#2e7d32"';
    ELSIF type = 'date' THEN
        -- The calendar decides whether there is such a date, the pattern keeps DateStyle out.
        IF plain !~ '^\d{4}-\d\d-\d\d$' THEN
            RETURN 'must be a date such as "2026-11-22"';
        END IF;
        PERFORM plain::date;
    ELSIF type = 'zone' THEN
        IF plain !~ '^[A-Za-z]+(/[A-Za-z0-9_+-]+)*$' THEN
            RETURN 'must be an IANA time zone such as "Europe/Moscow"';
        END IF;
        PERFORM timezone(plain, timestamptz '2000-01-01 00:00:00+00');
    ELSIF type = 'interval' THEN
        amount := plain::osm.business_interval;
        IF osm.business_days(amount) < 0 OR osm.business_seconds(amount) < 0
            OR (osm.business_days(amount) = 0 AND osm.business_seconds(amount) = 0) THEN
            RETURN 'must be positive';
        END IF;
    ELSIF accepted IS NOT NULL AND plain <> ALL (accepted) THEN
        RETURN format('must be one of %s', array_to_string(accepted, ', '));
    END IF;
    RETURN NULL;
EXCEPTION
    WHEN data_exception THEN
        RETURN CASE type
            WHEN 'date' THEN 'is not a date'
            WHEN 'zone' THEN 'is not a known time zone'
            ELSE 'must be a business interval such as "9 business hours"' END;
END
$osm_function$;
COMMENT ON FUNCTION osm.regulation_value_fault(text, text[], jsonb) IS
'What is wrong with a value of a regulation document for a type of osm.regulation_format(); null '
'where nothing is.';

CREATE FUNCTION osm.condition_fault(key text, value jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    -- The keys whose values the product itself decides; any other is compared as it is given.
    WITH known (accepted) AS (
        SELECT CASE key
            WHEN 'reply_kind' THEN '{answer,interim,clarification}'::text[]
            WHEN 'bodies' THEN '{one,several}'
            WHEN 'contributions' THEN '{open,complete}'
            WHEN 'assignment_role' THEN '{sole,lead,member}'
            WHEN 'interim' THEN '{none,posted,again}'
            WHEN 'urgent' THEN '{yes,no}'
            WHEN 'repeat' THEN '{yes,no}' END
    ), given (list) AS (
        SELECT CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE jsonb_build_array(value) END
    )
    SELECT CASE
        WHEN btrim(key, E' \t\n\r') = '' THEN 'must not have an empty key'
        WHEN osm.regulation_value_fault('some texts', NULL, g.list) IS NOT NULL
            THEN 'must map each key to a text or a list of texts'
        WHEN k.accepted IS NOT NULL THEN (
            SELECT format('accepts "%s", but the values of "%s" are %s', v, key,
                          array_to_string(k.accepted, ', '))
            FROM jsonb_array_elements_text(g.list) AS v
            WHERE regexp_replace(v, '^!', '') <> ALL (k.accepted) LIMIT 1) END
    FROM known AS k, given AS g
$osm_function$;
COMMENT ON FUNCTION osm.condition_fault(text, jsonb) IS
'What is wrong with one key of a condition (applies_when) and the values it accepts; null where '
'nothing is.';

CREATE FUNCTION osm.complete_regulation(document jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    result jsonb := jsonb_strip_nulls(document);
    part record;
BEGIN
    SELECT jsonb_object_agg(f.key, f.fallback) || result INTO result
    FROM osm.regulation_format() AS f
    WHERE f.section = '' AND f.fallback IS NOT NULL;
    result := jsonb_set(result, '{rating}', '{"parts": [], "zones": []}' || (result -> 'rating'));

    FOR part IN
        SELECT f.section,
               coalesce(jsonb_object_agg(f.key, f.fallback)
                            FILTER (WHERE f.fallback IS NOT NULL), '{}') AS defaults,
               array_agg(f.key) FILTER (WHERE f.type = 'condition') AS conditions
        FROM osm.regulation_format() AS f
        WHERE f.section NOT IN ('', 'in_force', 'rating')
        GROUP BY f.section
    LOOP
        result := jsonb_set(result, string_to_array(part.section, '.'), (
            SELECT coalesce(jsonb_agg(
                       part.defaults || i.item
                       || coalesce((SELECT jsonb_object_agg(k, osm.plain_condition(i.item -> k))
                                    FROM unnest(part.conditions) AS k WHERE i.item ? k), '{}')
                       || jsonb_build_object('position', i.number)
                       ORDER BY i.number), '[]')
            FROM osm.regulation_items(result, part.section) AS i));
    END LOOP;
    RETURN result;
END
$osm_function$;
COMMENT ON FUNCTION osm.complete_regulation(jsonb) IS
'A well-formed regulation document with every default filled in and every row numbered.';

CREATE FUNCTION osm.plain_condition(condition jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    SELECT coalesce(jsonb_object_agg(e.key, CASE jsonb_typeof(e.value)
               WHEN 'array' THEN e.value ELSE jsonb_build_array(e.value) END), '{}')
    FROM jsonb_each(condition) AS e
$osm_function$;
COMMENT ON FUNCTION osm.plain_condition(jsonb) IS
'A condition with every value written as a list.';

CREATE FUNCTION osm.normal_regulation(document jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $osm_function$
DECLARE
    result jsonb := document;
    part record;
BEGIN
    -- Inner sections first: an emptied rating then drops out of the document itself.
    FOR part IN
        SELECT DISTINCT f.section FROM osm.regulation_format() AS f
        WHERE f.section NOT IN ('', 'in_force', 'rating')
    LOOP
        result := jsonb_set(result, string_to_array(part.section, '.'), (
            SELECT coalesce(jsonb_agg(n.item ORDER BY n.number), '[]')
            FROM osm.normal_items(document, part.section) AS n), false);
    END LOOP;
    result := jsonb_set(result, '{rating}', coalesce(
        (SELECT n.item FROM osm.normal_items(result, 'rating') AS n), '{}'), false);
    RETURN (SELECT n.item FROM osm.normal_items(result, '') AS n) || '{"type": "regulation"}';
END
$osm_function$;
COMMENT ON FUNCTION osm.normal_regulation(jsonb) IS
'The normal form of a complete regulation document: keys that say the default are absent, '
'intervals and numbers are written the one canonical way.';

CREATE FUNCTION osm.normal_items(document jsonb, section text)
RETURNS TABLE (number bigint, item jsonb)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $osm_function$
    SELECT i.number, jsonb_object_agg(f.key, v.value)
    FROM osm.regulation_items(document, section) AS i,
         osm.regulation_format() AS f,
         LATERAL (SELECT CASE f.type
             WHEN 'interval' THEN to_jsonb((i.item ->> f.key)::osm.business_interval)
             WHEN 'intervals' THEN
                 (SELECT coalesce(
                             jsonb_agg(to_jsonb(t.x::osm.business_interval) ORDER BY t.n), '[]')
                  FROM jsonb_array_elements_text(i.item -> f.key) WITH ORDINALITY AS t (x, n))
             ELSE CASE jsonb_typeof(i.item -> f.key) WHEN 'number'
                       THEN to_jsonb(trim_scale((i.item ->> f.key)::numeric))
                       ELSE i.item -> f.key END END) AS v (value)
    WHERE f.section = normal_items.section AND i.item ? f.key
      AND v.value <> 'null' AND f.fallback IS DISTINCT FROM v.value
    GROUP BY i.number
$osm_function$;
COMMENT ON FUNCTION osm.normal_items(jsonb, text) IS
'The normal form of the objects of one section of a regulation document.';
