# A frame of a section that is copied within the section is detected; before or after the section only the first is.
. "$CLI_LIB"
text 3072 > in
poolmap compress -q --chunk-size 1K -o own.zst in
mapfile -t offsets < <(poolmap list --json -v own.zst | python3 -c '
import json, sys
for frame in json.load(sys.stdin)[0]["frameList"]:
    print(frame["offset"], frame["offset"] + frame["compressedBytes"], sep="\n")' | sort -nu)
frame() { part own.zst "${offsets[$1]}" $((offsets[$1 + 1] - offsets[$1])); }
before() { part own.zst 0 "${offsets[$1]}"; }
behind() { part own.zst "${offsets[$1]}" 1000000; }
# Between two parts of the section.
for place in 1 2 3; do
    for number in 0 1 2; do
        { before $place; frame $number; behind $place; } > "copy-$number-at-$place"
    done
done
# Wherever the first one is, it says that a table must follow.
{ frame 0; cat own.zst; } > copy-0-at-0
{ cat own.zst; frame 0; } > copy-0-at-the-end
all_refused test copy-*
all_refused_from_pipes copy-*
# Outside it is like any other frame, as in joined files: its content is part of the output.
{ frame 1; cat own.zst; } > before
{ cat own.zst; frame 2; } > behind
silently poolmap test before behind
silently poolmap decompress -c before | cmp - <(part in 1024 1024; cat in)
silently poolmap decompress -c < <(cat behind) | cmp - <(cat in; part in 2048 1024)
# So is a whole section that occurs twice.
cat own.zst own.zst > twice
silently poolmap decompress -c twice | cmp - <(cat in in)
