# Lines as people, editors and attackers write them are accepted or refused as by sha256sum.
. "$CLI_LIB"
. "$CLI_FOLDER/checks.sh"
names=(a ' ' ' b' '*c' 'back\slash' $'line\nbreak' $'return\r' $'all\n\\\r' 'a(b) = c' ')' '#d' $'\xff'
    $'acute\\\xcc\x81' '\n' x)
for name in "${names[@]}"; do
    printf '%s' "content of $name" > "./$name"
done
# digest NAME
digest() { sha256sum < "./$1" | cut -d' ' -f1; }
A=$(digest a) S=$(digest ' ') B=$(digest ' b') C=$(digest '*c') X=$(digest x) N=${A//?/0}
back=$(digest 'back\slash') break=$(digest $'line\nbreak') all=$(digest $'all\n\\\r') odd=$(digest $'\xff')
paren=$(digest 'a(b) = c') close=$(digest ')') return=$(digest $'return\r') slash=$(digest '\n')
# try FORMAT: a list, and the same list as part of a longer one.
try() {
    # shellcheck disable=SC2059
    printf "$1" > list
    like sha256sum -w list
}
# Line ends, and lines that are not digests.
try "$A  a"
try "$A  a\r\n$X  x\n"
try "$A  a\r\r\n"
try "\n\r\n$A  a\n\n"
try "\r\r\n$A  a\n"
try "  \n \t\n$A  a\n"
try "#$A  a\n # b\n$A  a\n"
try "$A  a \n"
# White space before the line and in it.
try "  \t$A  a\n\t$A *a\n"
try "$A\t a\n"
try "$A\t\ta\n"
try "$A   b\n$A \t a\n"
try "$A\n$A \n$X  x\n"
try "$A *a\n$C **c\n$C  *c\n"
# The older form with one blank, alone and mixed.
try "$A a\n$B  b\n$S  \n"
try "$A a\n$A  a\n$C *c\n"
try "$A  a\n$A a\n"
try "$S  \n$A a\n"
try "$X *\n"
try "\\\\$A a\n$A  a\n"
try "${A:1}g a\n$A  a\n"
try "$N a\n$A  a\n"
try "\\\\$A a\\\\q\n$A  a\n"
printf '%s a\n' "$A" > one
printf '%s  a\n' "$A" > two
like sha256sum -w one two
like sha256sum -w two one
# Digits.
try "${A^^}  a\n"
try "${A:1}  a\n$X  x\n"
try "${A}0  a\n$X  x\n"
try "${A:1}g  a\n$X  x\n"
try "SHA256 (a) = ${A^^}\n"
try "SHA256 (a) = ${A:2}\n$X  x\n"
try "SHA256 (a) = ${A}00\n$X  x\n"
# Tags.
try "SHA256 (a) = $A\nSHA256(a)= $A\n  SHA256 (x) = $X\n"
try "SHA256 (a)    =   \t$A\nSHA256(a)=$A\n"
try "SHA256 (a) = $A \n$X  x\n"
try "SHA256  (a) = $A\n$X  x\n"
try "SHA256\t(a) = $A\n$X  x\n"
try "sha256 (a) = $A\nSHA256a (a) = $A\nSHA256 a) = $A\nSHA256 (a = $A\n$X  x\n"
try "SHA256 (a) : $A\nSHA256 (a) x = $A\nSHA256 (a) = $A)\n$X  x\n"
try "SHA256 () = $A\nSHA256 ()\n"
try "SHA256 (a(b) = c) = $paren\nSHA256 ()) = $close\n$paren  a(b) = c\n"
# Escaped names.
try "\\\\$back  back\\\\\\\\slash\n"
try " \\\\$back  back\\\\\\\\slash\n"
try "\\\\SHA256 (back\\\\\\\\slash) = $back\n"
try "$back  back\\\\slash\nSHA256 (back\\\\slash) = $back\n"
try "\\\\$break  line\\\\nbreak\n\\\\SHA256 (line\\\\nbreak) = $break\n"
try "\\\\$all  all\\\\n\\\\\\\\\\\\r\n"
try "\\\\$N  all\\\\n\\\\\\\\\\\\r\n\\\\$N  no\\\\nfile\n"
try "\\\\$A  a\n"
try "\\\\$A  a\\\\\n\\\\$A  a\\\\q\n\\\\\\\\$A  a\n$X  x\n"
try "$slash  \\\\n\n"
try "$return  return\r\r\n"
try "$odd  \xff\n$N  \xfe\n"
# NUL bytes, after which coreutils ignores the rest. poolmap reports the rest, and with --strict it is an error.
for line in "$A  a\0b\n" "SHA256 (a\0b) = $A\n" "$A \0 a\n$A  a\n"; do
    # shellcheck disable=SC2059
    printf "$line" > list
    cmp <(sha256sum -c list 2> /dev/null || true) <(poolmap hash -c list 2> said || true)
    grep -q '^poolmap: WARNING: 1 line is improperly formatted$' said
    expect_exit 1 poolmap hash -c --status --strict list 2> said
done
try "\\\\$A  a\0b\n\0$A  a\n\0\n\0\r\n$X  x\n"
# A line of 3 MB counts as improperly formatted.
{ printf '%s  ' "$A" && noise 1500000 | od -An -v -tx1 | tr -d ' \n' && printf '\n%s  x\n' "$X"; } > list
((${#A} == 64 && $(size_of list) > 3000000))
expect_exit 0 poolmap hash -c -w list > printed 2> said
same_text "x: OK" "$(< printed)"
same_text "poolmap: list: 1: improperly formatted checksum line
poolmap: WARNING: 1 line is improperly formatted" "$(< said)"
# A program instead of a list.
cp "$POOLMAP" program
refuses 1 "program: no properly formatted checksum lines found" poolmap hash -c program
# Standard input as a file in the list: it is read once, and never if the list itself comes from it.
echo "$A  -" > list
input=a like sha256sum list
jobs=1 input=a like sha256sum list
input=list like sha256sum -w
{ echo "$A  -" && echo "$A  -" && sha256sum /dev/null | sed 's,/dev/null,-,'; } > list
input=a like sha256sum list
jobs=1 input=a like sha256sum -w list -
input=two like sha256sum - list
