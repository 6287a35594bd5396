#!/bin/bash
# What `swift format` does not look at: scripts, sizes of files, notes to oneself.
set -euo pipefail
cd "$(dirname "$0")/.."
wrong=0

while IFS= read -r -d '' file; do
    case $file in
        *.sh | .ci/run) bash -n "$file" || wrong=1 ;;
        *.py) python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file" || wrong=1 ;;
        Makefile | */Makefile) make --file "$file" --dry-run clean FOLDER=docs > /dev/null || wrong=1 ;;
    esac
    if (($(stat -c %s "$file") >= 2 << 20)); then
        echo "$file: not under 2 MiB" >&2
        wrong=1
    fi
done < <(git ls-files -z --cached --others --exclude-standard --deduplicate | while IFS= read -r -d '' file; do
    [[ -f $file ]] && printf '%s\0' "$file"
done)

if grep -rnE 'TODO|FIXME' Sources Tests; then
    echo "Notes to oneself belong into an issue." >&2
    wrong=1
fi
exit $wrong
