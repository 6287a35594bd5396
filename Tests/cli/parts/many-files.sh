# With many files each part processes its own, whole: all parts together do what one run does, and nothing twice.
. "$CLI_LIB"
. "$CLI_FOLDER/parts.sh"
mkdir -p tree/a tree/b/c 'tree/odd names'
for number in {1..120}; do
    noise $((number * 37)) $number > tree/a/$number
    text $((number * 91)) > tree/b/c/$number
done
printf x > $'tree/odd names/a\nb'
printf y > $'tree/odd names/\xff\xfe'
: > tree/b/empty
# Larger than a worker processes whole.
noise 300000 9 > tree/b/large
find tree -exec touch -d '2003-04-05 06:07:08.123456789' {} +

silently poolmap compress -r --chunk-size 64K --output-dir whole tree
for count in 1 2 7 40; do
    rm -rf parts
    silently in_parts $count poolmap compress -r --chunk-size 64K --output-dir parts tree
    same_text "$(contents whole)" "$(contents parts)"
done

# ---- Each is done once: every part has different files, and each part has some

total=0
for number in 1 2 3; do
    silently poolmap compress -r --chunk-size 64K --output-dir own$number --part $number/3 tree
    count=$(find own$number -type f | wc -l)
    ((count > 40 && count < 130)) || fail "part $number has $count files"
    total=$((total + count))
done
same_text "$(find tree -type f | wc -l)" "$total"

# ---- Only the name decides: not where the folder is, nor what else is there

cp -a tree elsewhere && mkdir deep && mv elsewhere deep/tree
rm -r deep/tree/a
silently poolmap compress -r --chunk-size 64K --output-dir other --part 2/3 deep/tree
(cd own2 && find . -type f ! -path './tree/a/*' | sort) > expected
(cd other && find . -type f | sort) > found
diff expected found

# ---- A second run does the rest, and touches nothing else

find parts -type f -printf '%p %i %C@\n' | sort > before
rm parts/tree/a/17.zst parts/tree/b/large.zst
silently in_parts 40 poolmap compress -r --chunk-size 64K --output-dir parts tree
same_text "$(contents whole)" "$(contents parts)"
find parts -type f -printf '%p %i %C@\n' | sort | grep -v -e a/17.zst -e b/large.zst > after
grep -v -e a/17.zst -e b/large.zst before | diff - after
# The target of an older input does not count.
touch -d '2003-04-05 06:07:09' tree/a/18
code=0
poolmap compress -r --chunk-size 64K --output-dir parts --part 1/1 tree 2> errors || code=$?
same_text 1 $code
one_error_line errors "tree/a/18: parts/tree/a/18.zst already exists"

# ---- Lists, several names, other commands, --rm

(cd tree && find . -type f ! -name $'*\n*') > list
(cd tree && silently in_parts 3 poolmap compress --files-from ../list --output-dir-mirror ../listed --chunk-size 64K)
same_text "$(find listed -type f | wc -l)" "$(wc -l < list)"
(cd tree/a && silently in_parts 3 poolmap compress 1 2 3 4 5 6 7 8 9)
for number in {1..9}; do zstd -q -t tree/a/$number.zst; done
silently in_parts 3 poolmap test -r whole
silently in_parts 3 poolmap decompress -r --output-dir back whole
(cd back/whole/tree && find . -type f -print0 | sort -z | xargs -0 b3sum) > restored
(cd tree && find . -type f ! -name '*.zst' -print0 | sort -z | xargs -0 b3sum) > original
diff original restored
# Beside the inputs, where each part sees what the others have made.
cp -a whole beside-it
for again in 1 2; do silently in_parts 3 poolmap decompress -r beside-it; done
find beside-it -name '*.zst' -delete
same_text "$(contents back/whole)" "$(contents beside-it)"
patch whole/tree/b/large.zst 2000 1 2 3 4
code=0
for number in 1 2 3; do poolmap test -r --part $number/3 whole 2>> damage || code=$((code + $?)); done
same_text 1 $code
one_error_line damage whole/tree/b/large.zst
mkdir moved && cp -a tree/b/c moved
silently in_parts 4 poolmap compress -r --rm moved
same_text 0 "$(find moved -type f ! -name '*.zst' | wc -l)"
same_text 120 "$(find moved -name '*.zst' | wc -l)"

# Named files that another part has removed do not matter.
cp -a tree/b/c named
find named -type f > list
silently in_parts 4 poolmap compress --rm --files-from list
same_text 0 "$(find named -type f ! -name '*.zst' | wc -l)"

# ---- Two inputs with one target are in one part, which refuses the second

# collides NAME COMMAND…: one of three parts fails, with the line of one run, and all together make what one run makes.
collides() {
    local name=$1 number code=0
    shift
    rm -rf together apart
    expect_exit 1 "$@" --output-dir"$name" together 2> one
    rm -f three
    for number in 1 2 3; do "$@" --output-dir"$name" apart --part $number/3 2>> three || code=$((code + $?)); done
    same_text 1 $code
    same_text "$(sed s/together/apart/g one)" "$(< three)"
    same_text "$(contents together)" "$(contents apart)"
}
mkdir -p left/d right/d
for name in {1..9}; do noise 500 $name > left/d/$name; done
noise 500 100 > right/d/5
find left right -exec touch -d '2004-05-06 07:08:09' {} +
collides -flat poolmap compress -q left/d/* right/d/5
collides "" poolmap compress -q -r left/d right/d
collides "" poolmap compress -q left/d/* right/d/5
collides -mirror poolmap compress -q left/d/* ./left//d/./5
tar c left/d | zstd -q > left/both.tar.zst
tar c right | zstd -q > left/both.tzst
find left -exec touch -d '2004-05-06 07:08:09' {} +
collides "" poolmap decompress -q left/both.tar.zst left/both.tzst
code=0
for number in 1 2 3; do poolmap decompress -q --part $number/3 left/both.tar.zst left/both.tzst 2>> beside || code=$((code + $?)); done
same_text 1 $code
zstd -q -dc left/both.tar.zst | cmp - left/both.tar

# ---- Missing inputs: a name is reported by the part that has it, a folder by all

printf 'tree/none\ntree/a/1\n' > list
rm tree/a/1.zst
codes=
for number in 1 2 3; do
    code=0
    poolmap compress --files-from list --part $number/3 2>> missing || code=$?
    codes+=$code
done
same_text 1 "${codes//0/}"
one_error_line missing tree/none
for number in 1 2; do refuses 1 gone poolmap compress -r --part $number/2 gone; done

# ---- What cannot be done in parts

refuses 2 "--part cannot be combined with -c" poolmap compress -c --part 1/2 tree/a/1 tree/a/2
refuses 2 "--part" poolmap compress --part 1/2
refuses 2 "--part" poolmap compress --part 1/2 - < list

