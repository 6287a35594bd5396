# The exit codes of docs/errors.md: 0, also if there is nothing to do, 1, 2, and the signal itself.
. "$CLI_LIB"
text 3000 > in
: > empty
mkdir folder
mkfifo pipe
silently poolmap compress --files-from empty
silently poolmap compress -r folder
silently poolmap test -r folder
expect_exit 1 poolmap compress -q none 2> said
expect_exit 2 poolmap compress --none 2> said
expect_exit 2 poolmap compress -o a in in 2> said
for signal in INT:130 TERM:143 HUP:129 KILL:137; do
    start_from pipe poolmap compress -j 2 -o out.zst
    exec 4> pipe
    text 100 >&4
    # poolmap has got to the pipe once it has read what is in it.
    wait_until 20 perl -e 'open my $in, "<&=", 4; my $n = pack "L", 0; ioctl $in, 0x541B, $n; exit(unpack("L", $n) ? 1 : 0)'
    kill "-${signal%:*}" "$front"
    expect_end "${signal#*:}" "$front" 2> /dev/null
    exec 4>&-
done
no_file out.zst
# SIGPIPE, as the shell reports it for the parts of the pipeline.
noise 3000000 > noise
set +e
env --default-signal poolmap compress -c noise 2> said | head -c 10 > /dev/null
codes=("${PIPESTATUS[@]}")
set -e
same_text "141 0" "${codes[*]}"
[[ ! -s said ]]
