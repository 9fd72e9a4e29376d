-- An act that orders a report a week, one a quarter and a notice that is none; answers are due
-- within 24 hours, counted around the clock, so that every figure can be worked out in one's head.
-- Two authorities work under it.
SELECT osm.install_preset('around-the-clock') \g /dev/null
CREATE SCHEMA try;
CREATE FUNCTION try.act(edition text, in_force jsonb, duties jsonb) RETURNS jsonb LANGUAGE sql AS $$
SELECT '{
"code": "try-report", "title": "Отчёты", "issuer": "Проверка", "act_no": "1",
"act_date": "2020-01-01", "time_zone": "Europe/Moscow", "calendar": "around-the-clock",
"clauses": [{"path": "п. 1", "summary": "Ответ в срок.", "answer": "B/L"},
            {"path": "п. 2", "summary": "Отчёты.", "answer": "G"}],
"roles": [
  {"name": "clerk", "title": "Куратор", "scope": "authority", "clause": "п. 1"},
  {"name": "judge", "title": "Судья", "scope": "authority", "clause": "п. 1"},
  {"name": "hand", "title": "Исполнитель", "scope": "assignment", "clause": "п. 1"}],
"states": [
  {"name": "new", "title": "Новое", "kind": "initial"},
  {"name": "writing", "title": "Пишут", "kind": "open"},
  {"name": "review", "title": "Смотрят", "kind": "open"},
  {"name": "approved", "title": "Можно", "kind": "open"},
  {"name": "answered", "title": "Отвечено", "kind": "final"}],
"actions": [
  {"name": "register", "title": "Завести", "effect": "register"},
  {"name": "route", "title": "Передать", "effect": "assign"},
  {"name": "back", "title": "Вернуть", "effect": "release"},
  {"name": "write", "title": "Составить", "effect": "submit"},
  {"name": "send_back", "title": "Завернуть", "effect": "send_back"},
  {"name": "approve", "title": "Утвердить", "effect": "approve"},
  {"name": "post", "title": "Огласить", "effect": "post"}],
"transitions": [
  {"action": "register", "to": "new", "role": ["clerk"], "clause": "п. 1"},
  {"action": "route", "from": "new", "to": "writing", "role": ["clerk"], "requires": ["bodies"],
   "clause": "п. 1"},
  {"action": "back", "from": "writing", "to": "new", "role": ["hand"], "clause": "п. 1"},
  {"action": "write", "from": "writing", "to": "review", "role": ["hand"], "requires": ["text"],
   "clause": "п. 1"},
  {"action": "send_back", "from": "review", "to": "writing", "role": ["clerk"], "clause": "п. 1"},
  {"action": "approve", "from": "review", "to": "approved", "role": ["clerk"], "clause": "п. 1"},
  {"action": "post", "from": "approved", "to": "answered", "role": ["hand"], "clause": "п. 1"}],
"clocks": [{"name": "answer", "title": "Ответ", "title_en": "Answer", "starts_on": ["register"],
  "stops_on": ["post"], "term": "24 h", "outer_term": true, "responsible": "hand",
  "clause": "п. 1"}],
"minimum_sample": 2, "rating": {
  "parts": [{"part": "timeliness", "weight": 0.5, "clause": "п. 2"},
            {"part": "speed", "weight": 0.5, "clause": "п. 2"}],
  "zones": [{"zone": "green", "title": "Зелёная", "lowest": 4, "colour": "#00aa00"},
            {"zone": "red", "title": "Красная", "lowest": 0, "colour": "#aa0000"}]}}'::jsonb
|| jsonb_build_object('edition', edition, 'in_force', in_force, 'duties', duties)
$$;
SELECT osm.define_regulation(try.act('1', '{"from": "2020-01-01"}', '[
  {"name": "weekly", "title": "Справка", "title_en": "Note", "kind": "report", "per": "week",
   "responsible": "clerk", "clause": "п. 2"},
  {"name": "rating", "title": "Рейтинг", "title_en": "Rating", "kind": "report", "per": "quarter",
   "responsible": "clerk", "clause": "п. 2"},
  {"name": "notice", "title": "Замечание", "kind": "deficiency", "responsible": "clerk",
   "clause": "п. 2"}]')) \g /dev/null
SELECT osm.define_authority('{"code": "one", "title": "Первая",
    "regulations": {"try-report": {"clerk": ["desk"], "hand": ["roads", "health"]}},
    "bodies": [{"code": "desk", "title": "Стол"}, {"code": "roads", "title": "Дороги"},
               {"code": "health", "title": "Здоровье"}],
    "officials": [
        {"login": "clerk", "name": "К", "appointments": [{"body": "desk", "role": "clerk"}]},
        {"login": "judge", "name": "С", "appointments": [{"body": "desk", "role": "judge"}]},
        {"login": "roads", "name": "Д", "appointments": [{"body": "roads", "role": "hand"}]},
        {"login": "health", "name": "З", "appointments": [{"body": "health", "role": "hand"}]}]}'),
    osm.define_authority('{"code": "two", "title": "Вторая",
    "regulations": {"try-report": {"clerk": ["desk"], "hand": ["roads"]}},
    "bodies": [{"code": "desk", "title": "Стол"}, {"code": "roads", "title": "Дороги"}],
    "officials": [
        {"login": "clerk2", "name": "К", "appointments": [{"body": "desk", "role": "clerk"}]},
        {"login": "roads2", "name": "Д", "appointments": [{"body": "roads", "role": "hand"}]}]}')
    \g /dev/null

-- Takes a step as an official at a local time.
CREATE FUNCTION try.at(local text, login text, incident bigint, action text,
    details jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', local || '+03', false);
    PERFORM osm.act_as(login);
    PERFORM osm.perform(incident, action, details);
END $$;
-- A message of a local time, at a body at once and, where so, answered at another.
CREATE FUNCTION try.message(local text, answered text, body text, message jsonb DEFAULT '{}',
    suffix text DEFAULT '') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', local || '+03', false);
    PERFORM osm.act_as('clerk' || suffix);
    id := osm.register('try-report',
        '{"channel": "site", "text": "т", "topic": "дороги"}'::jsonb || message);
    PERFORM osm.perform(id, 'route', jsonb_build_object('bodies', ARRAY[body]));
    IF answered IS NOT NULL THEN
        PERFORM try.answer(answered, id, body || suffix, 'clerk' || suffix);
    END IF;
    RETURN id;
END $$;
CREATE FUNCTION try.answer(local text, incident bigint, login text, curator text DEFAULT 'clerk')
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM try.at(local, login, incident, 'write', '{"text": "о"}'),
        try.at(local, curator, incident, 'approve'), try.at(local, login, incident, 'post');
END $$;
-- A week of messages, and the edges of it: Monday is 2 March 2026. The instants of the answers are
-- in the order of time, those of the messages need not be: nobody looks in between.
CREATE FUNCTION try.week() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
    first bigint;
BEGIN
    -- due on Monday, but of the week before
    PERFORM try.message('2026-03-01 20:00', '2026-03-02 08:00', 'roads');          -- 12 h
    -- due a day later each
    PERFORM try.message('2026-03-02 00:00', '2026-03-02 06:00', 'health', '{"topic": "вода"}');
    first := try.message('2026-03-02 10:00', '2026-03-03 04:00', 'roads');         -- 18 h
    n := try.message('2026-03-02 12:00', NULL, 'roads');                           -- 48 h, late
    PERFORM try.at('2026-03-03 09:00', 'roads', n, 'write', '{"text": "о"}'),
        try.at('2026-03-03 10:00', 'clerk', n, 'send_back'),
        try.answer('2026-03-04 12:00', n, 'roads');
    PERFORM try.message('2026-03-03 00:00', '2026-03-03 12:00', 'health', '{"topic": "вода"}');
    n := try.message('2026-03-04 08:00', NULL, 'roads', '{"topic": "вода"}');      -- given back
    PERFORM try.at('2026-03-04 09:00', 'roads', n, 'back'),
        try.at('2026-03-04 09:00', 'clerk', n, 'route', '{"bodies": ["health"]}'),
        try.answer('2026-03-05 02:00', n, 'health');                               -- 18 h
    PERFORM try.message('2026-03-05 10:00', '2026-03-05 16:00', 'roads',           -- 6 h
        jsonb_build_object('repeat_of', first));
    PERFORM try.message('2026-03-05 11:00', '2026-03-05 12:00', 'roads', '{}', '2');
    -- late from Saturday, 09:00, and not answered
    PERFORM try.message('2026-03-06 09:00', NULL, 'roads');
    -- due in the week after
    PERFORM try.message('2026-03-08 12:00', NULL, 'health', '{"topic": "вода"}');
END $$;
