-- Every question asked again of a slow, obvious answer in plain SQL: the open time of a stretch of
-- days as one multirange, each boundary put into UTC by AT TIME ZONE. Calendars with clock changes
-- at midnight, of half an hour, of a whole day, backward and forward; instants near them and at
-- random.
SET search_path = public, osm;
SET timezone = 'UTC';
\pset format unaligned
\pset footer off

CREATE TABLE slow (id text PRIMARY KEY, zone text, hours jsonb, days jsonb, changes timestamptz[]);
INSERT INTO slow VALUES
    ('moscow', 'Europe/Moscow', '{"1": ["09:00-13:00", "14:00-18:00"],
        "2": ["09:00-13:00", "14:00-18:00"], "3": ["09:00-18:00"],
        "6": ["22:00-24:00"], "7": ["00:00-06:00"]}',
            '{"2014-11-04": [], "2014-11-01": ["10:00-12:00"]}',
     '{2014-10-25 22:00Z, 2011-03-26 23:00Z, 2010-10-30 23:00Z}'),
    ('berlin', 'Europe/Berlin', '{"6": ["20:00-24:00"],
        "7": ["00:00-02:15", "02:30-02:45", "02:45-03:30", "22:00-24:00"], "1": ["00:00-01:00"]}',
     '{"2026-04-05": []}', '{2026-03-29 01:00Z, 2026-10-25 01:00Z}'),
    ('berlin-24x7', 'Europe/Berlin', '{"1": ["00:00-24:00"], "2": ["00:00-24:00"],
        "3": ["00:00-24:00"], "4": ["00:00-24:00"],
        "5": ["00:00-24:00"], "6": ["00:00-24:00"], "7": ["00:00-24:00"]}', '{"2026-03-30": []}',
            '{2026-03-29 01:00Z, 2026-10-25 01:00Z}'),
    ('new-york', 'America/New_York', '{"7": ["00:30-01:30", "01:30-03:00"], "1": ["09:00-17:00"]}',
        '{}', '{2026-03-08 07:00Z, 2026-11-01 06:00Z}'),
    ('lord-howe', 'Australia/Lord_Howe', '{"7": ["01:15-02:15", "02:20-02:40"],
        "6": ["23:00-24:00"]}', '{}', '{2026-04-04 15:00Z, 2026-10-03 15:30Z}'),
    ('sao-paulo', 'America/Sao_Paulo', '{"6": ["22:00-24:00"], "7": ["00:00-02:00"]}', '{}',
        '{2018-11-04 03:00Z, 2018-02-18 02:00Z}'),
    ('apia', 'Pacific/Apia', '{"4": ["09:00-17:00", "20:00-24:00"],
        "5": ["00:00-06:00", "09:00-17:00"], "6": ["08:00-12:00"]}', '{}',
     '{2011-12-30 10:00Z, 2011-09-24 14:00Z}'),
    ('kamchatka', 'Asia/Kamchatka', '{"1": ["08:00-20:00"], "5": ["00:00-24:00"]}',
        '{"2026-05-01": [], "2026-05-02": ["23:00-24:00"]}',
     '{2010-03-27 14:00Z, 2026-05-01 00:00Z}'),
    ('kathmandu', 'Asia/Kathmandu', '{"7": ["10:00-17:00"], "1": ["10:00-17:00"],
        "5": ["10:00-15:00"]}', '{}', '{2026-01-01 00:00Z}'),
    ('casablanca', 'Africa/Casablanca', '{"7": ["00:00-24:00"], "1": ["02:00-03:00"]}', '{}',
        '{2026-02-15 02:00Z, 2026-03-22 02:00Z}');
SELECT id, define_calendar(id, jsonb_build_object('time_zone', zone, 'hours', hours, 'days', days))
    FROM slow;

CREATE FUNCTION slow_open(id text, first date, last date)
RETURNS tstzmultirange LANGUAGE sql STABLE AS $$
    SELECT coalesce(range_agg(tstzrange(x.opens, x.closes)) FILTER (WHERE x.opens < x.closes), '{}')
    FROM slow AS c, generate_series(first::timestamp, last::timestamp, '1 day') AS d,
        jsonb_array_elements_text(coalesce(c.days -> to_char(d, 'YYYY-MM-DD'),
            c.hours -> extract(isodow FROM d)::text, '[]')) AS s,
        LATERAL (SELECT (d + split_part(s, '-', 1)::interval) AT TIME ZONE c.zone,
            (d + split_part(s, '-', 2)::interval) AT TIME ZONE c.zone) AS x (opens, closes)
    WHERE c.id = slow_open.id
$$;
CREATE FUNCTION slow_around(id text, t timestamptz) RETURNS tstzmultirange LANGUAGE sql STABLE AS $$
    SELECT slow_open(id, t::date - 60, t::date + 60)
$$;

CREATE TABLE asked AS
WITH picked AS (
    SELECT c.id, n, CASE WHEN n % 3 = 0
        THEN timestamptz '2009-01-01' + make_interval(secs => abs(hashint4extended(n,
        1) % 567648000))
        ELSE c.changes[1 + n % cardinality(c.changes)] + make_interval(secs => hashint4extended(n,
            2) % 259200) END AS t
    FROM slow AS c, generate_series(1, 45) AS n
), rounded AS (
    -- half of them on the quarter of an hour, where boundaries are
    SELECT id, n, CASE WHEN n % 2 = 0 THEN date_bin('15 minutes', t, '2000-01-01') ELSE t END AS t
        FROM picked
)
SELECT id, n, t, t + make_interval(secs => hashint4extended(n, 3) % 400000) AS t2,
    CASE WHEN n % 2 = 0 THEN make_interval(mins => 15 * (1 + abs(hashint4extended(n, 4) % 60))::int)
        ELSE make_interval(secs => 0.000001 + abs(hashint4extended(n, 5) % 50000)) END AS amount,
    (hashint4extended(n, 6) % 5)::int AS days, slow_around(id, t) AS open
FROM rounded;

-- the questions, by name; the slow answer, the answer
CREATE VIEW answers AS
SELECT id, n, 'is_business_time' AS question, (open @> t)::text AS slow,
    is_business_time(t, id)::text AS fast FROM asked
UNION ALL SELECT id, n, 'next', lower(open * tstzmultirange(tstzrange(t, NULL)))::text,
    next_business_time(t, id)::text FROM asked
UNION ALL SELECT id, n, 'previous', upper(open * tstzmultirange(tstzrange(NULL, t)))::text,
    previous_business_time(t, id)::text FROM asked
UNION ALL SELECT id, n, 'between', (SELECT sign(extract(epoch
    FROM t2 - t)) * coalesce(sum(extract(epoch FROM upper(r) - lower(r))), 0)
    FROM unnest(open * tstzmultirange(tstzrange(least(t, t2), greatest(t, t2)))) AS r)::numeric(20,
        6)::text,
    business_seconds(business_time_between(t, t2, id))::numeric(20, 6)::text FROM asked
UNION ALL SELECT id, n, 'add', (SELECT s.o + (amount - (s.sum - (s.c - s.o))) FROM (
        SELECT lower(r), upper(r), sum(upper(r) - lower(r)) OVER (ORDER BY r)
            FROM unnest(open * tstzmultirange(tstzrange(t, NULL))) AS r) AS s (o, c, sum)
    WHERE s.sum >= amount ORDER BY s.o LIMIT 1)::text,
        add_business_time(t, amount::business_interval, id)::text FROM asked
UNION ALL SELECT id, n, 'subtract', (SELECT s.c - (amount - (s.sum - (s.c - s.o))) FROM (
        SELECT lower(r), upper(r), sum(upper(r) - lower(r)) OVER (ORDER BY r DESC)
            FROM unnest(open * tstzmultirange(tstzrange(NULL, t))) AS r) AS s (o, c, sum)
    WHERE s.sum >= amount ORDER BY s.o DESC LIMIT 1)::text,
        subtract_business_time(t, amount::business_interval, id)::text FROM asked
UNION ALL SELECT id, n, 'business_hours', (open * tstzmultirange(tstzrange(least(t, t2),
    greatest(t, t2))))::text,
    business_hours(tstzrange(least(t, t2), greatest(t, t2)), id)::text FROM asked
UNION ALL SELECT id, n, 'business_hours_of', slow_open(id, t::date, t::date)::text,
    coalesce((SELECT range_agg(r) FROM business_hours_of(t::date, id) AS r), '{}')::text FROM asked
UNION ALL SELECT id, n, 'is_business_day', (NOT isempty(slow_open(id, t::date, t::date)))::text,
    is_business_day(t::date, id)::text FROM asked
UNION ALL SELECT id, n, 'add_business_days', CASE WHEN days = 0 THEN t::date
    ELSE (SELECT t::date + sign(days)::int * k
        FROM generate_series(1, 60) AS k WHERE NOT isempty(slow_open(id,
            t::date + sign(days)::int * k, t::date + sign(days)::int * k))
        ORDER BY k OFFSET abs(days) - 1 LIMIT 1) END::text,
            add_business_days(t::date, days, id)::text FROM asked
UNION ALL SELECT id, n, 'business_days_between', (SELECT sign(t2::date - t::date)::int * count(*)
        FROM generate_series(1, abs(t2::date - t::date)) AS k
        WHERE NOT isempty(slow_open(id, least(t::date, t2::date) + k,
            least(t::date, t2::date) + k)))::text,
    business_days_between(t::date, t2::date, id)::text FROM asked
UNION ALL SELECT id, n, 'a business day', (SELECT upper(slow_open(id, d.d, d.d)) FROM (
        SELECT z.day + k FROM (SELECT (t AT TIME ZONE zone)::date FROM slow AS c
            WHERE c.id = a.id) AS z (day), generate_series(1, 60) AS k
        WHERE NOT isempty(slow_open(id, z.day + k, z.day + k)) ORDER BY k LIMIT 1) AS d (d))::text,
            add_business_time(t, '1 bd', id)::text FROM asked AS a;

SELECT question, count(*) AS asked, count(slow) AS answered,
    count(*) FILTER (WHERE slow IS DISTINCT FROM fast) AS differ
FROM answers GROUP BY question ORDER BY question;
SELECT * FROM answers WHERE slow IS DISTINCT FROM fast ORDER BY question, id, n LIMIT 20;
