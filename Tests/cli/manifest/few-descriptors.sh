# With 64 descriptors the manifests of 120 files can be made and checked.
. "$CLI_LIB"
mkdir files
for number in {1..120}; do truncate -s $((1048000 + number * 4)) "files/$number"; done
for jobs in 2 4; do
    (ulimit -n 64 && silently poolmap hash --manifest -j $jobs -a sha256 -f -o manifest files/{1..120})
    (ulimit -n 64 && silently poolmap hash --check -j $jobs manifest) | cmp - <(printf '%s: OK\n' files/{1..120})
done
