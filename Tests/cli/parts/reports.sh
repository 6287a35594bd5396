# The report, -v and the progress line say the same about a part as about a whole, and which part it is.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
real_data 2000000 > in
poolmap compress -q --chunk-size 64K -o in.zst in

# look WORD…: a Python script reads the report as `report`, and its output is compared with the words.
look() {
    same_text "$2" "$(python3 -c '
import json, sys
report = json.load(open("report"))
file = report["files"][0]
print(eval(sys.argv[1]))' "$1")"
}
# The numbers of both parts add up to those of one run.
total=0
for number in 1 2; do
    silently poolmap compress --chunk-size 64K --part $number/2 --report report --trace trace -o out in
    look 'report["options"]["part"], report["command"], report["options"]["chunkBytes"]' "('$number/2', 'compress', 65536)"
    look 'file["input"], file["output"], file["status"]' "('in', 'out.part-$number-of-2', 'done')"
    look 'file["outputBytes"]' "$(size_of out.part-$number-of-2)"
    look 'sum(chunk["length"] for chunk in file["chunks"]) == file["inputBytes"]' True
    total=$((total + $(python3 -c 'import json; print(json.load(open("report"))["files"][0]["inputBytes"])')))
    python3 -c 'import json; json.load(open("trace"))["traceEvents"]'
done
same_text 2000000 "$total"
silently poolmap join --report report --trace trace out.part-*
look 'report["command"], file["output"], file["status"], file["outputBytes"]' "('join', 'out', 'done', $(size_of in.zst))"
look 'all(chunk["result"] == {"intact": True} for chunk in file["chunks"]) and len(file["chunks"]) > 0' True
poolmap compress -q --chunk-size 64K --report report -f -o out in
look 'report["options"]["part"]' None
rm out*
total=0
for number in 1 2; do
    silently poolmap decompress --part $number/2 --report report -o out in.zst
    look 'report["options"]["part"], file["output"]' "('$number/2', 'out.part-$number-of-2')"
    total=$((total + $(python3 -c 'import json; print(json.load(open("report"))["files"][0]["outputBytes"])')))
    silently poolmap test --part $number/2 --report report in.zst
    look 'report["options"]["part"], file["output"]' "('$number/2', None)"
    silently poolmap hash --part $number/2 --report report -o digests in
    look 'report["options"]["part"], report["command"], file["status"]' "('$number/2', 'hash', 'done')"
    silently poolmap hash --manifest --part $number/2 --report report -o manifest in
    look 'report["options"]["part"], report["options"]["mode"]' "('$number/2', 'manifest')"
done
((total >= 2000000 && total < 2001000))
# A failed part.
cp in.zst damaged.zst
patch damaged.zst 5000 1 2 3 4
expect_exit 1 poolmap decompress --part 1/2 --report report -f -o out damaged.zst 2> "$CLI_NOTES/said"
look 'file["status"], file["error"]["code"], report["totals"]["failed"]' "('failed', 'damaged', 1)"
patch out.part-1-of-2 1000 1 2 3 4
expect_exit 1 poolmap join --report report out.part-* 2> "$CLI_NOTES/said"
look 'file["output"], file["status"], file["error"]["code"]' "('out', 'failed', 'damaged')"
look 'file["chunks"][0]["result"]' "{'intact': False}"
no_file out
# The parts are not inputs of the report.
refuses 1 "report" poolmap join --report out.part-1-of-2 out.part-*

# ---- -v

rm -f out* digests.* manifest.*
# says PATTERN COMMAND…: prints this line, besides the one about the sandbox.
says() {
    "${@:2}" 2> said
    sed -i '/^workers: /d' said
    (($(wc -l < said) == 1)) && grep -Exq "$1" said || fail "it said $(< said)"
}
says 'in: [0-9.]+ [KM]iB to [0-9.]+ KiB' poolmap compress -v --chunk-size 64K --part 1/2 -o out in
says 'in.zst: ok, [0-9.]+ KiB hold [0-9.]+ [KM]iB' poolmap test -v --part 1/2 in.zst
poolmap compress -q --chunk-size 64K --part 2/2 -o out in
says 'out: [0-9.]+ [KM]iB of parts' poolmap join -v out.part-*
# -q prints an error, and -qq does not.
refuses 1 "out: " poolmap join -q out.part-*
expect_exit 1 poolmap join -qq out.part-* 2> said
same_text "" "$(< said)"

# ---- On a terminal

# With one process, at this level, it takes long enough to show the remaining time.
real_data 12000000 > in
script -qec "poolmap compress -19 --chunk-size 128K -j 1 --part 2/2 -f -o out in" /dev/null < /dev/null > seen
# The percentage is that of the part, so at most a hundred.
grep -q 'left' seen
(($(tr '\r' '\n' < seen | sed -n 's/.* (\([0-9]*\) %).*/\1/p' | sort -n | tail -1) > 50))
script -qec "poolmap compress -9 --chunk-size 128K -j 2 --part 2/2 -f --no-progress -o out in" /dev/null < /dev/null > seen
same_text 0 "$(size_of seen)"
