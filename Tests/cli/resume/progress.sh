# The progress line counts kept work as done.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
real_data 9000000 > in
poolmap "${command[@]}" -q -o reference in
interrupted_at 90 -j 2
poolmap "${command[@]}" --progress -j 2 -o out in 2> said
is_whole
# 90 of 138 chunks are 65 %; without them it could not exceed 35 %.
most=$(tr '\r' '\n' < said | sed -n 's/.* (\([0-9]*\) %).*/\1/p' | sort -n | tail -1)
((most >= 65 && most <= 100)) || fail "the largest share shown is $most %"
