# tar, bsdtar, file and apt read files of one chunk and of many, with and without their suffix; dpkg-deb those of one.
. "$CLI_LIB"
mkdir tree
real_data 900000 > tree/data
text 500000 > tree/text
tar -cf tree.tar tree
# Omits the suffix .zst if a program recognizes the format itself.
for chunk in 256K 1G; do
    poolmap -q -f --chunk-size "$chunk" -o tree.tar.zst tree.tar
    cp tree.tar.zst plain
    for archive in tree.tar.zst plain; do
        for tar in tar bsdtar; do
            "$tar" -tf "$archive" | cmp - <(tar -tf tree.tar)
            "$tar" -xOf "$archive" tree/text | cmp - tree/text
        done
    done
    tar --zstd -xOf plain tree/data | cmp - tree/data
    bsdcat plain | cmp - tree.tar
    /usr/lib/apt/apt-helper cat-file tree.tar.zst | cmp - tree.tar
    same_text application/zstd "$(file -b --mime-type plain)"
done

# make_package NAME OPTION…: makes a package with members compressed by poolmap, the larger one with these options.
printf 'Package: example\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: an example\n' > control
tar -cf control.tar ./control
tar -cf data.tar ./tree
echo 2.0 > debian-binary
make_package() {
    local name=$1
    shift
    poolmap -q -f control.tar
    poolmap -q -f "$@" data.tar
    ar rc "$name" debian-binary control.tar.zst data.tar.zst
}
make_package one.deb
make_package whole.deb --chunk-size 1G
for package in one.deb whole.deb; do
    same_text example "$(dpkg-deb -f "$package" Package)"
    dpkg-deb -x "$package" "from-$package"
    diff -r tree "from-$package/tree"
done
# It reads to the end of the first frame, and reports that in its own words.
make_package many.deb --chunk-size 256K
expect_exit 2 dpkg-deb -x many.deb from-many 2> said
grep -q 'Unexpected EOF' said
zstd -q -dc data.tar.zst | cmp - data.tar
