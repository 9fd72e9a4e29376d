-- The laws of business-time arithmetic, on 102,400 random questions to 64 random calendars: what
-- must hold between any two answers whatever the calendar. That the answers are right besides, for
-- the same questions, is business_time_oracle's to show.
SET search_path = public, osm;
SET jit = off;
\pset format unaligned
\pset footer off
\set ECHO none
\i test/lib/random_calendars.sql
\set ECHO all
SELECT :test_defined AS calendars, (SELECT count(*) FROM chain) AS chains,
    (SELECT max(depth) + 1 FROM layer) AS deepest, (SELECT count(*) FROM zone) AS zones,
    (SELECT count(*) FROM triple) AS triples;
-- what is in them
SELECT feature, count(*) FILTER (WHERE has) AS calendars
FROM layer AS l, LATERAL (VALUES
    ('an end at 24:00', l.document::text LIKE '%24:00%'),
    ('closed days', l.document -> 'days' @? '$.* ? (@ == "closed")'),
    ('decree days', l.document::text LIKE '%decree%'),
    ('hours of its own', l.document ? 'hours'),
    ('laid over another', l.document ? 'parent'),
    ('short days', l.document -> 'days' @? '$.* ? (@ == "short")'),
    ('working days', l.document -> 'days' @? '$.* ? (@ starts with "working")'),
    ('days of every year', l.document ? 'every_year')) AS f (feature, has)
GROUP BY feature ORDER BY feature;

-- instants and amounts of time
WITH answer AS MATERIALIZED (
    SELECT q.chain AS c, q.*, add_business_time(t, a, chain) AS due,
        subtract_business_time(t, a, chain) AS past, next_business_time(t, chain) AS next,
        previous_business_time(t, chain) AS previous, is_business_time(t, chain) AS open,
        business_time_between(t, t2, chain) AS elapsed
    FROM triple AS q
), law AS (
    SELECT l.* FROM answer AS q, LATERAL (VALUES
        (1, 'between(t, add(t, d)) = d', business_time_between(t, due, c) = a),
        (2, 'add(add(t, a), b) = add(t, a + b)',
            add_business_time(due, b, c) = add_business_time(t, a + b, c)),
        (3, 'between(a, b) + between(b, c) = between(a, c)',
            elapsed + business_time_between(t2, t3, c) = business_time_between(t, t3, c)),
        (4, 'subtract(add(t, d), d) = next(t)', subtract_business_time(due, a, c) = next),
        (5, 'add(subtract(t, d), d) = previous(t)', add_business_time(past, a, c) = previous),
        (6, 't1 <= t2 implies add(t1, d) <= add(t2, d)', CASE WHEN t <= t2
            THEN due <= add_business_time(t2, a, c) ELSE due >= add_business_time(t2, a, c) END),
        (7, 'open(t) if and only if next(t) = t', open = (next = t)),
        (8, 'add gives the least such instant',
            business_time_between(t, due - interval '1 microsecond', c) < a),
        (9, 'subtract gives the greatest such instant',
            business_time_between(past, t, c) = a
            AND business_time_between(past + interval '1 microsecond', t, c) < a),
        (10, 'subtract(subtract(t, a), b) = subtract(t, a + b)',
            subtract_business_time(past, b, c) = subtract_business_time(t, a + b, c)),
        (11, 'a negative amount swaps add and subtract',
            add_business_time(t, -a, c) = past AND subtract_business_time(t, -a, c) = due),
        (12, 'add(t, 0) = subtract(t, 0) = t',
            add_business_time(t, '0h', c) = t AND subtract_business_time(t, '0h', c) = t),
        (13, 'between(b, a) = -between(a, b)', business_time_between(t2, t, c) = -elapsed),
        (14, 'between(t, next(t)) = between(previous(t), t) = 0',
            business_time_between(t, next, c) = '0h' AND previous <= t AND t <= next
            AND business_time_between(previous, t, c) = '0h'),
        (15, 'next(t) is open, and so is the time just before previous(t)',
            is_business_time(next, c)
            AND is_business_time(previous - interval '1 microsecond', c)),
        (16, 'between(a, b) is never more than b - a',
            make_business_interval(secs => greatest(extract(epoch FROM t2 - t), 0)) >= elapsed),
        (17, 'the length of business_hours(a, b) is between(a, b)',
            (SELECT coalesce(sum(us(upper(r)) - us(lower(r))), 0) / 1000000.0
             FROM unnest(business_hours(tstzrange(least(t, t2), greatest(t, t2)), c)) AS r)
            = abs(business_seconds(elapsed))),
        (18, 't is in business_hours if and only if open(t)',
            business_hours(tstzrange(t - interval '1 day', t + interval '1 day'), c) @> t = open)
        ) AS l (number, law, holds)
)
SELECT law, count(*) AS tried, count(*) FILTER (WHERE holds IS NOT TRUE) AS differ
FROM law GROUP BY number, law ORDER BY number;

-- dates, and amounts of days and time
WITH answer AS MATERIALIZED (
    SELECT q.chain AS c, q.*, z.d, t2::date AS d2, t3::date AS d3,
        add_business_days(z.d, days, chain) AS moved, make_business_interval(days => days) AS bd
    FROM triple AS q JOIN (SELECT c.name AS chain, c.zone FROM chain AS c) AS c USING (chain),
        LATERAL (SELECT (t AT TIME ZONE c.zone)::date) AS z (d)
), law AS (
    SELECT l.* FROM answer AS q, LATERAL (VALUES
        (1, 'days_between(d, add_days(d, n)) = n', CASE WHEN days > 0 OR is_business_day(d, c)
            THEN business_days_between(d, moved, c) = days
            ELSE business_days_between(d, moved, c) = least(days + 1, 0) END),
        (2, 'add_days(d, n) is a business day, and d itself for 0',
            CASE WHEN days = 0 THEN moved = d ELSE is_business_day(moved, c)
            AND sign(moved - d) = sign(days) END),
        (3, 'days_between(a, b) + days_between(b, c) = days_between(a, c)',
            business_days_between(d, d2, c) + business_days_between(d2, d3, c)
            = business_days_between(d, d3, c)),
        (4, 'days_between(b, a) = -days_between(a, b)',
            business_days_between(d2, d, c) = -business_days_between(d, d2, c)),
        (5, 'is_business_day if and only if business_hours_of has a row',
            is_business_day(d, c) = EXISTS (SELECT FROM business_hours_of(d, c))),
        (6, 'add(t, n days) closes, or opens, the day add_days(d, n)',
            CASE WHEN days = 0 THEN add_business_time(t, bd, c) = t
                WHEN days > 0 THEN add_business_time(t, bd, c)
                    = (SELECT max(upper(r)) FROM business_hours_of(moved, c) AS r)
                ELSE add_business_time(t, bd, c)
                    = (SELECT min(lower(r)) FROM business_hours_of(moved, c) AS r) END),
        (7, 'add(t, n days and a time) = add(add(t, n days), the time)',
            add_business_time(t, bd + a, c) = add_business_time(add_business_time(t, bd, c), a, c)),
        (8, 'subtract(t, x) = add(t, -x) for days and time',
            subtract_business_time(t, bd + a, c) = add_business_time(t, -(bd + a), c)
            AND subtract_business_time(t, bd - a, c) = add_business_time(t, a - bd, c))
        ) AS l (number, law, holds)
)
SELECT law, count(*) AS tried, count(*) FILTER (WHERE holds IS NOT TRUE) AS differ
FROM law GROUP BY number, law ORDER BY number;

-- An explanation ends at the deadline and uses up the amount. A row uses open time, all of it, or
-- names a day that has none.
WITH law AS (
    SELECT l.* FROM triple AS q, LATERAL (
        SELECT max(upper(segment)) FILTER (WHERE used > '0h') AS due, sum(used) AS used,
            (array_agg("left" ORDER BY segment DESC))[1] AS rest,
            bool_and(CASE WHEN used > '0h' THEN lower(segment) >= t
                    AND business_hours(segment, chain) = tstzmultirange(segment)
                ELSE isempty(business_hours(segment, chain)) AND day_title <> '' END) AS open,
            bool_and(business_time_between(lower(segment), upper(segment), chain) = used) AS exact
        FROM explain_deadline(t, a, chain)) AS e,
        LATERAL (VALUES
            (1, 'an explanation ends at add(t, d)', e.due = add_business_time(t, a, chain)),
            (2, 'what it used adds up to d, and nothing is left', e.used = a AND e.rest = '0h'),
            (3, 'each row used what its segment has', e.exact),
            (4, 'a row is open time after t, or a day without any that has a title', e.open)
        ) AS l (number, law, holds)
    WHERE n <= 160
)
SELECT law, count(*) AS tried, count(*) FILTER (WHERE holds IS NOT TRUE) AS differ
FROM law GROUP BY number, law ORDER BY number;
