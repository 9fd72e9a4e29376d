#!/bin/bash
# run.sh: a demonstration on a throw-away server. Installs the tools that are missing, builds the
# extension, starts a server with the background worker, feeds it demo/NN_*.sql in order and leaves
# it running; demo/stop ends it and removes everything.
#
# The scripts run in database "demo" with ON_ERROR_STOP on; one that shows a refusal switches it off
# around it. The folder is $OSM_DEMO_DIR, /tmp/osm_workflow_demo if unset.
set -euo pipefail
. "$(dirname "$0")/../test/lib/common.sh"

DEMO=${OSM_DEMO_DIR:-/tmp/osm_workflow_demo}
choose_server

if [ -z "${OSM_DEMO_READY:-}" ]; then
    install_tools
    "$TOP/demo/stop"
    mkdir -m 700 "$DEMO"
    copy_tree "$DEMO/src"
    if [ "$(id -u)" = 0 ]; then
        chown -R "$(ordinary_user):" "$DEMO"
    fi
    as_ordinary_user env OSM_DEMO_READY=1 OSM_DEMO_DIR="$DEMO" LANG=C.UTF-8 \
        "$DEMO/src/demo/run.sh" </dev/null
    exit
fi

cd "$DEMO"
build_and_install "$DEMO/src" "$DEMO/build" "$DEMO/install" >build.log 2>&1 ||
    { cat build.log; die 'the build failed'; }
start_server "$DEMO/server" "$DEMO/install" "shared_preload_libraries = 'osm_workflow'" \
    "timezone = 'Europe/Moscow'" "datestyle = 'ISO, DMY'" ||
    die 'the server did not start'
psql() { "$("$PG_CONFIG" --bindir)/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }
psql -d postgres -c 'CREATE DATABASE demo'
psql -d demo -c 'CREATE EXTENSION osm_workflow'
for script in "$DEMO"/src/demo/[0-9]*.sql; do
    [ -e "$script" ] || die 'no demonstration script found'
    say "$(basename "$script" .sql)"
    psql -d demo -f "$script"
done

cat <<TEXT

The server is running. Look around:
    $("$PG_CONFIG" --bindir)/psql -h $PGHOST -U postgres demo
    SELECT * FROM osm.incident_overview;
End it and remove everything:
    demo/stop
TEXT
