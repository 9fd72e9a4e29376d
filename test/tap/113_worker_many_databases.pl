# Two hundred databases whose terms end at the same instant: all are flagged, by no more workers at
# a time than the server has room for, and then all is quiet. Far more databases than there are
# slots: said once, and those that have one keep it.
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

my $many = 200;
my $sample = 10;
my $bound = 3;
my $node = worker_node('worker_many', 'max_worker_processes = ' . 2 * $bound);
my $db = 'many0';
worker_database($node, $db);

# copies FROM, TO: as many copies of the first database; seconds one took.
sub copies
{
	my ($from, $to) = @_;
	my $began = Time::HiRes::time();
	my $how = $node->pg_version >= 15 ? 'STRATEGY file_copy' : '';
	$node->safe_psql('postgres', join "\n",
		map { "CREATE DATABASE many$_ TEMPLATE $db $how;" } $from .. $to);
	return (Time::HiRes::time() - $began) / ($to - $from + 1);
}

# counts: wakes of the launcher, workers started so far.
sub counts
{
	return split /\|/,
	  $node->safe_psql($db, 'SELECT wakes, workers_started FROM osm.worker_launcher()');
}

# How long copying takes here says when the terms of all copies are to end. Were it too early, those
# copied later would be late when they are first looked at, and no worse flagged.
my $each = copies($many + 1, $many + $sample);
$node->safe_psql('postgres', join "\n",
	map { "DROP DATABASE many$_;" } $many + 1 .. $many + $sample);
due_at($node, $db, sprintf "clock_timestamp() + interval '%.1f s'", 3 + 1.1 * $each * $many);
my $due = $node->safe_psql($db, 'SELECT max(due_at) FROM osm.clock');
copies(1, $many);
wait_for($node, $db, "SELECT count(*) = $many + 1 AND bool_and(next_due = '$due')
	FROM osm.worker_status() WHERE database LIKE 'many%' AND state = 'ready'",
	'all copies are known, and when their terms end')
  if $node->safe_psql($db, "SELECT clock_timestamp() < '$due'") eq 't';
my @before = counts();
note "$many copies, ", sprintf('%.0f ms each', 1000 * $each), ', ready ',
  $node->safe_psql($db, "SELECT '$due' - clock_timestamp()"), ' before their terms end';

# A session looks on until all are flagged.
my ($code, $stdout, $stderr) = $node->psql($db, <<"SQL");
DO \$\$
DECLARE
	most integer := 0;
	now_running integer;
BEGIN
	LOOP
		PERFORM pg_stat_clear_snapshot();
		SELECT count(*) INTO now_running FROM pg_stat_activity
		 WHERE backend_type = 'osm_workflow worker';
		most := greatest(most, now_running);
		EXIT WHEN (SELECT sum(breaches) >= $many + 1 FROM osm.worker_status());
		IF clock_timestamp() > '$due'::timestamptz + interval '120 s' THEN
			RAISE EXCEPTION '% flagged', (SELECT sum(breaches) FROM osm.worker_status());
		END IF;
		PERFORM pg_sleep(0.002);
	END LOOP;
	RAISE WARNING 'most %, after % s', most,
		round(extract(epoch FROM clock_timestamp() - '$due')::numeric, 2);
END \$\$
SQL
my ($most, $seconds) = $stderr =~ /most (\d+), after ([0-9.-]+) s/;
ok(defined $most, 'all are flagged') or diag $stderr;
note "the last of ", $many + 1, " is flagged $seconds s after the instant, $most workers at a time";
cmp_ok($most, '<=', $bound, 'never by more workers than half the places');
is($node->safe_psql($db, "SELECT count(*), min(breaches), max(breaches),
		bool_and(last_error IS NULL) FROM osm.worker_status WHERE database LIKE 'many%'"),
	$many + 1 . '|1|1|t', 'one in each, without an error');
is($node->safe_psql("many$_", 'SELECT count(flagged_at), bool_and(flagged_at > due_at)
	FROM osm.clock'), '1|t', "the term in many$_ is")
  foreach 1, $many / 2, $many;
wait_for($node, $db, 'SELECT bool_and(NOT running) FROM osm.worker_status()', 'all workers go');
my @after = counts();
my $started = $after[1] - $before[1];
cmp_ok($started, '<=', 1.5 * ($many + 1), 'hardly more workers than databases were started');
cmp_ok($after[0] - $before[0], '<=', 5 * $started + 10,
	'the launcher woke for their coming and going, no more');

# Idle again.
@before = counts();
$node->poll_query_until($db, "SELECT clock_timestamp() >
	'" . $node->safe_psql($db, 'SELECT clock_timestamp()') . "'::timestamptz + interval '2 s'");
@after = counts();
cmp_ok($after[0] - $before[0], '<=', 1, 'in two seconds without anything due the launcher sleeps');
is($after[1], $before[1], 'and starts nobody');

# Rows of databases that are not there: the launcher reads no more than the rows.
my $position = log_position($node);
$node->safe_psql('postgres', <<'SQL');
SET allow_system_table_mods = on;
DO $$
DECLARE
	fake pg_database%ROWTYPE;
BEGIN
	SELECT * INTO fake FROM pg_database WHERE datname = 'postgres';
	FOR i IN 1 .. 1100 LOOP
		fake.oid := 1000000000 + i;
		fake.datname := 'fake' || i;
		INSERT INTO pg_database VALUES (fake.*);
	END LOOP;
END $$
SQL
$node->safe_psql('postgres', 'ALTER DATABASE many1 IS_TEMPLATE false') foreach 1, 2;
wait_for($node, $db, 'SELECT count(*) = 1024 FROM osm.worker_status()', 'every slot is in use');
due_at($node, $db, 'clock_timestamp()');
wait_for($node, $db, 'SELECT count(flagged_at) = 2 FROM osm.clock',
	'a database that has its slot is served');
$node->safe_psql('postgres', "SET allow_system_table_mods = on;
	DELETE FROM pg_database WHERE datname LIKE 'fake%'");
copies($many + 1, $many + 1);
wait_for($node, "many@{[ $many + 1 ]}", "SELECT state = 'ready' FROM osm.worker_status()
	WHERE database = current_database()", 'when there is room again, a new one is too');
my @said = log_since($node, $position) =~ /serves no more than/g;
is(scalar @said, 1, 'that there are more databases than slots was said once');

$node->stop;
done_testing();
