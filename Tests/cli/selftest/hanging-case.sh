# A case that hangs is killed.
. "$CLI_LIB"
sleep 60
