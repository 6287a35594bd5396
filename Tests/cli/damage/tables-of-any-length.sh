# Whatever length a table claims, no reader of it takes more than 64 MiB, and all readers agree about the file.
. "$CLI_LIB"
text 300000 > in
poolmap compress -q --chunk-size 1K -o own.zst in
zstd -q -o other.zst in
table=$((17 + 12 * (293 + 1)))
first=$(poolmap list -v own.zst | sed -n 's/.*frame 0: \([0-9]*\) bytes at .*/\1/p')

# sparse FILE HOLE CHECKSUMS FIRST…: HOLE bytes, then a seek table of 2^27 rows, all holes except FIRST.
sparse() {
    python3 - "$@" << 'END'
import struct, sys
name, hole, width = sys.argv[1], int(sys.argv[2]), 12 if sys.argv[3] == "yes" else 8
rows = [int(number) for number in sys.argv[4:]]
with open(name, "ab") as out:
    out.truncate(out.tell() + hole)
    start = out.seek(0, 2)
    out.write(struct.pack("<II", 0x184D2A5E, 9 + (width << 27)))
    for number in rows:
        out.write(struct.pack("<I", number))
    out.truncate(start + 8 + (width << 27))
    out.seek(0, 2)
    out.write(struct.pack("<IBI", 1 << 27, 128 if width == 12 else 0, 0x8F92EAB1))
END
}
mkdir files
: > files/alone
sparse files/alone 0 yes
cp own.zst files/behind-own
sparse files/behind-own 0 no
head -c -$table own.zst > files/in-own
sparse files/in-own 0 yes "$first" 1024 1
cp other.zst files/behind-other
sparse files/behind-other 0 no "$(size_of other.zst)" 300000
head -c "$first" own.zst > files/hole
sparse files/hole 1073741824 no "$first" 1024
# Other frames that claim gigabytes.
{ head -c -$table own.zst; printf '\x5c\x2a\x4d\x18\xf8\xff\xff\x7fpoolmapT'; } > files/checksums
truncate -s $(($(size_of own.zst) - table + 0x80000000)) files/checksums
{ cat other.zst; printf '\x5c\x2a\x4d\x18\xf8\xff\xff\x1f'; } > files/skippable
truncate -s $(($(size_of other.zst) + 0x20000000)) files/skippable
(($(du -sk files | cut -f1) < 2000))

# limited COMMAND…: runs it and prints its exit code; complains if one of its processes had more than 64 MiB.
limited() {
    python3 -c '
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
assert peak < 65536, "%s KiB: %s" % (peak, sys.argv[1:])
print(code)' "$@"
}
for file in files/*; do
    case $file in
        files/behind-other | files/skippable) whole=0 ;;
        *) whole=1 ;;
    esac
    same_text "$file test $whole" "$file test $(limited poolmap test -j 2 "$file")"
    for command in "list --json" "list -v" "list --json -v" "cat" "decompress -j 2 -f -o out"; do
        # shellcheck disable=SC2086
        same_text "$file $command $whole" "$file $command $(limited poolmap $command "$file")"
    done
    [[ $file != files/behind-other ]] || silently poolmap cat --offset 1000 --length 10 "$file" | cmp - <(part in 1000 10)
    # Searching a whole hole takes too long.
    [[ $file == files/hole ]] || same_text "$file salvage $whole" "$file salvage $(limited poolmap decompress --salvage -f -o out "$file")"
    rm -f out
done
for file in in-own skippable; do
    whole=$([[ $file == in-own ]] && echo 1 || echo 0)
    # The reader may stop before the end.
    same_text "$file from a pipe $whole" "$file from a pipe $({ cat "files/$file" 2> /dev/null || true; } | limited poolmap test -j 2)"
done
