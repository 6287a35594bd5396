# Standard input, output and error may be non-blocking pipes, as from node and ssh: then poolmap waits by itself.
. "$CLI_LIB"
cat > "$CLI_NOTES/pipes.py" << 'END'
import fcntl, os, select, subprocess, sys, threading, time

def pipe():
    ends = os.pipe()
    fcntl.fcntl(ends[1], 1031, 4096)
    for end in ends:
        os.set_blocking(end, False)
    return ends

def pump(source, target, is_to_begin=None):
    if is_to_begin:
        is_to_begin.wait()
    try:
        while piece := os.read(source, 1 << 16):
            while piece:
                piece = piece[os.write(target, piece):]
    except BrokenPipeError:
        pass
    os.close(source)
    os.close(target)

def is_full(end):
    poll = select.poll()
    poll.register(end, select.POLLOUT)
    return not poll.poll(0)

(input, to_input), (from_output, output), (from_errors, errors) = pipe(), pipe(), pipe()
child = subprocess.Popen(sys.argv[1:], stdin=input, stdout=output, stderr=errors)
os.close(input)
# The flag belongs to an end of a pipe, and these are this script's ends.
for end in (to_input, from_output, from_errors):
    os.set_blocking(end, True)
# The script reads only when the pipe is full, or nothing more will come.
is_stuck = threading.Event()
pumps = [
    threading.Thread(target=pump, args=(os.dup(0), to_input)),
    threading.Thread(target=pump, args=(from_output, os.dup(1), is_stuck)),
    threading.Thread(target=pump, args=(from_errors, os.dup(2), is_stuck)),
]
for one in pumps:
    one.start()
while child.poll() is None and not is_full(output) and not is_full(errors):
    time.sleep(0.002)
is_stuck.set()
os.close(output)
os.close(errors)
for one in pumps:
    one.join()
sys.exit(child.wait())
END
# with_pipes COMMAND…: all three are small non-blocking pipes, and their other ends are slow.
with_pipes() { python3 "$CLI_NOTES/pipes.py" "$@"; }
noise 2500000 > in
poolmap compress -q --chunk-size 64K in
for jobs in 1 2; do
    with_pipes poolmap compress -j $jobs --chunk-size 64K < in > out.zst 2> said
    zstd -q -dc out.zst | cmp - in
    with_pipes poolmap decompress -j $jobs < in.zst > out 2>> said
    same_file in out
done
with_pipes poolmap decompress -c in.zst < /dev/null > out 2>> said
same_file in out
with_pipes poolmap cat in.zst < /dev/null > out 2>> said
same_file in out
with_pipes poolmap hash -a sha256 < in > sums 2>> said
same_text "$(sha256sum < in)" "$(< sums)"
same_text "" "$(< said)"
# Lines, and lists of names.
mkdir many
for number in {1001..1800}; do echo "$number" > "many/$number-0000000000000000000000000000000000000000000000000000000000000"; done
with_pipes poolmap hash -j 2 -a sha256 --files-from - < <(ls many/*) > sums
sha256sum many/* | cmp - sums
with_pipes poolmap hash --check -j 2 - < sums > said
same_text 800 "$(grep -c ': OK$' said)"
with_pipes poolmap compress --dry-run many/* < /dev/null > said
same_text 800 "$(wc -l < said)"
head -c 32 in | with_pipes poolmap hash --keyed in > keyed
same_text "$(head -c 32 in | poolmap hash --keyed in)" "$(< keyed)"
# Errors: more than a pipe holds.
ls many/* | sed 's/$/-/' > names
code=0
with_pipes poolmap hash -j 2 --files-from names < /dev/null 2> said || code=$?
same_text 1 "$code"
same_text 800 "$(grep -c '^poolmap: many/.*-: No such file or directory$' said)"
for text in --help "help compress" "--generate-completion-script bash"; do
    # shellcheck disable=SC2086
    with_pipes poolmap $text < /dev/null | cmp - <(poolmap $text)
done
