# Another size or time of the input starts over; other content ends what is kept; both with a message.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
command=("${quickly[@]}")
noise 3000000 > original
cp original in
interrupted_by_limit 1300 -j 2
same_text 20 "$(records out)"
cp -p out.partial kept.partial
cp -p out.resume kept.resume
again() {
    cp -p kept.partial out.partial
    cp -p kept.resume out.resume
    poolmap compress -q --chunk-size 64K -f -o reference in
}
touch -r in time
# The time changes.
touch -d '2001-02-03 04:05:06.123456789 UTC' in
again
resumes_saying "starting over: the input was modified"
rm out
# So do its nanoseconds.
touch -r time in
touch -d "$(date -r time '+%F %T').000000001" in
again
resumes_saying "starting over: the input was modified"
rm out
# The size changes.
echo more >> in
touch -r time in
again
resumes_saying "starting over: the input had 3000000 bytes and now has 3000005"
rm out
# The content of one byte changes, in the first chunk, in the middle, at the end of what is kept, and after that.
for byte in 0 65535 65536 700000 1310719; do
    cp original in
    patch in $byte 0
    cmp -s original in && patch in $byte 1
    touch -r time in
    again
    resumes_saying "recompressing from chunk $((byte / 65536)): its content changed" -j $((1 + byte % 3))
    rm out
done
cp original in
patch in 2999999 0
cmp -s original in && patch in 2999999 1
touch -r time in
again
resumes 20 -j 2
rm out
# With -q there is no message, but the same result.
touch in
again
silently poolmap "${command[@]}" -q -o out in
is_whole
# A copy with the time of the original is the same input.
cp -p original copy
touch -r time copy
mv copy in
rm out
again
resumes 20 -j 2
