/// Calls on files that Swift's Glibc module does not show. They return -1 and set errno on failure.

#ifndef CPOOLMAP_FILES_H
#define CPOOLMAP_FILES_H

#include <sys/types.h>

/// Opens a file without a name in a folder, for reading and writing, close-on-exec, with this mode as far as the umask
/// allows. The C function is `open` with `O_TMPFILE`; not every file system has such files.
int poolmap_open_nameless(const char *folder, mode_t mode);

/// Gives a nameless file a name; fails with EEXIST where that is taken. The C function is `linkat`.
int poolmap_link_nameless(int descriptor, const char *path);

/// Renames; unless `replaces`, fails with EEXIST where the target exists. The C function is `renameat2`.
int poolmap_rename(const char *from, const char *to, int replaces);

/// Makes a pipe hold up to 1 MiB, as far as this user may, so that its two sides wake each other less often. Does
/// nothing to what is no pipe. The C function is `fcntl` with `F_SETPIPE_SZ`.
void poolmap_widen_pipe(int descriptor);

#endif
