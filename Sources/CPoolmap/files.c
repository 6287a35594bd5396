#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int poolmap_open_nameless(const char *folder) {
    return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
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
