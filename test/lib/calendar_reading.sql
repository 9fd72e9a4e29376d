-- What the documents of random_calendars.sql say, read by plain SQL. To be included after it.
--
-- day_hours names the hours of each day, span the local times they consist of, own_open and
-- segment the open time in UTC: of each day, and of the calendar with sums. Instants and times are
-- bigint microseconds, so that nothing is rounded.

-- What a day's rule makes of the day; NULL if nothing: a decree that is not observed.
CREATE FUNCTION said(rule jsonb, observes boolean) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN r.what = '"closed"' OR (r.decree AND observes) THEN '[]'
        WHEN r.what #>> '{}' = 'decree' THEN NULL
        WHEN r.what #>> '{}' LIKE 'decree %' THEN to_jsonb(substr(r.what #>> '{}', 8))
        ELSE r.what END
    FROM (SELECT w.what, w.what #>> '{}' LIKE 'decree%' OR coalesce(rule ->> 'decree', '') = 'true'
        FROM (SELECT CASE jsonb_typeof(rule) WHEN 'object' THEN rule -> 'is' ELSE rule END)
            AS w (what)) AS r (what, decree)
$$;

-- zone, week, cut and decree days: the nearest calendar that states them
CREATE TABLE stated AS
SELECT c.name AS chain, c.first, c.last,
    (array_agg(l.document ->> 'time_zone' ORDER BY l.depth)
        FILTER (WHERE l.document ? 'time_zone'))[1] AS zone,
    (array_agg(l.document -> 'hours' ORDER BY l.depth)
        FILTER (WHERE l.document ? 'hours'))[1] AS week,
    coalesce((array_agg(l.document ->> 'short_day_cut' ORDER BY l.depth)
        FILTER (WHERE l.document ? 'short_day_cut'))[1]::interval, '0') AS cut,
    coalesce((array_agg((l.document ->> 'observes_decree_days')::boolean ORDER BY l.depth)
        FILTER (WHERE l.document ? 'observes_decree_days'))[1], false) AS observes
FROM chain AS c JOIN layer AS l ON l.chain = c.name GROUP BY c.name;

-- which hours each day has: an own list, or those of a weekday, whole or short
CREATE TABLE day_hours AS
WITH rule AS (
    SELECT l.chain, l.depth, 0 AS yearly, e.key::date AS day, said(e.value, s.observes) AS what
    FROM layer AS l JOIN stated AS s USING (chain), jsonb_each(l.document -> 'days') AS e
    UNION ALL
    SELECT l.chain, l.depth, 1, d::date, said(e.value, false)
    FROM layer AS l JOIN stated AS s USING (chain), jsonb_each(l.document -> 'every_year') AS e,
        generate_series(extract(year FROM s.first)::int, extract(year FROM s.last)::int) AS y,
        generate_series(make_date(y, left(e.key, 2)::int, 1)::timestamp,
            make_date(y, left(e.key, 2)::int, 1)::timestamp + '1 month -1 day', '1 day') AS d
    WHERE to_char(d, 'MM-DD') = e.key
), nearest AS (
    SELECT DISTINCT ON (chain, day) * FROM rule WHERE what IS NOT NULL
    ORDER BY chain, day, depth, yearly
)
SELECT s.chain, d::date AS day,
    CASE WHEN jsonb_typeof(n.what) = 'array' THEN n.what::text
        WHEN n.what #>> '{}' LIKE 'working%' THEN
            coalesce(substring(n.what #>> '{}', '[1-7]'), (
                SELECT min(w.key) FROM jsonb_each(s.week) AS w WHERE w.value <> '[]'))
            || CASE WHEN n.what #>> '{}' LIKE '%short' THEN ' short' ELSE '' END
        ELSE extract(isodow FROM d) || CASE n.what #>> '{}' WHEN 'short' THEN ' short' ELSE '' END
        END AS key
FROM stated AS s CROSS JOIN generate_series(s.first::timestamp, s.last, '1 day') AS d
LEFT JOIN nearest AS n ON n.chain = s.chain AND n.day = d;

-- the local times each of those lists consists of
CREATE TABLE span AS
WITH list AS (
    SELECT s.chain, w.key, w.value, interval '0' AS cut
    FROM stated AS s, jsonb_each(s.week) AS w
    UNION ALL
    SELECT s.chain, w.key || ' short', w.value, s.cut FROM stated AS s, jsonb_each(s.week) AS w
    UNION ALL
    SELECT DISTINCT d.chain, d.key, d.key::jsonb, interval '0' FROM day_hours AS d
    WHERE d.key LIKE '[%'
), whole AS (
    SELECT l.chain, l.key, l.cut, x.opens, x.closes,
        coalesce(sum(x.closes - x.opens) OVER later, '0') AS later
    FROM list AS l, jsonb_array_elements_text(l.value) AS t,
        LATERAL (SELECT split_part(t, '-', 1)::interval, split_part(t, '-', 2)::interval)
            AS x (opens, closes)
    WINDOW later AS (PARTITION BY l.chain, l.key ORDER BY x.opens DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT chain, key, opens, x.closes
FROM whole AS w, LATERAL (SELECT w.closes - greatest(w.cut - w.later, '0')) AS x (closes)
WHERE w.opens < x.closes;

-- ---- open time in UTC ----

-- of each day: boundaries by AT TIME ZONE; what becomes empty is dropped, what overlaps joined
CREATE TABLE own_open AS
SELECT d.chain, d.day, coalesce(range_agg(tstzrange(x.opens, x.closes))
    FILTER (WHERE x.opens < x.closes), '{}') AS hours
FROM day_hours AS d JOIN stated AS s USING (chain) LEFT JOIN span AS p USING (chain, key),
    LATERAL (SELECT (d.day + p.opens) AT TIME ZONE s.zone, (d.day + p.closes) AT TIME ZONE s.zone)
        AS x (opens, closes)
GROUP BY d.chain, d.day;

-- of each calendar, with the open time before each segment
CREATE TABLE segment AS
SELECT u.chain, us(lower(u.r)) AS opens, us(upper(u.r)) AS closes, u.r,
    coalesce(sum(us(upper(u.r)) - us(lower(u.r))) OVER (PARTITION BY u.chain ORDER BY u.r
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS before
FROM (SELECT o.chain, unnest(range_agg(h)) AS r FROM own_open AS o, unnest(o.hours) AS h
      GROUP BY o.chain) AS u;
CREATE INDEX ON segment (chain, opens) INCLUDE (closes, before);
CREATE INDEX ON segment (chain, before) INCLUDE (opens, closes);

-- each date with the number of business days up to it, and its first and last open instant
CREATE TABLE own_day AS
SELECT chain, day, NOT isempty(hours) AS business, us(lower(hours)) AS opens,
    us(upper(hours)) AS closes, hours,
    count(*) FILTER (WHERE NOT isempty(hours)) OVER (PARTITION BY chain ORDER BY day)::int AS upto
FROM own_open;
CREATE INDEX ON own_day (chain, day) INCLUDE (business, upto);
CREATE UNIQUE INDEX ON own_day (chain, upto) INCLUDE (day, opens, closes) WHERE business;
ANALYZE;

-- These are functions of one row, to be inlined. Open time before an instant, counted from the
-- first segment, and whether it is open.
CREATE FUNCTION sum_at(c text, t bigint) RETURNS TABLE (sum bigint, open boolean)
LANGUAGE sql STABLE AS $$
    SELECT s.before + least(t, s.closes) - s.opens, t < s.closes FROM segment AS s
    WHERE s.chain = c AND s.opens <= t ORDER BY s.opens DESC LIMIT 1
$$;
-- The least and the greatest instant with so much open time before it.
CREATE FUNCTION least_at(c text, wanted bigint) RETURNS TABLE (u bigint)
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN wanted - s.before <= s.closes - s.opens THEN s.opens + wanted - s.before END
    FROM segment AS s
    WHERE s.chain = c AND s.before < wanted ORDER BY s.before DESC LIMIT 1
$$;
CREATE FUNCTION greatest_at(c text, wanted bigint) RETURNS TABLE (u bigint)
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN wanted - s.before <= s.closes - s.opens THEN s.opens + wanted - s.before END
    FROM segment AS s
    WHERE s.chain = c AND s.before <= wanted ORDER BY s.before DESC LIMIT 1
$$;
