# With chunks that fail at random, and retries, each output is exact or absent, for any seed; 300 runs, two at a time.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
seq 1000 2999 > in
chunks_by_hand in 1024 separator 0a > borders
# It fails one time out of three, after writing some or all. No process but the shell is started for it.
cat > fails <<'END2'
#!/bin/bash
name=tries-$POOLMAP_CHUNK_INDEX
echo >> "$name"
mapfile -t tries < "$name"
mapfile lines
RANDOM=$(($1 * 7919 + POOLMAP_CHUNK_INDEX * 31 + ${#tries[@]} * 101))
chance=$((RANDOM + RANDOM))
write() { local IFS=; printf %s "$*"; }
case $((chance % 9)) in
    0) write "${lines[@]:0:chance % 150}"; exit 1 ;;
    1) write "${lines[@]}"; exit 1 ;;
    2) write "${lines[@]:0:10}"; kill -KILL $$ ;;
esac
write "${lines[@]}"
END2
chmod 755 fails
# lane FIRST: every other run from this one, each in its own folder.
lane() {
    local run source code
    for ((run = $1; run <= 300; run += 2)); do
        mkdir run-$run
        cd run-$run
        source=../in
        ((run % 4 < 2)) || source=-
        code=0
        poolmap map -j $((1 + run % 3)) --lines --chunk-size 1K --retries 2 --keep-going -o out $source -- \
            ../fails $((seed + run)) < ../in 2> said || code=$?
        echo $code > code
        cd ..
    done
}
lane 1 &
other=$!
lane 2
wait $other
python3 - "$seed" <<'END2'
import os, re, sys
data = open("in", "rb").read()
borders = [tuple(map(int, line.split())) for line in open("borders")]
whole = retried = 0
for run in range(1, 301):
    def read(name, run=run): return open(f"run-{run}/{name}", "rb").read()
    where = f"run {run}, SEED={sys.argv[1]}"
    absent = {int(index) for index in re.findall(rb"chunk (\d+) \(", read("said"))}
    wanted = b"".join(data[start:start + n] for index, (start, n) in enumerate(borders) if index not in absent)
    out = read("out")
    assert out == wanted, f"{where}: {len(out)} bytes, and {len(wanted)} without the chunks {absent}"
    assert int(read("code")) == (1 if absent else 0), f"{where}: exit code {read('code')}, and {absent} failed"
    for index in range(len(borders)):
        tries = len(read(f"tries-{index}"))
        assert tries <= 3 and (index not in absent or tries == 3), f"{where}: chunk {index} was tried {tries} times"
        retried += tries > 1
    whole += not absent
print(f"300 runs of {len(borders)} chunks, {whole} whole, {retried} chunks were tried again", file=sys.stderr)
assert 0 < whole < 300 and retried > 300
END2
