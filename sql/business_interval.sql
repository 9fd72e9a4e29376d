-- The type business_interval: text, binary form, order, arithmetic, aggregates.
SET search_path = public, osm;
\set VERBOSITY default
\pset format unaligned

-- Text in, canonical text out, and back again
SELECT t AS "input", t::business_interval AS "output",
    t::business_interval::text::business_interval = t::business_interval AS "again"
FROM (VALUES (1, '9 business hours'), (2, '9 hours'), (3, '9h'), (4, '30 min'), (5, '90 seconds'),
    (6, '1.5 hours'), (7, '1 hour 30 minutes'), (8, '2 business days'), (9, '2 bd 04:30'),
    (10, '04:30:15.5'), (11, 'PT9H'), (12, 'P2DT4H30M'), (13, '9 рабочих часов'),
    (14, '30 минут рабочего времени'), (15, '2 рабочих дня'), (16, '1 рабочий час'), (17, '-4h'),
    (18, '1 business day'), (20, '00:00:00'), (21, '-00:30:00'), (22, '  9H  '),
    (23, '30 minutes 1 hour'), (24, '2 BD -04:30'), (25, '-1 business day'),
        (26, '9 РАБОЧИХ ЧАСОВ'),
    (27, '0.0000005 seconds'), (28, '-0.0000005 seconds'), (29, '100:00'), (30, 'PT0.5S'))
    AS v (n, t)
ORDER BY n;

-- Refused, with the word and the place
SELECT business_interval '0';
SELECT business_interval '';
SELECT business_interval '9 parsecs';
SELECT business_interval '1 hour 2 furlongs';
SELECT business_interval '9 рабочих попугаев';
SELECT business_interval '1 week';
SELECT business_interval '2 месяца';
SELECT business_interval '1 year 2 hours';
SELECT business_interval '1 hour 2 hours';
SELECT business_interval '1.5 business days';
SELECT business_interval '1:2:3:4';
SELECT business_interval '99999999999 hours';
SELECT business_interval '3000000000 business days';

-- The ends of the range
SELECT business_interval '2147483647 business days 2562047788:00:54.775807' AS greatest,
    business_interval '-2147483648 business days -2562047788:00:54.775808' AS least;

-- Making and taking apart
SELECT make_business_interval(2, 4, 30) AS a, make_business_interval(mins => 90) AS b,
    make_business_interval(secs => -1.5) AS c, make_business_interval() AS d;
SELECT make_business_interval(secs => 'NaN');
SELECT make_business_interval(secs => 1e300);
SELECT business_days('2 bd 04:30'), business_seconds('2 bd 04:30'), business_seconds('-0.000001 s');
SELECT (business_interval '2 bd 04:30')::interval, interval '3 days 02:00'::business_interval;
SELECT interval '1 month 2 hours'::business_interval;

-- Arithmetic
SELECT business_interval '1 bd 4h' + '2 bd -1h' AS sum,
    business_interval '1 bd 4h' - '2 bd' AS difference,
    - business_interval '1 bd 4h' AS negated, + business_interval '4h' AS itself;
SELECT business_interval '1h' * 1.5 AS a, 2 * business_interval '3 bd 1h' AS b,
    business_interval '3h' / 2 AS c, business_interval '4 bd' / 2 AS d,
        business_interval '4 bd' * 0.5 AS e;
SELECT business_interval '0.000001 s' * 0.5 AS up, business_interval '-0.000001 s' * 0.5 AS down,
    business_interval '0.000003 s' / 2 AS third, business_interval '0.000001 s' * 0.4 AS none;
-- whole divisors are exact, and a factor need not be: 100 times the double nearest to 0.07
SELECT business_interval '2562047788:00:54.775807' / 3 AS a,
    business_interval '2562047788:00:54.775807' / -1 AS b,
    business_interval '-2562047788:00:54.775808' / 2 AS c, business_interval '0.000005 s' / -2 AS d,
    business_interval '-2147483648 bd' / 1 AS e, business_interval '100 bd' * 0.07 AS f;
SELECT business_interval '-2147483648 bd' / -1;
SELECT business_interval '-2562047788:00:54.775808' / -1;
SELECT business_interval '1 bd' * 1e-20;
SELECT business_interval '3 bd' / 2;
SELECT business_interval '1 bd' * 1.5;
SELECT business_interval '1h' / 0;
SELECT business_interval '1h' * 'NaN';
SELECT business_interval '1h' * 'Infinity';
SELECT business_interval '1h' * 1e15;
SELECT business_interval '2147483647 bd' + '1 bd';
SELECT business_interval '2562047788:00:54.775807' + '00:00:00.000001';
SELECT - business_interval '-2562047788:00:54.775808';

-- Order: days first, then time
CREATE TABLE term (v business_interval);
INSERT INTO term VALUES ('1 bd'), ('100h'), ('-1 bd'), ('0h'), ('1 bd -1h'), ('100h'), ('-2h'),
    (NULL);
SELECT v FROM term ORDER BY v;
SELECT v FROM term ORDER BY v DESC NULLS LAST;
SELECT count(*) AS pairs,
    count(*) FILTER (WHERE (a.v < b.v)::int + (a.v = b.v)::int + (a.v > b.v)::int <> 1
    OR (a.v <= b.v) <> (a.v < b.v OR a.v = b.v) OR (a.v >= b.v) <> (a.v > b.v OR a.v = b.v)
    OR (a.v <> b.v) = (a.v = b.v) OR business_interval_cmp(a.v, b.v)
        <> - business_interval_cmp(b.v, a.v))
    AS contradictions
FROM term AS a, term AS b WHERE a.v IS NOT NULL AND b.v IS NOT NULL;

-- Operator classes are complete
SELECT opcname, amname, amvalidate(c.oid)
FROM pg_opclass AS c JOIN pg_am AS a ON a.oid = c.opcmethod
WHERE c.opcnamespace = 'osm'::regnamespace ORDER BY amname, opcname;

-- What is equal hashes alike, in both widths, and the low half of the wide one agrees at seed 0
SELECT count(*) AS equal_pairs,
    bool_and(business_interval_hash(a.v) = business_interval_hash(b.v)
        AND business_interval_hash_extended(a.v, 7) = business_interval_hash_extended(b.v,
            7)) AS agree,
    bool_and(business_interval_hash_extended(a.v,
        0) & 4294967295 = business_interval_hash(a.v)::bigint & 4294967295)
        AS low_half
FROM term AS a JOIN term AS b ON a.v = b.v;
SELECT count(DISTINCT business_interval_hash(make_business_interval(0, 0, m))) > 990 AS spread
FROM generate_series(1, 1000) AS m;

-- Indexes, joins and grouping of both kinds agree with a plain scan
CREATE TABLE many AS SELECT make_business_interval(n % 7, n % 11, n % 13) AS v
    FROM generate_series(1, 3000) AS n;
CREATE INDEX many_btree ON many (v);
CREATE INDEX many_hash ON many USING hash (v);
ANALYZE many;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM many WHERE v > '6 bd';
SELECT count(*) FROM many WHERE v > '6 bd';
SELECT count(*) FROM many WHERE v = '3 bd 4:05';
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT count(*) FROM many WHERE v > '6 bd';
SELECT count(*) FROM many WHERE v = '3 bd 4:05';
SET enable_hashjoin = off; SET enable_nestloop = off;
SELECT count(*) FROM many AS a JOIN many AS b USING (v);
SET enable_hashjoin = on; SET enable_mergejoin = off;
SELECT count(*) FROM many AS a JOIN many AS b USING (v);
RESET enable_hashjoin; RESET enable_nestloop; RESET enable_mergejoin;
SET enable_hashagg = off;
SELECT count(*) FROM (SELECT v FROM many GROUP BY v) AS g;
SET enable_hashagg = on; SET enable_sort = off;
SELECT count(*) FROM (SELECT v FROM many GROUP BY v) AS g;
RESET enable_hashagg; RESET enable_sort;

-- Aggregates, also over moving frames and in parallel
SELECT sum(v), min(v), max(v) FROM term;
SELECT sum(v), min(v), max(v), avg(v) FROM term WHERE false;
SELECT avg(v) FROM (VALUES (business_interval '1h'), ('2h'), (NULL)) AS t (v);
SELECT avg(v) FROM (VALUES (business_interval '0.000001 s'), ('0.000002 s')) AS t (v);
SELECT avg(v) FROM (VALUES (business_interval '-0.000001 s'), ('-0.000002 s')) AS t (v);
SELECT avg(v) FROM (VALUES (business_interval '1h'), ('2 bd')) AS t (v);
SELECT n, sum(v) OVER w, avg(v) OVER w
FROM (VALUES (1, business_interval '1h'), (2, '2h'), (3, NULL), (4, NULL), (5, '5h')) AS t (n, v)
WINDOW w AS (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT sum(v), min(v), max(v) FROM many;
SELECT avg(make_business_interval() + make_business_interval(0, 0, 0, business_seconds(v)::float8))
    FROM many;
SET max_parallel_workers_per_gather = 0;
SELECT sum(v), min(v), max(v) FROM many;
SELECT avg(make_business_interval() + make_business_interval(0, 0, 0, business_seconds(v)::float8))
    FROM many;

-- Binary form: there and back, and nothing else is let in
SELECT business_interval_send('2 bd 04:30');
CREATE TABLE wire (v business_interval);
CREATE FUNCTION pg_temp.binary_round_trip() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    file text := current_setting('data_directory') || '/osm_business_interval.bin';
BEGIN
    EXECUTE format('COPY (SELECT v FROM term UNION ALL SELECT v FROM many) TO %L (FORMAT binary)',
        file);
    EXECUTE format('COPY wire FROM PROGRAM %L (FORMAT binary)',
        format('cat %s && rm %s', file, file));
    RETURN (SELECT count(*) FROM (
        (SELECT v FROM term UNION ALL SELECT v FROM many) EXCEPT ALL SELECT v FROM wire) AS x);
END
$$;
SELECT pg_temp.binary_round_trip() AS lost;
SELECT count(*) AS transferred FROM wire;
TRUNCATE wire;
-- one row of 16 bytes: 9 hours and 2 days, the reserved word first zero, then one
COPY wire FROM PROGRAM
    $$printf 'PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\020';
      printf '\0\0\0\007\213\060\304\0\0\0\0\002\0\0\0\0\377\377'$$
    (FORMAT binary);
SELECT * FROM wire;
COPY wire FROM PROGRAM
    $$printf 'PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\020';
      printf '\0\0\0\007\213\060\304\0\0\0\0\002\0\0\0\001\377\377'$$
    (FORMAT binary);
-- too short
COPY wire FROM PROGRAM
    $$printf 'PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\010\0\0\0\007\213\060\304\0\377\377'$$
    (FORMAT binary);

-- The bytes on disk are those of the value and nothing else
SELECT v, pg_column_size(v) FROM term WHERE v = '1 bd -1h';

-- Dependent types come with it
SELECT '{9h,"2 bd 1h"}'::business_interval[] AS several;
