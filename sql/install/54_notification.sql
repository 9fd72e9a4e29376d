-- The outbox, for mailers and messengers: claim, confirm, fail.
--
-- Mailers listen and do not ask. So whatever sets an instant at which a message can be had again
-- notes it for the worker, whose pass tells them then.
--
-- Hazard that shaped this file: a mailer may die between sending and saying so. A claim is a lease,
-- taken with SKIP LOCKED: two mailers never hold one message, a dead one's come back, and what was
-- sent and not confirmed is sent again, never lost.

CREATE TYPE osm.claimed_notification AS (
    id bigint,
    kind text,
    channel text,
    recipient text,
    recipient_name text,
    email text,
    subject text,
    incident bigint,
    data jsonb,
    created_at timestamptz,
    attempt integer
);
COMMENT ON TYPE osm.claimed_notification IS
    'A message to be sent: a row of osm.claim_notifications().';
COMMENT ON COLUMN osm.claimed_notification.id IS 'What to confirm or fail.';
COMMENT ON COLUMN osm.claimed_notification.kind IS 'step, warning or breach.';
COMMENT ON COLUMN osm.claimed_notification.channel IS 'How it is to be sent.';
COMMENT ON COLUMN osm.claimed_notification.recipient IS 'Login of the official.';
COMMENT ON COLUMN osm.claimed_notification.recipient_name IS 'Name of the official.';
COMMENT ON COLUMN osm.claimed_notification.email IS 'Address; null where none is known.';
COMMENT ON COLUMN osm.claimed_notification.subject IS 'Subject line,
    with the mark the act prescribes.';
COMMENT ON COLUMN osm.claimed_notification.incident IS 'Incident it is about.';
COMMENT ON COLUMN osm.claimed_notification.data IS 'What a template needs: action, state, rule,
    due.';
COMMENT ON COLUMN osm.claimed_notification.created_at IS 'When its cause happened.';
COMMENT ON COLUMN osm.claimed_notification.attempt IS 'Which attempt this is, from 1.';

CREATE FUNCTION osm.serves_authority(authority bigint) RETURNS boolean
    LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
AS $$
    -- callers are SECURITY DEFINER, where current_user is their owner
    SELECT coalesce(bool_or(r.rolsuper OR EXISTS (
        SELECT FROM osm.access AS a JOIN pg_roles AS g ON g.rolname = a.role
        WHERE a.level IN ('portal', 'administrator')
          AND (a.authority_id IS NULL OR a.authority_id = authority)
          AND pg_has_role(r.oid, g.oid, 'USAGE'))), false)
    FROM pg_roles AS r
    WHERE r.rolname = coalesce(nullif(current_setting('role'), 'none'), session_user)
$$;
COMMENT ON FUNCTION osm.serves_authority(bigint) IS
    'Whether the role that SET ROLE gave, else the session''s, may send an authority''s '
    'notifications: level portal or administrator.';

CREATE FUNCTION osm.note_due(instant timestamptz) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_note_due';
COMMENT ON FUNCTION osm.note_due(timestamptz) IS
    'Has the worker make a pass at an instant, if this transaction commits. For the functions of '
    'the outbox; nobody needs the right.';

CREATE FUNCTION osm.claim_notifications(
        batch integer DEFAULT 100, lease interval DEFAULT '5 minutes', channel text DEFAULT NULL)
    RETURNS SETOF osm.claimed_notification
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted_limit CONSTANT integer := batch;
    wanted_channel CONSTANT text := channel;
    until timestamptz;
BEGIN
    IF EXISTS (SELECT FROM pg_subscription_rel AS s
               WHERE s.srrelid = 'osm.notification'::regclass) THEN
        RAISE EXCEPTION 'messages that are replicated from another database are not sent here'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'Table "osm.notification" belongs to a subscription; mailers work at '
                      'the publisher.',
                  HINT = 'To take over from the publisher, drop the subscription.';
    END IF;
    -- a longer one is a mistake, and may reach beyond what a timestamp holds
    IF lease BETWEEN '0' AND '1 year' THEN
        until := osm.now() + lease;
    END IF;
    IF coalesce(wanted_limit NOT BETWEEN 1 AND 10000 OR until <= osm.now(), true) THEN
        RAISE EXCEPTION 'invalid claim of notifications'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The batch is %s, the lease %s.',
                      coalesce(wanted_limit::text, 'null'), coalesce(lease::text, 'null')),
                  HINT = 'Claim 1 to 10000 for a positive time of up to a year, such as '
                      '''5 minutes''.';
    END IF;
    RETURN QUERY
    WITH due AS (
        SELECT n.id, n.authority_id, n.deliver_after
        FROM osm.notification AS n
        WHERE n.state IN ('waiting', 'leased') AND n.deliver_after <= osm.now()
          AND (wanted_channel IS NULL OR n.channel = wanted_channel)
          AND osm.serves_authority(n.authority_id)
        ORDER BY n.deliver_after, n.id
        LIMIT wanted_limit FOR NO KEY UPDATE OF n SKIP LOCKED
    ), claimed AS (
        UPDATE osm.notification AS n
        SET state = 'leased', deliver_after = until, attempts = n.attempts + 1
        FROM due AS d WHERE n.id = d.id AND n.authority_id = d.authority_id
        RETURNING n.*, d.deliver_after AS due_at
    )
    SELECT c.id, c.kind::text, c.channel, o.login, o.name, o.email, c.subject, c.incident_id,
        c.data, c.created_at, c.attempts
    FROM claimed AS c
    LEFT JOIN osm.official AS o ON o.id = c.recipient_id AND o.authority_id = c.authority_id
    ORDER BY c.due_at, c.id;
    IF FOUND THEN
        PERFORM osm.note_due(until);
    END IF;
END
$$;
COMMENT ON FUNCTION osm.claim_notifications(integer, interval, text) IS
    'Takes up to batch messages that are to go out now, of one channel or all, for the time of the '
    'lease: nobody else gets them, unless the lease ends before osm.confirm_notification() or '
    'osm.fail_notification(). For roles of level portal. 22023 for a bad batch or lease, 55000 '
    'where the outbox is a replica.';

CREATE FUNCTION osm.confirm_notification(id bigint) RETURNS boolean
    LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE osm.notification AS n
    SET state = 'sent', sent_at = osm.now(), last_error = NULL
    WHERE n.id = confirm_notification.id AND n.state IN ('leased', 'waiting')
      AND n.attempts > 0 AND osm.serves_authority(n.authority_id);
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION osm.confirm_notification(bigint) IS
    'Says that a claimed message has been sent. False where there is none to confirm: never '
    'claimed, '
    'sent already, given up, or another authority''s.';

CREATE FUNCTION osm.fail_notification(id bigint, error text, retry_after interval DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_attempts CONSTANT integer := 10;
    outcome text;
    again timestamptz;
BEGIN
    IF retry_after NOT BETWEEN '0' AND '1 year' THEN
        RAISE EXCEPTION 'invalid wait of a notification'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The wait is %s.', retry_after),
                  HINT = 'Wait up to a year, or give none: then it grows with every attempt.';
    END IF;
    UPDATE osm.notification AS n
    SET state = CASE WHEN n.attempts >= most_attempts THEN 'dead' ELSE 'waiting' END,
        last_error = left(error, 1000),
        -- each time twice as long, from one minute to some hours
        deliver_after = osm.now() + coalesce(retry_after, least(interval '4 hours',
            interval '1 minute' * power(2, least(n.attempts, 10) - 1)))
    WHERE n.id = fail_notification.id AND n.state = 'leased'
      AND osm.serves_authority(n.authority_id)
    RETURNING n.state, n.deliver_after INTO outcome, again;
    IF outcome = 'waiting' THEN
        PERFORM osm.note_due(again);
    END IF;
    RETURN outcome;
END
$$;
COMMENT ON FUNCTION osm.fail_notification(bigint, text, interval) IS
    'Says that a claimed message could not be sent, and why: it waits for retry_after (default: '
    'longer after every attempt) and is given up after ten attempts. Returns its state then, '
    'waiting or dead; null where there is none to fail. 22023 for a bad wait.';
