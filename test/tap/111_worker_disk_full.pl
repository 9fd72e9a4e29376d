# A full disk: the worker says so once, tries again less and less often, leaves nothing half done,
# and makes up for it when there is room.
#
# Hazard that shaped it: an ordinary user can neither fill a disk nor mount a small one. But a table
# that is empty yet can lie on /dev/full, and its first row meets with the machine's own ENOSPC.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no /dev/full' unless -c '/dev/full';

my $node = worker_node('worker_disk_full', "osm_workflow.naptime = '1 s'");
my $db = 'crowded';
worker_database($node, $db);
$node->safe_psql($db, <<'SQL');
SELECT osm.define_regulation(d || jsonb_build_object('code', 'silence-test',
	'clocks', '[{"name": "silence", "title": "Молчание", "due_from": "silent_by",
		"starts_on": ["register"], "stops_on": ["finish"], "on_due": "finish",
		"responsible": "clerk", "clause": "п. 1"}]'::jsonb))
FROM osm.regulation_document('worker-test') AS d;
SQL

# fill TABLE: with the server down, no room for its first row; returns what gives the room back.
sub fill
{
	my ($table) = @_;
	my $file = join '/', $node->data_dir,
	  $node->safe_psql($db, "SELECT pg_relation_filepath('$table')");
	$node->stop;
	is(-s $file, 0, "$table is empty yet");
	rename $file, "$file.kept" or die $!;
	symlink '/dev/full', $file or die $!;
	$node->start;
	return sub { rename "$file.kept", $file or die $!; };
}

# failing WHAT: the worker has met with the full disk, and comes back at least twice.
sub failing
{
	my ($what) = @_;
	wait_for($node, $db, "SELECT state = 'failed' AND last_error_code = '53100'
			AND last_error ~ 'could not extend file' FROM osm.worker_status()
		WHERE database = '$db'", $what);
	foreach (1, 2)
	{
		my $at = status($node, 'last_error_at', $db);
		$node->poll_query_until($db, "SELECT last_error_at > '$at' FROM osm.worker_status()
			WHERE database = '$db'") or die 'it is not tried again';
	}
	return;
}

sub times_said
{
	my ($position) = @_;
	my @said = log_since($node, $position) =~ /worker failed in database.*could not extend file/g;
	return scalar @said;
}

# No room for messages: no term may be flagged without one.
$node->safe_psql($db, "SELECT due_at(VARIADIC array_agg(clock_timestamp()
	+ interval '2 s')) FROM generate_series(1, 250)");
my $room = fill('osm.notification');
my $position = log_position($node);
failing('a full disk is in osm.worker_status');
is($node->safe_psql($db, 'SELECT count(flagged_at), (SELECT count(*) FROM osm.notification)
	FROM osm.clock'), '0|0', 'nothing is half done');
is(times_said($position), 1, 'and it is said once in three times');
$room->();
wait_flagged($node, $db, 'when there is room, the terms are flagged');
ok($node->wait_for_log(qr/worker works again/, $position), 'and the log says so');
nothing_doubled($node, $db, 250, 'each once, and told of once');

# No room for what a step writes that an act wants taken at the end of a term.
my $id = $node->safe_psql($db, "BEGIN; SELECT osm.act_as('clerk') \\g /dev/null
	SELECT osm.register('silence-test', jsonb_build_object('channel', 'site', 'text', 'текст',
		'silent_by', clock_timestamp() + interval '2 s')); COMMIT");
my $step = "SELECT i.state, i.event_seq, e.actor_id = 0 AND e.occurred_at = c.due_at,
		osm.verify_chain(i.id) IS NULL
	FROM osm.incident AS i JOIN osm.event AS e ON e.incident_id = i.id AND e.seq = i.event_seq
	JOIN osm.clock AS c ON c.incident_id = i.id WHERE i.id = $id";
$room = fill('osm.clock_segment');
$position = log_position($node);
failing('a step that finds no room is not given up');
is($node->safe_psql($db, $step), 'new|1|f|t', 'it is not half done either');
is(times_said($position), 1, 'and is said once');
$room->();
wait_for($node, $db, "SELECT state = 'done' FROM osm.incident WHERE id = $id",
	'when there is room, the step is taken');
is($node->safe_psql($db, $step), 'done|2|t|t', 'once, as of the end of the term');
unlike(log_since($node, 0), qr/PANIC|terminated by signal|could not be taken/,
	'nothing crashed or was given up');

$node->stop;
done_testing();
