-- no install
-- The documents that come with the extension: sound, in normal form, complete, installed by name.
\set SHOW_CONTEXT never
\pset null '-'
\pset format unaligned

SELECT p.name, p.kind, p.title IS NOT NULL AS titled FROM osm.presets() AS p ORDER BY name;
SELECT osm.preset('no-such-preset');
SELECT osm.install_preset('no-such-preset');
SELECT to_regclass('osm.regulation') AS still_not_installed;

-- Nothing to object to in any act, but that one of them owes its authors no term.
SELECT p.name, c.* FROM osm.presets() AS p, osm.check_regulation(osm.preset(p.name)) AS c
WHERE p.kind = 'regulation';

-- Installing an act creates the tables and brings its calendars; a second time changes nothing.
SELECT osm.install_preset('ru-alt-132-2020');
SELECT osm.install_preset('ru-alt-132-2020');
SELECT name, parent FROM osm.calendar ORDER BY name;
DO $$ BEGIN
    PERFORM osm.install_preset(p.name) FROM osm.presets() AS p;
    PERFORM osm.install_preset(p.name) FROM osm.presets() AS p;
END $$;

-- What was installed comes out as the very document, and its defaults are nowhere spelt out.
SELECT p.name, osm.regulation_document(p.name) = osm.preset(p.name) AS identical
FROM osm.presets() AS p WHERE p.kind = 'regulation' ORDER BY 1;

-- Every provision is there, and every one that must be has its rules.
SELECT r.code, c.answer, count(*) AS clauses, sum(v.rules) AS rules
FROM osm.clause AS c
JOIN osm.regulation AS r ON r.id = c.regulation_id
JOIN osm.clause_coverage AS v ON (v.code, v.edition, v.clause) = (r.code, r.edition, c.path)
GROUP BY r.code, c.answer ORDER BY 1, 2;
SELECT * FROM osm.clause_coverage WHERE NOT covered;
SELECT code, clause, answer FROM osm.clause_coverage WHERE rules = 0 ORDER BY code, clause;
-- A reading that is not plain says why.
SELECT r.code, c.path FROM osm.clause AS c JOIN osm.regulation AS r ON r.id = c.regulation_id
WHERE c.reading IS NOT NULL AND (c.reason IS NULL OR c.confidence IS NULL) AND c.answer <> 'D';

-- Both languages everywhere.
SELECT p.name, s.section, count(*)
FROM osm.presets() AS p,
     (SELECT DISTINCT section FROM osm.regulation_format() WHERE key IN ('title_en',
         'summary_en')) AS s,
     osm.regulation_items(osm.preset(p.name), s.section) AS i
WHERE p.kind = 'regulation'
  AND NOT i.item ? CASE s.section WHEN 'clauses' THEN 'summary_en' ELSE 'title_en' END
GROUP BY 1, 2;

-- The terms, act by act.
SELECT r.code, k.name, k.anchor, k.term, k.calendar, k.armed, k.scope, k.outer_term AS outer,
    k.binding,
       k.responsible, k.clause
FROM osm.clock_rule AS k JOIN osm.regulation AS r ON r.id = k.regulation_id ORDER BY r.code,
    k.position;
-- The machines.
SELECT r.code, t.action, coalesce(t.from_state, '') AS "from", coalesce(t.to_state, '') AS "to",
       array_to_string(t.role, ',') AS role, array_to_string(t.requires, ',') AS requires,
       nullif(t.applies_when, '{}') AS applies_when, t.clause
FROM osm.transition AS t JOIN osm.regulation AS r ON r.id = t.regulation_id ORDER BY r.code,
    t.position;

-- The published schema of the format says the same as the extension.
\set schema `cat docs/regulation.schema.json`
CREATE TEMPORARY TABLE published AS
SELECT f.section, f.key, o.object #> ARRAY['properties', f.key] AS property,
       o.object -> 'required' ? f.key AS required, o.object -> 'additionalProperties' AS additional
FROM osm.regulation_format() AS f, (SELECT :'schema'::jsonb) AS d (schema),
     LATERAL (SELECT CASE
         WHEN f.section = '' THEN schema
         WHEN f.section IN ('in_force', 'rating') THEN schema #> ARRAY['properties', f.section]
         WHEN f.section LIKE 'rating.%' THEN
             schema #> ARRAY['properties', 'rating', 'properties', substr(f.section, 8), 'items']
         ELSE schema #> ARRAY['properties', f.section, 'items'] END) AS o (object);
SELECT p.section, p.key, p.property, p.required, f.required, f.accepted
FROM published AS p JOIN osm.regulation_format() AS f USING (section, key)
WHERE p.property IS NULL OR coalesce(p.required, false) <> f.required OR p.additional <> 'false'
   OR (SELECT array_agg(e) FROM jsonb_array_elements_text(coalesce(
           p.property -> 'enum', p.property #> '{items,enum}')) AS e WHERE e IS NOT NULL)
      IS DISTINCT FROM f.accepted
   OR (f.fallback IS NOT NULL AND (p.property -> 'default') IS DISTINCT FROM f.fallback);
