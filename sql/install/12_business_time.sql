-- Deadline arithmetic on calendars. What no calendar is named for uses osm_workflow.calendar.
-- No function here has a SET clause or runs as its owner: they are called once per row.

CREATE FUNCTION osm.invalidate_definition() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'osm_invalidate_definition';
COMMENT ON FUNCTION osm.invalidate_definition() IS
'Trigger: tells every session that rows of a definition table changed, so that it reads them anew';

CREATE FUNCTION osm.session_calendar() RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_session_calendar';
COMMENT ON FUNCTION osm.session_calendar() IS
'The calendar of functions that are given none: the setting osm_workflow.calendar';

CREATE FUNCTION osm.add_business_time(
    start timestamptz, amount osm.business_interval,
    calendar text DEFAULT osm.session_calendar())
RETURNS timestamptz LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_add_business_time';
COMMENT ON FUNCTION osm.add_business_time(timestamptz, osm.business_interval, text) IS
'The earliest instant at which the amount is used up: business days first, to the close of the '
'last one, then business time. A negative amount goes back';

CREATE FUNCTION osm.subtract_business_time(
    due timestamptz, amount osm.business_interval,
    calendar text DEFAULT osm.session_calendar())
RETURNS timestamptz LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_subtract_business_time';
COMMENT ON FUNCTION osm.subtract_business_time(timestamptz, osm.business_interval, text) IS
'The latest instant from which the amount is used up by the given one; the mirror of '
'osm.add_business_time()';

CREATE FUNCTION osm.business_time_between(
    from_instant timestamptz, to_instant timestamptz,
    calendar text DEFAULT osm.session_calendar())
RETURNS osm.business_interval LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_business_time_between';
COMMENT ON FUNCTION osm.business_time_between(timestamptz, timestamptz, text) IS
'Open time between two instants, negative if they are reversed';

CREATE FUNCTION osm.business_seconds_between(
    from_instant timestamptz, to_instant timestamptz,
    calendar text DEFAULT osm.session_calendar())
RETURNS numeric LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_business_seconds_between';
COMMENT ON FUNCTION osm.business_seconds_between(timestamptz, timestamptz, text) IS
'Open time between two instants in seconds,
    for views over many rows; null where the calendar is not laid out that far';

CREATE FUNCTION osm.is_business_time(
    instant timestamptz,
    calendar text DEFAULT osm.session_calendar())
RETURNS boolean LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_is_business_time';
COMMENT ON FUNCTION osm.is_business_time(timestamptz, text) IS
'Whether the instant lies in open time: an opening does, a close does not';

CREATE FUNCTION osm.next_business_time(
    instant timestamptz,
    calendar text DEFAULT osm.session_calendar())
RETURNS timestamptz LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_next_business_time';
COMMENT ON FUNCTION osm.next_business_time(timestamptz, text) IS
'The instant itself if it is open, else the next opening';

CREATE FUNCTION osm.previous_business_time(
    instant timestamptz,
    calendar text DEFAULT osm.session_calendar())
RETURNS timestamptz LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_previous_business_time';
COMMENT ON FUNCTION osm.previous_business_time(timestamptz, text) IS
'The latest instant not after the given one that has open time just before it';

CREATE FUNCTION osm.is_business_day(
    day date,
    calendar text DEFAULT osm.session_calendar())
RETURNS boolean LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_is_business_day';
COMMENT ON FUNCTION osm.is_business_day(date, text) IS 'Whether the date has open time';

CREATE FUNCTION osm.add_business_days(
    day date, days integer,
    calendar text DEFAULT osm.session_calendar())
RETURNS date LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_add_business_days';
COMMENT ON FUNCTION osm.add_business_days(date, integer, text) IS
'The nth business day strictly after the date, or before it if n is negative; 0 gives the date';

CREATE FUNCTION osm.business_days_between(
    from_day date, to_day date,
    calendar text DEFAULT osm.session_calendar())
RETURNS integer LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_business_days_between';
COMMENT ON FUNCTION osm.business_days_between(date, date, text) IS
'Number of business days after the first date up to and including the second; negative if reversed';

CREATE FUNCTION osm.business_hours(
    within tstzrange,
    calendar text DEFAULT osm.session_calendar())
RETURNS tstzmultirange LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'osm_business_hours';
COMMENT ON FUNCTION osm.business_hours(tstzrange, text) IS
'The open time inside a range that has both bounds';

CREATE FUNCTION osm.business_hours_of(
    day date,
    calendar text DEFAULT osm.session_calendar())
RETURNS SETOF tstzrange LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 ROWS 2
AS 'MODULE_PATHNAME', 'osm_business_hours_of';
COMMENT ON FUNCTION osm.business_hours_of(date, text) IS
'The segments of open time of one day; none for a closed one';

CREATE FUNCTION osm.explain_deadline(
    start timestamptz, amount osm.business_interval,
    calendar text DEFAULT osm.session_calendar(),
    OUT segment tstzrange, OUT used osm.business_interval, OUT "left" osm.business_interval,
    OUT day_title text)
RETURNS SETOF record LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 ROWS 10
AS 'MODULE_PATHNAME', 'osm_explain_deadline';
COMMENT ON FUNCTION osm.explain_deadline(timestamptz, osm.business_interval, text) IS
'How osm.add_business_time() arrives at its result: each business day counted and each segment '
'used, what it used and what was left; a named closed day in between is a row that uses nothing';

CREATE FUNCTION osm.calendar_memory(
    calendar text DEFAULT osm.session_calendar())
RETURNS bigint LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_calendar_memory';
COMMENT ON FUNCTION osm.calendar_memory(text) IS
'Bytes of memory this session keeps for the calendar in its compiled form';

-- timestamptz ± business_interval, on the session's calendar

CREATE FUNCTION osm.timestamptz_plus_business_interval(timestamptz, osm.business_interval)
RETURNS timestamptz LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_timestamptz_plus_business_interval';
COMMENT ON FUNCTION osm.timestamptz_plus_business_interval(timestamptz, osm.business_interval) IS
'osm.add_business_time() on the calendar osm_workflow.calendar';

CREATE FUNCTION osm.timestamptz_minus_business_interval(timestamptz, osm.business_interval)
RETURNS timestamptz LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'osm_timestamptz_minus_business_interval';
COMMENT ON FUNCTION osm.timestamptz_minus_business_interval(timestamptz, osm.business_interval) IS
'osm.subtract_business_time() on the calendar osm_workflow.calendar';

CREATE OPERATOR osm.+ (
    LEFTARG = timestamptz, RIGHTARG = osm.business_interval,
    FUNCTION = osm.timestamptz_plus_business_interval
);
COMMENT ON OPERATOR osm.+ (timestamptz, osm.business_interval) IS
'Later by an amount of business time, on the calendar osm_workflow.calendar';

CREATE OPERATOR osm.- (
    LEFTARG = timestamptz, RIGHTARG = osm.business_interval,
    FUNCTION = osm.timestamptz_minus_business_interval
);
COMMENT ON OPERATOR osm.- (timestamptz, osm.business_interval) IS
'Earlier by an amount of business time, on the calendar osm_workflow.calendar';
