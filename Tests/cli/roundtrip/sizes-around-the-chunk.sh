# Every size around the chunk size is restored, with each number of jobs, from files and pipes, from the same bytes.
. "$CLI_LIB"

# A pool starts only after the first 256 KiB; the large sizes have one, the front does the small ones itself.
chunk=65536
for size in 0 1 2 $((chunk - 1)) $chunk $((chunk + 1)) $((3 * chunk)) $((9 * chunk - 1)) $((9 * chunk)) $((9 * chunk + 1)); do
    real_data "$size" > in
    poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
    zstd -q -dc reference.zst | cmp - in
    for jobs in 1 2 3 8; do
        options=(-j "$jobs" --chunk-size 64K)
        silently poolmap compress "${options[@]}" -o out.zst in
        same_file reference.zst out.zst "size $size, -j $jobs, file to file"
        rm out.zst
        silently poolmap compress "${options[@]}" -c in | cat > out.zst
        same_file reference.zst out.zst "size $size, -j $jobs, file to pipe"
        cat in | silently poolmap compress "${options[@]}" | cat > out.zst
        same_file reference.zst out.zst "size $size, -j $jobs, pipe to pipe"
        cat in | silently poolmap compress "${options[@]}" -o piped.zst -
        same_file reference.zst piped.zst "size $size, -j $jobs, pipe to file"

        silently poolmap decompress -j "$jobs" -o out reference.zst
        same_file in out "size $size, -j $jobs, restored file to file"
        rm out
        silently poolmap decompress -j "$jobs" -c reference.zst | cat > out
        same_file in out "size $size, -j $jobs, restored file to pipe"
        cat reference.zst | silently poolmap decompress -j "$jobs" | cat > out
        same_file in out "size $size, -j $jobs, restored pipe to pipe"
        cat reference.zst | silently poolmap decompress -j "$jobs" -o piped
        same_file in piped "size $size, -j $jobs, restored pipe to file"
        rm out out.zst piped piped.zst
    done
    rm reference.zst
done
only_files in
