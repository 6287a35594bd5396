# --rm removes regular files only: pipes and devices stay, with a note.
. "$CLI_LIB"
text 3000 > in
kept() {
    grep -qx "poolmap: $1: kept: --rm removes only regular files" said || fail "$1: $(< said)"
}
mkfifo pipe
cat in > pipe &
poolmap --rm pipe -o out.zst 2> said
wait $!
kept pipe
[[ -p pipe ]]
zstd -q -dc out.zst | cmp - in
cat out.zst > pipe &
poolmap -d --rm pipe -f -o out 2> said
wait $!
kept pipe
[[ -p pipe ]]
same_file in out
# Among others, and in a quiet run.
cp in copy
cat copy > pipe &
poolmap -q --rm --output-dir done in pipe 2> said
wait $!
same_text "" "$(< said)"
no_file in
[[ -p pipe && -s done/in.zst && -s done/pipe.zst ]]
# A device's name.
if mknod null c 1 3 2> /dev/null; then
    poolmap --rm null -o null.zst 2> said || true
    [[ -c null ]]
fi
