#!/usr/bin/env python3
"""Copies the figures of the newest run in Benchmarks/runs into README.md, between the comments that mark
the places."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def newest(kind: str) -> Path:
    # The names begin with the date.
    runs = sorted((ROOT / "Benchmarks/runs").glob(f"*-{kind}.md"))
    if not runs:
        raise SystemExit(f"figures: no {kind} run in Benchmarks/runs; make one with `make bench`")
    return runs[-1]


def parts(run: Path) -> tuple[dict[str, str], str]:
    """A run's facts and its table."""
    text = run.read_text()
    table = re.search(r"^## Figures\n\n(.+?)\n\n", text, re.M | re.S)
    if not table:
        raise SystemExit(f"figures: {run.name} has no table")
    return dict(re.findall(r"^- ([a-z ]+): (.+)$", text, re.M)), table[1]


def command_section(run: Path) -> str:
    facts, table = parts(run)
    return "\n".join([
        f"Measured on {facts['date']}: {facts['processor']}; {facts['zstd']}.",
        f"Input: {facts['input']}.",
        "Ratios are poolmap's wall time divided by the other's, so below 1 is less time; each is the median of pairs",
        f"that ran in turn. [The run](Benchmarks/runs/{run.name}) has the commands, the times and the spread;",
        "`make bench` repeats it.",
        "",
        table,
    ])


def library_section(run: Path) -> str:
    facts, table = parts(run)
    return "\n".join([
        f"Measured on {facts['date']}: {facts['processor']}; {facts['peer']}.",
        "Ratios are this library's rate divided by the other's, so above 1 is faster; each is the median of pairs that",
        f"ran in turn. [The run](Benchmarks/runs/{run.name}) has the rates and the spread.",
        "",
        table,
    ])


def main() -> None:
    readme = README.read_text()
    for name, run, section in [("figures", newest("linux"), command_section),
                               ("library figures", newest("library"), library_section)]:
        text = section(run)
        readme, count = re.subn(rf"(<!-- {name}: begin.*?-->\n).*?(<!-- {name}: end -->)",
                                lambda match: f"{match[1]}{text}\n{match[2]}", readme, flags=re.S)
        if count != 1:
            raise SystemExit(f"figures: README.md has no section for the {name}")
        print(f"README.md has the figures of {run.name}")
    README.write_text(readme)


main()
