-- Periodic reports: figures worked out by hand, what is frozen and stays, who may freeze and see,
-- and what the pass freezes by itself.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set ECHO none
SET client_min_messages = error;
\i test/lib/report_act.sql
RESET client_min_messages;
\set ECHO all
SELECT try.week();
SET osm_workflow.simulated_now = '2026-03-09 00:00+03';

\echo == the week from 2 to 8 March, as it ends
-- arrived: 3, 1, 1, 1, 1, 0, 1; answered: 2 (one of the week before), 2, 1, 2 (one at 02:00)
SELECT jsonb_pretty(osm.report('weekly', 'try-report', '2026-03-05', 'one')
    - '{bodies,total,worst}'::text[]);
-- roads: 12, 18, 48 and 6 hours, one open; health: 6, 12 and 18; all: 120 hours by 7
SELECT jsonb_pretty(r -> 'total'), jsonb_pretty(r -> 'bodies')
FROM osm.report('weekly', 'try-report', '2026-03-05', 'one') AS r;
-- from Saturday, 09:00, to the end of Sunday 39 hours; from Tuesday, 12:00, to Wednesday 24
SELECT jsonb_pretty(jsonb_agg(w - 'incident'))
FROM jsonb_array_elements(osm.report('weekly', 'try-report', '2026-03-05', 'one') -> 'worst') AS w;

\echo == no figure is counted in two ways
-- the first quarter has no facts outside March, and that month is in the scorecard
SELECT count(*) AS bodies, bool_and(b - '{body,title,title_en}'::text[] = (
        SELECT jsonb_build_object('incidents', incidents, 'answered', answered, 'open', open,
            'in_time', in_time, 'late', late, 'late_excused', late_excused,
            'mean_hours', mean_hours, 'drafts', drafts, 'drafts_first_time', drafts_first_time,
            'rework', rework, 'repeats', repeats, 'interims', interims,
            'interims_kept', interims_kept, 'returns', returns)
        FROM osm.body_scorecard AS s JOIN osm.body AS o ON o.id = s.body_id
        WHERE o.code = b ->> 'body' AND s.authority = 'Первая' AND s.month = '2026-03-01'))
    AS agree
FROM jsonb_array_elements(
    osm.report('rating', 'try-report', '2026-03-05', 'one') -> 'bodies') AS b;

\echo == frozen once
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-09', 'one');
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-05', 'one') AS first \gset
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-08', 'one') = :first AS again;
SELECT b.code, k.regulation, k.edition, k.duty, k.clause, k.period, k.frozen_at
FROM osm.report_run AS k JOIN osm.body AS b ON b.id = k.authority_id;
SELECT content = osm.report('weekly', 'try-report', '2026-03-02', 'one') AS as_computed,
    digest = sha256(convert_to(content::text, 'UTF8')) AS digest_holds
FROM osm.report_run;
-- the session's zone and dates are not in it
BEGIN;
SET LOCAL timezone = 'Asia/Barnaul';
SET LOCAL datestyle = 'German';
SELECT content = osm.report('weekly', 'try-report', '2026-03-02', 'one') AS same
FROM osm.report_run;
COMMIT;
-- what comes later changes the report and not the frozen one
SELECT try.answer('2026-03-09 09:00', (SELECT max(i.id) FROM osm.incident AS i
    WHERE i.answered_at IS NULL AND i.topic = 'дороги'), 'roads');
BEGIN;
SELECT osm.act_as('judge') \g /dev/null
SELECT (osm.excuse(min(c.id), 'сбой')).event > 1 AS excused
FROM osm.clock AS c WHERE c.state = 'missed';
COMMIT;
SELECT n.r -> 'answers' AS answers, n.r #> '{total,open}' AS open,
    n.r #> '{total,late_excused}' AS excused,
    k.content #> '{total,open}' AS was_open, k.content #> '{total,late_excused}' AS was_excused,
    k.digest = sha256(convert_to(k.content::text, 'UTF8')) AS digest_holds
FROM osm.report_run AS k,
    LATERAL (
        SELECT osm.report('weekly', 'try-report', '2026-03-02', 'one')) AS n (r);
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-02', 'one') = :first AS again,
    count(*) FROM osm.report_run;
\set VERBOSITY sqlstate
UPDATE osm.report_run SET content = '{}';
DELETE FROM osm.report_run;
TRUNCATE osm.report_run;
-- a change behind the guard shows
BEGIN;
ALTER TABLE osm.report_run DISABLE TRIGGER a_append_only;
UPDATE osm.report_run SET content = jsonb_set(content, '{total,late}', '0');
SELECT digest = sha256(convert_to(content::text, 'UTF8')) AS digest_holds FROM osm.report_run;
SELECT osm.upgrade();
ROLLBACK;
\set VERBOSITY default

\echo == the rating of a quarter with what it was made of
SET osm_workflow.simulated_now = '2026-04-01 00:00+03';
SELECT osm.freeze_report('rating', 'try-report', '2026-01-01', 'one') AS quarter \gset
-- roads: 3 in time of 5; 12, 18, 48, 6 and 72 hours of 24 are 1.3 on average: speed 0.2, score 2.0
-- health: 3 in time of 4; 6, 12, 18 and, still open, 564 hours are 6.25: speed 0, score 1.875
SELECT jsonb_pretty(content -> 'rating'), jsonb_pretty(content -> 'rating_inputs')
FROM osm.report_run WHERE id = :quarter;
CREATE FUNCTION pg_temp.scores(content jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', b ->> 'body', b ->> 'score', b ->> 'zone'), ', ')
    FROM jsonb_array_elements(content -> 'rating') AS b $$;
SELECT pg_temp.scores(content) AS scores, (
    SELECT string_agg(concat_ws(' ', b.code, r.score, r.zone), ', ' ORDER BY b.code)
    FROM osm.rating AS r JOIN osm.body AS b ON b.id = r.body_id
    WHERE r.authority_id = k.authority_id AND r.quarter = '2026-01-01') AS of_the_view
FROM osm.report_run AS k WHERE id = :quarter;
UPDATE osm.rating_rule SET weight = CASE part WHEN 'timeliness' THEN 1 ELSE 0 END;
SELECT pg_temp.scores(content) AS frozen,
    pg_temp.scores(osm.report('rating', 'try-report', '2026-01-01', 'one')) AS now,
    content #> '{rating_inputs,weights}' AS weights
FROM osm.report_run WHERE id = :quarter;

\echo == what is no report
SELECT osm.report('weekly', 'try-report', '2026-03-05');
SELECT osm.report('weekly', 'try-report', '2026-03-05', 'three');
SELECT osm.report('weekly', 'atlantis', '2026-03-05', 'one');
SELECT osm.report('daily', 'try-report', '2026-03-05', 'one');
SELECT osm.report(NULL, 'try-report', '2026-03-05', 'one');
SELECT osm.report('notice', 'try-report', '2026-03-05', 'one');
SELECT osm.report('weekly', 'try-report', '2026-04-06', 'one');
SELECT osm.report('weekly', 'try-report', '2019-12-28', 'one');
SELECT osm.report('weekly', 'try-report', NULL, 'one');
SELECT osm.report('weekly', 'try-report', 'infinity', 'one');
SELECT osm.freeze_report('weekly', 'try-report', '2026-04-05', 'one');

\echo == who may
CREATE ROLE regress_report_clerk;
CREATE ROLE regress_report_roads;
CREATE ROLE regress_report_other;
CREATE ROLE regress_report_reader;
CREATE ROLE regress_report_monitor;
CREATE ROLE regress_report_portal;
SELECT osm.define_authority('{"code": "one", "title": "Первая", "officials": [
        {"login": "clerk", "name": "К", "db_role": "regress_report_clerk"},
        {"login": "roads", "name": "Д", "db_role": "regress_report_roads"}]}'),
    osm.define_authority('{"code": "two", "title": "Вторая", "officials": [
        {"login": "clerk2", "name": "К", "db_role": "regress_report_other"}]}') \g /dev/null
SELECT osm.grant_access('regress_report_clerk', 'operator'),
    osm.grant_access('regress_report_roads', 'operator'),
    osm.grant_access('regress_report_other', 'operator'),
    osm.grant_access('regress_report_reader', 'reader', 'one'),
    osm.grant_access('regress_report_monitor', 'monitor'),
    osm.grant_access('regress_report_portal', 'portal') \g /dev/null
-- what each sees: all of it, their own part of it and marked as such, another authority's, nothing
CREATE FUNCTION pg_temp.seen() RETURNS TABLE (authority text, complete jsonb, arrivals jsonb,
    late jsonb, bodies text, frozen bigint, scheduled bigint) LANGUAGE sql AS $$
    SELECT r #>> '{authority,code}', r -> 'complete', r -> 'arrivals', r #> '{total,late}', (
        SELECT string_agg(b ->> 'body', ',') FROM jsonb_array_elements(r -> 'bodies') AS b),
        (SELECT count(*) FROM osm.report_run), (SELECT count(*) FROM osm.report_schedule)
    FROM osm.report('weekly', 'try-report', '2026-03-02') AS r $$;
GRANT EXECUTE ON FUNCTION pg_temp.seen() TO PUBLIC;
SET SESSION AUTHORIZATION regress_report_clerk;
SELECT * FROM pg_temp.seen();
SELECT osm.report('weekly', 'try-report', '2026-03-02', 'two');
SET SESSION AUTHORIZATION regress_report_roads;
SELECT * FROM pg_temp.seen();
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-09');
SET SESSION AUTHORIZATION regress_report_other;
SELECT * FROM pg_temp.seen();
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-09', 'one');
-- the own authority, where none is named
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-09') > 0;
SELECT content #>> '{authority,code}', content -> 'complete' FROM osm.report_run;
\set VERBOSITY sqlstate
INSERT INTO osm.report_run (authority_id) VALUES (1);
SELECT osm.write_report(1, 1, 'weekly', '[2026-03-02,2026-03-09)');
SET SESSION AUTHORIZATION regress_report_reader;
SELECT * FROM pg_temp.seen();
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-16');
SET SESSION AUTHORIZATION regress_report_monitor;
SELECT osm.report('weekly', 'try-report', '2026-03-02', 'one');
SET SESSION AUTHORIZATION regress_report_portal;
\set VERBOSITY default
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-16', 'one');
BEGIN;
SELECT osm.act_as('judge', 'one') \g /dev/null
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-16', 'one');
ROLLBACK;
BEGIN;
SELECT osm.act_as('clerk', 'one') \g /dev/null
SELECT osm.freeze_report('weekly', 'try-report', '2026-03-16', 'one') > 0;
ROLLBACK;
RESET SESSION AUTHORIZATION;
DROP OWNED BY regress_report_clerk, regress_report_roads, regress_report_other,
    regress_report_reader, regress_report_monitor, regress_report_portal;
DROP ROLE regress_report_clerk, regress_report_roads, regress_report_other,
    regress_report_reader, regress_report_monitor, regress_report_portal;

\echo == the pass: the period that ends, what was missed, never twice
-- the first and the second have frozen some by hand; a third has no message yet
SELECT osm.define_authority('{"code": "three", "title": "Третья",
    "regulations": {"try-report": {"clerk": ["desk"]}},
    "bodies": [{"code": "desk", "title": "Стол"}]}') > 0;
CREATE FUNCTION pg_temp.frozen(since bigint DEFAULT 0) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', b.code, k.duty, k.period, to_char(k.frozen_at, 'DD.MM HH24:MI'))
    FROM osm.report_run AS k JOIN osm.body AS b ON b.id = k.authority_id
    WHERE k.id > since ORDER BY k.id $$;
CREATE FUNCTION pg_temp.pass() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    p record;
    n integer := 0;
BEGIN
    LOOP
        SELECT * INTO p FROM osm.tick();
        n := n + p.reports;
        EXIT WHEN p.next_due IS NULL OR p.next_due >= osm.now();
    END LOOP;
    RETURN concat_ws(' ', n, 'frozen, next', to_char(p.next_due, 'DD.MM HH24:MI'));
END $$;
SELECT pg_temp.frozen();
SELECT authority, duty, period, to_char(ends_at, 'DD.MM HH24:MI'), last_period
FROM osm.report_schedule ORDER BY authority_id, duty;
SET osm_workflow.simulated_now = '2026-04-05 23:59:59+03';
SELECT max(id) AS last FROM osm.report_run \gset
SELECT pg_temp.pass();
SELECT pg_temp.frozen(:last);
SELECT b.code, d.duty, to_char(d.try_after, 'DD.MM HH24:MI'), d.error
FROM osm.report_delay AS d JOIN osm.body AS b ON b.id = d.authority_id ORDER BY 1, 2;
SELECT max(id) AS last FROM osm.report_run \gset
SET osm_workflow.simulated_now = '2026-04-06 00:00+03';
SELECT pg_temp.pass();
SELECT pg_temp.frozen(:last);
SELECT pg_temp.pass();
-- two weeks of standstill
SELECT max(id) AS last FROM osm.report_run \gset
SET osm_workflow.simulated_now = '2026-04-22 10:00+03';
SELECT pg_temp.pass();
SELECT pg_temp.frozen(:last);
-- and two years: no more than one back
SELECT max(id) AS last FROM osm.report_run \gset
SET osm_workflow.simulated_now = '2028-04-20 10:00+03';
SELECT pg_temp.pass();
SELECT b.code, k.duty, count(*), min(lower(k.period)), max(lower(k.period))
FROM osm.report_run AS k JOIN osm.body AS b ON b.id = k.authority_id
WHERE k.id > :last GROUP BY b.code, k.duty ORDER BY 1, 2;
SELECT count(*) = count(DISTINCT (authority_id, duty, period)) AS once,
    bool_and(digest = sha256(convert_to(content::text, 'UTF8'))) AS digests_hold
FROM osm.report_run;

\echo == a report that cannot be computed is named once and holds up nothing
SELECT max(id) AS last FROM osm.report_run \gset
SET osm_workflow.simulated_now = '2028-04-24 00:00+03';
CREATE FUNCTION pg_temp.break() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.authority_id = (SELECT id FROM osm.body WHERE code = 'one') THEN
        RAISE EXCEPTION 'no room' USING ERRCODE = '53400';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER break BEFORE INSERT ON osm.report_run FOR EACH ROW EXECUTE FUNCTION pg_temp.break();
SELECT pg_temp.pass();
SELECT pg_temp.frozen(:last);
SELECT authority, duty, period, to_char(freeze_at, 'DD.MM HH24:MI'), last_error
FROM osm.report_schedule WHERE last_error IS NOT NULL;
-- the same again is not said again
SET osm_workflow.simulated_now = '2028-04-24 00:10+03';
SELECT pg_temp.pass();
DROP TRIGGER break ON osm.report_run;
-- what somebody cancels is cancelled
CREATE FUNCTION pg_temp.cancel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'cancelled' USING ERRCODE = '57014';
END $$;
CREATE TRIGGER cancel BEFORE INSERT ON osm.report_run
    FOR EACH ROW EXECUTE FUNCTION pg_temp.cancel();
SET osm_workflow.simulated_now = '2028-04-24 00:20+03';
SELECT reports FROM osm.tick();
DROP TRIGGER cancel ON osm.report_run;
SET osm_workflow.simulated_now = '2028-04-24 00:20+03';
SELECT pg_temp.pass();
SELECT pg_temp.frozen(:last);
SELECT count(*) FILTER (WHERE error IS NOT NULL) AS errors FROM osm.report_delay;

\echo == another edition: by the day the period ends
-- from Thursday, 27 April, on a report a month instead of one a week, and the rating
SELECT osm.define_regulation(osm.regulation_document('try-report', '1')
    || '{"in_force": {"from": "2020-01-01", "to": "2028-04-26"}}') > 0;
SELECT osm.define_regulation(try.act('2', '{"from": "2028-04-27"}', '[
  {"name": "monthly", "title": "Сводка", "kind": "report", "per": "month", "responsible": "clerk",
   "clause": "п. 1"},
  {"name": "rating", "title": "Рейтинг", "kind": "report", "per": "quarter", "responsible": "clerk",
   "clause": "п. 2"}]')) > 0;
SELECT edition, duty, period, clause FROM osm.report_schedule WHERE authority = 'Первая'
ORDER BY duty;
SET osm_workflow.simulated_now = '2028-05-01 00:00+03';
SELECT max(id) AS last FROM osm.report_run \gset
SELECT pg_temp.pass();
SELECT pg_temp.frozen(:last);
SELECT osm.report('weekly', 'try-report', '2028-04-26', 'one');
SELECT osm.report('weekly', 'try-report', '2028-04-23', 'one') #>> '{report,edition}';
