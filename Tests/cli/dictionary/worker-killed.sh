# The replacement of a killed worker has the dictionary too, even if its file is gone by then.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
real_data 5000000 > in
options=(-q -17 --chunk-size 256K)
poolmap "${options[@]}" -D one -o expected in
start poolmap "${options[@]}" -j 2 -D one -o out in
wait_workers "$front" 2
rm one
kill -KILL "$(worker_pids "$front" | head -n 1)"
wait "$front" || fail "exit code $?"
same_file expected out
