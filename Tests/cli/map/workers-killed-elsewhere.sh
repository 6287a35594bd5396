# Killing workers that join outputs or decompress, or the process for one large frame, gives the same bytes or an error.
# No process, no file and no incomplete output is left.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seq 10000 99999 > in
poolmap compress -q --chunk-size 100K -o frames.zst in
text 40000000 > large
zstd -q -c large > one.zst
mkdir tmp
export TMPDIR=$PWD/tmp
nothing_left() { same_text "" "$(ls -A tmp)"; }
# Run for the first time for an index it kills its worker, with children that would never end.
kills='name=first-$1-$POOLMAP_CHUNK_INDEX; shift
    if mkdir "$name" 2> /dev/null; then sleep 1000 & kill -KILL $PPID; sleep 1000; fi'
echo "$kills" > kills
for source in in frames.zst; do
    for jobs in 2 3; do
        # 20 outputs: some joined early, some joined last.
        silently poolmap map -j $jobs --lines --chunk-size 27K -f -o out --reduce 'set -- joins {}; . ./kills; sort -m "$@"' $source -- cat
        [[ -d first-joins-0 && -d first-joins-1 ]] || fail "no worker was killed"
        same_file in out
        # The command has not read its chunk, which the worker is decompressing.
        silently poolmap map -j $jobs --lines --chunk-size 150K -f -o out $source -- sh -c 'set -- maps; . ./kills; cat'
        [[ -d first-maps-0 && -d first-maps-2 ]] || fail "no worker was killed"
        same_file in out
        rm -r first-*
        nothing_left
        # Every time.
        refuses 1 "SIGKILL" poolmap map -j $jobs --lines --chunk-size 27K -o new --reduce 'kill -KILL $PPID; sleep 1000; sort -m {}' $source -- cat
        no_file new
        refuses 1 "$source: chunk " poolmap map -j $jobs --lines --chunk-size 150K -o new $source -- \
            sh -c '[ $POOLMAP_CHUNK_INDEX != 1 ] || { kill -KILL $PPID; sleep 1000; }; cat'
        no_file new
        nothing_left
    done
done
# The process for one frame is a child of the front, beside the manager and the guard.
decompressor() { tree_of "$1" | sed -n '/^1 /{/pool-manager/d; /command-guard/d; / sh$/d; s/^1 \([0-9]*\) .*/\1/p}'; }
has_decompressor() { [[ -n $(decompressor "$front") ]]; }
for jobs in 1 2; do
    for victim in decompressor front; do
        rm -f begun go
        start poolmap map -j $jobs --lines --chunk-size 10K -o new one.zst -- sh -c ': > begun; until [ -e go ]; do sleep 0.01; done; cat' 2> said
        wait_until 20 test -e begun
        wait_until 20 has_decompressor
        process=$(decompressor "$front")
        (($(wc -w <<< "$process") == 1)) || fail "these are all processes: $(tree_of "$front")"
        if [[ $victim == front ]]; then
            # shellcheck disable=SC2207
            everyone=($(descendants_of "$front"))
            kill -KILL "$front"
            expect_exit 137 wait "$front"
            wait_gone $soon "${everyone[@]}"
        else
            kill -KILL "$process"
            : > go
            expect_exit 1 wait "$front"
            one_error_line said "one.zst: the process decompressing it died"
        fi
        no_file new
        nothing_left
    done
done
