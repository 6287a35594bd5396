# If any signal ends the front during a batch, each target is complete or absent, and no worker is left.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
lay_out_files 200
compress_to reference -f -j 1 -12
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
RANDOM=$seed
mv files kept
cut=0
for round in {1..12}; do
    rm -rf out files
    cp -r kept files
    case $((round % 4)) in
        0) signal=KILL code=137 ;;
        1) signal=TERM code=143 ;;
        2) signal=INT code=130 ;;
        3) signal=HUP code=129 ;;
    esac
    # shellcheck disable=SC2046
    start poolmap compress -12 --chunk-size 64K --output-dir out -j 2 $( ((round % 3 > 0)) || echo --rm) \
        $(names 0 200) 2> said
    wait_workers "$front" 2
    perl -e 'select undef, undef, undef, $ARGV[0] / 1e6' $((RANDOM * 4))
    # shellcheck disable=SC2207
    everyone=("$front" $(descendants_of "$front"))
    if kill -$signal "$front" 2> /dev/null; then
        wait_gone "$soon" "${everyone[@]}"
        ended=0
        wait "$front" 2> /dev/null || ended=$?
        # It may have been about to finish.
        ((ended == code || ended == 0)) || fail "exit code $ended after SIG$signal"
        ((ended == 0)) || cut=$((cut + 1))
    else
        wait "$front"
    fi
    same_text "" "$(< said)"
    each_whole_or_absent
    # With --rm too every content exists, as input or as target.
    for number in {0..200..7}; do
        [[ -e files/$number || -e out/$number.zst ]] || fail "$number is gone"
    done
done
((cut >= 4)) || fail "$cut of 12 runs were ended by a signal"
