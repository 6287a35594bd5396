/// Calls on files that Swift's Glibc module does not show. They return -1 and set errno on failure.
///
/// A folder is a descriptor from `poolmap_open_folder`; AT_FDCWD is the working folder. All descriptors that they open
/// are close-on-exec.

#ifndef CPOOLMAP_FILES_H
#define CPOOLMAP_FILES_H

#include <sys/stat.h>
#include <sys/types.h>

/// Opens a folder only for access to names in it, which needs no read permission. Unless `follows_link`, fails with
/// ENOTDIR if the path's last name is a symbolic link. The C function is `open` with `O_PATH`.
int poolmap_open_folder(const char *path, int follows_link);

/// The C function is `openat`.
int poolmap_open_at(int folder, const char *name, int flags, mode_t mode);

/// Opens a path below a folder. Fails with ELOOP if a name in the path is a symbolic link, and with EXDEV if it leads
/// out of the folder. The C function is `openat2`; if the kernel does not have it, or a sandbox refuses it, the path is
/// walked name by name.
int poolmap_open_beneath(int folder, const char *path, int flags, mode_t mode);

/// Opens a folder below another in the same way, as `poolmap_open_folder` does.
int poolmap_open_folder_beneath(int folder, const char *path);

/// Opens a nameless file in the folder that a path leads to, for reading and writing, with this mode as modified by the
/// umask. The C function is `openat` with `O_TMPFILE`, which not every file system supports. Also fails with EOPNOTSUPP
/// if no file can be given a name afterwards.
int poolmap_open_nameless(int folder, const char *path, mode_t mode);

/// Gives a nameless file a name; fails with EEXIST if that exists. The C function is `linkat`.
int poolmap_link_nameless(int descriptor, int folder, const char *name);

/// Renames. Unless `replaces`, fails with EEXIST if the target exists, and with EINVAL or ENOSYS if the file system or
/// the kernel cannot check that atomically. The C function is `renameat2`.
int poolmap_rename(int folder, const char *from, const char *to, int replaces);

/// Whether names in this folder can be created, but not removed or renamed (`chattr +a`). The C function is `statx`.
int poolmap_is_append_only(int folder);

/// Whether something is mounted at the name itself. The C function is `statx`.
int poolmap_is_mount_point(int folder, const char *name);

/// Raises the capacity of a pipe to 1 MiB, as far as this user may, so that its two sides wake each other less often.
/// Does nothing if the descriptor is not a pipe. The C function is `fcntl` with `F_SETPIPE_SZ`.
void poolmap_widen_pipe(int descriptor);

/// The first offset with data at or after an offset; fails with ENXIO if there is none. Moves the descriptor's own
/// offset. The C function is `lseek` with `SEEK_DATA`.
off_t poolmap_seek_data(int descriptor, off_t offset);

/// The first hole at or after an offset, which is at the file's end at the latest. The C function is `lseek` with
/// `SEEK_HOLE`.
off_t poolmap_seek_hole(int descriptor, off_t offset);

/// Makes a part of a file share the blocks of a part of another, so that nothing is copied until one of them is
/// written. Fails if the file system does not support that, or if a part does not begin and end at a block boundary.
/// The C function is `ioctl` with `FICLONERANGE`.
int poolmap_clone_range(int source, off_t source_offset, off_t byte_count, int target, off_t target_offset);

/// The first occurrence of some bytes in others; null if there is none. The C function is `memmem`.
const void *poolmap_find_bytes(const void *bytes, size_t byte_count, const void *wanted, size_t wanted_count);

/// Reads the next entries of a folder, as consecutive `struct dirent64` of the length `d_reclen`; returns 0 at the end.
/// The C function is `getdents64`.
ssize_t poolmap_read_folder(int folder, void *entries, size_t byte_count);

/// The present status of a file, or of the descriptor itself if `name` is NULL. Asks the file system anew, since a
/// network or FUSE file system may otherwise answer from its cache, with another change time than later. The system
/// call is `statx`; without it, the C function is `fstatat`.
int poolmap_status(int folder, const char *name, int flags, struct stat *status);

#endif
