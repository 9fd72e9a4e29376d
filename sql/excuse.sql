-- An excuse is a reason beside a breach, which stays: who may give it, for what, what it leaves in
-- the chain of evidence, and both rates in the reports. All terms count by the wall clock.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set ECHO none
SET client_min_messages = error;
SET timezone = 'Europe/Moscow';
SELECT osm.install_preset('around-the-clock') \g /dev/null
SELECT osm.define_regulation('{"code": "excuses", "edition": "1", "title": "П", "issuer": "И",
  "act_no": "1", "act_date": "2025-12-01", "in_force": {"from": "2026-01-01"},
  "time_zone": "Europe/Moscow", "calendar": "around-the-clock",
  "clauses": [{"path": "1", "summary": "Всё", "answer": "B/L"}],
  "roles": [{"name": "clerk", "title": "К", "scope": "authority", "may_backdate": true,
             "clause": "1"},
            {"name": "head", "title": "Г", "scope": "authority", "clause": "1"},
            {"name": "executor", "title": "И", "scope": "assignment", "clause": "1"}],
  "states": [{"name": "new", "title": "Н", "kind": "initial"},
             {"name": "work", "title": "Р", "kind": "open"},
             {"name": "done", "title": "З", "kind": "final"}],
  "actions": [{"name": "register", "title": "р", "effect": "register"},
              {"name": "route", "title": "н", "effect": "assign"}, {"name": "ask", "title": "в"},
              {"name": "hear", "title": "с"},
              {"name": "set_term", "title": "у", "effect": "set_term"},
              {"name": "answer", "title": "о", "effect": "publish"},
              {"name": "lapse", "title": "и"}],
  "transitions": [
    {"action": "register", "to": "new", "role": ["clerk"], "clause": "1"},
    {"action": "route", "from": "new", "to": "work", "role": ["clerk"], "requires": ["bodies"],
     "clause": "1"},
    {"action": "ask", "from": "work", "role": ["executor"], "clause": "1"},
    {"action": "hear", "from": "work", "role": ["executor"], "clause": "1"},
    {"action": "set_term", "from": "work", "role": ["head"], "clause": "1"},
    {"action": "lapse", "from": "work", "to": "done", "role": ["clerk"], "clause": "1"},
    {"action": "answer", "from": "work", "to": "done", "role": ["executor"], "clause": "1"}],
  "clocks": [
    {"name": "answer", "title": "Ответ", "starts_on": ["register"], "stops_on": ["answer"],
     "pauses_on": ["ask"], "resumes_on": ["hear"], "term": "9 hours",
     "outer_term": true, "responsible": "executor",
     "clause": "1"},
    {"name": "route", "title": "Поручение", "starts_on": ["register"], "stops_on": ["route"],
     "term": "30 minutes", "responsible": "clerk", "clause": "1"},
    {"name": "may", "title": "Можно", "starts_on": ["register"], "stops_on": ["answer"],
     "armed": "on_use", "term": "1 hour", "responsible": "executor", "clause": "1"},
    {"name": "silence", "title": "Молчание", "starts_on": ["register"],
     "stops_on": ["answer"], "on_due": "lapse",
     "term": "900 hours", "responsible": "clerk", "clause": "1"}]}') \g /dev/null
SELECT osm.define_authority(format('{"code": "%s", "title": "Город",
    "regulations": {"excuses": {"executor": ["roads"]}},
    "bodies": [{"code": "hall", "title": "Управа"}, {"code": "roads", "title": "Дороги"}],
    "officials": [
      {"login": "%1$s-clerk", "name": "Клерк", "appointments": [
        {"body": "hall", "role": "clerk"}]},
      {"login": "%1$s-head", "name": "Глава", "appointments": [{"body": "hall", "role": "head"}]},
      {"login": "%1$s-roads", "name": "Дорожник", "appointments": [
        {"body": "roads", "role": "executor"}]},
      {"login": "%1$s-both", "name": "Оба", "appointments": [{"body": "hall", "role": "head"},
        {"body": "roads", "role": "executor"}]},
      {"login": "%1$s-deputy", "name": "Зам"}],
    "substitutions": [{"principal": "%1$s-head", "deputy": "%1$s-deputy", "from": "2026-03-01",
        "to": "2026-03-30"}]}', code)::jsonb)
FROM unnest('{town,other}'::text[]) AS code \g /dev/null
CREATE SCHEMA try;
CREATE FUNCTION try.at(t text, login text) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('osm_workflow.simulated_now', '2026-03-' || t || '+03', false),
        osm.act_as(login)
$$;
-- an incident registered and routed at once, answered when that is given
CREATE FUNCTION try.new(t text, answered text DEFAULT NULL, town text DEFAULT 'town')
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    i bigint;
BEGIN
    PERFORM try.at(t, town || '-clerk');
    i := osm.register('excuses', '{"channel": "vk"}');
    PERFORM osm.route(i, '{roads}');
    IF answered IS NOT NULL THEN
        PERFORM try.at(answered, town || '-roads');
        PERFORM osm.perform(i, 'answer', '{"text": ".", "channel": "vk"}');
    END IF;
    RETURN i;
END $$;
CREATE FUNCTION try.clock(incident bigint, rule text) RETURNS bigint LANGUAGE sql AS $$
    SELECT c.id FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    WHERE c.incident_id = incident AND r.name = rule
$$;
CREATE FUNCTION try.excuse(t text, login text, clock bigint, reason text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    result osm.step;
    about text;
    advice text;
BEGIN
    PERFORM try.at(t, login);
    result := osm.excuse(clock, reason);
    RETURN concat_ws(' ', result.incident, result.event, result.state, result.clock,
                     to_char(result.due_at, 'DD.MM HH24:MI'));
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', concat(SQLSTATE, ' ', SQLERRM), about, advice);
END $$;
CREATE FUNCTION try.shown(incident bigint, rule text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws('|', c.state, CASE WHEN c.flagged_at IS NOT NULL THEN 'flagged' END, c.excuse,
        c.excused_seq, 'overdue ' || to_char(i.overdue_since, 'DD.MM HH24:MI'),
        (SELECT string_agg(o.login, ',' ORDER BY o.login) FROM osm.notification AS n
         JOIN osm.official AS o ON o.id = n.recipient_id WHERE n.clock_id = c.id))
    FROM osm.clock AS c JOIN osm.incident AS i ON i.id = c.incident_id
    WHERE c.id = try.clock(incident, rule)
$$;
\set ECHO all

\echo
\echo == a missed term is excused; the breach stays, and nobody excuses it again
SELECT try.new('02 10:00', '02 20:00') AS late \gset
SELECT try.excuse('03 09:00', 'town-head', try.clock(:late, 'answer'), 'сеть не работала');
SELECT try.shown(:late, 'answer');
SELECT e.seq, e.action, o.login, e.acting_for_id, e.from_state, e.to_state, e.occurred_at, e.clause,
    e.details - 'clocks' = jsonb_build_object('clock', try.clock(:late, 'answer'),
        'rule', 'answer', 'reason', 'сеть не работала') AS says,
    e.details -> 'clocks' -> 0 ->> 'change'
FROM osm.event AS e JOIN osm.official AS o ON o.id = e.actor_id
WHERE e.incident_id = :late ORDER BY e.seq DESC LIMIT 1;
SELECT osm.verify_chain(:late) IS NULL AS intact;
SELECT try.excuse('03 09:01', 'town-head', try.clock(:late, 'answer'), 'и ещё раз');
SELECT state, action, finished_at, occurred_at FROM osm.incident WHERE id = :late;

\echo
\echo == what has run out is excused before it is kept and before any pass; a pass adds nothing
SELECT try.new('02 10:00') AS open \gset
SELECT try.excuse('02 19:00', 'town-head', try.clock(:open, 'answer'), 'рано');
SELECT try.excuse('02 19:00:00.000001', 'town-head', try.clock(:open, 'answer'), 'вышка');
SELECT try.shown(:open, 'answer');
SELECT breaches FROM osm.tick();
SELECT try.shown(:open, 'answer');
-- kept at last: missed, and excused as it was; a pause changes nothing either
SELECT try.at('02 20:00', 'town-roads'), osm.perform(:open, 'ask') \g /dev/null
SELECT try.shown(:open, 'answer');
SELECT try.at('02 21:00', 'town-roads'),
    osm.perform(:open, 'answer', '{"text": ".", "channel": "vk"}') \g /dev/null
SELECT try.shown(:open, 'answer');
-- paused too late, and nobody has looked
SELECT try.new('02 10:00') AS paused \gset
SELECT try.at('02 20:00', 'town-roads'), osm.perform(:paused, 'ask') \g /dev/null
SELECT try.excuse('02 21:00', 'town-head', try.clock(:paused, 'answer'), 'авария');

\echo
\echo == a breach undone takes its excuse with it: the next one is another
SELECT try.new('02 10:00') AS moved \gset
SELECT try.excuse('02 20:00', 'town-head', try.clock(:moved, 'answer'), 'авария');
SELECT try.at('02 20:10', 'town-head'),
    osm.set_term(:moved, 'answer', '2026-03-02 22:00+03') \g /dev/null
SELECT try.shown(:moved, 'answer');
SELECT try.excuse('02 21:00', 'town-head', try.clock(:moved, 'answer'), 'авария');
SELECT try.excuse('02 22:01', 'town-head', try.clock(:moved, 'answer'), 'снова авария');
SELECT try.shown(:moved, 'answer');
SELECT osm.verify_chain(:moved) IS NULL AS intact;

\echo
\echo == what cannot be excused
SELECT try.excuse('03 10:00', 'town-head', 0, 'нет такого');
SELECT try.excuse('03 10:00', 'town-head', NULL, 'никакого');
SELECT try.excuse('03 10:00', 'town-head', try.clock(:late, 'answer'), NULL);
SELECT try.excuse('03 10:00', 'town-head', try.clock(:late, 'answer'), E' \t\n');
SELECT try.new('02 10:00', '02 12:00') AS kept \gset
SELECT split_part(try.excuse('03 10:00', 'town-head', try.clock(:kept, rule), '?'), E'\n', 2)
    ~ says AS refused
FROM (VALUES ('answer', '"answer" \(1\): met, due at'), ('silence', '"silence" \(1\): met, due'))
    AS v (rule, says);
SELECT try.excuse('03 10:00', 'town-head', try.clock(:kept, 'may'), 'использован поздно') ~ 'done';
-- neither a term armed on use nor one at whose end a step is taken
SELECT try.new('02 10:00') AS running \gset
SELECT left(try.excuse('30 10:00', 'town-head', try.clock(:running, 'may'), '?'), 5);
SELECT left(try.excuse('30 10:00', 'other-head', try.clock(:running, 'silence'), '?'), 5),
    left(try.excuse('30 10:00', 'town-head', try.clock(:running, 'silence'), '?'), 5);

\echo
\echo == who cannot: nobody, whoever answers for the term, the role of a body, another authority
SELECT try.excuse('03 10:00', '', try.clock(:running, 'answer'), '?');
SELECT try.excuse('03 10:00', 'town-roads', try.clock(:running, 'answer'), '?');
SELECT try.excuse('03 10:00', 'town-both', try.clock(:running, 'answer'), '?');
-- nor once it is missed
SELECT left(try.excuse('03 10:00', 'town-both', try.clock(:late, 'answer'), '?'), 5);
SELECT try.excuse('03 10:00', 'other-head', try.clock(:running, 'answer'), '?');
SELECT osm.register('excuses', '{"channel": "vk"}') AS unrouted
FROM try.at('02 10:00', 'town-clerk') \gset
SELECT try.excuse('02 11:00', 'town-clerk', try.clock(:unrouted, 'route'), '?');
SELECT try.excuse('02 11:00', 'town-roads', try.clock(:unrouted, 'route'), '?');
SELECT count(*) FROM osm.clock WHERE excuse = '?';
-- the deputy acts for the principal, while it lasts
SELECT left(try.excuse('31 11:00', 'town-deputy', try.clock(:unrouted, 'route'), '?'), 5);
SELECT try.excuse('30 11:00', 'town-deputy', try.clock(:unrouted, 'route'), 'болезнь') ~ 'new';
SELECT d.login, p.login FROM osm.event AS e JOIN osm.official AS d ON d.id = e.actor_id
JOIN osm.official AS p ON p.id = e.acting_for_id WHERE e.incident_id = :unrouted;
-- through a portal: what one does not see does not exist; a reader excuses nothing
CREATE ROLE regress_portal LOGIN;
CREATE ROLE regress_reader LOGIN;
SELECT osm.grant_access('regress_portal', 'portal'), osm.grant_access('regress_reader', 'reader');
GRANT USAGE ON SCHEMA try TO regress_portal;
SELECT try.clock(:running, 'answer') AS clock \gset
SELECT try.new('02 10:00', NULL, 'other') AS foreign \gset
SELECT try.clock(:foreign, 'answer') AS theirs \gset
SET osm_workflow.simulated_now = '2026-03-03 10:00+03';
SET ROLE regress_reader;
SELECT osm.excuse(:clock, '?');
SET ROLE regress_portal;
BEGIN;
SELECT osm.act_as('town-clerk');
SELECT event FROM osm.excuse(:clock, 'через портал');
SELECT osm.excuse(:theirs, '?');
ROLLBACK;
UPDATE osm.clock SET excuse = '?' WHERE id = :clock;
RESET ROLE;

\echo
\echo == both rates
SELECT try.new('05 10:00', '05 11:00'), try.new('05 10:00', '05 11:00') \g /dev/null
SELECT try.new('05 10:00', '05 23:00') \g /dev/null
SET osm_workflow.simulated_now = '2026-03-06 10:00+03';
SELECT count(*) FILTER (WHERE in_time) AS in_time, count(*) FILTER (WHERE NOT in_time) AS late,
    count(*) FILTER (WHERE NOT in_time AND excused) AS excused
FROM osm.timeliness WHERE counts_as = 'answer' AND authority = 'Город' AND body = 'Дороги'
GROUP BY authority_id ORDER BY 1 DESC;
SELECT in_time, late, late_excused, in_time_percent, in_time_percent_excused
FROM osm.body_scorecard ORDER BY due DESC;
SELECT answers_due, answers_in_time, answers_excused, timeliness, timeliness_excused
FROM osm.rating ORDER BY answers_due DESC;
-- where everything late is excused and nothing was in time there is no second rate
SELECT try.excuse('06 10:00', 'other-head', :theirs, 'авария') ~ 'work';
SELECT in_time, late, late_excused, in_time_percent, in_time_percent_excused
FROM osm.body_scorecard WHERE due = 1;
SELECT incident_id = :paused, clock_state, late_hours, excused FROM osm.overdue
WHERE rule = 'answer' AND incident_id IN (:paused, :running) ORDER BY 1 DESC;
SELECT verdict, late_hours, used_hours, excuse FROM osm.timeliness
WHERE incident_id = :paused AND rule = 'answer';

\echo
\echo == told wherever the term is told
SELECT line, what, begins, used, note FROM osm.explain_clock(try.clock(:late, 'answer'))
WHERE what IN ('due', 'missed', 'excused');
SELECT what, begins, note FROM osm.explain_clock(try.clock(:moved, 'answer'), 'en')
WHERE what IN ('changed', 'due', 'excused');
SELECT seq, who, action, clocks FROM osm.incident_story(:late) ORDER BY seq DESC LIMIT 1;
SELECT action, clocks FROM osm.incident_story(:late, 'en') ORDER BY seq DESC LIMIT 1;
SELECT was, would_be, excuse FROM osm.simulate('excuses', '2026-03-01', '2026-04-01')
WHERE incident = :late AND rule = 'answer';
SELECT count(*) AS broken FROM osm.verify_chains();

\echo
\echo == nor is it excused from another office by who held the role when the term ended
SELECT try.new('09 10:00') AS own \gset
SELECT try.new('09 18:00') AS later \gset
UPDATE osm.appointment AS a SET during = daterange(lower(a.during), '2026-03-10')
FROM osm.official AS o WHERE o.id = a.official_id AND o.login = 'town-roads';
INSERT INTO osm.appointment (authority_id, official_id, body_id, role, during)
SELECT o.authority_id, o.id, b.id, 'head', daterange('2026-03-10', NULL)
FROM osm.official AS o JOIN osm.body AS b ON b.authority_id = o.authority_id AND b.code = 'hall'
WHERE o.login = 'town-roads';
SELECT try.excuse('11 10:00', 'town-roads', try.clock(:own, 'answer'), 'сам себе');
SELECT try.excuse('11 10:00', 'town-roads', try.clock(:later, 'answer'), 'уже не его');

\echo
\echo == where the triggers are silent nothing is excused, and it is said
SELECT try.new('12 10:00') AS silent \gset
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT try.excuse('13 18:00', 'town-head', try.clock(:silent, 'answer'), 'без следа');
COMMIT;
SELECT try.shown(:silent, 'answer');
DROP OWNED BY regress_portal, regress_reader;
DROP ROLE regress_portal, regress_reader;
