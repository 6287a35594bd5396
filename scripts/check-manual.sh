#!/bin/bash
# Holds docs/poolmap.1 against the command's own help, each long option of it: scripts/check-manual.sh POOLMAP
set -euo pipefail

poolmap=$(realpath "$1")
manual=$(sed 's/\\//g' "$(dirname "$0")/../docs/poolmap.1")
wrong=0
for command in compress decompress test list cat hash; do
    while read -r option; do
        if ! grep -qe "$option\b" <<< "$manual"; then
            echo "docs/poolmap.1 does not have $option of poolmap $command" >&2
            wrong=1
        fi
    done < <("$poolmap" help "$command" | sed -n '/^OPTIONS/,$p' | grep -oE '^ .{1,25}' | grep -oE -- '--[a-z-]+' | sort -u)
done
exit $wrong
