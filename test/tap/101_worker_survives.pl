# The worker comes back from whatever ends it, and nothing stays unflagged.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = worker_node('worker_survives');
my $db = 'survives';
worker_database($node, $db);

# stream COUNT: terms ten milliseconds apart from half a second from now on, so that a worker is
# at work for as long as the test meddles with it.
my $total = 0;

sub stream
{
	my ($count) = @_;
	$node->safe_psql($db, "SELECT due_at(VARIADIC array_agg(clock_timestamp()
		+ interval '500 ms' + i * interval '10 ms')) FROM generate_series(1, $count) AS i");
	$total += $count;
	return;
}

# caught_up WHAT: all that was asked for is there once and flagged.
sub caught_up
{
	my ($what) = @_;
	wait_for($node, $db, "SELECT count(*) = $total AND bool_and(flagged_at > due_at)
		FROM osm.clock", $what);
	return;
}

# working_pid: of the worker, once it has flagged something of the stream.
sub working_pid
{
	my $flagged = $node->safe_psql($db, 'SELECT count(flagged_at) FROM osm.clock');
	$node->poll_query_until($db, "SELECT count(flagged_at) > $flagged FROM osm.clock");
	return worker_pid($node, $db);
}

# accepting: until the server takes connections again after a crash of one of its processes.
sub accepting
{
	my ($pid) = @_;
	foreach (1 .. 1800)
	{
		my ($code) = $node->psql('postgres', 'SELECT 1');
		return 1 if $code == 0 && !kill(0, $pid);
		Time::HiRes::usleep(100_000);
	}
	return 0;
}

# Ended politely.
stream(150);
my $pid = working_pid();
like($pid, qr/^\d+$/, 'a worker is at work');
is($node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)"), 't', 'it is terminated');
caught_up('another carries on');

my $launcher = launcher_pid($node);
like($launcher, qr/^\d+$/, 'there is one launcher');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
stream(20);
wait_for($node, 'postgres', "SELECT count(*) = 1 AND min(pid) <> $launcher FROM pg_stat_activity
	WHERE backend_type = 'osm_workflow launcher'", 'a terminated launcher is started again');
caught_up('and carries on');

# A statement of the worker is cancelled.
stream(100);
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . working_pid() . ')');
caught_up('a cancelled pass is made up for');

# A session that holds an incident is ended: what it kept from being flagged is flagged.
wait_ready($node, $db);
my $holder = $node->background_psql($db);
my $pid_of_holder = $holder->query_safe('SELECT pg_backend_pid()');
due_at($node, $db, "clock_timestamp() + interval '1 h'");
$total++;
$holder->query_safe('BEGIN; SELECT FROM osm.incident FOR UPDATE');
# only now that it is held does the term end, however slow the machine is
$node->safe_psql($db, 'UPDATE osm.clock SET due_at = clock_timestamp() WHERE flagged_at IS NULL');
stream(5);
wait_for($node, $db, "SELECT count(*) = $total AND count(flagged_at) = $total - 1
	AND max(due_at) FILTER (WHERE flagged_at IS NULL) < clock_timestamp() FROM osm.clock",
	'an incident somebody holds is passed over');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid_of_holder)");
$holder->{run}->finish;
caught_up('its turn comes when that session is ended');

# A shutdown in the middle of the work, as for a minor release.
stream(150);
working_pid();
$node->restart;
caught_up('a restart loses nothing');

# Killed: the server restarts all its processes, and shared memory begins anew.
stream(150);
$pid = working_pid();
kill 'KILL', $pid;
ok(accepting($pid), 'the server survives a killed worker');
caught_up('terms of before the crash are flagged after it');
$launcher = launcher_pid($node);
stream(50);
kill 'KILL', $launcher;
ok(accepting($launcher), 'and a killed launcher');
caught_up('once more all are flagged');

# The postmaster is killed, with everything that is then lost.
stream(100);
working_pid();
$node->kill9;
foreach (1 .. 300)
{
	# The orphans have to go first; the framework takes a failed start for a running server.
	last if $node->start(fail_ok => 1);
	$node->{_pid} = undef;
	Time::HiRes::usleep(100_000);
}
caught_up('after kill -9 of the postmaster too');

# An error in the pass: said once, kept, tried again later and later, and over when it is over.
wait_ready($node, $db);
my $position = log_position($node);
$node->safe_psql($db, 'ALTER TABLE osm.clock
	ADD CONSTRAINT broken CHECK (flagged_at IS NULL) NOT VALID');
stream(5);
wait_for($node, $db, "SELECT state = 'failed' AND last_error_code = '23514' AND last_error <> ''
	AND last_error_at IS NOT NULL FROM osm.worker_status() WHERE database = '$db'",
	'a failure is in osm.worker_status with its SQLSTATE');
$node->poll_query_until($db, "SELECT clock_timestamp() > last_error_at + interval '900 ms'
	FROM osm.worker_status() WHERE database = '$db'");
$node->poll_query_until($db, "SELECT last_error_at >
	'" . status($node, 'last_error_at', $db) . "' FROM osm.worker_status() WHERE database = '$db'");
my @said = log_since($node, $position) =~ /osm_workflow worker failed in database/g;
is(scalar @said, 1, 'the second failure is not said again');
$node->safe_psql($db, 'ALTER TABLE osm.clock DROP CONSTRAINT broken');
caught_up('when the cause is gone, the pass is made up for');
ok($node->wait_for_log(qr/osm_workflow worker works again/, $position), 'and the log says so');
unlike(log_since($node, $position), qr/terminated by signal|PANIC/, 'nothing crashed on the way');

# A missing index, as in the middle of a restore: the worker keeps out, and comes when it is there.
wait_ready($node, $db);
my $index = $node->safe_psql($db, "SELECT pg_get_indexdef('osm.clock_due_idx'::regclass)");
$node->safe_psql($db, 'DROP INDEX osm.clock_due_idx');
stream(5);
wait_for($node, $db, "SELECT state = 'incomplete' FROM osm.worker_status()
	WHERE database = '$db'", 'an incomplete schema is left alone');
$node->safe_psql($db, $index);
caught_up('it is taken up when it has become complete');
$node->safe_psql($db, "UPDATE pg_index SET indisvalid = false
	WHERE indexrelid = 'osm.clock_due_idx'::regclass; SELECT pg_reload_conf()");
wait_for($node, $db, "SELECT state = 'incomplete' FROM osm.worker_status()
	WHERE database = '$db'", 'so is one with an index that broke off');
$node->safe_psql($db, 'REINDEX INDEX osm.clock_due_idx');
wait_for($node, $db, "SELECT state = 'ready' FROM osm.worker_status()
	WHERE database = '$db'", 'until it is built again');

# A dropped table: said once, waited with, and no other database suffers.
$node->safe_psql('postgres', "CREATE DATABASE broken TEMPLATE $db");
wait_ready($node, 'broken');
$position = log_position($node);
$node->safe_psql('broken', 'DROP TABLE osm.notification CASCADE;
	SELECT due_at(clock_timestamp(), clock_timestamp())');
wait_for($node, 'broken', "SELECT state = 'failed' AND last_error_code = '42P01'
	FROM osm.worker_status() WHERE database = 'broken'", 'a dropped table is noticed');
$node->poll_query_until('broken', "SELECT last_error_at >
	'" . status($node, 'last_error_at', 'broken') . "'
	FROM osm.worker_status() WHERE database = 'broken'");
stream(5);
caught_up('elsewhere the work goes on');
@said = log_since($node, $position) =~ /osm_workflow worker failed in database/g;
is(scalar @said, 1, 'and that is said once');
$node->safe_psql('broken', 'DROP TABLE osm.clock CASCADE');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
wait_for($node, $db, "SELECT state = 'no tables' FROM osm.worker_status()
	WHERE database = 'broken'", 'without the terms there is nothing to do');
$node->safe_psql('postgres', 'DROP DATABASE broken');

# A lock on the clocks goes before the worker: it does not queue for it.
wait_ready($node, $db);
my $session = $node->background_psql($db);
$session->query_safe('BEGIN; LOCK TABLE osm.incident, osm.clock IN ACCESS EXCLUSIVE MODE');
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
wait_for($node, 'postgres', "SELECT count(*) = 1 FROM (SELECT 1) AS one", 'the server answers');
wait_for($node, $db, "SELECT state = 'busy' FROM osm.worker_status() WHERE database = '$db'",
	'a locked table is not waited for');
is($node->safe_psql($db, 'SELECT count(*) FROM pg_locks WHERE NOT granted'), '0',
	'nobody queues for the lock');
$session->query_safe('COMMIT');
$session->quit;
stream(5);
caught_up('after the lock it goes on');

$node->stop;
done_testing();
