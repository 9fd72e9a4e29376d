-- Loading an authority and its people: all or nothing, again without harm, and an end is an end.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
SELECT osm.install_preset('ru-alt-132-2020');
CREATE FUNCTION pg_temp.load(document jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    RETURN osm.define_authority('{"code": "town", "title": "Город"}' || document) > 0;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' ', SQLSTATE, SQLERRM, '|', nullif(detail, ''), '|', nullif(hint, ''));
END $$;

\echo == bad documents leave nothing
SELECT osm.define_authority('[]');
SELECT osm.define_authority('{"code": "x"}');
SELECT pg_temp.load('{"offices": []}');
SELECT pg_temp.load('{"bodies": [{"code": "a", "title": "А", "parrent": "b"}]}');
SELECT pg_temp.load('{"officials": [{"login": "a", "name": "А", "appointments": [{"body": "town",
    "role": "curator", "rang": 1}]}]}');
SELECT pg_temp.load('{"bodies": [{"code": "a", "title": "А", "parent": "b"}]}');
SELECT pg_temp.load('{"bodies": [{"code": "a", "title": "А", "kind": "club"}]}');
SELECT pg_temp.load('{"bodies": [{"code": "a"}]}');
SELECT pg_temp.load('{"bodies": {"code": "a"}}');
SELECT pg_temp.load('{"calendar": "martian"}');
SELECT pg_temp.load('{"regulations": {"ru-alt-132-2020": {"executor": ["a"]}}}');
SELECT pg_temp.load('{"officials": [{"login": "a", "name": "А", "appointments": [{"body": "b",
    "role": "curator"}]}]}');
SELECT pg_temp.load('{"officials": [{"login": "a", "name": "А", "appointments":
    [{"body": "town", "role": "curator", "from": "2026-03-02", "to": "2026-03-01"}]}]}');
SELECT pg_temp.load('{"substitutions": [{"principal": "a", "deputy": "b", "from": "2026-03-02",
    "to": "2026-03-03"}]}');
SELECT pg_temp.load('{"regulations": {"ru-alt-132-2020": {"executor": ["town"]}},
    "officials": [{"login": "a", "name": "А",
    "appointments": [{"body": "town", "role": "responsible_head"}]}]}');
-- shapes: the path tells where
SELECT d AS document, pg_temp.load(d::jsonb)
FROM unnest(ARRAY['{"title": ["Город"]}', '{"bodies": null}', '{"bodies": ["a"]}',
    '{"officials": "none"}', '{"officials": [{"login": "a"}]}', '{"officials": [{"name": "А"}]}',
    '{"officials": [{"login": " ", "name": "А"}]}',
    '{"officials": [{"login": "a", "name": "А"}, {"login": "b", "name": "Б",
        "appointments": {"body": "town"}}]}',
    '{"officials": [{"login": "a", "name": "А", "appointments": [{"body": "town"}]}]}',
    '{"officials": [{"login": "a", "name": "А", "appointments": [{"body": "town",
        "role": "curator", "rank": "high"}]}]}',
    '{"regulations": ["ru-alt-132-2020"]}', '{"regulations": {"ru-alt-132-2020": ["town"]}}',
    '{"regulations": {"ru-alt-132-2020": {"executor": "town"}}}',
    '{"regulations": {"ru-alt-132-2020": {"executor": [7]}}}',
    '{"substitutions": [{"principal": "a"}]}']) AS d;
-- roles: those of the acts the authority works under
SELECT pg_temp.load('{"regulations": {"ru-alt-132-2020": {"executer": ["town"]}}}');
SELECT pg_temp.load('{"regulations": {"ru-alt-132-2020": {"executor": ["town"]}},
    "officials": [{"login": "a", "name": "А", "appointments": [{"body": "town",
        "role": "curater"}]}]}');
-- one database role, one official
SELECT pg_temp.load('{"officials": [{"login": "a", "name": "А", "db_role": "clerk"},
    {"login": "b", "name": "Б", "db_role": "clerk"}]}');
SELECT osm.define_authority(NULL) IS NULL AS strict, (SELECT count(*) FROM osm.body) AS bodies;

\echo == loading again changes what is told, and nothing else
\set town '{"title_en": "Town", "regulations": {"ru-alt-132-2020": {"curator": ["hall"], "executor": ["roads"]}}, "bodies": [{"code": "hall", "title": "Управа"}, {"code": "roads", "title": "Дороги", "parent": "hall", "kind": "organisation"}], "officials": [{"login": "c", "name": "Куратор", "email": "c@example.org", "appointments": [{"body": "hall", "role": "curator", "rank": 3, "from": "2026-01-01"}]}, {"login": "d", "name": "Заместитель"}], "substitutions": [{"principal": "c", "deputy": "d", "from": "2026-03-02", "to": "2026-03-31"}]}'
SELECT pg_temp.load(:'town'), pg_temp.load(:'town');
SELECT (SELECT count(*) FROM osm.body), (SELECT count(*) FROM osm.body_role), (SELECT count(*)
    FROM osm.official),
       (SELECT count(*) FROM osm.appointment), (SELECT count(*) FROM osm.substitution);
SELECT pg_temp.load('{"bodies": [{"code": "roads", "title": "Дороги и мосты"}]}');
SELECT b.code, b.title, b.kind, p.code FROM osm.body AS b LEFT
    JOIN osm.body AS p ON p.id = b.parent_id ORDER BY b.id;
SELECT pg_temp.load('{"bodies": [{"code": "hall", "title": "Управа", "parent": "roads"},
                                 {"code": "roads", "title": "Дороги", "parent": "hall"}]}');

\echo == an appointment told again with an end is ended
SELECT pg_temp.load('{"officials": [{"login": "c", "name": "Куратор", "appointments":
    [{"body": "hall", "role": "curator", "from": "2026-01-01", "to": "2026-03-31"},
     {"body": "hall", "role": "curator", "from": "2026-05-01"}]}],
    "substitutions": [{"principal": "c", "deputy": "d", "from": "2026-03-02",
        "to": "2026-03-09"}]}');
SELECT during, rank FROM osm.appointment ORDER BY during;
SELECT during FROM osm.substitution;

\echo == two authorities share nothing but the act
SELECT osm.define_authority('{"code": "city", "title": "Другой", "bodies": [{"code": "hall",
    "title": "Управа"}],
    "officials": [{"login": "c", "name": "Куратор"}]}') > 0;
SELECT count(*), count(DISTINCT authority_id) FROM osm.body WHERE code = 'hall';
SELECT count(*) FROM osm.body WHERE parent_id IS NULL AND authority_id <> id;

\echo == a part may be given of an authority already loaded, and leaves the rest
SELECT osm.define_authority('{"code": "village"}');
SELECT osm.define_authority('{"code": "town", "officials": [{"login": "d", "name": "Заместитель",
    "db_role": "regress_define_d"}]}') > 0;
SELECT title, title_en FROM osm.body WHERE code = 'town';
-- acts told earlier count for roles told later
SELECT osm.define_authority('{"code": "town", "officials": [{"login": "d", "name": "Заместитель",
    "appointments": [{"body": "hall", "role": "curater"}]}]}');
SELECT osm.define_authority('{"code": "town", "officials": [{"login": "d", "name": "Заместитель",
    "db_role": "regress_define_d", "appointments": [{"body": "hall", "role": "monitor"}]}]}') > 0;
-- a database role is another's in another authority, too; and may be passed on
SELECT osm.define_authority('{"code": "city", "officials": [{"login": "c", "name": "Куратор",
    "db_role": "regress_define_d"}]}');
SELECT osm.define_authority('{"code": "town", "officials": [
    {"login": "c", "name": "Куратор", "db_role": "regress_define_d"},
    {"login": "d", "name": "Заместитель"}]}') > 0;
-- an act not loaded yet is told of, and checks nothing
SELECT osm.define_authority('{"code": "later", "title": "Позже",
    "regulations": {"not-loaded": {"anything": ["later"]}},
    "officials": [{"login": "a", "name": "А", "appointments": [{"body": "later",
        "role": "anything"}]}]}') > 0;
