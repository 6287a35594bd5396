# With 64 descriptors, 300 files of mixed sizes are processed.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
lay_out_files 285
for number in {286..300}; do real_data $((number * 1000)) > "files/$number"; done
compress_to reference -f -j 1
for jobs in 1 2 4; do
    # shellcheck disable=SC2046
    (ulimit -n 64 && silently poolmap compress --chunk-size 64K -j $jobs --output-dir out $(names 0 300))
    all_but
    (ulimit -n 64 && silently poolmap decompress -j $jobs --output-dir restored -r out)
    same_text "" "$(diff -rq files restored/out)"
    rm -r out restored
done
