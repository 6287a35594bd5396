# A reader that closes the pipe ends a check early, as it ends sha256sum; a full disk is an error.
. "$CLI_LIB"
echo a > a
sha256sum a > one
{ yes "$(< one)" || true; } | head -n 40000 > list
{ yes "$(sed 's/^....../000000/' one)" || true; } | head -n 5000 > wrong
for jobs in 1 2; do
    for lists in list "wrong list"; do
        set +e +o pipefail
        # shellcheck disable=SC2086
        poolmap hash -j $jobs --report report -c $lists 2> said | head -n 1 > /dev/null
        status=${PIPESTATUS[0]}
        set -e -o pipefail
        ((status == 141)) || fail "the status is $status, expected 141 as of SIGPIPE"
        same_text "" "$(grep -v '^poolmap: WARNING: [0-9]* computed' said || true)"
        # Files whose lines were in the pipe, and those that had been started, but not all files.
        (($(grep -c '"input"' report) < 30000)) || fail "all files were checked"
    done
    refuses 1 "No space left on device" poolmap hash -j $jobs -c list > /dev/full
    silently poolmap hash -j $jobs -c --quiet one > /dev/full
    silently poolmap hash -j $jobs -c --status one >&-
    refuses 1 "Bad file descriptor" poolmap hash -j $jobs -c one >&-
done
