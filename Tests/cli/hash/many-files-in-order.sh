# The digests of hundreds of files, the first the largest, come in the order of the arguments.
. "$CLI_LIB"
mkdir many
for number in {1..400}; do
    echo "$number" > many/$number
done
real_data 30000000 > many/large
files=(many/large many/{400..1} many/large many/7)
silently poolmap hash -a sha256 -j 3 "${files[@]}" | cmp - <(sha256sum "${files[@]}")
