-- Calendars: a time zone, weekly hours, days every year repeats, and dated days, laid over a
-- parent.
--
-- The hazard that shaped these tables: every backend keeps compiled calendars, and rows arrive not
-- only through osm.define_calendar() but by restore and by logical apply, which fire row triggers
-- only. Hence a row trigger ENABLE ALWAYS that does nothing but tell all backends, and a statement
-- trigger for TRUNCATE, on each of them.

CREATE TABLE osm.calendar (
    name text PRIMARY KEY
        CHECK (name <> '' AND name = btrim(name) AND char_length(name) <= 100),
    title text,
    note text,
    parent text REFERENCES osm.calendar (name),
    time_zone text,
    own_hours boolean NOT NULL,
    short_day_cut time,
    observes_decree_days boolean,
    known_until date CHECK (isfinite(known_until)),
    confirmed_until date CHECK (isfinite(confirmed_until)),
    CHECK (parent <> name),
    CHECK (time_zone IS NOT NULL OR parent IS NOT NULL)
);
COMMENT ON TABLE osm.calendar IS
    'Calendars by which business time is counted; written by osm.define_calendar()';
COMMENT ON COLUMN osm.calendar.name IS 'Name by which functions, acts and bodies refer to it';
COMMENT ON COLUMN osm.calendar.title IS 'Title shown to users';
COMMENT ON COLUMN osm.calendar.note IS 'What a reader must know: sources, what is to be rechecked';
COMMENT ON COLUMN osm.calendar.parent IS
    'Calendar this one lies over: what it leaves open is inherited';
COMMENT ON COLUMN osm.calendar.time_zone IS 'IANA time zone of the hours; NULL: the parent''s';
COMMENT ON COLUMN osm.calendar.own_hours IS
    'Whether osm.calendar_hours holds this calendar''s week; false: the parent''s week applies';
COMMENT ON COLUMN osm.calendar.short_day_cut IS
    'By how much a short day ends earlier; NULL: the parent''s, 00:00 if none says';
COMMENT ON COLUMN osm.calendar.observes_decree_days IS
    'Whether days declared non-working by decree are closed; NULL: as the parent, else false';
COMMENT ON COLUMN osm.calendar.known_until IS
    'Last date whose days are known; results beyond it are provisional; NULL: the parent''s, '
    'or always';
COMMENT ON COLUMN osm.calendar.confirmed_until IS
    'Last date whose days rest on more than one source; NULL: all of them';

CREATE TABLE osm.calendar_hours (
    calendar text NOT NULL REFERENCES osm.calendar (name) ON UPDATE CASCADE ON DELETE CASCADE,
    isodow smallint NOT NULL CHECK (isodow BETWEEN 1 AND 7),
    opens time NOT NULL,
    closes time NOT NULL,
    PRIMARY KEY (calendar, isodow, opens),
    CHECK (opens < closes)
);
COMMENT ON TABLE osm.calendar_hours IS
    'Weekly hours of a calendar: one row per half-open segment [opens, closes) of local time';
COMMENT ON COLUMN osm.calendar_hours.calendar IS 'The calendar';
COMMENT ON COLUMN osm.calendar_hours.isodow IS 'Day of the week, 1 = Monday … 7 = Sunday';
COMMENT ON COLUMN osm.calendar_hours.opens IS 'Opening, local time';
COMMENT ON COLUMN osm.calendar_hours.closes IS 'Close, local time; 24:00 is the end of the day';

CREATE TABLE osm.calendar_day (
    calendar text NOT NULL REFERENCES osm.calendar (name) ON UPDATE CASCADE ON DELETE CASCADE,
    day date NOT NULL CHECK (isfinite(day)),
    kind text NOT NULL
        CHECK (kind IN ('usual', 'closed', 'short', 'working', 'working short', 'hours')),
    like_isodow smallint CHECK (like_isodow BETWEEN 1 AND 7),
    decree boolean NOT NULL DEFAULT false,
    opens time[],
    closes time[],
    title text,
    source text,
    PRIMARY KEY (calendar, day),
    CHECK (like_isodow IS NULL OR kind IN ('working', 'working short')),
    CHECK ((kind = 'hours') = (opens IS NOT NULL) AND (kind = 'hours') = (closes IS NOT NULL)),
    CHECK (cardinality(opens) = cardinality(closes) AND cardinality(opens) > 0),
    CHECK (array_position(opens, NULL) IS NULL AND array_position(closes, NULL) IS NULL),
    CHECK (NOT (decree AND kind = 'closed'))
);
COMMENT ON TABLE osm.calendar_day IS
    'Dated days of a calendar that differ from its week; they beat the parent''s days and all '
    'weekly hours';
COMMENT ON COLUMN osm.calendar_day.calendar IS 'The calendar';
COMMENT ON COLUMN osm.calendar_day.day IS 'Local date';
COMMENT ON COLUMN osm.calendar_day.kind IS
    'usual (weekly hours), closed, short (less short_day_cut), working (hours of a working '
    'weekday), working short, or hours (those in opens and closes)';
COMMENT ON COLUMN osm.calendar_day.like_isodow IS
    'For working days: the weekday whose hours apply; NULL: the first working weekday';
COMMENT ON COLUMN osm.calendar_day.decree IS
    'Declared non-working by decree: closed where observes_decree_days is true, else as kind says';
COMMENT ON COLUMN osm.calendar_day.opens IS 'Openings of kind hours, local time';
COMMENT ON COLUMN osm.calendar_day.closes IS 'Closes of kind hours, one for each opening';
COMMENT ON COLUMN osm.calendar_day.title IS
    'Name of the holiday or reason, shown by osm.explain_deadline()';
COMMENT ON COLUMN osm.calendar_day.source IS 'Where the day is taken from';

CREATE TABLE osm.calendar_yearly_day (
    calendar text NOT NULL REFERENCES osm.calendar (name) ON UPDATE CASCADE ON DELETE CASCADE,
    month smallint NOT NULL CHECK (month BETWEEN 1 AND 12),
    day_of_month smallint NOT NULL CHECK (day_of_month BETWEEN 1 AND 31),
    kind text NOT NULL
        CHECK (kind IN ('usual', 'closed', 'short', 'working', 'working short', 'hours')),
    like_isodow smallint CHECK (like_isodow BETWEEN 1 AND 7),
    opens time[],
    closes time[],
    title text,
    PRIMARY KEY (calendar, month, day_of_month),
    CHECK (day_of_month <= CASE WHEN month = 2 THEN 29
                                WHEN month IN (4, 6, 9, 11) THEN 30 ELSE 31 END),
    CHECK (like_isodow IS NULL OR kind IN ('working', 'working short')),
    CHECK ((kind = 'hours') = (opens IS NOT NULL) AND (kind = 'hours') = (closes IS NOT NULL)),
    CHECK (cardinality(opens) = cardinality(closes) AND cardinality(opens) > 0),
    CHECK (array_position(opens, NULL) IS NULL AND array_position(closes, NULL) IS NULL)
);
COMMENT ON TABLE osm.calendar_yearly_day IS
    'Days every year repeats; a dated day of the same calendar beats them';
COMMENT ON COLUMN osm.calendar_yearly_day.calendar IS 'The calendar';
COMMENT ON COLUMN osm.calendar_yearly_day.month IS 'Month, 1 to 12';
COMMENT ON COLUMN osm.calendar_yearly_day.day_of_month IS 'Day of the month';
COMMENT ON COLUMN osm.calendar_yearly_day.kind IS 'As in osm.calendar_day';
COMMENT ON COLUMN osm.calendar_yearly_day.like_isodow IS 'As in osm.calendar_day';
COMMENT ON COLUMN osm.calendar_yearly_day.opens IS 'As in osm.calendar_day';
COMMENT ON COLUMN osm.calendar_yearly_day.closes IS 'As in osm.calendar_day';
COMMENT ON COLUMN osm.calendar_yearly_day.title IS
    'Name of the day, shown by osm.explain_deadline()';

-- The trigger argument names the table whose relcache entry is invalidated: where the rows live in
-- a shard, the backends still remember the calendar by the table they read.
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON osm.calendar
    FOR EACH ROW EXECUTE FUNCTION osm.invalidate_definition('calendar');
CREATE TRIGGER invalidate_all AFTER TRUNCATE ON osm.calendar
    FOR EACH STATEMENT EXECUTE FUNCTION osm.invalidate_definition('calendar');
ALTER TABLE osm.calendar ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE osm.calendar ENABLE ALWAYS TRIGGER invalidate_all;

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON osm.calendar_hours
    FOR EACH ROW EXECUTE FUNCTION osm.invalidate_definition('calendar_hours');
CREATE TRIGGER invalidate_all AFTER TRUNCATE ON osm.calendar_hours
    FOR EACH STATEMENT EXECUTE FUNCTION osm.invalidate_definition('calendar_hours');
ALTER TABLE osm.calendar_hours ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE osm.calendar_hours ENABLE ALWAYS TRIGGER invalidate_all;

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON osm.calendar_day
    FOR EACH ROW EXECUTE FUNCTION osm.invalidate_definition('calendar_day');
CREATE TRIGGER invalidate_all AFTER TRUNCATE ON osm.calendar_day
    FOR EACH STATEMENT EXECUTE FUNCTION osm.invalidate_definition('calendar_day');
ALTER TABLE osm.calendar_day ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE osm.calendar_day ENABLE ALWAYS TRIGGER invalidate_all;

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON osm.calendar_yearly_day
    FOR EACH ROW EXECUTE FUNCTION osm.invalidate_definition('calendar_yearly_day');
CREATE TRIGGER invalidate_all AFTER TRUNCATE ON osm.calendar_yearly_day
    FOR EACH STATEMENT EXECUTE FUNCTION osm.invalidate_definition('calendar_yearly_day');
ALTER TABLE osm.calendar_yearly_day ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE osm.calendar_yearly_day ENABLE ALWAYS TRIGGER invalidate_all;

-- How far each calendar is known. A chain knows no further than its least known link.
CREATE VIEW osm.calendar_coverage AS
WITH RECURSIVE chain (calendar, link, parent, known_until, confirmed_until, depth) AS (
    SELECT c.name, c.name, c.parent, c.known_until, c.confirmed_until, 0
    FROM osm.calendar AS c
    UNION ALL
    SELECT h.calendar, p.name, p.parent, p.known_until, p.confirmed_until, h.depth + 1
    FROM chain AS h
    JOIN osm.calendar AS p ON p.name = h.parent
    WHERE h.depth < 32
), reach AS (
    SELECT h.calendar, min(h.known_until) AS known_until, min(h.confirmed_until) AS confirmed_until,
        (array_agg(h.link ORDER BY h.known_until, h.depth)
            FILTER (WHERE h.known_until IS NOT NULL))[1] AS limited_by
    FROM chain AS h
    GROUP BY h.calendar
)
SELECT r.calendar, c.title, r.known_until, r.limited_by,
    r.known_until - osm.now()::date AS days_left,
    CASE WHEN r.known_until IS NULL THEN 'unlimited'
         WHEN r.known_until < osm.now()::date THEN 'ended'
         WHEN r.known_until < osm.now()::date + 60 THEN 'ends soon'
         ELSE 'known' END AS state,
    coalesce(r.known_until < osm.now()::date + 60, false) AS needs_attention,
    r.confirmed_until
FROM reach AS r
JOIN osm.calendar AS c ON c.name = r.calendar;
COMMENT ON VIEW osm.calendar_coverage IS
    'How far each calendar is known; a row needs attention from 60 days before its end on: load '
    'the next year with osm.load_production_calendar()';
COMMENT ON COLUMN osm.calendar_coverage.calendar IS 'The calendar';
COMMENT ON COLUMN osm.calendar_coverage.title IS 'Its title';
COMMENT ON COLUMN osm.calendar_coverage.known_until IS
    'Last date whose days are known, by the calendar and all it lies over; NULL: always';
COMMENT ON COLUMN osm.calendar_coverage.limited_by IS
    'The calendar of the chain that ends first: this is the one to load';
COMMENT ON COLUMN osm.calendar_coverage.days_left IS 'Days from today to known_until';
COMMENT ON COLUMN osm.calendar_coverage.state IS
    'unlimited, known, ends soon (within 60 days), or ended';
COMMENT ON COLUMN osm.calendar_coverage.needs_attention IS
    'Whether the end is less than 60 days ahead or past';
COMMENT ON COLUMN osm.calendar_coverage.confirmed_until IS
    'Last date that rests on more than one source; NULL: all of them';
