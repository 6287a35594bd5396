# Workers with many names are killed just before or after a target gets its name: nothing is lost or done twice.
# There is no error; and a file that kills every process that opens it affects no other file.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
lay_out_files 60
mv files kept
# run_traced INJECT OPTION…: runs under strace, which injects faults into the workers' calls and logs them.
run_traced() {
    rm -rf files trace
    cp -r kept files
    start strace -qq -f -o trace -e trace=linkat,close -e "inject=$1" \
        poolmap compress --chunk-size 64K -j 2 "${@:2}" 2> said
}
# all_but_given NUMBER…: every target except these is beside its input and correct.
all_but_given() {
    mkdir out
    find files -name '*.zst' -exec mv {} out/ \;
    all_but "$@"
    rm -r out
}
died_in() { grep -Eq "(^|[ .])$1(\(| resumed).* = \?$" trace || fail "no process was killed in $1"; }
for names in "-r files" "--files-from list"; do
    (cd kept && ls -v) | sed 's|^|files/|' > list
    # Killed as it begins the call; a replacement counts from zero.
    # shellcheck disable=SC2086
    run_traced linkat:signal=SIGKILL:when=7 $names
    wait_gone 20 "$front"
    expect_exit 0 wait "$front"
    died_in linkat
    same_text "" "$(grep -v '^strace: ' said || true)"
    all_but_given
    # Killed after the call is done and before anything else is.
    # shellcheck disable=SC2086
    run_traced linkat:delay_exit=300000:when=7 $names
    kill_delayed linkat
    wait_gone 20 "$front"
    expect_exit 0 wait "$front"
    same_text "" "$(grep -v '^strace: ' said || true)"
    all_but_given
done
# One of the files kills each worker that opens it.
for command in "compress --chunk-size 64K" hash; do
    rm -rf files trace
    cp -r kept files
    # shellcheck disable=SC2086
    start strace -qq -f -o trace -P files/41 -e trace=openat -e inject=openat:signal=SIGKILL \
        poolmap $command -j 2 --files-from list > printed 2> said
    wait_gone 20 "$front"
    expect_exit 1 wait "$front"
    died_in openat
    grep -v '^strace: ' said > complaints || true
    same_text 1 "$(wc -l < complaints)"
    grep -q '^poolmap: files/41: ' complaints
    if [[ $command != hash ]]; then
        all_but_given 41
    else
        # shellcheck disable=SC2046
        poolmap hash $(grep -v '/41$' list) | cmp - printed
    fi
done
