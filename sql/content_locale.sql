-- Banned phrases in a database whose locale knows no letters but ASCII.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
SELECT current_database() AS own, current_database() || '_c' AS other \gset
DROP DATABASE IF EXISTS :"other";
CREATE DATABASE :"other" TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8';
\c :"other"
SELECT lower('Ё') = 'ё' AS folds;
CREATE EXTENSION osm_workflow;
SET client_min_messages = error;
SELECT osm.install_preset('ru'), osm.install_preset('around-the-clock') \g /dev/null
\set regulation mu-mayak
\set zone Europe/Moscow
\set ECHO none
\i test/lib/act.sql
\i test/lib/made_up_acts.sql
\set ECHO all
SELECT osm.define_regulation(jsonb_set(pg_temp.beacon(), '{contents,2,phrases}',
    '["Ёмкий ОТВЕТ", "ЏЀЯП-АРЯ", "as usual"]')) > 0;
SELECT pg_temp.people('{"code": "land", "title": "Край", "regulations": {},
    "bodies": [{"code": "tower", "title": "Башня"}], "officials": [{"login": "scout",
        "name": "Д", "appointments": [{"body": "tower", "role": "scout"}]}]}');
SELECT pg_temp.enter('scout', '{"channel": "vk", "text": "Темно"}', '2026-03-02 10:00') AS i \gset
SELECT pg_temp.step('scout', :i, 'quick', jsonb_build_object('text', t, 'reason', 'thanks'))
FROM unnest('{"Вот ёмкий ответ на него", "вот џѐяп-аря, и всё", "ВСЁ, As Usual, знаете",
    "Вот ещё один ответ"}'::text[]) AS t;
\c :"own"
DROP DATABASE :"other" WITH (FORCE);
