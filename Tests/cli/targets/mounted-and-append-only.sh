# A target that is a mount point, or in an append-only folder, is one clear line, and nothing is left.
. "$CLI_LIB"
in_own_mounts || exit 0
text 5000 > in
echo precious > source
: > target
mount --bind source target
for jobs in 1 2; do
    refuses 1 "in: cannot replace target: it is a mount point" poolmap compress -f -j $jobs -o target in
    refuses 1 "target already exists" poolmap compress -j $jobs -o target in
    refuses 1 "target: it is a mount point" poolmap compress --if-changed -j $jobs -o target in
done
refuses 1 "target: it is a mount point" poolmap hash -f -o target in
refuses 1 "target: it is a mount point" poolmap compress --resume -f -o target in
# Also if that is noticed only at the last step.
refuses 1 "in: cannot " strace -qq -f -o trace -e trace=statx -e inject=statx:error=ENOSYS poolmap compress -f -o target in
same_text precious "$(< source)"
# A target with the same content stays, and standard output writes into it.
poolmap compress -q -c in > target
silently poolmap compress --if-changed -o target in
zstd -q -dc source | cmp - in
umount target
only_files in source target trace
rm source target trace

mkdir folder
if ! chattr +a folder 2> /dev/null; then
    echo "this file system has no append-only folders" >&2
    exit 0
fi
trap 'chattr -a folder' EXIT
silently poolmap compress -o folder/new.zst in
zstd -q -dc folder/new.zst | cmp - in
for jobs in 1 2; do
    refuses 1 "new.zst already exists" poolmap compress -j $jobs -o folder/new.zst in
    refuses 1 "in: cannot write folder/new.zst: its directory does not let files be renamed" \
        poolmap compress -f -j $jobs -o folder/new.zst in
    silently poolmap compress --if-changed -j $jobs -o folder/new.zst in
done
refuses 1 "its directory does not let files be renamed" poolmap compress --resume -o folder/other.zst in
refuses 1 "folder/new.zst: its directory does not let files be renamed" poolmap hash -f -o folder/new.zst in
text 6000 > in
refuses 1 "its directory does not let files be renamed" poolmap compress --if-changed -o folder/new.zst in
# Without nameless files it is impossible.
refuses 1 "its directory does not let files be renamed" \
    strace -qq -f -o trace -e trace=linkat -e inject=linkat:error=EPERM poolmap compress -o folder/other.zst in
silently poolmap hash -o folder/sums in
same_text "new.zst sums" "$(ls -A folder | xargs)"
