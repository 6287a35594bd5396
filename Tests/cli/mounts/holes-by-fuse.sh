# Where the file system does not tell data from holes, sparse files become the same bytes, and come back.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
holes() {
    islands in 3000000 4097:3 200000:70000 2097151:1
    cat in | poolmap -q --chunk-size 64K > expected.zst
    for jobs in 1 2; do
        silently poolmap -q --chunk-size 64K -j $jobs -c in > out.zst
        same_file expected.zst out.zst
        for options in "" --no-sparse --salvage; do
            # shellcheck disable=SC2086
            noted poolmap -d -j $jobs $options -f -o out out.zst
            same_file in out "$options"
            silently poolmap -dc --sparse -j $jobs out.zst > out
            same_file in out
        done
    done
}
in_mount fuse holes
