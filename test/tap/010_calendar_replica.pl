# A session that has compiled a calendar sees a change of it that reaches the server by another way
# than a session of the same server: by physical replication, by logical apply and its initial
# copy, and from a prepared transaction.
#
# Hazard that shaped it: a new session compiles afresh and would prove nothing, so the sessions
# that ask are opened before the changes and stay open, some of them inside a transaction.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run;
use OsmTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $db = 'calendars';
my @tables = map { "osm.$_" } qw(calendar calendar_hours calendar_day calendar_yearly_day);

# session NODE: a psql that stays open.
sub session
{
	my ($node) = @_;
	my %session = (in => '', out => '', timer => IPC::Run::timer(60));
	$session{run} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=0', '-d', $node->connstr($db) ],
		'<', \$session{in}, '>', \$session{out}, '2>&1', $session{timer});
	return \%session;
}

# say_to SESSION, SQL: what the session prints.
sub say_to
{
	my ($session, $sql) = @_;
	$session->{timer}->start(60);
	$session->{in} .= "$sql;\n\\echo END\n";
	pump { $session->{run} } until $session->{out} =~ s/^(.*?)\n?END\n\z//s;
	return $1;
}

# Monday and Tuesday of one week, and which process said so.
my %pid_of;
sub hours
{
	my ($session) = @_;
	my ($pid, $hours) = split /\|/, say_to($session, q{
		SELECT pg_backend_pid(), (SELECT string_agg(to_char(lower(h) AT TIME ZONE 'UTC', 'Dy HH24-')
			|| to_char(upper(h) AT TIME ZONE 'UTC', 'HH24'), ' ' ORDER BY h)
		FROM unnest(osm.business_hours('[2026-03-02 00:00+00,2026-03-04 00:00+00)', 'low'))
			AS h)}), 2;
	$pid_of{$session} //= $pid;
	return $pid eq $pid_of{$session} ? $hours : "$pid is not the session that was asked first";
}

# --- a primary with a standby, and a subscriber ------------------------------------------------

my $primary = osm_node('calendar_primary', init => [ allows_streaming => 'logical' ],
	conf => "max_prepared_transactions = 5\nautovacuum = off\n");
my $subscriber = osm_node('calendar_subscriber', conf => "autovacuum = off\n");
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('calendar_standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$subscriber->start;
osm_database($_, $db) for $primary, $subscriber;

sub on_primary { return $primary->safe_psql($db, $_[0]); }
sub define
{
	my ($node, $opens) = @_;
	return $node->safe_psql($db, qq{
		SELECT osm.define_calendar('top', '{"time_zone": "UTC", "short_day_cut": "01:00",
			"hours": {"1": ["$opens-18:00"], "2": ["09:00-18:00"]}}');
		SELECT osm.define_calendar('middle', '{"parent": "top"}');
		SELECT osm.define_calendar('low', '{"parent": "middle"}');});
}

define($primary, '09:00');
define($subscriber, '06:00');
$primary->wait_for_catchup($standby);

my $local = session($primary);
my $remote = session($standby);
my $inside = session($standby);
my $copied = session($subscriber);
my $applied = session($subscriber);
my $warm = 'Mon 09-18 Tue 09-18';
say_to($inside, 'BEGIN');
is(hours($_), $warm, 'warm on the primary and the standby') for $local, $remote, $inside;
is(hours($copied), 'Mon 06-18 Tue 09-18', 'warm on the subscriber, by its own calendar');

# --- prepared transactions, seen on the primary and on the standby -----------------------------

my $writer = session($primary);
is(hours($writer), $warm, 'warm where the transaction is prepared');
say_to($writer, q{BEGIN; UPDATE osm.calendar_hours SET opens = '10:00' WHERE isodow = 1});
is(hours($writer), 'Mon 10-18 Tue 09-18', 'the transaction sees its own change');
say_to($writer, q{PREPARE TRANSACTION 'a'});
is(hours($writer), $warm, 'once prepared it is not seen any more by who made it');
is(hours($local), $warm, 'nor by others');
on_primary(q{COMMIT PREPARED 'a'});
$primary->wait_for_catchup($standby);
is(hours($_), 'Mon 10-18 Tue 09-18', 'COMMIT PREPARED is seen')
	for $writer, $local, $remote, $inside;
say_to($writer, q{BEGIN; UPDATE osm.calendar_hours SET opens = '11:00' WHERE isodow = 1});
is(hours($writer), 'Mon 11-18 Tue 09-18', 'a second transaction');
say_to($writer, q{PREPARE TRANSACTION 'b'});
on_primary(q{ROLLBACK PREPARED 'b'});
is(hours($_), 'Mon 10-18 Tue 09-18', 'ROLLBACK PREPARED leaves nothing') for $writer, $local;

# --- logical: the initial copy, then every kind of change --------------------------------------

# The subscriber gives its own calendars up while $copied still remembers them.
$subscriber->safe_psql($db, qq{SELECT osm.drop_calendar('low'); SELECT osm.drop_calendar('middle');
	SELECT osm.drop_calendar('top');});
like(hours($copied), qr/calendar "low" does not exist/, 'dropped');
on_primary('CREATE PUBLICATION calendars FOR TABLE ' . join ', ', @tables);
my $connection = $primary->connstr($db);
$connection =~ s/'/''/g;
$subscriber->safe_psql($db,
	"CREATE SUBSCRIPTION calendars CONNECTION '$connection' PUBLICATION calendars");
ok($subscriber->poll_query_until($db,
	q{SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')}),
	'the tables are copied');
is(hours($_), 'Mon 10-18 Tue 09-18', 'the copy is seen') for $copied, $applied;
say_to($applied, 'BEGIN');

my @changes = (
	[ 'define_calendar', undef, 'Mon 08-18 Tue 09-18' ],
	[ 'an INSERT below the parent', q{INSERT INTO osm.calendar_day (calendar, day, kind)
		VALUES ('middle', '2026-03-02', 'short')}, 'Mon 08-17 Tue 09-18' ],
	[ 'an UPDATE of a parent', q{UPDATE osm.calendar SET short_day_cut = '02:00'
		WHERE name = 'top'}, 'Mon 08-16 Tue 09-18' ],
	[ 'a yearly day', q{INSERT INTO osm.calendar_yearly_day (calendar, month, day_of_month, kind)
		VALUES ('top', 3, 3, 'closed')}, 'Mon 08-16' ],
	[ 'a DELETE', q{DELETE FROM osm.calendar_day}, 'Mon 08-18' ],
	[ 'a production calendar', q{SELECT osm.load_production_calendar('low',
		E'date,kind\n2026-03-02,holiday\n2026-03-03,working_weekend')}, 'Tue 08-18' ],
	[ 'TRUNCATE', q{TRUNCATE osm.calendar_day, osm.calendar_yearly_day}, 'Mon 08-18 Tue 09-18' ]);
foreach my $change (@changes)
{
	my ($what, $sql, $expected) = @$change;
	# TRUNCATE waits for who has read the table
	if ($what eq 'TRUNCATE')
	{
		say_to($_, 'COMMIT; BEGIN') for $inside, $applied;
	}
	defined $sql ? on_primary($sql) : define($primary, '08:00');
	$primary->wait_for_catchup($standby);
	$primary->wait_for_catchup('calendars');
	is(hours($local), $expected, "$what on the primary");
	is(hours($_), $expected, "$what on the standby") for $remote, $inside;
	is(hours($_), $expected, "$what on the subscriber") for $copied, $applied;
}
on_primary(q{SELECT osm.drop_calendar('low')});
$primary->wait_for_catchup($standby);
$primary->wait_for_catchup('calendars');
like(hours($_), qr/calendar "low" does not exist/, 'drop_calendar everywhere')
	for $local, $remote, $inside, $copied, $applied;

foreach my $session ($local, $remote, $inside, $copied, $applied, $writer)
{
	$session->{in} .= "\\q\n";
	$session->{run}->finish;
}
$subscriber->stop;
$standby->stop;
$primary->stop;
done_testing();
