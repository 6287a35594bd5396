# The damaged byte ranges of a file are listed, adjacent ones together, from a file and a pipe, for each -j.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
real_data 9000000 > good
cp good in
poolmap hash --manifest -a sha256 --chunk-size 1M -o manifest in
poolmap hash --manifest -a sha256 --chunk-size 1M < <(cat in) > of-pipe
# expect SAID: "NAME: " stands for the start of each line.
expect() {
    local jobs
    for jobs in 1 3; do
        says 1 "${1//NAME/in}" poolmap hash --check -j "$jobs" manifest
        says 1 "${1//NAME/-}" poolmap hash --check -j "$jobs" of-pipe < <(cat in)
    done
}
for chunk in 0 4 7 8; do
    cp good in
    flip in $((chunk * 1048576 + 10))
    last=$((chunk == 8 ? 8999999 : chunk * 1048576 + 1048575))
    expect "NAME: FAILED bytes $((chunk * 1048576)) to $last"
done
# The first and last byte of two adjacent chunks, and one elsewhere.
cp good in
flip in 2097152
flip in 4194303
flip in 6291456
expect $'NAME: FAILED bytes 2097152 to 4194303\nNAME: FAILED bytes 6291456 to 7340031'
# Every byte.
tr '\0-\377' '\1-\377\0' < good > in
expect 'NAME: FAILED bytes 0 to 8999999'
# Shorter: inside a chunk, at a border, with damage before it, empty.
head -c 8388609 good > in
expect $'NAME: FAILED: has 8388609 bytes, and should have 9000000\nNAME: FAILED bytes 8388608 to 8999999'
head -c 5242880 good > in
expect $'NAME: FAILED: has 5242880 bytes, and should have 9000000\nNAME: FAILED bytes 5242880 to 8999999'
flip in 0
flip in 5000000
expect $'NAME: FAILED: has 5242880 bytes, and should have 9000000
NAME: FAILED bytes 0 to 1048575\nNAME: FAILED bytes 4194304 to 8999999'
: > in
expect $'NAME: FAILED: has 0 bytes, and should have 9000000\nNAME: FAILED bytes 0 to 8999999'
# Longer, also with damage.
{ cat good; echo more; } > in
expect 'NAME: FAILED: has 9000005 bytes, and should have 9000000'
flip in 8999999
expect $'NAME: FAILED: has 9000005 bytes, and should have 9000000\nNAME: FAILED bytes 8388608 to 8999999'
# An empty file has no damaged range.
: > in
poolmap hash --manifest -f -o manifest in
echo something > in
says 1 'in: FAILED: has 10 bytes, and should have 0' poolmap hash --check manifest
# A truncated chunk is damaged, whatever its CRC-32.
head -c 2048 /dev/zero > in
poolmap hash --manifest -a crc32 --chunk-size 1K -f -o manifest in
head -c 2047 in > short && mv short in
says 1 $'in: FAILED: has 2047 bytes, and should have 2048\nin: FAILED bytes 1024 to 2047' poolmap hash --check manifest
