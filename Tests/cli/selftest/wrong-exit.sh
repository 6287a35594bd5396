# A case with an unexpected exit code is detected.
. "$CLI_LIB"
exit 3
