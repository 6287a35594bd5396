# Killed by SIGKILL at any moment, 30 times, poolmap loses no token: its guardian gives them back.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
# At this level it is work for seconds: no round ends by itself.
real_data 4000000 > in
lay_out_tokens uvw
for round in {1..30}; do
    start poolmap -19 --chunk-size 64K -f -o out in
    # Every other moment is one with a token held, however slow the machine is to come that far; the rest is any.
    ((round % 2 == 0)) || wait_until 20 has_tokens 2
    perl -e 'select undef, undef, undef, $ARGV[0] / 1e6' $((RANDOM * 4))
    # shellcheck disable=SC2207
    everyone=("$front" $(descendants_of "$front"))
    # Sometimes with all that are in its group: the guardian is not.
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
