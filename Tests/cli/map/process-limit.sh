# If a command cannot be started because ulimit -u allows no more processes, that is an error, and nothing is left.
. "$CLI_LIB"
chmod 777 .
seq 10000 19999 > in
# The limit counts all processes of a user, but not root's: so use another user, one without other processes.
if ((EUID == 0)); then
    alone() { setpriv --reuid=61235 --regid=61235 --clear-groups -- "$@"; }
else
    alone() { "$@"; }
fi
# With small limits first the guard of the commands, the manager and the workers cannot be forked; with 12 all succeeds.
for limit in 1 2 3 4 5 6 12; do
    rm -f out
    code=0
    # shellcheck disable=SC2016
    alone bash -c 'ulimit -u $1; shift; exec "$@"' - $limit \
        poolmap map -j 2 --lines --chunk-size 8K -o out in -- cat 2> said || code=$?
    if ((code == 0)); then
        same_file in out
        same_text "" "$(< said)"
    else
        ((code == 1)) || fail "exit code $code with $limit processes: $(< said)"
        one_error_line said
        grep -q 'Resource temporarily unavailable' said
        no_file out
    fi
    ((limit > 1 || code == 1)) || fail "one process is enough for two"
done
((code == 0)) || fail "12 processes are not enough: $(< said)"
