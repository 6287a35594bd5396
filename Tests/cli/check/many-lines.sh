# A list of 50,000 lines takes no more memory than a short one.
. "$CLI_LIB"
mkdir tree
for number in {0..99}; do echo "$number" > "tree/$number"; done
sha256sum tree/* > hundred
for _ in {1..500}; do cat hundred; done > list
(($(wc -l < list) == 50000))
# run LIST: all its files match, and the front takes less than 40 MiB.
run() {
    local kib
    exits processes poolmap hash -a sha256 -j 2 -c "$1" > printed
    kib=$(awk '$2 == "poolmap" { print $3 }' processes)
    ((kib > 0 && kib < 40960)) || fail "the front took $kib KiB"
    sed -E 's/^[0-9a-f]+  (.*)/\1: OK/' "$1" | cmp - printed
}
run list
