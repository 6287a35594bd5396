# --engine slurm survives periods without an answer from Slurm, and parts that Slurm itself requeues.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
real_data 9000000 > big.tar
poolmap compress -q -k --chunk-size 256K -o one.zst big.tar
poolmap compress -q -k -19 --chunk-size 256K -o best.zst big.tar
slurm_start cluster 2 1 RequeueExit=137
line="poolmap compress --engine slurm --parts 4 -j 2 --chunk-size 256K -o big.tar.zst big.tar"
occupy() { blocker=$(sbatch --parsable -o /dev/null --array=1-2 --wrap 'while [ ! -e free ]; do sleep 0.05; done'); }
is_recorded() { grep -qx 'join [0-9]*' big.tar.zst.engine/record 2> /dev/null; }

# ---- The progress line, while slurmctld does not answer.
occupy
start $line --progress 2> said
wait_until 20 grep -q 'parts: 0 of 4 done, 0 running, 4 waiting: [A-Z]' said
kill "${slurm_daemons[slurmctld]}"
wait "${slurm_daemons[slurmctld]}" || true
touch free
# Longer than the timeout of squeue.
wait_until 20 eval '! squeue > /dev/null 2>&1'
slurm_start_controller
wait_gone 60 "$front"
wait "$front" || fail "exit code $?: $(tr '\r' '\n' < said)"
same_file one.zst big.tar.zst
no_file big.tar.zst?*
rm big.tar.zst free

# ---- The join records its end while slurmctld does not answer: that is enough.
occupy
start $line 2> said
wait_until 20 is_recorded
ids=$(sed -n 's/^array \([0-9]*\) .*/\1/p; s/^join //p' big.tar.zst.engine/record | xargs)
kill "${slurm_daemons[slurmctld]}"
wait "${slurm_daemons[slurmctld]}" || true
for part in 1 2 3 4; do poolmap compress -q --part $part/4 --chunk-size 256K -o big.tar.zst big.tar; done
poolmap join -q --rm -o big.tar.zst big.tar.zst.part-*
echo "0 ${ids#* } node1" > note
mv note big.tar.zst.engine/join.exit
wait_gone 60 "$front"
wait "$front" || fail "exit code $?: $(< said)"
same_text "" "$(< said)"
same_file one.zst big.tar.zst
no_file big.tar.zst?*
slurm_start_controller
# shellcheck disable=SC2086
wait_until 20 scancel $ids "$blocker"
touch free
rm big.tar.zst
wait_until 20 slurm_has_no_jobs
rm free

# ---- If Slurm requeues a part, a join with afterok counts it as failed: it is submitted again.
occupy
start $line -19 -v 2> said
own=$front
wait_until 20 is_recorded
id=$(sed -n 's/^array \([0-9]*\) .*/\1/p' big.tar.zst.engine/record)
touch free
wait_until 30 slurm_runs_part "$id" 2
kill -KILL "$front"
wait_gone 60 "$own"
wait "$own" || fail "exit code $?: $(< said)"
same_text "0 1 0 0" "$(slurm_facts "$id" Restarts | xargs)"
same_text 4 "$(grep -c '^part [1-4] of 4: done on node[12]$' said)"
same_text 4 "$(wc -l < said)"
same_file best.zst big.tar.zst
no_file big.tar.zst?*
slurm_stop
