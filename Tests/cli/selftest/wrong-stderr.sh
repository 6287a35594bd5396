# A line on standard error that does not match its whole pattern is detected.
. "$CLI_LIB"
echo "number 12 and more" >&2
