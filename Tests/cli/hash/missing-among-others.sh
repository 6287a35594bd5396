# An unreadable file is one line on stderr; all others are hashed, in order, and the exit code is 1.
. "$CLI_LIB"
echo a > a
echo b > b
mkdir folder
for jobs in 1 2; do
    refuses 1 nothing poolmap hash -a sha256 -j "$jobs" a nothing b > sums
    sha256sum a b | cmp - sums
    refuses 1 folder poolmap hash -a sha256 -j "$jobs" folder a b > sums
    sha256sum a b | cmp - sums
    expect_exit 1 poolmap hash -a sha256 -j "$jobs" nothing1 a nothing2 > sums 2> errors
    sha256sum a | cmp - sums
    (($(wc -l < errors) == 2))
    grep -q '^poolmap: nothing1: ' errors
    grep -q '^poolmap: nothing2: ' errors
done
chmod 777 .
chmod 000 b
refuses 1 b as_user poolmap hash -a sha256 a b > sums
chmod 644 b
sha256sum a | cmp - sums
