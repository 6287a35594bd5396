import Files
import Ground
import Run

/// Puts the lines of all shares of many files into the order of their names, as one run writes them.
///
/// The front does it: of a file some tens of bytes are known.
final class ShareJoinJob: Job {
    private let parts: PartSet
    private let output: PartTarget
    /// What comes next of each part that has more, the last of all names first.
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

    /// Writes the lines that come next, about a buffer full.
    private func merge() throws(PoolmapError) {
        var lines: [UInt8] = []
        while lines.count < ShareJoinJob.bufferBytes, let first = waiting.popLast() {
            lines += first.record.lines
            try wait(for: first.cursor, after: first.record.ordinal)
        }
        try output.append(lines)
    }

    /// Puts the next record of a part among those that wait, of which there is one for each part.
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

/// The records of one part, a block of them at a time; between two blocks its file is not open.
private final class ShareCursor {
    private let member: PartSet.Member
    private var rowIndex = 0
    private var offset: UInt64 = 0
    private var records: ArraySlice<UInt8> = []

    init(_ member: PartSet.Member) {
        self.member = member
    }

    var damage: PoolmapError {
        PoolmapError(.damaged, "is damaged; remove it, and make the part again").of(member.path)
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
