# pg_upgrade of a cluster with terms running: with the library preloaded on both sides no worker
# gets in its way, every row arrives as it was, and the worker of the new cluster catches up.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use File::Find;
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $bindir = OsmTest::pg_config_value('bindir');
plan skip_all => 'no pg_upgrade' unless -x "$bindir/pg_upgrade";
my $db = 'upgraded';
my $old = worker_node('upgrade_old');
plan skip_all => 'pg_upgrade finds the library in $libdir only, where this build is not installed'
  if $old->pg_version >= 18 && $ENV{DESTDIR};
worker_database($old, $db);

# Terms flagged, late and not flagged, and running; people, messages, chains.
due_at($old, $db, 'clock_timestamp()', "'2100-01-01 12:00+03'");
wait_for($old, $db, 'SELECT count(*) = 1 FROM osm.notification', 'a breach is told of');
$old->safe_psql('postgres', "ALTER SYSTEM SET osm_workflow.databases = 'none'");
$old->restart;
due_at($old, $db, map { "clock_timestamp() + interval '$_ ms'" } 1 .. 20);
my $rows = all_rows($old, $db);
my $version = "SELECT extversion FROM pg_extension WHERE extname = 'osm_workflow'";
my $was = $old->safe_psql($db, $version);
$old->safe_psql('postgres', 'ALTER SYSTEM RESET osm_workflow.databases');
$old->stop;

my $new = osm_node('upgrade_new', preload => 1, conf => 'autovacuum = off');
my @command = ('pg_upgrade', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bindir,
	'-B', $bindir, '-s', $new->host, '-p', $old->port, '-P', $new->port);
push @command, '--retain', '--no-sync' if $new->pg_version >= 15;
chdir $new->basedir or die $!;
command_ok(\@command, 'the cluster is upgraded');
my $logs = '';
find(sub { $logs .= slurp_file($_) if /^pg_upgrade_(?:server|internal).*\.log$/ },
	$new->pg_version >= 15 ? $new->data_dir : $new->basedir);
like($logs, qr/database system is ready to accept connections/, 'the servers of pg_upgrade say');
unlike($logs, qr/osm_workflow (?:launcher|worker)/, 'nothing of a worker');

# What has arrived, before any worker.
$new->append_conf('postgresql.conf', "osm_workflow.databases = 'none'");
$new->start;
is(all_rows($new, $db), $rows, 'every row is as it was');
is($new->safe_psql($db, $version), $was, 'the extension is there');
is($new->safe_psql($db, "SELECT count(*) FROM osm.verify_chains('-infinity', 'infinity')"), '0',
	'every chain is whole');
is(unflagged($new, $db), '20', 'some terms have fallen due meanwhile');

# The worker, the numbers and the rules go on.
$new->append_conf('postgresql.conf', "osm_workflow.databases = ''");
$new->reload;
wait_for($new, $db, 'SELECT count(flagged_at) = 21 FROM osm.clock', 'the worker catches up');
due_at($new, $db, "clock_timestamp() + interval '300 ms'");
wait_for($new, $db, 'SELECT count(flagged_at) = 22 FROM osm.clock', 'and goes on');
is($new->safe_psql($db, 'SELECT count(*), count(DISTINCT clock_id) FROM osm.notification'),
	'22|22', 'each late term is told of once');
is($new->safe_psql($db, "SELECT next_due FROM osm.worker_status WHERE database = '$db'"),
	'2100-01-01 12:00:00+03', 'what falls due later is known');

$new->stop;
done_testing();
