# Ended by any signal at any moment of a short run, the same command then makes the target, without -f.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
real_data 700000 > in
command=(compress --resume -3 --chunk-size 64K -j 2)
poolmap "${command[@]}" -o reference in
signals=(KILL INT TERM HUP)
for round in {1..40}; do
    start poolmap "${command[@]}" -o out in 2> said
    perl -e 'select undef, undef, undef, $ARGV[0] / 1000' "$round"
    # shellcheck disable=SC2207
    everyone=("$front" $(descendants_of "$front"))
    kill -"${signals[round % 4]}" "$front" 2> /dev/null || true
    wait_gone "$soon" "${everyone[@]}"
    wait "$front" 2> /dev/null || true
    same_text "" "$(< said)"
    if [[ -e out && ! -e out.resume ]]; then
        is_whole
    else
        silently poolmap "${command[@]}" -o out in
        is_whole
    fi
    rm out
done
