# A case that does all as it should is not complained about.
. "$CLI_LIB"
echo "number 12"
echo "[plain] text"
echo "to stderr" >&2
exit 5
