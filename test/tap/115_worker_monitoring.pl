# What those who watch over the server see: every query of docs/prometheus.yaml, asked as the role
# that page names, and what a failing worker and a calendar that ends soon show and write to the
# log.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = worker_node('worker_monitoring', "log_line_prefix = '%m [%p] %b %e '");
my $db = 'watched';
worker_database($node, $db);
$node->safe_psql($db, "SELECT osm.install_preset('ru')");
$node->safe_psql('postgres', 'CREATE ROLE exporter LOGIN');
$node->safe_psql('postgres', 'GRANT pg_read_all_stats TO exporter');
$node->safe_psql($db, "SELECT osm.grant_access('exporter', 'reader')");

# queries FILE: of each query its name, text and metrics as pairs of name and usage; for the YAML
# this one file is written in, nothing else.
sub queries
{
	my ($file) = @_;
	my ($query, $in_text, @queries);
	foreach my $line (split /\n/, slurp_file($file))
	{
		next if $line =~ /^(#|$)/;
		if ($line =~ /^(\w+):$/)
		{
			push @queries, $query = { name => $1, text => '', metrics => [] };
		}
		elsif ($line =~ /^  query: \|$/) { $in_text = 1; }
		elsif ($line =~ /^  (metrics:|master: true)$/) { $in_text = 0; }
		elsif ($in_text && $line =~ /^    (.*)/) { $query->{text} .= "$1\n"; }
		elsif ($line =~ /^    - (\w+):$/) { push @{ $query->{metrics} }, [$1]; }
		elsif ($line =~ /^        usage: (LABEL|GAUGE|COUNTER)$/)
		{
			push @{ $query->{metrics}[-1] }, $1;
		}
		elsif ($line =~ /^        description: \S[^:#]*$/) { $query->{metrics}[-1][2] = 1; }
		else { die "$file: $line"; }
	}
	return @queries;
}

# ask QUERY: rows as the exporter sees them, each a reference to its columns by name.
sub ask
{
	my ($query) = @_;
	my ($code, $stdout, $stderr) = $node->psql($db, $query->{text},
		extra_params => [ '-U', 'exporter', '--pset=tuples_only=off', '--pset=footer=off' ]);
	is($code, 0, "$query->{name} can be asked") or diag $stderr;
	my ($head, @rows) = split /\n/, $stdout;
	is($head, join('|', map { $_->[0] } @{ $query->{metrics} }),
		"$query->{name} returns what it declares");
	my @names = split /\|/, $head;
	return map { my %row; @row{@names} = split /\|/, $_, -1; \%row } @rows;
}

# of NAME, ROWS: the rows of the watched database.
sub of_db
{
	return grep { ($_->{database} // $_->{datname}) eq $db } @_;
}

my %query = map { $_->{name} => $_ } queries('docs/prometheus.yaml');
is(join(' ', sort keys %query), join(' ', map { "osm_workflow_$_" }
		qw(calendar launcher outbox worker)), 'the file has four queries');
foreach my $query (values %query)
{
	my @bad = grep { @$_ != 3 } @{ $query->{metrics} };
	is(scalar @bad, 0, "every metric of $query->{name} has usage and description");
}
SKIP:
{
	my $names = 'import sys, yaml
for name, one in sorted(yaml.safe_load(open(sys.argv[1])).items()):
    print(name, *[key for metric in one["metrics"] for key in metric])';
	my ($theirs) = run_command([ 'python3', '-c', $names, 'docs/prometheus.yaml' ]);
	skip 'no python3-yaml', 1 if $theirs eq '';
	is($theirs, join("\n", map { join ' ', $_, map { $_->[0] } @{ $query{$_}{metrics} } }
			sort keys %query), 'another parser reads the same');
}

# The page says what is true: its queries run, in both languages they are the same, and the lines of
# the log it explains are those the worker writes.
my %page = map { $_ => slurp_file("docs/worker$_.md") } '', '.ru';
my %sql = map { $_ => join '', $page{$_} =~ /^```sql\n(--.*?)^```/msg } keys %page;
is($sql{''} =~ s/--.*//gr, $sql{'.ru'} =~ s/--.*//gr, 'both pages have the same queries');
my ($failed) = $node->psql($db, $sql{''}, on_error_stop => 1, extra_params => [ '-U', 'exporter' ]);
is($failed, 0, 'they run');
my $source = join '', map { slurp_file($_) } glob 'src/launcher.c src/own_step.c src/worker*.c';
my $line = qr/ereport\(\s*(?:LOG|WARNING),.*?errmsg\("((?:[^"\\]|\\.)*)"/s;
my @lines = map { s/\\//gr =~ s/%d/1024/r } $source =~ /$line/g;
cmp_ok(scalar @lines, '>=', 10, 'the worker writes lines to the log');
foreach my $language (sort keys %page)
{
	my @explained = map { join '.*', map { quotemeta } split / ?… ?/ }
	  $page{$language} =~ /^\| (?:LOG|WARNING) `([^`]+)`/mg;
	my @missing = grep { my $said = $_; !grep { $said =~ /$_/ } @explained } @lines;
	is(join('; ', @missing), '', "docs/worker$language.md explains all of them");
}

# A quiet server; two terms, one flagged.
due_at($node, $db, 'clock_timestamp()');
wait_flagged($node, $db, 'a term is flagged');
due_at($node, $db, "'2100-01-01 12:00+03'");
wait_ready($node, $db);
my ($row) = ask($query{osm_workflow_launcher});
is($row->{up}, '1', 'the launcher is up');
cmp_ok($row->{workers_started}, '>', 0, 'and has started workers');
my @rows = ask($query{osm_workflow_worker});
is(join(' ', map { $_->{database} } @rows), $db, 'only databases with the extension are shown');
is("@{$rows[0]}{qw(ready running breaches behind_seconds error_age_seconds)}", '1 0 1 0 ',
	'the worker is ready and has flagged one');
like($rows[0]{lag_p50_seconds}, qr/^[0-9.e-]+$/, 'its lag is a number');
is(join(' ', map { "$_->{state} $_->{messages}" } ask($query{osm_workflow_outbox})),
	'waiting 1 leased 0 dead 0', 'its message waits for a mailer');
is(scalar(ask($query{osm_workflow_calendar})), 0, 'no calendar is to be loaded');
is(status($node, 'calendars_short', $db), '0', 'osm.worker_status says the same');

# A worker that fails: it says so once, shows it, and how far behind it is.
my $position = log_position($node);
$node->safe_psql($db, <<'SQL');
CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'no flags today' USING ERRCODE = 'P0042'; END $$;
CREATE TRIGGER fail BEFORE UPDATE ON osm.clock FOR EACH ROW EXECUTE FUNCTION public.fail()
SQL
due_at($node, $db, 'clock_timestamp()');
my $error = "state = 'failed' AND last_error_code = 'P0042' AND last_error = 'no flags today'";
wait_for($node, $db, "SELECT $error FROM osm.worker_status WHERE database = '$db'",
	'an error is in osm.worker_status');
my $first = status($node, 'last_error_at', $db);
wait_for($node, $db, "SELECT last_error_at > '$first' FROM osm.worker_status
	WHERE database = '$db'", 'it is tried again');
(undef, my $due) = split /\|/, $node->safe_psql($db, 'SELECT 1, min(due_at) FROM osm.clock
	WHERE flagged_at IS NULL');
wait_for($node, $db, "SELECT NOT running FROM osm.worker_status WHERE database = '$db'",
	'the worker has gone');
is(status($node, "next_due <= '$due'::timestamptz + interval '1 min'", $db), 't',
	'what is due is not forgotten');
($row) = of_db(ask($query{osm_workflow_worker}));
is($row->{ready}, '0', 'the exporter sees that terms are not watched');
cmp_ok($row->{behind_seconds}, '>', 0, 'that it is behind');
cmp_ok($row->{error_age_seconds}, '>=', 0, 'and since when');
$node->safe_psql($db, 'DROP TRIGGER fail ON osm.clock');
$node->reload;
wait_for($node, $db, "SELECT state = 'ready' FROM osm.worker_status WHERE database = '$db'",
	'the cause gone, it works again');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.clock WHERE flagged_at IS NULL
	AND due_at < clock_timestamp()'), '0', 'and has caught up');
my @said = log_since($node, $position) =~
  /(P0042 WARNING: .*failed in database "$db": no flags today|LOG: .*works again in .*"$db")/g;
is(scalar @said, 2, 'the log has one line about the failure and one about its end');

# A calendar that ends: said once, counted until it is loaded.
$position = log_position($node);
$node->safe_psql($db, "SELECT osm.define_calendar('short', jsonb_build_object('parent', 'ru',
	'known_until', osm.now()::date + 30))");
wait_ready($node, $db);
$node->reload;
wait_ready($node, $db);
is(status($node, 'calendars_short', $db), '0', 'a calendar nobody counts on is nobody\'s business');
$node->safe_psql($db, "UPDATE osm.regulation SET calendar = 'short' WHERE code = 'worker-test'");
$node->reload;
wait_for($node, $db, "SELECT calendars_short = 1 FROM osm.worker_status WHERE database = '$db'",
	'one that an act counts on and that ends in a month is counted');
($row) = of_db(ask($query{osm_workflow_calendar}));
is("$row->{calendar} $row->{days_left} $row->{provisional_terms}", 'short 30 0',
	'the exporter sees which and when');
my $known = $node->safe_psql($db, "SELECT known_until FROM osm.calendar WHERE name = 'short'");
my $warning = qr/OW009 WARNING: .*in database "$db" are not known far enough: "short" \($known\)/;
$node->reload;
wait_ready($node, $db);
@said = log_since($node, $position) =~ /$warning/g;
is(scalar @said, 1, 'the log says it once');

# Terms on guessed days are counted where the calendar ends and where it lies over one that does.
$node->safe_psql($db, <<'SQL');
SELECT osm.define_calendar('over', '{"parent": "short"}');
UPDATE osm.clock_rule SET calendar = 'over', due_from = NULL, term = '30d', anchor = NULL;
BEGIN;
SELECT osm.act_as('clerk');
SELECT osm.register('worker-test',
	jsonb_build_object('channel', 'site', 'text', 'текст', 'external_id', 'guessed'));
COMMIT;
SQL
is($node->safe_psql($db, 'SELECT calendar, limited_by, provisional_terms
	FROM osm.calendar_shortage ORDER BY calendar'), "over|short|1\nshort|short|0",
	'a term that reaches beyond is counted');

# Loaded at last: what was counted on guessed days is counted again, and the number goes.
$node->safe_psql($db, "SELECT osm.define_calendar('short', '{\"parent\": \"ru\"}')");
wait_for($node, $db, "SELECT calendars_short = 0 FROM osm.worker_status WHERE database = '$db'",
	'when the calendar is loaded nobody has to say so');
is($node->safe_psql($db, 'SELECT count(*) FROM osm.calendar_shortage'), '0', 'no row is left');

# An error on the way keeps no term from being watched.
$node->safe_psql($db, 'ALTER VIEW osm.calendar_shortage RENAME TO calendar_mislaid');
$position = log_position($node);
foreach my $time (1, 2)
{
	$node->reload;
	wait_for($node, $db, "SELECT calendars_short IS NULL FROM osm.worker_status
		WHERE database = '$db'", "without its view it does not know, look $time");
	wait_ready($node, $db);
}
is(status($node, 'state', $db), 'ready', 'and watches over terms all the same');
@said = log_since($node, $position) =~ /42P01 WARNING: .*could not look at the calendars/g;
is(scalar @said, 1, 'it says so once');

$node->stop;
done_testing();
