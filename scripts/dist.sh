#!/bin/bash
# Makes a tarball of what `make install` installs, for any Linux: scripts/dist.sh POOLMAP [FOLDER]
#
# The tarball is FOLDER/poolmap-VERSION-linux-ARCHITECTURE.tar.gz, by default in .build-release, with its checksum
# beside it in a file with `.sha256` appended to the name. Both names are printed. It is a .tar.gz, not a .tar.zst,
# because users may not have a program that reads Zstandard yet.
. "$(dirname "$0")/stage.sh"
need_tools tar gzip sha256sum
name=poolmap-$version-linux-$(uname -m)
root=$work/$name
stage "$root" ''
documents=$root/share/doc/poolmap
notices "$documents"
built_with "$documents/built-with"
install -m 644 CHANGELOG.md docs/format.md "$documents"
sed "s|@NAME@|$name|g" packaging/tarball/README > "$root/README"
set_times "$root"

cd "$folder"
tar --create --format ustar --sort name --owner 0 --group 0 --numeric-owner --mode go-w --directory "$work" "$name" |
    gzip -n -"${level:-9}" > "$work/tarball"
mv "$work/tarball" "$name.tar.gz"
sha256sum "$name.tar.gz" > "$name.tar.gz.sha256"
echo "$folder/$name.tar.gz"
echo "$folder/$name.tar.gz.sha256"
