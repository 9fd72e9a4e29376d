#!/bin/bash
# run.sh [--sample|--all] [LOG...]: plays real logs through the engine, see README.md.
#
# Environment: PGHOST, PGPORT, PGUSER... of a superuser; OSM_DATA_DIR, the folder of the logs
# (default ../shared/data beside the tree); OSM_KEEP_DATABASES=1 keeps the database osm_replay.
#
# Hazard that shaped it: the logs are not part of the repository. Where they are missing, that is
# said and counted as skipped, never as passed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

every=10
case ${1:-} in
    --sample | sample) shift ;;
    --all | full) every=1 && shift ;;
esac
[ $# -gt 0 ] || set -- pochta boston servicenow volvo wabo
data=${OSM_DATA_DIR:-$here/../../../shared/data}
presets=$here/../../sql/presets

declare -A file=(
    [pochta]=pochta_sla_golden_ru.csv
    [boston]=boston311_2011.csv.gz
    [boston_rule]=boston311_2011_target_rules_DERIVED.csv
    [servicenow]=servicenow_incidents.csv.gz
    [volvo]=volvo_incidents.csv.gz
    [wabo]=wabo_receipt.csv.gz)

# The acts of the presets (a sample plays the first two), and what is added to a log's UTC: weeks to
# the years in which the acts are in force, hours to the log's own local time. The other logs know
# no review to be held to one.
acts=(pla se)
[ "$every" != 1 ] || acts+=(alt ros)
declare -A preset=(
    [pla]=ru-kda-plastunovskoe-273-2023
    [se]=ru-se-40-2023
    [alt]=ru-alt-132-2020
    [ros]=ru-ros-311-2018)
declare -A shift=(
    [servicenow]='417 weeks'
    [volvo]='705 weeks 2 hours'
    [wabo]='705 weeks 2 hours')

database=osm_replay
admin() {
    PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 "$@" </dev/null
}
replay() {
    PGTZ=UTC PGDATESTYLE='ISO, DMY' PGCLIENTENCODING=UTF8 psql -X -q -d "$database" \
        -v ON_ERROR_STOP=1 -P pager=off -P footer=off "$@"
}

# load TABLE: the file as it is, every column a text, named by the header, rows numbered.
load() {
    local path=$data/${file[$1]} columns
    columns=$(gzip -dcf "$path" | head -n 1 | tr -d '\r' | sed 's/[^,]*/"&"/g') || true
    replay -c "CREATE UNLOGGED TABLE replay.$1 (row_no bigint GENERATED ALWAYS AS IDENTITY,
        ${columns//,/ text, } text)" </dev/null
    gzip -dcf "$path" | replay -c "COPY replay.$1 ($columns) FROM STDIN (FORMAT csv, HEADER)"
}

logs=()
skipped=0
for log in "$@"; do
    if [ -r "$data/${file[$log]}" ]; then
        logs+=("$log")
    else
        skipped=$((skipped + 1))
        echo "ok $skipped - replay of $log # SKIP no ${file[$log]} in $data"
    fi
done
if [ ${#logs[@]} = 0 ]; then
    echo "0 passed, 0 failed, $skipped skipped"
    exit 0
fi

admin -d "${PGDATABASE:-postgres}" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" \
    -c "CREATE DATABASE $database TEMPLATE template0 ENCODING 'UTF8'" \
    -c "ALTER DATABASE $database SET lc_messages = 'C'"
replay -f "$here/prepare.sql" </dev/null
SECONDS=0
failed=0

# play NAME SCRIPT [VARIABLE=VALUE]...: one run, its tables and what it proved.
play() {
    local name=$1 script=$2 began=$SECONDS part
    shift 2
    for part in "$script" mismatches.sql report.sql; do
        replay -v every="$every" -v log="$name" "${@/#/--set=}" -f "$here/$part" </dev/null || {
            failed=$((failed + 1))
            echo "not ok - $name: $part broke off"
        }
    done
    replay -At -v log="$name" -v skipped="$skipped" <<'SQL'
SELECT format('%s %s - %s: %s: %s', CASE WHEN passed THEN 'ok' ELSE 'not ok' END, number + :skipped,
    log, what, figures)
FROM replay.criterion WHERE log = :'log' ORDER BY number;
SQL
    echo "# $name took $((SECONDS - began)) s"
}

for log in "${logs[@]}"; do
    load "$log"
    [ "$log" != boston ] || load boston_rule
    play "$log" "$log.sql" document="$(cat "$here/$log.json")"
done

replay -f "$here/acts.sql" </dev/null
for act in "${acts[@]}"; do
    document=$presets/${preset[$act]}.json
    calendar=$presets/$(sed -n 's/^ "calendar": "\(.*\)",$/\1/p' "$document").json
    replay -v act="$act" -v document="$(cat "$document")" -v calendar="$(cat "$calendar")" \
        -v base="$(cat "$presets/ru.json")" -f "$here/act_read.sql" </dev/null
    for log in "${logs[@]}"; do
        [ -z "${shift[$log]:-}" ] ||
            play "$log-$act" act_play.sql source="$log" act="$act" \
                code="${preset[$act]}" shift="${shift[$log]}"
    done
done

read -r passed wrong < <(replay -At -F ' ' -c "SELECT count(*) FILTER (WHERE passed),
    count(*) FILTER (WHERE NOT passed) FROM replay.criterion" </dev/null)
failed=$((failed + wrong))
[ -n "${OSM_KEEP_DATABASES:-}" ] ||
    admin -d "${PGDATABASE:-postgres}" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"
echo "# all took $SECONDS s"
if [ "$skipped" = 0 ]; then
    echo "$passed passed, $failed failed"
else
    echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
