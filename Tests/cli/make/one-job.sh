# Under make -j1 one process is busy at a time and no worker is forked; plain make leaves poolmap all cores.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 1600000 > in
cat > Makefile <<'END'
all:
	@poolmap -15 --chunk-size 128K --report report -f -o out.zst in
with-plus:
	+@poolmap -15 --chunk-size 128K --report report -f -o out.zst in
END
for goal in all with-plus; do
    exits processes make -s -j1 $goal
    # No worker, no manager and no guardian, from start to end.
    same_text "make poolmap" "$(awk '{ print $2 }' processes | sort | xargs)"
    same_text 1 "$(workers_in report)"
    same_text 1 "$(busy_at_once report)"
done
for jobs in "" -j; do
    # shellcheck disable=SC2086
    make -s $jobs
    same_text 2 "$(busy_at_once report)"
done
