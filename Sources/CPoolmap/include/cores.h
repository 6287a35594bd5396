/// The cores that the commands of a run share, in a table that processes share.
///
/// Each core is free, or has one owner: the place of a command (see `command.h`), which has one for the command itself and
/// may have lent it more. To take one or to give one back is a single step on a single word, so no process can be killed
/// between two of them: what a place has is known, and is given back, whatever has become of the command and its worker.

#ifndef CPOOLMAP_CORES_H
#define CPOOLMAP_CORES_H

/// Makes the table, for so many cores and places. Called once, before those are forked that are to share it. Returns 0, or
/// -1 with `errno`. Without a table each place has what it asks for, and nothing is lent.
int poolmap_make_cores(unsigned core_count, unsigned place_count);

/// Takes a core for the command of a place. Returns 1; or 0 where all are in use, and notes that the place waits for one.
int poolmap_take_core(unsigned place);

/// Gives back all that a place has, lent or not.
void poolmap_release_cores(unsigned place);

/// Gives back `count` of those that are lent to a place, or as many as there are.
void poolmap_take_back_cores(unsigned place, unsigned count);

/// Says how many cores may be lent, since the run has no command of its own for them.
void poolmap_set_spare_cores(unsigned count);
int poolmap_has_spare_cores(void);

/// Lends a place as many cores as it may have now; returns how many.
unsigned poolmap_lend_cores(unsigned place);

/// Notes whether a command has used all that was lent to it.
void poolmap_note_hunger(unsigned place, int is_hungry);

/// Whether there is a better use for a core that is lent to this place, and that its command has not taken.
int poolmap_is_core_wanted(unsigned place);

/// How many bytes wait in a pipe.
unsigned poolmap_bytes_in_pipe(int pipe);

/// Takes up to `count` bytes out of a pipe, as many as there are; returns how many. Never waits, whatever the flags of the
/// descriptor are, which other processes may share and change.
unsigned poolmap_take_from_pipe(int pipe, unsigned count);

#endif
