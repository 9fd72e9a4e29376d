#!/bin/bash
# Benchmark of a step: osm.perform() against plain PL/pgSQL triggers, see step.sql, by one client
# and by four.
#
# Needs a running server, reached by PGHOST, PGPORT, PGUSER (a superuser); with fsync on, or the
# figures mean less. Makes and drops the database osm_bench_step. OSM_BENCH_ROUNDS rounds (5) of
# OSM_BENCH_SECONDS seconds (4) each.
#
# Hazard that shaped it: a machine's speed wanders. The three take turns in each round, each
# the first in one of three, and the ratio of medians is what counts.
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

# One step there and back by both: the rows are the same but for digests, the keys of clocks and
# messages, and time, of which what matters is a minute apart at most.
last=$(run -A -t -d "$database" -c 'SELECT max(id) FROM osm.incident')
for peer in osm full; do
    run -d "$database" -o /dev/null \
        -c "SELECT ${peer}_step($last, 'go', '{\"comment\": \"because\"}')" \
        -c "SELECT ${peer}_step($last, 'return', '{\"reason\": \"done\"}')"
done
for table in incident event clock clock_segment notification; do
    for side in osm peer; do
        run -A -t -d "$database" -o "$scratch.$side" -c "SELECT '$table: ' || regexp_replace(
            (to_jsonb(t) - ARRAY[$([ $table = incident ] || echo "'id', ")'clock_id', 'used'])
            ::text, '[0-9a-f]{64}|[0-9-]{10}[T ][0-9:.]{8,}(Z|[+-][0-9:]+)|(\"clock\": )[0-9]+',
            '\2#', 'g')
            FROM $side.$table AS t
            WHERE t.$([ $table = incident ] && echo id || echo incident_id) = $last ORDER BY 1"
        [ -s "$scratch.$side" ] || { echo "$side.$table has no row of the step" >&2; exit 1; }
    done
    diff "$scratch.osm" "$scratch.peer" || { echo 'The peer writes other rows' >&2; exit 1; }
done
instants=$(run -A -t -d "$database" -c "SELECT count(*) FROM osm.clock AS o JOIN peer.clock AS p
    USING (incident_id, cycle_no) WHERE o.incident_id = $last
    AND abs(extract(epoch FROM o.due_at - p.due_at)) < 60
    AND abs(extract(epoch FROM o.stopped_at - p.stopped_at)) < 60
    AND abs(osm.business_seconds(o.used) - osm.business_seconds(p.used)) < 60")
[ "$instants" = 1 ] || { echo 'The peer counts another term' >&2; exit 1; }

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
        for turn in 0 1 2; do
            peers=(osm full bare)
            peer=${peers[(round + turn) % 3]}
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
