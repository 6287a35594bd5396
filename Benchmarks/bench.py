#!/usr/bin/env python3
"""Measures poolmap against zstd and pzstd on the Linux source tree, and reports which targets are met.

The two sides of a row run alternately (ours, theirs, ours, theirs, …) after an uncounted pair, so that changes of the
machine's speed affect both. All files are on tmpfs and in the page cache. A row's figure is the median of the pairwise
ratios. Only Python's standard library is used.
"""

import argparse
import datetime
import filecmp
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import batch
import cluster
import hashing
import inputs
import mapping
import parts
import serial
from measure import MIB, Command, Measure, accounts, peak_memory, read, run

HERE = Path(__file__).resolve().parent


# --- The rows --------------------------------------------------------------------------------------------------------


@dataclass
class Pair:
    """A row that compares two commands."""

    work: str
    ours: Command
    against: str
    theirs: Command
    target: float | None = None
    size_target: float | None = None  # for the outputs, if there are any
    same_as: str | None = None  # the expected output
    small: bool = False  # so short that many pairs are needed
    large: int = 0  # bytes that both write, if many: memory that the machine has not touched for long is slow
    by: str = "wall"  # the time that counts


@dataclass
class Result:
    work: str
    against: str
    figures: str
    value: str
    target: str = ""
    verdict: str = ""
    commands: list[str] = field(default_factory=list)


def verdict(value: float, target: float | None) -> str:
    return "" if target is None else "met" if value <= target else "not met"


class Bench:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.poolmap = str(Path(options.poolmap).resolve())
        self.jobs = str(options.jobs)
        self.results: list[Result] = []

    def pairs(self) -> list[Pair]:
        p, j = self.poolmap, self.jobs

        def ours(*argv, **more):
            return Command([p, *argv], **more)

        def compress(program, level):
            head = {"poolmap": [p, f"-j{j}"], "zstd": ["zstd", f"-T{j}"], "pzstd": ["pzstd", "-p", j]}[program]
            return Command([*head, f"-{level}", "-q", "-f", "-o", f"{program}.out", "linux.tar"], f"{program}.out")

        piped = {"stdin": "linux.tar", "piped": True}
        restore = ours("-d", f"-j{j}", "-q", "-f", "-o", "ours.out", "own.zst", output="ours.out")
        zstd_restore = Command(["zstd", "-d", "-q", "-f", "-o", "zstd.out", "own.zst"], "zstd.out")
        pzstd_restore = Command(["pzstd", "-d", "-p", j, "-q", "-f", "-o", "pzstd.out", "pzstd.zst"], "pzstd.out")
        packed, whole = 512 * MIB, 2 * os.path.getsize("linux.tar")
        pairs = [
            Pair("compress -3", compress("poolmap", 3), f"zstd -T{j} -3", compress("zstd", 3), 0.80, 1.01,
                 large=packed),
            Pair("compress -1", compress("poolmap", 1), f"zstd -T{j} -1", compress("zstd", 1), 0.72, large=packed),
            Pair("compress -3", compress("poolmap", 3), f"pzstd -p {j} -3", compress("pzstd", 3), 0.90, large=packed),
            Pair("decompress own file to a file", restore, "zstd -d", zstd_restore, 0.60, same_as="linux.tar",
                 large=whole),
            Pair("decompress own file to a file", restore, "pzstd -d of its own", pzstd_restore, 0.80, large=whole),
            Pair("compress -3, pipe to pipe", ours(f"-j{j}", "-3", "-q", **piped), f"zstd -T{j} -3, same pipes",
                 Command(["zstd", f"-T{j}", "-3", "-q"], **piped), 0.90),
            Pair("one 1 KiB file", ours("-q", "-f", "-o", "ours.out", "small", output="ours.out"), "zstd",
                 Command(["zstd", "-q", "-f", "-o", "zstd.out", "small"], "zstd.out"), 2.0, small=True),
            Pair("--version", ours("--version"), "zstd", Command(["zstd", "--version"]), 2.2, small=True),
            Pair("hash, sha256, one 1 KiB file", ours("hash", "-a", "sha256", "small"), "sha256sum",
                 Command(["sha256sum", "small"]), 3.0, small=True),
            Pair("decompress own file, pipe to pipe",
                 ours("-d", f"-j{j}", "-q", stdin="own.zst", piped=True), "zstd -d, same pipes",
                 Command(["zstd", "-d", "-q"], stdin="own.zst", piped=True)),
            Pair("test own file", ours("test", f"-j{j}", "own.zst"), "zstd -t",
                 Command(["zstd", "-t", "-q", "own.zst"])),
        ]
        if base := self.options.base:
            words = [*restore.argv[1:-2], "base.out", "own.zst"]
            older = Command([base, *words], "base.out", text=" ".join(["older-poolmap", *words]))
            pairs.append(Pair("decompress own file to a file, processor time", restore, "an older poolmap", older, 0.90,
                              large=whole, by="cpu"))
        return pairs

    def wanted(self, *words: str) -> bool:
        return self.options.only is None or re.search(self.options.only, " ".join(words)) is not None

    def add(self, result: Result) -> None:
        self.results.append(result)
        print(f"{result.work} / {result.against}: {result.value} {result.verdict}  ({result.figures})", flush=True)

    def compare(self, pair: Pair) -> None:
        count = self.options.small_pairs if pair.small else self.options.pairs
        if pair.large:
            count = max(9, count)
            pair.ours.touched = pair.theirs.touched = pair.large
        for command in (pair.ours, pair.theirs):
            inputs.need(self, [*command.argv, command.stdin])
        ours, theirs = [], []
        for number in range(count + 1):
            for command, measures in ((pair.ours, ours), (pair.theirs, theirs)):
                measure = run(command)
                if number > 0:
                    measures.append(measure)
            if number == 0 and pair.same_as and not filecmp.cmp(pair.ours.output, pair.same_as, shallow=False):
                raise SystemExit(f"bench: {pair.work}: the output is not {pair.same_as}")
        ratios = [getattr(one, pair.by) / getattr(other, pair.by) for one, other in zip(ours, theirs)]
        ratio = statistics.median(ratios)
        figures = f"{middle(ours, 'wall')} against {middle(theirs, 'wall')}, " \
                  f"CPU {middle(ours, 'cpu')} against {middle(theirs, 'cpu')}, " \
                  f"{count} pairs, {min(ratios):.2f} to {max(ratios):.2f}"
        commands = [pair.ours.shown(self.poolmap), pair.theirs.shown(self.poolmap)]
        self.add(Result(pair.work, pair.against, figures, f"{ratio:.2f} ×", at_most(pair.target, "{:.2f} ×"),
                        verdict(ratio, pair.target), commands))
        if pair.size_target:
            sizes = [os.path.getsize(command.output) for command in (pair.ours, pair.theirs)]
            self.add(Result(f"{pair.work}, size of the output", pair.against,
                            f"{sizes[0]:,} against {sizes[1]:,} bytes", f"{sizes[0] / sizes[1]:.4f} ×",
                            at_most(pair.size_target, "{:.2f} ×"),
                            verdict(sizes[0] / sizes[1], pair.size_target), commands))

    @staticmethod
    def pair(work: str, ours: Command, against: str, theirs: Command, target: float | None) -> Pair:
        return Pair(work, ours, against, theirs, target)

    def add_value(self, work, against, figures, value, target, form, commands) -> None:
        """A row whose figure is not a ratio."""
        self.add(Result(work, against, figures, form.format(value), at_most(target, form), verdict(value, target),
                        commands))

    def add_least(self, work, figures, value, target, form, commands) -> None:
        """A row with a figure that should be large."""
        met = "" if target is None else "met" if value >= target else "not met"
        shown = "" if target is None else "at least " + form.format(target)
        self.add(Result(work, "", figures, form.format(value), shown, met, commands))

    def share(self) -> None:
        j = self.jobs
        command = Command([self.poolmap, f"-j{j}", "-3", "-q", "-f", "-o", "ours.out", "linux.tar"], "ours.out")
        runs = [accounts(command) for _ in range(max(3, self.options.pairs))]
        shares = [one.serial / (one.serial + one.workers) * 100 for one in runs]
        value = statistics.median(shares)
        figures = f"{len(shares)} runs, {min(shares):.2f} to {max(shares):.2f} %"
        self.add(Result("front + manager CPU, compress -3", "all CPU of the job", figures, f"{value:.2f} %", "5 %",
                        verdict(value, 5), [command.shown(self.poolmap)]))

    def memory(self) -> None:
        j = self.jobs
        inputs.need(self, ["own.zst", "random"])
        self.restore_memory("poolmap", [self.poolmap, "-d", f"-j{j}", "-q"])
        self.restore_memory("zstd", ["zstd", "-d", "-q"])
        tools = {"poolmap": [self.poolmap, f"-j{j}"], "zstd": ["zstd", f"-T{j}"], "pzstd": ["pzstd", "-p", j]}
        for source, noun in (("linux.tar", "the tar"), ("random", "data that does not compress")):
            for tool in tools:
                for from_pipe in (False, True):
                    if tool != "poolmap" and (from_pipe or source == "random"):
                        continue
                    end = [] if from_pipe else [source]
                    stdin = source if from_pipe else None
                    command = Command([*tools[tool], "-3", "-q", "-f", "-c", *end], stdin=stdin, piped=True)
                    peaks = [peak_memory(command) / MIB for _ in range(self.options.memory_runs)]
                    target = 96 if tool == "poolmap" else None
                    where = "from a pipe" if from_pipe else "from a file"
                    self.add(Result(f"peak memory, -3, {noun} {where}", "" if tool == "poolmap" else f"({tool})",
                                    f"highest of {len(peaks)} runs, lowest {min(peaks):.1f}", f"{max(peaks):.1f} MiB",
                                    at_most(target, "{} MiB"), verdict(max(peaks), target),
                                    [command.shown(self.poolmap)]))

    def restore_memory(self, tool: str, argv: list[str]) -> None:
        command = Command([*argv, "-f", "-o", "ours.out", "own.zst"], "ours.out")
        peaks = [peak_memory(command) / MIB for _ in range(self.options.memory_runs)]
        self.add(Result("peak memory, decompress own file", "" if tool == "poolmap" else f"({tool})",
                        f"highest of {len(peaks)} runs, lowest {min(peaks):.1f}", f"{max(peaks):.1f} MiB",
                        commands=[command.shown(self.poolmap)]))

    def run(self) -> None:
        for pair in self.pairs():
            if self.wanted(pair.work, pair.against):
                self.compare(pair)
        if self.wanted("CPU share"):
            self.share()
        if self.wanted("memory"):
            self.memory()
        batch.run(self)
        hashing.run_rows(self)
        mapping.run_rows(self)
        parts.run_rows(self)
        cluster.run_rows(self)
        serial.run(self)


def middle(measures: list[Measure], name: str) -> str:
    seconds = statistics.median(getattr(measure, name) for measure in measures)
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.2f} ms"


def at_most(target: float | None, form: str) -> str:
    return "" if target is None else form.format(target)


# --- The report ------------------------------------------------------------------------------------------------------


def first_line(*argv: str) -> str:
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else "unknown"


def commit() -> str:
    git = ["git", "-C", str(HERE)]
    revision = first_line(*git, "rev-parse", "--short=12", "HEAD")
    changed = subprocess.run([*git, "status", "--porcelain", "--", "Sources", "Package.swift"], stdout=subprocess.PIPE,
                             cwd=HERE.parent, text=True).stdout.strip()
    return f"{revision} with changes" if changed else revision


def cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", read("/proc/cpuinfo") or "", re.M)
    return found[1] if found else platform.machine()


def facts(bench: Bench) -> list[tuple[str, str]]:
    options = bench.options
    size = os.path.getsize("linux.tar")
    part = f" the first {size // MIB} MiB of" if options.quick else ""
    source = Path(options.input).name if options.input else f"{inputs.SOURCE.name}, unpacked"
    return [
        ("date", datetime.date.today().isoformat()),
        ("poolmap", f"{first_line(bench.poolmap, '--version')}, commit {commit()}"),
        ("zstd", first_line("zstd", "--version").strip("* ")),
        ("pzstd", first_line("pzstd", "--version")),
        ("b3sum", first_line("b3sum", "--version")),
        ("openssl", first_line("openssl", "version")),
        ("parallel", first_line("parallel", "--version")),
        ("processor", f"{cpu_model()}, {len(os.sched_getaffinity(0))} cores used of {os.cpu_count()}"),
        ("kernel", platform.release()),
        ("input", f"linux.tar:{part} {source}, {size:,} bytes, on tmpfs, page cache warm"),
        ("load before", " ".join(f"{load:.2f}" for load in bench.load)),
        ("repeat with", "`" + " ".join(["Benchmarks/bench.py", *sys.argv[1:]]) + "`, or `make bench`"),
    ]


def report(bench: Bench) -> str:
    lines = ["# Benchmark run", ""]
    lines += [f"- {name}: {value}" for name, value in facts(bench)]
    lines += ["", "Ratios are ours divided by theirs: below 1 is less time. The figure is the median of the pairwise",
              "ratios; pairs ran alternately, after one that is not counted. Times are medians.", "", "## Figures", ""]
    lines += ["| work | against | measured | at most | verdict |", "|---|---|---:|---:|---|"]
    lines += [f"| {r.work} | {r.against} | {r.value} | {r.target} | {r.verdict} |" for r in bench.results]
    lines += ["", "## Details", "", "| work | against | times, sizes, spread |", "|---|---|---|"]
    lines += [f"| {r.work} | {r.against} | {r.figures} |" for r in bench.results]
    lines += ["", "## Commands", "", "Each ran in a folder on tmpfs, after the previous target was removed.", ""]
    shown = dict.fromkeys(command for r in bench.results for command in r.commands)
    return "\n".join(lines + ["```"] + list(shown) + ["```", ""])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--poolmap", default=str(HERE.parent / ".build-release/release/poolmap"))
    parser.add_argument("--pairs", type=int, help="counted pairs of each row (5; 2 with --quick; at least 9 for rows "
                        "that write much)")
    parser.add_argument("--runs", type=int, help="counted runs of each row of serial time (5; 2 with --quick)")
    parser.add_argument("--jobs", type=int, default=2, help="workers and threads on both sides, and cores used (2)")
    parser.add_argument("--quick", action="store_true", help="256 MiB of the input, few pairs, nothing saved")
    parser.add_argument("--only", metavar="REGEX", help="only the rows whose name matches")
    parser.add_argument("--input", help="a tar to use instead of the Linux source")
    parser.add_argument("--base", metavar="PROGRAM", help="an older poolmap, for the rows that compare with one")
    parser.add_argument("--b3sum-avx2", metavar="PROGRAM", help="a b3sum without AVX-512, for the row that has none "
                        "either; on a CPU without it, b3sum")
    parser.add_argument("--name", help="save as runs/DATE-NAME.md ('linux' unless --quick or --only)")
    options = parser.parse_args()
    options.pairs = options.pairs or (2 if options.quick else 5)
    options.small_pairs = 40 if options.quick else 300
    options.memory_runs = 1 if options.quick else 3
    options.serial_runs = options.runs or (2 if options.quick else 5)
    if options.base:
        options.base = str(Path(options.base).resolve())
    if options.b3sum_avx2:
        options.b3sum_avx2 = shutil.which(options.b3sum_avx2) or parser.error("there is no " + options.b3sum_avx2)
        options.b3sum_avx2 = str(Path(options.b3sum_avx2).resolve())
    if options.input:
        options.input = str(Path(options.input).resolve())
    if options.name is None and not options.quick and options.only is None:
        options.name = "linux"
    return options


def main() -> None:
    options = parse()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[: options.jobs])
    bench = Bench(options)
    bench.load = os.getloadavg()
    if bench.load[0] > 0.3:
        print(f"bench: the machine is busy (load {bench.load[0]:.2f}); the figures will vary", file=sys.stderr)
    scratch = tempfile.mkdtemp(prefix="poolmap-bench.", dir="/dev/shm")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        os.chdir(scratch)
        inputs.unpack(options)
        bench.run()
        text = report(bench)
    finally:
        os.chdir("/")
        shutil.rmtree(scratch)
    print("\n" + text)
    if options.name:
        path = HERE / "runs" / f"{datetime.date.today().isoformat()}-{options.name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(f"saved as Benchmarks/runs/{path.name}")


main()
