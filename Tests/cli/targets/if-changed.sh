# --if-changed keeps a target with the right content, inode and time; it replaces others, and makes missing ones.
. "$CLI_LIB"
mkdir in
text 1000 > in/small
noise 400000 > in/large
: > in/empty
options=(-j 2 --chunk-size 64K)
facts() { stat -c '%n %i %y' in/*.zst; }
silently poolmap compress "${options[@]}" --if-changed -r in
facts > before
# A newer input with the same content changes nothing, and -v says so.
touch in/small in/large
poolmap compress "${options[@]}" --if-changed -v -r in 2> said
facts | diff before -
same_text 3 "$(grep -c ', unchanged$' said)"
# An input with different content of the same size does, wherever it differs; nothing else changes.
cp --preserve=timestamps in/small.zst small.old
patch in/large 399999 1
poolmap compress "${options[@]}" --if-changed -v -r in 2> said
same_text "in/empty in/small" "$(sed -n 's/: .*, unchanged$//p' said | xargs)"
facts | grep -v large | diff <(grep -v large before) -
facts | grep large | diff -q <(grep large before) - > /dev/null && fail "the large one was not replaced"
zstd -q -dc in/large.zst | cmp - in/large
text 1001 > in/small
rm in/empty.zst
silently poolmap compress -j 1 --chunk-size 64K --if-changed -r in
zstd -q -dc in/small.zst | cmp - in/small
zstd -q -t in/empty.zst
# The other direction, where workers write into the target itself.
facts > before
mkdir -p out compressed/in
cp -p in/*.zst compressed/in
silently poolmap decompress -j 2 --if-changed -r compressed/in --output-dir out
stat -c '%n %i %y' out/in/* > restored
touch compressed/in/*.zst
silently poolmap decompress -j 2 --if-changed -r compressed/in --output-dir out
stat -c '%n %i %y' out/in/* | diff restored -
diff <(cd out/in && sha256sum ./*) <(cd in && sha256sum empty large small | sed 's:  :  ./:')
# The input is removed even if the target already had its content, as requested.
cp in/large in/small .
silently poolmap compress -j 2 --chunk-size 64K small large
stat -c '%n %i %y' ./{small,large}.zst > before
silently poolmap compress -j 2 --chunk-size 64K --if-changed --rm small large
stat -c '%n %i %y' ./{small,large}.zst | diff before -
no_file small large
# A failure leaves the old target; a folder is not a target.
cp in/small small
patch compressed/in/small.zst 30 255
mkdir there
mkdir there/in
echo old > there/in/small
refuses 1 "in/small.zst: " poolmap decompress --if-changed -r compressed/in --output-dir there
same_text old "$(< there/in/small)"
rm small.zst && mkdir small.zst
refuses 1 "small: " poolmap compress --if-changed small
# make sees the difference: files that depend on the target are not made again.
rm -r small.zst
printf '%s\n' 'used: small.zst' '	@echo made >> log; touch used' 'small.zst: small FORCE' \
    '	@poolmap compress -q --if-changed small' 'FORCE:' > Makefile
for time in 1 2 3; do make -s; done
same_text made "$(< log)"
refuses 2 "--if-changed" poolmap compress --if-changed -c small
