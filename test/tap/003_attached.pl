# An attached table comes back from a dump as it was: rows without steps, triggers with them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use utf8;

my $node = osm_node('attached');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE portal');
$node->safe_psql('portal', q(CREATE EXTENSION osm_workflow;
	SET client_min_messages = error;
	SELECT osm.install_preset('ru-ros-311-2018');
	SELECT osm.define_authority('{
		"code": "rostov", "title": "Ростовская область",
		"regulations": {"ru-ros-311-2018": {"curator": ["appeals"], "executor": ["roads"]}},
		"bodies": [{"code": "appeals", "title": "Обращения"}, {"code": "roads", "title": "Дороги"}],
		"officials": [{"login": "curator", "name": "Куратор",
			"appointments": [{"body": "appeals", "role": "curator"}]}]}');
	CREATE TABLE public."Messages" (id integer PRIMARY KEY, "Status" text, why text, units text[]);
	SELECT osm.attach_workflow('public."Messages"', 'ru-ros-311-2018', 'Status',
		'{"новое": "detected", "в работе": "assigned", "снято": "dismissed"}',
		'{"channel": {"value": "vk"}}', '{"*": {"reason": "why", "bodies": "units"}}');));

# step DATABASE, STATEMENT: the SQLSTATE of a statement run as the curator.
sub step
{
	my ($database, $statement) = @_;
	return sqlstate_of($node, $database, "SET client_min_messages = error;
		SET osm_workflow.simulated_now = '2026-03-02 10:00+03';
		BEGIN; SELECT osm.act_as('curator'); $statement; COMMIT;");
}
is(step('portal', q(INSERT INTO public."Messages" VALUES (1, 'новое'), (2, 'новое'))),
	'00000', 'rows are registered');
is(step('portal', q(UPDATE public."Messages" SET "Status" = 'снято', why = 'not_subject'
	WHERE id = 1)), '00000', 'a row is dismissed');

# The new tables have other OIDs; the dump names them.
my $dump = $node->basedir . '/portal.sql';
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->safe_psql('copy', 'CREATE TABLE before_it (a integer)');
$node->command_ok([ 'pg_dump', '-p', $node->port, '-h', $node->host, '-f', $dump, 'portal' ],
	'the database is dumped');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-p', $node->port, '-h',
		$node->host, '-d', 'copy', '-f', $dump ], 'the dump is restored without a step');
my $content = q(SELECT m.id, m."Status", i.state, i.event_seq, r.target
	FROM public."Messages" AS m
	JOIN osm.attached_row AS r ON r.incident_id = osm.incident_of('public."Messages"', m.id::text)
	JOIN osm.incident AS i ON i.id = r.incident_id ORDER BY m.id);
is($node->safe_psql('copy', $content), $node->safe_psql('portal', $content),
	'rows, incidents and the links between them are the same');
is($node->safe_psql('copy', 'SELECT count(*) FROM osm.event'), '3', 'no event was added');
is(step('copy', q(UPDATE public."Messages" SET "Status" = 'новое' WHERE id = 1)),
	'OW001', 'a step the act does not have is refused in the copy');
is(step('copy', q(UPDATE public."Messages" SET "Status" = 'в работе', units = ARRAY['roads']
	WHERE id = 2)), '00000', 'and one it has is taken');
is(step('copy', q(DELETE FROM public."Messages")), 'OW008', 'rows are not deleted');
is($node->safe_psql('copy', 'SELECT count(*) FROM osm.verify_chains()'),
	'0', 'the evidence is whole');

# With the extension go the triggers, never the rows.
is(sqlstate_of($node, 'copy', 'DROP EXTENSION osm_workflow'),
	'2BP01', 'the extension is not dropped from under an attached table');
$node->stop;
done_testing();
