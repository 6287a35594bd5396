# A full disk is one line with the target's name, without a target or anything else on that disk; the old target stays.
. "$CLI_LIB"
noise 3000000 > in
poolmap compress -q --chunk-size 64K -o small.zst in
text 3000000 > compressible
poolmap compress -q --chunk-size 64K compressible
zstd -q -o foreign.zst compressible
on_full_disk() {
    . "$CLI_LIB"
    for jobs in 1 2; do
        refuses 1 disk/out poolmap compress -j $jobs --chunk-size 64K -o disk/out in
        refuses 1 disk/out poolmap compress -j $jobs --chunk-size 64K -o disk/out < <(cat in)
        for file in compressible.zst foreign.zst; do
            refuses 1 disk/out poolmap decompress -j $jobs -o disk/out $file
            refuses 1 disk/out poolmap decompress -j $jobs -o disk/out < <(cat $file)
        done
        same_text "" "$(ls -A disk)"
        same_text 0 "$(df --output=used disk | tail -1 | tr -d ' ')"
        echo old > disk/old
        refuses 1 disk/old poolmap decompress -f -j $jobs -o disk/old compressible.zst
        same_text old "$(< disk/old)"
        rm disk/old
        refuses 1 "" poolmap decompress -j $jobs -c compressible.zst > disk/stdout
        rm disk/stdout
        # Fills the disk; cp is expected to fail at the end.
        cp in disk/big 2> /dev/null || true
        : > disk/big
        echo small > disk/a
        echo small > disk/b
        silently poolmap compress -j $jobs disk/a disk/b
        rm disk/*
    done
}
export -f on_full_disk
with_small_disk 1m bash -c on_full_disk
only_files in small.zst compressible compressible.zst foreign.zst disk
