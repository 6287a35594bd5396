# Damage in a file made with a dictionary loses only the frames that it is in, even if it is in their headers.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
cat records/*.json > all
part all 0 100000 > in
poolmap -q -D one --chunk-size 16K -o whole.zst in
mapfile -t offsets < <(poolmap list -v whole.zst | sed -n 's/.*frame [0-9]*: .* at \([0-9]*\),.*/\1/p')
((${#offsets[@]} == 7))
for number in 0 2 6; do
    { part in 0 $((number * 16384)); head -c $((number < 6 ? 16384 : 1696)) /dev/zero; part in $((number * 16384 + 16384)) 100000; } > without
    # The bits of the descriptor that give the length of the dictionary's number; the number; the content.
    for place in 4 5 6 7 200; do
        for bit in 1 2; do
            cp whole.zst bad.zst
            byte=$(part whole.zst $((offsets[number] + place)) 1 | od -An -tu1)
            patch bad.zst $((offsets[number] + place)) $((byte ^ bit))
            expect_exit 1 poolmap -d -j 2 -D one --salvage -f -o out bad.zst 2> said
            same_file without out "bit $bit of byte $place of frame $number: $(< said)"
            refuses 1 "bad.zst: " poolmap -j 2 -D one -t bad.zst
        done
    done
done
# Frames of another dictionary are lost, and reported.
{ cat whole.zst; zstd -q -D other -c in; } > joined.zst
expect_exit 1 poolmap -d -D one --salvage --omit -c joined.zst 2> said > out
same_file in out
grep -q "needs dictionary 77, but one is dictionary 4711" said
