/// What poolmap does when a signal ends it. In C, because only that is safe in a signal handler.

#ifndef CPOOLMAP_SIGNALS_H
#define CPOOLMAP_SIGNALS_H

/// Installs handlers for SIGINT, SIGTERM and SIGHUP that pass the signal to running commands (command.h), return make's
/// tokens, remove temporary names (temporaries.h), and then end the process as the signal would have without a handler,
/// so that its parent sees that. A signal that was ignored stays ignored. Children do none of this.
void poolmap_install_signal_handlers(void);

/// Ends the process by a signal, as if it had no handler; if that is impossible, as in process 1 of a container, with
/// the exit code that a shell shows for it, 128 plus its number. Does not return.
void poolmap_end_by_signal(int number) __attribute__((noreturn));

#endif
