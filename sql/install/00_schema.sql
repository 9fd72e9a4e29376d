-- What the database must be, and the one clock.

DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'osm_workflow needs a database in UTF8'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = pg_catalog.format('The encoding of this one is %s: titles of acts and '
                                             'Russian units of time would not be understood.',
                                             pg_catalog.getdatabaseencoding()),
                  HINT = 'CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0.';
    END IF;
END
$$;

CREATE FUNCTION osm.now() RETURNS timestamptz
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osm_sql_now';
COMMENT ON FUNCTION osm.now() IS
    'Now: the start of the transaction, or osm_workflow.simulated_now where that is set. A step is '
    'dated by the moment it is taken, so that a transaction held open keeps no term.';
