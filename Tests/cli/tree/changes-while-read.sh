# An entry that changes between the check and the read is an error, and a link in place of a file is not followed.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
# Larger than what is done without workers, so that workers must notice the change.
noise 400000 > before
echo secret > secret
lay_out() {
    rm -rf tree outside
    mkdir -p tree/folder outside
    cp before tree/before
    echo victim > tree/folder/victim
    cp -p tree/folder/victim outside/
    echo other > tree/other
}
is_stopped() { grep -qs 'stopped by SIGSTOP' trace; }
# changed PATH ERROR COMMAND: stops the walk after it has checked the path, changes something, and lets it continue.
changed() {
    local path=$1 error=$2 jobs
    for jobs in 1 2; do
        lay_out
        rm -f trace
        # The path is checked by its name in its open folder. Which call glibc uses depends on the processor.
        start strace -qq -o trace -P "${path##*/}" -e 'trace=?newfstatat,?lstat' \
            -e 'inject=?newfstatat,?lstat:signal=SIGSTOP:when=1' poolmap hash --tree -j "$jobs" tree > sums 2> said
        wait_until 20 is_stopped
        eval "$3"
        kill -CONT "$(tree_of "$front" | sed -n '1s/^1 \([0-9]*\) .*/\1/p')"
        expect_exit 1 wait "$front"
        [[ ! -s sums ]] || fail "there is a digest after: $3"
        # The folder may have changed too, which is reported after it.
        [[ $(grep -v '^strace: ' said | head -n 1) == "poolmap: $error"* ]] || fail "after: $3: $(< said)"
    done
}
victim=tree/folder/victim
was="$victim: changed while it was read"
changed $victim "$victim: its path has a symbolic link" "ln -sf ../../secret $victim"
# Even to the same file.
changed $victim "$victim: its path has a symbolic link" \
    "mv $victim outside/ && ln -s ../../outside/victim $victim"
changed $victim "$was" "mv outside/victim $victim"
changed $victim "$was" "echo more >> $victim"
changed $victim "$was" "touch -d 2001-02-03 $victim"
changed $victim "$was" "chmod 600 $victim"
changed $victim "$was" "rm $victim && mkfifo $victim"
changed $victim "$victim: No such file or directory" "rm $victim"
changed $victim "$victim: is a directory" "rm $victim && mkdir $victim"
# Another way to the same place.
changed tree/folder "tree/folder/: cannot read the directory: its path has a symbolic link" \
    "mv tree/folder away && ln -s ../outside tree/folder; rm -rf away"
changed tree/folder "tree/folder/: cannot read the directory" "rm -r tree/folder && echo > tree/folder"
# A folder that is renamed while it is read.
changed $victim "tree/folder/: changed while it was read" "echo new > tree/folder/new"
changed tree/other "tree/: changed while it was read" "echo new > tree/new"
