# --reduce joins the outputs in order, many at a time and in rounds, or adds them up; the result is that of one process.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
export LC_ALL=C
chmod 777 .
mkdir spill
export TMPDIR=$PWD/spill
python3 -c '
import random
random.seed(9)
for _ in range(8000): print(random.randint(0, 10**6), random.randint(-99, 99) / 4)' > in
sort in > sorted
for jobs in 1 3; do
    # One output, slightly more than are joined at a time, and some hundred: no round, one, and two.
    for size in 1M 6200 500; do
        poolmap map -j $jobs --lines --chunk-size $size --reduce 'sort -m {}' in -- sort | cmp - sorted
    done
    # Given after the command, too.
    poolmap map -j $jobs --lines --chunk-size 6200 in -- sort --reduce 'sort -m {}' | cmp - sorted
    poolmap map -j $jobs --lines --chunk-size 2K --reduce 'sort -m {}' -o out -f -- sort < <(cat in)
    same_file sorted out
    # In order: the joined outputs are the input.
    poolmap map -j $jobs --lines --chunk-size 1K --reduce 'cat {}' in -- cat | cmp - in
    poolmap map -j $jobs --lines --chunk-size 1K --reduce concat in -- cat | cmp - in
    poolmap map -j $jobs --lines --chunk-size 1K --reduce 'cat {}' in in -- cat | cmp - <(cat in in)
    # Sums of columns, exact.
    same_text 8000 "$(poolmap map -j $jobs --lines --chunk-size 1K --reduce sum in -- wc -l)"
    poolmap map -j $jobs --lines --chunk-size 4K --reduce sum in -- cat > sums
    python3 -c '
from decimal import Decimal
sums = [sum(Decimal(line.split()[column]) for line in open("in")) for column in (0, 1)]
seen = [Decimal(word) for word in open("sums").read().split()]
assert seen == sums, (seen, sums)'
    # If the command or the joining command fails, the run fails.
    refuses 1 "" poolmap map -j $jobs --lines --chunk-size 4K --reduce 'sort -m {}; exit 3' -o new in -- sort
    refuses 1 "chunk 2 " poolmap map -j $jobs --lines --chunk-size 10K --reduce 'sort -m {}' -o new in -- \
        sh -c '[ $POOLMAP_CHUNK_INDEX != 2 ] && sort'
    refuses 1 "needs numbers" poolmap map -j $jobs --lines --reduce sum -o new in -- echo many
    no_file new
done
same_text "" "$(ls -A spill)"
# An empty input is one empty output.
same_text "" "$(poolmap map --lines --reduce 'sort -m {}' -- cat < /dev/null)"
same_text "" "$(poolmap map --lines --reduce sum -- cat < /dev/null)"
