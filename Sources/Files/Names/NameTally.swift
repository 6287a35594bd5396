import CChecksums

/// Counts all names of a run, including those of other shares, and computes a checksum of them in order.
///
/// Every share gets the same tally, unless the names have changed in between.
package final class NameTally {
    package private(set) var count: UInt64 = 0
    /// The CRC-64/NVMe of the names, each followed by a NUL byte.
    package private(set) var checksum: UInt64 = 0

    package init() {}

    /// Counts a name.
    ///
    /// - Returns: its number, counted from 0.
    func add(_ name: UnsafeRawBufferPointer) -> UInt64 {
        checksum = poolmap_crc64nvme(checksum, name.baseAddress, name.count)
        var end: UInt8 = 0
        checksum = poolmap_crc64nvme(checksum, &end, 1)
        defer { count += 1 }
        return count
    }
}
