# kill -9 at random moments under load: of the worker, the launcher, a session, the postmaster. What
# a client was told is committed is there, every late term is flagged once, every chain is whole.
# OSM_KILL_ROUNDS rounds (6).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run;
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

my $rounds = $ENV{OSM_KILL_ROUNDS} || 6;
my $node = worker_node('worker_rounds');
my $db = 'rounds';
worker_database($node, $db);
$node->safe_psql($db, <<'SQL');
CREATE FUNCTION public.one_due(after interval) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM osm.act_as('clerk');
	RETURN osm.register('worker-test', jsonb_build_object('channel', 'site', 'text', 'текст',
		'external_id', gen_random_uuid(), 'answer_by', clock_timestamp() + after));
END $$
SQL

my $script = $node->basedir . '/load.sql';
append_to_file($script, join '',
	map { "SELECT one_due($_ * interval '1 ms');\n" } map { $_ % 700 } 1 .. 20_000);
my @told;
my %killed;

# start_client NUMBER: a session that registers message after message and writes what it was
# answered to a file; files, because nobody reads or writes for it while it runs.
sub start_client
{
	my ($number) = @_;
	my $out = $node->basedir . "/client.$number";
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
			$node->connstr($db), '-f', $script, '-o', $out ], '>', '/dev/null', '2>', "$out.err");
	return { run => $run, out => $out };
}

# victim KIND: a process to kill, undef when there is none of the kind.
sub victim
{
	my ($kind) = @_;
	my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity
		WHERE backend_type = '$kind' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1");
	return $pid eq '' ? undef : $pid;
}

# accepting PID: until the server takes connections and the killed process is no more.
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

my @kinds = ('osm_workflow worker', 'client backend', 'postmaster', 'osm_workflow launcher');
my $survived = 0;
foreach my $round (1 .. $rounds)
{
	my $kind = $kinds[ $round % @kinds ];
	my @clients = map { start_client("$round.$_") } 1, 2;
	my $some = $node->safe_psql($db, 'SELECT count(flagged_at) FROM osm.clock') + 1 + int rand 60;
	$node->poll_query_until($db, "SELECT count(flagged_at) >= $some FROM osm.clock")
	  or die 'the worker does not flag';
	if ($kind eq 'postmaster')
	{
		$node->kill9;
		foreach (1 .. 300)
		{
			# The orphans have to go first; the framework takes a failed start for a running server.
			last if $node->start(fail_ok => 1);
			$node->{_pid} = undef;
			Time::HiRes::usleep(100_000);
		}
		$survived++;
	}
	elsif (defined(my $pid = victim($kind)))
	{
		kill 'KILL', $pid;
		$survived++ if accepting($pid);
	}
	$killed{$kind}++;
	foreach my $client (@clients)
	{
		# cut off by the crash, unless there was none to be killed; a torn last line tells nothing
		$client->{run}->kill_kill;
		push @told, split /\n/, slurp_file($client->{out}) =~ s/[^\n]*\z//r;
	}
}
is($survived, $rounds, 'the server came back every time');
note join ', ', map { "$_ $killed{$_}" } sort keys %killed;
note scalar(@told) . ' messages were acknowledged';
cmp_ok(scalar @told, '>', 10 * $rounds, 'there was a load');

wait_for($node, $db, 'SELECT NOT EXISTS (SELECT FROM osm.clock
	WHERE flagged_at IS NULL AND due_at < clock_timestamp())', 'every late term is flagged');
$node->safe_psql($db, 'CREATE TABLE told (id bigint)');
$node->safe_psql($db, 'INSERT INTO told VALUES ' . join ', ', map { "($_)" } @told);
is($node->safe_psql($db, 'SELECT count(*) FROM told AS t LEFT JOIN osm.incident AS i USING (id)
	WHERE i.id IS NULL'), '0', 'no acknowledged message is lost');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.incident AS i
	WHERE (SELECT count(*) FROM osm.clock AS c WHERE c.incident_id = i.id) <> 1
	   OR (SELECT count(*) FROM osm.event AS e WHERE e.incident_id = i.id) <> i.event_seq'),
	'0', 'every incident has its one term and all its events');
is($node->safe_psql($db, "SELECT count(*) FROM osm.clock AS c WHERE flagged_at <= due_at
	OR (flagged_at IS NOT NULL) <> (SELECT count(*) = 1 FROM osm.notification AS n
		WHERE n.clock_id = c.id AND n.kind = 'breach')"),
	'0', 'every late term is told of once, and none before it was late');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.incident
	WHERE osm.verify_chain(id) IS NOT NULL'), '0', 'every chain is whole');

$node->stop;
done_testing();
