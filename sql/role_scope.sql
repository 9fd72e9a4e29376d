-- A role's reach is what the acts of the own authority say: another authority's act that calls a
-- wider role by the same name widens nothing.
\pset format unaligned
\pset tuples_only on
SELECT osm.install_preset('ru-alt-132-2020');
SELECT osm.define_authority('{"code": "krai", "title": "Край",
    "regulations": {"ru-alt-132-2020": {"executor": ["roads", "health"]}},
    "bodies": [{"code": "press", "title": "П"}, {"code": "roads", "title": "Д"},
        {"code": "health", "title": "З"}],
    "officials": [
        {"login": "cur", "name": "К", "appointments": [{"body": "press", "role": "curator"}]},
        {"login": "exe", "name": "И", "appointments": [{"body": "roads", "role": "executor"}]}
    ]}') > 0;
SET osm_workflow.simulated_now = '2026-11-23 10:00+07';
BEGIN;
SELECT osm.act_as('cur');
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "t", "place": "p"}') AS i \gset
SELECT state FROM osm.route(:i, '{health}');
SELECT osm.act_as('exe');
SELECT osm.can_see(authority_id, seen_by) FROM osm.incident;
COMMIT;
-- a second act in which an executor is of the whole authority; nobody of this one works under it
SELECT osm.define_regulation(jsonb_set(jsonb_set(d, '{code}', '"try-wide"'), '{roles}',
    (SELECT jsonb_agg(CASE r ->> 'name' WHEN 'executor' THEN r || '{"scope": "authority"}'
                                        ELSE r END ORDER BY n)
     FROM jsonb_array_elements(d -> 'roles') WITH ORDINALITY AS x (r, n)))) > 0
FROM osm.regulation_document('ru-alt-132-2020') AS d;
BEGIN;
SELECT osm.act_as('exe');
SELECT osm.can_see(authority_id, seen_by) FROM osm.incident;
COMMIT;
-- once the authority works under it, it counts
SELECT osm.define_authority('{"code": "krai", "title": "Край",
    "regulations": {"try-wide": {"executor": ["roads"]}}}') > 0;
BEGIN;
SELECT osm.act_as('exe');
SELECT osm.can_see(authority_id, seen_by) FROM osm.incident;
COMMIT;
