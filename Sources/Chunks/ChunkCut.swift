import Ground

/// Where an input is cut into chunks.
///
/// There is a cut every `chunkBytes` bytes, counted from the start of the data. A chunk ends with the first record
/// whose end begins at or after its cut; or it has a fixed number of records. So chunks depend only on the data and the
/// options, and finding a border does not require looking at what is before its cut.
package enum ChunkCut: Sendable {
    /// At the cut itself.
    case bytes
    /// After records of fixed size, `count` in a chunk; nil for as many as fit.
    case recordBytes(Int, count: Int?)
    /// After records of a kind, `count` in a chunk; nil if the size decides.
    case records(RecordKind, count: Int?)

    /// The distance between cuts that are themselves borders; nil if the borders depend on the data.
    package func stepBytes(_ chunkBytes: Int) -> UInt64? {
        switch self {
        case .bytes: UInt64(chunkBytes)
        case .recordBytes(let byteCount, let count):
            UInt64(count.map { $0 * byteCount } ?? max(1, chunkBytes / byteCount) * byteCount)
        case .records: nil
        }
    }

    /// Which record ends are borders; nil if borders do not depend on records.
    ///
    /// - Parameters:
    ///   - start: where the data begins.
    ///   - mostRecordBytes: how far past its cut a chunk may end.
    package func rule(from start: UInt64, chunkBytes: Int, mostRecordBytes: Int) -> BorderRule? {
        guard case .records(let kind, let count) = self else { return nil }
        return BorderRule(
            start: start, chunkBytes: UInt64(chunkBytes), recordCount: UInt64(count ?? 0),
            mostRecordBytes: UInt64(mostRecordBytes), endBytes: UInt64(kind.endBytes))
    }
}

/// Which record ends are chunk borders: the first that begins at or after each cut, or every n-th one.
package struct BorderRule: BitwiseCopyable, Sendable {
    /// Where the data begins, after the header.
    package let start: UInt64
    package let chunkBytes: UInt64
    /// The number of records in a chunk; 0 if its size decides.
    package let recordCount: UInt64
    /// How far past its cut a chunk may end; if records are counted, how far it may exceed `chunkBytes`.
    package let mostRecordBytes: UInt64
    /// How many bytes before a border belong to the end of the record.
    package let endBytes: UInt64

    /// The first offset that may be the border of a cut.
    package func firstBorder(of cut: UInt64) -> UInt64 {
        recordCount > 0 ? cut : cut + endBytes
    }

    /// The first cut after an offset; if records are counted, every offset is a cut.
    package func cut(behind place: UInt64) -> UInt64 {
        recordCount > 0 ? place + 1 : start + ((place - start) / chunkBytes + 1) * chunkBytes
    }

    /// The offset by which the chunk that begins at `place` must end.
    package func limit(ofChunkAt place: UInt64) -> UInt64 {
        (recordCount > 0 ? place + chunkBytes : cut(behind: place)) + mostRecordBytes
    }

    /// - Parameters:
    ///   - offset: the chunk's offset.
    ///   - option: the option that allows longer ones.
    package func longRecord(
        inChunkAt offset: UInt64, allowedBy option: String = "--max-record"
    ) -> PoolmapError {
        let advice = "use \(option) to allow longer ones"
        if recordCount > 0 {
            return PoolmapError(
                .failed,
                "no \(recordCount) records end within \(chunkBytes + mostRecordBytes) bytes after byte \(offset); "
                    + advice)
        }
        return PoolmapError(
            .failed,
            "no record ends within \(mostRecordBytes) bytes after byte \(cut(behind: offset)); \(advice)")
    }
}

/// Finds where chunks of a pipe end.
package struct RecordBorders {
    private let kind: RecordKind
    private let rule: BorderRule
    /// Continues from chunk to chunk where everything before a place matters.
    private var scanner: RecordScanner
    private var chunk: UInt64?
    private var seenBytes = 0
    private var recordCount: UInt64 = 0
    /// The last bytes before the chunk: a separator may begin in them and end in the chunk.
    private var context: [UInt8] = []

    package init(_ kind: RecordKind, _ rule: BorderRule) {
        (self.kind, self.rule) = (kind, rule)
        scanner = RecordScanner(kind, isAtStart: true)
    }

    package mutating func length(
        ofChunkAt offset: UInt64, in bytes: UnsafeRawBufferPointer, isAtEnd: Bool
    ) throws(PoolmapError) -> Int? {
        if chunk != offset {
            begin(chunkAt: offset)
        }
        let (first, limit) = (rule.firstBorder(of: rule.cut(behind: offset)), rule.limit(ofChunkAt: offset))
        var end: UInt64?
        func take(_ place: UInt64) -> Bool {
            guard place >= first else { return false }
            recordCount += 1
            end = recordCount >= rule.recordCount ? place : nil
            return end != nil
        }
        let from = max(seenBytes, firstByte(ofChunkAt: offset))
        if bytes.count > from {
            scanner.feed(UnsafeRawBufferPointer(rebasing: bytes[from...]), at: offset + UInt64(from), take)
            seenBytes = bytes.count
        }
        if isAtEnd, end == nil {
            scanner.finish(at: offset + UInt64(bytes.count), take)
        }
        let byteCount = UInt64(bytes.count) - min(UInt64(bytes.count), isAtEnd ? 0 : UInt64(kind.lookaheadBytes))
        guard (end ?? offset + byteCount) <= limit else { throw rule.longRecord(inChunkAt: offset) }
        guard let end else { return nil }
        let length = Int(end - offset)
        if case .separator(let separator) = kind {
            let last = bytes[..<length].suffix(separator.count - 1)
            context = Array((context + last).suffix(separator.count - 1))
        }
        return length
    }

    private mutating func begin(chunkAt offset: UInt64) {
        // No chunk begins within quotes or within a line.
        let isAtStart = firstByte(ofChunkAt: offset) == 0
        scanner = RecordScanner(kind, isAtStart: isAtStart, behind: isAtStart ? context : [])
        (chunk, seenBytes, recordCount) = (offset, 0, 0)
    }

    /// The bytes before this one have no influence on where the chunk ends.
    private func firstByte(ofChunkAt offset: UInt64) -> Int {
        rule.recordCount > 0 || kind.dependsOnAll ? 0 : Int(rule.cut(behind: offset) - offset)
    }
}
