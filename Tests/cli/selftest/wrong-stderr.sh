# A line on standard error that does not match its pattern as a whole is noticed.
. "$CLI_LIB"
echo "number 12 and more" >&2
