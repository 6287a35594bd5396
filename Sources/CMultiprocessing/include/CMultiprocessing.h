/// Linux calls that Swift's Glibc module does not provide, and those with a variable number of arguments. One function
/// for each, nothing more. All return -1 and set errno on failure unless stated otherwise.

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

/// Moves the open file to a number above 2, close-on-exec: in a program that was started without standard streams, a
/// new file may get a lower number, and printed output would go into it. Negative numbers are returned unchanged. All
/// functions below do this themselves. The C function is `fcntl` with F_DUPFD_CLOEXEC.
int mp_above_standard(int descriptor);

/// Duplicates the descriptor to a number above 2, close-on-exec. The C function is `fcntl` with F_DUPFD_CLOEXEC.
int mp_duplicate(int descriptor);

/// Makes the open file the standard input; it also stays open under its own number. A negative number stands for
/// /dev/null. Discards what the stream `stdin` has read ahead. The C functions are `dup2` and `__fpurge`.
int mp_set_standard_input(int descriptor);

/// Makes `exit` run only the `atexit` handlers that are registered from here on, then `finish`; then buffers are
/// flushed and the process ends. For a child: its parent's handlers would act for the parent. The C functions are
/// `on_exit` and `_exit`.
int mp_begin_exit_handlers(void (*finish)(void));

/// The descriptor number of a spawned process's socket.
#define MP_SPAWN_SOCKET 3

/// Starts the program's own executable with its standard streams and the socket, with no other descriptor and no
/// blocked signal. Returns the errno. The C function is `posix_spawn`.
int mp_spawn_passing(pid_t *pid, int socket, char *const *arguments, char *const *variables);

/// A nameless memory file, close-on-exec. The C function is `memfd_create`; the name shows only in `/proc`.
int mp_memfd_create(const char *name);

/// A descriptor that becomes readable when the process ends, close-on-exec. The system call is `pidfd_open`.
int mp_pidfd_open(pid_t pid);

/// Sends a signal to the process of a pidfd. The system call is `pidfd_send_signal`.
int mp_pidfd_send_signal(int descriptor, int signal);

/// 1 if the calling process has one thread, 0 if it has more, -1 if a sandbox forbids the call. Changes nothing. The
/// system call is `unshare(CLONE_THREAD)`, which is allowed only for a process with one thread.
int mp_has_one_thread(void);

/// A pipe, both ends close-on-exec; the first is the reading one. The C function is `pipe2`.
int mp_pipe(int *descriptors);

/// Asks the kernel to send `signal` to the calling process when its parent's thread ends; 0 cancels that.
/// The C function is `prctl(PR_SET_PDEATHSIG)`.
int mp_set_parent_death_signal(int signal);

/// Sets the name of the calling process in `ps` and `top`; at most 15 bytes. The C function is `prctl(PR_SET_NAME)`.
int mp_set_process_name(const char *name);

/// The number of processors that the calling process may run on, by its affinity mask.
/// The C function is `sched_getaffinity`.
int mp_affinity_count(void);

/// Binds the calling process to one processor, by its number.
/// The C function is `sched_setaffinity`.
int mp_bind_to_processor(int processor);

/// Resets SIGCHLD to its default if it is ignored, so that children can be waited for.
void mp_keep_child_statuses(void);

/// Resets every signal handled by the program to its default, so that a child does not run its parent's handlers. The
/// Swift runtime's handlers stay: they print the backtrace of a crashing process.
void mp_reset_signal_handlers(void);

/// Sleeps while the word, in memory shared by processes, has the value `expected`, until another process wakes it, a
/// signal arrives (EINTR), or `nanoseconds` have passed (ETIMEDOUT). EAGAIN means that the word had another value.
/// The system call is `futex(FUTEX_WAIT)`.
int mp_futex_wait(uint32_t *word, uint32_t expected, int64_t nanoseconds);

/// Wakes up to `count` of the processes that sleep on the word and returns their number. The system call is
/// `futex(FUTEX_WAKE)`.
int mp_futex_wake(uint32_t *word, int count);

/// Locks the mutex, or returns ETIMEDOUT at this time of CLOCK_MONOTONIC; returns the error number, like pthread
/// functions do. The C function is `pthread_mutex_clocklock`.
int mp_mutex_lock_until(pthread_mutex_t *mutex, const struct timespec *limit);

/// Whether a thread of the calling process holds this robust mutex; 0 or 1. The owner is read from the mutex as the
/// kernel does, which clears it when the owner ends.
int mp_mutex_is_held_here(const pthread_mutex_t *mutex);

/// The ID of the thread that holds this robust mutex; 0 if none does, -1 if it has ended while holding it and no thread
/// has taken it since.
int mp_mutex_owner(const pthread_mutex_t *mutex);

/// Memory orders, with names that are visible in Swift.
enum {
    MP_ORDER_RELAXED = __ATOMIC_RELAXED,
    MP_ORDER_ACQUIRE = __ATOMIC_ACQUIRE,
    MP_ORDER_RELEASE = __ATOMIC_RELEASE,
    MP_ORDER_ACQUIRE_RELEASE = __ATOMIC_ACQ_REL,
    MP_ORDER_SEQUENTIAL = __ATOMIC_SEQ_CST,
};

/// Atomic operations on 1, 2, 4 or 8 bytes whose memory order is known only at run time; Swift's own require it at
/// compile time. Values are the lower bytes of 64 bits.
uint64_t mp_atomic_load(const void *address, size_t byte_count, int order);
void mp_atomic_store(void *address, size_t byte_count, uint64_t value, int order);
uint64_t mp_atomic_exchange(void *address, size_t byte_count, uint64_t value, int order);

/// Adds modulo the width and returns the old value.
uint64_t mp_atomic_add(void *address, size_t byte_count, uint64_t value, int order);

/// Stores `desired` if the value is `expected`, and returns the old value.
uint64_t mp_atomic_compare_exchange(
    void *address, size_t byte_count, uint64_t expected, uint64_t desired, int order);

/// The maximum number of descriptors in one message.
#define MP_MAX_DESCRIPTORS 64

/// Sends bytes over a Unix socket, with copies of `descriptor_count` descriptors attached to the first of them.
/// The C function is `sendmsg` with SCM_RIGHTS.
ssize_t mp_send_descriptors(
    int socket, const struct iovec *pieces, size_t piece_count, const int *descriptors, size_t descriptor_count,
    int flags);

/// Receives bytes, and up to MP_MAX_DESCRIPTORS descriptors attached to them, which the caller then owns; they are
/// close-on-exec. `is_cut`, unless null, is set to whether some were lost, for example at the limit on open files. The
/// C function is `recvmsg` with SCM_RIGHTS.
ssize_t mp_receive_descriptors(
    int socket, void *bytes, size_t byte_count, int *descriptors, size_t *descriptor_count, int *is_cut, int flags);

/// The state of the message that the calling thread is encoding or decoding; initially all zero.
struct mp_transfer {
    /// Whether descriptors may be attached to it.
    int is_sending;
    /// The object that holds its descriptors; null if there are none.
    void *descriptors;
    /// The object that collects the shared descriptors of a pool's task; null if the message is not a task.
    void *task;
};

/// One for each thread.
__attribute__((returns_nonnull)) struct mp_transfer *mp_transfer_of_thread(void);

/// Makes the kernel send `signal` to the calling process when the other end of a socket or pipe is closed, even because
/// its owner is killed, or when something is sent to it. The C function is `fcntl` with F_SETOWN, F_SETSIG and O_ASYNC.
int mp_end_with_peer(int descriptor, int signal);

/// Accepts the next connection of a listening socket, close-on-exec; stores its address in `address`, of `length`
/// bytes.
/// The C function is `accept4`.
int mp_accept(int socket, void *address, uint32_t *length);

/// A nameless file in a folder, close-on-exec, readable and writable by its owner. `linkat` can give it a name.
/// The C function is `open` with O_TMPFILE.
int mp_open_nameless(const char *folder);

/// Tells the processor that the caller polls a word until another processor changes it.
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
    /// Its address in the calling process.
    const void *start;
    size_t byte_count;
};

/// Finds the variables at the top level of a module's main.swift that other functions of the module use. Returns their
/// number, at most `most`; 0 if the executable has no symbol table.
size_t mp_script_variables(const char *module, struct mp_script_variable *found, size_t most);

/// The environment variable that tells a spawned process that it is one, and who its parent is.
#define MP_SPAWN_VARIABLE "MULTIPROCESSING_SPAWN"

#endif
