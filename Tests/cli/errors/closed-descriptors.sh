# A standard descriptor that is closed from the start never takes a file's place: errors fail, files are correct.
. "$CLI_LIB"
real_data 700000 > in
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
nonzero() {
    local code=0
    "$@" || code=$?
    ((code != 0 && code < 126)) || ((code == 141)) || fail "exit code $code: $*"
}
for jobs in 1 2; do
    nonzero poolmap compress -j $jobs --chunk-size 64K -c in >&- 2> /dev/null
    nonzero poolmap decompress -j $jobs -c reference.zst >&- 2> /dev/null
    nonzero poolmap cat -j $jobs reference.zst >&- 2> /dev/null
    nonzero poolmap hash -j $jobs in >&- 2> /dev/null
    nonzero poolmap list reference.zst >&- 2> /dev/null
    nonzero poolmap compress -j $jobs <&- > out 2> /dev/null
    nonzero poolmap decompress -j $jobs <&- > out 2> /dev/null
    for closed in "<&-" ">&-" "2>&-" "<&- >&-" "<&- 2>&-" ">&- 2>&-" "<&- >&- 2>&-"; do
        rm -f out.zst out
        eval "poolmap compress -v --progress -j $jobs --chunk-size 64K -o out.zst in $closed"
        same_file reference.zst out.zst "-j $jobs $closed"
        eval "poolmap decompress -v --progress -j $jobs -o out out.zst $closed"
        same_file in out "-j $jobs $closed"
        eval "poolmap test -j $jobs out.zst $closed"
        # An error message must not go into a file that got the number of standard error.
        cp out.zst twice.zst
        eval "nonzero poolmap compress -j $jobs -f -o twice.zst nothing $closed"
        same_file out.zst twice.zst
        eval "nonzero poolmap decompress -j $jobs out.zst nothing.zst $closed"
        same_file reference.zst out.zst
    done
done
only_files in reference.zst out out.zst twice.zst
