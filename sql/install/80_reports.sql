-- Arithmetic of the rating, and the two functions that tell how a term and an incident came about.
--
-- Hazard that shaped this file: a score that lies exactly on a zone's edge must not fall below it
-- because a third was cut off after sixteen digits. Shares are carried with sixty digits and the
-- score with thirty, far beyond the least distance two different scores can have.

CREATE FUNCTION osm.rating_share(good numeric, total numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.round(good, 60) / nullif(total, 0);
COMMENT ON FUNCTION osm.rating_share(numeric, numeric) IS
'good / total with sixty digits, as the parts of a rating need it; null where total is 0';

CREATE FUNCTION osm.rating_speed(used_share numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN used_share IS NOT NULL THEN least(greatest(1.5 - used_share, 0), 1) END;
COMMENT ON FUNCTION osm.rating_speed(numeric) IS
'Part "speed" of a rating: 1.5 - used_share, at least 0 and at most 1; used_share is the mean of '
'used time / term. Half the term or less gives 1';

CREATE FUNCTION osm.rating_score(parts numeric[], weights numeric[])
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT pg_catalog.round(
        5 * pg_catalog.sum(u.part * u.weight) / nullif(pg_catalog.sum(u.weight), 0), 30)
    FROM ROWS FROM (pg_catalog.unnest(parts), pg_catalog.unnest(weights)) AS u(part, weight)
    WHERE u.part IS NOT NULL);
COMMENT ON FUNCTION osm.rating_score(numeric[], numeric[]) IS
'Score 0 to 5: five times the weighted mean of the parts (0 to 1, from osm.rating_share()); a null '
'part drops out with its weight, none left gives null. Round it half up to 0.1 before zoning';

