# With a system call refused to map and its commands, a run ends in time, with the whole target or none.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
seq 10000 29999 > in
each_refusal first > refusals
while read -r refusal <&3; do
    code=0
    timeout -k 1 10 refuse "$refusal" -- poolmap map -j 2 --lines --chunk-size 20K -o out in -- cat \
        > written 2> said < /dev/null || code=$?
    case $code in
        0) cmp -s in out || fail "$refusal: exit code 0, but the output differs" ;;
        # The message may be the command's, for which the call is refused too.
        1 | 126 | 127) [[ ! -e out ]] || fail "$refusal: failed, and there is an output" ;;
        *) fail "$refusal: exit code $code, and said: $(head -c 300 said)" ;;
    esac
    [[ ! -s written && -z $(find . -name '.poolmap-*') ]] || fail "$refusal: left something"
    rm -f out
done 3< refusals
