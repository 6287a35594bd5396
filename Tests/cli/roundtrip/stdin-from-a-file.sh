# Standard input from a regular file is read from its current offset, whoever set it, to its end.
. "$CLI_LIB"
real_data 1500000 > in
tail -c +100001 in > rest
poolmap compress -q -j 2 --chunk-size 64K -o reference.zst < rest

for jobs in 1 3; do
    silently poolmap compress -j "$jobs" --chunk-size 64K < in | poolmap decompress > out
    same_file in out "-j $jobs, whole"
    {
        head -c 100000 > /dev/null
        # head may have read ahead; the shell shares the descriptor, so set its offset explicitly.
        perl -e 'sysseek STDIN, 100000, 0'
        silently poolmap compress -j "$jobs" --chunk-size 64K > out.zst
    } < in
    same_file reference.zst out.zst "-j $jobs, with an offset"
    { perl -e 'sysseek STDIN, 0, 2'; silently poolmap compress -j "$jobs"; } < in > out.zst
    same_text 0 "$(poolmap decompress < out.zst | wc -c)"

    cat in reference.zst > joined
    { perl -e 'sysseek STDIN, 1500000, 0'; silently poolmap decompress -j "$jobs"; } < joined > out
    same_file rest out "-j $jobs, restored from an offset"
    { perl -e 'sysseek STDIN, 1500000, 0'; silently poolmap test -j "$jobs"; } < joined
done
