-- The views answer with the rights of the one who asks: a body sees its incidents, a curator those
-- of the authority, nobody another authority's; an auditor sees all.
SET timezone = 'Asia/Barnaul';
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_views_curator, regress_views_roads, regress_views_other,
    regress_views_auditor, regress_views_reader, regress_views_nobody;
RESET client_min_messages;
CREATE ROLE regress_views_curator;
CREATE ROLE regress_views_roads;
CREATE ROLE regress_views_other;
CREATE ROLE regress_views_auditor;
CREATE ROLE regress_views_reader;
CREATE ROLE regress_views_nobody;
SELECT osm.install_preset('ru-alt-132-2020') \g /dev/null
SELECT count(osm.define_authority(document)) AS authorities
FROM (VALUES
    ($$ {"code": "one", "title": "One",
        "regulations": {"ru-alt-132-2020": {"monitor": ["press"], "curator": ["press"],
            "executor": ["roads", "health"]}},
        "bodies": [
            {"code": "press", "title": "Press", "kind": "department", "parent": "one"},
            {"code": "roads", "title": "Roads", "kind": "department", "parent": "one"},
            {"code": "health", "title": "Health", "kind": "department", "parent": "one"}],
        "officials": [
            {"login": "curator1", "name": "C", "db_role": "regress_views_curator", "appointments": [
                {"body": "press", "role": "curator", "from": "2020-01-01"},
                {"body": "press", "role": "monitor", "from": "2020-01-01"}]},
            {"login": "roads1", "name": "R", "email": "r@one.example",
             "db_role": "regress_views_roads", "appointments": [
                {"body": "roads", "role": "executor", "from": "2020-01-01"}]},
            {"login": "health1", "name": "H", "email": "h@one.example", "appointments": [
                {"body": "health", "role": "executor", "from": "2020-01-01"}]}]} $$::jsonb),
    ($$ {"code": "two", "title": "Two",
        "regulations": {"ru-alt-132-2020": {"monitor": ["press"], "curator": ["press"],
            "executor": ["roads"]}},
        "bodies": [
            {"code": "press", "title": "Press", "kind": "department", "parent": "two"},
            {"code": "roads", "title": "Roads", "kind": "department", "parent": "two"}],
        "officials": [
            {"login": "curator2", "name": "C", "db_role": "regress_views_other", "appointments": [
                {"body": "press", "role": "curator", "from": "2020-01-01"},
                {"body": "press", "role": "monitor", "from": "2020-01-01"}]},
            {"login": "roads2", "name": "R", "email": "r@two.example", "appointments": [
                {"body": "roads", "role": "executor", "from": "2020-01-01"}]}]} $$)) AS v(document);
SELECT osm.grant_access('regress_views_curator', 'operator'),
    osm.grant_access('regress_views_roads', 'operator'),
    osm.grant_access('regress_views_other', 'operator'),
    osm.grant_access('regress_views_auditor', 'auditor'),
    osm.grant_access('regress_views_reader', 'reader', 'two') \g /dev/null

-- Two incidents of the first authority, at roads and at health, and one of the second, all late.
SET osm_workflow.simulated_now = '2026-03-02 09:00+07';
CREATE TEMPORARY TABLE made AS
SELECT 'roads' AS body, NULL::bigint AS id WHERE false;
DO $do$
DECLARE
    message constant jsonb := '{"channel": "vk", "topic": "t", "place": "p",
        "importance": "normal", "text": "?", "author": "a"}';
    n bigint;
BEGIN
    PERFORM osm.act_as('curator1');
    n := osm.register('ru-alt-132-2020', message);
    PERFORM osm.route(n, ARRAY['roads']);
    INSERT INTO made VALUES ('one roads', n);
    n := osm.register('ru-alt-132-2020', message);
    PERFORM osm.route(n, ARRAY['health']);
    INSERT INTO made VALUES ('one health', n);
    PERFORM osm.act_as('curator2');
    n := osm.register('ru-alt-132-2020', message);
    PERFORM osm.route(n, ARRAY['roads']);
    INSERT INTO made VALUES ('two roads', n);
END
$do$;
GRANT SELECT ON made TO PUBLIC;
SET osm_workflow.simulated_now = '2026-03-03 12:00+07';

-- What each of them sees of each view, as a list of incidents or bodies.
CREATE FUNCTION pg_temp.seen()
RETURNS TABLE (view text, rows text) LANGUAGE sql AS $$
    SELECT 'incident_overview', string_agg(m.body, ', ' ORDER BY m.body)
    FROM osm.incident_overview o JOIN made m ON m.id = o.incident_id
    UNION ALL
    SELECT 'inbox', string_agg(m.body, ', ' ORDER BY m.body)
    FROM osm.inbox o JOIN made m ON m.id = o.incident_id
    UNION ALL
    SELECT 'overdue', string_agg(DISTINCT m.body, ', ' ORDER BY m.body)
    FROM osm.overdue o JOIN made m ON m.id = o.incident_id
    UNION ALL
    SELECT 'timeliness', string_agg(DISTINCT m.body, ', ' ORDER BY m.body)
    FROM osm.timeliness o JOIN made m ON m.id = o.incident_id
    UNION ALL
    SELECT 'scorecard_fact', string_agg(DISTINCT m.body, ', ' ORDER BY m.body)
    FROM osm.scorecard_fact o JOIN made m ON m.id = o.incident_id
    UNION ALL
    SELECT 'body_scorecard',
        string_agg(lower(authority || ' ' || body), ', ' ORDER BY authority, body)
    FROM osm.body_scorecard
    UNION ALL
    SELECT 'rating', string_agg(lower(authority || ' ' || body), ', ' ORDER BY authority, body)
    FROM osm.rating
    UNION ALL
    SELECT 'incident_story', string_agg(m.body, ', ' ORDER BY m.body)
    FROM made m WHERE EXISTS (SELECT FROM osm.incident_story(m.id))
$$;
GRANT EXECUTE ON FUNCTION pg_temp.seen() TO PUBLIC;
CREATE TEMPORARY TABLE clock_made AS
SELECT min(c.id) AS id
FROM osm.clock c JOIN made m ON m.id = c.incident_id AND m.body = 'one health';
GRANT SELECT ON clock_made TO PUBLIC;

SET SESSION AUTHORIZATION regress_views_curator;
SELECT * FROM pg_temp.seen();
SET SESSION AUTHORIZATION regress_views_roads;
SELECT * FROM pg_temp.seen();
\set VERBOSITY terse
SELECT osm.explain_clock(id) FROM clock_made;
\set VERBOSITY default
SET SESSION AUTHORIZATION regress_views_other;
SELECT * FROM pg_temp.seen();
SET SESSION AUTHORIZATION regress_views_auditor;
SELECT * FROM pg_temp.seen();
SELECT count(*) > 5 AS explained FROM osm.explain_clock((SELECT id FROM clock_made));
SET SESSION AUTHORIZATION regress_views_reader;
SELECT * FROM pg_temp.seen();
SET SESSION AUTHORIZATION regress_views_nobody;
SELECT count(*) FROM osm.rating;
RESET SESSION AUTHORIZATION;

-- Every view of the schema is such a one.
SELECT relname FROM pg_class
WHERE relnamespace = 'osm'::regnamespace AND relkind = 'v'
    AND NOT coalesce('security_invoker=true' = ANY (reloptions), false);

DROP OWNED BY regress_views_curator, regress_views_roads, regress_views_other,
    regress_views_auditor, regress_views_reader, regress_views_nobody;
DROP ROLE regress_views_curator, regress_views_roads, regress_views_other,
    regress_views_auditor, regress_views_reader, regress_views_nobody;
