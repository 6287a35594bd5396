# Killed by SIGKILL at 30 random moments, poolmap loses no token: its guardian returns them.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
# Seconds of work at this level, so that no round ends by itself.
real_data 4000000 > in
lay_out_tokens uvw
for round in {1..30}; do
    start poolmap -19 --chunk-size 64K -f -o out in
    # Every other moment is one with a token held, however slow the machine; the rest are random.
    ((round % 2 == 0)) || wait_until 20 has_tokens 2
    perl -e 'select undef, undef, undef, $ARGV[0] / 1e6' $((RANDOM * 4))
    # shellcheck disable=SC2207
    everyone=("$front" $(descendants_of "$front"))
    # Sometimes together with all of its process group, which the guardian is not in.
    if ((round % 3 == 0)); then
        # shellcheck disable=SC2046
        kill -KILL "$front" $(tree_of "$front" | sed -n 's/^. \([0-9]*\) pool.*/\1/p') 2> /dev/null || true
    else
        kill -KILL "$front" 2> /dev/null || true
    fi
    wait "$front" 2> /dev/null || true
    wait_gone "$soon" "${everyone[@]}"
    expect_tokens uvw
done
