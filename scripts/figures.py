#!/usr/bin/env python3
"""Copies the figures of the newest run in Benchmarks/runs into README.md, between the two "figures" comments."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def main() -> None:
    # The names begin with the date.
    runs = sorted((ROOT / "Benchmarks/runs").glob("*.md"))
    if not runs:
        raise SystemExit("figures: no run in Benchmarks/runs; make one with `make bench`")
    run = runs[-1]
    text = run.read_text()
    facts = dict(re.findall(r"^- ([a-z ]+): (.+)$", text, re.M))
    table = re.search(r"^## Figures\n\n(.+?)\n\n", text, re.M | re.S)
    if not table:
        raise SystemExit(f"figures: {run.name} has no table")
    section = "\n".join([
        f"Measured on {facts['date']}: {facts['processor']}; {facts['zstd']}.",
        f"Input: {facts['input']}.",
        "Ratios are poolmap's wall time divided by the other's, so below 1 is less time; each is the median of pairs",
        f"that ran in turn. [The run](Benchmarks/runs/{run.name}) has the commands, the times and the spread;",
        "`make bench` repeats it.",
        "",
        table[1],
    ])
    readme = README.read_text()
    changed, count = re.subn(r"(<!-- figures: begin.*?-->\n).*?(<!-- figures: end -->)",
                             lambda match: f"{match[1]}{section}\n{match[2]}", readme, flags=re.S)
    if count != 1:
        raise SystemExit("figures: README.md has no section for them")
    README.write_text(changed)
    print(f"README.md has the figures of {run.name}")


main()
