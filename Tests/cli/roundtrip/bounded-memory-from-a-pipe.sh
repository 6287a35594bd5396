# A pipe of any length is processed in bounded memory, even if the first chunk is the slowest.
. "$CLI_LIB"
# The shared slots and the program's text count too; 300 MB are far more than they may take together.
size=300000000
# peak FRONT: the highest sum of the proportional set sizes of the front and all processes below it, in KiB.
peak() {
    local most=0 sum manager
    while is_running "$1"; do
        manager=$(manager_pid "$1")
        # shellcheck disable=SC2046
        sum=$(for pid in "$1" $manager $(worker_pids "$1"); do
            cat "/proc/$pid/smaps_rollup" 2> /dev/null || true
        done | awk '$1 == "Pss:" { sum += $2 } END { print sum + 0 }')
        ((sum <= most)) || most=$sum
        sleep 0.02
    done
    echo "$most"
}
mkfifo source
{ noise 16000000; perl -e 'print "0" x 1000000 for 1 .. 284'; } > source &
start poolmap compress -j 2 -3 -o out.zst < source
most=$(peak "$front")
wait "$front"
((most > 1000)) || fail "no memory was seen"
((most < 96 * 1024)) || fail "$most KiB in use"
start poolmap decompress -j 2 < out.zst > >(wc -c > counted)
most=$(peak "$front")
wait "$front"
wait_until 5 test -s counted
same_text "$size" "$(< counted)"
((most < 160 * 1024)) || fail "$most KiB in use"
