"""The files that rows read, in the current folder, which is on tmpfs. Each is made when a row first needs it."""

import os
import signal
import subprocess
from pathlib import Path

from measure import MIB

SOURCE = Path("/usr/src/linux-source-6.1.tar.xz")


def unpack(options) -> None:
    """Makes linux.tar; a tar on the same tmpfs gets a second name."""
    limit = 256 * MIB if options.quick else None
    if options.input:
        if limit is None and os.stat(options.input).st_dev == os.stat(".").st_dev:
            os.link(options.input, "linux.tar")
            return
        source, process = open(options.input, "rb"), None
    else:
        print(f"unpacking {SOURCE}", flush=True)
        process = subprocess.Popen(["xz", "-dc", str(SOURCE)], stdout=subprocess.PIPE)
        source = process.stdout
    with open("linux.tar", "wb") as target:
        while (limit is None or target.tell() < limit) and (block := source.read(4 * MIB)):
            target.write(block)
    source.close()
    if process and process.wait() not in (0, -signal.SIGPIPE):
        raise SystemExit("bench: the source could not be unpacked")


def need(bench, names: list[str | None]) -> None:
    """Makes those of the names that are inputs and do not exist yet."""
    makers = {"own.zst": own, "pzstd.zst": pzstd, "small": small, "random": random}
    for name in names:
        if name in makers and not os.path.exists(name):
            makers[name](bench)


def own(bench) -> None:
    subprocess.run([bench.poolmap, "-3", "-q", "-o", "own.zst", "linux.tar"], check=True)


def pzstd(bench) -> None:
    subprocess.run(["pzstd", "-p", bench.jobs, "-3", "-q", "-o", "pzstd.zst", "linux.tar"], check=True)


def small(bench) -> None:
    with open("linux.tar", "rb") as tar:
        tar.seek(MIB)
        Path("small").write_bytes(tar.read(1024))


def random(bench) -> None:
    with open("random", "wb") as target:
        for _ in range(128 if bench.options.quick else 1024):
            target.write(os.urandom(MIB))
