-- The background worker as a view, for dashboards and for those who look for a table of it.

CREATE VIEW osm.worker_status AS
SELECT database, state, running, last_pass, next_due, passes, breaches, warnings,
       lag_p50, lag_p99, lag_max, last_error, last_error_code, last_error_at
  FROM osm.worker_status();
COMMENT ON VIEW osm.worker_status IS 'Background worker by database, since the server started.';
COMMENT ON COLUMN osm.worker_status.database IS 'Database.';
COMMENT ON COLUMN osm.worker_status.state IS
'What the last look found: ready, or why nothing is watched: unknown, no extension, no tables, '
'incomplete, other version, not coordinator, busy, failed, not served.';
COMMENT ON COLUMN osm.worker_status.running IS 'Whether a worker is connected now.';
COMMENT ON COLUMN osm.worker_status.last_pass IS 'End of the last pass.';
COMMENT ON COLUMN osm.worker_status.next_due IS
    'Next instant something is due; null when nothing is.';
COMMENT ON COLUMN osm.worker_status.passes IS 'Passes.';
COMMENT ON COLUMN osm.worker_status.breaches IS 'Breaches flagged.';
COMMENT ON COLUMN osm.worker_status.warnings IS 'Warnings written.';
COMMENT ON COLUMN osm.worker_status.lag_p50 IS
'Milliseconds from an instant to the commit of the pass that dealt with it, median.';
COMMENT ON COLUMN osm.worker_status.lag_p99 IS 'The same, 99th percentile.';
COMMENT ON COLUMN osm.worker_status.lag_max IS 'The same, longest.';
COMMENT ON COLUMN osm.worker_status.last_error IS
    'Message of the last error; null when there was none.';
COMMENT ON COLUMN osm.worker_status.last_error_code IS 'Its SQLSTATE.';
COMMENT ON COLUMN osm.worker_status.last_error_at IS 'When it happened.';
IF current_setting('server_version_num')::integer >= 150000 THEN
    EXECUTE 'ALTER VIEW osm.worker_status SET (security_invoker = true)';
END IF;
