/// What a command does when a signal ends it. In C, since a signal's handler may run nothing else.

#ifndef CPOOLMAP_SIGNALS_H
#define CPOOLMAP_SIGNALS_H

/// Makes SIGINT, SIGTERM and SIGHUP give make's tokens back, remove the temporary files, and then end the process as the
/// signal would have done without a handler, so that its parent sees it. A signal that was ignored stays so. Children do
/// neither.
void poolmap_install_signal_handlers(void);

/// Names a file that a signal is to remove. The path is copied. Returns the entry to take back, or -1 if there is no
/// room, at 1,024 files.
int poolmap_remove_on_signal(const char *path);

/// Takes an entry back.
void poolmap_keep_on_signal(int entry);

/// Ends the process by a signal, as if it had no handler; where that cannot be, as in process 1 of a container, with the
/// exit code that a shell shows for it, 128 and its number. Does not return.
void poolmap_end_by_signal(int number) __attribute__((noreturn));

#endif
