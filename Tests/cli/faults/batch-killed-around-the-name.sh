# Workers killed just before or after a target gets its name, or an input is removed: nothing is lost or complained of.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
lay_out_files 30
mv files kept
# run_traced INJECT OPTION…: under strace, so that it says what happens to the workers' calls, as it says it.
run_traced() {
    rm -rf out files trace
    cp -r kept files
    # shellcheck disable=SC2046
    start strace -qq -f -o trace -e trace=linkat,unlinkat,close,fsync -e "inject=$1" \
        poolmap compress --chunk-size 64K --output-dir out -j 2 "${@:2}" --report report $(names 0 30) 2> said
}
# is_done LEFT: so many inputs are there yet, and every target.
is_done() {
    wait_gone 20 "$front"
    cat said >&2
    expect_exit 0 wait "$front"
    # strace itself may be surprised at a death while it has a call wait.
    same_text "" "$(grep -v '^strace: ' said || true)"
    all_but
    same_text "$1" "$(find files -type f | wc -l)"
    python3 -c '
import json
files = json.load(open("report"))["files"]
assert [file["input"] for file in files] == [f"files/{number}" for number in range(31)]
assert all(file["status"] == "done" and file["outputBytes"] > 0 for file in files)'
}
# died_in CALL: somebody was killed before it was done.
died_in() { grep -Eq "(^|[ .])$1(\(| resumed).* = \?$" trace || fail "nobody was killed in $1"; }
# Killed as it begins the call, so that it is not done. A worker that comes in its place has the count anew, and so few
# files are left then that no file can meet a third death; the front, which does the first file, comes to two of these
# calls at most.
run_traced linkat:signal=SIGKILL:when=12
is_done 31
died_in linkat
run_traced unlinkat:signal=SIGKILL:when=12 --rm
is_done 0
died_in unlinkat
# Killed when the call is done and before anything else is. Those that come in their place are delayed once each, too.
for call in linkat unlinkat; do
    run_traced $call:delay_exit=3000000:when=4 --rm
    killed=0
    waits() { ! is_running "$front" || grep -qs "$call(.*DELAYED" trace; }
    wait_until 20 waits
    # The front, the first of all, gives the report its name.
    traced=$(head -n 1 trace | cut -d ' ' -f 1)
    for worker in $(sed -n "/^$traced /d; s/^\([0-9]*\) *$call(.*(DELAYED)\$/\1/p" trace); do
        # Of those whose last call it is.
        [[ $(grep "^$worker " trace | tail -n 1) == *DELAYED* ]] || continue
        kill -KILL "$worker" 2> /dev/null && killed=$((killed + 1))
    done
    ((killed > 0)) || fail "nobody was killed behind $call"
    is_done 0
done
# Over an old target there is a hidden name for a moment: when its worker is killed then, the next one removes it.
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
