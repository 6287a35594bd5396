# A line on standard output that should be another is noticed, and so is one too many.
. "$CLI_LIB"
echo "first 12"
echo "second"
echo "third"
