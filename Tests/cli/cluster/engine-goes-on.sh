# --engine slurm, killed at any moment, resumes with the same line. Ctrl-C cancels its jobs, --detach leaves them.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
real_data 9000000 > big.tar
poolmap compress -q -k --chunk-size 256K -o one.zst big.tar
slurm_start cluster 2 1
line="poolmap compress --engine slurm --parts 4 --chunk-size 256K -o big.tar.zst big.tar"

# occupy: takes all nodes until `free`, so that submitted jobs wait.
occupy() { blocker=$(sbatch --parsable -o /dev/null --array=1-2 --wrap 'while [ ! -e free ]; do sleep 0.05; done'); }
release() {
    touch free
    wait_until 20 slurm_has_states "$blocker"
    rm free
}
# jobs: how many jobs poolmap has submitted, among all that Slurm remembers.
jobs() { squeue -h -t all -o '%F %j' | sed -n 's/ poolmap-.*//p' | sort -u | wc -l; }
has_jobs() { (($(jobs) == $1)); }
is_recorded() { grep -qx 'join [0-9]*' big.tar.zst.engine/record 2> /dev/null; }
done_with() {
    same_file one.zst big.tar.zst
    no_file big.tar.zst?*
    rm big.tar.zst
}

# ---- Killed while the parts wait.
occupy
start $line
wait_until 20 is_recorded
kill -KILL "$front"
wait "$front" 2> /dev/null || true
same_text 2 "$(jobs)"
start $line -v 2> said
wait_until 20 grep -q "^big.tar: continuing with job [0-9]*, 0 of 4 parts done$" said
# Only one at a time may use the same target.
refuses 1 "another poolmap is waiting for the same job" $line
kill -KILL "$front"
wait "$front" 2> /dev/null || true
refuses 1 "belongs to another command, with 4 parts: cd $PWD && poolmap --compress --chunk-size=256K -o big.tar.zst -- big.tar; to start over, scancel" \
    $line -9
release
silently $line
same_text 2 "$(jobs)"
done_with

# ---- Killed when the parts and the join are done, which poolmap has not noticed.
occupy
start $line
wait_until 20 is_recorded
kill -KILL "$front"
wait "$front" 2> /dev/null || true
release
wait_until 30 test -s big.tar.zst.engine/join.exit
silently $line
same_text 4 "$(jobs)"
done_with

# ---- Killed right after sbatch has the job, before its number is recorded.
mkdir bin
cat > bin/sbatch << SCRIPT
#!/bin/sh
$(command -v sbatch) "\$@" > id || exit
[ ! -e kill-after ] || { rm kill-after; kill -KILL \$PPID; sleep 10; }
cat id
SCRIPT
chmod +x bin/sbatch
path=$PATH PATH=$PWD/bin:$PATH
: > kill-after
expect_exit 137 $line 2> /dev/null
grep -qx 'array ? 1-4' big.tar.zst.engine/record
same_text 5 "$(jobs)"
silently $line
same_text 6 "$(jobs)"
done_with
PATH=$path

# ---- Ctrl-C cancels; the same line does the rest.
occupy
start $line 2> said
wait_until 20 is_recorded
kill -INT "$front"
expect_end 130 "$front"
one_error_line said "big.tar: cancelled job " "with 0 of 4 parts done; run the same command to continue"
has_no_jobs() { [[ $(squeue -h -o '%F' | sort -u) == "$blocker" ]]; }
wait_until 20 has_no_jobs
release
silently $line
done_with

# ---- Cancelled by another user: reported, and not submitted again.
occupy
start $line 2> said
wait_until 20 is_recorded
scancel "$(sed -n 's/^array \([0-9]*\) .*/\1/p' big.tar.zst.engine/record)"
wait_gone 20 "$front"
expect_end 1 "$front"
same_text 4 "$(grep -c "^poolmap: big.tar: part [1-4] of 4 was cancelled; run the same command to continue$" said)"
release
silently $line
done_with

# ---- Detached: prints the number, and the rest happens by itself. Detached again, it prints the same number.
occupy
id=$(silently $line --detach)
[[ $id =~ ^[0-9]+$ ]]
same_text "$id" "$(silently $line --detach)"
same_text "PENDING PENDING PENDING PENDING" "$(squeue -h -r -j "$id" -o %T | xargs)"
release
wait_until 30 test -e big.tar.zst
wait_until 30 test ! -e big.tar.zst.engine
done_with

# ---- The input is changed between two parts: the join refuses.
cp -p big.tar kept.tar
occupy
start $line 2> said
wait_until 20 is_recorded
scontrol update "jobid=$(sed -n 's/^array \([0-9]*\) .*/\1/p' big.tar.zst.engine/record)_4" starttime=now+1hour
release
wait_until 30 test -e big.tar.zst.engine/part-3.exit -a -e big.tar.zst.engine/part-2.exit
patch big.tar 5 1 2 3
scontrol update "jobid=$(sed -n 's/^array \([0-9]*\) .*/\1/p' big.tar.zst.engine/record)_4" starttime=now
wait_gone 40 "$front"
expect_end 1 "$front"
one_error_line said "big.tar: the join failed on node" "does not belong to big.tar.zst.part-1-of-4: its input "
refuses 1 "big.tar: has changed since its parts were submitted; to start over, scancel " $line
no_file big.tar.zst
rm -r big.tar.zst.engine
mv kept.tar big.tar
silently $line
done_with
slurm_stop
