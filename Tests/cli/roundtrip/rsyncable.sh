# With --rsyncable a file and a pipe give the same bytes, and an inserted byte changes few frames.
. "$CLI_LIB"
frames() { poolmap list --json -v "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["frames"])'; }

# same_every_way OPTION…: compresses the file `in`.
same_every_way() {
    poolmap -q -f --rsyncable "$@" -j1 -o out.zst in
    zstd -q -dc out.zst | cmp - in
    silently poolmap test out.zst
    for jobs in 2 3 7; do
        poolmap --rsyncable "$@" -j$jobs -c in | cmp - out.zst || fail "-j$jobs $*"
    done
    poolmap --rsyncable "$@" -j1 < <(cat in) | cmp - out.zst || fail "pipe, -j1 $*"
    poolmap --rsyncable "$@" -j3 < <(cat in) | cmp - out.zst || fail "pipe, -j3 $*"
    # Reads of any size, which end in the middle of the window.
    poolmap --rsyncable "$@" -j2 < <(dd if=in bs=70001 status=none) | cmp - out.zst || fail "pieces, $*"
}
real_data 30000000 > in
same_every_way
(($(frames out.zst) > 5)) || fail "one of 30 MB has $(frames out.zst) frames"
same_every_way --chunk-size 64K -1 --no-check
(($(frames out.zst) > 800))
part in 5000000 3000000 > shorter
mv shorter in
for size in 1K 5000 100K 1G; do
    same_every_way --chunk-size $size -1
done
# Uniform content has no content-defined border; and sizes around the shortest and the longest chunk.
head -c 3000000 /dev/zero > in
same_every_way --chunk-size 256K
for size in 0 1 16383 16384 16385 65535 65536 65537 131073; do
    noise $size > in
    same_every_way --chunk-size 64K
done

# changed FILE FILE: the percentage of the second file's frames that are not in the first.
changed() {
    python3 - "$@" << 'END'
import json, subprocess, sys
def frames(path):
    data = open(path, "rb").read()
    text = subprocess.run(["poolmap", "list", "--json", "-v", path], capture_output=True, check=True).stdout
    return [data[one["offset"]:one["offset"] + one["compressedBytes"]] for one in json.loads(text)[0]["frameList"]]
old, new = (frames(path) for path in sys.argv[1:])
known = set(old)
print(100 * sum(len(one) for one in new if one not in known) // sum(map(len, new)))
END
}
real_data 40000000 > in
for place in 0 1000 20000000; do
    { part in 0 $place; printf x; part in $place 40000000; } > inserted
    { part in 0 $place; part in $((place + 70000)) 40000000; } > removed
    for change in inserted removed; do
        poolmap -q -f --rsyncable --chunk-size 1M -1 -o old.zst in
        poolmap -q -f --rsyncable --chunk-size 1M -1 -o new.zst $change
        (($(changed old.zst new.zst) < 10)) || fail "$change at $place: $(changed old.zst new.zst) % changed"
    done
done
# Without it most frames change, so this case can fail.
poolmap -q -f --chunk-size 1M -1 -o old.zst in
poolmap -q -f --chunk-size 1M -1 -o new.zst inserted
(($(changed old.zst new.zst) > 40))
# A range of such a file, and a journal, which refers to chunks by number.
poolmap -q -f --rsyncable --chunk-size 1M -o out.zst in
poolmap cat --offset 12345678 --length 3000000 out.zst | cmp - <(part in 12345678 3000000)
expect_exit 2 poolmap --rsyncable --resume -o new in 2> said
one_error_line said "--resume cannot be combined with --rsyncable"
# Damage costs its frame: each states its own size, with tables and without.
third=$(poolmap list -v out.zst | sed -n 's/.*frame 2: .* at \([0-9]*\),.*/\1/p')
poolmap list --json -v out.zst > list
read -r start length < <(python3 -c '
import json
sizes = [one["contentBytes"] for one in json.load(open("list"))[0]["frameList"]]
print(sum(sizes[:2]), sizes[2])')
{ part in 0 "$start"; head -c "$length" /dev/zero; part in $((start + length)) 40000000; } > expected
cp out.zst bad.zst
patch bad.zst $((third + 100)) 1 2 3 4
refuses 1 bad.zst poolmap test bad.zst
expect_exit 1 poolmap decompress --salvage -f -o out bad.zst 2> said
same_file expected out "$(< said)"
head -c -5000 bad.zst > cut.zst
expect_exit 1 poolmap decompress --salvage -f -o out cut.zst 2> said
part expected 0 $((start + length + 1000000)) | cmp - <(head -c $((start + length + 1000000)) out)
