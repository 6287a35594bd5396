#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int poolmap_open_nameless(const char *folder, mode_t mode) {
    return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
}

int poolmap_link_nameless(int descriptor, const char *path) {
    // The kernel allows the short way to root, and since 6.10 to whoever has opened the file. Where it does not, it
    // says that there is no such file, which may also be said of the path.
    static int is_short_way_closed;
    if (!is_short_way_closed) {
        if (linkat(descriptor, "", AT_FDCWD, path, AT_EMPTY_PATH) == 0) {
            return 0;
        }
        if (errno != ENOENT && errno != EPERM) {
            return -1;
        }
    }
    char own[32];
    snprintf(own, sizeof own, "/proc/self/fd/%d", descriptor);
    int result = linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
    is_short_way_closed = is_short_way_closed || result == 0;
    return result;
}

int poolmap_rename(const char *from, const char *to, int replaces) {
    if (replaces) {
        return rename(from, to);
    }
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (result == 0 || (errno != ENOSYS && errno != EINVAL)) {
        return result;
    }
    // The file system cannot do both in one step; a link does not replace either.
    return link(from, to) == 0 ? unlink(from) : -1;
}

void poolmap_widen_pipe(int descriptor) {
    enum { wanted = 1 << 20 };
    int held = fcntl(descriptor, F_GETPIPE_SZ);
    if (held >= 0 && held < wanted) {
        (void)fcntl(descriptor, F_SETPIPE_SZ, wanted);
    }
}
