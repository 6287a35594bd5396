# A chunk whose worker was killed has more than one try in the report, and so have the totals.
. "$CLI_LIB"
real_data 6000000 > in
for number in {1..10}; do text 2000 > "small$number"; done
mkdir run
start poolmap compress -15 -j 2 --chunk-size 1M --report run/report --trace run/trace in small{1..10}
wait_workers "$front" 2
read -r victim < <(worker_pids "$front")
wait_busy "$victim" 3
kill -KILL "$victim"
wait "$front"
printf '%s\0' compress 0 in small{1..10} > run/run
PYTHONUTF8=1 python3 -B "$CLI_FOLDER/report/validate.py" run
grep -q '"tries": 2' run/report || fail "no chunk was tried twice"
grep -Eq '"repeatedTries": [1-9]' run/report
zstd -q -dc in.zst | cmp - in
