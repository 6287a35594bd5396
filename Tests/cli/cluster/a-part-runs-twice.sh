# A node that Slurm considers lost finishes its part while the part is run again elsewhere: same bytes.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
real_data 4000000 > big.tar
poolmap compress -k -19 --chunk-size 64K -o one.zst big.tar
cat > part-job <<'SCRIPT'
#!/bin/bash
poolmap compress -f -19 -j 2 --chunk-size 64K --part auto/1 -o big.tar.zst big.tar || exit
echo "$SLURMD_NODENAME" >> done
SCRIPT
slurm_start cluster 2 1
id=$(sbatch --parsable --array=1-1 part-job)
wait_until 20 slurm_runs_part "$id" 1
first=$front lost=$(slurm_facts "$id" NodeList)
# A stopped front gives its workers nothing more to do, so it lasts as long as the case needs.
kill -STOP "$first"
# Its slurmd does not come back before the end, or it would kill the job that should not run there.
slurm_kill_daemon "$lost"
slurm_node_is_down "$lost"
other=$([[ $lost == node1 ]] && echo node2 || echo node1)
wait_until 30 slurm_runs_part "$id" 1 "$other"
kill -STOP "$front"
# The one that Slurm has given up ends first, and ends only itself.
kill -CONT "$first"
wait_until 20 test -s done
same_text "$lost" "$(< done)"
wait_gone 20 $(slurm_processes "$lost")
same_text RUNNING "$(slurm_facts "$id" JobState)"
poolmap join -c big.tar.zst.part-1-of-1 > joined
same_file one.zst joined
kill -CONT "$front"
wait_until 20 slurm_has_states "$id"
same_text "COMPLETED $other" "$(slurm_facts "$id" JobState) $(slurm_facts "$id" NodeList)"
same_text "$lost $other" "$(xargs < done)"
poolmap join -o big.tar.zst big.tar.zst.part-1-of-1
same_file one.zst big.tar.zst
slurm_stop
