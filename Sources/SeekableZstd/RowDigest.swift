import CBlake3
import Ground

/// A digest of rows that nobody keeps, by which they are held against those of a table.
struct RowDigest {
    /// BLAKE3's state has 2 KiB, which are not to be copied with whatever has this in it.
    private final class Hasher {
        var state = blake3_hasher()

        init() {
            var mode = blake3_hash_mode()
            blake3_hasher_init(&state, &mode)
        }

        init(_ other: Hasher) {
            state = other.state
        }
    }

    private var hasher: Hasher?
    private var pending: [UInt8] = []
    private static let pieceBytes = 1 << 14

    /// Adds a row of a seek table.
    mutating func add(_ row: SeekTable.Row) {
        pending.append(littleEndian: row.compressedBytes)
        pending.append(littleEndian: row.contentBytes)
        add(row.checksum)
    }

    /// Adds a row of a section table.
    mutating func add(_ checksum: UInt32) {
        pending.append(littleEndian: checksum)
        if pending.count >= RowDigest.pieceBytes {
            flush()
        }
    }

    private mutating func flush() {
        // A copy of this digest goes on by itself.
        if !isKnownUniquelyReferenced(&hasher) {
            hasher = hasher.map(Hasher.init) ?? Hasher()
        }
        guard let hasher else { return }
        pending.withBytes { blake3_hasher_update(&hasher.state, $0.baseAddress, $0.count) }
        pending.removeAll(keepingCapacity: true)
    }

    /// The digest of all that was added; empty of nothing.
    consuming func value() -> [UInt8] {
        if hasher == nil && pending.isEmpty { return [] }
        flush()
        var digest = [UInt8](repeating: 0, count: 32)
        if let hasher { blake3_hasher_finalize(&hasher.state, 0, &digest, digest.count) }
        return digest
    }
}
