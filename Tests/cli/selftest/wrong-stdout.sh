# A different line on standard output is detected, and so is an additional one.
. "$CLI_LIB"
echo "first 12"
echo "second"
echo "third"
