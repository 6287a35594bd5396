# A file with holes is restored where its zeros do not fit; without holes it is one line, and nothing is left.
. "$CLI_LIB"
islands in 60000000 70001:4096 30000000:100000
poolmap -q --chunk-size 64K -o in.zst in
zstd -q -o single.zst in
on_small_disk() {
    . "$CLI_LIB"
    for jobs in 1 2; do
        for file in in.zst single.zst; do
            silently poolmap -d -j $jobs -o disk/out $file
            same_file in disk/out
            silently poolmap -d -j $jobs --salvage -f -o disk/out $file
            same_file in disk/out
            rm disk/out
            silently poolmap -dc --sparse -j $jobs $file > disk/out
            same_file in disk/out
            rm disk/out
            refuses 1 "$file: cannot write disk/out: No space left" poolmap -d -j $jobs --no-sparse -o disk/out $file
            same_text 0 "$(find disk -type f | wc -l)"
            (($(df --output=used disk | tail -n 1) < 16)) || fail "$(df disk)"
        done
    done
}
export -f on_small_disk
with_small_disk 2m bash -c on_small_disk
