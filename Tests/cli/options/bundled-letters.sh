# Bundled letters mean the same as in zstd: a number ends with its digits, and -o takes the next argument.
. "$CLI_LIB"
text 300000 > f
# restores NAME: zstd restores NAME to f.
restores() { zstd -q -dc -- "$1" | cmp - f; }
for letters in -of -fo -oq -qo -ofq -qof -9of -of9 -T2of -oT0f -onf -B1Mof -oCf; do
    silently poolmap $letters out.zst < f
    restores out.zst
    rm out.zst
    silently poolmap $letters out.zst f
    restores out.zst
    rm out.zst
done
silently zstd -q -o out.zst f
for letters in -dof -odf -dfo -doqf -ofd; do
    echo old > out
    silently poolmap $letters out out.zst
    same_file f out
done
silently poolmap -o=named.zst f
restores named.zst
# As gzip's users type it.
poolmap -9n < f > piped.zst
poolmap -9 < f | cmp - piped.zst
poolmap -n9c f | cmp - piped.zst
poolmap -cn9 f | cmp - piped.zst
poolmap -nc -9 f | cmp - piped.zst
silently poolmap -n f
restores f.zst
silently poolmap -dcn f.zst > restored
same_file f restored
silently poolmap -tn f.zst
poolmap -ln f.zst > /dev/null
# Numbers in the middle; the last level takes effect.
for letters in -T0c9 -T2c9 -9T2c -cT0n9 -3c9 -c3T1n9 -9Tc; do
    poolmap $letters f | cmp - piped.zst || fail "$letters"
done
poolmap -T2v9c f 2> said | cmp - piped.zst
grep -q '^f: ' said
poolmap -cj29 f > /dev/null
# A separate number after -T belongs to it, unless a file has that name.
poolmap -T 2 -c9 f | cmp - piped.zst
text 300000 > 2
rm f.zst
silently poolmap -f -T 2 f
restores 2.zst
restores f.zst
rm f.zst 2 2.zst out out.zst named.zst piped.zst restored said
# A bundle that cannot be parsed does nothing.
touch g
refuses 2 "-o requires a value, and -f is an option" poolmap -o -f f
refuses 2 "-o requires a value" poolmap -f f -o
refuses 2 "unknown option '-u' in '-oout'" poolmap -oout g f
refuses 2 "unknown option '-x' in '-dx'" poolmap -dx f
refuses 2 "-b in -fb3 is not supported; use zstd -b for benchmarks" poolmap -fb3 f
only_files f g
# In hash, letters mean the same as in b3sum and sha256sum.
silently poolmap hash -asha256 -ohashes f
sha256sum f | cmp - hashes
