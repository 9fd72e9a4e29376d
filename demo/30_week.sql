-- Demonstration, part 3: one week of two governments, from Friday evening to Friday. Times are
-- those of Barnaul for Altai and of Moscow for Rostov. 4 November is a holiday, the 3rd a short
-- day.
--
-- Hazard that shaped this file: the worker flags what is due by its own clock, so no step may be
-- played before the instant that clock was last moved to.
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset null ''
\set QUIET on
SET client_min_messages = warning;
SET timezone = 'Europe/Moscow';
\t on
\pset format unaligned

\echo
\echo '== 3. Friday evening: Altai counts working hours, Rostov hours =='
\echo
\echo '-- Altai, 18:20: a pothole. The offices are closed; nothing runs out before Monday.'
SELECT demo.play('2026-10-30 18:20+07', 'monitoring', 'road', 'register', '{
    "act": "ru-alt-132-2020", "channel": "vk", "topic": "Дороги", "place": "Барнаул",
    "importance": "normal", "author": "Ирина", "url": "https://vk.example/road",
    "text": "Третью неделю яма у школы на Полярной, дети идут по проезжей части!"}');
\echo '-- Rostov, 17:40: a bus that does not come. Twenty-four hours by the clock on the wall.'
SELECT demo.play('2026-10-30 17:40+03', 'stepnoy', 'bus', 'register', '{
    "act": "ru-ros-311-2018", "channel": "vk", "topic": "Транспорт", "place": "Ростов-на-Дону",
    "author": "Павел", "text": "33-й автобус вечером не дождаться."}');
SELECT demo.play('2026-10-30 17:55+03', 'stepnoy', 'bus', 'route', '{"bodies": ["transport"]}');
SELECT demo.play('2026-10-30 20:10+03', 'makeeva', 'bus', 'submit', '{"kind": "answer",
    "resolution": "plan", "promised_until": "2026-11-10",
    "text": "С 10 ноября на маршрут выйдут ещё два автобуса."}');
SELECT demo.play('2026-10-30 20:25+03', 'stepnoy', 'bus', 'approve',
    '{"checklist": {"format": true, "media": true}}');
SELECT demo.play('2026-10-30 20:40+03', 'makeeva', 'bus', 'post',
    '{"channel": "vk", "url": "https://vk.example/bus/1"}');

\echo
\echo '== 4. Monday: the wrong ministry, a rework, cold radiators, a threat =='
\echo
\echo '-- The pothole goes to the wrong ministry, comes back and is sent on.'
SELECT demo.play('2026-11-02 09:12+07', 'sosnina', 'road', 'route', '{"bodies": ["health"]}');
SELECT demo.play('2026-11-02 09:31+07', 'zarubina', 'road', 'return',
    '{"comment": "Дороги — Минтранс."}');
SELECT demo.play('2026-11-02 09:45+07', 'sosnina', 'road', 'route', '{"bodies": ["roads"]}');
SELECT demo.play('2026-11-02 11:30+07', 'katunin', 'road', 'submit',
    '{"kind": "answer", "text": "Разберёмся."}');
SELECT demo.play('2026-11-02 11:50+07', 'sosnina', 'road', 'send_back',
    '{"reason": "substance", "comment": "Когда и что будет сделано?"}');
SELECT demo.play('2026-11-02 12:35+07', 'katunin', 'road', 'submit', '{"kind": "answer",
    "text": "Яма заделана сегодня, участок внесён в план ремонта на май.",
    "media": ["photo-1.jpg"]}');
SELECT demo.play('2026-11-02 12:50+07', 'sosnina', 'road', 'approve',
    '{"checklist": {"format": true, "substance": true, "media": true}}');
SELECT demo.play('2026-11-02 13:55+07', 'katunin', 'road', 'post',
    '{"channel": "vk", "url": "https://vk.example/road/7"}');
\echo '-- Cold radiators: routed in time, then nothing happens.'
SELECT demo.play('2026-11-02 10:00+07', 'monitoring', 'heat', 'register', '{
    "act": "ru-alt-132-2020", "channel": "ok", "topic": "ЖКХ", "place": "Бийск",
    "importance": "normal", "author": "Олег", "text": "В квартире +14, батареи ледяные."}');
SELECT demo.play('2026-11-02 10:20+07', 'sosnina', 'heat', 'route', '{"bodies": ["housing"]}');
\echo '-- A threat is not answered, and Rostov drops what is not its business.'
SELECT demo.play('2026-11-02 15:05+07', 'monitoring', 'threat', 'register', '{
    "act": "ru-alt-132-2020", "channel": "vk", "topic": "Прочее", "place": "Рубцовск",
    "importance": "normal", "author": "аноним", "text": "(угроза чиновнику)"}');
SELECT demo.play('2026-11-02 15:15+07', 'sosnina', 'threat', 'refuse',
    '{"reason": "threat_official"}');
SELECT demo.play('2026-11-02 11:00+03', 'stepnoy', 'water', 'register', '{
    "act": "ru-ros-311-2018", "channel": "ok", "topic": "ЖКХ", "place": "Шахты",
    "author": "Нина", "text": "Четвёртый день без воды!"}');
SELECT demo.play('2026-11-02 11:20+03', 'stepnoy', 'water', 'route', '{"bodies": ["housing"]}');
SELECT demo.play('2026-11-02 12:30+03', 'stepnoy', 'advert', 'register', '{
    "act": "ru-ros-311-2018", "channel": "vk", "author": "магазин", "text": "Скидки!"}');
SELECT demo.play('2026-11-02 12:35+03', 'stepnoy', 'advert', 'dismiss',
    '{"reason": "out_of_scope"}');
\echo '-- The worker''s clock is moved to 15:45 in Barnaul: the draft runs out. Nobody calls it.'
ALTER SYSTEM SET osm_workflow.simulated_now = '2026-11-02 15:45:01+07';
SELECT pg_reload_conf() \g /dev/null
SELECT demo.await_worker('heat', 'draft');

\echo
\echo '== 5. Tuesday, a short day: answered late, an interim reply, two ministries at once =='
\echo
SELECT demo.play('2026-11-03 10:00+07', 'chumysh', 'heat', 'submit',
    '{"kind": "answer", "text": "Стояк запущен, температура восстановлена."}');
SELECT demo.play('2026-11-03 10:20+07', 'sosnina', 'heat', 'approve',
    '{"checklist": {"format": true, "substance": true, "media": true}}');
ALTER SYSTEM SET osm_workflow.simulated_now = '2026-11-03 10:45:01+07';
SELECT pg_reload_conf() \g /dev/null
SELECT demo.await_worker('heat', 'answer');
\echo '-- A late answer is taken: refusing it would only harm the citizen.'
SELECT demo.play('2026-11-03 11:40+07', 'chumysh', 'heat', 'post',
    '{"channel": "ok", "url": "https://ok.example/heat/3"}');
\echo '-- Smoke from a dump: an interim reply keeps the term and starts seven working days.'
SELECT demo.play('2026-11-03 11:45+07', 'monitoring', 'smoke', 'register', '{
    "act": "ru-alt-132-2020", "channel": "vk", "topic": "Экология", "place": "Новоалтайск",
    "importance": "normal", "author": "Света", "text": "Опять горит свалка, дышать нечем."}');
SELECT demo.play('2026-11-03 11:55+07', 'sosnina', 'smoke', 'route', '{"bodies": ["nature"]}');
SELECT demo.play('2026-11-03 12:30+07', 'lesnaya', 'smoke', 'submit',
    '{"kind": "interim", "text": "Пробы взяты, результат сообщим."}');
SELECT demo.play('2026-11-03 12:45+07', 'sosnina', 'smoke', 'approve',
    '{"checklist": {"format": true, "substance": true, "media": true}}');
SELECT demo.play('2026-11-03 12:55+07', 'lesnaya', 'smoke', 'post',
    '{"channel": "vk", "url": "https://vk.example/smoke/2"}');
\echo '-- Rostov: twenty-four hours are over at 11:00 in Moscow.'
ALTER SYSTEM SET osm_workflow.simulated_now = '2026-11-03 11:00:01+03';
SELECT pg_reload_conf() \g /dev/null
SELECT demo.await_worker('water', 'answer');
SELECT demo.play('2026-11-03 12:10+03', 'talovy', 'water', 'submit', '{"kind": "answer",
    "resolution": "measures", "text": "Авария устранена, вода подана."}');
SELECT demo.play('2026-11-03 12:30+03', 'stepnoy', 'water', 'approve',
    '{"checklist": {"format": true, "media": true}}');
SELECT demo.play('2026-11-03 12:50+03', 'talovy', 'water', 'post',
    '{"channel": "ok", "url": "https://ok.example/water/9"}');
\echo '-- A joint answer: the ministry of transport informs, the ministry of health writes.'
SELECT demo.play('2026-11-03 15:05+07', 'monitoring', 'clinic', 'register', '{
    "act": "ru-alt-132-2020", "channel": "vk", "topic": "Здравоохранение", "place": "Алейск",
    "importance": "normal", "author": "Мария",
    "text": "До поликлиники не дойти: ни тротуара, ни пандуса."}');
SELECT demo.play('2026-11-03 15:20+07', 'sosnina', 'clinic', 'route',
    '{"bodies": ["health", "roads"], "lead": "health"}');

\echo
\echo '== 6. Thursday after the holiday: a deputy signs, the author is asked =='
\echo
SELECT demo.play('2026-11-05 09:10+07', 'katunin', 'clinic', 'contribute',
    '{"text": "Тротуар сделаем до 20 ноября."}');
SELECT demo.play('2026-11-05 10:30+07', 'zarubina', 'clinic', 'submit', '{"kind": "answer",
    "text": "Пандус установлен; тротуар до 20 ноября сделает Минтранс."}');
SELECT demo.play('2026-11-05 10:50+07', 'belkin', 'clinic', 'approve',
    '{"checklist": {"format": true, "substance": true, "media": true}}');
SELECT demo.play('2026-11-05 11:10+07', 'zarubina', 'clinic', 'post',
    '{"channel": "vk", "url": "https://vk.example/clinic/4"}');
\echo '-- While the author is asked the term stands still.'
SELECT demo.play('2026-11-05 11:00+07', 'monitoring', 'pond', 'register', '{
    "act": "ru-alt-132-2020", "channel": "messenger", "topic": "Экология", "place": "Заринск",
    "importance": "normal", "author": "Игорь", "text": "В пруд опять что-то слили."}');
SELECT demo.play('2026-11-05 11:10+07', 'belkin', 'pond', 'route', '{"bodies": ["nature"]}');
SELECT demo.play('2026-11-05 11:40+07', 'lesnaya', 'pond', 'submit',
    '{"kind": "clarification", "text": "Уточните, пожалуйста, место."}');
SELECT demo.play('2026-11-05 11:50+07', 'belkin', 'pond', 'approve',
    '{"checklist": {"format": true}}');
SELECT demo.play('2026-11-05 12:00+07', 'lesnaya', 'pond', 'post',
    '{"channel": "messenger", "url": "https://m.example/pond/1"}');
\echo '-- Two more arrive for the ministry of housing, which leaves them lying; one in Rostov, too.'
SELECT demo.play('2026-11-05 09:10+07', 'monitoring', 'yard', 'register', '{
    "act": "ru-alt-132-2020", "channel": "ok", "topic": "ЖКХ", "place": "Барнаул",
    "importance": "normal", "author": "Галина", "text": "Двор не убирают с сентября."}');
SELECT demo.play('2026-11-05 09:30+07', 'belkin', 'yard', 'route', '{"bodies": ["housing"]}');
SELECT demo.play('2026-11-05 14:00+03', 'stepnoy', 'tram', 'register', '{
    "act": "ru-ros-311-2018", "channel": "vk", "topic": "Транспорт", "place": "Таганрог",
    "author": "Денис", "text": "Трамваи стоят третий час."}');
SELECT demo.play('2026-11-05 14:10+03', 'stepnoy', 'tram', 'route', '{"bodies": ["transport"]}');

\echo
\echo '== 7. Friday: the author replies, the pothole is back =='
\echo
SELECT demo.play('2026-11-06 09:00+07', 'monitoring', 'lamp', 'register', '{
    "act": "ru-alt-132-2020", "channel": "vk", "topic": "ЖКХ", "place": "Барнаул",
    "importance": "normal", "author": "Антон", "text": "Весь квартал без фонарей."}');
SELECT demo.play('2026-11-06 09:20+07', 'belkin', 'lamp', 'route', '{"bodies": ["housing"]}');
SELECT demo.play('2026-11-06 10:00+07', 'monitoring', 'pond', 'author_reply',
    '{"text": "У моста на Союза Республик."}');
SELECT demo.play('2026-11-06 11:00+07', 'lesnaya', 'pond', 'submit',
    '{"kind": "answer", "text": "Слив перекрыт, составлен протокол."}');
SELECT demo.play('2026-11-06 11:20+07', 'belkin', 'pond', 'approve',
    '{"checklist": {"format": true, "substance": true, "media": true}}');
SELECT demo.play('2026-11-06 11:40+07', 'lesnaya', 'pond', 'post',
    '{"channel": "messenger", "url": "https://m.example/pond/3"}');
\echo '-- The same question again is a new incident, linked to the old one.'
SELECT demo.play('2026-11-06 09:20+07', 'monitoring', 'road again', 'register', '{
    "act": "ru-alt-132-2020", "channel": "vk", "topic": "Дороги", "place": "Барнаул",
    "importance": "normal", "author": "Ирина", "text": "Яма на Полярной снова на месте!"}');
SELECT demo.play('2026-11-06 09:25+07', 'belkin', 'road again', 'mark_repeat',
    jsonb_build_object('repeat_of', demo.id('road')));
SELECT demo.play('2026-11-06 09:30+07', 'belkin', 'road again', 'route', '{"bodies": ["roads"]}');
ALTER SYSTEM SET osm_workflow.simulated_now = '2026-11-06 14:30+03';
SELECT pg_reload_conf() \g /dev/null
SELECT demo.await_worker('yard', 'answer');
SELECT demo.await_worker('lamp', 'draft');
SELECT demo.await_worker('tram', 'answer');
SET osm_workflow.simulated_now = '2026-11-06 14:30+03';
