# A target that stands for or leads to an open descriptor is written to that descriptor, after what is already there.
. "$CLI_LIB"
chmod 777 .
real_data 600000 > in
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
ln -s /proc/self/fd/1 to-output
ln -s to-output chain
ln -s /proc/self/fd/3 to-3
ln -s /proc/self/fd/9 to-9
ln -s /proc/self/fd list
{ echo before && cat reference.zst && echo after; } > expected
# goes TARGET COMMAND…: the command writes the bytes of the reference to standard output, and leaves links.
goes() {
    local target=$1
    shift
    { echo before && "$@" && echo after; } > got || fail "exit code $?: $*"
    same_file expected got "$*"
    [[ $target == /* || $target == */* || -L $target ]] || fail "the link is gone: $*"
}
for target in to-output chain "$PWD/to-output" list/1 "./../${PWD##*/}/to-output"; do
    for jobs in 1 3; do
        goes "$target" poolmap compress -j $jobs --chunk-size 64K -f -o "$target" in
        goes "$target" poolmap compress -j $jobs --chunk-size 64K -o "$target" in
    done
    goes "$target" poolmap compress --chunk-size 64K -o "$target" < in
done
# The machine's own names, for a user who could not replace them.
for target in /dev/stdout /dev/fd/1 /proc/self/fd/1 /proc/thread-self/fd/1 //dev/./stdout; do
    goes "$target" as_user poolmap compress -f --chunk-size 64K -o $target in
done
exec 3> got
silently poolmap compress -f --chunk-size 64K -o to-3 in
silently as_user poolmap compress --chunk-size 64K -o /dev/fd/3 in
exec 3>&-
cat reference.zst reference.zst | cmp - got
[[ -L to-3 && -L to-output && -L chain ]]
poolmap decompress -o to-output reference.zst > got
same_file in got
poolmap decompress -o to-output reference.zst | cmp - in
poolmap decompress -o to-3 reference.zst 3>&1 | cmp - in
# Errors and data may go to the same place.
as_user poolmap compress --chunk-size 64K -o /dev/stderr in 2> got
same_file reference.zst got

# All other options that write a file.
{ echo before && poolmap hash -a sha256 -o to-output in && echo after; } > got
{ echo before && sha256sum in && echo after; } | cmp - got
poolmap hash -a sha256 -f -o chain in | cmp - <(sha256sum in)
poolmap compress -q -f -o made.zst --report to-3 --trace to-output --depfile depfile in 3> report > trace
python3 -c 'import json; json.load(open("report")); json.load(open("trace"))'
{ echo before && poolmap compress -q -f -o made.zst --depfile to-output in && echo after; } > got
{ echo before && cat depfile && echo after; } | cmp - got
[[ -L to-3 && -L to-output ]]
# Targets derived from inputs' names; a worker processes the files.
text 300000 > a
text 300001 > b
for name in a b; do
    ln -s ../to-3 $name.zst
done
mkdir links
mv a.zst b.zst links
for name in a b; do
    exec 3> got
    silently poolmap compress -j 2 -f --output-dir links $name in
    exec 3>&-
    zstd -q -dc got | cmp - $name
done
[[ -L links/a.zst && -L links/b.zst ]]

# With --rm the only copy could be lost: as with -c.
refuses 2 "--rm cannot be combined with -o to-output" poolmap compress -f --rm -o to-output in > got
refuses 2 "--if-changed" poolmap compress --if-changed -o to-3 in 3> got
[[ ! -s got ]]
exec 3> got
refuses 1 "a: not removed" poolmap compress -f --rm --output-dir links a
exec 3>&-
[[ -f a && -f in ]]
refuses 2 "--resume requires -o FILE" poolmap compress --resume -f -o to-output in > got
# A number without an open descriptor, even if poolmap itself has opened one by then.
for number in 4 5 6 7 9; do
    ln -sfn /proc/self/fd/$number to-none
    refuses 1 "cannot write to-none: Bad file descriptor" poolmap compress -f -o to-none in
    [[ -L to-none ]]
done
refuses 1 "Bad file descriptor" poolmap hash -f -o to-9 in
[[ -L to-9 ]]
# Another process's file is not replaced either.
echo theirs > theirs
sleep 100 >> theirs &
ln -s /proc/$!/fd/1 to-theirs
refuses 1 "cannot write to-theirs: it leads to a file that another process has open" poolmap compress -f -o to-theirs in
kill $!
same_text theirs "$(< theirs)"
[[ -L to-theirs ]]
only_files a b chain depfile expected got in links links/a.zst links/b.zst links/in.zst list made.zst reference.zst report theirs \
    to-3 to-9 to-none to-output to-theirs trace
