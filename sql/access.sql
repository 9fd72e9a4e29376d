-- Who may do what: each level against each object, from the catalog; and the levels at work.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set ECHO none
SET client_min_messages = error;
\i test/lib/office.sql
\set ECHO all
CREATE ROLE regress_access_reader LOGIN;
CREATE ROLE regress_access_operator LOGIN;
CREATE ROLE regress_access_portal LOGIN;
CREATE ROLE regress_access_monitor LOGIN;
CREATE ROLE regress_access_administrator LOGIN;
CREATE ROLE regress_access_auditor LOGIN;
CREATE ROLE regress_access_stranger LOGIN;
SELECT osm.grant_access(format('regress_access_%s', l)::regrole, l)
FROM unnest('{operator,portal,monitor,administrator,auditor}'::text[]) AS l \g /dev/null
SELECT osm.grant_access('regress_access_reader', 'reader', 'altai') \g /dev/null
CREATE TABLE try.level AS SELECT l, format('regress_access_%s', l)::regrole AS r
FROM unnest('{reader,operator,portal,monitor,administrator,auditor,stranger}'::text[]) AS l;

\echo
\echo == levels that do not exist
SELECT osm.grant_access('regress_access_reader', 'owner');
SELECT osm.grant_access('regress_access_reader', NULL);
SELECT osm.grant_access(NULL, 'reader');
SELECT osm.grant_access('regress_access_reader', 'reader', 'atlantis');
SELECT osm.grant_access('regress_access_reader', 'administrator', 'altai');
SELECT osm.grant_access('regress_access_reader', $$reader'; DROP TABLE osm.incident; --$$);
SELECT osm.revoke_access('regress_access_reader', 'auditor');

\echo
\echo == relations: SELECT by level; every other verb is listed one by one
SELECT l.l, c.relkind, count(*) FILTER (WHERE has_table_privilege(l.r, c.oid,
    'SELECT')) = count(*) AS reads_all,
    string_agg(c.relname, ',' ORDER BY c.relname) FILTER (WHERE NOT has_table_privilege(l.r, c.oid,
        'SELECT')
        AND l.l NOT IN ('monitor', 'stranger')) AS not_read,
    bool_or(has_table_privilege(l.r, c.oid, 'SELECT')) AS reads_some
FROM try.level AS l, pg_class AS c
WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind IN ('r', 'v') GROUP BY l.l, c.relkind
    ORDER BY 1, 2;
SELECT l.l, c.relname, v.verb FROM try.level AS l, pg_class AS c,
    unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS v (verb)
WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege(l.r,
    c.oid, v.verb);
SELECT l.l, c.relname, v.verb, string_agg(a.attname, ',' ORDER BY a.attnum)
FROM try.level AS l, pg_class AS c, unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) AS v (verb),
    pg_attribute AS a
WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind IN ('r', 'v') AND a.attrelid = c.oid
    AND a.attnum > 0
    AND has_column_privilege(l.r, c.oid, a.attnum, v.verb) AND NOT has_table_privilege(l.r, c.oid,
        v.verb)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT l.l, c.relname FROM try.level AS l, pg_class AS c
WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind = 'S' AND has_sequence_privilege(l.r,
    c.oid, 'USAGE,SELECT,UPDATE');
SELECT l.l, has_schema_privilege(l.r, 'osm', 'USAGE'), has_schema_privilege(l.r, 'osm', 'CREATE')
FROM try.level AS l ORDER BY 1;

\echo
\echo == functions: what only some levels may call
SELECT p.proname, string_agg(l.l, ',' ORDER BY l.l) FILTER (WHERE has_function_privilege(l.r, p.oid,
    'EXECUTE')) AS levels
FROM pg_proc AS p, try.level AS l
WHERE p.pronamespace = 'osm'::regnamespace AND p.provolatile = 'v'
GROUP BY p.oid, p.proname ORDER BY 1;
SELECT l.l, count(*) FILTER (WHERE NOT has_function_privilege(l.r, p.oid,
    'EXECUTE')) AS refused_of_the_harmless
FROM pg_proc AS p, try.level AS l
WHERE p.pronamespace = 'osm'::regnamespace AND p.provolatile <> 'v'
    AND p.proname <> 'access_statements' AND l.l <> 'stranger' GROUP BY 1 ORDER BY 1;

\echo
\echo == everyone: nothing
SELECT c.relname FROM pg_class AS c, aclexplode(c.relacl) AS a
    WHERE c.relnamespace = 'osm'::regnamespace AND a.grantee = 0;
SELECT p.proname FROM pg_proc AS p
WHERE p.pronamespace = 'osm'::regnamespace AND (p.proacl IS NULL OR EXISTS (SELECT
    FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0));
SELECT count(*) FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname = 'osm'
    AND a.grantee = 0;
-- who reads a row is decided by row security on every table of the work and of people
SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind = 'r'
    AND NOT c.relrowsecurity
    AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid
        AND a.attname = 'authority_id') ORDER BY 1;
SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind = 'v'
    AND NOT coalesce(c.reloptions, '{}') && '{security_invoker=true}';

\echo
\echo == an operator works as oneself: through functions and by plain UPDATE, on what the body has
CREATE ROLE regress_access_roads LOGIN;
CREATE ROLE regress_access_depot LOGIN;
CREATE ROLE regress_access_mayor LOGIN;
GRANT regress_access_operator TO regress_access_roads, regress_access_depot, regress_access_mayor;
SELECT osm.define_authority('{"code": "altai", "title": "Алтайский край", "officials": [
    {"login": "roads", "name": "Исполнитель Д", "db_role": "regress_access_roads"},
    {"login": "depot", "name": "Исполнитель П", "db_role": "regress_access_depot"},
    {"login": "robot", "name": "Система", "db_role": "regress_access_monitor"}]}') > 0,
    osm.define_authority('{"code": "barnaul", "title": "Барнаул", "officials": [
    {"login": "mayor", "name": "Куратор Б", "db_role": "regress_access_mayor"}]}') > 0;
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "roads", "place": "b",
    "text": "t"}') AS roads \gset
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "depot", "place": "b",
    "text": "t"}') AS depot \gset
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "health", "place": "b",
    "text": "t"}') AS health \gset
SELECT osm.route(:roads, '{roads}'), osm.route(:depot, '{depot}'), osm.route(:health,
    '{health}') \g /dev/null
SELECT osm.act_as('mayor') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "barnaul", "place": "b",
    "text": "t"}') AS barnaul \gset
COMMIT;
CREATE VIEW try.seen WITH (security_invoker = true) AS SELECT
    (SELECT string_agg(topic, ',' ORDER BY id) FROM osm.incident) AS incidents,
    (SELECT count(DISTINCT incident_id) FROM osm.event) AS events,
        (SELECT count(DISTINCT incident_id) FROM osm.clock) AS clocks,
    (SELECT count(DISTINCT authority_id) FROM osm.official) AS authorities, (SELECT count(*)
        FROM osm.incident_overview) AS overview;
GRANT USAGE ON SCHEMA try TO PUBLIC;
GRANT SELECT ON try.seen TO PUBLIC;
SET SESSION AUTHORIZATION regress_access_roads;
SELECT * FROM try.seen;
SELECT action FROM osm.allowed_actions(:roads) ORDER BY 1;
SELECT osm.allowed_actions(:health);
SELECT osm.perform(:health, 'submit', '{"text": "a"}');
SELECT osm.verify_chain(:health);
UPDATE osm.incident SET state = 'review', details = '{"text": "a"}'
    WHERE id = :roads RETURNING state;
UPDATE osm.incident SET state = 'review', details = '{"text": "a"}'
    WHERE id = :health RETURNING state;
SELECT osm.submit_reply(:depot, '{"text": "a"}');
UPDATE osm.incident SET salt = '' WHERE id = :roads;
UPDATE osm.clock SET due_at = due_at + interval '1 day';
INSERT INTO osm.event SELECT * FROM osm.event;
DELETE FROM osm.incident;
TRUNCATE osm.incident;
SELECT osm.tick();
SELECT osm.define_authority('{}');
SELECT osm.grant_access('regress_access_roads', 'administrator');
SET osm_workflow.simulated_now = '2020-01-01';
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_access_depot;
SELECT * FROM try.seen;
SELECT state FROM osm.submit_reply(:depot, '{"text": "a"}');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_access_mayor;
SELECT * FROM try.seen;
SELECT state FROM osm.perform(:barnaul, 'report_immediately');
RESET SESSION AUTHORIZATION;
-- what a body gave back it may still read
BEGIN;
SELECT osm.act_as('curator') \g /dev/null
SELECT state FROM osm.send_back(:depot, 'format');
COMMIT;

\echo
\echo == a monitor registers, gets the number back, and sees nothing
SET SESSION AUTHORIZATION regress_access_monitor;
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal", "topic": "m",
    "place": "b"}') > :barnaul AS registered;
INSERT INTO osm.incident
    (regulation, importance, channel, topic, place) VALUES ('ru-alt-132-2020', 'normal', 'vk', 'm',
    'b') RETURNING id > :barnaul;
SELECT topic FROM osm.incident;
UPDATE osm.incident SET state = 'assigned';
SELECT osm.perform(:roads, 'report_immediately');
RESET SESSION AUTHORIZATION;

\echo
\echo == reader of one authority, auditor, administrator, portal, stranger
SET SESSION AUTHORIZATION regress_access_reader;
SELECT * FROM try.seen;
SELECT count(*) FROM osm.access;
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk"}');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_access_auditor;
SELECT * FROM try.seen;
SELECT count(*) AS broken FROM osm.verify_chains();
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_access_administrator;
SELECT authorities FROM try.seen;
SELECT osm.define_authority('{"code": "new", "title": "Новый"}') > 0;
SELECT osm.install_preset('around-the-clock');
UPDATE osm.incident SET state = 'assigned';
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_access_portal;
SELECT * FROM try.seen;
BEGIN;
SELECT osm.act_as('health');
SELECT * FROM try.seen;
SELECT state FROM osm.submit_reply(:health, '{"text": "a"}');
COMMIT;
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_access_stranger;
SELECT count(*) FROM osm.incident;
RESET SESSION AUTHORIZATION;

\echo
\echo == what is taken away is gone; what another level gives stays
SELECT osm.grant_access('regress_access_auditor', 'operator');
SELECT osm.revoke_access('regress_access_auditor', 'auditor');
SELECT has_table_privilege('regress_access_auditor', 'osm.incident', 'SELECT'),
    has_table_privilege('regress_access_auditor', 'osm.access', 'SELECT'),
    has_function_privilege('regress_access_auditor', 'osm.perform(bigint, text, jsonb)', 'EXECUTE');
SET SESSION AUTHORIZATION regress_access_auditor;
SELECT * FROM try.seen;
RESET SESSION AUTHORIZATION;
SELECT osm.revoke_access('regress_access_auditor', 'operator');
SELECT count(*) FROM pg_class AS c, aclexplode(c.relacl) AS a
    WHERE a.grantee = 'regress_access_auditor'::regrole;
SELECT count(*) FROM pg_proc AS p, aclexplode(p.proacl) AS a
    WHERE a.grantee = 'regress_access_auditor'::regrole;
SELECT osm.revoke_access('regress_access_portal', 'portal');
SET SESSION AUTHORIZATION regress_access_portal;
SELECT osm.act_as('health');
RESET SESSION AUTHORIZATION;
DROP OWNED BY regress_access_reader, regress_access_operator, regress_access_portal,
    regress_access_monitor,
    regress_access_administrator, regress_access_auditor, regress_access_stranger;
DROP ROLE regress_access_reader, regress_access_operator, regress_access_portal,
    regress_access_monitor,
    regress_access_administrator, regress_access_auditor, regress_access_stranger,
        regress_access_roads, regress_access_depot,
    regress_access_mayor;
