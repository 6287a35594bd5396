#!/usr/bin/env bash
# Makes docs/images/run.png, the picture of a run in README.md: scripts/picture.sh POOLMAP [FILE]
#
# The picture is that of the run in docs/images/run.json, so it comes out the same on any machine with the same fonts and
# browser. With FILE, that report is made anew first, by compressing FILE. It was a tar of what a Debian machine has:
#
#     tar --sort=name -c -C / usr/share usr/include usr/lib/python3 usr/lib/x86_64-linux-gnu | head -c 326M > files.tar
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
(($# == 1 || $# == 2)) || { sed -n 's/^# Makes .*: \(scripts.*\)/usage: \1/p' "$0" >&2; exit 2; }
poolmap=$1
images=docs/images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$images"
if (($# == 2)); then
    "$poolmap" compress --report "$work/run.json" --chunk-size 2M -o "$work/out.zst" "$2"
    # Of the path, the name is enough to show.
    python3 - "$work" "$images/run.json" << 'END'
import json, os, sys
folder, target = sys.argv[1:]
run = json.load(open(f"{folder}/run.json"))
for file in run["files"]:
    file["input"] = os.path.basename(file["input"])
    file["output"] = file["input"] + ".zst"
with open(target, "w") as stream:
    json.dump(run, stream, separators=(",", ":"))
    stream.write("\n")
END
fi
"$poolmap" report "$images/run.json" -o "$work/run.html"
PYTHONPATH=Tests/cli/report python3 -B - "$work/run.html" "$images/run.png" << 'END'
import base64, pathlib, sys
from browser import Browser
page_path, picture = sys.argv[1:]
with Browser() as browser:
    page = browser.open(page_path, width=1120)
    # What is in the way of a picture: hints for the hand, and the empty place of the selected chunk.
    page.evaluate("document.querySelectorAll('.hint, .bar .buttons, .bar .choice, .piece, details')"
                  ".forEach((one) => one.remove())")
    page.settle()
    height = page.evaluate("document.getElementById('timeline').getBoundingClientRect().bottom + scrollY + 12")
    clip = {"x": 0, "y": 0, "width": 1120, "height": height, "scale": 1}
    data = page.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
pathlib.Path(picture).write_bytes(base64.b64decode(data))
END
size=$(stat -c %s "$images/run.png")
((size < 200 * 1024)) || { echo "picture.sh: $images/run.png has $size bytes, and should have less than 200 KiB" >&2; exit 1; }
