# On a terminal, a run of more than half a second shows its progress, but not a short run, nor with -q or --no-progress.
. "$CLI_LIB"
real_data 3000000 > in
on_terminal() { script -qec "$*" /dev/null < /dev/null; }
on_terminal "poolmap compress -o short.zst in" > seen
same_text 0 "$(size_of seen)"
cat > slowly <<'SCRIPT'
{ head -c 1500000 in; sleep 1; tail -c +1500001 in; } | poolmap compress --chunk-size 64K "$@" -f -o out.zst
SCRIPT
on_terminal "bash slowly -j 2" > seen
grep -q 'iB/s' seen
grep -q ratio seen
on_terminal "bash slowly -j 1" > seen
grep -q 'iB/s' seen
on_terminal "bash slowly -q" > seen
same_text 0 "$(size_of seen)"
on_terminal "bash slowly --no-progress" > seen
same_text 0 "$(size_of seen)"
zstd -q -dc out.zst | cmp - in
# A file's size is known, so the remaining time is shown. A slow level makes it take long.
real_data 6000000 > in
on_terminal "poolmap compress -19 --chunk-size 128K -j 2 -f -o out.zst in" > seen
grep -q '%' seen
grep -q 'left' seen
# An error after progress is on a separate line.
head -c -1000 out.zst > cut.zst
echo '{ head -c 900000 cut.zst; sleep 1; tail -c +900001 cut.zst; } | poolmap decompress > out' > slowly
expect_exit 1 on_terminal "bash slowly" > seen
tr '\r' '\n' < seen | sed 's/^\x1b\[K//' | grep -q '^poolmap: standard input: '
