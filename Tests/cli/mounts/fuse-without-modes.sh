# On a FUSE file system that refuses modes and owners, as many for cloud storage do, targets are made, with a note.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
modes() {
    # Modes can be set in the folder behind it.
    text 100000 > ../store/in
    chmod 640 ../store/in
    expect_exit 1 chmod 600 in 2> /dev/null
    noted poolmap in
    silently zstd -q -d -c in.zst | cmp - in
    noted poolmap -d -f -o restored in.zst
    same_file in restored
    noted poolmap -f --rm -o in.zst in
    no_file in
}
in_mount fuse modes --chmod-deny --chown-deny
