#ifndef POOLMAP_CRC_H
#define POOLMAP_CRC_H

#include <stddef.h>
#include <stdint.h>

// Cyclic redundancy checks of other programs, and the algebra that puts those of pieces together. CRC-32C has a header
// of its own.
//
// All begin with 0, and the result for two pieces, the second continued from the first, is that of both at once. `data`
// may have any alignment, and may be null if `bytes` is 0. Nothing blocks but for tables built at the first call of a
// process; all may be called from several threads.

/// The CRC-32 of zlib, gzip, PNG and Ethernet.
///
/// Uses the CPU's carry-less multiplication where there is one: AVX-512 with VPCLMULQDQ, or PCLMULQDQ. Compiled for an
/// aarch64 CPU with CRC instructions, it uses those.
uint32_t poolmap_crc32(uint32_t crc, const void *data, size_t bytes);

/// The CRC-64 of NVMe, which S3 calls CRC64NVME.
///
/// Uses the CPU's carry-less multiplication as `poolmap_crc32` does.
uint64_t poolmap_crc64nvme(uint64_t crc, const void *data, size_t bytes);

/// The check of two pieces together: of `first`, and of `second`, which has `second_bytes` bytes.
///
/// Takes some microseconds at most, however long the pieces are.
uint32_t poolmap_crc32_combine(uint32_t first, uint32_t second, uint64_t second_bytes);

/// The same for CRC-64/NVMe.
uint64_t poolmap_crc64nvme_combine(uint64_t first, uint64_t second, uint64_t second_bytes);

// MARK: For tests of the ways against each other

/// The same as `poolmap_crc32`, always by table.
uint32_t poolmap_crc32_portable(uint32_t crc, const void *data, size_t bytes);

/// The same as `poolmap_crc64nvme`, always by table.
uint64_t poolmap_crc64nvme_portable(uint64_t crc, const void *data, size_t bytes);

/// Has `poolmap_crc32` and `poolmap_crc64nvme` take at most so many bytes at a time, in this process and those that it
/// forks later: 64 and more is the default, 16 leaves out AVX-512, 8 is by table.
///
/// Returns how many they take then, which is less where the CPU lacks instructions. The checks never depend on it, and
/// the CRC instructions of aarch64 are used all the same.
unsigned poolmap_crc_limit_width(unsigned bytes);

#endif
