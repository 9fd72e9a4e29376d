# OsmTest: what the TAP tests share.
#
# Hazard that shaped it: a server of PostgreSQL::Test::Cluster knows nothing of an extension that
# was only installed below DESTDIR; every node has to be told before its first start.
package OsmTest;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(osm_configure osm_node osm_database sqlstate_of);

# pg_config_value OPTION: what pg_config says to --OPTION.
sub pg_config_value
{
	my ($option) = @_;
	my $program = $ENV{PG_CONFIG} || 'pg_config';
	my $value = qx{"$program" --$option};
	chomp $value;
	die "$program --$option says nothing" if $value eq '';
	return $value;
}

# osm_configure NODE: makes the node find the extension below $ENV{DESTDIR}, if that is set; to be
# called on a standby too, when its backup comes from a node that was not configured.
sub osm_configure
{
	my ($node) = @_;
	my $destdir = $ENV{DESTDIR} or return;
	my $sharedir = pg_config_value('sharedir');
	my $libdir = pg_config_value('pkglibdir');
	my $sample = slurp_file("$sharedir/postgresql.conf.sample");
	if ($sample =~ /extension_destdir/)
	{
		$node->append_conf('postgresql.conf', "extension_destdir = '$destdir'");
	}
	elsif ($sample =~ /extension_control_path/)
	{
		$node->append_conf('postgresql.conf',
			"extension_control_path = '$destdir$sharedir:\$system'");
	}
	else
	{
		return;
	}
	$node->append_conf('postgresql.conf',
		"dynamic_library_path = '$destdir$libdir:\$libdir'");
	return;
}

# osm_node NAME, preload => BOOL, conf => TEXT, init => [ARGUMENTS OF init]: an initialised node,
# not started. With preload the background worker is registered.
sub osm_node
{
	my ($name, %option) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(@{ $option{init} || [] });
	osm_configure($node);
	$node->append_conf('postgresql.conf', "timezone = 'Europe/Moscow'");
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'osm_workflow'")
	  if $option{preload};
	$node->append_conf('postgresql.conf', $option{conf}) if defined $option{conf};
	return $node;
}

# osm_database NODE, DATABASE: a new database with the extension and its tables.
sub osm_database
{
	my ($node, $database) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION osm_workflow');
	$node->safe_psql($database, 'SELECT osm.install()');
	return;
}

# sqlstate_of NODE, DATABASE, SQL, connection parameters: the SQLSTATE the statement ends with,
# '00000' when it succeeds.
sub sqlstate_of
{
	my ($node, $database, $sql, %option) = @_;
	my ($code, $stdout, $stderr) = $node->psql($database, "\\set VERBOSITY sqlstate\n$sql",
		on_error_stop => 1, %option);
	return '00000' if $code == 0;
	return $1 if $stderr =~ /(?:ERROR|FATAL):\s+([0-9A-Z]{5})/;
	return $stderr;
}

1;
