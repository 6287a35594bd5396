# --engine slurm runs failed, killed or cancelled parts again, or reports them and refusals of Slurm in one line each.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
real_data 12000000 > big.tar
poolmap compress -q -k --chunk-size 256K -o one.zst big.tar
slurm_start cluster 2 1
engine="--engine slurm --chunk-size 256K -o big.tar.zst big.tar"

# runs PART: the element of the first array runs, with the pid of its poolmap in $front.
runs() {
    local id
    id=$(sed -n 's/^array \([0-9]\+\) .*/\1/p' big.tar.zst.engine/record 2> /dev/null | head -n 1)
    [[ -n $id ]] && slurm_runs_part "$id" "$1"
}

# ---- Slurm refuses: its message is shown, and nothing is left.
refuses 1 "big.tar: sbatch: error: invalid partition specified: none; sbatch: error: Batch job submission failed: Invalid partition name specified" \
    poolmap compress --parts 3 --engine-option=--partition=none $engine
refuses 1 "Invalid job array specification" poolmap compress --parts 1001 $engine
no_file big.tar.zst*

# ---- A part that always fails: retried twice, then reported with its node, code and log; the others are done.
poolmap compress -q --chunk-size 256K -o bad.zst big.tar
patch bad.zst 3000000 1 2 3 4 5 6 7 8
expect_exit 1 poolmap test -q bad.zst 2> one
expect_exit 1 poolmap test -v --engine slurm --parts 5 bad.zst 2> said
reason=$(sed 's/^poolmap: //' one)
sed -n '$p' said > line
one_error_line line "bad.zst: part 4 of 5 failed on node" " with exit code 1; see bad.zst.test.engine/part-4.log: $reason"
same_text 2 "$(grep -c '^part 4 of 5: failed on node[12] with exit code 1; trying again$' said)"
same_text 4 "$(grep -c '^part [1235] of 5: done on node[12]$' said)"
expect_exit 1 poolmap test -v --engine slurm --engine-retries 0 --parts 5 bad.zst 2> said
same_text 2 "$(grep -c 'part 4 of 5' said)"
grep -q '4 of 5 parts done' said
rm -r bad.zst.test.engine

# ---- Killed parts: by kill -9, and together with their node.
start poolmap compress -v -j 2 -19 --parts 5 $engine 2> said
line=$front
wait_until 20 runs 1
kill -KILL "$(worker_pids "$front" | head -n 1)" || true
wait_until 20 runs 2
kill -KILL "$front"
wait_until 20 runs 3
lost=$(squeue -h -r -t R -o '%K %N' | sed -n 's/^3 //p')
slurm_kill_node "$lost"
slurm_node_is_down "$lost"
slurm_start_node "$lost"
wait_until 20 runs 4
slurm_kill_daemon "$(squeue -h -r -t R -o '%K %N' | sed -n 's/^4 //p')"
for node in node1 node2; do [[ -v slurm_daemons[$node] ]] || slurm_start_node "$node"; done
wait_gone 60 "$line"
wait "$line" || fail "exit code $?: $(< said)"
grep -q '^part 2 of 5: failed on node[12] by signal 9; trying again$' said
poolmap compress -q -19 --chunk-size 256K -o best.zst big.tar
same_file best.zst big.tar.zst
no_file big.tar.zst?*
rm big.tar.zst
slurm_stop
