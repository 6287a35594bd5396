# With a slow pipe each file is reported as soon as it is done, before the next line arrives; slow files delay none.
. "$CLI_LIB"
echo a > a
echo b > b
noise 2000000 > large
mkfifo list out next
# answers LINE…: these lines come next.
answers() {
    local line
    for expected in "$@"; do
        IFS= read -r -t 20 line <&4 || fail "\"$expected\" did not come"
        same_text "$expected" "$line"
    done
}
for jobs in 1 2 3; do
    exec 3<> list 4<> out 5<> next
    start poolmap hash -j $jobs -w -c list - > out 2> said < next 3>&- 4>&- 5>&-
    sha256sum a >&3
    answers "a: OK"
    sha256sum large b >&3
    answers "large: OK" "b: OK"
    # An incomplete line does not count yet.
    echo "no line" >&3
    sha256sum b | head -c 30 >&3
    has_said() { grep -qs "poolmap: list: 4: improperly formatted" said; }
    wait_until 20 has_said
    sha256sum b large | tail -c +31 >&3
    answers "b: OK" "large: OK"
    # The messages about a list do not wait for the next list.
    sed 's/^....../000000/' <(sha256sum a) >&3
    answers "a: FAILED"
    exec 3>&-
    has_ended() { grep -qs "poolmap: WARNING: 1 computed checksum did NOT match" said; }
    wait_until 20 has_ended
    b3sum large a >&5
    answers "large: OK" "a: OK"
    is_running "$front"
    exec 5>&-
    expect_end 1 "$front"
    exec 4<&-
    # A named pipe among the files: those after it are checked, and reported after it.
    exec 4<> next
    { b3sum a && sha256sum b | sed 's/b$/next/' && sha256sum large b; } > slow
    start poolmap hash -j $jobs -c slow > said 4>&- < /dev/null
    is_told() { [[ $(< said) == "a: OK" ]]; }
    wait_until 20 is_told
    cat b >&4
    exec 4>&-
    expect_end 0 "$front"
    same_text "a: OK next: OK large: OK b: OK" "$(xargs < said)"
done
