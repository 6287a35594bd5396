# With few descriptors many files are still processed, one after another; with too few there is one line.
. "$CLI_LIB"
for number in {1..60}; do text "$((number * 1000))" > "$number"; done
# shellcheck disable=SC2016
silently bash -c 'ulimit -n 40; exec "$@"' - poolmap compress -j 2 --chunk-size 64K {1..60}
silently poolmap test {1..60}.zst
rm ./*.zst
for limit in 3 4 5 6 7 8 10; do
    code=0
    # shellcheck disable=SC2016
    bash -c 'ulimit -n "$1"; shift; exec "$@"' - $limit poolmap compress -j 2 --chunk-size 64K -f -o out <(cat {1..60}) 2> said || code=$?
    if ((code == 0)); then
        zstd -q -dc out | cmp - <(cat {1..60})
        rm out
    else
        ((code == 1)) || fail "exit code $code with $limit descriptors"
        one_error_line said
    fi
    no_file out
done
