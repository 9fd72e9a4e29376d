-- Candidates for a repeat, with and without pg_trgm: the same ones in the same order.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
\set ECHO none
\i test/lib/office.sql
\set ECHO all
SELECT try.incident('answered', jsonb_build_object('text', t)) FROM unnest(ARRAY[
    'Во дворе школы номер пять уже месяц огромная яма',
    'Яма во дворе школы номер пять, месяц никто не чинит',
    'Не работает лифт на улице Ленина',
    'ЯМА! ВО ДВОРЕ! ШКОЛЫ!']) AS t;
SELECT try.incident('detected', '{"text": " "}'), try.incident('detected', '{"text": "%_\\''"}');
CREATE FUNCTION try.similar(message text, since interval DEFAULT '1 year',
                            at_most integer DEFAULT 10) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', s.incident, s.state, s.similarity > 0.3), ', ')
    FROM osm.similar_incidents(message, since, at_most) AS s
$$;

DROP EXTENSION IF EXISTS pg_trgm;
SELECT try.similar('Огромная яма во дворе школы номер пять');
SELECT try.similar('Огромная яма во дворе школы номер пять', at_most => 1);
SELECT try.similar('лифт на Ленина не работает');
SELECT try.similar('Спасибо за праздник') IS NULL, try.similar('') IS NULL,
    try.similar(NULL) IS NULL, try.similar('%') IS NULL, try.similar('а') IS NULL;
SET osm_workflow.simulated_now = '2028-01-01';
SELECT try.similar('лифт на Ленина не работает') IS NULL;
SELECT try.similar('лифт на Ленина не работает', '3 years');
SET osm_workflow.simulated_now = '2026-03-02 10:00+07';

-- Where pg_trgm can be had it is used, in whatever schema it is.
CREATE SCHEMA "Try It";
SELECT count(*) = 0 AS absent FROM pg_available_extensions WHERE name = 'pg_trgm' \gset
\if :absent
\else
CREATE EXTENSION pg_trgm SCHEMA "Try It";
\endif
SELECT try.similar('Огромная яма во дворе школы номер пять', at_most => 2);
SELECT try.similar('лифт на Ленина не работает');
SELECT try.similar('Спасибо за праздник') IS NULL, try.similar('') IS NULL;

-- Nobody finds what they may not see.
SELECT osm.act_as('mayor', 'barnaul') \g /dev/null
CREATE ROLE regress_similar LOGIN;
SELECT osm.grant_access('regress_similar', 'reader', 'barnaul') \g /dev/null
GRANT USAGE ON SCHEMA "Try It" TO regress_similar;
SET SESSION AUTHORIZATION regress_similar;
SELECT count(*) FROM osm.similar_incidents('Огромная яма во дворе школы номер пять');
RESET SESSION AUTHORIZATION;
DROP OWNED BY regress_similar;
DROP ROLE regress_similar;
