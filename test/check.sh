#!/bin/bash
# check.sh [SUITE...]: builds the extension and runs the suites against throw-away servers.
#
#   tree       the repository agrees with itself     unit    src/core by cmocka, no server
#   regress    sql/ by pg_regress                    isolation   test/isolation
#   tap        test/tap, servers of their own        replay  real logs through the engine, a sample
#   replay-full, bench, torture (kill -9 under load, OSM_KILL_ROUNDS rounds, 200), valgrind (the
#                        unit tests and the tests of business time under memcheck)
#                        only when named
#
# Environment: PGVER or PG_CONFIG choose the server (15); OSM_KEEP=1 keeps the scratch folder;
# OSM_DATA_DIR and OSM_ORACLE_DIR say where optional reference data lie (default ../shared/data and
# ../shared/oracle beside the tree; tests that miss them are skipped and counted as such).
#
# The last line is "N passed, N failed" or "N passed, N failed, N skipped". A suite that is absent,
# breaks off or runs nothing counts as failed: silence is never success.
set -euo pipefail
. "$(dirname "$0")/lib/common.sh"
. "$(dirname "$0")/lib/valgrind.sh"

ALL_SUITES=(tree unit regress isolation tap replay)

# --- as whoever called: tools, a copy of the tree, then over to an ordinary user ---------------

# optional_data NAME FOLDER: the folder as the ordinary user will see it; empty if there is none.
optional_data() {
    if [ -d "$2" ]; then
        if [ "$(id -u)" = 0 ]; then
            cp -rL "$2" "$SCRATCH/$1"
            echo "$SCRATCH/$1"
        else
            (cd "$2" && pwd)
        fi
    fi
}

outside() {
    local status=0
    choose_server
    install_tools
    SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/osm.XXXXXX")
    if [ -n "${OSM_KEEP:-}" ]; then
        say "everything is kept in $SCRATCH"
    else
        trap 'rm -rf "$SCRATCH"' EXIT
    fi
    copy_tree "$SCRATCH/src"
    OSM_DATA_DIR=$(optional_data data "${OSM_DATA_DIR:-$TOP/../shared/data}")
    OSM_ORACLE_DIR=$(optional_data oracle "${OSM_ORACLE_DIR:-$TOP/../shared/oracle}")
    export OSM_DATA_DIR OSM_ORACLE_DIR
    if [ "$(id -u)" = 0 ]; then
        chown -R "$(ordinary_user):" "$SCRATCH"
    fi
    as_ordinary_user env OSM_SCRATCH="$SCRATCH" LANG=C.UTF-8 \
        "$SCRATCH/src/test/check.sh" "$@" </dev/null || status=$?
    exit "$status"
}

# --- as an ordinary user, in the copy ----------------------------------------------------------

PASSED=0 FAILED=0 SKIPPED=0

# summary SUITE PASSED FAILED SKIPPED [WHY]
summary() {
    PASSED=$((PASSED + $2)) FAILED=$((FAILED + $3)) SKIPPED=$((SKIPPED + $4))
    say "$1: $2 passed, $3 failed, $4 skipped${5:+ ($5)}"
}

# count SUITE EXITCODE FILE PASS FAIL SKIP: counts lines of FILE by three patterns.
count() {
    local passed failed skipped why=
    [ -e "$3" ] || : >"$3"
    skipped=$(grep -cE "$6" "$3" || true)
    passed=$(grep -E "$4" "$3" | grep -cvE "$6" || true)
    failed=$(grep -cE "$5" "$3" || true)
    if [ "$failed" = 0 ] && [ "$2" != 0 ]; then
        failed=1 why="exit code $2"
    elif [ "$((passed + failed + skipped))" = 0 ]; then
        failed=1 why='nothing ran'
    fi
    summary "$1" "$passed" "$failed" "$skipped" "$why"
    [ "$failed" = 0 ]
}

TAP_PASS='^ok ' TAP_FAIL='^not ok ' TAP_SKIP='^ok .*# *(SKIP|skip)'

# shared_server: one server for all suites that talk to one; started when first needed.
shared_server() {
    [ -z "${SERVER_UP:-}" ] || return 0
    start_server "$SCRATCH/server" "$SCRATCH/install" \
        "shared_preload_libraries = 'osm_workflow'" \
        "osm_workflow.databases = 'only_by_name'" \
        'fsync = off' 'max_prepared_transactions = 10' 'wal_level = logical' \
        "timezone = 'Europe/Moscow'" && SERVER_UP=1
}

# regression SUITE PROGRAM INPUT TEST...: pg_regress or its isolation brother.
regression() {
    local suite=$1 program=$2 input=$3 test status=0 out=$SCRATCH/$1
    shift 3
    mkdir -p "$out" "$input/expected"
    [ $# -gt 0 ] || { summary "$suite" 0 1 0 'no test found'; return; }
    shared_server || { summary "$suite" 0 1 0 'no server'; return; }
    # Without an expected file pg_regress would give up on all tests that follow.
    for test in "$@"; do
        [ -e "$input/expected/$test.out" ] || : >"$input/expected/$test.out"
    done
    "$program" --inputdir="$input" --outputdir="$out" --bindir="$("$PG_CONFIG" --bindir)" \
        --host="$PGHOST" --port="$PGPORT" --user=postgres --dbname="osm_$suite" \
        --launcher="$TOP/test/lib/own-database" "$@" 2>&1 | tee "$out/log" |
        grep --line-buffered -E '^(test|ok|not ok) ' || status=$?
    count "$suite" "$status" "$out/log" \
        '^(ok +[0-9]|test .*[.][.][.] ok)' '^(not ok +[0-9]|test .*[.][.][.] FAILED)' \
        "$TAP_SKIP" || {
        [ ! -f "$out/regression.diffs" ] || head -c 200000 "$out/regression.diffs"
        grep -hE 'PANIC|TRAP|terminated by signal' "$SCRATCH/server/server.log" || true
    }
}

suite_tree() { perl_tests tree test/tree.pl; }

# Once as a server is built, once under ASan and UBSan.
suite_unit() {
    local status=0
    local -x CMOCKA_MESSAGE_OUTPUT=TAP
    mkdir -p "$SCRATCH/unit"
    {
        make -s -C "$TOP/test/unit" check || status=$?
        make -s -C "$TOP/test/unit" check SAN=1 ROUNDS=300 || status=$?
    } >"$SCRATCH/unit/log" 2>&1
    grep -E '^# .*: [0-9]+ (questions|inputs)' "$SCRATCH/unit/log" || true
    count unit "$status" "$SCRATCH/unit/log" "$TAP_PASS" "$TAP_FAIL" "$TAP_SKIP" ||
        tail -n 60 "$SCRATCH/unit/log"
}

suite_regress() {
    mapfile -t tests < <(test/lib/tests-for "$PGVER" sql .sql)
    regression regress "$(dirname "$PGXS")/../test/regress/pg_regress" "$TOP" "${tests[@]}"
}

suite_valgrind() {
    local status=0 out=$SCRATCH/valgrind_server
    local -x CMOCKA_MESSAGE_OUTPUT=TAP
    command -v valgrind >/dev/null || { summary valgrind 0 1 0 'no valgrind'; return; }
    make -s -C "$TOP/test/unit" check VALGRIND=1 >"$SCRATCH/valgrind_unit" 2>&1 || status=$?
    count valgrind-unit "$status" "$SCRATCH/valgrind_unit" "$TAP_PASS" "$TAP_FAIL" "$TAP_SKIP" ||
        tail -n 60 "$SCRATCH/valgrind_unit"
    stop_server "$SCRATCH/server"
    start_under_valgrind "$out" "$SCRATCH/install" "osm_workflow.databases = 'only_by_name'" \
        'fsync = off' 'jit = off' "timezone = 'Europe/Moscow'" ||
        { summary valgrind 0 1 0 'no server'; return; }
    SERVER_UP=1
    regression valgrind "$(dirname "$PGXS")/../test/regress/pg_regress" "$TOP" \
        business_interval business_time business_time_bugs calendar calendar_no_install \
        production_calendar
    stop_server "$out"
    SERVER_UP=
    valgrind_findings "$out" >"$out/findings" 2>&1 || status=$?
    count valgrind-server 0 "$out/findings" "$TAP_PASS" "$TAP_FAIL" "$TAP_SKIP" || true
    head -c 200000 "$out/findings"
}

suite_isolation() {
    mapfile -t tests < <(test/lib/tests-for "$PGVER" test/isolation/specs .spec)
    regression isolation "$(dirname "$PGXS")/../test/isolation/pg_isolation_regress" \
        "$TOP/test/isolation" "${tests[@]}"
}

# perl_tests SUITE FILE...
perl_tests() {
    local suite=$1 status=0 out=$SCRATCH/$1
    shift
    mkdir -p "$out/log"
    (
        cd "$TOP"
        export TESTDIR=$out TESTDATADIR=$out/data TESTLOGDIR=$out/log DESTDIR=$SCRATCH/install
        export PG_REGRESS PATH TMPDIR=$out/tmp
        mkdir -p "$TMPDIR"
        PG_REGRESS=$(dirname "$PGXS")/../test/regress/pg_regress
        PATH=$("$PG_CONFIG" --bindir):$PATH
        unset PGHOST PGPORT PGUSER
        perl test/lib/run-tap "$(dirname "$PGXS")/../test/perl" "$out" "$@"
    ) >"$out/output" 2>&1 || status=$?
    count "$suite" "$status" "$out/counts" "$TAP_PASS" "$TAP_FAIL" "$TAP_SKIP" || {
        head -c 200000 "$out/output"
        sed -n 's,^not ok test/tap/\([^ ]*\)\.pl .*,\1,p' "$out/counts" | sort -u |
            while read -r test; do
                find "$out" -name "regress_log_$test" -exec tail -n 60 {} +
            done
    }
}

suite_tap() { perl_tests tap test/tap/*.pl; }

suite_torture() {
    OSM_KILL_ROUNDS=${OSM_KILL_ROUNDS:-200} perl_tests torture test/tap/106_worker_rounds.pl
    grep -E '^# ' "$SCRATCH/torture/106_worker_rounds.tap" || true
}

# with_server SUITE COMMAND...: a script that finds a server in its environment.
with_server() {
    local suite=$1 status=0
    shift
    [ -x "$1" ] || { summary "$suite" 0 1 0 "no ${1#"$TOP"/}"; return; }
    shared_server || { summary "$suite" 0 1 0 'no server'; return; }
    mkdir -p "$SCRATCH/$suite"
    PATH=$("$PG_CONFIG" --bindir):$PATH "$@" 2>&1 | tee "$SCRATCH/$suite/log" || status=$?
    count "$suite" "$status" "$SCRATCH/$suite/log" "$TAP_PASS" "$TAP_FAIL" "$TAP_SKIP" || true
}

suite_replay() { with_server replay "$TOP/test/replay/run.sh" sample; }
suite_replay_full() { with_server replay-full "$TOP/test/replay/run.sh" full; }

# Figures with goals: a goal that is met counts as passed. On a server of their own, which writes as
# a real one does; "make bench" alone runs them, for they want a quiet machine and take minutes.
# OSM_BENCH=worker runs test/bench/worker.sh alone.
suite_bench() {
    local script out=$SCRATCH/bench
    mkdir -p "$out"
    start_server "$out/server" "$SCRATCH/install" \
        "shared_preload_libraries = 'osm_workflow'" "osm_workflow.databases = 'only_by_name'" \
        'shared_buffers = 512MB' 'max_wal_size = 4GB' "timezone = 'Europe/Moscow'" ||
        { summary bench 0 1 0 'no server'; return; }
    for script in test/bench/${OSM_BENCH:-*}.sh; do
        say "$(basename "$script" .sh)"
        PATH=$("$PG_CONFIG" --bindir):$PATH OSM_BENCH_INSTALL=$SCRATCH/install "$script" 2>&1 ||
            echo "$script MISSED"
    done | tee "$out/log"
    stop_server "$out/server"
    count bench 0 "$out/log" '[:|] *ok([ ,;]|$)' 'MISSED' "$TAP_SKIP" || true
}

inside() {
    local suite
    SCRATCH=$OSM_SCRATCH
    cd "$TOP"
    PGXS=$("$PG_CONFIG" --pgxs)
    trap 'stop_server "$SCRATCH/server"; stop_server "$SCRATCH/bench/server"
        stop_server "$SCRATCH/valgrind_server"' EXIT
    [ $# -gt 0 ] || set -- "${ALL_SUITES[@]}"
    say "$("$PG_CONFIG" --version), user $(id -un)"
    build_and_install "$TOP" "$SCRATCH/build" "$SCRATCH/install" >"$SCRATCH/build.log" 2>&1 || {
        cat "$SCRATCH/build.log"
        say 'the build failed'
        echo '0 passed, 1 failed'
        exit 1
    }
    for suite in "$@"; do
        declare -F "suite_${suite//-/_}" >/dev/null || die "no suite $suite"
        say "$suite"
        "suite_${suite//-/_}"
    done
    if [ "$SKIPPED" = 0 ]; then
        echo "$PASSED passed, $FAILED failed"
    else
        echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    fi
    [ "$FAILED" = 0 ] && [ "$PASSED" -gt 0 ]
}

if [ -z "${OSM_SCRATCH:-}" ]; then
    outside "$@"
else
    inside "$@"
fi
