#define _GNU_SOURCE
#include "CMultiprocessing.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// Finds the variables at the top level of main.swift that are used outside of it.
//
// Swift keeps such a variable in zeroed memory, `main` stores its first value, and other code reads the memory
// directly. A variable of any other file has a function that returns its address (its name ends with "vau", that of the
// memory with "vp"), a word that says whether it was set ("_Wz"), or its value in the executable. The executable's
// symbol table shows all of that, and the code of the module's functions shows which variables they use: both
// processors encode an address by its distance.
//
// In an optimized program, a variable of another file that starts as zero has no such function, so a number may be of
// either kind. But the symbol table lists the symbols of one file together: all variables there belong to main.swift if
// one of them cannot start as zero, such as a text, and none does if one belongs to another file. Undecidable cases are
// ignored: rejecting a correct program would be worse.

struct image {
    const char *bytes;
    size_t size;
    const Elf64_Shdr *sections;
    const Elf64_Sym *symbols;
    size_t symbol_count;
    const char *names;
    size_t name_bytes;
};

struct variable {
    const char *name;
    uint64_t start;
    uint64_t end;
    // The index of its file in the table; 0 if other files may use it, and so get its address from a function.
    size_t file;
    int is_certain;
    int is_set_by_main;
    int is_used;
};

static int find_symbols(struct image *image) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
    if (image->size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0
        || header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_shentsize != sizeof(Elf64_Shdr)
        || header->e_shoff > image->size || image->size - header->e_shoff < header->e_shnum * sizeof(Elf64_Shdr)) {
        return 0;
    }
    image->sections = (const Elf64_Shdr *)(image->bytes + header->e_shoff);
    for (size_t index = 0; index < header->e_shnum; index++) {
        const Elf64_Shdr *table = &image->sections[index];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum) {
            continue;
        }
        const Elf64_Shdr *names = &image->sections[table->sh_link];
        if (table->sh_offset + table->sh_size > image->size || names->sh_offset + names->sh_size > image->size
            || names->sh_size == 0 || image->bytes[names->sh_offset + names->sh_size - 1] != '\0') {
            return 0;
        }
        image->symbols = (const Elf64_Sym *)(image->bytes + table->sh_offset);
        image->symbol_count = table->sh_size / sizeof(Elf64_Sym);
        image->names = image->bytes + names->sh_offset;
        image->name_bytes = names->sh_size;
        return 1;
    }
    return 0;
}

static const char *name_of(const struct image *image, const Elf64_Sym *symbol) {
    return symbol->st_name < image->name_bytes ? image->names + symbol->st_name : "";
}

static int ends_with(const char *name, size_t length, const char *end) {
    size_t end_length = strlen(end);
    return length >= end_length && memcmp(name + length - end_length, end, end_length) == 0;
}

// Marks the variables to which an instruction at this place points.
static void note(struct variable *variables, size_t count, uint64_t address, int is_main) {
    for (size_t index = 0; index < count; index++) {
        if (address >= variables[index].start && address < variables[index].end) {
            *(is_main ? &variables[index].is_set_by_main : &variables[index].is_used) = 1;
        }
    }
}

static void scan(
    const unsigned char *code, size_t size, uint64_t address, struct variable *variables, size_t count, int is_main) {
#if defined(__x86_64__)
    for (size_t place = 1; place + 4 <= size; place++) {
        // The byte before tells: relative to the end of the instruction, which may have up to four more bytes.
        if ((code[place - 1] & 0xC7) != 0x05) {
            continue;
        }
        int32_t distance;
        memcpy(&distance, code + place, sizeof distance);
        uint64_t target = address + place + 4 + (uint64_t)(int64_t)distance;
        note(variables, count, target, is_main);
        for (unsigned more = 1; more <= 4; more *= 2) {
            note(variables, count, target + more, is_main);
        }
    }
#elif defined(__aarch64__)
    uint64_t pages[32] = {0};
    for (size_t place = 0; place + 4 <= size; place += 4) {
        uint32_t word;
        memcpy(&word, code + place, sizeof word);
        if ((word & 0x9F000000) == 0x90000000) {
            // adrp
            int64_t pages_away = (int64_t)((uint64_t)(((word >> 5) & 0x7FFFF) << 2 | ((word >> 29) & 3)) << 43) >> 43;
            pages[word & 31] = ((address + place) & ~(uint64_t)0xFFF) + (uint64_t)(pages_away * 4096);
        } else if ((word & 0xFFC00000) == 0x91000000) {
            // add
            note(variables, count, pages[(word >> 5) & 31] + ((word >> 10) & 0xFFF), is_main);
        } else if ((word & 0x3B000000) == 0x39000000) {
            // ldr and str; the size of 16-byte ones is encoded elsewhere
            unsigned scale = word >> 30;
            if ((word & 0x04800000) == 0x04800000 && scale == 0) {
                scale = 4;
            }
            note(variables, count, pages[(word >> 5) & 31] + ((uint64_t)((word >> 10) & 0xFFF) << scale), is_main);
        }
    }
#else
    (void)code, (void)size, (void)address, (void)variables, (void)count, (void)is_main;
#endif
}

// Whether a function is top-level code: main itself, which Swift's package manager calls MODULE_main; a part of it that
// continues after an await; or a closure in it, whose name has nothing between the module and its type.
static int is_top_level(const char *name, size_t length, const char *prefix, const char *module) {
    size_t module_length = strlen(module);
    if (strcmp(name, "main") == 0 || strncmp(name, "async_Main", 10) == 0
        || (strncmp(name, module, module_length) == 0 && strcmp(name + module_length, "_main") == 0)) {
        return 1;
    }
    char next = name[strlen(prefix)];
    return strncmp(name, prefix, strlen(prefix)) == 0 && (next < '0' || next > '9') && strstr(name, "fU") != NULL
        && length > 0 && name[length - 1] == '_';
}

static size_t find_variables(const struct image *image, const char *prefix, struct variable *variables, size_t most) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
    size_t prefix_length = strlen(prefix), count = 0, file = 1;
    for (size_t index = 0; index < image->symbol_count && count < most; index++) {
        const Elf64_Sym *symbol = &image->symbols[index];
        const char *name = name_of(image, symbol);
        file += ELF64_ST_TYPE(symbol->st_info) == STT_FILE;
        size_t length = strlen(name);
        if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT || symbol->st_shndx >= header->e_shnum
            || image->sections[symbol->st_shndx].sh_type != SHT_NOBITS || strncmp(name, prefix, prefix_length) != 0
            || !ends_with(name, length, "vp") || name[prefix_length] < '0' || name[prefix_length] > '9') {
            continue;
        }
        variables[count++] = (struct variable){
            .name = name, .start = symbol->st_value, .end = symbol->st_value + symbol->st_size,
            .file = ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ? file : 0};
    }
    return count;
}

// Removes the variables of other files.
static size_t drop_others(const struct image *image, const char *prefix, struct variable *variables, size_t count) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
    size_t prefix_length = strlen(prefix), file = 1;
    for (size_t index = 0; index < image->symbol_count; index++) {
        const Elf64_Sym *symbol = &image->symbols[index];
        const char *name = name_of(image, symbol);
        size_t length = strlen(name);
        size_t common = 0;
        file += ELF64_ST_TYPE(symbol->st_info) == STT_FILE;
        if (strncmp(name, prefix, prefix_length) != 0 || symbol->st_shndx >= header->e_shnum) {
            continue;
        }
        if (ends_with(name, length, "vau")) {
            common = length - 2;
        } else if (ends_with(name, length, "_Wz")) {
            common = length - 3;
        } else if (ends_with(name, length, "vp") && image->sections[symbol->st_shndx].sh_type != SHT_NOBITS) {
            common = length;
        } else {
            continue;
        }
        size_t own = ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ? file : 0;
        for (size_t kept = 0; kept < count;) {
            if (strncmp(variables[kept].name, name, common) == 0 || (own != 0 && variables[kept].file == own)) {
                variables[kept] = variables[--count];
            } else {
                kept++;
            }
        }
    }
    return count;
}

// Whether a value of this type, which is the end of the name, starts with bytes other than zero: a text, an array, a
// dictionary, a set, an object. In another file it would have a word that says whether it was set.
static int is_never_zero(const char *name) {
    size_t length = strlen(name) - 2;
    return ends_with(name, length, "SS") || ends_with(name, length, "C")
        || (ends_with(name, length, "G")
            && (strstr(name, "Say") != NULL || strstr(name, "SDy") != NULL || strstr(name, "Shy") != NULL));
}

// Removes those that may belong to another file.
static size_t drop_uncertain(struct variable *variables, size_t count) {
    size_t certain = 0;
    for (size_t index = 0; index < count; index++) {
        int is_certain = variables[index].file == 0;
        for (size_t other = 0; other < count && !is_certain; other++) {
            is_certain = variables[other].file == variables[index].file && is_never_zero(variables[other].name);
        }
        variables[index].is_certain = is_certain;
    }
    for (size_t index = 0; index < count; index++) {
        if (variables[index].is_certain) {
            variables[certain++] = variables[index];
        }
    }
    return certain;
}

static void scan_functions(
    const struct image *image, const char *prefix, const char *module, struct variable *variables, size_t count) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
    for (size_t index = 0; index < image->symbol_count; index++) {
        const Elf64_Sym *symbol = &image->symbols[index];
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF
            || symbol->st_shndx >= header->e_shnum) {
            continue;
        }
        const char *name = name_of(image, symbol);
        int is_main = is_top_level(name, strlen(name), prefix, module);
        if (!is_main && strncmp(name, prefix, strlen(prefix)) != 0) {
            continue;
        }
        const Elf64_Shdr *section = &image->sections[symbol->st_shndx];
        uint64_t offset = symbol->st_value - section->sh_addr;
        if (symbol->st_value < section->sh_addr || offset + symbol->st_size > section->sh_size
            || section->sh_offset + section->sh_size > image->size) {
            continue;
        }
        scan(
            (const unsigned char *)image->bytes + section->sh_offset + offset, symbol->st_size, symbol->st_value,
            variables, count, is_main);
    }
}

static int take_bias(struct dl_phdr_info *information, size_t size, void *bias) {
    (void)size;
    // The executable comes first.
    *(uint64_t *)bias = information->dlpi_addr;
    return 1;
}

size_t mp_script_variables(const char *module, struct mp_script_variable *found, size_t most) {
    char prefix[300];
    if (snprintf(prefix, sizeof prefix, "$s%zu%s", strlen(module), module) >= (int)sizeof prefix) {
        return 0;
    }
    int file = mp_above_standard(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        close(file);
        return 0;
    }
    struct image image = {.size = (size_t)status.st_size};
    image.bytes = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (image.bytes == MAP_FAILED) {
        return 0;
    }
    size_t count = 0;
    enum { MOST_VARIABLES = 1024 };
    struct variable *variables = calloc(MOST_VARIABLES, sizeof *variables);
    if (variables != NULL && find_symbols(&image)) {
        uint64_t bias = 0;
        dl_iterate_phdr(take_bias, &bias);
        size_t candidates = find_variables(&image, prefix, variables, MOST_VARIABLES);
        candidates = candidates == 0 ? 0 : drop_others(&image, prefix, variables, candidates);
        candidates = drop_uncertain(variables, candidates);
        if (candidates > 0) {
            scan_functions(&image, prefix, module, variables, candidates);
        }
        for (size_t index = 0; index < candidates && count < most; index++) {
            const struct variable *variable = &variables[index];
            if (!variable->is_set_by_main || !variable->is_used) {
                continue;
            }
            struct mp_script_variable *next = &found[count++];
            next->start = (const void *)(bias + variable->start);
            next->byte_count = variable->end - variable->start;
            // The name follows the module's, preceded by its length.
            char *name;
            size_t length = strtoul(variable->name + strlen(prefix), &name, 10);
            length = length < sizeof next->name ? length : sizeof next->name - 1;
            memset(next->name, 0, sizeof next->name);
            memcpy(next->name, name, strnlen(name, length));
        }
    }
    free(variables);
    munmap((void *)image.bytes, image.size);
    return count;
}
