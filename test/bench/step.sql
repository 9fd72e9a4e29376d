-- Set-up of step.sh: incidents that go there and back between two states for ever, under three
-- regimes. Each step there starts a clock, each step back stops it; each tells one official.
--
-- osm      the extension: osm.perform().
-- full     the same rows written by plain PL/pgSQL triggers with look-up tables: may this actor do
--          this, event with a hash over the one before, clock, stretch of the clock, message.
-- bare     a PL/pgSQL trigger that checks a table of transitions and writes one audit row.

SELECT osm.install_preset('around-the-clock');
SELECT osm.define_regulation('{"code": "bench", "edition": "1", "title": "Замер", "issuer": "Замер",
    "act_no": "1", "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"},
    "time_zone": "Europe/Moscow", "calendar": "around-the-clock",
    "clauses": [{"path": "п. 1", "summary": "Ответ за сутки.", "answer": "B/L"}],
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
                     "clause": "п. 1"},
                    {"action": "return", "from": "there", "to": "here", "role": ["clerk"],
                     "clause": "п. 1"},
                    {"action": "finish", "from": "here", "to": "done", "role": ["clerk"],
                     "clause": "п. 1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["go"], "stops_on": ["return"],
                "term": "24 hours", "outer_term": true, "responsible": "clerk", "clause": "п. 1"}]}');
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
        'external_id', n)) FROM generate_series(1, 2000) AS n;
END $$;
CREATE FUNCTION public.osm_step(id bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as('clerk');
    PERFORM osm.perform(osm_step.id, CASE (SELECT i.state FROM osm.incident AS i
        WHERE i.id = osm_step.id) WHEN 'here' THEN 'go' ELSE 'return' END);
END $$;

-- The peers: tables like ours, with the indexes a step has to keep up.
CREATE SCHEMA peer;
CREATE TABLE peer.transition (from_state text, to_state text, role text, action text,
    PRIMARY KEY (from_state, to_state));
INSERT INTO peer.transition VALUES ('here', 'there', 'clerk', 'go'),
    ('there', 'here', 'clerk', 'return');
CREATE TABLE peer.appointment (login text, role text, body bigint, during daterange,
    PRIMARY KEY (login, role));
INSERT INTO peer.appointment VALUES ('clerk', 'clerk', 1, '[2020-01-01,)'),
    ('head', 'head', 1, '[2020-01-01,)');
CREATE TABLE peer.rule (starts_on text, stops_on text, term interval);
INSERT INTO peer.rule VALUES ('go', 'return', '24 hours');
CREATE TABLE peer.notifies (action text, role text, PRIMARY KEY (action, role));
INSERT INTO peer.notifies VALUES ('go', 'head'), ('return', 'head');
CREATE TABLE peer.event (incident bigint, seq integer, action text, from_state text, to_state text,
    actor text, occurred_at timestamptz, details jsonb, prev_hash bytea, hash bytea,
    PRIMARY KEY (incident, seq));
CREATE INDEX ON peer.event (occurred_at);
CREATE TABLE peer.clock (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, incident bigint,
    cycle integer, started_at timestamptz, due_at timestamptz, stopped_at timestamptz, state text,
    UNIQUE (incident, cycle)) WITH (fillfactor = 80);
CREATE INDEX ON peer.clock (due_at) WHERE state = 'running';
CREATE INDEX ON peer.clock (incident) WHERE state IN ('running', 'paused');
CREATE TABLE peer.segment (clock bigint, seq integer, span tstzrange, kind text,
    PRIMARY KEY (clock, seq));
CREATE TABLE peer.message (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, incident bigint,
    seq integer, recipient text, subject text, data jsonb, created_at timestamptz,
    deliver_after timestamptz, state text DEFAULT 'waiting', UNIQUE (incident, seq, recipient));
CREATE INDEX ON peer.message (deliver_after) WHERE state = 'waiting';
CREATE TABLE peer.full_incident (id bigint PRIMARY KEY, state text, action text, actor text,
    seq integer, occurred_at timestamptz, text text) WITH (fillfactor = 70);
CREATE INDEX ON peer.full_incident (state);
INSERT INTO peer.full_incident SELECT n, 'here', 'register', 'clerk', 1, now(), 'текст'
    FROM generate_series(1, 2000) AS n;
INSERT INTO peer.event SELECT n, 1, 'register', NULL, 'here', 'clerk', now(), '{}', NULL, ''
    FROM generate_series(1, 2000) AS n;

CREATE FUNCTION peer.check_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT t.action INTO NEW.action FROM peer.transition AS t
    JOIN peer.appointment AS a ON a.role = t.role
    WHERE t.from_state = OLD.state AND t.to_state = NEW.state
      AND a.login = current_setting('peer.actor') AND a.during @> current_date;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'step from % to % is not allowed', OLD.state, NEW.state;
    END IF;
    NEW.actor := current_setting('peer.actor');
    NEW.seq := OLD.seq + 1;
    NEW.occurred_at := now();
    RETURN NEW;
END $$;
CREATE FUNCTION peer.write_full() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    previous bytea;
    rule peer.rule;
    stopped bigint;
    body jsonb;
BEGIN
    FOR rule IN SELECT r.* FROM peer.rule AS r WHERE r.stops_on = NEW.action LOOP
        UPDATE peer.clock AS c SET stopped_at = now(),
            state = CASE WHEN c.due_at >= now() THEN 'met' ELSE 'missed' END
        WHERE c.incident = NEW.id AND c.state = 'running' RETURNING c.id INTO stopped;
        INSERT INTO peer.segment SELECT c.id, NEW.seq, tstzrange(c.started_at, now()), 'run'
        FROM peer.clock AS c WHERE c.id = stopped;
    END LOOP;
    FOR rule IN SELECT r.* FROM peer.rule AS r WHERE r.starts_on = NEW.action LOOP
        INSERT INTO peer.clock (incident, cycle, started_at, due_at, state)
        SELECT NEW.id, coalesce(max(c.cycle), 0) + 1, now(), now() + rule.term, 'running'
        FROM peer.clock AS c WHERE c.incident = NEW.id;
    END LOOP;
    SELECT e.hash INTO previous FROM peer.event AS e
    WHERE e.incident = NEW.id AND e.seq = NEW.seq - 1;
    body := jsonb_build_object('seq', NEW.seq, 'action', NEW.action, 'from', OLD.state,
        'to', NEW.state, 'actor', NEW.actor, 'at', NEW.occurred_at);
    INSERT INTO peer.event VALUES (NEW.id, NEW.seq, NEW.action, OLD.state, NEW.state, NEW.actor,
        NEW.occurred_at, body, previous, sha256(previous || convert_to(body::text, 'UTF8')));
    INSERT INTO peer.message (incident, seq, recipient, subject, data, created_at, deliver_after)
    SELECT NEW.id, NEW.seq, a.login, concat(NEW.action, ': ', NEW.id),
        jsonb_build_object('action', NEW.action, 'state', NEW.state), now(), now()
    FROM peer.notifies AS n JOIN peer.appointment AS a ON a.role = n.role
    WHERE n.action = NEW.action AND a.during @> current_date AND a.login <> NEW.actor;
    RETURN NULL;
END $$;
CREATE TRIGGER a BEFORE UPDATE ON peer.full_incident
    FOR EACH ROW EXECUTE FUNCTION peer.check_full();
CREATE TRIGGER b AFTER UPDATE ON peer.full_incident
    FOR EACH ROW EXECUTE FUNCTION peer.write_full();
CREATE FUNCTION public.full_step(id bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('peer.actor', 'clerk', true);
    UPDATE peer.full_incident AS i SET state = CASE i.state WHEN 'here' THEN 'there' ELSE 'here' END
    WHERE i.id = full_step.id;
END $$;

CREATE TABLE peer.bare_incident (LIKE peer.full_incident INCLUDING ALL) WITH (fillfactor = 70);
INSERT INTO peer.bare_incident SELECT * FROM peer.full_incident;
CREATE TABLE peer.audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, incident bigint,
    from_state text, to_state text, actor text, at timestamptz);
CREATE FUNCTION peer.check_bare() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM peer.transition AS t
                   WHERE t.from_state = OLD.state AND t.to_state = NEW.state) THEN
        RAISE EXCEPTION 'step from % to % is not allowed', OLD.state, NEW.state;
    END IF;
    INSERT INTO peer.audit (incident, from_state, to_state, actor, at)
    VALUES (NEW.id, OLD.state, NEW.state, current_setting('peer.actor'), now());
    RETURN NEW;
END $$;
CREATE TRIGGER a BEFORE UPDATE ON peer.bare_incident
    FOR EACH ROW EXECUTE FUNCTION peer.check_bare();
CREATE FUNCTION public.bare_step(id bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('peer.actor', 'clerk', true);
    UPDATE peer.bare_incident AS i SET state = CASE i.state WHEN 'here' THEN 'there' ELSE 'here' END
    WHERE i.id = bare_step.id;
END $$;
