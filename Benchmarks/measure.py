"""Runs commands and measures them: wall clock, processor time, memory, how many processes are busy."""

import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20


@dataclass
class Measure:
    wall: float
    cpu: float
    user: float


@dataclass
class Command:
    """A program with its arguments, and how it gets its input: by name, or through pipes at both ends."""

    argv: list[str]
    output: str | None = None  # what the program makes; removed before each run
    stdin: str | None = None  # through a pipe, by cat
    piped: bool = False  # standard output into a pipe, drained by cat
    before: Callable[[], None] | None = None  # done before each run, and not measured
    text: str | None = None  # in place of the words, where those are too many to be shown

    def shown(self, poolmap: str) -> str:
        words = ["poolmap" if word == poolmap else word.replace(poolmap, "poolmap") for word in self.argv]
        text = self.text or " ".join(words)
        if self.stdin:
            text = f"cat {self.stdin} | {text}"
        return f"{text} | cat > /dev/null" if self.piped else text


class Running:
    """A started command. Its pipes' other ends are `cat` processes, whose CPU time is not counted."""

    def __init__(self, command: Command):
        if command.output and os.path.exists(command.output):
            os.unlink(command.output)
        if command.before:
            command.before()
        self.helpers = []
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        source, sink, both = null, null, []
        if command.stdin:
            source, feed = os.pipe2(os.O_CLOEXEC)
            both += [source, feed]
        if command.piped:
            drain, sink = os.pipe2(os.O_CLOEXEC)
            both += [drain, sink]
        self.start = time.monotonic()
        if command.stdin:
            self.helpers.append(spawn(["cat", command.stdin], null, feed))
        if command.piped:
            self.helpers.append(spawn(["cat"], drain, null))
        self.pid = spawn(command.argv, source, sink)
        for fd in both + [null]:
            os.close(fd)

    def finish(self) -> Measure:
        """Waits for all; the CPU time is that of the program and of every descendant that was waited for."""
        _, status, usage = os.wait4(self.pid, 0)
        for helper in self.helpers:
            os.waitpid(helper, 0)
        wall = time.monotonic() - self.start
        if status != 0:
            raise SystemExit(f"bench: a command ended with {os.waitstatus_to_exitcode(status)}")
        return Measure(wall, usage.ru_utime + usage.ru_stime, usage.ru_utime)

    def has_ended(self) -> bool:
        """Whether the program is over; it stays a zombie whose accounts can be read."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def tree(self) -> list[int]:
        """The program and its descendants."""
        pids = [self.pid]
        for pid in pids:
            try:
                pids += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            except OSError:
                continue
        return pids


def spawn(argv: list[str], stdin: int, stdout: int) -> int:
    actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)]
    # Python ignores SIGPIPE, and what is ignored stays so in a child.
    return os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions, setsigdef=[signal.SIGPIPE])


def run(command: Command) -> Measure:
    return Running(command).finish()


def peak_memory(command: Command) -> int:
    """The largest sum of the proportional set sizes of all processes, in bytes, sampled every 10 ms."""
    running, peak = Running(command), 0
    while not running.has_ended():
        total = 0
        for pid in running.tree():
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
            except OSError:  # it has just ended
                continue
            found = re.search(rb"^Pss:\s+(\d+) kB", rollup, re.M)
            total += int(found[1]) * 1024 if found else 0
        peak = max(peak, total)
        time.sleep(0.01)
    running.finish()
    return peak


def front_and_manager_share(command: Command) -> float:
    """The part of the job's CPU time that the front and the manager use, which do none of the work themselves.

    The front's is read when it is a zombie, the job's from wait4: both are exact to a clock tick. The manager is waited
    for by the front, so its time is read every 5 ms, and what it uses after the last reading is missing.
    """
    running, manager, manager_seconds = Running(command), None, 0.0
    while not running.has_ended():
        if manager is None:
            manager = next((pid for pid in running.tree()[1:] if process_name(pid) == "pool-manager"), None)
        else:
            manager_seconds = own_cpu(manager) or manager_seconds
        time.sleep(0.005)
    front_seconds = own_cpu(running.pid) or 0.0
    if manager is None:
        raise SystemExit("bench: the job had no manager process")
    return (front_seconds + manager_seconds) / running.finish().cpu


def own_cpu(pid: int) -> float | None:
    """User and system time of a process, without its children's; None once it is waited for."""
    stat = read(f"/proc/{pid}/stat")
    if stat is None:
        return None
    fields = stat.rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def process_name(pid: int) -> str:
    return (read(f"/proc/{pid}/comm") or "").strip()


def read(path: str) -> str | None:
    try:
        return Path(path).read_text()
    except OSError:
        return None


def most_busy(command: Command) -> int:
    """The most processes that were busy at a time: in a tenth of a second each used the processor for over half of it.

    make and what only waits are not among them.
    """
    running, most, before = Running(command), 0, {}
    interval = 0.1
    ticks = os.sysconf("SC_CLK_TCK")
    while not running.has_ended():
        now = {pid: seconds for pid in running.tree() if (seconds := own_seconds(pid, ticks)) is not None}
        busy = sum(1 for pid in now if pid in before and now[pid] - before[pid] > interval / 2)
        most = max(most, busy)
        before = now
        time.sleep(interval)
    running.finish()
    return most


def own_seconds(pid: int, ticks: int) -> float | None:
    """What the process itself has used, without children."""
    stat = read(f"/proc/{pid}/stat")
    if stat is None:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / ticks
