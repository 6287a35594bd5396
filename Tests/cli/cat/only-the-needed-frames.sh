# cat reads only the frames that contain the range: damage elsewhere does not matter, damage in them does.
. "$CLI_LIB"
noise 1000000 > in
poolmap compress -q --chunk-size 100000 -o own.zst in
zstd -q -c --no-check in > foreign.zst
split -b 100000 in piece.
zstd -q -c piece.* > frames.zst
for file in own frames; do
    cp $file.zst damaged.zst
    # In the middle of the sixth frame.
    patch damaged.zst 550000 1 2 3 4
    silently poolmap cat --offset 0 --length 500000 damaged.zst | cmp - <(head -c 500000 in)
    silently poolmap cat --offset 600000 damaged.zst | cmp - <(tail -c 400000 in)
    refuses 1 damaged.zst poolmap cat --offset 510000 --length 10 damaged.zst > out
    same_text 0 "$(size_of out)"
    refuses 1 damaged.zst poolmap cat damaged.zst > out
done
