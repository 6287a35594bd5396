# poolmap report makes the page of every command's report, and says in one line why it cannot.
. "$CLI_LIB"
noise 300000 > in
text 300000 >> in
poolmap compress -j 2 --chunk-size 64K --report compress.json in
poolmap decompress -j 2 -o back --report decompress.json in.zst
poolmap test -j 2 --report test.json in.zst
poolmap cat -j 2 --report cat.json in.zst > /dev/null
poolmap hash -j 2 --report hash.json in > /dev/null
poolmap map -j 2 --lines --chunk-size 64K --report map.json in -- cat > /dev/null
for command in compress decompress test cat hash map; do
    silently poolmap report $command.json
    grep -q "\"command\": \"$command\"" $command.html
done
# Of a pipe, to a pipe, and by every name of the target: the same page.
silently poolmap report -o other compress.json
cmp other compress.html
silently poolmap report < compress.json | cmp - compress.html
silently poolmap report -c compress.json | cmp - compress.html
silently poolmap report -o - - < compress.json | cmp - compress.html
silently poolmap --report-page -c < compress.json | cmp - compress.html
# The run itself writes the page where the name says so, with the same parts around its data.
poolmap compress -j 2 -f --chunk-size 64K --report direct.html in
around() { sed '/id="report-data"/,/<\/script>/d' "$1"; }
cmp <(around direct.html) <(around compress.html)
# What is there stays, without -f; and the report itself always.
echo old > hash.html
refuses 1 "hash.html already exists" poolmap report hash.json
same_text old "$(< hash.html)"
silently poolmap report -f hash.json
grep -q '"command": "hash"' hash.html
cp hash.json kept.json
refuses 1 "hash.json" poolmap report -f -o hash.json hash.json
cmp hash.json kept.json
refuses 2 "-o requires a single report" poolmap report -o two.html hash.json map.json
refuses 2 "cannot be combined with" poolmap report -c -o two.html hash.json
refuses 2 "only once" poolmap report - -
refuses 1 "none.json: No such file" poolmap report none.json
refuses 1 "No such file" poolmap report -f -o none/x hash.json
refuses 1 "No space" poolmap report -f -o /dev/full hash.json
# One that fails holds back no other.
rm map.html test.html
refuses 1 "none.json: No such file" poolmap report map.json none.json test.json
grep -q '</html>' map.html && grep -q '</html>' test.html
# A report without what older versions did not write.
python3 - << 'END'
import json
run = json.load(open("compress.json"))
for name in ("machine", "pid", "mainProcess"):
    del run[name]
for chunk in run["files"][0]["chunks"]:
    del chunk["queuedNanoseconds"], chunk["takenNanoseconds"]
json.dump(run, open("older.json", "w"), indent=1, sort_keys=True)
END
silently poolmap report older.json
grep -q '</html>' older.html
# Whatever else it is: one line that says so, and no page.
mkdir bad
python3 - << 'END'
import json
text = open("compress.json").read()
run = json.loads(text)
bad = {"empty": "", "blank": " \n", "number": "5", "list": "[]", "object": "{}", "word": "tru", "nul": "\0",
       "schema": '{"schema": 1, "files": []}', "other": '{"schema": "poolmap-report/12", "files": []}',
       "deep": "[" * 100000, "deeper": '{"files":[],"x":' + "[" * 100 + "]" * 100 + "}", "string": '{"' + "x" * 2000000,
       "digits": '{"x":' + "1" * 5000 + "}", "leading": '{"x":01}', "dot": '{"x":1.}', "escape": '{"x":"\\q"}',
       "hex": '{"x":"\\u12g4"}', "control": '{"x":"\n"}', "comma": '{"x":1,}', "colon": '{"x" 1}', "more": text + "x"}
for number in range(0, len(text) - 2, max(1, len(text) // 40)):
    bad[f"cut{number}"] = text[:number]
def change(name, change):
    copy = json.loads(text)
    change(copy)
    bad[name] = json.dumps(copy)
for name in ("schema", "poolmap", "command", "libzstd", "options", "startedUnixNanoseconds", "files", "totals"):
    change(f"no-{name}", lambda copy: copy.pop(name))
    change(f"list-{name}", lambda copy: copy.update({name: [[]]}))
for name in run["totals"]:
    change(f"total-{name}", lambda copy: copy["totals"].update({name: "1"}))
for name in ("input", "output", "status", "error", "inputBytes", "digests", "salvage", "chunks"):
    change(f"file-{name}", lambda copy: copy["files"][0].update({name: True}))
for name in run["files"][0]["chunks"][0]:
    change(f"chunk-{name}", lambda copy: copy["files"][0]["chunks"][3].update({name: -1}))
change("machine", lambda copy: copy.update(machine=1))
change("bucket", lambda copy: copy["mainProcess"].update(bucketNanoseconds=0))
change("times", lambda copy: copy["mainProcess"].update(handingOut=[1, "2"]))
for name, content in bad.items():
    open(f"bad/{name}.json", "w").write(content)
assert len(bad) > 90
END
for bad in bad/*.json; do
    code=0
    poolmap report "$bad" > out 2> said || code=$?
    ((code == 1)) || fail "exit code $code of $bad"
    one_error_line said "$bad: is "
    [[ ! -s out && ! -e ${bad%.json}.html ]] || fail "$bad made a page"
done
# Nobody reads on.
code=0
(env --default-signal poolmap report -c compress.json 2> said || echo $? > code) | true
[[ ! -s said ]]
