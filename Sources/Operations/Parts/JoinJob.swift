import Files
import Ground
import Multiprocessing
import Run
import SeekableZstd
import SystemPackage

/// Copies pieces of a part to their place in the target, and holds each against its checksum.
final class PartCopy: Operation {
    private let policy: OutputPolicy
    private var space = Scratch()

    init(_ policy: OutputPolicy) {
        self.policy = policy
    }

    /// The files of a task are the part and the target.
    struct Work: Message {
        /// Where the pieces are in the part; one is behind the other.
        var offset: UInt64
        /// Where they go.
        var place: UInt64
        var rows: [PartRow]

        init(offset: UInt64, place: UInt64, rows: [PartRow]) {
            (self.offset, self.place, self.rows) = (offset, place, rows)
        }

        init(from message: inout MessageReader) throws(PoolmapError) {
            offset = try message.next()
            place = try message.next()
            rows = try message.nextArray()
        }

        func write(to message: inout MessageWriter) {
            message.add(offset)
            message.add(place)
            message.add(each: rows)
        }

        var byteCount: UInt64 { rows.reduce(0) { $0 + UInt64($1.byteCount) } }
    }

    /// The first piece, counted within the task, that is not as it was written; nil if all are.
    struct Done: Message, BitwiseCopyable {
        var damaged: Int?
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        let (part, target) = (files[0].fileDescriptor, files[1].fileDescriptor)
        return try copy(work, from: part) { (bytes, place) throws(PoolmapError) in
            try target.write(bytes, at: place, to: "", leavesHoles: policy.leavesHoles)
        }
    }

    /// Hands the pieces to `write`, with the place of each; a piece that is damaged is handed out before that is known.
    func copy(
        _ work: Work, from part: FileDescriptor,
        _ write: (UnsafeRawBufferPointer, UInt64) throws(PoolmapError) -> Void
    ) throws(PoolmapError) -> Done {
        let memory = try space.space(of: Hands.cachedBytes)
        var (offset, place) = (work.offset, work.place)
        for (index, row) in work.rows.enumerated() {
            var reader = FileReader(part, at: offset, byteCount: UInt64(row.byteCount))
            var checksum: UInt32 = 0
            while true {
                let count = try reader.read(into: memory)
                if count == 0 { break }
                let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
                checksum = CRC32C.checksum(of: bytes, continuing: checksum)
                try write(bytes, place)
                place += UInt64(count)
            }
            guard checksum == row.checksum else { return Done(damaged: index) }
            offset += UInt64(row.byteCount)
        }
        return Done(damaged: nil)
    }

    static func results(of done: Done) -> [PieceResult] {
        [PieceResult(text: .object([("intact", .bool(done.damaged == nil))]))]
    }
}

/// Makes of all parts of a job what one run would have made.
///
/// What the parts say of themselves was read before; the workers copy the pieces, and look at each byte.
final class JoinJob: Job {
    private let parts: PartSet
    private let output: Output
    private let meter: Meter
    private let removesParts: Bool

    // Handed out: the part, how many of its pieces, and where the next is, there and in the target.
    private var partIndex = 0
    private var rowIndex = 0
    private var offset: UInt64 = 0
    private var place: UInt64 = 0
    private var file: InputFile?
    /// What is under way, the first in front.
    private var copies: [Copy] = []
    private var ending: SectionWriter
    private let mark: SectionMark?
    private var inputBytes: UInt64 = 0

    private struct Copy {
        let partIndex: Int
        let firstRow: Int
        let rowCount: Int
        let file: InputFile
    }

    /// A task has about so much to copy.
    private static let taskBytes: UInt64 = 4 << 20

    /// - Parameter removesParts: whether the parts are removed when the target is whole.
    init(_ parts: PartSet, to output: Output, removesParts: Bool, _ meter: Meter) throws(PoolmapError) {
        self.parts = parts
        self.output = output
        self.removesParts = removesParts
        self.meter = meter
        ending = SectionWriter()
        mark = try JoinJob.mark(of: parts)
        meter.expect(parts.members.reduce(0) { $0 + $1.table.byteCount })
    }

    /// What the first frame of all bears.
    private static func mark(of parts: PartSet) throws(PoolmapError) -> SectionMark? {
        guard let first = parts.members.first(where: { !$0.table.rows.isEmpty }) else {
            throw PoolmapError(.damaged, "no part has anything")
        }
        let count = min(Int(first.table.rows[0].byteCount), SectionMark.shownBytes)
        return try first.open().readBytes(at: 0, count: count).withBytes { SectionMark(of: $0) }
    }

    private var randomAccess: OutputFile? {
        if case .file(let file) = output, file.allowsRandomAccess { return file }
        return nil
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        while partIndex < parts.members.count, rowIndex == parts.members[partIndex].table.rows.count {
            partIndex += 1
            (rowIndex, offset, file) = (0, 0, nil)
        }
        guard partIndex < parts.members.count else { return .end }
        let member = parts.members[partIndex]
        let input: InputFile
        if let file { input = file } else { input = try member.open() }
        file = input
        var work = PartCopy.Work(offset: offset, place: place, rows: [])
        var byteCount: UInt64 = 0
        for row in member.table.rows[rowIndex...] {
            work.rows.append(row)
            byteCount += UInt64(row.byteCount)
            if byteCount >= JoinJob.taskBytes { break }
        }
        let piece = Piece(noun: "chunk", index: rowIndex, offset: offset, byteCount: byteCount, count: work.rows.count)
        copies.append(Copy(partIndex: partIndex, firstRow: rowIndex, rowCount: work.rows.count, file: input))
        rowIndex += work.rows.count
        offset += byteCount
        place += byteCount
        guard let target = randomAccess else {
            return .local(piece) { [self, work] () throws(PoolmapError) in
                let done = try workforce.own(PartCopy.self).copy(work, from: input.descriptor) {
                    (bytes, place) throws(PoolmapError) in try output.write(bytes, at: place)
                }
                try accept(done)
            }
        }
        return .work(
            PartCopy.task(work, input.handed + [target.handed], byteCount: byteCount), [piece], slot: nil,
            isLast: false)
    }

    // MARK: Join

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        try accept(PartCopy.done(answer))
    }

    private func accept(_ done: PartCopy.Done) throws(PoolmapError) {
        let copy = copies.removeFirst()
        let member = parts.members[copy.partIndex]
        if let damaged = done.damaged {
            throw PoolmapError(
                .damaged, "\(member.path) is damaged in its chunk \(copy.firstRow + damaged); make the part again")
        }
        for row in member.table.rows[copy.firstRow..<copy.firstRow + copy.rowCount] {
            let frame = DataFrame(
                compressedBytes: UInt64(row.byteCount), contentBytes: UInt64(row.contentBytes),
                contentChecksum: hasChecksums ? row.contentChecksum : nil, crc32c: row.checksum,
                mark: inputBytes == 0 ? mark : nil)
            try formatErrors { () throws(FormatError) in try ending.add(frame) }
            inputBytes += UInt64(row.contentBytes)
            meter.add(input: UInt64(row.byteCount), output: UInt64(row.byteCount))
        }
        if copy.firstRow + copy.rowCount == member.table.rows.count {
            do throws(PoolmapError) {
                try copy.file.requireUnchanged()
            } catch {
                throw error.of(member.path)
            }
        }
    }

    private var hasChecksums: Bool { parts.job.settings.contains("check=true") }

    func finish() throws(PoolmapError) -> JobSummary {
        let tables = ending.finish()
        if !tables.isEmpty {
            try tables.withBytes { (bytes) throws(PoolmapError) in try output.write(bytes, at: place) }
        }
        let first = try parts.members[0].open()
        let summary = try output.commit(
            of: first, JobSummary(inputBytes: inputBytes, outputBytes: place + UInt64(tables.count)))
        if removesParts {
            for member in parts.members {
                _ = try member.open().remove()
            }
        }
        return summary
    }
}
