#!/usr/bin/env python3
"""Checks the links of all Markdown files in the repository: scripts/check-links.py

The file or folder that a link names must exist in the repository, and so must the heading after a #. Addresses of other
sites are not checked. docs/README.md must link to every page of docs and of the root.
"""

import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
TARGET = r"<?([^()\s>]*(?:\([^()]*\)[^()\s>]*)*)>?(?:\s+\"[^\"]*\")?"
LINK = re.compile(rf"!?\[(?:[^][\\]|\\.|\[[^]]*\])*\]\(\s*{TARGET}\s*\)")
CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
REFERENCE = re.compile(r"^ {0,3}\[[^]]+\]:\s*<?(\S+?)>?(?:\s|$)", re.M)


def prose(text):
    """The text without code blocks and inline code, with the same number of lines."""
    lines, fence, indented, before = [], None, False, ""
    for line in text.splitlines():
        mark = FENCE.match(line)
        indented = line.startswith("    ") and (indented or not before.strip())
        lines.append("" if fence or mark or indented else line)
        if mark:
            fence = None if fence and mark[1].startswith(fence) else fence or mark[1]
        before = line
    return CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), "\n".join(lines))


def anchors(text):
    """The anchors that GitHub, and other hosts, make from the headings."""
    found, counts = set(re.findall(r"<a\s+(?:name|id)=\"([^\"]+)\"", text)), {}
    fence = None
    for line in text.splitlines():
        mark = FENCE.match(line)
        if mark:
            fence = None if fence and mark[1].startswith(fence) else fence or mark[1]
        heading = re.match(r" {0,3}#{1,6}\s+(.*?)\s*#*$", line)
        if fence or not heading:
            continue
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "")
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        number = counts.get(name, 0)
        counts[name] = number + 1
        found.add(f"{name}-{number}" if number else name)
    return found


def main():
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = {ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()}
    there = files | {folder for file in files for folder in file.parents}
    pages = {path: path.read_text() for path in sorted(files) if path.suffix == ".md"}
    known = {path: anchors(text) for path, text in pages.items()}
    faults, links, targets_of_index = [], 0, set()
    for path, text in pages.items():
        plain = prose(text)
        for match in [*LINK.finditer(plain), *REFERENCE.finditer(plain)]:
            link = match[1]
            where = f"{path.relative_to(ROOT)}:{plain[:match.start()].count(chr(10)) + 1}"
            parts = urllib.parse.urlsplit(link)
            # DocC checks its own links.
            if parts.scheme in ("http", "https", "doc"):
                continue
            links += 1
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme or target not in there:
                faults.append(f"{where}: {link} is not there")
            elif parts.fragment and parts.fragment not in known.get(target, set()):
                faults.append(f"{where}: {link} names no heading")
            if path == ROOT / "docs" / "README.md":
                targets_of_index.add(target)
    for path in pages:
        if path.parent in (ROOT, ROOT / "docs") and path.name != "README.md" and path not in targets_of_index:
            faults.append(f"docs/README.md has no link to {path.relative_to(ROOT)}")
    for fault in faults:
        print(f"check-links: {fault}", file=sys.stderr)
    print(f"Markdown: {len(pages)} files, {links} links within the repository")
    sys.exit(bool(faults) or not links)


main()
