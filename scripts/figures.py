#!/usr/bin/env python3
"""Copies the figures of the newest runs in Benchmarks/runs between the marker comments: all of them into
Benchmarks/README.md, and eight rows, with the slowest two and the memory, into README.md."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "Benchmarks/runs"
# Each kind of run, as the files are named, and its heading.
KINDS = {
    "linux": "Compress, restore, hash",
    "map": "`poolmap map`",
    "parts": "Parts, and `join`",
    "slurm": "Slurm",
    "library": "The library",
}
FASTER = {
    "linux": "Ratios are poolmap's wall time divided by the other's: below 1 is faster.",
    "library": "Ratios are this library's rate divided by the other's: above 1 is faster.",
}
# Rows of a run of everything that have a heading of their own, by how they begin or what they contain.
GROUPS = {"map": r"map\b|ChunkedMap|serial time, map", "parts": r".*\bparts\b|join\b|planning", "slurm": r".*--engine slurm"}
# Rows that do not make sense without the row above them.
IN_FULL = {
    "compress -3 --engine slurm, 2 nodes of one core, with them":
        "compress -3 --engine slurm, 2 nodes of one core, with Slurm's delays",
}


class Run:
    def __init__(self, kind: str):
        # The names begin with the date.
        files = sorted(RUNS.glob(f"*-{kind}.md"))
        if not files:
            raise SystemExit(f"figures: no {kind} run in Benchmarks/runs; make one with `make bench`")
        self.kind, self.file = kind, files[-1]
        text = self.file.read_text()
        table = re.search(r"^## Figures\n\n(.+?)\n\n", text, re.M | re.S)
        if not table:
            raise SystemExit(f"figures: {self.file.name} has no table")
        self.head = table[1].splitlines()[:2]
        self.facts = dict(re.findall(r"^- ([a-z ]+): (.+)$", text, re.M))
        self.rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[1].splitlines()[2:]]

    def drop_rows_of(self, newer: "Run") -> None:
        """Leaves out what a newer run measured again."""
        again = {(row[0], row[1]) for row in newer.rows}
        self.rows = [row for row in self.rows if (row[0], row[1]) not in again]

    def tables(self) -> dict[str, str]:
        """Its rows under the kinds that they belong to, its own first."""
        groups: dict[str, list[str]] = {}
        for row in self.rows:
            kind = next((kind for kind in reversed(GROUPS) if re.match(GROUPS[kind], row[0])), self.kind)
            kind = kind if self.kind == "linux" else self.kind
            groups.setdefault(kind, []).append("| " + " | ".join(row) + " |")
        return {kind: "\n".join(self.head + groups[kind]) for kind in KINDS if kind in groups}

    def link(self, folder: str = "Benchmarks/") -> str:
        return f"{folder}runs/{self.file.name}"

    def row(self, work: str, against: str) -> list[str]:
        """The row with these first cells, each given as a regular expression for the whole cell."""
        for row in self.rows:
            if re.fullmatch(work, row[0]) and re.fullmatch(against, row[1]):
                return row
        raise SystemExit(f"figures: {self.file.name} has no row: {work}, {against}")

    def spread(self, row: list[str]) -> str:
        """The range of a row's ratios, and the number of pairs."""
        details = self.file.read_text().split("\n## Details\n")[1]
        line = next(line for line in details.splitlines() if line.startswith(f"| {row[0]} | {row[1]} |"))
        count, spread = re.search(r"(\d+ pairs), ([\d.]+ to [\d.]+)", line).groups()
        return f"{spread}, {count}"

    def ratios(self) -> list[tuple[float, list[str]]]:
        """Rows whose figure is a ratio, the smallest first."""
        return sorted((float(row[2].split()[0]), row) for row in self.rows if row[2].endswith(" ×"))


def zstd_version(run: Run) -> str:
    return re.search(r"v([\d.]+)", run.facts["zstd"])[1].rstrip(".")


def headline(runs: dict[str, Run]) -> str:
    run = runs["linux"]
    compress = run.row(r"compress -3", r"zstd -T\d+ -3")
    restore = run.row(r"decompress own file to a file", r"zstd -d")
    many = run.row(r"compress -3, \d+ files", r"zstd -T\d+ -3 FILES…")
    count = int(re.search(r"(\d+) files", many[0])[1])
    size = int(re.search(r"([\d,]+) bytes", run.facts["input"])[1].replace(",", ""))
    return "\n".join([
        f"| {run.facts['processor']} | compared with zstd {zstd_version(run)} | poolmap's time | spread |",
        "|---|---|---:|---|",
        f"| compress the Linux source, a {size / 1e9:.2f} GB tar | `{compress[1]}` | **{compress[2]}** | {run.spread(compress)} |",
        f"| restore it | `{restore[1]}` | **{restore[2]}** | {run.spread(restore)} |",
        f"| compress {count:,} C files of its drivers | `{many[1]}` | **{many[2]}** | {run.spread(many)} |",
        "",
        f"Below 1 is faster; medians and spread are from [this run]({run.link()}).",
        "[Benchmarks](Benchmarks/README.md) has every figure, and every target that was missed.",
    ])


def eight_less_three(runs: dict[str, Run]) -> str:
    """The rows of README.md besides the headline: the worst ones, and the library."""
    run, library = runs["linux"], runs["library"]
    lines = ["| work | compared with | measured |", "|---|---|---:|"]
    slowest = sorted(((ratio, row, other) for other in runs.values() if other is not library
                      for ratio, row in other.ratios()), key=lambda entry: entry[0])[:-3:-1]
    for _, row, other in slowest:
        lines.append(f"| {IN_FULL.get(row[0], row[0])} | {row[1]} | [{row[2]}]({other.link()}) the time |")
    ours, theirs = (run.row("peak memory, decompress own file", against) for against in ("", r"\(zstd\)"))
    lines.append(f"| {ours[0]} | zstd | [{ours[2]} against {theirs[2]}]({run.link()}) |")
    best = library.row(r"pool.map, a trivial function.*", "CPython")
    for row in [library.ratios()[0][1], best]:
        lines.append(f"| `Multiprocessing`: {row[0]} | {row[1]} | [{row[2]}]({library.link()}) the rate |")
    verdicts = [row[4] for each in runs.values() for row in each.rows if row[4]]
    lines += ["", f"Of {len(verdicts)} targets {verdicts.count('not met')} are not met: see "
                  "[Benchmarks](Benchmarks/README.md#not-met)."]
    return "\n".join(lines)


def all_figures(runs: dict[str, Run]) -> str:
    lines = ["## Not met", "", "| work | against | measured | target | run |", "|---|---|---:|---:|---|"]
    for run in runs.values():
        for work, against, measured, target, verdict in run.rows:
            if verdict == "not met":
                lines.append(f"| {work} | {against} | {measured} | {target} | [{run.kind}]({run.link('')}) |")
    for kind, run in runs.items():
        facts = run.facts
        tables = run.tables()
        if not tables:
            continue
        lines += ["", f"## {KINDS[kind]}", "",
                  f"Measured on {facts['date']}: {facts['processor']}; {facts.get('peer') or facts['zstd']}."]
        if "input" in facts:
            lines.append(f"Input: {facts['input']}.")
        lines += [FASTER.get(kind, FASTER["linux"]),
                  f"[The run]({run.link('')}) has the times, the spread and the command to repeat it.", "", tables.pop(kind)]
        for part, table in tables.items():
            lines += ["", f"### {KINDS[part]}, in the same run", "", table]
    return "\n".join(lines)


def write(file: Path, name: str, text: str) -> None:
    page, count = re.subn(rf"(<!-- {name}: begin.*?-->\n).*?(<!-- {name}: end -->)",
                          lambda match: f"{match[1]}{text}\n{match[2]}", file.read_text(), flags=re.S)
    if count != 1:
        raise SystemExit(f"figures: {file.relative_to(ROOT)} must have exactly one pair of markers for: {name}")
    file.write_text(page)
    print(f"{file.relative_to(ROOT)}: {name}")


def main() -> None:
    runs = {kind: Run(kind) for kind in KINDS}
    for run in runs.values():
        for other in runs.values():
            if other.facts["date"] > run.facts["date"]:
                run.drop_rows_of(other)
    write(ROOT / "README.md", "headline", headline(runs))
    write(ROOT / "README.md", "figures", eight_less_three(runs))
    write(ROOT / "Benchmarks/README.md", "figures", all_figures(runs))


main()
