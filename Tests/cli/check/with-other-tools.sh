# poolmap checks lists by coreutils, b3sum and OpenSSL, and they check poolmap's; one list may mix all kinds of digests.
. "$CLI_LIB"
. "$CLI_FOLDER/checks.sh"
names=('two words' ' leading' 'back\slash' $'line\nbreak' $'both\n\\' '*' 'a) = (b' $'\xc3\xa4' -dash)
for name in "${names[@]}"; do
    printf '%s' "$name" > "./$name"
done
noise 1 > one
noise 1048576 > mebibyte
noise 1048577 > more
noise 5000000 > large
: > nothing
files=("${names[@]}" one mebibyte more large nothing)
# all_ok LIST [OPTION…]: every file matches, in order.
all_ok() {
    silently poolmap hash -j "${jobs-2}" -c "${@:2}" "$1" > said
    cmp said right || fail "$1: $(diff said right)"
}
sha256sum -- "${files[@]}" > list
sha256sum -c list > right
for tool in sha256sum sha512sum sha1sum md5sum; do
    for options in "" --tag -b; do
        # shellcheck disable=SC2086
        $tool $options -- "${files[@]}" > list
        all_ok list
        like $tool --strict list
    done
    $tool -z -- "${files[@]}" > list
    all_ok list -z
    $tool --tag -z -- "${files[@]}" > list
    all_ok list -z
    poolmap hash -a ${tool%sum} -- "${files[@]}" > list
    like $tool --strict list
    poolmap hash -a ${tool%sum} --tag -- "${files[@]}" > list
    like $tool --strict list
done
b3sum -- "${files[@]}" > list
all_ok list
poolmap hash -- "${files[@]}" > list
all_ok list
b3sum --check list > said
(($(grep -c ': OK$' said) == ${#files[@]}))
poolmap hash -z -- "${files[@]}" > list
all_ok list -z
# OpenSSL escapes nothing.
plain=('two words' ' leading' 'a) = (b' $'\xc3\xa4' one mebibyte more large nothing)
sha256sum -- "${plain[@]}" | sha256sum -c > right
for kind in sha256 sha512 sha1 md5; do
    openssl dgst -$kind -- "${plain[@]}" > list
    all_ok list
done
# Each kind of digest with everything that it depends on; then without tags, where the same options provide it.
for options in "-a sha256" "-a md5" "-a crc32" "-a crc32c" "-a crc64nvme" "-a s3-etag" "-a s3-etag --part-size 64K" \
    "-a s3-sha256 --part-size 1M" "-a s3-crc32c --part-size 3000" "-a dropbox" "-a fsverity-sha256" \
    "-a fsverity-sha256 --salt 0AFF" "-a fsverity-sha512 --salt 01" "-a blake3" "-a blake3 --length 1" \
    "-a blake3 -l 131" "-a blake3 --derive-key context" "-a sha512" "-a sha1"; do
    # shellcheck disable=SC2086
    poolmap hash $options --tag -- "${plain[@]}" > tagged
    [[ $options == *derive* ]] || cat tagged >> mixed
    poolmap hash $options --no-names -- "${plain[@]}" | paste -d '\n' - <(printf '%s\n' "${plain[@]}") |
        sed 'N; s/\n/  /' > list
    # shellcheck disable=SC2086
    all_ok list $options
    # shellcheck disable=SC2086
    [[ $options != *derive* ]] || all_ok tagged $options
done
for _ in {1..18}; do cat right; done > more-right
mv more-right right
all_ok mixed
jobs=1 all_ok mixed
# Digests in capital letters, as on Windows; base64 has letters of both cases.
grep -v '^S3-[SC]' mixed | sed -E 's/(= |^)([0-9a-f]{8,}(-[0-9]+)?)$/\1\U\2/' > capitals
(($(grep -c '[A-F][0-9A-F]*$' capitals) > 100))
silently poolmap hash -c --quiet capitals > said
same_text "" "$(< said)"
grep '^S3-[SC]' mixed | sed 's/ = .\([^ ]*\)$/ = _\1/' > wrong
expect_exit 1 poolmap hash -c wrong > said 2>&1
same_text "poolmap: wrong: no properly formatted checksum lines found" "$(< said)"
# With a key on standard input, also for digests with a tag.
noise 32 7 > key
poolmap hash --keyed -- "${files[@]}" < key > list
poolmap hash --keyed --tag -- "${files[@]}" < key > tagged
b3sum --keyed -- "${files[@]}" < key | cmp - list
for list in list tagged; do
    silently poolmap hash --keyed -c --quiet $list < key > said
    same_text "" "$(< said)"
    expect_exit 1 poolmap hash --keyed -c --quiet $list < <(noise 32 8) > said 2> /dev/null
    (($(grep -c ': FAILED$' said) == ${#files[@]}))
    expect_exit 1 poolmap hash -c --quiet $list > said 2> /dev/null
done
refuses 2 "standard input" poolmap hash --keyed -c - < key
