# list shows the dictionary numbers of all frames of a file, as zstd -lv does for one.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
cat records/*.json > in
poolmap -q -D one -o single.zst in
poolmap -q -D one --chunk-size 16K -o several.zst in
real_data 1000000 > large
poolmap -q -D one --chunk-size 256K -o large.zst large
poolmap -q -D one --no-dictID -o nameless.zst in
poolmap -q -D raw -o raw.zst in
poolmap -q -o plain.zst in
zstd -q -D other -o foreign.zst in
cat several.zst plain.zst foreign.zst single.zst > joined.zst
files=(single several large nameless raw plain foreign joined)
silently poolmap list --json "${files[@]/%/.zst}" > all.json
python3 -c '
import json
files = {file["file"]: file["dictionaryIDs"] for file in json.load(open("all.json"))}
expected = {"single": [4711], "several": [4711], "large": [4711], "nameless": [], "raw": [], "plain": [], "foreign": [77],
    "joined": [4711, 77]}
assert files == {f"{name}.zst": ids for name, ids in expected.items()}, files'
for file in single several large foreign nameless plain; do
    same_text "$(zstd -lv $file.zst 2> /dev/null | sed -n 's/^DictID: //p')" \
        "$(poolmap list --json $file.zst | python3 -c 'import json, sys; print(*json.load(sys.stdin)[0]["dictionaryIDs"] or [0])')"
done
poolmap list -v large.zst | grep -c '^  frame [0-3]: [0-9]* bytes at [0-9]*, content [0-9]*, dictionary 4711$' | grep -qx 4
poolmap list -v plain.zst | grep -q '^  frame 0: [0-9]* bytes at 0, content [0-9]*$'
poolmap list --json -v large.zst joined.zst | python3 -c '
import json, sys
large, joined = ([frame["dictionaryID"] for frame in file["frameList"]] for file in json.load(sys.stdin))
assert large == [4711] * 4, large
assert joined[0] == 4711 and joined[-3:] == [None, 77, 4711], joined'
# It needs none, and accepts one, as zstd does.
same_text "$(poolmap list single.zst)" "$(poolmap list -D one single.zst)"
# A file may list up to 1,000 different numbers; with more the field is null.
perl -e 'print pack("VCVCCv", 0xfd2fb528, 0x23, $_, 0, 1, 0) for 1 .. 1000' > many.zst
same_text 1000 "$(poolmap list --json many.zst | python3 -c 'import json, sys; print(len(json.load(sys.stdin)[0]["dictionaryIDs"]))')"
perl -e 'print pack("VCVCCv", 0xfd2fb528, 0x23, $_, 0, 1, 0) for 1 .. 1001' > many.zst
same_text None "$(poolmap list --json many.zst | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["dictionaryIDs"])')"
