# If the lines of many files cannot be written, one line says so, whatever they are, and names no input.
. "$CLI_LIB"
mkdir tree
for number in {1..3000}; do echo $number > "tree/a file with a name that is rather long, so that lines are many bytes $number"; done
for options in "" "-a sha256 -a sha512" "--manifest" "--tree --list"; do
    recursive=-r
    [[ $options != --tree* ]] || recursive=
    for jobs in 1 2; do
        # shellcheck disable=SC2086
        expect_exit 1 poolmap hash -j "$jobs" $recursive $options tree > /dev/full 2> errors
        same_text "poolmap: cannot write standard output: No space left on device" "$(< errors)"
    done
done

on_small_disk() {
    . "$CLI_LIB"
    local jobs options
    for jobs in 1 2; do
        for options in "" "--manifest"; do
            # shellcheck disable=SC2086
            refuses 1 "cannot write disk/sums: No space left on device" \
                poolmap hash -j "$jobs" -r $options -o disk/sums tree
            # shellcheck disable=SC2086
            refuses 1 "cannot write disk/sums.part-1-of-1: No space left on device" \
                poolmap hash -j "$jobs" -r $options -o disk/sums --part 1/1 tree
            same_text "" "$(ls -A disk)"
        done
    done
    # The parts can be written, the join's output cannot.
    for number in 1 2; do silently poolmap hash -r -o sums --part $number/2 tree; done
    refuses 1 "cannot write disk/sums: No space left on device" poolmap join --rm -o disk/sums sums.part-*
    same_text "" "$(ls -A disk)"
    [[ -e sums.part-1-of-2 && -e sums.part-2-of-2 ]]
}
export -f on_small_disk
with_small_disk 100k bash -c on_small_disk
