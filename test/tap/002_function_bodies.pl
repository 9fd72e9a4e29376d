# Every PL/pgSQL body, trigger functions included, read by plpgsql_check against the tables it
# names. CREATE EXTENSION looks into no body, and PL/pgSQL itself only checks the syntax.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = osm_node('bodies');
$node->start;

if ($node->safe_psql('postgres',
		"SELECT count(*) FROM pg_available_extensions WHERE name = 'plpgsql_check'") eq '0')
{
	plan skip_all => 'plpgsql_check is not installed';
}

osm_database($node, 'bodies');
$node->safe_psql('bodies', 'CREATE EXTENSION plpgsql_check SCHEMA public');
my $checked = "FROM pg_proc p
		JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
		LEFT JOIN LATERAL (SELECT tgrelid FROM pg_trigger t WHERE t.tgfoid = p.oid
			ORDER BY tgrelid LIMIT 1) AS t ON true
	WHERE p.pronamespace = 'osm'::regnamespace";
is($node->safe_psql('bodies', "SELECT p.oid::regprocedure $checked
		AND p.prorettype = 'trigger'::regtype AND t.tgrelid IS NULL"),
	'', 'every trigger function serves a trigger');
cmp_ok($node->safe_psql('bodies', "SELECT count(*) $checked"), '>', 20, 'there are bodies to read');
# Three things it cannot know: a literal default has no type of its own, the statements these two
# functions execute come from osm.access_statements(), which quotes, and the result column "left" is
# called so in every explanation of a deadline.
is($node->safe_psql('bodies', "SELECT p.oid::regprocedure, c.level, c.lineno, c.message, c.detail
	FROM (SELECT p.oid, p.proname, coalesce(t.tgrelid, 0) AS relation $checked
			AND (p.prorettype <> 'trigger'::regtype OR t.tgrelid IS NOT NULL)) AS p,
		public.plpgsql_check_function_tb(p.oid, p.relation, fatal_errors => false,
			performance_warnings => false, security_warnings => true) AS c
	WHERE c.message NOT IN ('target type is different type than source type',
			'name of parameter \"left\" is reserved keyword')
		AND NOT (c.level = 'security' AND p.proname IN ('grant_access', 'revoke_access'))"),
	'', 'plpgsql_check finds nothing');

$node->stop;
done_testing();
