# A case that ends with another exit code than it should is noticed.
. "$CLI_LIB"
exit 3
