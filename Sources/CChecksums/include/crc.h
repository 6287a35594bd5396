#ifndef POOLMAP_CRC_H
#define POOLMAP_CRC_H

#include <stddef.h>
#include <stdint.h>

// Standard cyclic redundancy checks, and the algebra that combines those of pieces. CRC-32C has a header of its own.
//
// All start at 0, and continuing from the result of one piece with the next gives the result of both at once. `data`
// may have any alignment, and may be null if `bytes` is 0. Nothing blocks, except while tables are built at the first
// call of a process; all functions may be called from several threads.

/// The CRC-32 of zlib, gzip, PNG and Ethernet.
///
/// Uses the CPU's carry-less multiplication if available: AVX-512 with VPCLMULQDQ, or PCLMULQDQ. Compiled for an
/// aarch64 CPU with CRC instructions, it uses those.
uint32_t poolmap_crc32(uint32_t crc, const void *data, size_t bytes);

/// The CRC-64 of NVMe, which S3 calls CRC64NVME.
///
/// Uses the CPU's carry-less multiplication as `poolmap_crc32` does.
uint64_t poolmap_crc64nvme(uint64_t crc, const void *data, size_t bytes);

/// The CRC of two consecutive pieces from their own, where the second has `second_bytes` bytes.
///
/// Takes a few microseconds at most, however long the pieces are.
uint32_t poolmap_crc32_combine(uint32_t first, uint32_t second, uint64_t second_bytes);

/// The same as `poolmap_crc32_combine`, for CRC-64/NVMe.
uint64_t poolmap_crc64nvme_combine(uint64_t first, uint64_t second, uint64_t second_bytes);

// MARK: For tests that compare the implementations

/// The same as `poolmap_crc32`, always by table.
uint32_t poolmap_crc32_portable(uint32_t crc, const void *data, size_t bytes);

/// The same as `poolmap_crc64nvme`, always by table.
uint64_t poolmap_crc64nvme_portable(uint64_t crc, const void *data, size_t bytes);

/// Limits how many bytes `poolmap_crc32` and `poolmap_crc64nvme` process at a time, in this process and those that it
/// forks later: 64 or more is the default, 16 excludes AVX-512, 8 uses the table.
///
/// Returns the resulting number, which is lower if the CPU lacks instructions. Results never depend on it, and the CRC
/// instructions of aarch64 are always used.
unsigned poolmap_crc_limit_width(unsigned bytes);

#endif
