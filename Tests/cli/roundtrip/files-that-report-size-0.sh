# Files with content that report size 0, as in /proc, are read to their end.
. "$CLI_LIB"
[[ $(stat -c %s /proc/version) == 0 ]]
for jobs in 1 2; do
    poolmap compress -j "$jobs" -c /proc/version | poolmap decompress > out
    same_file /proc/version out
    poolmap compress -j "$jobs" < /proc/version | poolmap decompress > out
    same_file /proc/version out
done
same_text "$(sha256sum < /proc/version)" "$(poolmap hash -a sha256 < /proc/version)"
same_text "$(sha256sum /proc/version)" "$(poolmap hash -a sha256 /proc/version)"
poolmap compress -q -o version.zst /proc/version
zstd -q -dc version.zst | cmp - /proc/version
