# Killed by SIGKILL again and again, a hash resumes where it stopped, with any number of workers, to the same digest.
. "$CLI_LIB"
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
# With holes, so that it is long but takes no space; each part is different.
truncate -s 1000M in
for offset in {1..40}; do
    patch in $((offset * 25000000)) "$offset"
done
options=(-a blake3 -a crc32c -a s3-etag)
poolmap hash "${options[@]}" in > reference
same_text "$(b3sum --no-names in)" "$(sed -n '1s/.* = //p' reference)"
state_bytes() { stat -c %s state 2> /dev/null || echo 0; }
grows_to() { (($(state_bytes) >= $1)) || ! is_running "$front"; }
runs=0 kept=0
while :; do
    before=$(state_bytes)
    start poolmap hash --resume state -v -j $((1 + runs % 3)) "${options[@]}" in > digests 2> said
    wait_until 20 grows_to $((before + 500 + RANDOM % 2000))
    # shellcheck disable=SC2207
    everyone=("$front" $(descendants_of "$front"))
    kill -KILL "$front" 2> /dev/null || true
    ended=0
    wait "$front" 2> /dev/null || ended=$?
    wait_gone "$soon" "${everyone[@]}"
    now=$(sed -n 's/^in: keeping \([0-9]*\) of [0-9]* chunks$/\1/p' said)
    ((now >= kept)) || fail "only $now chunks are kept, of $kept before"
    kept=$now
    ((ended != 0)) || break
    [[ -s state ]] || fail "nothing is kept"
    runs=$((runs + 1))
done
((runs > 2)) || fail "it was killed only $runs times"
cmp digests reference
only_files in reference digests said
