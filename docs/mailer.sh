#!/bin/bash
# mailer.sh: sends what waits in the outbox, then waits for more. libpq's variables (PGDATABASE,
# PGUSER, …) say where; the role has level portal. SENDMAIL is the command that takes a message.
set -uo pipefail
export PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning" PGAPPNAME=mailer
sendmail=${SENDMAIL:-/usr/sbin/sendmail -t -oi} from=${MAIL_FROM:-osm@localhost}

sql() { psql -XqAt -F $'\x1f' -v ON_ERROR_STOP=1 "$@"; }
mime() { printf '=?UTF-8?B?%s?=' "$(printf %s "$1" | base64 -w 0)"; }

send_all() { # claims until nothing is left; data is one line of JSON
    local id email name subject data error
    while mapfile -t batch < <(sql -c "SELECT id, email, translate(recipient_name, E'\r\n', ''),
            translate(subject, E'\r\n', ''), data FROM osm.claim_notifications(50, '2 minutes')") &&
            [ ${#batch[@]} -gt 0 ]; do
        for row in "${batch[@]}"; do
            IFS=$'\x1f' read -r id email name subject data <<<"$row"
            if [ -z "$email" ]; then
                error='no address'
            elif error=$(printf '%s\n' "From: $from" "To: $(mime "$name") <$email>" \
                "Subject: $(mime "$subject")" "Message-ID: <osm-$id@${from#*@}>" \
                'Content-Type: text/plain; charset=UTF-8' '' "$subject" "$data" |
                $sendmail 2>&1); then
                sql -v id="$id" <<<"SELECT osm.confirm_notification(:id);" >/dev/null
                continue
            fi
            sql -v id="$id" -v error="$error" \
                <<<"SELECT osm.fail_notification(:id, :'error');" >/dev/null
        done
    done
}

# One session listens; it asks once a second, for psql shows a notification only after a statement.
set -m # a process group of its own, to end all of it
coproc { (echo 'LISTEN osm_workflow;' && while sleep 1 && echo 'SELECT;'; do :; done) | sql; }
trap 'kill -- "-$COPROC_PID"' EXIT
set +m
while send_all; [ -z "${MAIL_ONCE:-}" ]; do
    read -r -t 60 <&"${COPROC[0]}" || kill -0 "$COPROC_PID" 2>/dev/null || exit 1
done
