# The worker takes the action an act wants taken when a term ends: at once, dated by the end of the
# term however long it was down, and says once what it could not take.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = worker_node('worker_on_due');
my $db = 'on_due';
worker_database($node, $db);
$node->safe_psql($db, <<'SQL');
SELECT osm.define_regulation(d || jsonb_build_object('code', 'silence-test',
	'states', (d -> 'states') || '[{"name": "held", "title": "Держат", "kind": "open"},
		{"name": "closed", "title": "Закрыто", "kind": "final"}]',
	'actions', (d -> 'actions') || '[{"name": "close", "title": "Закрыть"},
		{"name": "hold", "title": "Придержать"}]',
	'transitions', (d -> 'transitions') || '[
		{"action": "close", "from": "new", "to": "closed", "role": ["clerk"], "clause": "п. 1"},
		{"action": "hold", "from": "new", "to": "held", "role": ["clerk"], "clause": "п. 1"},
		{"action": "finish", "from": "held", "to": "done", "role": ["clerk"], "clause": "п. 1"}]',
	'clocks', (d -> 'clocks') || '[{"name": "silence", "title": "Молчание", "due_from": "silent_by",
		"starts_on": ["register"], "stops_on": ["finish"], "on_due": "close",
		"responsible": "clerk", "clause": "п. 1"}]'))
FROM osm.regulation_document('worker-test') AS d;
CREATE FUNCTION public.silent(after interval, action text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	id bigint;
BEGIN
	PERFORM osm.act_as('clerk');
	id := osm.register('silence-test', jsonb_build_object('channel', 'site', 'text', 'текст',
		'silent_by', clock_timestamp() + after));
	IF action IS NOT NULL THEN
		PERFORM osm.perform(id, action);
	END IF;
	RETURN id;
END $$;
SQL

# closed ID: by nobody, as of the end of the term.
sub closed
{
	my ($id) = @_;
	return "SELECT i.state = 'closed' AND i.finished_at = c.due_at AND e.occurred_at = c.due_at
			AND e.actor_id = 0 AND e.recorded_at >= c.due_at
		FROM osm.incident AS i JOIN osm.clock AS c ON c.incident_id = i.id AND c.state = 'cancelled'
		JOIN osm.event AS e ON e.incident_id = i.id AND e.seq = i.event_seq WHERE i.id = $id";
}

my $id = $node->safe_psql($db, "SELECT silent('700 ms')");
wait_for($node, $db, closed($id), 'silence closes the case, as of the end of the term');
is($node->safe_psql($db, "SELECT count(*) FROM osm.event AS e JOIN osm.clock AS c
		USING (incident_id) WHERE e.actor_id = 0
		AND e.recorded_at > c.due_at + interval '5 s'"), '0', 'within a moment');

# A step that came first wins, and there is nothing to say.
my $from = log_position($node);
my $done = $node->safe_psql($db, "SELECT silent('500 ms', 'finish')");
my $held = $node->safe_psql($db, "SELECT silent('600 ms', 'hold')");
$id = $node->safe_psql($db, "SELECT silent('900 ms')");
wait_for($node, $db, closed($id), 'the pass goes on');
is($node->safe_psql($db, "SELECT state FROM osm.incident WHERE id = $done"), 'done',
	'what was finished stays so');
is($node->safe_psql($db, "SELECT i.state, c.state, c.on_due FROM osm.incident AS i
		JOIN osm.clock AS c ON c.incident_id = i.id WHERE i.id = $held"), 'held|running|f',
	'what is not allowed is not taken');
my @said = log_since($node, $from) =~ /could not be taken when its term ended/g;
is(scalar(@said), 1, 'and that is said once');

# Down over the end of the term.
$id = $node->safe_psql($db, "SELECT silent('1 s')");
$node->stop;
$node->start;
wait_for($node, $db, closed($id), 'after a restart too');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.verify_chains()'), '0', 'every chain is whole');
$node->stop;
done_testing();
