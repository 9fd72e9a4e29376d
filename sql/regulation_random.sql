-- Random acts: 200 documents that are valid by construction are found so, load, come out as they
-- went in, and a walk through each of them ends in nothing but steps and errors of class OW. The
-- dice are of this file, so that every server throws the same.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\set ECHO none
SET client_min_messages = error;
SELECT osm.install_preset('ru'), osm.install_preset('around-the-clock') \g /dev/null
CREATE TEMPORARY SEQUENCE throws;
-- A number from 0 to n - 1.
CREATE FUNCTION pg_temp.dice(n integer) RETURNS integer LANGUAGE sql VOLATILE AS $$
    SELECT (('x' || substr(md5('acts' || nextval('throws')), 1, 7))::bit(28)::integer % n) $$;
CREATE FUNCTION pg_temp.one_of(VARIADIC items text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT items[1 + pg_temp.dice(cardinality(items))] $$;
-- Some of a list, at least one.
CREATE FUNCTION pg_temp.some_of(items text[]) RETURNS text[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    chosen text[] := ARRAY[pg_temp.one_of(VARIADIC items)];
    item text;
BEGIN
    FOREACH item IN ARRAY items LOOP
        IF pg_temp.dice(3) = 0 AND item <> ALL (chosen) THEN
            chosen := chosen || item;
        END IF;
    END LOOP;
    RETURN chosen;
END $$;
-- An object without the keys that are null.
CREATE FUNCTION pg_temp.thing(VARIADIC pairs text[]) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_object(pairs) $$;

-- A valid act. States stand in a row and every step leads on in it, or stays, so each is reached
-- and each leads to the end; a clock stops at the end at the latest.
CREATE FUNCTION pg_temp.act(number integer) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    nclauses integer := 1 + pg_temp.dice(4);
    nstates integer := 2 + pg_temp.dice(4);
    terms text[] := ARRAY['9 business hours', '30 минут', '2 рабочих дня', '1 hour', '4 часа',
        '7 business days', '90 minutes', '3 hours'];
    hours text[] := ARRAY['9 business hours', '30 минут', '1 hour', '90 minutes'];
    effects text[] := ARRAY['none', 'none', 'assign', 'submit', 'endorse', 'approve', 'post',
        'publish', 'release', 'contribute', 'classify', 'set_term', 'link_repeat', 'send_back'];
    conditions jsonb[] := ARRAY['{}', '{}', '{}', '{"topic": ["!roads"]}', '{"urgent": "yes"}',
        '{"channel": ["vk", "ok"]}', '{"bodies": ["several"]}', '{"importance": ["*"]}',
        '{"repeat": ["no"], "k": ["-", "1"]}', '{"contributions": "complete"}'];
    checks text[] := ARRAY['present', 'absent', 'max_items', 'min_items', 'listed', 'ticked',
        'same_channel', 'known_channel', 'known_account', 'max_length', 'min_length',
        'without_phrases', 'rate'];
    roles text[] := '{boss,hand,head}';
    act jsonb;
    actions jsonb := '[{"name": "open", "title": "О", "effect": "register"}]';
    transitions jsonb := '[{"action": "open", "to": "s0", "role": ["boss"], "clause": "c1"}]';
    clocks jsonb := '[]';
    contents jsonb := '[]';
    starting text[] := '{open}';
    speaking text[] := '{}';
    action text;
    effect text;
    item jsonb;
    name text;
    own text[] := '{}';
BEGIN
    FOR i IN 0 .. nstates - 1 LOOP
        -- one step on, and some that stay or skip
        FOR j IN 0 .. pg_temp.dice(3) LOOP
            action := format('a%s_%s', i, j);
            effect := CASE WHEN i = 0 AND j = 0 AND pg_temp.dice(3) > 0 THEN 'assign'
                           ELSE effects[1 + pg_temp.dice(cardinality(effects))] END;
            actions := actions || (pg_temp.thing('name', action, 'title', 'Д', 'effect', effect)
                || CASE pg_temp.dice(4) WHEN 0 THEN '{"notifies": ["boss"]}'::jsonb
                        WHEN 1 THEN '{"notifies": ["hand"], "subject": "[А]"}' ELSE '{}' END);
            item := jsonb_build_object('action', action, 'from', 's' || i, 'clause',
                'c' || 1 + pg_temp.dice(nclauses), 'role', to_jsonb(pg_temp.some_of(roles)));
            IF j = 0 THEN
                item := item || jsonb_build_object('to', 's' || i + 1, 'requires',
                    '{first}'::text[]);
            ELSIF pg_temp.dice(2) = 0 THEN
                item := item || jsonb_build_object('applies_when',
                    conditions[1 + pg_temp.dice(cardinality(conditions))]);
                IF pg_temp.dice(3) = 0 THEN
                    item := item || '{"requires": ["reason:why"]}';
                ELSIF pg_temp.dice(2) = 0 THEN
                    item := item || jsonb_build_object('to',
                        's' || i + 1 + pg_temp.dice(nstates - i), 'requires', ARRAY['key' || j]);
                END IF;
            END IF;
            transitions := transitions || item;
            IF i < nstates - 1 AND NOT item ? 'to' OR item ->> 'to' < 's' || nstates THEN
                starting := starting || action;
            END IF;
            IF effect IN ('submit', 'post', 'publish') THEN
                speaking := speaking || action;
            END IF;
        END LOOP;
    END LOOP;
    action := format('a%s_0', nstates - 1);
    IF pg_temp.dice(2) = 0 THEN
        actions := actions || '{"name": "after", "title": "П"}'::jsonb;
        transitions := transitions || format('{"action": "after", "from": "s%s",
            "role": ["boss"], "clause": "c1"}', nstates)::jsonb;
        clocks := clocks || format('{"name": "late", "title": "П", "starts_on": ["%s"],
            "stops_on": ["after"], "due_from": "promised_until", "responsible": "boss",
            "clause": "c1"}', action)::jsonb;
    END IF;
    actions := actions || '{"name": "nudge", "title": "Т"}'::jsonb;
    transitions := transitions || '{"action": "nudge", "from": "s1", "role": ["boss"],
        "clause": "c1"}'::jsonb;
    FOR i IN 1 .. pg_temp.dice(6) LOOP
        name := 'k' || i;
        item := jsonb_build_object('name', name, 'title', 'С', 'clause',
            'c' || 1 + pg_temp.dice(nclauses), 'starts_on', pg_temp.some_of(starting),
            'stops_on', ARRAY(SELECT DISTINCT x FROM unnest(pg_temp.some_of(starting)
                || ARRAY(SELECT t.v ->> 'action' FROM jsonb_array_elements(transitions) AS t (v)
                         WHERE t.v ->> 'to' = 's' || nstates)) AS x
                ORDER BY 1), 'responsible', pg_temp.one_of(VARIADIC roles),
            'scope', pg_temp.one_of('incident', 'incident', 'assignment', 'reply'),
            'outer_term', pg_temp.dice(2) = 0, 'binding', pg_temp.dice(4) > 0,
            'applies_when', conditions[1 + pg_temp.dice(cardinality(conditions))]);
        IF pg_temp.dice(4) = 0 AND own <> '{}' THEN
            item := item || jsonb_build_object('share_of', pg_temp.one_of(VARIADIC own), 'share',
                (1 + pg_temp.dice(40)) / 20.0);
        ELSIF pg_temp.dice(2) = 0 THEN
            item := item || jsonb_build_object('term', pg_temp.one_of(VARIADIC hours));
            own := own || name;
        ELSE
            item := item || jsonb_build_object('term', pg_temp.one_of(VARIADIC terms));
        END IF;
        IF item ? 'term' AND pg_temp.dice(3) = 0 THEN
            item := item || CASE WHEN pg_temp.dice(2) = 0 THEN '{"urgent_factor": 0.5}'::jsonb
                ELSE '{"urgent_term": "20 минут"}' END;
        END IF;
        item := item || CASE pg_temp.dice(9)
            WHEN 0 THEN '{"calendar": "around-the-clock"}'::jsonb
            WHEN 1 THEN '{"warn_before": ["30 минут", "2 hours"]}'
            WHEN 2 THEN '{"on_due": "nudge"}'
            WHEN 3 THEN '{"armed": "on_use"}'
            WHEN 4 THEN '{"due_from": "promised_until"}'
            WHEN 5 THEN '{"counts_from": "published_at"}'
            WHEN 6 THEN '{"counts_from": "recorded_at"}'
            WHEN 7 THEN jsonb_build_object('pauses_on', '["nudge"]'::jsonb, 'resumes_on',
                pg_temp.some_of(starting))
            ELSE CASE WHEN i > 1 AND item ->> 'scope' = 'incident'
                      THEN '{"anchor": "k1"}'::jsonb ELSE '{}' END END;
        clocks := clocks || item;
    END LOOP;
    FOR i IN 1 .. pg_temp.dice(4) LOOP
        EXIT WHEN speaking = '{}';
        name := checks[1 + pg_temp.dice(cardinality(checks))];
        contents := contents || (jsonb_build_object('name', 'r' || i, 'title', 'П', 'check', name,
            'applies_to', pg_temp.some_of(speaking), 'mode', pg_temp.one_of('block', 'warn'),
            'clause', 'c' || 1 + pg_temp.dice(nclauses), 'applies_when',
            conditions[1 + pg_temp.dice(cardinality(conditions))])
            || CASE WHEN name IN ('same_channel', 'known_channel', 'known_account') THEN '{}'
                    WHEN name = 'rate' THEN jsonb_build_object('same', pg_temp.some_of(
                        '{text,account,channel}'), 'per', pg_temp.one_of(VARIADIC terms))
                    WHEN name = 'listed' THEN '{"key": "why"}'
                    ELSE pg_temp.thing('key', pg_temp.one_of('text', 'parts')) END
            || CASE WHEN name IN ('max_items', 'min_items', 'max_length', 'min_length', 'rate')
                    THEN jsonb_build_object('limit', pg_temp.dice(5)) ELSE '{}' END
            || CASE WHEN name = 'without_phrases' THEN '{"phrases": ["увы", "Hello"]}'::jsonb
                    ELSE '{}' END);
    END LOOP;
    act := jsonb_build_object('code', 'random-' || number, 'edition', '1',
        'title', 'Акт ' || number, 'issuer', 'Кости', 'act_no', number::text,
        'act_date', '2025-12-01',
        'in_force', '{"from": "2026-01-01"}'::jsonb,
        'time_zone', pg_temp.one_of('Europe/Moscow', 'Asia/Barnaul'), 'calendar', 'ru',
        'several_bodies', pg_temp.one_of('joint', 'separate', 'choice'),
        'lead_contributes', pg_temp.dice(2) = 0, 'urgent_importance', '["high"]'::jsonb,
        'roles', '[{"name": "boss", "title": "Н", "scope": "authority", "may_backdate": true,
                    "clause": "c1"},
                   {"name": "hand", "title": "И", "scope": "assignment", "clause": "c1"},
                   {"name": "head", "title": "Г", "scope": "lead", "clause": "c1"}]'::jsonb,
        'reasons', '[{"list": "why", "code": "so", "title": "Так", "clause": "c1"},
                     {"list": "why", "code": "else", "title": "Иначе", "clause": "c1"}]'::jsonb,
        'channels', '[{"channel": "vk", "title": "ВК", "clause": "c1"}]'::jsonb,
        'actions', actions, 'transitions', transitions, 'clocks', clocks, 'contents', contents);
    act := act || jsonb_build_object('states', (
        SELECT jsonb_agg(pg_temp.thing('name', 's' || i, 'title', 'С', 'kind', CASE i
            WHEN 0 THEN 'initial' WHEN nstates THEN 'final' ELSE 'open' END) ORDER BY i)
        FROM generate_series(0, nstates) AS i));
    -- clauses that no rule names are definitions
    RETURN act || jsonb_build_object('clauses', (
        SELECT jsonb_agg(pg_temp.thing('path', 'c' || i, 'summary', 'Пункт', 'answer',
            CASE WHEN jsonb_path_exists(act, format('$.**.clause ? (@ == "c%s")', i)::jsonpath)
                 THEN pg_temp.one_of('B', 'B/L', 'L', 'G', 'W') ELSE 'D' END) ORDER BY i)
        FROM generate_series(1, nclauses) AS i));
END $$;
CREATE TEMPORARY TABLE act AS
SELECT n, pg_temp.act(n) AS document FROM generate_series(1, 200) AS n;
\set ECHO all

-- What is found, beside warnings: nothing (loading looks at all of them)
SELECT a.n, f.clause, f.finding FROM act AS a, osm.check_regulation(a.document) AS f
WHERE f.severity = 'error' AND n % 10 = 0 ORDER BY 1 LIMIT 5;
SELECT count(osm.define_regulation(document)) AS loaded FROM act;
CREATE TEMPORARY TABLE written AS SELECT n, osm.regulation_document('random-' || n) AS document
FROM act;
SELECT count(*) AS identical FROM act JOIN written AS w USING (n)
WHERE w.document = osm.normal_regulation(osm.complete_regulation(act.document));
SELECT count(*) AS same FROM written AS w JOIN osm.regulation AS r ON r.code = 'random-' || w.n
WHERE n % 10 = 0 AND osm.define_regulation(w.document) = r.id;
-- Between them they use every effect and every check
SELECT count(DISTINCT effect) FROM osm.action;
SELECT count(DISTINCT "check") FROM osm.content_rule;

\set ECHO none
SELECT osm.define_authority(jsonb_build_object('code', 'dice', 'title', 'Кости',
    'regulations', (SELECT jsonb_object_agg('random-' || n,
        '{"hand": ["red", "blue", "green"], "head": ["red", "blue", "green"]}'::jsonb) FROM act),
    'bodies', '[{"code": "red", "title": "К"}, {"code": "blue", "title": "С"},
                {"code": "green", "title": "З"}]'::jsonb,
    'officials', '[{"login": "d1", "name": "1", "appointments": [{"body": "red", "role": "boss"},
                       {"body": "red", "role": "hand"}, {"body": "red", "role": "head"}]},
                   {"login": "d2", "name": "2", "appointments": [{"body": "blue", "role": "hand"},
                       {"body": "blue", "role": "head"}, {"body": "green", "role": "hand"}]}]'
        ::jsonb)) \g /dev/null
-- Random data for a step: what acts ask for, in place more often than not.
CREATE FUNCTION pg_temp.data() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_build_object('first', 1, 'text', pg_temp.one_of('Hello', 'увы', 'Всё сделано', ''),
        'kind', pg_temp.one_of('answer', 'answer', 'interim', 'clarification'),
        'bodies', pg_temp.some_of('{red,blue,green}'), 'reason', pg_temp.one_of('so', 'else', 'x'),
        'clock', pg_temp.one_of('k1', 'k2', 'k3'), 'due_at', '2026-12-01 10:00+03',
        'account', 'vk.example/' || pg_temp.dice(2), 'channel', pg_temp.one_of('vk', 'ok'),
        'why', pg_temp.one_of('so', 'x'), 'parts', '[1, 2]'::jsonb)
        || CASE pg_temp.dice(8)
            WHEN 0 THEN '{"order": "sequence"}'::jsonb
            WHEN 1 THEN '{"answers": "separate"}'
            WHEN 2 THEN '{"promised_until": "2026-06-01"}'
            WHEN 3 THEN '{"importance": "high", "topic": "roads"}'
            WHEN 4 THEN '{"repeat_of": 1, "key1": 1, "key2": 1}'
            WHEN 5 THEN '{"checklist": {"text": true}}'
            WHEN 6 THEN '{"text": ["list"], "k": "1"}'
            ELSE '{"key1": 1, "key2": 2}' END $$;
-- One statement as an official; its SQLSTATE, and the message of any that is not of class OW.
CREATE TEMPORARY TABLE outcome (n integer, code text, message text);
CREATE FUNCTION pg_temp.try(n integer, login text, statement text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    PERFORM osm.act_as(login);
    EXECUTE statement INTO id;
    INSERT INTO outcome VALUES (n, '00000');
    RETURN id;
EXCEPTION WHEN OTHERS THEN
    INSERT INTO outcome VALUES (n, SQLSTATE, concat(SQLERRM, ' in ', statement));
    RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.walk(n integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
    at timestamptz := '2026-03-02 08:00+03';
    choice text;
BEGIN
    PERFORM set_config('osm_workflow.simulated_now', at::text, true);
    id := pg_temp.try(n, 'd1', format('SELECT osm.register(%L, %L)', 'random-' || n,
        jsonb_build_object('channel', pg_temp.one_of('vk', 'ok'), 'topic', 'roads', 'text', 'T',
            'importance', pg_temp.one_of('low', 'high'), 'published_at', '2026-03-01 10:00+03')));
    FOR i IN 1 .. 8 LOOP
        EXIT WHEN id IS NULL;
        at := at + pg_temp.dice(12) * interval '1 hour';
        PERFORM set_config('osm_workflow.simulated_now', at::text, true);
        -- mostly what is allowed, sometimes anything
        SELECT a.action INTO choice FROM (
            SELECT x.action, x.n FROM osm.allowed_actions(id) WITH ORDINALITY AS x (action, title,
                title_en, to_state, role, requires, clause, clock, due_at, n)
            WHERE pg_temp.dice(4) > 0) AS a ORDER BY md5(a.n || at::text || walk.n) LIMIT 1;
        choice := coalesce(choice, format('a%s_%s', pg_temp.dice(4), pg_temp.dice(3)));
        PERFORM pg_temp.try(n, pg_temp.one_of('d1', 'd1', 'd2'), format(
            'SELECT (osm.perform(%s, %L, %L)).incident', id, choice, pg_temp.data()));
        IF pg_temp.dice(5) = 0 THEN
            PERFORM pg_temp.try(n, 'd1', 'SELECT breaches FROM osm.tick()');
        END IF;
    END LOOP;
END $$;
\set ECHO all
-- A walk of eight steps on each
SELECT count(pg_temp.walk(n)) AS walks FROM act;
SELECT n, code, message FROM outcome WHERE code !~ '^(00|OW)' ORDER BY n LIMIT 5;
SELECT count(*) FILTER (WHERE code = '00000') > 500 AS steps,
    count(*) FILTER (WHERE code LIKE 'OW%') > 200 AS refused,
    count(DISTINCT code) > 5 AS kinds FROM outcome;
-- and what they leave behind holds together
SELECT count(*) FROM osm.verify_chains();
SELECT count(*) > 100 AS clocks, count(*) FILTER (WHERE due_at < started_at) AS due_before_start
FROM osm.clock;
SELECT count(*) FROM osm.incident AS i JOIN osm.state AS s ON s.regulation_id = i.regulation_id
    AND s.name = i.state WHERE (s.kind = 'final') <> (i.finished_at IS NOT NULL);
SELECT count(*) > 0 AS explained FROM osm.clock AS c, osm.explain_clock(c.id);
SELECT count(*) AS diagrams FROM act
WHERE n % 10 = 0 AND osm.state_diagram('random-' || n, 'mermaid') <> '';
