// Keeps FoundationEssentials out of the release.
//
// The argument parser uses it in two places: it asks whether an error is a LocalizedError, which no error here is, and it
// answers --experimental-dump-help with a JSONEncoder. These would add 6 MB of code and 1,700 protocol conformances, and
// the Swift runtime searches all conformances whenever it meets a type for the first time. As in start.c, a definition in
// the program keeps the linker from loading the library's object files.
//
// So a release does not have that option; scripts/dump-help.sh asks a debug build. Only `make build` defines
// POOLMAP_STATIC: other programs that link these files, such as the tests, may use Foundation. If the parser needed more
// of the library, the linker would load all of it again, and Tests/cli/start/size.sh would fail.

#ifdef POOLMAP_STATIC

#include <stdlib.h>
#include <unistd.h>

// The parser's first call for its JSON. The other functions below would be called after it.
__attribute__((noreturn, visibility("hidden"))) void poolmap_refuse_dump_help(void) {
    static const char text[] = "poolmap: unknown option '--experimental-dump-help'\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(2);
}

#define REFUSE(symbol) \
    __asm__(".globl \"" symbol "\"\n.hidden \"" symbol "\"\n.set \"" symbol "\", poolmap_refuse_dump_help\n")
// JSONEncoder's metadata, its init(), .prettyPrinted and .sortedKeys; String(data:encoding:); String.Encoding.utf8.
REFUSE("$s20FoundationEssentials11JSONEncoderCMa");
REFUSE("$s20FoundationEssentials11JSONEncoderCACycfc");
REFUSE("$s20FoundationEssentials11JSONEncoderC16OutputFormattingV13prettyPrintedAEvau");
REFUSE("$s20FoundationEssentials11JSONEncoderC16OutputFormattingV10sortedKeysAEvau");
REFUSE("$sSS20FoundationEssentialsE4data8encodingSSSgAA4DataVh_SSAAE8EncodingVtcfC");
REFUSE("$sSS20FoundationEssentialsE8EncodingV4utf8ACvau");

// The descriptor of a protocol named LocalizedError without requirements or conformances. The fields, 32 bits each, are:
// flags (a protocol, unique, not limited to classes), offsets to the module's descriptor and to the name, and the numbers
// of generic requirements, requirements and associated types.
__asm__(".section .rodata.poolmap_localized_error,\"a\",@progbits\n"
        ".globl \"$s20FoundationEssentials14LocalizedErrorMp\"\n"
        ".hidden \"$s20FoundationEssentials14LocalizedErrorMp\"\n"
        ".balign 4\n"
        "\"$s20FoundationEssentials14LocalizedErrorMp\":\n"
        ".long 0x10043, 2f - ., 4f - ., 0, 0, 0\n"
        // The module: flags, no parent, its name.
        "2: .long 0, 0, 3f - .\n"
        "3: .asciz \"FoundationEssentials\"\n"
        "4: .asciz \"LocalizedError\"\n"
        ".previous\n");

#endif
