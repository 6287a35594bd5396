/// The cores that the commands of a run share, in a table shared between processes.
///
/// Each core is free or has one owner: the place of a command (see `command.h`), which holds one for the command itself
/// and may have more on loan for it. Taking or returning a core is a single atomic step on a single word, so no process
/// can be killed in between: the table always knows which cores a place holds, and they are returned, whatever happens
/// to the command and its worker.

#ifndef CPOOLMAP_CORES_H
#define CPOOLMAP_CORES_H

/// Creates the table for these numbers of cores and places. Called once, before the processes are forked that share it.
/// Returns 0, or -1 with `errno`. Without a table each place gets what it asks for, and nothing is lent.
int poolmap_make_cores(unsigned core_count, unsigned place_count);

/// Takes a core for the command of a place. Returns 1, or 0 if all are in use, and then records that the place is
/// waiting.
int poolmap_take_core(unsigned place);

/// Returns all cores of a place, including those on loan.
void poolmap_release_cores(unsigned place);

/// Returns `count` of the cores on loan to a place, or as many as it has.
void poolmap_take_back_cores(unsigned place, unsigned count);

/// Sets how many cores may be lent, because the run has no command of its own for them.
void poolmap_set_spare_cores(unsigned count);
int poolmap_has_spare_cores(void);

/// Lends a place as many cores as it may have now; returns their number.
unsigned poolmap_lend_cores(unsigned place);

/// Records whether a command has used all cores on loan to it.
void poolmap_note_hunger(unsigned place, int is_hungry);

/// Whether there is a better use for a core that is on loan to this place and that its command has not taken.
int poolmap_is_core_wanted(unsigned place);

/// The number of bytes in a pipe.
unsigned poolmap_bytes_in_pipe(int pipe);

/// Removes up to `count` bytes from a pipe, as many as it has; returns their number. Never blocks, whatever the flags
/// of the descriptor, which other processes may share and change.
unsigned poolmap_take_from_pipe(int pipe, unsigned count);

#endif
