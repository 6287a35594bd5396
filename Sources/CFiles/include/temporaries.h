/// The names that are not to outlive a run, in memory that the front shares with its workers. Whoever makes such a name
/// notes it here first; whoever ends the run removes what is left, also after those who were killed. In C, since a
/// signal's handler may run nothing else.
///
///     worker: note the name ─> make it ─> say that it is made ─> … ─> rename or remove it ─> forget it
///     front, as it ends: close the list ─> wait for what is being made ─> remove all that is noted
///
/// Nothing is noted any more once the list is closed. So what a worker makes is either noted before, and then found, or
/// not made at all; only a SIGKILL to the front leaves something.

#ifndef CPOOLMAP_TEMPORARIES_H
#define CPOOLMAP_TEMPORARIES_H

#include <sys/types.h>

/// Makes the memory, which every process that is forked afterwards shares, and has this one remove what is left at its
/// exit. Does nothing the second time.
void poolmap_share_temporaries(void);

/// Notes a name that is about to be made, and its folder. `is_target` says that it is the name of a target, at which only
/// the file of `poolmap_temporary_is_made` is to be removed. Returns the entry; -1 where there is no room, at 2,048 names;
/// -2 where the run ends, and nothing may be made.
int poolmap_note_temporary(const char *path, dev_t folder_device, ino_t folder_inode, int is_target);

/// The name is made, for the file of this number.
void poolmap_temporary_is_made(int entry, ino_t inode);

/// The name is gone, or is to stay.
void poolmap_forget_temporary(int entry);

/// Removes the name of an entry whose process has died, and forgets it.
void poolmap_remove_temporary(int entry);

/// Closes the list, and removes all that is in it. Does nothing in a child. Waits for a second at most.
void poolmap_remove_temporaries(void);

#endif
