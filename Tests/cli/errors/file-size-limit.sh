# A limit on file sizes is an error with one line, not death by a signal.
. "$CLI_LIB"
noise 2000000 > in
text 2000000 > compressible
poolmap compress -q --chunk-size 64K compressible
for jobs in 1 2; do
    # shellcheck disable=SC2016
    refuses 1 out bash -c 'ulimit -f 200; exec "$@"' - poolmap compress -j $jobs --chunk-size 64K -o out in
    # shellcheck disable=SC2016
    refuses 1 out bash -c 'ulimit -f 200; exec "$@"' - poolmap decompress -j $jobs -o out compressible.zst
done
only_files in compressible compressible.zst
