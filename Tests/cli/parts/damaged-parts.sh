# A part with any changed byte, or truncated anywhere, is not joined, whatever command made it.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
{ text 1024; head -c 1024 /dev/zero; noise 20; } > in
poolmap compress -q --chunk-size 1K -o in.zst in
checks() {
    local part
    for part in out.part-*; do
        damage_each damaged "$part" FLIP 1
        same_text $((2 * $(size_of "$part"))) "$(find damaged -type f | wc -l)"
        all_damaged_refused damaged "$part"
        rm -r damaged
        damage_each damaged "$part" CUT 5
        all_damaged_refused damaged "$part"
        rm -r damaged
    done
    poolmap join out.part-*
    rm out*
}
silently each_part 2 poolmap compress --chunk-size 1K -j 1 -o out in
checks
silently each_part 2 poolmap decompress -j 1 -o out in.zst
checks
silently each_part 2 poolmap hash -j 1 -a blake3 -a crc32 -o out in
checks
silently each_part 2 poolmap hash -j 1 --manifest --chunk-size 1K -a crc32c -o out in
checks
