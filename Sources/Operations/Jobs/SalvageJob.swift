import Files
import Ground
import Multiprocessing
import Run
import Salvage
import SeekableZstd
import SystemPackage

/// Recovers everything readable from a damaged file.
///
/// The comment of `SalvagePlan` is the overview. Content returns in slots and is written here once it has passed all
/// checks, so nothing of a bad frame reaches the target. A frame too large for a slot is decompressed twice: by a
/// worker to nowhere, and here into the target if the worker found it intact.
final class SalvageJob: Job {
    private let input: InputFile
    private let output: Output
    private let omitsLost: Bool
    private let limit: ContentLimit
    private let meter: Meter
    private let source: SalvageSource
    private let plan: SalvagePlan
    /// The frames being decompressed, in order; small ones together.
    private var underWay: [(frames: [SalvageFrame], run: FrameRun?)] = []
    /// The step that did not fit into the previous run.
    private var upcoming: SalvageStep?
    private var summary = SalvageSummary()
    private var restoredCount = 0
    /// Where in the target the next content goes.
    private var place: UInt64 = 0
    /// The number of zeros that belong before it and are not written yet.
    private var zerosBefore: UInt64 = 0
    /// Checks an intact file against the rules of the format; nil after the first damage.
    private var auditor: SectionAuditor? = SectionAuditor()

    /// Opens an input, which must be a regular file.
    static func open(
        _ input: Input, in root: Root?, _ folders: FolderCache
    ) throws(PoolmapError) -> InputFile {
        let file = try input.open(in: root, folders)
        guard file.isRegular else {
            throw file.isEmptyFile
                ? PoolmapError(.damaged, "\(FormatError.empty)")
                : PoolmapError(
                    .unsupported, "--salvage needs a regular file; save the pipe to a file first")
        }
        return file
    }

    /// - Parameter omitsLost: whether the content after a loss moves up, instead of zeros taking the place of the loss.
    init(
        _ input: InputFile, to output: Output, omitsLost: Bool, _ limit: ContentLimit, _ meter: Meter
    ) throws(PoolmapError) {
        self.input = input
        self.output = output
        self.omitsLost = omitsLost
        self.limit = limit
        self.meter = meter
        source = SalvageSource(input)
        plan = try SalvagePlan(source)
        meter.expect(input)
    }

    // MARK: Handing out

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        guard workforce.hasFreeSlot else { return .waitForTurn }
        switch try nextStep(workforce) {
        case nil: return .end
        case .frame(let frame):
            guard FrameRun.takes(frame.found.frame) else { return try work(frame, workforce) }
            return try workOnRun(from: frame, workforce)
        case .skippable(let frame):
            return .local(nil) { [self] () throws(PoolmapError) in try audit(skippable: frame) }
        case .lost(let loss):
            return .local(nil) { [self] () throws(PoolmapError) in try lose(loss) }
        case .harmless(let text):
            return .local(nil) { [self] () throws(PoolmapError) in
                auditor = nil
                summary.add(harmless: text)
            }
        }
    }

    private func nextStep(_ workforce: Workforce) throws(PoolmapError) -> SalvageStep? {
        if let step = upcoming.take() { return step }
        return try plan.next { [self] (range) throws(PoolmapError) in try probe(range, workforce) }
    }

    /// Hands out consecutive small frames together.
    private func workOnRun(from first: SalvageFrame, _ workforce: Workforce) throws(PoolmapError) -> Step {
        var run = FrameRun(at: first.found.range.lowerBound)
        run.indexOfFirst = first.number
        run.add(first.found.frame)
        var frames = [first]
        while !run.isFull, let step = try nextStep(workforce) {
            guard case .frame(let frame) = step, FrameRun.takes(frame.found.frame),
                frame.found.range.lowerBound == run.offset + run.compressedBytes,
                frame.number == first.number + frames.count
            else {
                upcoming = step
                break
            }
            run.add(frame.found.frame)
            frames.append(frame)
        }
        if frames.count == 1 { return try work(first, workforce) }
        let slot = try slot(workforce)
        underWay.append((frames, run))
        var work = FrameDecompression.Work(run, input.source(at: run.offset), slot, .slot)
        work.goesOnAfterDamage = true
        return .work(FrameDecompression.task(work, input, output), [run.piece], slot: slot, isLast: false)
    }

    private func slot(_ workforce: Workforce) throws(PoolmapError) -> Int {
        guard let slot = try workforce.acquireSlot() else {
            throw PoolmapError(.failed, "internal error: a free slot cannot be taken")
        }
        return slot
    }

    private func work(_ frame: SalvageFrame, _ workforce: Workforce) throws(PoolmapError) -> Step {
        let slot = try slot(workforce)
        let located = frame.found.frame
        let piece = Piece(
            noun: "frame", index: frame.number, offset: located.offset, byteCount: located.compressedBytes)
        underWay.append(([frame], nil))
        let work = FrameDecompression.Work(
            located, input.source(at: located.offset), slot, located.fits(workforce.layout) ? .slot : .nowhere)
        return .work(FrameDecompression.task(work, input, output), [piece], slot: slot, isLast: false)
    }

    private func probe(
        _ range: Range<UInt64>, _ workforce: Workforce
    ) throws(PoolmapError) -> FrameFinder.ProbeResult {
        var reader = FileReader(
            input.descriptor, at: input.start + range.lowerBound, byteCount: range.upperBound - range.lowerBound)
        var isAllRead = false
        do throws(PoolmapError) {
            _ = try workforce.own(FrameDecompression.self).stream(
                read: { (space) throws(PoolmapError) in
                    let count = try reader.read(into: space)
                    isAllRead = count == 0
                    return count
                }, write: { _ in })
            return .whole
        } catch {
            if error.code == .damaged { return isAllRead ? .cut : .damaged }
            // This run cannot decompress it, but one with --long or a dictionary could.
            if error.code == .unsupported { return .whole }
            if error.isUnreadable { return .damaged }
            throw error
        }
    }

    // MARK: In order

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        let (frames, run) = underWay.removeFirst()
        switch (try FrameDecompression.done(answer), run, slot) {
        case (.frame(let content, let told), nil, let slot?):
            let bytes = told.isInSlot ? try workforce.output(slot, Int(content.contentBytes)) : nil
            try accept(content, frames[0], bytes, workforce)
        case (.run(let done, _), let run?, let slot?):
            try accept(done, run, frames, workforce.output(slot, done.totalBytes), workforce)
        default: throw PoolmapError(.failed, "internal error: unexpected answer from a worker")
        }
    }

    private func accept(
        _ done: FrameRunDone, _ run: FrameRun, _ frames: [SalvageFrame], _ content: UnsafeRawBufferPointer,
        _ workforce: Workforce
    ) throws(PoolmapError) {
        var number = 0
        var start = 0
        try run.forEach(done) { (outcome) throws(PoolmapError) in
            switch outcome {
            case .skippable: return
            case .failed(_, _, let error): try lose(frames[number], error)
            case .frame(_, let made):
                let end = start + Int(made.contentBytes)
                try accept(made, frames[number], UnsafeRawBufferPointer(rebasing: content[start..<end]), workforce)
                start = end
            }
            number += 1
        }
    }

    /// - Parameter bytes: the content; nil if the frame must be decompressed again.
    private func accept(
        _ content: DataFrame, _ frame: SalvageFrame, _ bytes: UnsafeRawBufferPointer?, _ workforce: Workforce
    ) throws(PoolmapError) {
        if let flaw = flaw(of: content, frame) {
            return try lose(frame.loss(flaw))
        }
        if let crc32c = frame.crc32c, content.crc32c != crc32c {
            auditor = nil
            let range = frame.found.range.inclusiveText
            summary.add(
                harmless:
                    "frame \(frame.number) at bytes \(range) of the file is damaged, but its content is not"
            )
        }
        audit(content)
        try limit.check(place + zerosBefore + content.contentBytes)
        try writeZeros()
        if let bytes {
            try write(bytes)
        } else {
            try stream(frame.found.frame, workforce)
        }
        restoredCount += 1
        meter.add(input: content.compressedBytes)
    }

    /// The fault of a frame that could be decompressed, if there is one.
    private func flaw(of content: DataFrame, _ frame: SalvageFrame) -> String? {
        if let contentBytes = frame.contentBytes, contentBytes != content.contentBytes {
            return "it has \(content.contentBytes) bytes of content (expected \(contentBytes))"
        }
        if frame.mustHaveChecksum, content.contentChecksum == nil {
            return "it has no content checksum, but the first frame has one"
        }
        // Bits of a frame that decoders ignore affect the CRC, but not the content or its checksum. So it is enough if
        // the seek table confirms the content. But the seek table may itself be wrong; the CRC is covered by a
        // checksum.
        if let crc32c = frame.crc32c, crc32c != content.crc32c,
            frame.rowChecksum == nil || frame.rowChecksum != content.contentChecksum
        {
            return "it is not the frame that the tables describe"
        }
        return nil
    }

    func recover(
        from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce
    ) throws(PoolmapError) {
        let (frames, run) = underWay.removeFirst()
        if run != nil, let slot, error.code == .processDied || error.isUnreadable {
            // One of the frames is the cause: do each by itself, so that the others are recovered.
            return try acceptOneByOne(frames, slot, mayKill: error.code == .processDied, workforce)
        }
        for frame in frames {
            try lose(frame, error)
        }
    }

    private func acceptOneByOne(
        _ frames: [SalvageFrame], _ slot: Int, mayKill: Bool, _ workforce: Workforce
    ) throws(PoolmapError) {
        let hands = SpareHands(workforce, isAnother: mayKill)
        defer { hands.dismiss() }
        for frame in frames {
            let located = frame.found.frame
            let done: FrameDecompression.Done
            do throws(PoolmapError) {
                let area = try workforce.inputArea(slot, Int(located.compressedBytes))
                try input.descriptor.readAll(into: area, at: input.start + located.offset)
                let work = FrameDecompression.Work(located, .slot(offset: 0), slot, .slot)
                done = try FrameDecompression.done(hands.perform(FrameDecompression.task(work, input, output)))
            } catch {
                try lose(frame, error)
                continue
            }
            guard case .frame(let content, _) = done else { continue }
            try accept(content, frame, workforce.output(slot, Int(content.contentBytes)), workforce)
        }
    }

    /// Counts a frame as lost; rethrows an error that is not the frame's.
    private func lose(_ frame: SalvageFrame, _ error: PoolmapError) throws(PoolmapError) {
        switch error.code {
        case .damaged, .unsupported, .processDied: break
        case _ where error.isUnreadable: break
        default: throw error
        }
        try lose(frame.loss("\(error)"))
    }

    private func lose(_ loss: SalvageLoss) throws(PoolmapError) {
        auditor = nil
        let (end, overflowed) = (summary.restoredBytes + summary.lostBytes)
            .addingReportingOverflow(loss.contentBytes ?? 0)
        guard !overflowed, end <= UInt64(Int64.max) else {
            throw PoolmapError(.damaged, "damaged: the content would exceed \(Int64.max) bytes")
        }
        if !omitsLost {
            try limit.check(end)
            zerosBefore += loss.contentBytes ?? 0
        }
        summary.addLoss(
            of: loss.contentBytes, isAssumed: loss.isAssumed, frames: loss.frames, file: loss.file, reason: loss.reason)
        meter.add(input: loss.file.upperBound - loss.file.lowerBound)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        input.leaveOffset(behind: input.byteCount)
        try input.requireUnchanged()
        audit { (auditor) throws(FormatError) in try auditor.finish() }
        guard restoredCount > 0 || summary.isWhole else {
            let reason = summary.lost.first.map { ": \($0.reason)" } ?? ""
            throw PoolmapError(.damaged, "nothing can be salvaged: no frame is readable\(reason)")
        }
        try writeZeros()
        return try output.commit(
            of: input, JobSummary(inputBytes: input.byteCount, outputBytes: place, salvage: summary))
    }

    // MARK: Writing

    /// Writes the zeros that stand for lost content.
    private func writeZeros() throws(PoolmapError) {
        if output.leavesHoles {
            place += zerosBefore
            zerosBefore = 0
        }
        let zeros = [UInt8](repeating: 0, count: zerosBefore > 0 ? 1 << 16 : 0)
        while zerosBefore > 0 {
            let count = Int(min(zerosBefore, UInt64(zeros.count)))
            try zeros.withBytes { (zeros) throws(PoolmapError) in
                try output.write(UnsafeRawBufferPointer(rebasing: zeros[..<count]), at: place)
            }
            place += UInt64(count)
            zerosBefore -= UInt64(count)
        }
    }

    private func stream(_ frame: LocatedFrame, _ workforce: Workforce) throws(PoolmapError) {
        var reader = FileReader(input, frame)
        _ = try workforce.own(FrameDecompression.self).stream(
            read: { (space) throws(PoolmapError) in try reader.read(into: space) },
            write: { (bytes) throws(PoolmapError) in try write(bytes) })
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        try output.write(bytes, at: place)
        place += UInt64(bytes.count)
        summary.restoredBytes += UInt64(bytes.count)
        meter.add(output: UInt64(bytes.count))
    }

    // MARK: The rules of the format

    private func audit(skippable frame: LocatedFrame) throws(PoolmapError) {
        meter.add(input: frame.compressedBytes)
        guard auditor != nil else { return }
        var start = frame.offset
        let beginning = try source.read(
            at: start, count: Int(min(frame.compressedBytes, UInt64(SectionAuditor.beginningBytes))))
        audit { (auditor) throws(FormatError) in
            try beginning.withBytes { (bytes) throws(FormatError) in try auditor.begin(skippable: bytes) }
        }
        start += UInt64(beginning.count)
        while let missing = auditor?.missingBytes, missing > 0 {
            let piece = try source.read(at: start, count: min(missing, 64 << 10))
            audit { (auditor) throws(FormatError) in
                try piece.withBytes { (piece) throws(FormatError) in try auditor.feed(piece) }
            }
            start += UInt64(piece.count)
        }
    }

    private func audit(_ content: DataFrame) {
        audit { (auditor) throws(FormatError) in try auditor.add(content) }
    }

    /// Reports only the first broken rule; others usually follow from it.
    private func audit(_ add: (inout SectionAuditor) throws(FormatError) -> Void) {
        // Moved out, because a second reference would copy everything that it keeps.
        guard var taken = auditor.take() else { return }
        do throws(FormatError) {
            try add(&taken)
            auditor = taken
        } catch {
            summary.add(harmless: "\(error)")
        }
    }
}

extension SalvageSource {
    /// The bytes of a regular file, from the start of the input on.
    convenience init(_ input: InputFile) {
        self.init(byteCount: input.byteCount) { (offset, count) throws(PoolmapError) in
            try input.readBytes(at: offset, count: count)
        }
    }
}
