-- The figures of all runs: of each run its median, of these the median, lowest and highest.
\pset footer off

\echo What a row costs, over bare scan, 500,000 rows, medians
SELECT q.what AS "expression",
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms)::numeric, 1) AS "ms",
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY (t.ms - b.ms) * 2)::numeric, 1) AS "ns per row"
FROM bench_query AS q
JOIN bench_time AS t USING (n)
JOIN bench_time AS b ON b.n = 0 AND (b.run, b.round) = (t.run, t.round)
GROUP BY q.n, q.what ORDER BY q.n;

\echo Goals
SELECT g.what AS "what", g.unit, round(m.median::numeric, 3) AS median,
    round(m.lowest::numeric, 3) AS lowest, round(m.highest::numeric, 3) AS highest, g.at_most,
    CASE WHEN g.at_most IS NULL THEN '' WHEN m.median <= g.at_most THEN 'ok' ELSE 'MISSED' END
        AS verdict
FROM bench_goal AS g
JOIN (SELECT n, percentile_cont(0.5) WITHIN GROUP (ORDER BY value), min(value), max(value)
      FROM (SELECT n, run, CASE WHEN n = 8 THEN sum(value)
                ELSE percentile_cont(0.5) WITHIN GROUP (ORDER BY value) END AS value
            FROM bench_sample GROUP BY n, run) AS r
      GROUP BY n) AS m (n, median, lowest, highest) USING (n)
ORDER BY g.n;
