# Bytes inserted into a file, or removed from it, lose only the frames that they are in.
. "$CLI_LIB"
real_data 380000 > in
poolmap compress -q --chunk-size 64K -o own.zst in
mapfile -t offsets < <(poolmap list -v own.zst | sed -n 's/.*frame [0-9]*: .* at \([0-9]*\),.*/\1/p')
for number in 0 1 3 5; do
    begin=${offsets[number]}
    end=$((number < 5 ? number * 65536 + 65536 : 380000))
    { part in 0 $((number * 65536)); head -c $((end - number * 65536)) /dev/zero; part in $end 380000; } > without
    # Between two frames nothing is lost.
    { part own.zst 0 "$begin"; noise 70000; part own.zst "$begin" 400000; } > bad.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
    same_file in out "before frame $number"
    # Inside a frame that one is lost, if it matters there.
    { part own.zst 0 $((begin + 500)); noise 70000; part own.zst $((begin + 500)) 400000; } > bad.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
    same_file without out "in frame $number: $(< said)"
    { part own.zst 0 $((begin + 500)); part own.zst $((begin + 700)) 400000; } > bad.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
    same_file without out "less in frame $number: $(< said)"
    # A missing frame, and a duplicate one.
    next=${offsets[number + 1]:-$((begin + $(poolmap list -v own.zst | sed -n 's/.*frame 5: \([0-9]*\) .*/\1/p')))}
    { part own.zst 0 "$begin"; part own.zst "$next" 400000; } > bad.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
    same_file without out "without frame $number: $(< said)"
    { part own.zst 0 "$next"; part own.zst "$begin" 400000; } > bad.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out bad.zst 2> said
    # The first one says each time that a section begins; so there is the rest of one, and a complete one.
    if ((number == 0)); then
        { part in 0 65536; cat in; } | cmp - out
    else
        same_file in out "frame $number twice: $(< said)"
    fi
done
