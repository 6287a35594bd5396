#!/bin/bash
# Builds the server and tests it: Examples/Server/test.sh
#
# Concurrent requests, workers killed meanwhile, a bad request, and an end by SIGTERM during a request. The factors are
# compared with those of coreutils' `factor`.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=(--package-path Examples/Server --scratch-path .build-server --product Server)
${SWIFT:-swift} build "${build[@]}"
server=$(${SWIFT:-swift} build "${build[@]}" --show-bin-path)/Server

folder=$(mktemp -d)
pid=
trap 'status=$?; [[ -n $pid ]] && kill -9 "$pid" 2> /dev/null; rm -rf "$folder"; exit $status' EXIT

fail() {
    echo "Examples/Server: $1" >&2
    cat "$folder/log" >&2
    exit 1
}

# Runs a command until it succeeds, for some seconds.
eventually() {
    local end=$((SECONDS + 20))
    until "$@" > /dev/null 2>&1; do
        ((SECONDS < end)) || fail "it never came to: $*"
        sleep 0.02
    done
}

# The pids of the pool's manager process, and of its workers.
manager() { pgrep -P "$pid"; }
workers() { pgrep -P "$(manager)"; }
# A worker that is running a task.
busy() { pgrep -P "$(manager)" --runstates R | head -n 1 | grep .; }
kill_busy() { kill -9 "$(busy)"; }

"$server" 0 > "$folder/log" 2>&1 &
pid=$!
port() { sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$folder/log" | grep .; }
eventually port
url=http://127.0.0.1:$(port)/factors
ask() { curl --silent --show-error --fail-with-body --max-time 120 --data-binary @- "$url"; }

# Large enough that some of them take a worker a good part of a second.
numbers() { seq "$1" 2 "$(($1 + 30))"; }
for client in {1..8}; do
    numbers $((400000000000001 + client * 1000)) > "$folder/$client"
    ask < "$folder/$client" > "$folder/$client.answer" &
    clients[client]=$!
done
# Twice, because a task fails after losing its worker three times.
for kill in 1 2; do
    eventually kill_busy
done
for client in {1..8}; do
    wait "${clients[client]}" || fail "request $client failed: $(cat "$folder/$client.answer")"
    factor < "$folder/$client" | diff - "$folder/$client.answer" || fail "request $client has wrong factors"
done

# A line that is not a number is the client's error; an empty request is valid.
code=$(echo "no number" | curl --silent --output /dev/null --write-out '%{http_code}' --data-binary @- "$url")
[[ $code == 400 ]] || fail "a line that is no number: HTTP $code"
[[ -z $(ask < /dev/null) ]] || fail "factors of nothing"

# The running request is answered, and then all processes end.
processes=("$(manager)" $(workers))
ask < "$folder/1" > "$folder/last.answer" &
last=$!
eventually busy
kill -TERM "$pid"
wait "$last" || fail "the request under way failed"
diff "$folder/1.answer" "$folder/last.answer" || fail "the request under way has wrong factors"
wait "$pid" || fail "the server exited with $?"
pid=
for process in "${processes[@]}"; do
    ! kill -0 "$process" 2> /dev/null || fail "process $process is left"
done
echo "Examples/Server: 9 requests, 2 workers killed, ended by SIGTERM"
