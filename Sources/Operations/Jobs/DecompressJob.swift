import Files
import Ground
import Multiprocessing
import Run
import SeekableZstd
import SystemPackage

/// Decompresses or tests one input, written by poolmap or any other program that writes Zstandard frames.
///
/// Frames are found through the seek table, or by walking their headers, and decompressed separately. If the place of
/// the content in the target is known in advance, the worker writes it there; otherwise the content returns in a slot
/// and is written here, in order. A frame too large for a slot is streamed here when its turn comes; small frames go to
/// a worker together. All frames pass `SectionAuditor` in file order.
final class DecompressJob: Job {
    private let input: InputFile
    private let output: Output
    private let limit: ContentLimit
    private let meter: Meter
    private let source: FrameSource
    private var auditor = SectionAuditor()
    private var index = 0
    /// Where the content of the next frame to hand out begins; nil after a frame of unknown size.
    private var nextPlace: UInt64? = 0
    /// Where the content of the next frame to accept begins.
    private var place: UInt64 = 0
    /// The runs in progress, in order.
    private var runs: [FrameRun] = []
    /// The front is streaming a frame from the pipe, so nothing else may read from it.
    private var isPipeTaken = false

    /// The part to process, and what was done of it; nil for all of the input.
    private var part: FramesOfPart?

    private enum FrameSource {
        case file(FileFrames)
        case pipe(PipeFrames)
    }

    /// - Parameter part: the part of the input to process; nil for all of it.
    init(
        _ input: InputFile, to output: Output, _ limit: ContentLimit, _ meter: Meter, _ part: Part? = nil
    ) throws(PoolmapError) {
        self.input = input
        self.output = output
        self.limit = limit
        self.meter = meter
        self.part = try part.map { (part) throws(PoolmapError) in try FramesOfPart(part, of: input) }
        source = input.isRegular ? .file(try FileFrames(input, share: self.part?.share)) : .pipe(PipeFrames(input))
        meter.expect(input)
        if case .file(let frames) = source {
            // Frames of other parts are not decompressed; their checksums come from a table that covers the file.
            auditor = SectionAuditor(seesFrames: part == nil || frames.seekTable != nil)
        }
        if case .file(let frames) = source, let totals = frames.totals {
            try limit.check(totals.contentBytes)
        }
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
        if let passed = try part?.passOver(frames), !passed.isEmpty { return passOver(passed) }
        let frame: LocatedFrame
        switch try nextFrames(frames) {
        case .end: return .end
        case .run(let run):
            let destination = try destination(of: run.contentBytes, isLast: frames.isAtEnd)
            let slot = try slot(workforce)
            return work(run, input.source(at: run.offset), slot, destination, isLast: frames.isAtEnd)
        case .frame(let next): frame = next
        }
        if frame.isSkippable {
            let bytes = try frames.beginning(of: frame)
            return .local(nil) { [self] () throws(PoolmapError) in
                try audit(skippable: bytes, FileReader(input, frame, from: bytes.count))
            }
        }
        let destination = try destination(of: frame.contentBytes, isLast: frames.isAtEnd)
        if case .slot = destination, !frame.fits(workforce.layout) {
            return .local(piece(frame.offset, frame.compressedBytes)) { [self] () throws(PoolmapError) in
                try stream(frame, workforce)
            }
        }
        return work(
            frame, input.source(at: frame.offset), try slot(workforce), destination, isLast: frames.hasOnlyTablesLeft)
    }

    private func nextFrames(_ frames: FileFrames) throws(PoolmapError) -> FileFrames.Next {
        guard let next = try part?.next(frames) else { return try frames.nextFrames() }
        return next
    }

    /// Audits frames that belong to other parts.
    private func passOver(_ passed: [FramesOfPart.Passed]) -> Step {
        for case .frame in passed { index += 1 }
        return .local(nil) { [self] () throws(PoolmapError) in
            for passed in passed {
                switch passed {
                case .frame(let frame): try audit(frame)
                case .skippable(let bytes): try audit(skippable: bytes, nil)
                }
            }
        }
    }

    private func slot(_ workforce: Workforce) throws(PoolmapError) -> Int {
        guard let slot = try workforce.acquireSlot() else {
            throw PoolmapError(.failed, "internal error: a free slot cannot be taken")
        }
        return slot
    }

    private func next(of frames: PipeFrames, _ workforce: Workforce) throws(PoolmapError) -> Step {
        if isPipeTaken { return .waitForTurn }
        switch try frames.read(workforce) {
        case .waitForInput: return .waitForInput(input.descriptor)
        case .waitForSlot: return .waitForTurn
        case .end: return .end
        case .skippable(let bytes):
            return .local(nil) { [self] () throws(PoolmapError) in try audit(skippable: bytes, nil) }
        case .frame(let frame, let slot):
            let destination = try destination(of: frame.contentBytes, slot, workforce)
            return work(frame, .slot(offset: 0), slot, destination, isLast: false)
        case .run(let run, let slot):
            let destination = try destination(of: run.contentBytes, slot, workforce)
            return work(run, .slot(offset: 0), slot, destination, isLast: false)
        case .tooLarge:
            isPipeTaken = true
            let announced = frames.headerInfo?.contentBytes
            _ = try destination(of: announced, isLast: false)
            // The frame's length is not known yet.
            return .local(piece(frames.offset, 0)) { [self] () throws(PoolmapError) in
                try stream(from: frames, announced, workforce)
            }
        case .longTable:
            isPipeTaken = true
            return .local(nil) { [self] () throws(PoolmapError) in try audit(tableFrom: frames, workforce) }
        }
    }

    /// The same for frames that are in a slot already; releases the slot on failure.
    private func destination(
        of contentBytes: UInt64?, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> FrameDecompression.Destination {
        do throws(PoolmapError) {
            return try destination(of: contentBytes, isLast: false)
        } catch {
            workforce.releaseSlot(slot)
            throw error
        }
    }

    /// Where the next frames' content goes, whose size may be known; advances `nextPlace`.
    private func destination(of contentBytes: UInt64?, isLast: Bool) throws(PoolmapError)
        -> FrameDecompression.Destination
    {
        let here = nextPlace
        if let start = here, let contentBytes {
            let (end, overflowed) = start.addingReportingOverflow(contentBytes)
            try limit.check(overflowed ? nil : end, readBytes: readBytes)
            guard !overflowed, end <= UInt64(Int64.max) else {
                throw PoolmapError(.damaged, "damaged: the content would exceed \(Int64.max) bytes")
            }
            nextPlace = end
        } else {
            nextPlace = nil
        }
        // Without the size, nothing after the frame can be placed, and the amount to be written is unknown.
        let isPlaced = contentBytes != nil || (isLast && !limit.isSet)
        if !isPlaced, limit.isSet { return .slot }
        return output.destination(at: isPlaced ? here : nil)
    }

    /// How much was read from a pipe.
    private var readBytes: UInt64 {
        if case .pipe(let frames) = source { return frames.readBytes }
        return 0
    }

    private func work(
        _ run: FrameRun, _ source: Source, _ slot: Int, _ destination: FrameDecompression.Destination, isLast: Bool
    ) -> Step {
        var run = run
        run.indexOfFirst = index
        index += run.frameCount
        runs.append(run)
        let work = FrameDecompression.Work(run, source, slot, destination)
        return .work(FrameDecompression.task(work, input, output), [run.piece], slot: slot, isLast: isLast)
    }

    private func work(
        _ frame: LocatedFrame, _ source: Source, _ slot: Int, _ destination: FrameDecompression.Destination,
        isLast: Bool
    ) -> Step {
        let piece = piece(frame.offset, frame.compressedBytes)
        let work = FrameDecompression.Work(frame, source, slot, destination)
        return .work(FrameDecompression.task(work, input, output), [piece], slot: slot, isLast: isLast)
    }

    private func piece(_ offset: UInt64, _ byteCount: UInt64) -> Piece {
        defer { index += 1 }
        return Piece(noun: "frame", index: index, offset: offset, byteCount: byteCount)
    }

    // MARK: In order

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else { throw PoolmapError(.failed, "internal error: a frame was decompressed without a slot") }
        switch try FrameDecompression.done(answer) {
        case .frame(let frame, let content):
            try audit(frame)
            try take(frame.contentBytes, slot, content, workforce)
        case .run(let done, let content):
            let (contentBytes, failure) = audit(runs.removeFirst(), done)
            try take(contentBytes, slot, content, workforce)
            if let failure { throw failure }
        case .unwritten(let errno): throw PoolmapError.system("cannot write \(output.name)", Errno(rawValue: errno))
        }
    }

    private func take(
        _ contentBytes: UInt64, _ slot: Int, _ content: FrameDecompression.Content, _ workforce: Workforce
    ) throws(PoolmapError) {
        part?.add(contentBytes, content)
        if content.isInSlot {
            try write(workforce.output(slot, Int(contentBytes)))
        } else {
            try limit.check(place + contentBytes, readBytes: readBytes)
            place += contentBytes
            meter.add(output: contentBytes)
        }
    }

    /// Audits the frames of a run, up to the first that breaks a rule or failed to decompress.
    ///
    /// Returns how much content precedes that frame.
    private func audit(_ run: FrameRun, _ done: FrameRunDone) -> (contentBytes: UInt64, PoolmapError?) {
        var contentBytes: UInt64 = 0
        do throws(PoolmapError) {
            try run.forEach(done) { (outcome) throws(PoolmapError) in
                switch outcome {
                case .skippable(let bytes): try audit(skippable: bytes, nil)
                case .failed(_, let piece, let error): throw error.at(piece.description)
                case .frame(_, let content):
                    try audit(content)
                    contentBytes += content.contentBytes
                }
            }
            return (contentBytes, nil)
        } catch {
            return (contentBytes, error)
        }
    }

    private func stream(_ frame: LocatedFrame, _ workforce: Workforce) throws(PoolmapError) {
        var reader = FileReader(input, frame)
        var content = FrameDecompression.Content(isInSlot: false, checksum: part == nil ? nil : 0)
        let done = try workforce.own(FrameDecompression.self).stream(
            read: { (space) throws(PoolmapError) in try reader.read(into: space) },
            write: { (bytes) throws(PoolmapError) in
                content.add(bytes)
                try write(bytes)
            })
        try done.requireContent(frame.contentBytes)
        try audit(done)
        part?.add(done.contentBytes, content)
    }

    private func stream(
        from frames: PipeFrames, _ announced: UInt64?, _ workforce: Workforce
    ) throws(PoolmapError) {
        let done = try workforce.own(FrameDecompression.self).stream(
            read: { (space) throws(PoolmapError) in try frames.readRest(into: space, workforce) },
            write: { (bytes) throws(PoolmapError) in try write(bytes) })
        isPipeTaken = false
        try done.requireContent(announced)
        try audit(done)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        input.leaveOffset(behind: auditor.offset)
        try formatErrors { () throws(FormatError) in try auditor.finish() }
        try input.requireUnchanged()
        try limit.check(place, readBytes: readBytes, isAtEnd: true)
        var summary = JobSummary(inputBytes: auditor.offset, outputBytes: place)
        if let part {
            summary.inputBytes = part.share.upperBound - part.share.lowerBound
            if case .nowhere = output { return summary }
            let table = try part.tableBytes()
            try table.withBytes { (bytes) throws(PoolmapError) in try output.write(bytes, at: place) }
            summary.outputBytes += UInt64(table.count)
        }
        return try output.commit(of: input, summary)
    }

    func abandon(_ workforce: Workforce) {
        input.leaveOffset(behind: auditor.offset)
        if case .pipe(let frames) = source {
            frames.abandon(workforce)
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        try limit.check(place + UInt64(bytes.count), readBytes: readBytes)
        try output.write(bytes, at: place)
        place += UInt64(bytes.count)
        meter.add(output: UInt64(bytes.count))
    }

    /// - Parameter rest: the bytes after these, which are read if they belong to a table.
    private func audit(skippable bytes: [UInt8], _ rest: FileReader?) throws(PoolmapError) {
        let before = auditor.offset
        try auditor.add(skippable: bytes, rest)
        meter.add(input: auditor.offset - before)
    }

    /// Audits a long table from a pipe, or another skippable frame that could have been one.
    private func audit(tableFrom frames: PipeFrames, _ workforce: Workforce) throws(PoolmapError) {
        try withPiece { (space) throws(PoolmapError) in
            var known = 0
            while known < SectionAuditor.beginningBytes {
                known += try frames.readRest(into: UnsafeMutableRawBufferPointer(rebasing: space[known...]), workforce)
            }
            let before = auditor.offset
            try auditor.add(skippable: Array(space[..<known]), nil)
            // Skip to the end of a frame that is not a table.
            while true {
                let count = try frames.readRest(into: space, workforce)
                if count == 0 { break }
                let wanted = UnsafeRawBufferPointer(rebasing: space[..<min(count, auditor.missingBytes)])
                try formatErrors { () throws(FormatError) in try auditor.feed(wanted) }
            }
            meter.add(input: auditor.offset - before)
        }
        isPipeTaken = false
    }

    private func audit(_ frame: DataFrame) throws(PoolmapError) {
        try formatErrors { () throws(FormatError) in try auditor.add(frame) }
        meter.add(input: frame.compressedBytes)
    }
}

extension Output {
    /// Where a worker puts content that begins at `place`; nil if that is not known yet.
    fileprivate func destination(at place: UInt64?) -> FrameDecompression.Destination {
        switch self {
        case .file(let file):
            guard let place, file.allowsRandomAccess else { return .slot }
            return .file(offset: place)
        case .partial, .stream, .sparseStream: return .slot
        case .nowhere: return .nowhere
        }
    }
}
