-- A breach flagged by a clock that ran ahead is taken back when the step turns out to have been in
-- time: the verdict compares the step with the due instant and nothing else.
SELECT osm.install_preset('ru-alt-132-2020');
SELECT osm.define_authority('{"code": "krai", "title": "Край",
    "regulations": {"ru-alt-132-2020": {"executor": ["roads"]}},
    "bodies": [{"code": "press", "title": "Пресса"}, {"code": "roads", "title": "Дороги"}],
    "officials": [{"login": "cur", "name": "Куратор", "appointments": [{"body": "press",
        "role": "curator"}]},
                  {"login": "exe", "name": "Исполнитель", "appointments": [{"body": "roads",
                      "role": "executor"}]}]}') > 0 AS defined;
-- Monday 10:00 in Barnaul, nine hours with lunch 13:00-13:45: due Tuesday 10:45 (06:45 in Moscow)
SET osm_workflow.simulated_now = '2026-11-23 10:00+07';
BEGIN;
SELECT osm.act_as('cur');
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "roads", "place": "Барнаул"}');
SELECT osm.route(1, '{roads}');
COMMIT;
BEGIN;
SELECT osm.act_as('exe');
SELECT osm.submit_reply(1, '{"text": "Отремонтируем"}');
SELECT osm.act_as('cur');
SELECT osm.approve(1, '{"format": true, "substance": true, "media": true}');
COMMIT;
SET osm_workflow.simulated_now = '2026-11-24 10:46+07';
SELECT breaches FROM osm.tick();
SELECT overdue_since FROM osm.incident WHERE id = 1;
SET osm_workflow.simulated_now = '2026-11-24 10:45+07';
BEGIN;
SELECT osm.act_as('exe');
SELECT state FROM osm.post_reply(1, 'vk');
COMMIT;
-- due 10:45, posted 10:45: met, no flag, not overdue; the term of posting (Monday 10:30) stays
-- missed
SELECT r.name, c.state, c.due_at, c.stopped_at, c.flagged_at IS NOT NULL AS flagged
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE r.name IN ('answer', 'post') ORDER BY r.name;
SELECT overdue_since FROM osm.incident WHERE id = 1;
