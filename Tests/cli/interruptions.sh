# Helpers for the cases in resume/, which source this file after lib.sh.

# Slow enough, at some 100 chunks a second, that a signal meets a run at the intended point if there are 40 chunks or
# more to go: on a busy machine the script checks the run only now and then.
readonly slowly=(compress --resume -19 --chunk-size 64K)
# For cases in which it does not matter how a run was interrupted.
readonly quickly=(compress --resume -3 --chunk-size 64K)
# The command that the functions below run.
command=("${slowly[@]}")

# records TARGET: the number of frames in its journal.
records() {
    local bytes
    bytes=$(stat -c %s "$1.resume" 2> /dev/null) || bytes=0
    echo $((bytes < 64 ? 0 : (bytes - 64) / 20))
}
has_records() { (($(records "$1") >= $2)); }

# start_slowly COUNT [OPTION…]: starts to compress `in` to `out`, and returns once the journal has COUNT frames.
start_slowly() {
    local count=$1
    shift
    start poolmap "${command[@]}" "$@" -o out in 2> said
    wait_until 20 has_records out "$count"
    is_running "$front" || fail "it had finished before it could be interrupted: $(cat said)"
}

# interrupt SIGNAL NUMBER: ends the front with a signal; its children then end by themselves.
interrupt() {
    local everyone
    # shellcheck disable=SC2207
    everyone=($(descendants_of "$front"))
    kill -"$1" "$front"
    expect_end $((128 + $2)) "$front" 2> /dev/null
    wait_gone "$soon" ${everyone[@]+"${everyone[@]}"}
}

# interrupted_at COUNT [OPTION…]: a run that is killed with COUNT frames in its journal, or a few more.
interrupted_at() {
    start_slowly "$@"
    interrupt KILL 9
    same_text "" "$(< said)"
    no_file out
}

# interrupted_by_limit KIB [OPTION…]: a run that a file size limit ends at KIB KiB of the partial file.
interrupted_by_limit() {
    (
        ulimit -f "$1"
        refuses 1 "in: cannot write out.partial: " poolmap "${command[@]}" "${@:2}" -o out in
    )
    no_file out
    has_records out 1 || fail "no frame is kept"
}

# resumes KEPT-AT-LEAST [OPTION…]: resumes without errors; the target is `reference`, and nothing else is left.
resumes() {
    local least=$1 kept
    shift
    poolmap "${command[@]}" -v "$@" -o out in > stdout 2> said || fail "exit code $?: $(< said)"
    kept=$(sed -n 's/^in: keeping \([0-9]*\) of [0-9]* chunks$/\1/p' said)
    ((${kept:-0} >= least)) || fail "expected $least kept chunks: $(< said)"
    ! grep -q '^poolmap: ' said || fail "it should not have complained: $(< said)"
    is_whole
}

# resumes_saying TEXT [OPTION…]: resumes with one line on stderr that contains TEXT; the target is `reference`.
resumes_saying() {
    local text=$1
    shift
    poolmap "${command[@]}" "$@" -o out in 2> said || fail "exit code $?: $(< said)"
    one_error_line said "in: " "$text"
    is_whole
}

is_whole() {
    same_file reference out
    no_file out.partial out.resume
}

# begins_anew TEXT OPTION…: a run with these options keeps nothing of kept.partial and kept.resume, for this reason.
begins_anew() {
    local text=$1
    shift
    cp kept.partial out.partial
    cp kept.resume out.resume
    rm -f out
    poolmap compress "$@" -f -o reference in
    poolmap compress --resume "$@" -o out in 2> said || fail "exit code $?: $(< said)"
    one_error_line said "in: starting over: " "$text"
    is_whole
}
