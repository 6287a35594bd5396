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
uint32_t poolmap_crc32(uint32_t crc, const void *data, size_t bytes);

/// The CRC-64 of NVMe, which S3 calls CRC64NVME.
uint64_t poolmap_crc64nvme(uint64_t crc, const void *data, size_t bytes);

/// The check of two pieces together: of `first`, and of `second`, which has `second_bytes` bytes.
///
/// Takes some hundred nanoseconds, however long the pieces are.
uint32_t poolmap_crc32_combine(uint32_t first, uint32_t second, uint64_t second_bytes);

/// The same for CRC-32C.
uint32_t poolmap_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_bytes);

/// The same for CRC-64/NVMe.
uint64_t poolmap_crc64nvme_combine(uint64_t first, uint64_t second, uint64_t second_bytes);

#endif
