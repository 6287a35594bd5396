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

// Read by signal handlers. The pid is written last and cleared first: the others count only while it is set.
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
    // Linux before 5.9 closes one at a time.
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
        // 0 has nothing below it.
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
    // Where children are not waited for, the kernel gives their numbers to others.
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        (void)signal(SIGCHLD, SIG_DFL);
    }
    // No signal may end the child before it can take none, nor the parent before it knows the child.
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
    // Closing would not do: children that were forked later have copies of the socket. Where a sandbox refuses this, a
    // message that is no request says the same; and where that finds no room, the guardian sees this process end.
    if (shutdown(guardian_socket, SHUT_WR) != 0 && send(guardian_socket, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        return -1;
    }
    // One that somebody has stopped would be waited for for ever.
    (void)kill(pid, SIGCONT);
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    guardian = 0;
    return status;
}
