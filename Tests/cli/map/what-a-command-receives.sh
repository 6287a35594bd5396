# A command learns about its chunk from its environment and arguments; every other word is passed unchanged.
. "$CLI_LIB"
noise 2500 > in
noise 700 > "odd {index} 'n\"me"
vars='echo $POOLMAP_CHUNK_INDEX $POOLMAP_CHUNK_OFFSET $POOLMAP_CHUNK_LENGTH ${POOLMAP_CHUNK_COUNT} $POOLMAP_INPUT'
poolmap map --chunk-size 1000 in "odd {index} 'n\"me" -- sh -c "$vars" > told
diff - told <<'END2'
0 0 1000 3 in
1 1000 1000 3 in
2 2000 500 3 in
0 0 700 1 odd {index} 'n"me
END2
poolmap map --chunk-size 1000 in "odd {index} 'n\"me" -- echo '{index} {offset} {length}' '{count}' '{input}' > words
same_file told words
# From a pipe the count is unknown.
same_text "0 0 1000 none -" "$(poolmap map --chunk-size 1000 -- sh -c "${vars/COUNT/COUNT:-none}" < <(part in 0 1000))"
refuses 1 "{count} needs a regular file" poolmap map --chunk-size 1000 -- echo '{count}' < <(cat in)
refuses 1 "{count} needs a regular file" poolmap map --lines in -- echo '{count}'
# Nothing of an outer map is passed on.
same_text "<>" "$(POOLMAP_CHUNK_COUNT=9 poolmap map --lines in -- sh -c 'echo "<$POOLMAP_CHUNK_COUNT>"' | sed -n 1p)"
# Nothing else is replaced, and no shell reads the words.
same_text '{} {x} {INDEX} {index $HOME * a  b' "$(poolmap map --lines in -- echo '{}' '{x}' '{INDEX}' '{index' '$HOME' '*' 'a  b' | sed -n 1p)"
same_text '0{0}0' "$(poolmap map --chunk-size 1M in -- echo '{index}{{index}}{index}')"
# Anything after -- that looks like an option belongs to the command.
same_text '-j --lines --' "$(poolmap map --chunk-size 1M in -- echo -j --lines --)"
# With --shell /bin/sh reads the line, and the input's name is one word whatever it looks like.
same_text '1000 in' "$(poolmap map --shell --chunk-size 1000 in -- 'wc -c < /dev/stdin | tr -d "\n"; echo " "{input}' | sed -n 1p)"
poolmap map --shell --chunk-size 1K "odd {index} 'n\"me" -- 'cat > /dev/null; printf "%s\n" {input}' > said
same_text "odd {index} 'n\"me" "$(< said)"
: > "\$(touch evil)"
poolmap map --shell --lines "\$(touch evil)" -- 'echo {input}' > said
same_text "\$(touch evil)" "$(< said)"
no_file evil
# Besides the standard descriptors it has those that poolmap was started with and the two ends of the pipe of its job
# server, and no others; if poolmap is a client of another job server, it has none of its own.
list='import os; print(len(os.listdir("/proc/self/fd")))'
count=$(python3 -c "$list")
same_text $((count + 2)) "$(poolmap map --chunk-size 1M in -- python3 -c "$list")"
ends='import os; print(*sorted(os.readlink(f"/proc/self/fd/{end}") for end in os.environ["MAKEFLAGS"].split()[-1].split(",")))'
read -r reader writer < <(poolmap map --chunk-size 1M in -- python3 -c "$ends")
[[ $reader == pipe:* && $reader == "$writer" ]] || fail "the ends are of $reader and $writer"
mkfifo tokens
exec {pool}<> tokens
MAKEFLAGS=" -j9 --jobserver-auth=fifo:$PWD/tokens" poolmap map --chunk-size 1M in -- python3 -c "$list" > count
same_text $((count + 1)) "$(< count)"
exec {pool}>&-
# Its signals are as poolmap found them.
same_text "$(python3 -c 'print(open("/proc/self/status").read().split("SigBlk:")[1].split()[0])')" \
    "$(poolmap map --chunk-size 1M in -- python3 -c 'print(open("/proc/self/status").read().split("SigBlk:")[1].split()[0])')"
