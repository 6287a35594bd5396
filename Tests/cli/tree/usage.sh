# Unsupported uses of --tree and --list are wrong usage, reported in one line, with exit code 2.
. "$CLI_LIB"
mkdir a b
wrong() {
    refuses 2 "$@" < /dev/null > out
    [[ ! -s out ]]
}
wrong "requires a directory" poolmap hash --tree
wrong "standard input" poolmap hash --tree -
wrong "standard input" poolmap hash --tree a -
wrong "a single algorithm" poolmap hash --tree -a md5 -a sha1 a
for algorithm in crc32 crc32c crc64nvme s3-etag s3-sha256 s3-crc32c dropbox fsverity-sha256 fsverity-sha512; do
    wrong "a single algorithm" poolmap hash --tree -a $algorithm a
done
wrong --length poolmap hash --tree -l 64 a
wrong --keyed poolmap hash --tree --keyed a
wrong --derive-key poolmap hash --tree --derive-key context a
wrong "name the directories" poolmap hash --tree -r a
wrong "name the directories" poolmap hash --tree --files-from /dev/null a
wrong "a single directory" poolmap hash --tree --list a b
wrong --tag poolmap hash --tree --list --tag a
wrong --no-names poolmap hash --tree --list --no-names a
wrong --zero poolmap hash --tree --list -z a
wrong "requires --tree" poolmap hash --list a
# The same algorithm twice counts once.
silently poolmap hash --tree -a md5 -a md5 a > out
