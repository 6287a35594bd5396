// What the Swift runtime looks up in /proc as a program starts, given to it without.
//
// The static runtime finds the arguments by searching the memory that /proc/self/maps lists, and loses them where that
// cannot be read; and it aborts before `main` where /proc/self/exe cannot be read, as in a plain chroot, an initramfs
// or an installer. Both are functions of object files in libswiftCore.a that have nothing else that is used, so a
// definition in the program keeps the linker from taking those at all. The case `start/no-proc` would notice a
// runtime that has changed.

#include <stddef.h>

static int argument_count;
static char **argument_values;

// glibc hands constructors what it hands `main`.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    argument_values = values;
}

/// The arguments of `CommandLine`.
char **_swift_stdlib_getUnsafeArgvArgc(int *count) {
    *count = argument_count;
    return argument_values;
}

/// Where the runtime's own tools are, such as the one that prints a backtrace after a crash: nowhere, as the program is
/// one file.
char *swift_copyAuxiliaryExecutablePath(const char *name) {
    (void)name;
    return NULL;
}
