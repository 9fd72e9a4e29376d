# No worker on a standby; on promotion it starts and catches up, even in the middle of a burst.
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

# The primary is lost in the middle of a burst. So that it is, the worker stops in the midst of a
# batch, before a lock, once a thousand terms are flagged.
my $burst = 2000;
$primary->safe_psql($db, <<'SQL');
CREATE FUNCTION public.gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (SELECT count(*) FROM osm.clock WHERE flagged_at IS NOT NULL) > 1000 THEN
		PERFORM pg_advisory_lock(1);
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER gate AFTER UPDATE ON osm.clock EXECUTE FUNCTION public.gate();
SQL
my $gate = $primary->background_psql($db);
$gate->query_safe('SELECT pg_advisory_lock(1)');
$primary->safe_psql($db, "SELECT due_at(VARIADIC array_agg(clock_timestamp()
	+ interval '300 ms')) FROM generate_series(1, $burst)");
due_at($primary, $db, "clock_timestamp() + interval '4 s'");
wait_for($standby, $db, "SELECT count(*) = $burst + 2 AND count(flagged_at) > 900 FROM osm.clock",
	'half of a burst is flagged, and has reached the standby');
$primary->poll_query_until($db, "SELECT count(*) = 1 FROM pg_locks
	WHERE locktype = 'advisory' AND NOT granted")
  or die 'the worker is not in the midst of a batch';
$primary->stop('immediate');
$gate->{run}->finish;
my $left = unflagged($standby, $db);
ok(0 < $left && $left < $burst, 'the primary is lost in the middle of it') or diag $left;
unlike(slurp_file($standby->logfile), qr/osm_workflow (?:launcher|worker)/,
	'no worker was ever at work on the standby');

$standby->promote;
wait_for($standby, 'postgres', "SELECT count(*) = 1 FROM pg_stat_activity
	WHERE backend_type = 'osm_workflow launcher'", 'the promoted server starts the launcher');
wait_flagged($standby, $db, 'what was missed is flagged, and what falls due after');
nothing_doubled($standby, $db, $burst + 2,
	'every term is flagged once and told of once, and every chain is whole');

# Life goes on there.
due_at($standby, $db, "clock_timestamp() + interval '300 ms'");
wait_flagged($standby, $db, 'a term of the promoted server is flagged');
nothing_doubled($standby, $db, $burst + 3, 'and told of once');
unlike(slurp_file($standby->logfile), qr/worker failed|PANIC|terminated by signal/,
	'without an error');

$standby->stop;
done_testing();
