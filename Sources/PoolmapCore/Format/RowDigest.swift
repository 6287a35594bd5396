/// A digest of rows that nobody keeps, by which they are held against those of a table.
struct RowDigest {
    /// A hasher has 2 KiB, which are not to be copied with whatever has this in it.
    private final class Hasher {
        var blake3: Blake3Piece

        init(_ blake3: Blake3Piece) {
            self.blake3 = blake3
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
        let begun = hasher?.blake3 ?? Blake3Piece(.hash, digestBytes: 32, at: 0, pieceBytes: nil)
        // A copy of this digest goes on by itself.
        if !isKnownUniquelyReferenced(&hasher) {
            hasher = Hasher(begun)
        }
        pending.withBytes { hasher?.blake3.update($0) }
        pending.removeAll(keepingCapacity: true)
    }

    /// The digest of all that was added; empty of nothing.
    consuming func value() -> [UInt8] {
        if hasher == nil && pending.isEmpty { return [] }
        flush()
        return hasher?.blake3.finish() ?? []
    }
}
