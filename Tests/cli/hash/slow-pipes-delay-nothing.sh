# While a hashed pipe provides no data, the files after it are read, whether workers or the front hash it.
. "$CLI_LIB"
noise 5000000 > large
mkfifo slow
is_read() { (($(awk -F ' = ' '/ = / { sum += $NF } END { print sum + 0 }' trace) == 5000000)); }
for algorithm in blake3 sha256; do
    for jobs in 1 2; do
        : > trace
        exec 3<> slow
        echo begun >&3
        start strace -f -qq -P "$PWD/large" -e signal=none -e trace=read,pread64 -o trace \
            poolmap hash -j $jobs -a $algorithm slow large > digests 3>&-
        wait_until 20 is_read
        is_running "$front"
        exec 3>&-
        expect_end 0 "$front"
        cmp digests <(echo begun | poolmap hash --no-names -a $algorithm | sed 's/$/  slow/'; poolmap hash -a $algorithm large)
    done
done
