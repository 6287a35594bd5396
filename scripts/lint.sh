#!/bin/bash
# Checks what `swift format` does not: scripts, file sizes, the version, TODO notes.
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
        echo "$file: must be smaller than 2 MiB" >&2
        wrong=1
    fi
done < <(git ls-files -z --cached --others --exclude-standard --deduplicate | while IFS= read -r -d '' file; do
    [[ -f $file ]] && printf '%s\0' "$file"
done)

# The version is written in one place. The manual pages are made of what the command says, and so are the packages.
version=$(sed -nE 's/^    static let version = "([0-9]+\.[0-9]+\.[0-9]+)"$/\1/p' Sources/poolmap/Program.swift)
newest=$(sed -nE 's/^## ([0-9]+\.[0-9]+\.[0-9]+) \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$/\1/p' CHANGELOG.md | sed -n 1p)
if [[ -z $version || $newest != "$version" ]]; then
    echo "Program.swift has the version '$version', but the newest in CHANGELOG.md is '$newest'" >&2
    wrong=1
fi
if grep -L "^\.TH .* \"poolmap ${version//./\\.}\" " docs/man/*.1 | grep .; then
    echo "These pages have another version than $version; run: make manual" >&2
    wrong=1
fi
if git grep -nwF -e "$version" -- . ':!Sources/poolmap/Program.swift' ':!CHANGELOG.md' ':!docs/man/*.1' ':!Benchmarks/runs' ':!docs/images/*.json'; then
    echo "Only Sources/poolmap/Program.swift may contain the version." >&2
    wrong=1
fi

if grep -rnE 'TODO|FIXME' Sources Tests; then
    echo "Open an issue instead of these notes." >&2
    wrong=1
fi
exit $wrong
