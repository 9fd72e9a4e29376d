# The clock jumps, simulated time and the machine's, forward and back: what is late by the new time
# is flagged, nothing twice, and nobody sleeps for as long as the clock was set back.
#
# Hazard that shaped it: a test must not set the machine's clock. A library loaded before all others
# adds an offset to what the server reads of it, and leaves alone the clock that waits go by, as a
# clock that is set does.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Fcntl qw(O_WRONLY);
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = PostgreSQL::Test::Utils::tempdir;
append_to_file("$folder/clock.c", <<'C');
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const volatile int64_t *offset;

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec real;

	(void) zone;
	if (offset == NULL)
		offset = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED,
					  open(getenv("OSM_CLOCK_OFFSET"), O_RDONLY), 0);
	clock_gettime(CLOCK_REALTIME, &real);
	now->tv_sec = real.tv_sec + *offset;
	now->tv_usec = real.tv_nsec / 1000;
	return 0;
}
C
append_to_file("$folder/offset", pack 'q', 0);
my ($compiler) = split ' ', OsmTest::pg_config_value('cc');
my $can = $^O eq 'linux'
  && system("$compiler -shared -fPIC -o $folder/clock.so $folder/clock.c 2>/dev/null") == 0;

# set_clock SECONDS: away from the true time, for all processes of the server at once.
sub set_clock
{
	sysopen my $file, "$folder/offset", O_WRONLY or die $!;
	syswrite $file, pack('q', $_[0]) or die $!;
	close $file or die $!;
	return;
}

local %ENV = (%ENV, $can ? (LD_PRELOAD => "$folder/clock.so") : (),
	OSM_CLOCK_OFFSET => "$folder/offset");
my $node = worker_node('worker_clock', "osm_workflow.naptime = '2 s'");
delete $ENV{LD_PRELOAD};
my $db = 'clocks';
worker_database($node, $db);

sub flagged
{
	my ($condition) = @_;
	return $node->safe_psql($db, "SELECT count(*) FROM osm.clock
		WHERE flagged_at IS NOT NULL AND $condition");
}

# alter SETTING: as postgresql.auto.conf, with a reload.
sub alter
{
	$node->safe_psql('postgres', "ALTER SYSTEM $_[0]");
	$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
	return;
}

# passed WHAT: the worker has passed again and gone.
sub passed
{
	my ($what) = @_;
	my $passes = status($node, 'passes', $db);
	$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
	return wait_for($node, $db, "SELECT passes > $passes AND NOT running AND state = 'ready'
		FROM osm.worker_status() WHERE database = '$db'", $what);
}

# --- simulated time ---------------------------------------------------------------------------

alter("SET osm_workflow.simulated_now = '2040-01-01 12:00+03'");
due_at($node, $db, map { "'$_-01-01 12:00+03'" } 2035, 2039, 2045);
wait_for($node, $db, 'SELECT count(flagged_at) = 2 FROM osm.clock', '2040: two terms are late');
alter("SET osm_workflow.simulated_now = '2030-01-01 12:00+03'");
due_at($node, $db, map { "'$_-01-01 12:00+03'" } 2029, 2034);
wait_for($node, $db, 'SELECT count(flagged_at) = 3 FROM osm.clock', '2030: what is late there');
passed('and no more');
is(flagged("due_at > '2040-01-01'") . flagged("due_at BETWEEN '2030-02-01' AND '2034-02-01'"), '00',
	'what is not late then is not flagged');
alter("SET osm_workflow.simulated_now = '2036-01-01 12:00+03'");
wait_for($node, $db, 'SELECT count(flagged_at) = 4 FROM osm.clock', '2036: one more');
alter('RESET osm_workflow.simulated_now');
passed('back in the present');
due_at($node, $db, "clock_timestamp() + interval '300 ms'");
wait_for($node, $db, 'SELECT count(flagged_at) = 5 FROM osm.clock', 'time passes again');
is(flagged("due_at > '2040-01-01'"), '0', 'what was never late is not flagged');
is($node->safe_psql($db, 'SELECT count(*), count(DISTINCT clock_id) FROM osm.notification'), '5|5',
	'of each late term people were told once');

# --- the machine's clock ----------------------------------------------------------------------

SKIP:
{
	skip 'no compiler to pretend another time of day with', 1 unless $can;

	# Forward: found when the launcher wakes by itself, after a naptime.
	wait_ready($node, $db);
	alter("SET osm_workflow.worker_idle = '60 s'");
	due_at($node, $db, "clock_timestamp() + interval '1 h'");
	passed('nothing is late yet');
	set_clock(3700);
	wait_for($node, $db, 'SELECT count(flagged_at) = 6 FROM osm.clock',
		'set forward: what is late by now is flagged');

	# Back, while a worker stays a minute for more.
	like(worker_pid($node, $db), qr/^\d+$/, 'a worker waits for more');
	set_clock(0);
	wait_for($node, 'postgres', "SELECT count(*) = 0 FROM pg_stat_activity
		WHERE backend_type = 'osm_workflow worker'", 'set back: it does not stay an hour longer');
	wait_for($node, $db, "SELECT wakes_at < clock_timestamp() + interval '3 s'
		FROM osm.worker_launcher()", 'nor does the launcher sleep an hour longer');
	is($node->safe_psql($db, "BEGIN; SELECT osm.act_as('clerk') \\g /dev/null
			SELECT (osm.perform(incident_id, 'finish')).state FROM osm.clock
			WHERE due_at BETWEEN now() AND now() + interval '2 h'; COMMIT"), 'done',
		'a step that is in time after all is taken');
	is($node->safe_psql($db, "SELECT state, flagged_at FROM osm.clock
			WHERE stopped_at IS NOT NULL"), 'met|', 'and redeems what the clock had done');

	# Back, while an attempt that failed is put off.
	set_clock(7200);
	$node->safe_psql($db, 'ALTER TABLE osm.clock
		ADD CONSTRAINT broken CHECK (flagged_at IS NULL) NOT VALID');
	due_at($node, $db, "clock_timestamp() - interval '3 h'");
	wait_for($node, $db, "SELECT state = 'failed' FROM osm.worker_status()
		WHERE database = '$db'", 'forward once more, and a pass that fails');
	set_clock(0);
	$node->safe_psql($db, 'ALTER TABLE osm.clock DROP CONSTRAINT broken');
	wait_for($node, $db, "SELECT flagged_at BETWEEN due_at AND clock_timestamp() FROM osm.clock
		ORDER BY id DESC LIMIT 1", 'set back: it is tried again soon');
	is($node->safe_psql($db, "SELECT count(*), count(DISTINCT clock_id) FROM osm.notification"),
		'7|7', 'people were told once, whatever the time');
	is($node->safe_psql($db, "SELECT count(*) FROM osm.incident
		WHERE osm.verify_chain(id) IS NOT NULL"), '0', 'every chain is whole');
}

$node->stop;
done_testing();
