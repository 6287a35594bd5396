# There is no complaint about a correct case.
. "$CLI_LIB"
echo "number 12"
echo "[plain] text"
echo "to stderr" >&2
exit 5
