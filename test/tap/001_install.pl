# Creating, installing, dumping and dropping, on a server that does not preload the library.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = osm_node('install');
$node->start;

# Without preload: the type, the functions and the tables work; only the worker is missing.
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->safe_psql('plain', 'CREATE EXTENSION osm_workflow');
is($node->safe_psql('plain', 'SELECT count(*) FROM pg_class c, pg_namespace n
	WHERE n.oid = c.relnamespace AND n.nspname = \'osm\'
	AND relkind IN (\'r\', \'p\', \'v\', \'m\')'),
	'0', 'the extension brings no table and no view');
is($node->safe_psql('plain', "SELECT extversion FROM pg_extension WHERE extname = 'osm_workflow'"),
	slurp_file('osm_workflow.control') =~ /^default_version = '(.*)'/m ? $1 : 'none',
	'the version is that of the control file');

# An ordinary role installs the tables and owns them.
$node->safe_psql('plain', 'CREATE ROLE owner_of_tables LOGIN');
my @as_owner = (extra_params => [ '-U', 'owner_of_tables' ]);
is(sqlstate_of($node, 'plain', 'SELECT osm.install()', @as_owner),
	'42501', 'a role without rights may not install');
$node->safe_psql('plain', 'GRANT CREATE, USAGE ON SCHEMA osm TO owner_of_tables');
$node->safe_psql('plain', 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA osm TO owner_of_tables');
is(sqlstate_of($node, 'plain', 'SELECT osm.install()', @as_owner),
	'00000', 'an ordinary role with CREATE on the schema installs');
is(sqlstate_of($node, 'plain', 'SELECT osm.install()', @as_owner),
	'42710', 'a second install is refused');
is($node->safe_psql('plain', "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
	WHERE relnamespace = 'osm'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')"),
	'owner_of_tables', 'every table belongs to the role that installed');

# What has been installed does not belong to the extension, so a dump holds all of it.
is($node->safe_psql('plain', "SELECT count(*) FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
	WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e'
	  AND c.relnamespace = 'osm'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"),
	'0', 'no table, view or sequence is a member of the extension');
$node->safe_psql('plain', "SELECT osm.install_preset(name) FROM osm.presets()");

# dump_of DATABASE: the name of a file with its dump, less the lines that differ from run to run.
sub dump_of
{
	my ($database) = @_;
	my $dump = $node->basedir . "/$database.sql";
	$node->command_ok([ 'pg_dump', '-p', $node->port, '-h', $node->host, '-f', $dump, $database ],
		"$database can be dumped");
	# A view on VALUES is written with one blank more each time it is restored.
	my @lines = map { s/\( +VALUES/(VALUES/r } grep { !/^\\(un)?restrict / } split /^/,
	  slurp_file($dump);
	open my $out, '>', $dump or die "$dump: $!";
	print $out @lines;
	close $out or die "$dump: $!";
	return $dump;
}

my $before = dump_of('plain');
my $archive = $node->basedir . '/plain.dump';
$node->command_ok([ 'pg_dump', '-p', $node->port, '-h', $node->host, '-Fc', '-f', $archive,
		'plain' ], 'a custom dump is written');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-p', $node->port, '-h', $node->host, '--exit-on-error',
		'-j', '2', '-d', 'restored', $archive ], 'it is restored, two jobs at a time');
# Who owns a function of an extension is not in a dump.
is(sqlstate_of($node, 'restored', 'SELECT osm.upgrade()', @as_owner),
	'00000', 'the owner of the tables takes the functions over again');
my $after = dump_of('restored');
is(scalar(qx{diff "$before" "$after" | head -n 40}), '',
	'the restored database dumps to the same text');

# Dropping the extension is refused while the tables stand; CASCADE takes none of them.
my $tables = "SELECT count(*) FROM pg_class
	WHERE relnamespace = 'osm'::regnamespace AND relkind IN ('r', 'p')";
my $count = $node->safe_psql('plain', $tables);
cmp_ok($count, '>', 20, 'there are tables');
my $regulations = $node->safe_psql('plain', 'SELECT count(*) FROM osm.regulation');
cmp_ok($regulations, '>', 0, 'and acts in them');
is(sqlstate_of($node, 'plain', 'DROP EXTENSION osm_workflow'),
	'2BP01', 'DROP EXTENSION is refused');
is(sqlstate_of($node, 'plain', 'DROP EXTENSION osm_workflow CASCADE'),
	'00000', 'DROP EXTENSION CASCADE is possible');
is($node->safe_psql('plain', $tables), $count, 'and leaves every table');
is($node->safe_psql('plain', 'SELECT count(*) FROM osm.regulation'),
	$regulations, 'with its rows');

# Nothing is left of an extension whose tables were never installed.
$node->safe_psql('postgres', 'CREATE DATABASE empty');
$node->safe_psql('empty', 'CREATE EXTENSION osm_workflow; DROP EXTENSION osm_workflow;');
is($node->safe_psql('empty', "SELECT count(*) FROM pg_proc
	WHERE pronamespace = to_regnamespace('osm')"), '0', 'without tables it goes without a trace');

$node->stop;
done_testing();
