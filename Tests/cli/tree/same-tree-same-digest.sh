# One tree has one digest: made in any order, copied, on tmpfs, at other paths, with other owners and times.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
lay_out_tree tree
digest=$(tree_digest tree)
is_same() { same_text "$digest" "$(tree_digest "$1")"; }
# However the path is spelled.
ln -s tree link
mkdir -p other/place
for path in tree/ ./tree tree/. tree// "$PWD/tree" other/../tree link link/; do
    is_same "$path"
done
(cd tree && is_same . && is_same ./ && is_same a/..)
# Copied.
cp -a tree other/place/copy
is_same other/place/copy
# In another file system, including its sockets.
with_small_disk 40M bash -c '
    . "$CLI_LIB"
    . "$CLI_FOLDER/trees.sh"
    cp -a tree disk/copy
    [[ $(stat -f -c %T disk) == tmpfs ]]
    same_text "$1" "$(tree_digest disk/copy)"' - "$digest"
# In reverse order, and with many names that were created and removed before.
(
    mkdir -m 755 reverse
    cd tree
    find . -mindepth 1 -depth -print0 | sort -zr > ../names
    cd ../reverse
    for number in {1..200}; do : > "gone-$number"; done
    # tar warns that it skips sockets.
    (cd ../tree && tar -c --no-recursion --null --files-from ../names 2> /dev/null || true) | tar -xp
    rm gone-*
    cp -a ../tree/socket .
)
is_same reverse
# Times and owners do not count, nor does the reader. (chown clears the set-user-ID bit.)
find other/place/copy -exec touch -h -d 2001-02-03 {} +
is_same other/place/copy
if ((EUID == 0)); then
    chown -hR 1234:4321 other/place/copy
    find tree ! -type l -printf '%m %P\0' | while IFS= read -rd '' entry; do
        chmod "${entry%% *}" "other/place/copy/${entry#* }"
    done
    is_same other/place/copy
fi
