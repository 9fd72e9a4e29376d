-- Every question asked again of an obvious answer in plain SQL that owes nothing to the tables and
-- the C of the extension: the calendars' documents are read by set-based SQL, every boundary is put
-- into UTC by AT TIME ZONE, overlaps are joined by range_agg, and the open time of each calendar
-- stands in one table with running sums. The questions are those of business_time_laws: instants
-- near clock changes, on boundaries and at random.
--
-- The running sums could be wrong as well, so hundreds of the questions are asked a second time of
-- the open time around them as one multirange, without any sum kept. A third reading, by an oracle
-- from elsewhere where there is one, is test/tap/011_given_oracle.pl.
SET search_path = public, osm;
SET jit = off;
\pset format unaligned
\pset footer off
\set ECHO none
\i test/lib/random_calendars.sql
\i test/lib/calendar_reading.sql
\set ECHO all
SELECT (SELECT count(*) FROM triple) AS triples, (SELECT count(*) FROM chain) AS calendars,
    (SELECT count(*) FROM day_hours) AS days;

CREATE FUNCTION us(amount business_interval) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT (business_seconds(amount) * 1000000)::bigint
$$;

-- What the answers are made of: the dates, the business day the days lead to, and where the time
-- part then begins: at its close, at its opening for negative days.
CREATE TABLE asked AS
SELECT q.chain AS c, q.*, us(t) AS ut, us(t2) AS ut2, us(a) AS ua, z.d, z.d2, d.business,
    d.upto, d2.upto AS upto2, CASE WHEN days = 0 THEN z.d ELSE m.day END AS to_day,
    CASE WHEN days > 0 THEN m.closes WHEN days < 0 THEN m.opens ELSE us(t) END AS from_there,
    make_business_interval(days => days) AS bd
FROM triple AS q JOIN stated AS s USING (chain)
CROSS JOIN LATERAL (SELECT (t AT TIME ZONE s.zone)::date, (t2 AT TIME ZONE s.zone)::date)
    AS z (d, d2)
LEFT JOIN own_day AS d ON d.chain = q.chain AND d.day = z.d
LEFT JOIN own_day AS d2 ON d2.chain = q.chain AND d2.day = z.d2
LEFT JOIN own_day AS m ON m.chain = q.chain AND m.business AND m.upto = CASE
    WHEN days > 0 THEN d.upto + days WHEN days < 0 THEN d.upto - d.business::int + days + 1 END;

-- question, the oracle's answer and the extension's; an instant or a time in microseconds
WITH answer AS (
    SELECT q.c, q.n, l.* FROM asked AS q
    LEFT JOIN LATERAL sum_at(q.c, ut) AS s ON true
    LEFT JOIN LATERAL sum_at(q.c, ut2) AS s2 ON true
    LEFT JOIN LATERAL sum_at(q.c, from_there) AS there ON true
    LEFT JOIN LATERAL least_at(q.c, s.sum + ua) AS due ON true
    LEFT JOIN LATERAL greatest_at(q.c, s.sum - ua) AS past ON true
    LEFT JOIN LATERAL least_at(q.c, there.sum + ua) AS later ON true
    LEFT JOIN LATERAL greatest_at(q.c, there.sum - ua) AS earlier ON true
    CROSS JOIN LATERAL (VALUES
        (1, 'is_business_time', s.open::int::bigint, is_business_time(t, c)::int::bigint),
        (2, 'next_business_time', CASE WHEN s.open THEN ut ELSE (SELECT s.opens
            FROM segment AS s WHERE s.chain = c AND s.opens > ut ORDER BY s.opens LIMIT 1) END,
            us(next_business_time(t, c))),
        (3, 'previous_business_time', (SELECT least(ut, s.closes) FROM segment AS s
            WHERE s.chain = c AND s.opens < ut ORDER BY s.opens DESC LIMIT 1),
            us(previous_business_time(t, c))),
        (4, 'business_time_between', s2.sum - s.sum, us(business_time_between(t, t2, c))),
        (5, 'add_business_time', due.u, us(add_business_time(t, a, c))),
        (6, 'add_business_time, negative', past.u, us(add_business_time(t, -a, c))),
        (7, 'subtract_business_time', past.u, us(subtract_business_time(t, a, c))),
        (8, 'subtract_business_time, negative', due.u, us(subtract_business_time(t, -a, c))),
        (9, 'add_business_time, days', from_there, us(add_business_time(t, bd, c))),
        (10, 'add_business_time, days and time', later.u, us(add_business_time(t, bd + a, c))),
        (11, 'add_business_time, days less a time', earlier.u,
            us(add_business_time(t, bd - a, c))),
        (12, 'subtract_business_time, days and time', earlier.u,
            us(subtract_business_time(t, a - bd, c))),
        (13, 'is_business_day', business::int::bigint, is_business_day(d, c)::int::bigint),
        (14, 'add_business_days', to_day - date '2000-01-01',
            add_business_days(d, days, c) - date '2000-01-01'),
        (15, 'business_days_between', upto2 - upto, business_days_between(d, d2, c))
        ) AS l (number, question, oracle, extension)
)
SELECT question, count(*) AS triples, count(oracle) AS answered,
    count(*) FILTER (WHERE oracle IS DISTINCT FROM extension) AS differences,
    (array_agg(c || ' ' || n) FILTER (WHERE oracle IS DISTINCT FROM extension))[1:5] AS which
FROM answer GROUP BY number, question ORDER BY number;

-- open time itself, as multiranges
WITH answer AS (
    SELECT q.c, q.n, l.* FROM asked AS q
    CROSS JOIN LATERAL (SELECT tstzrange(least(t, t2), greatest(t, t2))) AS r (within)
    CROSS JOIN LATERAL (VALUES
        (1, 'business_hours', (SELECT coalesce(range_agg(s.r * within), '{}') FROM segment AS s
            WHERE s.chain = c AND s.opens < greatest(ut, ut2)
                AND s.opens >= (SELECT max(f.opens) FROM segment AS f
                    WHERE f.chain = c AND f.opens <= least(ut, ut2))
                AND s.r && within), business_hours(within, c)),
        (2, 'business_hours_of', (SELECT o.hours FROM own_day AS o
            WHERE o.chain = c AND o.day = d),
            (SELECT coalesce(range_agg(r), '{}') FROM business_hours_of(d, c) AS r))
        ) AS l (number, question, oracle, extension)
)
SELECT question, count(*) AS triples, count(oracle) AS answered,
    count(*) FILTER (WHERE oracle IS DISTINCT FROM extension) AS differences,
    (array_agg(c || ' ' || n) FILTER (WHERE oracle IS DISTINCT FROM extension))[1:5] AS which
FROM answer GROUP BY number, question ORDER BY number;

-- A sample again without any running sum: the open time around t as one multirange, put together
-- from its days each time, and each answer held against the definition of its question.
CREATE FUNCTION slow_open(c text, since date, until date) RETURNS tstzmultirange
LANGUAGE sql STABLE AS $$
    SELECT coalesce(range_agg(tstzrange(x.opens, x.closes)) FILTER (WHERE x.opens < x.closes), '{}')
    FROM day_hours AS d JOIN stated AS s USING (chain) JOIN span AS p USING (chain, key),
        LATERAL (SELECT (d.day + p.opens) AT TIME ZONE s.zone,
            (d.day + p.closes) AT TIME ZONE s.zone) AS x (opens, closes)
    WHERE d.chain = c AND d.day BETWEEN since AND until
$$;
CREATE FUNCTION open_in(open tstzmultirange, since timestamptz, until timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(us(upper(r)) - us(lower(r))), 0)::bigint
    FROM unnest(open * tstzmultirange(tstzrange(since, until))) AS r
$$;
CREATE FUNCTION slow_day(c text, d date, n int) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN n > 0 THEN (SELECT h.day FROM day_hours AS h WHERE h.chain = c AND h.day > d
                AND NOT isempty(slow_open(c, h.day, h.day)) ORDER BY h.day OFFSET n - 1 LIMIT 1)
        WHEN n < 0 THEN (SELECT h.day FROM day_hours AS h WHERE h.chain = c AND h.day < d
                AND NOT isempty(slow_open(c, h.day, h.day)) ORDER BY h.day DESC OFFSET -n - 1
                LIMIT 1)
        ELSE d END
$$;
CREATE INDEX ON day_hours (chain, day);
CREATE INDEX ON span (chain, key);
ANALYZE day_hours, span;
WITH sample AS MATERIALIZED (
    SELECT q.*, slow_open(c, d - 250, d + 250) AS open, interval '1 microsecond' AS tick,
        add_business_time(t, a, c) AS due, subtract_business_time(t, a, c) AS past,
        add_business_time(t, bd, c) AS end_of_term
    FROM asked AS q WHERE n <= 8
), answer AS (
    SELECT q.c, q.n, l.* FROM sample AS q, LATERAL (VALUES
        (1, 'is_business_time', open @> t = is_business_time(t, c)),
        (2, 'next_business_time', lower(open * tstzmultirange(tstzrange(t, NULL)))
            = next_business_time(t, c)),
        (3, 'previous_business_time', upper(open * tstzmultirange(tstzrange(NULL, t)))
            = previous_business_time(t, c)),
        (4, 'business_time_between', sign(us(t2) - us(t))
            * open_in(open, least(t, t2), greatest(t, t2)) = us(business_time_between(t, t2, c))),
        (5, 'add_business_time', open_in(open, t, due) = ua
            AND open_in(open, t, due - tick) = ua - 1),
        (6, 'subtract_business_time', open_in(open, past, t) = ua
            AND open_in(open, past + tick, t) = ua - 1),
        (7, 'add_business_time, days', end_of_term = CASE
            WHEN days > 0 THEN upper(slow_open(c, slow_day(c, d, days), slow_day(c, d, days)))
            WHEN days < 0 THEN lower(slow_open(c, slow_day(c, d, days), slow_day(c, d, days)))
            ELSE t END),
        (8, 'business_hours', open * tstzmultirange(tstzrange(least(t, t2), greatest(t, t2)))
            = business_hours(tstzrange(least(t, t2), greatest(t, t2)), c)),
        (9, 'business_hours_of', slow_open(c, d, d)
            = (SELECT coalesce(range_agg(r), '{}') FROM business_hours_of(d, c) AS r)),
        (10, 'is_business_day', NOT isempty(slow_open(c, d, d)) = is_business_day(d, c)),
        (11, 'add_business_days', slow_day(c, d, days) = add_business_days(d, days, c)),
        (12, 'business_days_between', (SELECT sign(d2 - d) * count(*) FROM day_hours AS h
            WHERE h.chain = c AND h.day > least(d, d2) AND h.day <= greatest(d, d2)
                AND NOT isempty(slow_open(c, h.day, h.day))) = business_days_between(d, d2, c))
        ) AS l (number, question, same)
)
SELECT coalesce(question, 'all') AS question, count(*) AS triples, count(same) AS answered,
    count(*) FILTER (WHERE same IS NOT TRUE) AS differences,
    (array_agg(c || ' ' || n) FILTER (WHERE same IS NOT TRUE))[1:5] AS which
FROM answer GROUP BY GROUPING SETS ((number, question), ()) ORDER BY number;
