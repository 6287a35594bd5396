#!/usr/bin/env python3
"""Walks a DocC site from its first page, and follows every link: scripts/walk-docs.py SITE

A page is a JSON file below SITE/data, which the scripts of its HTML page render. It reports links to missing pages,
anchors, files or scripts, pages without a link to them, and pages without HTML.
"""

import collections
import html.parser
import json
import pathlib
import sys
import urllib.parse


class Page:
    """The links of a page, and the anchors in it."""

    def __init__(self, path):
        content = json.loads(path.read_text())
        references = content.get("references", {})
        self.links, self.files, self.anchors, self.faults = set(), set(), set(), []
        for identifier in self.used(content):
            reference = references.get(identifier)
            if reference is None:
                self.faults.append(f"refers to {identifier}, which it does not describe")
            elif reference.get("type") == "unresolvable":
                # Protocols of the standard library, whose documentation is elsewhere.
                if not reference.get("title", "").startswith(("Swift.", "_Concurrency.")):
                    self.faults.append(f"has a link that leads nowhere: {reference.get('title')}")
            elif reference.get("type") in ("image", "video", "download"):
                self.files |= {each["url"] for each in reference.get("variants", [reference])}
            else:
                self.links.add(reference["url"])

    def used(self, value):
        """The identifiers of all links, anywhere on the page."""
        if isinstance(value, list):
            for each in value:
                yield from self.used(each)
        elif isinstance(value, dict):
            if isinstance(value.get("anchor"), str):
                self.anchors.add(value["anchor"])
            if value.get("type") in ("reference", "image", "video") and "identifier" in value:
                yield value["identifier"]
            for key, each in value.items():
                if key == "identifiers":
                    yield from each
                elif key == "paths":
                    # Paths of a hierarchy are lists; the page's own are not.
                    yield from (identifier for path in each if isinstance(path, list) for identifier in path)
                elif key not in ("references", "identifier"):
                    yield from self.used(each)


class Addresses(html.parser.HTMLParser):
    """The files that an HTML page loads, and its links."""

    def __init__(self, path):
        super().__init__()
        self.found = []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        self.found += [value for name, value in attributes if name in ("href", "src") and value]


class Site:
    def __init__(self, root):
        self.root = root
        self.pages = {}
        self.faults = []
        self.counts = collections.Counter()

    def complain(self, where, what):
        self.faults.append(f"{where or '/'}: {what}")

    def page(self, address):
        """The page at an address such as /documentation/jobserver; None if there is none."""
        if address not in self.pages:
            path = self.root / "data" / f"{address.strip('/')}.json"
            self.pages[address] = Page(path) if path.is_file() else None
        return self.pages[address]

    def check_html(self, where):
        """Checks the HTML at an address: the files that it loads must exist."""
        path = self.root / where.strip("/") / "index.html"
        if not path.is_file():
            self.complain(where, "has no index.html")
            return []
        pages = []
        for address in Addresses(path).found:
            if urllib.parse.urlsplit(address).scheme:
                self.counts["links to elsewhere"] += 1
                continue
            target = urllib.parse.urljoin(f"{where}/", urllib.parse.unquote(address.removeprefix(self.base)))
            if (self.root / target.strip("/")).is_file():
                self.counts["files"] += 1
            elif self.page(target.rstrip("/")):
                pages.append(target.rstrip("/"))
            else:
                self.complain(where, f"index.html needs {address}, which does not exist")
        return pages

    def check_link(self, where, link):
        """The page that a link leads to, if it is on this site."""
        parts = urllib.parse.urlsplit(link)
        if parts.scheme in ("http", "https"):
            self.counts["links to elsewhere"] += 1
            return None
        self.counts["links"] += 1
        address = parts.path.rstrip("/") or where
        target = self.page(address) if not parts.scheme and address.startswith("/") else None
        if target is None:
            self.complain(where, f"links to {link}, which does not exist")
            return None
        if parts.fragment:
            self.counts["anchors"] += 1
            if urllib.parse.unquote(parts.fragment) not in target.anchors:
                self.complain(where, f"links to {link}, which has no such anchor")
        return address

    def walk(self):
        front = (self.root / "documentation" / "index.html").read_text()
        self.base = front.split('var baseUrl = "')[1].split('"')[0].rstrip("/")
        waiting = self.check_html("")
        if not waiting:
            self.complain("", "has no link to a page")
        seen = set(waiting)
        while waiting:
            where = waiting.pop()
            page = self.page(where)
            self.check_html(where)
            for fault in page.faults:
                self.complain(where, fault)
            for file in page.files:
                self.counts["files"] += 1
                if not urllib.parse.urlsplit(file).scheme and not (self.root / file.strip("/")).is_file():
                    self.complain(where, f"shows {file}, which does not exist")
            targets = {self.check_link(where, link) for link in page.links}
            new = {address for address in targets if address} - seen
            seen |= new
            waiting += new
        every = (path.relative_to(self.root / "data").with_suffix("") for path in self.root.glob("data/**/*.json"))
        for address in {f"/{path}" for path in every} - seen:
            self.complain(address, "no link leads to it")
        self.check_navigator(seen)
        self.counts["pages"] = len(seen)

    def check_navigator(self, pages):
        """Checks the navigator beside every page."""
        def paths(entries):
            for entry in entries:
                yield from [entry["path"]] if "path" in entry else []
                yield from paths(entry.get("children", []))

        index = json.loads((self.root / "index" / "index.json").read_text())
        for path in paths(index["interfaceLanguages"]["swift"]):
            self.counts["links"] += 1
            if path not in pages:
                self.complain("the navigator", f"links to {path}, which does not exist")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    site = Site(pathlib.Path(sys.argv[1]))
    site.walk()
    for fault in sorted(set(site.faults)):
        print(f"walk-docs: {fault}", file=sys.stderr)
    print("documentation: " + ", ".join(f"{count} {what}" for what, count in sorted(site.counts.items())))
    sys.exit(bool(site.faults))


main()
