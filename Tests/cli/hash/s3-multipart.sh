# S3's digests equal those that a service reports after real multipart uploads, by boto3 to moto's server on loopback.
#
# Like S3, moto computes them from the parts that it receives, independently of boto3.
. "$CLI_LIB"
[[ -x $CLI_PYTHON ]] || fail "missing $CLI_PYTHON; install it with: scripts/python-tools.sh"
noise 11000001 > in
: > empty
# S3's minimum, the default of its tools, no power of two, the whole file, and more.
parts=(5242880 8388608 6000000 11000001 12000000)
silently "$CLI_PYTHON" -I "$CLI_FOLDER/hash/s3-multipart.py" in "${parts[@]}" > said
same_text "$((3 * ${#parts[@]} + 3 + 6))" "$(wc -l < said)"
# same_as_said FILE PART ALGORITHM… -- OPTION…
same_as_said() {
    local file=$1 part=$2 algorithms=() options=(--no-names) algorithm expected
    shift 2
    while [[ $1 != -- ]]; do
        algorithms+=("$1")
        shift
    done
    shift
    for algorithm in "${algorithms[@]}"; do
        options+=(-a "$algorithm")
    done
    # Values that are reported twice must be the same.
    expected=$(for algorithm in "${algorithms[@]}"; do
        awk -v algorithm="$algorithm" -v part="$part" '$1 == algorithm && $2 == part { print $3 }' said | sort -u
    done)
    same_text "${#algorithms[@]}" "$(wc -l <<< "$expected")"
    same_text "$expected" "$(silently poolmap hash -j 2 "${options[@]}" "$@" "$file")"
    same_text "$expected" "$(silently poolmap hash -j 2 "${options[@]}" "$@" < <(cat "$file"))"
}
for part in "${parts[@]}"; do
    same_as_said in "$part" s3-etag s3-sha256 s3-crc32c -- --part-size "$part"
done
# The default is that of uploads.
same_as_said in 8388608 s3-etag --
same_as_said empty empty s3-etag s3-sha256 s3-crc32c --
same_as_said in whole crc32 crc32c crc64nvme --
