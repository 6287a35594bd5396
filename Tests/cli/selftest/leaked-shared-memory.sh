# A new name in /dev/shm is noticed.
. "$CLI_LIB"
name=/dev/shm/poolmap-selftest-$$
touch "$name"
# Whoever takes it away again must not be noticed as a process of this case.
env -i setsid bash -c 'sleep 3; rm "$1"' - "$name" < /dev/null > /dev/null 2>&1 &
