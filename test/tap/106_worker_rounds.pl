# kill -9 at random moments under load: of the worker, the launcher, a session, the postmaster. Two
# clients register messages and finish every third, a mailer empties the outbox; what they were told
# is done is kept outside the database and held against it in the end: nothing told is lost, nothing
# is there twice, every late term is flagged once, every chain is whole. OSM_KILL_ROUNDS rounds (6).
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
END $$;
CREATE FUNCTION public.finished(id bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM osm.act_as('clerk');
	PERFORM osm.perform(id, 'finish');
	RETURN 'finished ' || id;
END $$
SQL

my $script = $node->basedir . '/load.sql';
append_to_file($script, join '',
	map { "SELECT one_due($_ * interval '1 ms') AS id \\gset\n\\echo registered :id\n"
		  . ($_ % 3 ? '' : "SELECT finished(:id);\n") } map { $_ % 700 } 1 .. 20_000);
my $mailing = $node->basedir . '/mailer.sql';
append_to_file($mailing, "SELECT 'mailed ' || id FROM osm.claim_notifications(5, '1 second')
	WHERE osm.confirm_notification(id);\nSELECT pg_sleep(0.005) \\g /dev/null\n" x 20_000);
my @told;
my %killed;

# start_client NUMBER, SCRIPT: a session that works and writes what it was answered to a file;
# files, because nobody reads or writes for it while it runs.
sub start_client
{
	my ($number, $file) = @_;
	my $out = $node->basedir . "/client.$number";
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
			$node->connstr($db), '-f', $file ], '>', $out, '2>', "$out.err");
	return { run => $run, out => $out };
}

# victim KIND: a process to kill, undef when there is none of the kind for a while.
sub victim
{
	my ($kind) = @_;
	foreach (1 .. 50)
	{
		my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity
			WHERE backend_type = '$kind' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1");
		return $pid if $pid ne '';
	}
	return;
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
	my @clients = map { start_client("$round.$_", $script) } 1, 2;
	push @clients, start_client("$round.3", $mailing);
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
	else
	{
		$survived++;
		$kind = 'nobody there';
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
my %told;
push @{ $told{ $_->[0] } }, $_->[1] foreach map { [split] } grep { /^[a-z]+ \d+$/ } @told;
note "$rounds rounds; acknowledged: " . join ', ',
  map { scalar(@{ $told{$_} // [] }) . " $_" } qw(registered finished mailed);
cmp_ok(scalar @{ $told{registered} // [] }, '>', 10 * $rounds, 'there was a load');

wait_for($node, $db, 'SELECT NOT EXISTS (SELECT FROM osm.clock
	WHERE flagged_at IS NULL AND due_at < clock_timestamp() AND state = \'running\')',
	'every late term is flagged');
$node->safe_psql($db, 'CREATE TABLE told (what text, id bigint)');
$node->safe_psql($db, 'INSERT INTO told VALUES ' . join ', ',
	map { my $what = $_; map { "('$what', $_)" } @{ $told{$what} } } keys %told);
is($node->safe_psql($db, "SELECT count(*) FROM told AS t LEFT JOIN osm.incident AS i USING (id)
	WHERE t.what = 'registered' AND i.id IS NULL
	   OR t.what = 'finished' AND i.state IS DISTINCT FROM 'done'"), '0',
	'no acknowledged step is lost');
is($node->safe_psql($db, "SELECT count(*) FROM (SELECT what, id FROM told
	GROUP BY what, id HAVING count(*) > 1) AS twice"), '0', 'and none was acknowledged twice');
is($node->safe_psql($db, "SELECT count(*) FROM told AS t
	LEFT JOIN osm.notification AS n USING (id)
	WHERE t.what = 'mailed' AND n.state IS DISTINCT FROM 'sent'"), '0',
	'what a mailer confirmed stays sent');
is($node->safe_psql($db, "SELECT count(*) FROM osm.incident AS i
	JOIN osm.clock AS c ON c.incident_id = i.id
	WHERE i.event_seq <> CASE i.state WHEN 'done' THEN 2 ELSE 1 END
	   OR (i.state = 'done') <> (c.stopped_at IS NOT NULL)
	   OR c.stopped_at IS NOT NULL AND (c.state = 'met') <> (c.stopped_at <= c.due_at)"), '0',
	'what is finished was finished once, and judged by its own time');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.incident AS i
	WHERE (SELECT count(*) FROM osm.clock AS c WHERE c.incident_id = i.id) <> 1
	   OR (SELECT count(*) FROM osm.event AS e WHERE e.incident_id = i.id) <> i.event_seq'),
	'0', 'every incident has its one term and all its events');
# A step that began in time redeems the flag a pass has set meanwhile; who was told was told. One
# that comes late, before any pass, marks the breach itself and tells nobody.
is($node->safe_psql($db, "SELECT count(*) FROM osm.clock AS c, LATERAL (SELECT count(*)
		FROM osm.notification AS n WHERE n.clock_id = c.id AND n.kind = 'breach') AS told (times)
	WHERE flagged_at <= due_at
	   OR CASE state WHEN 'met' THEN flagged_at IS NOT NULL OR times > 1
		  ELSE times <> (flagged_at IS NOT NULL
			AND flagged_at IS DISTINCT FROM stopped_at)::integer END"),
	'0', 'every late term a step has not ended before is told of once, and no other');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.incident
	WHERE osm.verify_chain(id) IS NOT NULL'), '0', 'every chain is whole');

$node->stop;
done_testing();
