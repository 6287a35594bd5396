# --output-dir-flat drops the inputs' folders, --output-dir-mirror keeps whole paths, --output-dir those below a tree.
. "$CLI_LIB"
mkdir -p a/b a/c d
text 1000 > a/b/f
text 2000 > a/c/g
text 3000 > h
made() { find "$1" -type f -printf '%P\n' | sort; }
# lays OPTION EXPECTED ARGUMENT…: these targets are made, with both spellings; a dry run makes nothing first.
lays() {
    local option=$1 expected=$2
    shift 2
    poolmap --dry-run "$option" out "$@" > said
    no_file out
    (($(wc -l < said) == $(wc -w <<< "$expected")))
    silently poolmap -j1 "$option" out "$@"
    diff <(printf '%s\n' $expected | sort) <(made out)
    rm -r out
    silently poolmap -j3 "$option=out" "$@"
    diff <(printf '%s\n' $expected | sort) <(made out)
    (cd out && zstd -q -t $expected)
    rm -r out
}
lays --output-dir "f.zst h.zst" a/b/f h
lays --output-dir "a/b/f.zst a/c/g.zst h.zst" -r a h
lays --output-dir "b/f.zst" -r a/b
lays --output-dir-flat "f.zst h.zst" a/b/f h
lays --output-dir-flat "f.zst g.zst h.zst" -r a h
lays --output-dir-mirror "a/b/f.zst h.zst" a/b/f h
lays --output-dir-mirror "a/b/f.zst a/c/g.zst h.zst" -r a h
lays --output-dir-mirror "a/b/f.zst" -r a/b
lays --output-dir-mirror "a/b/f.zst h.zst" a/./b//f ./h
here=${PWD#/}
lays --output-dir-mirror "$here/a/b/f.zst $here/h.zst" "$PWD/a/b/f" "//$here/h"
lays --output-dir-mirror "$here/a/b/f.zst" -r "$PWD/a/b"
# The same as with zstd.
for option in --output-dir-flat --output-dir-mirror; do
    for arguments in "a/b/f h" "-r a h" "-r a/b" "a/./b//f ./h" "-r ." "$PWD/a/b/f"; do
        mkdir zstds
        # shellcheck disable=SC2086
        zstd -q $option zstds $arguments
        # shellcheck disable=SC2086
        silently poolmap $option "$PWD.ours" $arguments
        diff <(made zstds) <(made "$PWD.ours") || fail "$option $arguments"
        rm -r zstds "$PWD.ours"
    done
done
# And back.
silently poolmap --output-dir-mirror out -r a h
silently poolmap -d --output-dir-flat back -r out
diff <(printf '%s\n' f g h) <(made back)
same_file h back/h
(cd out && silently poolmap -d --output-dir-mirror ../mirrored -r a h.zst)
diff -r a mirrored/a
rm -r out back mirrored
# Two inputs with one target: the first is done, as for every such pair.
text 4000 > d/f
for option in --output-dir-flat --output-dir; do
    expect_exit 1 poolmap $option out a/b/f d/f 2> said
    one_error_line said "d/f: its target out/f.zst is also the target of another input of this run"
    zstd -q -dc out/f.zst | cmp - a/b/f
    rm -r out
done
silently poolmap --output-dir-mirror out a/b/f d/f
rm -r out
# A path that would leave the folder is refused, and the others are done.
cd d
expect_exit 1 poolmap --output-dir-mirror ../out ../h f 2> said
one_error_line said "../h: has .. in its path, which --output-dir-mirror cannot recreate"
diff <(echo f.zst) <(made ../out)
rm -r ../out said
expect_exit 1 poolmap -r --output-dir-mirror ../out ../a 2> said
(($(wc -l < said) == 2))
refuses 1 "../h: has .. in its path" poolmap --dry-run --output-dir-mirror ../out ../h
no_file ../out
refuses 2 "cannot be combined with" poolmap --output-dir x --output-dir-flat y f
refuses 2 "cannot be combined with" poolmap --output-dir-mirror x -o y f
