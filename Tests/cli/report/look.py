#!/usr/bin/env python3
"""Looks at pages of runs in a browser: look.py PAGE.html…

What a page shows is held against the report beside it, PAGE.json, where there is one. Prints nothing when all is right.
"""
import json
import os
import sys

from browser import Browser


def check(condition, *what):
    if not condition:
        sys.exit(" ".join(str(part) for part in what))


def text(page, identity):
    return page.evaluate(f"document.getElementById('{identity}').textContent")


def counts(page, report, path):
    """What the page has read is what the report says, and so is what it shows."""
    files, totals = report["files"], report["totals"]
    read = page.evaluate("""(() => {
        const { files, pieces, lanes } = readRun(document.getElementById("report-data").textContent);
        const column = (name) => Array.from(pieces[name]);
        return { files: files.map(({ input, output, status }) => [input, output, status]), lanes: lanes.length,
            offset: column("offset"), length: column("length"), index: column("index"), start: column("start"),
            duration: column("duration"), tries: column("tries"), bytes: column("bytes"), failed: pieces.notes.size,
            queued: column("queued"), turn: column("turn") };
    })()""")
    chunks = [chunk for file in files for chunk in file["chunks"]]
    names = [[one["input"], one["output"], one["status"]] for one in files]
    check(read["files"] == names, path, "has the files", ascii(read["files"]), "and not", ascii(names))
    for name in ("offset", "length", "index", "tries"):
        check(read[name] == [chunk[name] for chunk in chunks], path, name, read[name])
    for name, wanted in (("start", "startNanoseconds"), ("duration", "durationNanoseconds")):
        check(read[name] == [chunk[wanted] // 1000 for chunk in chunks], path, name, read[name])
    waits = [max(0, chunk["startNanoseconds"] - chunk["queuedNanoseconds"]) // 1000 for chunk in chunks]
    check(read["queued"] == waits, path, "queued", read["queued"])
    results = [(chunk["result"] or {}) for chunk in chunks]
    check(read["bytes"] == [result.get("bytes", -1) for result in results], path, "bytes", read["bytes"])
    shown = text(page, "tiles")
    for number in (totals["chunks"], totals["failed"]):
        check(f"{number:,}" in shown, path, number, "is not in", shown)
    check(f"{totals['inputBytes']:,} bytes" in shown, path, shown)
    failures = text(page, "failures")
    problems = [chunk for chunk in chunks if chunk["tries"] > 1 or "error" in (chunk["result"] or {})]
    errors = [one["error"]["message"] for one in files if one["error"]]
    for message in errors:
        check(message in failures, path, message, "is not in", failures)
    ranges = sum(len((one["salvage"] or {"lost": []})["lost"]) for one in files)
    check(("None" in failures) == (not problems and not errors and not ranges), path, failures)
    rows = page.evaluate("document.querySelectorAll('#failures tbody tr').length")
    attempts = [chunk for chunk in chunks if chunk not in problems and (chunk["result"] or {}).get("attempts", 1) > 1]
    check(rows == len(errors) + ranges + len(problems) + len(attempts), path, "has", rows, "rows of failures")
    check(("✓ Done" in text(page, "status")) == (totals["failed"] == 0 and ranges == 0), path, text(page, "status"))


def reading(page, path):
    """A screen reader meets the headings, the drawings with a name, and a table for each."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.settle()
    # Chromium has had both words for an image.
    tree = [("image" if role == "img" else role, name) for role, name in page.accessible()]
    roles = [role for role, _ in tree]
    for heading in ("Workers over time", "Where the time went", "Map of the input", "Failures and retries",
                    "Machine, versions and options"):
        check(("heading", heading) in tree, path, "has no heading", heading)
    check(roles.count("application") == 2, path, "has not two drawings to steer")
    for role in ("application", "image", "combobox", "button"):
        nameless = [one for one in tree if one[0] == role and not one[1]]
        check(not nameless and role in roles, path, role, nameless)
    check(roles.count("table") >= 7, path, "has only", roles.count("table"), "tables")
    check("main" in roles and "banner" in roles, path, set(roles))
    for place in ("lanes-table", "curves-table", "map-table"):
        has_rows = page.evaluate(f"document.querySelectorAll('#{place} tbody tr').length") > 0
        check(has_rows or page.evaluate("document.querySelectorAll('#pieces tbody tr').length") == 0, path, place)


def steering(page, path):
    """Arrow keys go from piece to piece, and say which."""
    lanes, count = page.evaluate("""(() => {
        const { lanes, pieces } = readRun(document.getElementById("report-data").textContent);
        return [lanes.map((lane) => lane.pieces.length), pieces.count];
    })()""")
    for drawing, pieces in (("lanes", lanes[0] if lanes else 0), ("map", count)):
        page.evaluate(f"document.getElementById('{drawing}').focus()")
        wanted = min(pieces, 8)
        said = set()
        for key in ["Home"] + ["ArrowRight"] * (wanted - 1):
            page.key(key)
            said.add(text(page, "piece"))
        check(len(said) == max(1, wanted), path, "has", wanted, "pieces in", drawing, "and the keys lead to", said)
        for key in ("End", "ArrowDown", "ArrowUp", "ArrowLeft"):
            page.key(key)
    check("is selected" not in text(page, "piece"), path, text(page, "piece"))
    page.evaluate("document.getElementById('lanes').focus()")
    for key in ("+", "+", "-", "Escape"):
        page.key(key)
    page.evaluate("document.getElementById('map').scrollIntoView()")
    box = page.evaluate("(({ left, top, width }) => ({ left, top, width }))"
                        "(document.getElementById('map').getBoundingClientRect())")
    page.point(box["left"] + box["width"] / 2, box["top"] + 8)
    check("Took" in text(page, "tooltip"), path, "the pointer shows", text(page, "tooltip"))


def colours(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def look(browser, path):
    json_path = path.removesuffix(".html") + ".json"
    report = json.load(open(json_path, encoding="utf-8")) if os.path.exists(json_path) else None
    page = browser.open(path)
    check(not page.complaints(), path, page.complaints())
    check(page.evaluate("document.documentElement.dataset.ready") == "true", path, "did not start")
    count = page.evaluate("document.querySelectorAll('#pieces tbody tr').length")
    if report:
        counts(page, report, path)
    reading(page, path)
    if count > 0:
        steering(page, path)
    for measure in page.evaluate("Array.from(document.getElementById('measure').options, (one) => one.value)"):
        page.evaluate(f"(() => {{ const one = document.getElementById('measure'); one.value = '{measure}';"
                      "one.dispatchEvent(new Event('change')); })()")
        page.settle()
    light = colours(page)
    page.theme("dark")
    page.settle()
    check(colours(page) != light, path, "is the same in dark")
    # What names hold is text: nothing of it has become an element.
    check(page.evaluate("document.querySelectorAll('img, iframe, object, embed, link[href^=http]').length") == 0, path)
    check(page.evaluate("document.scripts.length") == 2, path, "has other scripts")
    check(page.evaluate("document.title").startswith("poolmap "), path, page.evaluate("document.title"))
    check(not page.complaints(), path, page.complaints())
    check(not page.requests(), path, page.requests())


def main(paths):
    with Browser() as browser:
        for path in paths:
            look(browser, path)


if __name__ == "__main__":
    main(sys.argv[1:])
