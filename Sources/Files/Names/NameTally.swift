import CChecksums

/// Counts all names of a run, also those that other shares have: how many there are, and which, in their order.
///
/// Every share comes to the same tally, unless the names have changed in between.
package final class NameTally {
    package private(set) var count: UInt64 = 0
    /// The CRC-64/NVMe of the names, with a NUL byte behind each.
    package private(set) var checksum: UInt64 = 0

    package init() {}

    /// - Returns: which name it is, counted from 0.
    func add(_ name: UnsafeRawBufferPointer) -> UInt64 {
        checksum = poolmap_crc64nvme(checksum, name.baseAddress, name.count)
        var end: UInt8 = 0
        checksum = poolmap_crc64nvme(checksum, &end, 1)
        defer { count += 1 }
        return count
    }
}
