# Tokens that a command takes from the job server and never returns are free when it has ended, however it ended.
# The others then have all cores, and no more, even if it returns tokens that it never took.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
. "$CLI_FOLDER/jobs.sh"
eight_jobs
# Chunk 0 does something with its tokens; then chunk 1 lets make run as many jobs as it may.
cat > command <<'END2'
#!/bin/bash
if [[ $POOLMAP_CHUNK_INDEX == 1 ]]; then
    until [[ -e taken ]]; do sleep 0.01; done
    : > may-end
    exec make -s -f jobs.mk
fi
[[ ! -e taken ]] || exit 0
[[ $MAKEFLAGS =~ --jobserver-auth\ ([0-9]+),([0-9]+) ]]
reader=${BASH_REMATCH[1]} writer=${BASH_REMATCH[2]}
# Two of four cores are lent, to either command; the first one here may have both.
echo $$ > group
case $1 in
    surplus) printf '++++++++' >&"$writer" ;;
    *) IFS= read -r -N 1 -u "$reader" token ;;
esac
mv group group-0
: > taken
until [[ -e may-end ]]; do sleep 0.01; done
case $1 in
    kill) kill -KILL $$ ;;
    kill-group) kill -KILL -$$ ;;
    kill-worker) kill -KILL $PPID; sleep 1000 ;;
    daemon) # Returns its token too late.
        { until [[ -e met ]]; do sleep 0.01; done; printf + >&"$writer"; : > gave; } > /dev/null 2>&1 < /dev/null & ;;
esac
exit 0
END2
chmod 755 command
printf ab > in
for end in keep surplus kill kill-group kill-worker daemon; do
    rm -f taken may-end gave group-*
    meets 4
    code=0
    poolmap map -j 4 --keep-going --record-size 1 --chunk-size 1 in -- ./command $end 2> said || code=$?
    case $end in
        kill | kill-group) ((code == 1)) || fail "$end: exit code $code" ;;
        *) ((code == 0)) || fail "$end: $(< said)" ;;
    esac
    same_text "$end 4" "$end $(most_at_once)"
    [[ $end != daemon ]] || wait_until 20 test -e gave
done
