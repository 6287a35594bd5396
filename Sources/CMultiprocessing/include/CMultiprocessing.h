/// What Swift cannot say of Linux: calls that its Glibc module does not show, and those that take a variable number
/// of arguments. One function for each, nothing more. All return -1 and set errno on failure unless they say otherwise.

#ifndef CMULTIPROCESSING_H
#define CMULTIPROCESSING_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/// The open file under a number above 2, close-on-exec: in a program that was started without standard streams a new one
/// may be below, and what somebody prints would go into it. Negative numbers stay. All below do this themselves. The C
/// function is `fcntl` with F_DUPFD_CLOEXEC.
int mp_above_standard(int descriptor);

/// The open file under another number above 2, close-on-exec. The C function is `fcntl` with F_DUPFD_CLOEXEC.
int mp_duplicate(int descriptor);

/// Puts the open file, which stays open under its own number too, in place of standard input; a negative number stands for
/// /dev/null. What the stream `stdin` has read ahead is forgotten. The C functions are `dup2` and `__fpurge`.
int mp_set_standard_input(int descriptor);

/// Has `exit` run, of what was registered with `atexit`, only what is registered from here on, then `finish`; then buffers
/// are written out and the process ends. For a child: what its parent has registered would act for the parent. The C
/// functions are `on_exit` and `_exit`.
int mp_begin_exit_handlers(void (*finish)(void));

/// The number under which a spawned process has its socket.
#define MP_SPAWN_SOCKET 3

/// Starts the program's own executable with its standard streams and the socket, and no other descriptor; no signal is
/// blocked. Returns the error number. The C function is `posix_spawn`.
int mp_spawn_passing(pid_t *pid, int socket, char *const *arguments, char *const *variables);

/// A nameless file in memory, close-on-exec. The C function is `memfd_create`; the name shows only in `/proc`.
int mp_memfd_create(const char *name);

/// A descriptor that becomes readable when the process ends, close-on-exec. The system call is `pidfd_open`.
int mp_pidfd_open(pid_t pid);

/// Sends a signal to the process that the descriptor stands for. The system call is `pidfd_send_signal`.
int mp_pidfd_send_signal(int descriptor, int signal);

/// 1 where the calling process has one thread, 0 where it has more, -1 where a sandbox does not let it ask. Changes
/// nothing. The system call is `unshare(CLONE_THREAD)`, which a process with one thread may always make, and no other.
int mp_has_one_thread(void);

/// A pipe, both ends close-on-exec; the first is the reading one. The C function is `pipe2`.
int mp_pipe(int *descriptors);

/// Asks the kernel to send `signal` to the calling process when its parent's thread ends; 0 asks for none.
/// The C function is `prctl(PR_SET_PDEATHSIG)`.
int mp_set_parent_death_signal(int signal);

/// Names the calling process as `ps` and `top` show it; 15 bytes at most. The C function is `prctl(PR_SET_NAME)`.
int mp_set_process_name(const char *name);

/// The number of processors that the calling process may run on, by its affinity mask.
/// The C function is `sched_getaffinity`.
int mp_affinity_count(void);

/// Has the calling process run on one processor only, by its number.
/// The C function is `sched_setaffinity`.
int mp_bind_to_processor(int processor);

/// Sets SIGCHLD back to its default if it is ignored, so that children can be waited for.
void mp_keep_child_statuses(void);

/// Sets every signal that has a handler of the program's back to its default, so that a child does not run its parent's
/// handlers. Those of the Swift runtime stay: they print the backtrace of a process that crashes.
void mp_reset_signal_handlers(void);

/// Sleeps while the word, in memory that processes share, has the value `expected`, until another process wakes it, a
/// signal comes (EINTR), or `nanoseconds` are over (ETIMEDOUT). EAGAIN says that the word had another value.
/// The system call is `futex(FUTEX_WAIT)`.
int mp_futex_wait(uint32_t *word, uint32_t expected, int64_t nanoseconds);

/// Wakes up to `count` of the processes that sleep on the word and returns how many. The system call is
/// `futex(FUTEX_WAKE)`.
int mp_futex_wake(uint32_t *word, int count);

/// Locks the mutex, or returns ETIMEDOUT at this moment of CLOCK_MONOTONIC; returns the error number, as pthread
/// functions do. The C function is `pthread_mutex_clocklock`.
int mp_mutex_lock_until(pthread_mutex_t *mutex, const struct timespec *limit);

/// Whether a thread of the calling process holds this robust mutex; 0 or 1. The owner's number is read from the mutex
/// as the kernel does it, which clears it when the owner ends.
int mp_mutex_is_held_here(const pthread_mutex_t *mutex);

/// The number of the thread that holds this robust mutex; 0 where none does, -1 where it has ended with it and nobody has
/// taken it since.
int mp_mutex_owner(const pthread_mutex_t *mutex);

/// Memory orders, under names that Swift can see.
enum {
    MP_ORDER_RELAXED = __ATOMIC_RELAXED,
    MP_ORDER_ACQUIRE = __ATOMIC_ACQUIRE,
    MP_ORDER_RELEASE = __ATOMIC_RELEASE,
    MP_ORDER_ACQUIRE_RELEASE = __ATOMIC_ACQ_REL,
    MP_ORDER_SEQUENTIAL = __ATOMIC_SEQ_CST,
};

/// Atomic operations on 1, 2, 4 or 8 bytes whose memory order is known only when they run; Swift's own need it when
/// they are compiled. Values are the lower bytes of 64 bits.
uint64_t mp_atomic_load(const void *address, size_t byte_count, int order);
void mp_atomic_store(void *address, size_t byte_count, uint64_t value, int order);
uint64_t mp_atomic_exchange(void *address, size_t byte_count, uint64_t value, int order);

/// Adds modulo the width and returns the old value.
uint64_t mp_atomic_add(void *address, size_t byte_count, uint64_t value, int order);

/// Stores `desired` where it finds `expected`, and returns what it found.
uint64_t mp_atomic_compare_exchange(
    void *address, size_t byte_count, uint64_t expected, uint64_t desired, int order);

/// The most descriptors that one message may carry.
#define MP_MAX_DESCRIPTORS 64

/// Sends bytes over a Unix socket, with copies of `descriptor_count` descriptors attached to the first of them.
/// The C function is `sendmsg` with SCM_RIGHTS.
ssize_t mp_send_descriptors(
    int socket, const struct iovec *pieces, size_t piece_count, const int *descriptors, size_t descriptor_count,
    int flags);

/// Receives bytes, and up to MP_MAX_DESCRIPTORS descriptors that were attached to them, which are then the caller's and
/// close-on-exec. `is_cut`, unless null, is set to whether some were lost, as at the limit on open files. The C function
/// is `recvmsg` with SCM_RIGHTS.
ssize_t mp_receive_descriptors(
    int socket, void *bytes, size_t byte_count, int *descriptors, size_t *descriptor_count, int *is_cut, int flags);

/// What the calling thread knows of the message that it is writing or reading; all zero at first.
struct mp_transfer {
    /// Whether descriptors may be attached to it.
    int is_sending;
    /// The object that holds its descriptors; null while there are none.
    void *descriptors;
    /// The object that notes which shared descriptors a pool's task uses; null for what is no task.
    void *task;
};

/// Each thread has its own.
__attribute__((returns_nonnull)) struct mp_transfer *mp_transfer_of_thread(void);

/// Makes the kernel send `signal` to the calling process when the other end of a socket or pipe is closed, which it also
/// is when its owner is killed, or when something is sent to it. The C function is `fcntl` with F_SETOWN, F_SETSIG and O_ASYNC.
int mp_end_with_peer(int descriptor, int signal);

/// Takes the next connection of a listening socket, close-on-exec; its address goes to `address`, of `length` bytes.
/// The C function is `accept4`.
int mp_accept(int socket, void *address, uint32_t *length);

/// A nameless file in a folder, close-on-exec, for its owner to read and write. `linkat` can give it a name.
/// The C function is `open` with O_TMPFILE.
int mp_open_nameless(const char *folder);

/// Tells the processor that the caller looks at a word again and again until another changes it.
static inline void mp_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __asm__ __volatile__("pause");
#elif defined(__aarch64__)
    __asm__ __volatile__("isb");
#endif
}

/// A variable at the top level of main.swift.
struct mp_script_variable {
    char name[64];
    /// Where the calling process has it.
    const void *start;
    size_t byte_count;
};

/// Finds those variables at the top level of a module's main.swift that other functions of the module use, and returns
/// how many, at most `most`; 0 where the executable has no table of symbols.
size_t mp_script_variables(const char *module, struct mp_script_variable *found, size_t most);

/// The name of the environment variable by which a spawned process knows that it is one, and who its parent is.
#define MP_SPAWN_VARIABLE "MULTIPROCESSING_SPAWN"

#endif
