# hash --part with many files: each part hashes its share, and join puts all lines in the order of one run.
. "$CLI_LIB"
. "$CLI_FOLDER/parts.sh"
mkdir -p tree/a tree/b/c 'tree/odd names' elsewhere
for number in {1..150}; do
    noise $((number * 37)) $number > tree/a/$number
    text $((number * 91)) > tree/b/c/$number
done
printf x > $'tree/odd names/a\nb'
printf y > $'tree/odd names/\xff\xfe \\ '
: > tree/b/empty
# Larger than a worker hashes whole.
noise 9000000 9 > tree/b/large
noise 50000 10 > elsewhere/1
ln -s ../elsewhere tree/linked
ln -s b/large tree/link
find tree -type f ! -name $'*\n*' > list
echo elsewhere/1 >> list

# same_in_parts COUNT ARGUMENT…: all parts, in any order and concurrently, give the same as one run with these
# arguments.
same_in_parts() {
    local count=$1
    shift
    rm -f whole sums*
    silently poolmap hash -o whole "$@"
    silently in_parts "$count" poolmap hash -o sums "$@"
    silently poolmap join --rm -o sums sums.part-*
    cmp whole sums
    [[ ! -e sums.part-1-of-$count ]]
}

for count in 1 2 7 40; do same_in_parts $count -r tree; done
# More parts than files.
same_in_parts 30 -r tree/odd\ names tree/b/empty
same_in_parts 3 --files-from list
find tree -type f -print0 > list0
same_in_parts 3 -0 --files-from list0
same_in_parts 4 tree/a/[1-9] tree/a/1 elsewhere/1 tree/a/2
same_in_parts 3 -r tree elsewhere tree/a
# Algorithms without pieces work too, as files are whole.
same_in_parts 3 -r -a sha256 -a md5 -a blake3 tree
same_in_parts 3 -r --zero tree
same_in_parts 3 -r --tag tree
same_in_parts 3 -r --no-names tree
same_in_parts 3 -r -a s3-etag --part-size 5M tree
same_in_parts 3 -r --manifest tree
same_in_parts 3 -r --manifest --chunk-size 64K -a sha256 tree/b elsewhere
mkdir empty
same_in_parts 2 -r empty

# ---- Other tools check the lines, and a join to standard output is the same

for number in 1 2 3; do silently poolmap hash -r -a sha256 -o sums --part $number/3 tree/a tree/b; done
poolmap join -c sums.part-* | sha256sum --quiet -c -

# ---- A part that fails leaves nothing, and existing files are not overwritten

refuses 1 "sums.part-2-of-3 already exists" poolmap hash -r -a sha256 -o sums --part 2/3 tree/a tree/b
for number in 1 2 3; do rm -f sums.part-$number-of-3; done
chmod 000 tree/a/7
chmod 777 .
codes=
for number in 1 2 3; do
    code=0
    as_user poolmap hash -r -o sums --part $number/3 tree/a tree/b 2>> errors || code=$?
    codes+=$code
done
same_text 1 "${codes//0/}"
one_error_line errors "tree/a/7: Permission denied"
same_text 2 "$(ls sums.part-* | wc -l)"
refuses 1 "of 3 is missing" poolmap join -o joined sums.part-*
chmod 644 tree/a/7
for number in 1 2 3; do
    [[ -e sums.part-$number-of-3 ]] || silently poolmap hash -r -o sums --part $number/3 tree/a tree/b
done
silently poolmap join -o joined sums.part-*
poolmap hash -r tree/a tree/b | cmp - joined

# ---- join refuses parts of other names or jobs, and damaged or missing ones

rm -f sums.part-* joined
for number in 1 2; do silently poolmap hash -r -o sums --part $number/3 tree; done
touch tree/a/new
silently poolmap hash -r -o sums --part 3/3 tree
refuses 1 "sums.part-3-of-3 does not belong to sums.part-1-of-3: it found 307 files, not 306" \
    poolmap join -o joined sums.part-*
mv tree/a/new tree/a/other && rm tree/a/8
silently poolmap hash -r -f -o sums --part 3/3 tree
refuses 1 "sums.part-3-of-3 does not belong to sums.part-1-of-3: it found other file names" \
    poolmap join -o joined sums.part-*
mv tree/a/other tree/a/8
silently poolmap hash -r -f -o sums --part 3/3 -a sha256 tree
refuses 1 "it was made with algorithm=sha256, not algorithm=blake3 32" poolmap join -o joined sums.part-*
silently poolmap hash -r -f -o sums --part 3/3 --manifest tree
refuses 1 "it was made with lines=manifest, not lines=plain" poolmap join -o joined sums.part-*
silently poolmap hash -r -f -o sums --part 3/3 tree
refuses 1 "part 2 of 3 is missing" poolmap join -o joined sums.part-1* sums.part-3*
silently poolmap join -o joined sums.part-*
rm joined
size=$(stat -c %s sums.part-2-of-3)
for place in 0 9 12 500 $((size / 2)) $((size - 60)) $((size - 1)); do
    cp sums.part-2-of-3 kept.part-2-of-3
    patch sums.part-2-of-3 $place $((RANDOM % 256)) 17 240
    if ! cmp -s sums.part-2-of-3 kept.part-2-of-3; then
        code=0
        poolmap join -o joined sums.part-* 2> errors || code=$?
        same_text 1 $code
        one_error_line errors "sums.part-2-of-3"
        [[ ! -e joined ]]
    fi
    mv kept.part-2-of-3 sums.part-2-of-3
done

# ---- kill -9: nothing is left of the part, and it can be made again

mkfifo tree/a/pipe
exec 5<> tree/a/pipe
poolmap hash -o sums --part 1/1 tree/a/1 tree/a/pipe tree/a/2 5<&- &
pid=$!
# reads_the_pipe: it waits for data that never comes.
reads_the_pipe() { find /proc/$pid/fd -lname '*/tree/a/pipe' | grep -q .; }
wait_until 20 reads_the_pipe
kill -KILL $pid
wait $pid || true
exec 5<&-
[[ ! -e sums.part-1-of-1 ]]
rm tree/a/pipe

# ---- What cannot be hashed in parts

refuses 2 "--part of many files cannot be combined with --resume" \
    poolmap hash -r -o sums --resume state --part 1/2 tree
refuses 2 "--part requires files, not standard input" poolmap hash -o sums --part 1/2 - tree/a/1
refuses 2 "--part" poolmap hash -r --tree -o sums --part 1/2 tree
refuses 2 "--part" poolmap hash -r --keyed -o sums --part 1/2 tree
refuses 2 "--part requires -o FILE" poolmap hash -r --part 1/2 tree
# Other parts must not find the parts as inputs.
refuses 2 "the parts would be written into tree and hashed, too; name a file outside it with -o" \
    poolmap hash -r -o tree/a/sums --part 1/2 elsewhere tree
refuses 2 "the parts would be written into . and" poolmap hash -r -o sums --part 1/2 .
refuses 2 "the parts would be written into ../../tree and" \
    eval "(cd tree/a && poolmap hash -r -o ../../elsewhere/../tree/sums --part 1/2 ../../tree)"
(cd tree && silently poolmap hash -r -o ../sums --part 1/1 .)
