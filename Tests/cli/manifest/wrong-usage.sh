# Options without a meaning for a manifest or a check are refused, and so are invalid sizes.
. "$CLI_LIB"
echo content > in
poolmap hash --manifest -o manifest in
usage() { refuses 2 "$1" poolmap hash "${@:2}"; }
for size in 0 1 1023 1073741825 2G; do
    usage "--chunk-size must be between 1K and 1G" --manifest --chunk-size "$size" in
done
usage "--chunk-size" --manifest --chunk-size x in
usage "--chunk-size requires --manifest" --chunk-size 1M in
for algorithm in s3-etag s3-sha256 s3-crc32c dropbox fsverity-sha256 fsverity-sha512; do
    usage "--manifest requires one of these" --manifest -a "$algorithm" in
done
usage "--manifest accepts one --algorithm (got 2)" --manifest -a md5 -a sha1 in
for option in --tag --no-names --zero --keyed --derive-key=x "--length 16" --tree; do
    # shellcheck disable=SC2086
    usage "--manifest cannot be combined with ${option%%[ =]*}" --manifest $option in
done
usage "--offset requires --check" --offset 1 in
usage "--status requires --check" --status in
usage "--offset requires --check" --manifest --offset 1 in
usage "--offset requires a manifest" --check --offset 1 in
refuses 1 "check them separately" poolmap hash --check manifest in
usage "--length must be at least 1" --check --length 0 manifest
usage "--length must be between 1 and 1048576" --length 0 in
usage "--length must be between 1 and 1048576" --length 2M in
usage "--length requires --algorithm blake3" -a md5 --length 16 in
usage "--offset" --check --offset -1 manifest
# The length of a BLAKE3 digest still works.
same_text "$(b3sum --no-names -l 50 in)" "$(poolmap hash --no-names --length 50 in)"
silently poolmap hash --manifest --chunk-size 1K in > small
silently poolmap hash --manifest --chunk-size 1G in > large
same_text "$(grep ^root small)" "$(grep ^root large)"
