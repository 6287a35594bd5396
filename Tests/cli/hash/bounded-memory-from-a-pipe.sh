# A pipe of any length is hashed in less than 64 MiB by all processes together, in pieces and in order.
. "$CLI_LIB"
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
noise 1000000 > million
size=150000000
many() { for _ in {1..150}; do cat million; done; }
mkfifo source
for options in "-a blake3 -a crc64nvme" "-a s3-etag -a dropbox" "-a sha1 -a blake3" "-a crc32c -a blake3 -a s3-crc32c --part-size 5000000"; do
    many > source &
    # shellcheck disable=SC2086
    start_from source poolmap hash -j 2 $options --report report > digests
    most=$(peak "$front")
    wait "$front"
    grep -q "\"inputBytes\": $size" report
    rm report
    ((most > 1000)) || fail "no memory was seen"
    ((most < 64 * 1024)) || fail "$most KiB in use: $options"
done
