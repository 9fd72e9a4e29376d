-- What the tests of single acts share: steps of officials at a time of day, with the error a step
-- gets in full, and the terms of an incident. A test sets the variables regulation and zone first.
SELECT set_config('try.regulation', :'regulation', false), set_config('try.zone', :'zone', false)
    \g /dev/null

-- Moves osm.now() to a local time.
CREATE FUNCTION pg_temp.clock_at(local text) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('osm_workflow.simulated_now',
        timezone(current_setting('try.zone'), local::timestamp)::text, false) $$;
-- Runs a statement that gives one text as an official, or nobody: the text, or the error with its
-- SQLSTATE, the clauses it cites in brackets, and the beginning of its hint.
CREATE FUNCTION pg_temp.attempt(login text, statement text, local text DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    outcome text;
    detail text;
    hint text;
BEGIN
    -- outside the block below: what a refused step undoes must not be the time it was taken at
    IF local IS NOT NULL THEN
        PERFORM pg_temp.clock_at(local);
    END IF;
    BEGIN
        IF login IS NOT NULL THEN
            PERFORM osm.act_as(login);
        END IF;
        EXECUTE statement INTO outcome;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        outcome := concat(SQLSTATE, ' ', SQLERRM,
            (SELECT ' [' || string_agg(DISTINCT m[1], ', ') || ']'
             FROM regexp_matches(concat(SQLERRM, ' ', detail),
                 '((?:(?:пост\.|расп\.|указ|Пор\.|Пол\.|Пр\.\d) )?'
                 'п\. \d+(?:\.\d+)*[ab]?(?:\(\d\))?(?: абз\. \d)?)', 'g') AS m),
            E'\n    ' || CASE WHEN length(hint) > 92 THEN left(hint, 90) || ' …'
                              ELSE nullif(hint, '') END);
    END;
    RETURN outcome;
END $$;
-- One step of an official at a local time: the new state, or the error.
CREATE FUNCTION pg_temp.step(login text, incident bigint, action text, details jsonb DEFAULT '{}',
                             local text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.attempt(login, format('SELECT (osm.perform(%L, %L, %L)).state', incident, action,
        details), local) $$;
-- A message registered: its id, or the error.
CREATE FUNCTION pg_temp.enter(login text, message jsonb, local text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.attempt(login, format('SELECT osm.register(%L, %L)',
        current_setting('try.regulation'), message), local) $$;
-- People and bodies entered: ok, or the error.
CREATE FUNCTION pg_temp.people(document jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.attempt(NULL, format(
        'SELECT CASE WHEN osm.define_authority(%L) > 0 THEN ''ok'' END', document)) $$;
-- One term of an incident, all its runs: state, due instant and why it is not the rule's own.
CREATE FUNCTION pg_temp.term(incident bigint, rule text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(
        concat_ws(' ', c.state, 'due',
                  to_char(timezone(current_setting('try.zone'), c.due_at), 'DD.MM HH24:MI'),
                  CASE WHEN NOT c.binding THEN 'advisory' END,
                  c.due_cause,
                  CASE WHEN c.flagged_at IS NOT NULL THEN 'flagged' END), '; ' ORDER BY c.id)
    FROM osm.clock AS c JOIN osm.clock_rule AS r ON r.id = c.rule_id
    WHERE c.incident_id = incident AND r.name = rule
$$;
-- The gaps that cite one of the clauses: view, clause, duty, body, where or when, lack, answer.
CREATE FUNCTION pg_temp.gaps(VARIADIC clauses text[]) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY '{appointment,cover,account,publication,report,duty}'::text[] LOOP
        RETURN QUERY EXECUTE format(
            'SELECT concat_ws($2, %L, g.clause, g.duty, b.code, %s, g.missing, g.answer)
             FROM osm.%I AS g JOIN osm.body AS b ON b.id = g.body_id
             WHERE g.clause = ANY ($1) ORDER BY g.clause, g.duty, b.code, 1',
            kind || ' gap',
            CASE kind WHEN 'account' THEN 'g.channel' WHEN 'publication' THEN 'g.channel'
                      WHEN 'report' THEN 'g.period' WHEN 'duty' THEN 'g.period'
                      ELSE 'g.role' END,
            kind || '_gap') USING clauses, ' | ';
    END LOOP;
END $$;
-- A duty recorded as done, an account, a publication of it: ok, or the error.
CREATE FUNCTION pg_temp.done(login text, duty text, details jsonb DEFAULT '{}',
                             local text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.attempt(login, format(
        'SELECT CASE WHEN osm.record_duty(%L, %L, %L) > 0 THEN ''ok'' END',
        current_setting('try.regulation'), duty, details), local) $$;
CREATE FUNCTION pg_temp.account(login text, account jsonb, local text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.attempt(login, format(
        'SELECT CASE WHEN osm.record_account(%L, %L) > 0 THEN ''ok'' END',
        current_setting('try.regulation'), account), local) $$;
CREATE FUNCTION pg_temp.publish(login text, publication jsonb, local text DEFAULT NULL)
    RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.attempt(login, format(
        'SELECT CASE WHEN osm.record_publication(%L, %L) > 0 THEN ''ok'' END',
        current_setting('try.regulation'), publication), local) $$;
-- The act with its clocks changed: keys added to those named, keys taken from all of them. What is
-- wrong with it, if anything: the other reading of a clause must be a sound document too.
CREATE FUNCTION pg_temp.other_reading(names text[], added jsonb, taken text[] DEFAULT '{}')
    RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT string_agg(f.finding, '; ') FROM osm.check_regulation(
                         jsonb_set(d.act, '{clocks}', c.clocks)) AS f), 'sound')
    FROM (SELECT osm.preset(current_setting('try.regulation'))) AS d (act),
         LATERAL (SELECT jsonb_agg(CASE WHEN k ->> 'name' = ANY (names) THEN (k - taken) || added
                                        ELSE k END ORDER BY n)
                  FROM jsonb_array_elements(d.act -> 'clocks') WITH ORDINALITY AS e (k, n))
             AS c (clocks)
$$;
