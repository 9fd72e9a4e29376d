# No worker on a standby; on promotion it starts and catches up.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $db = 'replicated';
my $primary = worker_node('worker_primary', '', init => [ allows_streaming => 1 ]);
worker_database($primary, $db);
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('worker_standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

due_at($primary, $db, "clock_timestamp() + interval '300 ms'");
wait_flagged($primary, $db, 'the primary flags');
$primary->wait_for_catchup($standby);
is($standby->safe_psql($db, 'SELECT count(*) FROM osm.clock WHERE flagged_at IS NOT NULL'),
	'1', 'the standby reads the flag');
is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity
	WHERE backend_type LIKE 'osm_workflow%'"), '0', 'the standby has no worker of its own');
is($standby->safe_psql($db, 'SELECT count(*) FROM osm.worker_status()'), '0',
	'and says so');

# The primary is lost with terms running; some fall due before the standby is promoted.
due_at($primary, $db, map { "clock_timestamp() + interval '$_ ms'" } 600, 3000);
$primary->wait_for_catchup($standby);
$primary->stop('immediate');
$standby->poll_query_until($db,
	'SELECT count(*) = 2 FROM osm.clock WHERE due_at < clock_timestamp()');
is(unflagged($standby, $db), '1', 'a term falls due while nobody can flag it');
$standby->promote;
wait_for($standby, 'postgres', "SELECT count(*) = 1 FROM pg_stat_activity
	WHERE backend_type = 'osm_workflow launcher'", 'the promoted server starts the launcher');
wait_flagged($standby, $db, 'what was missed is flagged, and what falls due after');
is($standby->safe_psql($db, 'SELECT count(*) FROM osm.clock'), '3', 'nothing is lost');

$standby->stop;
done_testing();
