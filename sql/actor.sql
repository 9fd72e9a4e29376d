-- Who acts: the official of the login role, or the one a portal names until the end of its
-- transaction.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set ECHO none
SET client_min_messages = error;
\i test/lib/office.sql
\set ECHO all
CREATE ROLE regress_actor_roads LOGIN;
CREATE ROLE regress_actor_twice LOGIN;
CREATE ROLE regress_actor_none LOGIN;
CREATE ROLE regress_actor_portal LOGIN;
CREATE ROLE regress_actor_one LOGIN;
SELECT osm.grant_access(r, 'operator')
    FROM unnest('{regress_actor_roads,regress_actor_twice,regress_actor_none}'::regrole[]) AS r
    \g /dev/null
SELECT osm.grant_access('regress_actor_portal', 'portal'), osm.grant_access('regress_actor_one',
    'portal', 'barnaul') \g /dev/null
SELECT osm.define_authority('{"code": "altai", "title": "Алтайский край", "officials": [
    {"login": "roads", "name": "Исполнитель Д", "db_role": "regress_actor_roads"},
    {"login": "deputy", "name": "Заместитель", "appointments": [{"body": "health",
        "role": "executor"}]},
    {"login": "past", "name": "Бывший", "appointments": [{"body": "press", "role": "curator",
        "to": "2026-03-01"}]},
    {"login": "future", "name": "Будущий", "appointments": [{"body": "press", "role": "curator",
        "from": "2026-03-03"}]},
    {"login": "health", "name": "Исполнитель З", "db_role": "regress_actor_twice"}],
    "substitutions": [{"principal": "roads", "deputy": "deputy", "from": "2026-03-03",
        "to": "2026-03-04"}]}') > 0,
    osm.define_authority('{"code": "barnaul", "title": "Барнаул", "officials": [{"login": "roads",
        "name": "Тёзка"}]}') > 0;
-- the loader refuses a role that belongs to two; rows written by hand are noticed at the step
UPDATE osm.official SET db_role = 'regress_actor_twice' WHERE login = 'schools';
CREATE VIEW actor AS SELECT coalesce((SELECT o.login FROM osm.official AS o
    WHERE o.id = osm.actor()), 'nobody') AS login;
CREATE FUNCTION who() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT login FROM actor';
SELECT try.incident('assigned') AS i \gset

\echo
\echo == by the login role
SELECT who();
SET SESSION AUTHORIZATION regress_actor_roads;
SELECT who();
SELECT state FROM osm.submit_reply(:i, '{"text": "Засыпали"}');
SELECT osm.act_as('curator');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_actor_none;
SELECT who();
SELECT osm.perform(:i, 'approve');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_actor_twice;
SELECT who();
RESET SESSION AUTHORIZATION;
-- a role taken on is not a login
GRANT regress_actor_roads TO regress_actor_none;
SET SESSION AUTHORIZATION regress_actor_none;
SET ROLE regress_actor_roads;
SELECT who();
RESET ROLE;
RESET SESSION AUTHORIZATION;
-- a login renamed is somebody else, a login given is known at once
ALTER ROLE regress_actor_roads RENAME TO regress_actor_renamed;
SET SESSION AUTHORIZATION regress_actor_renamed;
SELECT who();
RESET SESSION AUTHORIZATION;
ALTER ROLE regress_actor_renamed RENAME TO regress_actor_roads;
SET SESSION AUTHORIZATION regress_actor_roads;
SELECT who();
RESET SESSION AUTHORIZATION;

\echo
\echo == named: by a portal only, in its authority only
SET SESSION AUTHORIZATION regress_actor_portal;
BEGIN;
SELECT osm.act_as('curator');
SELECT who();
SELECT osm.act_as('roads', 'altai');
SELECT who();
SELECT osm.act_as('');
SELECT who();
COMMIT;
SELECT osm.act_as('roads');
SELECT osm.act_as('roads', 'nowhere');
SELECT osm.act_as('nobody');
SELECT osm.act_as(NULL);
SELECT osm.act_as($$curator' OR true --$$);
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_actor_one;
BEGIN;
SELECT osm.act_as('mayor');
SELECT who();
COMMIT;
SELECT osm.act_as('curator');
SELECT osm.act_as('roads', 'altai');
SELECT osm.act_as('nobody');
RESET SESSION AUTHORIZATION;

\echo
\echo == named: until the end of the transaction, and no setting brings it back
SET SESSION AUTHORIZATION regress_actor_portal;
BEGIN;
SELECT osm.act_as('curator');
COMMIT;
SELECT who();
BEGIN;
SELECT osm.act_as('curator');
ROLLBACK;
SELECT who();
BEGIN;
SELECT osm.act_as('curator');
SAVEPOINT a;
SELECT osm.act_as('health');
SAVEPOINT b;
SELECT osm.act_as('schools');
SELECT who();
ROLLBACK TO SAVEPOINT b;
SELECT who();
RELEASE SAVEPOINT a;
SELECT who();
SAVEPOINT c;
SELECT osm.act_as('schools');
SELECT 1 / 0;
ROLLBACK TO SAVEPOINT c;
SELECT who();
RESET ALL;
SELECT who();
DISCARD PLANS;
SELECT who();
COMMIT;
DISCARD ALL;
SET SESSION AUTHORIZATION regress_actor_portal;
SELECT who();
SET osm_workflow.actor = 'curator';
SET SESSION osm_workflow.simulated_now = '2020-01-01';
SELECT who();
RESET SESSION AUTHORIZATION;
SET osm_workflow.simulated_now = '2026-03-02 10:00+07';
CREATE PROCEDURE two_transactions() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as('curator');
    RAISE INFO '%', who();
    COMMIT;
    RAISE INFO '%', who();
END $$;
CALL two_transactions();

\echo
\echo == deputies act for the principal, in the days of both
SELECT try.incident('assigned') AS i \gset
SELECT try.step('deputy', :i, 'submit', '{"text": "а"}');
SET osm_workflow.simulated_now = '2026-03-03 10:00+07';
BEGIN;
SELECT osm.act_as('deputy') \g /dev/null
SELECT b.code, r.role, o.login AS acting_for, r.valid_from, r.valid_until
    FROM osm.actor_roles() AS r
JOIN osm.body AS b ON b.id = r.body_id LEFT JOIN osm.official AS o ON o.id = r.acting_for_id
    ORDER BY 1;
COMMIT;
SELECT try.step('deputy', :i, 'submit', '{"text": "а"}');
SELECT try.events(:i);
SELECT acting_for_id IS NOT NULL AS kept FROM osm.incident WHERE id = :i;
SELECT try.step('curator', :i, 'send_back', '{"reason": "format"}');
-- the last day ends at midnight in Barnaul, 20:00 in Moscow
SET osm_workflow.simulated_now = '2026-03-04 23:59:59+07';
SELECT try.step('deputy', :i, 'submit', '{"text": "б"}');
SELECT try.step('curator', :i, 'send_back', '{"reason": "format"}');
SET osm_workflow.simulated_now = '2026-03-05 00:00+07';
SELECT try.step('deputy', :i, 'submit', '{"text": "в"}');
SELECT try.events(:i);

\echo
\echo == appointments over or not begun
SET osm_workflow.simulated_now = '2026-03-02 10:00+07';
SELECT try.incident('detected') AS i \gset
SELECT try.step('past', :i, 'report_immediately');
SELECT try.step('future', :i, 'report_immediately');
SET osm_workflow.simulated_now = '2026-03-03 00:00+07';
SELECT try.step('future', :i, 'report_immediately');

\echo
\echo == the search path of a caller leads no look-up astray
SELECT try.incident('assigned') AS i \gset
GRANT CREATE ON DATABASE :DBNAME TO regress_actor_roads;
SET SESSION AUTHORIZATION regress_actor_roads;
CREATE SCHEMA trap;
CREATE FUNCTION trap.caught() RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'caught % as %', session_user, current_user; END $$;
CREATE DOMAIN trap.float8 AS double precision CHECK (trap.caught());
CREATE DOMAIN trap.int8 AS bigint CHECK (trap.caught());
CREATE DOMAIN trap.text AS pg_catalog.text CHECK (trap.caught());
CREATE DOMAIN trap.date AS pg_catalog.date CHECK (trap.caught());
CREATE DOMAIN trap.jsonb AS pg_catalog.jsonb CHECK (trap.caught());
CREATE DOMAIN trap.bool AS boolean CHECK (trap.caught());
CREATE FUNCTION trap.equal(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT trap.caught()';
CREATE FUNCTION trap.equal(pg_catalog.text, pg_catalog.text) RETURNS boolean
    LANGUAGE sql AS 'SELECT trap.caught()';
CREATE OPERATOR trap.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = trap.equal);
CREATE OPERATOR trap.= (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text,
    FUNCTION = trap.equal);
CREATE FUNCTION trap.max(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1 WHERE trap.caught()';
CREATE FUNCTION trap.lower(anyrange) RETURNS anyelement LANGUAGE sql AS 'SELECT lower($1)
    WHERE trap.caught()';
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.now()
    WHERE trap.caught()';
\c
SET osm_workflow.simulated_now = '2026-03-03 09:00+07';
SET SESSION AUTHORIZATION regress_actor_roads;
SET search_path = trap, pg_catalog;
SELECT count(*) FROM osm.allowed_actions(:i);
SELECT state FROM osm.submit_reply(:i, '{"text": "а"}');
SELECT osm.verify_chain(:i);
SELECT count(*) FROM osm.actor_roles();
SELECT count(*) > 0 FROM osm.incident;
RESET SESSION AUTHORIZATION;
RESET search_path;
SET client_min_messages = error;
DROP SCHEMA trap CASCADE;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_actor_roads;
DROP OWNED BY regress_actor_roads, regress_actor_twice, regress_actor_none, regress_actor_portal,
    regress_actor_one;
DROP ROLE regress_actor_roads, regress_actor_twice, regress_actor_none, regress_actor_portal,
    regress_actor_one;
