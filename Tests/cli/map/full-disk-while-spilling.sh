# A full disk in TMPDIR is an error that names it, without an output; so is a full disk at the output.
. "$CLI_LIB"
text 200000 > in
on_full_disk() {
    . "$CLI_LIB"
    fivefold='cat > "all-$POOLMAP_CHUNK_INDEX"; for n in 1 2 3 4 5 6 7 8 9 0; do cat "all-$POOLMAP_CHUNK_INDEX"; done'
    export TMPDIR=$PWD/disk
    for jobs in 1 2; do
        for keep in "" --keep-going; do
            # shellcheck disable=SC2086
            refuses 1 "cannot save the output of a command in $TMPDIR; see TMPDIR and --memory: No space left" \
                poolmap map $keep -j $jobs --memory 64K --chunk-size 1M -f -o "out$keep" in -- sh -c "$fivefold"
            no_file out
        done
        # Space for one output is enough for many, one after another.
        poolmap map -j 1 --memory 64K --chunk-size 20K in -- sh -c "$fivefold" > all
        same_text 2000000 "$(size_of all)"
        same_text "" "$(ls -A disk)"
        same_text 0 "$(df --output=used disk | tail -1 | tr -d ' ')"
        unset TMPDIR
        refuses 1 disk/out poolmap map -j $jobs --lines --chunk-size 20K -o disk/out in -- sh -c "$fivefold"
        same_text "" "$(ls -A disk)"
        refuses 1 "" poolmap map -j $jobs --lines --chunk-size 20K in -- sh -c "$fivefold" > disk/stdout
        rm disk/stdout
        export TMPDIR=$PWD/disk
    done
}
export -f on_full_disk
with_small_disk 1m bash -c on_full_disk
