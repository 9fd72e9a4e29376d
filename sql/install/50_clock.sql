-- The pass over what has fallen due, and terms counted again.

CREATE FUNCTION osm.tick(OUT breaches integer, OUT warnings integer, OUT next_due timestamptz,
        OUT moved integer, OUT reports integer)
    RETURNS record LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_tick';
COMMENT ON FUNCTION osm.tick() IS
    'One bounded pass: flags clocks past due, writes warnings, counts terms again whose calendar '
    'changed, takes the actions acts want taken when a term ends (moved: incidents of both), '
    'freezes a periodic report whose period has ended, and says when something is due next. What '
    'the worker does; for any scheduler where there is none.';

CREATE FUNCTION osm.excuse(clock bigint, reason text) RETURNS osm.step
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_excuse';
COMMENT ON FUNCTION osm.excuse(bigint, text) IS
    'Accepts a reason for the breach of a term, as an event of its incident. The breach stays; '
    'reports show their rates with and without what is excused. It takes an official in a role of '
    'the whole authority who neither answers for the term nor did when it ended. Errors: 42704, '
    'OW001 for what was not breached or is excused already, OW002, OW003 without a reason.';

CREATE FUNCTION osm.recalculate(calendar text, dry_run boolean DEFAULT true,
        OUT incident bigint, OUT clock bigint, OUT rule text, OUT state text,
        OUT old_due_at timestamptz, OUT new_due_at timestamptz, OUT provisional boolean)
    RETURNS SETOF record LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_recalculate';
COMMENT ON FUNCTION osm.recalculate(text, boolean) IS
    'Counts the running and paused clocks on a calendar, and on those that lie over it, again: a '
    'row for each that changes. A dry run, the default, only shows; false moves them, each with an '
    'event. After osm.define_calendar() and osm.load_production_calendar() osm.tick() does the '
    'same by itself. 42704 for an unknown calendar.';

CREATE FUNCTION osm.request_recalculation(calendar text) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_request_recalculation';
COMMENT ON FUNCTION osm.request_recalculation(text) IS
    'Leaves word for osm.tick() that a calendar changed; who changes its rows by plain statements '
    'calls it, or osm.recalculate(). 42704 for an unknown calendar.';
