# Workers killed while they hash the files of a tree: the digest is the same.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
mkdir -p tree/small
noise 300000 > tree/a
for number in {1..100}; do
    head -c $((number * 1000)) tree/a > "tree/small/$number"
done
# Each takes one worker a while.
truncate -s 200M tree/b tree/z
digest=$(tree_digest -a md5 -j 1 tree)
start poolmap hash --tree --no-names -a md5 -j 2 --report report tree > out 2> said
# Each worker is killed once, while it hashes one of them, so that no file is given up.
wait_workers "$front" 2
for victim in $(worker_pids "$front"); do
    wait_busy "$victim" 5
    kill -KILL "$victim"
done
expect_exit 0 wait "$front"
same_text "" "$(< said)"
same_text "$digest" "$(< out)"
grep -Eq '"repeatedTries": [1-9]' report || fail "no process was killed in the middle"
