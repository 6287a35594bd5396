# Too little memory for the requested options is reported in one line.
. "$CLI_LIB"
text 3000000 > in
for jobs in 1 2; do
    # shellcheck disable=SC2016
    refuses 1 "memory" bash -c 'ulimit -v 60000; exec "$@"' - poolmap compress -19 -j $jobs --chunk-size 1G -o out in
done
only_files in
