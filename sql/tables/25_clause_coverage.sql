-- Every provision of every act beside the rules that express it.

CREATE VIEW osm.clause_coverage AS
SELECT r.code,
       r.edition,
       c.path AS clause,
       c.summary,
       c.answer,
       count(x.clause) AS rules,
       count(x.clause) > 0 OR c.answer = 'D' AS covered
FROM osm.clause AS c
JOIN osm.regulation AS r ON r.id = c.regulation_id
LEFT JOIN (
    SELECT regulation_id, clause FROM osm.role
    UNION ALL
    SELECT regulation_id, clause FROM osm.transition
    UNION ALL
    SELECT regulation_id, clause FROM osm.clock_rule
    UNION ALL
    SELECT regulation_id, clause FROM osm.content_rule
    UNION ALL
    SELECT regulation_id, clause FROM osm.reason
    UNION ALL
    SELECT regulation_id, clause FROM osm.channel_rule
    UNION ALL
    SELECT regulation_id, clause FROM osm.duty_rule
    UNION ALL
    SELECT regulation_id, clause FROM osm.rating_rule
) AS x ON x.regulation_id = c.regulation_id AND x.clause = c.path
GROUP BY r.code, r.edition, c.regulation_id, c.path, c.position, c.summary, c.answer
ORDER BY r.code, r.edition, c.position;
COMMENT ON VIEW osm.clause_coverage IS
    'Every provision of every act and how many rules express it; no operative one is uncovered.';
COMMENT ON COLUMN osm.clause_coverage.code IS 'Code of the act.';
COMMENT ON COLUMN osm.clause_coverage.edition IS 'Edition of the act.';
COMMENT ON COLUMN osm.clause_coverage.clause IS 'Number of the provision.';
COMMENT ON COLUMN osm.clause_coverage.summary IS 'What it demands.';
COMMENT ON COLUMN osm.clause_coverage.answer IS
    'What a violation gets: B blocked, L late, G gap, W warning, D text only.';
COMMENT ON COLUMN osm.clause_coverage.rules IS 'Number of rules that name it.';
COMMENT ON COLUMN osm.clause_coverage.covered IS
    'Whether it has a rule, or needs none because it is text only.';
