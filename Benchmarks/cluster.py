"""The row about parts under a real Slurm: that of the tests, on this machine only.

Slurm checks about once a second for jobs that it can start, so for a job of seconds its delays are as long as the work.
They are measured in the run itself, from the times at which its jobs wrote their notes (docs/cluster.md): how much later
the join began than if each part had begun as soon as a node was free. The rest is poolmap's: its start, the parts, the
lateness of the last one, the join, and the time until its end is noticed.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from measure import MIB, Command, run, touch_memory

NODES = 2


@dataclass
class Spans:
    """How the time of a run under Slurm is spent, in seconds."""

    whole: float
    delays: float
    join: float
    parts: list[float]

    @property
    def ours(self) -> float:
        return self.whole - self.delays


def run_rows(bench) -> None:
    work = f"compress -3 --engine slurm, {NODES} nodes of one core"
    if not bench.wanted(work, "one run"):
        return
    if shutil.which("sbatch") is None:
        return print("bench: no Slurm here; skipping its row", flush=True)
    # Four parts for each node, as docs/cluster.md advises.
    count = 4 * NODES
    one = Command([bench.poolmap, "compress", f"-j{NODES}", "-3", "-q", "-o", "whole.zst", "linux.tar"], "whole.zst",
                  touched=512 * MIB)
    line = [bench.poolmap, "compress", "-3", "-q", "--engine", "slurm", "--parts", str(count), "-o", "parts.zst",
            "linux.tar"]
    pairs = max(9, bench.options.pairs)
    ours, theirs = [], []
    with cluster() as environment:
        for number in range(pairs + 1):
            for name in ("parts.zst", "whole.zst"):
                Path(name).unlink(missing_ok=True)
            touch_memory(512 * MIB)
            spans = under_slurm(line, count, environment)
            Path("parts.zst").unlink()
            measure = run(one)
            if number > 0:
                ours.append(spans)
                theirs.append(measure.wall)
    Path("whole.zst").unlink()

    def middle(values) -> float:
        return statistics.median(values)

    ratios = [spans.ours / wall for spans, wall in zip(ours, theirs)]
    wholes = [spans.whole / wall for spans, wall in zip(ours, theirs)]
    figures = f"{middle(s.whole for s in ours):.2f} s, of which Slurm's delays {middle(s.delays for s in ours):.2f} s, " \
              f"the join {middle(s.join for s in ours):.2f} s, all parts {middle(sum(s.parts) for s in ours):.2f} s; " \
              f"against {middle(theirs):.2f} s; {pairs} pairs, {min(ratios):.2f} to {max(ratios):.2f}"
    shown = [Command(line).shown(bench.poolmap), one.shown(bench.poolmap)]
    bench.add_value(f"{work}, without Slurm's delays", "one run", figures, middle(ratios), 1.15, "{:.2f} ×", shown)
    bench.add_value(f"{work}, with them", "one run", "the same runs", middle(wholes), None, "{:.2f} ×", shown)


@contextmanager
def cluster():
    """Runs a Slurm with this many nodes; yields the environment in which its commands find it."""
    # munged requires that every user can reach its socket.
    folder = tempfile.mkdtemp(prefix="poolmap-slurm.")
    os.chmod(folder, 0o755)
    script = Path(__file__).resolve().parent / "cluster.sh"
    holder = subprocess.Popen([str(script), f"{folder}/cluster", str(NODES), "1"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    try:
        settings = holder.stdout.readline().strip()
        if not settings:
            raise SystemExit("bench: Slurm does not start")
        yield dict(os.environ, SLURM_CONF=settings)
    finally:
        holder.stdin.close()
        holder.wait(timeout=60)
        shutil.rmtree(folder)


def under_slurm(line: list[str], count: int, environment: dict) -> Spans:
    """Runs the line, and reads its folder of notes before the line ends and removes it."""
    folder = Path("parts.zst.engine")
    names = [f"part-{number}" for number in range(1, count + 1)]
    wanted = {"lock", "join.log", *(f"{name}.{end}" for name in names for end in ("log", "exit"))}
    times = {}
    start = time.time()
    process = subprocess.Popen(line, env=environment)
    while process.poll() is None:
        for name in wanted.intersection(os.listdir(folder) if folder.exists() else ()):
            try:
                # Each note is written once: -q leaves the logs empty.
                times[name] = (folder / name).stat().st_mtime
            except FileNotFoundError:  # just removed
                continue
            wanted.remove(name)
        if time.time() > start + 120:
            process.terminate()
            process.wait()
            raise SystemExit("bench: Slurm does not come to an end")
        time.sleep(0.02)
    whole = time.time() - start
    if process.returncode != 0 or wanted:
        raise SystemExit(f"bench: under Slurm poolmap ended with {process.returncode}, without {sorted(wanted)}")
    parts = [times[f"{name}.exit"] - times[f"{name}.log"] for name in names]
    free = [0.0] * NODES
    for part in parts:
        free[free.index(min(free))] += part
    delays = times["join.log"] - times["lock"] - max(free)
    return Spans(whole, delays, start + whole - times["join.log"], parts)
