# Helpers for the cases in refused/, which source this file after lib.sh.
#
# Each case is one operation, and runs it once for each refusal below, two at a time. A run must either do everything,
# with the usual bytes, or print one line and exit with code 1; in time; and leave nothing behind.
#
# Not refused are: execve, which every run needs to start; exit_group, after which no process could report anything;
# rt_sigreturn, which the kernel itself makes a process call; mprotect and futex, without which libc ends a program
# before main, or at the first lock; and close, where Linux closes the descriptor even if it reports an error.

# CALL=ERRNO,ERRNO…: the refusals that each operation is tested with.
#
# EPERM is what containers return, ENOSYS old kernels and emulators; the others are specific to the call. First come the
# calls that poolmap makes, then those that libraries make instead on other processors and systems, and those that it
# may make in future.
readonly refusals="
    openat=EPERM,EMFILE,ENOSYS openat:O_TMPFILE=EOPNOTSUPP,EISDIR,EINVAL,ENOSYS openat:O_CREAT=EPERM,EACCES,ENOSPC
    linkat=EPERM,ENOSYS,EOPNOTSUPP,EMLINK rename=EPERM,ENOSYS,EACCES renameat2=EPERM,ENOSYS,EINVAL
    unlink=EPERM,ENOSYS unlinkat=EPERM,ENOSYS,EBUSY mkdir=EPERM,ENOSYS getdents64=EPERM,ENOSYS
    fchmod=EPERM,ENOSYS,EOPNOTSUPP fchown=EPERM,ENOSYS utimensat=EPERM,ENOSYS,EOPNOTSUPP umask=EPERM,ENOSYS
    fstat=EPERM,ENOSYS newfstatat=EPERM,ENOSYS,EACCES statx=EPERM,ENOSYS
    read=EPERM,EIO,ENOSYS pread64=EPERM,EIO,ESPIPE,ENOSYS write=EPERM,EIO,ENOSPC,ENOSYS
    pwrite64=EPERM,EIO,ENOSPC,ENOSYS pwritev=EPERM,EIO,ENOSPC,ENOSYS writev=EPERM,ENOSYS
    lseek=EPERM,ESPIPE,ENOSYS ftruncate=EPERM,EINVAL,ENOSYS fsync=EPERM,EIO,EINVAL,ENOSYS
    mmap=EPERM,ENOMEM,ENOSYS mmap:MAP_SHARED=EPERM,ENOMEM,ENOSYS munmap=EPERM,EINVAL,ENOSYS brk=EPERM,ENOMEM,ENOSYS
    mremap=EPERM,ENOMEM,ENOSYS madvise=EPERM,EINVAL,ENOSYS memfd_create=EPERM,ENOSYS,EMFILE
    socketpair=EPERM,ENOSYS,EMFILE sendto=EPERM,ENOSYS recvfrom=EPERM,ENOSYS sendmsg=EPERM,ENOSYS
    recvmsg=EPERM,ENOSYS shutdown=EPERM,ENOSYS poll=EPERM,ENOMEM,ENOSYS ppoll=EPERM,ENOSYS
    pidfd_open=EPERM,ENOSYS,EMFILE,EINVAL pidfd_send_signal=EPERM,ENOSYS waitid=EPERM,ENOSYS wait4=EPERM,ENOSYS
    kill=EPERM,ENOSYS pidfd_send_signal=EPERM,kill=EPERM pidfd_open=ENOSYS,kill=EPERM,pidfd_send_signal=ENOSYS
    fork=EPERM,EAGAIN,ENOMEM,ENOSYS clone=EPERM,EAGAIN,ENOMEM,ENOSYS clone3=EPERM,ENOSYS
    prctl=EPERM,EINVAL,ENOSYS prctl:PR_SET_PDEATHSIG=EPERM prctl:PR_SET_NAME=EPERM prctl:PR_SET_SECCOMP=EINVAL
    prctl:PR_SET_NO_NEW_PRIVS=EINVAL seccomp=EPERM,ENOSYS,EINVAL landlock_create_ruleset=EPERM,ENOSYS,EOPNOTSUPP
    landlock_add_rule=EPERM,ENOSYS landlock_restrict_self=EPERM,ENOSYS unshare=EPERM,ENOSYS
    getpid=EPERM,ENOSYS getppid=EPERM,ENOSYS gettid=EPERM,ENOSYS sched_getaffinity=EPERM,ENOSYS,EINVAL
    getrandom=EPERM,ENOSYS,EAGAIN fcntl=EPERM,EINVAL,ENOSYS fcntl:F_SETPIPE_SZ=EPERM,EBUSY fcntl:F_SETFL=EPERM
    fcntl:F_DUPFD_CLOEXEC=EPERM,EMFILE ioctl=EPERM,ENOTTY,ENOSYS rt_sigaction=EPERM,EINVAL,ENOSYS
    rt_sigprocmask=EPERM,ENOSYS set_robust_list=EPERM,ENOSYS rseq=EPERM,ENOSYS set_tid_address=ENOSYS
    prlimit64=EPERM,ENOSYS

    openat2=EPERM,ENOSYS,EAGAIN readlink=EPERM,ENOSYS,EINVAL faccessat2=ENOSYS renameat=EPERM mkdirat=EPERM fchmodat=EPERM fchownat=EPERM statfs=EPERM fstatfs=EPERM access=EPERM
    faccessat=EPERM readlinkat=EPERM getcwd=EPERM readv=EPERM preadv=EPERM fallocate=EOPNOTSUPP copy_file_range=EXDEV
    sendfile=EPERM splice=EPERM fadvise64=EPERM readahead=EPERM fdatasync=EPERM sync_file_range=EPERM flock=EPERM
    socket=EPERM getsockopt=EPERM setsockopt=EPERM epoll_create1=ENOSYS epoll_ctl=EPERM epoll_wait=EPERM
    epoll_pwait=ENOSYS eventfd2=EPERM timerfd_create=EPERM tgkill=EPERM vfork=EPERM setpgid=EPERM geteuid=EPERM
    sched_yield=EPERM clock_gettime=EPERM nanosleep=EPERM clock_nanosleep=EPERM pipe2=EMFILE dup=EPERM dup2=EPERM
    dup3=EPERM close_range=ENOSYS sigaltstack=EPERM getrlimit=EPERM sysinfo=EPERM uname=EPERM getrusage=EPERM
"

# With these no line can be written.
readonly silent="write=EPERM write=EIO write=ENOSPC write=ENOSYS"

# each_refusal all|first: the arguments for `refuse`, one per line; with the first error of each call, or with all.
each_refusal() {
    local word errors
    for word in $refusals; do
        errors=${word#*=}
        if [[ $errors == *=* ]]; then
            echo "$word"
        elif [[ $1 == first ]]; then
            echo "${word%%,*}"
        else
            # shellcheck disable=SC2086
            printf "${word%%=*}=%s\n" ${errors//,/ }
        fi
    done
}

# refused_runs OPERATION [first]: runs the function OPERATION with each refusal, or with the first of each call, each in
# its own folder, two levels below the case's. "${run[@]}" starts poolmap there. Then OPERATION_is_right checks that all
# was done, and OPERATION_is_undone that a failed run has left nothing misleading.
refused_runs() {
    local operation=$1 half jobs=()
    mkdir runs
    each_refusal "${2:-all}" > refusals
    for half in 0 1; do
        (
            cd runs
            while read -r refusal <&3; do
                judge "$operation" "$refusal"
            done
        ) 3< <(awk -v half="$half" 'NR % 2 == half' refusals) > "verdicts-$half" &
        jobs+=($!)
    done
    wait "${jobs[0]}" || fail "the first half of the runs failed"
    wait "${jobs[1]}" || fail "the second half of the runs failed"
    if [[ -s verdicts-0 || -s verdicts-1 ]]; then
        # All of them, since the runner shows only the last lines of a failed case.
        tr -cd '[:print:]\n' < <(cat verdicts-[01]) >&2
        fail "$(cat verdicts-[01] | wc -l) of $(wc -l < refusals) runs are not right"
    fi
    rm -rf runs
}

# judge OPERATION REFUSAL: prints what is wrong with the run; nothing if all is right.
judge() {
    local operation=$1 refusal=$2 code=0 lines left
    mkdir "$refusal"
    cd "$refusal"
    run=(timeout -k 1 10 refuse "$refusal" -- poolmap)
    "$operation" < /dev/null > written 2> said || code=$?
    lines=$(wc -l < said)
    left=$(find . -name '.poolmap-*')
    if [[ -n $left ]]; then
        echo "$refusal: left $left"
    elif ((code == 124 || code == 137)); then
        echo "$refusal: hangs, and said: $(head -c 300 said)"
    elif ((code > 1)); then
        echo "$refusal: exit code $code, and said: $(head -c 300 said)"
    elif [[ -s written ]]; then
        echo "$refusal: wrote $(size_of written) bytes to standard output"
    elif grep -qv '^poolmap: .' said; then
        echo "$refusal: said with exit code $code: $(head -c 300 said)"
    elif ((code == 0)) && ! "${operation}_is_right"; then
        echo "$refusal: exit code 0, and not all is right: $(head -c 300 said)"
    elif ((code == 1)) && ((lines < 1 || lines > most_lines)) && [[ " $silent " != *" $refusal "* ]]; then
        echo "$refusal: $lines lines on standard error: $(head -c 300 said)"
    elif ((code == 1)) && ! "${operation}_is_undone"; then
        echo "$refusal: failed, and has left: $(ls)"
    else
        cd ..
        rm -rf "$refusal"
        return
    fi
    cd ..
}

# One line is printed, unless a run has several inputs.
most_lines=1

# begins FILE WHOLE: FILE is a prefix of WHOLE.
begins() { cmp -s -n "$(size_of "$1")" "$1" "$2"; }
