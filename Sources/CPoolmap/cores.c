#define _GNU_SOURCE
#include "cores.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

// The owner of each core: 0 for none; the number of a place, counted from 1, for its command; the negative number for a
// core on loan to it.
static atomic_int *cores;
static unsigned core_count;

struct wish {
    atomic_int waits;
    atomic_int is_hungry;
};

static struct wish *wishes;
static unsigned place_count;
static atomic_uint *spare_count;

int poolmap_make_cores(unsigned core_number, unsigned place_number) {
    if (cores != NULL || core_number == 0) {
        return 0;
    }
    size_t size = core_number * sizeof *cores + place_number * sizeof *wishes + sizeof *spare_count;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return -1;
    }
    wishes = memory;
    spare_count = (atomic_uint *)(wishes + place_number);
    cores = (atomic_int *)(spare_count + 1);
    core_count = core_number;
    place_count = place_number;
    return 0;
}

static int take(int owner) {
    for (unsigned core = 0; core < core_count; core++) {
        int nobody = 0;
        if (atomic_compare_exchange_strong(&cores[core], &nobody, owner)) {
            return 1;
        }
    }
    return 0;
}

static void give_back(int owner, unsigned count) {
    for (unsigned core = 0; core < core_count && count > 0; core++) {
        // Only this place's process, or its successor, returns the place's cores.
        if (atomic_load(&cores[core]) == owner) {
            atomic_store(&cores[core], 0);
            count--;
        }
    }
}

int poolmap_take_core(unsigned place) {
    if (place >= place_count) {
        return 1;
    }
    int is_taken = take((int)place + 1);
    atomic_store(&wishes[place].waits, !is_taken);
    return is_taken;
}

void poolmap_release_cores(unsigned place) {
    if (place < place_count) {
        atomic_store(&wishes[place].waits, 0);
        atomic_store(&wishes[place].is_hungry, 0);
        give_back((int)place + 1, core_count);
        give_back(-(int)place - 1, core_count);
    }
}

void poolmap_take_back_cores(unsigned place, unsigned count) {
    if (place < place_count) {
        give_back(-(int)place - 1, count);
    }
}

void poolmap_set_spare_cores(unsigned count) {
    if (spare_count != NULL) {
        atomic_store(spare_count, count);
    }
}

int poolmap_has_spare_cores(void) {
    return spare_count != NULL && atomic_load(spare_count) > 0;
}

static unsigned lent_count(void) {
    unsigned count = 0;
    for (unsigned core = 0; core < core_count; core++) {
        count += atomic_load(&cores[core]) < 0;
    }
    return count;
}

static int is_awaited(void) {
    for (unsigned place = 0; place < place_count; place++) {
        if (atomic_load(&wishes[place].waits)) {
            return 1;
        }
    }
    return 0;
}

unsigned poolmap_lend_cores(unsigned place) {
    unsigned count = 0;
    if (place >= place_count || !poolmap_has_spare_cores() || is_awaited()) {
        return 0;
    }
    // Two places lending at the same time may exceed the limit together, but never the number of cores.
    for (unsigned lent = lent_count(); lent < atomic_load(spare_count) && take(-(int)place - 1); lent++) {
        count++;
    }
    return count;
}

void poolmap_note_hunger(unsigned place, int is_hungry) {
    if (place < place_count) {
        atomic_store(&wishes[place].is_hungry, is_hungry);
    }
}

int poolmap_is_core_wanted(unsigned place) {
    if (place >= place_count) {
        return 0;
    }
    if (is_awaited() || lent_count() > atomic_load(spare_count)) {
        return 1;
    }
    for (unsigned other = 0; other < place_count; other++) {
        if (other != place && atomic_load(&wishes[other].is_hungry)) {
            return 1;
        }
    }
    return 0;
}

unsigned poolmap_bytes_in_pipe(int pipe) {
    int count = 0;
    return ioctl(pipe, FIONREAD, &count) == 0 && count > 0 ? (unsigned)count : 0;
}

unsigned poolmap_take_from_pipe(int pipe, unsigned count) {
    static int nowhere = -1;
    if (nowhere < 0) {
        nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    }
    ssize_t taken = count == 0 ? 0 : splice(pipe, NULL, nowhere, NULL, count, SPLICE_F_NONBLOCK);
    return taken > 0 ? (unsigned)taken : 0;
}
