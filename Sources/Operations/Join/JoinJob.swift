import Files
import Ground
import Multiprocessing
import Run
import SeekableZstd
import SystemPackage

/// Makes of all parts of a job what one run would have made.
///
/// What the parts say of themselves was read before; the workers copy the pieces, and look at each byte.
final class JoinJob: Job {
    private let parts: PartSet
    private let output: PartTarget
    private let meter: Meter

    // Handed out: the part, how many of its pieces, and where the next is, there and in the target.
    private var partIndex = 0
    private var rowIndex = 0
    private var offset: UInt64 = 0
    private var place: UInt64 = 0
    private var file: InputFile?
    /// What is under way, the first in front.
    private var copies: [Copy] = []
    /// Makes the tables behind frames; nil where the parts are content.
    private var frames: JoinedFrames?
    /// Makes sure that the first lines of outputs are there once; nil where there are none, or no outputs.
    private let headers: JoinedHeaders?

    private struct Copy {
        let member: PartSet.Member
        let rows: Range<Int>
        let file: InputFile
    }

    /// What all parts have together.
    private let byteCount: UInt64
    /// A task has so much to copy at least, where there is so much, and at most.
    private static let taskBytes = (least: UInt64(1 << 20), most: 64 << 20)
    private static let mostRowsOfTask = 4096

    init(_ parts: PartSet, to output: PartTarget, _ meter: Meter) throws(PoolmapError) {
        self.parts = parts
        self.output = output
        self.meter = meter
        frames = parts.operation == .compress ? try JoinedFrames(parts) : nil
        headers = try JoinedHeaders(parts)
        byteCount = parts.members.reduce(0) { $0 + $1.byteCount }
        meter.expect(byteCount)
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        while partIndex < parts.members.count, rowIndex == parts.members[partIndex].table.rows.count {
            partIndex += 1
            (rowIndex, offset, file) = (0, 0, nil)
        }
        if rowIndex == 0, let bytes = headers?.bytesLeftOut(of: partIndex) {
            (rowIndex, offset) = (1, bytes)
            return try next(workforce)
        }
        guard partIndex < parts.members.count else { return .end }
        let member = parts.members[partIndex]
        let input: InputFile
        if let file { input = file } else { input = try member.open() }
        file = input
        var work = PartCopy.Work(offset: offset, place: place, hasHoles: member.status.isSparse)
        let rest = self.byteCount > place ? self.byteCount - place : 0
        let wanted = max(JoinJob.taskBytes.least, UInt64(workforce.taskBytes(of: rest, most: JoinJob.taskBytes.most)))
        var byteCount: UInt64 = 0
        for row in member.table.rows[rowIndex...] {
            work.rows.append(row)
            byteCount += row.byteCount
            if byteCount >= wanted || work.rows.count == JoinJob.mostRowsOfTask { break }
        }
        let rows = rowIndex..<rowIndex + work.rows.count
        let piece = Piece(noun: "chunk", index: rowIndex, offset: offset, byteCount: byteCount, count: rows.count)
        copies.append(Copy(member: member, rows: rows, file: input))
        rowIndex = rows.upperBound
        offset += byteCount
        place += byteCount
        guard let target = output.randomAccess else {
            return .local(piece) { [self, work] () throws(PoolmapError) in
                try accept(try copy(work, of: member, input, workforce))
            }
        }
        return .work(
            PartCopy.task(work, input.handed + [target.handed], byteCount: byteCount), [piece], slot: nil,
            isLast: false)
    }

    /// Copies to where only the front writes.
    private func copy(
        _ work: PartCopy.Work, of member: PartSet.Member, _ input: InputFile, _ workforce: Workforce
    ) throws(PoolmapError) -> PartCopy.Done {
        var unwritten: PoolmapError?
        do throws(PoolmapError) {
            return try workforce.own(PartCopy.self).copy(work, from: input.descriptor) {
                (bytes, place) throws(PoolmapError) in
                do throws(PoolmapError) {
                    try output.write(bytes, at: place)
                } catch {
                    unwritten = error
                    throw error
                }
            }
        } catch {
            throw unwritten ?? error.of(member.path)
        }
    }

    // MARK: Join

    func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        throw (error.code == .processDied ? error.at(piece.description) : error).of(copies[0].member.path)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        try accept(PartCopy.done(answer))
    }

    private func accept(_ done: PartCopy.Done) throws(PoolmapError) {
        let copy = copies.removeFirst()
        if let errno = done.unwritten {
            throw PoolmapError.system("cannot write \(output.name)", Errno(rawValue: errno))
        }
        let table = copy.member.table
        do throws(PoolmapError) {
            if let damaged = done.damaged {
                let piece = copy.rows.lowerBound + damaged
                throw PoolmapError(.damaged, "is damaged in its chunk \(piece); remove it, and make the part again")
            }
            if copy.rows.upperBound == table.rows.count {
                try copy.file.requireUnchanged()
            }
        } catch {
            throw error.of(copy.member.path)
        }
        for row in table.rows[copy.rows] {
            try frames?.add(row)
            meter.add(input: row.byteCount, output: row.byteCount)
        }
    }

    func finish() throws(PoolmapError) -> JobSummary {
        let tables = frames.take()?.finish() ?? []
        if !tables.isEmpty {
            try tables.withBytes { (bytes) throws(PoolmapError) in try output.write(bytes, at: place) }
        }
        return try output.commit(
            parts, JobSummary(inputBytes: place, outputBytes: place + UInt64(tables.count)))
    }
}

/// The frames of all parts of a compression, and the tables behind them.
private struct JoinedFrames {
    private var section = SectionWriter()
    private let hasChecksums: Bool
    /// What the next frame bears.
    private var mark: SectionMark?

    init(_ parts: PartSet) throws(PoolmapError) {
        hasChecksums = parts.job.values(of: "check") == ["true"]
        let count = parts.members.reduce(0) { $0 + $1.table.rows.count }
        guard let first = parts.members.first(where: { !$0.table.rows.isEmpty }) else {
            throw PoolmapError(.damaged, "no part has a chunk; make the parts again")
        }
        let shown = Int(min(first.table.rows[0].byteCount, UInt64(SectionMark.shownBytes)))
        mark = try first.open().readBytes(at: 0, count: shown).withBytes { SectionMark(of: $0) }
        guard (mark == nil) == (count == 1) else {
            throw PoolmapError(.damaged, "is damaged in its first chunk; remove it, and make the part again").of(
                first.path)
        }
    }

    mutating func add(_ row: PartRow) throws(PoolmapError) {
        let frame = DataFrame(
            compressedBytes: row.byteCount, contentBytes: row.contentBytes,
            contentChecksum: hasChecksums ? row.contentChecksum : nil, crc32c: row.checksum, mark: mark.take())
        try formatErrors { () throws(FormatError) in try section.add(frame) }
    }

    consuming func finish() -> [UInt8] { section.finish() }
}
