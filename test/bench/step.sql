-- Set-up of step.sh: incidents that go there and back between two states, under three regimes. Each
-- step there says why and starts a clock of nine business hours with a warning two hours before its
-- end; each step back names a reason of a list and stops the clock; each tells one official.
--
-- osm      the extension: osm.perform().
-- full     the same rows, column by column (step.sh compares them first), in tables of the same
--          columns, constraints, foreign keys and indexes, written by plain PL/pgSQL triggers with
--          look-up tables: is the actor an official who holds the role today, is the step allowed,
--          are its data there, is nothing else changed; event with digests of free text and a hash
--          over the event before, clock by a table of working time and whose it is, stretch of the
--          clock, message; and a perform() that answers as ours does.
-- bare     a PL/pgSQL trigger that checks a table of transitions and writes one audit row.

SELECT osm.install_preset('ru');
SELECT osm.define_regulation('{"code": "bench", "edition": "1", "title": "Замер", "issuer": "Замер",
    "act_no": "1", "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "ru",
    "clauses": [{"path": "п. 1", "summary": "Ответ за девять часов.", "answer": "B/L"}],
    "roles": [{"name": "clerk", "title": "И", "scope": "authority", "clause": "п. 1"},
              {"name": "head", "title": "Н", "scope": "authority", "clause": "п. 1"}],
    "states": [{"name": "here", "title": "Здесь", "kind": "initial"},
               {"name": "there", "title": "Там", "kind": "open"},
               {"name": "done", "title": "Готово", "kind": "final"}],
    "actions": [{"name": "register", "title": "Завести", "effect": "register"},
                {"name": "go", "title": "Туда", "notifies": ["head"]},
                {"name": "return", "title": "Обратно", "notifies": ["head"]},
                {"name": "finish", "title": "Закончить"}],
    "transitions": [{"action": "register", "to": "here", "role": ["clerk"], "clause": "п. 1"},
                    {"action": "go", "from": "here", "to": "there", "role": ["clerk"],
                     "requires": ["comment"], "clause": "п. 1"},
                    {"action": "return", "from": "there", "to": "here", "role": ["clerk"],
                     "requires": ["reason:return"], "clause": "п. 1"},
                    {"action": "finish", "from": "here", "to": "done", "role": ["clerk"],
                     "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["go"], "stops_on": ["return"],
                "term": "9 hours", "warn_before": ["2 hours"], "outer_term": true,
                "responsible": "clerk", "clause": "п. 1"}],
    "reasons": [{"list": "return", "code": "done", "title": "Сделано", "clause": "п. 1"},
                {"list": "return", "code": "mistake", "title": "Ошибка", "clause": "п. 1"}],
    "contents": [{"name": "brief", "title": "Кратко", "applies_to": ["go"], "check": "max_length",
                  "key": "comment", "limit": 200, "clause": "п. 1"}]}');
SELECT osm.define_authority('{"code": "bench", "title": "Замер",
    "regulations": {"bench": {"clerk": ["office"], "head": ["office"]}},
    "bodies": [{"code": "office", "title": "Отдел", "kind": "department"}],
    "officials": [{"login": "clerk", "name": "И", "appointments":
        [{"body": "office", "role": "clerk", "act_ref": "1", "from": "2020-01-01"}]},
                  {"login": "head", "name": "Н", "appointments":
        [{"body": "office", "role": "head", "act_ref": "1", "from": "2020-01-01"}]}]}');
DO $$
BEGIN
    PERFORM osm.act_as('clerk');
    PERFORM osm.register('bench', jsonb_build_object('channel', 'site', 'text', 'текст',
        'external_id', n)) FROM generate_series(1, 8000) AS n;
END $$;
CREATE FUNCTION public.osm_step(id bigint, action text, details jsonb) RETURNS osm.step
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as('clerk');
    RETURN osm.perform(osm_step.id, osm_step.action, osm_step.details);
END $$;

-- The peer that writes the same rows.
CREATE SCHEMA peer;
CREATE TABLE peer.official (login text PRIMARY KEY, id bigint);
INSERT INTO peer.official SELECT login, id FROM osm.official;
CREATE TABLE peer.appointment (official_id bigint, role text, during daterange,
    PRIMARY KEY (official_id, role));
INSERT INTO peer.appointment SELECT official_id, role, during FROM osm.appointment;
CREATE TABLE peer.substitution (deputy_id bigint, principal_id bigint, during daterange);
CREATE INDEX ON peer.substitution (deputy_id);
CREATE INDEX ON peer.substitution (principal_id);
CREATE TABLE peer.transition (from_state text, action text, role text, to_state text, clause text,
    PRIMARY KEY (from_state, action, role));
INSERT INTO peer.transition VALUES ('here', 'go', 'clerk', 'there', 'п. 1'),
    ('there', 'return', 'clerk', 'here', 'п. 1');
CREATE TABLE peer.clock_rule (id bigint PRIMARY KEY, name text, starts_on text, stops_on text,
    term osm.business_interval, seconds integer, warn_before integer, calendar text,
    responsible text, body_id bigint);
INSERT INTO peer.clock_rule SELECT r.id, r.name, 'go', 'return', r.term, 9 * 3600, 2 * 3600,
    'ru', 'clerk', b.id FROM osm.clock_rule AS r, osm.body AS b WHERE b.code = 'office';
CREATE TABLE peer.notifies (action text, role text, title text, PRIMARY KEY (action, role));
INSERT INTO peer.notifies VALUES ('go', 'head', 'Туда'), ('return', 'head', 'Обратно');
CREATE TABLE peer.requirement (action text, key text, list text, PRIMARY KEY (action, key));
INSERT INTO peer.requirement VALUES ('go', 'comment', NULL), ('return', 'reason', 'return');
CREATE TABLE peer.reason (list text, code text, PRIMARY KEY (list, code));
INSERT INTO peer.reason VALUES ('return', 'done'), ('return', 'mistake');
CREATE TABLE peer.length_limit (action text, key text, max integer, PRIMARY KEY (action, key));
INSERT INTO peer.length_limit VALUES ('go', 'comment', 200);
CREATE TABLE peer.free_text (action text, key text, PRIMARY KEY (action, key));
INSERT INTO peer.free_text VALUES ('go', 'comment');
-- stretches of working time, each with the seconds worked before it
CREATE TABLE peer.working_time (opens timestamptz PRIMARY KEY, closes timestamptz,
    before integer UNIQUE);
INSERT INTO peer.working_time
SELECT lower(r), upper(r), coalesce(sum(extract(epoch FROM upper(r) - lower(r)))
    OVER (ORDER BY r ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
FROM unnest(osm.business_hours(tstzrange(now() - interval '1 year', now() + interval '1 year'),
    'ru')) AS r;
CREATE TABLE peer.incident (LIKE osm.incident INCLUDING ALL) WITH (fillfactor = 70);
CREATE TABLE peer.event (LIKE osm.event INCLUDING ALL,
    FOREIGN KEY (incident_id, authority_id) REFERENCES peer.incident (id, authority_id));
CREATE TABLE peer.clock (LIKE osm.clock INCLUDING ALL,
    FOREIGN KEY (incident_id, authority_id) REFERENCES peer.incident (id, authority_id))
    WITH (fillfactor = 80);
CREATE TABLE peer.clock_segment (LIKE osm.clock_segment INCLUDING ALL);
CREATE TABLE peer.notification (LIKE osm.notification INCLUDING ALL);
INSERT INTO peer.incident SELECT * FROM osm.incident;
INSERT INTO peer.event SELECT * FROM osm.event;

CREATE FUNCTION peer.check_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event_seq <> OLD.event_seq + 1 THEN
        RAISE EXCEPTION 'incident % was changed meanwhile', OLD.id;
    END IF;
    IF (NEW.id, NEW.authority_id, NEW.regulation, NEW.regulation_id, NEW.state, NEW.kind,
            NEW.channel, NEW.url, NEW.external_id, NEW.author, NEW.text, NEW.published_at,
            NEW.detected_at, NEW.topic, NEW.place, NEW.importance, NEW.repeat_of, NEW.part_of,
            NEW.several_bodies, NEW.body_id, NEW.bodies, NEW.seen_by, NEW.reply_id,
            NEW.reply_kind, NEW.overdue_since, NEW.answered_at, NEW.finished_at, NEW.actor_id,
            NEW.acting_for_id, NEW.salt)
        IS DISTINCT FROM (OLD.id, OLD.authority_id, OLD.regulation, OLD.regulation_id, OLD.state,
            OLD.kind, OLD.channel, OLD.url, OLD.external_id, OLD.author, OLD.text,
            OLD.published_at, OLD.detected_at, OLD.topic, OLD.place, OLD.importance,
            OLD.repeat_of, OLD.part_of, OLD.several_bodies, OLD.body_id, OLD.bodies, OLD.seen_by,
            OLD.reply_id, OLD.reply_kind, OLD.overdue_since, OLD.answered_at, OLD.finished_at,
            OLD.actor_id, OLD.acting_for_id, OLD.salt) THEN
        RAISE EXCEPTION 'only a step may change incident %', OLD.id;
    END IF;
    SELECT o.id, h.acting_for, t.to_state INTO NEW.actor_id, NEW.acting_for_id, NEW.state
    FROM peer.official AS o
    CROSS JOIN LATERAL (SELECT a.role, NULL::bigint AS acting_for FROM peer.appointment AS a
                        WHERE a.official_id = o.id AND a.during @> current_date
                        UNION ALL
                        SELECT a.role, s.principal_id FROM peer.substitution AS s
                        JOIN peer.appointment AS a ON a.official_id = s.principal_id
                        WHERE s.deputy_id = o.id AND s.during @> current_date
                          AND a.during @> current_date) AS h
    JOIN peer.transition AS t ON t.role = h.role
    WHERE o.login = current_setting('peer.actor')
      AND t.from_state = OLD.state AND t.action = NEW.action
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'step % from % is not allowed', NEW.action, OLD.state;
    END IF;
    PERFORM FROM peer.requirement AS r
    WHERE r.action = NEW.action
      AND (NEW.details ->> r.key IS NULL
           OR r.list IS NOT NULL AND NOT EXISTS (SELECT FROM peer.reason AS n
               WHERE n.list = r.list AND n.code = NEW.details ->> r.key));
    IF FOUND THEN
        RAISE EXCEPTION 'step % needs more data', NEW.action;
    END IF;
    PERFORM FROM peer.length_limit AS l
    WHERE l.action = NEW.action AND length(NEW.details ->> l.key) > l.max;
    IF FOUND THEN
        RAISE EXCEPTION 'the text of step % is too long', NEW.action;
    END IF;
    NEW.occurred_at := now();
    RETURN NEW;
END $$;
CREATE FUNCTION peer.seconds_worked(until timestamptz) RETURNS double precision
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT w.before + extract(epoch FROM least(until, w.closes) - w.opens)
            FROM peer.working_time AS w WHERE w.opens <= until ORDER BY w.opens DESC LIMIT 1);
END $$;
CREATE FUNCTION peer.when_worked(seconds double precision) RETURNS timestamptz
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT w.opens + make_interval(secs => seconds - w.before)
            FROM peer.working_time AS w WHERE w.before < seconds ORDER BY w.before DESC LIMIT 1);
END $$;
CREATE FUNCTION peer.utc(t timestamptz) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
END $$;
CREATE FUNCTION peer.write_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rule peer.clock_rule;
    stopped peer.clock;
    due timestamptz;
    worked double precision := peer.seconds_worked(NEW.occurred_at);
    clock_id bigint;
    changes jsonb := '[]';
    event_clause text;
    previous bytea;
    content jsonb;
BEGIN
    FOR rule IN SELECT r.* FROM peer.clock_rule AS r WHERE r.stops_on = NEW.action LOOP
        UPDATE peer.clock AS c SET stopped_at = NEW.occurred_at, stopped_by = NEW.actor_id,
            stopped_seq = NEW.event_seq,
            used = make_interval(secs => worked - peer.seconds_worked(c.resumed_at))
                ::osm.business_interval, warn_at = NULL,
            state = CASE WHEN c.due_at >= NEW.occurred_at THEN 'met' ELSE 'missed' END
        WHERE c.incident_id = NEW.id AND c.rule_id = rule.id AND c.state = 'running'
        RETURNING c.* INTO stopped;
        INSERT INTO peer.clock_segment (clock_id, authority_id, incident_id, seq, span, kind,
            body_id)
        VALUES (stopped.id, NEW.authority_id, NEW.id, NEW.event_seq,
            tstzrange(stopped.started_at, NEW.occurred_at), 'run', OLD.body_id);
        changes := changes || jsonb_build_object('clock', stopped.id, 'rule', rule.name,
            'change', 'stop', 'due_at', peer.utc(stopped.due_at), 'verdict', stopped.state);
    END LOOP;
    FOR rule IN SELECT r.* FROM peer.clock_rule AS r WHERE r.starts_on = NEW.action LOOP
        INSERT INTO peer.clock (authority_id, incident_id, rule_id, cycle_no, calendar, term,
            started_at, due_at, resumed_at, used, armed, binding, outer_term, body_id, official_id,
            started_seq, warn_at)
        VALUES (NEW.authority_id, NEW.id, rule.id,
            (SELECT coalesce(max(c.cycle_no), 0) + 1 FROM peer.clock AS c
             WHERE c.incident_id = NEW.id AND c.rule_id = rule.id),
            rule.calendar, rule.term, NEW.occurred_at,
            peer.when_worked(worked + rule.seconds), NEW.occurred_at, '00:00:00', true, true, true,
            rule.body_id,
            (SELECT CASE WHEN count(*) = 1 THEN min(a.official_id) END FROM peer.appointment AS a
             WHERE a.role = rule.responsible AND a.during @> current_date),
            NEW.event_seq,
            peer.when_worked(worked + rule.seconds - rule.warn_before))
        RETURNING id, due_at INTO clock_id, due;
        changes := changes || jsonb_build_object('clock', clock_id, 'rule', rule.name,
            'change', 'start', 'due_at', peer.utc(due));
    END LOOP;
    SELECT e.hash INTO previous FROM peer.event AS e
    WHERE e.incident_id = NEW.id AND e.seq = NEW.event_seq - 1;
    SELECT t.clause INTO event_clause FROM peer.transition AS t
    WHERE t.from_state = OLD.state AND t.action = NEW.action LIMIT 1;
    SELECT jsonb_object_agg(d.key, CASE WHEN f.key IS NULL THEN d.value ELSE
            jsonb_build_object('sha256', encode(sha256(NEW.salt || convert_to(d.value #>> '{}',
                'UTF8')), 'hex')) END)
        || jsonb_build_object('clocks', changes) INTO content
    FROM jsonb_each(NEW.details) AS d
    LEFT JOIN peer.free_text AS f ON f.action = NEW.action AND f.key = d.key;
    INSERT INTO peer.event VALUES (NEW.id, NEW.authority_id, NEW.event_seq, NEW.action, OLD.state,
        NEW.state, NEW.actor_id, NEW.acting_for_id, NEW.occurred_at, NEW.occurred_at, event_clause,
        content, previous, sha256(previous || convert_to(concat_ws('|', NEW.authority_id, NEW.id,
            NEW.event_seq, NEW.action, OLD.state, NEW.state, NEW.actor_id, NEW.acting_for_id,
            NEW.occurred_at, NEW.occurred_at, event_clause, content), 'UTF8')));
    INSERT INTO peer.notification (authority_id, incident_id, event_seq, kind, recipient_id,
        subject, data, created_at, about_at, deliver_after)
    SELECT DISTINCT NEW.authority_id, NEW.id, NEW.event_seq, 'step', r.official_id,
        concat(n.title, ': ', NEW.id),
        jsonb_build_object('action', NEW.action, 'state', NEW.state), now(), now(), now()
    FROM peer.notifies AS n JOIN peer.appointment AS a ON a.role = n.role
    CROSS JOIN LATERAL (SELECT a.official_id UNION ALL
                        SELECT s.deputy_id FROM peer.substitution AS s
                        WHERE s.principal_id = a.official_id AND s.during @> current_date)
        AS r (official_id)
    WHERE n.action = NEW.action AND a.during @> current_date AND r.official_id <> NEW.actor_id;
    RETURN NULL;
END $$;
CREATE TRIGGER a_check BEFORE UPDATE ON peer.incident
    FOR EACH ROW EXECUTE FUNCTION peer.check_step();
CREATE TRIGGER z_write AFTER UPDATE ON peer.incident
    FOR EACH ROW EXECUTE FUNCTION peer.write_step();
CREATE FUNCTION peer.perform(incident bigint, action text, details jsonb DEFAULT '{}')
    RETURNS osm.step LANGUAGE plpgsql AS $$
DECLARE
    result osm.step;
BEGIN
    UPDATE peer.incident AS i SET action = perform.action, details = perform.details,
        event_seq = i.event_seq + 1
    WHERE i.id = perform.incident
    RETURNING i.id, i.event_seq, i.state INTO result.incident, result.event, result.state;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'incident % does not exist', incident;
    END IF;
    SELECT r.name, c.due_at INTO result.clock, result.due_at
    FROM peer.clock AS c JOIN peer.clock_rule AS r ON r.id = c.rule_id
    WHERE c.incident_id = perform.incident AND c.state = 'running' AND c.binding AND c.armed
    ORDER BY c.due_at LIMIT 1;
    RETURN result;
END $$;
CREATE FUNCTION public.full_step(id bigint, action text, details jsonb) RETURNS osm.step
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('peer.actor', 'clerk', true);
    RETURN peer.perform(full_step.id, full_step.action, full_step.details);
END $$;

-- The peer that checks and keeps an audit trail, no more.
CREATE TABLE peer.bare_incident (LIKE osm.incident INCLUDING ALL) WITH (fillfactor = 70);
INSERT INTO peer.bare_incident SELECT * FROM osm.incident;
CREATE TABLE peer.audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, incident bigint,
    action text, from_state text, to_state text, actor text, at timestamptz);
CREATE FUNCTION peer.check_bare() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT t.to_state INTO NEW.state FROM peer.transition AS t
    WHERE t.from_state = OLD.state AND t.action = NEW.action;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'step % from % is not allowed', NEW.action, OLD.state;
    END IF;
    INSERT INTO peer.audit (incident, action, from_state, to_state, actor, at) VALUES
        (NEW.id, NEW.action, OLD.state, NEW.state, current_setting('peer.actor'), now());
    RETURN NEW;
END $$;
CREATE TRIGGER a_check BEFORE UPDATE ON peer.bare_incident
    FOR EACH ROW EXECUTE FUNCTION peer.check_bare();
CREATE FUNCTION public.bare_step(id bigint, action text, details jsonb) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('peer.actor', 'clerk', true);
    UPDATE peer.bare_incident AS i SET action = bare_step.action, details = bare_step.details
    WHERE i.id = bare_step.id;
END $$;
