# The progress line fits in its terminal, even if that becomes narrower; with an unknown width it is complete.
. "$CLI_LIB"
real_data 6000000 > in
cat > watch.py <<'PYTHON'
import fcntl, os, pty, re, struct, sys, termios
# watch.py COLUMNS[,COLUMNS] COMMAND: prints the longest line of progress. After the first line the terminal gets its
# second width; then lines count from the first one that fits.
def resize(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
widths = [int(width) for width in sys.argv[1].split(",")]
pid, terminal = pty.fork()
if pid == 0:
    resize(2, widths[0])
    os.execvp(sys.argv[2], sys.argv[2:])
seen, passed = b"", 0
while True:
    try:
        seen += os.read(terminal, 65536)
    except OSError:
        break
    # The last may be incomplete.
    lines = [line for line in re.split(r"[\r\n]", seen.decode().replace("\x1b[K", ""))[:-1] if line]
    if len(widths) > 1 and lines:
        del widths[0]
        resize(terminal, widths[0])
        passed = len(lines)
status = os.waitpid(pid, 0)[1]
assert status == 0, status
lines = lines[passed:]
if passed:
    while lines and len(lines[0]) >= widths[0]:
        lines.pop(0)
assert lines, "no progress is shown"
print(max(lines, key=len))
PYTHON
# longest COLUMNS: the longest line of a longer run.
longest() { python3 watch.py "$1" poolmap compress -19 --chunk-size 128K -j 2 --progress -f -o out.zst in; }
for columns in 100 40 20 6; do
    line=$(longest $columns)
    ((${#line} < columns)) || fail "${#line} characters in $columns columns: $line"
    [[ $line == *%* ]] || fail "no progress is shown in $columns columns: $line"
    ((columns < 100)) || [[ $line == *iB/s*left*ratio* ]] || fail "part of the message is missing: $line"
    ((columns < 20)) || [[ $line == *left* ]] || fail "in $columns columns the time is missing: $line"
done
# Nothing fits, and nothing is shown; the work is still done.
rm out.zst
! longest 2 2> said || fail "something is shown in two columns"
grep -q 'no progress is shown' said
zstd -q -dc out.zst | cmp - in
line=$(longest 0)
[[ $line == *iB/s*left*ratio* ]] || fail "of no known width: $line"
# It runs for some seconds, so that there are lines after the change.
real_data 8000000 > in
line=$(longest 100,24)
((${#line} < 24)) || fail "${#line} characters after it became narrower: $line"
