# The commands share the cores of the run with their children: make, even below another make or poolmap.
# Children get the cores that no command needs, and no more.
. "$CLI_LIB"
. "$CLI_FOLDER/jobs.sh"
eight_jobs
seq 1 9 > in
# As many in total as -j says, however many commands there are; their output is complete.
for jobs in 1 2 4; do
    for chunk in 6 9; do
        meets $jobs
        silently poolmap map -j $jobs --lines --chunk-size $chunk in -- sh -c 'make -s -f jobs.mk; cat' > out
        same_text $jobs "$(most_at_once)"
        same_file in out
    done
done
# From a pipe, and with several inputs.
meets 3
silently poolmap map -j 3 --lines -- make -s -f jobs.mk < <(cat in)
same_text 3 "$(most_at_once)"
meets 3
silently poolmap map -j 3 --lines in in -- make -s -f jobs.mk
same_text 3 "$(most_at_once)"
# So does the command of a reduction, once there is nothing else to do.
meets 4
silently poolmap map -j 4 --lines --chunk-size 6 --reduce 'make -s -f jobs.mk; cat {}' in -- cat > out
same_text 4 "$(most_at_once)"
same_file in out
# While more chunks are to come, each core belongs to a command, and none is lent.
cat > begun <<'END2'
#!/bin/bash
: > begun-$POOLMAP_CHUNK_INDEX
case $POOLMAP_CHUNK_INDEX in
    0) # Nothing after it is written before the second command has checked.
       until [[ -e looked ]]; do sleep 0.01; done ;;
    1) rm -rf counts; meet=$PWD/meet make -s -f jobs.mk; : > looked ;;
esac
END2
chmod 755 begun
meets 1
mkfifo pipe
start_from pipe poolmap map -j 3 --chunk-size 10 - -- ./begun
exec {feed}> pipe
printf '%030d' 0 >&"$feed"
wait_until 20 test -e looked
same_text 1 "$(most_at_once)"
exec {feed}>&-
expect_exit 0 wait "$front"

# Below another poolmap, and below make, all share one job server.
for outer in 4 2; do
    meets $outer
    silently poolmap map -j $outer --lines in -- poolmap map --lines - -- make -s -f jobs.mk
    same_text $outer "$(most_at_once)"
    meets $outer
    cat > Makefile <<'END2'
all: ; +@poolmap map --lines in -- sh -c 'echo "$$MAKEFLAGS" > flags; make -s -f jobs.mk'
END2
    same_text "" "$(make -s -j$outer 2>&1)"
    same_text $outer "$(most_at_once)"
    # It is make's own job server, unchanged.
    grep -q -- "--jobserver-auth=[0-9]*,[0-9]*$" flags
done
# With make's -j1 all share one core.
meets 1
same_text "" "$(make -s -j1 2>&1)"
same_text 1 "$(most_at_once)"
# An explicit number for poolmap overrides make's.
sed -i 's/poolmap map/poolmap map -j 3/' Makefile
meets 3
same_text "" "$(make -s -j2 2>&1)"
same_text 3 "$(most_at_once)"
# An inner make's -j overrides it, as everywhere.
meets 5
poolmap map -j 2 --lines in -- make -j5 -s -f jobs.mk 2> said
same_text 5 "$(most_at_once)"

# The rest of MAKEFLAGS is kept, but not another job server.
MAKEFLAGS='ks -j9 --jobserver-auth=7,8 -- NAME=a\ b' poolmap map -j 3 --lines in -- sh -c 'echo "$MAKEFLAGS"; echo "$CARGO_MAKEFLAGS"' > flags
read -r first < flags
[[ $first =~ ^ks\ -j9\ -j3\ --jobserver-auth=fifo:/proc/[0-9]+/fd/[0-9]+\ --jobserver-auth\ ([0-9]+,[0-9]+)\ --\ 'NAME=a\ b'$ ]] ||
    fail "MAKEFLAGS is $first"
ends=${BASH_REMATCH[1]}
same_text "-j3 --jobserver-fds=$ends --jobserver-auth=$ends" "$(sed -n 2p flags)"
MAKEFLAGS='ks -- NAME=a\ b' poolmap map -j 3 --lines -- make -f - < <(printf 'all: ; @echo $(NAME) $(MAKEFLAGS)\n') > flags
grep -q '^a b ks -j3 --jobserver-auth=[0-9]*,[0-9]* -- NAME=a b$' flags || fail "make has $(< flags)"
