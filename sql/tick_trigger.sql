-- A user's trigger may fail and recover inside the engine's own writes; the pass goes on, and the
-- incident stays guarded.
\pset format unaligned
\pset tuples_only on
SELECT osm.install_preset('ru-alt-132-2020');
SELECT osm.define_authority('{"code": "krai", "title": "Край",
    "regulations": {"ru-alt-132-2020": {"executor": ["roads"]}},
    "bodies": [{"code": "press", "title": "Пресса"}, {"code": "roads", "title": "Дороги"}],
    "officials": [
        {"login": "cur", "name": "К", "appointments": [{"body": "press", "role": "curator"}]},
        {"login": "exe", "name": "И", "appointments": [{"body": "roads", "role": "executor"}]}
    ]}') > 0;
CREATE FUNCTION public.stumble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        RAISE NOTICE 'recovered on %', tg_table_name;
    END;
    RETURN new;
END $$;
CREATE TRIGGER stumble BEFORE UPDATE ON osm.clock FOR EACH ROW EXECUTE FUNCTION public.stumble();
SET osm_workflow.simulated_now = '2026-11-23 10:00+07';
BEGIN;
SELECT osm.act_as('cur');
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "t", "place": "p"}') AS i \gset
SELECT state FROM osm.route(:i, '{roads}');
COMMIT;
SET osm_workflow.simulated_now = '2026-11-24 12:00+07';
SELECT breaches FROM osm.tick();
SELECT overdue_since FROM osm.incident;
\set VERBOSITY sqlstate
BEGIN;
SELECT osm.act_as('cur');
UPDATE osm.incident SET overdue_since = NULL;
ROLLBACK;
SELECT osm.verify_chain(:i) IS NULL;
