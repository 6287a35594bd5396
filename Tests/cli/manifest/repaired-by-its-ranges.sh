# Writing the right bytes into the reported ranges, and truncating the file to its size, repairs it.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
seed=$RANDOM
RANDOM=$seed
echo "seed $seed"
noise 300000 > good
for round in {1..8}; do
    cp good in
    poolmap hash --manifest -f --chunk-size 4K -o manifest in
    for _ in 1 2 3 4 5; do flip in $((RANDOM * 9)); done
    case $((round % 3)) in
        0) truncate -s $((RANDOM * 8)) in ;;
        1) noise 5000 >> in ;;
    esac
    expect_exit 1 poolmap hash --check -j $((round % 3 + 1)) manifest > said
    sed -n 's/^in: FAILED bytes \([0-9]*\) to \([0-9]*\)$/\1 \2/p' said | while read -r first last; do
        dd if=good of=in bs=1 skip="$first" seek="$first" count=$((last - first + 1)) conv=notrunc status=none
    done
    truncate -s 300000 in
    same_file good in "round $round, seed $seed"
done
