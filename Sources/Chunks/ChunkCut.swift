import Ground

/// Where an input is cut into chunks.
///
/// There is a cut every so many bytes, counted from where the data begins; a chunk ends with the first record whose end
/// begins at its cut or behind. Or it ends with every so many records. So chunks depend on the data and the options alone,
/// and nobody has to look at what is before a cut.
package enum ChunkCut: Sendable {
    /// At the cut itself.
    case bytes
    /// Behind records of so many bytes each, and so many in a chunk; nil for as many as chunks have room for.
    case recordBytes(Int, count: Int?)
    /// Behind records of a kind.
    case records(RecordKind, count: Int?)

    /// The bytes between two cuts, where the cuts themselves are borders; nil where the data says where borders are.
    package func stepBytes(_ chunkBytes: Int) -> UInt64? {
        switch self {
        case .bytes: UInt64(chunkBytes)
        case .recordBytes(let byteCount, let count):
            UInt64(count.map { $0 * byteCount } ?? max(1, chunkBytes / byteCount) * byteCount)
        case .records: nil
        }
    }

    /// Which ends of records are borders; nil where it is not records that say it.
    ///
    /// - Parameters:
    ///   - start: where the data begins.
    ///   - mostRecordBytes: how far behind its cut a chunk may end.
    package func rule(from start: UInt64, chunkBytes: Int, mostRecordBytes: Int) -> BorderRule? {
        guard case .records(let kind, let count) = self else { return nil }
        return BorderRule(
            start: start, chunkBytes: UInt64(chunkBytes), recordCount: UInt64(count ?? 0),
            mostRecordBytes: UInt64(mostRecordBytes), endBytes: UInt64(kind.endBytes))
    }
}

/// Which ends of records are borders of chunks: the first that begins at or behind each cut, or every so many.
package struct BorderRule: BitwiseCopyable, Sendable {
    /// Where the data begins, behind the header.
    package let start: UInt64
    package let chunkBytes: UInt64
    /// How many records a chunk has; 0 where its bytes decide.
    package let recordCount: UInt64
    /// How far behind its cut a chunk may end, or how long one of so many records may be beyond its bytes.
    package let mostRecordBytes: UInt64
    /// How many bytes in front of a border belong to the end of a record.
    package let endBytes: UInt64

    /// The first place that may be the border of a cut.
    package func firstBorder(of cut: UInt64) -> UInt64 {
        recordCount > 0 ? cut : cut + endBytes
    }

    /// The first cut behind a place; where records are counted there is one behind each.
    package func cut(behind place: UInt64) -> UInt64 {
        recordCount > 0 ? place + 1 : start + ((place - start) / chunkBytes + 1) * chunkBytes
    }

    /// Up to where the chunk that begins at a place must end.
    package func limit(ofChunkAt place: UInt64) -> UInt64 {
        (recordCount > 0 ? place + chunkBytes : cut(behind: place)) + mostRecordBytes
    }

    /// - Parameters:
    ///   - offset: of the chunk.
    ///   - option: what allows longer ones.
    package func longRecord(
        inChunkAt offset: UInt64, allowedBy option: String = "--max-record"
    ) -> PoolmapError {
        let advice = "\(option) allows longer ones"
        if recordCount > 0 {
            return PoolmapError(
                .failed,
                "no \(recordCount) records end in the \(chunkBytes + mostRecordBytes) bytes behind byte \(offset); "
                    + advice)
        }
        return PoolmapError(
            .failed,
            "no record ends in the \(mostRecordBytes) bytes behind byte \(cut(behind: offset)); \(advice)")
    }
}

/// Where chunks of a pipe end.
package struct RecordBorders {
    private let kind: RecordKind
    private let rule: BorderRule
    /// Goes on from chunk to chunk where all that was before counts.
    private var scanner: RecordScanner
    private var chunk: UInt64?
    private var seenBytes = 0
    private var recordCount: UInt64 = 0
    /// The last bytes before the chunk, which may belong to a separator that ends in it.
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
        // No chunk begins within quotes, nor within a line.
        let isAtStart = firstByte(ofChunkAt: offset) == 0
        scanner = RecordScanner(kind, isAtStart: isAtStart, behind: isAtStart ? context : [])
        (chunk, seenBytes, recordCount) = (offset, 0, 0)
    }

    /// All before it say nothing of where the chunk ends.
    private func firstByte(ofChunkAt offset: UInt64) -> Int {
        rule.recordCount > 0 || kind.dependsOnAll ? 0 : Int(rule.cut(behind: offset) - offset)
    }
}
