import Files
import Ground
import Run

/// Merges the lines of all shares of many files in the order of the names, as a single run writes them.
///
/// The front does this itself: there are only some tens of bytes for each file.
final class ShareJoinJob: Job {
    private let parts: PartSet
    private let output: PartTarget
    /// The next record of each part that has more, in reverse order of the names.
    private var waiting: [Waiting] = []
    private var hasBegun = false

    private static let bufferBytes = 1 << 20

    private struct Waiting {
        let cursor: ShareCursor
        var record: ShareRecord
    }

    init(_ parts: PartSet, to output: PartTarget) {
        self.parts = parts
        self.output = output
    }

    func next(_ workforce: Workforce) -> Step {
        if hasBegun, waiting.isEmpty { return .end }
        return .local(nil) { [self] () throws(PoolmapError) in
            if !hasBegun {
                hasBegun = true
                for member in parts.members { try wait(for: ShareCursor(member)) }
            }
            try merge()
        }
    }

    /// Writes the next lines, about one buffer full.
    private func merge() throws(PoolmapError) {
        var lines: [UInt8] = []
        while lines.count < ShareJoinJob.bufferBytes, let first = waiting.popLast() {
            lines += first.record.lines
            try wait(for: first.cursor, after: first.record.ordinal)
        }
        try output.append(lines)
    }

    /// Inserts the next record of a part into `waiting`.
    private func wait(for cursor: ShareCursor, after ordinal: UInt64 = 0) throws(PoolmapError) {
        guard let record = try cursor.next() else { return }
        guard ordinal <= record.ordinal, record.ordinal < parts.job.inputBytes else { throw cursor.damage }
        var (low, high) = (0, waiting.count)
        while low < high {
            let middle = (low + high) / 2
            if waiting[middle].record.ordinal > record.ordinal { low = middle + 1 } else { high = middle }
        }
        waiting.insert(Waiting(cursor: cursor, record: record), at: low)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) {}

    func finish() throws(PoolmapError) -> JobSummary {
        try output.commit(parts, JobSummary(outputBytes: output.end))
    }
}

/// The records of one part, read block by block; its file is closed between blocks.
private final class ShareCursor {
    private let member: PartSet.Member
    private var rowIndex = 0
    private var offset: UInt64 = 0
    private var records: ArraySlice<UInt8> = []

    init(_ member: PartSet.Member) {
        self.member = member
    }

    var damage: PoolmapError {
        PoolmapError(.damaged, "is damaged; remove it and make the part again").of(member.path)
    }

    /// nil at the end.
    func next() throws(PoolmapError) -> ShareRecord? {
        while records.isEmpty {
            guard rowIndex < member.table.rows.count else { return nil }
            try readBlock(member.table.rows[rowIndex])
        }
        guard let record = ShareRecord(takenFrom: &records) else { throw damage }
        return record
    }

    private func readBlock(_ row: PartRow) throws(PoolmapError) {
        let file = try member.open()
        let bytes: [UInt8]
        do throws(PoolmapError) {
            bytes = try file.readBytes(at: offset, count: Int(row.byteCount))
            try file.requireUnchanged()
        } catch {
            throw error.of(member.path)
        }
        guard bytes.withBytes({ CRC32C.checksum(of: $0) }) == row.checksum else { throw damage }
        records = bytes[...]
        offset += row.byteCount
        rowIndex += 1
    }
}
