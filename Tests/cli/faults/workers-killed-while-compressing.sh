# Up to fourteen workers killed during a run, one after another: the output is byte for byte that of -j 1.
. "$CLI_LIB"
real_data 16777216 > in
options=(-18 --chunk-size 128K)
poolmap compress -j 1 "${options[@]}" -o reference.zst in
start poolmap compress -j 4 "${options[@]}" -o out.zst in 2> said
# target_bytes: the size of the target, which has no name yet.
target_bytes() {
    local entry
    for entry in "/proc/$front/fd/"*; do
        [[ $(readlink "$entry") != "$PWD/#"* ]] || stat -L -c %s "$entry" 2> /dev/null || true
    done
}
whole=$(size_of reference.zst)
kills=0
while ((kills < 14)) && is_running "$front"; do
    # A chunk may be lost only twice. So kill the next worker only when the target has grown by some ten chunks: those
    # in progress at the last kill are in it.
    if (($(target_bytes) + 0 < kills * whole / 15)); then
        sleep 0.01
        continue
    fi
    oldest=$(worker_pids "$front" | head -n 1)
    if [[ -n $oldest ]] && kill -KILL "$oldest" 2> /dev/null; then
        kills=$((kills + 1))
    fi
done
code=0
wait "$front" || code=$?
((code == 0)) || fail "exit code $code after $kills kills: $(< said)"
((kills >= 5)) || fail "the run ended after $kills kills"
same_text "" "$(< said)"
same_file reference.zst out.zst
