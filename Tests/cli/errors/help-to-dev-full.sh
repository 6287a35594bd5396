# Even the help and the version report that they cannot be written.
. "$CLI_LIB"
refuses 1 "" poolmap --version > /dev/full
refuses 1 "" poolmap --help > /dev/full
