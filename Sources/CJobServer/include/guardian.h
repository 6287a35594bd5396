/// What the guardian of make's job tokens needs and Swift cannot say.
///
/// A process has one guardian at most. `poolmap_end_guardian` may be called by a signal's handler.

#ifndef CPOOLMAP_GUARDIAN_H
#define CPOOLMAP_GUARDIAN_H

#include <sys/types.h>

/// A descriptor that is readable once the process has ended, close-on-exec. Returns -1 and sets errno on failure. The
/// C function is `pidfd_open`.
int poolmap_open_process(pid_t pid);

/// Closes all descriptors but those `count` that are named in `kept`, in rising order.
void poolmap_close_all_but(const int *kept, int count);

/// Forks the guardian, from a process with one thread. Returns 0 in the child, and its pid, or -1 with errno, in the
/// parent.
///
/// The child has all signals blocked from its birth, a process group of its own, a name, and of all descriptors only
/// those `count` that are named in `kept`, in rising order. The parent remembers `socket`, its end of a socket pair,
/// for `poolmap_end_guardian`, which every normal exit of the parent calls too.
pid_t poolmap_fork_guardian(int socket, const int *kept, int count);

/// Shuts the remembered socket down for writing, which is the guardian's sign to leave, and waits until it has left.
/// Returns its status as `waitpid` tells it; -1 where this process has no guardian.
int poolmap_end_guardian(void);

#endif
