# --report and --trace list each chunk with its place, worker and result; -v prints a line for each input.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 14999 > in
chunks_by_hand in 4096 separator 0a > borders
for jobs in 1 2; do
    poolmap map -v -j $jobs --lines --chunk-size 4K --retries 1 --report report --trace trace in 2> said -- \
        sh -c '[ $POOLMAP_CHUNK_INDEX != 3 ] || [ -e again ] || { : > again; exit 1; }; cat; cat; echo x' > out
    rm again
    one_line=$(grep '^in: ' said)
    same_text "in: 30000 bytes to 30016" "$one_line"
    python3 - <<'END2'
import json
report = json.load(open("report"))
assert report["command"] == "map"
assert report["options"]["cut"] == "lines" and report["options"]["chunkBytes"] == 4096, report["options"]
[file] = report["files"]
assert file["input"] == "in" and file["status"] == "done", file["status"]
assert file["inputBytes"] == 30000 and file["outputBytes"] == 30000 + 2 * 8, file
chunks = [chunk for chunk in file["chunks"] if "attempts" in (chunk["result"] or {})]
borders = [list(map(int, line.split())) for line in open("borders")]
assert [[chunk["offset"], chunk["length"]] for chunk in chunks] == borders, chunks
assert [chunk["index"] for chunk in chunks] == list(range(len(borders)))
assert [chunk["result"]["attempts"] for chunk in chunks] == [2 if index == 3 else 1 for index in range(len(borders))]
assert sum(chunk["result"]["bytes"] for chunk in chunks) == file["outputBytes"]
trace = json.load(open("trace"))
assert len([event for event in trace["traceEvents"] if "chunk" in event.get("name", "")]) >= len(borders), trace
END2
    code=0
    poolmap map -j $jobs --lines --chunk-size 4K --keep-going --report report in -- \
        sh -c '[ $POOLMAP_CHUNK_INDEX != 3 ]' 2> said || code=$?
    ((code == 1))
    python3 - <<'END2'
import json
[file] = json.load(open("report"))["files"]
failed = [chunk for chunk in file["chunks"] if "error" in (chunk["result"] or {})]
assert [chunk["index"] for chunk in failed] == [3], failed
assert failed[0]["result"]["error"]["message"] == "the command exited with code 1", failed
END2
done

# Every field matches docs/report.md, for inputs that are done, that fail, and that were not started.
number=0
account() {
    local expected=$1 code=0
    shift
    number=$((number + 1))
    mkdir run-$number
    poolmap map -j $jobs --report run-$number/report --trace run-$number/trace "$@" > out 2> said || code=$?
    ((code == expected)) || fail "exit code $code: $* said: $(< said)"
    printf '%s\0' map $code "${inputs[@]}" > run-$number/run
}
zstd -q in
: > empty
for jobs in 1 2; do
    inputs=(in in empty)
    account 0 --lines --chunk-size 4K "${inputs[@]}" -- cat
    account 0 --chunk-size 4K "${inputs[@]}" -- sh -c 'cat; cat; echo x'
    account 0 --lines --reduce "cat {}" --chunk-size 1K "${inputs[@]}" -- cat
    account 0 --csv --records 300 --max-output 1M --max-ratio 9 "${inputs[@]}" -- cat
    account 1 --lines --chunk-size 4K --keep-going --retries 1 "${inputs[@]}" -- sh -c 'cat; [ $POOLMAP_CHUNK_INDEX != 3 ]'
    account 1 --lines --chunk-size 4K --halt never "${inputs[@]}" -- sh -c 'cat; [ $POOLMAP_CHUNK_INDEX != 3 ]'
    inputs=(none in empty in.zst in)
    account 1 --lines --chunk-size 4K -o new "${inputs[@]}" -- sh -c 'cat; [ $POOLMAP_CHUNK_INDEX != 3 ]'
    inputs=("standard input")
    account 0 --lines --chunk-size 4K -- cat < <(cat in)
done
python3 -B "$CLI_FOLDER/report/validate.py" run-*
