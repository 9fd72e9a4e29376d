-- What the background worker shows of itself. Its work is osm.tick().

CREATE FUNCTION osm.worker_status(
    OUT database text,
    OUT state text,
    OUT running boolean,
    OUT last_pass timestamptz,
    OUT next_due timestamptz,
    OUT passes bigint,
    OUT breaches bigint,
    OUT warnings bigint,
    OUT reports bigint,
    OUT lag_p50 double precision,
    OUT lag_p99 double precision,
    OUT lag_max double precision,
    OUT last_error text,
    OUT last_error_code text,
    OUT last_error_at timestamptz,
    OUT calendars_short integer)
RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_worker_status';
COMMENT ON FUNCTION osm.worker_status() IS
'The background worker database by database, since the server started: what its last look found '
'(state), last pass, next instant due, terms flagged, warnings written, reports frozen, lag of '
'its passes in milliseconds, last error, calendars to be loaded. Members of pg_read_all_stats see '
'every database, others the current one. No row where osm_workflow is not in '
'shared_preload_libraries. '
'View osm.worker_status shows the same.';

CREATE FUNCTION osm.worker_launcher(
    OUT pid integer,
    OUT started_at timestamptz,
    OUT wakes_at timestamptz,
    OUT wakes bigint,
    OUT workers_started bigint)
RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_worker_launcher';
COMMENT ON FUNCTION osm.worker_launcher() IS
'The launcher of the background workers: its process, when it will wake by itself, how often it '
'has woken and how many workers it has started since the server started. No row without preload.';
