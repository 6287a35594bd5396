# Another tool's false seek table is an error or is ignored: no wrong bytes come out, and nothing crashes.
. "$CLI_LIB"
ulimit -v 2097152
real_data 300000 > in
zstd -q -c --check <(part in 0 150000) > one
zstd -q -c --check <(part in 150000 150000) > two
# seekable PAYLOAD ROWS DESCRIPTOR BYTES…: both frames and a table with these fields.
seekable() {
    local payload=$1 count=$2 descriptor=$3
    shift 3
    cat one two
    # shellcheck disable=SC2046
    perl -e 'print pack "C*", @ARGV' $(u32 0x184D2A5E) $(u32 "$payload") "$@" $(u32 "$count") "$descriptor" $(u32 0x8F92EAB1)
}
# shellcheck disable=SC2207
first=($(u32 "$(size_of one)") $(u32 150000)) second=($(u32 "$(size_of two)") $(u32 150000))
seekable 25 2 0 "${first[@]}" "${second[@]}" > honest.zst
silently poolmap test honest.zst
silently poolmap cat honest.zst | cmp - in

in_order() {
    local code=0
    poolmap "$@" lie.zst > out 2> said || code=$?
    ((code <= 1)) || fail "exit code $code: $*"
    ((code == 0)) || one_error_line said lie.zst
    return $code
}
hint() {
    seekable "$@" > lie.zst
    ! in_order decompress -c -j 2 || same_file in out "$*"
    ! in_order cat -j 2 || same_file in out "$*"
    in_order test || true
    in_order list || true
    in_order cat --offset 200000 --length 10 || true
    # In a pipe the table comes after its frames, so it can only be skipped.
    cat lie.zst | poolmap decompress -j 2 2> said | cmp -s - in || one_error_line said "standard input"
}
big=(255 255 255 255)
none=(0 0 0 0)
hint 25 2 0 "${second[@]}" "${first[@]}"
hint 25 2 0 "${first[@]}" "${second[@]:0:4}" "${big[@]}"
hint 25 2 0 "${first[@]:0:4}" "${big[@]}" "${second[@]}"
hint 25 2 0 "${big[@]}" "${big[@]}" "${big[@]}" "${big[@]}"
hint 25 2 0 "${first[@]:0:4}" "${none[@]}" "${second[@]}"
hint 25 2 0 "${first[@]:0:4}" 1 0 0 0 "${second[@]}"
hint 25 2 0 "${none[@]}" 1 0 0 0 "${second[@]}"
hint 17 1 0 "${first[@]}"
hint 25 3 0 "${first[@]}" "${second[@]}"
hint 25 134217728 0 "${first[@]}" "${second[@]}"
hint 25 4294967295 0 "${first[@]}" "${second[@]}"
hint 25 2 128 "${first[@]}" "${second[@]}"
hint 25 2 127 "${first[@]}" "${second[@]}"
hint 33 2 128 "${first[@]}" 1 2 3 4 "${second[@]}" 5 6 7 8
hint 33 3 0 "${first[@]}" "${second[@]}" "${none[@]}" "${none[@]}"
hint 33 3 0 "${first[@]}" "${none[@]}" "${none[@]}" "${second[@]}"
hint 33 3 0 "${first[@]}" "${second[@]}" "${none[@]}" "${big[@]}"
