# When another job has taken the token meanwhile, the workers that are there already work one at a time until it is back.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 3145728 > in
lay_out_tokens a
mkfifo source
start_from source poolmap -19 --chunk-size 128K --report report -o out.zst
exec 3> source
is_idle() { has_tokens 1 && [[ -n $(worker_pids "$front") ]]; }
part in 0 1048576 >&3 &
wait_until 20 has_tokens 0
wait "$!"
wait_until 20 is_idle
same_text a "$(take_all_tokens)"
part in 1048576 2097152 >&3
exec 3>&-
wait_gone 20 "$front"
wait "$front"
expect_tokens ""
same_text 2 "$(busy_at_once report)"
same_text 1 "$(FIRST=8 busy_at_once report)"
zstd -q -dc out.zst | cmp - in
