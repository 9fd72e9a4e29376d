-- What a flood did, by the stamps of the commits: when its first term fell due (Unix time), seconds
-- from the last to the commit of the last flag, the longest transaction of the worker, and how many
-- there were. flagged_at is the start of the transaction.
SELECT extract(epoch FROM min(c.due_at)),
    round(extract(epoch FROM max(at) - max(c.due_at)), 2),
    round(extract(epoch FROM max(at - c.flagged_at)), 3),
    count(DISTINCT c.flagged_at)
FROM osm.clock AS c, LATERAL pg_xact_commit_timestamp(c.xmin) AS at
WHERE :block;
