#!/usr/bin/env python3
"""Checks .spi.yml against Package.swift: scripts/check-spi.py

It must build the documentation of every library product, on Linux only, and every target that it names must exist and
have a catalog.
"""

import json
import os
import pathlib
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEYS = {"platform", "swift_version", "documentation_targets"}


def faults():
    manifest = yaml.safe_load((ROOT / ".spi.yml").read_text())
    if set(manifest) != {"version", "builder"} or manifest["version"] != 1 or set(manifest["builder"]) != {"configs"}:
        yield "not version 1 with a builder's configs"
        return
    swift = os.environ.get("SWIFT", "swift")
    dump = subprocess.run([swift, "package", "dump-package"], cwd=ROOT, check=True, capture_output=True).stdout
    package = json.loads(dump)
    targets = {target["name"]: target for target in package["targets"]}
    libraries = {product["name"] for product in package["products"] if "library" in product["type"]}
    documented = set()
    for config in manifest["builder"]["configs"]:
        if set(config) - KEYS:
            yield f"unknown keys: {', '.join(set(config) - KEYS)}"
        if config.get("platform") != "linux":
            yield f"the platform is {config.get('platform')}"
        oldest = package["toolsVersion"]["_version"].split(".")[:2]
        wanted = config.get("swift_version")
        if wanted is not None and (not isinstance(wanted, str) or list(map(int, wanted.split("."))) < list(map(int, oldest))):
            yield f"Swift {wanted} cannot build the package, or is no string"
        documented |= set(config.get("documentation_targets", []))
    for name in sorted(documented):
        if name not in targets or targets[name]["type"] != "regular":
            yield f"there is no library target {name}"
        elif not (ROOT / "Sources" / name / f"{name}.docc").is_dir():
            yield f"{name} has no catalog"
    if documented != libraries:
        yield f"the products are {', '.join(sorted(libraries))}; documented are {', '.join(sorted(documented))}"


found = list(faults())
for fault in found:
    print(f".spi.yml: {fault}", file=sys.stderr)
sys.exit(bool(found))
