# Several algorithms in one read of the file give what each gives alone, in the order in which they are named.
. "$CLI_LIB"
# Neighbours in this list cut their inputs differently; all but the plain hash functions can be cut.
cut=(crc32 fsverity-sha512 blake3 s3-crc32c dropbox crc64nvme s3-etag fsverity-sha256 crc32c s3-sha256)
all=(md5 "${cut[@]}" sha512 sha256 sha1)
noise 13000001 > large
noise 300000 > small
: > empty
files=(large empty small)
reading=read,pread64,readv,preadv,preadv2,mmap,splice,sendfile,copy_file_range
# alone ALGORITHM… -- OPTION…: the lines of each alone, grouped by file.
alone() {
    local algorithms=() lists=()
    while [[ $1 != -- ]]; do
        algorithms+=("$1")
        shift
    done
    shift
    for algorithm in "${algorithms[@]}"; do
        silently poolmap hash -j 1 --tag -a "$algorithm" "$@" "${files[@]}" > "alone-$algorithm"
        lists+=("alone-$algorithm")
    done
    paste -d '\n' "${lists[@]}"
}
# in_one LIST: the options for all algorithms of the list.
in_one() {
    local -n list=$1
    options=()
    for algorithm in "${list[@]}"; do
        options+=(-a "$algorithm")
    done
}
for kind in cut all; do
    declare -n list=$kind
    in_one $kind
    alone "${list[@]}" -- > expected
    same_text $((3 * ${#list[@]})) "$(sort -u expected | wc -l)"
    for jobs in 1 2 3; do
        silently poolmap hash -j $jobs "${options[@]}" "${files[@]}" | cmp - expected
    done
    for file in "${files[@]}"; do
        silently poolmap hash -j 2 "${options[@]}" < <(cat "$file") | sed "s/ (-) = / ($file) = /"
    done | cmp - expected
    # Each byte is read once, and no other call reads the file.
    for jobs in 1 2; do
        strace -f -qq -P "$PWD/large" -e signal=none -e "trace=$reading" -o trace \
            poolmap hash -j $jobs "${options[@]}" large > /dev/null
        ! grep -Ev ' (read|pread64)\(| (read|pread64) resumed>' trace || fail "the file is read another way"
        same_text 13000001 "$(awk -F ' = ' '/ = / { sum += $NF } END { print sum }' trace)"
    done
done
in_one all
# All formats: with names, with tags, without names, with NUL.
silently poolmap hash "${options[@]}" --tag "${files[@]}" | cmp - expected
silently poolmap hash "${options[@]}" --no-names "${files[@]}" | cmp - <(sed 's/.* = //' expected)
silently poolmap hash "${options[@]}" -z "${files[@]}" | cmp - <(tr '\n' '\0' < expected)
silently poolmap hash "${options[@]}" --no-names -z "${files[@]}" | cmp - <(sed 's/.* = //' expected | tr '\n' '\0')
# An algorithm that is given twice counts once, at its first place.
silently poolmap hash -a md5 -a sha1 -a md5 -a sha1 small | cmp - <(md5sum --tag small; sha1sum --tag small)
silently poolmap hash -a md5 -amd5 --algorithm=md5 small | cmp - <(md5sum small)
# Parts whose size has no common multiple with BLAKE3's pieces below 5 GB, and parts too large for memory.
for size in 5000000 100M; do
    few=(s3-etag blake3 dropbox)
    in_one few
    alone s3-etag -- --part-size $size > expected
    alone blake3 dropbox -- >> expected
    sort expected > sorted
    for jobs in 1 2; do
        silently poolmap hash -j $jobs --part-size $size "${options[@]}" "${files[@]}" | sort | cmp - sorted
    done
    silently poolmap hash -j 2 --part-size $size "${options[@]}" < <(cat large) | sort |
        cmp - <(sed -n 's/ (large) = / (-) = /p' sorted)
done
