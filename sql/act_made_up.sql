-- Two made-up acts, loaded as data: what no act of the presets asks for, kept and broken. Times are
-- those of Moscow; 2 March 2026 is a Monday, 9 March is a day off, office hours are 9:00-13:00 and
-- 14:00-18:00. Due instants are worked out by hand in the comments.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set regulation mu-mayak
\set zone Europe/Moscow
SET timezone = 'Europe/Moscow';
\set ECHO none
\i test/lib/act.sql
\i test/lib/made_up_acts.sql
\set ECHO all
SELECT osm.install_preset('ru'), osm.install_preset('around-the-clock') \g /dev/null
SELECT * FROM osm.check_regulation(pg_temp.beacon());
SELECT * FROM osm.check_regulation(pg_temp.beacon_2());
SELECT * FROM osm.check_regulation(pg_temp.bell());
SELECT osm.define_regulation(d) > 0
FROM unnest(ARRAY[pg_temp.beacon(), pg_temp.beacon_2(), pg_temp.bell()]) AS d;
SELECT osm.define_regulation(osm.regulation_document(code, edition)) = id AS same
FROM osm.regulation ORDER BY id;
SELECT clause FROM osm.clause_coverage WHERE NOT covered;
SELECT pg_temp.people('{"code": "land", "title": "Край",
    "regulations": {"mu-mayak": {"oarsman": ["oars", "sails"], "herald": ["oars", "sails"]},
                    "mu-kolokol": {"ringer": ["oars", "sails", "ropes"],
                                   "cantor": ["oars", "sails", "ropes"]}},
    "bodies": [{"code": "tower", "title": "Башня"}, {"code": "oars", "title": "Вёсла"},
               {"code": "sails", "title": "Паруса"}, {"code": "ropes", "title": "Канаты"}],
    "officials": [
        {"login": "scout", "name": "Д", "appointments": [{"body": "tower", "role": "scout"}]},
        {"login": "pilot", "name": "К", "appointments": [{"body": "tower", "role": "pilot"}]},
        {"login": "k1", "name": "С1", "appointments": [{"body": "tower", "role": "keeper_1"}]},
        {"login": "k2", "name": "С2", "appointments": [{"body": "tower", "role": "keeper_2"}]},
        {"login": "k3", "name": "С3", "appointments": [{"body": "tower", "role": "keeper_3"}]},
        {"login": "dean", "name": "Ст", "appointments": [{"body": "tower", "role": "dean"}]},
        {"login": "ann", "name": "А", "appointments": [{"body": "oars", "role": "oarsman"},
            {"body": "oars", "role": "herald"}, {"body": "oars", "role": "ringer"},
            {"body": "oars", "role": "cantor"}]},
        {"login": "bob", "name": "Б", "appointments": [{"body": "sails", "role": "oarsman"},
            {"body": "sails", "role": "herald"}, {"body": "sails", "role": "ringer"}]},
        {"login": "cat", "name": "В", "appointments": [{"body": "ropes", "role": "ringer"}]},
        {"login": "two", "name": "Г", "appointments": [{"body": "sails", "role": "ringer"},
            {"body": "ropes", "role": "ringer"}]}]}');

-- A signal, or a bell, at a local time; and the terms that run.
CREATE FUNCTION pg_temp.signal(local text, message jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE sql AS $$ SELECT pg_temp.enter('scout', '{"channel": "vk", "text": "Темно"}'::jsonb
    || message, local)::bigint $$;
CREATE FUNCTION pg_temp.ring(local text, message jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE sql AS $$ SELECT pg_temp.attempt('dean', format('SELECT osm.register(%L, %L)',
    'mu-kolokol', '{"channel": "vk", "text": "Дым"}'::jsonb || message), local)::bigint $$;
CREATE FUNCTION pg_temp.terms(incident bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.name, b.code, c.state, 'due', to_char(c.due_at, 'DD.MM HH24:MI'),
        c.due_cause, CASE WHEN c.flagged_at IS NOT NULL THEN 'flagged' END)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    LEFT JOIN osm.assignment AS a ON a.id = c.assignment_id
    LEFT JOIN osm.body AS b ON b.id = a.body_id
    WHERE c.incident_id = incident ORDER BY r.position, c.id $$;
-- The pass, run at a local time.
CREATE FUNCTION pg_temp.pass(local text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.clock_at(local);
    RETURN (SELECT concat_ws(' ', 'breaches', breaches, 'warnings', warnings, 'moved', moved)
            FROM osm.tick());
END $$;
-- What the list of work to do asks of an official.
CREATE FUNCTION pg_temp.awaits(login text, incident bigint) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.attempt(login, format('SELECT (SELECT actions FROM osm.inbox
        WHERE incident_id = %s)', incident)) $$;
-- The passes that find what the sections before have left due.
CREATE FUNCTION pg_temp.rest(local text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.clock_at(local);
    FOR i IN 1 .. 3 LOOP
        PERFORM osm.tick();
    END LOOP;
END $$;

-- п. 2: two outer terms. The message is of 9:00 and arrives in the system at 10:20: the reaction
-- is due an hour by the clock after that, the answer 9:00 + (4 + 4) working hours = 18:00.
SELECT pg_temp.signal('2026-03-02 10:20', '{"detected_at": "2026-03-02 09:00+03"}') AS a \gset
SELECT pg_temp.signal('2026-03-02 10:20') AS b \gset
SELECT pg_temp.terms(:a);
SELECT pg_temp.step('scout', :a, 'hail', '{"text": "Видим", "kind": "answer"}');
SELECT pg_temp.step('pilot', :a, 'hail', '{"text": "Видим", "kind": "interim"}');
SELECT pg_temp.step('scout', :a, 'hail', '{"text": "Видим", "kind": "interim"}',
    '2026-03-02 11:20');
SELECT pg_temp.step('scout', :b, 'hail', '{"text": "Видим", "kind": "interim"}',
    '2026-03-02 11:21');
SELECT pg_temp.term(:a, 'first_reaction'), pg_temp.term(:b, 'first_reaction');
SELECT overdue_since, answered_at FROM osm.incident WHERE id IN (:a, :b) ORDER BY id;
SELECT version, kind, state, posted_at FROM osm.reply WHERE incident_id = :a;

-- п. 4: of heating 2 hours by the clock, also at night; of anything else 8 working hours, from
-- 17:00 1 + 7 = 17:00 of the next day; who names no topic is anything else.
SELECT pg_temp.terms(pg_temp.signal('2026-03-02 17:00', '{"topic": "heating"}'));
SELECT pg_temp.terms(pg_temp.signal('2026-03-02 17:00', '{"topic": "roads"}'));
SELECT pg_temp.signal('2026-03-02 17:00') AS c \gset
SELECT pg_temp.terms(:c);
-- a warning at 30 working minutes left: 16:30, once, to who has the signal
SELECT pg_temp.step('pilot', :c, 'hand', '{"bodies": ["oars"]}');
SELECT pg_temp.rest('2026-03-03 16:20');
SELECT pg_temp.pass('2026-03-03 16:29:59');
SELECT pg_temp.pass('2026-03-03 16:30');
SELECT pg_temp.pass('2026-03-03 16:31');
SELECT o.login, n.subject = 'Полный ответ: ' || :c AS subject, n.deliver_after
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
WHERE n.incident_id = :c AND n.kind = 'warning';

-- п. 11: from the day of the broadcast, Thursday 5th: 6th, 10th, 11th, till the close of business
SELECT pg_temp.term(pg_temp.signal('2026-03-06 10:00', '{"broadcast_on": "2026-03-05"}'),
    'after_air');
SELECT pg_temp.term(pg_temp.signal('2026-03-06 10:00'), 'after_air');

-- п. 5: the draft has half of the answer's 8 hours from the handing over at 11:00:
-- 11-13 and 14-16. A new hand has none of its own: the term runs from the first.
SELECT pg_temp.signal('2026-03-02 10:00') AS d \gset
SELECT pg_temp.step('pilot', :d, 'hand', '{"bodies": ["sails"]}', '2026-03-02 11:00');
SELECT pg_temp.step('pilot', :d, 'hand', '{"bodies": ["oars"]}', '2026-03-02 11:30');
SELECT pg_temp.term(:d, 'draft_half');
-- п. 7: in VK at least 12 characters and no empty words in any case; a list is no text
SELECT pg_temp.step('ann', :d, 'draft', '{"text": "11 букв все"}', '2026-03-02 16:00');
SELECT pg_temp.step('ann', :d, 'draft', '{"text": "Решим В УСТАНОВЛЕННОМ порядке."}');
SELECT pg_temp.step('ann', :d, 'draft', '{"text": "Вот ёмкий ОТВЕТ на ваш вопрос"}');
SELECT pg_temp.step('ann', :d, 'draft', '{"text": ["Решим в установленном порядке."]}');
SELECT pg_temp.step('bob', :d, 'draft', '{"text": "Фонарь зажжён"}');
SELECT pg_temp.step('ann', :d, 'draft', '{"text": "Фонарь зажжён",
    "promised_until": "2026-03-20"}');
SELECT pg_temp.term(:d, 'draft_half');
-- п. 6: three keepers, in their order, each within a working hour; any may turn it back
SELECT pg_temp.step('k2', :d, 'pass_2');
SELECT pg_temp.step('k2', :d, 'pass_1');
SELECT pg_temp.step('k1', :d, 'pass_1', '{}', '2026-03-02 17:00');
SELECT pg_temp.step('k2', :d, 'turn_back', '{"reason": "dull"}');
SELECT pg_temp.step('k2', :d, 'turn_back', '{"reason": "unclear"}', '2026-03-03 09:00');
SELECT pg_temp.step('ann', :d, 'draft', '{"text": "Фонарь на молу зажжён",
    "promised_until": "2026-03-20"}', '2026-03-03 09:10');
SELECT pg_temp.step('k1', :d, 'pass_1', '{}', '2026-03-03 09:20');
SELECT pg_temp.step('k2', :d, 'pass_2', '{}', '2026-03-03 10:21');
SELECT pg_temp.step('k3', :d, 'pass_3', '{}', '2026-03-03 10:30');
SELECT pg_temp.step('bob', :d, 'proclaim', '{"channel": "vk"}');
SELECT pg_temp.step('ann', :d, 'proclaim', '{"channel": "vk"}', '2026-03-03 10:40');
SELECT pg_temp.terms(:d);
SELECT decision, decided_at FROM osm.review WHERE incident_id = :d ORDER BY id;
-- п. 10: what was promised till the end of the 20th is checked in the final state, which stays
SELECT finished_at AS finished FROM osm.incident WHERE id = :d \gset
SELECT pg_temp.step('pilot', :d, 'sound');
SELECT pg_temp.step('pilot', :d, 'sound', '{"outcome": "lit"}', '2026-03-20 23:59');
SELECT pg_temp.term(:d, 'promise');
SELECT state, finished_at = :'finished' AS stays FROM osm.incident WHERE id = :d;
SELECT pg_temp.step('ann', :d, 'draft', '{"text": "Фонарь зажжён"}');

-- п. 7, 8: a typical answer skips the keepers. In Lenta 40 characters.
SELECT pg_temp.signal('2026-03-10 09:30', '{"channel": "lenta"}') AS e \gset
SELECT pg_temp.step('scout', :e, 'quick', '{"text": "1234567890123456789012345678901234567890!",
    "reason": "thanks"}', '2026-03-10 10:00');
SELECT pg_temp.step('scout', :e, 'quick', '{"text": "1234567890123456789012345678901234567890"}');
SELECT pg_temp.step('scout', :e, 'quick', '{"text": "Спасибо", "reason": "thanks",
    "kind": "interim"}');
SELECT pg_temp.step('scout', :e, 'quick', '{"text": "Спасибо за добрые слова!",
    "reason": "thanks", "channel": "lenta"}');
SELECT pg_temp.terms(:e);
SELECT r.version, r.kind, r.state, r.posted_at, r.posted_channel, i.answered_at, i.finished_at
FROM osm.reply AS r JOIN osm.incident AS i ON i.id = r.incident_id WHERE i.id = :e;
SELECT posted_at, answered_hours, submitted_at, reworks, overdue FROM osm.incident_overview
WHERE incident_id = :e;
SELECT rule, counts_as, verdict, late_hours FROM osm.timeliness WHERE incident_id = :e
ORDER BY clock_id;
-- at most two alike in a working hour: a third at 10:45 and at 11:00 is one too many, at 11:01
-- the first is out of the hour; other words do not count
CREATE FUNCTION pg_temp.thanks(local text, words text DEFAULT 'Спасибо за добрые слова!')
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.step('scout', pg_temp.signal(local), 'quick', jsonb_build_object('text', words,
        'reason', 'thanks'), local) $$;
SELECT pg_temp.thanks('2026-03-10 10:30');
SELECT pg_temp.thanks('2026-03-10 10:45');
SELECT pg_temp.thanks('2026-03-10 10:45', 'Спасибо и вам за слова');
SELECT pg_temp.thanks('2026-03-10 11:00');
SELECT pg_temp.thanks('2026-03-10 11:01');
-- the night is no working time: what was said at 17:45 and 17:50 still counts at 9:10 and no
-- longer at 9:46
SELECT pg_temp.thanks('2026-03-11 17:45'), pg_temp.thanks('2026-03-11 17:50');
SELECT pg_temp.thanks('2026-03-12 09:10');
SELECT pg_temp.thanks('2026-03-12 09:46');

-- п. 12: three remarks a day from one account
SELECT pg_temp.signal('2026-03-12 10:00') AS f \gset
SELECT pg_temp.step('pilot', :f, 'hand', '{"bodies": ["oars"]}');
CREATE FUNCTION pg_temp.remark(f bigint, account text, local text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.step('scout', f, 'remark', jsonb_strip_nulls(jsonb_build_object('text', 'Ждём',
        'kind', 'interim', 'account', account)), local) $$;
SELECT pg_temp.remark(:f, NULL, '2026-03-12 10:00');
SELECT pg_temp.step('scout', :f, 'remark', '{"text": "Ждём", "account": "vk.example/tower"}');
SELECT pg_temp.remark(:f, 'vk.example/tower', '2026-03-12 10:00'),
    pg_temp.remark(:f, 'vk.example/tower', '2026-03-12 11:00'),
    pg_temp.remark(:f, 'vk.example/tower', '2026-03-12 23:00');
SELECT pg_temp.remark(:f, 'vk.example/tower', '2026-03-12 23:59');
SELECT pg_temp.remark(:f, 'vk.example/mole', '2026-03-12 23:59');
SELECT pg_temp.remark(:f, 'vk.example/tower', '2026-03-13 00:00');

-- п. 9: the author is asked on Monday 16th at 15:00; 17th, 18th, 19th, till 18:00. Meanwhile the
-- answer stands still: 5 of its 8 hours are used.
CREATE FUNCTION pg_temp.asked() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint := pg_temp.signal('2026-03-16 09:00');
BEGIN
    PERFORM pg_temp.step('pilot', id, 'hand', '{"bodies": ["oars"]}');
    PERFORM pg_temp.step('ann', id, 'call_out', '{"text": "Где темно?", "kind": "clarification"}',
        '2026-03-16 15:00');
    RETURN id;
END $$;
SELECT pg_temp.asked() AS g \gset
SELECT pg_temp.asked() AS h \gset
SELECT pg_temp.asked() AS i \gset
SELECT pg_temp.terms(:g);
-- in time: the answer runs on, 3 hours from 18:00 on: 12:00
SELECT pg_temp.step('scout', :h, 'voice', '{}', '2026-03-19 18:00');
SELECT pg_temp.terms(:h);
SELECT pg_temp.rest('2026-03-19 18:00');
SELECT state FROM osm.incident WHERE id = :g;
-- too late, and yet before the pass: the step wins, and nobody was late
SELECT pg_temp.step('scout', :i, 'voice', '{}', '2026-03-20 10:00');
SELECT pg_temp.term(:i, 'silence'), overdue_since FROM osm.incident WHERE id = :i;
-- the pass comes on Saturday: closed as of Thursday 18:00, by nobody, once
SELECT pg_temp.pass('2026-03-21 12:00');
SELECT moved FROM osm.tick();
SELECT state, finished_at, actor_id FROM osm.incident WHERE id IN (:g, :h, :i) ORDER BY id;
SELECT action, occurred_at, recorded_at, actor_id, details ->> 'clock' AS clock, clause
FROM osm.event WHERE incident_id = :g ORDER BY seq DESC LIMIT 1;
SELECT pg_temp.terms(:g);
SELECT osm.verify_chain(:g) IS NULL AS intact;

-- The second edition: who is detected in April has 3 working hours for the reaction, 17-18 and
-- 9-11, and 24 hours by the clock for the answer; who was detected before stays as it was.
SELECT pg_temp.terms(pg_temp.signal('2026-03-31 17:00'));
SELECT pg_temp.terms(pg_temp.signal('2026-04-01 17:00'));

-- The bell. п. 2: 16 working hours from Monday 10:00: 7 + 8 + 1, Wednesday 10:00.
-- п. 3: parts in the order of the summons, a quarter of that each: 10-13 and 14-15.
SELECT pg_temp.ring('2026-03-02 10:00') AS p \gset
SELECT pg_temp.step('dean', :p, 'summon', '{"bodies": ["oars", "sails", "ropes"],
    "lead": "oars", "order": "lottery"}');
SELECT pg_temp.step('dean', :p, 'summon', '{"bodies": ["oars", "sails", "ropes"],
    "lead": "oars", "order": "sequence"}');
SELECT pg_temp.terms(:p);
SELECT pg_temp.step('bob', :p, 'chime', '{"text": "Паруса целы"}');
SELECT pg_temp.awaits('ann', :p), pg_temp.awaits('bob', :p);
SELECT pg_temp.step('ann', :p, 'compose', '{"text": "Всё цело"}');
-- the second's term begins with the first's part: 11-13, 14-16
SELECT pg_temp.step('ann', :p, 'chime', '{"text": "Вёсла целы"}', '2026-03-02 11:00');
SELECT pg_temp.terms(:p);
-- the second is taken off in the middle: the third's turn comes then, 12-13 and 14-17
SELECT pg_temp.step('dean', :p, 'summon', '{"bodies": ["oars", "ropes"], "lead": "oars",
    "order": "sequence"}', '2026-03-02 12:00');
SELECT pg_temp.terms(:p);
SELECT pg_temp.step('bob', :p, 'chime', '{"text": "Паруса целы"}');
SELECT pg_temp.step('cat', :p, 'chime', '{"text": "Канаты целы"}', '2026-03-02 12:30');
SELECT pg_temp.step('ann', :p, 'compose', '{"text": "Всё цело"}', '2026-03-02 14:00');
-- a body that steps back makes way too, and so does a summons without an order
SELECT pg_temp.ring('2026-03-02 10:00') AS q \gset
SELECT pg_temp.step('dean', :q, 'summon', '{"bodies": ["sails", "oars", "ropes"],
    "order": "sequence"}');
SELECT pg_temp.step('bob', :q, 'step_back', '{}', '2026-03-02 10:30');
SELECT pg_temp.terms(:q);
SELECT pg_temp.step('dean', :q, 'summon', '{"bodies": ["oars", "ropes"]}', '2026-03-02 10:40');
SELECT pg_temp.terms(:q);
-- one person for two bodies gives one part after the other, then the first anew
SELECT pg_temp.ring('2026-03-02 10:00') AS r \gset
SELECT pg_temp.step('dean', :r, 'summon', '{"bodies": ["sails", "ropes", "oars"],
    "order": "sequence"}');
SELECT pg_temp.step('two', :r, 'chime', '{"text": "первая"}', '2026-03-02 11:00');
SELECT pg_temp.step('two', :r, 'chime', '{"text": "вторая"}', '2026-03-02 12:00');
SELECT pg_temp.step('two', :r, 'chime', '{"text": "первая, снова"}', '2026-03-02 12:10');
SELECT b.code, a.role, a.contribution, a.contributed_at FROM osm.assignment AS a
JOIN osm.body AS b ON b.id = a.body_id WHERE a.incident_id = :r ORDER BY a.seq_no;
SELECT pg_temp.step('ann', :r, 'chime', '{"text": "ведущая"}', '2026-03-02 12:20');

-- Answers of their own where the summons says so: one writes here, the other in a part
SELECT pg_temp.ring('2026-03-02 10:00') AS s \gset
SELECT pg_temp.step('dean', :s, 'summon', '{"bodies": ["oars", "sails"], "answers": "separate"}');
SELECT b.code, i.state, i.several_bodies, i.part_of = :s AS part FROM osm.incident AS i
JOIN osm.body AS b ON b.id = i.body_id WHERE :s IN (i.id, i.part_of) ORDER BY i.id;

-- п. 5: raised while there is time: the answer has 6 hours from 10:00 on, 17:00; the parts a
-- quarter of that, 1:30 from 14:00 on, 15:30
SELECT pg_temp.ring('2026-03-02 10:00') AS t \gset
SELECT pg_temp.step('dean', :t, 'summon', '{"bodies": ["oars", "sails"]}', '2026-03-02 14:00');
SELECT pg_temp.terms(:t);
SELECT pg_temp.step('dean', :t, 'lift', '{"importance": "fire"}', '2026-03-02 15:00');
SELECT pg_temp.terms(:t);
-- raised when that is past: due now, nobody's
SELECT pg_temp.ring('2026-03-02 10:00') AS u \gset
SELECT pg_temp.step('dean', :u, 'summon', '{"bodies": ["oars", "sails"]}', '2026-03-02 14:00');
SELECT pg_temp.step('dean', :u, 'lift', '{"importance": "fire"}', '2026-03-02 17:30');
SELECT pg_temp.terms(:u);
SELECT count(*) FROM osm.clock WHERE incident_id = :u AND due_cause = 'raised_late'
    AND body_id IS NULL;
SELECT DISTINCT e.begins, e.note FROM osm.clock AS c, osm.explain_clock(c.id, 'en') AS e
WHERE c.incident_id = :u AND c.due_cause = 'raised_late' AND e.what = 'due' ORDER BY 1;
-- urgent from the start
SELECT pg_temp.ring('2026-03-02 10:00', '{"importance": "fire"}') AS v \gset
SELECT pg_temp.step('dean', :v, 'summon', '{"bodies": ["oars", "sails"]}');
SELECT pg_temp.terms(:v);
-- п. 4: alone 8 hours, 18:00 of Tuesday; at 11:00 6 are unused, half of them: 11-13, 14-15
SELECT pg_temp.ring('2026-03-03 09:00') AS w \gset
SELECT pg_temp.step('dean', :w, 'summon', '{"bodies": ["oars"]}');
SELECT pg_temp.step('dean', :w, 'lift', '{"importance": "fire"}', '2026-03-03 11:00');
SELECT pg_temp.term(:w, 'alone');

-- п. 6: a day that only the dean sets starts a term, and that goes on past the answer
SELECT pg_temp.step('dean', :w, 'fix_day', '{"clock": "walk", "due_at": "2026-03-10"}');
SELECT pg_temp.step('dean', :w, 'fix_day', '{"clock": "round", "due_at": "2026-03-02"}');
SELECT pg_temp.step('dean', :w, 'fix_day', '{"clock": "round", "due_at": "2026-03-10"}');
SELECT pg_temp.step('ann', :w, 'compose', '{"text": "Потушено"}', '2026-03-03 15:00');
SELECT pg_temp.step('dean', :w, 'bless'),
    pg_temp.step('ann', :w, 'toll', '{}', '2026-03-03 15:10');
SELECT pg_temp.terms(:w);
SELECT pg_temp.rest('2026-03-11 10:00');
SELECT pg_temp.term(:w, 'round');
SELECT pg_temp.step('dean', :w, 'walk', '{}', '2026-03-11 10:30');
SELECT pg_temp.term(:w, 'round'), finished_at, answered_at FROM osm.incident WHERE id = :w;
-- or the answer names it
SELECT pg_temp.ring('2026-03-11 11:00') AS x \gset
SELECT pg_temp.step('dean', :x, 'summon', '{"bodies": ["oars"]}'),
    pg_temp.step('ann', :x, 'compose', '{"text": "Обойдём", "walk_on": "2026-03-13"}'),
    pg_temp.step('dean', :x, 'bless'), pg_temp.step('ann', :x, 'toll');
SELECT pg_temp.step('dean', :x, 'walk', '{}', '2026-03-13 23:00'), pg_temp.term(:x, 'round');

-- п. 7: a reminder after 2 working days, 12th and 13th till 18:00; it leaves the state, tells the
-- ringers and comes once, though the clock runs on
SELECT pg_temp.ring('2026-03-11 11:00') AS y \gset
SELECT pg_temp.step('dean', :y, 'summon', '{"bodies": ["oars", "sails"]}');
SELECT pg_temp.pass('2026-03-13 18:00');
SELECT pg_temp.rest('2026-03-16 10:00');
SELECT moved FROM osm.tick();
SELECT action, from_state, to_state, occurred_at, actor_id FROM osm.event
WHERE incident_id = :y AND actor_id = 0;
SELECT o.login FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
WHERE n.incident_id = :y AND n.subject = '[КОЛОКОЛ] части ещё нет: ' || :y ORDER BY 1;
SELECT pg_temp.term(:y, 'reminder');
-- a later end set by hand makes it come again
SELECT pg_temp.step('dean', :y, 'fix_day', '{"clock": "reminder", "due_at": "2026-03-17"}');
SELECT pg_temp.rest('2026-03-18 10:00');
SELECT count(*) FROM osm.event WHERE incident_id = :y AND actor_id = 0;
-- where it is no longer allowed, that is said once, and the pass goes on to the next
SELECT pg_temp.ring('2026-03-18 11:00') AS z \gset
SELECT pg_temp.step('dean', :z, 'summon', '{"bodies": ["oars", "sails"]}'),
    pg_temp.step('ann', :z, 'chime', '{"text": "раз"}'),
    pg_temp.step('bob', :z, 'chime', '{"text": "два"}');
SELECT pg_temp.ring('2026-03-18 11:01') AS zz \gset
SELECT pg_temp.step('dean', :zz, 'summon', '{"bodies": ["oars", "sails"]}');
SELECT pg_temp.clock_at('2026-03-21 10:00');
SET client_min_messages = error;
SELECT moved FROM osm.tick();
RESET client_min_messages;
SELECT moved FROM osm.tick();
SELECT e.action FROM osm.event AS e WHERE e.incident_id IN (:z, :zz) AND e.actor_id = 0;

-- A calendar published late, with all of these at once: the 4th becomes a day off. What a share, a
-- turn or a pass at the end of a term has moves; a day set by hand and a late raising stand.
SELECT pg_temp.ring('2026-03-03 10:00') AS k \gset
SELECT pg_temp.step('dean', :k, 'summon', '{"bodies": ["sails", "oars"], "order": "sequence"}');
SELECT pg_temp.step('bob', :k, 'chime', '{"text": "раз"}', '2026-03-03 17:00');
SELECT pg_temp.step('dean', :k, 'fix_day', '{"clock": "round", "due_at": "2026-03-06"}');
SELECT pg_temp.terms(:k);
SELECT osm.load_production_calendar('ru', E'date,kind\n2026-03-04,holiday') \g /dev/null
SELECT pg_temp.rest('2026-03-03 17:10');
SELECT pg_temp.terms(:k);
SELECT pg_temp.terms(:u);
SELECT pg_temp.rest('2026-03-05 18:10');
SELECT action, occurred_at FROM osm.event WHERE incident_id = :k AND actor_id = 0 ORDER BY seq;
SELECT pg_temp.rest('2026-03-06 18:10');
SELECT action, occurred_at FROM osm.event WHERE incident_id = :k AND actor_id = 0 ORDER BY seq;

-- Two terms of one incident end before anybody looks: the earlier closes it, as of its end, and of
-- the other there is nothing to say
SELECT osm.define_regulation(jsonb_set(pg_temp.beacon() || '{"code": "mu-twice"}', '{clocks}',
    (pg_temp.beacon() -> 'clocks') || ((pg_temp.beacon() #> '{clocks,8}')
        || '{"name": "silence_2", "term": "1 business day"}'))) > 0;
SELECT pg_temp.people('{"code": "land", "regulations": {"mu-twice": {"oarsman": ["oars"]}},
    "title": "Край"}');
SELECT pg_temp.attempt('scout', $$SELECT osm.register('mu-twice',
    '{"channel": "vk", "text": "Темно"}')$$, '2026-03-16 10:00') AS l \gset
SELECT pg_temp.step('pilot', :l, 'hand', '{"bodies": ["oars"]}');
SELECT pg_temp.step('ann', :l, 'call_out', '{"text": "Где темно?", "kind": "clarification"}');
SELECT pg_temp.rest('2026-03-21 12:00');
SELECT state, finished_at FROM osm.incident WHERE id = :l;
SELECT pg_temp.term(:l, 'silence'), pg_temp.term(:l, 'silence_2');

-- The door that lets a step of nobody's through is open for that step alone: an update some trigger
-- makes meanwhile has an actor or is refused
CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE osm.incident SET action = 'voice', details = '{}', event_seq = event_seq + 1
    WHERE id = new.incident_id;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '% %', SQLSTATE, left(SQLERRM, 11);
    RETURN NULL;
END $$;
CREATE TRIGGER meddle AFTER INSERT ON osm.event FOR EACH ROW WHEN (new.actor_id = 0)
    EXECUTE FUNCTION public.meddle();
SELECT pg_temp.asked() AS m \gset
SELECT pg_temp.pass('2026-03-21 12:00');
DROP TRIGGER meddle ON osm.event;
SELECT i.state, e.action, e.actor_id = 0 AS nobody FROM osm.incident AS i
JOIN osm.event AS e ON e.incident_id = i.id AND e.seq = i.event_seq WHERE i.id = :m;
SELECT pg_temp.term(:m, 'silence');

-- "!x" in a condition: whatever is not x, also nothing
SELECT a, b, osm.conditions_overlap(jsonb_build_object('k', jsonb_build_array(a)),
    jsonb_build_object('k', jsonb_build_array(b)))
FROM (VALUES ('!x', 'x'), ('!x', 'y'), ('!x', '-'), ('!-', '-'), ('!x', '!y'), ('!x', '*'),
    ('!-', '*'), ('*', '-'), ('x', 'x'), ('x', 'y')) AS v (a, b);
SELECT osm.condition_text('{"reply_kind": ["!answer"], "topic": ["!heating"]}', l)
FROM unnest('{ru,en}'::text[]) AS l;
SELECT line FROM regexp_split_to_table(osm.state_diagram('mu-mayak', edition => '1'), E'\n') AS line
WHERE line ~ 'Подать реплику|Внести';

-- Under their own edition these incidents get the clocks they had, but for what a calendar changed;
-- one that ends in a step is never overdue there either.
WITH other AS (
    SELECT i.id AS incident, s.rule, s.assignment_id, s.cycle_no, s.armed, s.started_at,
           s.stopped_at, s.state
    FROM osm.incident AS i, LATERAL osm.simulate_incident(i.id, i.regulation_id) AS s
), real AS (
    SELECT c.incident_id, r.name, c.assignment_id, c.cycle_no, c.armed, c.started_at,
           c.stopped_at, c.state
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
)
(SELECT 'was', * FROM real EXCEPT SELECT 'was', * FROM other)
UNION ALL (SELECT 'would be', * FROM other EXCEPT SELECT 'would be', * FROM real);
