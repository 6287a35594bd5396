# A pipe with a name, such as <(…), /dev/stdin or a named pipe, is read like standard input, without -f.
. "$CLI_LIB"
text 700000 > f
poolmap -q -j 1 --chunk-size 64K -c f > f.zst
compress="poolmap --chunk-size 64K"
mkfifo pipe
for jobs in 1 3; do
    silently $compress -j $jobs <(cat f) -o out.zst
    same_file f.zst out.zst
    rm out.zst
    silently $compress -j $jobs -c <(cat f) | cmp - f.zst
    cat f | silently $compress -j $jobs -c /dev/stdin | cmp - f.zst
    silently $compress -j $jobs -c /dev/stdin < f | cmp - f.zst
    silently $compress -j $jobs -c /proc/self/fd/5 5< f | cmp - f.zst
    cat f | silently $compress -j $jobs -c /proc/self/fd/0 | cmp - f.zst
    silently poolmap -j $jobs -dc <(cat f.zst) | cmp - f
    cat f.zst | silently poolmap -j $jobs -dc /dev/stdin | cmp - f
    silently poolmap -j $jobs -t <(cat f.zst) <(cat f.zst)
    cat f.zst | silently poolmap -j $jobs -t /dev/stdin
    poolmap -j $jobs hash -a sha256 <(cat f) > digest 2> said || poolmap hash -j $jobs -a sha256 <(cat f) > digest
    same_text "$(sha256sum < f | cut -d ' ' -f 1)" "$(cut -d ' ' -f 1 < digest)"
    # Two files, one of which is a descriptor's name, which a worker must not open as its own.
    silently poolmap hash -j $jobs -a sha256 f.zst /dev/stdin /proc/self/fd/7 < f 7< f | cut -d ' ' -f 1 > digests
    sha256sum f.zst f f | cut -d ' ' -f 1 | cmp - digests
    # A named pipe has a name, so its target can be beside it.
    cat f > pipe &
    silently $compress -j $jobs -f pipe
    same_file f.zst pipe.zst
    rm pipe.zst
    cat f.zst > pipe &
    silently poolmap -j $jobs -t pipe
    cat f.zst > pipe &
    silently poolmap -j $jobs -dc pipe | cmp - f
done
# A socket cannot be opened by its name, and is read directly.
python3 -c '
import socket, subprocess, sys
ours, theirs = socket.socketpair()
command = subprocess.Popen(["poolmap", "-c", "/dev/stdin"], stdin=theirs, stdout=subprocess.PIPE)
theirs.close()
ours.sendall(b"through a socket")
ours.close()
sys.stdout.buffer.write(command.communicate()[0])
sys.exit(command.returncode)' | zstd -q -dc > got
same_text "through a socket" "$(< got)"
# A descriptor has no name from which to derive a target.
refuses 1 "is an open descriptor; name the target with -o, or use -c" poolmap <(cat f)
refuses 1 "/dev/stdin: is an open descriptor" as_user poolmap /dev/stdin < f
refuses 1 "/dev/stdin: is an open descriptor" poolmap --output-dir new /dev/stdin < f
no_file new
refuses 1 "is an open descriptor" poolmap --dry-run <(cat f)
refuses 1 "/dev/fd/9: No such file or directory" poolmap -c /dev/fd/9
# There is nothing to remove either.
ln -s /dev/stdin input
silently poolmap --rm -f -o out.zst input < f
[[ -L input ]]
zstd -q -dc out.zst | cmp - f
# Commands that need a size say so.
refuses 1 "list needs a file of known size" poolmap -l <(cat f.zst)
refuses 1 "use decompress for a pipe" poolmap cat --offset 1 <(cat f.zst)
# Other links are skipped, as usual.
ln -s f link
refuses 1 "link: is a symbolic link, ignored; use -f to follow it" poolmap link
