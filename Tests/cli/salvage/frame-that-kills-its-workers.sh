# A frame that kills three workers is lost, and the others are restored.
. "$CLI_LIB"
text 300000 > first
noise 300000 > last
# 16 GiB in blocks of one repeated byte: seconds of work, unlike any other frame here.
perl -e 'print pack("CCCC CC", 0x28, 0xB5, 0x2F, 0xFD, 0, 0x38), pack("vCC", 0x20000 << 3 & 0xFFFF | 2, 0x10, 0) x 131071, pack("vCC", 3, 0x10, 0)' > long.frame
{ zstd -q -c first; cat long.frame; zstd -q -c last; } > in.zst
start poolmap decompress -j 2 --salvage -o out in.zst 2> said
# Workers that have used the CPU for long are at that frame.
while is_running "$front"; do
    for pid in $(worker_pids "$front"); do
        ticks=$(sed 's/.*) //' "/proc/$pid/stat" 2> /dev/null | cut -d' ' -f12) || continue
        ((${ticks:-0} < 5)) || kill -KILL "$pid" 2> /dev/null || true
    done
done
expect_exit 1 wait "$front"
grep -q 'lost an unknown number of bytes, starting at byte 300000 of the content (frame 1 at bytes ' said
grep -Eqi 'SIGKILL|signal 9|killed' said
cat first last | cmp - out
