# While a pipe provides no work, make has its tokens back, the same bytes; later they are taken again.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 4000000 > in
lay_out_tokens xyz
mkfifo source
start_from source poolmap -15 --chunk-size 128K -o out.zst
exec 3> source
# All tokens are in the pipe, the same bytes, and make may give them to others. Between two chunks this may last only a
# moment: then put back what was read, and check again.
all_are_back() {
    local taken
    taken=$(take_all_tokens)
    printf %s "$taken" >&"$pool"
    [[ $taken == xyz && -n $(worker_pids "$front") ]]
}
for round in 0 1 2; do
    part in $((round * 1200000)) 1200000 >&3 &
    wait_until 20 has_tokens 2
    wait "$!"
    wait_until 20 all_are_back
    is_running "$front"
done
exec 3>&-
expect_end 0 "$front"
expect_tokens xyz
zstd -q -dc out.zst | cmp - <(part in 0 3600000)
# The same with a list of names that arrives slowly.
mkdir many
for number in {1..90}; do part in $((number * 30000)) 30000 > many/$number; done
start_from source poolmap -19 --files-from -
exec 3> source
for round in 0 1; do
    for number in {1..45}; do echo many/$((round * 45 + number)); done >&3
    wait_until 20 has_tokens 2
    wait_until 20 all_are_back
done
exec 3>&-
expect_end 0 "$front"
expect_tokens xyz
same_text 90 "$(zstd -q -t many/*.zst && ls many/*.zst | wc -l)"
