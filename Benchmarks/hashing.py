"""The rows about digests: against b3sum, openssl and cat. Each makes its input in the current folder when it needs it."""

import os
import shutil
import statistics
import subprocess
from pathlib import Path

import batch
from measure import MIB, Command, peak_memory, run


def run_rows(bench) -> None:
    p, j = bench.poolmap, bench.jobs

    def ours(*argv, **more):
        return Command([p, "hash", f"-j{j}", *argv], **more)

    b3sum = ["b3sum", "--num-threads", j]
    rows = [
        ("hash, blake3, one file", ours("linux.tar"), "b3sum", Command([*b3sum, "linux.tar"]), 1.0),
        ("hash, blake3, from a pipe", ours(stdin="linux.tar"), "b3sum, same pipe",
         Command(b3sum, stdin="linux.tar"), 0.75),
        ("hash, sha256, one file", ours("-a", "sha256", "linux.tar"), "openssl dgst -sha256",
         Command(["openssl", "dgst", "-sha256", "linux.tar"]), 0.95),
        ("hash, s3-etag, one file", ours("-a", "s3-etag", "linux.tar"), "openssl dgst -md5",
         Command(["openssl", "dgst", "-md5", "linux.tar"]), 0.6),
        ("hash, crc32c, one file", ours("-a", "crc32c", "linux.tar"), "cat of it to a pipe",
         Command(["cat", "linux.tar"], piped=True), 0.6),
        ("hash, blake3 and sha256 in one read", ours("-a", "blake3", "-a", "sha256", "linux.tar"),
         "b3sum and openssl at once", Command(["sh", "-c", "b3sum linux.tar & openssl dgst -sha256 linux.tar; wait"]),
         None),
    ]
    for work, command, against, theirs, target in rows:
        if bench.wanted(work, against):
            bench.compare(bench.pair(work, command, against, theirs, target))
    if bench.options.b3sum_avx2 and bench.wanted("hash, blake3, one file, AVX2"):
        avx2 = Command(["env", "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F", p, "hash", f"-j{j}", "linux.tar"])
        theirs = Command([bench.options.b3sum_avx2, "--num-threads", j, "linux.tar"],
                         text=f"b3sum --num-threads {j} linux.tar, built without AVX-512")
        bench.compare(bench.pair("hash, blake3, one file, AVX2", avx2, "b3sum", theirs, 0.95))
    if bench.wanted("hash one core"):
        one_core(bench)
    if bench.wanted("hash 200 files"):
        many_files(bench)
    if bench.wanted("hash 2953 files") or bench.wanted("hash --check, 2953 files"):
        small_files(bench)
    if bench.wanted("hash --check, 100000 lines"):
        small_lines(bench)
    if bench.wanted("hash memory"):
        memory(bench)


def one_core(bench) -> None:
    """The user time, which is the hash alone: reading counts as system time."""
    ours = Command([bench.poolmap, "hash", "-j1", "linux.tar"])
    theirs = Command(["b3sum", "--num-threads", "1", "linux.tar"])
    ratios = []
    for number in range(bench.options.pairs + 1):
        one, other = run(ours), run(theirs)
        if number > 0:
            ratios.append(one.user / other.user)
    bench.add_value("hash, blake3, one core, user time", "b3sum --num-threads 1",
                    f"{len(ratios)} pairs, {min(ratios):.2f} to {max(ratios):.2f}", statistics.median(ratios), 1.1,
                    "{:.2f} ×", [ours.shown(bench.poolmap), theirs.shown(bench.poolmap)])


def many_files(bench) -> None:
    os.mkdir("files")
    names = [f"files/{index:03}" for index in range(200)]
    with open("linux.tar", "rb") as tar:
        for name in names:
            with open(name, "wb") as file:
                file.write(tar.read(5_000_000))
    with open("files/names", "w", encoding="ascii") as file:
        file.write("".join(name + "\n" for name in names))
    shown = f"poolmap hash -j{bench.jobs} -a sha256 files/…"
    ours = Command([bench.poolmap, "hash", f"-j{bench.jobs}", "-a", "sha256", *names], text=shown)
    # With one file per process, as people write it, and with only as many processes as cores.
    for count in (1, 200 // int(bench.jobs)):
        theirs = Command(["xargs", "-a", "files/names", f"-P{bench.jobs}", f"-n{count}", "openssl", "dgst", "-sha256"])
        bench.compare(bench.pair("hash, sha256, 200 files of 5 MB", ours,
                                 f"xargs -P{bench.jobs} -n{count} openssl dgst -sha256", theirs, 0.9))
    shutil.rmtree("files")


def small_files(bench) -> None:
    names = batch.kernel_sources()
    if not names:
        return
    hashed, theirs = f"poolmap hash -j{bench.jobs} tree/…", f"b3sum --num-threads {bench.jobs}"
    bench.compare(bench.pair(f"hash, blake3, {len(names)} files",
                             Command([bench.poolmap, "hash", f"-j{bench.jobs}", *names], text=hashed), "b3sum",
                             Command([*theirs.split(), *names], text=f"{theirs} tree/…"), 0.45))
    check(bench, f"hash --check, {len(names)} files", names, 0.55)
    shutil.rmtree("tree")


def small_lines(bench) -> None:
    """Files so small that the lines are all the work."""
    names = []
    for folder in range(100):
        os.makedirs(f"lines/{folder:02}")
        for index in range(1000):
            name = f"lines/{folder:02}/{index:03}"
            Path(name).write_bytes(b"%04d" % index)
            names.append(name)
    check(bench, f"hash --check, {len(names)} lines over files of 4 bytes", names, 1.0)
    shutil.rmtree("lines")


def check(bench, work: str, names: list[str], target: float) -> None:
    with open("digests", "wb") as digests:
        subprocess.run(["xargs", "b3sum"], input="\n".join(names).encode(), stdout=digests, check=True)
    ours = Command([bench.poolmap, "hash", f"-j{bench.jobs}", "--check", "digests"])
    theirs = Command(["b3sum", "--num-threads", bench.jobs, "--check", "digests"])
    bench.compare(bench.pair(work, ours, "b3sum --check", theirs, target))


def memory(bench) -> None:
    j = bench.jobs
    for where, end, stdin in (("from a file", ["linux.tar"], None), ("from a pipe", [], "linux.tar")):
        command = Command([bench.poolmap, "hash", f"-j{j}", *end], stdin=stdin)
        peaks = [peak_memory(command) / MIB for _ in range(bench.options.memory_runs)]
        bench.add_value(f"peak memory, hash, blake3, {where}", "", f"highest of {len(peaks)} runs", max(peaks), 64,
                        "{:.1f} MiB", [command.shown(bench.poolmap)])
    command = Command(["b3sum", "--num-threads", j, "linux.tar"])
    peaks = [peak_memory(command) / MIB for _ in range(bench.options.memory_runs)]
    bench.add_value("peak memory, blake3, from a file", "(b3sum)", f"highest of {len(peaks)} runs", max(peaks), None,
                    "{:.1f} MiB", [command.shown(bench.poolmap)])
