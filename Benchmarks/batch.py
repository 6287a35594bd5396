"""The rows about many files, make and --resume. Each makes its input in the current folder when it needs it."""

import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path
from random import Random

from measure import MIB, Command, most_busy

MAKEFILE = """
FILES = $(wildcard file*[0-9])

all: $(addsuffix .zst,$(FILES))

%.zst: %
\t+@$(COMPRESS) -o $@ $<
"""


def run(bench) -> None:
    work = [part for part in ("2953 files", "large and small") if bench.wanted(part)]
    if work and (names := kernel_sources()):
        if "2953 files" in work:
            many_files(bench, names)
        if "large and small" in work:
            large_and_small(bench, names)
        shutil.rmtree("tree")
    if bench.wanted("5000 records"):
        records(bench)
    if bench.wanted("make -j2"):
        make(bench)
    if bench.wanted("--resume"):
        resume(bench)


def remove_outputs(folder: str, pattern: str = "*.zst"):
    """A function that removes all files that a run has made under a folder."""

    def remove() -> None:
        for path in Path(folder).rglob(pattern):
            path.unlink()

    return remove


def many(bench, work: str, names: list[str], folder: str, rows) -> None:
    """Compares poolmap on the names with each (against, argv, target)."""
    clean = remove_outputs(folder)
    ours = Command([bench.poolmap, f"-j{bench.jobs}", "-q", "-3", *names], before=clean,
                   text=f"poolmap -j{bench.jobs} -q -3 {folder}/…")
    for against, argv, target in rows:
        theirs = Command(argv, before=clean, text=f"{against}, the same files")
        bench.compare(bench.pair(work, ours, against, theirs, target))
    # The results of both are checked once.
    subprocess.run([bench.poolmap, "-q", "-f", *names], check=True)
    subprocess.run(["zstd", "-q", "-t", *[name + ".zst" for name in names]], check=True)
    clean()


def kernel_sources() -> list[str]:
    """Unpacks the C files of drivers/net; none if the input has no such folder."""
    wanted = []
    with tarfile.open("linux.tar") as tar:
        try:
            for entry in tar:
                path = entry.name.split("/", 1)[-1]
                if entry.isfile() and path.startswith("drivers/net/") and path.endswith(".c"):
                    wanted.append(entry)
        except tarfile.ReadError:
            # With --quick the tar is truncated, perhaps within the last file.
            wanted = wanted[:-1]
        for entry in wanted:
            entry.name = "tree/" + entry.name
            tar.extract(entry, filter="data")
    if not wanted:
        print("bench: no drivers/net in this input; skipping the rows that need its files", flush=True)
    return sorted(str(path) for path in Path("tree").rglob("*.c"))


def many_files(bench, names: list[str]) -> None:
    Path("names").write_text("".join(name + "\n" for name in names))
    many(bench, f"compress -3, {len(names)} files", names, "tree", [
        (f"zstd -T{bench.jobs} -3 FILES…", ["zstd", f"-T{bench.jobs}", "-q", "-3", *names], 0.55),
        (f"xargs -P{bench.jobs} -n64 zstd -3",
         ["xargs", "-a", "names", f"-P{bench.jobs}", "-n64", "zstd", "-q", "-3"], 0.72),
    ])


def large_and_small(bench, names: list[str]) -> None:
    with open("linux.tar", "rb") as tar:
        Path("tree/large").write_bytes(tar.read(400_000_000))
    some = ["tree/large", *names[:: max(1, len(names) // 500)][:500]]
    many(bench, f"compress -3, one file of 400 MB and {len(some) - 1} small ones", some, "tree", [
        (f"zstd -T{bench.jobs} -3 FILES…", ["zstd", f"-T{bench.jobs}", "-q", "-3", *some], 0.60),
    ])


def records(bench) -> None:
    """Small similar files, with a dictionary made from them, and without."""
    random = Random(1)
    os.mkdir("records")
    for index in range(5000):
        record = {"id": index, "user": random.choice(["ada", "grace", "linus", "ken", "dennis"]),
                  "created": f"2026-{random.randint(1, 12):02}-{random.randint(1, 28):02}T08:00:00Z",
                  "payload": {"status": random.choice(["done", "failed"]), "bytes": random.randint(0, 10**6),
                              "checksum": f"{random.getrandbits(64):016x}"},
                  "links": [f"https://api.example.org/v2/items/{index}/{name}" for name in ("self", "next", "owner")]}
        Path(f"records/{index:04}.json").write_text(json.dumps(record, indent=1))
    subprocess.run(["zstd", "-q", "--train", "-r", "records", "-o", "records.dict"], check=True)
    names = sorted(str(path) for path in Path("records").iterdir())
    clean = remove_outputs("records")

    def command(program: list[str], shown: str) -> Command:
        return Command([*program, "-q", "-3", *names], before=clean, text=f"{shown} -q -3 records/…")

    program = [bench.poolmap, f"-j{bench.jobs}"]
    ours = command([*program, "-D", "records.dict"], f"poolmap -j{bench.jobs} -D records.dict")
    theirs = command(["zstd", f"-T{bench.jobs}", "-D", "records.dict"], f"zstd -T{bench.jobs} -D records.dict")
    plain = command(program, f"poolmap -j{bench.jobs}")
    work = f"compress -3 -D, {len(names)} records"
    bench.compare(bench.pair(work, ours, f"zstd -T{bench.jobs} -3 -D", theirs, None))
    bench.compare(bench.pair(work, ours, "poolmap without -D", plain, None))
    sizes = []
    for options in (["-D", "records.dict"], []):
        clean()
        subprocess.run([*program, "-q", "-3", *options, *names], check=True)
        sizes.append(sum(path.stat().st_size for path in Path("records").glob("*.zst")))
    bench.add_value(f"{work}, size of the outputs", "without -D", f"{sizes[0]} and {sizes[1]} bytes",
                    sizes[0] / sizes[1], None, "{:.2f} ×", [ours.shown(bench.poolmap), plain.shown(bench.poolmap)])
    shutil.rmtree("records")


def make(bench) -> None:
    os.mkdir("made")
    with open("linux.tar", "rb") as tar:
        for index in range(8):
            Path(f"made/file{index}").write_bytes(tar.read(50_000_000))
    Path("made/Makefile").write_text(MAKEFILE)
    clean = remove_outputs("made")

    def command(compress: str) -> Command:
        return Command(["make", "-s", f"-j{bench.jobs}", "-C", "made", f"COMPRESS={compress}"], before=clean)

    ours = command(f"{bench.poolmap} -q -3")
    work = f"make -j{bench.jobs} over 8 files of 50 MB"
    bench.compare(bench.pair(work, ours, "the same with zstd -T1", command("zstd -T1 -q -3"), 1.02))
    busy = max(most_busy(ours) for _ in range(3))
    bench.add_value(f"{work}, most busy processes", f"-j{bench.jobs}", "3 runs, sampled ten times a second", busy,
                    int(bench.jobs), "{}", [ours.shown(bench.poolmap)])
    shutil.rmtree("made")


def resume(bench) -> None:
    options = [bench.poolmap, "compress", f"-j{bench.jobs}", "-q", "-3", "--resume", "-f", "-o", "resumed.zst", "linux.tar"]
    frames = os.path.getsize("linux.tar") / (8 * MIB)

    def remove() -> None:
        for name in ("resumed.zst", "resumed.zst.partial", "resumed.zst.resume"):
            Path(name).unlink(missing_ok=True)

    def interrupt() -> None:
        remove()
        process = subprocess.Popen(options)
        journal = Path("resumed.zst.resume")
        # A header of 64 bytes, and 20 for each frame: docs/resume.md.
        while not journal.exists() or journal.stat().st_size < 64 + 20 * 0.8 * frames:
            if process.poll() is not None:
                raise SystemExit("bench: the run ended before it could be interrupted")
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # Its workers then end by themselves.
        time.sleep(0.1)

    shown = " ".join(options).replace(bench.poolmap, "poolmap")
    resumed = Command(options, before=interrupt, text=f"{shown}, after kill -9 at 80 %")
    bench.compare(bench.pair("compress -3 --resume after a kill at 80 %", resumed, "the whole run",
                             Command(options, before=remove, text=shown), 0.35))
    remove()
