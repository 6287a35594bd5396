# If make's descriptors are now something other than one pipe, they are not used: one worker, and -v says so.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 1200000 > in
echo +++++++++ > file
mkfifo one other
exec 5<> one 6<> other
printf ++++ >&5
printf ++++ >&6
# one_worker READER WRITER: these are not used.
one_worker() {
    export MAKEFLAGS=" -j3 --jobserver-auth=7,8"
    eval "exec 7$1 8$2"
    poolmap -v --report report -f -o out.zst --chunk-size 64K in 2> said || fail "$1 $2: exit code $?: $(< said)"
    exec 7>&- 8>&-
    grep -qx "poolmap: using one worker: make passes its job server only to recipe lines that begin with +" said ||
        fail "$1 $2: $(< said)"
    same_text 1 "$(workers_in report)"
    same_text 4,4 "$(tokens_left 5),$(tokens_left 6)"
    same_text +++++++++ "$(< file)"
}
one_worker "< file" "<> file"
one_worker "<&5" "<> file"
one_worker "<> file" "<&5"
one_worker "<&5" "<&6"
one_worker "< one" "< one"
one_worker "> one" "> one"
one_worker "<&5" ">&-"
one_worker "<&-" ">&5"
one_worker "< /dev/null" "> /dev/null"
# A pipe that other processes read or write is left unchanged.
[[ $(head -c 4 <&5) == ++++ && $(head -c 4 <&6) == ++++ ]]
# For comparison, the right descriptors.
eval "exec 7< one 8> one"
printf a >&5
start poolmap --report report -f -19 -o out.zst --chunk-size 256K in
no_token() { (($(tokens_left 5) == 0)); }
wait_until 20 no_token
wait_workers "$front" 2
wait "$front"
same_text a "$(head -c 1 <&5)"
# A named pipe that has become a file, has vanished, or has no other end.
mkfifo lonely
for path in "$PWD/file" "$PWD/missing" "$PWD/lonely" "" "$PWD"; do
    export MAKEFLAGS=" -j3 --jobserver-auth=fifo:$path"
    poolmap -v --report report -f -o out.zst --chunk-size 64K in 2> said
    grep -q "^poolmap: using one worker: .*make.s job server" said || fail "$path: $(< said)"
    same_text 1 "$(workers_in report)"
done
same_text +++++++++ "$(< file)"
