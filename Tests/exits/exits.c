// Runs a command and notes each of its processes when that ends, so that none is missed however short its life:
//
//     exits FILE COMMAND…
//
// writes a line for each to FILE: its pid, its name, and the most memory that it had at once, in KiB, without the pages
// of files. It ends as the command does, by the same exit code or signal. Exit code 2: wrong usage; 127: the command
// cannot be run.

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) fail(const char *what) {
    perror(what);
    exit(2);
}

// Writes the line of a process that is about to end, unless this is another thread than its first.
static void note(FILE *file, pid_t process) {
    char path[64], line[256], name[64] = "?";
    int group = 0;
    long most = 0, files = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    FILE *status = fopen(path, "re");
    if (status == NULL) {
        fail(path);
    }
    while (fgets(line, sizeof line, status) != NULL) {
        (void)sscanf(line, "Name: %63[^\n]", name);
        (void)sscanf(line, "Tgid: %d", &group);
        (void)sscanf(line, "VmHWM: %ld", &most);
        (void)sscanf(line, "RssFile: %ld", &files);
    }
    fclose(status);
    if (group == process && (fprintf(file, "%d %s %ld\n", (int)process, name, most - files) < 0 || fflush(file) != 0)) {
        fail("exits");
    }
}

static void run(char **command) {
    if (raise(SIGSTOP) != 0) {
        fail("exits");
    }
    execvp(command[0], command);
    fprintf(stderr, "exits: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

static void end_as(int status) {
    if (WIFSIGNALED(status)) {
        // Not another core file.
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    exit(WEXITSTATUS(status));
}

// What a stopped process needs to continue.
static void attend(FILE *file, pid_t process, int status) {
    int event = status >> 16, signal = WSTOPSIG(status);
    if (event == PTRACE_EVENT_EXIT) {
        note(file, process);
    }
    int is_stop = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
    if (event == PTRACE_EVENT_STOP && is_stop) {
        // It stays stopped until it gets SIGCONT, as without a tracer.
        (void)ptrace(PTRACE_LISTEN, process, NULL, NULL);
        return;
    }
    // It may be killed at any moment: no error is worth a word.
    (void)ptrace(PTRACE_CONT, process, NULL, event == 0 ? signal : 0);
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "exits: type exits FILE COMMAND…\n");
        return 2;
    }
    FILE *file = fopen(arguments[1], "we");
    if (file == NULL) {
        fail(arguments[1]);
    }
    pid_t first = fork();
    if (first == 0) {
        run(arguments + 2);
    }
    int status;
    if (first < 0 || waitpid(first, &status, WUNTRACED) < 0) {
        fail("exits");
    }
    long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC
                   | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, first, NULL, options) != 0) {
        fail("exits: ptrace");
    }
    kill(first, SIGCONT);
    int result = 0;
    pid_t process;
    while ((process = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (process > 0 && WIFSTOPPED(status)) {
            attend(file, process, status);
        } else if (process == first) {
            result = status;
        }
    }
    end_as(result);
}
