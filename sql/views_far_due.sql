-- One due date beyond what a calendar is laid out for must not hide the rest of the authority from
-- any view.
\pset format unaligned
\pset tuples_only on
SELECT osm.install_preset('ru-alt-132-2020');
SELECT osm.define_regulation(jsonb_set(jsonb_set(d, '{code}', '"try-far"'), '{clocks}',
    (SELECT jsonb_agg(CASE c ->> 'name' WHEN 'answer'
            THEN c - 'warn_before' || '{"due_from": "promised"}' ELSE c END ORDER BY n)
     FROM jsonb_array_elements(d -> 'clocks') WITH ORDINALITY AS x (c, n)))) > 0
FROM osm.regulation_document('ru-alt-132-2020') AS d;
SELECT osm.define_authority('{"code": "krai", "title": "Край",
    "regulations": {"try-far": {"executor": ["roads"]}},
    "bodies": [{"code": "press", "title": "Пресса"}, {"code": "roads", "title": "Дороги"}],
    "officials": [{"login": "cur", "name": "Куратор", "appointments": [{"body": "press",
        "role": "curator"}]},
                  {"login": "exe", "name": "Исполнитель", "appointments": [{"body": "roads",
                      "role": "executor"}]}]}') > 0;
SET osm_workflow.simulated_now = '2026-03-02 09:00+07';
BEGIN;
SELECT osm.act_as('cur');
SELECT osm.register('try-far',
    '{"channel": "vk", "importance": "normal", "topic": "t", "place": "p",
    "promised": "2262-01-09 18:00+07"}') AS far \gset
SELECT osm.register('try-far',
    '{"channel": "vk", "importance": "normal", "topic": "t", "place": "p"}') AS near \gset
SELECT state FROM osm.route(:near, '{roads}');
-- counted back from a day nobody knows: refused as out of the calendar, and nothing is half done
SAVEPOINT before;
\set VERBOSITY sqlstate
SELECT state FROM osm.route(:far, '{roads}');
ROLLBACK TO before;
COMMIT;
SELECT osm.business_seconds_between('2026-03-02 09:00+07', '2026-03-02 14:00+07', 'ru-alt-barnaul'),
       osm.business_seconds_between('2026-03-02 09:00+07', '2262-01-09 18:00+07', 'ru-alt-barnaul'),
       osm.business_seconds_between('2026-03-02 09:00+07', 'infinity', 'ru-alt-barnaul');
SELECT incident_id = :far, due_at, remaining_hours FROM osm.incident_overview ORDER BY incident_id;
SET osm_workflow.simulated_now = '2026-03-04 09:00+07';
SELECT breaches FROM osm.tick();
BEGIN;
SELECT osm.act_as('exe');
SELECT count(*) FROM osm.inbox;
COMMIT;
SELECT count(*) FROM osm.overdue;
SELECT count(*) FROM osm.due_soon;
SELECT count(*) FROM osm.timeliness;
SELECT count(*) FROM osm.body_scorecard;
SELECT count(*) FROM osm.rating;
