# A case that does not end is ended.
. "$CLI_LIB"
sleep 60
