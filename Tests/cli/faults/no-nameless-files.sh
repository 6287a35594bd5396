# Where every file has a name from the start, as on FUSE and NFS, a run leaves no temporary file, however it ends.
. "$CLI_LIB"
in_own_mounts || exit 0
mount_fuse || exit 0
real_data 900000 > behind/1
for number in 2 3 4 5 6; do
    cp behind/1 behind/$number
done
names() { find behind -name '.poolmap-*'; }
has_name() { [[ -n $(names) ]]; }
has_two() { (($(names | wc -l) > 1)); }
is_clean() { same_text "" "$(names)"; }
# slowly COMMAND…: temporary names exist for long enough.
slowly() { start poolmap compress -q --ultra -22 --chunk-size 4M "$@" 2> said; }
for signal in INT:130 TERM:143 HUP:129; do
    for jobs in 1 2; do
        slowly -r -j $jobs fuse
        wait_until 20 has_name
        everyone=$(descendants_of "$front")
        kill -"${signal%:*}" "$front"
        expect_end "${signal#*:}" "$front" 2> /dev/null
        is_clean
        # shellcheck disable=SC2086
        wait_gone "$soon" $everyone
        is_clean
        rm -f behind/*.zst
    done
done
# Killing the manager is an error, and the workers end with it.
slowly -r -j 2 fuse
wait_until 20 has_two
kill -KILL "$(manager_pid "$front")"
expect_exit 1 wait "$front"
is_clean
rm -f behind/*.zst
# If a worker is killed, another does its file and removes its leftovers; the third time it is an error.
slowly -j 2 fuse/1 fuse/2
wait_until 20 has_two
kill -KILL $(worker_pids "$front")
expect_exit 0 wait "$front"
is_clean
for number in 1 2; do
    zstd -q -dc behind/$number.zst | cmp - behind/$number
done
rm -f behind/*.zst
start poolmap compress -q --ultra -22 --chunk-size 4M -j 2 fuse/1 fuse/2 2> said
while is_running "$front"; do
    # shellcheck disable=SC2046
    ! has_name || kill -KILL $(worker_pids "$front") 2> /dev/null || true
    sleep 0.01
done
expect_exit 1 wait "$front"
is_clean
# Errors at the start, and a closed output.
refuses 1 "missing" poolmap hash --tree -o fuse/sums missing
refuses 1 "missing" poolmap hash -o fuse/sums missing
refuses 1 "missing" poolmap compress --report fuse/report --trace fuse/trace -o fuse/out missing
refuses 2 "" poolmap compress --report fuse/report --level 77 behind/1
is_clean
code=0
poolmap compress --report fuse/report -c behind/[1-6] 2> said | head -c 1 > /dev/null || code=$?
((code == 141)) || fail "exit code $code: $(< said)"
is_clean
# A manifest from a pipe is copied.
poolmap hash --manifest behind/1 > manifest
TMPDIR=$PWD/fuse poolmap hash --check --manifest < <(cat manifest)
is_clean
# Everything is made, with the modes and times of the inputs, both over old files and as new ones.
chmod 640 fuse/1
touch -d 2001-02-03 fuse/1
for option in -k -f; do
    silently poolmap compress -1 $option -j 2 -r fuse --output-dir fuse/out
    zstd -q -dc behind/out/fuse/1.zst | cmp - behind/1
    same_text "640 $(stat -c %Y behind/1)" "$(stat -c '%a %Y' behind/out/fuse/1.zst)"
    rm -rf behind/made
    mv behind/out behind/made
done
# Until a file is complete only its owner can read it; then it has the mode of its input, or that of any new file.
umask 022
mkfifo pipe
start_from pipe poolmap compress -o fuse/from-pipe.zst 2> said
exec 5> pipe
wait_until 20 has_name
same_text 600 "$(stat -c %a "$(names)")"
cat behind/1 >&5
exec 5>&-
expect_exit 0 wait "$front"
same_text 644 "$(stat -c %a behind/from-pipe.zst)"
refuses 1 "already exists" poolmap compress -o fuse/made/fuse/1.zst fuse/1
is_clean
