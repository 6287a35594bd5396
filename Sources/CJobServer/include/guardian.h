/// C functions for the guardian of make's job tokens that cannot be written in Swift.
///
/// A process has at most one guardian. `poolmap_end_guardian` may be called by a signal handler.

#ifndef CPOOLMAP_GUARDIAN_H
#define CPOOLMAP_GUARDIAN_H

#include <sys/types.h>

/// A descriptor that is readable once the process has ended, close-on-exec. Returns -1 and sets errno on failure. The
/// C function is `pidfd_open`.
int poolmap_open_process(pid_t pid);

/// Closes all descriptors except the `count` ones listed in `kept`, in ascending order.
void poolmap_close_all_but(const int *kept, int count);

/// Forks the guardian, from a process with one thread. Returns 0 in the child, and its pid, or -1 with errno, in the
/// parent.
///
/// The child starts with all signals blocked, in its own process group, with its own name, and with only the `count`
/// descriptors listed in `kept`, in ascending order. The parent remembers `socket`, its end of a socket pair, for
/// `poolmap_end_guardian`, which every normal exit of the parent calls too.
pid_t poolmap_fork_guardian(int socket, const int *kept, int count);

/// Shuts the remembered socket down for writing, which tells the guardian to exit, and waits until it has exited.
/// Returns its status as reported by `waitpid`; -1 if this process has no guardian.
int poolmap_end_guardian(void);

#endif
