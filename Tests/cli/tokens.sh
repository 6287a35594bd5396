# Helpers for the cases in make/, which source this file after lib.sh: a job server without a make.

# lay_out_tokens BYTES: makes a job server with these tokens, in the named pipe `tokens`, and sets MAKEFLAGS.
lay_out_tokens() {
    [[ -p tokens ]] || mkfifo tokens
    # Opens both ends, so that the bytes stay.
    exec {pool}<> tokens
    printf %s "$1" >&"$pool"
    export MAKEFLAGS=" -j9 --jobserver-auth=fifo:$PWD/tokens"
}

# tokens_left: the number of tokens in the pipe.
tokens_left() {
    # FIONREAD: the bytes in the pipe.
    perl -e 'open my $pipe, "+<&=", $ARGV[0] or die $!;
        my $count = pack "L", 0;
        ioctl $pipe, 0x541B, $count or die $!;
        print unpack("L", $count), "\n"' "${1:-$pool}"
}
has_tokens() { (($(tokens_left) == $1)); }

# take_all_tokens: empties the pipe, and prints the bytes sorted.
take_all_tokens() {
    local count bytes
    count=$(tokens_left)
    ((count == 0)) || IFS= read -r -N "$count" -u "$pool" bytes
    printf %s "${bytes-}" | fold -w1 | sort | tr -d '\n'
}

# expect_tokens BYTES: exactly these are back in the pipe soon.
expect_tokens() {
    wait_until "$soon" has_tokens "${#1}"
    same_text "$1" "$(take_all_tokens)"
    printf %s "$1" >&"$pool"
}

# on_two_cores: limits everything started from here on to two cores, so that a run without -j has at most two workers.
on_two_cores() {
    local cores
    cores=$(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2], sep=",")')
    # With one core poolmap never has two workers.
    [[ $cores == *,* ]] || { echo "nothing to see here with one core" >&2; exit 0; }
    taskset -cp "$cores" $$ > /dev/null
}

# busy_at_once REPORT…: the largest number of pieces in progress at a time, in all these runs together. The first and
# last MARGIN milliseconds of a piece do not count, nor pieces with a number below FIRST; both are 0 by default.
busy_at_once() {
    python3 -c '
import json, sys
margin = int(sys.argv[1]) * 1000000
first = int(sys.argv[2])
ends = []
for path in sys.argv[3:]:
    report = json.load(open(path))
    for chunk in (chunk for file in report["files"] for chunk in file["chunks"]):
        start = report["startedUnixNanoseconds"] + chunk["startNanoseconds"] + margin
        end = start + chunk["durationNanoseconds"] - 2 * margin
        if start < end and chunk["index"] >= first:
            ends += [(start, 1), (end, -1)]
busy = most = 0
# If one ends when the next begins, the end comes first.
for time, change in sorted(ends):
    busy += change
    most = max(most, busy)
print(most)' "${MARGIN-0}" "${FIRST-0}" "$@"
}

# workers_in REPORT: the number of processes that did something.
workers_in() {
    python3 -c '
import json, sys
print(len({chunk["worker"] for file in json.load(open(sys.argv[1]))["files"] for chunk in file["chunks"]}))' "$1"
}

# guardian_pid FRONT: the process that keeps its tokens.
guardian_pid() { tree_of "$1" | sed -n 's/^1 \([0-9]*\) token-guardian$/\1/p'; }

# holds_a_token COMMAND…: starts a command with work for some seconds, and returns once a token is taken and all its
# workers run; then $everyone has the pids below $front.
holds_a_token() {
    local before
    before=$(tokens_left)
    start "$@"
    wait_until 20 has_tokens $((before - 1))
    wait_workers "$front" 2
    # shellcheck disable=SC2207
    everyone=($(descendants_of "$front"))
}
