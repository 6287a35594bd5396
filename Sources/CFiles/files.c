#define _GNU_SOURCE
#include "files.h"

#include <sys/sysmacros.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int poolmap_open_folder(const char *path, int follows_link) {
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | (follows_link ? 0 : O_NOFOLLOW));
}

int poolmap_open_at(int folder, const char *name, int flags, mode_t mode) {
    return openat(folder, name, flags | O_CLOEXEC, mode);
}

// Opens one name, which must not be a link.
static int open_name(int folder, const char *name, int flags, mode_t mode) {
    if (strcmp(name, "..") == 0) {
        errno = EXDEV;
        return -1;
    }
    int result = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    if (result < 0 && errno == ENOTDIR) {
        // A link, where a folder is expected, gives the same error.
        struct stat status;
        int is_link = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
        errno = is_link ? ELOOP : ENOTDIR;
    }
    return result;
}

static int walk_beneath(int root, const char *path, int flags, mode_t mode) {
    int folder = root;
    while (1) {
        size_t length = strcspn(path, "/");
        const char *rest = path + length + strspn(path + length, "/");
        char name[NAME_MAX + 1];
        int result = -1;
        if (length >= sizeof name) {
            errno = ENAMETOOLONG;
        } else {
            memcpy(name, path, length);
            name[length] = 0;
            result = *rest == 0 ? open_name(folder, name, flags, mode)
                                : open_name(folder, name, O_PATH | O_DIRECTORY, 0);
        }
        int error = errno;
        if (folder != root) {
            (void)close(folder);
        }
        errno = error;
        if (result < 0 || *rest == 0) {
            return result;
        }
        folder = result;
        path = rest;
    }
}

int poolmap_open_beneath(int folder, const char *path, int flags, mode_t mode) {
    static int is_refused;
    if (*path == 0) {
        path = ".";
    }
    if (!is_refused) {
        struct open_how how = {
            .flags = (unsigned)(flags | O_CLOEXEC),
            .mode = flags & O_CREAT ? mode : 0,
            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        int result = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
        // Sandboxes that do not know the call return EPERM, which may also be the file system's own error.
        if (result >= 0 || (errno != ENOSYS && errno != EPERM)) {
            return result;
        }
        is_refused = errno == ENOSYS;
    }
    int result = walk_beneath(folder, path, flags, mode);
    is_refused = is_refused || result >= 0;
    return result;
}

int poolmap_open_folder_beneath(int folder, const char *path) {
    return poolmap_open_beneath(folder, path, O_PATH | O_DIRECTORY, 0);
}

// Whether the kernel, or a sandbox, refuses linkat in general. With invalid descriptors the call fails in any case.
static int links_are_refused(void) {
    static int answer = -1;
    if (answer < 0) {
        answer = linkat(-1, "-", -1, "-", 0) != 0 && errno != EBADF;
    }
    return answer;
}

int poolmap_open_nameless(int folder, const char *path, mode_t mode) {
    if (links_are_refused()) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return openat(folder, path, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
}

int poolmap_link_nameless(int descriptor, int folder, const char *name) {
    // The kernel allows the short way to root, and since 6.10 to whoever has opened the file. Where it does not, it
    // says that there is no such file, which may also be said of the path.
    static int is_short_way_closed;
    if (!is_short_way_closed) {
        if (linkat(descriptor, "", folder, name, AT_EMPTY_PATH) == 0) {
            return 0;
        }
        if (errno != ENOENT && errno != EPERM) {
            return -1;
        }
    }
    char own[32];
    snprintf(own, sizeof own, "/proc/self/fd/%d", descriptor);
    int result = linkat(AT_FDCWD, own, folder, name, AT_SYMLINK_FOLLOW);
    is_short_way_closed = is_short_way_closed || result == 0;
    return result;
}

int poolmap_rename(int folder, const char *from, const char *to, int replaces) {
    if (replaces) {
        return renameat(folder, from, folder, to);
    }
    return (int)syscall(SYS_renameat2, folder, from, folder, to, RENAME_NOREPLACE);
}

static int has_attribute(int folder, const char *name, int flags, unsigned long long attribute) {
    struct statx status;
    return statx(folder, name, flags | AT_STATX_DONT_SYNC, 0, &status) == 0 && (status.stx_attributes & attribute) != 0;
}

int poolmap_is_append_only(int folder) {
    return has_attribute(folder, "", AT_EMPTY_PATH, STATX_ATTR_APPEND);
}

int poolmap_is_mount_point(int folder, const char *name) {
    return has_attribute(folder, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_ATTR_MOUNT_ROOT);
}

void poolmap_widen_pipe(int descriptor) {
    enum { wanted = 1 << 20 };
    int held = fcntl(descriptor, F_GETPIPE_SZ);
    if (held >= 0 && held < wanted) {
        (void)fcntl(descriptor, F_SETPIPE_SZ, wanted);
    }
}

off_t poolmap_seek_data(int descriptor, off_t offset) {
    return lseek(descriptor, offset, SEEK_DATA);
}

off_t poolmap_seek_hole(int descriptor, off_t offset) {
    return lseek(descriptor, offset, SEEK_HOLE);
}

ssize_t poolmap_read_folder(int folder, void *entries, size_t byte_count) {
    ssize_t count = getdents64(folder, entries, byte_count);
    // As in readdir: some file systems return this for a folder that was removed.
    return count < 0 && errno == ENOENT ? 0 : count;
}

int poolmap_status(int folder, const char *name, int flags, struct stat *status) {
    struct statx found;
    int where = name != NULL ? flags : flags | AT_EMPTY_PATH;
    // The system call itself: glibc's emulation for old kernels does not know the flag.
    if (syscall(SYS_statx, folder, name != NULL ? name : "", where | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &found) != 0) {
        // Linux before 4.11, and sandboxes that do not know the call.
        if (errno != ENOSYS && errno != EPERM) {
            return -1;
        }
        return name != NULL ? fstatat(folder, name, status, flags) : fstat(folder, status);
    }
    memset(status, 0, sizeof *status);
    status->st_dev = makedev(found.stx_dev_major, found.stx_dev_minor);
    status->st_ino = found.stx_ino;
    status->st_mode = found.stx_mode;
    status->st_nlink = found.stx_nlink;
    status->st_uid = found.stx_uid;
    status->st_gid = found.stx_gid;
    status->st_rdev = makedev(found.stx_rdev_major, found.stx_rdev_minor);
    status->st_size = (off_t)found.stx_size;
    status->st_blksize = (blksize_t)found.stx_blksize;
    status->st_blocks = (blkcnt_t)found.stx_blocks;
    status->st_atim = (struct timespec){found.stx_atime.tv_sec, found.stx_atime.tv_nsec};
    status->st_mtim = (struct timespec){found.stx_mtime.tv_sec, found.stx_mtime.tv_nsec};
    status->st_ctim = (struct timespec){found.stx_ctime.tv_sec, found.stx_ctime.tv_nsec};
    return 0;
}

int poolmap_clone_range(int source, off_t source_offset, off_t byte_count, int target, off_t target_offset) {
    struct file_clone_range range = {
        .src_fd = source,
        .src_offset = (uint64_t)source_offset,
        .src_length = (uint64_t)byte_count,
        .dest_offset = (uint64_t)target_offset,
    };
    return ioctl(target, FICLONERANGE, &range);
}

const void *poolmap_find_bytes(const void *bytes, size_t byte_count, const void *wanted, size_t wanted_count) {
    return memmem(bytes, byte_count, wanted, wanted_count);
}
