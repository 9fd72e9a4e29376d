-- Clocks: started, stopped, paused, moved and judged by the steps of an act of this test's own. Its
-- terms count by the wall clock but for the ones that say otherwise, so every due instant can be
-- checked by eye. Times are those of Moscow; 2 March 2026 is a Monday, 9 March is a day off, office
-- hours are 9:00-13:00 and 14:00-18:00.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set ECHO none
SET client_min_messages = error;
SELECT osm.install_preset('ru'), osm.install_preset('around-the-clock') \g /dev/null
SELECT osm.define_regulation('{"type": "regulation", "code": "clocks", "edition": "1", "title": "К",
    "issuer": "Т",
  "act_no": "1", "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"},
      "time_zone": "Europe/Moscow",
  "calendar": "around-the-clock", "urgent_importance": ["urgent"],
  "clauses": [{"path": "1", "summary": "Всё", "answer": "L"}],
  "roles": [{"name": "clerk", "title": "Д", "scope": "authority", "may_backdate": true,
      "clause": "1"},
            {"name": "executor", "title": "И", "scope": "assignment", "clause": "1"}],
  "states": [{"name": "open", "title": "О", "kind": "initial"}, {"name": "work", "title": "Р",
      "kind": "open"},
             {"name": "done", "title": "Г", "kind": "final"}],
  "actions": [{"name": "register", "title": "р", "effect": "register"}, {"name": "route",
      "title": "н", "effect": "assign"},
              {"name": "touch", "title": "т"}, {"name": "ask", "title": "в"}, {"name": "told",
                  "title": "о"},
              {"name": "halt", "title": "х"}, {"name": "promise", "title": "п"},
              {"name": "submit", "title": "п", "effect": "submit"}, {"name": "approve",
                  "title": "с", "effect": "approve"},
              {"name": "set_term", "title": "у", "effect": "set_term"}, {"name": "finish",
                  "title": "з"}],
  "transitions": [
    {"action": "register", "to": "open", "role": ["clerk"], "clause": "1"},
    {"action": "route", "from": "open", "to": "work", "role": ["clerk"], "requires": ["bodies"],
        "clause": "1"},
    {"action": "route", "from": "work", "role": ["clerk"], "requires": ["bodies"], "clause": "1"},
    {"action": "touch", "from": "open", "role": ["clerk"], "clause": "1"},
    {"action": "touch", "from": "work", "role": ["clerk"], "clause": "1"},
    {"action": "ask", "from": "open", "role": ["clerk"], "clause": "1"},
    {"action": "ask", "from": "work", "role": ["clerk"], "clause": "1"},
    {"action": "told", "from": "open", "role": ["clerk"], "clause": "1"},
    {"action": "told", "from": "work", "role": ["clerk"], "clause": "1"},
    {"action": "halt", "from": "open", "role": ["clerk"], "clause": "1"},
    {"action": "halt", "from": "work", "role": ["clerk"], "clause": "1"},
    {"action": "promise", "from": "open", "role": ["clerk"], "clause": "1"},
    {"action": "set_term", "from": "open", "role": ["clerk"], "clause": "1"},
    {"action": "submit", "from": "work", "role": ["executor"], "clause": "1"},
    {"action": "approve", "from": "work", "role": ["clerk"], "clause": "1"},
    {"action": "finish", "from": "open", "to": "done", "role": ["clerk"], "clause": "1"},
    {"action": "finish", "from": "work", "to": "done", "role": ["clerk"], "clause": "1"}],
  "clocks": [
    {"name": "answer", "title": "О", "starts_on": ["register"], "stops_on": ["finish"],
        "cancels_on": ["halt"],
     "pauses_on": ["ask"], "resumes_on": ["told"], "term": "24 hours", "urgent_term": "6 hours",
         "outer_term": true,
     "responsible": "executor", "warn_before": ["4 hours", "1 hour"], "clause": "1"},
    {"name": "draft", "title": "П", "starts_on": ["route"], "stops_on": ["submit"],
        "anchor": "answer",
     "term": "3 hours", "responsible": "executor", "clause": "1"},
    {"name": "days", "title": "Д", "starts_on": ["register"], "stops_on": ["finish"],
        "pauses_on": ["ask"],
     "resumes_on": ["told"], "term": "7 days", "calendar": "ru", "responsible": "clerk",
         "clause": "1"},
    {"name": "hours", "title": "Ч", "starts_on": ["register"], "stops_on": ["finish"],
        "pauses_on": ["ask"],
     "resumes_on": ["told"], "term": "9 hours", "calendar": "ru", "responsible": "clerk",
         "clause": "1"},
    {"name": "route", "title": "Н", "starts_on": ["register", "told"], "stops_on": ["route",
        "touch"],
     "term": "30 minutes", "urgent_factor": 0.5, "responsible": "clerk", "clause": "1"},
    {"name": "advice", "title": "С", "starts_on": ["register"], "stops_on": ["touch"],
        "term": "30 minutes",
     "binding": false, "outer_term": true, "responsible": "clerk", "clause": "1"},
    {"name": "may", "title": "М", "starts_on": ["register"], "stops_on": ["touch"],
        "cancels_on": ["finish"],
     "term": "30 minutes", "armed": "on_use", "responsible": "clerk", "clause": "1"},
    {"name": "promised", "title": "Об", "starts_on": ["promise"], "stops_on": ["finish"],
        "due_from": "promised_until",
     "term": "2 days", "calendar": "ru", "responsible": "clerk", "clause": "1"},
    {"name": "from_letter", "title": "ОтП", "starts_on": ["promise"], "stops_on": ["finish"],
        "counts_from": "letter",
     "term": "2 days", "calendar": "ru", "applies_when": {"letter": ["*"]}, "responsible": "clerk",
         "clause": "1"},
    {"name": "from_post", "title": "ОтС", "starts_on": ["promise"], "stops_on": ["finish"],
        "counts_from": "published_at",
     "term": "48 hours", "responsible": "clerk", "clause": "1"},
    {"name": "share", "title": "Доля", "starts_on": ["route"], "stops_on": ["submit"],
        "scope": "assignment",
     "term": "2 hours", "responsible": "executor", "clause": "1"},
    {"name": "one", "title": "Один", "starts_on": ["promise"], "stops_on": ["route/one"],
        "cancels_on": ["route/several"],
     "term": "30 minutes", "responsible": "clerk", "clause": "1"},
    {"name": "review", "title": "Реп", "starts_on": ["submit"], "stops_on": ["approve"],
        "scope": "reply",
     "term": "1 hour", "responsible": "clerk", "clause": "1"}]}') \g /dev/null
SELECT osm.define_authority('{"code": "town", "title": "Город",
    "regulations": {"clocks": {"executor": ["roads", "parks"]}},
    "bodies": [{"code": "hall", "title": "Управа"}, {"code": "roads", "title": "Дороги"},
        {"code": "parks", "title": "Парки"}],
    "officials": [
        {"login": "clerk", "name": "Д", "appointments": [{"body": "hall", "role": "clerk"}]},
        {"login": "roads", "name": "И", "appointments": [{"body": "roads", "role": "executor"}]},
        {"login": "parks", "name": "П", "appointments": [{"body": "parks",
            "role": "executor"}]}]}') \g /dev/null
CREATE SCHEMA try;
CREATE FUNCTION try.at(t text) RETURNS void LANGUAGE sql AS
    $$ SELECT set_config('osm_workflow.simulated_now', '2026-03-' || t || '+03', false) $$;
CREATE FUNCTION try.new(t text, message jsonb DEFAULT '{}') RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM try.at(t), osm.act_as('clerk');
    RETURN osm.register('clocks', '{"channel": "vk"}'::jsonb || message);
END $$;
CREATE FUNCTION try.step(incident bigint, t text, action text, details jsonb DEFAULT '{}',
    login text DEFAULT 'clerk')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result osm.step;
BEGIN
    PERFORM try.at(t), osm.act_as(login);
    result := osm.perform(incident, action, details);
    RETURN concat_ws(' ', result.state, result.clock, to_char(timezone('Europe/Moscow',
        result.due_at), 'DD.MM HH24:MI'));
EXCEPTION WHEN OTHERS THEN
    RETURN concat(SQLSTATE, ' ', SQLERRM);
END $$;
CREATE FUNCTION try.tick(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    PERFORM try.at(t);
    SELECT * INTO r FROM osm.tick();
    RETURN concat_ws(' ', r.breaches, 'breaches', r.warnings, 'warnings, next',
                     to_char(timezone('Europe/Moscow', r.next_due), 'DD.MM HH24:MI'));
END $$;
CREATE FUNCTION try.clock(incident bigint, VARIADIC rules text[]) RETURNS SETOF text
    LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.name, c.cycle_no, c.state, 'due', to_char(timezone('Europe/Moscow',
        c.due_at), 'DD.MM HH24:MI'),
        'stopped ' || to_char(timezone('Europe/Moscow', c.stopped_at), 'DD.MM HH24:MI'),
            'used ' || nullif(c.used::text, '00:00:00'),
        CASE WHEN NOT c.binding THEN 'advisory' END,
            CASE WHEN c.flagged_at IS NOT NULL THEN 'flagged' END, 'by ' || b.code,
        CASE WHEN c.provisional THEN 'provisional' END)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id LEFT
        JOIN osm.body AS b ON b.id = c.body_id
    WHERE c.incident_id = incident AND r.name = ANY (rules) ORDER BY r.position, c.id
$$;
CREATE FUNCTION try.overdue(i bigint) RETURNS text LANGUAGE sql AS $$
    SELECT to_char(timezone('Europe/Moscow', overdue_since), 'DD.MM HH24:MI') FROM osm.incident
        WHERE id = i
$$;
\set ECHO all

\echo
\echo == start: 24 wall hours; 7 working days after today; 9 working hours; half an hour
-- days: 3, 4, 5, 6, 10, 11, 12 March (7-9 March are days off): the end of 12 March is 18:00
-- hours: 10-13, 14-18 is 7 hours, the other two from 9:00 on Tuesday
SELECT try.new('02 10:00') AS i \gset
SELECT try.clock(:i, 'answer', 'days', 'hours', 'route', 'advice', 'may');

\echo
\echo == stop: equal is in time, a microsecond later is not, whoever looked or did not
SELECT try.step(:i, '02 10:30', 'touch');
SELECT try.clock(:i, 'route', 'advice', 'may');
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 10:30:00.000001', 'touch');
SELECT try.clock(:i, 'route', 'advice', 'may');
SELECT try.overdue(:i);
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '03 10:00', 'finish');
SELECT try.clock(:i, 'answer');
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '03 10:01', 'finish');
SELECT try.clock(:i, 'answer', 'may'), try.overdue(:i);

\echo
\echo == cancel: no verdict; a final state cancels what is left; what is late by then was missed
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 11:00', 'halt');
SELECT try.clock(:i, 'answer');
SELECT try.step(:i, '05 11:00', 'finish');
SELECT try.clock(:i, 'answer', 'days', 'hours', 'route', 'advice', 'may');
SELECT try.overdue(:i);
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '03 10:01', 'halt');
SELECT try.clock(:i, 'answer'), try.overdue(:i);
SELECT c ->> 'change', c ->> 'verdict' FROM osm.event,
    jsonb_array_elements(details -> 'clocks') AS c
WHERE incident_id = :i AND action = 'halt' AND c ->> 'rule' = 'answer';
SELECT try.step(:i, '05 11:00', 'finish');
SELECT try.clock(:i, 'answer'), try.overdue(:i);
-- the same action of another kind, for which the act has another term: none was breached
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 11:00', 'promise');
SELECT try.tick('02 11:31') ~ '^[1-9]' AS some;
SELECT try.clock(:i, 'one');
SELECT try.step(:i, '02 12:00', 'route', '{"bodies": ["roads", "parks"]}');
SELECT try.clock(:i, 'one');
-- flagged, then cancelled by a step that is recorded late
SELECT try.new('02 10:00') AS i \gset
SELECT try.tick('03 10:01') ~ '^[1-9]' AS some;
SELECT try.step(:i, '03 11:00', 'halt', '{"occurred_at": "2026-03-03 09:00+03",
    "backdate_reason": "сбой"}');
SELECT try.clock(:i, 'answer'), try.overdue(:i);

\echo
\echo == pause and resume: the rest of the hours, the working days of the pause
-- asked Monday 12:00 (2 wall hours and 2 working hours used), told Wednesday 10:00
-- answer: 22 hours from Wednesday 10:00; hours: 7 hours from Wednesday 10:00 = 18:00; days: two
-- working days later
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 10:05', 'route', '{"bodies": ["roads"]}');
SELECT try.clock(:i, 'draft');
SELECT try.step(:i, '02 12:00', 'ask');
SELECT try.clock(:i, 'answer', 'draft', 'days', 'hours');
SELECT try.tick('04 09:59');
SELECT try.clock(:i, 'answer'), try.overdue(:i);
SELECT try.step(:i, '04 10:00', 'told');
SELECT try.clock(:i, 'answer', 'draft', 'days', 'hours', 'route');
SELECT string_agg(concat_ws(' ', s.seq, s.kind, timezone('Europe/Moscow', lower(s.span)),
    timezone('Europe/Moscow', upper(s.span)),
    b.code), '; ' ORDER BY s.seq)
FROM osm.clock_segment AS s JOIN osm.clock AS c ON c.id = s.clock_id
    JOIN osm.clock_rule AS r ON r.id = c.rule_id
LEFT JOIN osm.body AS b ON b.id = s.body_id WHERE c.incident_id = :i AND r.name = 'answer';
SELECT try.step(:i, '05 08:00', 'finish');
SELECT try.clock(:i, 'answer');
-- stopped while it stands still: judged by when the pause began
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '03 10:00', 'ask');
SELECT try.step(:i, '09 10:00', 'finish');
SELECT try.clock(:i, 'answer'), try.overdue(:i);
-- paused too late: a breach, before and without any pass
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '03 10:01', 'ask');
SELECT try.clock(:i, 'answer'), try.overdue(:i);
SELECT try.step(:i, '05 10:00', 'told');
SELECT try.clock(:i, 'answer'), try.overdue(:i);

\echo
\echo == anchor: 3 hours before the answer; no time at all is advice; follows the anchor
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '03 07:00', 'route', '{"bodies": ["roads"]}');
SELECT try.clock(:i, 'draft', 'share');
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 11:00', 'halt');
SELECT try.step(:i, '02 12:00', 'route', '{"bodies": ["roads"]}');
SELECT try.clock(:i, 'draft');

\echo
\echo == urgent: a term of its own, or a share
SELECT try.new('02 10:00', '{"importance": "urgent"}') AS i \gset
SELECT try.clock(:i, 'answer', 'route');

\echo
\echo == a promised date, a named date to count from
-- 4 March promised: its end; a moment promised: the moment; none: 2 working days, 3 and 4 March,
-- 18:00
SELECT try.new('02 10:00') AS a \gset
SELECT try.step(:a, '02 11:00', 'promise', '{"promised_until": "2026-03-04"}');
SELECT try.new('02 10:00') AS b \gset
SELECT try.step(:b, '02 11:00', 'promise', '{"promised_until": "2026-03-04 15:00+03"}');
SELECT try.new('02 10:00') AS c \gset
SELECT try.step(:c, '02 11:00', 'promise');
SELECT try.clock(:a, 'promised'), try.clock(:b, 'promised'), try.clock(:c, 'promised');
-- counted from Friday 27 February: Monday and Tuesday; from the post: 48 hours
SELECT try.new('02 10:00', '{"published_at": "2026-03-01 20:00+03"}') AS i \gset
SELECT try.step(:i, '02 11:00', 'promise', '{"letter": "2026-02-27"}');
SELECT try.clock(:i, 'from_letter', 'from_post');
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 11:00', 'promise', '{"letter": "2026-02-27 17:59+03"}');
SELECT try.clock(:i, 'from_letter', 'from_post');
-- further than the calendar is known: provisional
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 11:00', 'promise', '{"letter": "2031-03-03"}');
SELECT r.name, c.provisional, timezone('Europe/Moscow', c.due_at) FROM osm.clock AS c
    JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :i AND r.name = 'from_letter';

\echo
\echo == a term set by hand; the anchored one follows; a breach undone can come again
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 11:00', 'set_term', '{"clock": "answer"}');
SELECT try.step(:i, '02 11:00', 'set_term', '{"clock": "nothing",
    "due_at": "2026-03-05 10:00+03"}');
SELECT try.step(:i, '02 11:00', 'set_term', '{"clock": "answer", "due_at": "2026-03-01 10:00+03"}');
SELECT try.step(:i, '02 11:00', 'set_term', '{"clock": "answer", "due_at": "infinity"}');
SELECT try.tick('03 10:01') ~ '^[1-9]' AS some;
SELECT try.clock(:i, 'answer'), try.overdue(:i);
SELECT try.step(:i, '03 11:00', 'set_term', '{"clock": "answer", "due_at": "2026-03-05 10:00+03"}');
SELECT try.clock(:i, 'answer'), try.overdue(:i);
SELECT try.step(:i, '03 11:30', 'route', '{"bodies": ["roads"]}');
SELECT try.clock(:i, 'draft');
SELECT try.tick('05 10:01') ~ '^[1-9]' AS some;
SELECT try.clock(:i, 'answer'), try.overdue(:i);
SELECT details -> 'clocks' -> 0 ->> 'old_due_at' AS old,
    details -> 'clocks' -> 0 ->> 'due_at' AS new
FROM osm.event WHERE incident_id = :i AND action = 'set_term';

\echo
\echo == who answers: the holder at the due instant; a share per body; a review per draft
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 10:10', 'route', '{"bodies": ["roads"]}');
SELECT try.clock(:i, 'answer', 'draft', 'share');
SELECT try.step(:i, '02 11:00', 'route', '{"bodies": ["parks"]}');
SELECT try.clock(:i, 'answer', 'draft', 'share');
SELECT try.step(:i, '03 10:01', 'route', '{"bodies": ["roads"]}');
SELECT try.clock(:i, 'answer');
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 10:10', 'route', '{"bodies": ["parks", "roads"], "lead": "roads"}');
SELECT try.clock(:i, 'share');
SELECT try.step(:i, '02 10:20', 'submit', '{"text": "а"}', 'roads');
SELECT try.step(:i, '02 10:40', 'submit', '{"text": "б"}', 'roads');
SELECT try.clock(:i, 'review');
SELECT try.step(:i, '02 11:30', 'approve');
SELECT try.clock(:i, 'review');

\echo
\echo == a repeated step is a new run; a running one goes on
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 10:10', 'told');
SELECT try.step(:i, '02 10:20', 'touch');
SELECT try.step(:i, '02 10:30', 'told');
SELECT try.clock(:i, 'route');

\echo
\echo == the pass: breaches dated by their due instant, warnings once each, nothing twice
UPDATE osm.clock SET flagged_at = now(), warn_at = NULL WHERE state = 'running';
SELECT try.new('02 10:00') AS i \gset
SELECT try.step(:i, '02 10:10', 'route', '{"bodies": ["roads"]}');
SELECT try.tick('02 10:10');
SELECT try.tick('03 06:00');
SELECT try.tick('03 06:00');
SELECT try.tick('03 10:00');
SELECT try.tick('03 10:00:00.000001');
SELECT try.tick('03 10:00:00.000001');
SELECT try.tick('20 10:00');
SELECT try.clock(:i, 'answer', 'draft', 'may', 'advice'), try.overdue(:i);
SELECT n.kind, r.name, o.login, to_char(timezone('Europe/Moscow', n.deliver_after),
    'DD.MM HH24:MI') AS after
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
    JOIN osm.clock AS c ON c.id = n.clock_id
JOIN osm.clock_rule AS r ON r.id = c.rule_id WHERE n.incident_id = :i ORDER BY n.id;

\echo
\echo == a breach that a step finds before any pass is what a pass would have made of it
CREATE VIEW try.breach AS
SELECT c.incident_id, r.name, c.state, c.flagged_at IS NOT NULL AS flagged, i.overdue_since,
    ARRAY(SELECT concat_ws(' ', o.login, n.subject = concat(r.title, ': ', i.id), n.data ->> 'rule',
                           (n.data ->> 'due_at')::timestamptz = c.due_at, n.about_at = c.due_at)
          FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
          WHERE n.clock_id = c.id AND n.kind = 'breach' ORDER BY 1) AS told
FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
JOIN osm.incident AS i ON i.id = c.incident_id;
-- the same steps: with a pass before each of them, and with none
SELECT try.new('02 10:00') AS pass \gset
SELECT try.tick('02 10:31') ~ '^[1-9]' AS some;
SELECT try.step(:pass, '02 10:40', 'route', '{"bodies": ["roads"]}');
SELECT try.step(:pass, '02 10:45', 'touch');
SELECT try.tick('03 10:01') ~ '^[1-9]' AS some;
SELECT try.step(:pass, '03 10:02', 'ask');
SELECT try.step(:pass, '03 10:03', 'finish');
SELECT try.new('02 10:00') AS none \gset
SELECT try.step(:none, '02 10:40', 'route', '{"bodies": ["roads"]}');
SELECT try.step(:none, '02 10:45', 'touch');
SELECT try.step(:none, '03 10:02', 'ask');
SELECT try.step(:none, '03 10:03', 'finish');
SELECT name, state, flagged, overdue_since, told FROM try.breach WHERE incident_id = :none
AND flagged ORDER BY name;
SELECT name, state, flagged, overdue_since, told FROM try.breach WHERE incident_id = :pass
EXCEPT SELECT name, state, flagged, overdue_since, told FROM try.breach WHERE incident_id = :none;
-- and a pass that comes later adds nothing
SELECT count(*) AS told FROM osm.notification \gset
SELECT try.tick('03 10:03') ~ '^[0-9]' AS ran;
SELECT count(*) - :told AS told_again FROM osm.notification WHERE incident_id <= :none;

\echo
\echo == recorded late, done in time: met, whatever was flagged meanwhile
SELECT try.new('02 10:00') AS i \gset
SELECT try.tick('03 12:00') ~ '^[1-9]' AS some;
SELECT try.overdue(:i);
SELECT try.step(:i, '03 12:30', 'finish', '{"occurred_at": "2026-03-03 09:00+03",
    "backdate_reason": "сбой"}');
SELECT try.clock(:i, 'answer'), try.overdue(:i);
SELECT count(*) AS broken_chains FROM osm.verify_chains();
SELECT count(*) AS segments_that_overlap FROM osm.clock_segment AS a JOIN osm.clock_segment AS b
ON b.clock_id = a.clock_id AND b.seq > a.seq AND b.span && a.span;
