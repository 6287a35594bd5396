# An empty file compresses to a valid one; restoring a file of 0 bytes is an error.
. "$CLI_LIB"
: > empty
silently poolmap compress empty
zstd -q -t empty.zst
silently poolmap -dc empty.zst | cmp - empty
cp empty zero.zst
for jobs in 1 2; do
    refuses 1 "zero.zst" poolmap decompress -j $jobs zero.zst
    refuses 1 "zero.zst" poolmap test -j $jobs zero.zst
    refuses 1 "zero.zst" poolmap -dc -j $jobs zero.zst > out
    refuses 1 "standard input" poolmap decompress -j $jobs < /dev/null > out
    refuses 1 "standard input" poolmap decompress -j $jobs < zero.zst > out
    refuses 1 "standard input" poolmap decompress -j $jobs -o target < <(:)
    refuses 1 "standard input" poolmap test -j $jobs < <(:)
done
refuses 1 "zero.zst" poolmap cat zero.zst > out
same_text 0 "$(size_of out)"
only_files empty empty.zst zero.zst out
