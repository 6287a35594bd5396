#define _GNU_SOURCE
#include "guardian.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Read by signal handlers. The pid is written last and cleared first: the other variables are valid only while it is
// set.
static volatile pid_t guardian;
static volatile pid_t owner;
static volatile int guardian_socket;

int poolmap_open_process(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void close_range_of(unsigned first, unsigned last) {
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) {
        return;
    }
    // Linux before 5.9: close one at a time.
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && last >= limit.rlim_cur) {
        last = (unsigned)limit.rlim_cur - 1;
    }
    for (unsigned number = first; number <= last; number++) {
        (void)close((int)number);
    }
}

void poolmap_close_all_but(const int *kept, int count) {
    unsigned first = 0;
    for (int index = 0; index < count; index++) {
        // There is nothing below 0.
        if (kept[index] > 0) {
            close_range_of(first, (unsigned)kept[index] - 1);
        }
        first = (unsigned)kept[index] + 1;
    }
    close_range_of(first, ~0U);
}

static void end_at_exit(void) {
    (void)poolmap_end_guardian();
}

pid_t poolmap_fork_guardian(int socket, const int *kept, int count) {
    static int has_exit_handler;
    if (!has_exit_handler) {
        has_exit_handler = atexit(end_at_exit) == 0;
    }
    // If SIGCHLD is ignored, children are reaped at once, and the kernel may reuse their pids.
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        (void)signal(SIGCHLD, SIG_DFL);
    }
    // No signal may end the child before it has blocked them all, nor the parent before it has recorded the child.
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) {
        guardian = 0;
        (void)prctl(PR_SET_NAME, "token-guardian");
        (void)setpgid(0, 0);
        poolmap_close_all_but(kept, count);
        return 0;
    }
    int error = errno;
    if (pid > 0) {
        guardian_socket = socket;
        owner = getpid();
        guardian = pid;
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

int poolmap_end_guardian(void) {
    pid_t pid = guardian;
    // A child that was forked later has a copy of all this, and its own exits.
    if (pid == 0 || owner != getpid()) {
        return -1;
    }
    // Closing is not enough: children forked later have copies of the socket. If a sandbox refuses the shutdown, a
    // message that is not a request has the same meaning; and if there is no room for that, the guardian notices the
    // end of this process.
    if (shutdown(guardian_socket, SHUT_WR) != 0 && send(guardian_socket, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        return -1;
    }
    // Otherwise a stopped guardian would be waited for forever.
    (void)kill(pid, SIGCONT);
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    guardian = 0;
    return status;
}
