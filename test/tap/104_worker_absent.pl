# Without preload everything but the worker works; in binary upgrade nothing is registered.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $ours = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'osm_workflow%'";
my $db = 'alone';

my $node = osm_node('worker_absent');
$node->start;
osm_database($node, $db);
OsmWorker::worker_act($node, $db);
is($node->safe_psql('postgres', $ours), '0', 'without preload there is no worker');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.worker_status()'), '0',
	'osm.worker_status is empty');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.worker_launcher()'), '0',
	'and so is osm.worker_launcher()');
due_at($node, $db, "clock_timestamp() - interval '1 s'", "'2100-01-01 12:00+03'");
is(unflagged($node, $db), '1', 'a late term stays unflagged');
is($node->safe_psql($db, 'SELECT breaches, next_due FROM osm.tick()'), '1|2100-01-01 12:00:00+03',
	'until somebody calls osm.tick()');
is(unflagged($node, $db), '0', 'which makes the same pass');
is($node->safe_psql($db, 'SELECT breaches FROM osm.tick()'), '0',
	'and finds nothing the next time');

# The same cluster, preloaded: the worker begins with what it finds.
due_at($node, $db, "clock_timestamp() - interval '1 s'");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'osm_workflow'");
$node->restart;
wait_for($node, $db, 'SELECT count(*) = 2 FROM osm.clock WHERE flagged_at IS NOT NULL',
	'a worker that starts flags what is late already');
$node->stop;

# As pg_upgrade starts a server; the framework's own start takes no such option.
my @control = ('pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile);
my @psql = ('psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d');
command_ok([ @control, '-o', '-b --cluster-name=upgrade', 'start' ],
	'the server starts in binary upgrade');
my ($workers) = run_command([ @psql, 'postgres', '-c', $ours ]);
is($workers, '0', 'there is no worker in binary upgrade');
my ($launchers) = run_command([ @psql, $db, '-c', 'SELECT count(*) FROM osm.worker_launcher()' ]);
is($launchers, '0', 'and no shared memory for one');
command_ok([ @control, '-m', 'fast', 'stop' ], 'and it stops');

$node->start;
wait_for($node, 'postgres', "SELECT ($ours) >= 1",
	'started as usual, it has its launcher');
$node->stop;
done_testing();
