# With another input, cut, command or file --resume starts over; one line says so, and no other file is harmed.
. "$CLI_LIB"
seq 100000 140000 > in
map=(map --resume --lines --chunk-size 8K -o out)
# The first 20 chunks.
interrupted() {
    rm -f out out.partial out.resume
    refuses 1 "in: chunk 20 " poolmap "${map[@]}" -j 1 "$@" in -- sh -c '[ $POOLMAP_CHUNK_INDEX -lt 20 ] && cat'
    [[ -s out.partial && -s out.resume ]]
    no_file out
}
# begins_anew TEXT POOLMAP-ARGUMENT…
begins_anew() {
    poolmap "${@:2}" 2> said || fail "exit code $?: $(< said)"
    one_error_line said "in: starting over" "$1"
    no_file out.partial out.resume
}
interrupted
begins_anew "another command" "${map[@]}" in -- cat
same_file in out
interrupted
begins_anew "other options" "${map[@]}" --header 1 in -- sh -c '[ $POOLMAP_CHUNK_INDEX -lt 20 ] && cat || cat'
interrupted
begins_anew "other options" map --resume --lines --chunk-size 9K -o out in -- sh -c '[ $POOLMAP_CHUNK_INDEX -lt 20 ] && cat || cat'
interrupted
begins_anew "other options" "${map[@]}" --compress in -- sh -c '[ $POOLMAP_CHUNK_INDEX -lt 20 ] && cat || cat'
command=(sh -c '[ $POOLMAP_CHUNK_INDEX -lt 20 ] || [ -e go ] && cat')
stops() {
    rm -f go out out.partial out.resume
    refuses 1 "in: chunk 20 " poolmap "${map[@]}" -j 1 "$@" in -- "${command[@]}"
    touch go
}
stops
touch -d 2001-01-01 in
begins_anew "the input changed" "${map[@]}" in -- "${command[@]}"
stops
echo 140001 >> in
begins_anew "the size of the input" "${map[@]}" in -- "${command[@]}"
same_file in out
# Bytes that differ from what was written are found, and everything from there is run again.
stops
patch out.partial 50000 1 2 3
poolmap "${map[@]}" -v in -- "${command[@]}" 2> said
grep -q '^in: keeping [1-9] chunks$' said
grep -q "poolmap: in: rerunning from chunk [1-9]: out.partial is damaged there" said
same_file in out
stops
truncate -s 50000 out.partial
poolmap "${map[@]}" in -- "${command[@]}" 2> said
one_error_line said "in: rerunning from chunk " damaged
same_file in out
stops --compress
patch out.partial 20000 1 2 3
poolmap "${map[@]}" --compress in -- "${command[@]}" 2> said
zstd -q -dc out | cmp - in
poolmap test out 2> /dev/null
stops
rm out.partial
begins_anew "out.partial is missing" "${map[@]}" in -- "${command[@]}"
stops
patch out.resume 20 255
begins_anew "damaged" "${map[@]}" in -- "${command[@]}"
stops
# A truncated record, and all after it.
patch out.resume 300 255
poolmap "${map[@]}" -v in -- "${command[@]}" 2> said
grep -q '^in: keeping [1-9] chunks$' said
same_file in out
# A forged journal with the right checksums.
cat > forge.py <<'END2'
import struct, sys
table = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    table.append(byte)
def crc32c(data, start=0):
    value = start ^ 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xFFFFFFFF
# Writes a number into a field of the last record.
journal, offset, number = bytearray(open("out.resume", "rb").read()), int(sys.argv[1]), int(sys.argv[2])
place, before, last = 80, struct.unpack("<I", journal[76:80])[0], None
while place < len(journal):
    length = struct.unpack("<I", journal[place:place + 4])[0] + 4
    last, checksum = (place, length), before
    before = struct.unpack("<I", journal[place + length:place + length + 4])[0]
    place += length + 4
place, length = last
journal[place + 8 + offset:place + 16 + offset] = struct.pack("<Q", number)
journal[place + length:place + length + 4] = struct.pack("<I", crc32c(journal[place:place + length], checksum))
open("out.resume", "wb").write(journal)
END2
# A record's number of chunks is accepted if possible, and so is where they end.
for change in "0 18446744073709551615" "8 18446744073709551615" "16 18446744073709551615" "16 3"; do
    stops
    # shellcheck disable=SC2086
    python3 forge.py $change
    poolmap "${map[@]}" -v in -- "${command[@]}" 2> said
    grep -qx 'in: keeping 19 chunks' said || fail "$change: $(< said)"
    same_file in out
done
stops
python3 forge.py 8 4611686018427387904
refuses 1 "in: out.resume is damaged; remove it" poolmap "${map[@]}" in -- "${command[@]}"
no_file out
# Files of another user.
stops
rm out.resume
refuses 1 "out.partial exists without a journal" poolmap "${map[@]}" in -- "${command[@]}"
echo "no journal at all, but long enough to be one, if it is what it should be: no, it is not" > out.resume
refuses 1 "out.resume is not a journal" poolmap "${map[@]}" in -- "${command[@]}"
silently poolmap "${map[@]}" -f in -- "${command[@]}"
same_file in out
# An existing target.
refuses 1 "out already exists" poolmap "${map[@]}" in -- "${command[@]}"
no_file out.resume out.partial
# Ended between the rename and the removal of the journal: a target that appears in between stops it just before.
stops
poolmap "${map[@]}" -j 1 in -- sh -c '[ $POOLMAP_CHUNK_INDEX -lt 20 ] || [ -e go ] && cat' > /dev/null
rm go out
refuses 1 "out already exists" poolmap "${map[@]}" in -- sh -c 'echo other > out; cat'
same_file in out.partial
mv out.partial out
cp out.resume kept
poolmap "${map[@]}" -v in -- sh -c 'echo other > out; cat' 2> said
grep -qx 'in: out was already complete' said
no_file out.resume
same_file in out
for change in "truncate -s -1 out" "patch out -3 255" "patch out 100000 255"; do
    cp kept out.resume
    cp in out
    $change
    refuses 1 "out already exists" poolmap "${map[@]}" in -- sh -c 'echo other > out; cat'
    no_file out.resume
done
# An input that changes during the run.
rm -f out
refuses 1 "in: " poolmap "${map[@]}" in -- sh -c '[ $POOLMAP_CHUNK_INDEX -lt 20 ] || echo more >> in; cat'
no_file out out.partial out.resume
# Options that cannot be combined.
refuses 2 "--resume requires -o FILE" poolmap map --resume --lines in -- cat
refuses 2 "--resume requires one regular file" poolmap map --resume --lines -o out -- cat
refuses 2 "--resume requires one regular file" poolmap map --resume --lines -o out in in -- cat
mkfifo pipe
refuses 1 "pipe: is not a regular file" poolmap map --resume --lines -o out pipe -- cat
for options in --unordered --keep-going "--reduce sum"; do
    # shellcheck disable=SC2086
    refuses 2 "--resume" poolmap map --resume --lines -o out $options in -- cat
done
