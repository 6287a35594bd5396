# fs-verity's digests are those of `fsverity digest`, for both hash functions, salts, and sizes around blocks.
. "$CLI_LIB"
block=4096
noise $((2 * 128 * block + 1)) > some
for number in {1..65}; do
    cat some
    echo "$number"
done > all
# make_files NAME SIZE…: prefixes of `all`; their names are in the list NAME.
make_files() {
    local -n list=$1
    local size
    shift
    for size in "$@"; do
        head -c "$size" all > "file-$size"
        same_text "$size" "$(size_of "file-$size")"
        list+=("file-$size")
    done
}
# same_as_fsverity HASH SALT FILE…
same_as_fsverity() {
    local options=(-a "fsverity-$1" ${2:+--salt "$2"}) jobs file
    fsverity digest --hash-alg "$1" ${2:+--salt "$2"} -- "${@:3}" | sed 's/^[a-z0-9]*:\([0-9a-f]*\) .*/\1/' > expected
    for jobs in 1 3; do
        silently poolmap hash -j "$jobs" "${options[@]}" --no-names "${@:3}" | cmp - expected
    done
    for file in "${@:3}"; do
        silently poolmap hash -j 2 "${options[@]}" --no-names < <(cat "$file")
    done | cmp - expected
}
# Around a block, and around what one block of digests covers: 64 blocks with SHA-512, 128 with SHA-256.
make_files small 0 1 $((block - 1)) $block $((block + 1)) $((2 * block + 5))
for middle in $((64 * block)) $((128 * block)); do
    make_files small $((middle - 1)) "$middle" $((middle + 1))
done
# Around the size of a worker's piece of a file; a pipe is cut there, too.
make_files pieces $(((4 << 20) - 1)) $((4 << 20)) $(((4 << 20) + 1))
longest=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff
for hash in sha256 sha512; do
    same_as_fsverity $hash "" "${small[@]}" "${pieces[@]}"
    same_as_fsverity $hash 5a "${small[@]}"
    same_as_fsverity $hash $longest "${small[@]}" file-$(((4 << 20) + 1))
done
# Around what two levels cover.
make_files two $((64 * 64 * block - 1)) $((64 * 64 * block)) $((64 * 64 * block + 1))
same_as_fsverity sha512 5a "${two[@]}"
make_files most $((128 * 128 * block + 1))
same_as_fsverity sha256 5a "${most[@]}"
