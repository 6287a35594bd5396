# A journal that is truncated, damaged, or of another version never leads to a wrong target.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
command=("${quickly[@]}")
real_data 2000000 > in
poolmap compress -q --chunk-size 64K -o reference in
interrupted_by_limit 600 -j 2
cp out.partial kept.partial
cp out.resume kept.resume
kept=$(records kept)
((kept > 7)) || fail "only $kept frames are kept"
again() {
    rm -f out
    cp kept.partial out.partial
    cp kept.resume out.resume
}
# A record that was being written.
again
truncate -s $((64 + 20 * 7 + 19)) out.resume
resumes 7
again
noise 15 >> out.resume
resumes "$kept"
# Invalid records: everything before them is kept.
again
patch out.resume $((64 + 20 * 4 + 2)) 255
resumes 4
again
{ part kept.resume 0 $((64 + 20 * 3)); part kept.resume $((64 + 20 * 4)) 10000; } > out.resume
resumes 3
# A header that is not written yet, or a complete empty journal.
for length in 0 5 63; do
    again
    truncate -s $length out.resume
    silently poolmap "${command[@]}" -o out in
    is_whole
done
again
patch out.resume 33 255
resumes_saying "starting over: out.resume is damaged"
# A journal of another version, with the right checksum.
again
perl -e '
    open my $file, "+<", "out.resume" or die $!;
    read $file, my $header, 60;
    substr($header, 8, 1) = chr 2;
    my $crc = 0xFFFFFFFF;
    for my $byte (unpack "C*", $header) {
        $crc ^= $byte;
        $crc = $crc & 1 ? $crc >> 1 ^ 0x82F63B78 : $crc >> 1 for 1 .. 8;
    }
    seek $file, 0, 0;
    print $file $header, pack "V", $crc ^ 0xFFFFFFFF;'
resumes_saying "starting over: out.resume has unknown version 2"
# A file that is not a journal is overwritten only with -f.
again
echo "my notes" > out.resume
refuses 1 "in: out.resume is not a journal" poolmap "${command[@]}" -o out in
same_text "my notes" "$(< out.resume)"
same_file kept.partial out.partial
silently poolmap "${command[@]}" -f -o out in
is_whole
rm out
echo "my notes" > out.partial
refuses 1 "in: out.partial exists without a journal" poolmap "${command[@]}" -o out in
same_text "my notes" "$(< out.partial)"
no_file out.resume out
silently poolmap "${command[@]}" -f -o out in
is_whole
