# The array engine decides which part an element makes; if its variables are ambiguous, no part is made.
. "$CLI_LIB"
variables=(SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_MAX SLURM_ARRAY_TASK_STEP SLURM_ARRAY_TASK_COUNT
    PBS_ARRAY_INDEX PBS_ARRAYID SGE_TASK_ID SGE_TASK_FIRST SGE_TASK_LAST SGE_TASK_STEPSIZE LSB_JOBINDEX LSB_JOBINDEX_END
    LSB_JOBINDEX_STEP JOB_COMPLETION_INDEX AWS_BATCH_JOB_ARRAY_INDEX AWS_BATCH_JOB_ARRAY_SIZE)
unset "${variables[@]}"
text 3000000 > big.tar
poolmap -q --chunk-size 256K -o whole big.tar

# element PART VARIABLE=VALUE…: runs an element with these variables, which may be several words of one argument.
element() {
    local words
    read -ra words <<< "${*:2}"
    env "${words[@]}" poolmap compress -q --chunk-size 256K --part "$1" -o big.tar.zst big.tar
}

# ---- Each element makes its own part, and all of them make the whole.

# array PART FIRST STEP VARIABLE=VALUE…: four elements; @ is the index of each.
array() {
    local part=$1 index=$2 step=$3 number
    shift 3
    rm -f big.tar.zst*
    for number in 1 2 3 4; do
        no_file "big.tar.zst.part-$number-of-4"
        silently element "$part" "${*//@/$index}"
        index=$((index + step))
    done
    only_files big.tar whole big.tar.zst.part-{1,2,3,4}-of-4
    silently poolmap join -q --rm -o big.tar.zst big.tar.zst.part-*
    same_file big.tar.zst whole
    only_files big.tar whole big.tar.zst
}
slurm() {
    echo "SLURM_ARRAY_TASK_ID=@ SLURM_ARRAY_TASK_MIN=$1 SLURM_ARRAY_TASK_MAX=$2 SLURM_ARRAY_TASK_STEP=$3" \
        "SLURM_ARRAY_TASK_COUNT=$4"
}
grid() { echo "SGE_TASK_ID=@ SGE_TASK_FIRST=$1 SGE_TASK_LAST=$2 SGE_TASK_STEPSIZE=$3"; }
for part in auto auto/4; do
    array $part 1 1 "$(slurm 1 4 1 4)"
    array $part 0 1 "$(slurm 0 3 1 4)"
    array $part 1 2 "$(slurm 1 7 2 4)"
    array $part 1 1 "$(grid 1 4 1)"
    array $part 1 10 "$(grid 1 40 10)"
    array $part 0 1 AWS_BATCH_JOB_ARRAY_INDEX=@ AWS_BATCH_JOB_ARRAY_SIZE=4
done
array auto/4 101 1 "$(slurm 101 104 1 4)"
array auto/4 1 1 PBS_ARRAY_INDEX=@
array auto/4 1 1 PBS_ARRAYID=@
array auto/4 1 1 LSB_JOBINDEX=@ LSB_JOBINDEX_END=4 LSB_JOBINDEX_STEP=1 SGE_TASK_ID=undefined
array auto/4 0 1 JOB_COMPLETION_INDEX=@ LSB_JOBINDEX=0
# Two that agree.
array auto/4 1 1 PBS_ARRAY_INDEX=@ PBS_ARRAYID=@

# ---- Nothing is guessed: one line, wrong usage, and no file.

rm -f big.tar.zst
# no_part PART WORDS VARIABLE=VALUE…: the line contains these words.
no_part() {
    refuses 2 "--part $1: $2" element "$1" "${@:3}"
    only_files big.tar whole
}
for part in auto auto/4; do
    no_part $part "no array engine has set its variable" ONE=1
    no_part $part "no array engine has set its variable" SGE_TASK_ID=undefined LSB_JOBINDEX=0
    no_part $part "the array has gaps, with 3 elements from 1 to 7" "$(slurm 1 7 1 3 | sed s/@/3/)"
    no_part $part "SLURM_ARRAY_TASK_ID is 'x', not a number" "$(slurm 1 4 1 4 | sed s/@/x/)"
    no_part $part "SLURM_ARRAY_TASK_ID is '', not a number" "$(slurm 1 4 1 4 | sed s/@//)"
    no_part $part "SLURM_ARRAY_TASK_ID is set, but SLURM_ARRAY_TASK_MIN is not" SLURM_ARRAY_TASK_ID=1
    no_part $part "PBS_ARRAY_INDEX=1 and JOB_COMPLETION_INDEX=1 disagree about" PBS_ARRAY_INDEX=1 \
        JOB_COMPLETION_INDEX=1
done
no_part auto/4 'the array has gaps, with 2 elements from 2 to 4; submit it with --array=1-4, or give the part'\''s number' \
    "$(slurm 2 4 1 2 | sed s/@/2/)"
no_part auto/4 'the array has 1 element, not 4; submit it with --array=1-4, or give the part'\''s number' \
    "$(slurm 3 3 1 1 | sed s/@/3/)"
no_part auto "the array has 1 element and may be incomplete; give the count, such as --part auto/16" \
    "$(slurm 1 1 1 1 | sed s/@/1/)"
no_part auto/4 "PBS_ARRAY_INDEX is 0, but the first part's is 1; submit it with -J 1-4" PBS_ARRAY_INDEX=0
no_part auto/4 "PBS_ARRAY_INDEX is 5, past the last of 4 parts; submit it with -J 1-4" PBS_ARRAY_INDEX=5
no_part auto/4 "JOB_COMPLETION_INDEX is 4, past the last of 4 parts; submit it with completions: 4" JOB_COMPLETION_INDEX=4
no_part auto/4 "the array has 8 elements, not 4" AWS_BATCH_JOB_ARRAY_INDEX=1 AWS_BATCH_JOB_ARRAY_SIZE=8
for name in PBS_ARRAY_INDEX PBS_ARRAYID LSB_JOBINDEX JOB_COMPLETION_INDEX AWS_BATCH_JOB_ARRAY_INDEX; do
    no_part auto "$name does not tell how many parts there are; give the count, such as --part auto/16" $name=1
done
# The value of a variable is shown, escaped for a terminal.
no_part auto/4 "PBS_ARRAY_INDEX is '\\x1B[31m', not a number" $'PBS_ARRAY_INDEX=\e[31m'

# ---- An explicit number counts, whatever an engine says.

for text in "" / 3 3/ /4 a/b +1/4 -1/4 " 1/4" 1/4/2 1/x auto/ auto/x; do
    refuses 2 "--part" env PBS_ARRAY_INDEX=1 poolmap compress --part="$text" -o big.tar.zst big.tar
done
for text in 0/4 5/4 1/0 auto/0 1/1000001 99999999999999999999/4 1/99999999999999999999; do
    refuses 2 "(got $text)" env PBS_ARRAY_INDEX=1 poolmap compress --part $text -o big.tar.zst big.tar
done
only_files big.tar whole
silently element 03/4 PBS_ARRAY_INDEX=x SLURM_ARRAY_TASK_ID=1
only_files big.tar whole big.tar.zst.part-3-of-4
