/// The names that must not outlive a run, in memory that the front shares with its workers. A process records such a
/// name here before it creates it; whoever ends the run removes the remaining ones, including those of killed
/// processes. In C, because only that is safe in a signal handler.
///
///     worker: record the name ─> create it ─> mark it as created ─> … ─> rename or remove it ─> forget it
///     front, at its end: close the list ─> wait for names being created ─> remove all recorded names
///
/// Once the list is closed, no name can be recorded. So every name is either recorded, and then found, or never
/// created; only a SIGKILL to the front leaves something behind.

#ifndef CPOOLMAP_TEMPORARIES_H
#define CPOOLMAP_TEMPORARIES_H

#include <sys/types.h>

/// Creates the memory, which all processes forked afterwards share; this process removes the remaining names at its
/// exit. Does nothing the second time.
void poolmap_share_temporaries(void);

/// Records a name about to be created, and its folder. `is_target` means that it is the name of a target, where only
/// the file of `poolmap_temporary_is_made` may be removed. Returns the entry; -1 if there is no room, at 2,048 names;
/// -2 if the run is ending, and nothing may be created.
int poolmap_note_temporary(const char *path, dev_t folder_device, ino_t folder_inode, int is_target);

/// Records that the name exists now, for the file with this inode number.
void poolmap_temporary_is_made(int entry, ino_t inode);

/// Forgets the name: it is gone, or will stay.
void poolmap_forget_temporary(int entry);

/// Removes the name of an entry whose process has died, and forgets it.
void poolmap_remove_temporary(int entry);

/// Closes the list, and removes all names in it. Does nothing in a child. Waits for at most one second.
void poolmap_remove_temporaries(void);

#endif
