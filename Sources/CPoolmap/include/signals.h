/// What a command does when a signal ends it. In C, since a signal's handler may run nothing else.

#ifndef CPOOLMAP_SIGNALS_H
#define CPOOLMAP_SIGNALS_H

/// Makes SIGINT, SIGTERM and SIGHUP reach the commands that run (command.h), give make's tokens back, remove the temporary
/// names (temporaries.h), and then end the process as the signal would have done without a handler, so that its parent sees
/// it. A signal that was ignored stays so. Children do none of this.
void poolmap_install_signal_handlers(void);

/// Ends the process by a signal, as if it had no handler; where that cannot be, as in process 1 of a container, with the
/// exit code that a shell shows for it, 128 and its number. Does not return.
void poolmap_end_by_signal(int number) __attribute__((noreturn));

#endif
