#!/bin/bash
# Benchmark of business time: the goals of docs/calendar-core.md and what this run measured, five
# runs in turn, medians. Needs a running server with the extension installed, reached by PGHOST,
# PGPORT, PGUSER (a superuser) on this machine. Makes and drops the database osm_bench_time.
# OSM_BENCH_RUNS: how many runs (5).
#
# Hazards that shaped it:
# - Machines differ and neighbours disturb: a goal is a ratio inside one run wherever it can be.
# - The peers are other people's software: it is unpacked into a scratch folder as an ordinary user,
#   nothing is installed, and what cannot be had is skipped.
set -euo pipefail
here=$(cd "$(dirname "$0")/business_time" && pwd)
database=osm_bench_time
runs=${OSM_BENCH_RUNS:-5}
export PGOPTIONS='-c client_min_messages=warning -c timezone=Europe/Moscow'

run() { psql -X -q -v ON_ERROR_STOP=1 "$@" </dev/null; }
load() { psql -X -q -v ON_ERROR_STOP=1 -d "$database" -c "\\copy $1 FROM stdin WITH (FORMAT csv)"; }

scratch=$(mktemp -d "${TMPDIR:-/tmp}/osm_bench.XXXXXX")
clean_up() {
    rm -rf "$scratch"
    run -d postgres -c "DROP DATABASE IF EXISTS $database"
}
trap clean_up EXIT

# Debian's package of Business::Hours; the package lists too are brought if there are none.
fetch_perl() {
    local packages=(libbusiness-hours-perl libset-intspan-perl) lists=$scratch/lists
    local own=(-o "Dir::State::Lists=$lists" -o "Dir::Cache=$scratch/cache")
    mkdir -p "$scratch/deb" "$lists/partial" "$scratch/cache/archives/partial"
    cd "$scratch/deb"
    apt-get -q download "${packages[@]}" ||
        { apt-get -q "${own[@]}" update && apt-get -q "${own[@]}" download "${packages[@]}"; } ||
        return
    local package
    for package in *.deb; do
        dpkg -x "$package" "$scratch/perl" || return
    done
}

fetch_node() {
    mkdir -p "$scratch/node"
    cp "$here/package.json" "$scratch/node"
    npm_config_cache=$scratch/npm npm install --prefix "$scratch/node" --ignore-scripts \
        --no-audit --no-fund --no-update-notifier
}

# have PEERS FETCH PROGRAM...: fetches some peers, or says that they are skipped.
have() {
    local peers=$1 fetch=$2 program
    shift 2
    for program in "$@"; do
        command -v "$program" >/dev/null || {
            echo "ok business_time against $peers # SKIP no $program on this machine"
            return 1
        }
    done
    ("$fetch") >"$scratch/fetch.log" 2>&1 </dev/null || {
        echo "ok business_time against $peers # SKIP it could not be fetched:" \
            "$(grep -m 1 -iE '^(e:|npm err)' "$scratch/fetch.log")"
        return 1
    }
}

# peer RUN NAME COMMAND...: one run of a peer, over to the database.
peer() {
    local n=$1 name=$2
    shift 2
    TZ=Europe/Moscow "$@" "$scratch/$name.csv" <"$scratch/workload.json" |
        sed "s/^/$n,/" | load bench_theirs
}

run -d postgres -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
run -d "$database" -o /dev/null -c 'CREATE EXTENSION osm_workflow' -c 'SELECT osm.install()' \
    -f "$here/setup.sql"
run -d "$database" -A -t -o "$scratch/workload.json" -f "$here/workload.sql"

perl='' node='' dblink=''
! have 'Business::Hours' fetch_perl apt-get dpkg perl || perl=1
! have 'moment-business-time and opening_hours' fetch_node node npm || node=1
if [ "$(run -A -t -d "$database" -c \
    "SELECT count(*) FROM pg_available_extensions WHERE name = 'dblink'")" = 1 ]; then
    dblink=1
else
    echo 'ok business_time invalidation # SKIP the server has no dblink'
fi

echo "PostgreSQL $(run -A -t -d "$database" -c 'SHOW server_version'), $(nproc) processors"
[ -z "$perl" ] || echo "Perl $(perl -e 'print $^V'), $(cd "$scratch/deb" && ls -- *business*)"
[ -z "$node" ] || echo "Node.js $(node --version)," \
    "$(sed -n 's/^ *"\(m.*\|o.*\)": "\([0-9.]*\)".*/\1 \2/p' "$here/package.json" | paste -sd, -)"
echo "$(uptime | sed 's/.*load/load/') before"
for ((n = 1; n <= runs; n++)); do
    run -d "$database" -v run="$n" -f "$here/ratios.sql"
    for _ in 1 2 3 4 5; do
        run -d "$database" -v run="$n" -f "$here/first.sql"
    done
    [ -z "$dblink" ] || run -d "$database" -v run="$n" -f "$here/invalidate.sql"
    [ -z "$perl$node" ] || run -d "$database" -v run="$n" -f "$here/ours.sql"
    [ -z "$perl" ] ||
        peer "$n" business-hours perl -I "$scratch/perl/usr/share/perl5" "$here/peer.pl"
    [ -z "$node" ] || for name in moment-business-time opening_hours; do
        peer "$n" "$name" env NODE_PATH="$scratch/node/node_modules" node "$here/peer.js" "$name"
    done
done
for answers in "$scratch"/*.csv; do
    [ ! -e "$answers" ] || load bench_answer <"$answers"
done
run -d "$database" -f "$here/report.sql"
[ -z "$perl$node" ] || run -d "$database" -f "$here/report_peers.sql"
echo "Five first calls and ten changes a run; $runs runs;$(uptime | sed 's/.*load/ load/') after"
