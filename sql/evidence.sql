-- The chain of events: what was altered, cut out or cut off is found, and no personal text is in
-- it.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\pset null '-'
\set ECHO none
SET client_min_messages = error;
\i test/lib/office.sql
\set ECHO all
BEGIN;
SELECT osm.act_as('robot') \g /dev/null
SELECT osm.register('ru-alt-132-2020', '{"channel": "vk", "importance": "normal",
    "topic": "дороги", "place": "Барнаул",
    "text": "СЕКРЕТ-текст",
    "author": "СЕКРЕТ-автор", "url": "https://vk.example/СЕКРЕТ",
        "source": {"author": "СЕКРЕТ-вложенный", "page": 7}}') AS i \gset
SELECT osm.act_as('curator') \g /dev/null
SELECT state FROM osm.route(:i, '{roads}', NULL, '{"comment": "СЕКРЕТ-замечание"}');
SELECT osm.act_as('roads') \g /dev/null
SELECT state FROM osm.submit_reply(:i, '{"text": "СЕКРЕТ-ответ", "media": [{"url": "СЕКРЕТ-фото",
    "kind": "photo"}]}');
SELECT osm.act_as('curator') \g /dev/null
SELECT state FROM osm.send_back(:i, 'format', 'СЕКРЕТ-доработать');
SELECT osm.act_as('roads') \g /dev/null
SELECT state FROM osm.submit_reply(:i, '{"text": {"html": "СЕКРЕТ"}}');
COMMIT;

\echo == no personal text
SELECT count(*) FROM osm.event WHERE details::text LIKE '%СЕКРЕТ%';
SELECT count(*) FROM osm.notification WHERE data::text LIKE '%СЕКРЕТ%' OR subject LIKE '%СЕКРЕТ%';
SELECT seq, k FROM osm.event, jsonb_object_keys(details) AS k WHERE incident_id = :i ORDER BY 1, 2;
-- the digest is that of the text, salted: it can be shown to belong to a text that is at hand
SELECT e.details #>> '{text,sha256}' = encode(sha256(i.salt || convert_to(i.text, 'UTF8')),
    'hex') AS proves
FROM osm.event AS e JOIN osm.incident AS i ON i.id = e.incident_id WHERE i.id = :i AND e.seq = 1;
SELECT count(DISTINCT salt) = count(*) AS own_salt FROM osm.incident;

SELECT details -> 'source' -> 'page', details #> '{source,author}' ? 'sha256' FROM osm.event
    WHERE incident_id = :i AND seq = 1;
SELECT jsonb_path_query(details, '$.media[*].kind'), details #> '{media,0,url}' ? 'sha256'
    FROM osm.event WHERE incident_id = :i AND seq = 3;

\echo == whole
SELECT osm.verify_chain(:i);
SELECT count(*), count(prev_hash), bool_and(octet_length(hash) = 32) FROM osm.event
    WHERE incident_id = :i;
SELECT count(*) AS linked FROM osm.event AS a JOIN osm.event AS b
ON b.incident_id = a.incident_id AND b.seq = a.seq + 1 AND b.prev_hash = a.hash
    WHERE a.incident_id = :i;
-- the bytes are the documented ones, whatever computes them
CREATE FUNCTION try.field(t text) RETURNS bytea LANGUAGE sql AS
    $$ SELECT CASE WHEN t IS NULL THEN '\xffffffff' ELSE int4send(octet_length(t)) || convert_to(t,
        'UTF8') END $$;
SELECT bool_and(hash = sha256(coalesce(prev_hash,
    '') || try.field('osm_workflow event 1') || try.field(authority_id::text) ||
    try.field(incident_id::text) || try.field(seq::text) || try.field(action) ||
    try.field(from_state) || try.field(to_state) ||
    try.field(actor_id::text) || try.field(coalesce(acting_for_id, 0)::text) ||
    try.field(((extract(epoch FROM occurred_at) - 946684800) * 1000000)::bigint::text) ||
    try.field(((extract(epoch FROM recorded_at) - 946684800) * 1000000)::bigint::text) ||
    try.field(clause) || try.field(details::text))) AS same FROM osm.event;

\echo == forged
-- as the owner can, with the triggers off; each is found at its place
CREATE FUNCTION try.forge(statement text, incident bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    bad integer;
BEGIN
    ALTER TABLE osm.event DISABLE TRIGGER USER;
    EXECUTE statement;
    bad := osm.verify_chain(incident);
    RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(bad::text, 'not found');
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
    RETURN SQLERRM;
END $$;
SELECT change, try.forge(format('UPDATE osm.event SET %s WHERE incident_id = %s AND seq = 3',
    change, :i), :i)
FROM unnest(ARRAY['occurred_at = occurred_at - interval ''1 us''',
    'recorded_at = recorded_at + interval ''1 us''',
    'actor_id = 1', 'acting_for_id = 1', 'action = ''post''', 'to_state = ''answered''',
        'from_state = NULL', 'clause = ''п. 1''',
    'details = details || ''{"a": 1}''', 'details = details - ''kind''', 'hash = sha256(hash)',
        'prev_hash = NULL',
    'seq = 9']) AS change;
SELECT try.forge(format('DELETE FROM osm.event WHERE incident_id = %s AND seq = %s', :i, n), :i)
    FROM generate_series(1, 5) AS n;
SELECT try.forge(format('DELETE FROM osm.event WHERE incident_id = %s', :i), :i);
SELECT try.forge(format($$UPDATE osm.event AS a SET hash = b.hash, prev_hash = b.prev_hash
    FROM osm.event AS b
    WHERE a.incident_id = %1$s AND b.incident_id = %1$s AND a.seq + b.seq = 7 AND a.seq IN (3, 4)$$,
        :i), :i);
SELECT try.forge(format($$UPDATE osm.event SET seq = CASE seq WHEN 3 THEN 104 ELSE 103 END
    WHERE incident_id = %1$s AND seq IN (3, 4);
    UPDATE osm.event SET seq = seq - 100 WHERE seq > 100$$, :i), :i);
SELECT try.forge(format($$INSERT INTO osm.event SELECT incident_id, authority_id, 6, action,
    from_state, to_state, actor_id,
    acting_for_id, occurred_at, recorded_at, clause, details, prev_hash, hash FROM osm.event
        WHERE incident_id = %s AND seq = 5$$, :i), :i);
-- a cut tail stops the next step too
BEGIN;
ALTER TABLE osm.event DISABLE TRIGGER USER;
DELETE FROM osm.event WHERE incident_id = :i AND seq = 5;
ALTER TABLE osm.event ENABLE TRIGGER USER;
SELECT * FROM osm.verify_chains();
SELECT osm.act_as('curator') \g /dev/null
SELECT osm.approve(:i, '{"format": true, "substance": true, "media": true}');
ROLLBACK;
SELECT osm.verify_chain(0);
SELECT count(*) AS broken FROM osm.verify_chains('2026-03-02', '2026-03-03');

\echo == the evidence survives the erasure of what is personal
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE osm.incident SET text = NULL, author = NULL, url = NULL, salt = '' WHERE id = :i;
SELECT osm.verify_chain(:i);
ROLLBACK;

\echo == a notification once
SELECT incident_id, event_seq, recipient_id, count(*) FROM osm.notification WHERE kind = 'step'
    GROUP BY 1, 2, 3 HAVING count(*) > 1;
SELECT n.event_seq, o.login, n.state FROM osm.notification AS n
    JOIN osm.official AS o ON o.id = n.recipient_id
WHERE n.incident_id = :i ORDER BY 1, 2;

\echo
\echo == the row itself is held against the chain
BEGIN;
ALTER TABLE osm.incident DISABLE TRIGGER ALL;
SELECT id AS i FROM osm.incident WHERE text IS NOT NULL ORDER BY id LIMIT 1 \gset
SELECT osm.verify_chain(:i) IS NULL;
SAVEPOINT s;
UPDATE osm.incident SET text = 'forged' WHERE id = :i;
SELECT osm.verify_chain(:i);
ROLLBACK TO s;
UPDATE osm.incident SET author = 'forged' WHERE id = :i;
SELECT osm.verify_chain(:i);
ROLLBACK TO s;
UPDATE osm.incident SET state = 'forged' WHERE id = :i;
SELECT osm.verify_chain(:i) = event_seq FROM osm.incident WHERE id = :i;
ROLLBACK TO s;
-- without its triggers the table takes no step that looks like one
\set VERBOSITY sqlstate
SELECT osm.perform(:i, 'comment');
ROLLBACK TO s;
SELECT osm.upgrade();
ROLLBACK;
SELECT osm.upgrade();

-- A data-only restore enables the triggers it disabled as ordinary ones: osm.upgrade() makes those
-- that must never sleep what they were.
CREATE TEMPORARY TABLE always AS SELECT tgrelid, tgname FROM pg_trigger WHERE tgenabled = 'A';
ALTER TABLE osm.event DISABLE TRIGGER ALL;
ALTER TABLE osm.event ENABLE TRIGGER ALL;
ALTER TABLE osm.calendar_day DISABLE TRIGGER ALL;
ALTER TABLE osm.calendar_day ENABLE TRIGGER ALL;
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE t.tgenabled <> 'A') AS silenced
FROM always AS a JOIN pg_trigger AS t USING (tgrelid, tgname);
SELECT osm.upgrade();
SELECT count(*) FILTER (WHERE t.tgenabled <> 'A') AS silenced
FROM always AS a JOIN pg_trigger AS t USING (tgrelid, tgname);
