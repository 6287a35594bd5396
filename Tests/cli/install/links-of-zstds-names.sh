# make install ZSTD_LINKS=FOLDER makes links of zstd's names for scripts; nothing else is replaced or removed.
. "$CLI_LIB"
unset MAKEFLAGS MAKELEVEL MFLAGS
source=$CLI_FOLDER/../..
in_source() { make --silent -C "$source" BINARY="$POOLMAP" "$@"; }
names="unzstd zstd zstdcat zstdmt"
prefix="$PWD/a prefix" links="$PWD/some links/zstd"
for again in 1 2; do
    silently in_source install PREFIX="$prefix" ZSTD_LINKS="$links"
    same_text "$names" "$(ls "$links" | xargs)"
done
text 5000 > f
(
    PATH="$links:$PATH"
    cp f g
    silently zstd --rm g
    silently unzstd --rm g.zst
    same_file f g
    silently zstdmt -o h.zst g
    silently zstdcat h.zst g | cmp - <(cat f f)
    tar -c --zstd -f t.tar.zst f
    same_text f "$(tar -t --zstd -f t.tar.zst)"
)
# Other files stay.
echo mine > "$links/other"
silently in_source uninstall PREFIX="$prefix" ZSTD_LINKS="$links"
same_text other "$(ls "$links")"
(($(find "$prefix" -type f | wc -l) == 0))
for stranger in "echo theirs > zstdcat" "ln -s /usr/bin/zstd zstdcat" "ln -s nowhere zstdcat" "mkdir zstdcat"; do
    (cd "$links" && eval "$stranger")
    before=$(ls -l "$links")
    in_source install PREFIX="$prefix" ZSTD_LINKS="$links" 2> said && fail "it should fail"
    grep -q "zstdcat exists and is not a link to" said
    same_text "$before" "$(ls -l "$links")"
    (($(find "$prefix" -type f | wc -l) == 0))
    silently in_source uninstall PREFIX="$prefix" ZSTD_LINKS="$links"
    same_text "$before" "$(ls -l "$links")"
    rm -r "$links/zstdcat"
done
# Without the variable there are no links; under DESTDIR they lead to where the program will be.
silently in_source install PREFIX="$prefix"
same_text other "$(ls "$links")"
silently in_source install DESTDIR="$PWD/root" PREFIX=/usr ZSTD_LINKS=/usr/lib/poolmap/zstd
same_text "$names" "$(ls root/usr/lib/poolmap/zstd | xargs)"
same_text /usr/bin/poolmap "$(readlink root/usr/lib/poolmap/zstd/unzstd)"
silently in_source uninstall DESTDIR="$PWD/root" PREFIX=/usr ZSTD_LINKS=/usr/lib/poolmap/zstd
same_text "" "$(ls root/usr/lib/poolmap/zstd)"
