# What the documentation tells people to type works: the demonstration from end to end, with the
# worker flagging by itself, and every SQL block of the quick start in both languages.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = osm_node('demo', preload => 1);
$node->start;
my $top = "$FindBin::RealBin/../..";

# run_script DATABASE, FILE, WHAT: what psql printed and complained of, after a test named WHAT that
# it went through.
sub run_script
{
	my ($database, $file, $what) = @_;
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	my ($out, $err);
	my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', $file);
	my $done = run_log(\@psql, '>', \$out, '2>', \$err);
	ok($done, $what) or diag $err;
	return ($out, $err);
}

# What a cluster is told by ALTER SYSTEM is not for the quick start, so that comes first.
$node->safe_psql('postgres', 'CREATE DATABASE quick');
foreach my $page ('quickstart.md', 'quickstart.ru.md')
{
	my $text = slurp_file("$top/docs/$page");
	my $script = join "\n", $text =~ /^```sql\n(.*?)^```/gms;
	$script =~ s/^CREATE DATABASE portal;\n\\c portal\n//m
	  or die "$page does not begin with a database of its own";
	my $file = "$PostgreSQL::Test::Utils::tmp_check/$page.sql";
	append_to_file($file, $script);
	my ($out) = run_script('quick', $file, "$page can be typed in as it stands");
	like($out, qr/^ t\s*$/m, "$page ends with evidence that holds");
	$node->safe_psql('postgres', $_)
	  for 'DROP DATABASE quick', 'CREATE DATABASE quick', 'DROP ROLE portal', 'DROP ROLE dashboard';
}

$node->safe_psql('postgres', 'CREATE DATABASE demo');
$node->safe_psql('demo', 'CREATE EXTENSION osm_workflow');
my $errors = '';
foreach my $script (sort glob("$top/demo/[0-9]*.sql"))
{
	my ($out, $err) = run_script('demo', $script, (split m{/}, $script)[-1]);
	$errors .= $err;
}
is(join(' ', $errors =~ /ERROR:  (\w+):/g), 'OW004 OW001 OW002 OW005 OW008',
	'it shows these refusals and no other');
is($node->safe_psql('demo', "SELECT count(*), count(*) FILTER (WHERE flagged_at IS NULL)
		FROM osm.overdue"), '6|0', 'what is overdue was flagged by the worker');
is($node->safe_psql('demo', "SELECT string_agg(coalesce(zone, 'none'), ' '
			ORDER BY regulation, body COLLATE \"C\") FROM osm.rating"),
	'green green red yellow red green', 'every zone is there');
is($node->safe_psql('demo', 'SELECT count(*) FROM osm.incident
		WHERE osm.verify_chain(id) IS NOT NULL'), '0', 'every chain holds');

$node->stop;
done_testing();
