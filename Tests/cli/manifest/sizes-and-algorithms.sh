# A manifest is the one that Python and b3sum make, for sizes around the chunk size, every algorithm and each -j.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
for size in 0 1 1023 1024 1025 2048 2049 70000; do
    noise "$size" > "noise-$size"
done
for algorithm in blake3 sha256 sha512 sha1 md5 crc32 crc32c crc64nvme; do
    manifest_of "$algorithm" 1024 noise-* > expected
    for jobs in 1 3; do
        silently poolmap hash --manifest -j "$jobs" -a "$algorithm" --chunk-size 1K noise-* > manifest
        same_file expected manifest "$algorithm -j $jobs"
    done
    says 0 "$(printf '%s: OK\n' noise-*)" poolmap hash --check manifest
done
# The defaults are BLAKE3 and 1 MiB.
manifest_of blake3 1048576 noise-70000 > expected
silently poolmap hash --manifest noise-70000 | cmp - expected
