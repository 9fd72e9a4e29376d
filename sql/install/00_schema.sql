-- The one clock.

CREATE FUNCTION osm.now() RETURNS timestamptz
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'osm_sql_now';
COMMENT ON FUNCTION osm.now() IS
    'Now: the start of the transaction, or osm_workflow.simulated_now where that is set. All '
    'steps and terms use this clock.';
