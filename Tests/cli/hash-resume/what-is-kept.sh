# Only digests of the same bytes, with the same options, are kept; otherwise hashing starts over, with a message.
. "$CLI_LIB"
# Long because of holes.
real_data 3000000 > in
truncate -s 100M in
b3sum in > reference
# interrupted: leaves the state of a run that a file size limit ended.
interrupted() {
    (
        ulimit -f 1
        refuses 1 "in: cannot write state" poolmap hash --resume state -j 2 "$@" in > digests
    )
    [[ ! -s digests ]] || fail "there is a digest of a part"
    (($(stat -c %s state) >= 400)) || fail "nothing is kept"
}
resumed() {
    poolmap hash --resume state -v "$@" in > digests 2> said || fail "exit code $?: $(< said)"
    no_file state
}
# anew REASON [OPTION…]: starts over, with one line that says why.
anew() {
    local reason=$1
    shift
    resumed "$@"
    grep -q "^poolmap: in: warning: .*$reason\|^poolmap: in: .*$reason" said || fail "expected \"$reason\": $(< said)"
    grep -q "^in: keeping 0 of " said || fail "something is kept: $(< said)"
}
for jobs in 1 2; do
    interrupted
    resumed -j $jobs
    cmp digests reference
    grep -q "^in: keeping [1-9][0-9]* of 25 chunks$" said || fail "$(< said)"
done
# Truncated, whatever the file has.
interrupted
cp state kept
for bytes in 79 80 81 100 "$(($(stat -c %s kept) - 1))"; do
    head -c "$bytes" kept > state
    resumed
    cmp digests reference
done
# With each byte damaged.
for ((byte = 0; byte < $(stat -c %s kept); byte += 37)); do
    cp kept state
    patch state "$byte" $((RANDOM % 256))
    if ((byte < 8)); then
        cmp -s kept state || refuses 1 "state is not a state of poolmap hash" poolmap hash --resume state in
        silently poolmap hash -f --resume state in | cmp - reference
    else
        silently poolmap hash -q --resume state in | cmp - reference
    fi
done
cp kept state
anew "other digests" -l 40
cp kept state
anew "other digests" -a crc32
cp kept state
printf '%032d' 1 | poolmap hash --resume state --keyed -v in 2>&1 > digests | grep -q "other digests"
cp kept state
touch in
anew "the input changed"
cmp digests reference
# One byte differs, and the time is as before.
interrupted
touch -r in time
patch in 3 0
touch -r time in
anew "the input changed"
b3sum in | cmp - digests
interrupted
truncate -s -1 in
anew "size of the input"
b3sum in | cmp - digests
