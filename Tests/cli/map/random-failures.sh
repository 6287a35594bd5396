# Chunks that fail at random, with retries: each output is exact or absent, whatever the seed.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
seq 10000 19999 > in
chunks_by_hand in 4096 separator 0a > borders
# It fails one time out of three, having written a part or all of it.
cat > fails <<'END2'
#!/bin/bash
name=tries/$POOLMAP_CHUNK_INDEX
tries=0
[[ ! -e $name ]] || tries=$(< "$name")
echo $((tries + 1)) > "$name"
RANDOM=$(($1 * 7919 + POOLMAP_CHUNK_INDEX * 31 + tries * 101))
chance=$((RANDOM + RANDOM))
case $((chance % 9)) in
    0) head -n $((chance % 300)); exit 1 ;;
    1) cat; exit 1 ;;
    2) head -n 10; kill -KILL $$ ;;
esac
exec cat
END2
chmod 755 fails
end=$((SECONDS + 6))
runs=0 whole=0
while ((SECONDS < end && runs < 60)); do
    runs=$((runs + 1))
    rm -rf tries
    mkdir tries
    source=in
    ((runs % 2)) || source=-
    code=0
    poolmap map -j $((1 + runs % 3)) --lines --chunk-size 4K --retries 2 --keep-going -o out -f $source -- \
        ./fails $((seed + runs)) < in 2> said || code=$?
    python3 - "$code" "$((seed + runs))" <<'END2'
import re, sys
code, seed = int(sys.argv[1]), sys.argv[2]
data, out = open("in", "rb").read(), open("out", "rb").read()
borders = [tuple(map(int, line.split())) for line in open("borders")]
absent = {int(index) for index in re.findall(r"chunk (\d+) \(", open("said").read())}
wanted = b"".join(data[start:start + length] for index, (start, length) in enumerate(borders) if index not in absent)
assert out == wanted, f"run {seed}: {len(out)} bytes, and {len(wanted)} without the chunks {absent}"
assert code == (1 if absent else 0), f"run {seed}: exit code {code}, and {absent} failed"
for index in range(len(borders)):
    tries = int(open(f"tries/{index}").read())
    assert tries <= 3 and (index not in absent or tries == 3), f"run {seed}: chunk {index} was tried {tries} times"
END2
    ((code == 1)) || whole=$((whole + 1))
done
echo "$runs runs, $whole whole" >&2
((runs >= 5))
