# Parts of a hash, with every algorithm that has parts, join to the lines that one run writes, whatever its options.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
noise 9000001 > in

# hashes FILE COUNT OPTION…
hashes() {
    local file=$1 count=$2
    shift 2
    poolmap hash "$@" -f -o whole -- "$file"
    silently each_part "$count" poolmap hash "$@" -o out "$file"
    # The lines have the mode and time of a new file, as in one run.
    silently poolmap join out.part-*
    same_file whole out
    same_text "$(stat -c %a whole)" "$(stat -c %a out)"
    rm out*
}
for algorithm in blake3 crc32 crc32c crc64nvme s3-etag s3-sha256 s3-crc32c dropbox fsverity-sha256 fsverity-sha512; do
    hashes in 3 -a $algorithm
done
# Other tools agree.
silently each_part 3 poolmap hash -o out in
poolmap join out.part-*
same_text "$(b3sum in)" "$(< out)"
rm out*
several=(-a blake3 -a crc32 -a s3-etag -a dropbox -a fsverity-sha256)
hashes in 3 "${several[@]}"
hashes in 3 "${several[@]}" -z
hashes in 3 -a blake3 -a crc64nvme --no-names
hashes in 2 --tag
hashes in 2 -z
hashes in 2 --length 131
hashes in 2 --derive-key $'a context\n= \xe2\x82\xac'
hashes in 3 -a s3-etag -a s3-crc32c --part-size 1000000
hashes in 2 -a fsverity-sha512 --salt 0102ab
hashes in 2 -a fsverity-sha256 -a crc32 --salt ff
for size in 0 1 4194303 4194304 4194305; do
    head -c $size in > less
    for count in 1 3; do hashes less $count -a blake3 -a crc32c -a fsverity-sha256; done
done
for size in 0 1 100000; do
    head -c $size in > less
    hashes less 3 -a s3-sha256 --part-size 100000
done
rm whole less

# ---- Names

for name in $'a\nb' 'a\b' $'\r' $'\xff\xfe' ' ' $'\xe2\x82\xac' '-name' 'a=b'; do
    head -c 5000000 in > "./$name"
    hashes "./$name" 2
    hashes "./$name" 2 -z
    hashes "./$name" 2 --manifest -a crc32c
    mkdir -p other
    mv -- "$name" other
done

# ---- Manifests

for options in "" "--chunk-size 1M -a crc32" "-a sha256 --chunk-size 64K" "-a md5 --chunk-size 100000"; do
    for count in 1 5; do
        # shellcheck disable=SC2086
        hashes in $count --manifest $options
    done
done
silently each_part 3 poolmap hash --manifest --chunk-size 1M -o out in
poolmap join out.part-*
silently poolmap hash --check out > said
grep -qx 'in: OK' said
printf x | dd of=in bs=1 seek=5000000 conv=notrunc status=none
expect_exit 1 poolmap hash --check out > said 2>&1
grep -q '^in: FAILED' said
rm out*

# ---- Parts that cannot be joined are refused, in one line.

for algorithm in sha256 sha512 sha1 md5; do
    refuses 2 "--part cannot be combined with $algorithm, which must be hashed from start to end" \
        poolmap hash -a $algorithm -a blake3 --part 1/2 -o out in
done
refuses 2 "--part cannot be combined with sha1, md5" poolmap hash -a sha1 -a crc32 -a md5 --part 1/2 -o out in
refuses 2 "--keyed" poolmap hash --keyed --part 1/2 -o out in
refuses 2 "--tree" poolmap hash --tree --part 1/2 -o out in
refuses 2 "--check" poolmap hash --check --part 1/2 in
refuses 2 "--part requires -o FILE" poolmap hash --part 1/2 in
refuses 2 "--part requires -o FILE" poolmap hash --part 1/2 -o - in
only_files in whole other other/{$'a\nb','a\b',$'\r',$'\xff\xfe',' ',$'\xe2\x82\xac',-name,a=b} said
