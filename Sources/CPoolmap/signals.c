#include "signals.h"

#include "command.h"
#include "guardian.h"
#include "temporaries.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

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
    // Still running: the kernel does not deliver unhandled signals to process 1 of a container, and a sandbox may
    // refuse the calls.
    _exit(128 + number);
}

static void end_cleanly(int number) {
    // A child that has just been forked still has its parent's handlers.
    if (getpid() == owner) {
        poolmap_signal_commands(number);
        (void)poolmap_end_guardian();
        poolmap_remove_temporaries();
    }
    poolmap_end_by_signal(number);
}

void poolmap_install_signal_handlers(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    owner = getpid();
    poolmap_share_temporaries();
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
        struct sigaction action;
        // A signal that was ignored, for example by nohup, stays ignored.
        if (sigaction(numbers[index], NULL, &action) != 0 || action.sa_handler == SIG_IGN) {
            continue;
        }
        memset(&action, 0, sizeof action);
        action.sa_handler = end_cleanly;
        sigfillset(&action.sa_mask);
        sigaction(numbers[index], &action, NULL);
    }
}
