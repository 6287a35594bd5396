#define _GNU_SOURCE
#include "CMultiprocessing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int mp_above_standard(int descriptor) {
    if (descriptor < 0 || descriptor > STDERR_FILENO) {
        return descriptor;
    }
    int higher = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (higher < 0) {
        // No higher number is left: use this one.
        return descriptor;
    }
    close(descriptor);
    return higher;
}

int mp_duplicate(int descriptor) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

int mp_set_standard_input(int descriptor) {
    int source = descriptor;
    if (source < 0) {
        source = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (source < 0) {
        // If there is no /dev/null, or a sandbox forbids opening it: a pipe without a writer is just as empty.
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) {
            return -1;
        }
        source = ends[0];
        close(ends[1]);
    }
    // dup2 onto itself would leave the close-on-exec flag set.
    int result = source == STDIN_FILENO ? fcntl(source, F_SETFD, 0) : dup2(source, STDIN_FILENO);
    if (source != STDIN_FILENO && source != descriptor) {
        close(source);
    }
    // Not `freopen`, which would seek in the file that is shared with the parent.
    __fpurge(stdin);
    clearerr(stdin);
    return result < 0 ? -1 : 0;
}

static void (*finish_child)(void);

static void leave_child(int status, void *nothing) {
    (void)nothing;
    finish_child();
    fflush(NULL);
    _exit(status);
}

int mp_begin_exit_handlers(void (*finish)(void)) {
    finish_child = finish;
    return on_exit(leave_child, NULL);
}

int mp_spawn_passing(pid_t *pid, int socket, char *const *arguments, char *const *variables) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    // Threads of a library may block signals, which the child would then never receive.
    sigset_t none;
    sigemptyset(&none);
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) {
        return result;
    }
    result = posix_spawnattr_init(&attributes);
    if (result == 0) {
        // Also onto itself, which clears the close-on-exec flag in the child only.
        result = posix_spawn_file_actions_adddup2(&actions, socket, MP_SPAWN_SOCKET);
        if (result == 0) {
            result = posix_spawn_file_actions_addclosefrom_np(&actions, MP_SPAWN_SOCKET + 1);
        }
        if (result == 0) {
            posix_spawnattr_setsigmask(&attributes, &none);
            posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
            result = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, arguments, variables);
        }
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

int mp_memfd_create(const char *name) {
    return mp_above_standard(memfd_create(name, MFD_CLOEXEC));
}

int mp_pidfd_open(pid_t pid) {
    // glibc has a wrapper since 2.36; Linux has the system call since 5.3.
    return mp_above_standard((int)syscall(SYS_pidfd_open, pid, 0));
}

int mp_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

int mp_has_one_thread(void) {
    if (unshare(CLONE_THREAD) == 0) {
        return 1;
    }
    return errno == EINVAL ? 0 : -1;
}

int mp_pipe(int *descriptors) {
    int result = pipe2(descriptors, O_CLOEXEC);
    if (result == 0) {
        descriptors[0] = mp_above_standard(descriptors[0]);
        descriptors[1] = mp_above_standard(descriptors[1]);
    }
    return result;
}

int mp_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0);
}

int mp_set_process_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0);
}

int mp_affinity_count(void) {
    // A machine may have more processors than the fixed cpu_set_t holds; the kernel then answers EINVAL.
    for (size_t processors = 1024; processors <= 1 << 20; processors *= 2) {
        cpu_set_t *set = CPU_ALLOC(processors);
        if (set == NULL) {
            return -1;
        }
        size_t bytes = CPU_ALLOC_SIZE(processors);
        int result = sched_getaffinity(0, bytes, set);
        int count = result == 0 ? CPU_COUNT_S(bytes, set) : -1;
        CPU_FREE(set);
        if (result == 0 || errno != EINVAL) {
            return count;
        }
    }
    return -1;
}

int mp_bind_to_processor(int processor) {
    cpu_set_t *set = CPU_ALLOC(processor + 1);
    if (set == NULL) {
        return -1;
    }
    size_t bytes = CPU_ALLOC_SIZE(processor + 1);
    CPU_ZERO_S(bytes, set);
    CPU_SET_S(processor, bytes, set);
    int result = sched_setaffinity(0, bytes, set);
    CPU_FREE(set);
    return result;
}

// The handler of each signal before any of the program's own code ran: the Swift runtime's, which print a backtrace
// when a process crashes.
static void (*handlers_of_runtime[NSIG])(int);

static void note_handlers_of_runtime(void) {
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0) {
            handlers_of_runtime[number] = action.sa_handler;
        }
    }
}

void mp_reset_signal_handlers(void) {
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0) {
            continue;
        }
        if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN &&
            action.sa_handler != handlers_of_runtime[number]) {
            action.sa_handler = SIG_DFL;
            action.sa_flags = 0;
            sigaction(number, &action, NULL);
        }
    }
}

void mp_keep_child_statuses(void) {
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        action.sa_handler = SIG_DFL;
        sigaction(SIGCHLD, &action, NULL);
    }
}

int mp_futex_wait(uint32_t *word, uint32_t expected, int64_t nanoseconds) {
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return (int)syscall(SYS_futex, word, FUTEX_WAIT, expected, &limit, NULL, 0);
}

int mp_futex_wake(uint32_t *word, int count) {
    return (int)syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

int mp_mutex_lock_until(pthread_mutex_t *mutex, const struct timespec *limit) {
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, limit);
}

int mp_mutex_owner(const pthread_mutex_t *mutex) {
    unsigned word = __atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED);
    int owner = word & FUTEX_TID_MASK;
    return owner == 0 && word & FUTEX_OWNER_DIED ? -1 : owner;
}

int mp_mutex_is_held_here(const pthread_mutex_t *mutex) {
    int owner = mp_mutex_owner(mutex);
    return owner > 0 && tgkill(getpid(), owner, 0) == 0;
}

#define FOR_WIDTH(operation) \
    switch (byte_count) { \
    case 1: operation(uint8_t); \
    case 2: operation(uint16_t); \
    case 4: operation(uint32_t); \
    default: operation(uint64_t); \
    }

uint64_t mp_atomic_load(const void *address, size_t byte_count, int order) {
#define LOAD(type) return __atomic_load_n((const type *)address, order)
    FOR_WIDTH(LOAD)
}

void mp_atomic_store(void *address, size_t byte_count, uint64_t value, int order) {
#define STORE(type) return __atomic_store_n((type *)address, (type)value, order)
    FOR_WIDTH(STORE)
}

uint64_t mp_atomic_exchange(void *address, size_t byte_count, uint64_t value, int order) {
#define EXCHANGE(type) return __atomic_exchange_n((type *)address, (type)value, order)
    FOR_WIDTH(EXCHANGE)
}

uint64_t mp_atomic_add(void *address, size_t byte_count, uint64_t value, int order) {
#define ADD(type) return __atomic_fetch_add((type *)address, (type)value, order)
    FOR_WIDTH(ADD)
}

uint64_t mp_atomic_compare_exchange(
    void *address, size_t byte_count, uint64_t expected, uint64_t desired, int order) {
    // A failed exchange has stored nothing, so there is nothing to release.
    int failure = order == __ATOMIC_ACQ_REL ? __ATOMIC_ACQUIRE : order == __ATOMIC_RELEASE ? __ATOMIC_RELAXED : order;
#define COMPARE_EXCHANGE(type) \
    { \
        type found = (type)expected; \
        __atomic_compare_exchange_n((type *)address, &found, (type)desired, 0, order, failure); \
        return found; \
    }
    FOR_WIDTH(COMPARE_EXCHANGE)
}

// Room for the descriptors of one message, aligned like the header that precedes them.
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * MP_MAX_DESCRIPTORS)];
};

ssize_t mp_send_descriptors(
    int socket, const struct iovec *pieces, size_t piece_count, const int *descriptors, size_t descriptor_count,
    int flags) {
    struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = piece_count};
    union control control;
    if (descriptor_count > MP_MAX_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    if (descriptor_count > 0) {
        size_t bytes = sizeof(int) * descriptor_count;
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(header), descriptors, bytes);
    }
    return sendmsg(socket, &message, flags);
}

ssize_t mp_receive_descriptors(
    int socket, void *bytes, size_t byte_count, int *descriptors, size_t *descriptor_count, int *is_cut, int flags) {
    struct iovec piece = {.iov_base = bytes, .iov_len = byte_count};
    union control control;
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *descriptor_count = 0;
    ssize_t received = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (received < 0) {
        return received;
    }
    if (is_cut != NULL) {
        *is_cut = (message.msg_flags & MSG_CTRUNC) != 0;
    }
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        // The kernel delivers one header of this kind, and drops descriptors for which there is no room.
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors + *descriptor_count, CMSG_DATA(header), count * sizeof(int));
        *descriptor_count += count;
    }
    for (size_t position = 0; position < *descriptor_count; position++) {
        descriptors[position] = mp_above_standard(descriptors[position]);
    }
    return received;
}

struct mp_transfer *mp_transfer_of_thread(void) {
    static _Thread_local struct mp_transfer transfer;
    return &transfer;
}

int mp_end_with_peer(int descriptor, int signal) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETOWN, getpid()) != 0 || fcntl(descriptor, F_SETSIG, signal) != 0) {
        return -1;
    }
    return fcntl(descriptor, F_SETFL, flags | O_ASYNC);
}

int mp_accept(int socket, void *address, uint32_t *length) {
    return mp_above_standard(accept4(socket, address, length, SOCK_CLOEXEC));
}

int mp_open_nameless(const char *folder) {
    return mp_above_standard(open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

// A spawned process starts the program's own executable, but not its `main`: it receives its order over a socket. Swift
// registers the program's types before this, so that they can be found by name.
extern void mp_spawned_main(void) __attribute__((weak));

__attribute__((constructor)) static void begin(void) {
    note_handlers_of_runtime();
    if (getenv(MP_SPAWN_VARIABLE) != NULL && mp_spawned_main != NULL) {
        mp_spawned_main();
    }
}
