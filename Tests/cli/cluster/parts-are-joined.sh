# Arrays of 1, 2, 7 and 40 parts on Slurm, joined by a job that depends on them: the bytes of one run on one machine.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
real_data 9000000 > big.tar
poolmap compress -k --chunk-size 128K -o one.zst big.tar
# part-job PART: `own` in it is the index of the element.
cat > part-job <<'SCRIPT'
#!/bin/bash
poolmap compress --chunk-size 128K --part "${1/own/$SLURM_ARRAY_TASK_ID}" -o big.tar.zst big.tar
SCRIPT
cat > join-job <<'SCRIPT'
#!/bin/bash
poolmap join -o big.tar.zst big.tar.zst.part-*
SCRIPT
slurm_start cluster 2 4
# One element, or elements that begin at 2, may be the rest of an array: there the count must be given.
for line in "1-1 auto/1" "1-2 auto" "1-7 auto" "0-6 auto" "2-14:2 auto/7" "1-40 auto"; do
    read -r array part <<< "$line"
    id=$(sbatch --parsable --array="$array" part-job "$part")
    last=$(sbatch --parsable --dependency="afterok:$id" --kill-on-invalid-dep=yes join-job)
    wait_until 40 slurm_has_states "$last"
    same_text COMPLETED "$(slurm_facts "$last" JobState)"
    same_text COMPLETED "$(slurm_facts "$id" JobState | sort -u)"
    same_file one.zst big.tar.zst
    [[ $array != 1-40 ]] || same_text "node1 node2" "$(slurm_facts "$id" NodeList | sort -u | xargs)"
    parts=$(slurm_facts "$id" JobState | wc -l)
    same_text "$parts" "$(ls big.tar.zst.part-*-of-"$parts" | wc -l)"
    # No job printed anything.
    same_text "" "$(cat slurm-*)"
    rm big.tar.zst* slurm-*
done

# Elements that may be incomplete get an error.
for array in 1-1 2-4 1,3,7; do
    id=$(sbatch --parsable --array="$array" part-job auto)
    wait_until 20 slurm_has_states "$id"
    same_text 2:0 "$(slurm_facts "$id" ExitCode | sort -u)"
    for said in slurm-*; do one_error_line "$said" "--part auto: the array "; done
    rm slurm-*
done
# A missing part is made by an array of its own.
for array in 1,3,7 2,4-6; do
    id=$(sbatch --parsable --array="$array" part-job own/7)
    wait_until 20 slurm_has_states "$id"
done
poolmap join -o big.tar.zst big.tar.zst.part-*
same_file one.zst big.tar.zst
slurm_stop
