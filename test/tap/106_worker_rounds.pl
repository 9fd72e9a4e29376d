# kill -9 at random moments under load: of the worker, the launcher, a session, the postmaster.
# Clients take steps of every kind, a calendar in use changes all the time, a mailer empties the
# outbox; what they were told is done is kept outside the database. In the end everything that must
# be there is worked out again (test/lib/torture/audit.sql) and every row that differs is named;
# then each kind of row is spoilt once, to see that the audit names it. OSM_KILL_ROUNDS rounds (4);
# OSM_SEED repeats the choices of a run, as far as chance allows. Only processes are killed, never
# the machine, so nothing here depends on fsync, which is off.
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

my $rounds = $ENV{OSM_KILL_ROUNDS} || 4;
my $seed = $ENV{OSM_SEED} || 1 + int rand 1_000_000;
note "seed $seed";
srand $seed;

my $db = 'rounds';
my $node = worker_node('worker_rounds', "osm_workflow.databases = '$db'
autovacuum = on
autovacuum_naptime = 5s");
osm_database($node, $db);
foreach my $part (qw(load audit))
{
	$node->safe_psql($db, slurp_file("$FindBin::RealBin/../lib/torture/$part.sql"));
}
wait_ready($node, $db);

# script NAME, TEXT, TIMES: a file of many such lines; psql says what one answered once it is done.
sub script
{
	my ($name, $text, $times) = @_;
	my $path = $node->basedir . "/$name.sql";
	append_to_file($path, "SELECT setseed(:seed) \\g /dev/null\n" . $text x $times);
	return $path;
}
my $steps = script('steps', "SELECT load.step();\n", 40_000);
my $changes = script('changes',
	"SELECT load.change_calendar();\nSELECT pg_sleep(0.15) \\g /dev/null\n", 4_000);
my $mails = script('mails', "SELECT coalesce(string_agg(id::text, ','), '') AS ids
	FROM load.claim() AS id \\gset
SELECT load.mail(id) FROM unnest(string_to_array(:'ids', ',')::bigint[]) AS id;
SELECT pg_sleep(0.01) \\g /dev/null\n", 10_000);

# start_client ROUND, NUMBER, SCRIPT: a session that works and writes what it was answered to a
# file; files, because nobody reads or writes for it while it runs.
sub start_client
{
	my ($round, $number, $file) = @_;
	my $out = $node->basedir . "/client.$round.$number";
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
			$node->connstr($db), '-v', 'seed=' . rand 1, '-f', $file ],
		'>', $out, '2>', "$out.err");
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

# back LAUNCHER: until the server has started all its processes again, the launcher among them; it
# takes connections for a moment after one was killed, too.
sub back
{
	my ($launcher) = @_;
	foreach (1 .. 1800)
	{
		# a session that is turned away before it has read the question raises an error here
		my ($code, $found) = eval {
			$node->psql('postgres', "SELECT count(*) FROM pg_stat_activity
				WHERE backend_type = 'osm_workflow launcher' AND pid <> $launcher");
		};
		return 1 if defined $code && $code == 0 && $found eq '1';
		Time::HiRes::usleep(100_000);
	}
	return 0;
}

# kill_one KIND: true when the server came back.
sub kill_one
{
	my ($kind) = @_;
	if ($kind eq 'postmaster')
	{
		$node->kill9;
		foreach (1 .. 300)
		{
			# The orphans have to go first; the framework takes a failed start for a running server.
			return 1 if $node->start(fail_ok => 1);
			$node->{_pid} = undef;
			Time::HiRes::usleep(100_000);
		}
		return 0;
	}
	my $launcher = launcher_pid($node) || 0;
	my $pid = victim($kind) // return 0;
	Time::HiRes::usleep(int rand 20_000);    # the moment, not a wait for anything
	kill 'KILL', $pid;
	return back($launcher);
}

# What a round waits for before it kills: some of this.
my @progress = ("osm.event WHERE occurred_at > '%s'",
	"osm.event WHERE occurred_at > '%s' AND action = 'recalculate'",
	"osm.event WHERE occurred_at > '%s' AND action IN ('lapse', 'remind')",
	"osm.notification WHERE id > %d AND kind = 'breach'",
	"osm.notification WHERE id > %d AND kind = 'warning'");
my @kinds = ('osm_workflow worker', 'client backend', 'postmaster', 'osm_workflow launcher');
my (@told, %refused, @errors);
my %killed = map { $_ => 0 } @kinds;
foreach my $round (1 .. $rounds)
{
	my $kind = $kinds[ $round % @kinds ];
	my @clients = (start_client($round, 1, $steps), start_client($round, 2, $steps),
		start_client($round, 3, $changes), start_client($round, 4, $mails));
	my $count = $progress[ int rand @progress ];
	$count = sprintf $count, $node->safe_psql($db,
		$count =~ /%s/ ? 'SELECT now()' : 'SELECT coalesce(max(id), 0) FROM osm.notification');
	my $enough = 1 + int rand 20;
	$node->poll_query_until($db, "SELECT count(*) >= $enough FROM $count")
	  or die "no progress: $count";
	$killed{$kind}++ if kill_one($kind);
	foreach my $client (@clients)
	{
		# cut off by the crash, if not before; a torn last line tells nothing
		$client->{run}->kill_kill;
		foreach (split /\n/, slurp_file($client->{out}) =~ s/[^\n]*\z//r)
		{
			/^refused (.*)/ ? $refused{$1}++ : push @told, [split];
		}
		push @errors, grep { /\b(?:ERROR|PANIC):/ } split /\n/, slurp_file("$client->{out}.err");
	}
	# clocks that have ended since the last round, as they are
	$node->safe_psql($db, 'INSERT INTO audit.ended_then SELECT * FROM audit.ended AS e
		WHERE NOT EXISTS (SELECT FROM audit.ended_then AS t WHERE t.id = e.id)');
}
my $survived = 0;
$survived += $_ foreach values %killed;
is($survived, $rounds, 'the server came back every time')
  or diag join ', ', map { "$_ $killed{$_}" } sort keys %killed;
is(join("\n", @errors), '', 'no client met an error but the loss of its connection');

my %told;
$told{ $_->[0] }++ foreach @told;
note "$rounds rounds; killed: " . join(', ', map { "$_ $killed{$_}" } sort keys %killed)
  . '; acknowledged: ' . join(', ', map { "$_ $told{$_}" } sort keys %told)
  . '; refused: ' . join(', ', map { "$_ $refused{$_}" } sort keys %refused);
foreach my $what (qw(step change mailed failed))
{
	cmp_ok($told{$what} // 0, '>', 0, "there was a load: $what");
}

# Nothing is due any more but what is hours away; then the books are closed.
wait_for($node, $db, "SELECT NOT EXISTS (SELECT FROM osm.recalculation)
	AND NOT EXISTS (SELECT FROM osm.clock WHERE state = 'running'
		AND (flagged_at IS NULL AND armed OR on_due) AND due_at < now() + interval '1 hour')
	AND NOT EXISTS (SELECT FROM osm.clock WHERE state = 'running' AND warn_at < now() + interval
		'1 hour')", 'all that falls due is worked off');
my $journal = $node->basedir . '/journal';
append_to_file($journal, join '', map { join("\t", @$_[ 0 .. 1 ], $_->[2] && $_->[2] =~ /^\d+$/
		? @$_[ 2 .. 3 ] : ('\N', '\N')) . "\n" } grep { $_->[0] ne 'failed' } @told);
$node->safe_psql($db, "\\copy audit.told FROM '$journal'\nANALYZE");
note $node->safe_psql($db, "SELECT format('%s incidents, %s events (%s recalculations, %s by terms
	that ended), %s clocks, %s flagged, %s messages', (SELECT count(*) FROM osm.incident), count(*),
	count(*) FILTER (WHERE action = 'recalculate'),
	count(*) FILTER (WHERE action IN ('lapse', 'remind')),
	(SELECT count(*) FROM osm.clock), (SELECT count(flagged_at) FROM osm.clock),
	(SELECT string_agg(n, ', ') FROM (SELECT kind || ' ' || count(*) FROM osm.notification
		GROUP BY kind ORDER BY kind) AS k (n))) FROM osm.event") =~ s/\s+/ /gr;
is($node->safe_psql($db, 'SELECT kind, what FROM audit.finding LIMIT 50'), '',
	'the audit finds nothing');

# The audit finds each kind of damage, and names it; nothing of it stays.
my $late = "(SELECT min(c.id) FROM osm.clock AS c JOIN osm.incident AS i ON i.id = c.incident_id
	WHERE c.state = 'running' AND c.flagged_at IS NOT NULL AND c.term IS NOT NULL
	AND c.calendar = 'around-the-clock' AND c.excuse IS NULL)";
my $ended = "(SELECT min(id) FROM osm.clock WHERE state = 'met' AND stopped_at > started_at)";
my $spoil_event = 'ALTER TABLE osm.event DISABLE TRIGGER USER;';
my $spoil_incident = 'ALTER TABLE osm.incident DISABLE TRIGGER USER;';
my $some_event = "(incident_id, seq) = (SELECT incident_id, max(seq) FROM osm.event
	WHERE action = 'route' GROUP BY incident_id ORDER BY incident_id LIMIT 1)";
my $messages = 'INSERT INTO osm.notification (authority_id, incident_id, clock_id, event_seq, kind,
	recipient_id, subject, created_at, about_at, deliver_after) SELECT authority_id, incident_id,
	clock_id, event_seq, kind';
foreach (
	[ flag => 'a flag lost', "UPDATE osm.clock SET flagged_at = NULL WHERE id = $late" ],
	[ flag => 'a flag before its time',
		"UPDATE osm.clock SET flagged_at = due_at WHERE id = $late" ],
	[ verdict => 'a verdict', "UPDATE osm.clock SET state = 'missed', flagged_at = due_at
		+ interval '1 s' WHERE id = $ended" ],
	[ overdue => 'since when an incident is late', "$spoil_incident UPDATE osm.incident
		SET overdue_since = overdue_since + interval '1 s' WHERE id = (SELECT min(id)
		FROM osm.incident WHERE overdue_since IS NOT NULL)" ],
	[ 'step message' => 'a message of a step lost', "DELETE FROM osm.notification WHERE id =
		(SELECT min(id) FROM osm.notification WHERE kind = 'step')" ],
	[ 'step message' => 'one doubled', "DROP INDEX osm.notification_step_key; $messages,
		recipient_id, subject, created_at, about_at, deliver_after FROM osm.notification
		WHERE kind = 'step' LIMIT 1" ],
	[ 'step message' => 'one to a stranger', "$messages, 99999, subject, created_at, about_at,
		deliver_after FROM osm.notification WHERE kind = 'step' LIMIT 1" ],
	[ 'breach message' => 'a message of a breach lost', "DELETE FROM osm.notification WHERE id =
		(SELECT min(id) FROM osm.notification WHERE clock_id = $late AND kind = 'breach')" ],
	[ 'breach message' => 'one doubled', "DROP INDEX osm.notification_clock_key; $messages,
		recipient_id, subject, created_at, about_at, deliver_after FROM osm.notification
		WHERE clock_id = $late AND kind = 'breach' LIMIT 1" ],
	[ 'breach message' => 'one about another instant', "$messages, recipient_id, subject,
		created_at, about_at - interval '1 s', deliver_after FROM osm.notification
		WHERE clock_id = $late AND kind = 'breach' LIMIT 1" ],
	[ warning => 'a warning lost', "DELETE FROM osm.notification WHERE id = (SELECT min(n.id)
		FROM osm.notification AS n JOIN osm.clock AS c ON c.id = n.clock_id
		WHERE n.kind = 'warning' AND c.state = 'running' AND c.flagged_at IS NULL)" ],
	[ warning => 'a warning of nothing', "$messages, recipient_id, subject, created_at, about_at
		+ interval '1 us', deliver_after FROM osm.notification AS n WHERE kind = 'warning'
		AND clock_id IN (SELECT id FROM osm.clock WHERE calendar = 'around-the-clock') LIMIT 1" ],
	[ chain => 'an event changed', "$spoil_event UPDATE osm.event SET details = details
		|| '{\"x\": 1}' WHERE $some_event" ],
	[ chain => 'an event lost', "$spoil_event DELETE FROM osm.event WHERE $some_event" ],
	[ whole => 'a clock lost', "DELETE FROM osm.clock_segment WHERE clock_id = $late;
		DELETE FROM osm.clock WHERE id = $late" ],
	[ whole => 'an assignment gone', "UPDATE osm.assignment SET released_at = now() WHERE id =
		(SELECT min(a.id) FROM osm.assignment AS a JOIN osm.incident AS i ON i.id = a.incident_id
		WHERE a.released_at IS NULL AND i.finished_at IS NULL)" ],
	[ whole => 'a decision lost', "DELETE FROM osm.review WHERE id = (SELECT min(id)
		FROM osm.review)" ],
	[ segment => 'a stretch lost', "DELETE FROM osm.clock_segment WHERE clock_id = $ended" ],
	[ segment => 'stretches that overlap', "INSERT INTO osm.clock_segment SELECT clock_id,
		authority_id, incident_id, seq + 1000, span, 'pause' FROM osm.clock_segment
		WHERE clock_id = $ended LIMIT 1" ],
	[ segment => 'a stretch charged to another', "UPDATE osm.clock_segment SET body_id =
		coalesce(body_id, 0) + 1 WHERE clock_id = $ended" ],
	[ segment => 'two holders\' stretches made one', "WITH pair AS (
		SELECT clock_id, x.seq AS first, y.seq AS second, lower(x.span) AS starts
		FROM osm.clock_segment AS x JOIN osm.clock_segment AS y USING (clock_id, kind)
		WHERE upper(x.span) = lower(y.span) ORDER BY 1, 2 LIMIT 1), gone AS (
		DELETE FROM osm.clock_segment AS s USING pair AS p
		WHERE s.clock_id = p.clock_id AND s.seq = p.first)
		UPDATE osm.clock_segment AS s SET span = tstzrange(p.starts, upper(s.span))
		FROM pair AS p WHERE s.clock_id = p.clock_id AND s.seq = p.second" ],
	[ odd => 'a clock ended and still standing', "UPDATE osm.clock SET paused_at = stopped_at
		WHERE id = $ended" ],
	[ odd => 'an excuse of nothing', "UPDATE osm.clock SET flagged_at = NULL, excuse = 'x',
		excused_seq = 1 WHERE id = $late" ],
	[ odd => 'a message sent at no time', "UPDATE osm.notification SET state = 'sent',
		sent_at = NULL WHERE id = (SELECT min(id) FROM osm.notification)" ],
	[ odd => 'a clock by no rule', "UPDATE osm.clock SET rule_id = 0 WHERE id = $late" ],
	[ odd => 'a stretch of no clock', "DELETE FROM osm.clock WHERE id = $ended" ],
	[ recount => 'a due instant moved', "UPDATE osm.clock SET due_at = due_at - interval '1 s'
		WHERE id = $late" ],
	[ journal => 'a step nobody has taken', "INSERT INTO audit.told VALUES ('step', 1, 999, 'x')" ],
	[ journal => 'a message not sent', "UPDATE osm.notification SET state = 'waiting',
		sent_at = NULL WHERE id = (SELECT min(id) FROM audit.told WHERE what = 'mailed')" ],
	[ definition => 'a rule changed', "UPDATE osm.clock_rule SET title = title || '!'
		WHERE name = 'answer'" ],
	[ ended => 'an ended clock changed', "UPDATE osm.clock SET used = '1 second'
		WHERE id = $ended" ])
{
	my ($kind, $what, $damage) = @$_;
	my $found = $node->safe_psql($db, "BEGIN; $damage;
		SELECT what FROM audit.finding WHERE kind = '$kind' LIMIT 3; ROLLBACK");
	like($found, $kind eq 'definition' ? qr/clock_rule/ : qr/\d/, "the audit sees $what")
	  and note $found;
}
is($node->safe_psql($db, 'SELECT kind, what FROM audit.finding LIMIT 50'), '',
	'and nothing of that has stayed');

$node->stop;
done_testing();
