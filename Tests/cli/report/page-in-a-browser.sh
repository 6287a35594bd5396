# The page of a run shows in a browser what its JSON says, by pointer, keyboard and screen reader, and asks for nothing else.
. "$CLI_LIB"
noise 700000 > in
text 900000 >> in
odd='<img src=x onerror=alert(1)>'$'\xff\xfe\n"\\\x01\xe2\x80\xae</script><!--<script>'
poolmap compress -j 2 --chunk-size 32K --report many.json in
for number in {1..40}; do text 2000 > "small$number"; done
text 5000 > "${odd//\//,}"
mkdir "${odd%%/*}"
text 4000 > "$odd"
poolmap compress -r -j 2 --output-dir made --report names.json small* "${odd//\//,}" "${odd%%/*}"
text 9 > one
poolmap compress -j 2 --report one.json one
: > empty
poolmap hash --report empty.json empty > /dev/null
cp in.zst damaged.zst
patch damaged.zst 400000 1 2 3 4 5
cp in.zst cut.zst
truncate -s 500000 cut.zst
code=0
poolmap decompress -j 2 --salvage --output-dir back --report failed.json damaged.zst in.zst none cut.zst 2> /dev/null || code=$?
((code == 1))
poolmap map -j 2 --lines --chunk-size 32K --retries 2 --keep-going --report map.json in -- \
    sh -c 'cat > part; grep -c 99999 part; rm part; exit $((POOLMAP_CHUNK % 7 == 3))' > /dev/null 2>&1 || true
poolmap hash -j 2 --report hash.json in small* > /dev/null
# A worker dies over a chunk.
real_data 6000000 > large
start poolmap compress -15 -j 2 --chunk-size 512K --report killed.json large
wait_workers "$front" 2
read -r victim < <(worker_pids "$front")
wait_busy "$victim" 3
kill -KILL "$victim"
wait "$front"
for report in many names one empty failed map hash killed; do silently poolmap report $report.json; done
# Reports that are what docs/report.md says, and odd in all that it leaves open.
python3 - << 'END'
import json
run = json.load(open("many.json"))
evil = "</script><script>document.title='evil'</script><img src=x onerror=\"document.title='evil'\">"
big = 2**64 - 1
run["options"] = {evil: evil, "jobs": evil, "x": [evil, {"y": evil}], "__proto__": {"jobs": 3}}
run["machine"] = {"cpu": evil, "cores": evil, "usableCores": [evil], "memoryBytes": evil, "system": {"a": evil}}
run["poolmap"] = run["libzstd"] = run["command"] = evil
run["startedUnixNanoseconds"] = big
for name in run["totals"]:
    run["totals"][name] = big if name != "wallNanoseconds" else 0
run["mainProcess"] = {"bucketNanoseconds": 1, "handingOut": [big] * 3, "other": [1], evil: []}
file = run["files"][0]
file["input"], file["output"], file["status"] = evil, evil, evil
file["error"] = {"code": [evil], "message": {"a": evil}, evil: 1}
file["salvage"] = {"lost": [None, 1, {"offset": evil, "length": evil, "reason": [evil]}]}
for number, chunk in enumerate(file["chunks"]):
    chunk["result"] = [None, {"bytes": big}, {"error": {"message": [evil]}}, {"kept": evil}, {"bytes": evil}, {}][number % 6]
    if number % 3 == 0:
        chunk.update({name: big for name in chunk if name != "result"})
    chunk["worker"] = number
run["files"].append(dict(file, chunks=[], salvage={"lost": evil}, input=""))
json.dump(run, open("strange.json", "w"))
json.dump(dict(run, files=[]), open("nothing.json", "w"))
END
silently poolmap report -o strange-page.html strange.json
silently poolmap report -o nothing-page.html nothing.json
# And one that the run itself has written.
poolmap test -j 2 --report direct.html in.zst
PYTHONUTF8=1 python3 -B "$CLI_FOLDER/report/look.py" *.html
