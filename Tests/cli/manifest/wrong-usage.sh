# Options without a meaning for a manifest or a check are refused, and so are invalid sizes.
. "$CLI_LIB"
echo content > in
poolmap hash --manifest -o manifest in
usage() { refuses 2 "$1" poolmap hash "${@:2}"; }
for size in 0 1 1023 1073741825 2G; do
    usage "--chunk-size must be from 1K to 1G" --manifest --chunk-size "$size" in
done
usage "--chunk-size" --manifest --chunk-size x in
usage "--chunk-size needs --manifest" --chunk-size 1M in
for algorithm in s3-etag s3-sha256 s3-crc32c dropbox fsverity-sha256 fsverity-sha512; do
    usage "--manifest takes one of these" --manifest -a "$algorithm" in
done
usage "--manifest takes one --algorithm, not 2" --manifest -a md5 -a sha1 in
for option in --tag --no-names --zero --keyed --derive-key=x "--length 16" --tree; do
    # shellcheck disable=SC2086
    usage "--manifest and ${option%%[ =]*} exclude each other" --manifest $option in
done
usage "--offset needs --check" --offset 1 in
usage "--status needs --check" --status in
usage "--offset needs --check" --manifest --offset 1 in
usage "--offset is for manifests" --check --offset 1 in
refuses 1 "check them apart" poolmap hash --check manifest in
usage "--length must be at least 1" --check --length 0 manifest
usage "--length must be from 1 to 1048576" --length 0 in
usage "--length must be from 1 to 1048576" --length 2M in
usage "--length needs --algorithm blake3" -a md5 --length 16 in
usage "--offset" --check --offset -1 manifest
# The length of a BLAKE3 digest still works.
same_text "$(b3sum --no-names -l 50 in)" "$(poolmap hash --no-names --length 50 in)"
silently poolmap hash --manifest --chunk-size 1K in > small
silently poolmap hash --manifest --chunk-size 1G in > large
same_text "$(grep ^root small)" "$(grep ^root large)"
