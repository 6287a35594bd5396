# SIGINT, SIGTERM and SIGHUP end it soon with the signal as exit status, and leave the old target or none.
. "$CLI_LIB"
real_data 20000000 > in
poolmap compress -q -1 --chunk-size 256K -o in.zst in
echo old > old.zst
mkfifo source
# signalled SIGNAL NUMBER: the front ends with this signal, and so do its children.
signalled() {
    local everyone
    wait_workers "$front" 2
    # shellcheck disable=SC2207
    everyone=($(descendants_of "$front"))
    kill -"$1" "$front"
    expect_end $((128 + $2)) "$front" 2> /dev/null
    wait_gone "$soon" "${everyone[@]}"
    same_text "" "$(< said)"
}
for signal in "INT 2" "TERM 15" "HUP 1"; do
    # shellcheck disable=SC2086
    {
        start poolmap compress -19 -j 2 --chunk-size 256K -o out in 2> said
        signalled $signal
        start poolmap compress -19 -j 2 --chunk-size 256K -f -o old.zst in 2> said
        signalled $signal
        start poolmap compress -19 -j 2 --chunk-size 256K --rm in -f 2> said
        signalled $signal
        for command in "compress --chunk-size 64K" decompress test "decompress -c"; do
            target=$([[ $command == test || $command == *-c ]] || echo "-o out")
            start_from source poolmap $command -j 2 $target > stdout 2> said
            exec 3> source
            part "$([[ $command == com* ]] && echo in || echo in.zst)" 0 3000000 >&3
            signalled $signal
            exec 3>&-
        done
    }
done
same_text old "$(< old.zst)"
only_files in in.zst old.zst source said stdout
