-- Tables of a portal that are held to an act, and which of their rows is which incident. Written by
-- osm.attach_workflow() and by the trigger it puts on the portal's table.

CREATE TABLE osm.attached (
    target regclass PRIMARY KEY,
    regulation text NOT NULL,
    key_column name NOT NULL,
    state_column name NOT NULL,
    states jsonb NOT NULL,
    message jsonb NOT NULL DEFAULT '{}',
    details jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE osm.attached IS
    'Tables of a portal whose rows are held to an act; see osm.attach_workflow().';
COMMENT ON COLUMN osm.attached.target IS 'The portal''s table.';
COMMENT ON COLUMN osm.attached.regulation IS 'Code of the act.';
COMMENT ON COLUMN osm.attached.key_column IS 'Column that names a row for ever.';
COMMENT ON COLUMN osm.attached.state_column IS 'Column with the portal''s own state.';
COMMENT ON COLUMN osm.attached.states IS 'The portal''s names of states -> states of the act.';
COMMENT ON COLUMN osm.attached.message IS
    'Keys of osm.register() -> the column, or {"value": …}, that holds them.';
COMMENT ON COLUMN osm.attached.details IS
    'The portal''s state a row comes to ("*" for any) -> keys of the step''s details -> the '
    'column, or {"value": …}, that holds them.';

CREATE TABLE osm.attached_row (
    target regclass NOT NULL,
    key text NOT NULL,
    incident_id bigint NOT NULL,
    authority_id bigint NOT NULL,
    PRIMARY KEY (incident_id, authority_id),
    UNIQUE (key, target, authority_id),
    FOREIGN KEY (incident_id, authority_id) REFERENCES osm.incident (id, authority_id)
);
COMMENT ON TABLE osm.attached_row IS 'Which row of an attached table is which incident.';
COMMENT ON COLUMN osm.attached_row.target IS 'The portal''s table.';
COMMENT ON COLUMN osm.attached_row.key IS 'Key of the row, as text.';
COMMENT ON COLUMN osm.attached_row.incident_id IS 'Incident.';
COMMENT ON COLUMN osm.attached_row.authority_id IS 'Authority.';

ALTER TABLE osm.attached_row ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.attached_row FOR SELECT
    USING (osm.can_see_incident(authority_id, incident_id));
