// Replacements for two functions of the Swift runtime that read /proc when a program starts.
//
// The static runtime finds the arguments by searching the memory that /proc/self/maps lists, and loses them if that
// cannot be read; and it aborts before `main` if /proc/self/exe cannot be read, as in a plain chroot, an initramfs or
// an installer. Each function is in an object file of libswiftCore.a that contains nothing else in use, so a definition
// in the program keeps the linker from taking that file at all. The case `start/no-proc` would notice a change of the
// runtime.

#include <stddef.h>

static int argument_count;
static char **argument_values;

// glibc passes constructors the arguments of `main`.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    argument_values = values;
}

/// The arguments of `CommandLine`.
char **_swift_stdlib_getUnsafeArgvArgc(int *count) {
    *count = argument_count;
    return argument_values;
}

/// The path of the runtime's own tools, such as the one that prints a backtrace after a crash: none, since the program
/// is a single file.
char *swift_copyAuxiliaryExecutablePath(const char *name) {
    (void)name;
    return NULL;
}
