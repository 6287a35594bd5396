# The Slurm example of docs/cluster.md under a real Slurm: an array and its join, a failed element, a resubmission.
. "$CLI_LIB"
. "$CLI_FOLDER/parts.sh"
. "$CLI_FOLDER/../cluster/slurm.sh"
text 3000000 > big.tar
small_chunks
poolmap compress -q -o whole big.tar
slurm_start cluster 2 32

# ---- The documented lines, unchanged. No element has more workers than cores.
block Slurm 1 > parts.sh
block Slurm 2 > submit.sh
silently sh submit.sh > said
wait_until 60 slurm_has_states "$(sed -n '$s/.* //p' said)"
same_file big.tar.zst whole
no_file big.tar.zst.part-*
cat slurm-*.out > said
same_text "" "$(< said)"

# ---- An element fails, and the join waits in vain. Run again, it makes the same part as before; the others stay.
rm big.tar.zst
sed -i 's/^exec/[ $SLURM_ARRAY_TASK_ID != 5 ] || [ -e repaired ] || exit 1; exec/' parts.sh
parts=$(sbatch --parsable parts.sh)
wait_until 60 slurm_has_states "$parts"
same_text 15 "$(find . -name 'big.tar.zst.part-*' | wc -l)"
refuses 1 "part 5 of 16 is missing" poolmap join --rm -o big.tar.zst big.tar.zst.part-*-of-16
: > repaired
scontrol requeue "${parts}_5"
wait_until 60 test -e big.tar.zst.part-5-of-16
wait_until 60 slurm_has_states "$parts"

# ---- Two are resubmitted: not with auto, which would make the first two of two.
rm big.tar.zst.part-{3,7}-of-16
again=$(sbatch --parsable --array=3,7 -o again-%a parts.sh)
wait_until 60 slurm_has_states "$again"
same_text "2:0 2:0" "$(slurm_facts "$again" ExitCode | xargs)"
one_error_line again-7 'has gaps, with 2 elements from 3 to 7' '--part "$SLURM_ARRAY_TASK_ID/16"'
no_file big.tar.zst.part-{3,7}-of-16
sed -i 's|auto/16|"$SLURM_ARRAY_TASK_ID/16"|' parts.sh
again=$(sbatch --parsable --array=3,7 parts.sh)
wait_until 60 slurm_has_states "$again"
silently poolmap join --rm -o big.tar.zst big.tar.zst.part-*-of-16
same_file big.tar.zst whole

# ---- Cores: as many as the element requested, or as it has.
for option in --cpus-per-task=1 --ntasks=1; do
    id=$(sbatch --parsable $option --wrap 'poolmap hash -q --report report big.tar')
    wait_until 60 slurm_has_states "$id"
    same_text 1 "$(python3 -c 'import json; print(json.load(open("report"))["options"]["jobs"])')"
    rm report
done
slurm_stop
