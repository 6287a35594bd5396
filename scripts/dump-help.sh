#!/bin/bash
# Prints the command's help as JSON: scripts/dump-help.sh
#
# It builds and asks a debug build, since a release cannot print this: see Sources/CPoolmap/foundation.c.
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
"$swift" build --quiet --product poolmap >&2
"$("$swift" build --show-bin-path)/poolmap" --experimental-dump-help
