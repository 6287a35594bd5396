# Of options that exclude each other the last takes effect, as in zstd, without any loss of data.
. "$CLI_LIB"
text 300000 > f
for level in 3 9; do poolmap -q -$level -o $level.zst f; done
poolmap -q --fast=2 -o fast.zst f
holds() {
    local expected=$1
    shift
    silently poolmap "$@" -c f | cmp - "$expected" || fail "$*"
}
holds fast.zst -3 --fast=2
holds 3.zst --fast=2 -3
holds 9.zst -3 -9
holds 3.zst -9 --fast --fast=2 --level 3
holds 9.zst --check --no-check --check -9
holds 9.zst -o out -9
no_file out
silently poolmap -9 -c f -o out
same_file 9.zst out
rm out
silently poolmap -o one -o two -9 f
same_file 9.zst two
no_file one
rm two
# Output to standard output is no reason to remove a file.
for options in "--rm -c" "-c --rm" "--rm -o out -c" "--rm -o -" "-o - --rm"; do
    # shellcheck disable=SC2086
    silently poolmap -9 $options f | cmp - 9.zst
    # shellcheck disable=SC2086
    silently poolmap -d $options 9.zst | cmp - f
    [[ -f f && -f 9.zst ]]
done
cp f g
silently poolmap --rm -k g
[[ -f g ]]
silently poolmap -k --rm -f g
no_file g
silently poolmap -d --rm -k g.zst
[[ -f g.zst ]]
silently poolmap -dkf --rm g.zst
no_file g.zst
# The last of -z, -d, -t and -l.
silently poolmap -d -z -c9 f | cmp - 9.zst
silently poolmap -zdc 9.zst | cmp - f
silently poolmap --compress --test 9.zst
silently poolmap -dt --rm 9.zst
silently poolmap -t --decompress -c 9.zst | cmp - f
# Each -v undoes a -q.
says() {
    local count=$1
    shift
    poolmap "$@" -f -o out f none 2> said && fail "it should fail"
    poolmap "$@" -f -o out f 2> said
    (($(wc -l < said) == count)) || fail "$*: $(< said)"
}
says 0
says 0 -q
says 0 -qv
says 0 -v -q
says 1 -v -j1
says 1 -vv -j1
says 1 -qvv -j1
says 0 -vqq -j1
says 1 --verbose --quiet -v -j1
# -qq prints nothing at all; the exit code remains.
for command in compress decompress test hash cat list; do
    expect_exit 1 poolmap $command -qq none 2> said
    [[ ! -s said ]]
    refuses 1 "none: No such file" poolmap $command -q none
done
refuses 2 "unknown option '--unknown'" poolmap -qq --unknown f
poolmap --progress --no-progress -f f 2> said
[[ ! -s said ]]
