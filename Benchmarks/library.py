#!/usr/bin/env python3
"""Measures the library `Multiprocessing` against CPython's multiprocessing, and reports which targets are met.

The two sides of a row run alternately after an uncounted pair, each in its own processes; a side repeats its work for
about half a second and prints the seconds. A row's figure is the median of the pairwise ratios of the rates. Only
Python's standard library is used.
"""

import argparse
import datetime
import os
import platform
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS = [str(HERE.parent / ".build-release/release/library-bench")]
PEER = [sys.executable, str(HERE / "library_peer.py")]


@dataclass
class Row:
    name: str
    unit: str
    ours: str  # the work, and the number of repetitions
    our_count: int
    theirs: str
    their_count: int
    target: float | None = None
    against: str = "CPython"
    peer: list[str] = None  # CPython by default
    least_rate: float | None = None  # our units per second


ROWS = [
    Row("pool.map, a trivial function, chunk size 1, 2 workers", "tasks", "map", 400_000, "map", 20_000, 10),
    Row("pool.imap, likewise", "tasks", "imap", 400_000, "imap", 20_000, 10),
    Row("pool.imapUnordered, likewise", "tasks", "imap-unordered", 400_000, "imap-unordered", 20_000, 10),
    Row("pool.map, a structure of five numbers in and out, 2 workers", "tasks", "copied-samples", 200_000,
        "coded-samples", 100_000, 1.5, "the same, not of a `FixedLayout`", OURS),
    Row("pool.apply, an array of 200,000 of them in and out", "arrays", "copied-arrays", 20, "coded-arrays", 1, 10,
        "the same, not of a `FixedLayout`", OURS),
    Row("Queue, put → get of integers, one process each", "values", "queue", 1_000_000, "queue", 50_000, 3),
    Row("Pipe, round trips of 8 bytes", "trips", "pipe", 40_000, "pipe", 30_000, 1.2),
    Row("a bare socket pair, round trips of 8 bytes", "trips", "bare-pipe", 40_000, "pipe", 30_000),
    Row("Process, start and join", "processes", "process", 2_000, "process", 300, 5),
    Row("Lock, acquire and release, uncontended", "pairs", "lock", 5_000_000, "lock", 2_000_000, 1),
    Row("Manager's dictionary, set one by one", "values", "manager-set", 30_000, "manager-set", 10_000, 1),
    Row("Manager's dictionary, 1,000 values a call", "values", "manager-update", 500_000, "manager-set", 10_000, 10,
        "CPython, one by one"),
    Row("Manager's dictionary, 1,000 values a call", "values", "manager-update", 500_000, "manager-update", 500_000,
        None, "CPython's update"),
    Row("pool.apply, `[UInt8]` of 16 MiB in and out", "arrays", "bytes", 20, "copied-bytes", 30, 0.25,
        "a memcpy into a new array each way", OURS),
    Row("pool.apply, `[UInt8]` of 16 MiB in and out", "arrays", "bytes", 20, "bytes", 4),
    Row("pool.apply, `Data` of 16 MiB in and out", "values", "data", 20, "copied-bytes", 30, 0.25,
        "a memcpy into a new array each way", OURS),
    Row("pool.apply, `[Bitwise<…>]` of 8 MB in and out", "arrays", "flat", 30, "copied-flat", 50, 0.25,
        "a memcpy into a new array each way", OURS),
    Row("pool.apply, `[String: Int]` of 100,000 in and out", "dictionaries", "dictionary", 10, "dictionary", 6, 1.25),
    Row("pool.apply, `[String]` of 200,000 in and out", "arrays", "strings", 10, "strings", 6, 1.25),
    Row("pool.apply, 200,000 `Codable` rows in and out", "arrays", "rows", 2, "rows", 1, 1.25),
    Row("a Codable structure of five members, encode and decode", "values", "coded", 500_000, "coded", 50_000,
        least_rate=1 / 0.3e-6),
    Row("64 MiB in and 64 MiB out by shared memory, as spans", "tasks", "spans", 10, "spans-alone", 10, 0.91,
        "the work itself", OURS),
    Row("1 GiB from worker to parent by shared slots", "MiB", "slot", 1024, "memcpy", 1024, 0.8,
        "memcpy of the same", OURS),
]


def seconds(argv: list[str]) -> float:
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    return float(done.stdout)


def shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def compare(row: Row, pairs: int) -> tuple[str, str]:
    """The row of the table of figures, and that of the details."""
    ours, theirs = [], []
    for number in range(pairs + 1):
        one = row.our_count / seconds([*OURS, row.ours, str(row.our_count)])
        other = row.their_count / seconds([*(row.peer or PEER), row.theirs, str(row.their_count)])
        if number > 0:
            ours.append(one)
            theirs.append(other)
    ratios = [one / other for one, other in zip(ours, theirs)]
    ratio = statistics.median(ratios)
    if row.least_rate is not None:
        is_met, target = statistics.median(ours) >= row.least_rate, f"{shown(row.least_rate)} {row.unit}/s"
    elif row.target is not None:
        is_met, target = ratio >= row.target, f"{row.target:g} ×"
    else:
        is_met, target = None, ""
    verdict = {None: "", True: "met", False: "not met"}[is_met]
    figure = f"| {row.name} | {row.against} | {ratio:.2f} × | {target} | {verdict} |"
    print(figure, flush=True)
    return figure, (f"| {row.name} | {row.against} | {shown(statistics.median(ours))} against "
                    f"{shown(statistics.median(theirs))} {row.unit}/s, {pairs} pairs, "
                    f"{min(ratios):.2f} to {max(ratios):.2f} |")


def first_line(*argv: str) -> str:
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else "unknown"


def cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def commit() -> str:
    git = ["git", "-C", str(HERE.parent)]
    revision = first_line(*git, "rev-parse", "--short=12", "HEAD")
    changed = subprocess.run([*git, "status", "--porcelain", "--", "Sources", "Package.swift"], stdout=subprocess.PIPE,
                             text=True).stdout.strip()
    return f"{revision} with changes" if changed else revision


def report(rows: list[tuple[str, str]], load: str) -> str:
    lines = [
        "# Benchmark run of the library", "",
        f"- date: {datetime.date.today().isoformat()}",
        f"- poolmap: commit {commit()}",
        f"- peer: {platform.python_implementation()} {platform.python_version()}, start method fork",
        f"- processor: {cpu_model()}, {len(os.sched_getaffinity(0))} cores used of {os.cpu_count()}",
        f"- kernel: {platform.release()}",
        f"- load before: {load}",
        "- repeat with: `Benchmarks/library.py`, or `make bench`", "",
        "Ratios are our rate divided by theirs: above 1 is faster. The figure is the median of the pairwise ratios;",
        "pairs ran alternately, after one that is not counted. Rates are medians.", "", "## Figures", "",
        "| work | against | measured | at least | verdict |", "|---|---|---:|---:|---|",
    ]
    lines += [figure for figure, _ in rows]
    lines += ["", "## Details", "", "| work | against | rates, spread |", "|---|---|---|"]
    lines += [detail for _, detail in rows]
    lines += ["", "## Works", "", "`Benchmarks/Library` has our side, `Benchmarks/library_peer.py` the other.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, help="counted pairs of each row (7; 2 with --quick)")
    parser.add_argument("--quick", action="store_true", help="few pairs, nothing saved")
    parser.add_argument("--only", metavar="REGEX", help="only the rows whose name matches; nothing saved")
    options = parser.parse_args()
    pairs = options.pairs or (2 if options.quick else 7)
    if sys.version_info < (3, 11):
        sys.exit("library: the other side requires CPython 3.11 or newer")
    load = " ".join(f"{load:.2f}" for load in os.getloadavg())
    if os.getloadavg()[0] > 0.3:
        print(f"library: the machine is busy (load {load}); the figures will vary", file=sys.stderr)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:2])
    rows = [compare(row, pairs) for row in ROWS if options.only is None or re.search(options.only, row.name)]
    if not options.quick and options.only is None:
        path = HERE / "runs" / f"{datetime.date.today().isoformat()}-library.md"
        path.write_text(report(rows, load))
        print(f"saved as Benchmarks/runs/{path.name}")


main()
