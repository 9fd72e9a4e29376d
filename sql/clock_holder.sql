-- Who had a term when, and who answers for it: the stretches of a clock end where the incident
-- changes hands, whether it runs or stands still, and change nothing of how it is counted; the
-- official is named where one person alone holds the role.
\pset format unaligned
\pset footer off
\pset null '-'
SET timezone = 'Europe/Moscow';
SELECT osm.install_preset('ru') \g /dev/null
SELECT osm.define_calendar('counted', '{"parent": "ru", "title": "C"}') \g /dev/null
SELECT osm.define_regulation('{"code": "held", "edition": "1", "title": "O", "issuer": "I",
    "act_no": "1", "act_date": "2025-12-01", "in_force": {"from": "2026-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "counted",
    "clauses": [{"path": "1", "summary": "Nine hours.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "C", "scope": "authority", "clause": "1"},
              {"name": "head", "title": "H", "scope": "authority", "clause": "1"},
              {"name": "hand", "title": "E", "scope": "assignment", "clause": "1"}],
    "states": [{"name": "new", "title": "N", "kind": "initial"},
               {"name": "work", "title": "W", "kind": "open"},
               {"name": "done", "title": "D", "kind": "final"}],
    "actions": [{"name": "register", "title": "R", "effect": "register"},
                {"name": "route", "title": "T", "effect": "assign"},
                {"name": "back", "title": "B", "effect": "release"},
                {"name": "ask", "title": "A"}, {"name": "hear", "title": "H"},
                {"name": "finish", "title": "F"}],
    "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "1"},
        {"action": "route", "from": "new", "to": "work", "role": ["clerk"], "requires": ["bodies"],
         "clause": "1"},
        {"action": "route", "from": "work", "role": ["clerk"], "requires": ["bodies"],
         "clause": "1"},
        {"action": "back", "from": "work", "role": ["hand"], "clause": "1"},
        {"action": "ask", "from": "work", "role": ["clerk"], "clause": "1"},
        {"action": "hear", "from": "work", "role": ["clerk"], "clause": "1"},
        {"action": "finish", "from": "work", "to": "done", "role": ["clerk"], "clause": "1"}],
    "clocks": [{"name": "answer", "title": "A", "starts_on": ["register"], "stops_on": ["finish"],
        "pauses_on": ["ask"], "resumes_on": ["hear"], "term": "18 hours", "outer_term": true,
        "responsible": "hand", "clause": "1"},
       {"name": "days", "title": "Days", "starts_on": ["register"], "stops_on": ["finish"],
        "pauses_on": ["ask"], "resumes_on": ["hear"], "term": "1 business day",
        "responsible": "clerk", "clause": "1"},
       {"name": "hold", "title": "H", "starts_on": ["register"], "stops_on": ["finish"],
        "pauses_on": ["back"], "resumes_on": ["route"], "term": "90 hours",
        "responsible": "head", "clause": "1"},
       {"name": "route", "title": "R", "starts_on": ["register", "back"], "stops_on": ["route"],
        "term": "90 hours", "responsible": "clerk", "clause": "1"}]}') \g /dev/null
SELECT osm.define_authority('{"code": "held", "title": "A",
    "regulations": {"held": {"clerk": ["desk"], "head": ["desk"], "hand": ["a", "b"]}},
    "bodies": [{"code": "desk", "title": "D"}, {"code": "a", "title": "A"},
               {"code": "b", "title": "B"}],
    "officials": [
        {"login": "clerk", "name": "Clerk", "appointments": [{"body": "desk", "role": "clerk"}]},
        {"login": "head1", "name": "Head 1", "appointments": [{"body": "desk", "role": "head"}]},
        {"login": "head2", "name": "Head 2", "appointments": [{"body": "desk", "role": "head"}]},
        {"login": "old", "name": "Old hand", "appointments": [{"body": "a", "role": "hand",
            "from": "2026-01-01", "to": "2026-03-18"}]},
        {"login": "new", "name": "New hand", "appointments": [{"body": "a", "role": "hand",
            "from": "2026-03-19"}]},
        {"login": "b1", "name": "B 1", "appointments": [{"body": "b", "role": "hand"}]},
        {"login": "b2", "name": "B 2", "appointments": [{"body": "b", "role": "hand"}]}]}')
    \g /dev/null
CREATE FUNCTION pg_temp.take(at text, incident bigint, action text, details jsonb DEFAULT '{}',
    login text DEFAULT 'clerk') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', '2026-03-' || at || '+03', false);
    PERFORM osm.act_as(login);
    RETURN (osm.perform(incident, action, details)).state;
END $$;
CREATE FUNCTION pg_temp.new(at text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', '2026-03-' || at || '+03', false);
    PERFORM osm.act_as('clerk');
    RETURN osm.register('held', '{"channel": "vk"}');
END $$;
CREATE FUNCTION pg_temp.stretches(incident bigint) RETURNS TABLE (rule text, kind text, body text,
    begins text, ends text, seq integer) LANGUAGE sql AS $$
    SELECT r.name, s.kind, coalesce(b.code, '-'), to_char(lower(s.span), 'DD HH24:MI'),
        to_char(upper(s.span), 'DD HH24:MI'), s.seq
    FROM osm.clock_segment AS s JOIN osm.clock AS c ON c.id = s.clock_id
    JOIN osm.clock_rule AS r ON r.id = c.rule_id LEFT JOIN osm.body AS b ON b.id = s.body_id
    WHERE c.incident_id = incident ORDER BY r.position, c.cycle_no, s.seq $$;
CREATE FUNCTION pg_temp.answers(incident bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat(r.name, ': ', coalesce(b.code, '-'), ' ', coalesce(o.login, '-')),
        ', ' ORDER BY r.position, c.cycle_no)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    LEFT JOIN osm.body AS b ON b.id = c.body_id LEFT JOIN osm.official AS o ON o.id = c.official_id
    WHERE c.incident_id = incident $$;
-- what its stretches leave open, count twice or count otherwise than the clock
CREATE FUNCTION pg_temp.wrong(incident bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM osm.clock AS c, LATERAL (
        SELECT sum(osm.business_seconds_between(lower(s.span), upper(s.span), c.calendar))
                FILTER (WHERE s.kind = 'run') AS used, range_agg(s.span) AS whole,
            sum(upper(s.span) - lower(s.span)) AS length
        FROM osm.clock_segment AS s WHERE s.clock_id = c.id) AS s
    WHERE c.incident_id = incident AND (c.stopped_at IS NULL
        OR s.used <> osm.business_seconds(c.used) OR s.length <> c.stopped_at - c.started_at
        OR s.whole <> tstzmultirange(tstzrange(c.started_at, c.stopped_at))) $$;

-- the curator, body A, body B, the end: who had it when
SELECT pg_temp.new('16 10:00') AS i \gset
SELECT pg_temp.answers(:i);
SELECT pg_temp.take('16 10:30', :i, 'route', '{"bodies": ["a"]}');
SELECT pg_temp.answers(:i);
SELECT pg_temp.take('16 12:00', :i, 'route', '{"bodies": ["b"]}');
SELECT pg_temp.answers(:i);
-- who has it already goes on having it
SELECT pg_temp.take('16 13:00', :i, 'route', '{"bodies": ["b"]}');
SELECT pg_temp.take('16 15:00', :i, 'finish');
SELECT * FROM pg_temp.stretches(:i);
SELECT pg_temp.wrong(:i);
SELECT rule, body, official FROM osm.timeliness WHERE incident_id = :i ORDER BY rule;

-- the same on a Saturday in the middle of a pause that began on Friday, in time
SELECT pg_temp.new('19 10:00') AS i \gset
SELECT pg_temp.take('19 10:30', :i, 'route', '{"bodies": ["a"]}');
SELECT pg_temp.answers(:i);
SELECT pg_temp.take('20 15:00', :i, 'ask');
SELECT pg_temp.take('21 11:00', :i, 'back', '{}', 'new');
SELECT pg_temp.answers(:i);
SELECT pg_temp.take('21 12:00', :i, 'route', '{"bodies": ["b"]}');
SELECT * FROM pg_temp.stretches(:i);
SELECT what, begins, ends FROM osm.clock AS c, osm.explain_clock(c.id, 'en')
WHERE c.incident_id = :i AND what = 'pause' ORDER BY c.id;
SELECT rule, old_due_at, new_due_at FROM osm.recalculate('counted') WHERE incident = :i;
SELECT pg_temp.take('23 11:00', :i, 'hear');
SELECT what, begins, ends FROM osm.clock AS c, osm.explain_clock(c.id, 'en')
WHERE c.incident_id = :i AND what = 'pause' ORDER BY c.id;
-- one pause, by which the term was put off: counted again it is the same
SELECT c.due_at FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
WHERE c.incident_id = :i AND r.name = 'days';
SELECT rule, old_due_at, new_due_at FROM osm.recalculate('counted') WHERE incident = :i;
SELECT pg_temp.take('23 12:00', :i, 'route', '{"bodies": ["a"]}');
SELECT pg_temp.take('23 16:00', :i, 'finish');
SELECT * FROM pg_temp.stretches(:i);
SELECT pg_temp.wrong(:i);

-- a pause that lasts puts nothing off yet, though part of it is over with who had it then
SELECT pg_temp.new('17 10:00') AS i \gset
SELECT pg_temp.take('17 11:00', :i, 'route', '{"bodies": ["a"]}');
SELECT pg_temp.take('17 12:00', :i, 'ask');
SELECT pg_temp.take('19 12:00', :i, 'route', '{"bodies": ["b"]}');
SELECT rule, old_due_at, new_due_at FROM osm.recalculate('counted') WHERE incident = :i;

-- what an open term shows of who answers for it by name; who was there on the day
SELECT pg_temp.new('17 10:00') AS i \gset
SELECT pg_temp.take('18 10:00', :i, 'route', '{"bodies": ["a"]}');
SET osm_workflow.simulated_now = '2026-03-24 10:00+03';
SELECT rule, body, role, official FROM osm.overdue WHERE incident_id = :i ORDER BY rule;
SELECT pg_temp.take('24 10:00', :i, 'ask');
SELECT pg_temp.answers(:i);
SELECT count(*) AS broken_chains FROM osm.verify_chains();
