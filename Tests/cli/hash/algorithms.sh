# Each algorithm's digests are those of coreutils, for sizes around the block sizes, from files and standard input.
. "$CLI_LIB"
for size in 0 1 55 56 57 63 64 65 111 112 113 127 128 129 1000 262143 262144 262145 3000000; do
    noise "$size" > "noise-$size"
done
for algorithm in sha256 sha512 sha1 md5; do
    for jobs in 1 3; do
        silently poolmap hash -j "$jobs" --algorithm "$algorithm" noise-* | cmp - <("${algorithm}sum" noise-*)
    done
    silently poolmap hash -a $algorithm noise-1000 | cmp - <("${algorithm}sum" noise-1000)
    silently poolmap hash -a$algorithm < noise-3000000 | cmp - <("${algorithm}sum" < noise-3000000)
    cat noise-3000000 | silently poolmap hash --algorithm=$algorithm - | cmp - <("${algorithm}sum" - < noise-3000000)
    poolmap hash -a $algorithm noise-* > sums
    "${algorithm}sum" --quiet --strict -c sums
done
silently poolmap hash -a sha256 noise-1 | cmp - <(sha256sum noise-1)
{ head -c 1000 > /dev/null; perl -e 'sysseek STDIN, 1000, 0'; poolmap hash -a sha256; } < noise-262144 |
    cmp - <(tail -c +1001 noise-262144 | sha256sum)
