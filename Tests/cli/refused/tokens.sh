# Under make's job server every token returns, and no run hangs, whichever system call the kernel refuses.
. "$CLI_LIB"
. "$CLI_FOLDER/tokens.sh"
{ text 300000 && noise 400000; } > in
silently poolmap --chunk-size 64K -o in.zst in
lay_out_tokens ABC
for refusal in shutdown=EPERM shutdown=EPERM,sendto=EPERM pidfd_open=ENOSYS pidfd_send_signal=EPERM,kill=EPERM \
    kill=EPERM setpgid=EPERM wait4=ENOSYS close_range=ENOSYS socketpair=EPERM poll=ENOSYS clone=EAGAIN \
    rt_sigprocmask=EPERM prctl=EPERM recvfrom=EPERM; do
    code=0
    timeout 10 refuse "$refusal" -- poolmap -f --chunk-size 64K -o out in 2> said || code=$?
    ((code <= 1)) || fail "$refusal: exit code $code: $(< said)"
    if ((code == 1)); then
        one_error_line said
    else
        same_file out in.zst "$refusal"
    fi
    expect_tokens ABC
done
