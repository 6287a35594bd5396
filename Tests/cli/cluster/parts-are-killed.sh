# kill -9 of a worker, of a part's poolmap, of a node and of a slurmd during a Slurm array: the same bytes.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
real_data 20000000 > big.tar
cat > part-job <<'SCRIPT'
#!/bin/bash
echo "$SLURMD_NODENAME" >> "nodes-$SLURM_ARRAY_TASK_ID"
# Not exec: Slurm requeues a script because of its exit code, not because of the signal that ended it.
poolmap compress -f -19 -j 2 --chunk-size 256K --part auto -o big.tar.zst big.tar
SCRIPT
cat > join-job <<'SCRIPT'
#!/bin/bash
poolmap join -o big.tar.zst big.tar.zst.part-*
SCRIPT
# Requeues killed elements, as --requeue does with those on a lost node.
slurm_start cluster 2 1 RequeueExit=137
id=$(sbatch --parsable --requeue --open-mode=append --array=1-7 part-job)
# Not afterok: Slurm counts an element as failed even if its next attempt succeeds.
last=$(sbatch --parsable --dependency="afterany:$id" join-job)

wait_until 20 slurm_runs_part "$id" 1
kill -KILL "$(worker_pids "$front" | head -n 1)"
wait_until 20 slurm_runs_part "$id" 2
kill -KILL "$front"
wait_until 20 slurm_runs_part "$id" 3
lost=$(< nodes-3)
slurm_kill_node "$lost"
slurm_node_is_down "$lost"
slurm_start_node "$lost"
# Slurm does not notice this.
wait_until 20 slurm_runs_part "$id" 4
slurm_kill_daemon "$(< nodes-4)"
slurm_start_node "$(< nodes-4)"

wait_until 100 slurm_has_states "$last"
same_text COMPLETED "$(slurm_facts "$last" JobState)"
same_text "0 1 1 0 0 0 0" "$(slurm_facts "$id" Restarts | xargs)"
same_text "1 2 2 1 1 1 1" "$(for element in {1..7}; do wc -l < "nodes-$element"; done | xargs)"

poolmap compress -k -19 --chunk-size 256K -o one.zst big.tar
same_file one.zst big.tar.zst
slurm_stop
