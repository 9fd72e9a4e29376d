-- no install
\set SHOW_CONTEXT never
-- Without its tables the extension says so, and what needs no table works.
SELECT osm.business_interval '9 business hours' AS value;
SELECT osm.add_business_time('2026-03-02 10:00+03', '9h');
SELECT osm.define_calendar('x', '{"time_zone": "UTC"}');
SELECT osm.calendar_document('x');
\set VERBOSITY sqlstate
SELECT osm.is_business_day('2026-03-02', 'ru');
\set VERBOSITY default
SET client_min_messages = warning;
SELECT osm.install();
SELECT osm.is_business_day('2026-03-02', 'ru');
SELECT osm.define_calendar('x', '{"time_zone": "UTC", "hours": {"1": ["09:00-10:00"]}}');
SELECT osm.is_business_day('2026-03-02', 'x') AS monday;
