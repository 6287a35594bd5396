# --part needs regular files and a target; anything else is one clear line, and no file.
. "$CLI_LIB"
text 300000 > in
cp in second
poolmap compress -q -o in.zst in
mkdir folder
ln -s in link

# no_part EXIT TEXT COMMAND…
no_part() {
    refuses "$@"
    only_files in second in.zst folder link
}
compress=(poolmap compress --part 1/2 -o out)
decompress=(poolmap decompress --part 1/2 -o out)
test=(poolmap test --part 1/2)
hash=(poolmap hash --part 1/2 -o out)

for name in compress decompress test hash; do
    declare -n command=$name
    file=in
    [[ $name != decompress && $name != test ]] || file=in.zst
    for bad in 0/4 5/4 1/0 a/b 1 "" / 1/ /2 -1/4 1/4/4 1.0/4 1/1000001; do
        no_part 2 "--part" "${command[@]}" "--part=$bad" $file
    done
    text="--part requires files, not standard input"
    no_part 2 "$text" "${command[@]}" < $file
    no_part 2 "$text" "${command[@]}" - < $file
    no_part 2 "$text" "${command[@]}" - $file < $file
    no_part 2 "$text" "${command[@]}" - < <(head -c 100 $file)
    no_part 1 "folder: is a directory" "${command[@]}" folder
    no_part 1 "nothing: No such file or directory" "${command[@]}" nothing
    no_part 1 "/dev/stdin: is not a regular file" "${command[@]}" /dev/stdin < <(head -c 100 $file)
    no_part 1 "/dev/null: is not a regular file" "${command[@]}" /dev/null
    # Its size is reported as 0.
    no_part 1 "/proc/version: has more content than its size says" "${command[@]}" /proc/version
    mkfifo pipe
    refuses 1 "pipe: is not a regular file" "${command[@]}" pipe
    rm pipe
done
no_part 1 "/proc/version: has more content than its size says" poolmap hash --manifest --part 1/2 -o out /proc/version
no_part 2 "--part of many files cannot be combined with --resume" "${hash[@]}" --resume state in second
for name in compress decompress; do
    file=in
    [[ $name == compress ]] || file=in.zst
    no_part 2 "--part cannot be combined with -c" poolmap $name --part 1/2 -c $file
    no_part 2 "--part cannot be combined with -c" poolmap $name --part 1/2 -o - $file
    no_part 2 "--part cannot be combined with -c" poolmap $name --part 1/2 -o /dev/stdout $file
    no_part 2 "--part cannot be combined with -c" poolmap $name --part 1/2 -c $file $file
    no_part 2 "--part of one file cannot be combined with --rm" poolmap $name --part 1/2 --rm $file
    no_part 2 "--part of one file cannot be combined with --depfile" poolmap $name --part 1/2 --depfile rules $file
    no_part 2 "-o" poolmap $name --part 1/2 -o out $file second
    no_part 1 "$file: cannot write missing/out.part-1-of-2: No such file" poolmap $name --part 1/2 -o missing/out $file
done
no_part 2 "--part cannot be combined with --salvage" "${decompress[@]}" --salvage in.zst
no_part 2 "--part cannot be combined with --pass-through" "${decompress[@]}" --pass-through in.zst
no_part 1 "in: not a Zstandard frame" "${decompress[@]}" -f in
no_part 2 "--resume cannot be combined with --rsyncable" "${compress[@]}" --resume --rsyncable in
no_part 2 "--resume requires -o FILE" poolmap compress --part 1/2 --resume in
no_part 1 "in: is both input and output" poolmap hash -f --part 1/2 -o out --resume in in
# A part is not an input for itself.
cp in out.part-1-of-2
refuses 1 "out.part-1-of-2: is both input and output" "${compress[@]}" -f out.part-1-of-2
same_file in out.part-1-of-2
rm out.part-1-of-2
for name in list cat; do
    no_part 2 "unknown option '--part'" poolmap $name --part 1/2 in.zst
    ! grep -q "did you mean" "$CLI_NOTES/refusal"
done
# With --json the message is an object.
expect_exit 2 "${hash[@]}" --json in - 2> said
grep -Fxq '{"error": "usage", "file": null, "message": "--part requires files, not standard input", "errno": null}' said
expect_exit 1 "${compress[@]}" --json /dev/null 2> said
grep -q '^{"error": "failed", "file": "/dev/null", "message": "is not a regular file' said
expect_exit 1 poolmap join --json -o out in 2> said
grep -q '^{"error": "damaged", "file": "out", "message": "in is not a part made by poolmap' said
expect_exit 2 poolmap join --json 2> said
grep -q '^{"error": "usage", "file": null, ' said
rm said
only_files in second in.zst folder link

# ---- A regular file by another name is fine.

silently "${compress[@]}" /dev/stdin < in
silently poolmap compress --part 2/2 -o out in
silently poolmap join out.part-*
same_file in.zst out
