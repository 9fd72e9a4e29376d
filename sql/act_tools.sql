-- What a lawyer asks of an act: its picture, whether its terms fit into one another, what an
-- amendment changed.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
SET osm_workflow.simulated_now = '2026-03-02 10:00+03';
SELECT osm.define_calendar('office', '{"time_zone": "Europe/Moscow", "hours": {"1": ["09:00-18:00"],
    "2": ["09:00-18:00"], "3": ["09:00-18:00"], "4": ["09:00-18:00"], "5": ["09:00-18:00"]}}'),
    osm.install_preset('around-the-clock') \g /dev/null

-- An act of one draft, with every sign that means something to a drawing program in its titles.
CREATE TABLE small AS SELECT '{
    "code": "small-act", "edition": "1", "title": "Акт \"О <малом> & \\важном\\\"",
    "title_en": "Act",
    "issuer": "Губернатор", "act_no": "1", "act_date": "2026-01-12",
    "in_force": {"from": "2026-02-01", "to": "2026-06-30"}, "time_zone": "Europe/Moscow",
    "calendar": "office", "urgent_importance": ["high"],
    "clauses": [{"path": "п. 1", "summary": "Ответ за день.", "answer": "B/L"},
                {"path": "п. 2", "summary": "Проект за 4 часа.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "Писарь #1", "title_en": "Clerk", "scope": "authority",
               "clause": "п. 1"},
              {"name": "chief", "title": "Глава", "title_en": "Chief", "scope": "authority",
               "clause": "п. 1"}],
    "states": [{"name": "end", "title": "Новое", "title_en": "New", "kind": "initial"},
               {"name": "review", "title": "У «главы»; \"проверка\"", "kind": "open"},
               {"name": "rework", "title": "Доработка `и`\nправка", "kind": "open"},
               {"name": "ready", "title": "Готово > всё", "kind": "open"},
               {"name": "done", "title": "Отвечено", "kind": "final"},
               {"name": "refused", "title": "Не обрабатывать", "kind": "forbidden"}],
    "actions": [{"name": "register", "title": "Завести", "effect": "register"},
                {"name": "submit", "title": "Подать", "effect": "submit"},
                {"name": "approve", "title": "Утвердить", "effect": "approve"},
                {"name": "send_back", "title": "Вернуть", "effect": "send_back"},
                {"name": "post", "title": "Разместить", "effect": "post"},
                {"name": "note", "title": "Пометить"},
                {"name": "refuse", "title": "Отказать"}],
    "transitions": [
        {"action": "register", "to": "end", "role": ["clerk"], "clause": "п. 1"},
        {"action": "submit", "from": "end", "to": "review", "role": ["clerk"], "clause": "п. 2"},
        {"action": "submit", "from": "rework", "to": "review", "role": ["clerk"], "clause": "п. 2"},
        {"action": "approve", "from": "review", "to": "ready", "role": ["chief"], "clause": "п. 2"},
        {"action": "send_back", "from": "review", "to": "rework", "role": ["chief"],
         "applies_when": {"reply_kind": ["answer", "interim"], "colour": ["red", "blue"]},
         "clause": "п. 2"},
        {"action": "post", "from": "ready", "to": "done", "role": ["clerk", "chief"],
         "clause": "п. 1"},
        {"action": "refuse", "from": "end", "to": "refused", "role": ["chief"], "clause": "п. 1"},
        {"action": "refuse", "from": "review", "to": "refused", "role": ["chief"],
         "clause": "п. 1"},
        {"action": "refuse", "from": "rework", "to": "refused", "role": ["chief"],
         "clause": "п. 1"},
        {"action": "refuse", "from": "ready", "to": "refused", "role": ["chief"], "clause": "п. 1"},
        {"action": "note", "from": "review", "role": ["chief"], "clause": "п. 1"},
        {"action": "note", "from": "rework", "role": ["chief"], "clause": "п. 1"}],
    "clocks": [
        {"name": "answer", "title": "Ответ", "title_en": "Answer", "starts_on": ["register"],
         "stops_on": ["post"], "cancels_on": ["refuse"], "term": "9 h", "urgent_factor": 0.5,
         "outer_term": true, "responsible": "clerk", "clause": "п. 1"},
        {"name": "draft", "title": "Проект", "starts_on": ["register"],
         "stops_on": ["submit/answer"], "cancels_on": ["refuse"], "anchor": "answer",
         "term": "4 h", "responsible": "clerk", "clause": "п. 2"},
        {"name": "review", "title": "Проверка", "starts_on": ["submit"],
         "stops_on": ["approve", "send_back"], "cancels_on": ["refuse"], "term": "30 min",
         "responsible": "chief", "clause": "п. 2"},
        {"name": "rework", "title": "Правка", "starts_on": ["send_back"], "stops_on": ["submit"],
         "cancels_on": ["refuse"], "term": "1 h 30 min", "responsible": "clerk", "clause": "п. 2"},
        {"name": "posting", "title": "Размещение", "starts_on": ["approve"], "stops_on": ["post"],
         "cancels_on": ["refuse"], "term": "1 h", "responsible": "clerk",
         "binding": false, "applies_when": {"repeat": ["no"]}, "clause": "п. 1"}]
}'::jsonb AS document;
CREATE FUNCTION pg_temp.amended(edition text, path text, value jsonb) RETURNS jsonb LANGUAGE sql
    AS $$ SELECT jsonb_set(document, path::text[], value)
                 || jsonb_build_object('edition', edition,
                                       'in_force', '{"from": "2026-07-01"}'::jsonb)
          FROM small $$;
SELECT osm.define_regulation(document) IS NOT NULL FROM small;

-- The picture. A state called "end" is no keyword, quotes and angle brackets are words.
SELECT osm.state_diagram('small-act');
SELECT osm.state_diagram('small-act', 'dot', '1', 'en');
SELECT osm.state_diagram('small-act', 'svg');
SELECT osm.state_diagram('small-act', 'dot', '1', 'fr');
SELECT osm.state_diagram('small-act', NULL);
SELECT osm.state_diagram('small-act', 'dot', '2');
SELECT osm.state_diagram('no-act');

-- Terms and conditions in words.
SELECT osm.term_text('2 bd 1 h 30 min', 'office'), osm.term_text('24 h', 'around-the-clock'),
    osm.term_text('1 h', 'office', 'en'), osm.term_text('2 bd 90 sec', 'office', 'en'),
    osm.term_text(NULL, 'office');
SELECT osm.condition_text('{"interim": ["none", "posted"], "urgent": "yes", "topic": ["a", "b"]}'),
    osm.condition_text('{"bodies": ["several"], "topic": ["a", "b"]}', 'en'),
    osm.condition_text('{"place": "-", "topic": ["*"], "importance": ["high", "-"]}'),
    osm.condition_text('{}');

-- The edition in force is the one meant, unless there is none.
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,0,term}', '"10 h"')) IS NOT NULL;
SELECT term FROM osm.feasibility('small-act') WHERE NOT urgent;
SET osm_workflow.simulated_now = '2026-07-02 10:00+03';
SELECT term FROM osm.feasibility('small-act') WHERE NOT urgent;
SET osm_workflow.simulated_now = '2026-01-02 10:00+03';
SELECT term FROM osm.feasibility('small-act') WHERE NOT urgent;
SET osm_workflow.simulated_now = '2026-03-02 10:00+03';

-- Reworks: 4 h hold review 30 min, posting 1 h and one rework of 1 h 30 min with its review;
-- 30 min are left. Urgent, the answer is due sooner and the reserve is the same.
\x on
SELECT * FROM osm.feasibility('small-act', '1');
\x off
-- A reserve that is just enough for two, lacks a minute, or cannot hold even a review.
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,1,term}', '"5 h 30 min"')) IS NOT NULL;
SELECT reworks, "left" FROM osm.feasibility('small-act', '2') WHERE NOT urgent;
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,1,term}', '"5 h 29 min"')) IS NOT NULL;
SELECT reworks, "left" FROM osm.feasibility('small-act', '2') WHERE NOT urgent;
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,1,term}', '"1 h 29 min"')) IS NOT NULL;
SELECT reworks, "left", verdict_en FROM osm.feasibility('small-act', '2') WHERE NOT urgent;
-- Posting by the clock on the wall is no sum any more: the worst half hour of a week is looked for.
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,4,calendar}', '"around-the-clock"'))
    IS NOT NULL;
SELECT reworks, "left", basis FROM osm.feasibility('small-act', '2') WHERE NOT urgent;
-- A review of a day does not fit into four hours; one by the wall clock sometimes runs at night.
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,2,term}', '"1 bd"')) IS NOT NULL;
SELECT reworks, verdict_en FROM osm.feasibility('small-act', '2') WHERE NOT urgent;
-- A reserve that is a share of the answer's term: half of nine hours, urgent half of a half.
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,1}', '{"name": "draft",
    "title": "Проект", "starts_on": ["register"], "stops_on": ["submit"], "cancels_on": ["refuse"],
    "anchor": "answer", "share_of": "answer", "share": 0.5, "responsible": "clerk",
    "clause": "п. 2"}')) IS NOT NULL;
SELECT urgent, term, reserve, reworks, "left" FROM osm.feasibility('small-act', '2');
SELECT split_part(line, '"', 1)
FROM regexp_split_to_table(osm.state_diagram('small-act', 'mermaid', '2'), '<br/>')
    AS line WHERE line LIKE '▶ Проект%';
-- What cannot be said: no reserve, no rework, a term that ends with the draft.
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,3,starts_on}', '["note"]')) IS NOT NULL;
SELECT reworks, verdict, verdict_en FROM osm.feasibility('small-act', '2') WHERE NOT urgent;
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,1,anchor}', 'null')) IS NOT NULL;
SELECT reworks, verdict, verdict_en FROM osm.feasibility('small-act', '2') WHERE NOT urgent;
SELECT osm.define_regulation(pg_temp.amended('2', '{clocks,0,stops_on}', '["submit"]'))
    IS NOT NULL;
SELECT reworks, verdict, verdict_en FROM osm.feasibility('small-act', '2') WHERE NOT urgent;
SELECT osm.feasibility('no-act');

-- The acts that come with the extension: after a draft sent at the last permitted moment Rostov
-- fits one rework, Altai two, North Ossetia none.
SELECT osm.install_preset(name)
FROM osm.presets() WHERE name IN ('ru-alt-132-2020', 'ru-ros-311-2018', 'ru-se-40-2023')
    \g /dev/null
SELECT p.name, f.draft, f.reworks, f."left"
FROM osm.presets() AS p, LATERAL osm.feasibility(p.name) AS f
WHERE p.name IN ('ru-alt-132-2020', 'ru-ros-311-2018', 'ru-se-40-2023')
    AND f.outer_term = 'answer'
ORDER BY 1, 2;
-- Every act can be drawn, in both forms and languages, and says something of every state.
SELECT p.name, f.format, l.language, s.name AS state_not_drawn
FROM osm.presets() AS p
JOIN osm.regulation AS r ON r.code = p.name
CROSS JOIN (VALUES ('dot'), ('mermaid')) AS f (format)
CROSS JOIN (VALUES ('ru'), ('en')) AS l (language)
CROSS JOIN LATERAL osm.state_diagram(p.name, f.format, NULL, l.language) AS d (text)
JOIN osm.state AS s ON s.regulation_id = r.id
WHERE position(' s_' || s.name || E'\n' IN
               regexp_replace(d.text, '(;|\[[^\n]*)?\n', E'\n', 'g') || E'\n') = 0;

-- What an amendment changed.
SELECT osm.define_regulation(
    jsonb_set(jsonb_set(jsonb_set(jsonb_set(pg_temp.amended('2', '{clocks,0,term}', '"10 h"'),
        '{transitions,3,role}', '["chief", "clerk"]'),
        '{states,4,title}', '"Отвечено автору"'),
        '{transitions,11}', '{"action": "note", "from": "ready", "role": ["chief"],
                              "clause": "п. 1"}'),
        '{clocks}', (SELECT jsonb_agg(x ORDER BY n = 3, n)
                     FROM small, jsonb_array_elements(document -> 'clocks') WITH ORDINALITY
                         AS c (x, n)))) IS NOT NULL;
SELECT * FROM osm.compare_editions('small-act', '1', '2');
SELECT count(*) FROM osm.compare_editions('small-act', '2', '2');
SELECT osm.compare_editions('small-act', '1', '3');
-- An altered copy of a shipped act: exactly what was altered, nothing else.
SELECT osm.define_regulation(document || '{"code": "altered", "edition": "1",
        "in_force": {"from": "2020-01-01", "to": "2020-12-31"}}'),
    osm.define_regulation((document #- '{clocks,0,warn_before}') || '{"code": "altered",
        "edition": "2", "in_force": {"from": "2021-01-01"}}')
FROM osm.preset('ru-alt-132-2020') AS document \g /dev/null
SELECT * FROM osm.compare_editions('altered', '1', '2');
SELECT kind, name, what, now FROM osm.compare_editions('altered', '2', '1');
