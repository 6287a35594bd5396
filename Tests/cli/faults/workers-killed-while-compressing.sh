# Up to twenty workers killed in mid-run, one after the other: the output is byte for byte that of -j 1.
. "$CLI_LIB"
real_data 16777216 > in
options=(-18 --chunk-size 128K)
began=$(date +%s%N)
poolmap compress -j 1 "${options[@]}" -c <(head -c 1048576 in) > /dev/null
# What one chunk takes one worker, in nanoseconds.
chunk_time=$((($(date +%s%N) - began) / 8))
start poolmap compress -j 4 "${options[@]}" -o out.zst in 2> said
kills=0
while ((kills < 20)) && is_running "$front"; do
    # A chunk may be lost twice. The oldest worker runs one that is least likely a chunk that was lost before, and
    # has had time to end that.
    oldest=$(worker_pids "$front" | head -n 1)
    if [[ -n $oldest ]] && kill -KILL "$oldest" 2> /dev/null; then
        kills=$((kills + 1))
    fi
    sleep "$(awk "BEGIN { print $chunk_time / 1e9 }")"
done
((kills >= 10)) || fail "the run ended after $kills kills"
code=0
wait "$front" || code=$?
((code == 0)) || fail "exit code $code: $(< said)"
same_text "" "$(< said)"
poolmap compress -j 1 "${options[@]}" -o reference.zst in
same_file reference.zst out.zst
