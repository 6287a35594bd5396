# list shows frames, sizes, ratio, checksum and seek table; --json shows the same as valid JSON.
. "$CLI_LIB"
real_data 1000000 > in
poolmap compress -q --chunk-size 256K -o own.zst in
poolmap compress -q --no-check -o plain-own.zst in
zstd -q -o foreign.zst in
zstd -q -c < in > unsized.zst
pzstd -q -p 2 -o pzstd.zst in
cat own.zst own.zst > joined.zst
: | poolmap compress -o empty.zst
silently poolmap list --json own.zst plain-own.zst foreign.zst unsized.zst pzstd.zst joined.zst empty.zst > all.json
python3 - all.json <<'PYTHON'
import json, os, sys
files = {file["file"]: file for file in json.load(open(sys.argv[1]))}
assert list(files) == ["own.zst", "plain-own.zst", "foreign.zst", "unsized.zst", "pzstd.zst", "joined.zst", "empty.zst"]
for name, file in files.items():
    assert file["compressedBytes"] == os.path.getsize(name), file
    if file["contentBytes"] is not None:
        ratio = file["contentBytes"] / file["compressedBytes"]
        assert abs(file["ratio"] - ratio) < 0.001, file
def facts(name):
    file = files[name]
    return [file[key] for key in ("frames", "skippableFrames", "contentBytes", "checksum", "seekTable", "chunkBytes")]
def same(name, *expected):
    assert facts(name) == list(expected), (name, facts(name))
same("own.zst", 4, 2, 1000000, "XXH64", "complete", 262144)
same("plain-own.zst", 1, 0, 1000000, None, "none", None)
same("foreign.zst", 1, 0, 1000000, "XXH64", "none", None)
same("unsized.zst", 1, 0, None, "XXH64", "none", None)
same("joined.zst", 8, 4, 2000000, "XXH64", "partial", 262144)
same("empty.zst", 1, 0, 0, "XXH64", "none", None)
assert files["unsized.zst"]["ratio"] is None
PYTHON
poolmap list --json -v own.zst | python3 -c '
import json, sys
frames = json.load(sys.stdin)[0]["frameList"]
assert [frame["contentBytes"] for frame in frames] == [262144] * 3 + [213568]
assert frames[0]["offset"] == 0
for one, next in zip(frames, frames[1:]):
    assert one["offset"] + one["compressedBytes"] == next["offset"]'
poolmap list own.zst foreign.zst unsized.zst > table
(($(wc -l < table) == 4))
grep -q '^ *4 *2 .* 976.56 KiB .*XXH64 *complete  own.zst$' table
grep -q '^ *1 *0 .* unknown .*XXH64 *none  unsized.zst$' table
poolmap list -v own.zst | grep -c '^  frame [0-3]: [0-9]* bytes at [0-9]*, content [0-9]*$' | grep -qx 4
silently poolmap list -q own.zst | cmp - /dev/null
