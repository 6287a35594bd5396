# In a cluster job there are as many workers as the job has cores, limited by the process's own cores; -j overrides it.
. "$CLI_LIB"
unset SLURM_JOB_ID PBS_JOBID SGE_TASK_ID LSB_JOBID ZSTD_NBTHREADS MAKEFLAGS MAKELEVEL
text 3000000 > f
poolmap -q -o f.zst f
# jobs_of NAME=VALUE… -- ARGUMENTS: the number of workers in the report.
jobs_of() {
    local variables=()
    while [[ $1 != -- ]]; do
        variables+=("$1")
        shift
    done
    env "${variables[@]}" poolmap "${@:2}" -q --report report > said
    # Of the options, which come first; python would take ten times as long as poolmap.
    sed -n 's/.*"jobs": *\([0-9]*\).*/\1/p; T; q' report
}
all=$(jobs_of -- hash f)
((all > 1)) || skip "this machine has one core"
one_core=("SLURM_JOB_ID=7 SLURM_CPUS_PER_TASK=1 SLURM_CPUS_ON_NODE=$all" "SLURM_JOB_ID=7 SLURM_CPUS_ON_NODE=1"
    "PBS_JOBID=7.server NCPUS=1" "PBS_JOBID=7.server PBS_NP=1" "SGE_TASK_ID=undefined NSLOTS=1"
    "LSB_JOBID=7 LSB_DJOB_NUMPROC=1")
for job in "${one_core[@]}"; do
    read -ra variables <<< "$job"
    same_text 1 "$(jobs_of "${variables[@]}" -- hash f)"
    same_text 1 "$(jobs_of "${variables[@]}" -- compress -f -o out.zst f)"
    same_text 1 "$(jobs_of "${variables[@]}" -- decompress -f -o out f.zst)"
    same_text 1 "$(jobs_of "${variables[@]}" -- test f.zst)"
    same_text 1 "$(jobs_of "${variables[@]}" -- hash -j 0 f)"
    same_text 3 "$(jobs_of "${variables[@]}" -- hash -j 3 f)"
    # Without the variable of a job, the others are ignored as leftovers.
    same_text "$all" "$(jobs_of "${variables[@]:1}" -- hash f)"
    cmp out.zst f.zst
    cmp out f
done
# An engine cannot give more cores than there are.
same_text "$all" "$(jobs_of SLURM_JOB_ID=7 SLURM_CPUS_PER_TASK=512 -- hash f)"
same_text "$all" "$(jobs_of SLURM_JOB_ID=7 -- hash f)"
