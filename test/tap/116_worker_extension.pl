# The extension is updated, dropped and created, its tables are locked and rebuilt, while a worker
# is at work on a term every ten milliseconds: nobody waits for long, nobody is ended by a deadlock,
# and in the end every term is flagged once.
#
# Hazard that shaped it: ALTER EXTENSION UPDATE needs scripts of another version, and the installed
# ones are shared with tests that run at the same time; so this server has a copy of its own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'the extension is not below DESTDIR' unless $ENV{DESTDIR};
my $version = slurp_file('osm_workflow.control') =~ /^default_version = '(.*)'/m ? $1 : die;
my $other = '0.0.1';
my $copy = PostgreSQL::Test::Utils::tempdir();
system('cp', '-a', "$ENV{DESTDIR}/.", $copy) == 0 or die "cp: $?";
my $folder = $copy . OsmTest::pg_config_value('sharedir') . '/extension';
system('cp', "$folder/osm_workflow--$version.sql", "$folder/osm_workflow--$other.sql") == 0
  or die "cp: $?";
append_to_file("$folder/osm_workflow--$other--$version.sql",
	"CREATE FUNCTION osm.is_new() RETURNS boolean LANGUAGE sql AS 'SELECT true';\n");
append_to_file("$folder/osm_workflow--$version--$other.sql",
	"DROP FUNCTION IF EXISTS osm.is_new();\n");

my $node = do { local $ENV{DESTDIR} = $copy; worker_node('worker_extension') };
my $db = 'changing';

# busy: terms for two and a half seconds, and a worker that has flagged the first of them.
sub busy
{
	my $began = $node->safe_psql($db, 'SELECT clock_timestamp()');
	$node->safe_psql($db, "SELECT due_at(VARIADIC array_agg(clock_timestamp() + interval '300 ms'
		+ i * interval '10 ms')) FROM generate_series(1, 250) AS i");
	$node->poll_query_until($db, "SELECT max(flagged_at) > '$began' FROM osm.clock");
	return;
}

# told_once WHAT: passes when every term has one flag and its one message.
sub told_once
{
	my ($what) = @_;
	return is($node->safe_psql($db, 'SELECT count(*) FROM osm.clock AS c
		WHERE flagged_at IS NULL OR (SELECT count(*) FROM osm.notification AS n
			WHERE n.clock_id = c.id AND n.kind = \'breach\') <> 1'), '0', $what);
}

# An older version than the library's is left alone until it is updated.
$node->safe_psql('postgres', "CREATE DATABASE $db");
my $position = log_position($node);
$node->safe_psql($db, "CREATE EXTENSION osm_workflow VERSION '$other'");
$node->safe_psql($db, 'SELECT osm.install()');
OsmWorker::worker_act($node, $db);
due_at($node, $db, 'clock_timestamp()');
wait_for($node, $db, "SELECT state = 'other version' FROM osm.worker_status
	WHERE database = '$db'", 'another version than the library\'s is noticed');
my $looks = $node->safe_psql($db, 'SELECT workers_started FROM osm.worker_launcher()');
due_at($node, $db, 'clock_timestamp()');
wait_for($node, $db, "SELECT workers_started > $looks FROM osm.worker_launcher()",
	'a term there is a reason to look again');
is(unflagged($node, $db), '2', 'but not to act');
is(sqlstate_of($node, $db, 'ALTER EXTENSION osm_workflow UPDATE; SELECT osm.upgrade()'), '00000',
	'the extension is updated');
wait_flagged($node, $db, 'and the worker catches up without being told');
my @said = log_since($node, $position) =~ /WARNING: .* "$db" is not of version/g;
is(scalar @said, 1, 'the log names the database, once');

# To another version and back under a worker at work.
busy();
is(sqlstate_of($node, $db, "ALTER EXTENSION osm_workflow UPDATE TO '$other'"), '00000',
	'the version is changed while a worker is at work');
wait_for($node, $db, "SELECT state = 'other version' FROM osm.worker_status
	WHERE database = '$db'", 'it stops');
is(sqlstate_of($node, $db, 'ALTER EXTENSION osm_workflow UPDATE'), '00000', 'changed back');
wait_flagged($node, $db, 'it goes on');
told_once('and has told of every term once');

# The update is open for a while and then taken back.
busy();
my $session = $node->background_psql($db);
$session->query_safe("BEGIN; ALTER EXTENSION osm_workflow UPDATE TO '$other'; ROLLBACK");
wait_flagged($node, $db, 'an update that is rolled back stops nobody');

# Locks on the tables, as maintenance takes them.
busy();
foreach my $statement ('VACUUM FULL osm.clock', 'REINDEX TABLE osm.clock', 'VACUUM osm.incident',
	'CLUSTER osm.clock USING clock_pkey', 'ANALYZE', 'ALTER TABLE osm.clock SET (fillfactor = 70)',
	'SELECT osm.upgrade()')
{
	is(sqlstate_of($node, $db, $statement), '00000', "$statement under a worker at work");
}
wait_flagged($node, $db, 'it makes way and comes back');

# Somebody who has locked one table and comes for the next is not the victim of a deadlock with a
# pass that goes the other way: the pass gives in first.
$node->safe_psql($db, <<'SQL');
CREATE TABLE public.next_table (id integer);
CREATE FUNCTION public.slowly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_sleep(0.3);
	PERFORM FROM public.next_table;
	RETURN NULL;
END $$;
CREATE TRIGGER slowly AFTER UPDATE ON osm.clock EXECUTE FUNCTION public.slowly()
SQL
$session->query_safe('BEGIN; LOCK TABLE public.next_table');
due_at($node, $db, "clock_timestamp() + interval '200 ms'");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
	WHERE backend_type = 'osm_workflow worker' AND wait_event = 'PgSleep'");
$session->query_safe('LOCK TABLE osm.clock');
is($session->query_safe('SELECT 1'), '1', 'whoever locks one table after the other gets both');
$session->query_safe('COMMIT');
wait_flagged($node, $db, 'the pass is made up for');
wait_for($node, $db, "SELECT state = 'ready' FROM osm.worker_status WHERE database = '$db'",
	'and all is well again');
unlike(log_since($node, $position), qr/worker failed|works again/,
	'that somebody held a lock for a moment is not said');
$node->safe_psql($db, 'DROP TRIGGER slowly ON osm.clock');
told_once('every term was told of once');

# Dropped and created while it works; what is left are the rows.
busy();
$session->query_safe('SET client_min_messages = error');
is($session->query('DROP EXTENSION osm_workflow CASCADE; SELECT 1'), '1',
	'the extension is dropped under a worker at work');
my $rest = 'SELECT count(*) FILTER (WHERE flagged_at IS NULL), count(*) FROM osm.clock';
my $left = $session->query_safe($rest);
is($session->query_safe("SELECT count(*) FROM osm.clock AS c WHERE (flagged_at IS NULL)
	<> NOT EXISTS (SELECT FROM osm.notification AS n
		WHERE n.clock_id = c.id AND n.kind = 'breach')"), '0', 'no pass was cut in half');
my $watcher = 'watching';
worker_database($node, $watcher);
wait_for($node, $watcher, "SELECT state = 'no extension' FROM osm.worker_status
	WHERE database = '$db'", 'the worker has noticed');
is($session->query_safe($rest), $left, 'and has left the rows alone');
$session->query_safe('DROP SCHEMA osm CASCADE; DROP FUNCTION due_at');
$session->query_safe('CREATE EXTENSION osm_workflow');
$session->query_safe('SELECT osm.install()');
OsmWorker::worker_act($node, $db);
busy();
wait_flagged($node, $db, 'created again, it is served again');
$session->quit;

unlike(log_since($node, 0), qr/deadlock detected|terminated by signal|PANIC/,
	'nobody met a deadlock');
$node->stop;
done_testing();
