# --dry-run prints a line for each action, makes and removes nothing, and fails if something would be refused.
. "$CLI_LIB"
mkdir -p tree/inner
text 1000 > a
text 300000 > "b c"
text 2000 > tree/one
text 2000 > tree/inner/$'two\nlines'
state() { find . -mindepth 1 ! -path './said*' -printf '%p %i %s %T@ %C@\0' | sort -z | sha256sum; }
cat > expected << 'END'
compress a to a.zst
compress b c to b c.zst
compress tree/inner/two\nlines to tree/inner/two\nlines.zst
compress tree/one to tree/one.zst
END
touch said said2
before=$(state)
for option in --dry-run "-n --dry-run" "--dry-run -j 2" "--dry-run --depfile rules" \
    "--dry-run -v --report report --trace trace"; do
    # shellcheck disable=SC2086
    poolmap compress $option -r a "b c" tree > said 2> said2
    diff expected said
    same_text "$before" "$(state)"
    [[ ! -s said2 ]]
done
poolmap compress --dry-run --rm --if-changed a > said
same_text "compress a to a.zst, if its content changes, and remove a" "$(< said)"
poolmap compress --dry-run -r tree a --output-dir new/er > said
printf '%s\n' 'compress tree/inner/two\nlines to new/er/tree/inner/two\nlines.zst' \
    'compress tree/one to new/er/tree/one.zst' 'compress a to new/er/a.zst' | diff - said
poolmap compress --dry-run -c a - < a > said
printf '%s\n' 'compress a to standard output' 'compress standard input to standard output' | diff - said
poolmap compress --dry-run -o b.zst a > said
same_text "compress a to b.zst" "$(< said)"
same_text "$before" "$(state)"
# Refusals are reported in the same words as without it; the others are still listed.
silently poolmap compress a
mkdir "b c.zst" folder
ln -s a link
cp a no-suffix
text 100 | zstd -q > x.zst
text 100 | zstd -q > x.zstd
before=$(state)
refused() {
    local code=0
    poolmap "$@" --dry-run > said 2> said2 || code=$?
    ((code == 1)) || fail "exit code $code: $*"
    same_text "$before" "$(state)"
}
refused compress a "b c" folder none link tree/one
same_text "compress tree/one to tree/one.zst" "$(< said)"
cp said2 said-dry
poolmap compress -k a "b c" folder none link 2> said2 && fail "this should have been refused"
diff said-dry said2
refused compress -f -o a a
one_error_line said2 "both input and output"
refused compress -f tree/one tree/../tree/one
one_error_line said2 "tree/../tree/one"
same_text "compress tree/one to tree/one.zst" "$(< said)"
refused decompress no-suffix x.zst x.zstd
same_text "decompress x.zst to x" "$(< said)"
sed "s/^poolmap: //; s/: .*//" said2 | diff <(printf "%s\n" no-suffix x.zstd) -
refused compress a --output-dir a/below
one_error_line said2 "a: "
refused compress tree/one -o none/target
one_error_line said2 "none/target"
# With -f existing targets are replaced; a link is followed.
poolmap compress --dry-run -f a link > said
printf '%s\n' 'compress a to a.zst' 'compress link to link.zst' | diff - said
# A folder in which this user may not write.
chmod 755 .
mkdir closed
chmod 755 closed
refuses 1 "closed/x.zst" as_user poolmap compress --dry-run a -o closed/x.zst > said
refuses 1 "a: " as_user poolmap compress --dry-run a --output-dir closed/new/er > said
[[ ! -s said ]]
# A list is read to its end, even a slow one.
{ echo tree/one; sleep 0.2; echo tree/none; } | poolmap compress --dry-run --files-from - > said 2> said2 && fail "it should fail"
same_text "compress tree/one to tree/one.zst" "$(< said)"
one_error_line said2 "tree/none: "
