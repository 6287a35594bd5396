# The Slurm of these cases is a real one: arrays, both nodes, requeueing, cancelling, refusals.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
slurm_start cluster 2 1
same_text "node1 node2" "$(sinfo -h -N -o %N | xargs)"

# ---- Each element runs once, knows its place, and is ended by signals: HUP, INT, QUIT, PIPE, TERM.
cat > element <<'SCRIPT'
#!/bin/bash
ignored=0x$(sed -n 's/^SigIgn:[^0-9]*//p' /proc/self/status)
echo "$SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_MIN-$SLURM_ARRAY_TASK_MAX:$SLURM_ARRAY_TASK_STEP," \
    "$SLURM_ARRAY_TASK_COUNT, $((ignored & (1 << 0 | 1 << 1 | 1 << 2 | 1 << 12 | 1 << 14)))" >> ran
SCRIPT
id=$(sbatch --parsable --array=1-7 -o /dev/null element)
wait_until 30 slurm_has_states "$id"
same_text "$(for element in {1..7}; do echo "$element of 1-7:1, 7, 0"; done)" "$(sort ran)"
same_text "0:0 0:0 0:0 0:0 0:0 0:0 0:0" "$(slurm_facts "$id" ExitCode | xargs)"
same_text "node1 node2" "$(slurm_facts "$id" NodeList | sort -u | xargs)"

# ---- A lost node: its element runs again, the other continues.
cat > sleeper <<'SCRIPT'
#!/bin/bash
echo "$SLURMD_NODENAME" >> "nodes-$SLURM_ARRAY_TASK_ID"
while [[ ! -e go ]]; do sleep 0.05; done
echo done >> "nodes-$SLURM_ARRAY_TASK_ID"
SCRIPT
id=$(sbatch --parsable --array=1-2 -o /dev/null sleeper)
wait_until 20 test -s nodes-1 -a -s nodes-2
lost=$(< nodes-1) other=$(< nodes-2)
[[ -n $(slurm_processes "$lost") && $lost != "$other" ]]
slurm_kill_node "$lost"
wait_until "$soon" slurm_has_no_processes "$lost"
slurm_node_is_down "$lost"
same_text "PENDING RUNNING" "$(slurm_facts "$id" JobState | xargs)"
slurm_start_node "$lost"
wait_until 20 slurm_has_states "$id" RUNNING RUNNING
touch go
wait_until 20 slurm_has_states "$id"
same_text "1 0" "$(slurm_facts "$id" Restarts | xargs)"
same_text "COMPLETED COMPLETED" "$(slurm_facts "$id" JobState | xargs)"
same_text "$lost $lost done" "$(xargs < nodes-1)"
same_text "$other done" "$(xargs < nodes-2)"

# ---- If only slurmd is killed, its job continues, and is known again once slurmd is back.
rm go nodes-*
id=$(sbatch --parsable --array=1-1 -o /dev/null sleeper)
wait_until 20 test -s nodes-1
slurm_kill_daemon "$(< nodes-1)"
slurm_start_node "$(< nodes-1)"
touch go
wait_until 20 slurm_has_states "$id"
same_text "0 COMPLETED" "$(slurm_facts "$id" Restarts) $(slurm_facts "$id" JobState)"

# ---- scancel ends running and waiting jobs.
rm go nodes-*
id=$(sbatch --parsable --array=1-3 -o /dev/null sleeper)
wait_until 20 test -s nodes-1 -a -s nodes-2
scancel "$id"
wait_until 20 slurm_has_states "$id"
same_text "CANCELLED CANCELLED CANCELLED" "$(slurm_facts "$id" JobState | xargs)"
no_file go nodes-3

# ---- A refused submission.
expect_exit 1 sbatch --partition=none --wrap=true 2> said
same_text "sbatch: error: invalid partition specified: none
sbatch: error: Batch job submission failed: Invalid partition name specified" "$(< said)"

# ---- Whatever a job leaves behind is detected, and so is a job that is left.
id=$(sbatch --parsable -o /dev/null --wrap 'setsid sleep 1000 & while [ ! -e gone ]; do sleep 0.05; done')
expect_exit 70 eval '(slurm_stop)' 2> said
grep -q "there are jobs still: $id " said
touch gone
wait_until 20 slurm_has_states "$id"
expect_exit 70 eval '(slurm_stop 1)' 2> said
grep -q "processes of jobs are left: .* sleep 1000" said
slurm_kill_processes
slurm_stop
