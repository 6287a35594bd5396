# Frames of a poolmap file that were swapped, repeated, removed or inserted from another file are detected.
. "$CLI_LIB"
real_data 262144 > in
poolmap compress -q --chunk-size 64K -o own.zst in
mapfile -t offsets < <(poolmap list --json -v own.zst | python3 -c '
import json, sys
for frame in json.load(sys.stdin)[0]["frameList"]:
    print(frame["offset"], frame["offset"] + frame["compressedBytes"], sep="\n")' | sort -nu)
frame() { part own.zst "${offsets[$1]}" $((offsets[$1 + 1] - offsets[$1])); }
tables() { part own.zst "${offsets[4]}" 1000000; }
{ frame 0; frame 1; frame 2; frame 3; tables; } | cmp - own.zst
mkdir moved
{ frame 1; frame 0; frame 2; frame 3; tables; } > moved/swapped
{ frame 0; frame 0; frame 2; frame 3; tables; } > moved/replaced
{ frame 0; frame 0; frame 1; frame 2; frame 3; tables; } > moved/repeated
{ frame 0; frame 1; frame 2; tables; } > moved/last-left-out
{ frame 1; frame 2; frame 3; tables; } > moved/first-left-out
{ tables; } > moved/all-left-out
{ frame 0; frame 1; frame 2; frame 3; } > moved/no-tables
{ frame 0; frame 1; frame 2; frame 3; tables; tables; } > moved/tables-twice
{ frame 0; frame 1; printf '\x50\x2a\x4d\x18\x00\x00\x00\x00'; frame 2; frame 3; tables; } > moved/skippable-inside
{ frame 0; frame 1; : | zstd -q -c; frame 2; frame 3; tables; } > moved/empty-frame-inside
{ frame 0; cat own.zst; frame 1; frame 2; frame 3; tables; } > moved/nested
{ frame 0; cat own.zst; } > moved/first-before
{ cat own.zst; tables; } > moved/tables-behind
{ frame 0; frame 1; frame 2; noise 65536 | zstd -q -c; tables; } > moved/put-in
all_refused test moved/*
all_refused_from_pipes moved/*
for file in moved/*; do
    refuses 1 "$file" poolmap decompress -j 2 -o out "$file"
done
only_files in own.zst moved moved/{swapped,replaced,repeated,last-left-out,first-left-out,all-left-out} \
    moved/{no-tables,tables-twice,skippable-inside,empty-frame-inside,nested,first-before,tables-behind,put-in}
