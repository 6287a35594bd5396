# A chunk whose worker dies three times ends the run with one line: chunk, bytes, process and signal.
. "$CLI_LIB"
real_data 8000000 > in
echo old > out.zst
start poolmap compress -19 -j 2 --chunk-size 2M -f -o out.zst in 2> said
while is_running "$front"; do
    # shellcheck disable=SC2046
    kill -KILL $(worker_pids "$front") 2> /dev/null || true
done
expect_exit 1 wait "$front"
one_error_line said "in: " chunk bytes
grep -Eq 'process [0-9]+' said
grep -Eqi 'SIGKILL|signal 9|killed' said
same_text old "$(< out.zst)"
only_files in out.zst said
