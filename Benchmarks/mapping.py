"""The rows about `poolmap map`: against GNU parallel, and against the plain program on the whole input.

`map` prints a line for each chunk, the plain program one for all; both sides end with the same sum.
"""

import os
import random
import subprocess
import sys
from pathlib import Path

import serial
from measure import MIB, Command

LOG_BYTES = 10**9
SUM = "awk '{s += $1} END {print s}'"
SPAWNS = 1000
# Starts a program that many times, and waits for it each time.
SPAWN = "import os\nfor _ in range({}): os.waitpid(os.posix_spawn('/bin/true', ['true'], os.environ), 0)"


def run_rows(bench) -> None:
    p, j = bench.poolmap, bench.jobs
    parallel = ["parallel", "--will-cite", "-k", f"-j{j}"]

    def ours(*argv, **more):
        return Command([p, "map", f"-j{j}", *argv], **more)

    def line(text: str, **more) -> Command:
        return Command(["sh", "-c", text], text=text.replace(p, "poolmap"), **more)

    def summed(words: str) -> Command:
        return line(f"{p} map -j{j} --lines {words} | {SUM}")

    def library(work: str) -> Command:
        program = Path(__file__).resolve().parent.parent / ".build-release/release/library-bench"
        return Command([str(program), work, "log"], text=f"library-bench {work} log")

    # Into a pipe: with output to /dev/null, grep stops at the first match.
    mawk = "mawk '{s += length($6)} END {print s}'"
    rows = [
        ("map, chunks of 8 MiB to zstd -3", ours("--chunk-size", "8M", "linux.tar", "--", "zstd", "-q", "-3", "-c"),
         "parallel --pipepart", Command([*parallel, "--pipepart", "-a", "linux.tar", "--block", "8M", "zstd", "-q", "-3",
                                         "-c"]), 0.65),
        ("map, the same from a pipe",
         ours("--chunk-size", "8M", "--", "zstd", "-q", "-3", "-c", stdin="linux.tar"), "parallel --pipe",
         Command([*parallel, "--pipe", "--block", "8M", "zstd", "-q", "-3", "-c"], stdin="linux.tar"), 0.40),
        ("map --lines to cat", ours("--lines", "log", "--", "cat"), "cat of it to cat", line("cat log | cat"), 1.0),
        ("map --lines to grep -c, summed", summed("log -- grep -c status=5"), "grep -c", line("grep -c status=5 log | cat"),
         0.60),
        ("map --lines to mawk, summed", summed(f"log -- {mawk}"), "mawk", line(f"{mawk} log"), 0.60),
        ("map --lines to sort, --reduce 'sort -m'",
         Command([p, "map", f"-j{j}", "--lines", "--chunk-size", "64M", "log", "--reduce", "sort -m {}", "--", "sort"]),
         "sort --parallel=2 -S 1G", Command(["sort", "--parallel=2", "-S", "1G", "log"]), 1.0),
        ("map --lines of a compressed file to grep -c, summed", summed("log.zst -- grep -c status=5"),
         "zstd -dc to grep -c", line("zstd -dc log.zst | grep -c status=5 | cat"), 0.50),
        ("map, 1000 chunks of 64 KiB to true", ours("--chunk-size", "64K", "small.log", "--", "true"),
         "parallel --pipepart", Command([*parallel, "--pipepart", "-a", "small.log", "--block", "64K", "true"]), 0.10),
        ("map -j1, 1000 chunks of 64 KiB to true",
         Command([p, "map", "-j1", "--chunk-size", "64K", "small.log", "--", "true"]), "1000 times posix_spawn and waitpid",
         Command([sys.executable, "-S", "-E", "-c", SPAWN.format(SPAWNS)], text="posix_spawn and waitpid, 1000 times"),
         1.3),
    ]
    words = "ChunkedMap in Swift: words of 1 GB, closure, 2 workers"
    rows += [(words, library("words"), "the same loop in one process, the file mapped", library("words-mapped"), 0.55),
             (words, library("words"), "the same loop in one process, the file read", library("words-alone"), 0.55)]
    wanted = [row for row in rows if bench.wanted(row[0], row[2])]
    serial_name = "serial time, map, chunks of 1 MiB to grep -c"
    if not wanted and not bench.wanted(serial_name):
        return
    make_log(bench)
    os.environ["LC_ALL"] = "C"
    for work, command, against, theirs, target in wanted:
        bench.compare(bench.pair(work, command, against, theirs, target))
    if bench.wanted(serial_name):
        long, short = (ours("--lines", "--chunk-size", "1M", name, "--", "grep", "-c", "status=5")
                       for name in ("log", "small.log"))
        pieces = (os.path.getsize("log") - os.path.getsize("small.log")) / MIB
        serial.compare(bench, serial.Row(serial_name, "a chunk", pieces, long, short, 20))


def make_log(bench) -> None:
    """A web server's log that repeats after 16 MB; its first 1000 chunks of 64 KiB; and the log compressed."""
    chance = random.Random(1)

    def line() -> str:
        day, hour, minute = chance.randint(1, 28), chance.randint(0, 23), chance.randint(0, 59)
        return f"2026-11-{day:02} {hour:02}:{minute:02} host{chance.randint(1, 40)} " \
               f"{chance.choice(['GET', 'POST', 'PUT'])} {chance.randint(1, 100000)} " \
               f"/api/v2/items/{chance.getrandbits(40):x} status={chance.choice([200, 200, 200, 404, 500])}\n"

    block = "".join(line() for _ in range(200_000)).encode()
    size = LOG_BYTES // 8 if bench.options.quick else LOG_BYTES
    with open("log", "wb") as log:
        while log.tell() < size:
            log.write(block)
    with open("log", "rb") as log:
        Path("small.log").write_bytes(log.read(SPAWNS << 16))
    subprocess.run([bench.poolmap, "-q", "-3", "-f", "-o", "log.zst", "log"], check=True)
