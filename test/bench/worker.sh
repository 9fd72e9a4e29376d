#!/bin/bash
# Benchmark of the background worker: how soon a due term is flagged for others to see, beside
# pg_cron; what an idle cluster costs; what 100,000 terms of one second cost the foreground; and
# whether finished clocks make a pass dearer. Prints a row per figure, with its goal.
#
# Run by itself it builds the extension as test/check.sh does. It starts a server of its own, for it
# wants pg_cron preloaded and commits stamped. OSM_BENCH_ROUNDS rounds (5), whose medians count;
# OSM_BENCH_CLOCKS running clocks (1000000) and OSM_BENCH_FINISHED finished ones (10000000, 4 GB of
# disk); OSM_BENCH_NAPTIMES minutes of idleness (2). A quarter of an hour.
#
# Hazards that shaped it:
# - Who watches takes a processor from what is watched. So only one session ever reads in a loop,
#   from 5 ms before an instant, and what a flood did is read off the rows afterwards.
# - A machine's speed wanders. So before and during are two windows of one pgbench, of the same
#   length, and passes beside few and many finished clocks take turns. What it is busy with besides
#   is said: where others work, the foreground's ratio says little.
# - pg_cron is other people's software: it is unpacked into the scratch folder, nothing is
#   installed, and what cannot be had is skipped.
set -euo pipefail
. "$(dirname "$0")/../lib/common.sh"
[ -n "${OSM_BENCH_INSTALL:-}" ] || OSM_BENCH=worker exec "$TOP/test/check.sh" bench

here=$TOP/test/bench/worker
rounds=${OSM_BENCH_ROUNDS:-5} clocks=${OSM_BENCH_CLOCKS:-1000000}
finished=${OSM_BENCH_FINISHED:-10000000} naptimes=${OSM_BENCH_NAPTIMES:-2}
flood=100000
[ $((rounds * flood)) -le "$clocks" ] || die "too few clocks for $rounds rounds of $flood"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/osm_bench.XXXXXX")
trap 'stop_server "$scratch/server"; rm -rf "$scratch"' EXIT
export PGOPTIONS='-c client_min_messages=warning' PGDATABASE=osm_bench

run() { psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 "$@" </dev/null; }
until_true() { # QUERY
    local deadline=$((SECONDS + 300))
    until [ "$(run -c "SELECT ($1)")" = t ]; do
        [ "$SECONDS" -lt "$deadline" ] || die "gave up waiting for: $1"
        run -c 'SELECT pg_sleep(0.1)' >/dev/null
    done
}
percentile() { # P FILE
    sort -n "$2" | awk -v p="$1" '{ v[NR] = $1 }
        END { n = NR * p / 100; i = int(n); print v[i < n ? i + 1 : i] }'
}
median() { percentile 50 "$1"; }
row() { # WHAT VALUE GOAL
    awk -v what="$1" -v value="$2" -v goal="$3" 'BEGIN {
        printf "%-62s | %9.2f | at most %5s | %s\n", what, value, goal,
            value <= goal ? "ok" : "MISSED" }'
}
note() { echo "    $*"; }
skip() { echo "ok worker $1 # SKIP $2"; }
times() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", a / b }'; }
say_load() { note "$(uptime | sed 's/.*load/load/')"; }

# --- a server ------------------------------------------------------------------------------------

cp -R "$OSM_BENCH_INSTALL" "$scratch/install"
fetch_cron() {
    local own=(-o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch/cache")
    mkdir -p "$scratch/deb" "$scratch/lists/partial" "$scratch/cache/archives/partial"
    cd "$scratch/deb"
    apt-get -q download "postgresql-$PGVER-cron" ||
        { apt-get -q "${own[@]}" update &&
            apt-get -q "${own[@]}" download "postgresql-$PGVER-cron"; } || return
    dpkg -x "$scratch"/deb/*.deb "$scratch/install"
}
settings=("max_wal_size = 8GB" "shared_buffers = 1GB" "checkpoint_timeout = 30min"
    "track_commit_timestamp = on" "osm_workflow.databases = 'osm_bench'" "timezone = 'UTC'"
    "cron.use_background_workers = on")
cron='' preload=osm_workflow
if (fetch_cron) >"$scratch/fetch.log" 2>&1 </dev/null; then
    preload=osm_workflow,pg_cron
    cron=$(cd "$scratch/deb" && ls)
fi
start_server "$scratch/server" "$scratch/install" "shared_preload_libraries = '$preload'" \
    "${settings[@]}"

run -d postgres -c 'CREATE DATABASE osm_bench'
run -o /dev/null -c 'CREATE EXTENSION osm_workflow' -c 'SELECT osm.install()' -f "$here/setup.sql" \
    -c "CALL running(1000000, 1000000 + $clocks - 1)" -c 'CALL finished(0, 9999, 10000)' \
    -c 'VACUUM ANALYZE' -c CHECKPOINT
run -d postgres -c 'CREATE DATABASE osm_bench_few TEMPLATE osm_bench' -c CHECKPOINT
ready="SELECT bool_and(state = 'ready' AND NOT running) FROM osm.worker_status()
    WHERE database = 'osm_bench'"
sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1
echo "PostgreSQL $(run -c 'SHOW server_version'), $(nproc) processors," \
    "fsync $(run -c 'SHOW fsync')," \
    "$(run -c "SELECT count(*) FROM osm.clock WHERE state = 'running'") running clocks," \
    "medians of $rounds rounds"

# --- due to visible ------------------------------------------------------------------------------

echo 'Due to visible for another session, 80 instants a round, every tenth after a pause'
say_load
for ((round = 0; round < rounds; round++)); do
    until_true "$ready"
    run -o /dev/null -c "SELECT due_at(clock_timestamp() + interval '3 s' + i * interval '120 ms'
        + i / 10 * interval '1.5 s' + random() * interval '40 ms') FROM generate_series(1, 80) AS i"
    PGOPTIONS='' run -f "$here/watch.sql" >"$scratch/visible.$round"
    percentile 50 "$scratch/visible.$round" >>"$scratch/p50"
    percentile 99 "$scratch/visible.$round" >>"$scratch/p99"
done
p50=$(median "$scratch/p50") p99=$(median "$scratch/p99")
row 'due to visible, p50, ms' "$p50" 10
row 'due to visible, p99, ms' "$p99" 50
note "longest of all: $(cat "$scratch"/visible.* | sort -n | tail -n 1) ms"

# --- an idle cluster, and meanwhile the peer in a copy of the database ---------------------------

until_true "$ready"
echo "Idle for $naptimes minutes; meanwhile pg_cron, in a copy that no worker serves"
say_load
launcher=$(run -c 'SELECT pid FROM osm.worker_launcher()')
counts="SELECT wakes, workers_started, (SELECT sum(passes) FROM osm.worker_status())
    FROM osm.worker_launcher()"
switches() { # PID: how often it gave up the processor
    awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$1/status" 2>/dev/null || echo 0
}
if [ -n "$cron" ]; then
    run -d postgres -c 'CREATE EXTENSION pg_cron'
    schedule=$(run -d postgres -c "SELECT CASE WHEN string_to_array(split_part(extversion, '-', 1),
        '.')::int[] >= '{1,5}'
        THEN '1 seconds' ELSE '* * * * *' END FROM pg_extension WHERE extname = 'pg_cron'")
    scheduler=$(run -d postgres -c "SELECT pid FROM pg_stat_activity
        WHERE backend_type = 'pg_cron launcher'")
    run -d osm_bench_few -f "$here/peer.sql" >"$scratch/peer" &
    peer=$!
    run -d postgres -o /dev/null -c "SELECT cron.schedule_in_database('tick', '$schedule',
        'SELECT osm.tick()', 'osm_bench_few')"
fi
strace=''
if command -v strace >/dev/null; then
    strace -o "$scratch/strace" -p "$launcher" >"$scratch/strace.log" 2>&1 </dev/null &
    strace=$!
fi
read -r wakes starts passes < <(run -c "$counts")
before=$(switches "$launcher") before_peer=$(switches "${scheduler:-0}")
run -c "SELECT pg_sleep($naptimes * 60)" >/dev/null
after=$(switches "$launcher") after_peer=$(switches "${scheduler:-0}")
read -r wakes2 starts2 passes2 < <(run -c "$counts")
row 'wake-ups of the launcher a minute, by osm.worker_launcher()' \
    "$(awk -v n=$((wakes2 - wakes)) -v m="$naptimes" 'BEGIN { print n / m }')" 1
if [ -n "$strace" ] && kill -INT "$strace" 2>/dev/null && wait "$strace"; then :; fi
if [ -s "$scratch/strace" ]; then
    row 'wake-ups of the launcher a minute, by strace' \
        "$(awk -v m="$naptimes" '/^epoll_p?wait.* = / { n++ } END { print n / m }' \
            "$scratch/strace")" 1
    note "$(wc -l <"$scratch/strace") system calls of the launcher in $naptimes minutes"
else
    skip 'wake-ups by strace' "$(head -n 1 "$scratch/strace.log" 2>/dev/null || echo no strace)"
fi
note "$((starts2 - starts)) workers started, $((passes2 - passes)) passes"
note "the launcher gave up the processor $((after - before)) times${strace:+, under strace}"
[ -z "$cron" ] ||
    note "the scheduler of pg_cron gave it up $((after_peer - before_peer)) times"

if [ -n "$cron" ]; then
    wait "$peer"
    run -d postgres -o /dev/null -c "SELECT cron.unschedule('tick')"
    peer50=$(percentile 50 "$scratch/peer") peer99=$(percentile 99 "$scratch/peer")
    note "pg_cron $(run -d postgres -c "SELECT extversion FROM pg_extension
        WHERE extname = 'pg_cron'") ($cron), at its finest, '$schedule', over a minute of terms:"
    note "p50 $peer50 ms, $(times "$peer50" "$p50") times ours," \
        "p99 $peer99 ms, $(times "$peer99" "$p99") times ours"
else
    skip 'pg_cron' "$(grep -m 1 '^E:' "$scratch/fetch.log" || tail -n 1 "$scratch/fetch.log")"
fi

# --- a flood -------------------------------------------------------------------------------------

echo "$flood clocks due in one second; foreground: 50 steps a second by one client"
say_load
printf '%s\n' '\set id random(2, 1000)' 'SELECT foreground(:id);' >"$scratch/foreground.sql"
window=7 # at most, seconds
for ((round = 0; round < rounds; round++)); do
    first=$((1000000 + round * flood))
    block="id BETWEEN $first AND $((first + flood - 1))"
    due=$(run -c "SELECT date_trunc('second', clock_timestamp()) + interval '18 s'")
    run -c 'SET session_replication_role = replica' -c "UPDATE osm.clock
        SET due_at = '$due'::timestamptz + id % 1000 * interval '1 ms' WHERE $block"
    run -c 'VACUUM osm.clock' -c CHECKPOINT
    run -o /dev/null -c "SELECT due_at('$due')" \
        -c "SELECT pg_sleep(extract(epoch FROM '$due' - clock_timestamp()) - $window - 1)"
    pgbench -n -M prepared -c 1 -R 50 -T $((2 * window + 2)) -f "$scratch/foreground.sql" \
        -l --log-prefix="$scratch/flood$round" >/dev/null 2>"$scratch/pgbench.log" </dev/null ||
        die "pgbench: $(cat "$scratch/pgbench.log")"
    until_true "SELECT ($ready) AND NOT EXISTS (SELECT FROM osm.clock
        WHERE state = 'running' AND flagged_at IS NULL AND armed AND due_at < now())"
    [ "$(run -c "SELECT count(flagged_at) FROM osm.clock WHERE $block")" = "$flood" ] ||
        die 'not all were flagged'
    run -v block="$block" -f "$here/flood.sql" >"$scratch/flood"
    read -r start took longest batches <"$scratch/flood"
    echo "$took" >>"$scratch/took"
    echo "$longest" >>"$scratch/longest"
    awk -v start="$start" -v took="$took" -v most="$window" -v out="$scratch" -v round="$round" '
        BEGIN { long = took + 1 < most ? took + 1 : most }
        { at = $5 + $6 / 1e6 - $3 / 1e6 - start }
        at >= -long && at < 0 { print $3 / 1000 >(out "/before." round) }
        at >= 0 && at < long { print $3 / 1000 >(out "/during." round) }' "$scratch/flood$round".*
    percentile 99 "$scratch/before.$round" >>"$scratch/before"
    percentile 99 "$scratch/during.$round" >>"$scratch/during"
    note "round $((round + 1)): $took s, $batches transactions; foreground p50/p99 before" \
        "$(percentile 50 "$scratch/before.$round")/$(tail -n 1 "$scratch/before") ms, during" \
        "$(percentile 50 "$scratch/during.$round")/$(tail -n 1 "$scratch/during") ms," \
        "$(wc -l <"$scratch/during.$round") steps"
done
row "all $flood flagged after the last fell due, s" "$(median "$scratch/took")" 10
row 'longest transaction of the worker, of all rounds, s' "$(percentile 100 "$scratch/longest")" 1
cat "$scratch"/before.* >"$scratch/all_before"
cat "$scratch"/during.* >"$scratch/all_during"
note "foreground p99 of all rounds: before $(percentile 99 "$scratch/all_before") ms," \
    "during $(percentile 99 "$scratch/all_during") ms"
row 'foreground p99 during the flood, over before' \
    "$(awk -v a="$(median "$scratch/during")" -v b="$(median "$scratch/before")" \
        'BEGIN { print a / b }')" 2

# --- finished clocks -----------------------------------------------------------------------------

echo "A pass that flags 50 clocks beside 10,000 finished ones and beside $finished"
run -d postgres -c 'DROP DATABASE osm_bench' \
    -c 'CREATE DATABASE osm_bench_many TEMPLATE osm_bench_few'
for ((i = 10000; i < finished; i += 1000000)); do
    run -d osm_bench_many -c "CALL finished($i, least($i + 1000000, $finished) - 1, $clocks)"
done
for size in few many; do
    run -d "osm_bench_$size" -c 'VACUUM ANALYZE'
done
run -d postgres -c CHECKPOINT
say_load
for ((round = 0; round < rounds; round++)); do
    for size in few many; do
        run -d "osm_bench_$size" -v first=$((1001000 + round * 5000)) -f "$here/pass.sql" \
            >"$scratch/times"
        median "$scratch/times" >>"$scratch/$size"
    done
done
few=$(median "$scratch/few") many=$(median "$scratch/many")
note "$few ms beside 10,000, $many ms beside $(run -d osm_bench_many -c "SELECT count(*)
    FROM osm.clock WHERE state = 'met'")"
row 'cost of a pass beside many finished clocks, over few' \
    "$(awk -v a="$many" -v b="$few" 'BEGIN { print a / b }')" 1.2
note "$SECONDS seconds in all"
