#include "signals.h"

#include "guardian.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { entry_count = 1024 };

// Read by the handler: an entry counts only while its flag is set, which is after its bytes are.
static char paths[entry_count][PATH_MAX];
static volatile sig_atomic_t is_used[entry_count];
static volatile pid_t owner;

void poolmap_end_by_signal(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    kill(getpid(), number);
    // Still here: the kernel spares process 1 of a container what it has no handler for, and a sandbox may refuse the
    // calls.
    _exit(128 + number);
}

static void end_cleanly(int number) {
    // A child that was forked a moment ago has still its parent's handlers.
    if (getpid() == owner) {
        (void)poolmap_end_guardian();
        for (int entry = 0; entry < entry_count; entry++) {
            if (is_used[entry]) {
                unlink(paths[entry]);
            }
        }
    }
    poolmap_end_by_signal(number);
}

void poolmap_install_signal_handlers(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    owner = getpid();
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
        struct sigaction action;
        // What was ignored, as by nohup, stays so.
        if (sigaction(numbers[index], NULL, &action) != 0 || action.sa_handler == SIG_IGN) {
            continue;
        }
        memset(&action, 0, sizeof action);
        action.sa_handler = end_cleanly;
        sigfillset(&action.sa_mask);
        sigaction(numbers[index], &action, NULL);
    }
}

int poolmap_remove_on_signal(const char *path) {
    for (int entry = 0; entry < entry_count; entry++) {
        if (!is_used[entry] && strlen(path) < sizeof paths[entry]) {
            strcpy(paths[entry], path);
            is_used[entry] = 1;
            return entry;
        }
    }
    return -1;
}

void poolmap_keep_on_signal(int entry) {
    if (entry >= 0) {
        is_used[entry] = 0;
    }
}
