-- The published JSON Schema accepts exactly what the first stage of the loader accepts: both are
-- given one act with every key, and the same act with one value changed, taken out or added. What a
-- schema cannot say is left to the loader: whether a zone is known, whether a text is a term.
\set SHOW_CONTEXT never
\pset format unaligned
\set schema `cat docs/regulation.schema.json`
CREATE TEMPORARY TABLE published AS SELECT :'schema'::jsonb AS j;

-- The keywords the schema uses, and no other: one nobody reads here would be tried by nobody.
CREATE FUNCTION pg_temp.fits(schema jsonb, v jsonb, root jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    t text := CASE WHEN jsonb_typeof(v) = 'number' AND v::numeric = trunc(v::numeric)
                   THEN 'integer' ELSE jsonb_typeof(v) END;
    plain text := CASE t WHEN 'string' THEN v #>> '{}' END;
    k text;
    a jsonb;
    holds boolean;
BEGIN
    IF jsonb_typeof(schema) = 'boolean' THEN
        RETURN schema::boolean;
    END IF;
    FOR k, a IN SELECT * FROM jsonb_each(schema) LOOP
        holds := CASE
            WHEN k IN ('$schema', '$comment', 'title', 'description', 'default', 'examples',
                       '$defs', 'additionalProperties') THEN true
            WHEN k = 'type' THEN
                a @> to_jsonb(t) OR t = 'integer' AND a @> '"number"'
            WHEN k = 'enum' THEN a @> jsonb_build_array(v)
            WHEN k = '$ref' THEN
                pg_temp.fits(root #> string_to_array(ltrim(a #>> '{}', '#/'), '/'), v, root)
            WHEN k = 'oneOf' THEN (SELECT count(*) = 1 FROM jsonb_array_elements(a) AS o
                                   WHERE pg_temp.fits(o, v, root))
            WHEN k = 'pattern' THEN plain IS NULL OR plain ~ (a #>> '{}')
            WHEN k = 'format' THEN plain IS NULL
                OR make_date(substr(plain, 1, 4)::integer, substr(plain, 6, 2)::integer,
                             substr(plain, 9, 2)::integer) IS NOT NULL
            WHEN k = 'required' THEN t <> 'object' OR v ?& ARRAY(
                SELECT jsonb_array_elements_text(a))
            WHEN k = 'properties' THEN t <> 'object' OR (
                SELECT coalesce(bool_and(pg_temp.fits(
                           coalesce(a -> p.key, schema -> 'additionalProperties', 'true'),
                           p.value, root)), true) FROM jsonb_each(v) AS p)
            WHEN k = 'propertyNames' THEN t <> 'object' OR (
                SELECT coalesce(bool_and(pg_temp.fits(a, to_jsonb(n), root)), true)
                FROM jsonb_object_keys(v) AS n)
            WHEN k = 'items' THEN t <> 'array' OR (
                SELECT coalesce(bool_and(pg_temp.fits(a, i, root)), true)
                FROM jsonb_array_elements(v) AS i)
            WHEN k = 'minItems' THEN t <> 'array' OR jsonb_array_length(v) >= a::integer
            WHEN k = 'minimum' THEN t NOT IN ('integer', 'number') OR v::numeric >= a::numeric
            WHEN k = 'maximum' THEN t NOT IN ('integer', 'number') OR v::numeric <= a::numeric
            WHEN k = 'exclusiveMinimum' THEN
                t NOT IN ('integer', 'number') OR v::numeric > a::numeric
            WHEN k = 'exclusiveMaximum' THEN
                t NOT IN ('integer', 'number') OR v::numeric < a::numeric
            WHEN true THEN ('keyword ' || k)::boolean END;
        IF NOT holds THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
EXCEPTION WHEN datetime_field_overflow OR invalid_text_representation THEN
    IF SQLERRM LIKE '%keyword%' THEN
        RAISE;
    END IF;
    RETURN false;
END $$;

CREATE TEMPORARY TABLE act AS SELECT '{
    "type": "regulation", "code": "a-1", "edition": "1", "title": "А", "title_en": "A",
    "issuer": "И", "act_no": "1", "act_date": "2026-01-12", "published_on": "2026-01-13",
    "in_force": {"from": "2026-02-01", "to": "2027-01-01"}, "time_zone": "Europe/Moscow",
    "calendar": "ru", "several_bodies": "joint", "lead_contributes": false,
    "urgent_importance": ["high"], "minimum_sample": 2,
    "clauses": [{"path": "п. 1", "summary": "С", "summary_en": "S", "answer": "B/L",
        "reading": "Ч", "alternative": "Д", "reason": "П", "confidence": "high"}],
    "roles": [{"name": "clerk", "title": "И", "title_en": "C", "scope": "authority",
        "lowest_rank": 2, "required": true, "may_backdate": false, "clause": "п. 1"}],
    "states": [{"name": "new", "title": "Н", "title_en": "N", "kind": "initial"}],
    "actions": [{"name": "register", "title": "З", "title_en": "R", "effect": "register",
        "subject": "Т", "notifies": ["clerk"],
        "deliver_within": "around-the-clock"}],
    "transitions": [{"action": "finish", "from": "new", "to": "done", "role": ["clerk"],
        "requires": ["reason:why"], "applies_when": {"urgent": ["yes"], "topic": "roads"},
        "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "О", "title_en": "A", "starts_on": ["register"],
        "stops_on": ["finish"], "cancels_on": ["finish"], "pauses_on": ["finish"],
        "resumes_on": ["finish"], "armed": "always", "anchor": "x", "term": "1 час",
        "share_of": "y", "share": 0.5, "counts_from": "published_at", "due_from": "d",
        "on_due": "finish", "calendar": "ru", "urgent_term": "1 h", "urgent_factor": 0.5,
        "scope": "incident", "outer_term": true, "responsible": "clerk", "binding": true,
        "warn_before": ["1 h"], "deliver_within": "around-the-clock",
        "applies_when": {}, "clause": "п. 1"}],
    "contents": [{"name": "c", "title": "Т", "title_en": "T", "applies_to": ["finish"],
        "applies_when": {"bodies": "one"}, "check": "present", "key": "k", "unless": ["u"],
        "limit": 1, "phrases": ["p"], "per": "1 h", "same": ["text"], "mode": "block",
        "clause": "п. 1"}],
    "reasons": [{"list": "why", "code": "done", "title": "С", "title_en": "D",
        "closed_list": true, "clause": "п. 1"}],
    "channels": [{"channel": "vk", "title": "ВК", "title_en": "VK", "account_kind": "person",
        "others_allowed": false, "clause": "п. 1"}],
    "duties": [{"name": "d", "title": "Д", "title_en": "D", "kind": "report", "owed_by": "body",
        "per": "week", "minimum": 1, "due_day": 1, "count_scope": "account", "channels": ["vk"],
        "requires": ["r"], "expects": ["e"], "starts_on": ["finish"], "stops_on": ["finish"],
        "applies_when": {"kind": ["incident"]}, "responsible": "clerk", "recorded_by": ["clerk"],
        "binding": true, "clause": "п. 1"}],
    "rating": {"parts": [{"part": "speed", "weight": 1, "clause": "п. 1"}],
        "zones": [{"zone": "z", "title": "З", "title_en": "Z", "lowest": 0,
            "colour": "#2e7d32"}]}
}'::jsonb AS document;

-- Every place of the act, and what is put there in turn.
CREATE TEMPORARY TABLE place AS
WITH RECURSIVE p (path, value) AS (
    SELECT '{}'::text[], document FROM act
    UNION ALL
    SELECT p.path || e.key, e.value
    FROM p, LATERAL (
        SELECT o.key, o.value FROM jsonb_each(CASE jsonb_typeof(p.value)
            WHEN 'object' THEN p.value END) AS o
        UNION ALL
        SELECT (a.n - 1)::text, a.v FROM jsonb_array_elements(CASE jsonb_typeof(p.value)
            WHEN 'array' THEN p.value END) WITH ORDINALITY AS a (v, n)) AS e)
SELECT path, value FROM p WHERE path <> '{}';
CREATE TEMPORARY TABLE odd AS SELECT v FROM jsonb_array_elements('[
    null, "", " \n", "x", "X y", "a\n", "2026-02-29", "2026-02-28 ", "0000-01-01", "UTC",
    "1 h", "0 h", "#AABBCC", "B/", 0, 1, -1, 1.5, 0.00001, 5.1, 100, 1000001, true, [], [1], [""],
    [" "], ["x"], ["text"], {}, {"x": "y"}, {"x": ""}, {"x": []}, {"x": [1]}, {"": "y"},
    {"urgent": "!yes"}, {"urgent": ["*"]}, {"bodies": ["one", "!several"]}]') AS v;
-- Value by value, for every key: what one accepts and the other does not.
SELECT f.section, f.key, o.v, schema_accepts
FROM osm.regulation_format() AS f, odd AS o, published AS p,
     LATERAL (SELECT CASE
         WHEN f.section = '' THEN j
         WHEN f.section IN ('in_force', 'rating') THEN j #> ARRAY['properties', f.section]
         ELSE j #> (string_to_array('properties,' || replace(f.section, '.', ',properties,'), ',')
                    || '{items}'::text[]) END) AS d (schema),
     LATERAL (SELECT pg_temp.fits(d.schema #> ARRAY['properties', f.key], o.v, j)) AS a
         (schema_accepts),
     LATERAL (SELECT CASE WHEN o.v <> 'null' THEN
                         osm.regulation_value_fault(f.type, f.accepted, o.v)
                     WHEN f.required THEN 'is missing' END) AS l (fault)
WHERE f.type NOT IN ('rows', 'object')
  AND CASE WHEN schema_accepts THEN fault !~ '(known time zone|must be a business interval such)'
           ELSE fault IS NULL END;

-- Document by document: a place taken out, put out of shape, or given a key nobody knows.
CREATE TEMPORARY TABLE altered AS
SELECT p.path, concat('put ', o.v) AS change, jsonb_set(document, p.path, o.v) AS document
FROM act, place AS p, odd AS o
WHERE jsonb_typeof(p.value) IN ('object', 'array') AND o.v IN ('null', '"x"', '[]', '[1]', '{}')
UNION ALL
SELECT p.path, 'take', document #- p.path FROM act, place AS p
UNION ALL
SELECT p.path, 'add', jsonb_set(document, p.path || '{zzz}', '"x"') FROM act, place AS p
WHERE jsonb_typeof(p.value) = 'object'
UNION ALL
SELECT '{}', 'none', document FROM act;
CREATE TEMPORARY TABLE judged AS
SELECT path, change, pg_temp.fits(j, document, j) AS schema_accepts,
       NOT EXISTS (SELECT FROM osm.check_regulation_shape(document)) AS loader_accepts
FROM altered, published;
SELECT count(*) AS documents, count(*) FILTER (WHERE schema_accepts) AS accepted FROM judged;
SELECT path, change, schema_accepts FROM judged WHERE schema_accepts <> loader_accepts;
