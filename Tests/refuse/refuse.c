// Runs a command with system calls that the kernel refuses, as with sandboxes, containers and old kernels:
//
//     refuse CALL[:VALUE]=ERRNO[,CALL[:VALUE]=ERRNO…] [--] COMMAND…
//
// A call with a VALUE is refused only if its deciding argument has that value: openat:O_TMPFILE, fcntl:F_SETPIPE_SZ. A
// call that does not exist on this processor is never made, and is skipped. The command's children inherit the filter.
// Exit code 2: wrong usage; 127: the command cannot be run.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "The filter knows the system calls of x86_64 and aarch64 only."
#endif

enum { ABSENT = -1 };

struct name {
    const char *text;
    long value;
};

#define CALL(name) {#name, SYS_##name}
#define NO_CALL(name) {#name, ABSENT}
static const struct name calls[] = {
    CALL(brk), CALL(bind), CALL(capget), CALL(clock_gettime), CALL(clock_nanosleep), CALL(clone), CALL(clone3),
    CALL(close), CALL(close_range), CALL(connect), CALL(copy_file_range), CALL(dup), CALL(dup3), CALL(epoll_create1),
    CALL(epoll_ctl), CALL(epoll_pwait), CALL(eventfd2), CALL(execve), CALL(execveat), CALL(exit), CALL(exit_group),
    CALL(faccessat), CALL(faccessat2), CALL(fadvise64), CALL(fallocate), CALL(fchdir), CALL(fchmod), CALL(fchmodat),
    CALL(fchown), CALL(fchownat), CALL(fcntl), CALL(fdatasync), CALL(fgetxattr), CALL(flock), CALL(fsetxattr),
    CALL(fstat), CALL(fstatfs), CALL(fsync), CALL(ftruncate), CALL(futex), CALL(getcwd), CALL(getdents64),
    CALL(getegid), CALL(geteuid), CALL(getgid), CALL(getpgid), CALL(getpid), CALL(getppid), CALL(getpriority),
    CALL(getrandom), CALL(getrlimit), CALL(getrusage), CALL(getsockname), CALL(getsockopt), CALL(gettid),
    CALL(gettimeofday), CALL(getuid), CALL(getxattr), CALL(ioctl), CALL(kill), CALL(landlock_add_rule),
    CALL(landlock_create_ruleset), CALL(landlock_restrict_self), CALL(linkat), CALL(listen), CALL(lseek),
    CALL(madvise), CALL(memfd_create), CALL(mkdirat), CALL(mmap), CALL(mprotect), CALL(mremap), CALL(msync),
    CALL(munmap), CALL(nanosleep), CALL(openat), CALL(openat2), CALL(pidfd_getfd), CALL(pidfd_open),
    CALL(pidfd_send_signal), CALL(pipe2), CALL(ppoll), CALL(prctl), CALL(pread64), CALL(preadv), CALL(prlimit64),
    CALL(process_vm_readv), CALL(pselect6), CALL(ptrace), CALL(pwrite64), CALL(pwritev), CALL(read), CALL(readahead),
    CALL(readlinkat), CALL(readv), CALL(recvfrom), CALL(recvmsg), CALL(renameat2), CALL(rseq), CALL(rt_sigaction),
    CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigsuspend), CALL(rt_sigtimedwait), CALL(sched_getaffinity),
    CALL(sched_setaffinity), CALL(sched_yield), CALL(seccomp), CALL(sendfile), CALL(sendmsg), CALL(sendto),
    CALL(set_robust_list), CALL(set_tid_address), CALL(setpgid), CALL(setpriority), CALL(setsid), CALL(setsockopt),
    CALL(shutdown), CALL(sigaltstack), CALL(signalfd4), CALL(socket), CALL(socketpair), CALL(splice), CALL(statfs),
    CALL(statx), CALL(symlinkat), CALL(sync_file_range), CALL(sysinfo), CALL(tgkill), CALL(timerfd_create),
    CALL(timerfd_settime), CALL(truncate), CALL(umask), CALL(uname), CALL(unlinkat), CALL(unshare), CALL(utimensat),
    CALL(vmsplice), CALL(wait4), CALL(waitid), CALL(write), CALL(writev),
    // aarch64, the newer one, does these with the calls above.
#if defined(__x86_64__)
    CALL(access), CALL(arch_prctl), CALL(chmod), CALL(chown), CALL(creat), CALL(dup2), CALL(epoll_create),
    CALL(epoll_wait), CALL(eventfd), CALL(fork), CALL(getdents), CALL(getpgrp), CALL(lchown), CALL(link), CALL(lstat),
    CALL(mkdir), CALL(newfstatat), CALL(open), CALL(pipe), CALL(poll), CALL(readlink), CALL(rename), CALL(renameat),
    CALL(rmdir), CALL(select), CALL(stat), CALL(symlink), CALL(time), CALL(unlink), CALL(utime), CALL(utimes),
    CALL(vfork),
#else
    NO_CALL(access), NO_CALL(arch_prctl), NO_CALL(chmod), NO_CALL(chown), NO_CALL(creat), NO_CALL(dup2),
    NO_CALL(epoll_create), NO_CALL(epoll_wait), NO_CALL(eventfd), NO_CALL(fork), NO_CALL(getdents), NO_CALL(getpgrp),
    NO_CALL(lchown), NO_CALL(link), NO_CALL(lstat), NO_CALL(mkdir), CALL(newfstatat), NO_CALL(open), NO_CALL(pipe),
    NO_CALL(poll), NO_CALL(readlink), NO_CALL(rename), CALL(renameat), NO_CALL(rmdir), NO_CALL(select), NO_CALL(stat),
    NO_CALL(symlink), NO_CALL(time), NO_CALL(unlink), NO_CALL(utime), NO_CALL(utimes), NO_CALL(vfork),
#endif
    {NULL, 0},
};

#define ERROR(name) {#name, name}
static const struct name errors[] = {
    ERROR(E2BIG), ERROR(EACCES), ERROR(EAGAIN), ERROR(EBADF), ERROR(EBUSY), ERROR(ECHILD), ERROR(ECONNREFUSED),
    ERROR(EDQUOT), ERROR(EEXIST), ERROR(EFAULT), ERROR(EFBIG), ERROR(EINTR), ERROR(EINVAL), ERROR(EIO), ERROR(EISDIR),
    ERROR(ELOOP), ERROR(EMFILE), ERROR(EMLINK), ERROR(ENFILE), ERROR(ENODEV), ERROR(ENOENT), ERROR(ENOLCK),
    ERROR(ENOMEM), ERROR(ENOSPC), ERROR(ENOSYS), ERROR(ENOTCONN), ERROR(ENOTDIR), ERROR(ENOTSOCK), ERROR(ENOTTY),
    ERROR(ENXIO), ERROR(EOPNOTSUPP), ERROR(EPERM), ERROR(EPIPE), ERROR(ERANGE), ERROR(EROFS), ERROR(ESPIPE),
    ERROR(ESRCH), ERROR(ESTALE), ERROR(ETIMEDOUT), ERROR(ETXTBSY), ERROR(EUSERS), ERROR(EXDEV),
    {NULL, 0},
};

#define VALUE(name) {#name, (long)(name)}
static const struct name values[] = {
    // O_TMPFILE without the bit that it shares with O_DIRECTORY.
    {"O_TMPFILE", O_TMPFILE & ~O_DIRECTORY}, VALUE(O_CREAT), VALUE(O_EXCL), VALUE(O_DIRECTORY), VALUE(O_NOFOLLOW),
    VALUE(O_PATH), VALUE(O_WRONLY), VALUE(O_RDWR), VALUE(F_DUPFD), VALUE(F_DUPFD_CLOEXEC), VALUE(F_GETFD),
    VALUE(F_SETFD), VALUE(F_GETFL), VALUE(F_SETFL), VALUE(F_SETLK), VALUE(F_OFD_SETLK), VALUE(F_SETOWN),
    VALUE(F_SETSIG), VALUE(F_SETPIPE_SZ), VALUE(F_GETPIPE_SZ), VALUE(RENAME_NOREPLACE), VALUE(RENAME_EXCHANGE),
    VALUE(AT_EMPTY_PATH), VALUE(AT_SYMLINK_FOLLOW), VALUE(FICLONE), VALUE(TCGETS), VALUE(TIOCGWINSZ),
    VALUE(PR_SET_NAME), VALUE(PR_SET_PDEATHSIG), VALUE(PR_SET_DUMPABLE), VALUE(PR_SET_NO_NEW_PRIVS),
    VALUE(PR_SET_SECCOMP), VALUE(MAP_SHARED), VALUE(MAP_PRIVATE), VALUE(MAP_ANONYMOUS), VALUE(MAP_FIXED),
    VALUE(CLONE_THREAD), VALUE(CLONE_VM), VALUE(SEEK_SET), VALUE(SEEK_END), VALUE(SEEK_DATA), VALUE(SEEK_HOLE),
    VALUE(MADV_DONTNEED), VALUE(MADV_HUGEPAGE), VALUE(RLIMIT_NOFILE), VALUE(RLIMIT_STACK),
    {NULL, 0},
};

// The argument of a call that a VALUE is compared with, and whether as bits that must be set or as a whole.
static const struct {
    const char *call;
    unsigned argument;
    int is_bits;
} deciding[] = {
    {"openat", 2, 1}, {"open", 1, 1}, {"fcntl", 1, 0}, {"ioctl", 1, 0}, {"prctl", 0, 0}, {"renameat2", 4, 1},
    {"linkat", 4, 1}, {"mmap", 3, 1}, {"clone", 0, 1}, {"unshare", 0, 1}, {"lseek", 2, 0}, {"madvise", 2, 0},
    {"prlimit64", 1, 0}, {"getrlimit", 0, 0}, {"kill", 1, 0}, {"write", 0, 0}, {"read", 0, 0}, {"writev", 0, 0},
};

static void __attribute__((noreturn, format(printf, 1, 2))) usage(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("refuse: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

static long find(const struct name *names, const char *text, const char *what) {
    for (; names->text != NULL; names++) {
        if (strcmp(names->text, text) == 0) {
            return names->value;
        }
    }
    char *end;
    long number = strtol(text, &end, 0);
    if (*text == '\0' || *end != '\0') {
        usage("\"%s\" is no %s", text, what);
    }
    return number;
}

enum { MOST_INSTRUCTIONS = 4096, MOST_OF_RULE = 7 };
static struct sock_filter program[MOST_INSTRUCTIONS];
static unsigned short length;

static void add(unsigned short code, unsigned char if_true, unsigned char if_false, unsigned value) {
    if (length >= MOST_INSTRUCTIONS - MOST_OF_RULE) {
        usage("too many rules");
    }
    program[length++] = (struct sock_filter){code, if_true, if_false, value};
}

static void load(size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, 0, 0, (unsigned)offset);
}

static void add_rule(const char *call, const char *value, const char *error) {
    long number = find(calls, call, "system call that refuse knows");
    long code = find(errors, error, "error that refuse knows");
    unsigned argument = 0, wanted = 0;
    int has_value = value != NULL, is_bits = 0;
    if (has_value) {
        wanted = (unsigned)find(values, value, "value that refuse knows");
        size_t index = 0, count = sizeof deciding / sizeof *deciding;
        while (index < count && strcmp(deciding[index].call, call) != 0) {
            index++;
        }
        if (index == count) {
            usage("%s has no deciding argument", call);
        }
        argument = deciding[index].argument;
        is_bits = deciding[index].is_bits;
    }
    if (number == ABSENT) {
        return;
    }
    // If a rule does not match, the filter jumps over the rest of it.
    load(offsetof(struct seccomp_data, nr));
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, has_value ? 3 + (is_bits != 0) : 1, (unsigned)number);
    if (has_value) {
        // The lower half of the argument: both processors are little endian.
        load(offsetof(struct seccomp_data, args) + argument * sizeof(__u64));
        if (is_bits) {
            add(BPF_ALU | BPF_AND | BPF_K, 0, 0, wanted);
        }
        add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, wanted);
    }
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ((unsigned)code & SECCOMP_RET_DATA));
}

static void add_rules(char *text) {
    load(offsetof(struct seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
    for (char *rule = strtok(text, ","); rule != NULL; rule = strtok(NULL, ",")) {
        char *error = strchr(rule, '=');
        if (error == NULL) {
            usage("\"%s\" does not say CALL=ERRNO", rule);
        }
        *error++ = '\0';
        char *value = strchr(rule, ':');
        if (value != NULL) {
            *value++ = '\0';
        }
        add_rule(rule, value, error);
    }
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

int main(int count, char **arguments) {
    int command = count > 2 && strcmp(arguments[2], "--") == 0 ? 3 : 2;
    if (count <= command) {
        usage("type refuse CALL[:VALUE]=ERRNO[,…] [--] COMMAND…");
    }
    add_rules(arguments[1]);
    struct sock_fprog filter = {.len = length, .filter = program};
    char **words = arguments + command;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        perror("refuse: the kernel takes no filter");
        return 2;
    }
    execvp(words[0], words);
    int error = errno;
    fprintf(stderr, "refuse: %s: %s\n", words[0], strerror(error));
    return 127;
}
