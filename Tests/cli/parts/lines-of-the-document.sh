# The examples in docs/cluster.md: each engine's script run as all of its elements, the Makefile and the shell.
. "$CLI_LIB"
. "$CLI_FOLDER/parts.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS
unset SLURM_ARRAY_TASK_ID PBS_ARRAY_INDEX PBS_ARRAYID SGE_TASK_ID LSB_JOBINDEX JOB_COMPLETION_INDEX \
    AWS_BATCH_JOB_ARRAY_INDEX
text 3000000 > big.tar
touch -d 2001-01-01 big.tar
small_chunks
poolmap compress -q -o whole big.tar
(($(poolmap list --json whole | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["frames"])') > 16))

# joins LINE: the command in a line that submits the join makes the whole, and leaves no part.
joins() {
    local line
    line=$(grep -o "poolmap join [^'\"]*" <<< "$1")
    [[ $line == *.part-\*-of-16 ]] || fail "no join in: $1"
    (($(find . -name 'big.tar.zst.part-*-of-16' | wc -l) == 16))
    silently sh -c "$line"
    same_file big.tar.zst whole
    rm big.tar.zst
    no_file big.tar.zst.part-*
}

# ---- Engines

block Slurm 1 > parts.sh
for index in {1..16}; do
    SLURM_ARRAY_TASK_ID=$index SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=16 SLURM_ARRAY_TASK_COUNT=16 \
        silently sh parts.sh
done
joins "$(block Slurm 2)"

block PBS 1 > parts.sh
for index in {1..16}; do (cd / && PBS_O_WORKDIR=$OLDPWD PBS_ARRAY_INDEX=$index silently sh "$OLDPWD/parts.sh"); done
joins "$(block PBS 2)"

block "Grid Engine" 1 > parts.sh
for index in {1..16}; do
    SGE_TASK_ID=$index SGE_TASK_FIRST=1 SGE_TASK_LAST=16 SGE_TASK_STEPSIZE=1 silently sh parts.sh
done
joins "$(block "Grid Engine" 2)"

block LSF 1 > lines
line=$(sed -n "1s/.* '\(poolmap .*\)'\$/\1/p" lines)
for index in {1..16}; do LSB_JOBINDEX=$index LSB_JOBINDEX_END=16 LSB_JOBINDEX_STEP=1 silently sh -c "$line"; done
last=$(sed -n 2p lines)
rm lines
joins "$last"

line=$(block Kubernetes 1 | sed -n 's/^ *command: \[\(.*\)\]$/\1/p' | tr -d ,)
for index in {0..15}; do JOB_COMPLETION_INDEX=$index silently sh -c "$line"; done
joins "$(block Kubernetes 2)"
block Kubernetes 1 | grep -x '  completions: 16' > "$CLI_NOTES/completions"

# Paths of the shared file system are replaced by this folder.
block "AWS Batch" 1 | sed "s:/data/::g" > "$CLI_NOTES/batch"
line=$(sed -n "s/.*'{\"command\": \[\(.*compress.*\)\]}'.*/\1/p" "$CLI_NOTES/batch" | tr -d ',"')
for index in {0..15}; do
    AWS_BATCH_JOB_ARRAY_INDEX=$index AWS_BATCH_JOB_ARRAY_SIZE=16 silently sh -c "$line"
done
joins "$(cat "$CLI_NOTES/batch")"

# ---- make, with a stand-in for ssh; node3 fails at first.

cat > bin/ssh << 'SCRIPT'
#!/bin/sh
[ "$1" = -n ] || exit 99
echo "$2" >> "$SSH_LOG"
[ "$2" != "$SSH_BROKEN" ] || exit 255
exec sh -c "$3"
SCRIPT
chmod 755 bin/ssh
export SSH_LOG=$CLI_NOTES/ssh
block "GNU make over ssh" 1 > Makefile
SSH_BROKEN=node3 expect_exit 2 make -s -j -k > said 2>&1
grep -q 'big.tar.zst.part-3-of-4' said
same_text "node1 node2 node3 node4" "$(sort "$SSH_LOG" | xargs)"
no_file big.tar.zst big.tar.zst.part-3-of-4
: > "$SSH_LOG"
silently make -s -j > said
same_text node3 "$(< "$SSH_LOG")"
same_file big.tar.zst whole
no_file big.tar.zst.part-{1,2,3,4}-of-4
# Everything is up to date, also without the parts; and made again if the input is newer.
silently make -q
touch -d 2002-01-01 big.tar
expect_exit 1 make -q
: > "$SSH_LOG"
silently make -s -j > said
same_text "node1 node2 node3 node4" "$(sort "$SSH_LOG" | xargs)"
same_file big.tar.zst whole
silently make -q

# ---- A shell, with the same hosts

rm big.tar.zst Makefile
block "A shell" 1 > line.sh
SSH_BROKEN=node3 refuses 1 "part 3 of 4 is missing" sh line.sh
silently poolmap compress -f --part 3/4 -o big.tar.zst big.tar
silently poolmap join --rm -o big.tar.zst big.tar.zst.part-*-of-4
same_file big.tar.zst whole
rm big.tar.zst
silently sh line.sh
same_file big.tar.zst whole
no_file big.tar.zst.part-{1,2,3,4}-of-4
