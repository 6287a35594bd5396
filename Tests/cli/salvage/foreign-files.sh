# From files by zstd and pzstd all intact frames are restored; a lost one becomes zeros if its header states its length.
. "$CLI_LIB"
real_data 2000000 > in
split -b 400000 in piece.
zstd -q -c piece.?? > sized.zst
for piece in piece.??; do zstd -q -c < $piece; done > unsized.zst
pzstd -q -1 -p 2 -c in > pzstd.zst
# The third frame of each: zeros, or nothing.
{ part in 0 800000; head -c 400000 /dev/zero; part in 1200000 2000000; } > zeros
{ part in 0 800000; part in 1200000 2000000; } > less
for file in sized unsized; do
    mapfile -t offsets < <(poolmap list -v $file.zst | sed -n 's/.*frame [0-9]*: .* at \([0-9]*\),.*/\1/p')
    same_text 5 ${#offsets[@]}
    # Damage to the magic number, a block's header, the content, and the whole frame.
    for damage in "0 90" "9 255 255 255" "3000 1 2 3 4 5 6 7 8" "0 $(noise $((offsets[3] - offsets[2])) | od -An -v -tu1 | xargs)"; do
        cp $file.zst bad.zst
        # shellcheck disable=SC2086
        patch bad.zst $((offsets[2] + ${damage%% *})) ${damage#* }
        expect_exit 1 poolmap decompress -j 2 --salvage --omit -f -o out bad.zst 2> said
        same_file less out "$file: $(< said)"
        expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
        if [[ $file == sized && $damage != 0* ]]; then
            same_file zeros out "$file: $(< said)"
            grep -q 'lost bytes 800000 to 1199999 of the content (frame 2 ' said
        else
            same_file less out "$file: $(< said)"
            grep -q 'lost an unknown number of bytes, starting at byte 800000 of the content' said
        fi
    done
done
# Frames by pzstd have no fixed length.
mapfile -t offsets < <(poolmap list -v pzstd.zst | sed -n 's/.*frame [0-9]*: .* at \([0-9]*\),.*/\1/p')
middle=$((${#offsets[@]} / 2))
{ part pzstd.zst 0 "${offsets[middle]}" | zstd -q -dc; part pzstd.zst $((offsets[middle + 1] - 12)) 2000000 | zstd -q -dc; } > less
for damage in "-12 0" "0 0" "8 255 255 255" "3000 1 2 3 4 5 6 7 8"; do
    cp pzstd.zst bad.zst
    # shellcheck disable=SC2086
    patch bad.zst $((offsets[middle] + ${damage%% *})) ${damage#* }
    if [[ $damage == -12* ]]; then
        # Only damage to the stated length.
        cp in less.now
    else
        cp less less.now
    fi
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
    same_file less.now out "pzstd $damage: $(< said)"
done
