import Files
import Ground
import Multiprocessing
import Run
import SeekableZstd
import SystemPackage

/// Joins all parts of a job to the result that one run would have made.
///
/// The parts' tables were read before; the workers copy the pieces and verify every byte.
final class JoinJob: Job {
    private let parts: PartSet
    private let output: PartTarget
    private let meter: Meter

    private var cursor: PieceCursor
    /// Where the next pieces go in the target.
    private var place: UInt64 = 0
    /// The copies in progress, in order.
    private var copies: [PartPieces] = []
    /// Makes the tables that follow frames; nil if the parts are content.
    private var frames: JoinedFrames?
    /// The total size of all parts.
    private let byteCount: UInt64
    /// How much a task copies, at least if there is that much, and at most.
    private static let taskBytes = (least: UInt64(1 << 20), most: 64 << 20)
    private static let mostRowsOfTask = 4096

    init(_ parts: PartSet, to output: PartTarget, _ meter: Meter) throws(PoolmapError) {
        self.parts = parts
        self.output = output
        self.meter = meter
        frames = parts.operation == .compress ? try JoinedFrames(parts) : nil
        // The header lines of outputs are kept once.
        let headers = try JoinedHeaders(parts)
        cursor = PieceCursor(parts) { headers?.bytesLeftOut(of: $0) }
        byteCount = parts.members.reduce(0) { $0 + $1.byteCount }
        meter.expect(byteCount)
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        let rest = byteCount > place ? byteCount - place : 0
        let wanted = max(JoinJob.taskBytes.least, UInt64(workforce.taskBytes(of: rest, most: JoinJob.taskBytes.most)))
        guard let pieces = try cursor.next(wanted, mostRows: JoinJob.mostRowsOfTask) else { return .end }
        let work = pieces.work(to: place, hasHoles: pieces.member.status.isSparse)
        copies.append(pieces)
        place += pieces.byteCount
        guard let target = output.randomAccess else {
            return .local(pieces.piece) { [self] () throws(PoolmapError) in
                try accept(try copy(work, of: pieces, workforce))
            }
        }
        return .work(
            PartCopy.task(work, pieces.file.handed + [target.handed], byteCount: pieces.byteCount), [pieces.piece],
            slot: nil, isLast: false)
    }

    /// Copies to a target that only the front can write.
    private func copy(
        _ work: PartCopy.Work, of pieces: PartPieces, _ workforce: Workforce
    ) throws(PoolmapError) -> PartCopy.Done {
        var unwritten: PoolmapError?
        do throws(PoolmapError) {
            return try workforce.own(PartCopy.self).copy(work, from: pieces.file.descriptor) {
                (bytes, place) throws(PoolmapError) in
                do throws(PoolmapError) {
                    try output.write(bytes, at: place)
                } catch {
                    unwritten = error
                    throw error
                }
            }
        } catch {
            throw unwritten ?? error.of(pieces.member.path)
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
        let pieces = copies.removeFirst()
        if let errno = done.unwritten {
            throw PoolmapError.system("cannot write \(output.name)", Errno(rawValue: errno))
        }
        try pieces.requireIntact(done)
        for row in pieces.member.table.rows[pieces.rows] {
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

/// The frames of all parts of a compression, and the tables after them.
private struct JoinedFrames {
    private var section = SectionWriter()
    private let hasChecksums: Bool
    /// The mark of the next frame.
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
            throw PoolmapError(.damaged, "is damaged in its first chunk; remove it and make the part again").of(
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
