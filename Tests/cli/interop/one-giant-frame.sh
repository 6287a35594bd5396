# A single frame that is far larger than the memory limit is streamed, from a file and through a pipe.
. "$CLI_LIB"
size=250000000
perl -e 'print "0123456789abcdef" x 65536 for 1 .. 238; print "x" x (250000000 - 238 * 1048576)' > in
same_text "$size" "$(size_of in)"
zstd -q -1 -o sized.zst in
zstd -q -1 -c < in > unsized.zst
zstd -q -1 --no-check --long=27 -c < in > long.zst
expected=$(cksum < in)
for file in sized.zst unsized.zst long.zst; do
    same_text "$expected" "$(poolmap -dc -j 2 "$file" | cksum)"
    same_text "$expected" "$(cat "$file" | poolmap -d -j 2 | cksum)"
    silently poolmap -d -f -o out "$file"
    same_file in out "$file"
    rm out
    same_text "" "$(poolmap cat --offset 249999000 --length 5 "$file" | tr -d x)"
done
# It takes no more memory than its window and some buffers.
start poolmap -d -j 2 < <(cat unsized.zst) > >(wc -c > counted)
most=0
while is_running "$front"; do
    kib=$(awk '$1 == "Pss:" { print $2 }' "/proc/$front/smaps_rollup" 2> /dev/null || true)
    ((${kib:-0} <= most)) || most=$kib
    sleep 0.02
done
wait "$front"
wait_until 5 test -s counted
same_text "$size" "$(< counted)"
((most < 200 * 1024)) || fail "$most KiB in use"
