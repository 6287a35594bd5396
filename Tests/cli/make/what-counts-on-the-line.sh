# Of several job servers in MAKEFLAGS the last counts, but nothing after --; -j1 counts if there is no job server.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 3000000 > in
lay_out_tokens ""
unset MAKEFLAGS
mkfifo other
exec 9<> other
printf + >&9
this=--jobserver-auth=fifo:$PWD/tokens
that=--jobserver-auth=fifo:$PWD/other
printf + >&"$pool"
# takes_from DESCRIPTOR: takes a token from this pipe, and none from the other.
takes_from() {
    start poolmap -19 -q -f -o out.zst --chunk-size 256K in
    is_taken() { (($(tokens_left "$1") == 0)); }
    wait_until 20 is_taken "$1"
    same_text 1 "$(($(tokens_left 9) + $(tokens_left "$pool")))"
    kill "$front"
    expect_end 143 "$front" 2> /dev/null
    same_text 1,1 "$(tokens_left 9),$(tokens_left "$pool")"
}
export MAKEFLAGS
for MAKEFLAGS in " -j3 $that $this" "-j3 --jobserver-auth=-2,-2 $that $this" " -j1 $this" "ks -j1 $this" \
    " -j4 $this -- X=1 $that" " -j4 --jobserver-fds=7,8 $this"; do
    takes_from "$pool"
done
for MAKEFLAGS in " -j3 $this $that" "s --jobserver-fds=7,8 $that -j1"; do
    takes_from 9
done
# has_workers_with COUNT MAKEFLAGS: one worker, or at least two; and no token is touched.
has_workers_with() {
    MAKEFLAGS=$2 poolmap -q --report report -f -o out.zst --chunk-size 64K in
    # If there are more, the front, which started the work, is one of them.
    local workers=$(($(workers_in report) > 1 ? 2 : 1))
    ((workers == $1)) || fail "$workers workers with MAKEFLAGS=$2"
    same_text 1,1 "$(tokens_left 9),$(tokens_left "$pool")"
}
has_workers_with 1 " -j1"
has_workers_with 1 "kj1"
has_workers_with 1 " -j 1 -- X=$this"
has_workers_with 1 " $this --jobserver-auth=-2,-2"
has_workers_with 1 " -j3 $this --jobserver-auth=neu:form"
has_workers_with 2 ""
has_workers_with 2 " -j"
has_workers_with 2 " -j1 -j2"
has_workers_with 2 " -- -j1 $this"
has_workers_with 2 "k -- X=-j1\\ $this"
