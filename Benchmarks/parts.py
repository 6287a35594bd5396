"""The rows about parts of a job and join. Each makes its input in the current folder when it needs it."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import batch
from measure import MIB, Command, peak_memory

PARTS = 4
NAMES = 10_000_000


def run_rows(bench) -> None:
    p, j = bench.poolmap, bench.jobs

    def line(text: str, **more) -> Command:
        return Command(["sh", "-ec", text], text=text.replace(p, "poolmap"), **more)

    compress = f"{p} compress -j{j} -3 -q"
    clean = batch.remove_outputs(".", "parts.zst*")
    numbers = " ".join(str(number) for number in range(1, PARTS + 1))
    loop = f"for i in {numbers}; do {compress} --part $i/{PARTS} -o parts.zst linux.tar; done"
    join = f"{p} join -o parts.zst parts.zst.part-*"
    packed = 512 * MIB
    work = f"compress -3 in {PARTS} parts in turn, and join"
    if bench.wanted(work, "one run"):
        bench.compare(bench.pair(work, line(f"{loop}; {join}", before=clean, touched=packed), "one run",
                                 line(f"{compress} -o whole.zst linux.tar", output="whole.zst", touched=packed), 1.05))
        os.unlink("whole.zst")
        clean()
    work = "join of compress's parts, copying"
    if bench.wanted(work, "cat of the parts"):
        subprocess.run(["sh", "-ec", loop], check=True)
        bench.compare(bench.pair(work, line(join, output="parts.zst", touched=packed), "cat of the parts",
                                 line("cat parts.zst.part-* > parts.cat", output="parts.cat", touched=packed), 1.1))
    for path in Path().glob("parts.*"):
        path.unlink()
    shared = [f"join of {word}'s parts where blocks are shared" for word in ("compress", "decompress")]
    if any(bench.wanted(work, "xfs") for work in shared):
        sharing(bench, shared)
    work = f"compress -3, 29530 files in {PARTS} parts in turn"
    if bench.wanted(work, "one run") and (names := batch.kernel_sources()):
        many_files(bench, work, names, numbers)
    work = "planning of a part in a list of 10 million names"
    if bench.wanted(work):
        planning(bench, work)


def sharing(bench, works: list[str]) -> None:
    """On xfs, from a file on a loop device; skipped if that cannot be mounted."""
    p, j = bench.poolmap, bench.jobs
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        image, mount = f"{folder}/image", f"{folder}/mount"
        os.mkdir(mount)
        os.truncate(os.open(image, os.O_CREAT | os.O_WRONLY, 0o600), 8 << 30)
        try:
            subprocess.run(["mkfs.xfs", "-q", image], check=True)
            subprocess.run(["mount", "-o", "loop", image, mount], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            return print(f"bench: no xfs on a loop device; skipping its rows: {error}", flush=True)
        try:
            subprocess.run([p, f"-j{j}", "-3", "-q", "-f", "-o", "own.zst", "linux.tar"], check=True)
            for work, words in zip(works, (["compress", "-3", "linux.tar"], ["decompress", "own.zst"])):
                if not bench.wanted(work, "xfs"):
                    continue
                target = f"{mount}/{words[0]}"
                for number in range(1, PARTS + 1):
                    subprocess.run([p, *words, f"-j{j}", "-q", "--part", f"{number}/{PARTS}", "-o", target], check=True)
                os.sync()
                parts = sorted(str(path) for path in Path(mount).glob(f"{words[0]}.part-*"))
                times = []
                for _ in range(max(9, bench.options.pairs)):
                    Path(target).unlink(missing_ok=True)
                    start = time.monotonic()
                    subprocess.run([p, "join", f"-j{j}", "-o", target, *parts], check=True)
                    times.append(time.monotonic() - start)
                bench.add_value(work, "xfs", f"{len(times)} runs, {min(times):.3f} to {max(times):.3f} s",
                                statistics.median(times), 0.1, "{:.3f} s",
                                [f"poolmap join -j{j} -o {words[0]} {words[0]}.part-*"])
        finally:
            subprocess.run(["umount", mount], check=True)


def many_files(bench, work: str, names: list[str], numbers: str) -> None:
    for copy in range(10):
        for name in names:
            target = Path(f"trees/{copy}") / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, target)
    shutil.rmtree("tree")
    clean = batch.remove_outputs("trees")
    one = f"{bench.poolmap} compress -j{bench.jobs} -3 -q -r"

    def line(text: str) -> Command:
        return Command(["sh", "-ec", text], text=text.replace(bench.poolmap, "poolmap"), before=clean)

    bench.compare(bench.pair(work, line(f"for i in {numbers}; do {one} --part $i/{PARTS} trees; done"), "one run",
                             line(f"{one} trees"), 1.08))
    shutil.rmtree("trees")


def planning(bench, work: str) -> None:
    """One of so many parts that it has hardly a name, so that only the pass through the list is measured."""
    with open("names", "w") as names:
        for number in range(NAMES // (10 if bench.options.quick else 1)):
            names.write(f"projects/data/set{number % 1000:04}/sample-{number:08}.fastq\n")
    # The names do not exist: those of this part fail, which `true` hides.
    text = f"{bench.poolmap} test -qq --files-from names --part 1/1000000 || true"
    command = Command(["sh", "-c", text])
    times, peaks = [], []
    for _ in range(max(3, bench.options.memory_runs)):
        start = time.monotonic()
        subprocess.run(command.argv, check=True)
        times.append(time.monotonic() - start)
        peaks.append(peak_memory(command) / MIB)
    shown = ["poolmap test --files-from names --part 1/1000000"]
    bench.add_value(work, "", f"{len(times)} runs, {min(times):.2f} to {max(times):.2f} s", statistics.median(times), 8,
                    "{:.2f} s", shown)
    bench.add_value(f"{work}, peak memory", "", f"highest of {len(peaks)} runs", max(peaks), 200, "{:.1f} MiB", shown)
    os.unlink("names")
