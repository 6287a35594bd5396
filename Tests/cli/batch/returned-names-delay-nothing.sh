# Names that workers return for lack of time occupy no places that others need while a slow file is first.
. "$CLI_LIB"
mkdir many
for number in {1..300}; do
    # Every tenth takes a worker longer than a whole bundle of names should.
    if ((number % 10)); then text "$number"; else text 300000; fi > "many/$number"
done
mkfifo slow
for jobs in 2 3; do
    start poolmap compress -15 -q -j $jobs slow many/{1..300}
    wait_until 40 test -e many/300.zst
    is_running "$front"
    text 1000 > slow
    expect_end 0 "$front"
    for number in {1..300}; do [[ -e many/$number.zst ]] || fail "many/$number has no target"; done
    rm ./*.zst many/*.zst
done
