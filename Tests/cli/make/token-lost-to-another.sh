# When another job takes the token in between, the workers that already run take turns.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 3145728 > in
lay_out_tokens a
mkfifo source
start_from source poolmap -19 --chunk-size 128K --report report -o out.zst
exec 3> source
# Without blocking, as the token may be in the pipe only for moments. Not by bash's `read -t`: if the time is over just
# as the byte arrives, it reports a failure although it has taken the byte.
takes_it() {
    [[ -n $(worker_pids "$front") ]] && token=$(dd if=tokens iflag=nonblock bs=1 count=1 2> /dev/null) && [[ -n $token ]]
}
part in 0 1048576 >&3 &
wait_until 20 has_tokens 0
wait "$!"
wait_until 20 takes_it
same_text a "$token"
part in 1048576 2097152 >&3
exec 3>&-
wait_gone 20 "$front"
wait "$front"
expect_tokens ""
same_text 2 "$(busy_at_once report)"
same_text 1 "$(FIRST=8 busy_at_once report)"
zstd -q -dc out.zst | cmp - in
