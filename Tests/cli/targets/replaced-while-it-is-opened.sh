# If a device is replaced by a file between the check of a target and its opening, the file is not overwritten.
. "$CLI_LIB"
text 5000 > in
echo precious > precious
is_stopped() { grep -qs 'stopped by SIGSTOP' trace || ! is_running "$front"; }
met=0
for option in -f -k; do
    # Stopped after each check of the name, one after another.
    for ((count = 1; count < 20; count++)); do
        rm -f trace
        ln -sfn /dev/null target
        start strace -qq -o trace -P target -e 'trace=?newfstatat,?lstat' \
            -e "inject=?newfstatat,?lstat:signal=SIGSTOP:when=$count" poolmap compress -j 1 $option -o target in 2> said
        wait_until 20 is_stopped
        ln -sfn precious target
        continue_stopped "$front"
        code=0
        wait "$front" || code=$?
        same_text precious "$(< precious)"
        ! grep -q 'cannot write target: it has just been replaced by another file' said || met=$((met + 1))
        grep -q 'stopped by SIGSTOP' trace || break
    done
    ((code == 0)) || fail "it was not stopped, and ended with $code: $(< said)"
done
((met > 0)) || fail "no run met the file in the place of the device"
