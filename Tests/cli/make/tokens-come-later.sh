# A token that becomes free during a run is taken, and a second worker is busy from then on.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 3000000 > in
lay_out_tokens ""
start poolmap -19 --chunk-size 128K --report report -o out.zst in
is_at_work() { [[ -n $(guardian_pid "$front") ]]; }
wait_until 20 is_at_work
same_text "" "$(worker_pids "$front")"
given=$(date +%s%N)
printf z >&"$pool"
wait_until 20 has_tokens 0
wait_workers "$front" 2
wait "$front"
expect_tokens z
same_text 2 "$(busy_at_once report)"
python3 - "$given" <<'END'
import json, sys
report = json.load(open("report"))
chunks = [chunk for file in report["files"] for chunk in file["chunks"]]
given = int(sys.argv[1]) - report["startedUnixNanoseconds"]
front = chunks[0]["worker"]
before = {chunk["worker"] for chunk in chunks if chunk["startNanoseconds"] < given}
after = {chunk["worker"] for chunk in chunks if chunk["startNanoseconds"] > given}
assert before == {front}, (before, front)
assert len(after - {front}) == 2, after
END
zstd -q -dc out.zst | cmp - in
