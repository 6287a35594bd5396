# --help and --version print to standard output with exit code 0, for the command and each subcommand.
. "$CLI_LIB"
silently poolmap --version > version
[[ $(< version) =~ ^[0-9]+\.[0-9]+\.[0-9]+ ]]
silently poolmap -V | cmp - version
for command in "" compress decompress test list cat hash; do
    # shellcheck disable=SC2086
    silently poolmap $command --help > said
    grep -q '^USAGE: poolmap' said
done
silently poolmap -h > said
silently poolmap -H > said
silently poolmap help compress > said
grep -q -e '--chunk-size' said
! grep -q 'ByteSize(' <(poolmap cat --help) || fail "the help shows the name of a type"
# Anything after -h, -H and -V in a bundle is ignored, as in zstd.
for letters in -help -qhx -Hx -dh -fHb; do
    silently poolmap $letters > said
    grep -q '^USAGE: poolmap' said
done
silently poolmap -qVx | cmp - version
silently poolmap -V none | cmp - version
