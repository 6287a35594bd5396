# Digests, lines of -v and errors come in the order of the arguments, however late the first file is.
. "$CLI_LIB"
mkdir many
for number in {1..120}; do text $((number * 37)) > "many/$number"; done
text 200000 > large
: > many/empty
mkfifo slow
for jobs in 2 4; do
    # The first is a pipe whose writer starts when the others are done: the large file has its target by then.
    start poolmap compress -v -j $jobs --chunk-size 64K slow many/{1..60} none/a large none/b many/{61..120} 2> said
    wait_until 20 test -e large.zst
    wait_until 20 test -e many/120.zst
    is_running "$front"
    # No line comes before that of the first file, except the line about the sandbox.
    [[ $(< said) == "workers: "* ]] || fail "-v does not report the sandbox: $(< said)"
    (($(wc -l < said) == 1)) || fail "a file was reported before its turn: $(< said)"
    text 300000 > slow
    expect_end 1 "$front"
    sed '1d; s/^poolmap: //; s/: .*//' said > order
    printf '%s\n' slow many/{1..60} none/a large none/b many/{61..120} | diff - order
    (($(grep -c '^poolmap: none/[ab]: No such file' said) == 2))
    rm ./*.zst many/*.zst
done
# Digests: the first file is by far the largest, and after it comes one that does not exist.
head -c 20000000 /dev/zero > huge
poolmap hash -a sha256 -j 3 huge none many/{120..1} large > digests 2> said && fail "a missing file was not an error"
one_error_line said "none: "
sha256sum huge many/{120..1} large | cmp - digests
# Everything to standard output, in order, too.
{ sleep 0.2 && text 300000; } > slow &
poolmap compress -c -j 3 --chunk-size 64K slow many/* large | zstd -q -dc | cmp - <(text 300000; cat many/* large)
wait "$!"
