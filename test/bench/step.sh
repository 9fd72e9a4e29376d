#!/bin/bash
# Benchmark of a step: osm.perform() against plain PL/pgSQL triggers, see step.sql, by one client
# and by four.
#
# Needs a running server, reached by PGHOST, PGPORT, PGUSER (a superuser); with fsync on, or the
# figures mean less. Makes and drops the database osm_bench_step. OSM_BENCH_ROUNDS rounds (5) of
# OSM_BENCH_SECONDS seconds (4) each.
#
# Hazard that shaped it: a machine's speed wanders. The three take turns in each round, and the
# ratio of medians is what counts.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
database=osm_bench_step
rounds=${OSM_BENCH_ROUNDS:-5}
seconds=${OSM_BENCH_SECONDS:-4}
scratch=${TMPDIR:-/tmp}/osm_bench_step_$$
export PGOPTIONS='-c client_min_messages=warning'

run() { psql -X -q -v ON_ERROR_STOP=1 "$@" </dev/null; }
run -d postgres -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
trap 'rm -f "$scratch"*; run -d postgres -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"' EXIT
run -d "$database" -o /dev/null -c 'CREATE EXTENSION osm_workflow' -c 'SELECT osm.install()' \
    -f "$here/step.sql" -c 'VACUUM ANALYZE'
first=$(run -A -t -d "$database" -c 'SELECT min(id) FROM osm.incident')
for peer in osm full bare; do
    printf '%s\n' "\set id $first + 4 * random(0, 1999) + :client_id" \
        "SELECT ${peer}_step(:id, 'go', '{\"comment\": \"because\"}');" \
        "SELECT ${peer}_step(:id, 'return', '{\"reason\": \"done\"}');" \
        >"$scratch.$peer.sql"
done

# One step there and back by both, and what of the rows differs but numbers, instants and digests.
last=$(run -A -t -d "$database" -c 'SELECT max(id) FROM osm.incident')
for peer in osm full; do
    run -d "$database" -o /dev/null \
        -c "SELECT ${peer}_step($last, 'go', '{\"comment\": \"because\"}')" \
        -c "SELECT ${peer}_step($last, 'return', '{\"reason\": \"done\"}')"
done
differ=$(
    for table in incident event clock clock_segment notification; do
        for side in osm peer; do
            run -A -t -d "$database" -c "SELECT '$table: ' || regexp_replace(to_jsonb(t)::text,
                '[0-9a-f]{64}|[0-9]+', '#', 'g') FROM $side.$table AS t
                WHERE $([ $table = incident ] && echo id || echo incident_id) = $last ORDER BY 1" \
                >"$scratch.$side"
        done
        diff "$scratch.osm" "$scratch.peer" || true
    done
)
if [ -n "$differ" ]; then
    printf 'The peer does not write the same rows:\n%s\n' "$differ" >&2
    exit 1
fi

tps() { # PEER CLIENTS: steps a second; each client has incidents of its own
    pgbench -n -M prepared -c "$2" -j "$2" -T "$seconds" -f "$scratch.$1.sql" "$database" \
        2>"$scratch.log" </dev/null | awk '/^tps = / { print 2 * $3 }' ||
        { cat "$scratch.log" >&2; exit 1; }
}
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
verdict() { # WHAT OURS PEER GOAL
    awk -v what="$1" -v a="$2" -v b="$3" -v goal="$4" 'BEGIN {
        printf "  %s: %.2f x (at least %s): %s\n", what, a / b, goal,
            (a >= goal * b) ? "ok" : "MISSED" }'
}

echo "Steps a second, fsync $(run -A -t -d postgres -c 'SHOW fsync')," \
    "median of $rounds rounds of $seconds s"
for clients in 1 4; do
    for ((round = 0; round < rounds; round++)); do
        for peer in osm full bare; do
            tps "$peer" "$clients" >>"$scratch.$peer.$clients"
        done
    done
    ours=$(median "$scratch.osm.$clients") full=$(median "$scratch.full.$clients")
    bare=$(median "$scratch.bare.$clients")
    printf '%d client(s): osm %.0f, same rows in PL/pgSQL %.0f, check and audit row %.0f\n' \
        "$clients" "$ours" "$full" "$bare"
    verdict 'against the same rows' "$ours" "$full" 1.5
    verdict 'against check and audit row' "$ours" "$bare" 0.4
done
