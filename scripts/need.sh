#!/bin/bash
# Installs the Debian packages whose check fails: scripts/need.sh 'PACKAGE=CHECK'...
#
# A check is a shell command that succeeds if the package is installed. Silent if none is missing. Uses apt-get as root, or
# through sudo if that needs no password; otherwise prints the command to type, and fails.
set -euo pipefail

missing=()
for need in "$@"; do
    bash -c "${need#*=}" > /dev/null 2>&1 < /dev/null || missing+=("${need%%=*}")
done
[[ ${#missing[@]} == 0 ]] && exit 0

if ! command -v apt-get > /dev/null; then
    echo "Missing: ${missing[*]} (by their Debian names). Please install them and run this again." >&2
    exit 1
fi
if [[ $(id -u) == 0 ]]; then
    root=()
elif sudo -n true 2> /dev/null; then
    root=(sudo -n)
else
    echo "Missing packages. Please type this, and then run make again:" >&2
    echo "    sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

echo "Installing ${missing[*]}"
apt() {
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" < /dev/null > /dev/null
}
apt update
# Debian starts the services of packages that it installs, unless this script forbids it. Tests need none of them.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    trap '"${root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" install -m 755 /dev/stdin "$policy"
fi
apt install --yes --no-install-recommends "${missing[@]}"
