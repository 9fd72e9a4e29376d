-- The table of one log: what came in, what was refused and why, where the incidents ended, how many
-- were late, how the bodies with most answers are rated.
\echo
SELECT name AS :"log", value FROM (
    SELECT 1 AS part, 0 AS n, 'source rows' AS name, count(*)::text AS value
    FROM replay.source_row WHERE log = :'log'
    UNION ALL
    SELECT 1, 1, 'incidents', count(*)::text FROM replay.incident WHERE log = :'log'
    UNION ALL
    SELECT 1, 2, 'steps', format('%s in %s s: %s a second', steps, round(seconds, 1),
        round(steps / seconds)) FROM replay.run WHERE log = :'log'
    UNION ALL
    SELECT 1, 3, 'steps implied, the map being silent', count(*)::text
    FROM replay.step WHERE log = :'log' AND implied HAVING count(*) > 0
    UNION ALL
    SELECT 2, -count(*), 'refused: ' || coalesce(s.why, 'ALLOWED'),
        count(*) || ' steps, ' || string_agg(DISTINCT o.code, ' ')
    FROM replay.step s JOIN replay.outcome o USING (id)
    WHERE s.log = :'log' AND o.code IS NOT NULL GROUP BY s.why
    UNION ALL
    SELECT 3, -count(*), 'state: ' || w.state, count(*)::text
    FROM replay.incident i JOIN osm.incident w ON w.id = i.id WHERE i.log = :'log' GROUP BY w.state
    UNION ALL
    SELECT 4, 0, 'late, of the terms that ended', format('%s of %s = %s %%',
        count(*) FILTER (WHERE k.state = 'missed'), count(*),
        round(100.0 * count(*) FILTER (WHERE k.state = 'missed') / nullif(count(*), 0), 1))
    FROM replay.incident i JOIN osm.clock k ON k.incident_id = i.id AND k.outer_term
    WHERE i.log = :'log' AND k.state IN ('met', 'missed')
    UNION ALL
    SELECT part, 0, name, value FROM replay.figure WHERE log = :'log'
    UNION ALL
    SELECT 9, n, name, value FROM replay.ratings(:'log')
    ) t ORDER BY part, n, name;
