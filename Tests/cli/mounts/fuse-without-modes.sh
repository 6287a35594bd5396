# On a file system by FUSE that refuses modes and owners, as many of clouds do, there are targets and a note.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
modes() {
    # Set where it can be.
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
