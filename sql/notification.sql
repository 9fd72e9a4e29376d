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
SELECT osm.claim_notifications(10, '-1 minute');
SELECT osm.claim_notifications(NULL);

-- Who may: level portal, its own authority only
CREATE ROLE regress_notification_mailer;
CREATE ROLE regress_notification_other;
SELECT osm.grant_access('regress_notification_mailer', 'portal', 'altai'),
    osm.grant_access('regress_notification_other', 'portal', 'rostov') \g /dev/null
UPDATE osm.notification SET state = 'waiting', attempts = 0;
SET SESSION AUTHORIZATION regress_notification_other;
SELECT count(*) FROM osm.claim_notifications();
SELECT osm.confirm_notification(:id);
SET SESSION AUTHORIZATION regress_notification_mailer;
SELECT count(*) FROM osm.claim_notifications();
SELECT osm.confirm_notification(:id);
RESET SESSION AUTHORIZATION;
SELECT osm.revoke_access('regress_notification_mailer', 'portal'),
    osm.revoke_access('regress_notification_other', 'portal') \g /dev/null
DROP ROLE regress_notification_mailer, regress_notification_other;
