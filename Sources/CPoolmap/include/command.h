/// Running a command of the user's, with a table, shared between processes, of those that run.

#ifndef CPOOLMAP_COMMAND_H
#define CPOOLMAP_COMMAND_H

#include <sys/types.h>

/// A program that is started: `path` is what the kernel is given, all else as `execve` has it. The descriptors become its
/// standard input, output and error.
struct poolmap_command {
    const char *path;
    char *const *arguments;
    char *const *environment;
    int input;
    int output;
    int error;
    /// Others that it has under their numbers here.
    const int *kept;
    int kept_count;
};

/// Lets this process have as many files open as it may. Commands have the limit that there was before. The C function is
/// `setrlimit`.
void poolmap_raise_descriptor_limit(void);

/// Makes `count` places, at each of which one command may run, and forks a guardian: a process that ends the groups that
/// are noted once this process has ended, however it did. Called once, from a process with one thread, before those are
/// forked that are to share the places. Returns 0, or -1 with `errno`.
int poolmap_make_command_places(unsigned count);

/// Starts a command in a session and a process group of its own, with every signal as this program found it, and notes
/// its group at the place. A group that is still noted there, by a process that died, is killed first. If the calling
/// process dies, the kernel kills the command.
///
/// Returns its process number, which the caller waits for, or -1 with `errno`, also where the program cannot be executed.
/// The calling process must have one thread. The nearest C function is `posix_spawn`.
pid_t poolmap_start_command(unsigned place, const struct poolmap_command *command);

/// Notes that the command has ended, before it is waited for: its number may be another process's afterwards. Kills what is
/// left of its group where it was cancelled or the run ends.
void poolmap_command_has_ended(unsigned place);

/// Kills what is left of a command whose place was a process's that has died.
void poolmap_end_left_command(unsigned place);

/// Has the command at a place end, now or as soon as it begins, until the place is used again.
void poolmap_cancel_command(unsigned place);
int poolmap_is_command_cancelled(unsigned place);
/// The place is used for another chunk, whose command nobody has cancelled.
void poolmap_use_command_place(unsigned place);

/// Sends a signal to all groups that are noted, since the run ends. May be called in a signal's handler.
void poolmap_signal_commands(int number);

/// Makes a pipe whose two ends are close-on-exec: first the one that is read. The C function is `pipe2`.
int poolmap_make_pipe(int ends[2]);

/// Memory that is a file without a name, close-on-exec. The C function is `memfd_create`.
int poolmap_open_memory(const char *name);

/// Moves bytes of a file into a pipe as far as it has room, without waiting. The C function is `splice`, which fails with
/// EINVAL where the file system cannot.
ssize_t poolmap_splice(int file, off_t offset, int pipe, size_t byte_count);

#endif
