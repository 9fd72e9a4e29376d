-- An incident that becomes urgent: an urgent term counts from the clock's own start, a factor takes
-- its share of what is unused, and what is past by that very step is due then and charged to no
-- body.
\pset format unaligned
\pset tuples_only on
SET timezone = 'Asia/Barnaul';
SELECT osm.install_preset('ru-alt-132-2020');
SELECT osm.define_regulation(
    jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(d,
        '{code}', '"try-urgent"'),
        '{actions}', d -> 'actions' ||
            '[{"name": "raise_importance", "title": "Повысить важность", "effect": "classify"}]'),
        '{transitions}', d -> 'transitions' ||
            '[{"action": "raise_importance", "from": "assigned", "role": ["curator"],
                "requires": ["importance"], "clause": "п. 8"},
              {"action": "raise_importance", "from": "review", "role": ["curator"],
                  "requires": ["importance"], "clause": "п. 8"}]'),
        '{urgent_importance}', '["high"]'),
        '{clocks}', (SELECT jsonb_agg(CASE c ->> 'name'
                WHEN 'answer' THEN c || '{"urgent_term": "04:00:00"}'
                WHEN 'review' THEN c || '{"urgent_factor": 0.5}' ELSE c END ORDER BY n)
            FROM jsonb_array_elements(d -> 'clocks') WITH ORDINALITY AS x (c, n)))) > 0
FROM osm.regulation_document('ru-alt-132-2020') AS d;
SELECT osm.define_authority('{"code": "krai", "title": "Край",
    "regulations": {"try-urgent": {"executor": ["roads"]}},
    "bodies": [{"code": "press", "title": "Пресса"}, {"code": "roads", "title": "Дороги"}],
    "officials": [{"login": "cur", "name": "Куратор", "appointments": [{"body": "press",
        "role": "curator"}]},
                  {"login": "exe", "name": "Исполнитель", "appointments": [{"body": "roads",
                      "role": "executor"}]}]}') > 0;
CREATE FUNCTION pg_temp.clocks() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s due %s %s, %s%s', c.incident_id, r.name, to_char(c.due_at, 'Dy HH24:MI'),
                  coalesce(b.code, '(no body)'), coalesce(o.login, '(nobody)'),
                  CASE WHEN c.binding THEN '' ELSE ' advisory' END)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    LEFT JOIN osm.body AS b ON b.id = c.body_id
    LEFT JOIN osm.official AS o ON o.id = c.official_id
    WHERE c.state = 'running' AND r.name IN ('answer', 'draft', 'review') ORDER BY c.incident_id,
        r.position $$;
-- three incidents on Monday at 09:00; the office is open 09:00-13:00 and 13:45-18:00: nine hours
-- end on Tuesday 09:45
SET osm_workflow.simulated_now = '2026-03-02 09:00+07';
BEGIN;
SELECT osm.act_as('cur');
SELECT osm.route(osm.register('try-urgent', '{"channel": "vk", "importance": "normal",
    "topic": "t", "place": "p"}'),
    '{roads}')
FROM generate_series(1, 3);
SET LOCAL osm_workflow.simulated_now = '2026-03-02 10:00+07';
SELECT osm.act_as('exe');
SELECT osm.submit_reply(3, '{"text": "t"}');
COMMIT;
SELECT pg_temp.clocks();
-- at 10:10: four hours from 09:00 end at 13:00, a draft four hours before that is nobody's to keep;
-- of the review's thirty minutes twenty are unused, ten are left
SET osm_workflow.simulated_now = '2026-03-02 10:10+07';
BEGIN;
SELECT osm.act_as('cur');
SELECT osm.raise_importance(1, 'high');
SELECT osm.raise_importance(3, 'high');
COMMIT;
SELECT pg_temp.clocks();
-- at 15:00 the four hours are over: due now, and not the body's
SET osm_workflow.simulated_now = '2026-03-02 15:00+07';
BEGIN;
SELECT osm.act_as('cur');
SELECT osm.raise_importance(2, 'high');
-- raised again, nothing moves
SELECT osm.raise_importance(2, 'high');
COMMIT;
SELECT pg_temp.clocks();
SELECT seq, x.c ->> 'rule', x.c ->> 'change', x.c ->> 'old_due_at', x.c ->> 'due_at'
FROM osm.event, jsonb_array_elements(details -> 'clocks') AS x (c)
WHERE incident_id = 2 AND action = 'raise_importance' ORDER BY seq;
