# Parts of every size give S3's digests; more than the 10,000 parts that S3 allows are an error without further reading.
. "$CLI_LIB"
limit="has more than 10000 parts"
noise 10000001 > all
# same_as_definition PART FILE…: with all three algorithms, from files and pipes, with any number of workers.
same_as_definition() {
    local options=(-a s3-crc32c -a s3-etag -a s3-sha256 --part-size "$1") jobs file
    python3 -I - "$@" << 'END' > expected
import base64, hashlib, sys
table = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    table.append(byte)

def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return (crc ^ 0xFFFFFFFF).to_bytes(4, "big")

size = int(sys.argv[1])
for name in sys.argv[2:]:
    data = open(name, "rb").read()
    # An empty file is uploaded as one empty part.
    parts = [data[start : start + size] for start in range(0, max(len(data), 1), size)]
    def composite(digest):
        return digest(b"".join(digest(part) for part in parts))
    if len(data) <= 300000:
        print(f"S3-CRC32C:{size} ({name}) = {base64.b64encode(composite(crc32c)).decode()}-{len(parts)}")
    print(f"S3-ETAG:{size} ({name}) = {composite(lambda part: hashlib.md5(part).digest()).hex()}-{len(parts)}")
    sha256 = composite(lambda part: hashlib.sha256(part).digest())
    print(f"S3-SHA256:{size} ({name}) = {base64.b64encode(sha256).decode()}-{len(parts)}")
END
    # Python is slow for the CRC of a large file.
    (($(size_of "$2") <= 300000)) || options=("${options[@]:2}")
    for jobs in 1 3; do
        silently poolmap hash -j $jobs "${options[@]}" "${@:2}" | cmp - expected
    done
    for file in "${@:2}"; do
        silently poolmap hash -j 2 "${options[@]}" < <(cat "$file") | sed "s/ (-) = / ($file) = /"
    done | cmp - expected
}
take() { head -c "$1" all > "file-$1"; }
for size in 0 1 2 9999 10000 10001 29997 29998 30000 30001; do take $size; done
same_as_definition 1 file-{0,1,2,9999,10000}
same_as_definition 3 file-{1,29997,29998,30000}
# As large as the file, and larger.
same_as_definition 9999 file-{0,1,9999,10000,29997}
same_as_definition 10000 file-{9999,10000,10001,30000}
same_as_definition 18446744073709551615 file-{0,10001}
# Files that several workers share, in pieces whose size is not a power of two.
for size in 9000000 9999999 10000000; do take $size; done
for part in 1000 1999999 3000000 10000000; do
    same_as_definition $part file-{9000000,9999999,10000000}
done
# One part too many: a file is refused before it is read.
take 10000001
while read -r size part; do
    for jobs in 1 2; do
        for algorithm in s3-etag s3-sha256 s3-crc32c; do
            refuses 1 "file-$size: $limit" poolmap hash -j $jobs -a $algorithm --part-size $part file-$size > digests
            [[ ! -s digests ]] || fail "there is a digest: $(< digests)"
        done
        refuses 1 "file-$size: $limit" strace -f -qq -P "$PWD/file-$size" -e signal=none -e trace=read,pread64 -o trace \
            poolmap hash -j $jobs -a sha256 -a s3-etag --part-size $part file-$size file-1 > digests
        [[ ! -s trace ]] || fail "the file was read: $(head -n 1 trace)"
        same_text 2 "$(grep -c ' (file-1) = ' digests)"
        refuses 1 "standard input: $limit" poolmap hash -j $jobs -a s3-etag --part-size $part < <(cat file-$size)
    done
done << 'END'
10001 1
30001 3
10000001 1000
10000001 1
END
# And a pipe as soon as it exceeds the limit: this one does not end. Also if it is hashed in order.
for options in "-a s3-etag" "-a s3-sha256 -a sha256"; do
    for jobs in 1 2; do
        # shellcheck disable=SC2086
        refuses 1 "standard input: $limit" poolmap hash -j $jobs $options --part-size 1000 < <(exec yes)
    done
done
# Invalid sizes.
for size in 0 0K 0M -1 "" x 8Q 1.5M 18446744073709551616 16777216T; do
    refuses 2 --part-size poolmap hash -a s3-etag --part-size="$size" file-1
done
refuses 2 --part-size poolmap hash -a sha256 --part-size 8M file-1
refuses 2 --part-size poolmap hash -a dropbox --part-size 4M file-1
