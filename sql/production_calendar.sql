-- The federal production calendar: the preset's totals, and loading years from CSV.
SET search_path = public, osm;
SET timezone = 'Europe/Moscow';
SET osm_workflow.simulated_now = '2027-11-15 10:00+03';
\pset format unaligned
\pset footer off
\set SHOW_CONTEXT never
SELECT install_preset('ru');

-- Working days and hours of a 40-hour week, year by year: the norms the ministry publishes
SELECT y AS year, business_days_between(make_date(y - 1, 12, 31), make_date(y, 12, 31),
    'ru') AS days,
    (business_seconds(business_time_between(make_date(y, 1,
        1)::timestamp AT TIME ZONE 'Europe/Moscow',
        make_date(y + 1, 1, 1)::timestamp AT TIME ZONE 'Europe/Moscow', 'ru')) / 3600)::integer
            AS hours
FROM generate_series(2006, 2027) AS y;
-- and against the official norms, day by day and hour by hour
SELECT n.year, n.days, n.hours,
    business_days_between(make_date(n.year - 1, 12, 31), make_date(n.year, 12, 31), 'ru') = n.days
        AS days_agree,
    business_seconds(business_time_between(
        make_date(n.year, 1, 1)::timestamp AT TIME ZONE 'Europe/Moscow',
        make_date(n.year + 1, 1, 1)::timestamp AT TIME ZONE 'Europe/Moscow', 'ru'))
        = n.hours * 3600 AS hours_agree
FROM (VALUES (2018, 247, 1970), (2019, 247, 1970), (2020, 248, 1979), (2021, 247, 1972),
    (2022, 247, 1973), (2023, 247, 1973), (2024, 248, 1979), (2025, 247, 1972), (2026, 247, 1972))
    AS n (year, days, hours);
-- Decree days of 2020 and 2021 count where they are observed only
SELECT define_calendar('observing', '{"parent": "ru", "observes_decree_days": true}');
SELECT y AS year, business_days_between(make_date(y - 1, 12, 31), make_date(y, 12, 31), 'observing')
    AS days
FROM generate_series(2019, 2022) AS y;
-- What rests on one source says so
SELECT confirmed_until, note LIKE '%перепроверить%' AS says_so FROM calendar WHERE name = 'ru';
SELECT extract(year FROM day) AS year, count(*) FROM calendar_day WHERE calendar = 'ru'
    AND title LIKE '%перепроверить%' GROUP BY 1;
SELECT count(*) AS days, count(title) AS titled FROM calendar_day WHERE calendar = 'ru';

-- The next year, in pieces: quotes, CRLF, a byte order mark, several lines of one date
CREATE TABLE csv (t text);
INSERT INTO csv VALUES (E'\uFEFFdate,kind,title,source\r
2028-01-01,holiday,Новогодние каникулы,mintrud;other\r
2028-01-03,holiday,"Каникулы, ""новогодние""",mintrud\r
2028-01-15,working_weekend,Рабочая суббота,mintrud\r
2028-01-15,short_day,Сокращённый день,other;mintrud\r
\r
2028-02-21,transferred_day_off,Перенос,\r
2028-02-22,short_day,,\r
2028-03-10,nonworking_decree,Указ,x\r
2028-04-28,short_day,Канун,x\r
2028-04-28,nonworking_decree,Указ,x\r
2028-05-09,holiday,День Победы,x\r
2028-05-09,nonworking_decree,Указ,x\r
');
SELECT known_until, state FROM calendar_coverage WHERE calendar = 'ru';
SELECT load_production_calendar('ru', t) FROM csv;
SELECT day, kind, decree, title, source FROM calendar_day WHERE calendar = 'ru'
    AND day >= '2028-01-01' ORDER BY day;
SELECT known_until, state FROM calendar_coverage WHERE calendar = 'ru';
SELECT d AS day, is_business_day(d, 'ru') AS open, is_business_day(d, 'observing') AS observing
FROM unnest('{2028-01-15, 2028-02-21, 2028-02-22, 2028-03-10, 2028-04-28, 2028-05-09,
    2028-05-10}'::date[]) AS d;
SELECT business_time_between('2028-01-15', '2028-01-16', 'ru') AS short_saturday,
    business_time_between('2028-04-28', '2028-04-29', 'ru') AS eve;
-- Loading it again changes nothing; a date in a file replaces what was said of it, the others stay
SELECT calendar_document('ru') AS before \gset
SELECT load_production_calendar('ru', t) FROM csv;
SELECT calendar_document('ru') = :'before' AS unchanged;
SELECT load_production_calendar('ru', E'date,kind\n2028-01-15,holiday\n2028-12-29,working_weekend');
SELECT day, kind, decree, title, source FROM calendar_day WHERE calendar = 'ru'
    AND day >= '2028-01-01' ORDER BY day;
SELECT known_until FROM calendar WHERE name = 'ru';

-- A year counts as known with its 1 January only, and only if those before it are
SELECT load_production_calendar('ru', E'date,kind\n2029-03-08,holiday');
SELECT known_until FROM calendar WHERE name = 'ru';
SELECT load_production_calendar('ru', E'date,kind\n2030-01-01,holiday');
SELECT known_until FROM calendar WHERE name = 'ru';
SELECT load_production_calendar('ru', E'date,kind\n2029-01-01,holiday\n2030-01-01,holiday');
SELECT known_until FROM calendar WHERE name = 'ru';

-- Refused, all or nothing
SELECT load_production_calendar('nobody', 'date,kind');
SELECT load_production_calendar('ru', 'day;what');
SELECT load_production_calendar('ru', E'date,kind,title,source\n2031-01-01,holiday');
SELECT load_production_calendar('ru', E'date,kind,title\n2031-01-01,holiday,a"b');
SELECT load_production_calendar('ru', E'date,kind\n2031-01-01,party');
SELECT load_production_calendar('ru', E'date,kind\n01.01.2031,holiday');
SELECT load_production_calendar('ru', E'date,kind\n2031-01-01,holiday\n2031-02-29,holiday');
SELECT load_production_calendar('ru', E'date,kind\n2031-01-01,holiday\n2031-01-01,working_weekend');
SELECT count(*) FROM calendar_day WHERE day >= '2031-01-01';
SELECT load_production_calendar('ru', 'date,kind');
\set VERBOSITY sqlstate
SELECT load_production_calendar('nobody', 'date,kind');
SELECT load_production_calendar('ru', 'day;what');
SELECT load_production_calendar('ru', E'date,kind,title,source\n2031-01-01,holiday');
SELECT load_production_calendar('ru', E'date,kind\n2031-01-01,party');
