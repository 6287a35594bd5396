# An existing target is not touched without -f, in either direction; with -f it is replaced.
. "$CLI_LIB"
text 5000 > in
poolmap compress -q in
echo old > out
cp in.zst good.zst
stamp() { stat -c '%i %s %y %z' "$1"; }
before=$(stamp out)
refuses 1 "out" poolmap compress -o out in
refuses 1 "out" poolmap decompress -o out in.zst
refuses 1 "out" poolmap compress -o out < <(cat in)
refuses 1 "in" poolmap decompress in.zst
refuses 1 "in.zst" poolmap compress in
same_text "$before" "$(stamp out)"
same_text old "$(< out)"
same_file good.zst in.zst
refuses 1 "in" poolmap compress --rm in
[[ -f in ]]
silently poolmap compress -f -o out in
same_file good.zst out
silently poolmap decompress -f -o out in.zst
same_file in out
silently poolmap decompress --force in.zst
silently poolmap compress -f in
same_file good.zst in.zst
# A failure with -f leaves the old target as it was.
echo old > out
before=$(stamp out)
head -c 100 in.zst > cut.zst
refuses 1 "cut.zst" poolmap decompress -f -o out cut.zst
refuses 1 "nothing" poolmap compress -f -o out nothing
same_text "$before" "$(stamp out)"
# An existing target does not stop the others.
cp in second
refuses 1 "in" poolmap compress in second
same_file good.zst second.zst
only_files in in.zst good.zst out cut.zst second second.zst
