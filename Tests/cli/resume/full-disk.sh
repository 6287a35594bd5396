# Work done before the disk was full is kept, and with more space the run continues from there.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
noise 3000000 > in
poolmap compress -q --chunk-size 64K -o reference in
# The frames end so near the end of a page that the tables do not fit after them: noise is stored uncompressed.
tables=$((28 + 4 * 46 + 17 + 12 * 48))
truncate -s $((3000000 - ($(size_of reference) - tables - 4000) % 4096)) in
poolmap compress -q --chunk-size 64K -f -o reference in
pages=$((($(size_of reference) - tables + 4095) / 4096))
export pages
on_small_disk() {
    . "$CLI_LIB"
    . "$CLI_FOLDER/interruptions.sh"
    local size kept last=0
    # One page is for the journal. Finally all frames fit, but not the tables.
    for size in 1000k 1000k 2000k $((4 * pages))k $((4 * pages + 4))k; do
        mount -o "remount,size=$size" disk
        refuses 1 "in: cannot write disk/out.partial" poolmap compress --resume --chunk-size 64K -j 2 -o disk/out in
        kept=$(records disk/out)
        ((kept >= last && kept > 0)) || fail "$kept frames are kept, after $last"
        last=$kept
        no_file disk/out
    done
    ((last == 46)) || fail "all 46 frames but not the tables should fit, but $last did"
    mount -o remount,size=4m disk
    poolmap compress --resume -v --chunk-size 64K -j 2 -o disk/out in 2> said
    grep -qx "in: keeping $last of 46 chunks" said
    same_file reference disk/out
    no_file disk/out.partial disk/out.resume
}
export -f on_small_disk
with_small_disk 1000k bash -c on_small_disk
