#!/bin/bash
# Looks for data races in multi-threaded programs that use pools: scripts/tsan.sh
#
# Runs the scenarios of asynchronous pools, those of chunks that have tasks, and two examples, with the thread sanitizer in
# their processes and all child processes; built in .build-tsan. A report is printed and is a failure. First the sanitizer
# must report a deliberate race. The sanitizer has its own thread in each child, so scenarios whose child forks are refused;
# they are only counted.
set -euo pipefail
cd "$(dirname "$0")/.."

build=(--scratch-path .build-tsan --sanitize=thread)
for product in scenarios AsyncPools PoolsAndThreads; do
    ${SWIFT:-swift} build "${build[@]}" --product "$product"
done
programs=$(${SWIFT:-swift} build "${build[@]}" --show-bin-path)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Tests need not wait for idle threads; and crashes of workers are deliberate.
options=(die_after_fork=0 report_thread_leaks=0 handle_segv=0 handle_sigbus=0 handle_abort=0 "log_path=$folder/report")
export TSAN_OPTIONS="${options[*]}" SWIFT_BACKTRACE=enable=no

# Prints the reports since the last call; fails if there are none.
reported() {
    local reports=("$folder"/report.*)
    [[ -e ${reports[0]} ]] || return 1
    cat "${reports[@]}"
    rm "${reports[@]}"
}

timeout 120 "$programs/scenarios" --race > /dev/null 2>&1 < /dev/null || true
if ! reported | grep 'ThreadSanitizer: .*race' > /dev/null; then
    echo "tsan: the deliberate race is not reported" >&2
    exit 1
fi

failed=0 tried=0 refused=0
try() {
    local name=$1 status=0
    shift
    timeout --kill-after=1 240 "$@" > "$folder/output" 2>&1 < /dev/null || status=$?
    if reported; then
        echo "tsan: report in $name" >&2
        failed=1
    elif ((status == 0)); then
        tried=$((tried + 1))
    elif grep -q 'safe only in a process with one thread' "$folder/output"; then
        refused=$((refused + 1))
    else
        cat "$folder/output" >&2
        echo "tsan: $name failed with status $status" >&2
        failed=1
    fi
}
names=$("$programs/scenarios" --list asyncPools; "$programs/scenarios" --list chunks | sed -n '/^tasksMap/,$p')
for name in $names; do
    try "$name" "$programs/scenarios" "$name"
done
for name in AsyncPools PoolsAndThreads; do
    try "$name" "$programs/$name"
done
echo "tsan: $tried programs without a report, $refused could not be tested"
# How many are refused varies, since the sanitizer's thread may not have started in every child.
((tried >= 14)) || { echo "tsan: too few could be tested" >&2; exit 1; }
exit $failed
