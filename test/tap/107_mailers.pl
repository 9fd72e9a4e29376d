# The two mailers of the documentation: what falls due is sent once, by whichever comes first; what
# sendmail refuses waits and says why; what was written to nobody's address is not lost sight of.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use IPC::Run;
use OsmTest;
use OsmWorker;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $docs = "$FindBin::RealBin/../../docs";
my $node = worker_node('mailers');
my $db = 'mail';
worker_database($node, $db);
my $folder = $node->basedir . '/sent';
mkdir $folder or die $!;
my $sendmail = $node->basedir . '/sendmail';
append_to_file($sendmail, <<"SH");
#!/bin/sh
cat >"$folder/new.\$\$"
if grep -qi '^To:.*<\\{0,1\\}refused\@' "$folder/new.\$\$"; then
	rm "$folder/new.\$\$"
	echo 'user unknown' >&2
	exit 67
fi
mv "$folder/new.\$\$" "$folder/mail.\$\$"
SH
chmod 0755, $sendmail or die $!;
$node->safe_psql($db, "UPDATE osm.official SET email = 'clerk\@example.org'");

sub letters { my @all = glob "$folder/mail.*"; return scalar @all; }
sub addressed { $node->safe_psql($db, "UPDATE osm.official SET email = $_[0]"); return; }

sub sent
{
	my ($count, $what) = @_;
	wait_for($node, $db, "SELECT count(*) = $count FROM osm.notification WHERE state = 'sent'",
		$what);
	return;
}

# Who listens is told when a message can be had again, though nothing else happens. Without that
# the launcher would look after ten minutes, and the wait here is over after one.
{
	my $quiet = 'leases';
	worker_database($node, $quiet);
	due_at($node, $quiet, 'clock_timestamp()');
	wait_for($node, $quiet, 'SELECT count(*) = 1 FROM osm.notification', 'there is a message');
	my $listener = $node->background_psql($quiet);
	$listener->query_safe('LISTEN osm_workflow');

	# claim LEASE: the message's number; told WHAT: waits until the listener hears of one
	my $claim = sub {
		my ($lease) = @_;
		my $id = $node->safe_psql($quiet, "SELECT id FROM osm.claim_notifications(1, '$lease')");
		like($id, qr/^\d+$/, "it is to be had, for $lease");
		return $id;
	};
	my $told = sub {
		my ($what) = @_;
		my $said = '';
		foreach (1 .. 600)
		{
			$said = $listener->query('SELECT 1');
			last if $said =~ /notification "osm_workflow"/;
			Time::HiRes::usleep(100_000);
		}
		like($said, qr/notification "osm_workflow" with payload "0 breaches/, $what);
		return;
	};

	my $id = $claim->('1 h');
	wait_ready($node, $quiet);
	is(status($node, 'next_due > now()', $quiet), 't', 'a lease is something to come');
	$listener->query('SELECT 1');
	is($node->safe_psql($quiet, "SELECT osm.fail_notification($id, 'later', '2 s')"), 'waiting',
		'it could not be sent');
	$told->('who listens is told when it is to be tried again');
	$claim->('2 s');
	$told->('and when a lease is over');
	$claim->('1 h');
	$listener->quit;
}

local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => $db,
	SENDMAIL => $sendmail);
my $total = 0;

# try_mailer NAME, COMMAND...
sub try_mailer
{
	my ($name, @command) = @_;
	my $before = $total;

	# what waits is sent
	due_at($node, $db, ("clock_timestamp() - interval '1 s'") x 3);
	$total += 3;
	wait_for($node, $db, "SELECT count(*) = $total FROM osm.notification", "$name: three are late");
	my $run = IPC::Run::start(\@command, '<', '/dev/null', '>', '/dev/null', '2>', '/dev/null');
	sent($total, "$name: the messages that wait are sent");

	# what comes is sent, and nothing twice
	due_at($node, $db, map { "clock_timestamp() + interval '$_ ms'" } 300, 500);
	$total += 2;
	sent($total, "$name: messages that come while it listens are sent");
	is(letters(), $total, "$name: as many letters, none twice");

	# what fails waits, and says why
	addressed("'refused\@example.org'");
	due_at($node, $db, 'clock_timestamp()');
	wait_for($node, $db, "SELECT count(*) = 1 FROM osm.notification
		WHERE state = 'waiting' AND attempts = 1 AND deliver_after > now()
		  AND last_error ~ 'unknown|67'", "$name: what sendmail refuses waits and says why");
	addressed('NULL');
	$node->safe_psql($db, "UPDATE osm.notification SET deliver_after = now()
		WHERE state = 'waiting'");
	due_at($node, $db, 'clock_timestamp()');
	wait_for($node, $db, "SELECT count(*) = 2 FROM osm.notification
		WHERE state = 'waiting' AND last_error = 'no address'",
		"$name: so does who has no address");
	addressed("'clerk\@example.org'");
	$node->safe_psql($db, "UPDATE osm.notification SET deliver_after = now()
		WHERE state = 'waiting'");
	due_at($node, $db, 'clock_timestamp()');
	$total += 3;
	sent($total, "$name: in the end all are sent");
	is(letters(), $total, "$name: and no letter twice");
	$run->kill_kill(grace => 10);
	like(join('', map { slurp_file($_) } (glob "$folder/mail.*")[ $before .. $total - 1 ]),
		qr/^To: .*clerk\@example\.org.*^Subject: .*UTF-8\?B\?/ims, "$name: a letter is a letter");
	return;
}

try_mailer('shell', 'bash', "$docs/mailer.sh");
SKIP:
{
	my $python = '/usr/bin/python3';
	skip 'no python3-psycopg2', 1
	  if !-x $python || system("$python -c 'import psycopg2' 2>/dev/null") != 0;
	try_mailer('python', $python, "$docs/mailer.py");
}

$node->stop;
done_testing();
