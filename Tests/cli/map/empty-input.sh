# An empty input is one empty chunk, so its command runs once; so is each empty file, and an empty rest after a header.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
: > empty
printf 'head\n' > head
for jobs in 1 2; do
    for cut in --lines -0 "--separator ab" "--record-size 3" --csv "--record-start ^>" "--lines --records 3" "--chunk-size 1K"; do
        # shellcheck disable=SC2086
        {
            same_text "0 0" "$(chunks_of -j $jobs $cut empty)"
            same_text "0 0" "$(chunks_of -j $jobs $cut < /dev/null)"
            same_text "0 0" "$(chunks_of -j $jobs $cut < <(:))"
            same_text "0 0 0 0" "$(chunks_of -j $jobs $cut empty empty | xargs)"
            same_text "5 0" "$(chunks_of -j $jobs $cut --header 1 --output-header 0 head)"
            same_text "5 0" "$(chunks_of -j $jobs $cut --header 1 --output-header 0 < <(cat head))"
        }
    done
    same_text 0 "$(poolmap map -j $jobs --lines empty -- wc -c)"
    same_text head "$(poolmap map -j $jobs --lines --header 1 head -- cat)"
    same_text head "$(poolmap map -j $jobs --lines --header 3 < <(cat head) -- cat)"
    poolmap map -j $jobs --lines -o out-$jobs empty -- cat
    same_text 0 "$(size_of out-$jobs)"
done
