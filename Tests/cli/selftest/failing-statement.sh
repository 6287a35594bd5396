# A statement that fails in the middle of a case ends it.
. "$CLI_LIB"
false
true
