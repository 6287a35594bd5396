# Each line of the cookbook in docs/map.md gives the result of plain programs.
. "$CLI_LIB"
documents=$CLI_FOLDER/../..
python3 - <<'END2'
import csv, random
random.seed(3)
words = ["INFO", "ERROR", "WARNING", "ERROR disk"]
with open("log", "w") as file:
    for number in range(20000):
        print(random.choice(words), random.randint(1, 9999), "text", file=file)
with open("table.csv", "w", newline="") as file:
    csv.writer(file).writerows([["a", "b", "c"]] + [[n, "two\nlines", 'a "quote"'] for n in range(3000)])
with open("genome.fa", "w") as file:
    for number in range(300):
        print(f">seq{number} of some", *("ACGT" * random.randint(1, 20) for _ in range(5)), sep="\n", file=file)
with open("reads.fastq", "w") as file:
    for number in range(10000):
        print(f"@read{number}", "ACGT" * random.randint(1, 5), "+", "!!!!", sep="\n", file=file)
END2
zstd -q log
noise 3500000 > image
mkdir folder
for number in {1..250}; do
    if ((number % 2)); then seq $number $((number + 9)) > folder/$number; else noise 100 $number > "folder/a name $number"; fi
done
export LC_ALL=C
# lines_of FILE HEADING: the indented lines below a heading.
lines_of() { sed -n "/^##* $2\$/,/^##* /{/^    poolmap\|^    [a-z].*| poolmap/s/^    //p}" "$documents/$1"; }
run_all() {
    local count=0 line
    while IFS= read -r line; do
        count=$((count + 1))
        bash -euo pipefail -c "$line" > "stdout-$count" 2> said || fail "exit code $?: $line said: $(< said)"
        [[ ! -s said ]] || fail "$line said: $(< said)"
    done < lines
    ((count == $1)) || fail "there are $count lines instead of $1"
}
# Unchanged from the document.
lines_of docs/map.md Cookbook > lines
run_all 11
zstd -q -dc errors.zst | cmp - errors
grep -F ERROR log | cmp - errors
same_text "$(grep -c ERROR log)" "$(< count)"
awk '{ n[$1]++ } END { for (k in n) print k, n[k] }' log | sort | cmp - <(sort words)
sort log | cmp - sorted
python3 -c '
import csv, sys
csv.writer(sys.stdout).writerows(row[:2] for row in csv.reader(open("table.csv", newline="")))' | cmp - small.csv
awk '/^>/ { if (n) print n, l; n = $1; l = 0; next } { l += length($0) } END { print n, l }' genome.fa | cmp - lengths
sed -n '2~4p' reads.fastq | cmp - sequences
mkdir back
tar xzf folder.tar.gz -C back
diff -r folder back/folder
for offset in 0 1048576 2097152 3145728; do
    echo "$offset $(part image $offset 1048576 | sha256sum)"
done | cmp - image.sums
same_text 250 "$(wc -l < kinds)"
find folder -type f -print0 | xargs -0 file --brief | cmp - kinds
