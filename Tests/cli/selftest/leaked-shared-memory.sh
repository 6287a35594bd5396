# A new name in /dev/shm is detected.
. "$CLI_LIB"
name=/dev/shm/poolmap-selftest-$$
touch "$name"
# The process that removes it again must not count as one of this case.
env -i setsid bash -c 'sleep 3; rm "$1"' - "$name" < /dev/null > /dev/null 2>&1 &
