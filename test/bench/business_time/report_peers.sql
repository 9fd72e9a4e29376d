-- The peers: medians of the runs, and their answers beside ours.
\pset footer off

-- Where a peer has another idea. moment-business-time counts a break that follows the end of the
-- term as worked: its answer means something only for a term that ends outside opening to last break.
CREATE VIEW bench_compared AS
SELECT a.peer, a.hours, a.operation, a.answer,
    a.peer = 'moment-business-time' AND (a.hours, a.operation) = ('lunch', 'between')
        AND osm.is_business_day(l.day, 'bench-lunch') AND l.time >= '09:00' AND l.time < '14:00'
        AS apart,
    CASE WHEN a.operation = 'add'
        THEN extract(epoch FROM osm.add_business_time(i.ts, '9h', 'bench-' || a.hours))
        ELSE osm.business_seconds(osm.business_time_between(i.ts, i.later, 'bench-' || a.hours))
        END AS ours
FROM bench_answer AS a
JOIN bench_input AS i ON i.id = a.input
CROSS JOIN LATERAL (SELECT (i.later AT TIME ZONE 'Europe/Moscow')::date,
    (i.later AT TIME ZONE 'Europe/Moscow')::time) AS l (day, time);

\echo Peers: +9 h and 30 days between, one process each after a warm-up; ours per row over bare scan in SQL.
\echo Weekly hours without and with lunch, Friday shorter, the closed weekdays of Russia 2023-2025,
\echo Europe/Moscow. Left out: inputs on which the peer means something else (see report_peers.sql).
SELECT r.peer, r.hours, r.operation, round(r.ours::numeric, 1) AS "ours, ns",
    round(r.theirs) AS "theirs, ns", round(r.times) AS "times faster", 100 AS "at least",
    c.compared, c.differ, c.left_out AS "left out",
    CASE WHEN r.times >= 100 AND c.differ = 0 AND c.compared > 0 THEN 'ok' ELSE 'MISSED' END
        AS verdict
FROM (SELECT t.peer, t.hours, t.operation,
          percentile_cont(0.5) WITHIN GROUP (ORDER BY o.ns),
          percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ns),
          percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ns / o.ns)
      FROM bench_theirs AS t JOIN bench_ours AS o USING (run, hours, operation)
      GROUP BY t.peer, t.hours, t.operation) AS r (peer, hours, operation, ours, theirs, times)
JOIN (SELECT peer, hours, operation, count(*) FILTER (WHERE NOT apart),
          count(*) FILTER (WHERE NOT apart AND answer IS DISTINCT FROM ours),
          count(*) FILTER (WHERE apart)
      FROM bench_compared GROUP BY peer, hours, operation)
    AS c (peer, hours, operation, compared, differ, left_out) USING (peer, hours, operation)
ORDER BY r.peer, r.hours DESC, r.operation;
