# The worker among the things done to databases: nothing has to wait for it, and it finds what is
# new.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = worker_node('worker_databases');
worker_database($node, 'one');

# busy DATABASE: terms ten milliseconds apart for a second and a half, and a worker at work on them.
sub busy
{
	my ($database) = @_;
	$node->safe_psql($database, "SELECT due_at(VARIADIC array_agg(clock_timestamp()
		+ interval '200 ms' + i * interval '10 ms')) FROM generate_series(1, 150) AS i");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
		WHERE backend_type = 'osm_workflow worker' AND datname = '$database'");
	return;
}

# running DATABASE, STATEMENT, WHAT: with a worker at work there, it succeeds.
sub running
{
	my ($database, $statement, $what) = @_;
	busy($database);
	is(sqlstate_of($node, 'postgres', $statement), '00000', $what);
	return;
}

# state_is DATABASE, STATE, WHAT: seen from a database that has the function.
sub state_is
{
	my ($database, $state, $what) = @_;
	wait_for($node, 'one', "SELECT state = '$state' FROM osm.worker_status()
		WHERE database = '$database'", $what);
	return;
}

# set_version VERSION: makes the extension in database one pass for that version.
sub set_version
{
	$node->safe_psql('one', "UPDATE pg_extension SET extversion = '$_[0]'
		WHERE extname = 'osm_workflow'");
	return;
}

state_is('postgres', 'no extension', 'a database without the extension is known as such');
running('one', 'CREATE DATABASE two TEMPLATE one', 'a database can be copied');
wait_flagged($node, 'one', 'the original goes on');
wait_flagged($node, 'two', 'the copy is served, though no term was noted there');
running('two', 'ALTER DATABASE two RENAME TO three', 'a database can be renamed');
wait_flagged($node, 'three', 'and goes on under its new name');
running('three', 'DROP DATABASE three', 'a database can be dropped');
wait_for($node, 'one', "SELECT NOT EXISTS (SELECT FROM osm.worker_status()
	WHERE database IS NULL OR database = 'three')", 'and its slot is free');
worker_database($node, 'four');
running('four', 'DROP DATABASE four WITH (FORCE)', 'by force as well');

# Closed, made a template or moved while a worker is at work there: it leaves, and comes back when
# it may.
worker_database($node, 'four');
foreach my $case ([ 'ALLOW_CONNECTIONS false', 'ALLOW_CONNECTIONS true', 'closed' ],
	[ 'IS_TEMPLATE true', 'IS_TEMPLATE false', 'made a template' ])
{
	my ($there, $back, $what) = @$case;
	running('four', "ALTER DATABASE four $there", "a database can be $what");
	wait_for($node, 'one', "SELECT count(*) = 0 FROM osm.worker_status()
		WHERE database = 'four'", 'the worker leaves it');
	$node->safe_psql('postgres', "ALTER DATABASE four $back");
	wait_flagged($node, 'four', 'taken back, the worker is back');
}
my $space = $node->basedir . '/space';
mkdir $space or die "$space: $!";
$node->safe_psql('postgres', "CREATE TABLESPACE space LOCATION '$space'");
running('four', 'ALTER DATABASE four SET TABLESPACE space', 'a database can be moved');
wait_flagged($node, 'four', 'and is served where it is now');
busy('four');
is(sqlstate_of($node, 'four', 'ALTER DATABASE four OWNER TO CURRENT_USER;
	ALTER DATABASE four CONNECTION LIMIT 0; VACUUM; REINDEX DATABASE four; CHECKPOINT'),
	'00000', 'a database can be altered, vacuumed and reindexed');
wait_flagged($node, 'four', 'all the while it is served, though closed to users');
if ($node->pg_version >= 15)
{
	running('four', 'CREATE DATABASE seven TEMPLATE four STRATEGY file_copy',
		'a database can be copied file by file');
	wait_flagged($node, 'seven', 'the copy is served');
}
$node->safe_psql('postgres', 'DROP DATABASE four');

# A worker that only waits for more work makes way as well.
worker_database($node, 'four');
$node->safe_psql('postgres', "ALTER SYSTEM SET osm_workflow.worker_idle = '60 s'");
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
due_at($node, 'four', "clock_timestamp() + interval '300 ms'");
wait_flagged($node, 'four', 'the last term is flagged');
like(worker_pid($node, 'four'), qr/^\d+$/, 'the worker waits for more');
is(sqlstate_of($node, 'postgres', 'DROP DATABASE four'), '00000', 'its database can be dropped');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET osm_workflow.worker_idle');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');

# The extension goes while the worker is at work, and comes again.
worker_database($node, 'five');
busy('five');
is(sqlstate_of($node, 'five', 'DROP EXTENSION osm_workflow CASCADE'), '00000',
	'the extension can be dropped');
state_is('five', 'no extension', 'the worker has noticed');
$node->safe_psql('postgres', 'DROP DATABASE five');

# Created in a transaction that is rolled back, it was never there.
$node->safe_psql('postgres', 'CREATE DATABASE six');
$node->safe_psql('six', 'BEGIN; CREATE EXTENSION osm_workflow; ROLLBACK');
state_is('six', 'no extension', 'a rolled back CREATE EXTENSION leaves nothing');
$node->safe_psql('six', 'CREATE EXTENSION osm_workflow');
state_is('six', 'no tables', 'the extension without its tables is no cause for action');

# A restored dump: nobody noted its terms.
$node->safe_psql('one', "SELECT due_at(clock_timestamp() + interval '2 s', '2100-01-01 12:00+03')");
my $archive = $node->basedir . '/one.dump';
$node->command_ok([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-Fc', '-f', $archive, 'one' ],
	'a database is dumped while terms run');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-h', $node->host, '-p', $node->port, '--exit-on-error',
		'-j', '2', '-d', 'restored', $archive ], 'and restored, with the worker looking on');
wait_for($node, 'restored', 'SELECT count(*) > 0 AND bool_and(flagged_at IS NOT NULL)
	FROM osm.clock WHERE due_at < clock_timestamp()', 'what has fallen due meanwhile is flagged');
wait_for($node, 'restored', "SELECT next_due = '2100-01-01 12:00+03' FROM osm.worker_status()
	WHERE database = 'restored'", 'what falls due later is known');

# Databases that are not entered: templates, closed ones, those the setting leaves out.
is($node->safe_psql('one', "SELECT count(*) FROM osm.worker_status()
	WHERE database LIKE 'template%'"), '0', 'templates are not served');
$node->safe_psql('postgres', 'ALTER DATABASE restored ALLOW_CONNECTIONS false');
wait_for($node, 'one', "SELECT count(*) = 0 FROM osm.worker_status()
	WHERE database = 'restored'", 'a closed database is left alone');
$node->safe_psql('postgres', "ALTER SYSTEM SET osm_workflow.databases = 'six, \"Eight\"'");
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
wait_for($node, 'one', "SELECT string_agg(database, ' ') = 'six' FROM osm.worker_status()
	WHERE state <> 'not served'", 'the setting narrows what is served');
due_at($node, 'one', "clock_timestamp() - interval '1 s'");
my $starts = $node->safe_psql('one', 'SELECT workers_started FROM osm.worker_launcher()');
is(unflagged($node, 'one'), '1', 'a term elsewhere stays unflagged');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET osm_workflow.databases');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
wait_for($node, 'one', 'SELECT count(*) = 0 FROM osm.clock
	WHERE flagged_at IS NULL AND due_at < clock_timestamp()', 'until the setting is taken back');
cmp_ok($node->safe_psql('one', 'SELECT workers_started FROM osm.worker_launcher()'),
	'>', $starts, 'by a worker');

# Another version than the library's: said once, waited for.
wait_ready($node, 'one');
my $position = log_position($node);
my $version = $node->safe_psql('one', "SELECT extversion FROM pg_extension
	WHERE extname = 'osm_workflow'");
set_version('0.0');
foreach my $time (1, 2)
{
	my $looked = $node->safe_psql('one', 'SELECT workers_started FROM osm.worker_launcher()');
	$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
	wait_for($node, 'one', "SELECT workers_started >= $looked + 2 FROM osm.worker_launcher()",
		"look $time at a wrong version");
	state_is('one', 'other version', 'the worker keeps its hands off');
}
my @said = log_since($node, $position) =~ /is not of version/g;
is(scalar @said, 1, 'and says it once');
set_version($version);
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
state_is('one', 'ready', 'after the update it goes on');

# In a Citus cluster the coordinator acts.
$node->safe_psql('one', 'SET allow_system_table_mods = on;
	CREATE TABLE pg_catalog.pg_dist_local_group (groupid integer);
	INSERT INTO pg_catalog.pg_dist_local_group VALUES (3)');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
state_is('one', 'not coordinator', 'a worker node leaves the terms to the coordinator');
$node->safe_psql('one', 'SET allow_system_table_mods = on;
	UPDATE pg_catalog.pg_dist_local_group SET groupid = 0');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
state_is('one', 'ready', 'the coordinator takes them');
$node->safe_psql('one', 'SET allow_system_table_mods = on;
	DROP TABLE pg_catalog.pg_dist_local_group');

unlike(log_since($node, 0), qr/terminated by signal|PANIC|FATAL:.*osm(?!.*administrator command)/,
	'nothing crashed on the way');
$node->stop;
done_testing();
