# What a command has taken of the job server and never gives back is free when the command has ended, however it did: the
# others have all cores then, and no more, also where it gives some back that it never had.
. "$CLI_LIB"
. "$CLI_FOLDER/maps.sh"
. "$CLI_FOLDER/jobs.sh"
eight_jobs
# Chunk 0 does what it does with its tokens; then chunk 1 lets make run as many as it may.
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
# Two of four cores are lent, to whichever command; the first that is here may have both.
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
    daemon) # Gives its token back when it is too late.
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
