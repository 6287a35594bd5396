#ifndef POOLMAP_CRC32C_H
#define POOLMAP_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The CRC-32C (Castagnoli) of `bytes` bytes at `data`, continuing from `crc`.
///
/// Start at 0. Continuing from the result of one piece with the next gives the result of both at once. `data` may have
/// any alignment, and may be null if `bytes` is 0. Uses the CPU's CRC instruction if available. Never blocks, except
/// while tables are built at the first call of a process; may be called from several threads.
uint32_t poolmap_crc32c(uint32_t crc, const void *data, size_t bytes);

/// The same as `poolmap_crc32c`, without the CPU's CRC instruction, for tests that compare the two.
uint32_t poolmap_crc32c_portable(uint32_t crc, const void *data, size_t bytes);

/// The CRC-32C of two consecutive pieces from their own, where the second has `second_bytes` bytes.
///
/// Takes a few microseconds at most, however long the pieces are.
uint32_t poolmap_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_bytes);

/// Whether `poolmap_crc32c` uses the CPU's CRC instruction on this machine.
bool poolmap_crc32c_uses_hardware(void);

#endif
