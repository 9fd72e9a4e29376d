# Business::Hours at the work of workload.sql. Reads the document from standard input, writes
# answers (peer,hours,operation,input,answer) to the file named, prints peer,hours,operation,ns.
#
# Its answers are made comparable without more work for it: a period includes its last second, so
# the open time up to an instant is that up to the second before; what is added counts from zero.
# One preparation for all years for "between"; "add_seconds" always prepares its own.
use strict;
use warnings;
use Business::Hours;
use JSON::PP;
use Time::HiRes qw(time);

my $work = decode_json(do { local $/; <STDIN> });
open my $answers, '>', $ARGV[0] or die "$ARGV[0]: $!";

sub measure
{
	my ($hours, $operation, $compute) = @_;
	my @inputs = @{ $work->{inputs} };
	$compute->(@$_) for @inputs[ 0 .. 19 ];
	my $started = time;
	my @results = map { $compute->(@$_) } @inputs;
	printf "business-hours,%s,%s,%.0f\n", $hours, $operation, (time - $started) / @inputs * 1e9;
	print $answers "business-hours,$hours,$operation,$inputs[$_][0],$results[$_]\n"
	  for 0 .. $#inputs;
	return;
}

foreach my $hours (sort keys %{ $work->{hours} })
{
	my %week;
	foreach my $day (1 .. 7)
	{
		my @spans = map { [ split /-/ ] } @{ $work->{hours}{$hours}{$day} || [] } or next;
		$week{ $day % 7 } = {
			Name => $day,
			Start => $spans[0][0],
			End => $spans[-1][1],
			Breaks => [
				map { { Start => $spans[ $_ - 1 ][1], End => $spans[$_][0] } } 1 .. $#spans ] };
	}
	my $calendar = Business::Hours->new;
	$calendar->business_hours(%week, holidays => $work->{closed});
	measure($hours, 'add', sub { $calendar->add_seconds($_[1], 9 * 3600 - 1) + 1 });

	my @instants = sort { $a <=> $b } map { @$_[ 1, 2 ] } @{ $work->{inputs} };
	$calendar->for_timespan(Start => $instants[0], End => $instants[-1]);
	measure($hours, 'between', sub { $calendar->between($_[1], $_[2] - 1) });
}
