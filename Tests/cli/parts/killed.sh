# Workers and fronts killed in a part or a join: the same line makes the same file.
# Until then there is nothing but what --resume keeps.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
noise 12000000 > in
poolmap compress -q --chunk-size 256K -o in.zst in
silently each_part 2 poolmap compress --chunk-size 256K -o whole in
silently each_part 2 poolmap decompress -o content in.zst
silently each_part 2 poolmap hash -a blake3 -a crc32 -o digests in
mkdir made
mv whole.* content.* digests.* made
# By command: the file that is read, the file that is made, and the expected file.
declare -A reads=([compress]=in [decompress]=in.zst [hash]=in [join]=made/whole.part-1-of-2)
declare -A makes=([compress]=out.part-1-of-2 [decompress]=out.part-1-of-2 [hash]=out.part-1-of-2 [join]=out)
declare -A expected=(
    [compress]=made/whole.part-1-of-2 [decompress]=made/content.part-1-of-2 [hash]=made/digests.part-1-of-2 [join]=in.zst)
compress=(poolmap compress -j 2 --chunk-size 256K --resume --part 1/2 -o out in)
decompress=(poolmap decompress -j 2 --part 1/2 -o out in.zst)
hash=(poolmap hash -j 2 -a blake3 -a crc32 --resume state --part 1/2 -o out in)
join=(poolmap join -j 2 -o out made/whole.part-2-of-2 made/whole.part-1-of-2)
# command_of NAME: sets `command`.
command_of() {
    local -n words=$1
    command=("${words[@]}")
}

# start_reading NAME: stops each process after its first read of the file, except the front.
start_reading() {
    command_of "$1"
    start_stopping "${reads[$1]}" 1 "${command[@]}" > said 2>&1
    find_traced
}
# has_stopped: whether a worker has stopped.
has_stopped() {
    kill -CONT "$front"
    for worker in $(worker_pids "$front"); do
        ! grep -q "^$worker " trace || return 0
    done
    return 1
}

for name in compress decompress hash join; do
    # A worker dies twice: others take over.
    command_of $name
    start_stopping "${reads[$name]}" 1 "${command[@]}" > said 2>&1
    kill_stopped_workers 2
    wait "$front" || fail "exit code $?: $(< said)"
    same_text 2 "$kills"
    same_text "" "$(< said)"
    same_file "${expected[$name]}" "${makes[$name]}" $name
    rm out* trace said
    only_files in in.zst made made/{whole,content,digests}.part-{1,2}-of-2

    # The front dies.
    for signal in KILL TERM; do
        start_reading $name
        wait_until 20 has_stopped
        # shellcheck disable=SC2207
        everyone=($(descendants_of "$tracer"))
        kill -$signal "$front"
        # shellcheck disable=SC2046
        [[ $signal == KILL ]] || kill -CONT $(descendants_of "$front") 2> /dev/null || true
        wait_gone "$soon" "${everyone[@]}"
        wait "$tracer" 2> /dev/null || true
        same_text "" "$(< said)"
        rm trace said
        case $name in
            compress) ;;
            hash) no_file out.part-1-of-2 ;;
            *) only_files in in.zst made made/{whole,content,digests}.part-{1,2}-of-2 ;;
        esac
        no_file "${makes[$name]}"
        silently "${command[@]}"
        same_file "${expected[$name]}" "${makes[$name]}" $name
        rm out*
        only_files in in.zst made made/{whole,content,digests}.part-{1,2}-of-2
    done
done

# ---- With --resume

# has_kept: the journal has some of the part.
has_kept() { (($(stat -c %s "$journal" 2> /dev/null || echo 0) > 100)); }
truncate -s 300M holes
patch holes 100000000 1 2 3
silently poolmap hash -a blake3 -a crc32 --part 1/2 -o made/holes holes
expected[kept]=made/holes.part-1-of-2
kept=(poolmap hash -j 2 -a blake3 -a crc32 --resume state --part 1/2 -o out holes)
for name in compress kept; do
    command_of $name
    journal=out.part-1-of-2.resume input=in
    [[ $name == compress ]] || journal=state input=holes
    for _ in 1 2; do
        start strace -f -qq -e trace=pwrite64,write -e inject=pwrite64,write:delay_enter=20000 -o /dev/null "${command[@]}"
        find_traced
        wait_until 20 has_kept
        # shellcheck disable=SC2207
        everyone=($(descendants_of "$tracer"))
        kill -KILL "$front"
        wait_gone "$soon" "${everyone[@]}"
        wait "$tracer" 2> /dev/null || true
        no_file out.part-1-of-2
        has_kept
    done
    "${command[@]}" -v > said 2>&1
    grep -q "^$input: keeping [1-9][0-9]* of [0-9]* chunks$" said
    same_file "${expected[$name]}" out.part-1-of-2 $name
    rm out* said
done
rm holes made/holes*
only_files in in.zst made made/{whole,content,digests}.part-{1,2}-of-2

# ---- At any moment

command_of compress
signals=(KILL INT TERM HUP)
for name in compress decompress hash join; do
    command_of $name
    for round in {1..8}; do
        start "${command[@]}" 2> said
        perl -e 'select undef, undef, undef, $ARGV[0] / 200' "$round"
        # shellcheck disable=SC2207
        everyone=("$front" $(descendants_of "$front"))
        kill -"${signals[round % 4]}" "$front" 2> /dev/null || true
        wait_gone "$soon" "${everyone[@]}"
        wait "$front" 2> /dev/null || true
        same_text "" "$(< said)"
        [[ -e ${makes[$name]} ]] || silently "${command[@]}"
        same_file "${expected[$name]}" "${makes[$name]}" $name
        rm -f out* said state
        only_files in in.zst made made/{whole,content,digests}.part-{1,2}-of-2
    done
done
