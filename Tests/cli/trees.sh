# Helpers for the cases in tree/, which source this file after lib.sh.

# reference ALGORITHM FOLDER: the list of a tree, from an independent program that implements docs/tree.md.
reference() { python3 "$CLI_FOLDER/tree/reference.py" "$1" "$2"; }

# tool_of ALGORITHM: another tool that computes it.
tool_of() { [[ $1 == blake3 ]] && echo b3sum || echo "$1sum"; }

# digest_of ALGORITHM: the digest of standard input, by that tool.
digest_of() { "$(tool_of "$1")" | cut -d' ' -f1; }

# tree_digest OPTION… FOLDER: the digest alone.
tree_digest() { silently poolmap hash --tree --no-names "$@"; }

# lay_out_tree FOLDER: makes every kind of entry that can be made here, odd names, and many modes.
lay_out_tree() {
    python3 - "$1" << 'END'
import os, socket, stat, sys

root = os.fsencode(sys.argv[1])
os.umask(0o022)
os.mkdir(root)
os.chdir(root)

def write(path, content, mode=0o644):
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)

for name in (b"empty-folder", b"a", b"a/b", b"a/b/c", b"sticky", b"group", b"-dash", b"caf\xc3\xa9", b"a\xff"):
    os.mkdir(name)
os.chmod("sticky", 0o1777)
os.chmod("group", 0o2750)
write("a.txt", b"a.txt comes after a/b\n")
write("a-b", b"and so does this\n")
write("a/b/c/deep", b"deep\n")
write("empty", b"")
write("large", bytes(range(256)) * 20000)
write("over-a-piece", b"\x01" * 4194305)
for mode in (0o000, 0o400, 0o755, 0o4755, 0o2755, 0o1644, 0o7777, 0o600):
    # A user other than root could not read the file with mode 0000.
    write("mode-%04o" % mode, b"mode", mode if os.geteuid() == 0 else mode | 0o400)
names = [
    b" ", b" leading", b"trailing ", b"two  blanks", b"back\\slash", b"\\", b"\\n", b"line\nbreak", b"\n", b"return\r",
    b"\r\n", b"\\\xcc\x81", b"\n\xcc\x81", b"\xcc\x81", b"\t", b"\x01", b"\x7f", b"*", b'"', b"'", b".hidden", b"..x",
    b"...", b"-", b"--tree", b"\x80", b"\xff", b"\xc3", b"\xc3\xa4", b"a\xcc\x88", b"\xc3\xa4b", b"\xf4\x8f\xbe\x80",
    b"\xf4\x8f\xbf\xbf", b"\xf0\x9f\x98\x80", b"\xef\xbf\xbd", b"\xed\xa0\x80", b"B", b"Z", b"b", b"z", b"x" * 255,
]
for name in names:
    write(name, name)
    write(b"a\xff/" + name, b"again " + name)
for name, target in (
    (b"link-to-file", b"a.txt"), (b"link-to-folder", b"a"), (b"link-to-nothing", b"no such"),
    (b"link-to-itself", b"link-to-itself"), (b"link-up", b".."), (b"link-absolute", b"/"),
    (b"link-odd\n", b"\xff\n\\"), (b"link-long", b"y" * 1000),
    (b"link-just-longer", b"y" * 256), (b"group/link", b"../a.txt"),
):
    os.symlink(target, name)
os.link("a.txt", "hard-link")
os.mkfifo("pipe", 0o640)
server = socket.socket(socket.AF_UNIX)
server.bind("socket")
os.chmod("socket", 0o711)
if os.geteuid() == 0:
    try:
        os.mknod("null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.mknod("large-minor", 0o600 | stat.S_IFBLK, os.makedev(259, 70000))
        os.mknod("large-major", 0o600 | stat.S_IFCHR, os.makedev(4000, 255))
    except PermissionError:
        print("no devices: this root may not make them", file=sys.stderr)
END
}
