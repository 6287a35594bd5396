/// Shutting a process in, which works on bytes of strangers.
#ifndef CPOOLMAP_CONFINEMENT_H
#define CPOOLMAP_CONFINEMENT_H

#include <stddef.h>

/// What a process may still do with names of files; nothing without any of these.
enum {
    /// Open files for reading, and look at them.
    POOLMAP_MAY_READ = 1,
    /// Also make, write, rename and remove files.
    POOLMAP_MAY_WRITE = 2,
};

/// Folders that a right is limited to, with all below them. `paths` is null for no limit.
struct poolmap_folders {
    const char *const *paths;
    size_t count;
};

/// What is in force, as bits.
enum {
    POOLMAP_HAS_SECCOMP = 1,
    POOLMAP_HAS_LANDLOCK = 2,
};

/// Takes from the calling process, which has one thread, and from all that it forks, for ever: what `rights` does not
/// say of files by name; and always to execute a program, to make a process, a socket or executable memory, to signal,
/// trace or read another process, and all else that computing, reading and writing do not need. A call that is not
/// allowed fails with EPERM or EACCES. Descriptors that are open stay usable.
///
/// Returns which of the two ways are in force. Where that is not both, `error` has the last errno, or is 0.
/// The system calls are `landlock_restrict_self` and `seccomp`.
int poolmap_confine(unsigned rights, struct poolmap_folders read, struct poolmap_folders write, int *error);

#endif
