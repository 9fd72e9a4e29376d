# Creating, installing, dumping and dropping, on a server that does not preload the library.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use utf8;

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

# Titles of acts are Russian.
$node->safe_psql('postgres',
    q(CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0));
is(sqlstate_of($node, 'latin', 'CREATE EXTENSION osm_workflow'),
	'0A000', 'a database in another encoding than UTF8 is refused');

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

# A day under one act: an incident answered, one in review, one late.
my $curator = "SELECT osm.act_as('curator')";
my $executor = "SELECT osm.act_as('roads')";
my $answer = q('{"text": "Засыпали", "resolution": "measures"}');
my $ticks = q('{"checklist": {"format": true, "media": true}}');
$node->safe_psql('plain', q(SELECT osm.define_authority('{
	"code": "rostov", "title": "Ростовская область",
	"regulations": {"ru-ros-311-2018": {"curator": ["appeals"], "executor": ["roads"]}},
	"bodies": [{"code": "appeals", "title": "Обращения"}, {"code": "roads", "title": "Дороги"}],
	"officials": [
		{"login": "curator", "name": "Куратор",
		 "appointments": [{"body": "appeals", "role": "curator"}]},
		{"login": "roads", "name": "Исполнитель", "email": "r@example.org",
		 "appointments": [{"body": "roads", "role": "executor"}]},
		{"login": "face", "name": "Представитель",
		 "appointments": [{"body": "roads", "role": "representative"}]}]}')));

# at TIME, AS, STATEMENT: one step at an instant of the simulated clock.
sub at
{
	my ($database, $time, $as, $statement) = @_;
	return $node->safe_psql($database, "SET osm_workflow.simulated_now = '2026-03-02 $time+03';
		BEGIN; $as \\g /dev/null\nSELECT ($statement); COMMIT;");
}
my @incident = map { at('plain', "10:0$_", $curator,
	qq(osm.register('ru-ros-311-2018', '{"channel": "vk", "text": "Яма $_"}'))) } 1 .. 3;
foreach my $i (0, 1)
{
	at('plain', '10:10', $curator,
		qq(osm.perform($incident[$i], 'route', '{"bodies": ["roads"]}')));
	at('plain', '10:20', $executor, "osm.perform($incident[$i], 'submit', $answer)");
}
at('plain', '10:30', $curator, "osm.perform($incident[0], 'approve', $ticks)");
at('plain', '12:00', $curator, '(osm.tick()).breaches');
my $facts = "SELECT (SELECT count(*) FROM osm.incident), (SELECT count(*) FROM osm.event),
	(SELECT count(*) FROM osm.clock WHERE state IN ('running', 'paused')),
	(SELECT count(*) FROM osm.clock WHERE flagged_at IS NOT NULL),
	(SELECT count(*) FROM osm.verify_chains('-infinity', 'infinity'))";
my $before_dump = $node->safe_psql('plain', $facts);
like($before_dump, qr/^3\|8\|[1-9]\d*\|[1-9]\d*\|0$/, 'there are incidents to lose');

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

is($node->safe_psql('restored', $facts), $before_dump, 'no incident was lost, no chain is broken');

# What was restored lives on.
like(at('restored', '12:10', $curator, "osm.perform($incident[1], 'approve', $ticks)"),
	qr/^\($incident[1],4,approved,/, 'the next step is taken in the restored database');
my $next = at('restored', '12:10', $curator,
	q(osm.register('ru-ros-311-2018', '{"channel": "vk", "text": "Яма"}')));
cmp_ok($next, '>', $incident[2], 'numbers go on where they were');
is($node->safe_psql('restored', "SELECT count(*) FROM osm.verify_chains('-infinity', 'infinity')"),
	'0', 'and the chains with them');

# The data alone, into tables that are there already.
$node->safe_psql('postgres', 'CREATE DATABASE refilled');
$node->safe_psql('refilled', 'CREATE EXTENSION osm_workflow');
$node->safe_psql('refilled', 'GRANT CREATE, USAGE ON SCHEMA osm TO owner_of_tables');
$node->safe_psql('refilled', 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA osm TO owner_of_tables');
is(sqlstate_of($node, 'refilled', 'SELECT osm.install()', @as_owner), '00000', 'tables alone');
$node->command_ok([ 'pg_restore', '-p', $node->port, '-h', $node->host, '--exit-on-error',
		'--data-only', '--disable-triggers', '-d', 'refilled', $archive ],
	'the data alone are restored');
is($node->safe_psql('refilled', $facts), $before_dump, 'and are all there');

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
