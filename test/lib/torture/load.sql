-- What the torture of the worker works with: an act with a term of every kind, seconds long,
-- people, a calendar that changes all the time, and functions that take one step at random each.
-- They return a line a step for the journal kept outside the database: what a client read, is
-- committed.
--
-- Hazard that shaped it: an error swallowed here would hide what the torture is to find; only the
-- refusals a step may meet at random are, all else ends the client.
SELECT osm.install_preset('around-the-clock');
SELECT osm.define_calendar('torn', '{"parent": "around-the-clock", "title": "Рвётся"}');
SELECT osm.define_calendar('halves', jsonb_build_object('time_zone', 'Europe/Moscow',
    'title', 'Доставка', 'hours', (
        SELECT jsonb_object_agg(d, h) FROM generate_series(1, 7) AS d, (
            SELECT jsonb_agg(format('%s:00-%s:40', x, x)) FROM (
                SELECT lpad(i::text, 2, '0') FROM generate_series(0, 23) AS i
            ) AS y (x)) AS z (h))));
SELECT osm.define_regulation('{
"code": "torture", "edition": "1", "title": "Пытка", "issuer": "Проверка", "act_no": "1",
"act_date": "2020-01-01", "in_force": {"from": "2020-01-01"}, "time_zone": "Europe/Moscow",
"calendar": "torn",
"clauses": [{"path": "п. 1", "summary": "Ответ в срок.", "answer": "B/L"}],
"roles": [
  {"name": "clerk", "title": "Куратор", "scope": "authority", "clause": "п. 1"},
  {"name": "judge", "title": "Судья", "scope": "authority", "clause": "п. 1"},
  {"name": "hand", "title": "Исполнитель", "scope": "assignment", "clause": "п. 1"}],
"states": [
  {"name": "new", "title": "Новое", "kind": "initial"},
  {"name": "gathering", "title": "Собирают", "kind": "open"},
  {"name": "writing", "title": "Пишут", "kind": "open"},
  {"name": "asked", "title": "Спросили", "kind": "open"},
  {"name": "review", "title": "Смотрят", "kind": "open"},
  {"name": "approved", "title": "Можно", "kind": "open"},
  {"name": "answered", "title": "Отвечено", "kind": "final"},
  {"name": "silent", "title": "Молчание", "kind": "final"},
  {"name": "dropped", "title": "Снято", "kind": "final"}],
"actions": [
  {"name": "register", "title": "Завести", "effect": "register", "notifies": ["clerk"]},
  {"name": "route", "title": "Передать", "effect": "assign", "notifies": ["hand"]},
  {"name": "give", "title": "Дать часть", "effect": "contribute", "notifies": ["clerk"]},
  {"name": "back", "title": "Вернуть", "effect": "release", "notifies": ["clerk", "hand"]},
  {"name": "write", "title": "Составить", "effect": "submit", "notifies": ["clerk"]},
  {"name": "send_back", "title": "Завернуть", "effect": "send_back", "notifies": ["hand"]},
  {"name": "approve", "title": "Утвердить", "effect": "approve", "notifies": ["hand"]},
  {"name": "post", "title": "Огласить", "effect": "post"},
  {"name": "ask", "title": "Спросить"},
  {"name": "hear", "title": "Услышать", "notifies": ["hand"], "deliver_within": "halves"},
  {"name": "fix", "title": "Назначить", "effect": "set_term"},
  {"name": "drop", "title": "Снять"},
  {"name": "lapse", "title": "Закрыть", "notifies": ["clerk"]},
  {"name": "remind", "title": "Напомнить", "notifies": ["hand"]}],
"transitions": [
  {"action": "register", "to": "new", "role": ["clerk"], "clause": "п. 1"},
  {"action": "route", "from": "new", "to": "writing", "role": ["clerk"], "requires": ["bodies"],
   "applies_when": {"bodies": ["one"]}, "clause": "п. 1"},
  {"action": "route", "from": "new", "to": "gathering", "role": ["clerk"], "requires": ["bodies"],
   "applies_when": {"bodies": ["several"]}, "clause": "п. 1"},
  {"action": "route", "from": "gathering", "role": ["clerk"], "requires": ["bodies"],
   "applies_when": {"bodies": ["several"]}, "clause": "п. 1"},
  {"action": "give", "from": "gathering", "role": ["hand"], "requires": ["text"],
   "applies_when": {"contributions": ["open"]}, "clause": "п. 1"},
  {"action": "give", "from": "gathering", "to": "writing", "role": ["hand"], "requires": ["text"],
   "applies_when": {"contributions": ["complete"]}, "clause": "п. 1"},
  {"action": "back", "from": "gathering", "role": ["hand"], "clause": "п. 1"},
  {"action": "back", "from": "writing", "to": "new", "role": ["hand"], "clause": "п. 1"},
  {"action": "write", "from": "writing", "to": "review", "role": ["hand"], "requires": ["text"],
   "clause": "п. 1"},
  {"action": "send_back", "from": "review", "to": "writing", "role": ["clerk"], "clause": "п. 1"},
  {"action": "approve", "from": "review", "to": "approved", "role": ["clerk"], "clause": "п. 1"},
  {"action": "post", "from": "approved", "to": "answered", "role": ["hand"], "clause": "п. 1"},
  {"action": "ask", "from": "writing", "to": "asked", "role": ["hand"], "clause": "п. 1"},
  {"action": "hear", "from": "asked", "to": "writing", "role": ["clerk"], "clause": "п. 1"},
  {"action": "fix", "from": "new", "role": ["clerk"], "requires": ["clock", "due_at"],
   "clause": "п. 1"},
  {"action": "fix", "from": "writing", "role": ["clerk"], "requires": ["clock", "due_at"],
   "clause": "п. 1"},
  {"action": "drop", "from": "new", "to": "dropped", "role": ["clerk"], "clause": "п. 1"},
  {"action": "lapse", "from": "asked", "to": "silent", "role": ["clerk"], "clause": "п. 1"},
  {"action": "remind", "from": "gathering", "role": ["clerk"], "clause": "п. 1"},
  {"action": "remind", "from": "writing", "role": ["clerk"], "clause": "п. 1"}],
"clocks": [
  {"name": "answer", "title": "Ответ", "starts_on": ["register"], "stops_on": ["post"],
   "pauses_on": ["ask"], "resumes_on": ["hear"], "term": "4 seconds", "outer_term": true,
   "warn_before": ["3 seconds", "1 second"], "responsible": "clerk", "clause": "п. 1"},
  {"name": "early", "title": "Заранее", "starts_on": ["register"], "stops_on": ["write"],
   "anchor": "answer", "term": "2 seconds", "responsible": "clerk", "clause": "п. 1"},
  {"name": "named", "title": "Названный", "starts_on": ["register"], "stops_on": ["post"],
   "due_from": "answer_by", "responsible": "clerk", "clause": "п. 1"},
  {"name": "watch", "title": "Надзор", "starts_on": ["register"], "stops_on": ["post"],
   "due_from": "watch_by", "warn_before": ["7198 seconds"], "calendar": "around-the-clock",
   "responsible": "clerk", "clause": "п. 1"},
  {"name": "route", "title": "Передача", "starts_on": ["register", "back"], "stops_on": ["route"],
   "term": "1 second", "calendar": "around-the-clock", "responsible": "clerk", "clause": "п. 1"},
  {"name": "draft", "title": "Проект", "starts_on": ["route/one", "hear"], "stops_on": ["write"],
   "cancels_on": ["back"], "share_of": "answer", "share": 0.25, "responsible": "clerk",
   "clause": "п. 1"},
  {"name": "part", "title": "Часть", "starts_on": ["route/several"], "stops_on": ["give"],
   "cancels_on": ["back"], "scope": "assignment", "share_of": "answer", "share": 0.5,
   "responsible": "hand", "clause": "п. 1"},
  {"name": "check", "title": "Проверка", "starts_on": ["write"],
   "stops_on": ["approve", "send_back"], "scope": "reply", "term": "1 second",
   "calendar": "around-the-clock", "responsible": "clerk", "deliver_within": "halves",
   "clause": "п. 1"},
  {"name": "silence", "title": "Молчание", "starts_on": ["ask"], "stops_on": ["hear"],
   "term": "1 second", "on_due": "lapse", "responsible": "clerk", "clause": "п. 1"},
  {"name": "nudge", "title": "Напоминание", "starts_on": ["route/several"], "stops_on": ["write"],
   "term": "1 second", "on_due": "remind", "responsible": "clerk", "clause": "п. 1"}]}');
SELECT osm.define_authority('{"code": "torture", "title": "Пытка",
    "regulations": {"torture": {"clerk": ["desk"], "judge": ["desk"],
        "hand": ["a", "b", "c"]}},
    "bodies": [{"code": "desk", "title": "Стол"}, {"code": "a", "title": "А"},
               {"code": "b", "title": "Б"}, {"code": "c", "title": "В"}],
    "officials": [
        {"login": "clerk", "name": "Куратор", "appointments": [{"body": "desk", "role": "clerk"}],
         "email": "clerk@example.org"},
        {"login": "deputy", "name": "Заместитель"},
        {"login": "judge", "name": "Судья", "appointments": [{"body": "desk", "role": "judge"}]},
        {"login": "hand_a", "name": "А", "appointments": [{"body": "a", "role": "hand"}]},
        {"login": "hand_b", "name": "Б", "appointments": [{"body": "b", "role": "hand"}]},
        {"login": "hand_c", "name": "В", "appointments": [{"body": "c", "role": "hand"}]}],
    "substitutions": [
        {"principal": "clerk", "deputy": "deputy", "from": "2020-01-01", "act_ref": "1"}]}');

CREATE SCHEMA load;

-- One step on an incident: its line for the journal.
CREATE FUNCTION load.take(login text, incident bigint, action text, details jsonb DEFAULT '{}')
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    step osm.step;
BEGIN
    PERFORM osm.act_as(login);
    step := osm.perform(incident, action, details);
    RETURN format('step %s %s %s', step.incident, step.event, action);
END $$;

CREATE FUNCTION load.register() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM osm.act_as('clerk');
    RETURN osm.register('torture', jsonb_build_object('channel', 'site', 'text', 'текст',
        'answer_by', clock_timestamp() + random() * interval '2 s',
        'watch_by', clock_timestamp() + interval '2 hours'));
END $$;

CREATE FUNCTION load.bodies() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_build_object('bodies', jsonb_agg(b)) FROM (
        SELECT b FROM unnest('{a,b,c}'::text[]) AS b ORDER BY random()
        LIMIT 1 + floor(random() * 3)::integer) AS chosen $$;

-- A message, often routed in the same transaction, or a step on an incident still open.
CREATE FUNCTION load.step() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    chance double precision := random();
    hand text := 'hand_' || substr('abc', 1 + floor(random() * 3)::integer, 1);
    id bigint;
    state text;
    bodies bigint[];
    excused osm.step;
BEGIN
    -- no more of them open than the worker can go over between two changes of the calendar
    IF chance < 0.2 AND (SELECT count(*) FROM (
            SELECT FROM osm.incident WHERE finished_at IS NULL LIMIT 400) AS o) < 400 THEN
        id := load.register();
        RETURN format('step %s 1 register', id)
            || CASE WHEN chance < 0.12 THEN
                   E'\n' || load.take('clerk', id, 'route', load.bodies()) ELSE '' END;
    ELSIF chance BETWEEN 0.2 AND 0.23 THEN
        SELECT c.id INTO id FROM osm.clock AS c WHERE c.flagged_at IS NOT NULL AND c.excuse IS NULL
        ORDER BY c.id DESC OFFSET floor(random() * 50) LIMIT 1;
        IF FOUND THEN
            PERFORM osm.act_as('judge');
            excused := osm.excuse(id, 'сбой связи');
            RETURN format('step %s %s excuse', excused.incident, excused.event);
        END IF;
    END IF;
    -- one of the latest, or one of those that have waited longest
    SELECT i.id, i.state, i.bodies INTO id, state, bodies FROM (
        (SELECT o.* FROM osm.incident AS o WHERE o.finished_at IS NULL ORDER BY o.id LIMIT 40)
        UNION ALL
        (SELECT o.* FROM osm.incident AS o WHERE o.finished_at IS NULL ORDER BY o.id DESC LIMIT 40)
    ) AS i ORDER BY random() LIMIT 1;
    IF state IN ('gathering', 'writing', 'approved') THEN
        SELECT 'hand_' || b.code INTO hand FROM osm.body AS b
        WHERE b.id = ANY (bodies) ORDER BY random() LIMIT 1;
    END IF;
    chance := random();
    RETURN CASE state
        WHEN 'new' THEN CASE
            WHEN chance < 0.7 THEN load.take('clerk', id, 'route', load.bodies())
            WHEN chance < 0.85 THEN load.take('clerk', id, 'fix', jsonb_build_object('clock',
                'answer', 'due_at', clock_timestamp() + random() * interval '4 s'))
            ELSE load.take('clerk', id, 'drop') END
        WHEN 'gathering' THEN CASE
            WHEN chance < 0.75 THEN load.take(hand, id, 'give', '{"text": "часть"}')
            WHEN chance < 0.85 THEN load.take(hand, id, 'back')
            ELSE load.take('clerk', id, 'route', '{"bodies": ["a", "b", "c"]}') END
        WHEN 'writing' THEN CASE
            WHEN chance < 0.6 THEN load.take(hand, id, 'write', '{"text": "ответ"}')
            WHEN chance < 0.8 THEN load.take(hand, id, 'ask')
            WHEN chance < 0.9 THEN load.take('clerk', id, 'fix', jsonb_build_object('clock',
                'answer', 'due_at', clock_timestamp() + random() * interval '4 s'))
            ELSE load.take(hand, id, 'back') END
        WHEN 'asked' THEN load.take('clerk', id, 'hear')
        WHEN 'review' THEN load.take('clerk', id,
            CASE WHEN chance < 0.75 THEN 'approve' ELSE 'send_back' END)
        WHEN 'approved' THEN load.take(hand, id, 'post')
        ELSE 'refused nothing' END;
EXCEPTION
    -- meanwhile somebody was quicker: not allowed any more, not whose it is, changed
    WHEN SQLSTATE 'OW001' OR SQLSTATE 'OW002' OR SQLSTATE 'OW003' OR SQLSTATE 'OW007' THEN
        RETURN 'refused ' || SQLSTATE;
END $$;

-- What the calendar was made to be, a row a change.
CREATE TABLE load.change (id bigint GENERATED ALWAYS AS IDENTITY, made_at timestamptz);
CREATE TABLE load.gap (starts timestamptz, ends timestamptz);

-- The calendar changes: another gap ahead, those of a minute ago gone, at times one ahead gone.
CREATE FUNCTION load.change_calendar() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    change bigint;
    soon timestamptz := clock_timestamp() + random() * interval '3 s';
BEGIN
    LOCK TABLE load.gap IN EXCLUSIVE MODE;
    DELETE FROM load.gap WHERE ends < clock_timestamp() - interval '1 minute'
        OR starts > clock_timestamp() AND random() < 0.2;
    INSERT INTO load.gap SELECT soon, soon + random() * interval '0.5 s'
    WHERE (soon + interval '0.5 s')::date = soon::date
      AND NOT EXISTS (SELECT FROM load.gap AS g
        WHERE tstzrange(soon, soon + interval '0.5 s', '[]') && tstzrange(g.starts, g.ends, '[]'));
    PERFORM osm.define_calendar('torn', jsonb_build_object('parent', 'around-the-clock',
        'title', 'Рвётся', 'days', coalesce((
            SELECT jsonb_object_agg(day::date, jsonb_build_object('is', hours)) FROM (
                SELECT date_trunc('day', starts) AS day,
                    jsonb_agg(to_char(opens, 'HH24:MI:SS.US-') || CASE
                        WHEN closes::time = '0:00' THEN '24:00'
                        ELSE to_char(closes, 'HH24:MI:SS.US') END ORDER BY opens) AS hours
                FROM (
                    SELECT starts, lag(ends, 1, date_trunc('day', starts)) OVER day AS opens,
                        starts AS closes FROM load.gap
                    WINDOW day AS (PARTITION BY date_trunc('day', starts) ORDER BY starts)
                    UNION ALL
                    SELECT max(starts), max(ends), date_trunc('day', max(starts)) + interval '1 day'
                    FROM load.gap GROUP BY date_trunc('day', starts)) AS open
                WHERE opens < closes GROUP BY 1) AS days), '{}')));
    INSERT INTO load.change (made_at) VALUES (clock_timestamp()) RETURNING id INTO change;
    RETURN 'change ' || change;
END $$;

-- A mailer: some messages it sends, some it cannot, some it dies on.
CREATE FUNCTION load.claim() RETURNS SETOF bigint LANGUAGE sql AS $$
    SELECT id FROM osm.claim_notifications(1 + floor(random() * 8)::integer, '300 ms') $$;
CREATE FUNCTION load.mail(id bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    chance double precision := random();
BEGIN
    IF chance < 0.75 THEN
        RETURN CASE WHEN osm.confirm_notification(id) THEN 'mailed ' || id ELSE 'refused mail' END;
    ELSIF chance < 0.9 THEN
        RETURN coalesce('failed ' || id || ' ' || osm.fail_notification(id, 'нет связи', '100 ms'),
            'refused mail');
    END IF;
    RETURN 'refused mail';
END $$;
