# With -o on a full disk there is no manifest, and an old one stays.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
noise 3000000 > in
on_small_disk() {
    . "$CLI_LIB"
    local jobs
    for jobs in 1 2; do
        refuses 1 "cannot write disk/manifest: No space left on device" \
            poolmap hash --manifest -j "$jobs" -a sha512 --chunk-size 1K -o disk/manifest in
        no_file disk/manifest
        echo old > disk/manifest
        refuses 1 "cannot write disk/manifest: No space left on device" \
            poolmap hash --manifest -j "$jobs" -a sha512 --chunk-size 1K -f -o disk/manifest in
        same_text old "$(< disk/manifest)"
        same_text manifest "$(ls -A disk)"
        rm disk/manifest
    done
    mount -o remount,size=4m disk
    silently poolmap hash --manifest -a sha512 --chunk-size 1K -o disk/manifest in
    same_text "in: OK" "$(poolmap hash --check disk/manifest)"
    # There is no space for the copy of a manifest from a pipe either.
    mount -o remount,size=$(($(stat -f -c '(%b-%f+1)*%S' disk))) disk
    TMPDIR=$PWD/disk refuses 1 "cannot write its copy in $PWD/disk: No space left on device" \
        poolmap hash --check --manifest < <(cat disk/manifest)
}
export -f on_small_disk
with_small_disk 200k bash -c on_small_disk
expect_exit 1 poolmap hash --manifest in > /dev/full 2> errors
one_error_line errors "cannot write standard output"
poolmap hash --manifest in > manifest
expect_exit 1 poolmap hash --check manifest > /dev/full 2> errors
one_error_line errors "cannot write standard output"
