# Without a terminal no progress is shown, however long it takes; --progress shows it on stderr, never on stdout.
. "$CLI_LIB"
real_data 3000000 > in
slow() { { head -c 1500000 in; sleep 0.8; tail -c +1500001 in; }; }
slow | silently poolmap compress -j 2 --chunk-size 64K > plain.zst
slow | poolmap compress --progress -j 2 --chunk-size 64K > out.zst 2> said
same_file plain.zst out.zst
grep -q 'iB' said
grep -q '/s' said
# A line that is overwritten, and removed at the end.
grep -q $'\r' said
(($(tr -cd '\n' < said | wc -c) == 0))
[[ $(tail -c 4 said) == $'\r\e[K' ]]
poolmap decompress --progress -j 1 -c plain.zst 2> said | cmp - in
poolmap test --progress plain.zst 2> said
poolmap hash -a sha256 --progress in 2> said | cmp - <(sha256sum in)
slow | silently poolmap compress --no-progress > out.zst
