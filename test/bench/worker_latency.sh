#!/bin/bash
# Benchmark of the background worker: how soon a due term is flagged for others to see, what an
# idle cluster costs, what many terms of one instant cost, and whether finished clocks make a pass
# dearer.
#
# Needs a running server that preloads the library, reached by PGHOST, PGPORT, PGUSER (a superuser).
# Makes and drops the database osm_bench_worker; sets osm_workflow.databases meanwhile.
# OSM_BENCH_CLOCKS running clocks (1000000), OSM_BENCH_IDLE seconds of idleness (65).
#
# Hazard that shaped it: reading in a tight loop is the only way to see when a flag becomes visible,
# and takes a processor from what is measured; so only one loop runs, and only around an instant.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
database=osm_bench_worker
clocks=${OSM_BENCH_CLOCKS:-1000000}
idle=${OSM_BENCH_IDLE:-65}
scratch=${TMPDIR:-/tmp}/osm_bench_$$
export PGOPTIONS='-c client_min_messages=warning'

run() { psql -X -q -v ON_ERROR_STOP=1 "$@" </dev/null; }
ask() { run -A -t -d "$database" -c "$1"; }
verdict() { awk -v v="$1" -v goal="$2" 'BEGIN { print (v <= goal) ? "ok" : "MISSED" }'; }
until_true() {
    local i
    for ((i = 0; i < 6000; i++)); do
        [ "$(ask "SELECT ($1)")" != t ] || return 0
        run -d postgres -c 'SELECT pg_sleep(0.05)' -o /dev/null
    done
    echo "gave up waiting for: $1" >&2
    return 1
}
ready="SELECT state = 'ready' AND NOT running FROM osm.worker_status() WHERE database = '$database'"

run -d postgres -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
clean_up() {
    rm -f "$scratch"*
    run -d postgres -o /dev/null -c 'ALTER SYSTEM RESET osm_workflow.databases' \
        -c 'SELECT pg_reload_conf()'
    run -d postgres -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"
}
trap clean_up EXIT
run -d "$database" -o /dev/null -c 'CREATE EXTENSION osm_workflow' -c 'SELECT osm.install()' \
    -f "$here/worker_latency.sql"
[ "$(ask 'SELECT count(*) FROM osm.worker_launcher()')" = 1 ] || {
    echo 'the server does not preload osm_workflow' >&2
    exit 1
}
for ((i = 0; i < clocks; i += 100000)); do
    run -d "$database" -c "CALL copies(1000000 + $i, 1000000 + $i + least(100000, $clocks - $i) - 1,
        '2100-01-01', false)"
done
run -d "$database" -c 'VACUUM ANALYZE'
run -d postgres -o /dev/null -c "ALTER SYSTEM SET osm_workflow.databases = '$database'" \
    -c 'SELECT pg_reload_conf()'
until_true "$ready"
echo "$(ask 'SELECT count(*) FROM osm.clock WHERE flagged_at IS NULL') running clocks"

echo 'Due to visible: forty instants 150 to 250 ms apart, seen by a session that reads in a loop'
run -d "$database" -o /dev/null -c "SELECT due_at(clock_timestamp() + interval '3 s'
    + i * interval '200 ms' + random() * interval '50 ms') FROM generate_series(1, 40) AS i"
read -r p50 p99 max < <(PGOPTIONS='' run -A -t -F ' ' -d "$database" -f "$here/worker_watch.sql")
echo "  p50 $p50 ms (at most 10): $(verdict "$p50" 10)"
echo "  p99 $p99 ms (at most 50): $(verdict "$p99" 50), longest $max ms"
echo '  (a scheduler whose finest schedule is a second: 500 ms and 990 ms at best)'

echo "Idle for $idle seconds"
until_true "$ready"
counts="SELECT wakes, workers_started, (SELECT sum(passes) FROM osm.worker_status())
    FROM osm.worker_launcher()"
launcher=$(ask 'SELECT pid FROM osm.worker_launcher()')
switches() {
    awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$launcher/status" 2>/dev/null || echo 0
}
IFS='|' read -r wakes starts passes < <(ask "$counts")
before=$(switches)
run -d postgres -c "SELECT pg_sleep($idle)" -o /dev/null
IFS='|' read -r wakes2 starts2 passes2 < <(ask "$counts")
wakes=$((wakes2 - wakes)) goal=$(((idle + 59) / 60))
echo "  launcher woke $wakes times (at most $goal): $(verdict "$wakes" "$goal");" \
    "$((starts2 - starts)) workers, $((passes2 - passes)) passes," \
    "$(($(switches) - before)) context switches of the launcher"

echo '100,000 clocks due in the same second, and a foreground of registrations'
cat >"$scratch.sql" <<'SQL'
SELECT due_at('2100-01-01 12:00+03');
SQL
foreground() { # SECONDS NAME: latencies of one client, in microseconds
    rm -f "${scratch}_$2".*
    pgbench -n -c 1 -T "$1" -l --log-prefix="${scratch}_$2" \
        -f "$scratch.sql" "$database" >/dev/null 2>&1 </dev/null
    cat "${scratch}_$2".* | awk '{ print $3 }' | sort -n |
        awk '{ v[NR] = $1 } END { printf "%.2f\n", v[int(NR * 0.99)] / 1000 }'
}
alone=$(foreground 6 alone)
run -d "$database" -c "SET session_replication_role = replica;
    UPDATE osm.clock SET due_at = date_trunc('second', clock_timestamp()) + interval '6 s'
        + (id % 1000) * interval '1 ms'
    WHERE id BETWEEN 1000000 AND 1000000 + least(100000, $clocks) - 1"
due=$(ask "SELECT max(due_at) FROM osm.clock
    WHERE id >= 1000000 AND due_at < now() + interval '1 h'")
run -d "$database" -o /dev/null -c "SELECT due_at(min(due_at)) FROM osm.clock
    WHERE flagged_at IS NULL"
foreground 10 busy >"$scratch.p99" &
read -r took longest < <(PGOPTIONS='' run -A -t -F ' ' -d "$database" -v due="$due" \
    -f "$here/worker_flood.sql")
wait
busy=$(cat "$scratch.p99")
echo "  all flagged $took s after the last fell due (at most 10): $(verdict "$took" 10)"
echo "  longest transaction of the worker seen $longest s (at most 1): $(verdict "$longest" 1)"
echo "  foreground p99 $busy ms, alone $alone ms, ratio" \
    "$(awk -v a="$busy" -v b="$alone" 'BEGIN { printf "%.2f (at most 2): %s", a / b,
        a <= 2 * b ? "ok" : "MISSED" }')"

echo 'A pass that flags 100 clocks, beside few and many finished ones'
run -d postgres -o /dev/null -c "ALTER SYSTEM SET osm_workflow.databases = 'none_of_them'" \
    -c 'SELECT pg_reload_conf()'
pass() { # OFFSET: median of fifteen passes of one session, ms
    run -d "$database" -c 'VACUUM ANALYZE osm.clock' -c CHECKPOINT
    for round in $(seq 15); do
        echo "SET session_replication_role = replica;"
        echo "UPDATE osm.clock SET due_at = now() - interval '1 s' WHERE id BETWEEN"
        echo "    $1 + $round * 100 AND $1 + $round * 100 + 99;"
        echo 'RESET session_replication_role;'
        printf '%s\n' '\timing on' 'SELECT breaches FROM osm.tick();' '\timing off'
    done | psql -X -q -d "$database" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | sort -n | sed -n 8p
}
few=$(pass $((1000000 + clocks - 10000)))
for ((i = 0; i < clocks; i += 100000)); do
    run -d "$database" -c "CALL copies(20000000 + $i, 20000000 + $i + 99999, '2020-01-01', true)"
done
many=$(pass $((1000000 + clocks - 20000)))
echo "  $few ms beside none, $many ms beside $clocks finished:" \
    "$(awk -v a="$many" -v b="$few" 'BEGIN { printf "%.2f (at most 1.2): %s", a / b,
        a <= 1.2 * b ? "ok" : "MISSED" }')"
