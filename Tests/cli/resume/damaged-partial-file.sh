# With a flipped bit in a kept frame, or a shorter, longer or missing partial file, the rest is kept, with a message.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
command=("${quickly[@]}")
real_data 3000000 > in
poolmap compress -q --chunk-size 64K -o reference in
interrupted_by_limit 600 -j 2
cp out.partial kept.partial
cp out.resume kept.resume
kept=$(records kept)
((kept > 12)) || fail "only $kept frames are kept"
# The length of a frame is the first field of its record.
mapfile -t sizes < <(tail -c +65 kept.resume | perl -e 'while (read STDIN, my $r, 20) { print unpack("V", $r), "\n" }')
offset_of() {
    local offset=0 index
    for ((index = 0; index < $1; index++)); do
        offset=$((offset + sizes[index]))
    done
    echo $offset
}
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    patch "$1" "$2" $((byte ^ 1 << $3))
}
again() {
    rm -f out
    cp kept.partial out.partial
    cp kept.resume out.resume
}
for place in "0 0 0" "0 5 7" "7 100 3" "12 1 1" "$((kept - 1)) 9 5"; do
    read -r frame byte bit <<< "$place"
    again
    flip out.partial $(($(offset_of "$frame") + byte)) "$bit"
    resumes_saying "recompressing from chunk $frame: out.partial is damaged there" -j $((1 + byte % 3))
done
# The last byte of a frame.
again
flip out.partial $(($(offset_of 4) - 1)) 0
resumes_saying "recompressing from chunk 3: out.partial is damaged there"
# Cut within a frame, and between two.
for length in $(($(offset_of 10) + 1)) "$(offset_of 10)" $(($(offset_of 11) - 1)); do
    again
    truncate -s "$length" out.partial
    resumes_saying "out.partial is shorter than its journal says, with 10 of $kept frames" -j 2
done
for length in 0 100; do
    again
    truncate -s $length out.partial
    resumes_saying "with 0 of $kept frames"
done
again
rm out.partial
resumes_saying "starting over: out.partial is missing"
# Longer: the frame that was being written.
again
noise 100000 >> out.partial
resumes "$kept"
# Two frames swapped.
again
{
    part kept.partial 0 "$(offset_of 5)"
    part kept.partial "$(offset_of 6)" "${sizes[6]}"
    part kept.partial "$(offset_of 5)" "${sizes[5]}"
    part kept.partial "$(offset_of 7)" 100000000
} > out.partial
resumes_saying "from chunk 5: out.partial is damaged there"
