#!/usr/bin/env python3
"""Names the public symbols in symbol graphs that have no documentation comment; exits 1 if there are any.

Symbols that the compiler generates (such as the coding keys of a `Codable` type) and that only implement a requirement of
a standard library protocol need none.
"""

import json
import sys


def missing(path: str) -> list[str]:
    graph = json.load(open(path))
    fulfils = {
        relation["source"]
        for relation in graph["relationships"]
        if relation["kind"] in ("requirementOf", "defaultImplementationOf", "overrides") or "sourceOrigin" in relation
    }
    return [
        ".".join(symbol["pathComponents"])
        for symbol in graph["symbols"]
        if "docComment" not in symbol and "location" in symbol and symbol["identifier"]["precise"] not in fulfils
    ]


names = sorted(name for path in sys.argv[1:] for name in missing(path))
for name in names:
    print(f"undocumented: {name}", file=sys.stderr)
sys.exit(1 if names else 0)
