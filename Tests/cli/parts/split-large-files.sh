# --split: large ones among many files are in every part, and join -r makes of them what one run makes.
. "$CLI_LIB"
. "$CLI_FOLDER/parts.sh"
mkdir -p tree/a tree/b
for number in {1..40}; do
    noise $((number * 370)) $number > tree/a/$number
    text $((number * 910)) > tree/b/$number
done
text 3000000 > tree/b/large
real_data 2500000 > 'tree/large too'
noise 1000000 7 > tree/border
noise 999999 8 > tree/below
# Larger than a worker takes, smaller than what is split.
noise 600000 9 > tree/middle
find tree -exec touch -d '2003-04-05 06:07:08.123456789' {} +
options=(-r --chunk-size 128K)

silently poolmap compress "${options[@]}" --output-dir whole tree
for count in 1 2 7; do
    rm -rf parts
    silently in_parts $count poolmap compress "${options[@]}" --split 1000000 --output-dir parts tree
    same_text $((3 * count)) "$(find parts -name "*.part-*-of-$count" | wc -l)"
    # A second run changes nothing, before the join and after it.
    find parts -type f -printf '%p %i %C@\n' | sort > before
    silently in_parts $count poolmap compress "${options[@]}" --split 1000000 --output-dir parts tree
    find parts -type f -printf '%p %i %C@\n' | sort | diff before -
    silently poolmap join -r --rm parts
    same_text "$(contents whole)" "$(contents parts)"
    find parts -type f -printf '%p %i %C@\n' | sort > before
    silently in_parts $count poolmap compress "${options[@]}" --split 1000000 --output-dir parts tree
    find parts -type f -printf '%p %i %C@\n' | sort | diff before -
done
same_text "$(stat -c %Y tree/border)" "$(stat -c %Y parts/tree/border.zst)"

# ---- Beside the inputs, from a list, and by names; no large file, and only large files

cp -a tree beside
find beside -type f > list
silently in_parts 3 poolmap compress --chunk-size 128K --split 1000000 --files-from list
(cd beside && silently poolmap join -r --rm . ../beside/a)
silently poolmap compress "${options[@]}" beside/a -f
find beside -type f ! -name '*.zst' -delete
same_text "$(cd whole && contents tree)" "$(mv beside beside.0 && mkdir beside && mv beside.0 beside/tree && cd beside && contents tree)"
refuses 2 "--split cannot be combined with -o" poolmap compress --split 1 --part 1/2 -o one tree/border
rm -rf parts
silently in_parts 2 poolmap compress "${options[@]}" --split 100G --output-dir parts tree
silently poolmap join -r parts
same_text "$(contents whole)" "$(contents parts)"
rm -rf parts
silently in_parts 3 poolmap compress "${options[@]}" --split 1 --output-dir parts tree
silently poolmap join -r --rm parts
same_text "$(contents whole)" "$(contents parts)"

# ---- decompress and test

silently in_parts 3 poolmap decompress -r --split 1000000 --output-dir back whole
same_text 9 "$(find back -name '*.part-*' | wc -l)"
silently poolmap join -r --rm back
same_text "$(contents tree)" "$(cd back/whole && contents tree)"
silently in_parts 3 poolmap test -r --split 1000000 whole
patch whole/tree/border.zst 500000 1 2 3 4
code=0
for number in 1 2 3; do poolmap test -r --split 1000000 --part $number/3 whole 2>> damage || code=$((code + $?)); done
same_text 1 $code
one_error_line damage whole/tree/border.zst

# ---- Obstacles are reported before anything is done, and join names missing parts

rm -rf parts && mkdir -p parts/tree
echo old > parts/tree/border.zst
refuses 1 "tree/border: parts/tree/border.zst already exists" \
    poolmap compress "${options[@]}" --split 1000000 --output-dir parts --part 1/1 tree
same_text old "$(< parts/tree/border.zst)"
find parts -name '*.part-1-of-1' -delete
silently in_parts 2 poolmap compress "${options[@]}" -f --split 1000000 --output-dir parts tree
refuses 1 "parts/tree/border.zst already exists" poolmap join -r parts
[[ ! -e parts/tree/border.zst.part-3-of-2 && -e parts/tree/border.zst.part-1-of-2 ]]
rm -f parts/tree/b/large.zst 'parts/tree/large too.zst' parts/tree/b/large.zst.part-2-of-2
expect_exit 1 poolmap join -r -f --rm parts 2> said
one_error_line said "parts/tree/b/large.zst: part 2 of 2 is missing"
[[ -e parts/tree/b/large.zst.part-1-of-2 && ! -e parts/tree/border.zst.part-1-of-2 ]]
zstd -q -dc parts/tree/border.zst | cmp - tree/border

# ---- Usage

refuses 2 "--split requires --part or --engine" poolmap compress -r --split 1M tree
refuses 2 "--split must be at least 1" poolmap compress -r --split 0 --part 1/2 tree
refuses 2 "--split cannot be combined with --rm" poolmap compress -r --rm --split 1M --part 1/2 tree
refuses 2 "--part cannot be combined with -c" poolmap compress -r -c --split 1M --part 1/2 tree
refuses 2 "unknown option '--split'" poolmap hash -r --split 1M --part 1/2 -o sums tree
refuses 2 "-r cannot be combined with -o" poolmap join -r -o out parts
refuses 2 "-r cannot be combined with -c" poolmap join -r -c parts
refuses 1 "gone: No such file" poolmap join -r gone
refuses 2 "list does not end with .part-I-of-N" poolmap join -r list
