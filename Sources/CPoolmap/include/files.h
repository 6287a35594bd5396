/// Calls on files that Swift's Glibc module does not show. They return -1 and set errno on failure.

#ifndef CPOOLMAP_FILES_H
#define CPOOLMAP_FILES_H

/// Opens a file without a name in a folder, for reading and writing by its owner, close-on-exec. The C function is
/// `open` with `O_TMPFILE`; not every file system has such files.
int poolmap_open_nameless(const char *folder);

/// Renames; unless `replaces`, fails with EEXIST where the target exists. The C function is `renameat2`.
int poolmap_rename(const char *from, const char *to, int replaces);

#endif
