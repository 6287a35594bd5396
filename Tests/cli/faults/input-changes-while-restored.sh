# A compressed file that grows, shrinks or is touched while it is restored, tested or read by cat is an error.
. "$CLI_LIB"
real_data 6000000 > data
poolmap compress -q --chunk-size 64K -o own data
zstd -q -o foreign data
mkfifo sink
grows() { printf '\x50\x2a\x4d\x18\x00\x00\x00\x00' >> in.zst; }
shrinks() { truncate -s -1 in.zst; }
is_touched() { touch in.zst; }
for kind in own foreign; do
    for change in grows shrinks is_touched; do
        for command in "decompress -j 2 -c" "decompress -j 1 -c" "cat -j 2"; do
            cp $kind in.zst
            # It cannot continue until someone reads its output.
            # shellcheck disable=SC2086
            start_into sink poolmap $command in.zst 2> said
            exec 3< sink
            wait_full 3
            $change
            cat <&3 > out
            exec 3<&-
            expect_exit 1 wait "$front"
            one_error_line said "in.zst: "
        done
        cp $kind in.zst
        mkfifo target
        start poolmap decompress -j 2 -o target in.zst 2> said
        exec 3< target
        wait_full 3
        $change
        cat <&3 > out
        exec 3<&-
        expect_exit 1 wait "$front"
        one_error_line said "in.zst: "
        rm target
    done
done
