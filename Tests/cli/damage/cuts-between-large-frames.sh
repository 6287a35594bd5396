# A larger poolmap file that is cut at any border of its frames is refused in parallel, without a target.
. "$CLI_LIB"
real_data 1000000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
poolmap list --json -v own.zst | python3 -c '
import json, sys
file = json.load(sys.stdin)[0]
for frame in file["frameList"]:
    print(frame["offset"])
    print(frame["offset"] + frame["compressedBytes"])' | sort -nu | grep -vx 0 > borders
(($(wc -l < borders) == 16))
while read -r border; do
    head -c "$border" own.zst > cut.zst
    zstd -q -t cut.zst
    refuses 1 cut.zst poolmap test -j 2 cut.zst
    refuses 1 cut.zst poolmap decompress -j 2 -o out cut.zst
    refuses 1 "standard input" poolmap decompress -j 2 -o out < <(cat cut.zst)
    no_file out
    # Without its beginning, it is not mistaken for another tool's file either.
    tail -c +$((border + 1)) own.zst > headless.zst
    refuses 1 headless.zst poolmap test -j 2 headless.zst
    refuses 1 "standard input" poolmap decompress -j 2 -o out < <(cat headless.zst)
done < borders
