# With --json each error is one object on a line, whatever fails, including wrong usage.
. "$CLI_LIB"
text 5000 > in
text 5000 > other
mkdir folder
ln -s in link
ln -s good.zst link.zst
zstd -q in -o good.zst
cp good.zst bad.zst
patch bad.zst 20 1 2 3 4
odd=$'no\xff\n"x"'
# check KIND CODE FILE PART: stderr is one such object, for this file, with PART in its message; verified at the end.
check() {
    (($(wc -l < said) == 1)) || fail "expected one line, and there are: $(< said)"
    printf '%s\0' "$@" "$(< said)" >> checks
}
# json EXIT CODE FILE PART COMMAND…
json() {
    local code=0 expected=$1 kind=error
    [[ $2 != ignored ]] || kind=warning
    "${@:5}" > out 2> said < /dev/null || code=$?
    ((code == expected)) || fail "exit code $code, expected $expected: ${*:5}"
    check "$kind" "${@:2:3}"
}
for jobs in 1 2; do
    json 1 system none "No such file" poolmap compress --json -j $jobs none
    json 1 system folder "is a directory" poolmap compress -j $jobs --json folder
    json 1 system "$odd" "No such file" poolmap hash --json "$odd"
    json 1 damaged bad.zst "" poolmap test --json -j $jobs bad.zst
    json 1 damaged in "" poolmap decompress --json -j $jobs -c in
    json 1 failed in "no suffix" poolmap decompress --json -j $jobs in
    json 1 targetExists good.zst "use -f" poolmap decompress --json -j $jobs -o other good.zst
    json 1 failed "$PWD/in" "another input" poolmap compress --json -j $jobs -q --output-dir made in "$PWD/in"
    rm -r made
done
json 1 system other "No such file" poolmap compress --json -o none/x other
json 1 system null "No such file" poolmap compress --json --report none/x other
json 1 system good.zst "No space" bash -c 'poolmap cat --json good.zst > /dev/full'
json 1 system none "No such file" poolmap list --json none
json 1 damaged in "" poolmap list in --json
json 1 system none "No such file" poolmap hash --json --files-from none
json 1 failed in "both input and output" poolmap compress --json -f -o in in
json 0 ignored link.zst "symbolic link" poolmap test --json link.zst good.zst
# Only symbolic links: the warning, and the error that there was nothing else.
expect_exit 1 poolmap compress --json link 2> lines
sed -n 1p lines > said && check warning ignored link ""
sed -n 2p lines > said && check error failed null "all inputs are symbolic links"
# A chunk that kills every worker.
noise 2000000 > large
start poolmap compress --json -19 -j 2 --chunk-size 1M -o large.zst large 2> said
while is_running "$front"; do
    # shellcheck disable=SC2046
    kill -KILL $(worker_pids "$front") 2> /dev/null || true
done
expect_exit 1 wait "$front"
check error processDied large chunk
# All sorts of wrong usage.
json 2 usage null "--bogus" poolmap compress --json --bogus
json 2 usage null "cannot be combined" poolmap --json -c --output-dir x in
json 2 usage null "--ultra" poolmap -22 --json in
json 2 usage null "8x" poolmap compress --chunk-size 8x --json in
json 2 usage null "" poolmap hash --json -a crc in
json 2 usage null "" poolmap cat --json
json 2 usage null "only once" poolmap --json - -
# After -- it is a name.
code=0
poolmap compress -- --json 2> said || code=$?
((code == 1))
one_error_line said "--json: No such file"
# The reader has gone: no message, and the signal as without --json.
code=0
(env --default-signal poolmap cat --json good.zst 2> said || echo $? > code) | true
[[ ! -s code ]] || same_text 141 "$(< code)"
[[ ! -s said ]]
PYTHONUTF8=1 python3 - << 'END'
import json, os
words = [os.fsdecode(word) for word in open("checks", "rb").read().split(b"\0")[:-1]]
assert len(words) > 100 and len(words) % 5 == 0, len(words)
for kind, code, file, part, line in zip(*[iter(words)] * 5):
    value = json.loads(line)
    assert list(value) == [kind, "file", "message", "errno"], value
    assert value[kind] == code and part in value["message"] and value["message"], (value, code, part)
    assert value["file"] is None if file == "null" else os.fsencode(value["file"]) == os.fsencode(file), (value, file)
    assert value["errno"] is None or (code == "system" and value["errno"] > 0), value
END
