# Ended at any moment of a short run, by any signal, it leaves the old target or the new one, never a partial one.
. "$CLI_LIB"
real_data 1500000 > in
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
for round in {1..60}; do
    cp in old
    signals=(KILL INT TERM HUP)
    signal=${signals[round % 4]}
    target=$((round % 2))
    if ((target == 0)); then
        start poolmap compress -j 2 --chunk-size 64K -f -o old in 2> said
    else
        start poolmap compress -j 2 --chunk-size 64K -o new in 2> said
    fi
    # In steps of a millisecond over the whole run and a little more.
    perl -e 'select undef, undef, undef, $ARGV[0] / 1000' "$round"
    # shellcheck disable=SC2207
    everyone=("$front" $(descendants_of "$front"))
    kill -$signal "$front" 2> /dev/null || true
    wait_gone "$soon" "${everyone[@]}"
    wait "$front" 2> /dev/null || true
    same_text "" "$(< said)"
    if ((target == 1)); then
        [[ ! -e new ]] || same_file reference.zst new
        same_file in old
    elif ! cmp -s old in; then
        same_file reference.zst old
    fi
    rm -f new
    only_files in old reference.zst said
done
