# Workers killed in the middle of a piece, of a file, of a bundle of files or of a pipe: the digests are the same.
. "$CLI_LIB"
noise 12000000 > large
mkdir many
for number in {1..40}; do echo "$number" > many/$number; done
files=(large many/{1..40})
algorithms=(-a blake3 -a s3-etag -a crc64nvme -a fsverity-sha256 -a dropbox)
# Twice, so that a replacement dies too.
for options in "" "-a sha256"; do
    # shellcheck disable=SC2086
    poolmap hash -j 1 "${algorithms[@]}" $options "${files[@]}" > expected
    for victim in large many/7; do
        # shellcheck disable=SC2086
        start_stopping "$victim" 1 poolmap hash -j 2 "${algorithms[@]}" $options "${files[@]}" > digests 2> said
        kill_stopped_workers 2
        same_text 2 "$kills"
        wait "$front" || fail "exit code $?: $(< said)"
        same_text "" "$(< said)"
        same_file expected digests "$victim $options"
    done
done
# A third time is too often: a file that one worker hashes then has no digest; the others have theirs.
start_stopping large 1 poolmap hash -j 2 -a sha256 "${files[@]}" > digests 2> said
kill_stopped_workers 3
expect_exit 1 wait "$front"
one_error_line said "large: " "chunk 0 (bytes 0 to 11999999)" process
sha256sum many/{1..40} | cmp - digests
# From a pipe: pieces that arrive while all workers are stopped are lost with them.
#
# state_of PID: S for sleeping, R for running; nothing if it has ended.
state_of() { sed -n 's/.*) \(.\) .*/\1/p' "/proc/$1/stat" 2> /dev/null || true; }
are_asleep() {
    local pid
    for pid in "$@"; do
        [[ $(state_of "$pid") == S ]] || return 1
    done
}
mkfifo source
poolmap hash -j 1 -a blake3 -a crc64nvme < large > expected
start_from source poolmap hash -j 2 -a blake3 -a crc64nvme > digests 2> said
exec 3> source
head -c 2000000 large >&3
for begin in 2000000 5000000; do
    wait_workers "$front" 2
    mapfile -t workers < <(worker_pids "$front")
    kill -STOP "${workers[@]}"
    # More than the pipe and a piece hold; it may have to wait until there are other workers.
    part large $begin 3000000 >&3 &
    writer=$!
    # Probably the front has read what it can, and handed out all of it.
    wait_until 20 are_asleep "$front" "$(manager_pid "$front")"
    kill -KILL "${workers[@]}"
    wait_gone 20 "${workers[@]}"
    wait "$writer"
done
part large 8000000 4000000 >&3
exec 3>&-
wait "$front" || fail "exit code $?: $(< said)"
same_text "" "$(< said)"
same_file expected digests
# And in the middle of a piece, if it can be caught there; often enough it can.
is_computing() {
    local pid
    for pid in $(worker_pids "$front"); do
        [[ $(state_of "$pid") != R ]] || return 0
    done
    return 1
}
options=(-a s3-etag -a s3-sha256 -a s3-crc32c --part-size 12000000)
poolmap hash -j 1 "${options[@]}" < large > expected
start_from source poolmap hash -j 2 "${options[@]}" > digests 2> said
exec 3> source
cat large >&3
kills=0
for _ in {1..40}; do
    is_computing || continue
    # shellcheck disable=SC2046
    kill -KILL $(worker_pids "$front")
    kills=$((kills + 1))
    ((kills < 2)) || break
done
exec 3>&-
wait "$front" || fail "exit code $?: $(< said)"
same_text "" "$(< said)"
same_file expected digests
