# Business time against an oracle from elsewhere: a file business_time_oracle.sql in OSM_ORACLE_DIR
# that makes a schema "oracle" of slow functions on calendars of its own form. Its calendars are
# made from the documents of test/lib/random_calendars.sql as read by test/lib/calendar_reading.sql:
# weekly hours, and each day that differs from them; of each question only the days around it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use OsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $file = ($ENV{OSM_ORACLE_DIR} || '../shared/oracle') . '/business_time_oracle.sql';
plan skip_all => 'no oracle: OSM_ORACLE_DIR holds no business_time_oracle.sql' unless -f $file;

my $node = osm_node('oracle', conf => "fsync = off\njit = off");
$node->start;
osm_database($node, 'oracle');
$node->safe_psql('oracle', slurp_file($file));
$node->safe_psql('oracle', <<'SQL');
SET search_path = public, osm;
\i test/lib/random_calendars.sql
\i test/lib/calendar_reading.sql
CREATE INDEX ON day_hours (chain, day);
CREATE INDEX ON span (chain, key);
ANALYZE day_hours, span;
CREATE TABLE sample AS
SELECT q.*, format('%s %s', chain, n) AS id, (t AT TIME ZONE s.zone)::date AS d,
	(business_seconds(a) * 1000000)::bigint * interval '1 microsecond' AS time
FROM triple AS q JOIN stated AS s USING (chain) WHERE n <= 12;
CREATE FUNCTION segments(c text, k text) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_array(p.opens::text, p.closes::text) ORDER BY p.opens),
		'[]')
	FROM span AS p WHERE p.chain = c AND p.key = k
$$;
INSERT INTO oracle.cal (id, tz, weekly, ov)
SELECT q.id, s.zone,
	(SELECT jsonb_object_agg((w - 1)::text, segments(s.chain, w::text))
	 FROM generate_series(1, 7) AS w),
	coalesce((SELECT jsonb_object_agg(to_char(d.day, 'YYYY-MM-DD'), segments(d.chain, d.key))
	 FROM day_hours AS d WHERE d.chain = q.chain AND d.day BETWEEN q.d - 170 AND q.d + 170
		AND d.key <> extract(isodow FROM d.day)::text), '{}')
FROM sample AS q JOIN stated AS s USING (chain);
ANALYZE;
CREATE TABLE answer AS
SELECT q.id, l.* FROM sample AS q JOIN oracle.cal AS c USING (id), LATERAL (VALUES
	('is_business_time', oracle.is_open(c, t)::text, is_business_time(t, chain)::text),
	('next_business_time', oracle.next_open(c, t, 150)::text, next_business_time(t, chain)::text),
	('previous_business_time', oracle.previous_open(c, t, 150)::text,
		previous_business_time(t, chain)::text),
	('business_time_between', extract(epoch FROM oracle.between_(c, t, t2))::numeric(20, 6)::text,
		business_seconds(business_time_between(t, t2, chain))::numeric(20, 6)::text),
	('add_business_time', oracle.add_(c, t, time, 150)::text, add_business_time(t, a, chain)::text),
	('subtract_business_time', oracle.subtract_(c, t, time, 150)::text,
		subtract_business_time(t, a, chain)::text),
	('is_business_day', oracle.is_business_day(c, d)::text, is_business_day(d, chain)::text),
	('add_business_days', oracle.add_days(c, d, days, 150)::text,
		add_business_days(d, days, chain)::text)
	) AS l (question, oracle, extension);
SQL

my $differs = 'oracle IS DISTINCT FROM extension AND oracle IS NOT NULL';
my %answered = map { split /\|/ } split /\n/,
  $node->safe_psql('oracle', 'SELECT question, count(oracle) FROM answer GROUP BY question');
is(scalar(keys %answered), 8, 'eight functions were asked');
foreach my $question (sort keys %answered)
{
	is($node->safe_psql('oracle', "SELECT id, oracle, extension FROM answer
		WHERE question = '$question' AND $differs ORDER BY id LIMIT 5"),
		'', "$question: the oracle's $answered{$question} answers");
}
my $all = $node->safe_psql('oracle', 'SELECT count(oracle) FROM answer');
cmp_ok($all, '>=', 5000, "$all answers compared, 0 differences");

$node->stop;
done_testing();
