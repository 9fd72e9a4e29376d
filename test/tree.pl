# The repository agrees with itself: versions, tests and their expected files, released scripts,
# line lengths, a core without PostgreSQL. Needs no server.
use strict;
use warnings;
use Digest::SHA;
use File::Basename;
use File::Find;
use JSON::PP;
use Test::More;

sub slurp
{
	my ($path) = @_;
	open my $in, '<:encoding(UTF-8)', $path or die "$path: $!";
	local $/;
	return scalar <$in>;
}

# names GLOB, SUFFIX: base names without the suffix.
sub names
{
	my ($glob, $suffix) = @_;
	return map { basename($_, $suffix) } sort glob($glob);
}

# no_finding WHAT, LIST: passes when the list is empty, shows it otherwise.
sub no_finding
{
	my ($what, @found) = @_;
	is(join("\n", @found), '', $what);
	return;
}

# Version: written in the control file only.
my ($version) = slurp('osm_workflow.control') =~ /^default_version\s*=\s*'([0-9.]+)'/m;
like($version, qr/^\d+\.\d+\.\d+$/, 'the control file has a version');
my $meta = decode_json(do { open my $m, '<', 'META.json' or die $!; local $/; <$m> });
is($meta->{version}, $version, 'META.json has the same version');
is($meta->{provides}{osm_workflow}{version}, $version, 'META.json provides the same version');
like(slurp('CHANGELOG.md'), qr/^## \Q$version\E\b/m, 'CHANGELOG.md speaks of this version');

# Every test has an expectation, and no expectation lost its test.
foreach my $pair (
	[ 'sql/*.sql', '.sql', 'expected' ],
	[ 'test/isolation/specs/*.spec', '.spec', 'test/isolation/expected' ])
{
	my ($glob, $suffix, $folder) = @$pair;
	my %test = map { $_ => 1 } names($glob, $suffix);
	my %expected = map { $_ => 1 } names("$folder/*.out", '.out');
	no_finding("every $glob has an expected file", grep { !$expected{$_} } sort keys %test);
	no_finding("every file of $folder has a test",
		grep { my $name = $_; !$test{$name} && !$test{ $name =~ s/_\d$//r } }
		  sort keys %expected);
}

# A released script never changes again.
my %sum = -e 'sql/released/SHA256SUMS' ? reverse map { split } split /\n/,
  slurp('sql/released/SHA256SUMS') : ();
no_finding('released scripts are as they were released',
	grep { Digest::SHA->new(256)->addfile($_)->hexdigest ne ($sum{ basename $_} // '') }
	  glob('sql/released/*.sql'));

my @files;
find({ no_chdir => 1, wanted => sub {
		$File::Find::prune = 1 if m{^\./(\.git|tmp_check|results)$|/build$};
		push @files, s{^\./}{}r if -f; } }, '.');
@files = sort grep { !m{\.(o|so|bc|d)$|^osm_workflow--} } @files;

no_finding('src/core includes nothing of PostgreSQL',
	grep { m{^src/core/} && slurp($_) =~ /postgres\.h|\b(?:palloc|ereport|elog)\b/ } @files);

no_finding('no source file is longer than 900 lines',
	grep { m{^(src|sql/install|sql/tables)/} && (() = slurp($_) =~ /\n/g) > 900 } @files);

# Width as an editor shows it, tabs four columns wide. Two things cannot be broken: a message in C,
# which is one literal so that it can be searched for, and a psql command.
my @wide;
foreach my $file (grep { m{\.(c|h|pm|pl|sh)$|^sql/.*\.sql$|^test/lib/|^Makefile$} } @files)
{
	my $number = 0;
	foreach my $line (split /\n/, slurp($file))
	{
		$number++;
		next if $file =~ m{\.[ch]$} && $line =~ /^\s*(?:errmsg\()?"(?:[^"\\]|\\.)*"[)\s\\,;]*$/;
		next if $file =~ m{\.sql$} && $line =~ /^\\/;
		1 while $line =~ s/^([^\t]*)\t/$1 . ' ' x (4 - length($1) % 4)/e;
		push @wide, "$file:$number" if length $line > 100;
	}
}
no_finding('lines have at most 100 columns', @wide);

no_finding('text files end with a newline and have no trailing blanks',
	grep {
		my $text = slurp($_);
		$text ne '' && ($text !~ /\n\z/ || $text =~ /[ \t]\r?$/m)
	} grep { m{\.(c|h|pm|pl|sh|sql|json|spec|control)$|^Makefile$} } @files);

my @dead;
foreach my $file (grep { m{\.md$} } @files)
{
	foreach my $target (slurp($file) =~ /\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)
	{
		push @dead, "$file: $target" unless -e dirname($file) . "/$target";
	}
}
no_finding('links between pages lead somewhere', @dead);

# What the catalog cannot tell from a default has to be read in the source.
my @unlabelled;
foreach my $file (grep { m{^sql/(install|tables)/.*\.sql$} } @files)
{
	foreach my $statement (slurp($file) =~ /^\s*(CREATE FUNCTION.*?;)[ \t]*$/gms)
	{
		my ($name) = $statement =~ /CREATE FUNCTION\s+([a-z_.]+)/;
		push @unlabelled, "$file: $name"
		  unless $statement =~ /\b(?:IMMUTABLE|STABLE|VOLATILE)\b/ && $statement =~ /\bPARALLEL\b/;
	}
}
no_finding('every function states its volatility and PARALLEL', @unlabelled);

no_finding('every preset is a JSON document',
	grep {
		my $file = $_;
		!eval { decode_json(do { open my $p, '<', $file or die $!; local $/; <$p> }); 1 }
	} glob('sql/presets/*.json'));

no_finding('scripts can be executed',
	grep { slurp($_) =~ /\A#!/ && !-x } grep { !m{\.(gz|png|out)$} } @files);

done_testing();
