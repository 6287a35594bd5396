# --engine slurm in 1, 2, 7 and 40 parts, for every operation: the result of one machine, and nothing else is left.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
real_data 9000000 > big.tar
poolmap compress -q -k --chunk-size 128K -o one.zst big.tar
poolmap hash -a blake3 -a s3-etag -o one.sums big.tar
poolmap hash --manifest -o one.manifest big.tar
text 3000000 > lines
poolmap map --lines --block 64K -o one.map lines -- sed 's/7/{index}/'
poolmap map --lines --block 64K --reduce 'sort -m {}' -o one.sorted lines -- sort
slurm_start cluster 2 4
mkdir work
cd work
ln ../big.tar big.tar
ln ../lines lines
# together LINE…: runs lines of poolmap at the same time, each of which must be silent.
together() {
    local line pids=()
    for line in "$@"; do
        eval "poolmap $line" 2>> said &
        pids+=($!)
    done
    for line in "${pids[@]}"; do wait "$line" || fail "exit code $?: $(< said)"; done
    same_text "" "$(< said)"
    rm said
}
for parts in 1 2 7 40; do
    engine="--engine slurm --parts $parts"
    together "compress $engine --chunk-size 128K -o big.tar.zst big.tar" \
        "hash $engine -a blake3 -a s3-etag -o sums big.tar" "hash $engine --manifest -o manifest big.tar" \
        "map $engine --lines --block 64K -o mapped lines -- sed 's/7/{index}/'" \
        "map $engine --lines --block 64K --reduce 'sort -m {}' -o sorted lines -- sort"
    same_file ../one.zst big.tar.zst
    same_file ../one.sums sums
    same_file ../one.manifest manifest
    same_file ../one.map mapped
    same_file ../one.sorted sorted
    together "test $engine big.tar.zst" "decompress $engine -o back big.tar.zst"
    same_file big.tar back
    same_text "$(stat -c '%Y %a' big.tar)" "$(stat -c '%Y %a' back)"
    only_files back big.tar big.tar.zst lines manifest mapped sorted sums
    rm back big.tar.zst manifest mapped sorted sums
done

# ---- The target's name is derived from the input's, and any name works; -f replaces an old target, otherwise it
# stays.
name=$'it\'s $HOME/\xff\n *.tar'
mkdir -p "${name%/*}"
ln ../big.tar "$name"
silently poolmap compress --engine=slurm --parts=3 --chunk-size=128K "$name"
same_file ../one.zst "$name.zst"
refuses 1 'already exists' poolmap compress --engine slurm --parts 3 "$name"
silently poolmap -f --engine slurm --parts 3 -1 --chunk-size 128K "$name"
poolmap compress -q -1 --chunk-size 128K -c "$name" | cmp - "$name.zst"
slurm_stop
