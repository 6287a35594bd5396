# poolmap does not change the flags of make's descriptors, whether they are blocking or not.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
on_two_cores
real_data 10000000 > in
lay_out_tokens opq
export MAKEFLAGS=" -j4 --jobserver-auth=7,8"
for mode in blocking nonblocking; do
    # However it was opened, the flags belong to the open file description, which all processes share.
    exec 7< tokens 8> tokens
    if [[ $mode == nonblocking ]]; then
        perl -MFcntl -e 'for my $fd (7, 8) { open my $end, ($fd == 7 ? "<" : ">") . "&=$fd" or die;
            fcntl $end, F_SETFL, fcntl($end, F_GETFL, 0) | O_NONBLOCK or die }'
    fi
    flags() { sed -n 's/^flags:\t//p' "/proc/$1/fdinfo/7" "/proc/$1/fdinfo/8" | tr '\n' ' '; }
    before=$(flags $$)
    # In octal, with O_NONBLOCK.
    same_text $([[ $mode == blocking ]] && echo 0,0 || echo 2048,2048) \
        "$((0${before% * } & 04000)),$((0$(cut -d' ' -f2 <<< "$before") & 04000))"
    holds_a_token poolmap -19 --chunk-size 512K -f -o out in
    same_text "$before" "$(flags $$)"
    same_text "$before" "$(flags "$front")"
    kill "$front"
    expect_end 143 "$front" 2> /dev/null
    expect_tokens opq
    same_text "$before" "$(flags $$)"
    exec 7<&- 8>&-
done
