-- The background worker as a view, for dashboards and for those who look for a table of it; and
-- the calendars it warns of.

CREATE VIEW osm.worker_status AS
SELECT database, state, running, last_pass, next_due, passes, breaches, warnings, reports,
       lag_p50, lag_p99, lag_max, last_error, last_error_code, last_error_at, calendars_short
  FROM osm.worker_status();
COMMENT ON VIEW osm.worker_status IS 'Background worker by database, since the server started.';
COMMENT ON COLUMN osm.worker_status.database IS 'Database.';
COMMENT ON COLUMN osm.worker_status.state IS
'What the last look found: ready, or why nothing is watched: unknown, no extension, no tables, '
'incomplete, other version, not coordinator, subscriber, busy, failed, not served.';
COMMENT ON COLUMN osm.worker_status.running IS 'Whether a worker is connected now.';
COMMENT ON COLUMN osm.worker_status.last_pass IS 'End of the last pass.';
COMMENT ON COLUMN osm.worker_status.next_due IS
    'Next instant something is due; null when nothing is.';
COMMENT ON COLUMN osm.worker_status.passes IS 'Passes.';
COMMENT ON COLUMN osm.worker_status.breaches IS 'Breaches flagged.';
COMMENT ON COLUMN osm.worker_status.warnings IS 'Warnings written.';
COMMENT ON COLUMN osm.worker_status.reports IS 'Periodic reports frozen.';
COMMENT ON COLUMN osm.worker_status.lag_p50 IS
'Milliseconds from an instant to the commit of the pass that dealt with it, median.';
COMMENT ON COLUMN osm.worker_status.lag_p99 IS 'The same, 99th percentile.';
COMMENT ON COLUMN osm.worker_status.lag_max IS 'The same, longest.';
COMMENT ON COLUMN osm.worker_status.last_error IS
    'Message of the last error; null when there was none.';
COMMENT ON COLUMN osm.worker_status.last_error_code IS 'Its SQLSTATE.';
COMMENT ON COLUMN osm.worker_status.last_error_at IS 'When it happened.';
COMMENT ON COLUMN osm.worker_status.calendars_short IS
'How many calendars are to be loaded soon, see osm.calendar_shortage there; null before a worker '
'has looked.';

-- Hazard that shaped this view: open terms are a million, those on guessed days few as a rule. A
-- term on guessed days ends no sooner than the known days do: the index of due instants finds it.
CREATE VIEW osm.calendar_shortage AS
WITH current_act AS (
    SELECT g.id, g.calendar
      FROM osm.regulation AS g
     WHERE upper_inf(g.in_force) OR upper(g.in_force) > osm.now()::date
), used (calendar) AS (
    SELECT g.calendar FROM current_act AS g
    UNION
    SELECT unnest(ARRAY[r.calendar, r.deliver_within])
      FROM osm.clock_rule AS r JOIN current_act AS g ON g.id = r.regulation_id
    UNION
    SELECT a.deliver_within
      FROM osm.action AS a JOIN current_act AS g ON g.id = a.regulation_id
    UNION
    SELECT b.calendar FROM osm.body AS b
)
SELECT v.calendar, v.title, v.known_until, v.days_left, v.state, v.limited_by,
       (SELECT count(*) FROM osm.clock AS c
         WHERE c.calendar = v.calendar AND c.provisional AND c.state = 'running' AND c.armed
           AND c.flagged_at IS NULL AND c.due_at >= v.known_until) AS provisional_terms
  FROM osm.calendar_coverage AS v
 WHERE (v.needs_attention AND v.calendar IN (SELECT u.calendar FROM used AS u))
    OR EXISTS (SELECT FROM osm.clock AS c
                WHERE c.calendar = v.calendar AND c.provisional AND c.state = 'running' AND c.armed
                  AND c.flagged_at IS NULL AND c.due_at >= v.known_until);
COMMENT ON VIEW osm.calendar_shortage IS
'Calendars that are to be loaded: those acts in force or bodies count on that end within 60 days '
'or have ended, and those running terms reach beyond. No row: nothing to do.';
COMMENT ON COLUMN osm.calendar_shortage.calendar IS 'Calendar in use.';
COMMENT ON COLUMN osm.calendar_shortage.title IS 'Its title.';
COMMENT ON COLUMN osm.calendar_shortage.known_until IS 'Last date whose days are known.';
COMMENT ON COLUMN osm.calendar_shortage.days_left IS 'Days from today until then.';
COMMENT ON COLUMN osm.calendar_shortage.state IS 'known, ends soon (within 60 days), or ended.';
COMMENT ON COLUMN osm.calendar_shortage.limited_by IS
    'The calendar to be loaded: this one or one it lies over.';
COMMENT ON COLUMN osm.calendar_shortage.provisional_terms IS
    'Running terms that end on guessed days; they move when the days are known.';
