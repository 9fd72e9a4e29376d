# Settings of the server, the database and the role that would end a pass or slow it do not reach
# the worker, and what it needs for a pass it sets for that pass.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = worker_node('worker_settings');
my $db = 'hasty';
worker_database($node, $db);

# What a pass finds, and a pass that takes far longer than any of the limits.
$node->safe_psql($db, <<'SQL');
CREATE TABLE public.seen (name text, setting text);
CREATE FUNCTION public.note_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen SELECT name, setting FROM pg_settings
		WHERE name IN ('statement_timeout', 'transaction_timeout', 'lock_timeout', 'work_mem',
			'transaction_isolation', 'search_path', 'synchronous_commit');
	PERFORM pg_sleep(0.1);
	RETURN NULL;
END $$;
CREATE TRIGGER note AFTER UPDATE ON osm.clock EXECUTE FUNCTION public.note_settings();
SQL

my %hasty = (statement_timeout => 1, lock_timeout => 1, idle_in_transaction_session_timeout => 1,
	default_transaction_isolation => "'serializable'", work_mem => "'1MB'",
	search_path => "'public'");
$hasty{transaction_timeout} = 1 if $node->pg_version >= 17;

# Sessions of the test do without the limits.
local $ENV{PGOPTIONS} = join ' ', map { "-c $_=0" } grep { /timeout/ } keys %hasty;
$node->safe_psql('postgres', join ';', map {
	("ALTER SYSTEM SET $_ = $hasty{$_}", "ALTER DATABASE $db SET $_ = $hasty{$_}",
		"ALTER ROLE CURRENT_USER SET $_ = $hasty{$_}",
		"ALTER ROLE CURRENT_USER IN DATABASE $db SET $_ = $hasty{$_}")
} keys %hasty);
is($node->safe_psql($db, 'SHOW default_transaction_isolation'), 'serializable',
	'a session is given the settings');
$node->restart;
my $position = log_position($node);

# seen: what the last pass that flagged found, and forgets it.
sub seen
{
	return $node->safe_psql($db, "WITH gone AS (DELETE FROM public.seen RETURNING *)
		SELECT string_agg(DISTINCT name || ' ' || setting, ', ' ORDER BY name || ' ' || setting)
		FROM gone WHERE name <> 'transaction_timeout' OR setting <> '0'");
}

due_at($node, $db, map { "clock_timestamp() + interval '$_ ms'" } 200, 600);
wait_flagged($node, $db, 'terms are flagged, though a pass takes longer than every limit');
my $expected = 'lock_timeout 500, search_path pg_catalog, pg_temp, statement_timeout 0, '
  . 'synchronous_commit off, transaction_isolation read committed, work_mem %d';
is(seen(), sprintf($expected, 65536), 'a pass has its own settings, and memory enough');
wait_ready($node, $db);
$node->safe_psql('postgres', "ALTER ROLE CURRENT_USER IN DATABASE $db SET work_mem = '128MB'");
due_at($node, $db, "clock_timestamp() + interval '300 ms'");
wait_flagged($node, $db, 'another term');
is(seen(), sprintf($expected, 131072), 'more memory than it needs is not taken away');

is(status($node, 'last_error IS NULL AND breaches = 3', $db), 't', 'no pass failed');
unlike(log_since($node, $position), qr/worker failed|osm_workflow \w+ FATAL/,
	'neither the worker nor the launcher was ended by a limit');

$node->stop;
done_testing();
