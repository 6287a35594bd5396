# The documentation's Makefile under make -j4 makes what is missing or out of date, and its check finds damage.
. "$CLI_LIB"
unset MAKEFLAGS MAKELEVEL MFLAGS
example=$CLI_FOLDER/../../docs/examples/Makefile
cp "$example" Makefile
mkdir -p data/deep
for name in {1..12}; do
    text $((name * 1000)) > "data/text$name"
done
noise 3000000 > data/deep/large
: > data/empty
# make's built-in rules would compile this if they were not disabled.
echo 'broken' > data/tool.c
echo 'a program' > data/tool
touch -d 2001-01-01 data/tool
# Another compressed file is left alone.
noise 10 | poolmap -o data/other.zst
find data -type f ! -name other.zst | sort > inputs
(($(wc -l < inputs) == 16))

# state: each target, with values that change when it is made again.
state() { find data \( -name '*.zst' -o -name '*.sha256' \) -printf '%p %i %C@\n' | sort; }
# targets_made: those that differ from the file `before`.
targets_made() { comm -13 before <(state) | cut -d' ' -f1 | sort; }

state > before
silently make -j4 > said
targets_made > made
sed 'p; s/.*/&.zst/; p; s/zst$/sha256/' inputs | sed -n '/zst$\|sha256$/p' | sort > expected
diff expected made
while read -r input; do
    zstd -q -dc "$input.zst" | cmp - "$input"
    sha256sum "$input" | cmp - "$input.sha256"
done < inputs
same_text 'a program' "$(< data/tool)"

# Everything is up to date now.
state > before
silently make -j4 > said
same_text "" "$(targets_made)"
silently make -j4 -q

# One file is newer: only its targets are made. A dry run lists them, and makes none.
echo more >> data/text7
for option in -n -q -t; do
    state > before
    cp -a data copy
    case $option in
        -n) make -n > said; grep -q 'compress .* data/text7$' said; same_text "" "$(targets_made)" ;;
        -q) expect_exit 1 make -q; same_text "" "$(targets_made)" ;;
        # Only touched: the content is the same.
        -t) make -t > said; diff -r copy data ;;
    esac
    rm -r data
    mv copy data
done
state > before
silently make -j4 > said
same_text $'data/text7.sha256\ndata/text7.zst' "$(targets_made)"
(($(grep -c poolmap said) == 2)) || fail "more than two chunks were run: $(< said)"
zstd -q -dc data/text7.zst | cmp - data/text7

# A check finds nothing wrong; then a compressed file is damaged, and then a file itself.
silently make -j4 check > said
(($(grep -c 'poolmap test' said) == 16))
patch data/deep/large.zst 1500000 0 1 2 3 4 5 6 7
expect_exit 2 make -k -j4 check > said 2> errors
grep '^poolmap: ' errors | cut -d: -f2 | sort -u > named
same_text " data/deep/large.zst" "$(< named)"
grep -q 'data/deep/large.check' errors
rm data/deep/large.zst
silently make -j4 check > said
# Silent corruption does not change the time.
touch -r data/text3 time
patch data/text3 100 0
touch -r time data/text3
expect_exit 2 make -k -j4 check > said 2> errors
grep -q '^data/text3: FAILED' said
! grep '^poolmap: ' errors

silently make clean > said
find data -type f | sort | diff <(sort inputs - <<< data/other.zst) -
