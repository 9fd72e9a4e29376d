-- Known bugs of other business-time libraries, one case or more for each. What is right was worked
-- out by hand; the column "answer" is the extension's.
SET search_path = public, osm;
SET timezone = 'UTC';
\pset format unaligned
\pset footer off
\set SHOW_CONTEXT never
SELECT install_preset('around-the-clock');
SELECT define_calendar('office', '{"time_zone": "Europe/Moscow", "hours": {
    "1": ["09:00-13:00", "14:00-18:00"], "2": ["09:00-13:00", "14:00-18:00"],
    "3": ["09:00-13:00", "14:00-18:00"], "4": ["09:00-13:00", "14:00-18:00"],
    "5": ["09:00-13:00", "14:00-18:00"]}}');
CREATE FUNCTION local(t timestamptz, zone text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(t AT TIME ZONE zone, 'YYYY-MM-DD HH24:MI:SS')
$$;

-- Bug: exceptions are matched by the date in UTC. In Vladivostok (UTC+10) and Kamchatka (UTC+12)
-- the morning of a holiday still is the day before in UTC, and the morning after it the holiday.
SELECT define_calendar(c, jsonb_build_object('time_zone', z, 'hours',
        '{"1": ["08:00-20:00"], "2": ["08:00-20:00"], "7": ["08:00-20:00"]}'::jsonb,
        'days', '{"2026-03-09": "closed"}'::jsonb))
FROM (VALUES ('vladivostok', 'Asia/Vladivostok'), ('kamchatka', 'Asia/Kamchatka')) AS v (c, z);
SELECT c AS utc_date, b.said, b.answer, b.is_right, b.answer = b.is_right AS ok
FROM (VALUES ('vladivostok', 'Asia/Vladivostok'), ('kamchatka', 'Asia/Kamchatka')) AS v (c, z),
    LATERAL (VALUES
        ('the holiday''s morning is closed',
         is_business_time(timestamp '2026-03-09 08:30' AT TIME ZONE z, c)::text, 'false'),
        ('the holiday''s evening is closed',
         is_business_time(timestamp '2026-03-09 19:30' AT TIME ZONE z, c)::text, 'false'),
        ('the evening before is open',
         is_business_time(timestamp '2026-03-08 19:30' AT TIME ZONE z, c)::text, 'true'),
        ('the morning after is open',
         is_business_time(timestamp '2026-03-10 08:30' AT TIME ZONE z, c)::text, 'true'),
        ('two hours from Sunday 19:00 end on Tuesday',
         local(add_business_time(timestamp '2026-03-08 19:00' AT TIME ZONE z, '2h', c), z),
         '2026-03-10 09:00:00'),
        ('the date itself', is_business_day('2026-03-09', c)::text, 'false')
    ) AS b (said, answer, is_right);

-- Bug: one offset for Moscow. On 26 October 2014 at 02:00 (UTC+4) the clock went back to 01:00
-- (UTC+3); from 2011-03-27 to then it had stood at UTC+4, before that there was summer time.
SELECT define_calendar('night', '{"time_zone": "Europe/Moscow",
    "hours": {"6": ["20:00-24:00"], "7": ["00:00-08:00"]}}');
SELECT b.said AS moscow, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('the watch of that night has thirteen hours', business_time_between(
        '2014-10-25 20:00+04', '2014-10-26 08:00+03', 'night')::text, '13:00:00'),
    ('a week later it has twelve', business_time_between(
        '2014-11-01 20:00+03', '2014-11-02 08:00+03', 'night')::text, '12:00:00'),
    ('twelve hours of that night end at seven',
        add_business_time('2014-10-25 20:00+04', '12h', 'night')::text, '2014-10-26 04:00:00+00'),
    ('Friday 17:00 and two hours: Monday 10:00, UTC+3',
        add_business_time('2014-10-24 17:00+04', '2h', 'office')::text, '2014-10-27 07:00:00+00'),
    ('and back', subtract_business_time('2014-10-27 10:00+03', '2h', 'office')::text,
        '2014-10-24 13:00:00+00'),
    ('summer of 2010 is UTC+4', next_business_time('2010-07-01 00:00+00', 'office')::text,
        '2010-07-01 05:00:00+00'),
    ('winter of 2010 is UTC+3', next_business_time('2010-12-01 00:00+00', 'office')::text,
        '2010-12-01 06:00:00+00'),
    ('winter of 2013 is UTC+4', next_business_time('2013-12-02 00:00+00', 'office')::text,
        '2013-12-02 05:00:00+00'),
    ('the watch of 27 March 2011 has eleven hours', business_time_between(
        '2011-03-26 20:00+03', '2011-03-27 08:00+04', 'night')::text, '11:00:00')
) AS b (said, answer, is_right);

-- Bug: around the clock, midnight costs a minute (the day is taken to end at 23:59), a second or
-- 1 microsecond.
SELECT b.said AS midnight, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('over one midnight', business_time_between('2026-03-02 23:59Z', '2026-03-03 00:01Z',
        'around-the-clock')::text, '00:02:00'),
    ('a thousand days', business_time_between('2026-03-02 12:34:56.789012Z',
        '2028-11-26 12:34:56.789012Z', 'around-the-clock')::text, '24000:00:00'),
    ('a thousand days on', add_business_time('2026-03-02 12:34:56.789012Z', '24000h',
        'around-the-clock')::text, '2028-11-26 12:34:56.789012+00'),
    ('the last microsecond is open', is_business_time('2026-03-02 23:59:59.999999Z',
        'around-the-clock')::text, 'true'),
    ('and it is one segment', business_hours('[2026-03-02 12:00Z, 2026-03-05 12:00Z)',
        'around-the-clock')::text,
        '{["2026-03-02 12:00:00+00","2026-03-05 12:00:00+00")}')
) AS b (said, answer, is_right);

-- Bug: an end at 24:00 before a closed day is lost, or the term slips to the next opening.
SELECT define_calendar('till-midnight', '{"time_zone": "Europe/Moscow",
    "hours": {"1": ["09:00-10:00"], "5": ["20:00-24:00"]}, "days": {"2026-03-16": "closed"}}');
SELECT b.said AS end_at_24, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('four hours from Friday 20:00 end at midnight', local(add_business_time(
        '2026-03-06 20:00+03', '4h', 'till-midnight'), 'Europe/Moscow'), '2026-03-07 00:00:00'),
    ('a microsecond more ends on Monday', add_business_time('2026-03-06 20:00+03',
        '04:00:00.000001', 'till-midnight')::text, '2026-03-09 06:00:00.000001+00'),
    ('a business day from Thursday ends at midnight', local(add_business_time(
        '2026-03-05 12:00+03', '1 bd', 'till-midnight'), 'Europe/Moscow'), '2026-03-07 00:00:00'),
    ('midnight itself is closed', is_business_time('2026-03-07 00:00+03',
        'till-midnight')::text, 'false'),
    ('the last open time before a closed Monday', local(previous_business_time(
        '2026-03-17 12:00+03', 'till-midnight'), 'Europe/Moscow'), '2026-03-14 00:00:00'),
    ('Friday counts four hours', business_time_between('2026-03-06 00:00+03',
        '2026-03-08 00:00+03', 'till-midnight')::text, '04:00:00')
) AS b (said, answer, is_right);

-- Bug: lunch inside the elapsed span is counted, or a start at lunch is.
SELECT b.said AS lunch, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('12:30 to 14:30 is an hour', business_time_between('2026-03-02 12:30+03',
        '2026-03-02 14:30+03', 'office')::text, '01:00:00'),
    ('a week has forty hours', business_time_between('2026-03-02 00:00+03',
        '2026-03-09 00:00+03', 'office')::text, '40:00:00'),
    ('an hour from 12:30 ends at 14:30', local(add_business_time('2026-03-02 12:30+03', '1h',
        'office'), 'Europe/Moscow'), '2026-03-02 14:30:00'),
    ('half an hour from 12:30 ends at 13:00', local(add_business_time('2026-03-02 12:30+03',
        '30 min', 'office'), 'Europe/Moscow'), '2026-03-02 13:00:00'),
    ('an hour from 13:30 ends at 15:00', local(add_business_time('2026-03-02 13:30+03', '1h',
        'office'), 'Europe/Moscow'), '2026-03-02 15:00:00'),
    ('an hour before 14:30 is 12:30', local(subtract_business_time('2026-03-02 14:30+03', '1h',
        'office'), 'Europe/Moscow'), '2026-03-02 12:30:00'),
    ('half of lunch is nothing', business_time_between('2026-03-02 13:00+03',
        '2026-03-02 13:30+03', 'office')::text, '00:00:00')
) AS b (said, answer, is_right);

-- Bug: a calendar of holidays only, or one without open time ahead, is searched for ever. It is
-- refused; a question that leaves what there is ends in an error at once.
SELECT define_calendar('never', '{"time_zone": "UTC", "hours": {}}');
SELECT define_calendar('never', '{"time_zone": "UTC", "hours": {"1": [], "7": []}}');
SELECT define_calendar('past', '{"time_zone": "UTC", "hours": {},
    "days": {"2020-01-01": ["09:00-18:00"]}}');
SELECT define_calendar('once', '{"time_zone": "UTC", "hours": {},
    "days": {"2040-01-02": ["09:00-10:00"]}}');
-- the same by rows, as a restored dump might bring them
BEGIN;
INSERT INTO calendar (name, time_zone, own_hours) VALUES ('empty', 'UTC', true);
\set VERBOSITY sqlstate
SAVEPOINT s;
SELECT next_business_time('2026-03-02 10:00Z', 'empty');
ROLLBACK TO s;
SELECT add_business_time('2026-03-02 10:00Z', '1 microsecond'::interval::business_interval,
    'empty');
ROLLBACK TO s;
SELECT add_business_days('2026-03-02', 1, 'empty');
ROLLBACK TO s;
SELECT business_time_between('2026-03-02', '2040-03-02', 'empty') AS no_time,
    business_hours('[2026-03-02, 2040-03-02)', 'empty') AS no_hours,
    business_days_between('2026-03-02', '2040-03-02', 'empty') AS no_days;
ROLLBACK;
SELECT add_business_time('2026-03-02 10:00Z', '01:00:00.000001', 'once');
SELECT previous_business_time('2026-03-02 10:00Z', 'once');
\set VERBOSITY default
SELECT b.said AS holidays_only, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('fourteen years are passed over', add_business_time('2026-03-02 10:00Z', '1h',
        'once')::text, '2040-01-02 10:00:00+00'),
    ('and the next opening is there', next_business_time('2026-03-02 10:00Z', 'once')::text,
        '2040-01-02 09:00:00+00')
) AS b (said, answer, is_right);

-- Bug: reversed arguments give zero, an error, the absolute value, or another length.
SELECT b.said AS reversed, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('forward', business_time_between('2026-03-06 16:00+03', '2026-03-10 11:00+03',
        'office')::text, '12:00:00'),
    ('backward', business_time_between('2026-03-10 11:00+03', '2026-03-06 16:00+03',
        'office')::text, '-12:00:00'),
    ('nothing', business_time_between('2026-03-10 11:00+03', '2026-03-10 11:00+03',
        'office')::text, '00:00:00'),
    ('days forward', business_days_between('2026-03-06', '2026-03-10', 'office')::text, '2'),
    ('days backward', business_days_between('2026-03-10', '2026-03-06', 'office')::text, '-2'),
    ('a negative amount goes back', add_business_time('2026-03-10 11:00+03', '-12h',
        'office')::text, '2026-03-06 13:00:00+00'),
    ('and subtracted it goes on', subtract_business_time('2026-03-06 16:00+03', '-12h',
        'office')::text, '2026-03-10 08:00:00+00')
) AS b (said, answer, is_right);

-- Bug: a long term is walked hour by hour, cut off at some number of days, or off by the leap day.
-- 9000 hours are 1125 days of eight: 225 weeks, the last of which ends on Friday evening.
SELECT b.said AS long_term, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('+9000 h', local(add_business_time('2026-03-02 09:00+03', '9000h', 'office'),
        'Europe/Moscow'), to_char(date '2026-03-02' + 225 * 7 - 3, 'YYYY-MM-DD') || ' 18:00:00'),
    ('a microsecond more', add_business_time('2026-03-02 09:00+03', '9000:00:00.000001',
        'office')::text, to_char(date '2026-03-02' + 225 * 7, 'YYYY-MM-DD')
        || ' 06:00:00.000001+00'),
    ('-9000 h', local(subtract_business_time('2026-03-02 09:00+03', '9000h', 'office'),
        'Europe/Moscow'), to_char(date '2026-03-02' - 225 * 7, 'YYYY-MM-DD') || ' 09:00:00'),
    ('between', business_time_between('2026-03-02 09:00+03', timestamptz '2026-03-02 09:00+03'
        + interval '1575 days', 'office')::text, '9000:00:00')
) AS b (said, answer, is_right);

-- Bug: "4 hours before the deadline" that fall on an opening give the close of the day before; a
-- term that ends with the day gives the next opening.
SELECT b.said AS on_a_boundary, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('four hours before Tuesday 13:00', local(subtract_business_time('2026-03-03 13:00+03',
        '4h', 'office'), 'Europe/Moscow'), '2026-03-03 09:00:00'),
    ('four hours before Tuesday 18:00', local(subtract_business_time('2026-03-03 18:00+03',
        '4h', 'office'), 'Europe/Moscow'), '2026-03-03 14:00:00'),
    ('a negative amount does the same', local(add_business_time('2026-03-03 13:00+03', '-4h',
        'office'), 'Europe/Moscow'), '2026-03-03 09:00:00'),
    ('eight hours from 09:00 end at 18:00', local(add_business_time('2026-03-02 09:00+03', '8h',
        'office'), 'Europe/Moscow'), '2026-03-02 18:00:00'),
    ('eight hours from Sunday end on Monday 18:00', local(add_business_time(
        '2026-03-01 12:00+03', '8h', 'office'), 'Europe/Moscow'), '2026-03-02 18:00:00'),
    ('no time at all moves nothing', local(add_business_time('2026-03-02 18:00+03', '0h',
        'office'), 'Europe/Moscow'), '2026-03-02 18:00:00')
) AS b (said, answer, is_right);

-- Bug: days are taken for 24 hours. One of 25 has 25, one of 23 has 23, one that never was, none.
SELECT define_calendar('sunday', '{"time_zone": "Europe/Berlin", "hours": {"7": ["00:00-24:00"]}}');
SELECT define_calendar('gap', '{"time_zone": "Europe/Berlin", "hours": {"7": ["02:00-03:00"]}}');
SELECT define_calendar('apia', '{"time_zone": "Pacific/Apia", "hours": {"5": ["00:00-24:00"]}}');
SELECT b.said AS clock_change, b.answer, b.is_right, b.answer = b.is_right AS ok FROM (VALUES
    ('autumn', business_time_between('2026-10-24 22:00Z', '2026-10-25 23:00Z', 'sunday')::text,
        '25:00:00'),
    ('spring', business_time_between('2026-03-28 23:00Z', '2026-03-29 22:00Z', 'sunday')::text,
        '23:00:00'),
    ('hours in the gap do not exist', is_business_day('2026-03-29', 'gap')::text, 'false'),
    ('nor does Samoa''s 30 December 2011', is_business_day('2011-12-30', 'apia')::text, 'false'),
    ('the Friday before it does', is_business_day('2011-12-23', 'apia')::text, 'true'),
    ('a day from that Friday is two weeks later',
        add_business_days('2011-12-23', 1, 'apia')::text, '2012-01-06')
) AS b (said, answer, is_right);
