"""Runs commands and measures them: wall clock, processor time, memory, number of busy processes."""

import ctypes
import errno
import mmap
import os
import re
import signal
import struct
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
    output: str | None = None  # the file that the program makes; removed before each run
    stdin: str | None = None  # through a pipe, by cat
    piped: bool = False  # standard output into a pipe, drained by cat
    before: Callable[[], None] | None = None  # called before each run, and not measured
    touched: int = 0  # bytes of memory to touch and free before each run, not measured either
    text: str | None = None  # shown instead of the words, if those are too many

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
        touch_memory(command.touched)
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
        """Waits for all; the CPU time is that of the program and of all descendants that were waited for."""
        _, status, usage = os.wait4(self.pid, 0)
        for helper in self.helpers:
            os.waitpid(helper, 0)
        wall = time.monotonic() - self.start
        if status != 0:
            raise SystemExit(f"bench: a command ended with {os.waitstatus_to_exitcode(status)}")
        return Measure(wall, usage.ru_utime + usage.ru_stime, usage.ru_utime)

    def has_ended(self) -> bool:
        """Whether the program has ended; it stays a zombie whose accounting can be read."""
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
    # Python ignores SIGPIPE, and children inherit that.
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


@dataclass
class Accounts:
    """The processor time of a run of poolmap by process, in seconds."""

    front: float
    manager: float  # of the pool; 0 if the front did the work itself
    workers: float

    @property
    def serial(self) -> float:
        return self.front + self.manager


def accounts(command: Command) -> Accounts:
    """Runs the command; the front's time is read when it is a zombie, the job's from wait4: both are exact.

    The front reaps the manager, so the manager's accounting is gone before another process can read its final value. Its
    time comes from a performance event, which counts nanoseconds and can be read after the task has ended. The event is
    opened when the manager is first seen, some tenths of a millisecond after the fork; the time used by then is in its
    schedstat, which may lag by a tick of the kernel's clock if the manager is running. So the figure may be too small by
    that much, in long runs and in short ones.
    """
    while True:
        running, manager = Running(command), None
        while manager is None and not running.has_ended():
            manager = next((pid for pid in running.tree()[1:] if process_name(pid) == "pool-manager"), None)
            time.sleep(0.0001)
        clock = TaskClock(manager) if manager else None
        os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOWAIT)
        front = scheduled(running.pid) or 0.0
        used = clock.finish() if clock else 0.0
        whole = running.finish().cpu
        if used is not None:
            return Accounts(front, used, whole - front - used)


class TaskClock:
    """Counts the processor time of a task until it ends."""

    def __init__(self, pid: int):
        attributes = bytearray(128)
        struct.pack_into("IIQ", attributes, 0, 1, len(attributes), 1)  # PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK
        buffer = (ctypes.c_char * len(attributes)).from_buffer(attributes)
        number = {"x86_64": 298}.get(os.uname().machine, 241)  # perf_event_open
        self.fd = ctypes.CDLL(None, use_errno=True).syscall(number, buffer, pid, -1, -1, 8)  # PERF_FLAG_FD_CLOEXEC
        if self.fd < 0 and ctypes.get_errno() != errno.ESRCH:
            raise SystemExit(f"bench: no performance event: {os.strerror(ctypes.get_errno())}; "
                             "see /proc/sys/kernel/perf_event_paranoid")
        self.before = scheduled(pid) or 0.0

    def finish(self) -> float | None:
        """None if the task ended before it could be counted."""
        if self.fd < 0:
            return None
        count = struct.unpack("Q", os.read(self.fd, 8))[0] / 1e9
        os.close(self.fd)
        return self.before + count


def scheduled(pid: int) -> float | None:
    """User and system time of a process, without its children's, to the nanosecond; None once it is reaped."""
    schedstat = read(f"/proc/{pid}/schedstat")
    return int(schedstat.split()[0]) / 1e9 if schedstat else None


def touch_memory(size: int) -> None:
    """Touches and frees this much memory: if it has not been touched for long, that costs several times more.

    Otherwise the next program to run would pay for it.
    """
    if size > 0:
        with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
            memory.madvise(23)  # MADV_POPULATE_WRITE


def process_name(pid: int) -> str:
    return (read(f"/proc/{pid}/comm") or "").strip()


def read(path: str) -> str | None:
    try:
        return Path(path).read_text()
    except OSError:
        return None


def most_busy(command: Command) -> int:
    """The largest number of busy processes: those that used the processor for over half of a tenth of a second.

    make and processes that only wait do not count.
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
    """The time that the process itself has used, without children."""
    stat = read(f"/proc/{pid}/stat")
    if stat is None:
        return None
    fields = stat.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / ticks
