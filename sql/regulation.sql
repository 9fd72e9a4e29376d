-- Loading acts: what a document may hold, what is refused and how, and that it comes out as it
-- went in.
\set SHOW_CONTEXT never
\pset null '-'
\pset format unaligned

SELECT osm.define_calendar('office', '{"time_zone": "Europe/Moscow", "hours": {"1": ["09:00-18:00"],
    "2": ["09:00-18:00"], "3": ["09:00-18:00"], "4": ["09:00-18:00"], "5": ["09:00-18:00"]}}');

-- The smallest act: one answer, one term, one reason.
CREATE TEMPORARY TABLE act AS SELECT '{
    "code": "small-act", "edition": "1", "title": "Малый акт", "issuer": "Губернатор",
    "act_no": "1", "act_date": "2026-01-12", "in_force": {"from": "2026-02-01"},
    "time_zone": "Europe/Moscow", "calendar": "office",
    "clauses": [{"path": "п. 1", "summary": "Ответ за час.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "Исполнитель", "scope": "authority", "clause": "п. 1"}],
    "states": [{"name": "new", "title": "Новое", "kind": "initial"},
               {"name": "done", "title": "Готово", "kind": "final"}],
    "actions": [{"name": "register", "title": "Завести", "effect": "register"},
                {"name": "finish", "title": "Закончить"}],
    "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "п. 1"},
                    {"action": "finish", "from": "new", "to": "done", "role": ["clerk"],
                     "requires": ["reason:why"], "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["register"],
                "stops_on": ["finish"], "term": "1 час", "outer_term": true,
                "responsible": "clerk", "clause": "п. 1"}],
    "reasons": [{"list": "why", "code": "done", "title": "Сделано", "clause": "п. 1"}]
}'::jsonb AS document;

CREATE FUNCTION pg_temp.altered(path text, value jsonb) RETURNS jsonb LANGUAGE sql
    AS $$ SELECT jsonb_set(document, path::text[], value) FROM act $$;
CREATE FUNCTION pg_temp.without(path text) RETURNS jsonb LANGUAGE sql
    AS $$ SELECT document #- path::text[] FROM act $$;
CREATE FUNCTION pg_temp.added(section text, item jsonb) RETURNS jsonb LANGUAGE sql
    AS $$ SELECT jsonb_set(document, ARRAY[section], coalesce(document -> section, '[]') || item)
        FROM act $$;

SELECT * FROM act, osm.check_regulation(document);
SELECT osm.define_regulation(document) IS NOT NULL AS loaded FROM act;
SELECT jsonb_pretty(osm.regulation_document('small-act'));

-- Loading it again, or as it came out, or with the defaults spelt out, changes nothing.
SELECT count(*) AS ids, bool_and(osm.define_regulation(d) = r.id) AS same
FROM act, osm.regulation AS r,
     unnest(ARRAY[document, osm.regulation_document('small-act'),
                  jsonb_set(document, '{clocks,0,binding}', 'true')
                  || '{"several_bodies": "joint", "duties": [], "title_en": null}']) AS d;
SELECT count(*) AS clock_rules FROM osm.clock_rule;

-- An edition nobody uses yet is replaced under its id.
SELECT osm.define_regulation(pg_temp.altered('{clocks,0,term}', '"2 часа"'))
       = (SELECT id FROM osm.regulation) AS same_id;
SELECT r.name, r.term, r.binding, r.armed FROM osm.clock_rule AS r;

-- Malformed documents: every one is refused as a whole, with its path.
\set VERBOSITY default
SELECT osm.define_regulation('[]');
SELECT osm.define_regulation('{"code": 7}');
SELECT osm.define_regulation(pg_temp.altered('{clocks,0,trem}', '"1 h"'));
CREATE TEMPORARY TABLE malformed (number serial, document jsonb);
INSERT INTO malformed (document) VALUES
    (pg_temp.altered('{colour}', '"red"')),
    (pg_temp.altered('{code}', '"Small Act"')),
    (pg_temp.altered('{code}', '"  "')),
    (pg_temp.altered('{act_date}', '"12.01.2026"')),
    (pg_temp.altered('{act_date}', '"2026-02-30"')),
    (pg_temp.altered('{act_date}', '20260112')),
    (pg_temp.altered('{in_force}', '"2026-01-12"')),
    (pg_temp.altered('{in_force,until}', '"2026-01-12"')),
    (pg_temp.altered('{in_force,to}', '"2026-01-12"')),
    (pg_temp.altered('{time_zone}', '"Mars/Olympus"')),
    (pg_temp.altered('{time_zone}', '"GMT+3 or so"')),
    (pg_temp.altered('{several_bodies}', '"together"')),
    (pg_temp.altered('{minimum_sample}', '0')),
    (pg_temp.altered('{minimum_sample}', '1.5')),
    (pg_temp.altered('{minimum_sample}', '1e300')),
    (pg_temp.altered('{urgent_importance}', '"high"')),
    (pg_temp.altered('{urgent_importance}', '[1]')),
    (pg_temp.altered('{clauses}', '{}')),
    (pg_temp.altered('{clauses,0}', '"п. 1"')),
    (pg_temp.altered('{clauses,0,answer}', '"X"')),
    (pg_temp.altered('{clauses,0,confidence}', '"certain"')),
    (pg_temp.without('{clauses,0,summary}')),
    (pg_temp.altered('{clauses,0,summary}', 'null')),
    (pg_temp.altered('{roles,0,name}', '"Clerk!"')),
    (pg_temp.altered('{roles,0,scope}', '"world"')),
    (pg_temp.altered('{roles,0,required}', '"yes"')),
    (pg_temp.altered('{roles,0,lowest_rank}', '-1')),
    (pg_temp.altered('{states,0,kind}', '"first"')),
    (pg_temp.altered('{actions,1,effect}', '"magic"')),
    (pg_temp.altered('{transitions,1,role}', '[]')),
    (pg_temp.altered('{transitions,1,applies_when}', '[]')),
    (pg_temp.altered('{transitions,1,applies_when}', '{"topic": 1}')),
    (pg_temp.altered('{transitions,1,applies_when}', '{"topic": []}')),
    (pg_temp.altered('{clocks,0,term}', '"1 month"')),
    (pg_temp.altered('{clocks,0,term}', '"-1 h"')),
    (pg_temp.altered('{clocks,0,term}', '"0 h"')),
    (pg_temp.altered('{clocks,0,warn_before}', '["0 h"]')),
    (pg_temp.altered('{clocks,0,urgent_factor}', '0')),
    (pg_temp.altered('{clocks,0,urgent_factor}', '"half"')),
    (pg_temp.altered('{clocks,0,armed}', '"sometimes"')),
    (pg_temp.added('duties', '{"name": "d", "title": "D", "kind": "chore", "clause": "п. 1"}')),
    (pg_temp.added('duties', '{"name": "d", "title": "D", "kind": "report", "per": "hour",
        "due_day": 0, "requires": "reference", "clause": "п. 1"}')),
    (pg_temp.altered('{rating}', '{"zones": [{"zone": "z", "title": "Z", "lowest": 0,
        "colour": "red"}]}')),
    (pg_temp.altered('{rating}', '{"zones": [{"zone": "z", "title": "Z", "lowest": 6,
        "colour": "#ff0000"}]}')),
    (pg_temp.altered('{rating}', '{"parts": [{"part": "speed", "weight": 0}]}')),
    (pg_temp.altered('{rating}', '{"parts": [{"part": "speed", "weight": -1}]}')),
    (pg_temp.altered('{rating}', '{"parts": [{"part": "speed", "weight": 0.12345}]}')),
    (pg_temp.altered('{clocks,0,urgent_factor}', '0.00001')),
    (pg_temp.altered('{rating}', '{"parts": [{"part": "beauty", "weight": 1}]}')),
    (pg_temp.altered('{rating}', '{"formula": "x"}'));
SELECT number, c.finding FROM malformed, osm.check_regulation(document) AS c ORDER BY number,
    finding;

-- Well-formed documents that make no sense.
CREATE TEMPORARY TABLE senseless (number serial, document jsonb);
INSERT INTO senseless (document) VALUES
    -- names
    (pg_temp.added('roles', '{"name": "clerk", "title": "Х", "scope": "lead", "clause": "п. 1"}')),
    (pg_temp.altered('{roles,0,clause}', '"п. 2"')),
    (pg_temp.altered('{transitions,1,action}', '"end"')),
    (pg_temp.altered('{transitions,1,from}', '"start"')),
    (pg_temp.altered('{transitions,1,role}', '["clerk", "boss"]')),
    (pg_temp.altered('{transitions,1,requires}', '["reason:because"]')),
    (pg_temp.without('{reasons}')),
    (pg_temp.altered('{actions,1,notifies}', '["boss"]')),
    (pg_temp.altered('{transitions,1,applies_when}', '{"bodies": "many"}')),
    (pg_temp.altered('{clocks,0,applies_when}', '{"urgent": ["yes", "perhaps"]}')),
    (pg_temp.altered('{clocks,0,responsible}', '"boss"')),
    (pg_temp.altered('{clocks,0,anchor}', '"launch"')),
    (pg_temp.altered('{clocks,0,stops_on}', '["finish/maybe"]')),
    (pg_temp.altered('{clocks,0,cancels_on}', '["stop"]')),
    -- machine
    (pg_temp.altered('{states,1,kind}', '"initial"')),
    (pg_temp.added('states', '{"name": "island", "title": "Остров", "kind": "open"}')),
    (pg_temp.altered('{states,1,kind}', '"open"')),
    (pg_temp.without('{transitions,1,from}')),
    (pg_temp.altered('{transitions,0,from}', '"new"')),
    (pg_temp.added('actions', '{"name": "nothing", "title": "Ничего"}')),
    (pg_temp.added('actions', '{"name": "register2", "title": "Ещё", "effect": "register"}')),
    (pg_temp.added('transitions', '{"action": "finish", "from": "done", "to": "new",
        "role": ["clerk"],
                                    "clause": "п. 1"}')),
    -- steps
    (pg_temp.added('transitions', '{"action": "finish", "from": "new", "to": "done",
        "role": ["clerk"],
                                    "applies_when": {"topic": "roads"}, "clause": "п. 1"}')),
    (jsonb_set(pg_temp.added('actions', '{"name": "end", "title": "Кончить"}'), '{transitions,2}',
        '{"action": "end", "from": "new", "to": "done", "role": ["clerk"],
            "requires": ["reason:why"],
          "clause": "п. 1"}')),
    (pg_temp.added('contents', '{"name": "c", "title": "C", "applies_to": ["finish"],
        "check": "present",
                                 "clause": "п. 1"}')),
    (pg_temp.added('contents', '{"name": "c", "title": "C", "applies_to": ["finish"],
        "check": "max_items",
                                 "key": "media", "clause": "п. 1"}')),
    (pg_temp.added('contents', '{"name": "c", "title": "C", "applies_to": ["finish"], "limit": 1,
                                 "check": "present", "key": "media", "clause": "п. 1"}')),
    (pg_temp.added('contents', '{"name": "c", "title": "C", "applies_to": ["register"],
                                 "check": "known_channel", "clause": "п. 1"}')),
    (pg_temp.added('contents', '{"name": "c", "title": "C", "applies_to": ["finish"],
                                 "check": "listed", "key": "outcome", "clause": "п. 1"}')),
    (pg_temp.added('reasons', '{"list": "why", "code": "x", "title": "Х", "closed_list": false,
                                "clause": "п. 1"}')),
    -- terms
    (pg_temp.without('{clocks,0,term}')),
    (pg_temp.altered('{clocks,0,anchor}', '"answer"')),
    (pg_temp.added('clocks', '{"name": "b", "title": "B", "starts_on": ["register"],
        "stops_on": ["finish"],
        "anchor": "c", "term": "1 h", "responsible": "clerk", "clause": "п. 1"}')
        #- '{clocks,0}'),
    (jsonb_set(pg_temp.altered('{clocks,0,anchor}', '"b"'), '{clocks,1}',
        '{"name": "b", "title": "B", "starts_on": ["register"], "stops_on": ["finish"],
        "anchor": "answer", "term": "1 h", "responsible": "clerk", "clause": "п. 1"}')),
    (jsonb_set(pg_temp.altered('{clocks,0,anchor}', '"b"'), '{clocks,1}',
        '{"name": "b", "title": "B", "starts_on": ["register"], "stops_on": ["finish"],
        "term": "1 h", "responsible": "clerk", "clause": "п. 1"}')),
    (pg_temp.altered('{clocks,0,stops_on}', '["register"]')),
    (pg_temp.altered('{clocks,0,pauses_on}', '["finish"]')),
    -- duties
    (pg_temp.added('duties', '{"name": "d", "title": "D", "kind": "report", "clause": "п. 1"}')),
    (pg_temp.added('duties', '{"name": "d", "title": "D", "kind": "cover", "minimum": 2,
        "recorded_by": ["boss"], "clause": "п. 1"}')),
    (pg_temp.added('duties', '{"name": "d", "title": "D", "kind": "cover", "minimum": 2,
        "clause": "п. 1"}')),
    (pg_temp.added('duties', '{"name": "d", "title": "D", "kind": "immediate", "starts_on": ["fly"],
        "requires": ["reason:because"], "channels": ["vk"], "clause": "п. 1"}')),
    (pg_temp.added('duties', '{"name": "d", "title": "D", "kind": "one_off",
        "requires": ["files<=two", "files", "files<=2", "", "a b"], "clause": "п. 1"}')),
    (pg_temp.added('duties', '{"name": "d", "title": "D", "kind": "one_off",
        "requires": ["files<=two", "files", "files<=2", "a b"], "clause": "п. 1"}')),
    -- clauses
    (pg_temp.added('clauses', '{"path": "п. 2", "summary": "Без правила.", "answer": "L"}')),
    -- names of the engine's own events
    (jsonb_set(pg_temp.added('actions', '{"name": "excuse", "title": "Простить"}'),
        '{transitions,2}',
        '{"action": "excuse", "from": "new", "role": ["clerk"], "clause": "п. 1"}'));
SELECT number, c.severity, c.clause, c.finding
FROM senseless, osm.check_regulation(document) AS c ORDER BY number, finding;

-- Warnings load, and are said.
SELECT osm.define_regulation(pg_temp.added('clauses',
    '{"path": "п. 3", "summary": "Без правила.", "answer": "G"}')) IS NOT NULL AS loaded;
SELECT c.severity, c.clause, c.finding
FROM unnest(ARRAY[
    pg_temp.altered('{clocks,0,outer_term}', 'false'),
    pg_temp.altered('{clocks,0,urgent_factor}', '0.5'),
    pg_temp.added('reasons', '{"list": "spare", "code": "x", "title": "Х", "clause": "п. 1"}'),
    pg_temp.altered('{rating}', '{"zones": [{"zone": "z", "title": "Z", "lowest": 3,
        "colour": "#ff0000"}]}')
    ]) AS d, osm.check_regulation(d) AS c;
SELECT clause, answer, rules, covered FROM osm.clause_coverage;

-- What stands outside the document.
SELECT osm.define_regulation(pg_temp.altered('{calendar}', '"nowhere"'));
SELECT osm.define_regulation(pg_temp.altered('{clocks,0,calendar}', '"nowhere"'));
SELECT osm.regulation_document('no-act');
SELECT osm.regulation_document('small-act', '9');

-- Editions never overlap; the earlier one is ended first.
SELECT osm.define_regulation(pg_temp.altered('{edition}', '"2"')
    || '{"in_force": {"from": "2026-07-01"}}');
SELECT osm.define_regulation(pg_temp.altered('{in_force,to}', '"2026-06-30"')) IS NOT NULL AS ended;
SELECT osm.define_regulation(pg_temp.altered('{edition}', '"2"')
    || '{"in_force": {"from": "2026-07-01"}}')
       IS NOT NULL AS loaded;
SELECT edition, in_force FROM osm.regulation ORDER BY in_force;
SELECT osm.regulation_document('small-act') ->> 'edition' AS latest,
       osm.regulation_document('small-act', '1') -> 'in_force' AS earlier;

-- Every row of a document goes in and comes out, with every key set away from its default.
CREATE TEMPORARY TABLE full_act AS
SELECT pg_temp.altered('{code}', '"full-act"') || '{
    "title_en": "Full act", "published_on": "2026-01-20", "several_bodies": "separate",
    "lead_contributes": true, "urgent_importance": ["high"], "minimum_sample": 5,
    "in_force": {"from": "2026-02-01", "to": "2027-02-01"},
    "clauses": [{"path": "п. 1", "summary": "Ответ за час.", "summary_en": "Within an hour.",
        "answer": "B/L", "reading": "Р", "alternative": "А", "reason": "П", "confidence": "low"}],
    "roles": [{"name": "clerk", "title": "Исполнитель", "title_en": "Clerk", "scope": "assignment",
        "lowest_rank": 3, "required": true, "may_backdate": true, "clause": "п. 1"}],
    "states": [{"name": "new", "title": "Новое", "title_en": "New", "kind": "initial"},
        {"name": "done", "title": "Готово", "title_en": "Done", "kind": "final"}],
    "actions": [{"name": "register", "title": "Завести", "title_en": "Register",
        "effect": "register"},
        {"name": "finish", "title": "Закончить", "title_en": "Finish", "notifies": ["clerk"],
        "deliver_within": "office",
        "subject": "Готово"}, {"name": "lapse", "title": "Истекло"}],
    "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "п. 1"},
        {"action": "finish", "from": "new", "to": "done", "role": ["clerk"],
            "requires": ["reason:why"],
         "applies_when": {"topic": ["roads", "-"], "urgent": ["yes", "no"]}, "clause": "п. 1"},
        {"action": "lapse", "from": "new", "to": "done", "role": ["clerk"], "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "title_en": "Answer", "starts_on": ["register"],
        "stops_on": ["finish"], "cancels_on": ["register"], "pauses_on": ["register"],
        "resumes_on": ["register"], "armed": "on_use", "term": "2 business days 04:30:00",
        "counts_from": "published_at", "due_from": "promised", "calendar": "office",
        "urgent_term": "00:30:00", "urgent_factor": 0.5, "scope": "reply", "outer_term": true,
        "responsible": "clerk", "binding": false, "warn_before": ["02:00:00", "1 business day"],
        "deliver_within": "office",
        "applies_when": {"topic": ["roads", "*"], "urgent": ["no"]}, "clause": "п. 1"},
        {"name": "draft", "title": "Проект", "starts_on": ["register"], "stops_on": ["finish"],
        "anchor": "answer", "term": "04:00:00", "responsible": "clerk", "clause": "п. 1"},
        {"name": "half", "title": "Половина", "starts_on": ["register"], "stops_on": ["finish"],
        "share_of": "draft", "share": 0.5, "on_due": "lapse", "responsible": "clerk",
        "clause": "п. 1"}],
    "contents": [{"name": "refs", "title": "Ссылки", "title_en": "References",
        "applies_to": ["finish"],
        "applies_when": {"kind": ["incident"]}, "check": "max_items", "key": "legal_refs",
        "unless": ["excuse"], "limit": 2, "mode": "warn", "clause": "п. 1"},
        {"name": "words", "title": "Слова", "applies_to": ["finish"], "check": "without_phrases",
        "key": "text", "phrases": ["уважаемый"], "clause": "п. 1"},
        {"name": "pace", "title": "Темп", "applies_to": ["finish"], "check": "rate", "limit": 3,
        "per": "1 business day 01:00:00", "same": ["text", "account"], "clause": "п. 1"}],
    "reasons": [{"list": "why", "code": "done", "title": "Сделано", "title_en": "Done",
        "closed_list": false, "clause": "п. 1"}],
    "channels": [{"channel": "vk", "title": "ВК", "title_en": "VK", "account_kind": "person",
        "others_allowed": true, "clause": "п. 1"}],
    "duties": [{"name": "posts", "title": "Посты", "title_en": "Posts", "kind": "publication",
        "owed_by": "body", "per": "week", "minimum": 2, "count_scope": "body", "channels": ["vk"],
        "responsible": "clerk", "recorded_by": ["clerk"], "binding": false, "clause": "п. 1"},
        {"name": "sums", "title": "Сводка", "kind": "report", "per": "month", "due_day": 4,
        "clause": "п. 1"},
        {"name": "notice", "title": "Письмо", "kind": "immediate", "starts_on": ["register"],
        "stops_on": ["finish"], "applies_when": {"topic": ["roads"]},
        "requires": ["reference", "files<=2"], "clause": "п. 1"},
        {"name": "links", "title": "Ссылки", "kind": "account", "expects": ["site_link"],
        "clause": "п. 1"}],
    "rating": {"parts": [{"part": "speed", "weight": 0.25, "clause": "п. 1"}],
        "zones": [{"zone": "red", "title": "Красная", "title_en": "Red", "lowest": 0,
            "colour": "#ff0000"}]}
}'::jsonb AS document;
SELECT osm.define_regulation(document) IS NOT NULL AS loaded FROM full_act;
SELECT osm.regulation_document('full-act') = document || '{"type": "regulation"}' AS identical
    FROM full_act;
-- No key of the format is missing from that document.
SELECT f.section, f.key FROM osm.regulation_format() AS f, full_act
WHERE f.key <> 'type'
  AND NOT EXISTS (SELECT FROM osm.regulation_items(document, f.section) AS i WHERE i.item ? f.key);
-- The defaults of the format are those of the tables, and the other way round.
SELECT f.section, f.key, f.fallback, pg_get_expr(d.adbin, d.adrelid) AS column_default
FROM (VALUES ('', 'regulation'), ('clauses', 'clause'), ('roles', 'role'), ('states', 'state'),
             ('actions', 'action'), ('transitions', 'transition'), ('clocks', 'clock_rule'),
             ('contents', 'content_rule'), ('reasons', 'reason'), ('channels', 'channel_rule'),
             ('duties', 'duty_rule'), ('rating.parts', 'rating_rule'), ('rating.zones',
                 'rating_zone'))
         AS t (section, name)
JOIN pg_attribute AS a ON a.attrelid = ('osm.' || t.name)::regclass AND a.attnum > 0
FULL JOIN osm.regulation_format() AS f
    ON f.section = t.section AND a.attname IN (f.key, f.key || '_state')
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE coalesce(a.attname NOT IN ('id', 'regulation_id', 'position'), true)
  AND coalesce(f.section <> 'in_force' AND f.type NOT IN ('rows', 'object') AND f.key <> 'type',
      true)
  AND (f.key IS NULL OR a.attname IS NULL
       OR (f.fallback IS NULL) <> (d.adbin IS NULL)
       OR (f.fallback IS NULL AND a.attnotnull <> f.required)
       OR coalesce(f.fallback #>> '{}', '') <> replace(replace(coalesce(
              substring(pg_get_expr(d.adbin, d.adrelid) FROM '^''?(.*?)''?(?:::[a-z_.\[\]]+)?$'),
                  ''),
              '{}', CASE f.type WHEN 'condition' THEN '{}' ELSE '[]' END), 'NULL', ''));
