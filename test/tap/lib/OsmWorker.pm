# OsmWorker: what the tests of the background worker share: a server that preloads the library, a
# database with a small act whose only term ends at an instant the test names, and ways to wait.
#
# Hazard that shaped it: these tests are about time, and machines are slow at times. Nothing here
# sleeps; everything waits for what it expects, and gives up after a limit far above the expected.
package OsmWorker;

use strict;
use warnings;

use Exporter 'import';
use OsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

our @EXPORT = qw(worker_node worker_database due_at unflagged wait_flagged worker_pid
  launcher_pid wait_for status wait_ready log_position log_since all_rows nothing_doubled);

# worker_node NAME, CONF: a server with the library preloaded, started; it survives a crash of one
# of its processes, which the test framework's own settings would not let it.
sub worker_node
{
	my ($name, $conf, @option) = @_;
	my $node = osm_node($name, preload => 1, @option, conf => join "\n",
		'restart_after_crash = on', 'max_prepared_transactions = 5', 'autovacuum = off',
		"log_line_prefix = '%m [%p] %b '", $conf // '');
	$node->start;
	return $node;
}

my $act = <<'JSON';
{"code": "worker-test", "edition": "1", "title": "Проверка", "issuer": "Проверка", "act_no": "1",
 "act_date": "2020-01-01", "in_force": {"from": "2020-01-01"}, "time_zone": "Europe/Moscow",
 "calendar": "around-the-clock",
 "clauses": [{"path": "п. 1", "summary": "Ответ к названному сроку.", "answer": "B/L"}],
 "roles": [{"name": "clerk", "title": "Исполнитель", "scope": "authority", "clause": "п. 1"}],
 "states": [{"name": "new", "title": "Новое", "kind": "initial"},
            {"name": "done", "title": "Готово", "kind": "final"}],
 "actions": [{"name": "register", "title": "Завести", "effect": "register"},
             {"name": "finish", "title": "Закончить"}],
 "transitions": [{"action": "register", "to": "new", "role": ["clerk"], "clause": "п. 1"},
                 {"action": "finish", "from": "new", "to": "done", "role": ["clerk"],
                  "clause": "п. 1"}],
 "clocks": [{"name": "answer", "title": "Ответ", "starts_on": ["register"],
             "stops_on": ["finish"], "due_from": "answer_by", "outer_term": true,
             "responsible": "clerk", "clause": "п. 1"}]}
JSON

my $people = <<'JSON';
{"code": "test", "title": "Проверка", "regulations": {"worker-test": {"clerk": ["office"]}},
 "bodies": [{"code": "office", "title": "Отдел", "kind": "department"}],
 "officials": [{"login": "clerk", "name": "Исполнитель", "appointments":
    [{"body": "office", "role": "clerk", "rank": 3, "act_ref": "1", "from": "2020-01-01"}]}]}
JSON

# worker_act NODE, DATABASE: the act, the people and a function that sets terms.
sub worker_act
{
	my ($node, $database) = @_;
	$node->safe_psql($database, <<"SQL");
		SELECT osm.install_preset('around-the-clock');
		SELECT osm.define_regulation(\$act\$$act\$act\$);
		SELECT osm.define_authority(\$act\$$people\$act\$);
		CREATE FUNCTION public.due_at(VARIADIC instants timestamptz[]) RETURNS void
		LANGUAGE plpgsql AS \$\$
		DECLARE instant timestamptz;
		BEGIN
			PERFORM osm.act_as('clerk');
			FOREACH instant IN ARRAY instants LOOP
				PERFORM osm.register('worker-test', jsonb_build_object('channel', 'site',
					'text', 'текст', 'external_id', gen_random_uuid(), 'answer_by', instant));
			END LOOP;
		END \$\$;
SQL
	return;
}

# worker_database NODE, DATABASE: a new database with extension, tables, act and people, which the
# worker has seen.
sub worker_database
{
	my ($node, $database) = @_;
	osm_database($node, $database);
	worker_act($node, $database);
	wait_ready($node, $database);
	return;
}

# due_at NODE, DATABASE, EXPRESSION...: registers messages whose terms end at these instants.
sub due_at
{
	my ($node, $database, @instants) = @_;
	$node->safe_psql($database, 'SELECT due_at(' . join(', ', @instants) . ')');
	return;
}

# status NODE, COLUMN, DATABASE: from osm.worker_status, asked in a database that has it.
sub status
{
	my ($node, $column, $database) = @_;
	return $node->safe_psql($database,
		"SELECT $column FROM osm.worker_status WHERE database = '$database'");
}

# wait_for NODE, DATABASE, CONDITION, WHAT: passes when the condition becomes true; if it does not,
# says what the worker is doing.
sub wait_for
{
	my ($node, $database, $condition, $what) = @_;
	my $came = $node->poll_query_until($database, "SELECT coalesce(($condition), false)");
	ok($came, $what);
	if (!$came)
	{
		foreach my $of ('osm.worker_launcher()', 'osm.worker_status()', 'pg_stat_activity',
			'(SELECT * FROM osm.clock WHERE flagged_at IS NULL ORDER BY due_at LIMIT 5) AS c')
		{
			my (undef, $rows) = $node->psql($database, "SELECT clock_timestamp(), * FROM $of",
				extra_params => ['-x']);
			diag "$of\n$rows";
		}
	}
	return $came;
}

# wait_ready NODE, DATABASE: until the worker has passed and gone again.
sub wait_ready
{
	my ($node, $database) = @_;
	$node->poll_query_until($database, "SELECT coalesce((SELECT state = 'ready' AND NOT running
		FROM osm.worker_status() WHERE database = '$database'), false)")
	  or die "the worker does not get ready in $database";
	return;
}

# unflagged NODE, DATABASE: terms that are late and not flagged.
sub unflagged
{
	my ($node, $database) = @_;
	return $node->safe_psql($database, 'SELECT count(*) FROM osm.clock
		WHERE flagged_at IS NULL AND due_at < clock_timestamp()');
}

# wait_flagged NODE, DATABASE, WHAT: passes when every term is flagged.
sub wait_flagged
{
	my ($node, $database, $what) = @_;
	return wait_for($node, $database,
		'SELECT count(*) > 0 AND bool_and(flagged_at IS NOT NULL AND flagged_at > due_at)
		   FROM osm.clock', $what);
}

# worker_pid NODE, DATABASE; launcher_pid NODE: of the process, '' when there is none.
sub worker_pid
{
	my ($node, $database) = @_;
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity
		WHERE backend_type = 'osm_workflow worker' AND datname = '$database'");
}

sub launcher_pid
{
	my ($node) = @_;
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity
		WHERE backend_type = 'osm_workflow launcher'");
}

# log_position NODE; log_since NODE, POSITION: what the server wrote from there on.
sub log_position
{
	my ($node) = @_;
	return -s $node->logfile;
}

sub log_since
{
	my ($node, $position) = @_;
	return substr(slurp_file($node->logfile), $position);
}

# all_rows NODE, DATABASE: a line per table of schema osm, with a checksum of its rows.
sub all_rows
{
	my ($node, $database) = @_;
	my @tables = split /\n/, $node->safe_psql($database, "SELECT 'osm.' || relname FROM pg_class
		WHERE relnamespace = 'osm'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1");
	die 'no tables' if @tables < 20;
	return $node->safe_psql($database, join ' UNION ALL ', map {
		"SELECT '$_', count(*), md5(string_agg(t::text, E'\n' ORDER BY t::text)) FROM $_ AS t"
	} @tables);
}

# nothing_doubled NODE, DATABASE, COUNT, WHAT: so many terms, each flagged and told of exactly once,
# and every chain of events whole.
sub nothing_doubled
{
	my ($node, $database, $count, $what) = @_;
	return is($node->safe_psql($database, "SELECT (SELECT count(*) FROM osm.clock),
			(SELECT count(*) FROM osm.clock WHERE flagged_at > due_at),
			(SELECT count(*) FROM osm.notification WHERE kind = 'breach'),
			(SELECT count(DISTINCT clock_id) FROM osm.notification WHERE kind = 'breach'),
			(SELECT count(*) FROM osm.incident AS i WHERE osm.verify_chain(i.id) IS NULL
				AND i.event_seq = (SELECT count(*) FROM osm.event AS e
					WHERE e.incident_id = i.id))"),
		join('|', ($count) x 5), $what);
}

1;
