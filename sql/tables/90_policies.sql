-- Row security: one function call each, no sub-select, so that it also works where a table is
-- sharded.

ALTER TABLE osm.body ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.body FOR SELECT USING (osm.can_see_authority(authority_id));
ALTER TABLE osm.body_role ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.body_role FOR SELECT USING (osm.can_see_authority(authority_id));
ALTER TABLE osm.official ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.official FOR SELECT USING (osm.can_see_authority(authority_id));
ALTER TABLE osm.appointment ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.appointment FOR SELECT USING (osm.can_see_authority(authority_id));
ALTER TABLE osm.substitution ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.substitution FOR SELECT USING (osm.can_see_authority(authority_id));

ALTER TABLE osm.incident ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.incident FOR SELECT USING (osm.can_see(authority_id, seen_by));
CREATE POLICY register ON osm.incident FOR INSERT WITH CHECK (osm.can_see(authority_id, seen_by));
CREATE POLICY step ON osm.incident FOR UPDATE
    USING (osm.can_see(authority_id, seen_by)) WITH CHECK (osm.can_see(authority_id, seen_by));
ALTER TABLE osm.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.event FOR SELECT USING (osm.can_see_incident(authority_id, incident_id));
ALTER TABLE osm.assignment ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.assignment FOR SELECT
    USING (osm.can_see_incident(authority_id, incident_id));
ALTER TABLE osm.reply ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.reply FOR SELECT USING (osm.can_see_incident(authority_id, incident_id));
ALTER TABLE osm.review ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.review FOR SELECT USING (osm.can_see_incident(authority_id, incident_id));
ALTER TABLE osm.clock ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.clock FOR SELECT USING (osm.can_see_incident(authority_id, incident_id));
ALTER TABLE osm.clock_segment ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.clock_segment FOR SELECT
    USING (osm.can_see_incident(authority_id, incident_id));
ALTER TABLE osm.notification ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.notification FOR SELECT
    USING (osm.can_see_incident(authority_id, incident_id));

ALTER TABLE osm.account ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.account FOR SELECT USING (osm.can_see(authority_id, ARRAY[body_id]));
ALTER TABLE osm.publication ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.publication FOR SELECT USING (osm.can_see(authority_id, ARRAY[body_id]));
ALTER TABLE osm.duty_record ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.duty_record FOR SELECT USING (osm.can_see(authority_id, ARRAY[body_id]));
-- what speaks of a whole authority is for those who see all of it
ALTER TABLE osm.report_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.report_run FOR SELECT
    USING (osm.can_see(authority_id, '{}'::bigint[]));
ALTER TABLE osm.report_delay ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON osm.report_delay FOR SELECT
    USING (osm.can_see(authority_id, '{}'::bigint[]));
