# A process that outlives its case is noticed, also in a session of its own.
. "$CLI_LIB"
setsid sleep 60 < /dev/null > /dev/null 2>&1 &
