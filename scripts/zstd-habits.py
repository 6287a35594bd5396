#!/usr/bin/env python3
"""Compares poolmap with the installed zstd, command line by command line: scripts/zstd-habits.py POOLMAP [PART…]

Each line of Tests/habits/*.txt runs twice, each time in a fresh copy of the folder that folder.sh there makes: once with
poolmap under the names poolmap, zstd, unzstd, zstdcat and zstdmt, once with zstd under them. It compares
  exit      the exit code: 0, not 0, or a crash
  files     which files, folders and links exist afterwards
  content   their contents, with each Zstandard file decompressed first
  mode      their permissions
  time      their modification times, if they are those of files in the folder: any later time is `new`
  holes     whether a file takes much less space than its length
  output    standard output, also decompressed

Each difference must be listed in differences.txt, under the row of docs/zstd.md that describes it:

    [a row's first cell]
    exit output | the line

and each listed line must differ in exactly these aspects. README.md repeats some of those rows, word for word. PART
selects the lines that contain it.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent.parent
TABLES = HERE / "Tests" / "habits"
NAMES = ("poolmap", "zstd", "unzstd", "zstdcat", "zstdmt")
ASPECTS = ("exit", "files", "content", "mode", "time", "holes", "output")
KINDS = {stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFREG: "file"}
MAGIC = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
# All files of the folder are older than this.
NEW = 1_000_000_000
# Turns a hang into an error; nothing else depends on it.
LIMIT_SECONDS = 120
CRASHES = {128 + number for number in (signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV)}
# Root may read and write everything, which would hide the errors that a user sees.
AS_USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] if os.geteuid() == 0 else []
OWNER = (65534, 65534) if os.geteuid() == 0 else (-1, -1)


# In memory, where --rm need not wait for a disk.
PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def lines_of(path):
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def read_differences(path):
    """The listed aspects of each line, and the named rows of docs/zstd.md."""
    listed, rows = {}, []
    for line in lines_of(path):
        if line.startswith("["):
            rows.append(line.strip()[1:-1])
            continue
        aspects, _, command = line.partition(" | ")
        wrong = set(aspects.split()) - set(ASPECTS)
        if not command or wrong or not rows or command in listed:
            sys.exit(f"{path}: invalid or duplicate line: {line}")
        listed[command] = set(aspects.split())
    return listed, rows


def rows_of(text):
    """The rows of all tables in the text, by their first cells."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| | ")]
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in lines}
    if len(rows) < len(lines):
        sys.exit(f"zstd-habits: a row is there twice: {len(lines)} rows, {len(rows)} first cells")
    return rows


def complaints_about_tables(named):
    """Disagreements of docs/zstd.md, the rows of it in README.md, and differences.txt."""
    all_rows = rows_of((HERE / "docs" / "zstd.md").read_text())
    section = (HERE / "README.md").read_text().split("\n## Differences from zstd\n")[1].split("\n## ")[0]
    repeated = rows_of(section)
    complaints = [f"docs/zstd.md has no row: {row}" for row in named if row not in all_rows]
    complaints += [
        f"README.md has a row that is not in docs/zstd.md, or not in the same words: {row}"
        for row, line in repeated.items() if all_rows.get(row) != line
    ]
    if not repeated or "](docs/zstd.md)" not in section:
        complaints.append("README.md has no rows of docs/zstd.md, or no link to it")
    return [[complaint] for complaint in complaints]


class Contents:
    """Decompresses bytes, the same ones only once."""

    def __init__(self, zstd, folder):
        self.zstd = zstd
        self.dictionaries = folder / "dict", folder / "rawdict"
        self.known = {}

    def of(self, data):
        layers = 0
        while MAGIC.match(data):
            content = self.decompressed(data)
            if content is None:
                return layers, "damaged", hashlib.sha256(data).hexdigest()
            data = content
            layers += 1
        return layers, len(data), data[:60], hashlib.sha256(data).hexdigest()

    def decompressed(self, data):
        key = hashlib.sha256(data).digest()
        if key not in self.known:
            # Another thread may do the same at the same time, with the same result.
            self.known[key] = self.newly_decompressed(data)
        return self.known[key]

    def newly_decompressed(self, data):
        for dictionary in None, *self.dictionaries:
            command = [self.zstd, "-q", "-dc", "--long=31", *(("-D", dictionary) if dictionary else ())]
            done = subprocess.run(command, input=data, capture_output=True, check=False)
            if done.returncode == 0:
                return done.stdout
        return None


class Comparison:
    def __init__(self, root):
        self.root = root
        self.folder = root / "folder"
        self.contents = Contents(root / "zstd" / "zstd", self.folder)

    def differences(self, number, line):
        """The results of poolmap and zstd for the line, by aspect, where they differ."""
        # One after the other in the same folder, so that even paths are the same.
        ours, theirs = (self.outcome(self.root / f"line{number}", name, line) for name in ("poolmap", "zstd"))
        found = {}
        for aspect in ASPECTS:
            if ours[aspect] != theirs[aspect]:
                found[aspect] = (ours[aspect], theirs[aspect])
        return found

    def outcome(self, place, program, line):
        run_as_user(["cp", "-a", self.folder, place], self.root)
        environment = {"PATH": f"{self.root / program}:/usr/bin:/bin", "HOME": str(place), "LC_ALL": "C"}
        output, to_output = os.pipe()
        # So that the line can open /dev/stdout.
        os.fchown(to_output, *OWNER)
        child = subprocess.Popen(
            [*AS_USER, "bash", "-o", "pipefail", "-c", line], cwd=place, env=environment, stdin=subprocess.DEVNULL,
            stdout=to_output, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        os.close(to_output)
        hung = threading.Event()
        guard = threading.Timer(LIMIT_SECONDS, lambda: (hung.set(), os.killpg(child.pid, signal.SIGKILL)))
        guard.start()
        with open(output, "rb") as reader:
            said = reader.read()
        child.wait()
        guard.cancel()
        result = self.look_at(place)
        result["exit"] = f"{program} hangs" if hung.is_set() else self.meaning_of(child.returncode)
        result["output"] = self.contents.of(said)
        shutil.rmtree(place)
        return result

    @staticmethod
    def meaning_of(code):
        return "a crash" if code in CRASHES else "not 0" if code else "0"

    def look_at(self, place):
        result = {aspect: {} for aspect in ASPECTS}
        # Makes files readable and folders removable again if the line has removed permissions, after noting the mode.
        for path in self.paths_in(place, result["mode"]):
            name = os.fsdecode(os.path.relpath(path, place))
            status = os.lstat(path)
            kind = stat.S_IFMT(status.st_mode)
            result["files"][name] = KINDS.get(kind, "other")
            if kind == stat.S_IFDIR:
                # A folder's time only says that something in it has changed.
                continue
            result["time"][name] = status.st_mtime_ns if status.st_mtime < NEW else "new"
            if kind == stat.S_IFLNK:
                result["content"][name] = os.readlink(path)
            elif kind == stat.S_IFREG:
                result["holes"][name] = status.st_blocks * 512 < status.st_size // 2
                result["content"][name] = self.contents.of(pathlib.Path(path).read_bytes())
        return result

    def paths_in(self, folder, modes, below=""):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            mode = entry.stat(follow_symlinks=False).st_mode
            if not stat.S_ISLNK(mode):
                modes[below + entry.name] = oct(stat.S_IMODE(mode))
                os.chmod(entry.path, stat.S_IMODE(mode) | (stat.S_IRWXU if stat.S_ISDIR(mode) else stat.S_IRUSR))
            yield entry.path
            if stat.S_ISDIR(mode):
                yield from self.paths_in(entry.path, modes, below + entry.name + "/")


def shown(aspect, ours, theirs):
    if not isinstance(ours, dict):
        return [f"  {aspect}: poolmap {ours}, zstd {theirs}"]
    return [
        f"  {aspect}: {name}: poolmap {ours.get(name, 'none')}, zstd {theirs.get(name, 'none')}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]


def complaints_about(line, found, expected):
    unlisted = {aspect: sides for aspect, sides in found.items() if aspect not in expected}
    # If only one side has a file, report only that, not its mode and content.
    if "files" in found:
        for aspect in ("content", "mode", "time", "holes"):
            sides = unlisted.get(aspect)
            if sides and all(sides[0][name] == sides[1][name] for name in sides[0].keys() & sides[1].keys()):
                del unlisted[aspect]
    gone = expected - found.keys()
    text = [part for aspect, sides in unlisted.items() for part in shown(aspect, *sides)]
    text += [f"  {aspect}: is listed, and is the same" for aspect in ASPECTS if aspect in gone]
    return [line, *text] if text else []


def run_as_user(command, folder):
    subprocess.run([*AS_USER, *command], cwd=folder, check=True, stderr=subprocess.DEVNULL)


def prepare(root, poolmap):
    """Makes the folders of the two programs, and the folder that is copied for each line."""
    root.chmod(0o755)
    for folder in "program", "poolmap", "zstd", "folder":
        (root / folder).mkdir()
    shutil.copy(poolmap, root / "program" / "poolmap")
    for name in NAMES:
        (root / "poolmap" / name).symlink_to("../program/poolmap")
        (root / "zstd" / name).symlink_to(shutil.which("zstd" if name == "poolmap" else name))
    for folder in root, root / "folder":
        os.chown(folder, *OWNER)
    run_as_user(["bash", "-c", (TABLES / "folder.sh").read_text()], root / "folder")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    poolmap, parts = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    tables = [path for path in sorted(TABLES.glob("*.txt")) if path.name != "differences.txt"]
    table = [line for path in tables for line in lines_of(path)]
    listed, rows = read_differences(TABLES / "differences.txt")
    failed = complaints_about_tables(rows)
    failed += [[f"differences.txt: there is no such line: {line}"] for line in listed if line not in table]
    failed += [[f"there twice: {line}"] for line in sorted({line for line in table if table.count(line) > 1})]
    chosen = [line for line in table if all(part in line for part in parts)]
    with tempfile.TemporaryDirectory(prefix="zstd-habits.", dir=PLACE) as name:
        root = pathlib.Path(name)
        prepare(root, poolmap)
        comparison = Comparison(root)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as lanes:
            results = lanes.map(comparison.differences, range(len(chosen)), chosen)
            for line, found in zip(chosen, results):
                failed.append(complaints_about(line, found, listed.get(line, set())))
    failed = [text for text in failed if text]
    for text in failed:
        print("\n".join(text), file=sys.stderr)
    different = sum(line in listed for line in chosen)
    print(f"zstd-habits: {len(chosen)} command lines, of which {different} differ as listed")
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    sys.exit(bool(failed))


main()
