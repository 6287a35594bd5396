# CSV is not cut at line ends within quotes, FASTA is cut before its headers, and --records gives chunks equal counts.
. "$CLI_LIB"
python3 - <<'END2'
import csv, random
random.seed(5)
with open("table.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["number", "text"])
    for number in range(3000):
        writer.writerow([number, random.choice(["plain", 'with "quotes"', "two\nlines", "\n\n,", '"', ""])])
with open("genome.fa", "w") as file:
    for number in range(500):
        print(f">sequence {number}", *("ACGT" * random.randint(1, 20) for _ in range(random.randint(1, 9))), sep="\n", file=file)
END2
# Each chunk is a table in which a CSV reader finds whole rows.
rows='
import csv, sys
rows = list(csv.reader(sys.stdin))
assert rows[0] == ["number", "text"] and all(len(row) == 2 and row[0].isdigit() for row in rows[1:]), rows
print(len(rows) - 1)'
for jobs in 1 2; do
    poolmap map -j $jobs --csv --header 1 --output-header 0 --chunk-size 8K table.csv -- python3 -c "$rows" > counts
    same_text 3000 "$(awk '{ s += $1 } END { print s }' counts)"
    (($(wc -l < counts) >= 3))
    poolmap map -j $jobs --csv --header 1 --output-header 0 --records 1000 -- python3 -c "$rows" < <(cat table.csv) > counts
    same_text "1000 1000 1000" "$(xargs < counts)"
    # Each begins with a header, and has whole sequences.
    poolmap map -j $jobs --record-start '^>' --chunk-size 10K genome.fa -- head -n 1 > heads
    (($(wc -l < heads) > 5))
    same_text "" "$(grep -v '^>sequence [0-9]*$' heads || true)"
    same_text "100 100 100 100 100" \
        "$(poolmap map -j $jobs --record-start '^>' --records 100 genome.fa -- grep -c '^>' | xargs)"
    same_text "4 4 2" "$(seq 10 | poolmap map -j $jobs --lines --records 4 -- wc -l | xargs)"
done
# Anything before the first header is a record too; a header starts at the beginning of a line.
same_text "1 1" "$(printf 'x\n>a\nx>b\n >c\n>d\n' | poolmap map --record-start '^>' --records 2 -- grep -c '^>' | xargs)"
