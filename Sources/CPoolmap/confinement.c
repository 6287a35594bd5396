#define _GNU_SOURCE
#include "confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// MARK: Landlock, for folders. Debian 12's headers have only its first two versions; the numbers are the kernel's.

enum { create_ruleset = 444, add_rule = 445, restrict_self = 446 };
enum { ask_version = 1, rule_path_beneath = 1 };

enum {
    execute = 1 << 0,
    write_file = 1 << 1,
    read_file = 1 << 2,
    read_folder = 1 << 3,
    remove_folder = 1 << 4,
    remove_file = 1 << 5,
    make_special = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12,
    make_folder = 1 << 7,
    make_file = 1 << 8,
    move_between_folders = 1 << 13,
    truncate_file = 1 << 14,
    control_device = 1 << 15,
};

struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

struct __attribute__((packed)) path_rule {
    uint64_t allowed;
    int32_t folder;
};

// Everything that this version of Landlock can restrict.
static struct ruleset known_to(long version) {
    struct ruleset all = {.files = (1 << 13) - 1};
    all.files |= version >= 2 ? move_between_folders : 0;
    all.files |= version >= 3 ? truncate_file : 0;
    all.files |= version >= 5 ? control_device : 0;
    // Network: binding and connecting TCP sockets. Scopes: abstract Unix sockets and signals out of this domain.
    all.network = version >= 4 ? 3 : 0;
    all.scopes = version >= 6 ? 3 : 0;
    return all;
}

// Allows `access` below each folder. A folder that cannot be opened stays closed.
static int allow_below(int ruleset, struct poolmap_folders folders, uint64_t access) {
    for (size_t index = 0; index < folders.count; index++) {
        int folder = open(folders.paths[index], O_PATH | O_CLOEXEC);
        if (folder < 0) {
            continue;
        }
        struct stat status;
        // Only these rights exist for a file that is not a folder.
        uint64_t of_file = execute | write_file | read_file | truncate_file | control_device;
        int is_folder = fstat(folder, &status) == 0 && S_ISDIR(status.st_mode);
        struct path_rule rule = {.allowed = is_folder ? access : access & of_file, .folder = folder};
        long result = syscall(add_rule, ruleset, rule_path_beneath, &rule, 0);
        (void)close(folder);
        if (result != 0) {
            return -1;
        }
    }
    return 0;
}

static int confine_files(unsigned rights, struct poolmap_folders read, struct poolmap_folders write) {
    long version = syscall(create_ruleset, NULL, 0, ask_version);
    if (version < 1) {
        return -1;
    }
    struct ruleset all = known_to(version);
    uint64_t reading = read_file | read_folder;
    uint64_t writing = reading | write_file | remove_file | make_file | make_folder | move_between_folders | truncate_file;
    // Rights that the ruleset does not handle are allowed everywhere.
    if (rights & POOLMAP_MAY_READ && read.paths == NULL) {
        all.files &= ~reading;
    }
    if (rights & POOLMAP_MAY_WRITE && write.paths == NULL) {
        all.files &= ~writing;
    }
    size_t size = version >= 6 ? sizeof all : version >= 4 ? offsetof(struct ruleset, scopes) : sizeof all.files;
    int ruleset = (int)syscall(create_ruleset, &all, size, 0);
    if (ruleset < 0) {
        return -1;
    }
    (void)fcntl(ruleset, F_SETFD, FD_CLOEXEC);
    int result = 0;
    if (rights & POOLMAP_MAY_READ && read.paths != NULL) {
        result = allow_below(ruleset, read, reading & all.files);
    }
    if (result == 0 && rights & POOLMAP_MAY_WRITE && write.paths != NULL) {
        result = allow_below(ruleset, write, writing & all.files);
    }
    if (result == 0) {
        result = (int)syscall(restrict_self, ruleset, 0);
    }
    int error = errno;
    (void)close(ruleset);
    errno = error;
    return result;
}

// MARK: seccomp, for system calls

enum { most_steps = 512 };

struct filter {
    struct sock_filter steps[most_steps];
    unsigned short count;
};

static void add(struct filter *filter, struct sock_filter step) {
    if (filter->count < most_steps) {
        filter->steps[filter->count] = step;
    }
    filter->count++;
}

static void load(struct filter *filter, size_t offset) {
    add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct filter *filter, uint32_t action) {
    add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static const uint32_t refusal = SECCOMP_RET_ERRNO | EPERM;

// The lower half of an argument, which is all that these calls use, on little-endian machines.
static size_t argument(unsigned index) {
    return offsetof(struct seccomp_data, args) + 8 * index;
}

static void allow(struct filter *filter, const int *calls, size_t count) {
    for (size_t index = 0; index < count; index++) {
        add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[index], 0, 1));
        answer(filter, SECCOMP_RET_ALLOW);
    }
}

// Allows a call if none of these bits is set in an argument; otherwise refuses it.
static void allow_without(struct filter *filter, int call, unsigned index, uint32_t bits) {
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4));
    load(filter, argument(index));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0));
    answer(filter, SECCOMP_RET_ALLOW);
    answer(filter, refusal);
}

// Allows a call if an argument has one of these values; otherwise refuses it.
static void allow_with(struct filter *filter, int call, unsigned index, const uint32_t *values, uint8_t count) {
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, (uint8_t)(count + 3)));
    load(filter, argument(index));
    for (uint8_t value = 0; value < count; value++) {
        uint8_t to_allow = (uint8_t)(count - value);
        add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, values[value], to_allow, 0));
    }
    answer(filter, refusal);
    answer(filter, SECCOMP_RET_ALLOW);
}

#define ALLOW(filter, ...) \
    do { \
        static const int calls[] = {__VA_ARGS__}; \
        allow(filter, calls, sizeof calls / sizeof *calls); \
    } while (0)

static void begin(struct filter *filter) {
#if defined(__x86_64__)
    uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
    uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
#error "The numbers of system calls of this architecture are not known here."
#endif
    load(filter, offsetof(struct seccomp_data, arch));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0));
    answer(filter, SECCOMP_RET_KILL_PROCESS);
    load(filter, offsetof(struct seccomp_data, nr));
}

// For computing, using open descriptors, talking to the manager, and exiting.
static void allow_work(struct filter *filter) {
    ALLOW(
        filter, SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev, SYS_preadv, SYS_pwritev,
        SYS_recvmsg, SYS_sendmsg, SYS_recvfrom, SYS_sendto, SYS_futex, SYS_madvise, SYS_munmap, SYS_mremap, SYS_brk,
        SYS_lseek, SYS_fstat, SYS_close, SYS_dup, SYS_dup3, SYS_ppoll, SYS_ftruncate, SYS_fallocate, SYS_fsync,
        SYS_fdatasync, SYS_fadvise64, SYS_copy_file_range, SYS_memfd_create, SYS_pipe2, SYS_shutdown, SYS_clock_gettime,
        SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid,
        SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getrandom, SYS_getrusage, SYS_sched_yield, SYS_sched_getaffinity,
        SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall,
        SYS_set_robust_list, SYS_membarrier, SYS_exit, SYS_exit_group);
#if defined(__x86_64__)
    ALLOW(filter, SYS_poll, SYS_dup2, SYS_time);
#endif
#ifdef SYS_rseq
    ALLOW(filter, SYS_rseq);
#endif
    // No executable memory.
    allow_without(filter, SYS_mmap, 2, PROT_EXEC);
    allow_without(filter, SYS_mprotect, 2, PROT_EXEC);
    // A process may signal only itself.
    uint32_t own = (uint32_t)getpid();
    allow_with(filter, SYS_tgkill, 0, &own, 1);
    allow_with(filter, SYS_kill, 0, &own, 1);
    // Other commands could set the receiver of a signal.
    static const uint32_t descriptor_commands[] = {
        F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_GETPIPE_SZ, F_SETPIPE_SZ,
    };
    allow_with(filter, SYS_fcntl, 1, descriptor_commands, sizeof descriptor_commands / sizeof *descriptor_commands);
    static const uint32_t itself = 0;
    allow_with(filter, SYS_prlimit64, 0, &itself, 1);
    static const uint32_t sharing = FICLONERANGE;
    allow_with(filter, SYS_ioctl, 1, &sharing, 1);
    static const uint32_t name = PR_SET_NAME;
    allow_with(filter, SYS_prctl, 0, &name, 1);
}

static void allow_reading(struct filter *filter, int knows_landlock) {
    ALLOW(filter, SYS_newfstatat, SYS_statx, SYS_readlinkat, SYS_faccessat, SYS_faccessat2, SYS_getdents64, SYS_statfs, SYS_fstatfs);
#if defined(__x86_64__)
    ALLOW(filter, SYS_stat, SYS_lstat, SYS_readlink, SYS_access);
#endif
    if (knows_landlock) {
        // Landlock checks what they open.
        ALLOW(filter, SYS_openat, SYS_openat2);
#if defined(__x86_64__)
        ALLOW(filter, SYS_open);
#endif
        return;
    }
    // openat2 has its flags in memory, which a filter cannot read; its callers have a fallback.
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1));
    answer(filter, SECCOMP_RET_ERRNO | ENOSYS);
    uint32_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
    allow_without(filter, SYS_openat, 2, writing);
#if defined(__x86_64__)
    allow_without(filter, SYS_open, 1, writing);
#endif
}

static void allow_writing(struct filter *filter) {
    ALLOW(
        filter, SYS_openat, SYS_openat2, SYS_linkat, SYS_renameat2, SYS_renameat, SYS_unlinkat, SYS_mkdirat, SYS_fchmod,
        SYS_fchown, SYS_utimensat, SYS_umask);
#if defined(__x86_64__)
    ALLOW(filter, SYS_open, SYS_rename, SYS_link, SYS_unlink, SYS_mkdir);
#endif
}

static int confine_calls(unsigned rights, int knows_landlock) {
    static struct filter filter;
    filter.count = 0;
    begin(&filter);
    allow_work(&filter);
    if (rights & POOLMAP_MAY_WRITE) {
        allow_writing(&filter);
    }
    if (rights & (POOLMAP_MAY_READ | POOLMAP_MAY_WRITE)) {
        allow_reading(&filter, knows_landlock);
    }
    answer(&filter, refusal);
    if (filter.count > most_steps) {
        errno = E2BIG;
        return -1;
    }
    struct sock_fprog program = {.len = filter.count, .filter = filter.steps};
    // Without the flag, old kernels would enable mitigations that slow the process down.
    unsigned flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0) {
        return 0;
    }
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int poolmap_confine(unsigned rights, struct poolmap_folders read, struct poolmap_folders write, int *error) {
    int in_force = 0;
    *error = 0;
    // Both require it: no program executed later may gain privileges.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        *error = errno;
        return 0;
    }
    if (confine_files(rights, read, write) == 0) {
        in_force |= POOLMAP_HAS_LANDLOCK;
    } else {
        *error = errno;
    }
    if (confine_calls(rights, in_force & POOLMAP_HAS_LANDLOCK) == 0) {
        in_force |= POOLMAP_HAS_SECCOMP;
    } else {
        *error = errno;
    }
    return in_force;
}
