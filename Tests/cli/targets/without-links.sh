# Without links and RENAME_NOREPLACE, targets are made another way, or not at all.
. "$CLI_LIB"
real_data 300000 > in
chmod 640 in
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
# under CALLS COMMAND…: with these fault injections of strace.
under() {
    local calls=() call
    for call in $1; do
        calls+=(-e "inject=$call")
    done
    shift
    strace -f -qq -o trace -e trace=linkat,renameat,renameat2,openat,unlinkat "${calls[@]}" "$@"
}
is_right() {
    same_file reference.zst "$1" "$calls"
    same_text "640 $(stat -c %Y in)" "$(stat -c '%a %Y' "$1")"
    same_text "" "$(find . -name '.poolmap-*')"
}
for error in EPERM ENOSYS EOPNOTSUPP; do
    # Noticed at the start; or only at the first file, after all its work is done.
    for from in 1 2; do
        for rename in '' "renameat2:error=EINVAL" "renameat2:error=$error"; do
            calls="linkat:error=$error:when=$from+ $rename"
            under "$calls" poolmap compress -j 1 --chunk-size 64K -o out.zst in 2> said || fail "$calls: $(< said)"
            is_right out.zst
            refuses 1 "out.zst already exists" under "$calls" poolmap compress -j 1 -o out.zst in
            is_right out.zst
            echo old > out.zst
            under "$calls" poolmap compress -j 1 --chunk-size 64K -f -o out.zst in
            is_right out.zst
            rm out.zst
        done
    done
done
# In workers, with many files; after the first they need no copy.
mkdir many
for number in {1..20}; do
    text $((20000 + number)) > many/$number
done
calls="linkat:error=EPERM:when=2+ renameat2:error=EINVAL"
under "$calls" poolmap compress -j 2 -r many in
for number in {1..20}; do
    zstd -q -dc many/$number.zst | cmp - many/$number
done
same_text "" "$(find . -name '.poolmap-*')"
rm -r many in.zst

# No other file is replaced, even if it appears at the last moment.
is_stopped() { grep -qs 'stopped by SIGSTOP' trace || ! is_running "$front"; }
start strace -qq -o trace -e trace=linkat,renameat2 -e inject=linkat:error=EPERM \
    -e inject=renameat2:error=EINVAL:signal=SIGSTOP poolmap compress -j 1 -o out.zst in 2> said
wait_until 20 is_stopped
echo theirs > out.zst
# shellcheck disable=SC2046
kill -CONT $(descendants_of "$front")
expect_exit 1 wait "$front"
one_error_line said "out.zst already exists"
same_text theirs "$(< out.zst)"
rm out.zst
# Nothing is left if the last step fails, or a signal ends the run in it.
for end in "" ":signal=SIGTERM"; do
    code=0
    strace -qq -o trace -e trace=linkat,renameat,renameat2 -e inject=linkat:error=EPERM \
        -e inject=renameat2:error=EINVAL -e "inject=renameat:error=EIO$end" \
        poolmap compress -j 1 -o out.zst in 2> said || code=$?
    ((code == (${#end} > 0 ? 143 : 1))) || fail "exit code $code: $(< said)"
    only_files in reference.zst said trace
done
