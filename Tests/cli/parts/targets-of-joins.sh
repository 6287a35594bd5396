# A join that cannot write says so in one line, leaves no target and removes no part; --rm removes them after success.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
noise 6000000 > in
touch -d 2001-01-01 in
silently each_part 3 poolmap compress --chunk-size 256K -o good in
poolmap compress -q --chunk-size 256K -o whole in
mapfile -t parts < <(parts_of good 3)
mkdir kept
cp -p good.* kept

# ---- The target

refuses 1 "good.part-2-of-3: good.part-2-of-3 is both a part and the target" \
    poolmap join -f --rm -o good.part-2-of-3 "${parts[@]}"
ln good.part-3-of-3 other
refuses 1 "other: good.part-3-of-3 is both a part and the target" poolmap join -f -o other "${parts[@]}"
rm other
echo mine > out
refuses 1 "out: " poolmap join --rm -o out "${parts[@]}"
same_text mine "$(< out)"
silently poolmap join -f -o out "${parts[@]}"
same_file whole out
refuses 1 "missing/out: cannot write missing/out: No such file or directory" poolmap join --rm -o missing/out "${parts[@]}"
mkdir folder
refuses 1 "folder: " poolmap join --rm -f -o folder "${parts[@]}"
mkdir -m 555 closed
refuses 1 "closed/out: cannot write closed/out: Permission denied" as_user poolmap join --rm -o closed/out "${parts[@]}"
rm out
same_text "" "$(ls -A closed folder | grep -v :)"
for file in "${parts[@]}"; do same_file "$file" "kept/$file"; done

# ---- A full disk; for a part, too.

on_small_disk() {
    . "$CLI_LIB"
    refuses 1 "disk/out: cannot write disk/out: No space left on device" poolmap join -j "$1" --rm -o disk/out "${@:2}"
    same_text "" "$(ls -A disk)"
    refuses 1 "in: cannot write disk/out.part-1-of-1: No space left on device" \
        poolmap compress -j "$1" --part 1/1 -o disk/out in
    same_text "" "$(ls -A disk)"
    refuses 1 "whole: cannot write disk/out.part-1-of-1: No space left on device" \
        poolmap decompress -j "$1" --part 1/1 -o disk/out whole
    same_text "" "$(ls -A disk)"
}
export -f on_small_disk
for jobs in 1 2; do with_small_disk 2m bash -c 'on_small_disk "$@"' - $jobs "${parts[@]}"; done
for file in "${parts[@]}"; do same_file "$file" "kept/$file"; done

# ---- Standard output

silently poolmap join -c "${parts[@]}" > out
same_file whole out
silently poolmap join -o - "${parts[@]}" | cmp - whole
refuses 1 "standard output: cannot write standard output: No space left on device" \
    poolmap join -c "${parts[@]}" > /dev/full
code=0
{ poolmap join -c "${parts[@]}" 2> said || code=$?; echo $code > code; } | head -c 10 | wc -c > "$CLI_NOTES/count"
same_text "141 " "$(< code) $(< said)"
silently poolmap join -o /dev/stdout "${parts[@]}" | cmp - whole
mkfifo pipe
cat pipe > out &
silently poolmap join -f -o pipe "${parts[@]}"
wait $!
same_file whole out
rm pipe out code said

# ---- --if-changed, --fsync, --rm

silently poolmap join -o out "${parts[@]}"
touch -d 2002-02-02 out
silently poolmap join --if-changed -o out "${parts[@]}"
same_text 2002 "$(date -r out +%Y)"
same_file whole out
patch out 5000 1 2 3
silently poolmap join --if-changed -o out "${parts[@]}"
same_file whole out
same_text 2001 "$(date -r out +%Y)"
# syncs OPTION…: the file is synced before it gets its name.
syncs() {
    strace -f -e trace=fsync,fdatasync,linkat,renameat,renameat2,unlinkat -o trace \
        poolmap join -f "$@" -o out "${parts[@]}"
    # The first one only tests whether there are links.
    grep -v 'linkat(-1' trace | grep -oE '(fsync|fdatasync|linkat|rename[a-z0-9]*)\(' > calls
    head -1 calls
}
same_text "fsync(" "$(syncs --fsync)"
[[ $(syncs) != *sync* ]] || fail "it syncs without --fsync"
same_text "fsync(" "$(syncs --rm)"
no_file "${parts[@]}"
same_file whole out
# Nothing is removed if a part is missing or damaged.
cp -p kept/* .
rm out "${parts[1]}"
refuses 1 "part 2 of 3 is missing" poolmap join --rm -o out "${parts[0]}" "${parts[2]}"
cp -p kept/* .
patch "${parts[2]}" 1000 1 2 3
refuses 1 "${parts[2]} is damaged in chunk 0; remove it and make the part again" poolmap join --rm -o out "${parts[@]}"
no_file out
ls "${parts[@]}" > "$CLI_NOTES/all"
# Of several targets one is made, and its parts are removed.
cp -p kept/* .
for file in "${parts[@]}"; do cp -p "$file" "second${file#good}"; done
patch second.part-1-of-3 1000 1 2 3
refuses 1 "second: second.part-1-of-3 is damaged" poolmap join --rm {second,good}.part-*
same_file whole good
no_file second "${parts[@]}"
ls second.part-{1,2,3}-of-3 > "$CLI_NOTES/all"
