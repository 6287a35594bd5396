import CChecksums
import Ground

/// A cyclic redundancy check whose pieces are combined by algebra.
package enum CRC {
    case crc32
    case crc32c
    case crc64nvme

    /// The CRC of the data so far, with the CRC `value`, and of `bytes`.
    package func value(of bytes: UnsafeRawBufferPointer, continuing value: UInt64) -> UInt64 {
        switch self {
        case .crc32: UInt64(poolmap_crc32(UInt32(value), bytes.baseAddress, bytes.count))
        case .crc32c: UInt64(CRC32C.checksum(of: bytes, continuing: UInt32(value)))
        case .crc64nvme: poolmap_crc64nvme(value, bytes.baseAddress, bytes.count)
        }
    }

    /// The CRC of two consecutive pieces from their own, where the second has `secondBytes` bytes.
    package func combine(_ first: UInt64, _ second: UInt64, secondBytes: UInt64) -> UInt64 {
        switch self {
        case .crc32: UInt64(poolmap_crc32_combine(UInt32(first), UInt32(second), secondBytes))
        case .crc32c: UInt64(poolmap_crc32c_combine(UInt32(first), UInt32(second), secondBytes))
        case .crc64nvme: poolmap_crc64nvme_combine(first, second, secondBytes)
        }
    }

    /// The usual form: the most significant byte first.
    package func bytes(of value: UInt64) -> [UInt8] {
        let count = self == .crc64nvme ? 8 : 4
        return (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64(count - 1 - $0))) }
    }

    package func value(of bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The CRC of bytes in order.
struct CRCHasher: PieceHasher {
    private let crc: CRC
    private var value: UInt64 = 0

    init(_ crc: CRC) {
        self.crc = crc
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = crc.value(of: bytes, continuing: value)
    }

    mutating func finish() -> [UInt8] {
        crc.bytes(of: value)
    }
}

/// Combines the CRCs of an input's pieces.
struct CRCJoiner: PieceJoiner {
    private let crc: CRC
    private var value: UInt64 = 0

    init(_ crc: CRC) {
        self.crc = crc
    }

    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        value = crc.combine(value, crc.value(of: piece), secondBytes: byteCount)
    }

    mutating func finish() throws(PoolmapError) -> String {
        hexadecimal(crc.bytes(of: value))
    }
}
