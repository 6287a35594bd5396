"""The rows about digests: against b3sum, openssl and cat. Each makes its input in the current folder when it is wanted."""

import os
import shutil
import statistics

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
    if bench.wanted("hash one core"):
        one_core(bench)
    if bench.wanted("hash 200 files"):
        many_files(bench)
    if bench.wanted("hash memory"):
        memory(bench)


def one_core(bench) -> None:
    """The user time, which is the hash alone: reading is the kernel's."""
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
    # With one file a process, as people write it, and with as few processes as there are cores.
    for count in (1, 200 // int(bench.jobs)):
        theirs = Command(["xargs", "-a", "files/names", f"-P{bench.jobs}", f"-n{count}", "openssl", "dgst", "-sha256"])
        bench.compare(bench.pair("hash, sha256, 200 files of 5 MB", ours,
                                 f"xargs -P{bench.jobs} -n{count} openssl dgst -sha256", theirs, 0.9))
    shutil.rmtree("files")


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
