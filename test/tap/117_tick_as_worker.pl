# Without preload osm.tick() does what the worker does: the same incidents are brought through the
# same simulated hours twice, once watched by the worker, once with osm.tick() called by hand on a
# server that has never heard of it, and every row of every table must be the same. Messages in and
# out of the hours of delivery, warnings, breaches, actions at the end of a term, shares of a term,
# pauses, terms set by hand, excuses, a calendar that changes twice, a report on the day.
#
# Hazard that shaped it: the worker passes as soon as the time moves. So the time moves first, then
# what is due by then is waited for, and only then steps are taken; and something always is due.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $settled = "SELECT NOT EXISTS (SELECT FROM osm.recalculation)
	AND NOT EXISTS (SELECT FROM osm.clock WHERE state = 'running'
		AND (armed AND flagged_at IS NULL OR on_due) AND due_at < osm.now())
	AND NOT EXISTS (SELECT FROM osm.clock WHERE state = 'running' AND warn_at <= osm.now())
	AND NOT EXISTS (SELECT FROM osm.report_schedule WHERE freeze_at <= osm.now())";

sub take
{
	my ($login, $incident, $action, $details) = @_;
	return "SELECT load.take('$login', $incident, '$action', '" . ($details // '{}') . "')";
}

sub torn
{
	my ($hours) = @_;
	return "SELECT osm.define_calendar('torn', '{\"parent\": \"around-the-clock\", \"title\": "
	  . "\"Рвётся\", \"days\": {\"2026-03-02\": {\"is\": [$hours]}}}')";
}

# The calendar that is torn is kept in UTC.
#
# Instants and what is done at each once everything due by then is. Every instant begins with what
# the last message of the one before, due a thousandth of a second later, has come to.
my @story = (
	[ '10:50:00', ('SELECT load.message()') x 6, take('clerk', 1, 'route', '{"bodies": ["a"]}'),
		take('clerk', 2, 'route', '{"bodies": ["a", "b", "c"]}'),
		take('clerk', 3, 'route', '{"bodies": ["b"]}'),
		take('clerk', 4, 'route', '{"bodies": ["c"]}'), take('hand_c', 4, 'ask'),
		take('clerk', 5, 'route', '{"bodies": ["b", "c"]}') ],
	[ '10:50:00.5', take('hand_a', 1, 'write', '{"text": "т"}'),
		take('hand_b', 3, 'ask'), take('hand_c', 5, 'back'), take('clerk', 4, 'hear') ],
	[ '10:50:01.2', take('hand_c', 2, 'give', '{"text": "т"}'), take('clerk', 3, 'hear'),
		torn('"00:00-07:50:02.5", "07:50:02.9-24:00"') ],
	[ '10:50:01.9', take('clerk', 1, 'send_back'), take('hand_b', 2, 'give', '{"text": "т"}'),
		take('hand_b', 3, 'ask'), take('hand_c', 4, 'ask') ],
	[ '10:50:02.7', take('clerk', 6, 'fix',
			'{"clock": "answer", "due_at": "2026-03-02 10:50:05+03"}'),
		take('hand_a', 1, 'write', '{"text": "т"}') ],
	[ '10:50:03.6', 'BEGIN; SELECT osm.act_as(\'judge\'); SELECT osm.excuse(min(id), \'сбой\')
		FROM osm.clock WHERE flagged_at IS NOT NULL AND incident_id = 6; COMMIT',
		take('clerk', 1, 'approve'), torn('"00:00-07:50:02.5", "07:50:02.6-07:50:03", '
		  . '"07:50:04-24:00"') ],
	[ '10:50:04.9', take('hand_a', 1, 'post') ],
	[ '10:50:30', take('hand_a', 2, 'write', '{"text": "т"}'), take('clerk', 6, 'drop') ],
	[ '11:20:00', take('clerk', 2, 'approve') ],
	[ '13:00:00' ],
	[ '24:00:00' ]);

# play NODE, DATABASE, PASS: brings a new database through the story; PASS is called, with the
# number of the instant, where everything due has to be done, and says whether it is.
sub play
{
	my ($node, $db, $pass) = @_;
	osm_database($node, $db);
	$node->safe_psql($db, slurp_file("$FindBin::RealBin/../lib/torture/load.sql"));
	$node->safe_psql($db, q{CREATE FUNCTION load.message(soon interval DEFAULT '3 s')
		RETURNS bigint LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM osm.act_as('clerk');
			RETURN osm.register('torture', jsonb_build_object('channel', 'site', 'text', 'т',
				'answer_by', osm.now() + soon, 'watch_by', osm.now() + interval '2 hours'));
		END $$;
		INSERT INTO osm.duty_rule (regulation_id, name, position, title, kind, per, responsible,
			clause)
		SELECT id, 'daily', 1, 'Сводка', 'report', 'day', 'clerk', 'п. 1' FROM osm.regulation});
	foreach my $number (0 .. $#story)
	{
		my ($time, @steps) = @{ $story[$number] };
		$node->safe_psql('postgres', "LOAD 'osm_workflow';
			ALTER SYSTEM SET osm_workflow.simulated_now = '2026-03-02 $time+03'");
		$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
		$node->poll_query_until($db, "SELECT osm.now() = '2026-03-02 $time+03'")
		  or die 'the time does not move';
		$pass->($number) or die "what is due by $time is not done";
		$node->safe_psql($db, $_) foreach @steps, "SELECT load.message('1 ms')";
		$pass->($number) or die "what the steps at $time made due is not done";
	}
	return;
}

# rows NODE, DATABASE: every row that may differ, but for what is random.
sub rows
{
	my ($node, $db) = @_;
	my %left_out = (incident => 'salt', event => 'hash,prev_hash', notification => 'id');
	my @rows;
	foreach my $table (qw(incident event assignment reply review clock clock_segment notification
		recalculation report_run))
	{
		my $left_out = $left_out{$table} // '';
		push @rows, split /\n/, $node->safe_psql($db, "SELECT '$table ' || (to_jsonb(t)
			- '{$left_out}'::text[] #- '{details,text}'::text[])::text FROM osm.$table AS t
			ORDER BY 1");
	}
	return @rows;
}

# difference ROWS, ROWS: lines only one of them has, in order.
sub difference
{
	my ($worker, $tick) = @_;
	my (%count, %side);
	$count{$_}++ foreach @$worker;
	$count{$_}-- foreach @$tick;
	return join "\n", map { ($count{$_} > 0 ? '- ' : '+ ') . $_ }
	  grep { $count{$_} } sort keys %count;
}

my $watched = worker_node('watched', "osm_workflow.databases = 'story'");
play($watched, 'story', sub { return $watched->poll_query_until('story', $settled) });
my @by_worker = rows($watched, 'story');
cmp_ok($watched->safe_psql('story', "SELECT passes FROM osm.worker_status
	WHERE database = 'story'"), '>', 10, 'the worker has passed');

my $alone = osm_node('alone', conf => "autovacuum = off\n");
$alone->start;

# ticks DATABASE, NUMBER: passes as long as there is anything to be done, but not at that instant.
sub ticks
{
	my ($db, $left_out) = @_;
	return sub {
		my ($number) = @_;
		return 1 if $number == $left_out;
		foreach (1 .. 50)
		{
			$alone->safe_psql($db, 'SELECT osm.tick()');
			return 1 if $alone->safe_psql($db, $settled) eq 't';
		}
		return 0;
	};
}
play($alone, 'story', ticks('story', -1));
my @by_tick = rows($alone, 'story');
is($alone->safe_psql('story', 'SELECT count(*) FROM osm.worker_launcher()'), '0',
	'nobody but osm.tick() has passed');

# The story is worth being compared: every kind of thing a pass does is in it.
is($alone->safe_psql('story', "SELECT string_agg(what, ' ' ORDER BY what) FROM (
	SELECT kind FROM osm.notification
	UNION SELECT 'delivered later' FROM osm.notification WHERE kind = 'breach'
		AND deliver_after > created_at
	UNION SELECT action FROM osm.event WHERE actor_id = 0
	UNION SELECT 'due by ' || due_cause FROM osm.clock WHERE due_cause IS NOT NULL
	UNION SELECT 'excused' FROM osm.clock WHERE excuse IS NOT NULL
	UNION SELECT 'report of ' || duty FROM osm.report_run
	UNION SELECT kind FROM osm.clock_segment
	UNION SELECT r.name || ' flagged' FROM osm.clock AS c JOIN osm.clock_rule AS r
		ON r.id = c.rule_id WHERE c.flagged_at IS NOT NULL) AS w (what)"),
	'answer flagged breach check flagged delivered later draft flagged due by calendar due by '
	  . 'set_term early flagged excused lapse named flagged part flagged pause recalculate remind '
	  . 'report of daily route flagged run step warning watch flagged',
	'the story has all a pass does');
my $difference = difference(\@by_worker, \@by_tick);
is($difference, '', scalar(@by_tick) . ' rows are the same by worker and by tick');

# A pass left out shows, though the next makes up for it.
play($alone, 'holed', ticks('holed', 3));
my $hole = difference(\@by_worker, [ rows($alone, 'holed') ]);
like($hole, qr/^\+ clock .*flagged_at/m, 'a pass left out shows in the terms');
like($hole, qr/^\+ notification .*breach/m, 'and in the messages');
is($alone->safe_psql('holed', 'SELECT count(*) FROM osm.verify_chains()'), '0',
	'though every chain is whole');

$alone->stop;
$watched->stop;
done_testing();
