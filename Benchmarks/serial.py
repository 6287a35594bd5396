"""The rows of serial time: what the front and the pool's manager, of which there is one each, do for every piece.

However many workers there are, a run takes at least that long; so it determines how many cores one run keeps busy. The
time per piece is the difference between a long run and a short one of the same kind, divided by the difference of their
pieces: both include a start, with the fork of the manager and the workers.
"""

import os
import shutil
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

import batch
from measure import MIB, Accounts, Command, accounts

FOLDERS = 10
FEW = 64
SHORT_TAR = 32 * MIB


@dataclass
class Row:
    work: str
    unit: str
    pieces: int  # of the long run, minus those of the short one
    long: Command
    short: Command
    target: float  # microseconds per piece


def run(bench) -> None:
    small_files(bench)
    chunks(bench)
    one_file(bench)
    cores_fed(bench)


# --- Small files -----------------------------------------------------------------------------------------------------


def small_files(bench) -> None:
    works = ["compress -3", "decompress", "test", "hash blake3", "hash sha256"]
    names = [f"serial time, {work}, small files by {way}" for work in works for way in ("-r", "--files-from")]
    check = "serial time, hash --check"
    if not any(bench.wanted(name) for name in [*names, check]):
        return
    if not small_trees(bench):
        return
    restored = any(bench.wanted(name) for name in names if "decompress" in name or "test" in name)
    if restored:
        compressed_trees(bench)
    for name in names:
        if bench.wanted(name):
            compare(bench, small_file_row(bench, name))
    if bench.wanted(check):
        for tree in ("many", "few"):
            subprocess.run([bench.poolmap, "hash", "-r", "-o", f"{tree}.digests", tree], check=True)
        long, short = (Command([bench.poolmap, "hash", f"-j{bench.jobs}", "--check", "--status", f"{tree}.digests"])
                       for tree in ("many", "few"))
        compare(bench, Row(check, "a line", lines("many.names") - lines("few.names"), long, short, 3))
    for tree in ("many", "few", "many.compressed", "few.compressed"):
        shutil.rmtree(tree, ignore_errors=True)


def small_file_row(bench, name: str) -> Row:
    work, way = name.removeprefix("serial time, ").split(", small files by ")
    words = {"compress -3": ["-3", "-q"], "decompress": ["-d", "-q"], "test": ["test", "-q"],
             "hash blake3": ["hash"], "hash sha256": ["hash", "-a", "sha256"]}[work]
    suffix = ".compressed" if work in ("decompress", "test") else ""

    def command(tree: str) -> Command:
        given = ["-r", tree + suffix] if way == "-r" else ["--files-from", tree + suffix + ".names"]
        remove = {"compress -3": batch.remove_outputs(tree), "decompress": batch.remove_outputs(tree + suffix, "*.c")}
        return Command([bench.poolmap, *words, f"-j{bench.jobs}", *given], before=remove.get(work))

    return Row(name, "a file", lines("many.names") - lines("few.names"), command("many"), command("few"), 3)


def small_trees(bench) -> bool:
    """The C files of drivers/net, copied to each of ten folders, and a few of them."""
    names = batch.kernel_sources()
    if not names:
        return False
    for index in range(FOLDERS):
        shutil.copytree("tree", f"many/{index}")
    shutil.rmtree("tree")
    os.mkdir("few")
    every = sorted(Path("many/0").rglob("*.c"))
    for path in every[:: max(1, len(every) // FEW)][:FEW]:
        shutil.copy(path, f"few/{path.name}")
    for tree in ("many", "few"):
        write_names(tree, "*.c")
    return True


def compressed_trees(bench) -> None:
    for tree in ("many", "few"):
        subprocess.run([bench.poolmap, "-3", "-q", "-r", tree], check=True)
        for path in Path(tree).rglob("*.zst"):
            target = Path(tree + ".compressed", path.relative_to(tree))
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        write_names(tree + ".compressed", "*.zst")


def write_names(tree: str, pattern: str) -> None:
    paths = sorted(str(path) for path in Path(tree).rglob(pattern))
    Path(tree + ".names").write_text("".join(path + "\n" for path in paths))


def lines(name: str) -> int:
    return Path(name).read_bytes().count(b"\n")


# --- Chunks of one file ----------------------------------------------------------------------------------------------


def chunks(bench) -> None:
    for size, text, target in ((MIB // 16, "64K", 6), (MIB, "1M", 10)):
        name = f"serial time, compress -3 of the tar to /dev/null, chunks of {text}"
        if not bench.wanted(name):
            continue
        short_tar()
        long, short = (Command([bench.poolmap, "-3", "-q", f"-j{bench.jobs}", "--chunk-size", text, "-c", tar])
                       for tar in ("linux.tar", "short.tar"))
        pieces = (os.path.getsize("linux.tar") - SHORT_TAR) / size
        compare(bench, Row(name, "a chunk", pieces, long, short, target))


def one_file(bench) -> None:
    for algorithm in ("blake3", "crc32c"):
        name = f"serial time, hash {algorithm}, one file, above a short one"
        if not bench.wanted(name):
            continue
        short_tar()
        long, short = (Command([bench.poolmap, "hash", f"-j{bench.jobs}", "-a", algorithm, tar])
                       for tar in ("linux.tar", "short.tar"))
        compare(bench, Row(name, "a file", 1, long, short, 6000))


def short_tar() -> None:
    if not os.path.exists("short.tar"):
        with open("linux.tar", "rb") as tar:
            Path("short.tar").write_bytes(tar.read(SHORT_TAR))


# --- What is measured ------------------------------------------------------------------------------------------------


def compare(bench, row: Row) -> None:
    short = measured(row.short, max(9, bench.options.serial_runs))
    long = measured(row.long, bench.options.serial_runs)
    start = statistics.median(one.serial for one in short)
    values = [(one.serial - start) / row.pieces * 1e6 for one in long]
    front, manager, workers = (statistics.median(getattr(one, name) for one in long)
                               for name in ("front", "manager", "workers"))
    figures = f"front {front * 1000:.1f} ms, manager {manager * 1000:.1f}, workers {workers:.2f} s; short run " \
              f"{start * 1000:.1f} ms; {len(long)} runs, {min(values):.2f} to {max(values):.2f} µs"
    form = "{:,.2f} µs " + row.unit
    bench.add_value(row.work, "", figures, statistics.median(values), row.target, form,
                    [row.long.shown(bench.poolmap), row.short.shown(bench.poolmap)])


def cores_fed(bench) -> None:
    """The workers' time divided by the front's: the number of cores that one run keeps busy."""
    for words, target in ((["-3"], 40), (["-1", "--chunk-size", "8M"], 25), (["-3", "--chunk-size", "1M"], None),
                          (["-3", "--chunk-size", "64K"], None)):
        name = f"cores fed, compress {' '.join(words)} to a file"
        if not bench.wanted(name):
            continue
        command = Command([bench.poolmap, *words, "-q", f"-j{bench.jobs}", "-f", "-o", "ours.out", "linux.tar"],
                          "ours.out", touched=512 * MIB)
        runs = measured(command, bench.options.serial_runs)
        fed = [one.workers / one.front for one in runs]
        front, manager, workers = (statistics.median(getattr(one, field) for one in runs)
                                   for field in ("front", "manager", "workers"))
        figures = f"front {front * 1000:.1f} ms, manager {manager * 1000:.1f}, workers {workers:.2f} s; " \
                  f"{len(runs)} runs, {min(fed):.1f} to {max(fed):.1f}"
        bench.add_least(name, figures, statistics.median(fed), target, "{:.1f}", [command.shown(bench.poolmap)])


def measured(command: Command, count: int) -> list[Accounts]:
    return [accounts(command) for _ in range(count)]
