# A temporary file of the program that stays is noticed.
. "$CLI_LIB"
mkdir below
touch below/.poolmap-1-2.tmp
