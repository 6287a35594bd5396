#define _GNU_SOURCE
#include "temporaries.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { entry_count = 2048 };

enum state {
    is_free,
    // Being filled in: the file does not exist yet.
    is_taken,
    // The file exists now, or will in a moment.
    is_noted,
    is_made,
};

struct entry {
    dev_t folder_device;
    ino_t folder_inode;
    // 0 before the file is created.
    ino_t inode;
    pid_t maker;
    int is_target;
    char path[PATH_MAX];
};

struct table {
    atomic_int is_closed;
    // Separate from the entries, so that the pages of unused entries are never touched.
    atomic_int states[entry_count];
    struct entry entries[entry_count];
};

static struct table *table;
static volatile pid_t owner;

void poolmap_share_temporaries(void) {
    if (table != NULL) {
        return;
    }
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    void *memory = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) {
        return;
    }
    owner = getpid();
    table = memory;
    (void)atexit(poolmap_remove_temporaries);
}

int poolmap_note_temporary(const char *path, dev_t folder_device, ino_t folder_inode, int is_target) {
    poolmap_share_temporaries();
    if (table == NULL || strlen(path) >= PATH_MAX) {
        return -1;
    }
    for (int index = 0; index < entry_count; index++) {
        int expected = is_free;
        if (!atomic_compare_exchange_strong(&table->states[index], &expected, is_taken)) {
            continue;
        }
        struct entry *entry = &table->entries[index];
        entry->folder_device = folder_device;
        entry->folder_inode = folder_inode;
        entry->inode = 0;
        entry->maker = getpid();
        entry->is_target = is_target;
        strcpy(entry->path, path);
        // In this order: whoever closes the list either finds the entry, or its flag is seen here.
        atomic_store(&table->states[index], is_noted);
        if (atomic_load(&table->is_closed)) {
            atomic_store(&table->states[index], is_free);
            return -2;
        }
        return index;
    }
    return -1;
}

void poolmap_temporary_is_made(int entry, ino_t inode) {
    if (entry >= 0) {
        table->entries[entry].inode = inode;
        atomic_store(&table->states[entry], is_made);
    }
}

void poolmap_forget_temporary(int entry) {
    if (entry >= 0) {
        atomic_store(&table->states[entry], is_free);
    }
}

// Removes the name only in the recorded folder: its path may lead to another one by now.
static void remove_name(const struct entry *entry) {
    const char *slash = strrchr(entry->path, '/');
    const char *name = slash == NULL ? entry->path : slash + 1;
    char path[PATH_MAX] = ".";
    if (slash != NULL) {
        memcpy(path, entry->path, (size_t)(name - entry->path));
        path[name - entry->path] = 0;
    }
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        // No descriptor is left. A random name belongs to nobody else in any folder.
        if ((errno == EMFILE || errno == ENFILE) && !entry->is_target) {
            (void)unlink(entry->path);
        }
        return;
    }
    struct stat status;
    int is_it = fstat(folder, &status) == 0 && status.st_dev == entry->folder_device && status.st_ino == entry->folder_inode;
    if (is_it && entry->is_target) {
        is_it = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && entry->inode != 0 && status.st_ino == entry->inode;
    }
    if (is_it) {
        (void)unlinkat(folder, name, 0);
    }
    (void)close(folder);
}

void poolmap_remove_temporary(int entry) {
    if (entry >= 0 && atomic_load(&table->states[entry]) >= is_noted) {
        remove_name(&table->entries[entry]);
        atomic_store(&table->states[entry], is_free);
    }
}

// Whether another process may still create the file.
static int is_under_way(int entry) {
    // The state first: reading all entries would touch 8 MiB at the end of every run.
    if (atomic_load(&table->states[entry]) != is_noted) {
        return 0;
    }
    pid_t maker = table->entries[entry].maker;
    return maker != getpid() && (kill(maker, 0) == 0 || errno == EPERM);
}

void poolmap_remove_temporaries(void) {
    int error = errno;
    if (table == NULL || owner != getpid()) {
        return;
    }
    atomic_store(&table->is_closed, 1);
    int tries = 1000;
    for (int entry = 0; entry < entry_count; entry++) {
        for (; is_under_way(entry) && tries > 0; tries--) {
            struct timespec millisecond = {.tv_nsec = 1000000};
            (void)nanosleep(&millisecond, NULL);
        }
        poolmap_remove_temporary(entry);
    }
    errno = error;
}
