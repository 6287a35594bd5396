# A process that outlives its case is detected, even in its own session.
. "$CLI_LIB"
setsid sleep 60 < /dev/null > /dev/null 2>&1 &
