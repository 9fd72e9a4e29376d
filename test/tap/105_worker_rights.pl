# The worker acts as the owner of the tables, and the owner's triggers cannot make it more.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = worker_node('worker_rights');
my $db = 'owned';
$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN');
$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN');
$node->safe_psql('postgres', "CREATE DATABASE $db OWNER keeper");
$node->safe_psql($db, 'CREATE EXTENSION osm_workflow; ALTER SCHEMA osm OWNER TO keeper;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA osm TO keeper');
my @keeper = (extra_params => [ '-U', 'keeper' ]);
$node->safe_psql($db, 'SELECT osm.install()', @keeper);
OsmWorker::worker_act($node, $db);
wait_ready($node, $db);

# Triggers of the owner note who they run as, at once and at commit, and try to become more.
$node->safe_psql($db, <<'SQL', @keeper);
CREATE TABLE osm.seen (moment text, who text, seen_at timestamptz);
CREATE TABLE osm.attempt (moment text, statement text);
CREATE FUNCTION osm.spy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	attempt text;
BEGIN
	INSERT INTO osm.seen VALUES (TG_ARGV[0], current_user, clock_timestamp());
	FOR attempt IN SELECT statement FROM osm.attempt WHERE moment = TG_ARGV[0] LOOP
		EXECUTE attempt;
	END LOOP;
	SET search_path = public;
	RETURN NULL;
END $$;
CREATE TRIGGER spy AFTER UPDATE ON osm.clock FOR EACH ROW EXECUTE FUNCTION osm.spy('at once');
CREATE CONSTRAINT TRIGGER spy_late AFTER UPDATE ON osm.clock DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION osm.spy('at commit');
SQL
due_at($node, $db, map { "clock_timestamp() + interval '$_ ms'" } 300, 600);
wait_flagged($node, $db, 'terms in an ordinary role\'s tables are flagged');
is($node->safe_psql($db, 'SELECT who, count(*), count(DISTINCT moment) FROM osm.seen GROUP BY who'),
	'keeper|4|2', 'the worker acts as that role, until after commit');
foreach my $moment ('at once', 'at commit')
{
	foreach my $attempt ('SET ROLE postgres', 'RESET ROLE', 'SET SESSION AUTHORIZATION postgres',
		'ALTER ROLE keeper SUPERUSER')
	{
		# not TRUNCATE: a pass with an older snapshot would find no attempt at all
		$node->safe_psql($db, "DELETE FROM osm.attempt;
			INSERT INTO osm.attempt VALUES ('$moment', '$attempt')");
		my $now = $node->safe_psql($db, 'SELECT clock_timestamp()');
		due_at($node, $db, 'clock_timestamp()') if unflagged($node, $db) == 0;
		$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
		wait_for($node, $db, "SELECT last_error_code = '42501' AND last_error_at > '$now'
			FROM osm.worker_status() WHERE database = '$db'", "$moment: $attempt is refused");
	}
}
is(unflagged($node, $db), '1', 'such a pass leaves nothing behind');
is($node->safe_psql('postgres', "SELECT rolsuper FROM pg_roles WHERE rolname = 'keeper'"), 'f',
	'the owner is what it was');
$node->safe_psql($db, 'TRUNCATE osm.attempt');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
wait_flagged($node, $db, 'without the attempts the worker goes on');

# Who may know about other databases.
osm_database($node, 'other');
wait_ready($node, 'other');
$node->safe_psql($db, 'GRANT USAGE ON SCHEMA osm TO stranger;
	GRANT EXECUTE ON FUNCTION osm.worker_status() TO stranger');
my $databases = 'SELECT string_agg(database, \' \' ORDER BY database) FROM osm.worker_status()';
my @stranger = (extra_params => [ '-U', 'stranger' ]);
is($node->safe_psql($db, $databases, @stranger), $db, 'an ordinary role sees its own database');
$node->safe_psql('postgres', 'GRANT pg_read_all_stats TO stranger');
is($node->safe_psql($db, $databases, @stranger), 'other owned postgres',
	'a member of pg_read_all_stats sees all');
is(sqlstate_of($node, 'other', 'SELECT osm.worker_status()', @stranger), '42501',
	'without a grant nobody sees anything');

$node->stop;
done_testing();
