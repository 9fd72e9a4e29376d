-- One act of the presets as its document says it: the machine, the terms, the open hours of its
-- calendar. The documents come from their files, never from a table of osm.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET search_path = replay, pg_catalog;

SELECT osm.install_preset(:'document'::jsonb->>'code') \g /dev/null

INSERT INTO act VALUES (:'act', :'document');

-- Every message is an ordinary incident of one body; no interim reply is given.
INSERT INTO act_machine
SELECT :'act', t->>'action', coalesce(t->>'from', ''), k.kind, coalesce(t->>'to', t->>'from'),
    CASE WHEN t->'role' ? 'executor' THEN 'executor' ELSE t->'role'->>0 END,
    needed.details || wanted.details || jsonb_build_object('checklist', wanted.ticks)
        || CASE WHEN t->>'action' = 'submit' THEN jsonb_build_object('kind', k.kind) ELSE '{}' END
FROM act a, jsonb_array_elements(a.document->'transitions') t,
    (VALUES ('answer'), ('clarification')) k (kind),
    LATERAL (SELECT coalesce(jsonb_object_agg(split_part(r, ':', 1), CASE
            WHEN r LIKE 'reason:%' THEN replay.listed(a.document, substr(r, 8))
            WHEN r = 'channel' THEN 'vk'
            WHEN r = 'importance' THEN 'normal'
            ELSE 'as in the log' END), '{}') AS details
        FROM jsonb_array_elements_text(t->'requires') r WHERE r <> 'bodies') needed,
    LATERAL (SELECT coalesce(jsonb_object_agg(c->>'key',
                coalesce(replay.listed(a.document, c->>'key'), 'as in the log'))
                FILTER (WHERE c->>'check' IN ('present', 'listed')), '{}') AS details,
            coalesce(jsonb_object_agg(c->>'key', true)
                FILTER (WHERE c->>'check' = 'ticked'), '{}') AS ticks
        FROM jsonb_array_elements(a.document->'contents') c
        WHERE c->'applies_to' ?| ARRAY[t->>'action', (t->>'action') || '/' || k.kind]
            AND replay.holds(c->'applies_when', k.kind)) wanted
WHERE a.act = :'act' AND replay.holds(t->'applies_when', k.kind);

-- Terms that run on every incident: those armed on use, counted back from another term or owed by
-- each of several bodies are left to the tests of the acts.
INSERT INTO act_term
SELECT :'act', c->>'name', coalesce(c->>'calendar', a.document->>'calendar'),
    extract(epoch FROM (c->>'term')::interval), replay.names(c->'starts_on'),
    replay.names(c->'stops_on'), replay.names(c->'cancels_on'), replay.names(c->'pauses_on'),
    replay.names(c->'resumes_on')
FROM act a, jsonb_array_elements(a.document->'clocks') c
WHERE a.act = :'act' AND c->>'term' LIKE '%:%' AND NOT c ?| '{anchor,due_from,armed}'
    AND coalesce(c->>'scope', 'incident') = 'incident'
    AND replay.holds(c->'applies_when', 'answer');

-- The hours of the years the logs are moved to: a day is what the calendar says of it, else what
-- the calendar below it says, else what is so every year, else a day of the week.
WITH layer (depth, document) AS (
    VALUES (1, :'calendar'::jsonb), (2, :'base')
), said AS (
    SELECT DISTINCT ON (d.day) d.day, coalesce(own.value->>'is', yearly.value->>'is') AS is
    FROM layer l
    CROSS JOIN (SELECT generate_series('2023-01-01', '2027-12-31', interval '1 day')::date) d (day)
    LEFT JOIN jsonb_each(l.document->'days') own ON own.key = d.day::text
    LEFT JOIN jsonb_each(l.document->'every_year') yearly ON yearly.key = to_char(d.day, 'MM-DD')
    ORDER BY d.day, coalesce(own.value, yearly.value) IS NULL, l.depth
), hours AS (
    SELECT c.document->>'name' AS calendar, h.value AS span,
        row_number() OVER (PARTITION BY s.day ORDER BY h.value DESC) = 1
            AND s.is LIKE '%short' AS short, s.day,
        (c.document->>'short_day_cut')::interval AS cut, c.document->>'time_zone' AS zone
    FROM said s JOIN layer c ON c.depth = 1
    CROSS JOIN LATERAL jsonb_array_elements_text(c.document->'hours'->(
        CASE WHEN s.is LIKE 'working%' THEN '1' ELSE extract(isodow FROM s.day)::text END)) h
    WHERE s.is IS DISTINCT FROM 'closed'
), open AS (
    SELECT calendar,
        extract(epoch FROM (day + split_part(span, '-', 1)::interval) AT TIME ZONE zone) AS opens,
        extract(epoch FROM (day + split_part(span, '-', 2)::interval
            - CASE WHEN short THEN cut ELSE '0' END) AT TIME ZONE zone) AS closes
    FROM hours
)
INSERT INTO open_hours
SELECT calendar, opens, closes, coalesce(sum(closes - opens) OVER (PARTITION BY calendar
    ORDER BY opens ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
FROM open
UNION ALL
SELECT 'around-the-clock', 0, extract(epoch FROM '2100-01-01 00:00+00'::timestamptz), 0
ON CONFLICT DO NOTHING;
ANALYZE act_machine, act_term, open_hours;
