#!/bin/bash
# Builds the documentation of all libraries as one site. Fails on a dead link, on the site or in a Markdown file, and on a
# public symbol without a comment.
#
#     scripts/docs.sh [FOLDER]      FOLDER is .build-docs by default
#
# Any web server can serve the folder: `python3 -m http.server --directory .build-docs`. To serve it below a path of a
# host, set DOCS_BASE, for example DOCS_BASE=/poolmap.
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build-docs}
swift=${SWIFT:-swift}

scripts/check-links.py
scripts/check-spi.py

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
site=$work/site
mkdir "$work/graphs"
# Every library product has a catalog with its name.
for catalog in Sources/*/*.docc; do
    library=$(basename "$catalog" .docc)
    "$swift" build --target "$library"
    build=$("$swift" build --show-bin-path)

    modules=(-I "$build/Modules")
    for map in Sources/*/{,include/}module.modulemap "$build"/*.build/module.modulemap \
        .build/checkouts/*/Sources/*/include/module.modulemap; do
        [[ -e $map ]] && modules+=(-Xcc "-fmodule-map-file=$map")
    done
    mkdir "$work/graphs/$library"
    "$swift" symbolgraph-extract -module-name "$library" "${modules[@]}" -target "$(uname -m)-unknown-linux-gnu" \
        -output-dir "$work/graphs/$library" -minimum-access-level public -skip-inherited-docs

    scripts/undocumented.py "$work/graphs/$library"/*.symbols.json

    # docc comes with Swift.
    docc convert "$catalog" --additional-symbol-graph-dir "$work/graphs/$library" \
        --fallback-display-name "$library" --fallback-bundle-identifier "${library,,}" \
        --hosting-base-path "${DOCS_BASE:-/}" --warnings-as-errors --output-path "$work/$library.doccarchive"
done

docc merge "$work"/*.doccarchive --synthesized-landing-page-name poolmap --output-path "$site"
# The merged archive has data for a first page but no HTML for it, and its index.html at the root shows no page.
cp "$site/index.html" "$site/documentation/index.html"
python3 - "$site" << 'END'
import html, json, pathlib, sys

site = pathlib.Path(sys.argv[1])
references = json.loads((site / "data" / "documentation.json").read_text())["references"].values()
entries = "".join(
    f'<dt><a href="{each["url"].lstrip("/")}/">{html.escape(each["title"])}</a></dt>\n<dd>'
    + html.escape("".join(part.get("text", part.get("code", "")) for part in each["abstract"])) + "</dd>\n"
    for each in sorted(references, key=lambda each: each["title"]))
(site / "index.html").write_text(f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>poolmap: documentation of the libraries</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem }}
dt {{ font-weight: 600; margin-top: 1rem }} dd {{ margin: 0 }}</style>
<h1>The libraries of poolmap</h1>
<dl>
{entries}</dl>
<p><a href="documentation/">All of them on one page, with their contents</a></p>
</html>
""")
END
scripts/walk-docs.py "$site"

# A walk that looks at nothing would pass too, so it must notice when a page is missing.
page=$(find "$site/data/documentation" -name '*.json' | sort | sed -n 1p)
mv "$page" "$work/page"
if scripts/walk-docs.py "$site" > /dev/null 2>&1; then
    echo "docs.sh: walk-docs.py does not notice that $page is missing" >&2
    exit 1
fi
mv "$work/page" "$page"

rm -rf "$output"
mv "$site" "$output"
