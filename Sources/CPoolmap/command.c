#define _GNU_SOURCE
#include "command.h"

#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct place {
    // The process group, which has the ID of its first process; 0 for none.
    atomic_int group;
    atomic_int is_cancelled;
};

static struct place *places;
static unsigned place_count;
// What the processes tell each other about the whole run. It lies after the places.
struct run {
    // It ends early.
    atomic_int is_ending;
    // It has written to standard output.
    atomic_int has_output;
};

static struct run *run;

static void kill_group(pid_t group, int number) {
    if (group > 1) {
        (void)kill(-group, number);
        // A stopped process receives other signals only once it continues.
        (void)kill(-group, SIGCONT);
    }
}

static int is_any_group_left(void) {
    for (unsigned place = 0; place < place_count; place++) {
        pid_t group = atomic_load(&places[place].group);
        if (group > 1 && kill(-group, 0) == 0) {
            return 1;
        }
    }
    return 0;
}

// Once the front has ended, the commands have no purpose. They are asked to end, then killed.
static void guard_commands(int front, pid_t front_number) {
    struct pollfd entry = {.fd = front, .events = POLLIN};
    // On kernels without process descriptors, the parent's process ID tells.
    while (poll(&entry, 1, front < 0 ? 100 : -1) <= 0 && getppid() == front_number) {
    }
    atomic_store(&run->is_ending, 1);
    enum { steps = 40, asked = 20 };
    for (int step = 0; step < steps && is_any_group_left(); step++) {
        poolmap_signal_commands(step < asked ? SIGTERM : SIGKILL);
        struct timespec pause = {.tv_nsec = 50000000};
        (void)nanosleep(&pause, NULL);
    }
}

static int fork_guardian(void) {
    pid_t front_number = getpid();
    int front = poolmap_open_process(front_number);
    sigset_t all;
    sigset_t mask;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &mask);
    pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_NAME, "command-guard");
        (void)setsid();
        poolmap_close_all_but(&front, front < 0 ? 0 : 1);
        guard_commands(front, front_number);
        _exit(0);
    }
    int error = errno;
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    if (front >= 0) {
        (void)close(front);
    }
    errno = error;
    return child < 0 ? -1 : 0;
}

int poolmap_make_command_places(unsigned count) {
    if (places != NULL) {
        return 0;
    }
    size_t size = count * sizeof *places + sizeof *run;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return -1;
    }
    places = memory;
    place_count = count;
    run = (struct run *)(places + count);
    return fork_guardian();
}

// Runs a shell script without an interpreter line, as `execvp` does.
static void execute_by_shell(const struct poolmap_command *command) {
    enum { most = 4096 };
    char *arguments[most];
    static char shell[] = "/bin/sh";
    size_t count = 0;
    arguments[count++] = shell;
    arguments[count++] = (char *)command->path;
    for (size_t index = 1; command->arguments[index] != NULL; index++) {
        if (count == most - 1) {
            errno = E2BIG;
            return;
        }
        arguments[count++] = command->arguments[index];
    }
    arguments[count] = NULL;
    (void)execve(shell, arguments, command->environment);
}

// Restores the signals that this program ignores. Handlers are reset when the command is executed.
static void restore_signals(const sigset_t *mask) {
    static const int changed[] = {SIGPIPE, SIGXFSZ};
    for (size_t index = 0; index < sizeof changed / sizeof *changed; index++) {
        (void)signal(changed[index], SIG_DFL);
    }
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

static struct rlimit former_limit;
static int has_former_limit;

void poolmap_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (!has_former_limit && getrlimit(RLIMIT_NOFILE, &former_limit) == 0) {
        limit = former_limit;
        limit.rlim_cur = limit.rlim_max;
        has_former_limit = setrlimit(RLIMIT_NOFILE, &limit) == 0;
    }
}

static void restore_limit(void) {
    if (has_former_limit) {
        (void)setrlimit(RLIMIT_NOFILE, &former_limit);
    }
}

static void keep_open(const int *descriptors, int count) {
    for (int index = 0; index < count; index++) {
        (void)fcntl(descriptors[index], F_SETFD, 0);
    }
}

static int become(int from, int to) {
    // All descriptors but the standard ones are above 2 here, so that none is overwritten before it is moved.
    if (from == to) {
        return fcntl(to, F_SETFD, 0);
    }
    return dup2(from, to) < 0 ? -1 : 0;
}

pid_t poolmap_start_command(unsigned place, const struct poolmap_command *command) {
    if (place >= place_count) {
        errno = EINVAL;
        return -1;
    }
    poolmap_end_left_command(place);
    pid_t parent = getpid();
    // No handler may run in the child, which shares this process's memory until it executes the program.
    sigset_t all;
    sigset_t mask;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &mask);
    volatile int failure = 0;
    pid_t child = vfork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(127);
        }
        (void)setsid();
        // Recorded here, not by the parent, which may be killed before it continues.
        atomic_store(&places[place].group, getpid());
        // Only now: whoever ends the run has either seen the group, or its flag is seen here.
        if (atomic_load(&run->is_ending)) {
            failure = ECANCELED;
            _exit(127);
        }
        restore_signals(&mask);
        restore_limit();
        keep_open(command->kept, command->kept_count);
        if (become(command->input, 0) == 0 && become(command->output, 1) == 0 && become(command->error, 2) == 0) {
            (void)execve(command->path, command->arguments, command->environment);
            if (errno == ENOEXEC) {
                execute_by_shell(command);
            }
        }
        failure = errno;
        _exit(127);
    }
    int error = errno;
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    if (child > 0 && failure != 0) {
        atomic_store(&places[place].group, 0);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
        }
        error = failure;
        child = -1;
    }
    errno = error;
    return child;
}

void poolmap_end_left_command(unsigned place) {
    if (place < place_count) {
        kill_group(atomic_exchange(&places[place].group, 0), SIGKILL);
    }
}

void poolmap_command_has_ended(unsigned place) {
    if (place < place_count) {
        pid_t group = atomic_exchange(&places[place].group, 0);
        // Processes that it started must not outlive a run that is ending.
        if (atomic_load(&run->is_ending) || atomic_load(&places[place].is_cancelled)) {
            kill_group(group, SIGKILL);
        }
    }
}

void poolmap_cancel_command(unsigned place) {
    if (place < place_count) {
        // In this order, so that a command started afterwards sees the flag.
        atomic_store(&places[place].is_cancelled, 1);
        kill_group(atomic_load(&places[place].group), SIGTERM);
    }
}

int poolmap_is_command_cancelled(unsigned place) {
    return place < place_count && atomic_load(&places[place].is_cancelled);
}

void poolmap_use_command_place(unsigned place) {
    if (place < place_count) {
        atomic_store(&places[place].is_cancelled, 0);
    }
}

void poolmap_note_output(void) {
    if (run != NULL) {
        atomic_store(&run->has_output, 1);
    }
}

int poolmap_noted_output(void) {
    return run != NULL && atomic_load(&run->has_output) ? STDOUT_FILENO : -1;
}

void poolmap_signal_commands(int number) {
    int error = errno;
    if (run != NULL) {
        atomic_store(&run->is_ending, 1);
    }
    for (unsigned place = 0; place < place_count; place++) {
        kill_group(atomic_load(&places[place].group), number);
    }
    errno = error;
}

int poolmap_make_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

ssize_t poolmap_splice(int file, off_t offset, int pipe, size_t byte_count) {
    return splice(file, &offset, pipe, NULL, byte_count, SPLICE_F_NONBLOCK);
}

int poolmap_open_memory(const char *name) {
    return memfd_create(name, MFD_CLOEXEC);
}
