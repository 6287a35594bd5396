# Empty and small inputs, and those that end around a chunk's end, with and without an interruption.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
for size in 0 1 65535 65536 65537 131072; do
    for options in --check --no-check; do
        real_data $size > in
        poolmap compress -q --chunk-size 64K $options -f -o reference in
        for jobs in 1 2; do
            silently poolmap compress --resume --chunk-size 64K $options -j $jobs -o out in
            is_whole
            rm out
        done
    done
done
# The disk is full before the first frame is there: then nothing is kept.
noise 300000 > in
nothing_to_keep() {
    . "$CLI_LIB"
    refuses 1 "in: cannot write disk/out" poolmap compress --resume --chunk-size 256K -j 1 -o disk/out in
    same_text "" "$(ls -A disk)"
}
export -f nothing_to_keep
with_small_disk 100k bash -c nothing_to_keep
# A file with content that reports size 0.
poolmap compress --resume -q -o version.zst /proc/version
zstd -q -dc version.zst | cmp - /proc/version
only_files in reference version.zst disk
