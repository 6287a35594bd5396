/// Calls on files that Swift's Glibc module does not show. They return -1 and set errno on failure.
///
/// A folder is a descriptor, which `poolmap_open_folder` opens; AT_FDCWD stands for the present one. What they open is
/// close-on-exec.

#ifndef CPOOLMAP_FILES_H
#define CPOOLMAP_FILES_H

#include <sys/stat.h>
#include <sys/types.h>

/// Opens a folder, for names in it alone: that takes no right to read it. Unless `follows_link`, fails with ENOTDIR where
/// the path's last name is a symbolic link. The C function is `open` with `O_PATH`.
int poolmap_open_folder(const char *path, int follows_link);

/// The C function is `openat`.
int poolmap_open_at(int folder, const char *name, int flags, mode_t mode);

/// Opens what a path leads to from a folder on. Fails with ELOOP where a name of the path is a symbolic link, and with
/// EXDEV where it leads out of the folder. The C function is `openat2`; where the kernel has none, or a sandbox refuses
/// it, the path is walked name by name.
int poolmap_open_beneath(int folder, const char *path, int flags, mode_t mode);

/// The same for a folder, which is opened as `poolmap_open_folder` does.
int poolmap_open_folder_beneath(int folder, const char *path);

/// Opens a file without a name in the folder that a path leads to, for reading and writing, with this mode as far as the
/// umask allows. The C function is `openat` with `O_TMPFILE`; not every file system has such files. Fails with EOPNOTSUPP
/// as well where no file can get a name afterwards.
int poolmap_open_nameless(int folder, const char *path, mode_t mode);

/// Gives a nameless file a name; fails with EEXIST where that is taken. The C function is `linkat`.
int poolmap_link_nameless(int descriptor, int folder, const char *name);

/// Renames; unless `replaces`, fails with EEXIST where the target exists, and with EINVAL or ENOSYS where the file system
/// or the kernel cannot tell in one step. The C function is `renameat2`.
int poolmap_rename(int folder, const char *from, const char *to, int replaces);

/// Whether names in this folder can be made, but neither removed nor renamed (`chattr +a`). The C function is `statx`.
int poolmap_is_append_only(int folder);

/// Whether something is mounted at the name itself. The C function is `statx`.
int poolmap_is_mount_point(int folder, const char *name);

/// Makes a pipe hold up to 1 MiB, as far as this user may, so that its two sides wake each other less often. Does
/// nothing to what is no pipe. The C function is `fcntl` with `F_SETPIPE_SZ`.
void poolmap_widen_pipe(int descriptor);

/// The first place with data from an offset on; fails with ENXIO where there is none. Moves the descriptor's own offset.
/// The C function is `lseek` with `SEEK_DATA`.
off_t poolmap_seek_data(int descriptor, off_t offset);

/// The first hole from an offset on, which is at the file's end at the latest. The C function is `lseek` with
/// `SEEK_HOLE`.
off_t poolmap_seek_hole(int descriptor, off_t offset);

/// Has a part of a file share the blocks of a part of another, so that nothing is copied until one of them is written
/// to. Fails where the file system cannot, or where a part does not begin and end with a block. The C function is `ioctl`
/// with `FICLONERANGE`.
int poolmap_clone_range(int source, off_t source_offset, off_t byte_count, int target, off_t target_offset);

/// Where some bytes are found in others for the first time; null where they are not. The C function is `memmem`.
const void *poolmap_find_bytes(const void *bytes, size_t byte_count, const void *wanted, size_t wanted_count);

/// Reads the entries of a folder that come next, one behind the other as `struct dirent64`, whose length is `d_reclen`; 0 at
/// the end. The C function is `getdents64`.
ssize_t poolmap_read_folder(int folder, void *entries, size_t byte_count);

/// What is known of a file, or of the descriptor itself where `name` is NULL, as its file system has it now: one over a
/// network or by FUSE may answer from memory otherwise, with another change time than it says later. The system call is `statx`; without it, the C function is `fstatat`.
int poolmap_status(int folder, const char *name, int flags, struct stat *status);

#endif
