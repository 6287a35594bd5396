# A real make reads the rules of --depfile, whatever the names: a newer input makes its target again.
. "$CLI_LIB"
mkdir tree
names=(plain "with space" 'two  spaces' ' leading' 'hash#' '#' 'dollar$x$$' 'percent%' '%' 'a%b%c'
    'colon:' ':x' 'back\slash' 'back\\\:slash' 'two\\ \#' 'equals=' '+=' 'star*' '*' 'quest?' 'bra[ck]et' 'amp&' 'bar|x' '|'
    'quo"te'"'s" 'com,ma' '~tilde' '!x' '@x' '-x' $'no\xffutf8' '`tick`' '{a,b}' 'ifdef' '$(x' '${HOME}' '$(shell touch SHELL).c')
for name in "${names[@]}"; do
    text 300 > "tree/$name"
    touch -d "2 hours ago" "tree/$name"
done
silently poolmap compress -j 2 -r tree --output-dir out --depfile rules
# make's spelling of each target is taken from the rules; as a prerequisite a name has a backslash before | and none
# before %. The recipe of each records the exact name that make has.
sed -n 's/ : \\$//p' rules > targets
(($(wc -l < targets) == ${#names[@]}))
sed 's/\\%/%/g; s/|/\\|/g' targets > needed
cat > Makefile << 'END'
.PHONY: all
all: ; @:
include rules
END
sed 's/^/all: /' needed >> Makefile
sed 's/$/ : ; $(file >>log,$@)/' targets >> Makefile
# made: the names of what make makes, one per line.
made() {
    rm -f log
    make -rR > said 2>&1 || fail "make said: $(< said)"
    [[ ! -e log ]] || LC_ALL=C sort log
}
touch -d "1 hour ago" out/tree/*
same_text "" "$(made)"
# Every second input is newer than its target.
for ((index = 0; index < ${#names[@]}; index += 2)); do
    touch -d "10 minutes ago" "tree/${names[index]}"
    echo "out/tree/${names[index]}.zst"
done | LC_ALL=C sort > newer
made | diff newer -
no_file SHELL
# A user's Makefile, in which the rules are made together with the target.
cat > user.mk << 'END'
with\ space.zst: with\ space
	poolmap -q -f --depfile space.d "$<"
-include space.d
END
cp "tree/with space" .
for time in 1 2; do make -f user.mk >> user.log; done
rm "with space.zst"
make -f user.mk >> user.log
same_text 2 "$(grep -c '^poolmap' user.log)"
zstd -q -dc "with space.zst" | cmp - "with space"
# A deleted input does not stop make.
rm -r tree
make -rR -n > said 2>&1 || fail "$(< said)"
# A name that cannot be written for make is one error, and the others have their rules; its target is made anyway.
mkdir odd
for name in $'line\nbreak' $'tab\t' 'semi;colon' 'end\' 'end ' $'cr\r' 'lib(member)'; do
    text 100 > "odd/$name"
    text 100 > odd/plain
    code=0
    poolmap compress -j 2 -f -r odd --output-dir out --depfile rules 2> said || code=$?
    ((code == 1)) || fail "exit code $code for $name"
    one_error_line said "odd/" "cannot be written in a make rule"
    zstd -q -t "out/odd/$name.zst"
    same_text "out/odd/plain.zst : \\  odd/plainodd/plain :" "$(tr -d '\n' < rules)"
    rm "odd/$name"
done
# The missing target of a failed input has no rule; existing targets keep theirs.
text 100 > odd/damaged.zst
text 100 > odd/second
refuses 1 "odd/damaged.zst: " poolmap decompress odd/damaged.zst out/odd/plain.zst --output-dir back --depfile rules
same_text "back/plain : \\  out/odd/plain.zstout/odd/plain.zst :" "$(tr -d '\n' < rules)"
# The rules are complete or absent, and an error says where they could not be written.
refuses 1 "none/rules" poolmap compress -f odd/second --depfile none/rules
zstd -q -t odd/second.zst
refuses 2 "--depfile" poolmap compress --depfile rules -c odd/second
