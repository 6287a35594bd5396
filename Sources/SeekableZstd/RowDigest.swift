import CBlake3
import Ground

/// A digest of rows that are too many to keep, to compare with the rows of a table.
struct RowDigest {
    /// A class, so that BLAKE3's 2 KiB of state are not copied with every value that contains this digest.
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
        // Another copy of this digest shares the state: continue with one of our own.
        if !isKnownUniquelyReferenced(&hasher) {
            hasher = hasher.map(Hasher.init) ?? Hasher()
        }
        guard let hasher else { return }
        pending.withBytes { blake3_hasher_update(&hasher.state, $0.baseAddress, $0.count) }
        pending.removeAll(keepingCapacity: true)
    }

    /// The digest of everything added; empty if nothing was.
    consuming func value() -> [UInt8] {
        if hasher == nil && pending.isEmpty { return [] }
        flush()
        var digest = [UInt8](repeating: 0, count: 32)
        if let hasher { blake3_hasher_finalize(&hasher.state, 0, &digest, digest.count) }
        return digest
    }
}
