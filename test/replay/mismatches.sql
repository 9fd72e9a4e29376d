-- Steps on which map and engine disagree, the first 20 of a log; nothing where there is none.
SELECT count(*) > 0 AS disagree FROM replay.step s LEFT JOIN replay.outcome o USING (id)
WHERE s.log = :'log' AND (s.legal AND (o.code IS NOT NULL OR o.state IS DISTINCT FROM s.state)
    OR NOT s.legal AND o.code IS DISTINCT FROM 'OW001') \gset
\if :disagree
SELECT s.incident, s.row_no, s.at, s.mapped, s.legal, s.state, s.why, o.code, o.state AS engine,
    left(o.message, 60) AS message
FROM replay.step s LEFT JOIN replay.outcome o USING (id)
WHERE s.log = :'log' AND (s.legal AND (o.code IS NOT NULL OR o.state IS DISTINCT FROM s.state)
    OR NOT s.legal AND o.code IS DISTINCT FROM 'OW001')
ORDER BY s.at, s.row_no, s.part LIMIT 20;
\endif
