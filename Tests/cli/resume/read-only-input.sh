# With a read-only input the partial file may already have its mode, and can still be continued.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
real_data 5000000 > in
poolmap compress -q -19 --chunk-size 64K -o reference in
chmod 444 in reference
((EUID != 0)) || chown 65534:65534 in
chmod 777 .
as_user=()
((EUID != 0)) || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
start ${as_user[@]+"${as_user[@]}"} poolmap "${command[@]}" -j 2 -o out in 2> said
wait_until 20 has_records out 5
echo "someone else's" > out
wait_gone 20 "$front"
expect_exit 1 wait "$front"
one_error_line said "in: out already exists"
same_text 444 "$(stat -c %a out.partial)"
rm -f out
as_user poolmap "${command[@]}" -v -j 2 -o out in 2> said
grep -qx "in: keeping 77 of 77 chunks" said
is_whole
same_text "$(stat -c '%a %u %y' in)" "$(stat -c '%a %u %y' out)"
