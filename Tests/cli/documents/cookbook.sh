# Each line of docs/cookbook.md and of "Use" in README.md does what the page says, as compared with plain programs.
. "$CLI_LIB"
unset MAKEFLAGS MAKELEVEL MFLAGS
export LC_ALL=C
documents=$(cd "$CLI_FOLDER/../.." && pwd)

# ---- Inputs, as the recipes name them; each recipe gets its own copy.
mkdir -p inputs/project/deep records
(
    cd inputs
    { text 9000000; noise 11971520; } > big.tar
    seq -f '%.0f INFO text' 200000 | sed 's/7 INFO/7 ERROR/' > app.log
    cp app.log old.log
    seq 1000 > project/a.log
    touch -d 2001-01-01 project/a.log
    noise 3000 > 'project/a name'
    text 300000 > project/deep/b
    cp big.tar disk.img
    python3 - << 'END'
import csv, json
with open("table.csv", "w", newline="") as file:
    csv.writer(file).writerows([["a", "b", "c"]] + [[n, "two\nlines", 'a "quote"'] for n in range(3000)])
for n in range(3000):
    with open(f"../records/{n}.json", "w") as file:
        json.dump({"identifier": n, "name": f"user {n * 977 % 3001}", "address": f"{n * 31} Long Street",
                   "mail": f"user{n}@example.org", "history": [n * k % 997 for k in range(60)]}, file)
END
    zstd -q app.log
    tar -cf project.tar project
    poolmap -q --rm project.tar
)
# Files that some recipes read, made by poolmap.
mkdir packed
poolmap -q -o packed/big.tar.zst inputs/big.tar
cp packed/big.tar.zst packed/damaged.tar.zst
poolmap -q --chunk-size 1M -o packed/damaged.log.zst inputs/app.log
patch packed/damaged.tar.zst 5000000 1 2 3 4 5 6 7 8
patch packed/damaged.log.zst 50000 1 2 3 4 5 6 7 8
(cd packed && sha256sum big.tar.zst > SHA256SUMS)

# Stand-ins for the network: this machine as the host, and a folder as the bucket.
mkdir bin bucket
cat > bin/ssh << 'END'
#!/bin/sh
[ "$1" = host ] && exec sh -c "$2"
END
cat > bin/aws << END
#!/bin/sh
case \$1:\$2:\$3:\$4 in
    s3:cp:-:s3://bucket/*) cat > "$PWD/bucket/\${4#s3://bucket/}" ;;
    s3:cp:s3://bucket/*:-) cat "$PWD/bucket/\${3#s3://bucket/}" ;;
    *) exit 99 ;;
esac
END
chmod 755 bin/ssh bin/aws
PATH=$PWD/bin:$PATH

# lines_of FILE HEADING: the indented lines below a heading.
lines_of() { awk -v "wanted=## $2" '/^## / { here = $0 == wanted } here && sub(/^    /, "")' "$documents/$1"; }

# recipe HEADING COUNT [FILE]: runs its COUNT lines in a new folder, and stays there. Line N prints to out-N and said-N.
# Only -v, zstd and --salvage, which exits with 1, may print to standard error.
recipe() {
    local line code number=0 expected
    cd "$top"
    rm -rf run
    mkdir run
    cd run
    cp -a ../inputs/. .
    [[ $1 != Check* && $1 != Restore && $1 != Salvage* ]] || cp -a ../packed/. .
    [[ $1 != *alike ]] || cp -a ../records .
    [[ $1 != "A Makefile" ]] || sed -n '/^```make$/,/^```$/{/^```/!p}' "$documents/docs/cookbook.md" > Makefile
    lines_of "${3-docs/cookbook.md}" "$1" > "$CLI_NOTES/lines"
    same_text "$2" "$(wc -l < "$CLI_NOTES/lines")"
    while IFS= read -r line; do
        number=$((number + 1)) code=0 expected=0
        # This one needs Slurm; the cases in cluster/ start one.
        [[ $line != *"--engine slurm"* ]] || continue
        [[ $line != *--salvage* ]] || expected=1
        bash -euo pipefail -c "$line" < /dev/null > "out-$number" 2> "said-$number" || code=$?
        ((code == expected)) || fail "exit code $code: $line said: $(< "said-$number")"
        [[ $line == *-v\ * || $line == zstd* || $expected == 1 || ! -s said-$number ]] ||
            fail "$line said: $(< "said-$number")"
    done < "$CLI_NOTES/lines"
    echo "$1" >> "$CLI_NOTES/recipes"
}
top=$PWD
: > "$CLI_NOTES/recipes"

recipe "Compress a backup" 4
grep -qx 'big.tar: 20.00 MiB to [0-9.]* MiB' said-1
for file in big.tar.zst copy.tar.zst; do zstd -q -dc $file | cmp - big.tar; done
zstd -q -dc project.tar.zst | tar -d
zstd -q -dc old.log.zst | cmp - app.log
no_file old.log

recipe Restore 3
same_file big.tar restored.tar
tar -df <(zstd -q -dc project.tar.zst)
part big.tar $((9 << 20)) 1024 | cmp - piece

recipe "Check a download" 4
same_text "big.tar.zst: OK" "$(< out-1)"
grep -q 'frame 2: .* content' out-3
same_file big.tar checked.tar

recipe "Hash and verify a tree" 4
(cd "$top/inputs" && find project -type f -print0 | sort -z | xargs -0 sha256sum) | sort > expected
sort SHA256SUMS | diff expected -
same_text "" "$(cat out-2 out-3)"
same_text "$(poolmap hash --tree --list project | b3sum --no-names)  project" "$(< out-4)"

recipe "Find damaged bytes" 3
same_text "disk.img: OK disk.img: OK" "$(cat out-2 out-3 | xargs)"
patch disk.img 10000000 1 2 3 4
expect_exit 1 poolmap hash --check disk.manifest > said
same_text "disk.img: FAILED bytes 9437184 to 10485759" "$(< said)"
grep -qF "\`$(< said)\`" "$documents/docs/cookbook.md"
silently poolmap hash --check --offset 11M --length 1M disk.manifest > said

recipe "Resume after a crash" 3
zstd -q -dc big.tar.zst | cmp - big.tar
same_text "$(b3sum big.tar)" "$(< out-2)"
grep -F ERROR app.log | cmp - errors
no_file big.tar.zst.partial big.tar.zst.resume big.state

recipe "Many files" 6
grep -qx 'compress project/a.log to project/a.log.zst, and remove project/a.log' out-4
no_file project/a.log
diff -r "$top/inputs/project" restored/project
zstd -q -dc project/a.log.zst | cmp - "$top/inputs/project/a.log"
zstd -q -dc project/deep/b.zst | cmp - project/deep/b
same_text 3 "$(find backup -type f -name '*.zst' | wc -l)"

recipe "Many small files that are alike" 3
diff -r records unpacked/records
zstd -q -D records.dict -dc packed/records/7.json.zst | cmp - records/7.json

recipe "Filter lines or records" 4
grep -F ERROR app.log | cmp - errors
same_text 200000 "$(< count)"
sort app.log | cmp - sorted
python3 -c '
import csv, sys
csv.writer(sys.stdout).writerows(row[:2] for row in csv.reader(open("table.csv", newline="")))' | cmp - small.csv

recipe "A Makefile" 1
zstd -q -dc big.tar.zst | cmp - big.tar
sha256sum big.tar | cmp - big.tar.sha256
silently poolmap --depfile big.d -f -o big.tar.zst big.tar
grep -qx 'big.tar.zst : .*' big.d

recipe "A cluster" 4
silently poolmap -q -o whole big.tar
same_file whole big.tar.zst
no_file big.tar.zst.part-*

recipe "Pipes, ssh and S3" 5
for file in project.tar.zst ../bucket/project.tar.zst; do zstd -q -dc $file | tar -d; done
same_text "$(tar -c project | sha256sum)" "$(< out-4)"
digests=$(for part in 0 1 2; do part big.tar $((part << 23)) $((1 << 23)) | md5sum | cut -c 1-32; done)
same_text "S3-ETAG:8388608 (big.tar) = $(xxd -r -p <<< "$digests" | md5sum | cut -c 1-32)-3" "$(< out-5)"

recipe "Salvage a damaged file" 2
grep -qx "$(sed -n '/^```text$/{n;p}' "$documents/docs/cookbook.md")" said-1
# The damage is in the second of three frames, of 8 MiB each.
{ part big.tar 0 8388608; head -c 8388608 /dev/zero; part big.tar 16777216 8388608; } | cmp - saved.tar
same_text $((1 << 20)) $(($(size_of app.log) - $(size_of saved.log)))

recipe "See where the time went" 3
python3 -c 'import json; assert json.load(open("run.json"))["files"][0]["chunks"]'
grep -q "<title>poolmap report" run.html

# ---- Every recipe is covered.
sed -n 's/^## //p' "$documents/docs/cookbook.md" | diff - "$CLI_NOTES/recipes"
sed -n 's/^- \[\(.*\)\](#.*/\1/p' "$documents/docs/cookbook.md" | diff - "$CLI_NOTES/recipes"

recipe Use 7 README.md
same_file big.tar "$top/inputs/big.tar"
zstd -q -dc old.log.zst | cmp - app.log
zstd -q -dc backup/project/deep/b.zst | cmp - project/deep/b
same_text "$(sha256sum big.tar)" "$(< out-6)"
grep ERROR app.log | cmp - out-7
