# Of a file of 100 GiB with little data only the data is read, to compress, verify or hash it.
. "$CLI_LIB"
islands in 107374182400 0:5 5000000001:70000 99999999999:1
(($(disk_of in) < 400)) || skip "this file system has no holes"
# bytes_read COMMAND…: how much it reads from its input in total.
bytes_read() {
    strace -f -qq -e trace=read,pread64,preadv,mmap -P "$PWD/in" -o calls "$@"
    awk '$(NF - 1) == "=" && $NF > 0 && !/mmap/ { sum += $NF } END { print sum + 0 }' calls
}
for jobs in 1 2; do
    count=$(bytes_read poolmap compress -q -f -j $jobs -o out.zst in)
    ((count > 70000 && count < 1000000)) || fail "$count bytes read with -j $jobs"
    ! grep -q mmap calls || fail "it maps its input"
done
same_text "107374182400" "$(zstd -lv out.zst 2>&1 | sed -n 's/^Decompressed Size:.*(\([0-9]*\) B)$/\1/p')"
for range in 0:10 5000000000:70002 99999999998:3 107374182300:100; do
    same_text "$(part in "${range%:*}" "${range#*:}" | sha256sum)" \
        "$(poolmap cat --offset "${range%:*}" --length "${range#*:}" out.zst | sha256sum)"
done
# The same for digests, in pieces and in order; with a smaller file, to save time.
islands in 300000000 0:5 150000001:70000
count=$(bytes_read poolmap hash -j 2 -a crc32c -a blake3 -a sha256 -o out in)
((count > 70000 && count < 1000000)) || fail "$count bytes read to hash"
same_text "$(sha256sum < in)" "$(poolmap hash -a sha256 - < in)"
same_text "$(cat in | poolmap hash -a blake3 -)" "$(poolmap hash -a blake3 - < in)"
count=$(bytes_read poolmap hash -j 2 --manifest -f -o out in)
((count > 70000 && count < 1000000)) || fail "$count bytes read for a manifest"
silently poolmap hash --check -q out
cat in | poolmap hash --manifest - | sed 's/^[^ ]*//' | cmp - <(poolmap hash --manifest - < in | sed 's/^[^ ]*//')
