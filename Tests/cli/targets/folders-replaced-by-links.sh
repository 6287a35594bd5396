# If a folder of a tree is replaced by a link at any moment, nothing outside the tree is written or removed.
. "$CLI_LIB"
real_data 300000 > content
lay_out() {
    chmod -R u+w tree outside out away 2> /dev/null || true
    rm -rf tree outside out away
    mkdir -p tree/a/b outside/b out/tree/a/b
    # Hard links to the same files: so checking what a name leads to does not help.
    cp content tree/a/b/file
    ln tree/a/b/file outside/b/file
    echo other > tree/z
    if [[ $1 == decompress ]]; then
        zstd -q --rm tree/a/b/file tree/z
        mv outside/b/file outside/b/file.zst
        ln -f tree/a/b/file.zst outside/b/file.zst
    fi
    find outside | sort > before
}
are_stopped() { grep -qs 'stopped by SIGSTOP' trace || ! is_running "$front"; }
stops=0
# swapped CALL FIRST STEP FOLDER COMMAND…: replaces the folder by a link to `outside` when the run returns from one of
# these calls, from the FIRST to the last; then checks that nothing was done outside.
swapped() {
    local call=$1 count=$2 step=$3 folder=$4
    shift 4
    while true; do
        lay_out "$1"
        rm -f trace
        start strace -qq -f -o trace ${refusal:+-e "$refusal"} -e "trace=$call,openat2" \
            -e "inject=$call:signal=SIGSTOP:when=$count" poolmap "$@" > printed 2> said
        wait_until 20 are_stopped
        mv "$folder" away
        ln -s "$PWD/outside" "$folder"
        continue_stopped "$front"
        wait "$front" || true
        find outside | sort | diff before - || fail "$call $count: outside was changed by: $*"
        zstd -q -dcf outside/b/file* | cmp - content || fail "$call $count: the file outside was changed by: $*"
        grep -q 'stopped by SIGSTOP' trace || return 0
        stops=$((stops + 1))
        count=$((count + step))
    done
}
for call in openat2 linkat unlinkat; do
    swapped $call 1 1 tree/a compress -q -r --rm -j 1 tree
    swapped $call 1 3 tree/a compress -q -r --rm -j 2 tree
    swapped $call 1 2 out/tree/a decompress -q -r --rm -j 1 --output-dir out tree
done
swapped openat2 2 3 tree/a decompress -q -r --rm tree
swapped openat2 2 3 tree/a test -r tree
swapped openat2 2 3 tree/a hash --tree tree
# Without openat2, and if a sandbox refuses it: the path is walked. The first calls belong to the start.
for error in ENOSYS EPERM; do
    refusal=inject=openat2:error=$error
    swapped openat 8 3 tree/a compress -q -r --rm -j 1 tree
done
((stops > 20)) || fail "the runs were stopped $stops times only"

# A link that is there from the beginning: the message names the target that is not written.
for refusal in '' inject=openat2:error=ENOSYS; do
    lay_out compress
    rm -r out/tree/a
    ln -s "$PWD/outside" out/tree/a
    code=0
    strace -qq -f -o trace -e trace=openat2 ${refusal:+-e "$refusal"} \
        poolmap compress -r -j 1 --output-dir out tree 2> said || code=$?
    ((code == 1))
    one_error_line said "tree/a/b/file: cannot create the directory out/tree/a/" "its path has a symbolic link"
    find outside | sort | diff before -
    zstd -q -dc out/tree/z.zst | cmp - tree/z
    # With -f links are followed, as documented.
    silently strace -qq -f -o trace -e trace=openat2 ${refusal:+-e "$refusal"} \
        poolmap compress -f -r --output-dir out tree
    zstd -q -dc outside/b/file.zst | cmp - content
done
# The named path itself may lead through links.
lay_out compress
ln -sfn . here
ln -sfn out there
silently poolmap compress -r -j 2 --output-dir here/there here/tree
zstd -q -dc out/tree/a/b/file.zst | cmp - content
silently poolmap compress -r --rm here/tree/
zstd -q -dc tree/a/b/file.zst | cmp - content
no_file tree/a/b/file tree/z
