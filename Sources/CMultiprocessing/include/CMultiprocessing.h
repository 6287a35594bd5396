/// What Swift cannot say of Linux: calls that its Glibc module does not show, and those that take a variable number
/// of arguments. One function for each, nothing more. All return -1 and set errno on failure unless they say otherwise.

#ifndef CMULTIPROCESSING_H
#define CMULTIPROCESSING_H

#include <stdint.h>
#include <sys/types.h>

/// A nameless file in memory, close-on-exec. The C function is `memfd_create`; the name shows only in `/proc`.
int mp_memfd_create(const char *name);

/// A descriptor that becomes readable when the process ends, close-on-exec. The system call is `pidfd_open`.
int mp_pidfd_open(pid_t pid);

/// Asks the kernel to send `signal` to the calling process when its parent's thread ends; 0 asks for none.
/// The C function is `prctl(PR_SET_PDEATHSIG)`.
int mp_set_parent_death_signal(int signal);

/// Names the calling process as `ps` and `top` show it; 15 bytes at most. The C function is `prctl(PR_SET_NAME)`.
int mp_set_process_name(const char *name);

/// The number of processors that the calling process may run on, by its affinity mask.
/// The C function is `sched_getaffinity`.
int mp_affinity_count(void);

/// Sets SIGCHLD back to its default if it is ignored, so that children can be waited for.
void mp_keep_child_statuses(void);

/// Sets every signal that has a handler back to its default, so that a child does not run its parent's handlers.
void mp_reset_signal_handlers(void);


#endif
