/// Confines a process that works on untrusted bytes.
#ifndef CPOOLMAP_CONFINEMENT_H
#define CPOOLMAP_CONFINEMENT_H

#include <stddef.h>

/// What a process may still do with file names; nothing without any of these.
enum {
    /// Open files for reading, and get their status.
    POOLMAP_MAY_READ = 1,
    /// Also create, write, rename and remove files.
    POOLMAP_MAY_WRITE = 2,
};

/// Folders that a right is limited to, including everything below them. `paths` is null for no limit.
struct poolmap_folders {
    const char *const *paths;
    size_t count;
};

/// The mechanisms in force, as bits.
enum {
    POOLMAP_HAS_SECCOMP = 1,
    POOLMAP_HAS_LANDLOCK = 2,
};

/// Restricts the calling process, which has one thread, and all processes that it forks, for good. They lose all access
/// to files by name that `rights` does not grant. They may never execute a program, create a process, a socket or
/// executable memory, signal, trace or read another process, or do anything else that computing, reading and writing do
/// not need. A forbidden call fails with EPERM or EACCES. Open descriptors stay usable.
///
/// Returns which of the two mechanisms are in force. Unless both are, `error` has the last errno, or is 0. The system
/// calls are `landlock_restrict_self` and `seccomp`.
int poolmap_confine(unsigned rights, struct poolmap_folders read, struct poolmap_folders write, int *error);

#endif
