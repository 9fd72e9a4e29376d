-- Standing duties: what counts as done, and recording it. The act's side is osm.duty_rule, what is
-- recorded stands in osm.account, osm.publication and osm.duty_record, what is missing in the gap
-- views.
--
-- Hazard that shaped this file: whoever owes a duty also says that it is done. So a record names
-- its writer, is refused without the evidence the act demands, and is never changed afterwards.

CREATE FUNCTION osm.duty_lacks(needs text[], facts jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT pg_catalog.array_agg(n.need ORDER BY n.number)
    FROM pg_catalog.unnest(needs) WITH ORDINALITY AS n (need, number)
        CROSS JOIN LATERAL (SELECT pg_catalog.split_part(pg_catalog.split_part(
            n.need, ':', 1), '<=', 1)) AS k (key)
    WHERE CASE
            WHEN n.need LIKE '%<=%' THEN
                pg_catalog.jsonb_typeof(facts -> k.key) = 'array'
                AND pg_catalog.jsonb_array_length(facts -> k.key)
                    > pg_catalog.split_part(n.need, '<=', 2)::integer
            ELSE coalesce(facts -> k.key, 'null') IN ('null', 'false', '""', '[]', '{}')
          END);
COMMENT ON FUNCTION osm.duty_lacks(text[], jsonb) IS
    'Of the keys a duty requires or expects, those the facts do not hold; null where all are '
    'there. Empty, false and null count as missing; "key<=2" asks for at most two items.';

CREATE FUNCTION osm.duty_applies(condition jsonb, facts jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN NOT EXISTS (
    SELECT FROM pg_catalog.jsonb_each(condition) AS c (key, accepted)
    WHERE NOT osm.condition_accepts(c.accepted, facts ->> c.key));
COMMENT ON FUNCTION osm.duty_applies(jsonb, jsonb) IS
    'Whether facts meet a condition (applies_when): every key has one of the values accepted.';

CREATE FUNCTION osm.period_start(day date, per text) RETURNS date
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.date_trunc(per, day::timestamp)::date;
COMMENT ON FUNCTION osm.period_start(date, text) IS
    'First day of the day, week (Monday), month, quarter or year a date lies in.';

CREATE FUNCTION osm.period_end(first date, per text) RETURNS date
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (first + CASE per
    WHEN 'day' THEN interval '1 day'
    WHEN 'week' THEN interval '7 days'
    WHEN 'month' THEN interval '1 month'
    WHEN 'quarter' THEN interval '3 months'
    WHEN 'year' THEN interval '1 year' END)::date;
COMMENT ON FUNCTION osm.period_end(date, text) IS
    'First day after a period of which the first day is given.';

CREATE FUNCTION osm.report_due(first date, per text, due_day integer, calendar text, zone text)
    RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT pg_catalog.timezone(zone, (CASE
            WHEN osm.is_business_day(d.day, calendar) THEN d.day
            ELSE osm.add_business_days(
                d.day, CASE WHEN due_day IS NULL THEN -1 ELSE 1 END, calendar)
        END + 1)::timestamp)
    FROM (SELECT CASE WHEN due_day IS NULL
                 THEN osm.period_end(osm.period_end(first, per), per) - 1
                 ELSE osm.period_end(first, per) + due_day - 1 END) AS d (day));
COMMENT ON FUNCTION osm.report_due(date, text, integer, text, text) IS
    'When a report on a period has to be there: by the end of the given day of the next period, '
    'moved on to a working day; of its last working day where due_day is null.';

CREATE FUNCTION osm.duty_act(regulation text, OUT id bigint, OUT edition text, OUT time_zone text,
    OUT calendar text, OUT authority_id bigint, OUT today date)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF osm.actor() IS NULL THEN
        RAISE EXCEPTION 'nobody acts: role "%" is not an official and no official is named',
            session_user
            USING ERRCODE = 'OW002',
                  HINT = 'Enter the role as official.db_role with osm.define_authority(), or name '
                         'the official with osm.act_as() in this transaction.';
    END IF;
    SELECT r.id, r.edition, r.time_zone, r.calendar, timezone(r.time_zone, osm.now())::date
    INTO id, edition, time_zone, calendar, today
    FROM osm.regulation AS r
    WHERE r.code = duty_act.regulation
    ORDER BY r.in_force @> timezone(r.time_zone, osm.now())::date DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'regulation "%" does not exist', regulation
            USING ERRCODE = '42704',
                  HINT = 'Load it with osm.install_preset() or osm.define_regulation().';
    END IF;
    IF NOT (SELECT r.in_force @> today FROM osm.regulation AS r WHERE r.id = duty_act.id) THEN
        RAISE EXCEPTION 'no edition of regulation "%" is in force', regulation
            USING ERRCODE = 'OW003', DETAIL = format('Today is %s.', today),
                  HINT = 'Load the edition in force.';
    END IF;
    SELECT o.authority_id INTO authority_id FROM osm.official AS o WHERE o.id = osm.actor();
    IF NOT EXISTS (SELECT FROM osm.body_role AS w WHERE w.authority_id = duty_act.authority_id
                   AND w.regulation = duty_act.regulation) THEN
        RAISE EXCEPTION 'the authority of the actor does not work under regulation "%"', regulation
            USING ERRCODE = 'OW002',
                  HINT = 'List its bodies under "regulations" with osm.define_authority().';
    END IF;
END
$$;
COMMENT ON FUNCTION osm.duty_act(text) IS
    'The edition in force, the current actor''s authority and today''s date in the zone of the '
    'act. 42704 for an unknown act, OW002 without an actor or for an authority that does not work '
    'under it, OW003 where no edition is in force.';

CREATE FUNCTION osm.duty_writer(
    regulation_id bigint, roles text[], body_id bigint, what text, clause text)
    RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    act record;
    held record;
    owner text;
BEGIN
    SELECT r.code, r.edition, timezone(r.time_zone, osm.now())::date AS today INTO act
    FROM osm.regulation AS r WHERE r.id = duty_writer.regulation_id;
    -- own roles first, so that who may act in person does
    SELECT h.acting_for_id INTO held
    FROM osm.actor_roles() AS h
    JOIN osm.role AS r ON r.regulation_id = duty_writer.regulation_id AND r.name = h.role
    WHERE h.role = ANY (roles) AND act.today >= h.valid_from AND act.today < h.valid_until
      AND (r.scope = 'authority' OR duty_writer.body_id IN (
               WITH RECURSIVE below (id) AS (
                   SELECT h.body_id
                   UNION
                   SELECT b.id FROM below AS u JOIN osm.body AS b
                       ON b.parent_id = u.id AND b.authority_id = h.authority_id)
               SELECT u.id FROM below AS u))
    ORDER BY h.acting_for_id IS NOT NULL LIMIT 1;
    IF FOUND THEN
        RETURN held.acting_for_id;
    END IF;
    SELECT b.code INTO owner FROM osm.body AS b WHERE b.id = duty_writer.body_id;
    RAISE EXCEPTION 'official "%" may not record % of body "%"',
        (SELECT o.login FROM osm.official AS o WHERE o.id = osm.actor()), what, owner
        USING ERRCODE = 'OW002',
              DETAIL = format('Regulation "%s" edition "%s", clause %s, gives this to: %s.',
                              act.code, act.edition, clause,
                              coalesce(nullif(array_to_string(roles, ', '), ''), 'nobody')),
              HINT = 'The role must be held today; where it counts by assignment, in the body or '
                     'in one above it.';
END
$$;
COMMENT ON FUNCTION osm.duty_writer(bigint, text[], bigint, text, text) IS
    'For whom the current actor may record something of a body in one of the roles: null for '
    'oneself, else the principal. OW002 where the actor may not.';

CREATE FUNCTION osm.account_facts(
    site_link text, service_phone text, is_open boolean, holder_id bigint, details jsonb)
    RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN details OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('site_link', site_link,
    'service_phone', service_phone, 'is_open', is_open, 'holder', holder_id);
COMMENT ON FUNCTION osm.account_facts(text, text, boolean, bigint, jsonb) IS
    'What is known of an account, as the keys an act requires or expects.';

CREATE FUNCTION osm.duty_text(document jsonb, key text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF document ->> key IS NULL OR document ->> key !~ '\S' THEN
        RETURN NULL;
    END IF;
    IF jsonb_typeof(document -> key) NOT IN ('string', 'number') THEN
        RAISE EXCEPTION '"%" must be a text', key
            USING ERRCODE = 'OW003', DETAIL = format('Given: %s.', document -> key),
                  HINT = 'Give one text, not a list or an object.';
    END IF;
    RETURN document ->> key;
END
$$;
COMMENT ON FUNCTION osm.duty_text(jsonb, text) IS
    'A text of a document, null where it is absent or blank; OW003 for a list or an object.';

CREATE FUNCTION osm.duty_time(document jsonb, key text) RETURNS timestamptz
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given text := osm.duty_text(document, key);
    result timestamptz;
BEGIN
    result := given::timestamptz;
    IF result > osm.now() OR NOT isfinite(result) THEN
        RAISE EXCEPTION '"%" must be an instant that has come', key
            USING ERRCODE = 'OW003', DETAIL = format('Given: %s.', given),
                  HINT = 'Give when it was, e.g. "2026-11-20 18:00+07".';
    END IF;
    RETURN result;
EXCEPTION WHEN SQLSTATE '22007' OR SQLSTATE '22008' OR SQLSTATE '22009' OR SQLSTATE '22023' THEN
    RAISE EXCEPTION '"%" must be a timestamp', key
        USING ERRCODE = 'OW003', DETAIL = format('Given: %s.', given),
              HINT = 'Give it as text, e.g. "2026-11-20 18:00+07".';
END
$$;
COMMENT ON FUNCTION osm.duty_time(jsonb, text) IS
    'An instant of a document that is not in the future, null where it is absent; OW003 for '
    'anything else.';

CREATE FUNCTION osm.duty_day(document jsonb, key text) RETURNS date
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given text := osm.duty_text(document, key);
BEGIN
    IF given !~ '^\d{4}-\d\d-\d\d$' THEN
        RAISE invalid_datetime_format;
    END IF;
    RETURN given::date;
EXCEPTION WHEN SQLSTATE '22007' OR SQLSTATE '22008' THEN
    RAISE EXCEPTION '"%" must be a date', key
        USING ERRCODE = 'OW003', DETAIL = format('Given: %s.', given),
              HINT = 'Give it as text, e.g. "2026-11-20".';
END
$$;
COMMENT ON FUNCTION osm.duty_day(jsonb, text) IS
    'A date of a document, null where it is absent; OW003 for anything else.';

CREATE FUNCTION osm.duty_body(authority_id bigint, code text) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result bigint;
BEGIN
    SELECT b.id INTO result FROM osm.body AS b
    WHERE b.authority_id = duty_body.authority_id AND b.code = duty_body.code;
    IF result IS NULL AND code IS NOT NULL THEN
        RAISE EXCEPTION 'the authority has no body "%"', code
            USING ERRCODE = 'OW003',
                  HINT = 'Give the code of a body loaded with osm.define_authority().';
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION osm.duty_body(bigint, text) IS
    'A body of the authority by its code, null where none is given; OW003 for an unknown one.';

CREATE FUNCTION osm.duty_demand(
    regulation_id bigint, rule text, binding boolean, clause text, needs text[], facts jsonb)
    RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    act record;
    missing text := array_to_string(osm.duty_lacks(needs, facts), ', ');
    wanted text;
BEGIN
    SELECT r.code, r.edition INTO act
    FROM osm.regulation AS r WHERE r.id = duty_demand.regulation_id;
    IF missing IS NULL THEN
        FOR wanted IN SELECT substr(n, 8) FROM unnest(needs) AS n WHERE n LIKE 'reason:%' LOOP
            CONTINUE WHEN EXISTS (
                SELECT FROM osm.reason AS r
                WHERE r.regulation_id = duty_demand.regulation_id AND r.list = wanted
                  AND (NOT r.closed_list OR r.code = facts ->> 'reason'));
            RAISE EXCEPTION 'duty "%" knows no reason "%"', rule, facts ->> 'reason'
                USING ERRCODE = 'OW003',
                      DETAIL = format('Regulation "%s" edition "%s", clause %s.',
                                      act.code, act.edition, clause),
                      HINT = format('Reasons are: %s.', (
                          SELECT string_agg(r.code, ', ' ORDER BY r.position)
                          FROM osm.reason AS r
                          WHERE r.regulation_id = duty_demand.regulation_id
                            AND r.list = wanted));
        END LOOP;
    ELSIF binding THEN
        RAISE EXCEPTION 'duty "%" is not recorded without: %', rule, missing
            USING ERRCODE = 'OW003',
                  DETAIL = format('Regulation "%s" edition "%s", clause %s.',
                                  act.code, act.edition, clause),
                  HINT = CASE WHEN missing LIKE '%<=%'
                              THEN 'Give these keys; "key<=2" allows a list of two at most.'
                              ELSE 'Give these keys.' END;
    ELSE
        RAISE WARNING 'duty "%" should not be recorded without: %', rule, missing
            USING ERRCODE = 'OW003',
                  DETAIL = format('Regulation "%s" edition "%s", clause %s.',
                                  act.code, act.edition, clause);
    END IF;
END
$$;
COMMENT ON FUNCTION osm.duty_demand(bigint, text, boolean, text, text[], jsonb) IS
    'OW003 where a record lacks what the duty requires or gives a reason it does not know; a '
    'WARNING where the duty is only recommended.';

CREATE FUNCTION osm.record_account(regulation text, account jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    act record;
    rule record;
    known osm.account;
    entry osm.account;
    writers text[];
    clauses text;
    wanted record;
    facts jsonb;
BEGIN
    IF jsonb_typeof(account) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'an account must be a JSON object'
            USING ERRCODE = 'OW003', HINT = 'Give {"body": …, "channel": …, "url": …}.';
    END IF;
    SELECT * INTO act FROM osm.duty_act(regulation);
    entry.channel := osm.duty_text(account, 'channel');
    entry.url := osm.duty_text(account, 'url');
    IF entry.channel IS NULL OR entry.url IS NULL THEN
        RAISE EXCEPTION 'an account needs a channel and a url'
            USING ERRCODE = 'OW003', HINT = 'Give {"body": …, "channel": …, "url": …}.';
    END IF;

    -- Which roles keep the register, and what the act says of the channel.
    SELECT array_agg(DISTINCT w.role), string_agg(DISTINCT d.clause, ', ') INTO writers, clauses
    FROM osm.duty_rule AS d
        CROSS JOIN LATERAL unnest(d.recorded_by || d.responsible) AS w (role)
    WHERE d.regulation_id = act.id AND d.kind = 'account' AND w.role IS NOT NULL;
    SELECT c.account_kind, c.clause, bool_or(o.others_allowed) AS open, c.channel,
        string_agg(o.channel, ', ' ORDER BY o.position) AS channels, min(o.clause) AS any_clause
    INTO wanted
    FROM osm.channel_rule AS o
        LEFT JOIN osm.channel_rule AS c
            ON c.regulation_id = act.id AND c.channel = entry.channel
    WHERE o.regulation_id = act.id
    GROUP BY c.account_kind, c.clause, c.channel;
    IF wanted.channel IS NULL AND wanted.open IS NOT TRUE THEN
        RAISE EXCEPTION 'channel "%" is not one of regulation "%"', entry.channel, regulation
            USING ERRCODE = 'OW006',
                  DETAIL = format('Edition "%s", clause %s.', act.edition, wanted.any_clause),
                  HINT = format('Channels are: %s.', wanted.channels);
    END IF;

    SELECT a.* INTO known FROM osm.account AS a
    WHERE a.authority_id = act.authority_id AND a.channel = entry.channel AND a.url = entry.url
    FOR UPDATE;
    entry.body_id := coalesce(
        osm.duty_body(act.authority_id, osm.duty_text(account, 'body')), known.body_id,
        (SELECT h.body_id FROM osm.actor_roles() AS h WHERE h.role = ANY (writers)
         ORDER BY h.acting_for_id IS NOT NULL, h.body_id LIMIT 1));
    PERFORM osm.duty_writer(act.id, writers, entry.body_id, 'an account', clauses);
    IF known.body_id <> entry.body_id THEN
        PERFORM osm.duty_writer(act.id, writers, known.body_id, 'an account', clauses);
    END IF;

    entry.kind := coalesce(
        osm.duty_text(account, 'kind'), known.kind, wanted.account_kind, 'organisation');
    IF entry.kind NOT IN ('organisation', 'person') THEN
        RAISE EXCEPTION 'there is no kind of account "%"', entry.kind
            USING ERRCODE = 'OW003', HINT = 'Kinds are organisation and person.';
    ELSIF entry.kind <> wanted.account_kind THEN
        RAISE EXCEPTION 'in channel "%" the account is one of kind "%"',
            entry.channel, wanted.account_kind
            USING ERRCODE = 'OW006',
                  DETAIL = format('Regulation "%s" edition "%s", clause %s.',
                                  regulation, act.edition, wanted.clause),
                  HINT = 'Register the account of that kind.';
    END IF;
    IF osm.duty_text(account, 'holder') IS NOT NULL THEN
        SELECT o.id INTO entry.holder_id FROM osm.official AS o
        WHERE o.authority_id = act.authority_id AND o.login = account ->> 'holder';
        IF entry.holder_id IS NULL THEN
            RAISE EXCEPTION 'the authority has no official "%"', account ->> 'holder'
                USING ERRCODE = 'OW003', HINT = 'Give the login of the holder.';
        END IF;
    ELSIF NOT account ? 'holder' THEN
        entry.holder_id := known.holder_id;
    END IF;
    IF jsonb_typeof(account -> 'is_open') NOT IN ('boolean', 'null') THEN
        RAISE EXCEPTION '"is_open" must be true or false'
            USING ERRCODE = 'OW003', HINT = 'Write it without quotes.';
    END IF;
    entry.site_link := CASE WHEN account ? 'site_link' THEN osm.duty_text(account, 'site_link')
                            ELSE known.site_link END;
    entry.service_phone := CASE WHEN account ? 'service_phone'
        THEN osm.duty_text(account, 'service_phone') ELSE known.service_phone END;
    entry.is_open := coalesce((account ->> 'is_open')::boolean, known.is_open, true);
    entry.opened_on := coalesce(osm.duty_day(account, 'opened_on'), known.opened_on, act.today);
    entry.closed_on := CASE WHEN account ? 'closed_on' THEN osm.duty_day(account, 'closed_on')
                            ELSE known.closed_on END;
    IF entry.opened_on > act.today OR entry.closed_on < entry.opened_on THEN
        RAISE EXCEPTION 'an account is opened no later than today and closed no earlier than that'
            USING ERRCODE = 'OW003',
                  DETAIL = format('Opened: %s, closed: %s.', entry.opened_on,
                                  coalesce(entry.closed_on::text, '-')),
                  HINT = 'Correct "opened_on" or "closed_on".';
    END IF;
    entry.details := jsonb_strip_nulls(coalesce(known.details, '{}') || (account
        - '{body,channel,url,kind,holder,site_link,service_phone,is_open,opened_on,closed_on}'
            ::text[]));

    facts := osm.account_facts(
        entry.site_link, entry.service_phone, entry.is_open, entry.holder_id, entry.details);
    FOR rule IN
        SELECT d.duty AS name, d.answer = 'G' AS binding, d.clause, d.requires
        FROM osm.duty_owed AS d
        WHERE d.authority_id = act.authority_id AND d.regulation = record_account.regulation
          AND d.kind = 'account' AND d.requires <> '{}'
          AND (d.channels = '{}' OR entry.channel = ANY (d.channels))
          AND entry.body_id IN (d.body_id, d.also_body_id)
    LOOP
        PERFORM osm.duty_demand(
            act.id, rule.name, rule.binding, rule.clause, rule.requires, facts);
    END LOOP;

    INSERT INTO osm.account AS a (authority_id, body_id, channel, url, kind, holder_id, site_link,
        service_phone, is_open, opened_on, closed_on, details)
    VALUES (act.authority_id, entry.body_id, entry.channel, entry.url, entry.kind, entry.holder_id,
            entry.site_link, entry.service_phone, entry.is_open, entry.opened_on, entry.closed_on,
            entry.details)
    ON CONFLICT ON CONSTRAINT account_url_channel_authority_id_key DO UPDATE
        SET body_id = excluded.body_id, kind = excluded.kind, holder_id = excluded.holder_id,
            site_link = excluded.site_link, service_phone = excluded.service_phone,
            is_open = excluded.is_open, opened_on = excluded.opened_on,
            closed_on = excluded.closed_on, details = excluded.details
    RETURNING a.id INTO entry.id;
    RETURN entry.id;
END
$$;
COMMENT ON FUNCTION osm.record_account(text, jsonb) IS
    'Enters an account of a body in the register, or changes it (same channel and url; what is '
    'not given stays): body, channel, url, kind, holder (login), site_link, service_phone, '
    'is_open, opened_on, closed_on; other keys are kept. Returns its id. OW002 for who does not '
    'keep the register, OW003 for missing data, OW006 for a channel or kind the act does not '
    'have.';

CREATE FUNCTION osm.record_publication(regulation text, publication jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    act record;
    rule record;
    place osm.account;
    writers text[];
    clauses text;
    posted timestamptz;
    evidence jsonb;
    result bigint;
BEGIN
    IF jsonb_typeof(publication) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'a publication must be a JSON object'
            USING ERRCODE = 'OW003', HINT = 'Give {"account": …, "published_at": …, "url": …}.';
    END IF;
    SELECT * INTO act FROM osm.duty_act(regulation);
    posted := coalesce(osm.duty_time(publication, 'published_at'), osm.now());
    SELECT a.* INTO place FROM osm.account AS a
    WHERE a.authority_id = act.authority_id
      AND osm.duty_text(publication, 'account') IN (a.id::text, a.url)
    ORDER BY a.id LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'account "%" is not registered',
            coalesce(osm.duty_text(publication, 'account'), '')
            USING ERRCODE = 'OW006', HINT = 'Register it with osm.record_account().';
    ELSIF place.opened_on > timezone(act.time_zone, posted)::date
        OR place.closed_on <= timezone(act.time_zone, posted)::date THEN
        RAISE EXCEPTION 'account % was not kept on the day of the publication', place.url
            USING ERRCODE = 'OW006',
                  DETAIL = format('Opened: %s, closed: %s.', place.opened_on,
                                  coalesce(place.closed_on::text, '-')),
                  HINT = 'Correct the date, or the account with osm.record_account().';
    END IF;
    SELECT array_agg(DISTINCT w.role), string_agg(DISTINCT d.clause, ', ') INTO writers, clauses
    FROM osm.duty_rule AS d
        CROSS JOIN LATERAL unnest(d.recorded_by || d.responsible) AS w (role)
    WHERE d.regulation_id = act.id AND d.kind = 'publication' AND w.role IS NOT NULL;
    PERFORM osm.duty_writer(act.id, writers, place.body_id, 'a publication', clauses);

    evidence := jsonb_strip_nulls(publication - '{account,published_at,url}'::text[]);
    FOR rule IN
        SELECT d.duty AS name, d.answer = 'G' AS binding, d.clause, d.requires
        FROM osm.duty_owed AS d
        WHERE d.authority_id = act.authority_id AND d.regulation = record_publication.regulation
          AND d.kind = 'publication' AND d.requires <> '{}'
          AND (d.channels = '{}' OR place.channel = ANY (d.channels))
          AND place.body_id IN (d.body_id, d.also_body_id)
    LOOP
        PERFORM osm.duty_demand(act.id, rule.name, rule.binding, rule.clause, rule.requires,
            evidence || jsonb_build_object('url', publication -> 'url'));
    END LOOP;
    INSERT INTO osm.publication AS p (authority_id, body_id, account_id, published_at, url,
        details, recorded_at, recorded_by)
    VALUES (act.authority_id, place.body_id, place.id, posted, osm.duty_text(publication, 'url'),
            evidence, osm.now(), osm.actor())
    ON CONFLICT ON CONSTRAINT publication_url_account_id_authority_id_key DO NOTHING
    RETURNING p.id INTO result;
    IF result IS NULL THEN
        SELECT p.id INTO result FROM osm.publication AS p
        WHERE p.authority_id = act.authority_id AND p.account_id = place.id
          AND p.url = publication ->> 'url';
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION osm.record_publication(text, jsonb) IS
    'Logs a post of a registered account: account (id or url), published_at (default now), url; '
    'other keys are kept. Returns its id, the same for the same url. Answers to citizens are not '
    'logged here. OW002, OW003; OW006 for an account that is not registered or was closed.';

CREATE FUNCTION osm.record_duty(regulation text, duty text, details jsonb DEFAULT '{}')
    RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    act record;
    rule osm.duty_rule;
    place bigint;
    place_account osm.account;
    about bigint;
    first date;
    done timestamptz;
    due timestamptz;
    evidence jsonb;
    for_whom bigint;
    result bigint;
BEGIN
    IF jsonb_typeof(details) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'the record of a duty must be a JSON object'
            USING ERRCODE = 'OW003', HINT = 'Give {"body": …, "period": …, "reference": …}.';
    END IF;
    SELECT * INTO act FROM osm.duty_act(regulation);
    SELECT d.* INTO rule FROM osm.duty_rule AS d
    WHERE d.regulation_id = act.id AND d.name = duty
      AND d.kind IN ('check', 'report', 'immediate', 'surge', 'deficiency', 'moderation',
                     'one_off', 'daily');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'regulation "%" has no duty "%" to be recorded', regulation, duty
            USING ERRCODE = 'OW003',
                  DETAIL = 'Accounts, publications and appointments have functions of their own.',
                  HINT = format('Duties are: %s.', (
                      SELECT string_agg(d.name, ', ' ORDER BY d.position)
                      FROM osm.duty_rule AS d
                      WHERE d.regulation_id = act.id
                        AND d.kind IN ('check', 'report', 'immediate', 'surge', 'deficiency',
                                       'moderation', 'one_off', 'daily')));
    END IF;

    place := osm.duty_body(act.authority_id, osm.duty_text(details, 'body'));
    IF osm.duty_text(details, 'account') IS NOT NULL THEN
        SELECT a.* INTO place_account FROM osm.account AS a
        WHERE a.authority_id = act.authority_id
          AND record_duty.details ->> 'account' IN (a.id::text, a.url)
        ORDER BY a.id LIMIT 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'account "%" is not registered', details ->> 'account'
                USING ERRCODE = 'OW006', HINT = 'Register it with osm.record_account().';
        END IF;
        place := place_account.body_id;
    ELSIF rule.kind = 'check' THEN
        RAISE EXCEPTION 'duty "%" is recorded account by account', duty
            USING ERRCODE = 'OW003', HINT = 'Give "account", its id or url.';
    END IF;
    IF place IS NULL THEN
        SELECT CASE o.owed_by WHEN 'authority' THEN o.body_id END INTO place
        FROM osm.duty_owed AS o
        WHERE o.authority_id = act.authority_id AND o.regulation = record_duty.regulation
          AND o.duty = rule.name LIMIT 1;
    END IF;
    IF place IS NULL THEN
        SELECT h.body_id INTO place FROM osm.actor_roles() AS h
        WHERE h.role = ANY (rule.recorded_by || rule.responsible)
        ORDER BY h.acting_for_id IS NOT NULL, h.body_id LIMIT 1;
    END IF;
    place := coalesce(place, act.authority_id);
    for_whom := osm.duty_writer(act.id, array_remove(rule.recorded_by || rule.responsible, NULL),
        place, format('duty "%s"', duty), rule.clause);

    IF osm.duty_text(details, 'incident') IS NOT NULL THEN
        SELECT i.id INTO about FROM osm.incident AS i
        WHERE i.id::text = record_duty.details ->> 'incident' AND i.authority_id = act.authority_id
          AND i.regulation = record_duty.regulation AND osm.can_see_incident(i.authority_id, i.id);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'incident % does not exist', details ->> 'incident'
                USING ERRCODE = '42704',
                      HINT = 'It may stand under another act, or belong to a body you do not see.';
        END IF;
    END IF;

    done := coalesce(osm.duty_time(details, 'done_at'), osm.now());
    first := osm.duty_day(details, 'period');
    IF rule.kind = 'daily' THEN
        first := coalesce(first, timezone(act.time_zone, done)::date);
    ELSIF rule.per IS NULL OR rule.kind NOT IN ('report', 'one_off', 'surge') THEN
        first := NULL;
    ELSIF first IS NULL AND rule.kind = 'report' THEN
        first := osm.period_start(osm.period_start(act.today, rule.per) - 1, rule.per);
    ELSE
        first := osm.period_start(coalesce(first, act.today), rule.per);
    END IF;
    IF first > act.today THEN
        RAISE EXCEPTION 'the period has not begun'
            USING ERRCODE = 'OW003', DETAIL = format('It begins on %s.', first),
                  HINT = 'Give as "period" a day of the period the record is about.';
    END IF;
    IF rule.kind = 'report' THEN
        due := osm.report_due(first, rule.per, rule.due_day, act.calendar, act.time_zone);
    END IF;

    evidence := jsonb_strip_nulls(details - '{body,account,incident,period,done_at}'::text[]);
    PERFORM osm.duty_demand(
        act.id, rule.name, rule.binding, rule.clause, rule.requires, evidence);
    INSERT INTO osm.duty_record AS r (authority_id, regulation, edition, duty, clause, body_id,
        incident_id, account_id, period, due_at, done_at, evidence, recorded_at, recorded_by,
        acting_for_id)
    VALUES (act.authority_id, regulation, act.edition, rule.name, rule.clause, place, about,
            place_account.id, first, due, done, evidence, osm.now(), osm.actor(), for_whom)
    RETURNING r.id INTO result;
    RETURN result;
END
$$;
COMMENT ON FUNCTION osm.record_duty(text, text, jsonb) IS
    'Records that a standing duty was done: a report sent, a notice, a check of an account, a '
    'moderation, a one-off or daily duty. Keys: body, account (id or url), incident, period (any '
    'day of it), done_at; the others are the evidence the act requires. Returns its id. OW002 for '
    'the wrong person, OW003 for missing or bad data, OW006 for an account not registered, 42704 '
    'for an unknown incident.';
