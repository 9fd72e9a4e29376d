# The worker freezes periodic reports: at the instant a period ends, by simulated time and by the
# day's, without anybody asking; once, though it is killed in the middle; and one that cannot be
# computed is named once and holds up neither the others nor the flags.
#
# Hazard that shaped it: nobody waits for midnight. The act is given a time zone in which the day
# ends in a few seconds; and the launcher is told to look by itself only once an hour, so that what
# comes at midnight has come because it was to be woken then.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = worker_node('worker_reports', "osm_workflow.naptime = '1 h'");
my $act = slurp_file("$FindBin::RealBin/../lib/report_act.sql");

# new_database NAME: with the act, its two authorities and the steps.
sub new_database
{
	my ($db) = @_;
	osm_database($node, $db);
	$node->safe_psql($db, $act);
	return;
}

# simulate TIME: in the worker, and so in sessions; none: the time of day again.
sub simulate
{
	my ($time) = @_;
	my $change = defined $time ? "SET osm_workflow.simulated_now = '$time+03'"
	  : 'RESET osm_workflow.simulated_now';
	$node->safe_psql('postgres', "LOAD 'osm_workflow'; ALTER SYSTEM $change");
	$node->reload;
	return;
}

# frozen DATABASE: what there is, in order.
sub frozen
{
	my ($db) = @_;
	return $node->safe_psql($db, "SELECT string_agg(concat_ws(' ', b.code, k.duty,
			lower(k.period)), ', ' ORDER BY b.code, k.period)
		FROM osm.report_run AS k JOIN osm.body AS b ON b.id = k.authority_id");
}

# By simulated time. The first report is the one on the week before, which had one message.
my $db = 'reports';
new_database($db);
$node->safe_psql($db, 'SELECT try.week()');
simulate('2026-03-08 23:59:59');
wait_for($node, $db, "SELECT next_due = '2026-03-09 00:00+03' AND NOT running
	FROM osm.worker_status WHERE database = '$db'", 'the end of the week is what is due next');
is(frozen($db), 'one weekly 2026-02-23', 'and nothing is frozen before');
# a term that ends in a moment is flagged first; but if there is always one, ten minutes are enough
$node->safe_psql($db, "SELECT try.message('2026-03-08 12:00', NULL, 'roads');
	UPDATE osm.clock SET due_at = '2026-03-09 00:00:02+03', warn_at = NULL
	WHERE id = (SELECT max(id) FROM osm.clock)");
simulate('2026-03-09 00:00:01');
wait_for($node, $db, "SELECT next_due = '2026-03-09 00:00:02+03' AND NOT running
	FROM osm.worker_status WHERE database = '$db'", 'what is due then is a term that ends');
is(frozen($db), 'one weekly 2026-02-23', 'and the report waits for that');
$node->safe_psql($db, "UPDATE osm.clock SET due_at = '2026-03-09 00:10:03+03'
	WHERE id = (SELECT max(id) FROM osm.clock)");
simulate('2026-03-09 00:10:01');
wait_for($node, $db, 'SELECT count(*) = 3 FROM osm.report_run', 'though not for ever');
is(frozen($db), 'one weekly 2026-02-23, one weekly 2026-03-02, two weekly 2026-03-02',
	'one of each authority');
is($node->safe_psql($db, "SELECT bool_and(frozen_at = osm.now()
		AND digest = sha256(convert_to(content::text, 'UTF8'))
		AND content = osm.report(duty, regulation, lower(period), b.code))
	FROM osm.report_run AS k JOIN osm.body AS b ON b.id = k.authority_id
	WHERE lower(k.period) = '2026-03-02'"), 't', 'as anybody would have computed them then');
wait_for($node, $db, "SELECT reports = 3 AND NOT running FROM osm.worker_status
	WHERE database = '$db'", 'osm.worker_status counts them');

# One that cannot be computed.
my $position = log_position($node);
$node->safe_psql($db, q{CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		-- what the worker gets when its time is up
		IF NEW.authority_id = (SELECT id FROM osm.body WHERE code = 'one') THEN
			PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(60);
		END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER spoil BEFORE INSERT ON osm.report_run FOR EACH ROW EXECUTE FUNCTION spoil()});
simulate('2026-03-16 00:00');
wait_for($node, $db, "SELECT count(*) = 4 FROM osm.report_run",
	'a report that cannot be computed does not hold up the next');
is(frozen($db), 'one weekly 2026-02-23, one weekly 2026-03-02, two weekly 2026-03-02, '
	  . 'two weekly 2026-03-09', 'it is not there');
wait_for($node, $db, 'SELECT NOT EXISTS (SELECT FROM osm.clock WHERE state = \'running\'
	AND armed AND flagged_at IS NULL AND due_at < osm.now())', 'nor the flags');
simulate('2026-03-16 00:10');
wait_for($node, $db, "SELECT next_due = '2026-03-16 00:20+03' AND state = 'ready'
	FROM osm.worker_status WHERE database = '$db'", 'it is tried again after ten minutes');
my @said = log_since($node, $position) =~ /WARNING: .*report "weekly" .* from 2026-03-09 of /g;
is(scalar @said, 1, 'the log names it, once');
is($node->safe_psql($db, 'SELECT max(last_error) FROM osm.report_schedule'),
	'canceling statement due to user request', 'and osm.report_schedule says why');
$node->safe_psql($db, 'DROP TRIGGER spoil ON osm.report_run');
simulate('2026-03-16 00:20');
wait_for($node, $db, 'SELECT count(*) = 5 FROM osm.report_run
	HAVING (SELECT count(error) = 0 FROM osm.report_delay)', 'when it can be it is frozen');

# Killed in the middle of one.
$node->safe_psql($db, q{CREATE TABLE slow (); CREATE FUNCTION dawdle() RETURNS trigger
	LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_sleep(60) WHERE to_regclass('public.slow') IS NOT NULL;
		RETURN NEW;
	END $$;
	CREATE TRIGGER dawdle AFTER INSERT ON osm.report_run FOR EACH ROW EXECUTE FUNCTION dawdle()});
# a term that ends in that week: it is flagged before the report is begun
$node->safe_psql($db, "SELECT try.message('2026-03-16 00:20', NULL, 'roads')");
simulate('2026-03-23 00:00');
wait_for($node, $db, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'
	AND backend_type = 'osm_workflow worker')", 'a worker is freezing a report');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.clock WHERE state = \'running\'
	AND flagged_at IS NULL AND due_at < osm.now()'), '0', 'with all that was late flagged before');
my $crashed = log_position($node);
kill 'KILL', worker_pid($node, $db);
$node->wait_for_log(qr/database system is ready to accept connections/, $crashed);
wait_for($node, $db, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'
	AND backend_type = 'osm_workflow worker')", 'after the crash another is');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.report_run'), '5', 'nothing of it is left');
# the one that sleeps ends its pass, as DROP TABLE does not wait for it
$node->safe_psql($db, 'DROP TABLE slow');
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . worker_pid($node, $db) . ')');
wait_for($node, $db, 'SELECT count(*) = 7 FROM osm.report_run', 'the reports are frozen');
is($node->safe_psql($db, 'SELECT count(*) FROM (SELECT FROM osm.report_run
	GROUP BY authority_id, duty, period HAVING count(*) > 1) AS d'), '0', 'each once');

# By the time of day: a report a day, and a day that ends in a few seconds.
$node->safe_psql('postgres', "DROP DATABASE $db");
simulate();
my $real = 'reports_real';
new_database($real);
$node->safe_psql($real, q{
	DELETE FROM osm.duty_rule;
	INSERT INTO osm.duty_rule (regulation_id, name, position, title, kind, per, responsible, clause)
	SELECT id, 'daily', 1, 'Сводка', 'report', 'day', 'clerk', 'п. 2' FROM osm.regulation;
	-- what is left of the day here is cut to six seconds there; POSIX counts west of Greenwich
	UPDATE osm.regulation SET time_zone = (
		SELECT format('<soon>%s%s', CASE WHEN w.west < 0 THEN '-' ELSE '+' END,
			abs(w.west) * interval '1 second')
		FROM (SELECT (extract(epoch FROM clock_timestamp() + interval '6 s')::bigint + 43200)
			% 86400 - 43200) AS w (west));
	BEGIN;
	SELECT osm.act_as('clerk');
	SELECT osm.register('try-report', '{"channel": "site", "text": "т", "topic": "дороги"}');
	COMMIT});
# a term that ends now has the worker pass, now that there is something to report
$node->safe_psql($real, 'UPDATE osm.clock SET due_at = clock_timestamp()');
$node->safe_psql($real, "SELECT osm.act_as('clerk'), osm.register('try-report',
	'{\"channel\": \"site\", \"text\": \"т\", \"topic\": \"дороги\"}')");
$node->reload;
wait_for($node, $real, 'SELECT count(*) = 1 FROM osm.report_run', 'the day ends, the worker comes');
is($node->safe_psql($real, "SELECT k.frozen_at >= timezone(g.time_zone, upper(k.period)::timestamp)
		AND k.content -> 'arrivals' = '2' FROM osm.report_run AS k
	JOIN osm.regulation AS g ON g.code = k.regulation"), 't', 'not before it has ended');
wait_for($node, $real, "SELECT next_due > clock_timestamp() + interval '20 h' AND NOT running
	FROM osm.worker_status WHERE database = '$real'", 'and then not before a day has passed');

$node->stop;
done_testing();
