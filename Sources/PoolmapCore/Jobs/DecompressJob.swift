import Multiprocessing
import SystemPackage

/// Restores or checks one input, made by this program or any other that writes Zstandard frames.
///
/// Frames are found by the seek table, or by walking over their headers, and decompressed each by itself. Content whose
/// place in the target is known beforehand is written there by the worker; else it comes back in a slot and is written
/// here, in order. A frame that is too large for a slot is streamed, here, when its turn comes. All frames pass
/// `SectionAuditor` in the file's order.
final class DecompressJob: Job {
    private let input: InputFile
    private let output: Output
    private let meter: Meter
    private let source: FrameSource
    private var auditor = SectionAuditor()
    private var index = 0
    /// Where the content of the next frame to be handed out begins; nil once a frame did not say its size.
    private var nextPlace: UInt64? = 0
    /// Where the content of the next frame to be accepted begins.
    private var place: UInt64 = 0
    /// The front streams a frame from the pipe, which nobody else may read meanwhile.
    private var isPipeTaken = false

    private enum FrameSource {
        case file(FileFrames)
        case pipe(PipeFrames)
    }

    init(_ input: InputFile, to output: Output, _ meter: Meter) throws(PoolmapError) {
        self.input = input
        self.output = output
        self.meter = meter
        source = input.isRegular ? .file(try FileFrames(input)) : .pipe(PipeFrames(input))
        meter.expect(input)
    }

    // MARK: Handing out

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        switch source {
        case .file(let frames): return try next(of: frames, workforce)
        case .pipe(let frames): return try next(of: frames, workforce)
        }
    }

    private func next(of frames: FileFrames, _ workforce: Workforce) throws(PoolmapError) -> Step {
        guard workforce.hasFreeSlot else { return .waitForTurn }
        guard let frame = try frames.next() else { return .end }
        if frame.isSkippable {
            let bytes = try frames.beginning(of: frame)
            return .local(nil) { [self] () throws(PoolmapError) in try audit(skippable: bytes) }
        }
        let destination = try destination(of: frame, isLast: frames.isAtEnd)
        if case .slot = destination, !frame.fits(workforce.layout) {
            return .local(piece(frame.offset, frame.compressedBytes)) { [self] () throws(PoolmapError) in
                try stream(frame, workforce)
            }
        }
        guard let slot = try workforce.acquireSlot() else {
            throw PoolmapError(.failed, "a slot is free and cannot be taken")
        }
        let source = Work.Source.file(input.reference, offset: input.start + frame.offset)
        return work(frame, source, slot, destination, isLast: frames.hasOnlyTablesLeft)
    }

    private func next(of frames: PipeFrames, _ workforce: Workforce) throws(PoolmapError) -> Step {
        if isPipeTaken { return .waitForTurn }
        switch try frames.read(workforce) {
        case .waitForInput: return .waitForInput(input.descriptor)
        case .waitForSlot: return .waitForTurn
        case .end: return .end
        case .skippable(let bytes):
            return .local(nil) { [self] () throws(PoolmapError) in try audit(skippable: bytes) }
        case .frame(let frame, let slot):
            do throws(PoolmapError) {
                return work(frame, .slot, slot, try destination(of: frame, isLast: false), isLast: false)
            } catch {
                workforce.releaseSlot(slot)
                throw error
            }
        case .tooLarge:
            isPipeTaken = true
            nextPlace = nil
            // How long it is nobody knows yet.
            return .local(piece(frames.offset, 0)) { [self] () throws(PoolmapError) in
                try stream(from: frames, workforce)
            }
        }
    }

    /// Where the content of the next frame goes; moves on to the place of the one after.
    private func destination(
        of frame: LocatedFrame, isLast: Bool
    ) throws(PoolmapError) -> FrameWork.Destination {
        let here = nextPlace
        if let start = here, let contentBytes = frame.contentBytes {
            let (end, overflowed) = start.addingReportingOverflow(contentBytes)
            guard !overflowed, end <= UInt64(Int64.max) else {
                throw PoolmapError(.damaged, "damaged: the content would have more than \(Int64.max) bytes")
            }
            nextPlace = end
        } else {
            nextPlace = nil
        }
        // Without its size nothing behind the frame could be placed.
        return output.destination(at: frame.contentBytes == nil && !isLast ? nil : here)
    }

    private func work(
        _ frame: LocatedFrame, _ source: Work.Source, _ slot: Int, _ destination: FrameWork.Destination, isLast: Bool
    ) -> Step {
        let piece = piece(frame.offset, frame.compressedBytes)
        let work = FrameWork(
            source: source, compressedBytes: frame.compressedBytes, contentBytes: frame.contentBytes,
            contentBound: frame.contentBound, slot: slot, destination: destination)
        return .work(.decompress(work), piece, slot: slot, isLast: isLast)
    }

    private func piece(_ offset: UInt64, _ byteCount: UInt64) -> Piece {
        defer { index += 1 }
        return Piece(noun: "frame", index: index, offset: offset, byteCount: byteCount)
    }

    // MARK: In order

    func accept(_ done: Done, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard case .decompressed(let frame, let isInSlot) = done, let slot else {
            throw PoolmapError(.failed, "a worker gave another answer than content")
        }
        try audit(frame)
        if isInSlot {
            try write(workforce.output(slot, Int(frame.contentBytes)))
        } else {
            place += frame.contentBytes
            meter.add(output: frame.contentBytes)
        }
    }

    private func stream(_ frame: LocatedFrame, _ workforce: Workforce) throws(PoolmapError) {
        var reader = FileReader(input.descriptor, at: input.start + frame.offset, byteCount: frame.compressedBytes)
        let done = try workforce.local.decompressStream(
            read: { (space) throws(PoolmapError) in try reader.read(into: space) },
            write: { (bytes) throws(PoolmapError) in try write(bytes) })
        try done.requireContent(frame.contentBytes)
        try audit(done)
    }

    private func stream(from frames: PipeFrames, _ workforce: Workforce) throws(PoolmapError) {
        let done = try workforce.local.decompressStream(
            read: { (space) throws(PoolmapError) in try frames.readRest(into: space, workforce) },
            write: { (bytes) throws(PoolmapError) in try write(bytes) })
        isPipeTaken = false
        try audit(done)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        try formatErrors { () throws(FormatError) in try auditor.finish() }
        try input.requireUnchanged()
        return try output.commit(of: input, JobSummary(inputBytes: auditor.offset, outputBytes: place))
    }

    func abandon(_ workforce: Workforce) {
        if case .pipe(let frames) = source {
            frames.abandon(workforce)
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        try output.write(bytes, at: place)
        place += UInt64(bytes.count)
        meter.add(output: UInt64(bytes.count))
    }

    private func audit(skippable bytes: [UInt8]) throws(PoolmapError) {
        let before = auditor.offset
        try formatErrors { () throws(FormatError) in
            try bytes.withBytes { (bytes) throws(FormatError) in try auditor.add(skippable: bytes) }
        }
        meter.add(input: auditor.offset - before)
    }

    private func audit(_ frame: DataFrame) throws(PoolmapError) {
        try formatErrors { () throws(FormatError) in try auditor.add(frame) }
        meter.add(input: frame.compressedBytes)
    }
}
