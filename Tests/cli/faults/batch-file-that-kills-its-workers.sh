# A small file that kills each worker that opens it is reported in one line, and the rest of its bundle is processed.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
lay_out_files 40
for options in "" --rm; do
    rm -rf out
    # shellcheck disable=SC2046,SC2086
    start strace -qq -f -o trace -P files/17 -e trace=openat -e inject=openat:signal=SIGKILL \
        poolmap compress --chunk-size 64K --output-dir out -j 2 $options $(names 0 40) 2> said
    wait_gone 20 "$front"
    expect_exit 1 wait "$front"
    # strace reports the path that it resolves this name to.
    sed -i '/^strace: Requested path /d' said
    one_error_line said "files/17: "
    grep -Eqi 'SIGKILL|signal 9|killed' said
    grep -Eq 'process [0-9]+' said
    all_but 17
done
# With --rm only this input is left.
same_text "files/17" "$(echo files/*)"
