# A logical replica of everything: the rows are equal in every table, no rule runs again, and its
# own worker leaves the terms to the publisher's until the subscription is dropped.
#
# Hazard that shaped it: a worker that flags on both sides does no harm as long as the publisher's
# is quicker. So the publisher's is kept away while terms fall due, and the subscriber's is asked.
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

my $db = 'replicated';
my $publisher = worker_node('publisher', '', init => [ allows_streaming => 'logical' ]);
my $subscriber = worker_node('subscriber');
worker_database($publisher, $db);

sub on_publisher { return $publisher->safe_psql($db, $_[0]); }
sub on_subscriber { return $subscriber->safe_psql($db, $_[0]); }

# reload NODE, SETTING: with a setting of postgresql.auto.conf changed.
sub reload
{
	my ($node, $setting) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM $setting") if defined $setting;
	$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
	return;
}

# equal WHAT: the two databases hold the same, as soon as the changes have arrived.
sub equal
{
	my ($what) = @_;
	my ($here, $there) = ('', '');
	foreach (1 .. 600)
	{
		($here, $there) = (all_rows($publisher, $db), all_rows($subscriber, $db));
		last if $here eq $there;
		Time::HiRes::usleep(100_000);
	}
	return is($there, $here, $what);
}

# looked WHAT: the subscriber's worker has looked once more and found that it is to keep away.
sub looked
{
	my ($what) = @_;
	my $started = on_subscriber('SELECT workers_started FROM osm.worker_launcher()');
	reload($subscriber);
	return wait_for($subscriber, $db, "SELECT workers_started > $started
			AND state = 'subscriber' AND NOT running AND last_error IS NULL
		FROM osm.worker_launcher(), osm.worker_status() WHERE database = '$db'", $what);
}

# An attached table, whose triggers take steps, and a subscriber made as one makes subscribers.
on_publisher(q{CREATE TABLE public.message (id integer PRIMARY KEY, status text, due timestamptz);
	SELECT osm.attach_workflow('public.message', 'worker-test', 'status', NULL,
		'{"channel": {"value": "site"}, "text": {"value": "текст"}, "answer_by": "due"}')});
my $schema = $publisher->basedir . '/schema.sql';
$publisher->command_ok([ 'pg_dump', '-h', $publisher->host, '-p', $publisher->port,
		'--schema-only', '-f', $schema, $db ], 'the schema is dumped');
$subscriber->safe_psql('postgres', "CREATE DATABASE $db");
$subscriber->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-h', $subscriber->host, '-p',
		$subscriber->port, '-d', $db, '-f', $schema ], 'and restored');

# What there is before the copy: a breach, a running term, an act, people.
due_at($publisher, $db, 'clock_timestamp()', "'2100-01-01 12:00+03'");
wait_for($publisher, $db, 'SELECT count(*) = 1 FROM osm.notification', 'a breach is told of');
on_publisher('CREATE PUBLICATION everything FOR ALL TABLES');
my $connection = $publisher->connstr($db) =~ s/'/''/gr;
on_subscriber("CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything");
wait_for($subscriber, $db,
	"SELECT count(*) > 20 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel",
	'every table is copied');
wait_for($subscriber, $db, "SELECT state = 'subscriber' FROM osm.worker_status()
	WHERE database = '$db'", 'the subscriber\'s worker keeps away, without being told');
equal('the copy is equal');

# Every kind of write: steps, an act with warnings, a calendar that moves terms, a mailer, a report.
on_publisher(<<'SQL');
SELECT osm.define_calendar('moved', '{"time_zone": "UTC", "hours": {"1": ["09:00-18:00"]}}');
SELECT osm.define_regulation(d || jsonb_build_object('code', 'moved-test', 'calendar', 'moved',
	'clocks', jsonb_build_array((d #> '{clocks,0}') - 'due_from' || '{"term": "2 business hours",
		"warn_before": ["1 business hour"]}'))) FROM osm.regulation_document('worker-test') AS d;
BEGIN;
SELECT osm.act_as('clerk');
SELECT osm.perform(osm.register('moved-test', '{"channel": "site", "text": "раз"}'), 'finish');
SELECT osm.register('moved-test', '{"channel": "site", "text": "два"}');
INSERT INTO public.message SELECT i, 'new', '2100-01-01 12:00+03' FROM generate_series(1, 3) AS i;
UPDATE public.message SET status = 'done' WHERE id = 2;
COMMIT;
SELECT osm.define_calendar('moved', '{"time_zone": "UTC", "hours": {"2": ["09:00-18:00"]}}');
SELECT osm.confirm_notification(id) FROM osm.claim_notifications(1, '1 min');
INSERT INTO osm.duty_rule (regulation_id, name, position, title, kind, per, responsible, clause)
SELECT id, 'daily', 1, 'Сводка', 'report', 'day', 'clerk', 'п. 1' FROM osm.regulation
WHERE code = 'worker-test';
SELECT osm.freeze_report('daily', 'worker-test', timezone('Europe/Moscow', now())::date - 1);
SQL
wait_for($publisher, $db, 'SELECT count(*) = 0 FROM osm.recalculation',
	'the terms of a changed calendar are counted again');
is(on_publisher("SELECT count(*) FROM osm.clock WHERE due_cause = 'calendar'"), '1', 'one moved');
equal('all of it arrives and nothing else');
is(on_subscriber('SELECT count(*) FROM osm.report_run'), '1', 'a report that was frozen among it');
is(sqlstate_of($subscriber, $db, "SELECT osm.freeze_report('daily', 'worker-test',
	timezone('Europe/Moscow', now())::date - 2)"), '55000', 'none is frozen here');
my $attached = "SELECT m.id, m.status, i.state, i.event_seq FROM public.message AS m
	JOIN osm.incident AS i ON i.id = osm.incident_of('public.message', m.id::text) ORDER BY m.id";
is(on_subscriber($attached), "1|new|new|1\n2|done|done|2\n3|new|new|1",
	'the rows of an attached table arrive without a step of their own');
is(on_subscriber("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.message'::regclass"), '3',
	'though its triggers are there');

# Terms fall due while only the subscriber's worker is awake.
reload($publisher, "SET osm_workflow.databases = 'none'");
wait_for($publisher, $db, "SELECT count(*) = 0 FROM osm.worker_status() WHERE database = '$db'",
	'the publisher\'s worker is kept away');
due_at($publisher, $db, ('clock_timestamp()') x 5);
my $waiting = 'SELECT count(*) FROM osm.clock WHERE flagged_at IS NULL AND due_at < now()';
wait_for($subscriber, $db, "SELECT ($waiting) = 5", 'five late terms arrive unflagged');
looked('the subscriber\'s worker looks and leaves them');
my $index = on_subscriber("SELECT pg_get_indexdef('osm.clock_due_idx'::regclass)");
on_subscriber('DROP INDEX osm.clock_due_idx');
looked('a replica without the worker\'s indexes is no cause for concern');
on_subscriber($index);
is(sqlstate_of($subscriber, $db, 'SELECT osm.tick()'), '55000', 'osm.tick() is refused there');
is(sqlstate_of($subscriber, $db, 'SELECT osm.claim_notifications()'),
	'55000', 'and so are mailers');
on_subscriber('ALTER SUBSCRIPTION everything DISABLE');
looked('so does it while the subscription is disabled');
is(on_subscriber($waiting), '5', 'no term is flagged there');
equal('nothing was written there');
on_subscriber('ALTER SUBSCRIPTION everything ENABLE');
reload($publisher, 'RESET osm_workflow.databases');
wait_for($publisher, $db, "SELECT ($waiting) = 0", 'the publisher\'s worker flags them');
wait_for($subscriber, $db, "SELECT ($waiting) = 0", 'which arrives');
equal('and is equal again');
is($_->safe_psql($db, "SELECT count(*), count(DISTINCT clock_id) FROM osm.notification
	WHERE kind = 'breach'"), '6|6', 'each is told of once, on ' . $_->name)
  foreach $publisher, $subscriber;
is($_->safe_psql($db, "SELECT count(*) FROM osm.verify_chains('-infinity', 'infinity')"), '0',
	'every chain is whole on ' . $_->name)
  foreach $publisher, $subscriber;

# The publisher is lost while terms run; the subscriber takes over as the manual says.
due_at($publisher, $db, "clock_timestamp() + interval '1 s'");
equal('the last term arrives');
$publisher->stop('immediate');
my $total = on_subscriber('SELECT count(*) FROM osm.clock');
my $manual = slurp_file("$FindBin::RealBin/../../docs/worker.md");
my ($take_over) = $manual =~ /^```sql\n(ALTER SUBSCRIPTION.*?)^```/ms
  or die 'the manual does not say how to take over';
$take_over =~ s/\bosm_replica\b/everything/g;
on_subscriber($take_over);
wait_for($subscriber, $db, 'SELECT bool_and(flagged_at IS NOT NULL) FROM osm.clock
	WHERE due_at < clock_timestamp()', 'without a subscription the worker does its work');
my @report = split /\|/, on_subscriber("BEGIN; SELECT osm.act_as('clerk') \\g /dev/null
	SELECT osm.register('worker-test', jsonb_build_object('channel', 'site', 'text', 'три',
		'answer_by', now())); COMMIT");
like($report[0], qr/^\d+$/, 'and the next incident has a number of its own');
wait_for($subscriber, $db, "SELECT count(*) = 8 AND count(DISTINCT clock_id) = 8
	FROM osm.notification WHERE kind = 'breach'", 'its breach is told of once, as are all before');
is(on_subscriber("SELECT count(*) - $total, (SELECT count(*) FROM osm.verify_chains('-infinity',
	'infinity')) FROM osm.clock"), '1|0', 'nothing is lost and every chain is whole');
unlike(log_since($subscriber, 0), qr/worker failed|duplicate key|PANIC/, 'nothing collided');

$subscriber->stop;
done_testing();
