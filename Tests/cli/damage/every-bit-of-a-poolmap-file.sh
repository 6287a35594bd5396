# Each flipped bit of a poolmap file is detected, in a file and in a pipe, whatever part it belongs to.
. "$CLI_LIB"
# Chunks with Huffman-coded literals and matches, of one repeated byte, and short and incompressible.
for word in alpha beta gamma delta; do
    for number in {1..12}; do echo "$word word $number of $word"; done
done | head -c 1024 > in || true
{ head -c 1024 /dev/zero; noise 20; } >> in
poolmap compress -q -5 --chunk-size 1K in
flip_each_bit in.zst flips
same_text $((8 * $(size_of in.zst))) "$(ls flips | wc -l)"
all_refused test flips/*
all_refused_from_pipes flips/*
