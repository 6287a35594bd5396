# As the first process of a container, which the kernel shields from signals without a handler, it still ends on them.
. "$CLI_LIB"
unshare -pf --mount-proc true 2> /dev/null || { unshare -Urpf --mount-proc true && options=-Ur; } ||
    fail "this case needs a PID namespace: run it as root, or where user namespaces are allowed"
real_data 20000000 > in
contained=(unshare ${options:+"$options"} -pf --mount-proc poolmap)
# poolmap works there.
silently "${contained[@]}" compress -1 -j 2 -o small in
zstd -q -dc small | cmp - in
rm small
inside() { tree_of "$front" | sed -n 's/^1 \([0-9]*\) poolmap$/\1/p'; }
has_inside() { [[ -n $(inside) ]]; }
for signal in "INT 2" "TERM 15" "HUP 1"; do
    for jobs in 1 2; do
        start "${contained[@]}" compress -19 -j $jobs --rm --chunk-size 256K in 2> said
        wait_until 20 has_inside
        pid=$(inside)
        handles() { (($(sed -n 's/^SigCgt:\t*/0x/p' "/proc/$pid/status") & 1 << (${signal#* } - 1))); }
        wait_until 20 handles
        kill -"${signal% *}" "$pid"
        expect_exit $((128 + ${signal#* })) wait "$front"
        same_text "" "$(< said)"
        only_files in said
    done
done
# If the reader has gone, that is a signal as well.
set +e +o pipefail
"${contained[@]}" decompress -c <(poolmap compress -c in) 2> said | head -c 1 > first
status=${PIPESTATUS[0]}
set -e -o pipefail
same_text 141 "$status"
same_text "" "$(< said)"
