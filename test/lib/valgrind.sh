# A server under valgrind's memcheck; to be sourced by test/check.sh, after common.sh.
#
# Hazard that shaped it: a server not built with USE_VALGRIND allocates from pools that valgrind
# knows nothing of, and does by the thousand what looks like an error and is none. So only what
# passes through our own sources is reported. A palloc'd block read past its end is not seen; what
# was never written, and whatever happens outside the pools, is.

# start_under_valgrind FOLDER INSTALL [LINE OF postgresql.conf]...: as start_server.
start_under_valgrind() {
    local folder=$1 second bin
    start_server "$@" || return 1
    stop_server "$folder"
    bin=$("$PG_CONFIG" --bindir)
    valgrind --quiet --trace-children=yes --leak-check=no --error-limit=no --num-callers=30 \
        --log-file="$folder/memcheck.%p" "$bin/postgres" -D "$folder/data" \
        </dev/null >>"$folder/server.log" 2>&1 &
    for ((second = 0; second < 120; second++)); do
        "$bin/pg_isready" -q && return 0
        sleep 1
    done
    tail -n 40 "$folder/server.log"
    return 1
}

# valgrind_findings FOLDER: the errors with one of our sources in their stack, then a TAP line.
valgrind_findings() {
    sed 's/^==[0-9]*== \{0,1\}//' "$1"/memcheck.* | perl -00 -ne '
        BEGIN {
            my $sources = join "|", map { s{.*/}{}r =~ s{[.]}{[.]}r } glob "src/*.c src/core/*.c";
            $ours = qr/\((?:$sources):\d+\)|osm_workflow\.so/;
        }
        $all++;
        next unless /$ours/;
        $found++;
        print s/^/# /gmr;
        END {
            $found += 0;
            print $found ? "not ok" : "ok", " - $found of $all reports pass through our sources\n";
        }'
}
