-- Random calendars and random questions to them. To be included.
--
-- 64 chains of one to three calendars: 16 zones, most of which changed their clocks in the years
-- asked about, by 4 shapes: alone, over one other, over two others, over the preset "ru". Hours end
-- at 24:00, touch, and fall into the gaps of clock changes; days are closed, short, working, like
-- another weekday, usual, by decree, of hours of their own, every year's.
-- The same rolls come out of every run; another seed gives other calendars: psql -v seed=2
SET timezone = 'UTC';
\if :{?seed}
\else
\set seed 1
\endif
SELECT set_config('test.seed', :'seed', false) \gset test_

-- A number from 0 to sides - 1 that depends on the key and the seed only.
CREATE FUNCTION roll(key text, sides bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT abs(hashtextextended(key, current_setting('test.seed')::bigint) % sides)
$$;
CREATE FUNCTION us(t timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM t) * 1000000)::bigint
$$;

CREATE TABLE zone (number int PRIMARY KEY, name text);
INSERT INTO zone SELECT n, z FROM unnest('{Australia/Lord_Howe, America/Sao_Paulo, Asia/Kathmandu,
    Europe/Moscow, Europe/Samara, Asia/Vladivostok, Asia/Kamchatka, Europe/Berlin,
    America/New_York, Pacific/Apia, Africa/Casablanca, Asia/Barnaul, America/St_Johns,
    Atlantic/Azores, Asia/Pyongyang, Antarctica/Troll}'::text[]) WITH ORDINALITY AS u (z, n);

-- first to last: the days read; asked_from to asked_to: where questions begin. Shape 3 lies over
-- "ru", which has its decrees in 2020 and 2021.
CREATE TABLE chain (name text PRIMARY KEY, zone text, shape int, own int, first date, last date,
    asked_from timestamptz, asked_to timestamptz);
INSERT INTO chain
SELECT format('c%s-%s', z.number, shape), z.name, shape,
    CASE WHEN shape = 3 THEN 1 + z.number % 2 ELSE shape + 1 END,
    y.first - 300, y.last + 300, y.first, y.last
FROM zone AS z, generate_series(0, 3) AS shape,
    LATERAL (SELECT CASE WHEN shape = 3 THEN date '2019-01-01' ELSE '2010-01-01' END,
        CASE WHEN shape = 3 THEN date '2022-12-31' ELSE '2015-12-31' END) AS y (first, last);

CREATE TABLE choice AS
SELECT n, hours FROM jsonb_array_elements('[
    ["09:00-13:00", "14:00-18:00"], ["09:00-18:00"], ["00:00-24:00"],
    ["08:30-12:00", "12:45-17:15", "18:00-24:00"], ["00:00-06:00", "22:00-24:00"],
    ["23:00-24:00"], ["00:00-01:00"], ["02:15-02:45"], ["01:15-02:15", "02:20-02:40"],
    ["00:10-00:20", "00:50-04:00"], ["09:00-12:00", "12:00-15:00"], ["09:00:00.5-16:59:59.999999"],
    ["23:40-23:50", "00:00-00:00:00.000001"], [], []]') WITH ORDINALITY AS u (hours, n);
CREATE FUNCTION some_hours(key text, of int) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT hours FROM choice WHERE n = 1 + roll(key, of)
$$;
-- kinds 0 to 6 will do for a day every year repeats
CREATE FUNCTION some_day(key text, kinds int) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE roll(key || ' kind', kinds)
        WHEN 0 THEN '"closed"'
        WHEN 1 THEN '"short"'
        WHEN 2 THEN '"working"'
        WHEN 3 THEN to_jsonb('working:' || 1 + roll(key, 7))
        WHEN 4 THEN '"working short"'
        WHEN 5 THEN some_hours(key, 15)
        WHEN 6 THEN jsonb_build_object('is', 'closed', 'title', 'Holiday of ' || key)
        WHEN 7 THEN '"usual"'
        WHEN 8 THEN '"decree"'
        WHEN 9 THEN '"decree short"'
        WHEN 10 THEN to_jsonb(format('working:%s short', 1 + roll(key, 7)))
        WHEN 11 THEN jsonb_build_object('is', some_hours(key, 15), 'decree', true)
        END
$$;

-- The documents; depth 0 is the calendar asked, the deepest its root.
CREATE TABLE layer (chain text, depth int, name text, document jsonb, PRIMARY KEY (chain, depth));
INSERT INTO layer
SELECT c.name, d, k.key,
    jsonb_strip_nulls(jsonb_build_object(
        'parent', CASE WHEN NOT k.root THEN c.name || '/' || d + 1
                       WHEN c.shape = 3 THEN 'ru' END,
        'time_zone', CASE WHEN d = 0 AND (k.root OR c.shape = 3 OR roll(c.name || 'zone', 2) = 0)
                          THEN c.zone
                          WHEN k.root AND roll(c.name || 'zone', 2) = 0 THEN 'Asia/Tokyo'
                          WHEN k.root THEN c.zone END,
        'short_day_cut', ('[null, "01:00", "02:30", "10:00"]'::jsonb)
                         -> roll(k.key || 'cut', 4)::int,
        'observes_decree_days', ('[null, false, true, true]'::jsonb)
                                -> roll(k.key || 'decree', 4)::int,
        'known_until', ('[null, null, "2012-12-31"]'::jsonb) -> roll(k.key || 'known', 3)::int,
        'hours', CASE WHEN (k.root AND c.shape < 3) OR roll(k.key || 'hours', 2) = 0 THEN (
            SELECT jsonb_object_agg(w::text, some_hours(k.key || w, CASE w WHEN 1 THEN 4
                WHEN 2 THEN 11 ELSE 15 END))
            FROM generate_series(1, 7) AS w) END,
        'days', (
            SELECT jsonb_object_agg(day::date, some_day(k.key || day::date, 12))
            FROM generate_series(c.first::timestamp, c.last, '1 day') AS day
            WHERE roll(k.key || day::date, 40) = 0),
        'every_year', (
            SELECT jsonb_object_agg(y.day, some_day(k.key || y.day, 7))
            FROM generate_series(1, 6) AS n, LATERAL (SELECT to_char(date '2000-01-01'
                + roll(k.key || n, 366)::int, 'MM-DD')) AS y (day))))
FROM chain AS c, generate_series(0, c.own - 1) AS d,
    LATERAL (SELECT c.name || CASE WHEN d > 0 THEN '/' || d ELSE '' END, d = c.own - 1)
        AS k (key, root);
SELECT install_preset('ru') AS test_ru \gset
SELECT count(*) AS test_defined
FROM (SELECT define_calendar(name, document)
    FROM (SELECT * FROM layer ORDER BY depth DESC, chain OFFSET 0) AS l OFFSET 0) AS d \gset
INSERT INTO layer
SELECT c.name, c.own, 'ru', preset('ru') FROM chain AS c WHERE c.shape = 3;

-- ---- the questions ----

CREATE TABLE change AS
SELECT c.name AS chain, array_agg(h ORDER BY h) FILTER (WHERE h BETWEEN c.asked_from AND c.asked_to
        AND (h + interval '1 day') AT TIME ZONE c.zone
            <> h AT TIME ZONE c.zone + interval '1 day') AS at
FROM chain AS c, generate_series(c.first::timestamptz, c.last, '1 day') AS h GROUP BY c.name;

-- Instants at random, on the local times where calendars open and close, and around clock changes;
-- times on the quarter of an hour and not; a microsecond more or less.
CREATE TABLE triple AS
WITH number AS (
    SELECT c.*, n, c.name || n AS key FROM chain AS c, generate_series(1, 1600) AS n
), instant AS (
    SELECT q.name AS chain, q.n, q.key,
        CASE WHEN q.n % 4 = 1 THEN
            ((q.asked_from + make_interval(days => roll(q.key || 'd', 2190)::int
                    % (q.asked_to::date - q.asked_from::date)))::timestamp
                + ('{0:00, 0:10, 1:00, 1:15, 2:15, 2:20, 2:40, 2:45, 4:00, 6:00, 9:00, 12:00, 13:00,
                    14:00, 15:00, 17:00, 18:00, 22:00, 23:00, 23:50}'::interval[])
                    [1 + roll(q.key || 'h', 20)]) AT TIME ZONE q.zone
            WHEN q.n % 4 = 2 AND h.at IS NOT NULL THEN
            h.at[1 + roll(q.key || 'c', cardinality(h.at))] - interval '1 day'
                + 15 * roll(q.key || 'm', 288) * interval '1 minute'
            WHEN q.n % 4 = 3 AND h.at IS NOT NULL THEN
            h.at[1 + roll(q.key || 'c', cardinality(h.at))]
                + roll(q.key || 's', 86400000000) * interval '1 microsecond'
            ELSE q.asked_from + roll(q.key || 't', us(q.asked_to) - us(q.asked_from))
                * interval '1 microsecond' END
        + (roll(q.key || '+', 3) - 1) * interval '1 microsecond' AS t
    FROM number AS q JOIN change AS h ON h.chain = q.name
)
SELECT chain, n, t,
    t + CASE WHEN n % 8 < 4 THEN (roll(key || 't2', 1921) - 960) * interval '15 minutes'
        ELSE (roll(key || 't2', 1728000000001) - 864000000000) * interval '1 microsecond' END AS t2,
    t + (roll(key || 't3', 1921) - 960) * interval '15 minutes' AS t3,
    (CASE WHEN n % 16 < 8 THEN (1 + roll(key || 'a', 96)) * interval '15 minutes'
        WHEN n % 16 < 15 THEN (1 + roll(key || 'a', 216000000000)) * interval '1 microsecond'
        ELSE interval '1 microsecond' END)::business_interval AS a,
    (CASE WHEN n % 32 < 16 THEN (1 + roll(key || 'b', 48)) * interval '15 minutes'
        ELSE (1 + roll(key || 'b', 43200000000)) * interval '1 microsecond' END)::business_interval
        AS b,
    (roll(key || 'days', 31) - 15)::int AS days
FROM instant;
ANALYZE;
