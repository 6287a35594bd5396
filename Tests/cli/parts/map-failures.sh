# A part whose command fails leaves nothing, or its journal; parts that do not belong together are not joined.
. "$CLI_LIB"
seq 20000 > in
options=(--lines --chunk-size 4K -o out)
part() { poolmap map -q --part "$1" "${@:2}" "${options[@]}" in -- "${command[@]}"; }

# ---- A command that fails: the chunk has the same number as in one run.
command=(sh -c '[ $POOLMAP_CHUNK_INDEX != 17 ] && cat')
refuses 1 "in: chunk 17 (bytes " part 3/4
no_file out.part-*
silently part 1/4
silently part 2/4
silently part 4/4
refuses 1 "out: part 3 of 4 is missing" poolmap join -o out out.part-*
expect_exit 1 part 3/4 --halt never --retries 1 2> said
grep -q 'in: chunk 17 .*tried 2 times' said
grep -q 'in: 1 of [67] chunks failed' said
refuses 1 "in: chunk 17 " part 3/4 --halt soon
# One worker, so all earlier chunks are done.
refuses 1 "in: chunk 17 " part 3/4 --resume -j 1
no_file out.part-3-of-4
[[ -f out.part-3-of-4.partial && -f out.part-3-of-4.resume ]]
silently part 3/4 --success-codes 1 -j 2
rm out.part-3-of-4.*
silently poolmap join -o out out.part-*
same_text 20000 "$(($(wc -l < out) + $(poolmap map --lines --chunk-size 4K in -- sh -c '[ $POOLMAP_CHUNK_INDEX != 17 ] || cat' | wc -l)))"
rm out*
command=(sleep 20)
refuses 1 "longer than --timeout allows" part 1/4 --timeout 0.2
for code in 126 127; do
    ((code == 127)) || : > not-a-program
    command=("./not-a-program$([[ $code == 126 ]] || echo -there)")
    refuses $code "cannot run ./not-a-program" part 1/4
done
only_files in said not-a-program
command=(cat)
# An existing part stays without -f.
silently part 1/4
refuses 1 "out.part-1-of-4 already exists; use -f to overwrite it" part 1/4
silently part 1/4 -f
# Nothing on disk before the part is complete, and nothing after a signal.
command=(sh -c ': > running-$$; exec sleep 20')
poolmap map -q --part 2/4 "${options[@]}" in -- "${command[@]}" &
front=$!
wait_until 20 eval '[[ -n $(find . -name "running-*") ]]'
kill -TERM $front
expect_end 143 $front
rm running-*
only_files in said not-a-program out.part-1-of-4
rm out.part-*

# ---- Parts that do not belong together, or are damaged.
command=(cat)
for number in 1 2 3; do silently part $number/3; done
mkdir whole
cp out.part-* whole
not_joined() {
    refuses 1 "$1" poolmap join -o out out.part-*
    no_file out
    rm out.part-*
    cp whole/* .
}
part 2/3 -f --header 1
not_joined "out.part-2-of-3 does not belong to out.part-1-of-3: it was made with header=1, not header=0"
for more in "--max-record 1M" "--shell" "--no-decompress" "--reduce sum"; do
    # shellcheck disable=SC2086
    part 2/3 -f $more
    not_joined "out.part-2-of-3 does not belong to out.part-1-of-3: it was made with "
done
command=(cat -)
part 3/3 -f
not_joined 'it was made with command=["cat", "-"], not command=["cat"]'
command=($'cat\nx')
ln -s "$(command -v cat)" $'cat\nx'
PATH=$PWD:$PATH part 3/3 -f
not_joined 'it was made with command=["cat\nx"]'
command=(cat)
poolmap map -q -f --part 2/3 -0 --chunk-size 4K -o out in -- cat
not_joined 'it was made with cut=-0, not cut=--lines'
options=(--lines --chunk-size 5K -o out) 
part 2/3 -f
not_joined 'it was made with chunk-size=5120, not chunk-size=4096'
poolmap compress -q -f --part 2/3 -o out in
not_joined 'it was made with operation=compress, not operation=map'
cp out.part-1-of-3 out.part-one
not_joined "part 1 is given twice"
rm out.part-3-of-3
not_joined "part 3 of 3 is missing"
for part in whole/*; do
    name=${part#whole/}
    for byte in 0 4096 $(($(size_of "$part") / 2)) -30 -1; do
        patch "$name" $byte 255 254 253
        not_joined "$name is "
    done
    for length in 0 1 99 100 4096 $(($(size_of "$part") - 1)); do
        truncate -s $length "$name"
        not_joined "$name is not a part made by poolmap, or is truncated or damaged"
    done
done
sleep 0.01
touch in
options=(--lines --chunk-size 4K -o out)
part 1/3 -f
not_joined "its input had a different modification time"
silently poolmap join --rm -o out out.part-*
same_file in out
only_files $'cat\nx' in said not-a-program out whole whole/out.part-{1,2,3}-of-3
# The joined file has the mode of any new file, as in one run.
chmod 600 in
rm out
umask 022
for number in 1 2 3; do silently part $number/3; done
silently poolmap join -o out out.part-*
same_text 644 "$(stat -c %a out)"
