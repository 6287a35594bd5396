# Options that make no sense, or lack their algorithm, and keys of a wrong size: one line, no digest.
. "$CLI_LIB"
echo a > a
nothing_but() {
    refuses "$@" > digests
    [[ ! -s digests ]] || fail "there is a digest: $(< digests)"
}
b=(poolmap hash)
# A key has 32 bytes, and there is only one standard input.
for size in 0 1 31 33 100000; do
    noise "$size" > key
    for jobs in 1 2; do
        nothing_but 1 "32 bytes" "${b[@]}" --keyed -j $jobs a a < key
        nothing_but 1 "32 bytes" "${b[@]}" --keyed -j $jobs a a < <(cat key)
    done
done
nothing_but 1 "" "${b[@]}" --keyed a <&-
noise 32 > key
for names in "" - "a -" "--files-from -" "--files-from=- a"; do
    # shellcheck disable=SC2086
    nothing_but 2 "standard input" "${b[@]}" --keyed $names < key
done
silently "${b[@]}" --keyed a < key | cmp - <(b3sum --keyed a < key)
nothing_but 2 "cannot be combined" "${b[@]}" --keyed --derive-key context a < key
# Salts.
for salt in 1 123 0g "00 11" 0x11 "$(printf '%066d' 0)" é; do
    nothing_but 2 --salt "${b[@]}" -a fsverity-sha256 --salt "$salt" a
done
# Lengths.
for length in 0 -1 x 1048577 99999999999999999999 ""; do
    nothing_but 2 length "${b[@]}" --length="$length" a
done
nothing_but 2 length "${b[@]}" -l 0 a
# Unknown algorithms.
nothing_but 2 "-a is empty" "${b[@]}" -a "" a
for name in blake sha-256 SHA256 "sha256 " xxh3 sha256,md5; do
    nothing_but 2 "for '-a" "${b[@]}" -a "$name" a
    nothing_but 2 "for '-a" "${b[@]}" -a md5 -a "$name" a
done
# Without their algorithm; other algorithms in addition do not matter.
for option in "--length 16" --keyed "--derive-key context"; do
    # shellcheck disable=SC2086
    nothing_but 2 "${option%% *}" "${b[@]}" -a sha256 -a dropbox $option a < key
    # shellcheck disable=SC2086
    silently "${b[@]}" -a sha256 -a blake3 $option a < key > digests
    same_text 2 "$(wc -l < digests)"
done
nothing_but 2 --salt "${b[@]}" --salt 00 a
nothing_but 2 --salt "${b[@]}" -a sha256 --salt 00 a
nothing_but 2 --part-size "${b[@]}" --part-size 8M a
nothing_but 2 --part-size "${b[@]}" -a dropbox --part-size 8M a
nothing_but 2 "cannot be combined" "${b[@]}" --tag --no-names a
# The line lists the valid ones.
nothing_but 2 "following: blake3, sha256, sha512, " "${b[@]}" -a sha3 a
# A folder among files.
mkdir folder
refuses 1 folder "${b[@]}" -j 2 folder a > digests
b3sum a | cmp - digests
