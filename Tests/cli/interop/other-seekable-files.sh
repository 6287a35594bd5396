# A file with another tool's seek table, with and without checksums, is restored and can be read at any offset.
. "$CLI_LIB"
real_data 500000 > in
for checked in 0 1; do
    : > seekable.zst
    rows=()
    split -b 60000 in piece.
    for piece in piece.*; do
        zstd -q -c --check "$piece" > frame
        cat frame >> seekable.zst
        # The last four bytes of a frame are its content checksum.
        read -r -a sum < <(tail -c 4 frame | od -An -tu1)
        # shellcheck disable=SC2207
        rows+=($(u32 "$(size_of frame)") $(u32 "$(size_of "$piece")"))
        ((checked == 0)) || rows+=("${sum[@]}")
    done
    count=$(ls piece.* | wc -l)
    # shellcheck disable=SC2046
    perl -e 'print pack "C*", @ARGV' $(u32 0x184D2A5E) $(u32 $((9 + ${#rows[@]}))) "${rows[@]}" \
        $(u32 "$count") $((checked * 128)) $(u32 0x8F92EAB1) >> seekable.zst
    rm piece.* frame
    zstd -q -t seekable.zst
    silently poolmap test seekable.zst
    silently poolmap -dc -j 2 seekable.zst | cmp - in
    cat seekable.zst | silently poolmap -d -j 2 | cmp - in
    silently poolmap -d -j 2 -f -o out seekable.zst
    same_file in out
    poolmap list --json seekable.zst | grep -q '"seekTable": "complete"'
    for offset in 0 1 59999 60000 60001 300000 499999; do
        silently poolmap cat --offset "$offset" --length 1000 seekable.zst | cmp - <(part in "$offset" 1000)
    done
done
