#define _GNU_SOURCE
#include "CMultiprocessing.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int mp_memfd_create(const char *name) {
    return memfd_create(name, MFD_CLOEXEC);
}

int mp_pidfd_open(pid_t pid) {
    // glibc has a wrapper from 2.36 on; the system call itself is there from Linux 5.3 on.
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int mp_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0);
}

int mp_set_process_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0);
}

int mp_affinity_count(void) {
    // A host may have more processors than the fixed cpu_set_t holds; the kernel then answers EINVAL.
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

void mp_reset_signal_handlers(void) {
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0) {
            continue;
        }
        if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) {
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
