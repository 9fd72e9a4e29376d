-- Candidates for a repeat: earlier incidents whose text says much the same.
--
-- The hazard that shaped it: pg_trgm may be there or not, and in any schema. So it is asked for at
-- each call and called by its schema; nothing here depends on it.

CREATE FUNCTION osm.similar_incidents(
    message text, since interval DEFAULT '1 year', at_most integer DEFAULT 10,
    OUT incident bigint, OUT similarity real, OUT state text, OUT topic text, OUT place text,
    OUT detected_at timestamptz)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED ROWS 10
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    trigrams text := (SELECT n.nspname FROM pg_extension AS e
                      JOIN pg_namespace AS n ON n.oid = e.extnamespace
                      WHERE e.extname = 'pg_trgm');
BEGIN
    IF trigrams IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT i.id, %1$I.similarity(i.text, $1), i.state, i.topic, i.place, i.detected_at
             FROM osm.incident AS i
             WHERE i.text OPERATOR(%1$I.%%) $1 AND i.detected_at >= $2
             ORDER BY 2 DESC, i.id DESC LIMIT $3', trigrams)
            USING message, osm.now() - since, at_most;
        RETURN;
    END IF;
    -- The share of common words of three letters and more, of all words of both.
    RETURN QUERY
    WITH word AS MATERIALIZED (
        SELECT array_agg(DISTINCT w) AS list
        FROM regexp_split_to_table(lower(message), '\W+') AS w WHERE length(w) > 2
    ), candidate AS (
        SELECT i.id, i.state, i.topic, i.place, i.detected_at,
               (SELECT (count(*) FILTER (WHERE t.w = ANY (word.list))::numeric
                        / (count(*) FILTER (WHERE t.w <> ALL (word.list))
                           + cardinality(word.list)))::real
                FROM (SELECT DISTINCT w FROM regexp_split_to_table(lower(i.text), '\W+') AS w
                      WHERE length(w) > 2) AS t) AS share
        FROM osm.incident AS i, word
        WHERE i.detected_at >= osm.now() - since AND i.text IS NOT NULL
    )
    SELECT c.id, c.share, c.state, c.topic, c.place, c.detected_at
    FROM candidate AS c WHERE c.share >= 0.3
    ORDER BY c.share DESC, c.id DESC LIMIT at_most;
END
$$;
COMMENT ON FUNCTION osm.similar_incidents(text, interval, integer) IS
    'Incidents of the last year (or since) whose text resembles a message, most alike first: '
    'candidates for repeat_of. Where extension pg_trgm is installed by its similarity, with its '
    'threshold (pg_trgm.similarity_threshold) and an index USING gin (text gin_trgm_ops) on '
    'osm.incident if there is one; else by the share of common words, at least 0.3, reading every '
    'text of the period. Shows what the caller may see.';
