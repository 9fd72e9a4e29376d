-- The outbox: leases, retries, dead letters; nothing is sent twice while a lease runs,
-- nothing lost.
\set ECHO none
\i test/lib/office.sql
SET timezone = 'Asia/Barnaul';
BEGIN;
SELECT osm.act_as('robot') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal", "topic": "t",
    "place": "p"}') AS i \gset
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.route(:i, '{roads}') \g /dev/null
COMMIT;
\set ECHO all
\pset format unaligned
\pset footer off
SELECT kind, channel, recipient, email, subject ~ ': [0-9]+$' AS marked, incident = :i AS mine,
    data,
    attempt
FROM osm.claim_notifications();
-- leased: nobody gets it again
SELECT count(*) FROM osm.claim_notifications();
-- until the lease ends
SET osm_workflow.simulated_now = '2026-03-02 10:04:59.999999+07';
SELECT count(*) FROM osm.claim_notifications();
SET osm_workflow.simulated_now = '2026-03-02 10:05+07';
BEGIN;
SELECT count(*) FROM osm.claim_notifications();
ROLLBACK;
SET osm_workflow.simulated_now = '2026-03-02 10:05:01+07';
SELECT id, attempt FROM osm.claim_notifications(batch => 5, lease => '1 minute') \gset
SELECT :attempt AS attempt;
SELECT osm.fail_notification(:id, 'mailbox full');
SELECT state, attempts, last_error, deliver_after FROM osm.notification WHERE id = :id;
SELECT osm.confirm_notification(:id) AS late_confirmation;
SELECT state, attempts, last_error, sent_at FROM osm.notification WHERE id = :id;
SELECT osm.confirm_notification(:id) AS twice, osm.fail_notification(:id, 'x') AS failed,
    osm.confirm_notification(0) AS unknown;
-- given up after ten attempts, and shown as such
UPDATE osm.notification SET state = 'waiting', sent_at = NULL, attempts = 9,
    deliver_after = osm.now();
SELECT count(*) FROM osm.claim_notifications();
SELECT osm.fail_notification(:id, 'no such user');
SELECT count(*) FROM osm.claim_notifications();
-- a channel of its own, an unheard one, and nonsense
SELECT count(*) FROM osm.claim_notifications(10, '1 minute', 'sms');
SELECT osm.claim_notifications(0);
SELECT osm.fail_notification(:id, 'x', '1000000 years');
SELECT osm.claim_notifications(10, '-1 minute');
SELECT osm.claim_notifications(NULL);
SELECT osm.claim_notifications(10, NULL);
SELECT osm.claim_notifications(10, '1000000 years');
SELECT osm.claim_notifications(10, '-1000000 years');

-- Who may: level portal, its own authority only
CREATE ROLE regress_notification_mailer;
CREATE ROLE regress_notification_other;
SELECT osm.grant_access('regress_notification_mailer', 'portal', 'altai'),
    osm.grant_access('regress_notification_other', 'portal', 'rostov') \g /dev/null
UPDATE osm.notification SET state = 'waiting', attempts = 0, deliver_after = osm.now();
SET SESSION AUTHORIZATION regress_notification_other;
SELECT count(*) FROM osm.claim_notifications();
SELECT osm.confirm_notification(:id);
RESET SESSION AUTHORIZATION;
-- in a role that was taken: what that role may, whoever has connected
SET ROLE regress_notification_other;
SELECT count(*) FROM osm.claim_notifications();
RESET ROLE;
CREATE ROLE regress_notification_pool NOINHERIT;
GRANT regress_notification_mailer TO regress_notification_pool;
SET SESSION AUTHORIZATION regress_notification_pool;
SET ROLE regress_notification_mailer;
SELECT count(*) FROM osm.claim_notifications();
SELECT osm.fail_notification(:id, 'later', '0 s');
RESET SESSION AUTHORIZATION;
DROP ROLE regress_notification_pool;
SET SESSION AUTHORIZATION regress_notification_mailer;
SELECT count(*) FROM osm.claim_notifications();
SELECT osm.confirm_notification(:id);
RESET SESSION AUTHORIZATION;
SELECT osm.revoke_access('regress_notification_mailer', 'portal'),
    osm.revoke_access('regress_notification_other', 'portal') \g /dev/null
DROP ROLE regress_notification_mailer, regress_notification_other;

-- Mailers are told by the pass, whoever wrote the message; the pass knows when the next one is to
-- go out, and does not ask to be called again because nobody fetches one.
SET osm_workflow.simulated_now = '2026-03-02 10:30+07';
UPDATE osm.notification SET state = 'waiting', attempts = 0, sent_at = NULL,
    deliver_after = osm.now();
SELECT breaches, warnings, next_due FROM osm.tick() \gset
SELECT :breaches AS breaches, :'next_due'::timestamptz > osm.now() AS later;
SELECT count(*) FROM osm.claim_notifications(10, '1 minute');
SELECT next_due FROM osm.tick();
SELECT osm.fail_notification(:id, 'later', '20 seconds');
SELECT next_due FROM osm.tick();
-- Hours of delivery: what is written at night waits for the morning. A second warning of the same
-- night is a message of its own.
SELECT osm.define_regulation('{"code": "quiet", "edition": "1", "title": "Тихие часы",
    "issuer": "Т", "act_no": "1", "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"},
    "time_zone": "Asia/Barnaul", "calendar": "around-the-clock",
    "clauses": [{"path": "1", "summary": "Ответ за шесть часов.", "answer": "B/L"}],
    "roles": [{"name": "curator", "title": "К", "scope": "authority", "clause": "1"}],
    "states": [{"name": "new", "title": "Новое", "kind": "initial"},
               {"name": "done", "title": "Готово", "kind": "final"}],
    "actions": [{"name": "register", "title": "Завести", "effect": "register",
                 "notifies": ["curator"], "deliver_within": "ru-alt-barnaul"},
                {"name": "finish", "title": "Закончить"}],
    "transitions": [{"action": "register", "to": "new", "role": ["curator"], "clause": "1"},
                    {"action": "finish", "from": "new", "to": "done", "role": ["curator"],
                     "clause": "1"}],
    "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["register"],
                "stops_on": ["finish"], "term": "6 hours", "outer_term": true,
                "responsible": "curator", "warn_before": ["3 hours", "1 hour"],
                "deliver_within": "ru-alt-barnaul", "clause": "1"}]}') \g /dev/null
SELECT osm.define_authority('{"code": "quiet", "title": "Тихие",
    "regulations": {"quiet": {"curator": ["hall_q"]}},
    "bodies": [{"code": "hall_q", "title": "Управа"}],
    "officials": [
        {"login": "q1", "name": "Первый", "appointments": [
            {"body": "hall_q", "role": "curator"}]},
        {"login": "q2", "name": "Второй", "appointments": [
            {"body": "hall_q", "role": "curator"}]}]}')
    \g /dev/null
SET osm_workflow.simulated_now = '2026-03-02 20:00+07';
BEGIN;
SELECT osm.act_as('q1') \g /dev/null
SELECT osm.register('quiet', '{"channel": "vk", "text": "а"}') AS q \gset
COMMIT;
SET osm_workflow.simulated_now = '2026-03-02 23:30+07';
SELECT breaches, warnings FROM osm.tick();
SET osm_workflow.simulated_now = '2026-03-03 01:30+07';
SELECT breaches, warnings FROM osm.tick();
SET osm_workflow.simulated_now = '2026-03-03 02:30+07';
SELECT breaches, warnings, next_due FROM osm.tick();
SELECT n.kind, o.login, n.about_at, n.created_at, n.deliver_after
FROM osm.notification AS n JOIN osm.official AS o ON o.id = n.recipient_id
WHERE n.incident_id = :q ORDER BY n.about_at, o.login;
SELECT count(*) FROM osm.claim_notifications() WHERE incident = :q;
SET osm_workflow.simulated_now = '2026-03-03 09:00+07';
SELECT count(*) FROM osm.claim_notifications() WHERE incident = :q;
SELECT osm.define_regulation(osm.regulation_document('quiet')
    || '{"code": "loud", "actions": [{"name": "register", "title": "З", "effect": "register",
         "deliver_within": "moon"}, {"name": "finish", "title": "К"}]}');
