# A slow reader gets all bytes in order.
. "$CLI_LIB"
real_data 6000000 > in
poolmap compress -q -j 1 --chunk-size 256K -o reference.zst in
slowly() { { head -c 70000; sleep 0.3; head -c 300000; sleep 0.3; cat; } }
poolmap compress -j 2 --chunk-size 256K -c in | slowly | cmp - reference.zst
poolmap decompress -j 2 -c reference.zst | slowly | cmp - in
cat reference.zst | poolmap decompress -j 2 | slowly | cmp - in
