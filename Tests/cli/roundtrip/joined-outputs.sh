# Two outputs on one standard output are both there, and both can be restored.
. "$CLI_LIB"
text 500000 > a
real_data 600000 > b
cat a b > both
silently poolmap compress -j 2 --chunk-size 64K -c a b > both.zst
{ poolmap compress --chunk-size 64K -c a; poolmap compress --chunk-size 64K -c b; } | cmp - both.zst
silently poolmap decompress -j 2 -c both.zst | cmp - both
{ echo before; poolmap decompress -c both.zst; echo after; } > framed
{ echo before; cat both; echo after; } | cmp - framed
poolmap compress -q a b
poolmap decompress -c a.zst b.zst >> framed
{ echo before; cat both; echo after; cat both; } | cmp - framed
