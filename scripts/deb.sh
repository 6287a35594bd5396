#!/bin/bash
# Builds a Debian package of what `make install` installs: scripts/deb.sh POOLMAP [FOLDER]
#
# The package is FOLDER/poolmap_VERSION_ARCHITECTURE.deb, by default in .build-release; its name is printed. MAINTAINER
# names the person who distributes it.
. "$(dirname "$0")/stage.sh"
need_tools dpkg-deb
architecture=$(dpkg --print-architecture)
root=$work/root
stage "$root" /usr ZSH_COMPLETIONS=/usr/share/zsh/vendor-completions
compress_pages "$root/usr/share/man"

# The entries of this version in CHANGELOG.md, in Debian's format.
changelog() {
    echo "poolmap ($version) unstable; urgency=medium"
    echo
    awk -v "heading=## $version " '
        # Wraps an entry at 79 characters, as Debian requires.
        function point(text,    words, count, line, i) {
            count = split(text, words, " ")
            line = "  *"
            for (i = 1; i <= count; i++) {
                if (length(line " " words[i]) > 79) { print line; line = "   " }
                line = line " " words[i]
            }
            if (count > 0) print line
        }
        /^#/ || /^- / || /^$/ { point(held); held = "" }
        /^## / { within = index($0, heading) == 1 }
        within && /^- / { held = substr($0, 3) }
        within && held != "" && /^  [^ ]/ { held = held " " $0 }
        END { point(held) }' CHANGELOG.md
    echo
    echo " -- $maintainer  $(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")"
}
documents=$root/usr/share/doc/poolmap
install -d "$documents"
install -m 644 packaging/debian/copyright "$documents/copyright"
install -D -m 644 packaging/debian/lintian-overrides "$root/usr/share/lintian/overrides/poolmap"
changelog | gzip -9n > "$documents/changelog.gz"
gzip -9n < docs/format.md > "$documents/format.md.gz"

# Their sources must be available together with the executable.
built_using=$(linked_packages '${source:Package} (= ${source:Version})' | paste -sd, | sed 's/,/, /g')
kibibytes=$(du -sk --apparent-size "$root" | cut -f1)
install -d "$root/DEBIAN"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
sed -e "s|@VERSION@|$version|; s|@ARCHITECTURE@|$architecture|; s|@KIBIBYTES@|$kibibytes|" \
    -e "s|@MAINTAINER@|$maintainer|; s|@BUILT_USING@|$built_using|" packaging/debian/control > "$root/DEBIAN/control"
set_times "$root"

package=$folder/poolmap_${version}_$architecture.deb
dpkg-deb ${level:+-z"$level"} --build --root-owner-group "$root" "$package" > /dev/null
echo "$package"
