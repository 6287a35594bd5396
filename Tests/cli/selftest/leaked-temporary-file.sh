# A temporary file of the program that is left is detected.
. "$CLI_LIB"
mkdir below
touch below/.poolmap-1-2.tmp
