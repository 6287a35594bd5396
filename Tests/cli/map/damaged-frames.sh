# With --keep-going no output is published of a command that has read from a damaged frame.
# Even if the frame's beginning can be read and only its checksum at the end is wrong.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 59999 > in
for part in 0 1 2 3 4; do
    part in $((part * 60000)) 60000 > part-$part
    zstd -q part-$part
done
cat part-[0-4].zst > whole.zst
# The last byte belongs to the checksum.
at=$(($(size_of part-0.zst) + $(size_of part-1.zst) - 1))
cp whole.zst checksum.zst
patch checksum.zst $at $(($(tail -c 1 part-1.zst | od -An -tu1) ^ 1))
# expected [CUT…]: "in" without the chunks that have a byte of the damaged frame; "absent" lists those.
expected() {
    chunks_by_hand in 20480 "$@" > borders
    python3 - <<'END2'
data = open("in", "rb").read()
borders = [tuple(map(int, line.split())) for line in open("borders")]
lost = [index for index, (start, length) in enumerate(borders) if start < 120000 and start + length > 60000]
assert 3 < len(lost) < len(borders) - 5
open("expected", "wb").write(b"".join(data[s:s + n] for index, (s, n) in enumerate(borders) if index not in lost))
open("absent", "w").write("".join(f"{index}\n" for index in lost))
END2
}
absent() { sed -n 's/^poolmap: checksum.zst: chunk \([0-9]*\) (.*checksum$/\1/p' said; }
expected separator 0a
for jobs in 1 2 3; do
    run=(poolmap map -j $jobs --lines --chunk-size 20K --keep-going)
    for command in cat "head -n 1000000"; do
        # shellcheck disable=SC2086
        expect_exit 1 "${run[@]}" checksum.zst -- $command 2> said > out
        same_file expected out
        same_text "$(< absent)" "$(absent)"
        # shellcheck disable=SC2086
        expect_exit 1 "${run[@]}" -f -o out checksum.zst -- $command 2> said
        same_file expected out
    done
    # A command that stops reading its chunk has read the beginning of the frame, too.
    expect_exit 1 "${run[@]}" checksum.zst -- sh -c 'read line; echo $POOLMAP_CHUNK_INDEX' 2> said > out
    same_text "$(comm -23 <(seq 0 14 | sort) <(sort absent) | sort -n)" "$(< out)"
    expect_exit 1 "${run[@]}" --output-template 'piece-{index}' checksum.zst -- cat 2> said
    cat $(printf '%s\n' piece-* | sort -t- -k2n) | cmp - expected
    rm piece-*
    expect_exit 1 "${run[@]}" --reduce 'cat {}' -o reduced checksum.zst -- cat 2> said
    same_file expected reduced
    rm reduced
    # Without the option there is no output at all.
    expect_exit 1 poolmap map -j $jobs --lines --chunk-size 20K -o new checksum.zst -- cat 2> said
    no_file new
    # If the header lines are damaged, no chunk gets them.
    patch checksum.zst $(($(size_of part-0.zst) - 1)) $(($(tail -c 1 part-0.zst | od -An -tu1) ^ 1))
    expect_exit 1 "${run[@]}" --header 1 -o new checksum.zst -- cat 2> said
    one_error_line said checksum.zst checksum
    same_text 0 "$(size_of new)"
    rm new
    patch checksum.zst $(($(size_of part-0.zst) - 1)) $(tail -c 1 part-0.zst | od -An -tu1)
done
# If everything before a chunk determines where it begins, nothing comes after the damage.
for cut in --csv "--lines --records 3000"; do
    # shellcheck disable=SC2086
    expect_exit 1 poolmap map -j 2 $cut --chunk-size 20K --keep-going checksum.zst -- cat 2> said > out
    (($(size_of out) <= 60000)) || fail "$cut: $(size_of out) bytes"
    cmp -n "$(size_of out)" out in
    grep -q '^poolmap: checksum.zst: .*checksum$' said
done
# A frame that cannot be read to its end.
cp whole.zst middle.zst
patch middle.zst $((at - 5000)) 1 2 3 4 5 6 7
expect_exit 1 poolmap map -j 2 --lines --chunk-size 20K --keep-going middle.zst -- cat 2> said > out
python3 - <<'END2'
data, out = open("in", "rb").read(), open("out", "rb").read()
lines, good = out.split(b"\n")[:-1], set(data[:60000].split(b"\n") + data[120000:].split(b"\n"))
assert lines == sorted(set(lines)) and all(line in good for line in lines), "lines of the damaged frame came out"
END2
# What one process decompresses for all is checked only after commands have read it: then no file appears.
zstd -q -c in > one.zst
patch one.zst $(($(size_of one.zst) - 1)) $(($(tail -c 1 one.zst | od -An -tu1) ^ 1))
for jobs in 1 2; do
    for options in "-o new" "--output-template new-{index}" "--reduce sum -o new" "--reduce cat -o new"; do
        # shellcheck disable=SC2086
        refuses 1 "one.zst: " poolmap map -j $jobs --lines --chunk-size 5K --keep-going $options one.zst -- cat
        # shellcheck disable=SC2086
        refuses 1 "standard input: " poolmap map -j $jobs --lines --chunk-size 5K --keep-going $options -- cat < <(cat one.zst)
        no_file new new-*
    done
done
