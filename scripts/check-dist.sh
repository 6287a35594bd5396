#!/bin/bash
# Makes the tarball, unpacks it and uses its contents: scripts/check-dist.sh POOLMAP
. "$(dirname "$0")/check-installed.sh"
refuses_dynamic scripts/dist.sh

mapfile -t made < <(scripts/dist.sh "$poolmap" "$work")
name=poolmap-$version-linux-$(uname -m)
[[ ${made[*]} == "$work/$name.tar.gz $work/$name.tar.gz.sha256" ]] || fail "the tarball is ${made[*]}"
again scripts/dist.sh "${made[@]}"
(cd "$work" && sha256sum --quiet --check "$name.tar.gz.sha256") || fail "the checksum does not match"
# Unpacked by root it belongs to root, everything is below one folder, and only root may write there.
tar --list --verbose --numeric-owner --file "${made[0]}" > "$work/list"
! grep -vE "^[d-]r[w-][x-]r-[x-]r-[x-] 0/0 .* $name/" "$work/list" || fail "the lines above have a wrong owner, mode or place"

# As in its README, except for the folder.
mkdir "$work/local"
grep -q "$name/bin $name/share\$" <(tar --extract --to-stdout --file "${made[0]}" "$name/README") ||
    fail "the README does not say how to unpack it"
tar --directory "$work/local" --strip-components 1 --no-same-owner --extract --file "${made[0]}" "$name/bin" "$name/share"
works "$work/local"
licences_are_there "$work/local/share/doc/poolmap"
