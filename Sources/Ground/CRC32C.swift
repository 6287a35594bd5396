import CChecksums

/// The CRC-32C (Castagnoli) checksum, by the CPU's instruction if it has one.
package enum CRC32C {
    /// The checksum of `bytes`.
    ///
    /// For data in pieces, pass the result of the previous piece as `checksum`.
    package static func checksum(of bytes: UnsafeRawBufferPointer, continuing checksum: UInt32 = 0) -> UInt32 {
        poolmap_crc32c(checksum, bytes.baseAddress, bytes.count)
    }
}
