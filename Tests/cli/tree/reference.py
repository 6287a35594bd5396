"""Prints the list of a tree as docs/tree.md defines it: reference.py ALGORITHM FOLDER.

It shares nothing with poolmap except that page.
"""

import hashlib
import os
import stat
import subprocess
import sys

LETTERS = {
    stat.S_IFREG: b"f", stat.S_IFDIR: b"d", stat.S_IFLNK: b"l", stat.S_IFIFO: b"p", stat.S_IFSOCK: b"s",
    stat.S_IFCHR: b"c", stat.S_IFBLK: b"b",
}


def digests(algorithm, contents):
    """The digests of all contents, since b3sum takes a while to start."""
    if algorithm != "blake3":
        return [hashlib.new(algorithm, content).hexdigest() for content in contents]
    return [
        subprocess.run(["b3sum"], input=content, stdout=subprocess.PIPE, check=True).stdout.split()[0].decode()
        for content in contents
    ]


def entries(folder):
    """Each entry with its status, and its path inside."""
    yield b".", os.stat(folder)

    def below(path, inside):
        for name in sorted(os.listdir(path)):
            status = os.lstat(os.path.join(path, name))
            yield inside + name, status
            if stat.S_ISDIR(status.st_mode):
                yield from below(os.path.join(path, name), inside + name + b"/")

    yield from below(folder, b"")


def main():
    algorithm, folder = sys.argv[1], os.fsencode(sys.argv[2])
    found = list(entries(folder))
    contents = {}
    for path, status in found:
        if stat.S_ISREG(status.st_mode):
            with open(os.path.join(folder, path), "rb") as file:
                contents[path] = file.read()
        elif stat.S_ISLNK(status.st_mode):
            contents[path] = os.readlink(os.path.join(folder, path))
    of_contents = dict(zip(contents, digests(algorithm, contents.values())))
    write = sys.stdout.buffer.write
    write(b"poolmap tree 1 %s\n" % algorithm.encode())
    for path, status in found:
        mode = 0o777 if stat.S_ISLNK(status.st_mode) else status.st_mode & 0o7777
        fact = of_contents.get(path, "-")
        if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            fact = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        escaped = path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        write(b"%s %04o %s %s\n" % (LETTERS[stat.S_IFMT(status.st_mode)], mode, fact.encode(), escaped))


main()
