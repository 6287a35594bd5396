# cat refuses an input that it cannot seek in, with one line.
. "$CLI_LIB"
text 1000 > in
poolmap compress -q in
mkfifo pipe
exec 3<> pipe
cat in.zst >&3
refuses 1 pipe poolmap cat pipe > out
exec 3>&-
refuses 1 . poolmap cat . > out
refuses 1 nothing poolmap cat nothing > out
refuses 1 in poolmap cat in > out
: > empty
refuses 1 empty poolmap cat empty > out
same_text 0 "$(size_of out)"
