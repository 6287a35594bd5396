# Killed at a random frame, with any number of workers before and after, it continues to the same bytes.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
seed=${POOLMAP_TEST_SEED:-$RANDOM}
echo "POOLMAP_TEST_SEED=$seed" >&2
RANDOM=$seed
real_data 6000000 > in
poolmap "${command[@]}" -q -o reference in
for jobs in "1 3" "3 1" "2 2"; do
    count=$((1 + RANDOM % 30))
    echo "jobs $jobs, $count frames"
    interrupted_at $count -j "${jobs% *}"
    resumes $count -j "${jobs#* }"
    rm out
done
poolmap compress -19 --chunk-size 64K -o plain in
same_file plain reference
