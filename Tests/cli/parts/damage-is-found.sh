# For a damaged file at least one part fails, with a line like that of one run, and none restores wrong content.
. "$CLI_LIB"
. "$CLI_FOLDER/joins.sh"
{ text 150; head -c 900 /dev/zero; noise 10; } > in

# unnoticed FILE COUNT: those of the files FILE.flips/NUMBER in which none of COUNT parts finds damage; the messages
# about the others are in FILE.said.
unnoticed() {
    # shellcheck disable=SC2016
    find "$1.flips" -type f | xargs -P 2 -n 40 bash -c '
        count=$0
        for file in "$@"; do
            found=
            for ((part = count; part >= 1; --part)); do
                poolmap test -j 1 --part $part/$count "$file" 2>&1 || found=yes
                [[ -z $found ]] || continue 2
            done
            echo "$file" >&2
        done' "$2" 2>&1 > "$1.said" | sort
}

# flip_bytes FILE STEP: writes FILE.flips/NUMBER for every STEPth byte, with one bit of it flipped.
flip_bytes() {
    local place
    flip_each_bit "$1" bits
    mkdir "$1.flips"
    for ((place = 0; place < $(size_of "$1"); place += $2)); do
        mv "bits/$(printf %05d-%d $place $((place / $2 % 8)))" "$1.flips/$place"
    done
    rm -r bits
}

# says_its_lines FILE: one line about each of the files, and nothing else.
says_its_lines() {
    ! grep -v '^poolmap: [a-z.]*\.flips/[0-9]*: .' "$1.said"
    same_text "" "$(cut -d: -f2 "$1.said" | sort | uniq -d)"
}

poolmap compress -q -5 --chunk-size 1K -o own in
flip_bytes own 2
same_text "" "$(unnoticed own 3)"
says_its_lines own
same_text "$((($(size_of own) + 1) / 2))" "$(wc -l < own.said)"

# Without checksums a part finds what one run finds: violations of the format itself, and anything in the tables.
poolmap compress -q -5 --no-check --chunk-size 1K -o unchecked in
flip_bytes unchecked 4
unnoticed unchecked 2 > quiet
says_its_lines unchecked
(($(wc -l < unchecked.said) > 10))
{ poolmap test -j 2 unchecked.flips/* 2>&1 || true; } | sed 's/^poolmap: \([^:]*\): .*/\1/' | sort > found
same_text "" "$(comm -12 quiet found)"

# In joined files a part does not check the frames of the first section against the CRCs of its table, nor those of the
# last. So it only misses what decoders ignore: the content is right.
poolmap compress -q -5 --chunk-size 1K -o first in
tail -c 1030 in | poolmap compress -q -5 --chunk-size 1K -o last
cat first last > joined
flip_bytes joined 5
unnoticed joined 2 > quiet
says_its_lines joined
(($(wc -l < joined.said) > 60))
poolmap decompress -q -c joined > whole
while IFS= read -r file; do
    refuses 1 "its bytes do not match the section table" poolmap test "$file"
    silently each_part 2 poolmap decompress -j 1 -o out "$file"
    silently poolmap join out.part-*
    same_file whole out
    rm out*
done < quiet
# The unused bit of a frame's header, in the first frame.
cp joined ignored
patch ignored 4 $(($(part joined 4 1 | od -An -tu1) ^ 16))
refuses 1 "its bytes do not match the section table" poolmap test ignored
silently each_part 2 poolmap test ignored

# ---- Files of other tools: whatever decoders detect.

zstd -q -c < in > foreign
flip_bytes foreign 4
unnoticed foreign 2 > quiet
says_its_lines foreign
zstd_refuses foreign.flips/* > found
same_text "" "$(comm -12 quiet found)"
(($(wc -l < found) > 10))

# ---- decompress reports the same, and makes no part.

for place in 3 100 $(($(size_of own) - 1)); do
    for number in 1 2 3; do
        code=0
        poolmap test -j 1 --part $number/3 "own.flips/$place" 2> said || code=$?
        expect_exit $code poolmap decompress -j 1 --part $number/3 -o out "own.flips/$place" 2> other
        same_file said other
        ((code == 0)) || no_file "out.part-$number-of-3"
        rm -f out.*
    done
done
# Truncated anywhere.
cut_at_each_byte own cuts
for place in 00000 00003 00007 00100 00300 $(printf %05d $(($(size_of own) - 20))) $(printf %05d $(($(size_of own) - 1))); do
    expect_exit 1 poolmap test "cuts/$place" 2> "$CLI_NOTES/whole"
    for number in 1 2 3; do
        refuses 1 "cuts/$place: " poolmap test --part $number/3 "cuts/$place"
    done
done
