# If no process can be forked, that is one line, and nothing is left.
. "$CLI_LIB"
chmod 777 .
real_data 2000000 > in
# The limit counts all processes of a user, but not root's: so use another user, one without other processes.
if ((EUID == 0)); then
    alone() { setpriv --reuid=61234 --regid=61234 --clear-groups -- "$@"; }
else
    alone() { "$@"; }
fi
# shellcheck disable=SC2016
refuses 1 "" alone bash -c 'ulimit -u 1; exec "$@"' - poolmap compress -j 2 --chunk-size 64K -o out in
only_files in
