import Files
import Ground
import Run
import SeekableZstd
import SystemPackage

/// Writes a range of the content of a regular file.
///
/// Only the frames that hold the range are read and decompressed, provided the sizes of those before it are known from
/// a seek table or the frames' own headers.
///
/// Each frame is checked as far as possible by itself: its checksum, and its rows in the tables. To check the rest of
/// the file, use `test`.
final class CatJob: Job {
    private let input: InputFile
    private let output: Output
    private let range: Range<UInt64>
    private let frames: FileFrames
    private let limit: ContentLimit
    private let meter: Meter
    private var index = 0
    /// Where the content of the next frame to hand out begins; nil after a frame of unknown size.
    private var nextPlace: UInt64? = 0
    /// Where the content of the next frame to accept begins.
    private var place: UInt64 = 0
    private var writtenBytes: UInt64 = 0
    /// The section table, if poolmap wrote the file and it has one.
    private let frameChecksums: ChecksumRows?
    /// The frames in progress, in order.
    private var underWay: [Expected] = []

    /// The table rows of a frame; or a run of frames, which have none.
    private enum Expected {
        case frame(TableEntry?)
        case run(FrameRun)
    }

    /// The table rows of a frame.
    private struct TableEntry {
        let number: Int
        let row: SeekTable.Row
        /// nil without a section table.
        let crc32c: UInt32?
    }

    /// The job for a range of the file at this path.
    ///
    /// For the whole content it is the job of `decompress`, which checks the whole file.
    static func open(
        _ path: String, _ range: Range<UInt64>, _ policy: OutputPolicy, _ limit: OutputLimit, _ meter: Meter
    ) throws(PoolmapError) -> any Job {
        let input = try InputFile.open(path: path)
        guard input.isRegular || input.status.isRegular else {
            throw PoolmapError(.unsupported, "a range can be read only from a regular file; use decompress for a pipe")
        }
        let contentLimit = ContentLimit(limit, input)
        let output = Output.standardOutput(policy)
        if range == 0..<UInt64.max {
            return try DecompressJob(input, to: output, contentLimit, meter)
        }
        return try CatJob(input, range, to: output, contentLimit, meter)
    }

    private init(
        _ input: InputFile, _ range: Range<UInt64>, to output: Output, _ limit: ContentLimit, _ meter: Meter
    ) throws(PoolmapError) {
        guard input.byteCount > 0 else { throw PoolmapError(.damaged, "\(FormatError.empty)") }
        self.input = input
        self.range = range
        self.output = output
        self.limit = limit
        self.meter = meter
        frames = try FileFrames(input, trusting: .allTables)
        frameChecksums = try ChecksumRows.ofSection(frames, in: input)
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        guard workforce.hasFreeSlot else { return .waitForTurn }
        while nextPlace ?? place < range.upperBound {
            switch try frames.nextFrames() {
            case .end: return .end
            case .run(let run):
                if try skips(run.contentBytes, count: run.frameCount) { continue }
                return try work(run, workforce)
            case .frame(let frame):
                if frame.isSkippable { continue }
                if try skips(frame.contentBytes, count: 1) { continue }
                underWay.append(.frame(try entry(of: frame)))
                guard frame.fits(workforce.layout) else {
                    return .local(piece(frame)) { [self] () throws(PoolmapError) in try stream(frame, workforce) }
                }
                return try work(frame, workforce)
            }
        }
        return .end
    }

    /// Skips frames that end before the range; returns whether it did.
    private func skips(_ contentBytes: UInt64?, count: Int) throws(PoolmapError) -> Bool {
        nextPlace = try end(contentBytes)
        // Nothing has been handed out yet in that case.
        guard let end = nextPlace, end <= range.lowerBound else { return false }
        index += count
        place = end
        return true
    }

    private func entry(of frame: LocatedFrame) throws(PoolmapError) -> TableEntry? {
        guard let number = frame.row, let table = frames.seekTable else { return nil }
        var crc32c: UInt32?
        if let frameChecksums, number < frameChecksums.count {
            crc32c = try frameChecksums.checksum(number)
        }
        return TableEntry(number: number, row: try table.row(number), crc32c: crc32c)
    }

    private func end(_ contentBytes: UInt64?) throws(PoolmapError) -> UInt64? {
        guard let start = nextPlace, let contentBytes else { return nil }
        let (end, overflowed) = start.addingReportingOverflow(contentBytes)
        if overflowed {
            throw PoolmapError(.damaged, "damaged: the content would exceed \(UInt64.max) bytes")
        }
        return end
    }

    private func work(_ frame: LocatedFrame, _ workforce: Workforce) throws(PoolmapError) -> Step {
        guard let slot = try workforce.acquireSlot() else { return .waitForTurn }
        let piece = piece(frame)
        let work = FrameDecompression.Work(frame, input.source(at: frame.offset), slot, .slot)
        let isLast = nextPlace.map { $0 >= range.upperBound } ?? false
        return .work(FrameDecompression.task(work, input, output), [piece], slot: slot, isLast: isLast)
    }

    private func work(_ run: FrameRun, _ workforce: Workforce) throws(PoolmapError) -> Step {
        guard let slot = try workforce.acquireSlot() else { return .waitForTurn }
        var run = run
        run.indexOfFirst = index
        index += run.frameCount
        underWay.append(.run(run))
        let work = FrameDecompression.Work(run, input.source(at: run.offset), slot, .slot)
        return .work(FrameDecompression.task(work, input, output), [run.piece], slot: slot, isLast: false)
    }

    private func piece(_ frame: LocatedFrame) -> Piece {
        defer { index += 1 }
        return Piece(noun: "frame", index: index, offset: frame.offset, byteCount: frame.compressedBytes)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        switch (try FrameDecompression.done(answer), underWay.removeFirst(), slot) {
        case (.frame(let content, _), .frame(let entry), let slot?):
            try check(content, entry)
            try write(workforce.output(slot, Int(content.contentBytes)))
        case (.run(let done, _), .run(let run), let slot?):
            try accept(done, run, workforce.output(slot, done.totalBytes))
        default: throw PoolmapError(.failed, "internal error: unexpected answer from a worker")
        }
    }

    private func accept(
        _ done: FrameRunDone, _ run: FrameRun, _ content: UnsafeRawBufferPointer
    ) throws(PoolmapError) {
        var start = 0
        try run.forEach(done) { (outcome) throws(PoolmapError) in
            switch outcome {
            case .skippable: break
            case .failed(_, let piece, let error):
                // Damage after the range does not matter.
                if place < range.upperBound { throw error.at(piece.description) }
            case .frame(let frame, let made):
                let end = start + Int(made.contentBytes)
                if place < range.upperBound, place + made.contentBytes > range.lowerBound {
                    try check(made, try entry(of: frame))
                }
                try write(UnsafeRawBufferPointer(rebasing: content[start..<end]))
                start = end
            }
        }
    }

    private func stream(_ frame: LocatedFrame, _ workforce: Workforce) throws(PoolmapError) {
        guard case .frame(let entry) = underWay.removeFirst() else { return }
        var reader = FileReader(input, frame)
        let done = try workforce.own(FrameDecompression.self).stream(
            read: { (space) throws(PoolmapError) in try reader.read(into: space) },
            write: { (bytes) throws(PoolmapError) in try write(bytes) })
        try done.requireContent(frame.contentBytes)
        try check(done, entry)
    }

    /// Checks a frame against its rows in the tables.
    private func check(_ content: DataFrame, _ entry: TableEntry?) throws(PoolmapError) {
        meter.add(input: content.compressedBytes)
        guard let entry, let table = frames.seekTable else { return }
        let checksum = table.shape.hasChecksums ? content.contentChecksum : nil
        let isRight = checksum == nil || checksum == entry.row.checksum
        guard isRight, entry.crc32c == nil || entry.crc32c == content.crc32c else {
            throw PoolmapError(
                .damaged, "frame \(entry.number) does not match its checksum in the tables")
        }
    }

    /// Writes the part of the content that is in the range.
    private func write(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        let end = place + UInt64(bytes.count)
        let wanted = max(place, range.lowerBound)..<max(min(end, range.upperBound), max(place, range.lowerBound))
        if !wanted.isEmpty {
            let part = bytes[Int(wanted.lowerBound - place)..<Int(wanted.upperBound - place)]
            try limit.check(writtenBytes + UInt64(part.count))
            try output.write(UnsafeRawBufferPointer(rebasing: part), at: writtenBytes)
            writtenBytes += UInt64(part.count)
            meter.add(output: UInt64(part.count))
        }
        place = end
    }

    func finish() throws(PoolmapError) -> JobSummary {
        try input.requireUnchanged()
        if place < range.lowerBound {
            throw PoolmapError(
                .invalidOption,
                "--offset \(range.lowerBound) is past the end of the content (\(place) bytes)")
        }
        return try output.commit(
            of: input, JobSummary(inputBytes: input.byteCount, outputBytes: writtenBytes))
    }
}
