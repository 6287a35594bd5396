#!/bin/bash
# Builds an RPM package of what `make install` installs: scripts/rpm.sh POOLMAP [FOLDER]
#
# The package is FOLDER/poolmap-VERSION-1.ARCHITECTURE.rpm, by default in .build-release; its name is printed. It is not
# signed: `rpmsign --addsign` does that with your key. MAINTAINER names the person who distributes it.
. "$(dirname "$0")/stage.sh"
need_tools rpmbuild
root=$work/root
stage "$root" /usr
compress_pages "$root/usr/share/man"
documents=$root/usr/share/doc/poolmap
notices "$documents"
built_with "$documents/built-with"
install -m 644 CHANGELOG.md docs/format.md "$documents"
set_times "$root"

# Folders such as /usr/bin belong to other packages.
(cd "$root" && find . ! -type d -printf '/%P\n' -o -type d -path '*/doc/poolmap*' -printf '%%dir /%P\n') |
    sed -E 's|^(.*/doc/poolmap/.*)|%doc \1|; s|^%doc (%dir )|\1|' | sort > "$work/files"

# Summary and description are those of the Debian package.
summary=$(sed -n 's/^Description: //p' packaging/debian/control)
sed '1,/^Description:/d; s/^ //; s/^\.$//' packaging/debian/control > "$work/description"

# The other definitions exclude everything that depends on the machine: its name, the time, and the processing of files
# by Debian's or Fedora's macros.
rpmbuild -bb --quiet --target "$(uname -m)-linux" \
    --define "_topdir $work/rpmbuild" --define "_rpmdir $work" --define '_build_name_fmt package.rpm' \
    --define "poolmap_version $version" --define "poolmap_root $root" --define "poolmap_files $work/files" \
    --define "poolmap_summary ${summary^}" --define "poolmap_description $work/description" \
    --define "packager $maintainer" \
    --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' \
    --define 'clamp_mtime_to_source_date_epoch 1' --define '__os_install_post %{nil}' --define '_build_id_links none' \
    --define "_binary_payload w${level:-19}.zstdio" --define 'optflags %{nil}' packaging/rpm/poolmap.spec > /dev/null

package=$folder/poolmap-$version-1.$(uname -m).rpm
mv "$work/package.rpm" "$package"
echo "$package"
