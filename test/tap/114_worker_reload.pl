# What the worker is told by settings takes effect on reload; what makes no sense is refused or said
# once, and what a server has no room for as well.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

# The launcher takes the only place first.
my $crowded = 'max_logical_replication_workers = 0';
my $node = worker_node('worker_reload', "log_line_prefix = '%m [%p] %b %e '\n$crowded");
my ($one, $two) = ('reload_one', 'reload_two');
worker_database($node, $_) foreach $one, $two;

# set NAME, VALUE: a setting of the server, and a reload.
sub set
{
	my ($name, $value) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET osm_workflow.$name = $value");
	$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
	return;
}

# said POSITION, PATTERN: how often the log says so.
sub said
{
	my ($position, $pattern) = @_;
	my @lines = log_since($node, $position) =~ /$pattern/g;
	return scalar @lines;
}

# wait_said POSITION, PATTERN, WHAT: passes when the log says so. Not asked of the server, whose log
# holds what it is asked.
sub wait_said
{
	my ($position, $pattern, $what) = @_;
	foreach (1 .. 1800)
	{
		return pass($what) if said($position, $pattern);
		Time::HiRes::usleep(100_000);
	}
	return fail($what);
}

# Refused where it is set.
foreach my $case ("databases = 'one two'", "databases = 'one,'", "databases = '\"one'",
	"naptime = 0", "naptime = '2 d'", "worker_idle = -1", "worker_idle = '2 min'",
	"simulated_now = 'whenever'", "simulated_now = 'infinity'")
{
	is(sqlstate_of($node, 'postgres', "ALTER SYSTEM SET osm_workflow.$case"), '22023',
		"$case is refused");
}

# Refused in the file: the old value holds, and the launcher goes on.
my $launcher = launcher_pid($node);
my $position = log_position($node);
$node->append_conf('postgresql.conf', "osm_workflow.naptime = 0\nosm_workflow.databases = 'a b'");
$node->reload;
$node->poll_query_until('postgres', "SELECT count(*) = 2 FROM pg_file_settings
	WHERE name LIKE 'osm_workflow.%' AND error IS NOT NULL");
due_at($node, $one, "clock_timestamp() + interval '100 ms'");
wait_flagged($node, $one, 'nonsense in the file changes nothing');
is(said($position, '22023 LOG:.*"osm_workflow.databases"'), 1, 'the log names the setting');
is(launcher_pid($node), $launcher, 'and the launcher is the same');
$node->append_conf('postgresql.conf', "osm_workflow.naptime = 60\nosm_workflow.databases = ''");

# naptime
my $wakes = 'FROM osm.worker_launcher()';
wait_ready($node, $one);
set('naptime', "'1 h'");
wait_for($node, $one, "SELECT wakes_at > clock_timestamp() + interval '50 min' $wakes",
	'a longer naptime holds from the reload on');
set('naptime', "'1 s'");
my $before = $node->safe_psql($one, "SELECT wakes $wakes");
wait_for($node, $one, "SELECT wakes > $before + 3 $wakes", 'and a shorter one');
set('naptime', "'60 s'");

# worker_idle
set('worker_idle', "'60 s'");
due_at($node, $one, "clock_timestamp() + interval '100 ms'");
wait_flagged($node, $one, 'with a long idle time a term is flagged');
my $pid = worker_pid($node, $one);
like($pid, qr/^\d+$/, 'and its worker waits for more');
wait_for($node, 'postgres', "SELECT wait_event = 'OsmWorkerMain' FROM pg_stat_activity
	WHERE pid = $pid", 'under a name of its own') if $node->pg_version >= 17;
set('worker_idle', "'0'");
wait_for($node, $one, "SELECT NOT running FROM osm.worker_status() WHERE database = '$one'",
	'it goes when the idle time is over');
is(status($node, "clock_timestamp() < last_pass + interval '50 s'", $one), 't',
	'that is the new idle time');
set('worker_idle', "'1 s'");

# databases
$position = log_position($node);
set('databases', "'$one', 'reload_three', 'template1'");
wait_for($node, $one, "SELECT string_agg(database, ' ') = '$one' FROM osm.worker_status()",
	'only the one that is named is served');
wait_said($position, '3D000 WARNING: .*names what cannot be served: "reload_three", "template1"',
	'names that stand for nothing to serve are said');
set('naptime', "'1 s'");
$before = $node->safe_psql($one, "SELECT wakes $wakes");
wait_for($node, $one, "SELECT wakes > $before + 3 $wakes", 'the list is read again and again');
set('naptime', "'60 s'");
is(said($position, 'names what cannot be served'), 1, 'and said once');
$node->safe_psql('postgres', 'CREATE DATABASE reload_three');
wait_for($node, $one, "SELECT state = 'no extension' FROM osm.worker_status()
	WHERE database = 'reload_three'", 'a name that is there now is served');
wait_said($position, 'cannot be served: "template1"\n', 'what remains is said anew');
due_at($node, $two, "clock_timestamp() - interval '1 s'");
is(unflagged($node, $two), '1', 'a term in a database that is not named stays');
set('databases', "''");
wait_flagged($node, $two, 'until all are served again');

# simulated_now of one database
due_at($node, $_, "'2040-01-01 12:00+03'") foreach $one, $two;
$node->safe_psql('postgres',
	"ALTER DATABASE $two SET osm_workflow.simulated_now = '2040-01-01 12:01+03'");
$node->reload;
wait_for($node, $two, 'SELECT count(*) = 0 FROM osm.clock WHERE flagged_at IS NULL',
	'where it is 2040, the terms of 2040 are late');
wait_ready($node, $one);
is($node->safe_psql($one, 'SELECT count(*) FROM osm.clock WHERE flagged_at IS NULL'), '1',
	'and nowhere else');

# No place for a worker.
$node->append_conf('postgresql.conf', 'max_worker_processes = 1');
$node->restart;
due_at($node, $one, "clock_timestamp() - interval '1 s'");
$before = $node->safe_psql($one, "SELECT wakes $wakes");
wait_for($node, $one, "SELECT wakes > $before + 3 AND workers_started = 0 $wakes",
	'without a place for a worker the launcher tries again');
is(said(0, '53000 WARNING: .*could not start a worker'), 1, 'and says it once for all databases');
cmp_ok($node->safe_psql($one, "SELECT wakes - $before $wakes"), '<', 100,
	'not too often');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->restart;
wait_for($node, $one, "SELECT count(*) = 1 FROM osm.clock WHERE flagged_at IS NULL",
	'with places it catches up');

$node->stop;
done_testing();
