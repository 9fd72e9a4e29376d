#!/bin/bash
# Benchmark of business time; prints ratios. Needs a running server with the extension installed,
# reached by PGHOST, PGPORT, PGUSER (a superuser). Makes and drops the database osm_bench_time.
#
# Hazard that shaped it: machines differ and neighbours disturb. Every figure is a median and every
# goal a ratio inside one run, except the first call: an absolute time of fresh backends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
database=osm_bench_time

run() {
    psql -X -q -v ON_ERROR_STOP=1 "$@" </dev/null
}

run -d postgres -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
trap 'run -d postgres -c "DROP DATABASE IF EXISTS $database"' EXIT
run -d "$database" -o /dev/null -c 'CREATE EXTENSION osm_workflow' \
    -c 'SET client_min_messages = warning' -c 'SELECT osm.install()' -f "$here/calendars.sql"
run -d "$database" -f "$here/business_time.sql"

# The whole statement as its client sees it, in backends that have done nothing else yet.
echo 'First call in a fresh backend (ru and three overlays)'
for round in 1 2 3 4 5 6 7 8 9 10 11; do
    psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$database" <<'SQL'
SELECT clock_timestamp() AS started \gset
SELECT osm.add_business_time('2026-03-02 10:00+07', '9h', 'bench-body') AS due \gset
SELECT extract(epoch FROM clock_timestamp() - :'started') * 1000;
SQL
done | sort -n | awk '{ ms[NR] = $1 }
    END { printf "  median %.2f ms, best %.2f, worst %.2f (at most 5 ms): %s\n",
          ms[int((NR + 1) / 2)], ms[1], ms[NR], ms[int((NR + 1) / 2)] <= 5 ? "ok" : "MISSED" }'
