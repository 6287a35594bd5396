# Each damaged frame of a poolmap file becomes zeros or is left out, is listed with its bytes, and costs no other.
. "$CLI_LIB"
text 380000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
mapfile -t frames < <(poolmap list -v own.zst | sed -n 's/.*frame [0-9]*: \([0-9]*\) bytes at \([0-9]*\), content \([0-9]*\)$/\2 \1 \3/p')
same_text 6 ${#frames[@]}
place=0
for number in "${!frames[@]}"; do
    read -r offset length content <<< "${frames[number]}"
    last=$((place + content - 1))
    for damage in 4 $((length / 2)) $((length - 1)); do
        cp own.zst bad.zst
        byte=$(part own.zst $((offset + damage)) 1 | od -An -tu1)
        patch bad.zst $((offset + damage)) $((byte ^ 64))
        expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
        { part in 0 $place; head -c "$content" /dev/zero; part in $((last + 1)) 380000; } | cmp - out
        same_text 2 "$(wc -l < said)"
        grep -Eq "^poolmap: bad.zst: lost bytes $place to $last of the content \(frame $number at bytes $offset to $((offset + length - 1)) of the file\): " said
        same_text "poolmap: bad.zst: recovered $((380000 - content)) of 380000 bytes, $content lost in 1 place" "$(tail -n 1 said)"
        expect_exit 1 poolmap -d --salvage --omit -c bad.zst > short 2> omitted
        { part in 0 $place; part in $((last + 1)) 380000; } | cmp - short
        same_file said omitted
    done
    place=$((last + 1))
done
