# Shell functions shared by test/check.sh and demo/run.sh: tools, a private copy of the tree, a
# build installed nowhere, and a throw-away server on it. To be sourced by bash.
#
# Hazards that shaped it:
# - PostgreSQL refuses to run as root, and a build by root leaves files its owner cannot remove: so
#   nothing is ever built in the tree itself, and root hands over to the user "postgres".
# - Debian starts a cluster as soon as a server package is installed; ours must leave none behind.
# - An extension that is not installed is found in three different ways, see server_settings.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '== %s\n' "$*"; }
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# choose_server: sets PG_CONFIG and PGVER from either of them, from the environment; 15 by default.
choose_server() {
    if [ -n "${PG_CONFIG:-}" ] && command -v "$PG_CONFIG" >/dev/null; then
        PG_CONFIG=$(command -v "$PG_CONFIG")
        PGVER=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
    else
        [ -z "${PG_CONFIG:-}" ] || die "PG_CONFIG=$PG_CONFIG is not there"
        PGVER=${PGVER:-15}
        PG_CONFIG=/usr/lib/postgresql/$PGVER/bin/pg_config
    fi
    export PG_CONFIG PGVER
}

# privileged COMMAND...: runs it as root.
privileged() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "not root and no sudo; ask an administrator to run: $*"
    fi
}

# install_tools: brings the missing Debian packages. Not on another system: there the compiler then
# says what it misses.
install_tools() {
    command -v dpkg-query >/dev/null || return 0
    local package missing=()
    local wanted=(make gcc libc6-dev perl libcmocka-dev libipc-run-perl)
    case $PG_CONFIG in
        /usr/lib/postgresql/*)
            wanted+=("postgresql-$PGVER" "postgresql-server-dev-$PGVER")
            wanted+=("postgresql-$PGVER-plpgsql-check" python3-psycopg2)
            ;;
    esac
    for package in "${wanted[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    # In a file of its own for as long as the installation runs: no default cluster.
    privileged sh -ec '
        folder=/etc/postgresql-common/createcluster.d
        made=
        for d in /etc/postgresql-common "$folder"; do
            [ -d "$d" ] || { mkdir "$d" && made="$d $made"; }
        done
        log=$(mktemp)
        trap "rm -f $log $folder/osm-none.conf; rmdir --ignore-fail-on-non-empty $made" EXIT
        echo "create_main_cluster = false" >"$folder/osm-none.conf"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get -q update && apt-get -q -y --no-install-recommends install "$@"; } \
            >"$log" 2>&1 || { cat "$log"; exit 1; }
        ' install-tools "${missing[@]}" </dev/null || die "could not install ${missing[*]}"
}

# copy_tree FOLDER: what git would commit, without what builds leave behind.
copy_tree() {
    mkdir -p "$1"
    tar -C "$TOP" --exclude=./.git --exclude='*.o' --exclude='*.so' --exclude='*.bc' \
        --exclude='*.d' --exclude='./osm_workflow--*.sql' --exclude=./tmp_check \
        --exclude=./results --exclude='./test/*/build' -cf - . | tar -C "$1" -xf -
}

# ordinary_user: who runs the servers.
ordinary_user() {
    if [ "$(id -u)" = 0 ]; then echo postgres; else id -un; fi
}

# as_ordinary_user COMMAND...: with the environment as it is, but for the home folder.
as_ordinary_user() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- env HOME="$(getent passwd postgres | cut -d: -f6)" \
            USER=postgres LOGNAME=postgres "$@"
    else
        "$@"
    fi
}

# build_and_install SOURCE BUILD INSTALL: builds SOURCE in folder BUILD, installs below INSTALL.
build_and_install() {
    mkdir -p "$2" "$3"
    make -s -C "$2" -f "$1/Makefile" VPATH="$1" WERROR=1 with_llvm=no PG_CONFIG="$PG_CONFIG" &&
        make -s -C "$2" -f "$1/Makefile" VPATH="$1" with_llvm=no PG_CONFIG="$PG_CONFIG" \
            DESTDIR="$3" install
}

# server_settings INSTALL: lines of postgresql.conf that make a server find what lies below INSTALL.
# Debian's servers up to 17 have extension_destdir, PostgreSQL 18 has extension_control_path. A
# server with neither is one built by hand: there the extension has to be installed for good.
server_settings() {
    local sample
    sample=$("$PG_CONFIG" --sharedir)/postgresql.conf.sample
    if grep -q extension_destdir "$sample"; then
        echo "extension_destdir = '$1'"
    elif grep -q extension_control_path "$sample"; then
        echo "extension_control_path = '$1$("$PG_CONFIG" --sharedir):\$system'"
    else
        return 0
    fi
    echo "dynamic_library_path = '$1$("$PG_CONFIG" --pkglibdir):\$libdir'"
}

# start_server FOLDER INSTALL [LINE OF postgresql.conf]...: a new server, reachable only through the
# socket in FOLDER; superuser "postgres", no password. Sets PGHOST, PGPORT, PGUSER.
start_server() {
    local folder=$1 install=$2 bin
    shift 2
    bin=$("$PG_CONFIG" --bindir)
    mkdir -p "$folder"
    "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N \
        </dev/null >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log"; return 1; }
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$folder'"
        echo "port = ${OSM_PORT:-5432}"
        echo "log_line_prefix = '%m [%p] %q%a '"
        server_settings "$install"
        printf '%s\n' "$@"
    } >>"$folder/data/postgresql.conf"
    export PGHOST=$folder PGPORT=${OSM_PORT:-5432} PGUSER=postgres
    "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 start \
        </dev/null >/dev/null 2>&1 || { tail -n 40 "$folder/server.log"; return 1; }
}

# stop_server FOLDER
stop_server() {
    [ -f "$1/data/postmaster.pid" ] || return 0
    "$("$PG_CONFIG" --bindir)/pg_ctl" -D "$1/data" -m immediate -w stop </dev/null >/dev/null 2>&1
}
