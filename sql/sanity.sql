-- Rules every object of the extension and every table of osm.install() must keep, asked from the
-- catalog as opr_sanity does in PostgreSQL. A query that returns rows names what breaks the rule;
-- only the two lists at the end are meant to have any.
SET search_path = pg_catalog, pg_temp;

CREATE TEMPORARY VIEW member AS
SELECT d.classid, d.objid
FROM pg_depend d
    JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'osm_workflow';

CREATE TEMPORARY VIEW member_function AS
SELECT p.oid::regprocedure::text AS function, p.*, l.lanname
FROM pg_proc p
    JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass);

-- What osm.install() made: relations of the schema; a work table is one with an authority. The
-- levels of database roles are a definition: an authority there only narrows a level down.
CREATE TEMPORARY VIEW installed AS
SELECT c.oid, c.oid::regclass AS relation, c.relname, c.relkind, c.relrowsecurity, c.relacl,
    c.reloptions,
    EXISTS (SELECT FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'authority_id')
        AND c.relname <> 'access' AS is_work
FROM pg_class c
WHERE c.relnamespace = 'osm'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f');

--
-- Members
--

-- The extension owns code, never data.
SELECT pg_describe_object(classid, objid, 0) AS table_of_the_extension
FROM member WHERE classid = 'pg_class'::regclass
    AND (SELECT relkind FROM pg_class WHERE oid = objid) <> 'c'
ORDER BY 1;

-- Everything is in schema osm.
SELECT pg_describe_object(classid, objid, 0) AS outside_the_schema
FROM member m, pg_identify_object(classid, objid, 0) i
WHERE i.schema <> 'osm' ORDER BY 1;

-- Everything is explained.
SELECT function AS function_without_comment
FROM member_function WHERE obj_description(oid, 'pg_proc') IS NULL ORDER BY function;

SELECT pg_describe_object(classid, objid, 0) AS object_without_comment
FROM member
WHERE obj_description(objid, classid::regclass::name) IS NULL
    AND (classid = 'pg_operator'::regclass
         OR classid = 'pg_type'::regclass
            AND (SELECT typelem = 0 OR typsubscript <> 'array_subscript_handler'::regproc
                 FROM pg_type WHERE oid = objid))
ORDER BY 1;

SELECT t.oid::regtype::text AS type, a.attname AS attribute_without_comment
FROM member m
    JOIN pg_type t ON t.oid = m.objid AND m.classid = 'pg_type'::regclass
    JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE col_description(c.oid, a.attnum) IS NULL ORDER BY 1, a.attnum;

-- Definer functions and PL/pgSQL pin their search_path.
SELECT function AS search_path_not_pinned
FROM member_function
WHERE (prosecdef OR lanname = 'plpgsql')
    AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)
ORDER BY function;

-- Nobody gets anything unasked.
SELECT function AS public_may_execute
FROM member_function
WHERE EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
              WHERE grantee = 0)
ORDER BY function;

-- Labels: what is immutable can run anywhere; what writes is neither stable nor parallel safe.
SELECT function AS immutable_not_parallel_safe
FROM member_function
WHERE provolatile = 'i' AND proparallel <> 's' ORDER BY function;

SELECT function AS writes_against_its_label
FROM member_function
WHERE lanname IN ('sql', 'plpgsql')
    AND prosrc ~* '\m(INSERT INTO|UPDATE osm\.|DELETE FROM|CREATE TABLE)\M'
    AND (provolatile <> 'v' OR proparallel <> 'u')
ORDER BY function;

-- Functions behind operators and types are strict.
SELECT DISTINCT function AS operator_function_not_strict
FROM member_function f
    JOIN pg_operator o ON o.oprcode = f.oid
WHERE NOT f.proisstrict ORDER BY 1;

-- A C function is called in C as in SQL, with a prefix.
SELECT function, prosrc AS symbol_of_another_name
FROM member_function
WHERE lanname = 'c' AND prosrc NOT IN ('osm_' || proname, 'osm_sql_' || proname)
ORDER BY function;

-- CREATE EXTENSION does not look into bodies; here it is made good.
SET check_function_bodies = on;
SELECT count(*) > 50 AS bodies_checked
FROM (SELECT CASE lanname
                 WHEN 'sql' THEN fmgr_sql_validator(oid)::text
                 WHEN 'plpgsql' THEN plpgsql_validator(oid)::text
                 WHEN 'c' THEN fmgr_c_validator(oid)::text
             END AS checked
      FROM member_function) AS bodies
WHERE checked IS NOT NULL;

-- Base types can be sent in binary; nothing turns into text unasked; operator classes are whole.
SELECT t.oid::regtype AS type_without_binary_form
FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
WHERE t.typtype = 'b' AND t.typelem = 0 AND (t.typsend = 0 OR t.typreceive = 0);

SELECT pg_describe_object(m.classid, m.objid, 0) AS implicit_cast_to_text
FROM member m JOIN pg_cast c ON m.classid = 'pg_cast'::regclass AND c.oid = m.objid
WHERE c.castcontext = 'i' AND c.casttarget = 'text'::regtype;

SELECT pg_describe_object(m.classid, m.objid, 0) AS invalid_operator_class
FROM member m
WHERE m.classid = 'pg_opclass'::regclass AND NOT amvalidate(m.objid);

SELECT pg_describe_object(m.classid, m.objid, 0) AS own_selectivity_function
FROM member m JOIN pg_operator o ON m.classid = 'pg_operator'::regclass AND o.oid = m.objid
    JOIN pg_proc p ON p.oid IN (o.oprrest, o.oprjoin)
WHERE p.pronamespace <> 'pg_catalog'::regnamespace;

SELECT pg_describe_object(m.classid, m.objid, 0) AS commutator_does_not_come_back
FROM member m JOIN pg_operator o ON m.classid = 'pg_operator'::regclass AND o.oid = m.objid
    JOIN pg_operator c ON c.oid = o.oprcom
WHERE c.oprcom <> o.oid;

--
-- What osm.install() makes
--

SELECT relation AS relation_without_comment
FROM installed WHERE relkind <> 'S' AND obj_description(oid, 'pg_class') IS NULL
ORDER BY relname;

SELECT i.relation, a.attname AS column_without_comment
FROM installed i JOIN pg_attribute a ON a.attrelid = i.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE i.relkind <> 'S' AND col_description(i.oid, a.attnum) IS NULL
ORDER BY i.relname, a.attnum;

SELECT i.relation AS public_has_rights
FROM installed i, aclexplode(i.relacl) WHERE grantee = 0 ORDER BY i.relname;

SELECT 'osm' AS public_has_rights_on_schema
FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'osm' AND grantee = 0;

SELECT p.oid::regprocedure::text AS public_may_execute_installed
FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
WHERE p.pronamespace = 'osm'::regnamespace AND grantee = 0
    AND p.oid NOT IN (SELECT oid FROM member_function)
ORDER BY 1;

-- Row security stands on every work table, and a policy is one call, without a sub-select.
SELECT relation AS work_table_without_row_security
FROM installed
WHERE is_work AND relkind IN ('r', 'p')
    AND (NOT relrowsecurity OR NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = installed.oid))
ORDER BY relname;

SELECT polrelid::regclass::text AS relation, polname AS policy_with_sub_select
FROM pg_policy
WHERE concat(polqual, polwithcheck) LIKE '%{SUBLINK%' ORDER BY 1, 2;

-- Views look with the eyes of their reader and show built-in types only.
SELECT relation AS view_with_rights_of_its_owner
FROM installed
WHERE relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
    AND NOT coalesce('security_invoker=on' = ANY (reloptions), false)
ORDER BY relname;

SELECT i.relation, a.attname AS column_of_our_type, a.atttypid::regtype
FROM installed i JOIN pg_attribute a ON a.attrelid = i.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
WHERE i.relkind IN ('v', 'm') AND t.typnamespace <> 'pg_catalog'::regnamespace
ORDER BY i.relname, a.attnum;

-- Shape for partitions and shards: the authority is in every key of a work table and in every
-- reference between two of them; it is never null and never computed; keys are bigint.
SELECT x.indexrelid::regclass::text AS key_without_authority
FROM installed i JOIN pg_index x ON x.indrelid = i.oid
WHERE i.is_work AND i.relkind IN ('r', 'p') AND (x.indisunique OR x.indisexclusion)
    AND NOT EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = i.oid AND a.attname = 'authority_id'
                        AND a.attnum = ANY (x.indkey::int2[]))
ORDER BY 1;

SELECT i.relation AS authority_nullable_or_computed
FROM installed i JOIN pg_attribute a ON a.attrelid = i.oid AND a.attname = 'authority_id'
WHERE i.relkind IN ('r', 'p') AND i.is_work
    AND (NOT a.attnotnull OR a.attgenerated <> '' OR a.attidentity <> '')
ORDER BY i.relname;

SELECT k.conrelid::regclass::text AS relation, k.conname AS reference_without_authority
FROM pg_constraint k
    JOIN installed i ON i.oid = k.conrelid
    JOIN installed f ON f.oid = k.confrelid
WHERE k.contype = 'f' AND i.is_work AND f.is_work
    AND NOT EXISTS (
        SELECT FROM unnest(k.conkey, k.confkey) AS u (here, there)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.here
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.there
        WHERE a.attname = 'authority_id' AND b.attname = 'authority_id')
ORDER BY 1, 2;

SELECT k.conrelid::regclass::text AS definition, k.conname AS reference_to_work_table
FROM pg_constraint k
    JOIN installed i ON i.oid = k.conrelid
    JOIN installed f ON f.oid = k.confrelid
WHERE k.contype = 'f' AND NOT i.is_work AND f.is_work
ORDER BY 1, 2;

SELECT k.conrelid::regclass::text AS relation, k.conname AS reference_that_nulls_the_authority
FROM pg_constraint k JOIN installed i ON i.oid = k.conrelid
WHERE k.contype = 'f' AND i.is_work AND k.confdeltype IN ('n', 'd')
ORDER BY 1, 2;

SELECT i.relation, a.attname AS identity_not_bigint
FROM installed i JOIN pg_attribute a ON a.attrelid = i.oid
WHERE a.attidentity <> '' AND a.atttypid <> 'bigint'::regtype
ORDER BY i.relname;

-- Triggers send no notification and nothing writes the time of the wall clock into a work table.
SELECT p.oid::regprocedure::text AS trigger_function_that_notifies
FROM pg_proc p
WHERE p.pronamespace = 'osm'::regnamespace AND p.prorettype = 'trigger'::regtype
    AND p.prosrc ~* '\mnotify\M|pg_notify'
ORDER BY 1;

SELECT p.oid::regprocedure::text AS reads_the_wall_clock
FROM pg_proc p
WHERE p.pronamespace = 'osm'::regnamespace AND p.prosrc ~* 'clock_timestamp|timeofday'
ORDER BY 1;

-- A trigger that guards is never limited to columns: another trigger may change them unnoticed.
SELECT t.tgrelid::regclass::text AS relation, t.tgname AS trigger_limited_to_columns
FROM pg_trigger t JOIN installed i ON i.oid = t.tgrelid
WHERE cardinality(t.tgattr::int2[]) > 0 AND NOT t.tgisinternal
ORDER BY 1, 2;

--
-- Lists to be read when they change
--

-- Tables shared by all authorities.
SELECT relation AS definition_table
FROM installed WHERE NOT is_work AND relkind IN ('r', 'p') ORDER BY relname;

-- Functions that run with the rights of their owner.
SELECT function AS definer_function
FROM member_function WHERE prosecdef ORDER BY function;

-- Plain SQL functions that a SET clause keeps from being inlined; none of them may run per row.
SELECT function AS cannot_be_inlined
FROM member_function
WHERE lanname = 'sql' AND NOT prosecdef AND NOT proretset AND provolatile <> 'v'
    AND proconfig IS NOT NULL
ORDER BY function;
