/// Runs the user's commands, with a table of running commands that is shared between processes.

#ifndef CPOOLMAP_COMMAND_H
#define CPOOLMAP_COMMAND_H

#include <sys/types.h>

/// A program to start: `path`, `arguments` and `environment` are those of `execve`. The descriptors become its standard
/// input, output and error.
struct poolmap_command {
    const char *path;
    char *const *arguments;
    char *const *environment;
    int input;
    int output;
    int error;
    /// Further descriptors that it inherits under the same numbers.
    const int *kept;
    int kept_count;
};

/// Raises this process's limit of open files to the maximum. Commands get the former limit. The C function is
/// `setrlimit`.
void poolmap_raise_descriptor_limit(void);

/// Creates `count` places, each for one running command, and forks a guardian: a process that ends all recorded process
/// groups once this process has ended, for whatever reason. Called once, from a process with one thread, before the
/// processes are forked that share the places. Returns 0, or -1 with `errno`.
int poolmap_make_command_places(unsigned count);

/// Starts a command in a session and a process group of its own, with every signal as this program found it, and
/// records its group at the place. A group still recorded there, by a process that died, is killed first. If the
/// calling process dies, the kernel kills the command.
///
/// Returns its process ID, which the caller waits for, or -1 with `errno`, also if the program cannot be executed. The
/// calling process must have one thread. The nearest C function is `posix_spawn`.
pid_t poolmap_start_command(unsigned place, const struct poolmap_command *command);

/// Records that the command has ended. Called before it is waited for, since its process ID may be reused afterwards.
/// Kills the rest of its group if it was cancelled or the run is ending.
void poolmap_command_has_ended(unsigned place);

/// Kills the rest of a command that was started by a process that has died.
void poolmap_end_left_command(unsigned place);

/// Ends the command at a place, now or as soon as it begins, until the place is used again.
void poolmap_cancel_command(unsigned place);
int poolmap_is_command_cancelled(unsigned place);
/// Reuses the place for another chunk, whose command is not cancelled.
void poolmap_use_command_place(unsigned place);

/// Records that the run has written to standard output: from now on a command is useless once nothing reads that output.
void poolmap_note_output(void);
/// Standard output, if `poolmap_note_output` was called in any of the processes; otherwise -1, which `poll` ignores.
int poolmap_noted_output(void);

/// Sends a signal to all recorded groups, because the run is ending. May be called in a signal handler.
void poolmap_signal_commands(int number);

/// Creates a pipe with close-on-exec ends: first the read end. The C function is `pipe2`.
int poolmap_make_pipe(int ends[2]);

/// Creates a nameless file in memory, close-on-exec. The C function is `memfd_create`.
int poolmap_open_memory(const char *name);

/// Moves bytes of a file into a pipe as far as it has room, without blocking. The C function is `splice`, which fails
/// with EINVAL if the file system does not support it.
ssize_t poolmap_splice(int file, off_t offset, int pipe, size_t byte_count);

#endif
