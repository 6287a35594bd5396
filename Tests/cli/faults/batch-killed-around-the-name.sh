# Workers killed just before or after a target gets its name, or an input is removed: nothing is lost, no error.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
lay_out_files 30
mv files kept
# run_traced INJECT OPTION…: runs under strace, which injects faults into the workers' calls and logs them.
run_traced() {
    rm -rf out files trace
    cp -r kept files
    # shellcheck disable=SC2046
    start strace -qq -f -o trace -e trace=linkat,unlinkat,close,fsync -e "inject=$1" \
        poolmap compress --chunk-size 64K --output-dir out -j 2 "${@:2}" --report report $(names 0 30) 2> said
}
# is_done LEFT: LEFT inputs remain, and every target exists.
is_done() {
    wait_gone 20 "$front"
    cat said >&2
    expect_exit 0 wait "$front"
    # strace itself may complain about a death while it holds a call.
    same_text "" "$(grep -v '^strace: ' said || true)"
    all_but
    same_text "$1" "$(find files -type f | wc -l)"
    python3 -c '
import json
files = json.load(open("report"))["files"]
assert [file["input"] for file in files] == [f"files/{number}" for number in range(31)]
assert all(file["status"] == "done" and file["outputBytes"] > 0 for file in files)'
}
# died_in CALL: a process was killed before it had finished the call.
died_in() { grep -Eq "(^|[ .])$1(\(| resumed).* = \?$" trace || fail "no process was killed in $1"; }
# Killed as it begins the call, which therefore does not happen. A replacement counts from zero, but then too few files
# are left for a third death of one file; the front, which does the first file, makes at most two of these calls.
run_traced linkat:signal=SIGKILL:when=12
is_done 31
died_in linkat
run_traced unlinkat:signal=SIGKILL:when=12 --rm
is_done 0
died_in unlinkat
# Killed after the call is done and before anything else is. Replacements are delayed once each, too.
for call in linkat unlinkat; do
    run_traced $call:delay_exit=3000000:when=4 --rm
    wait_until 20 is_delayed $call
    # The front, the first process, gives the report its name.
    kill_delayed $call "$(head -n 1 trace | cut -d ' ' -f 1)"
    is_done 0
done
# While an old target is replaced there is a hidden name: if its worker is killed then, the next one removes it.
rm -rf files
cp -r kept files
rm -f trace
cp -r reference out.old
rm -rf out
mv out.old out
# shellcheck disable=SC2046
start strace -qq -f -o trace -e trace=renameat -e inject=renameat:signal=SIGKILL:when=12 \
    poolmap compress --chunk-size 64K --output-dir out -j 2 -f --report report $(names 0 30) 2> said
is_done 31
died_in renameat
